"""Block tree -> HTML, for export. Only what the tree holds, escaped: no raw HTML, no script, nothing loaded.

Addresses in it have passed `links.is_safe`. What was cut, such as rows beyond those of the tree, says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from html import escape
from typing import TypeAlias
from urllib.parse import quote

from sidelight import messages
from sidelight.render.blocks import (
    Block,
    Break,
    Cell,
    CodeBlock,
    CodeSpan,
    Emphasis,
    Heading,
    Inline,
    Link,
    ListBlock,
    ListItem,
    Math,
    MathBlock,
    More,
    Paragraph,
    Quote,
    Rule,
    Strike,
    Strong,
    Styled,
    Table,
    Text,
    math_text,
)

__all__ = ["Picture", "html", "plain"]

Picture: TypeAlias = Callable[[str, bool], str]
"""HTML that shows a formula, from its LaTeX and whether it stands on a line of its own; "" where there is no picture."""

_KEPT = "%!#$&'()*+,/:;=?@[]~-._"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""HTML has no such characters, and a terminal may obey them."""


def html(
    blocks: Sequence[Block], *, notes: str = "fn", picture: Picture = lambda _source, _display: ""
) -> str:
    """The blocks as HTML, a line each, footnotes last; no <html> or <body> around them.

    The ids of footnotes begin with `notes`, so that several texts may stand on one page. A formula that has a `picture`
    keeps its source beside it, in class "source".
    """
    return _CONTROL.sub("\ufffd", _Writer(blocks, notes, picture).text())


def plain(text: str) -> str:
    """A text as HTML in which no markup is read, safe in an attribute too."""
    return _CONTROL.sub("\ufffd", escape(text))


def joined(blocks: Sequence[Block]) -> Iterator[Block]:
    """The blocks with the pieces of one that was cut for being long put together again."""
    before: Block | None = None
    for block in blocks:
        whole = None if before is None else _together(before, block)
        if whole is None and before is not None:
            yield before
        before = whole or block
    if before is not None:
        yield before


def _together(before: Block, block: Block) -> Block | None:
    match before, block:
        case CodeBlock(text), CodeBlock(more, continued=True):
            return replace(before, text=text + more)
        case Paragraph(text), Paragraph(more, continued=True):
            return replace(before, children=(*text, Text(" "), *more))
        case Quote(inner), Quote(more, continued=True):
            return replace(before, blocks=inner + more)
        case Table(rows=rows), Table(rows=more, continued=True):
            return replace(before, rows=rows + more)
        case ListBlock(items), ListBlock(more, continued=True):
            if items and more and more[0].continued:
                items = (*items[:-1], replace(items[-1], blocks=items[-1].blocks + more[0].blocks))
                more = more[1:]
            return replace(before, items=items + more)
        case _:
            return None


