"""A selection across rows: two points, what lies between them, and how it reads as plain text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtGui import QTextCursor

from sidelight.render.blocks import Block, plain, separator
from sidelight.ui.document.document import BlockDocument, text_between
from sidelight.ui.document.rows import Item, TextRow

__all__ = ["Point", "Selection"]


@dataclass(frozen=True, slots=True)
class Point:
    """A place in the text: a row and a position in its document."""

    item: Item
    position: int

    def __lt__(self, other: Point) -> bool:
        return (self.item.index, self.position) < (other.item.index, other.position)


@dataclass(frozen=True, slots=True)
class Selection:
    """From where it was begun to where it was drawn."""

    anchor: Point
    focus: Point

    @property
    def is_empty(self) -> bool:
        return self.anchor.item is self.focus.item and self.anchor.position == self.focus.position

    @property
    def ends(self) -> tuple[Point, Point]:
        """First and last point in reading order."""
        if self.focus < self.anchor:
            return self.focus, self.anchor
        return self.anchor, self.focus

    def within(self, item: Item, document: BlockDocument) -> tuple[int, int] | None:
        """The selected positions of one row."""
        first, last = self.ends
        if not first.item.index <= item.index <= last.item.index:
            return None
        begin = first.position if item is first.item else 0
        end = last.position if item is last.item else document.characterCount() - 1
        return (begin, min(end, document.characterCount() - 1))

    def text(self, items: Sequence[Item], document_of: Callable[[Item], BlockDocument]) -> str:
        """As plain text, blocks apart by a blank line. Whole blocks come from their values, not from documents."""
        first, last = self.ends
        parts: list[str] = []
        before: Block | None = None
        for item in items[first.item.index : last.item.index + 1]:
            if not isinstance(item.row, TextRow):
                continue
            block = item.row.block
            part = self._part(item, block, document_of)
            if part or before is not None:
                parts.append(separator(before, block) if parts else "")
                parts.append(part)
                before = block
        return "".join(parts).strip("\n")

    def _part(self, item: Item, block: Block, document_of: Callable[[Item], BlockDocument]) -> str:
        first, last = self.ends
        if item is not first.item and item is not last.item:
            return plain(block)
        document = document_of(item)
        begin, end = self.within(item, document) or (0, 0)
        if begin == 0 and end >= document.characterCount() - 1:
            return plain(block)
        return text_between(document, begin, end)


def unit_at(document: BlockDocument, position: int, unit: QTextCursor.SelectionType) -> tuple[int, int]:
    """The word or paragraph around a position."""
    cursor = QTextCursor(document)
    cursor.setPosition(position)
    cursor.select(unit)
    return cursor.selectionStart(), cursor.selectionEnd()
