"""The rows of a block view, and where each stands: heights, prefix sums, and the difference between two row lists.

Knows blocks and pixels, but neither a scroll bar nor a painter. A height is a guess until the row was laid out at the
current width and zoom.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeAlias

from PySide6.QtWidgets import QWidget

from sidelight.render.blocks import Block, CodeBlock, Heading, texts
from sidelight.ui.document.build import gap_before
from sidelight.ui.document.document import BlockDocument
from sidelight.ui.document.grow import grow
from sidelight.ui.document.letters import Role

__all__ = ["Item", "Row", "RowStack", "TextRow", "WidgetRow"]


@dataclass(frozen=True, slots=True)
class TextRow:
    """One block of text. `key` is unique in the view and stays with the block while it grows."""

    key: str
    block: Block
    role: Role = "answer"


@dataclass(frozen=True, slots=True)
class WidgetRow:
    """A widget among the text: made when it comes near, destroyed when far away, made anew when `token` changes.

    Its height is its height for the width it is given, or else its size hint.
    """

    key: str
    make: Callable[[QWidget], QWidget]
    token: object = None


Row: TypeAlias = TextRow | WidgetRow

_GUESSED_WIDGET = 36.0


class Item:
    """A row with what is known of it on the screen. `above` and `below` are the space around it, part of its extent.

    `grown_from` is the position in its document from which the text grew since it was last painted; `pictures` are those
    of the document it had before, by which places in its text were counted.
    """

    __slots__ = (
        "above",
        "below",
        "document",
        "found",
        "grown_from",
        "height",
        "index",
        "laid_out",
        "pictures",
        "row",
        "widget",
    )

    def __init__(self, row: Row) -> None:
        self.row = row
        self.index = 0
        self.above = 0.0
        self.below = 0.0
        self.height = 0.0
        self.laid_out = False
        self.document: BlockDocument | None = None
        self.widget: QWidget | None = None
        self.found: list[tuple[int, int]] | None = None
        self.pictures: list[tuple[int, str]] = []
        self.grown_from: int | None = None

    def let_go_of_document(self) -> None:
        """It is made anew when it comes near."""
        if self.document is not None:
            self.pictures = self.document.pictures()
        self.document = None
        self.found = None

    @property
    def stands(self) -> bool:
        """It exists at the current width. A widget tells when it wants another height; another width measures all anew."""
        return self.laid_out and (self.document is not None or self.widget is not None)

    @property
    def extent(self) -> float:
        return self.above + self.height + self.below

    @property
    def block(self) -> Block | None:
        return self.row.block if isinstance(self.row, TextRow) else None

    @property
    def role(self) -> Role | None:
        return self.row.role if isinstance(self.row, TextRow) else None


def same(one: Row, other: Row) -> bool:
    """Whether a row shows what it showed before. Equal blocks count as the same; how a widget is made does not count."""
    match one, other:
        case TextRow(key, block, role), TextRow(other_key, other_block, other_role):
            return key == other_key and role == other_role and (block is other_block or block == other_block)
        case WidgetRow(key, _, token), WidgetRow(other_key, _, other_token):
            return key == other_key and token == other_token
        case _:
            return False


def _is_shown(item: Item, row: Row) -> bool:
    """Whether an item shows a row already, perhaps under another key."""
    before = item.row
    if isinstance(before, TextRow) and isinstance(row, TextRow) and before.block is row.block:
        return before.role == row.role
    return same(before, row)


def _grown(item: Item, row: Row) -> bool:
    """Whether the row is the item's with more text at its end, which its document has now taken in."""
    before = item.row
    if item.document is None or not isinstance(before, TextRow) or not isinstance(row, TextRow):
        return False
    if before.role != row.role or (position := grow(item.document, before.block, row.block)) is None:
        return False
    item.grown_from = position if item.grown_from is None else min(position, item.grown_from)
    item.laid_out = False
    item.found = None
    return True


