"""What comes later to rows that are shown already: pictures of formulas and the colours of code.

Not where they come from (`pictures`, `colouring`), and not where rows stand (`area`).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtWidgets import QWidget

from sidelight.render.blocks import CodeBlock
from sidelight.ui.document import colouring
from sidelight.ui.document.area import RowArea
from sidelight.ui.document.document import BlockDocument, Code, moved
from sidelight.ui.document.pictures import Ask, Pictures
from sidelight.ui.document.rows import Item

if TYPE_CHECKING:
    from sidelight.render.highlight import Colours

__all__ = ["IllustratedArea"]

_WORD_JOINER = "\u2060"
"""What makes a tip plain, and is no part of it."""
_GROWING = 0.3
"""Seconds between two looks at the colours of code that may still grow."""


class IllustratedArea(RowArea):
    """Rows with pictures and colours, once `pictures` is set."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._pictures: Pictures | None = None
        super().__init__(parent)
        self._colour_again = QTimer(self, interval=round(_GROWING * 1000), singleShot=True)
        self._colour_again.timeout.connect(self._colour_near)

    def _ask_for(self) -> Ask | None:
        return self._pictures.formula if self._pictures is not None else None

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
        waiting = [i for i in self._live if i.document is not None and i.document.waiting]
        ready = [i for i in waiting if i.document is not None and _is_ready(i.document, pictures.formula)]
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

    def _tip_at(self, where: QPoint) -> str:
        """The source of a formula, or why there is no picture of it; "" where there is none."""
        index = self._stack.at(where.y() + self.verticalScrollBar().value())
        item = self._stack.items[index] if index >= 0 else None
        if item is None or item.document is None:
            return ""
        form = item.document.documentLayout().formatAt(self._local(item, where))
        return form.toCharFormat().toolTip().replace(_WORD_JOINER, "") if form.isCharFormat() else ""


def _is_ready(document: BlockDocument, ask: Ask) -> bool:
    """Whether all formulas are known that a document waits for."""
    for asked, found in document.waiting.items():
        if found is None:
            document.waiting[asked] = ask(*asked)
    return bool(document.waiting) and None not in document.waiting.values()
