"""The block view: rows of text and widgets that are read, selected, searched and followed.

Not an editor and not a browser: it shows values, and what a person wants (a link, more of a message) leaves by a
signal. Where rows stand and how they are painted is `area`'s.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Literal

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QTextCursor,
)
from PySide6.QtWidgets import QMenu, QWidget

from sidelight import messages
from sidelight.ui.document import marks
from sidelight.ui.document.document import MORE, BlockDocument, moved
from sidelight.ui.document.find import Match
from sidelight.ui.document.illustrated import IllustratedArea
from sidelight.ui.document.rows import Item, Row, TextRow, WidgetRow
from sidelight.ui.document.selection import Point, Selection, unit_at
from sidelight.ui.widgets.plain import plain_tip

__all__ = ["BlockView", "Row", "TextRow", "WidgetRow"]

_DRAG_SCROLL = 30
"""Milliseconds between two steps while a selection is drawn beyond the viewport."""


class BlockView(IllustratedArea):
    """Signals: `link_clicked(address)` for http(s) only, `more_clicked(key of the row)`."""

    link_clicked = Signal(str)
    more_clicked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        self._selection: Selection | None = None
        self._drawing: Literal["", "characters", "words", "paragraphs"] = ""
        self._pressed_link = ""
        self._double_click: tuple[float, QPoint] | None = None
        self._link: marks.Link | None = None
        self._needle: re.Pattern[str] | None = None
        self._current: Match | None = None
        self._tip = ""
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self._drag = QTimer(self, interval=_DRAG_SCROLL)
        self._drag.timeout.connect(self._drag_scroll)

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

    # --- what is marked

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

    @property
    def _marks_words(self) -> bool:
        return self._needle is not None

    def _paint_over(self, painter: QPainter, item: Item, document: BlockDocument) -> None:
        """A frame round the match that is looked at: its ground alone is not told apart by everyone."""
        if self._current is None or self._current.key != item.row.key:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QColor(self._colours.text))
        for begin, end in self._found(item)[self._current.nth : self._current.nth + 1]:
            for box in marks.boxes_of(document, begin, end):
                painter.drawRect(box.adjusted(-1, 0, 0, -1).toRect())

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
        if (tip := self._tip_at(where)) != self._tip:
            self._tip = tip
            self.viewport().setToolTip(plain_tip(tip))

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

    def _add_to_menu(self, menu: QMenu, where: QPoint) -> None:
        """What can be done with what is there in the viewport."""

    # --- selection

    def _select(self, anchor: Point, focus: Point) -> None:
        self._selection = Selection(anchor, focus)
        self.viewport().update()

    def _on_gone(self, gone: Sequence[Item]) -> None:
        """A selected row that was written anew is taken up again; one that is gone takes the selection with it."""
        if self._link is not None and self._link.item in gone:
            self._link = None
        if self._selection is None:
            return
        ends: list[Point] = []
        for point in (self._selection.anchor, self._selection.focus):
            item = point.item
            if item in gone:
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
