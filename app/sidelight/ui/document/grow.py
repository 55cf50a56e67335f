"""A document that takes in more text at its end, where nothing else of its block changed.

What stays is neither inserted nor laid out again; where more changed, the block is built anew (`build`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtGui import QTextCursor

from sidelight.render.blocks import (
    Block,
    CodeBlock,
    Heading,
    ListBlock,
    ListItem,
    MathBlock,
    Paragraph,
    Quote,
    texts,
)
from sidelight.ui.document.build import BREAKLESS, Writer, leaf_runs, runs_left
from sidelight.ui.document.document import BlockDocument, End, is_formula, units
from sidelight.ui.document.letters import Run
from sidelight.ui.document.pictures import formula_in

__all__ = ["grow"]


def grow(document: BlockDocument, before: Block, block: Block) -> int | None:
    """Make the document of `before` that of `block` where only its last text block changed, or a list has more at its end;
    where that changed.

    None, and nothing is done, where more changed. What stays is neither inserted nor laid out again.
    """
    if document.last is None:
        return None
    if (leaf := _last_leaf(before, block)) is not None:
        return _grow_leaf(document, document.last, leaf)
    if isinstance(before, ListBlock) and isinstance(block, ListBlock):
        return _go_on(document, before, block)
    return None


def _go_on(document: BlockDocument, before: ListBlock, block: ListBlock) -> int | None:
    """Write the items, or the blocks of its last item, that a list has more than before."""
    writer = Writer(document, document.textWidth(), wrap=document.wraps)
    written = _written(writer, before, block)
    if written is None or any(BREAKLESS.search(text) for text in texts(block)):
        return None
    old, new = _at_end(before, written), _at_end(block, written)
    position = document.characterCount() - 1
    if old != new:
        leaf = _last_leaf(old, new)
        changed = None if leaf is None or document.last is None else _grow_leaf(document, document.last, leaf)
        if changed is None:
            return None
        position = changed
    writer = Writer(document, document.textWidth(), wrap=document.wraps)
    cursor = QTextCursor(document)
    cursor.beginEditBlock()
    writer.go_on(block, written)
    cursor.endEditBlock()
    writer.end()
    return position


def _written(writer: Writer, before: ListBlock, block: ListBlock) -> list[tuple[int, int]] | None:
    """What of a list stands in the document that was written of it `before`; see `Writer.go_on`. None: it changed elsewhere."""
    count = len(before.items)
    if not 0 < count <= len(block.items) or before.items[:-1] != block.items[: count - 1]:
        return None
    if (
        block.kind == "terms"
        or _bare(before) != _bare(block)
        or writer.indent(before) != writer.indent(block)
    ):
        return None
    last, now = before.items[-1], block.items[count - 1]
    done = len(last.blocks)
    if not 0 < done <= len(now.blocks) or _bare_item(last) != _bare_item(now):
        return None
    if last.blocks[:-1] != now.blocks[: done - 1]:
        return None
    here = [(count, done)]
    child, other = last.blocks[-1], now.blocks[done - 1]
    if child == other or _last_leaf(child, other) is not None:
        return here
    if not isinstance(child, ListBlock) or not isinstance(other, ListBlock):
        return None
    inner = _written(writer, child, other)
    return None if inner is None else here + inner


def _at_end(block: ListBlock, written: Sequence[tuple[int, int]]) -> Block:
    """The last of the blocks that are written."""
    (items, blocks), *inner = written
    child = block.items[items - 1].blocks[blocks - 1]
    return _at_end(child, inner) if inner and isinstance(child, ListBlock) else child


def _grow_leaf(document: BlockDocument, end: End, leaf: Block) -> int | None:
    """Bring the last text block up to date."""
    runs = leaf_runs(leaf)
    text = "".join(run[0] for run in runs)
    if (isinstance(leaf, Paragraph | Heading) and runs_left(text) != end.mirrored) or (
        not document.breakless and BREAKLESS.search(text)
    ):
        return None
    if isinstance(leaf, MathBlock) and leaf.closer:
        return None  # a picture stands in the middle
    last = document.lastBlock()
    if isinstance(leaf, CodeBlock) and document.codes and document.codes[-1].position == last.position():
        document.codes[-1].block = leaf
    same = next((i for i, (a, b) in enumerate(zip(end.runs, runs, strict=False)) if a != b), None)
    same = min(len(end.runs), len(runs)) if same is None else same
    sizes = end.sizes[:same]
    kept = sum(sizes)
    rest = runs[same:]
    begun = 0
    if same < len(end.runs) and rest and rest[0][1] == end.runs[same][1] and _may_share(rest[0]):
        shared = _shared(end.runs[same][0], rest[0][0])  # one run that goes on differently
        begun = units(rest[0][0][:shared])
        rest[0] = (rest[0][0][shared:], rest[0][1])
    kept += begun
    cursor = QTextCursor(document)
    cursor.beginEditBlock()
    cursor.setPosition(last.position() + kept)
    cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
    if cursor.hasSelection():
        cursor.removeSelectedText()
    gone = zip(end.runs[same:], end.sizes[same:], strict=True)
    document.forget_last(sum(size == 1 and is_formula(run) for run, size in gone))
    for text, style in rest:
        sizes.append(begun + document.write(cursor, text, end.hand, style))
        begun = 0
    cursor.endEditBlock()
    document.last = replace(end, runs=runs, sizes=sizes)
    return last.position() + kept


def _may_share(run: Run) -> bool:
    """Whether a run can be the same text with more at its end; a formula that was closed is written anew."""
    return not is_formula(run) or formula_in(run[0]) is None


def _shared(one: str, other: str) -> int:
    """How many characters two texts begin with in common."""
    if other.startswith(one):
        return len(one)
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(other))


def _last_leaf(before: Block, block: Block) -> Block | None:
    """The paragraph, heading, code or formula at the end of a block, where all else is as before."""
    match before, block:
        case Paragraph(), Paragraph():
            return block
        case Heading(level), Heading(other) if level == other:
            return block
        case CodeBlock(), CodeBlock() if (before.language, before.continued) == (
            block.language,
            block.continued,
        ):
            return block
        case MathBlock(), MathBlock():
            return block
        case Quote(inner), Quote(other_inner):
            return _last_of(inner, other_inner)
        case ListBlock([*items, item]), ListBlock([*others, other]) if (
            items == others and _bare(before) == _bare(block) and _bare_item(item) == _bare_item(other)
        ):
            return _last_of(item.blocks, other.blocks)
        case _:
            return None


def _bare(block: ListBlock) -> ListBlock:
    return replace(block, items=(), source_lines=(0, 0))


def _bare_item(item: ListItem) -> ListItem:
    return replace(item, blocks=())


def _last_of(before: Sequence[Block], blocks: Sequence[Block]) -> Block | None:
    if not before or len(before) != len(blocks) or before[:-1] != blocks[:-1]:
        return None
    return _last_leaf(before[-1], blocks[-1])
