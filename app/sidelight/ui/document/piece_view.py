"""A block view in which code, tables and links can be handled: by a bar under the pointer, by Tab and a menu.

What is wider than its place scrolls sideways within it. Not how a piece is found in a document (`pieces`), and not the
saving of a file: that is a wish.
"""

from __future__ import annotations

from functools import partial
from typing import TypeAlias

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QMenu, QWidget

from sidelight import messages
from sidelight.render import code_names
from sidelight.render.blocks import CodeBlock, Table, holds_link
from sidelight.ui.document.block_bar import WISHES, BlockBar, caption
from sidelight.ui.document.document import MORE, text_between
from sidelight.ui.document.marks import Link, links_of
from sidelight.ui.document.pieces import Piece, chain_of, pieces_of, rect_of, text_of, whole_of
from sidelight.ui.document.rows import Item
from sidelight.ui.document.sideways import Sideways
from sidelight.ui.document.view import BlockView
from sidelight.ui.open_url import shown_address
from sidelight.ui.widgets.address_tip import AddressTip

__all__ = ["PieceView"]

_Stop: TypeAlias = Link | Piece
"""Where Tab stops."""
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_STEP = 4
"""What a cursor key scrolls sideways, in units of the body's size."""


class PieceView(BlockView):
    """`save_wished` carries code that is to be saved, and a name for its file."""

    save_wished = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        self._sideways = Sideways()
        self._piece: Piece | None = None  # has the focus
        self._hovered: Piece | None = None
        self._grabbed: tuple[Item, int] | None = None
        self._bar: BlockBar | None = None
        super().__init__(parent)
        self._address = AddressTip(self)

    # --- which pieces there are, and where

    def _item_at(self, where: QPoint) -> Item | None:
        index = self._stack.at(where.y() + self.verticalScrollBar().value())
        return self._stack.items[index] if index >= 0 else None

    def _place_of(self, item: Item) -> QRectF:
        """A row's text in the viewport."""
        top = self._stack.top(item.index) + item.above - self.verticalScrollBar().value()
        return QRectF(self._column()[0] + self._inset(item), top, self._text_width(item), item.height)

    def _seen(self, piece: Piece) -> QRectF:
        """Where a piece stands in the viewport."""
        item = self._stack.by_key[piece.key]
        return rect_of(piece, self._document_of(item)).translated(self._place_of(item).topLeft())

    def _piece_at(self, where: QPoint) -> Piece | None:
        item = self._item_at(where)
        if item is None or item.document is None:
            return None
        found = pieces_of(item, item.document)
        return next((p for p in found if self._seen(p).contains(QPointF(where))), None)

    def _is_there(self, piece: Piece) -> bool:
        item = self._stack.by_key.get(piece.key)
        return (
            item is not None and item.block is not None and piece in pieces_of(item, self._document_of(item))
        )

    def _key_of(self, item: Item) -> str:
        """What the rows go by that show one piece together."""
        return chain_of(self._stack.items, item)[0].row.key

    # --- what can be done with one

    def _add_to_menu(self, menu: QMenu, where: QPoint) -> None:
        piece = self._piece_at(where)
        if piece is None:
            return
        for wish in WISHES[piece.code]:
            action = menu.addAction(caption(wish), partial(self._do, wish, piece))
            if wish == "wrap":
                action.setCheckable(True)
                action.setChecked(self._wraps(self._stack.by_key[piece.key]))
        menu.addSeparator()

    def _do(self, wish: str, piece: Piece | None) -> None:
        if piece is None or not self._is_there(piece):  # gone meanwhile
            return
        item = self._stack.by_key[piece.key]
        whole = whole_of(self._stack.items, item, piece)
        if wish == "wrap":
            self._toggle_wrap(item)
        elif wish == "save" and isinstance(whole, CodeBlock):
            text = whole.text.removesuffix("\n") + "\n"
            self.save_wished.emit(text, code_names.file_name(whole.language))
        else:
            QGuiApplication.clipboard().setText(text_of(whole, wish))

    def _wraps(self, item: Item) -> bool:
        return self._sideways.wraps(self._key_of(item))

    def _toggle_wrap(self, item: Item) -> None:
        anchor = self._anchor()
        rows = chain_of(self._stack.items, item)
        self._sideways.toggle_wrap(rows[0].row.key)
        for row in rows:
            row.let_go_of_document()
            row.laid_out = False
        self._settle(anchor, rows[0].index)

    # --- the bar

    def _on_painted_anew(self) -> None:
        if self._hovered is not None or self._piece is not None:
            self._place_bar()

    def _hover_piece(self, piece: Piece | None) -> None:
        if piece is None and self._bar is not None and self._bar.in_use:
            return
        if piece is not None or self._hovered is not None:
            self._hovered = piece
            self._place_bar()

    def _place_bar(self) -> None:
        """Over the piece that is pointed at, or else has the focus; it stays in view."""
        self._hovered = self._hovered if self._hovered and self._is_there(self._hovered) else None
        self._piece = self._piece if self._piece and self._is_there(self._piece) else None
        piece = self._hovered or self._piece
        if piece is None:
            if self._bar is not None:
                self._bar.hide()
            return
        bar = self._bar or self._make_bar()
        item, seen = self._stack.by_key[piece.key], self._seen(piece)
        first = chain_of(self._stack.items, item)[0]
        top = seen.top() if first is item else self._place_of(first).top()
        bar.show_for(code=piece.code, wraps=self._wraps(item))
        head = self._document_of(item).head_of(piece.nth) if piece.code and first is item else 0
        above = max(0, bar.height() + 6 - round(head))  # the first line is to be read
        bar.put(
            QPoint(round(seen.right()) - 3, round(min(max(top + 3 - above, 3), seen.bottom() - bar.height())))
        )

    def _make_bar(self) -> BlockBar:
        self._bar = BlockBar(self)
        self._bar.wished.connect(lambda wish: self._do(wish, self._hovered or self._piece))
        self._bar.left.connect(lambda: self._hover_piece(None))
        return self._bar

    def _hover(self, where: QPoint) -> None:
        super()._hover(where)
        href, _ = self._link_at(where)
        self._address.show_address(shown_address(href) if href and href != MORE else "", where)
        if self._scroller_at(where) is not None:
            self.viewport().setCursor(Qt.CursorShape.ArrowCursor)
        self._hover_piece(self._piece_at(where))

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is pointed at any more."""
        super().leaveEvent(event)
        self._hover_piece(None)
        if self._link is None:
            self._address.hide()

    # --- sideways

    def _reach(self, item: Item) -> int:
        """How far a row can be scrolled, with those that show the same piece."""
        if not isinstance(item.block, CodeBlock | Table):
            return item.document.overflow if item.document is not None else 0
        if isinstance(item.block, CodeBlock) and self._sideways.all_wrap:
            return 0
        rows = chain_of(self._stack.items, item)
        return max((i.document.overflow for i in rows if i.document is not None), default=0)

    def _shift(self, item: Item) -> int:
        reach = self._reach(item)
        return self._sideways.shift(self._key_of(item), reach) if reach else 0

    def _scroll_sideways(self, item: Item, to: float) -> bool:
        """Whether that moved it."""
        moved = self._sideways.scroll(self._key_of(item), to, self._reach(item))
        if moved:
            self.viewport().update()
        return moved

    def _scroller_at(self, where: QPoint) -> Item | None:
        item = self._item_at(where)
        if item is None or not self._has_scroller(item):
            return None
        return item if Sideways.is_on(self._place_of(item), QPointF(where)) else None

    def _has_scroller(self, item: Item) -> bool:
        """The last of the rows that show one piece has it."""
        return self._reach(item) > 0 and chain_of(self._stack.items, item)[-1] is item

    def _reveal(self, item: Item, position: int) -> None:
        super()._reveal(item, position)
        if not self._reach(item):
            return
        document = self._document_of(item)
        block = document.findBlock(position)
        line = block.layout().lineForTextPosition(position - block.position())
        if line.isValid():
            x = document.documentLayout().blockBoundingRect(block).left() + line.x()
            x += document.x_in(line, position - block.position())
            width, shift = self._text_width(item), self._shift(item)
            if not shift <= x <= shift + width * 0.85:
                self._scroll_sideways(item, x - width / 4)

    def _paint_handles(self, painter: QPainter, item: Item) -> None:
        """The scroller of a row, and the ring round a piece that has the focus."""
        if self._has_scroller(item):
            Sideways.paint(painter, self._place_of(item), self._shift(item), self._reach(item), self._colours)
        piece = self._piece
        if piece is not None and piece.key == item.row.key and self.hasFocus() and self._is_there(piece):
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(self._colours.accent), 2))
            painter.drawRoundedRect(self._seen(piece).adjusted(-1, -1, 1, 1), 6, 6)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """What is wider than its place moves sideways under the pointer, as far as it goes."""
        pixels, angle, held = event.pixelDelta(), event.angleDelta(), event.modifiers()
        across = abs(angle.x()) > abs(angle.y()) and not held & Qt.KeyboardModifier.ControlModifier
        item = self._item_at(event.position().toPoint())
        if item is not None and (across or held == Qt.KeyboardModifier.ShiftModifier):
            turned = (pixels.x() or angle.x() / 2) if across else (pixels.y() or angle.y() / 2)
            if self._scroll_sideways(item, self._shift(item) - turned):
                event.accept()
                return
        super().wheelEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        where = event.position().toPoint()
        item = self._scroller_at(where) if event.button() == Qt.MouseButton.LeftButton else None
        if item is not None:
            self._grabbed = (item, where.x())
            return
        self._leave_stop()
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grabbed is None:
            super().mouseMoveEvent(event)
            return
        item, before = self._grabbed
        x = event.position().toPoint().x()
        by = Sideways.pulled(self._place_of(item), x - before, self._reach(item))
        self._grabbed = (item, x)
        self._scroll_sideways(item, self._shift(item) + by)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._grabbed is None:
            super().mouseReleaseEvent(event)
        self._grabbed = None

    # --- by keyboard

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes through the links, code and tables in view first."""
        if not self.hasFocus():  # it is a button within that asks
            return super().focusNextPrevChild(forward)
        stop = self._next_stop(forward)
        self._link = stop if isinstance(stop, Link) else None
        self._piece = stop if isinstance(stop, Piece) else None
        self._show_stop()
        return stop is not None or super().focusNextPrevChild(forward)

    def _next_stop(self, forward: bool) -> _Stop | None:
        stops = sorted(((self._order_of(stop), stop) for stop in self._stops()), key=lambda s: s[0])
        now: _Stop | None = self._link or self._piece
        if now is None:
            return stops[0][1] if stops and forward else None
        here = self._order_of(now)
        beyond = [stop for place, stop in stops if (place > here if forward else place < here)]
        return (beyond[0] if forward else beyond[-1]) if beyond else None

    def _order_of(self, stop: _Stop) -> tuple[int, int, bool]:
        """Where a stop comes in reading order; a table before the links in it."""
        if isinstance(stop, Link):
            return (stop.item.index, stop.begin, True)
        return (self._stack.by_key[stop.key].index, stop.position, False)

    def _stops(self) -> list[_Stop]:
        """The links and pieces in view; of a piece in several rows, the first row that is in view."""
        y, height = self.verticalScrollBar().value(), self.viewport().height()
        found: list[_Stop] = []
        chains: set[str] = set()
        for item in self._stack.between(y, y + height):
            if item.block is None:
                continue
            document, top = self._document_of(item), self._place_of(item).top()
            if holds_link(item.block):
                found += [
                    link
                    for link in links_of(item, document)
                    if 0 <= top + document.line_top(link.begin) < height - self._stack.unit
                ]
            for piece in pieces_of(item, document):
                seen = self._seen(piece)
                chain = self._key_of(item) if chain_of(self._stack.items, item)[1:] else ""
                if seen.bottom() > 0 and seen.top() < height and chain not in chains:
                    found.append(piece)
                    chains |= {chain} if chain else set()
        return found

    def _show_stop(self) -> None:
        """Show what has the focus, and say it to screen readers."""
        self._place_bar()
        address = ""
        link, piece = self._link, self._piece
        if link is not None:
            self._reveal(link.item, link.begin)
            address = "" if link.href == MORE else shown_address(link.href)
            text = text_between(self._document_of(link.item), link.begin, link.end)
            self.setAccessibleDescription(messages.text("ui.document.said_link", text=text, address=address))
        elif piece is not None:
            self.setAccessibleDescription(
                _said(whole_of(self._stack.items, self._stack.by_key[piece.key], piece))
            )
        self._address.show_address(address, self._stop_place())
        self.viewport().update()

    def _stop_place(self) -> QPoint:
        """A point in the viewport at which what has the focus can be seen."""
        if self._link is not None:
            return self._place_in_view(self._link.item, self._link.begin)
        if self._piece is not None:
            seen = self._seen(self._piece).intersected(QRectF(self.viewport().rect()))
            return seen.topLeft().toPoint() + QPoint(2, 2)
        return QPoint()

    def _place_in_view(self, item: Item, position: int) -> QPoint:
        """The middle of the letter at a position, in the viewport."""
        document = self._document_of(item)
        block = document.findBlock(position)
        line = block.layout().lineForTextPosition(position - block.position())
        rect = document.documentLayout().blockBoundingRect(block)
        x, y = rect.left(), rect.top()
        if line.isValid():
            x += document.x_in(line, position - block.position()) + 2
            y += line.y() + line.height() / 2
        return (self._place_of(item).topLeft() + QPointF(x - self._shift(item), y)).toPoint()

    def _leave_stop(self) -> None:
        self._link = self._piece = None
        self._place_bar()
        self._address.hide()
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        piece = self._piece if self._piece is not None and self._is_there(self._piece) else None
        if piece is None:
            super().keyPressEvent(event)
        elif event.key() in _ENTER:
            self._open_menu()
        elif event.matches(QKeySequence.StandardKey.Copy) and not self.selected_text():
            self._do(WISHES[piece.code][0], piece)
        elif not self._step_sideways(event, self._stack.by_key[piece.key]):
            super().keyPressEvent(event)

    def _step_sideways(self, event: QKeyEvent, item: Item) -> bool:
        ways = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        way = ways.get(Qt.Key(event.key()))
        if way is None or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            return False
        return self._scroll_sideways(item, self._shift(item) + way * _STEP * self._stack.unit)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """By keyboard it is the menu of what has the focus."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        if by_key and (self._link is not None or self._piece is not None):
            self._open_menu()
        else:
            super().contextMenuEvent(event)

    def _open_menu(self) -> None:
        at = self._stop_place()
        super().contextMenuEvent(
            QContextMenuEvent(QContextMenuEvent.Reason.Other, at, self.viewport().mapToGlobal(at))
        )

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self._leave_stop()


def _said(whole: CodeBlock | Table) -> str:
    """What a screen reader says of a piece that has the focus."""
    if isinstance(whole, CodeBlock):
        lines = whole.text.removesuffix("\n").count("\n") + 1
        return messages.text("ui.document.said_code", language=whole.language or "–", lines=lines)
    rows, columns = len(whole.rows), len(whole.header)
    return messages.text("ui.document.said_table", rows=rows, columns=columns)
