"""Markdown -> block tree, by markdown-it-py: CommonMark with tables, strikethrough, task lists, bare addresses, formulas,
footnotes, definition lists and a handful of HTML tags.

Not an HTML renderer: all other HTML is text, an image is its description and its address as text, and a link that is
not plain http(s) is text. The text comes from a model and is hostile, so everything is capped before a parser sees it
(design section 7): a message of 256 kB is where the parsers' costs end, whatever it holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from typing import Any, Literal, TypeAlias

from markdown_it import MarkdownIt
from markdown_it.common.utils import unescapeAll
from markdown_it.rules_block import StateBlock, blockquote
from markdown_it.token import Token

from sidelight.render import additions, formulas, links
from sidelight.render.blocks import (
    Align,
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
)

__all__ = ["MESSAGE", "PIECE", "Piece", "Spent", "normal", "page_end", "parse", "parse_piece"]

MESSAGE = 256_000
"""Characters of a message that are rendered at once."""
_LINES = 6_000
_MARKS = 12_000
"""Lines, and marks that can be markup, in one page: each may cost as much as fifty plain characters."""
PIECE = 2_048
"""Characters after which a long list or code block is cut, at the end of an item or line."""
PARAGRAPH = 10_000
_PARAGRAPH_MARKS = 800
_BLOCK_MARKS = 1_600
"""Marks in a paragraph, after which it is cut, and in any other block, after which the rest of its text is as written. Each
may begin letters of another kind, and laying those out takes a quarter of a millisecond and cannot be interrupted."""
_BRACKETS = 500
_BARE_LINKS = 500
"""Opening brackets and bare addresses in one stretch of text; there are no links where there are more, or none after."""
_NESTING = 16
_DEEP_LINES = 200
_ROWS, _COLUMNS = 200, 20

_BEGINS = re.compile(r"[\\`*_\[\]!<&$~\n]")
"""Characters that a rule within a line begins or ends with. Where there is none, there is no markup."""
_LINE_END = re.compile("\n")
_MARK = re.compile(r"[|*_`\[\]$~<&\\!]|://")
_MARK_OR_COLON = re.compile(r"[|*_`\[\]$~<&\\!:]")
_TASK = re.compile(r"\[([ xX])\](?:[ \t]+|$)")
_BARE_LINK = re.compile(r"(?:https?://|www\.(?=[^\s.]+\.))[^\s<>\"`|]+", re.IGNORECASE)

_ALIGN: dict[str, Align] = {
    "text-align:left": "left",
    "text-align:center": "center",
    "text-align:right": "right",
}

Environment: TypeAlias = dict[str, Any]
"""The parser's memory of link definitions ("references") and footnotes."""


def parse(text: str, pages: int = 1, *, gfm: bool = False) -> tuple[Block, ...]:
    """The blocks of a whole message; at most `pages` times the caps, then a `More`. Never raises.

    `gfm` leaves only what GitHub's Markdown has, for comparison: no formulas, footnotes, definition lists, tags.
    """
    source = normal(text)
    end = page_end(source, pages)
    blocks = [p.block for p in parse_piece(source[:end], {formulas.OFF: True} if gfm else {})]
    if end < len(source):
        last = source.count("\n", 0, end)
        blocks.append(More(len(source) - end, (last, last + 1)))
    return tuple(blocks)


