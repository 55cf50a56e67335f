"""What Markdown means, as frozen values: a message is a tuple of blocks, a paragraph a tuple of inlines.

Not how it looks: fonts and margins are ui/document's. `texts` and `plain` say what a block reads as, for search, for
copying and for screen readers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = [
    "Align",
    "Block",
    "Break",
    "Cell",
    "CodeBlock",
    "CodeSpan",
    "Emphasis",
    "Heading",
    "Inline",
    "Lines",
    "Link",
    "ListBlock",
    "ListItem",
    "Math",
    "MathBlock",
    "More",
    "Paragraph",
    "Quote",
    "Rule",
    "Strike",
    "Strong",
    "Styled",
    "Table",
    "Text",
    "code_text",
    "holds_link",
    "inline_text",
    "marker",
    "math_text",
    "plain",
    "plain_all",
    "separator",
    "shown",
    "shown_rows",
    "texts",
    "within",
]

Lines: TypeAlias = tuple[int, int]
"""First line and the line after the last, counted from 0 in the message."""


@dataclass(frozen=True, slots=True)
class Text:
    """Characters as they are to be read."""

    text: str


@dataclass(frozen=True, slots=True)
class Emphasis:
    """*emphasis*"""

    children: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Styled(Emphasis):
    """One of the few HTML tags that are understood within a line: `<sub>`, `<sup>`, `<kbd>`. Who does not tell them
    apart shows emphasis. `note` is the label of the footnote that it points to, or ""."""

    style: Literal["sub", "sup", "kbd"] = "sup"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Strong:
    """**strong**"""

    children: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Strike:
    """~~struck out~~"""

    children: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class CodeSpan:
    """`code` within a line."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link that may be offered: `href` has passed `links.is_safe`. All other links became text."""

    children: tuple[Inline, ...]
    href: str


@dataclass(frozen=True, slots=True)
class Break:
    """The end of a line within a paragraph; `hard` where the Markdown asks for it."""

    hard: bool = True


@dataclass(frozen=True, slots=True)
class Math:
    """A formula within a line: LaTeX source without its delimiters, of which `opener` is the first."""

    text: str
    opener: str = "$"
    closer: str = "$"


Inline: TypeAlias = Text | Emphasis | Strong | Strike | CodeSpan | Link | Break | Math


@dataclass(frozen=True, slots=True)
class Paragraph:
    """`continued`: goes on from the block before, which was cut only because it was long."""

    children: tuple[Inline, ...]
    continued: bool = False
    source_lines: Lines = (0, 0)


@dataclass(frozen=True, slots=True)
class Heading:
    """`level` 1..6."""

    level: int
    children: tuple[Inline, ...]
    source_lines: Lines = (0, 0)


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """Code as written. Long code is several pieces: all but the first are `continued`, and their texts joined are
    the whole. `language` is the first word after the fence, or ""."""

    text: str
    language: str = ""
    continued: bool = False
    source_lines: Lines = (0, 0)


@dataclass(frozen=True, slots=True)
class ListItem:
    """`checked` is None where the item is no task. `continued`: the rest of an item that was cut; it has no marker.

    `head`: a term that the items after it define, or the summary of details.
    """

    blocks: tuple[Block, ...]
    checked: bool | None = None
    continued: bool = False
    head: bool = False


@dataclass(frozen=True, slots=True)
class ListBlock:
    """`start` is the first item's number where `ordered`. `tight`: no blank lines between items.

    `kind` "list" is what the name says. "note" is one footnote, an item, and `label` its label; "terms" are terms and
    their definitions; "details" a summary (if there is one) and what it sums up.
    """

    items: tuple[ListItem, ...]
    ordered: bool = False
    start: int = 1
    tight: bool = True
    continued: bool = False
    source_lines: Lines = (0, 0)
    kind: Literal["list", "note", "terms", "details"] = "list"
    label: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """A quotation."""

    blocks: tuple[Block, ...]
    continued: bool = False
    source_lines: Lines = (0, 0)