class _Writer:
    """One text. Footnotes are numbered in the order in which they are pointed to."""

    def __init__(self, blocks: Sequence[Block], prefix: str, picture: Picture) -> None:
        self._prefix = prefix
        self._picture = picture
        self._numbers: dict[str, int] = {}
        self._notes: dict[str, ListBlock] = {}
        self._body = self._blocks(blocks)

    def text(self) -> str:
        """All of it."""
        items: dict[int, str] = {}
        while len(items) < len(self._notes):  # a note can hold others
            for label, note in list(self._notes.items())[len(items) :]:
                number = self._number(label)
                inner = self._blocks(note.items[0].blocks)
                items[number] = f'<li id="{self._prefix}-{number}" value="{number}">\n{inner}</li>\n'
        if not items:
            return self._body
        listed = "".join(items[number] for number in sorted(items))
        return f'{self._body}<section class="footnotes">\n<ol>\n{listed}</ol>\n</section>\n'

    def _number(self, label: str) -> int:
        return self._numbers.setdefault(label, len(self._numbers) + 1)

    def _blocks(self, blocks: Sequence[Block]) -> str:
        return "".join(self._block(block) + "\n" for block in joined(blocks) if not self._kept(block))

    def _kept(self, block: Block) -> bool:
        """Whether it is a footnote, which is written at the end."""
        if isinstance(block, ListBlock) and block.kind == "note":
            self._notes.setdefault(block.label, block)
            return True
        return False

    def _block(self, block: Block) -> str:
        match block:
            case Paragraph(children):
                return f"<p>{self._inlines(children)}</p>"
            case Heading(level, children):
                return f"<h{level}>{self._inlines(children)}</h{level}>"
            case CodeBlock(text, language):
                named = f' class="language-{escape(language)}"' if language else ""
                return f"<pre><code{named}>{escape(text)}{chr(10) if text else ''}</code></pre>"
            case MathBlock():
                return f'<p class="math">{self._formula(block.text, math_text(block), display=True)}</p>'
            case Quote(blocks):
                return f"<blockquote>\n{self._blocks(blocks)}</blockquote>"
            case ListBlock(kind="details"):
                return self._details(block)
            case ListBlock(items, kind="terms"):
                return f"<dl>\n{''.join(self._term(item, block) for item in items)}</dl>"
            case ListBlock():
                return self._list(block)
            case Table():
                return self._table(block)
            case Rule():
                return "<hr />"
            case More(characters):
                return f"<p>{escape(messages.text('ui.document.more', characters=f'{characters:,}'))}</p>"

    def _list(self, block: ListBlock) -> str:
        tag = "ol" if block.ordered else "ul"
        start = f' start="{block.start}"' if block.ordered and block.start != 1 else ""
        items = "".join(f"<li>{self._item(item, block)}</li>\n" for item in block.items)
        return f"<{tag}{start}>\n{items}</{tag}>"

    def _item(self, item: ListItem, block: ListBlock) -> str:
        box = ""
        if item.checked is not None:
            box = f'<input type="checkbox"{" checked=" + chr(34) * 2 if item.checked else ""} disabled="" /> '
        if not block.tight:
            inner = self._blocks(item.blocks)
            return "\n" + (inner.replace("<p>", "<p>" + box, 1) if box else inner)
        return box + self._tight(item.blocks)

    def _term(self, item: ListItem, block: ListBlock) -> str:
        if item.head:
            return f"<dt>{self._tight(item.blocks)}</dt>\n"
        return (
            f"<dd>{self._tight(item.blocks) if block.tight else chr(10) + self._blocks(item.blocks)}</dd>\n"
        )

    def _details(self, block: ListBlock) -> str:
        inner = "".join(
            f"<summary>{self._tight(item.blocks)}</summary>\n" if item.head else self._blocks(item.blocks)
            for item in block.items
        )
        return f"<details>\n{inner}</details>"

    def _tight(self, blocks: Sequence[Block]) -> str:
        """Blocks whose paragraphs stand bare."""
        parts: list[str] = []
        for block in joined(blocks):
            if isinstance(block, Paragraph):
                parts.append(self._inlines(block.children))
            elif not self._kept(block):
                parts.append(
                    ("\n" if not parts or not parts[-1].endswith("\n") else "") + self._block(block) + "\n"
                )
        return "".join(parts)

    def _table(self, block: Table) -> str:
        head = self._row(block.header, block, "th")
        rows = "".join(self._row(row, block, "td") for row in block.rows)
        body = f"<tbody>\n{rows}</tbody>\n" if rows else ""
        table = f"<table>\n<thead>\n{head}</thead>\n{body}</table>"
        if any(block.hidden):
            rows_hidden, columns = block.hidden
            said = messages.text("ui.document.hidden", rows=rows_hidden, columns=columns)
            table += f"\n<p>{escape(said)}</p>"
        return table

    def _row(self, row: Sequence[Cell], block: Table, tag: str) -> str:
        cells = "".join(
            f"<{tag}{f' align={chr(34)}{side}{chr(34)}' if side else ''}>{self._inlines(cell)}</{tag}>\n"
            for cell, side in zip(row, block.align, strict=True)
        )
        return f"<tr>\n{cells}</tr>\n"

    def _formula(self, latex: str, source: str, *, display: bool) -> str:
        picture = self._picture(latex, display)
        return f'{picture}<span class="source">{escape(source)}</span>' if picture else escape(source)

    def _inlines(self, children: Sequence[Inline]) -> str:
        return "".join(map(self._inline, children))

    def _inline(self, child: Inline) -> str:
        match child:
            case Text(text):
                return escape(text)
            case CodeSpan(text):
                return f"<code>{escape(text)}</code>"
            case Math(text, opener, closer):
                return (
                    f'<span class="math">{self._formula(text, opener + text + closer, display=False)}</span>'
                )
            case Break(hard):
                return "<br />\n" if hard else "\n"
            case Styled(note=note) if note:
                number = self._number(note)
                return f'<sup class="footnote-ref"><a href="#{self._prefix}-{number}">{number}</a></sup>'
            case Styled(inner, style):
                return f"<{style}>{self._inlines(inner)}</{style}>"
            case Emphasis(inner):
                return f"<em>{self._inlines(inner)}</em>"
            case Strong(inner):
                return f"<strong>{self._inlines(inner)}</strong>"
            case Strike(inner):
                return f"<del>{self._inlines(inner)}</del>"
            case Link(inner, href):
                return f'<a href="{escape(quote(href, safe=_KEPT))}">{self._inlines(inner)}</a>'