def normal(text: str) -> str:
    """Line ends as "\\n" and no NUL: the text all offsets refer to."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")


def page_end(source: str, pages: int = 1) -> int:
    """The offset up to which a message is rendered: where the first cap is reached, at the end of a line if there is one.

    More text never moves it once it lies before the end.
    """
    end = min(len(source), MESSAGE * pages)
    end = _nth(_LINE_END, source, end, _LINES * pages)
    end = _nth(_MARK, source, end, _MARKS * pages)
    return end if end == len(source) else (source.rfind("\n", max(0, end - PARAGRAPH), end) + 1 or end)


class Spent:
    """A running upper bound of what a growing text spends of the caps, so that `page_end` need not be asked each time."""

    def __init__(self) -> None:
        self._characters = self._lines = self._marks = 0

    def add(self, text: str) -> None:
        """Count in what was appended."""
        self._characters += len(text)
        self._lines += text.count("\n")
        self._marks += len(_MARK_OR_COLON.findall(text))

    @property
    def may_exceed(self) -> bool:
        """Whether a cap may have been reached."""
        return self._characters >= MESSAGE or self._lines >= _LINES or self._marks >= _MARKS


def _nth(pattern: re.Pattern[str], source: str, end: int, n: int, begin: int = 0) -> int:
    """The offset after the n-th match between `begin` and `end`, or `end`."""
    found = next(islice(pattern.finditer(source, begin, end), n - 1, None), None)
    return found.end() if found else end


@dataclass(frozen=True, slots=True)
class Piece:
    """A top-level block, or a piece of one, and for a piece of code the line that opened its fence (else "")."""

    block: Block
    opening: str = ""


def parse_piece(source: str, environment: Environment, first_line: int = 0) -> list[Piece]:
    """The top-level blocks of a stretch of a message that begins at line `first_line` of it."""
    tokens: list[Token] = []
    parser = _parser(True)
    parser.block.parse(source, parser, environment, tokens)
    return list(_Reader(source, tokens, environment, first_line).pieces())


@cache
def _parser(with_links: bool) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 2 * _NESTING + 8})
    parser.enable(["table", "strikethrough"])
    parser.disable(["html_block", "html_inline"])
    if not with_links:
        parser.disable(["link", "image"])
    parser.block.ruler.at("blockquote", _quote, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    parser.inline.terminator_re = _BEGINS
    formulas.install(parser)
    additions.install(parser)
    # Addresses are judged by links.is_safe when the tree is built, so that a refused one is still readable.
    parser.validateLink = lambda url: True  # type: ignore[method-assign]  # noqa: ARG005
    parser.normalizeLink = lambda url: url  # type: ignore[method-assign]
    return parser


def _quote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """The parser's own rule, but for deep quotations, which end sooner: each level reads all lines that may go on lazily."""
    return blockquote(state, start, min(end, start + _DEEP_LINES) if state.level > 4 else end, silent)