Align: TypeAlias = Literal["left", "center", "right"] | None
Cell: TypeAlias = tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Every row has as many cells as the header. `hidden` counts rows and columns beyond what is shown.

    `continued`: more rows of the table before; the header is theirs and not shown again.
    """

    header: tuple[Cell, ...]
    align: tuple[Align, ...]
    rows: tuple[tuple[Cell, ...], ...]
    hidden: tuple[int, int] = (0, 0)
    continued: bool = False
    source_lines: Lines = (0, 0)


@dataclass(frozen=True, slots=True)
class Rule:
    """A thematic break."""

    source_lines: Lines = (0, 0)


@dataclass(frozen=True, slots=True)
class MathBlock:
    """A formula of its own: LaTeX source without its delimiters."""

    text: str
    opener: str = "$$"
    closer: str = "$$"
    source_lines: Lines = (0, 0)


@dataclass(frozen=True, slots=True)
class More:
    """The message goes on for `characters` that are not rendered; `parse(text, pages=n + 1)` renders more of it."""

    characters: int
    source_lines: Lines = (0, 0)


Block: TypeAlias = Paragraph | Heading | CodeBlock | ListBlock | Quote | Table | Rule | MathBlock | More


def inline_text(children: Sequence[Inline]) -> str:
    """What a run of inlines reads as; a break is "\\n"."""
    return "".join(_inline(c) for c in children)


def _inline(child: Inline) -> str:
    match child:
        case Text(text):
            return text
        case CodeSpan(text):
            return shown(text)
        case Math(text, opener, closer):
            return opener + text + closer
        case Break():
            return "\n"
        case Emphasis(children) | Strong(children) | Strike(children) | Link(children=children):
            return inline_text(children)


def math_text(block: MathBlock) -> str:
    """The source of a formula with its delimiters."""
    return f"{block.opener}{block.text}{block.closer}"


def code_text(block: CodeBlock) -> str:
    """The lines of a piece of code as shown: without the newline that ends the last."""
    return shown(block.text.removesuffix("\n"))


_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")


def shown(code: str) -> str:
    """Code with the marks that turn the direction of text made visible, so that it reads as it runs."""
    return _DIRECTION.sub(lambda m: f"\u27e8{ord(m[0]):04X}\u27e9", code)


def texts(block: Block) -> Iterator[str]:
    """Every stretch of text of a block in reading order; exactly the text blocks of the document built from it."""
    match block:
        case Paragraph(children=children) | Heading(children=children):
            yield inline_text(children)
        case CodeBlock():
            yield code_text(block)
        case MathBlock():
            yield math_text(block)
        case Rule() | More():
            yield ""
        case Quote(blocks):
            for child in blocks:
                yield from texts(child)
        case ListBlock(items):
            for item in items:
                for child in item.blocks:
                    yield from texts(child)
        case Table():
            for row in shown_rows(block):
                yield from (inline_text(cell) for cell in row)


def shown_rows(block: Table) -> tuple[tuple[Cell, ...], ...]:
    """The rows to be seen, the header first where it is shown."""
    return block.rows if block.continued else (block.header, *block.rows)


def within(block: Block) -> Iterator[Block]:
    """A block and all blocks inside it."""
    yield block
    inner = block.blocks if isinstance(block, Quote) else ()
    if isinstance(block, ListBlock):
        inner = tuple(b for item in block.items for b in item.blocks)
    for child in inner:
        yield from within(child)


def holds_link(block: Block) -> bool:
    """Whether it offers anything to follow."""
    runs: list[Sequence[Inline]] = []
    for b in within(block):
        if isinstance(b, More):
            return True
        if isinstance(b, Paragraph | Heading):
            runs.append(b.children)
        elif isinstance(b, Table):
            runs.extend(cell for row in (b.header, *b.rows) for cell in row)
    return any(_links_in(run) for run in runs)


def _links_in(children: Sequence[Inline]) -> bool:
    return any(
        isinstance(c, Link) or (isinstance(c, Emphasis | Strong | Strike) and _links_in(c.children))
        for c in children
    )


def marker(block: ListBlock, index: int) -> str:
    """What stands before an item: "3.", a bullet, a box, "[1]" of a footnote, or nothing."""
    item = block.items[index]
    if item.continued or block.kind == "terms":
        return ""
    if block.kind == "note":
        return f"[{block.label if len(block.label) <= 12 else block.label[:11] + '…'}]"
    if block.kind == "details":
        return "▾" if item.head else ""
    if item.checked is not None:
        return "☑" if item.checked else "☐"
    return f"{block.start + index}." if block.ordered else "•"


def plain(block: Block) -> str:
    """A whole block as plain text: list markers and indents kept, cells set apart by tabs, no trailing newline."""
    match block:
        case Quote(blocks):
            return "\n".join("> " + line for line in plain_all(blocks).split("\n"))
        case ListBlock(items, tight=tight):
            return ("\n" if tight else "\n\n").join(_item(block, i) for i in range(len(items)))
        case Table():
            return "\n".join("\t".join(inline_text(c) for c in row) for row in shown_rows(block))
        case Rule():
            return "---"
        case _:
            return "".join(texts(block))


def plain_all(blocks: Sequence[Block]) -> str:
    """Several blocks as plain text with a blank line between; pieces of one block are joined as they were."""
    parts: list[str] = []
    before: Block | None = None
    for block in blocks:
        parts.append(separator(before, block))
        parts.append(plain(block))
        before = block
    return "".join(parts)


def separator(before: Block | None, block: Block) -> str:
    """What stands between two blocks in plain text."""
    if before is None:
        return ""
    if isinstance(block, CodeBlock) and isinstance(before, CodeBlock) and block.continued:
        return "\n" if before.text.endswith("\n") else ""
    if isinstance(block, Paragraph) and block.continued:
        return " "
    if isinstance(block, ListBlock | Quote | Table) and block.continued:
        return "\n"
    return "\n\n"


def _item(block: ListBlock, index: int) -> str:
    item = block.items[index]
    head = {"•": "-", "☑": "- [x]", "☐": "- [ ]"}.get(m := marker(block, index), m)
    if block.kind == "terms":
        head = "" if item.head else ":"
    body = ("\n" if block.tight else "\n\n").join(plain(b) for b in item.blocks)
    indent = " " * (0 if item.head else len(head) + 1 if head and item.checked is None else 2)
    return (head + " " if head else indent) + body.replace("\n", "\n" + indent)