class RowStack:
    """All rows from top to bottom. Nothing here costs more for what lies above a change, but one comparison a row."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.by_key: dict[str, Item] = {}
        self.unit = 14.0
        self.pad = 10.0
        self.width = 100.0
        self.margin = 16.0
        self._tops: list[float] = [0.0]
        self._valid = 0

    def replace(self, rows: Sequence[Row], unchanged: int = 0) -> tuple[int, list[Item]]:
        """Show other rows. Returns the first index that changed and the items that left.

        The first `unchanged` rows are taken on trust to be the same.
        """
        old = self.items
        first = unchanged
        while first < len(old) and first < len(rows) and same(old[first].row, rows[first]):
            old[first].row = rows[first]
            first += 1
        left = {item.row.key: item for item in old[first:]}
        for key in left:
            del self.by_key[key]
        elsewhere = {id(i.block): i for i in left.values() if i.block is not None and i.document is not None}
        made: list[Item] = []
        for row in rows[first:]:
            known = left.get(row.key) or (elsewhere.get(id(row.block)) if isinstance(row, TextRow) else None)
            if known is not None and known.row.key in left and (_is_shown(known, row) or _grown(known, row)):
                del left[known.row.key]
                known.row = row
                made.append(known)
            else:
                made.append(self._new(row, known))
        self.items = old[:first] + made
        for index in range(first, len(self.items)):
            item = self.items[index]
            item.index = index
            self.by_key[item.row.key] = item
        self.space(first - 1)
        return first, list(left.values())

    def _new(self, row: Row, before: Item | None) -> Item:
        item = Item(row)
        item.height = before.height if before is not None else self.guess(row)
        if before is not None:
            item.pictures = before.document.pictures() if before.document is not None else before.pictures
        return item

    def guess(self, row: Row) -> float:
        """The height before layout, in pixels, from the number of characters."""
        if isinstance(row, WidgetRow):
            return _GUESSED_WIDGET
        columns = max(8.0, self.width / (self.unit * 0.55))
        lines = sum(text.count("\n") + len(text) // columns + 1 for text in texts(row.block))
        if isinstance(row.block, CodeBlock):
            return float(round(lines * self.unit * 1.3 + 2 * self.pad))
        return float(round(lines * self.unit * (1.6 if isinstance(row.block, Heading) else 1.5)))

    def measure_anew(self, width: float, unit: float) -> None:
        """Another width or size of text: what was measured becomes a guess, by the area the text takes."""
        ratio = (self.width / width) * (unit / self.unit) ** 2
        resized = unit != self.unit
        self.width, self.unit, self.pad, self.margin = width, unit, round(unit * 0.7), round(unit * 1.1)
        for item in self.items:
            item.laid_out = False
            if item.block is not None:
                item.height = max(item.height * ratio, unit)
        if resized:
            self.space(0)
        else:
            self.touched(0)

    def space(self, begin: int) -> None:
        """Set the space around the rows from `begin` on, which depends on their neighbours."""
        for index in range(max(0, begin), len(self.items)):
            item = self.items[index]
            before = self.items[index - 1] if index else None
            after = self.items[index + 1] if index + 1 < len(self.items) else None
            item.above = self._above(item, before)
            item.below = self._below(item, after)
        self.touched(max(0, begin))

    def _above(self, item: Item, before: Item | None) -> float:
        inner = round(self.unit * 0.6) if item.role == "prompt" else 0
        if before is None:
            return self.margin + inner
        if item.block is None or before.block is None:
            return round(self.unit * 0.5) + inner
        if item.role != before.role:
            return round(self.unit * 1.2) + inner
        return gap_before(item.block, before.block, self.unit, self.pad)

    def _below(self, item: Item, after: Item | None) -> float:
        inner = (
            round(self.unit * 0.6)
            if item.role == "prompt" and (after is None or after.role != "prompt")
            else 0
        )
        return inner + (self.margin if after is None else 0)

    def touched(self, index: int) -> None:
        """The height of a row changed: sums from there on are stale."""
        self._valid = min(self._valid, index)

    def _sums(self) -> list[float]:
        if self._valid < len(self.items) or len(self._tops) != len(self.items) + 1:
            at = min(self._valid, len(self._tops) - 1)
            rest = accumulate((i.extent for i in self.items[at:]), initial=self._tops[at])
            self._tops[at:] = rest
            self._valid = len(self.items)
        return self._tops

    @property
    def total(self) -> float:
        """The height of everything, in pixels."""
        return self._sums()[-1]

    def top(self, index: int) -> float:
        """Where a row begins, the space above it included."""
        return self._sums()[index]

    def at(self, y: float) -> int:
        """The row at a height; the first or last one beyond the ends, -1 where there are no rows."""
        if not self.items:
            return -1
        return min(max(bisect_right(self._sums(), y) - 1, 0), len(self.items) - 1)

    def between(self, top: float, bottom: float) -> Sequence[Item]:
        """The rows that touch a stretch."""
        if not self.items:
            return ()
        return self.items[self.at(top) : self.at(bottom) + 1]

    def text_items(self, begin: int = 0) -> Iterable[Item]:
        """Rows of text, from an index on."""
        return (i for i in self.items[begin:] if i.block is not None)