class _Reader:
    """Walks the parser's flat tokens once, from left to right."""

    def __init__(
        self, source: str, tokens: Sequence[Token], environment: Environment, first_line: int
    ) -> None:
        self._tokens = tokens
        self._at = 0
        self._environment = environment
        self._first = first_line
        self._lines = source.split("\n")
        self._marks = 0  # in the block read now
        self._item_lines: list[int] = []  # where the items of the list read last begin

    def pieces(self) -> Iterator[Piece]:
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            opening = self._lines[token.map[0]] if token.type == "fence" and token.map else ""
            self._marks = 0
            for block in self._block(0):
                if isinstance(block, CodeBlock):
                    yield from (Piece(b, opening) for b in _cut_code(block, bool(opening)))
                elif isinstance(block, ListBlock) and block.kind == "list" and token.map is not None:
                    yield from (Piece(b) for b in self._cut_list(block, self._item_lines))
                else:
                    yield Piece(block)

    def _next(self) -> Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _span(self, token: Token) -> tuple[int, int]:
        begin, end = token.map or (0, 0)
        return (begin + self._first, end + self._first)

    def _block(self, depth: int) -> list[Block]:
        token = self._next()
        span = self._span(token)
        match token.type:
            case "paragraph_open":
                return list(self._paragraphs(span, depth))
            case "heading_open":
                return self._heading(int(token.tag[1:]), span)
            case "fence" | "code_block":
                info = unescapeAll(token.info).split(maxsplit=1)
                language = info[0] if info else ""
                return [CodeBlock(token.content.removesuffix("\n"), language[:40], source_lines=span)]
            case "math_block":
                return [MathBlock(token.content, token.markup, token.info, span)]
            case "hr":
                return [Rule(span)]
            case "blockquote_open":
                return [Quote(self._children("blockquote_close", depth + 1, token), source_lines=span)]
            case "bullet_list_open" | "ordered_list_open":
                return [self._list(token, depth)]
            case "table_open":
                return [self._table(span)]
            case "footnote_open":
                item = ListItem(self._children("footnote_close", depth + 1, token))
                return [
                    ListBlock((item,), tight=token.hidden, source_lines=span, kind="note", label=token.info)
                ]
            case "terms_open":
                terms = self._parts("terms_close", depth, token)
                return [ListBlock(terms, tight=token.hidden, source_lines=span, kind="terms")]
            case "details_open":
                return [
                    ListBlock(self._details(depth, token), tight=False, source_lines=span, kind="details")
                ]
            case _:  # the closing token of something that was left early, such as an empty list
                return []

    def _children(self, closing: str, depth: int, opener: Token) -> tuple[Block, ...]:
        """The blocks up to a closing token; beyond the depth cap the source itself, as one paragraph."""
        if depth > _NESTING:
            level = 1
            while level:
                level += self._next().nesting
            begin, end = opener.map or (0, 0)
            raw = "\n".join(self._lines[begin:end]).strip()[:PARAGRAPH]
            return (Paragraph((Text(raw),), source_lines=self._span(opener)),) if raw else ()
        blocks: list[Block] = []
        while self._tokens[self._at].type != closing:
            blocks.extend(self._block(depth))
        self._at += 1
        return tuple(blocks)

    def _paragraphs(self, span: tuple[int, int], depth: int) -> Iterator[Block]:
        content = self._next().content
        self._at += 1
        continued = False
        with_links = content.count("[") <= _BRACKETS
        for part in _cut_paragraph(content):
            if depth == 0:
                self._marks = 0
            yield Paragraph(self._inlines(part, with_links=with_links), continued, span)
            continued = True

    def _heading(self, level: int, span: tuple[int, int]) -> list[Block]:
        content = self._next().content
        self._at += 1
        parts = list(_cut_paragraph(content))
        if len(parts) > 1:
            return [Paragraph(self._inlines(part), i > 0, span) for i, part in enumerate(parts)]
        return [Heading(level, self._inlines(content), span)]

    def _parts(self, closing: str, depth: int, opener: Token) -> tuple[ListItem, ...]:
        """Terms and their definitions; beyond the depth cap the source."""
        if depth >= _NESTING:
            return (ListItem(self._children(closing, depth + 1, opener)),)
        items: list[ListItem] = []
        while (token := self._next()).type != closing:
            if token.type == "term_open":
                items.append(self._head(token))
            else:
                items.append(ListItem(self._children("definition_close", depth + 1, token)))
        return tuple(items)

    def _details(self, depth: int, opener: Token) -> tuple[ListItem, ...]:
        """The summary, if there is one, and the rest."""
        summary: tuple[ListItem, ...] = ()
        if self._tokens[self._at].type == "summary_open":
            summary = (self._head(self._next()),)
        return (*summary, ListItem(self._children("details_close", depth + 1, opener)))

    def _head(self, opener: Token) -> ListItem:
        content = self._next().content[:PARAGRAPH]
        self._at += 1
        return ListItem((Paragraph(self._inlines(content), source_lines=self._span(opener)),), head=True)

    def _list(self, opener: Token, depth: int) -> ListBlock:
        ordered = opener.type == "ordered_list_open"
        closing = opener.type.replace("open", "close")
        start = int(opener.attrs.get("start", 1)) if ordered else 1
        items: list[ListItem] = []
        lines: list[int] = []
        tight = self._is_tight(opener.level + 2, closing)
        while (token := self._next()).type != closing:
            lines.append(self._span(token)[0])
            items.append(_item(self._children("list_item_close", depth + 1, token)))
        self._item_lines = lines
        return ListBlock(tuple(items), ordered, start, tight, source_lines=self._span(opener))

    def _is_tight(self, level: int, closing: str) -> bool:
        """Whether the paragraphs of a list, of which the next tokens are, are those of a tight one: all are or none."""
        for token in islice(self._tokens, self._at, None):
            if token.type == "paragraph_open" and token.level == level:
                return token.hidden
            if token.type == closing and token.level == level - 2:
                break
        return True

    def _cut_list(self, block: ListBlock, lines: list[int]) -> Iterator[Block]:
        """Pieces of at least PIECE characters of source each, cut between items."""
        begin, first, end = 0, block.source_lines[0], block.source_lines[1]
        for i in range(1, len(block.items)):
            if sum(map(len, self._lines[first - self._first : lines[i] - self._first])) >= PIECE:
                yield _part(block, begin, i, (first, lines[i]))
                begin, first = i, lines[i]
        yield _part(block, begin, len(block.items), (first, end))

    def _table(self, span: tuple[int, int]) -> Block:
        rows: list[tuple[Cell, ...]] = []
        align: list[Align] = []
        columns = count = 0
        while (token := self._next()).type != "table_close":
            if token.type == "tr_open":
                count += 1
                cells = self._row(align if count == 1 else None, keep=count <= _ROWS + 1)
                columns = max(columns, len(cells))
                if count <= _ROWS + 1:
                    rows.append(tuple(self._cell(c) for c in cells[:_COLUMNS]))
        hidden = (max(0, count - 1 - _ROWS), max(0, columns - _COLUMNS))
        return Table(rows[0], tuple(align[:_COLUMNS]), tuple(rows[1:]), hidden, source_lines=span)

    def _row(self, align: list[Align] | None, *, keep: bool) -> list[str]:
        cells: list[str] = []
        while (token := self._next()).type != "tr_close":
            if token.type == "th_open" and align is not None:
                align.append(_ALIGN.get(str(token.attrs.get("style", ""))))
            elif token.type == "inline" and keep:
                cells.append(token.content)
        return cells

    def _cell(self, content: str) -> Cell:
        return self._inlines(content[:PARAGRAPH].strip())

    def _inlines(self, content: str, *, with_links: bool = True) -> tuple[Inline, ...]:
        if not _BEGINS.search(content) and not _BARE_LINK.search(content):  # most table cells
            return (Text(content),) if content else ()
        self._marks += len(_MARK.findall(content))
        if self._marks > _BLOCK_MARKS:
            return (Text(content),)
        parser = _parser(with_links and content.count("[") <= _BRACKETS)
        tokens: list[Token] = []
        parser.inline.parse(content, parser, self._environment, tokens)
        return _inlines(tokens)


