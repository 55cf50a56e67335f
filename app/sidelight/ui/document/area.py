"""The scroll area under the block view: any number of rows, of which only those near the viewport exist as documents or widgets.

Rows, heights, scrolling and painting. Not selection and keys (`view`), and not what comes later to a row (`illustrated`).
Heights are exact near the viewport and guessed elsewhere; when a guess turns out wrong, the first visible row stays where
it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QFontInfo,
    QGuiApplication,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QFrame, QWidget

from sidelight.render.blocks import plain_all
from sidelight.ui.document.build import build
from sidelight.ui.document.document import BlockDocument
from sidelight.ui.document.end_button import EndButton
from sidelight.ui.document.letters import letters
from sidelight.ui.document.pictures import Ask
from sidelight.ui.document.rows import Item, Row, RowStack, TextRow, WidgetRow
from sidelight.ui.document.scroll_bar import QuietBar
from sidelight.ui.theme import LIGHT, Palette, body_font

__all__ = ["RowArea"]

Marked: TypeAlias = QAbstractTextDocumentLayout.Selection

NEAR_END = 48
"""Pixels from the end within which the view counts as being there."""
_AHEAD = 240
"""Pixels laid out beyond the viewport."""
_FOOT = 3
"""What the foot of a row that is no longer the last may take, in units of the body's size."""
_LIVE = 40
_MEASURE = 50
"""The widest column of text, in units of the body's size."""


class RowArea(QAbstractScrollArea):
    """Shows rows; see `set_rows`. `at_end_changed(bool)`."""

    at_end_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBar(QuietBar())
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._stack = RowStack()
        self._live: set[Item] = set()
        self._colours = LIGHT
        self._zoom = 1.0
        self._follow = True
        self._was_at_end = True
        self._moving = False
        self._settling = False
        self._shown_at = 0
        self._span: tuple[int, int] | None = None
        self._described = QTimer(self, interval=600, singleShot=True)
        self._described.timeout.connect(self._describe)
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
            self._on_gone(left)
            anchor = self._rescue(anchor, order)
        self._settle(anchor, first, shorter=len(rows) < len(order))
        self._described.start()

    def set_palette_and_zoom(self, palette: Palette, zoom: float) -> None:
        """Colours and fonts from a palette; `zoom` 1.0 is 100 %. Every document is made anew when it comes near."""
        letters.cache_clear()
        self._colours, self._zoom = palette, zoom
        self._ground = QColor(palette.surface)
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
        if on and not self._follow:
            self.to_end()
        self._follow = on

    def to_end(self) -> None:
        """Go to the end and follow from there."""
        self._follow = True
        self._settle(None)

    @property
    def live_documents(self) -> int:
        """How many documents exist now."""
        return sum(item.document is not None for item in self._live)

    def accessible_text(self) -> str:
        """All of it as plain text."""
        return plain_all([i.row.block for i in self._stack.items if isinstance(i.row, TextRow)])

    # --- layout

    def _column(self) -> tuple[int, int]:
        """Left edge and width of the column of text in the viewport."""
        if self._span is None:
            width = self._column_width(self._stack.unit)
            self._span = (self.viewport().width() - width) // 2, width
        return self._span

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
        self._span = None
        anchor = self._anchor()
        extent = anchor[0].extent if anchor else 1.0
        self._stack.measure_anew(float(self._column_width(unit)), unit)
        self._span = None
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
            item.document = build(
                item.row.block,
                self._colours,
                self._zoom,
                self._text_width(item),
                item.row.role,
                ask or self._ask_for(),
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
        documents: list[Item] = []
        for item in tuple(self._live):
            if item.widget is None:
                documents.append(item)
                continue
            top = self._stack.top(item.index) + item.above - y
            if (-2 * height < top + item.height and top < 3 * height) or _has_focus(item.widget):
                place, stands = QRect(left, round(top), width, round(item.height)), item.widget.geometry()
                seen = view.intersects(place) or view.intersects(stands)
                if item.widget.isHidden() or (seen and stands != place):
                    item.widget.setGeometry(place)
                    item.widget.show()
            else:
                self._drop(item)
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
        if item.grown_from is None or item.document is None or self._marks_words:
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

    def _local(self, item: Item, where: QPoint) -> QPointF:
        top = self._stack.top(item.index) + item.above - self.verticalScrollBar().value()
        return QPointF(where.x() - self._column()[0] - self._inset(item) + self._shift(item), where.y() - top)

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

    def _ask_for(self) -> Ask | None:
        """Where pictures of formulas come from; None: sources are shown."""
        return None

    def _keep_places(self, item: Item, now: list[tuple[int, str]]) -> None:
        """Other formulas of a row are pictures than before."""

    def _colour_near(self) -> None:
        """What is in sight may be other code."""

    def _on_gone(self, gone: Sequence[Item]) -> None:
        """Rows have left."""

    @property
    def _marks_words(self) -> bool:
        """Whether words anywhere in a row may become marked or unmarked as it grows."""
        return False

    def _highlights(self, item: Item, document: BlockDocument) -> list[Marked]:  # noqa: ARG002 - for others
        """What is marked in a row."""
        return []

    def _paint_over(self, painter: QPainter, item: Item, document: BlockDocument) -> None:
        """Over a row's text, in the document's coordinates."""

    # --- events: size and scrolling

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._span = None
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
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = event.rect()
        painter.fillRect(area, self._ground)
        y = self.verticalScrollBar().value()
        for item in self._stack.between(y + area.top(), y + area.bottom() + self._stack.pad):
            top = int(self._stack.top(item.index)) - y
            row = QRect(area.left(), top - 1, area.width(), int(item.extent + self._stack.pad) + 2)
            if item.block is not None and event.region().intersects(row):
                self._paint_row(painter, item, y, QRectF(area))
        painter.end()

    def _paint_row(self, painter: QPainter, item: Item, y: int, area: QRectF) -> None:
        left, width = self._column()
        top = self._stack.top(item.index) - y
        if item.role != "answer":
            self._paint_ground(painter, item, QRectF(left, top, width, item.extent))
        document = self._document_of(item)
        origin = QPointF(left + self._inset(item), top + item.above)
        painter.save()
        painter.translate(origin)
        clip = area.translated(-origin).intersected(
            QRectF(-left, -self._stack.pad, self.viewport().width(), 1e7)
        )
        document.paint(painter, clip, self._highlights(item, document), self._shift(item))
        self._paint_over(painter, item, document)
        painter.restore()
        self._paint_handles(painter, item)

    def _paint_ground(self, painter: QPainter, item: Item, row: QRectF) -> None:
        """The ground of a prompt, or the bar of a trace; one over all its rows."""
        items = self._stack.items
        first = item.index == 0 or items[item.index - 1].role != item.role
        last = item.index + 1 == len(items) or items[item.index + 1].role != item.role
        inner = round(self._stack.unit * 0.6)
        painter.setPen(Qt.PenStyle.NoPen)
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

    # --- for screen readers

    def _describe(self) -> None:
        """What is in view, as the description of this widget; kept short, and only once things stand still."""
        y = self.verticalScrollBar().value()
        seen = self._stack.between(y, y + self.viewport().height())
        self.setAccessibleDescription(
            plain_all([i.row.block for i in seen if isinstance(i.row, TextRow)])[:4000]
        )


def _has_focus(widget: QWidget) -> bool:
    focused = QApplication.focusWidget()
    return focused is not None and (focused is widget or widget.isAncestorOf(focused))
