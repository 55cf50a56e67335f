"""The block view: any number of rows, of which only those near the viewport exist as documents or widgets.

Not an editor and not a browser: it shows values, and what a person wants (a link, more of a message) leaves by a
signal. Heights are exact near the viewport and guessed elsewhere; when a guess turns out wrong, the first visible row
stays where it is.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QFontInfo,
    QGuiApplication,
    QHelpEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QTextCursor,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QFrame, QMenu, QToolTip, QWidget

from sidelight import messages
from sidelight.render.blocks import CodeBlock, plain_all
from sidelight.ui.document import colouring, marks
from sidelight.ui.document.build import MORE, BlockDocument, Code, build, moved
from sidelight.ui.document.end_button import EndButton
from sidelight.ui.document.find import Match
from sidelight.ui.document.letters import letters
from sidelight.ui.document.pictures import Ask, Pictures
from sidelight.ui.document.rows import Item, Row, RowStack, TextRow, WidgetRow
from sidelight.ui.document.selection import Point, Selection, unit_at
from sidelight.ui.theme import LIGHT, Palette, body_font

if TYPE_CHECKING:
    from sidelight.render.highlight import Colours

__all__ = ["BlockView", "Row", "TextRow", "WidgetRow"]

NEAR_END = 48
"""Pixels from the end within which the view counts as being there."""
_AHEAD = 240
"""Pixels laid out beyond the viewport."""
_FOOT = 3
"""What the foot of a row that is no longer the last may take, in units of the body's size."""
_LIVE = 40
_MEASURE = 50
"""The widest column of text, in units of the body's size."""
_GROWING = 0.3
"""Seconds between two looks at the colours of code that may still grow."""
_DRAG_SCROLL = 30
"""Milliseconds between two steps while a selection is drawn beyond the viewport."""