def _part(block: ListBlock, begin: int, end: int, span: tuple[int, int]) -> ListBlock:
    if end - begin == len(block.items):
        return block
    start = block.start + begin if block.ordered else 1
    return replace(block, items=block.items[begin:end], start=start, continued=begin > 0, source_lines=span)


def _item(blocks: tuple[Block, ...]) -> ListItem:
    """An item, as a task where it begins with "[ ]" or "[x]"."""
    if blocks and isinstance(first := blocks[0], Paragraph) and first.children:
        lead = first.children[0]
        if isinstance(lead, Text) and (found := _TASK.match(lead.text)):
            rest = lead.text[found.end() :]
            children = ((Text(rest),) if rest else ()) + first.children[1:]
            return ListItem((replace(first, children=children), *blocks[1:]), found[1] != " ")
    return ListItem(blocks)


def _cut_code(block: CodeBlock, fenced: bool) -> Iterator[CodeBlock]:
    """Pieces of at least PIECE characters, cut at line ends; a line of more than PARAGRAPH is cut where it must be."""
    text = block.text
    if len(text) <= PIECE:
        yield block
        return
    at = 0
    line = block.source_lines[0] + int(fenced)
    first = block.source_lines[0]
    while at < len(text):
        end = text.find("\n", min(at + PIECE, len(text))) + 1 or len(text)
        end = min(end, at + PARAGRAPH)
        following = line + text.count("\n", at, end)
        last = end >= len(text)
        span = (first, block.source_lines[1] if last else following)
        yield CodeBlock(text[at:end], block.language, at > 0, span)
        at, line = end, following
        first = following


