"""Code and tables among the rows: which there are, where each stands, and the whole of one that was cut into several rows.

Knows documents and values, but neither a view nor what is done with a piece.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QRectF

from sidelight.render import tables
from sidelight.render.blocks import CodeBlock, Table, within
from sidelight.ui.document.document import BlockDocument
from sidelight.ui.document.rows import Item

__all__ = ["Piece", "chain_of", "first_of", "pieces_of", "rect_of", "text_of", "whole_of"]


@dataclass(frozen=True, slots=True)
class Piece:
    """The n-th piece of code, or the n-th table, in the row of this key; `position` in its document."""

    key: str
    nth: int
    code: bool
    position: int


def pieces_of(item: Item, document: BlockDocument) -> list[Piece]:
    """All in one row, in reading order."""
    found = [Piece(item.row.key, n, True, panel.position) for n, panel in enumerate(document.panels)]
    found += [Piece(item.row.key, n, False, t.firstPosition()) for n, t in enumerate(document.tables)]
    return sorted(found, key=lambda piece: piece.position)


def rect_of(piece: Piece, document: BlockDocument) -> QRectF:
    """Where it stands in its document, in pixels."""
    return document.panel_rect(piece.nth) if piece.code else document.table_rect(piece.nth)


def chain_of(items: Sequence[Item], item: Item) -> Sequence[Item]:
    """The rows that show what one row shows a part of, because it was long; else only that row."""
    first = last = item.index
    while first and _goes_on(items[first], items[first - 1]):
        first -= 1
    while last + 1 < len(items) and _goes_on(items[last + 1], items[last]):
        last += 1
    return items[first : last + 1]


def first_of(items: Sequence[Item], item: Item) -> Item:
    """The first row of the chain."""
    return chain_of(items, item)[0]


def whole_of(items: Sequence[Item], item: Item, piece: Piece) -> CodeBlock | Table:
    """The value of a piece with all its parts; `item` is its row."""
    assert item.block is not None
    kind = CodeBlock if piece.code else Table
    block = [b for b in within(item.block) if isinstance(b, kind)][piece.nth]
    if block is not item.block:
        return block  # in a list or a quotation
    parts = [i.block for i in chain_of(items, item)]
    if isinstance(block, CodeBlock):
        return replace(
            block, text="".join(b.text for b in parts if isinstance(b, CodeBlock)), continued=False
        )
    rows = tuple(row for b in parts if isinstance(b, Table) for row in b.rows)
    return replace(block, rows=rows, continued=False)


def text_of(whole: CodeBlock | Table, wish: str) -> str:
    """What goes to the clipboard. Code is as written, but its last line is not ended: a terminal would run it."""
    if isinstance(whole, CodeBlock):
        return whole.text.removesuffix("\n")
    match wish:
        case "copy_csv":
            return tables.as_csv(whole)
        case "copy_tsv":
            return tables.as_tsv(whole)
        case _:
            return tables.as_markdown(whole)


def _goes_on(item: Item, before: Item) -> bool:
    block = item.block
    return (
        isinstance(block, CodeBlock | Table)
        and block.continued
        and type(before.block) is type(block)
        and before.role == item.role
    )