class BlockView(QAbstractScrollArea):
    """Shows rows; see `set_rows`. Signals: `link_clicked(address)` for http(s) only, `more_clicked(key of the row)`,
    `at_end_changed(bool)`."""

    link_clicked = Signal(str)
    more_clicked = Signal(str)
    at_end_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._stack = RowStack()
        self._live: set[Item] = set()
        self._colours = LIGHT
        self._zoom = 1.0
        self._follow = True
        self._was_at_end = True
        self._moving = False
        self._settling = False
        self._selection: Selection | None = None
        self._drawing: Literal["", "characters", "words", "paragraphs"] = ""
        self._pressed_link = ""
        self._double_click: tuple[float, QPoint] | None = None
        self._link: marks.Link | None = None
        self._needle: re.Pattern[str] | None = None
        self._current: Match | None = None
        self._drag = QTimer(self, interval=_DRAG_SCROLL)
        self._drag.timeout.connect(self._drag_scroll)
        self._shown_at = 0
        self._described = QTimer(self, interval=600, singleShot=True)
        self._described.timeout.connect(self._describe)
        self._pictures: Pictures | None = None
        self._colour_again = QTimer(self, interval=round(_GROWING * 1000), singleShot=True)
        self._colour_again.timeout.connect(self._colour_near)
        self._button = EndButton(self)
        self._button.clicked.connect(self.to_end)
        self.set_palette_and_zoom(LIGHT, 1.0)

    # --- what it shows

    def set_rows(self, rows: Sequence[Row], unchanged: int = 0) -> None:
        """Show these rows. A row whose key and block are the same keeps its document and height.

        `unchanged` says how many of the first rows are the very same as in the call before; it saves comparing them.
        """
        if unchanged == len(rows) == len(self._stack.items):
            return
        anchor = self._anchor()
        order = self._stack.items
        first, left = self._stack.replace(rows, unchanged)
        for item in left:
            self._drop(item)
        if left:
            self._rescue_selection(left)
            anchor = self._rescue(anchor, order)
        self._settle(anchor, first, shorter=len(rows) < len(order))
        self._described.start()

    def set_palette_and_zoom(self, palette: Palette, zoom: float) -> None:
        """Colours and fonts from a palette; `zoom` 1.0 is 100 %. Every document is made anew when it comes near."""
        letters.cache_clear()
        self._colours, self._zoom = palette, zoom
        unit = float(QFontInfo(body_font(palette, zoom)).pixelSize())
        self.verticalScrollBar().setSingleStep(round(unit * 1.5))
        self._button.set_colours(palette)
        for item in self._live:
            item.let_go_of_document()
        self._relay(unit)

    def scroll_to_row(self, key: str) -> None:
        """Bring the beginning of a row to the top, as far as there is text below it. Unknown keys do nothing."""
        item = self._stack.by_key.get(key)
        if item is not None:
            self.follow = False
            self._settle((item, item.above - self._stack.unit))

    @property
    def at_end(self) -> bool:
        """Whether the end is in view, or within 48 pixels of it."""
        bar = self.verticalScrollBar()
        return bar.value() >= bar.maximum() - NEAR_END

    @property
    def follow(self) -> bool:
        """Whether the view goes along with what is added at the end."""
        return self._follow

    @follow.setter
    def follow(self, on: bool) -> None:
        self._follow = on
        if on:
            self._settle(None)

    def to_end(self) -> None:
        """Go to the end and follow from there."""
        self.follow = True

    @property
    def live_documents(self) -> int:
        """How many documents exist now."""
        return sum(item.document is not None for item in self._live)

    def accessible_text(self) -> str:
        """All of it as plain text."""
        return plain_all([i.row.block for i in self._stack.items if isinstance(i.row, TextRow)])

    # --- selection and search

    def selected_text(self) -> str:
        """What is selected, as plain text; "" where nothing is."""
        if self._selection is None or self._selection.is_empty:
            return ""
        return self._selection.text(self._stack.items, self._document_of)

    def select_all(self) -> None:
        """Select every row of text."""
        rows = list(self._stack.text_items())
        if rows:
            end = self._document_of(rows[-1]).characterCount() - 1
            self._select(Point(rows[0], 0), Point(rows[-1], end))

    def clear_selection(self) -> None:
        """Select nothing."""
        self._selection = None
        self.viewport().update()

    def copy(self) -> None:
        """Put what is selected on the clipboard."""
        if text := self.selected_text():
            QGuiApplication.clipboard().setText(text)

    def find(self, needle: re.Pattern[str] | None) -> None:  # type: ignore[override]  # hides QWidget.find(window id), unused
        """Mark what this finds wherever it can be seen; None ends it. Counting is `find.Counter`'s."""
        if needle != self._needle:
            self._needle, self._current = needle, None
            for item in self._live:
                item.found = None
            self.viewport().update()

    def show_match(self, match: Match | None) -> bool:
        """Bring a match into view and mark it as the current one, None: none. False where it is not among the rows."""
        if match != self._current:
            self._current = None
            self.viewport().update()
        item = self._stack.by_key.get(match.key) if match is not None else None
        if item is None or match is None:
            return False
        self._current, self._follow = match, False
        self._lay_out(item)
        found = self._found(item)
        if found:
            self._reveal(item, found[min(match.nth, len(found) - 1)][0])
        self.viewport().update()
        return True

    def first_key(self) -> str:
        """The key of the first row of text in view; "" where there is none."""
        rows = self._stack.items[max(0, self._stack.at(self.verticalScrollBar().value())) :]
        return next((i.row.key for i in rows if i.block is not None), "")

    # --- layout

    def _column(self) -> tuple[int, int]:
        """Left edge and width of the column of text in the viewport."""
        width = self._column_width(self._stack.unit)
        return (self.viewport().width() - width) // 2, width

    def _column_width(self, unit: float) -> int:
        return max(60, min(self.viewport().width() - 2 * round(unit * 1.1), round(unit * _MEASURE)))

    def _inset(self, item: Item) -> int:
        """How far a row's text stands within the column: prompts have a ground, traces a bar."""
        return round(
            self._stack.unit * (0.9 if item.role == "prompt" else 1.0 if item.role == "trace" else 0)
        )

    def _text_width(self, item: Item) -> int:
        inset = self._inset(item)
        return self._column()[1] - inset * (2 if item.role == "prompt" else 1)

    def _anchor(self) -> tuple[Item, float] | None:
        """The first visible row and how far it is scrolled out; None where the end is what is held."""
        if self._follow or not self._stack.items:
            return None
        y = float(self.verticalScrollBar().value())
        item = self._stack.items[self._stack.at(y)]
        return item, y - self._stack.top(item.index)

    def _rescue(self, anchor: tuple[Item, float] | None, order: Sequence[Item]) -> tuple[Item, float] | None:
        """An anchor that still stands: the same row anew, else the next that survived, else the one before."""
        if anchor is None:
            return None
        item, offset = anchor
        again = self._stack.by_key.get(item.row.key)
        if again is not None:
            return again, offset
        at = order.index(item)
        for other in (*order[at:], *reversed(order[:at])):
            if self._stack.by_key.get(other.row.key) is other:
                return other, 0.0
        return None

    def _relay(self, unit: float) -> None:
        """Width or zoom changed: what stood at the top of the viewport stands there again."""
        anchor = self._anchor()
        extent = anchor[0].extent if anchor else 1.0
        self._stack.measure_anew(float(self._column_width(unit)), unit)
        self._settle(anchor)
        if anchor is not None:
            item, offset = anchor
            self._settle((item, offset * item.extent / extent))

    def _settle(
        self,
        anchor: tuple[Item, float] | None,
        first: int = 0,
        before: int | None = None,
        *,
        shorter: bool = False,
    ) -> None:
        """Lay out what is near and scroll so that the anchor (or the end) stays; repeat until heights hold.

        `first` is the first row that may look different, `before` what the scroll bar said when it was last painted;
        `shorter`: rows have gone from the end.
        """
        if self._settling:
            return
        self._settling = True
        before = self._shown_at if before is None else before
        try:
            y = self._place(anchor)
            for _ in range(6):
                changed = self._lay_out_near(y)
                if changed is None:
                    break
                first = min(first, changed)
                y = self._place(anchor)
            shift = before - self._shown_at
            moves = first > 0 and abs(shift) < self.viewport().height()
            if moves and shift:
                self.viewport().scroll(
                    0, shift
                )  # with its widgets, before they are put in place: else Qt paints all anew
            self._tend(y)
            self._colour_near()
        finally:
            self._settling = False
        self._refresh(first if moves else 0, shorter=shorter)

    def _place(self, anchor: tuple[Item, float] | None) -> float:
        """Set range and value of the scroll bar; returns the value."""
        bar = self.verticalScrollBar()
        height = self.viewport().height()
        limit = max(0, round(self._stack.total) - height)
        if anchor is None:
            value = limit if self._follow else min(bar.value(), limit)
        else:
            value = round(self._stack.top(anchor[0].index) + anchor[1])
        value = max(0, min(value, limit))
        if (limit, value, height) != (bar.maximum(), bar.value(), bar.pageStep()):
            self._moving = True
            # Whoever hears of a new range lays out the whole area again; only the bar's coming and going asks for that.
            quiet = (limit > 0) == (bar.maximum() > 0) and not bar.blockSignals(True)
            bar.setRange(0, limit)
            bar.setPageStep(max(1, height))
            bar.setValue(value)
            if quiet:
                bar.blockSignals(False)
            self._moving = False
        self._shown_at = value
        return float(value)

    def _lay_out_near(self, y: float) -> int | None:
        """The first row whose height changed."""
        near = self._stack.between(y - _AHEAD, y + self.viewport().height() + _AHEAD)
        changed = [i.index for i in near if not i.stands and self._lay_out(i)]
        return changed[0] if changed else None

    def _lay_out(self, item: Item) -> bool:
        """Make a row exist at the current width; whether its height changed."""
        if item.stands:
            return False
        if isinstance(item.row, WidgetRow):
            height = self._widget_height(self._widget_of(item, item.row))
        else:
            width = self._text_width(item)
            if item.document and item.document.for_width_only and item.document.textWidth() != width:
                item.let_go_of_document()
            document = self._document_of(item)
            if document.textWidth() != width:
                document.setTextWidth(width)
            height = document.height()
        item.laid_out = True
        if height == item.height:
            return False
        item.height = height
        self._stack.touched(item.index)
        return True

    def _document_of(self, item: Item, ask: Ask | None = None) -> BlockDocument:
        if item.document is None:
            assert isinstance(item.row, TextRow)
            if ask is None and self.pictures is not None:
                ask = self.pictures.formula
            item.document = build(
                item.row.block,
                self._colours,
                self._zoom,
                self._text_width(item),
                item.row.role,
                ask,
                wrap=self._wraps(item),
            )
            item.laid_out = False
            self._live.add(item)
            self._keep_places(item, item.document.pictures())
        return item.document

    def _widget_of(self, item: Item, row: WidgetRow) -> QWidget:
        if item.widget is None:
            item.widget = row.make(self.viewport())
            item.widget.setParent(self.viewport())
            item.widget.installEventFilter(self)
            self._live.add(item)
        return item.widget

    def _widget_height(self, widget: QWidget) -> float:
        width = self._column()[1]
        if widget.width() != width:
            widget.resize(width, widget.height())
        height = widget.heightForWidth(width) if widget.hasHeightForWidth() else widget.sizeHint().height()
        return float(max(height, widget.minimumHeight(), 1))

    def _tend(self, y: float) -> None:
        """Put widgets in place; let go of what is far away."""
        view = self.viewport().rect()
        height = view.height()
        left, width = self._column()
        for item in [i for i in self._live if i.widget is not None]:
            assert item.widget is not None
            top = self._stack.top(item.index) + item.above - y
            if (-2 * height < top + item.height and top < 3 * height) or _has_focus(item.widget):
                place, stands = QRect(left, round(top), width, round(item.height)), item.widget.geometry()
                seen = view.intersects(place) or view.intersects(stands)
                if item.widget.isHidden() or (seen and stands != place):
                    item.widget.setGeometry(place)
                    item.widget.show()
            else:
                self._drop(item)
        documents = [i for i in self._live if i.document is not None]
        if len(documents) > _LIVE:
            middle = self._stack.at(y + height / 2)
            near = set(self._stack.between(y - _AHEAD, y + height + _AHEAD))
            documents.sort(key=lambda i: -abs(i.index - middle))
            for item in documents[: len(documents) - _LIVE]:
                if item not in near:
                    self._drop(item)

    def _drop(self, item: Item) -> None:
        self._live.discard(item)
        item.let_go_of_document()
        if item.widget is not None:
            item.widget.removeEventFilter(self)
            item.widget.hide()
            item.widget.deleteLater()
            item.widget = None

    def _refresh(self, first: int, *, shorter: bool) -> None:
        """Paint what changed, and tell where the end is."""
        view = self.viewport().rect()
        if first == 0:
            self.viewport().update()
        elif shorter or first < len(self._stack.items):
            top = self._changed_from(first) - self._shown_at
            if top < view.bottom():
                self.viewport().update(view.adjusted(0, max(0, top), 0, 0))
        for item in self._stack.items[first:]:
            item.grown_from = None
        self._on_painted_anew()
        self._tell_end()

    def _changed_from(self, first: int) -> int:
        """Where the rows from `first` on begin to look different, the foot of the row before included.

        Text that grew looks different from the line before the growth on: the last word of that one may have left it.
        """
        if first >= len(self._stack.items):
            return int(self._stack.total - _FOOT * self._stack.unit)
        item = self._stack.items[first]
        if item.grown_from is None or item.document is None or self._needle is not None:
            return int(self._stack.top(first) - _FOOT * self._stack.unit)
        line = item.document.line_top(item.grown_from) - 2 * self._stack.unit
        return int(self._stack.top(first) + item.above + max(line, -self._stack.unit))

    def _tell_end(self) -> None:
        now = self.at_end
        if now == self._button.isVisibleTo(self):
            self._button.setVisible(not now)
        if now != self._was_at_end:
            self._was_at_end = now
            self.at_end_changed.emit(now)

    # --- formulas and the colours of code

    @property
    def pictures(self) -> Pictures | None:
        """Where pictures come from; None: sources are shown."""
        return self._pictures

    @pictures.setter
    def pictures(self, pictures: Pictures | None) -> None:
        if self._pictures is not None:
            self._pictures.came.disconnect(self._on_came)
        self._pictures = pictures
        if pictures is not None:
            pictures.came.connect(self._on_came)

    def _on_came(self) -> None:
        """Pictures are put in where all of a row are known; one row after the other, as long as the frame has time."""
        pictures = self._pictures
        assert pictures is not None
        ready = [i for i in self._live if i.document is not None and _is_ready(i.document, pictures.formula)]
        while ready and pictures.has_time:
            self._put_in(ready.pop(), pictures)
        if ready:
            pictures.again()
        else:
            self._colour_near()

    def _put_in(self, item: Item, pictures: Pictures) -> None:
        """Build a row anew with its pictures; what is at the top of the viewport stays there."""
        document = item.document
        assert document is not None
        known = document.waiting
        anchor = self._anchor()
        read = self._reading_place(anchor) if anchor is not None and anchor[0] is item else None
        item.let_go_of_document()
        document = self._document_of(item, lambda *asked: known.get(asked) or pictures.formula(*asked))
        if read is not None:
            position, beyond = read
            self._lay_out(item)
            position = moved(position, item.pictures, document.pictures())
            anchor = item, item.above + document.line_top(position) + beyond
        self._settle(anchor, item.index)

    def _reading_place(self, anchor: tuple[Item, float]) -> tuple[int, float] | None:
        """The first visible position in the first row, and how far its line is scrolled out; None where all is seen."""
        item, offset = anchor
        y = offset - item.above
        if item.document is None or y <= 0:
            return None
        hit = item.document.documentLayout().hitTest(QPointF(0, y), Qt.HitTestAccuracy.FuzzyHit)
        position = max(0, hit)
        return position, y - item.document.line_top(position)

    def _keep_places(self, item: Item, now: list[tuple[int, str]]) -> None:
        """What is selected or pointed at in a row stays so when other formulas are pictures than before."""
        before = item.pictures
        if before == now:
            return
        if self._selection is not None:
            ends = (self._selection.anchor, self._selection.focus)
            a, b = (Point(item, moved(p.position, before, now)) if p.item is item else p for p in ends)
            self._selection = Selection(a, b)
        if (link := self._link) is not None and link.item is item:
            begin, end = (moved(p, before, now) for p in (link.begin, link.end))
            self._link = marks.Link(item, begin, end, link.href)

    def _colour_near(self) -> None:
        """Ask for the colours of the code in sight, and put on what is known."""
        y = self.verticalScrollBar().value()
        for item in self._stack.between(y, y + self.viewport().height()):
            document = item.document
            if document is None or not document.codes:
                continue
            for code in document.codes:
                if self._is_time_for(item, code):
                    code.asked, code.when = code.block, time.monotonic()
                if colouring.colour(document, code, self._colours.dark, lambda *a, i=item: self._read(i, *a)):
                    self._update_row(item)

    def _is_time_for(self, item: Item, code: Code) -> bool:
        """Whether the code is to be asked for as it is now; code at the end may grow, and is asked for less often."""
        if code.asked is code.block or (pictures := self.pictures) is None:
            return False
        if item.index < len(self._stack.items) - 1:
            return True
        if time.monotonic() - code.when >= _GROWING and pictures.take_turn():
            return True
        if not self._colour_again.isActive():
            self._colour_again.start()
        return False

    def _read(self, item: Item, code: str, language: str) -> Colours | None:
        """The colours of a piece of code, which goes on from the rows before."""
        block, before = item.block, ""
        if isinstance(block, CodeBlock) and block.continued:
            rows = self._stack.items[max(0, item.index - 8) : item.index]
            blocks = (i.block for i in reversed(rows))
            before = colouring.before([b if isinstance(b, CodeBlock) else None for b in blocks])
        return self._pictures.colours(code, language, before) if self._pictures is not None else None

    def _update_row(self, item: Item) -> None:
        top = int(self._stack.top(item.index)) - self.verticalScrollBar().value()
        self.viewport().update(0, top, self.viewport().width(), int(item.extent) + 1)

    def viewportEvent(self, event: QEvent) -> bool:
        """The source of a formula, or why there is no picture of it, is its tooltip."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self._tip_at(event.pos()), self.viewport())
            return True
        return super().viewportEvent(event)

    def _tip_at(self, where: QPoint) -> str:
        """A tip, which is plain already; "" where there is none."""
        index = self._stack.at(where.y() + self.verticalScrollBar().value())
        item = self._stack.items[index] if index >= 0 else None
        if item is None or item.document is None:
            return ""
        form = item.document.documentLayout().formatAt(self._local(item, where))
        return form.toCharFormat().toolTip() if form.isCharFormat() else ""

    # --- what a view of more than text adds

    def _wraps(self, item: Item) -> bool:  # noqa: ARG002 - for others
        """Whether long lines of code are wrapped."""
        return True

    def _shift(self, item: Item) -> int:  # noqa: ARG002 - for others
        """How many pixels a row is scrolled sideways."""
        return 0

    def _paint_handles(self, painter: QPainter, item: Item) -> None:
        """Over a row, in the viewport's coordinates."""

    def _on_painted_anew(self) -> None:
        """Rows stand elsewhere, or are others."""

    def _add_to_menu(self, menu: QMenu, where: QPoint) -> None:
        """What can be done with what is there in the viewport."""

    # --- events: size and scrolling

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._button.place()
        if self._stack.width != self._column()[1]:
            self._relay(self._stack.unit)
        else:
            self._settle(self._anchor())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._settle(self._anchor())

    def scrollContentsBy(self, dx: int, dy: int) -> None:  # noqa: ARG002 - it may not know of moves of ours
        if self._moving:
            return
        bar, before = self.verticalScrollBar(), self._shown_at
        value = bar.value()
        if value < before:
            self._follow = False
        elif value >= bar.maximum() - NEAR_END:
            self._follow = True
        y = float(value)
        # going up: what was at the top is held, since rows above may turn out taller
        seen = self._stack.at(float(max(before, value)))
        item = self._stack.items[seen] if seen >= 0 else None
        anchor = (item, y - self._stack.top(item.index)) if item else None
        self._settle(anchor, len(self._stack.items), before)
        self._described.start()

    def wheelEvent(self, event: QWheelEvent) -> None:
        pixels, angle = event.pixelDelta(), event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier or abs(angle.x()) > abs(angle.y()):
            event.ignore()
            return
        bar = self.verticalScrollBar()
        steps = angle.y() / 120 * QGuiApplication.styleHints().wheelScrollLines()
        delta = pixels.y() or round(steps * bar.singleStep())
        before = bar.value()
        bar.setValue(before - delta)
        event.setAccepted(bar.value() != before)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A widget among the rows wants another height."""
        if event.type() == QEvent.Type.LayoutRequest and isinstance(watched, QWidget):
            item = next((i for i in self._live if i.widget is watched), None)
            if item is not None and self._widget_height(watched) != item.height:
                item.laid_out = False
                self._settle(self._anchor(), item.index)
        return super().eventFilter(watched, event)

    # --- events: painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), QColor(self._colours.surface))
        y = self.verticalScrollBar().value()
        area = event.rect()
        for item in self._stack.between(y + area.top(), y + area.bottom() + self._stack.pad):
            top = int(self._stack.top(item.index)) - y
            row = QRect(area.left(), top - 1, area.width(), int(item.extent + self._stack.pad) + 2)
            if item.block is not None and event.region().intersects(row):
                self._paint_row(painter, item, y, QRectF(area))
        painter.end()

    def _paint_row(self, painter: QPainter, item: Item, y: int, area: QRectF) -> None:
        left, width = self._column()
        top = self._stack.top(item.index) - y
        self._paint_ground(painter, item, QRectF(left, top, width, item.extent))
        document = self._document_of(item)
        origin = QPointF(left + self._inset(item), top + item.above)
        painter.save()
        painter.translate(origin)
        clip = area.translated(-origin).intersected(
            QRectF(-left, -self._stack.pad, self.viewport().width(), 1e7)
        )
        document.paint(painter, clip, self._highlights(item, document), self._shift(item))
        self._paint_current(painter, item, document)
        painter.restore()
        self._paint_handles(painter, item)

    def _paint_current(self, painter: QPainter, item: Item, document: BlockDocument) -> None:
        """A frame round the match that is looked at: its ground alone is not told apart by everyone."""
        if self._current is None or self._current.key != item.row.key:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QColor(self._colours.text))
        for begin, end in self._found(item)[self._current.nth : self._current.nth + 1]:
            for box in marks.boxes_of(document, begin, end):
                painter.drawRect(box.adjusted(-1, 0, 0, -1).toRect())

    def _paint_ground(self, painter: QPainter, item: Item, row: QRectF) -> None:
        """The ground of a prompt, or the bar of a trace; one over all its rows."""
        items = self._stack.items
        first = item.index == 0 or items[item.index - 1].role != item.role
        last = item.index + 1 == len(items) or items[item.index + 1].role != item.role
        inner = round(self._stack.unit * 0.6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if item.role == "trace":
            top = row.top() + (item.above if first else 0)
            painter.setBrush(QColor(self._colours.line))
            painter.drawRect(QRectF(row.left(), top, 2, row.bottom() - top))
        elif item.role == "prompt":
            top = row.top() + item.above - inner if first else row.top() - 1
            bottom = row.top() + item.above + item.height + inner if last else row.bottom()
            painter.setBrush(QColor(self._colours.prompt))
            ground = QRectF(row.left(), top, row.width(), bottom - top)
            painter.save()
            painter.setClipRect(ground)
            painter.drawRoundedRect(ground.adjusted(0, 0 if first else -20, 0, 0 if last else 20), 8, 8)
            painter.restore()

    def _highlights(self, item: Item, document: BlockDocument) -> list[QAbstractTextDocumentLayout.Selection]:
        made: list[QAbstractTextDocumentLayout.Selection] = []
        for n, (begin, end) in enumerate(self._found(item)):
            current = self._current == Match(item.row.key, n)
            made.append(
                marks.marked(
                    document,
                    begin,
                    end,
                    self._colours.mark_current if current else self._colours.mark,
                    self._colours.text,
                )
            )
        if self._selection is not None and (span := self._selection.within(item, document)):
            made.append(marks.marked(document, *span, self._colours.selection))
        link = self._link
        if link is not None and link.item is item and self.hasFocus():
            colours = self._colours
            made.append(marks.marked(document, link.begin, link.end, colours.accent, colours.on_accent))
        return made

    def _found(self, item: Item) -> list[tuple[int, int]]:
        """Where the text looked for stands in a row's document."""
        if self._needle is None:
            return []
        if item.found is None:
            item.found = marks.places_of(self._document_of(item), self._needle)
        return item.found

    # --- events: mouse

    def _point_at(self, where: QPoint) -> Point | None:
        """The place in the text nearest to a point of the viewport."""
        y = where.y() + self.verticalScrollBar().value()
        index = self._stack.at(y)
        rows = self._stack.items
        item = next((i for i in rows[index:] if i.block is not None), None) if index >= 0 else None
        if item is None:
            item = next((i for i in reversed(rows[: max(index, 0)]) if i.block is not None), None)
        if item is None:
            return None
        self._lay_out(item)
        document = self._document_of(item)
        local = self._local(item, where)
        if local.y() < 0:
            return Point(item, 0)
        if local.y() > item.height:
            return Point(item, document.characterCount() - 1)
        found = document.documentLayout().hitTest(local, Qt.HitTestAccuracy.FuzzyHit)
        return Point(item, max(0, min(found, document.characterCount() - 1)))

    def _local(self, item: Item, where: QPoint) -> QPointF:
        top = self._stack.top(item.index) + item.above - self.verticalScrollBar().value()
        return QPointF(where.x() - self._column()[0] - self._inset(item) + self._shift(item), where.y() - top)

    def _link_at(self, where: QPoint) -> tuple[str, Item | None]:
        y = where.y() + self.verticalScrollBar().value()
        index = self._stack.at(y)
        item = self._stack.items[index] if index >= 0 else None
        if item is None or item.document is None or not 0 <= self._local(item, where).y() <= item.height:
            return "", None
        return item.document.documentLayout().anchorAt(self._local(item, where)), item

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        where = event.position().toPoint()
        point = self._point_at(where)
        if point is None:
            return
        self._link = None
        if self._is_third_click(where):
            self._take(point, "paragraphs")
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier and self._selection is not None:
            self._drawing = "characters"
            self._select(self._selection.anchor, point)
        else:
            self._pressed_link = self._link_at(where)[0]
            self._drawing = "characters"
            self._select(point, point)

    def _is_third_click(self, where: QPoint) -> bool:
        """Qt tells of the second click only."""
        if self._double_click is None:
            return False
        when, place = self._double_click
        self._double_click = None
        soon = time.monotonic() - when < QGuiApplication.styleHints().mouseDoubleClickInterval() / 1000
        return soon and (place - where).manhattanLength() < 6

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        point = self._point_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and point is not None:
            self._pressed_link = ""
            self._double_click = (time.monotonic(), event.position().toPoint())
            self._take(point, "words")

    def _take(self, point: Point, unit: Literal["words", "paragraphs"]) -> None:
        self._drawing = unit
        begin, end = self._unit(point, unit)
        self._select(Point(point.item, begin), Point(point.item, end))

    def _unit(self, point: Point, unit: str) -> tuple[int, int]:
        kind = (
            QTextCursor.SelectionType.WordUnderCursor
            if unit == "words"
            else QTextCursor.SelectionType.BlockUnderCursor
        )
        begin, end = unit_at(self._document_of(point.item), point.position, kind)
        document = self._document_of(point.item)
        if unit == "paragraphs" and begin < end and document.characterAt(begin) == "\u2029":
            begin += 1  # a paragraph's selection takes in the end of the one before
        return begin, end

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        where = event.position().toPoint()
        if not self._drawing or not event.buttons() & Qt.MouseButton.LeftButton:
            self._hover(where)
            return
        inside = self.viewport().rect().contains(QPoint(0, where.y()))
        if inside:
            self._drag.stop()
        elif not self._drag.isActive():
            self._drag.start()
        self._draw_to(where)

    def _draw_to(self, where: QPoint) -> None:
        point = self._point_at(where)
        if point is None or self._selection is None:
            return
        anchor = self._selection.anchor
        if self._drawing in ("words", "paragraphs"):
            begin, end = self._unit(point, self._drawing)
            point = Point(point.item, begin if point < anchor else end)
        if point != self._selection.focus:
            self._follow = False
            self._pressed_link = ""
        self._select(anchor, point)

    def _pointer(self) -> QPoint:
        return self.viewport().mapFromGlobal(self.cursor().pos())

    def _drag_scroll(self) -> None:
        where = self._pointer()
        over = min(where.y(), 0) or max(where.y() - self.viewport().height(), 0)
        if over:
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() + round(over * 0.3) + (4 if over > 0 else -4))
            self._draw_to(where)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._drag.stop()
        self._drawing = ""
        where = event.position().toPoint()
        href, item = self._link_at(where)
        if (
            event.button() == Qt.MouseButton.LeftButton
            and href
            and href == self._pressed_link
            and item is not None
        ):
            self._activate(item, href)
        self._pressed_link = ""
        if self._selection is not None and not self._selection.is_empty:
            self._offer_primary()

    def _offer_primary(self) -> None:
        """What X11 pastes with the middle button."""
        clipboard = QGuiApplication.clipboard()
        if clipboard.supportsSelection():
            clipboard.setText(self.selected_text(), clipboard.Mode.Selection)

    def _activate(self, item: Item, href: str) -> None:
        if href == MORE:
            self.more_clicked.emit(item.row.key)
        else:
            self.link_clicked.emit(href)

    def _hover(self, where: QPoint) -> None:
        href, item = self._link_at(where)
        shape = Qt.CursorShape.ArrowCursor
        if href:
            shape = Qt.CursorShape.PointingHandCursor
        elif item is not None:
            shape = Qt.CursorShape.IBeamCursor
        self.viewport().setCursor(shape)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        copy = menu.addAction(messages.text("ui.document.copy"), self.copy)
        copy.setEnabled(self._selection is not None and not self._selection.is_empty)
        where = self.viewport().mapFromGlobal(event.globalPos())
        href, _ = self._link_at(where)
        if href and href != MORE:
            clipboard = QGuiApplication.clipboard()
            menu.addAction(messages.text("ui.document.copy_link"), lambda: clipboard.setText(href))
        self._add_to_menu(menu, where)
        menu.addAction(messages.text("ui.document.select_all"), self.select_all)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())

    # --- selection

    def _select(self, anchor: Point, focus: Point) -> None:
        self._selection = Selection(anchor, focus)
        self.viewport().update()

    def _rescue_selection(self, left: Sequence[Item]) -> None:
        """A selected row that was written anew is taken up again; one that is gone takes the selection with it."""
        if self._link is not None and self._link.item in left:
            self._link = None
        if self._selection is None:
            return
        ends: list[Point] = []
        for point in (self._selection.anchor, self._selection.focus):
            item = point.item
            if item in left:
                again = self._stack.by_key.get(item.row.key)
                if again is None or again.block is None:
                    self._selection = None
                    return
                item = again
            ends.append(Point(item, point.position))
        self._selection = Selection(*ends)

    # --- events: keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            self.select_all()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._link is not None:
            self._activate(self._link.item, self._link.href)
        elif (
            event.key() == Qt.Key.Key_Escape and self._selection is not None and not self._selection.is_empty
        ):
            self.clear_selection()
        elif not (self._extend(event) or self._scroll(event)):
            event.ignore()

    def _scroll(self, event: QKeyEvent) -> bool:
        bar = self.verticalScrollBar()
        page = bar.pageStep() - bar.singleStep()
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        moves = {
            Qt.Key.Key_Up: -bar.singleStep() * 2,
            Qt.Key.Key_Down: bar.singleStep() * 2,
            Qt.Key.Key_PageUp: -page,
            Qt.Key.Key_PageDown: page,
            Qt.Key.Key_Space: -page if shift else page,
            Qt.Key.Key_Home: -(1 << 30),
            Qt.Key.Key_End: 1 << 30,
        }
        move = moves.get(Qt.Key(event.key()))
        if move is None:
            return False
        if event.key() == Qt.Key.Key_End:
            self.to_end()
        else:
            bar.setValue(max(0, bar.value() + move))
        return True

    def _extend(self, event: QKeyEvent) -> bool:
        """Shift and a cursor key draw the selection on, into the next row at the end of one."""
        operations = {
            Qt.Key.Key_Left: QTextCursor.MoveOperation.Left,
            Qt.Key.Key_Right: QTextCursor.MoveOperation.Right,
            Qt.Key.Key_Up: QTextCursor.MoveOperation.Up,
            Qt.Key.Key_Down: QTextCursor.MoveOperation.Down,
        }
        operation = operations.get(Qt.Key(event.key()))
        if operation is None or not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            return False
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            operation = {
                QTextCursor.MoveOperation.Left: QTextCursor.MoveOperation.PreviousWord,
                QTextCursor.MoveOperation.Right: QTextCursor.MoveOperation.NextWord,
            }.get(operation, operation)
        start = self._selection.focus if self._selection else self._point_at(QPoint(0, 0))
        if start is None:
            return False
        anchor = self._selection.anchor if self._selection else start
        back = event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Up)
        self._select(anchor, self._moved(start, operation, back=back))
        assert self._selection is not None
        self._reveal(self._selection.focus.item, self._selection.focus.position)
        return True

    def _moved(self, point: Point, operation: QTextCursor.MoveOperation, *, back: bool) -> Point:
        self._lay_out(point.item)
        cursor = QTextCursor(self._document_of(point.item))
        cursor.setPosition(point.position)
        if cursor.movePosition(operation) and cursor.position() != point.position:
            return Point(point.item, cursor.position())
        rows = self._stack.items
        beyond = reversed(rows[: point.item.index]) if back else rows[point.item.index + 1 :]
        item = next((i for i in beyond if i.block is not None), None)
        if item is None:
            return point
        return Point(item, self._document_of(item).characterCount() - 1 if back else 0)

    def _reveal(self, item: Item, position: int) -> None:
        """Scroll as little as is needed to see a place."""
        anchor = self._anchor()
        self._lay_out(item)
        self._settle(anchor)
        document = self._document_of(item)
        block = document.findBlock(position)
        line = block.layout().lineForTextPosition(position - block.position())
        top = self._stack.top(item.index) + item.above
        top += document.documentLayout().blockBoundingRect(block).top() + (line.y() if line.isValid() else 0)
        bar, height, unit = self.verticalScrollBar(), self.viewport().height(), self._stack.unit
        if top < bar.value() + unit:
            bar.setValue(round(top - height / 4))
        elif top > bar.value() + height - 3 * unit:
            bar.setValue(round(top - height * 3 / 4))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self._link = None
        self.viewport().update()

    # --- for screen readers

    def _describe(self) -> None:
        """What is in view, as the description of this widget; kept short, and only once things stand still."""
        y = self.verticalScrollBar().value()
        seen = self._stack.between(y, y + self.viewport().height())
        self.setAccessibleDescription(
            plain_all([i.row.block for i in seen if isinstance(i.row, TextRow)])[:4000]
        )


def _is_ready(document: BlockDocument, ask: Ask) -> bool:
    """Whether all formulas are known that a document waits for."""
    for asked, found in document.waiting.items():
        if found is None:
            document.waiting[asked] = ask(*asked)
    return bool(document.waiting) and None not in document.waiting.values()


def _has_focus(widget: QWidget) -> bool:
    focused = QApplication.focusWidget()
    return focused is not None and (focused is widget or widget.isAncestorOf(focused))