def _cut_paragraph(content: str) -> Iterator[str]:
    """Parts with at most so many characters and marks, cut at a space where there is one in the last tenth."""
    at = 0
    while True:
        reach = min(len(content), at + PARAGRAPH)
        reach = _nth(_MARK, content, reach, _PARAGRAPH_MARKS, at)
        if reach == len(content):
            break
        space = max(content.rfind(c, reach - (reach - at) // 10, reach) for c in " \n")
        end = space + 1 if space > 0 else reach
        yield content[at:end].rstrip()
        at = end
    yield content[at:]


def _inlines(tokens: Sequence[Token]) -> tuple[Inline, ...]:
    """The tree of one run of inline tokens, text merged; nesting beyond the cap is flattened."""
    stack: list[tuple[Token | None, list[Inline]]] = [(None, [])]
    for token in tokens:
        into = stack[-1][1]
        if token.nesting == 1:
            stack.append((token, into if len(stack) > _NESTING else []))
        elif token.nesting == -1:
            opener, children = stack.pop()
            outer = stack[-1][1]
            if opener is not None and children is not outer:
                outer.extend(_wrapped(opener, _merged(children)))
        else:
            into.extend(_leaf(token))
    return _with_bare_links(_merged(stack[0][1]))


def _leaf(token: Token) -> Iterator[Inline]:
    match token.type:
        case "text" | "text_special":
            if token.content:
                yield Text(token.content)
        case "softbreak":
            yield Break(hard=False)
        case "hardbreak":
            yield Break()
        case "code_inline":
            yield CodeSpan(token.content)
        case "math_inline":
            yield Math(token.content, token.markup, token.info)
        case "image":
            described = "".join(_described(token.children or ())).strip()
            address = str(token.attrs.get("src", ""))
            yield Text(f"{described} ({address})" if described and address else described or address)
        case "footnote_mark":
            yield Styled((Text(f"[{token.content}]"),), note=token.content)
        case _:
            pass


def _described(tokens: Sequence[Token]) -> Iterator[str]:
    """What an image is said to show, without its markup."""
    for token in tokens:
        if token.type == "image":
            yield from _described(token.children or ())
        else:
            yield "\n" if token.type in ("softbreak", "hardbreak") else token.content


def _wrapped(opener: Token, children: tuple[Inline, ...]) -> Iterator[Inline]:
    match opener.type:
        case "em_open":
            yield Emphasis(children)
        case "strong_open":
            yield Strong(children)
        case "s_open":
            yield Strike(children)
        case "tag_open":
            style: Literal["sub", "sup", "kbd"] = "sub" if opener.tag == "sub" else "sup"
            yield Styled(children, "kbd" if opener.tag == "kbd" else style)
        case "link_open":
            address = str(opener.attrs.get("href", ""))
            if links.is_safe(address) and children:
                yield Link(children, address)
                return
            yield from children
            if address and children != (Text(address.removeprefix("mailto:")),):
                yield Text(f" ({address})" if children else address)
        case _:
            yield from children


def _merged(children: Sequence[Inline]) -> tuple[Inline, ...]:
    merged: list[Inline] = []
    run: list[str] = []
    for child in (*children, None):
        if isinstance(child, Text):
            run.append(child.text)
            continue
        if run:
            merged.append(Text("".join(run)))
            run = []
        if child is not None:
            merged.append(child)
    return tuple(merged)


def _with_bare_links(children: tuple[Inline, ...]) -> tuple[Inline, ...]:
    """Addresses written out in running text, made links; not those within links or code."""
    if not any(isinstance(c, Text) and _BARE_LINK.search(c.text) for c in children) and not any(
        isinstance(c, Emphasis | Strong | Strike) for c in children
    ):
        return children
    made: list[Inline] = []
    for child in children:
        match child:
            case Text(text):
                made.extend(_linked(text))
            case Emphasis(inner) | Strong(inner) | Strike(inner):
                made.append(replace(child, children=_with_bare_links(inner)))
            case _:
                made.append(child)
    return tuple(made)


def _linked(text: str) -> Iterator[Inline]:
    at = 0
    for found in islice(_BARE_LINK.finditer(text), _BARE_LINKS):
        written = _trimmed(found[0])
        address = written if "://" in written else f"http://{written}"
        if text[: found.start()][-1:].isalnum() or not links.is_safe(address):
            continue
        if found.start() > at:
            yield Text(text[at : found.start()])
        yield Link((Text(written),), address)
        at = found.start() + len(written)
    if at < len(text):
        yield Text(text[at:])


def _trimmed(address: str) -> str:
    """Without the punctuation of the sentence around it, as in GFM: trailing marks, and ")" that nothing opened."""
    while True:
        cut = address.rstrip("?!.,:;*_~'\"，。；：！？、）】」》")
        if cut.endswith(")") and cut.count(")") > cut.count("("):
            cut = cut[:-1]
        if cut == address:
            return address
        address = cut
