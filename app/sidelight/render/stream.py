"""A message that is still being written, as blocks: what is finished never changes, only the open tail is parsed again.

Not a second parser: every stretch goes through `markdown.parse_piece`, and `finish()` gives exactly `parse(whole)`.
What makes this cheap is that a later line can only change the last top-level block. Where that does not hold (a link
defined later, a list whose spacing became known late, a block cut while open) `finish()` parses once more and keeps
every block that came out equal as the same object.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from sidelight.render.blocks import (
    Block,
    CodeBlock,
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
    Strike,
    Strong,
    Table,
    Text,
)
from sidelight.render.markdown import PIECE, Environment, Piece, Spent, normal, page_end, parse, parse_piece
from sidelight.render.unclosed import in_fence, presentable

__all__ = ["BlockStream"]

_PATIENCE = 2 * PIECE
"""An open block longer than this is drawn again only after it grew by a 32nd: some cannot be cut (a table)."""
_SENTENCE = re.compile(r"(?<=[.!?…:;])[ \n]+(?=[^\W\d_])|(?<=[。！？；])(?=[^\W\d_])|\n(?=[^\W\d_])")
_SPACE = re.compile(r"[ \n]+(?=[^\W\d_])")
_LETTER = re.compile(r"(?=[^\W\d_])")
_PLAIN = r"[^\s\\`*_~\[\]<>&$#]"
_PLAIN_TEXT = re.compile(rf"(?:{_PLAIN}| )+")
_PLAIN_WORD = re.compile(rf"\s{_PLAIN}*[^\W\d_]{_PLAIN}*\Z")
_ADDRESS = re.compile(r"www|://", re.IGNORECASE)
"""Text and the word before it in which nothing can begin or end markup, if it is no address. The word has a letter, so it
is no marker."""
_FENCES = ("```", "~~~")
_WORD = 60
"""Characters in which that word must fit."""
_BLANK_LINE = re.compile(r"^[ \t]*\n", re.MULTILINE)
_ITEM = re.compile(r"( {0,3})([-*+]|\d{1,9}[.)])( *)")


@dataclass(frozen=True, slots=True)
class _Open:
    """Where the open tail begins, and what the parser must be told so that it reads on in the same context.

    `prefix` is source put before the tail: the opening of a fence, a stand-in for the marker of an item that was cut.
    `continued`: its first block goes on from the last finished one. For a list, `number` is its first number, `tight`
    what is known of its spacing, `item` the column of the text of an item that was cut (0: none was).
    """

    offset: int = 0
    line: int = 0
    prefix: str = ""
    continued: bool = False
    number: int | None = None
    tight: bool = True
    item: int = 0


class BlockStream:
    """Feed it text as it comes; read `finished` and `tail`; `finish()` once at the end."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self.finished: list[Block] = []
        self._whole = ""
        self._held = ""
        self._open = _Open()
        self._exact = True
        self._environment: Environment = {}
        self._spent = Spent()
        self._end: int | None = None
        self._drawn = self._read = 0
        self._fenced = False
        self._last: Block | None = None
        self._tail: tuple[Block, ...] | None = ()
        self._done = False

    @property
    def text(self) -> str:
        """All that was fed, with "\\n" as line ends."""
        return self._whole + ("\n" if self._held else "")

    @property
    def tail(self) -> tuple[Block, ...]:
        """The open end as blocks, made presentable: what is unclosed looks closed, half a marker is not shown."""
        if self._tail is None:
            written = self._tail_source(self._stop)
            source, formula = presentable(written)
            self._tail = tuple(p.block for p in self._parsed(source, dict(self._environment)))
            if formula and self._tail:
                self._tail = (*self._tail[:-1], _with_open_formula(self._tail[-1]))
            self._fenced = in_fence(written)
            self._drawn = len(self._whole)
        if self._end is not None:
            return (*self._tail, More(len(self._whole) - self._end))
        return self._tail

    def feed(self, text: str) -> None:
        """Append. Costs as much as the open tail, whatever came before. Raises ValueError once finished."""
        if self._done:
            raise ValueError("the stream is finished; replace() begins another")
        text, self._held = self._held + text, ""
        if text.endswith("\r"):  # perhaps half of "\r\n"
            text, self._held = text[:-1], "\r"
        text = normal(text)
        if not text:
            return
        longer = self._longer_tail(text)
        self._whole += text
        if self._end is not None:
            return
        self._spent.add(text)
        if self._spent.may_exceed and (end := page_end(self._whole)) < len(self._whole):
            self._end = end
        size = self._stop - self._open.offset
        if longer is not None and self._end is None and size <= PIECE:
            self._tail, self._drawn = longer, len(self._whole)
            return
        if size > _PATIENCE and (len(self._whole) - self._drawn) * 32 < size and self._end is None:
            return
        self._tail = None
        self._advance()

    def _longer_tail(self, text: str) -> tuple[Block, ...] | None:
        """The tail with more of the same at its end, without parsing; None where the text may mean more than itself."""
        if not self._tail or self._end is not None:
            return None
        if ")" in text and "](" in self._whole[self._open.offset :]:
            return None  # it may end a link
        *before, last = self._tail
        if self._fenced and isinstance(last, CodeBlock) and not before and "\n" in text:
            return self._longer_code(last, text)
        longer = _longer(
            last, self._fenced, text, self._whole[max(self._open.offset, len(self._whole) - _WORD) :]
        )
        return None if longer is None else (*before, longer)

    def _longer_code(self, code: CodeBlock, text: str) -> tuple[Block, ...] | None:
        """Code in a fence at the margin with more lines, none of which can end it."""
        opening, opened, lines = self._tail_source(self._stop).partition("\n")
        line = lines.rpartition("\n")[2]
        if not (opened and opening.startswith(_FENCES)) or any(c in line + text for c in "`~"):
            return None
        shown = (lines + text).rstrip(" \t")
        shown = shown.removesuffix("\n") if shown.endswith("\n") else lines + text
        if not shown or len(shown) > PIECE:
            return None
        begin = code.source_lines[0]
        return (replace(code, text=shown, source_lines=(begin, begin + 2 + shown.count("\n"))),)

    def replace(self, whole: str) -> None:
        """The text became another, as when an answer turns out to be reasoning. Equal blocks stay the same objects."""
        whole = normal(whole)
        if self._done and whole == self.text:
            return
        if not self._done and whole.startswith(self.text):
            self.feed(whole[len(self.text) :])
            return
        known = {block: block for block in self.finished}
        self._reset()
        self.feed(whole)
        self.finished = [known.get(block, block) for block in self.finished]

    def finish(self) -> tuple[Block, ...]:
        """All blocks, equal to `parse(whole)`; afterwards they are `finished` and the tail is empty."""
        if not self._done:
            self._whole, self._held = self.text, ""
            self.finished = list(self._final())
            self._tail, self._end, self._done = (), None, True
        return tuple(self.finished)

    def _final(self) -> tuple[Block, ...]:
        if self._exact and self._end is None:
            source = self._tail_source(len(self._whole))
            last = [p.block for p in self._parsed(source, self._environment)]
            if "references" not in self._environment:
                return (*self.finished, *last)
        known = {block: block for block in (*self.finished, *self.tail)}
        return tuple(known.get(block, block) for block in parse(self._whole))

    @property
    def _stop(self) -> int:
        """Where rendering ends: the end of the text, or the cap on a message."""
        return len(self._whole) if self._end is None else self._end

    def _parsed(self, source: str, environment: Environment) -> list[Piece]:
        """The blocks of the tail, the first of them marked where it goes on from a finished one."""
        at = self._open
        pieces = parse_piece(source, environment, at.line - at.prefix.count("\n"))
        if not pieces or not at.continued:
            return pieces
        first = pieces[0].block
        lines = (at.line, first.source_lines[1])
        if isinstance(first, ListBlock):
            return _renumbered(pieces, first, at)
        if isinstance(first, Paragraph | CodeBlock | Quote | Table):
            pieces[0] = replace(pieces[0], block=replace(first, continued=True, source_lines=lines))
        return pieces

    def _advance(self) -> None:
        """Finish every block but the last of the complete lines; cut the last where it has grown long."""
        end = self._whole.rfind("\n", self._open.offset, self._stop) + 1
        if end > max(self._open.offset, self._read) and self._may_have_ended(end):
            self._read = end
            pieces = self._parsed(self._tail_source(end), self._environment)
            if "references" in self._environment:
                self._exact = False
            while len(pieces) > 1 and _within_line(pieces):
                pieces.pop()
            if len(pieces) > 1:
                self._begin_at(pieces)
            self._last = pieces[-1].block if pieces else None
        if self._stop - max(end, self._open.offset) > PIECE and not in_fence(self._tail_source(end)):
            if end > self._open.offset:  # one endless line: what stands before it is done
                self._cut_at(end, _Open())
            self._last = None
        if self._stop - self._open.offset > PIECE:
            self._cut(self._last, end)

    def _may_have_ended(self, end: int) -> bool:
        """Whether it is worth looking for finished blocks: they end at blank lines, nearly always."""
        begin = max(self._open.offset, self._whole.rfind("\n", self._open.offset, max(self._read - 1, 0)) + 1)
        return end - self._open.offset > PIECE // 2 or bool(_BLANK_LINE.search(self._whole, begin, end))

    def _tail_source(self, end: int) -> str:
        return self._open.prefix + self._whole[self._open.offset : end]

    def _begin_at(self, pieces: list[Piece]) -> None:
        """The last piece becomes the open tail."""
        self.finished.extend(p.block for p in pieces[:-1])
        last = pieces[-1]
        line = last.block.source_lines[0]
        opened = _Open(self._offset(line), line)
        match last.block:
            case CodeBlock(continued=True):
                self._exact = self._exact and last.opening != ""
                opened = replace(opened, continued=True, prefix=last.opening + "\n" if last.opening else "")
            case ListBlock(continued=True, start=start, tight=tight):
                self._exact = False
                opened = replace(opened, continued=True, number=start, tight=tight)
            case _:
                pass
        self._open = opened

    def _offset(self, line: int) -> int:
        offset = self._open.offset
        for _ in range(line - self._open.line):
            offset = self._whole.index("\n", offset) + 1
        return offset

    def _cut(self, last: Block | None, end: int) -> None:
        """Cut the one open block so that the tail stays short. `end`: where the complete lines end."""
        match last:
            case Paragraph() | None:
                self._cut_text()
            case Quote(blocks) if len(blocks) > 1:
                self._cut_at(self._offset(blocks[-1].source_lines[0]), replace(self._open, continued=True))
            case Table(source_lines=(line, after)) if after - 1 > line + 2 * (not self._open.continued):
                head = "".join(line + "\n" for line in self._whole[self._open.offset :].split("\n", 2)[:2])
                prefix = self._open.prefix if self._open.continued else head
                self._cut_at(self._offset(after - 1), replace(self._open, prefix=prefix, continued=True))
            case ListBlock(items=[item], start=start, tight=tight):
                self._cut_item(item.blocks, start, tight, end)
            case _:
                pass

    def _cut_text(self) -> None:
        while self._stop - self._open.offset > PIECE and (offset := self._place_in_text()) is not None:
            self._cut_at(offset, replace(self._open, prefix="", continued=True))

    def _place_in_text(self) -> int | None:
        """Where to cut a paragraph: the last end of a sentence in reach, else a space, else anywhere before a letter.

        Always before a letter, so that the rest cannot be read as a list, a heading or a rule.
        """
        begin, reach = self._open.offset, self._open.offset + PIECE
        for pattern in (_SENTENCE, _SPACE, _LETTER):
            places = [m.end() for m in pattern.finditer(self._whole, begin + PIECE // 2, reach)]
            if places:
                return places[-1]
        return None

    def _cut_item(self, blocks: tuple[Block, ...], number: int, tight: bool, end: int) -> None:
        """Cut within a list item: before its last block, in its code, or before the last item of its inner list."""
        if not blocks:
            return
        child = blocks[-1]
        source = self._whole[self._open.offset : end]
        head = _ITEM.match(self._open.prefix or source)
        column = self._open.item or (head.end() if head and 1 <= len(head[3]) <= 4 else 0)
        prefix = _stand_in(head[2], column) if head else ""
        offset = self._offset(child.source_lines[0])
        if offset - self._open.offset < PIECE // 2:
            inner = child.items[-1].blocks if isinstance(child, ListBlock) else ()
            if inner:
                offset = self._offset(inner[0].source_lines[0])
            elif isinstance(child, CodeBlock):
                prefix += self._opening_of(child)
                offset = self._whole.rfind("\n", offset, end - 1) + 1
        if prefix and offset - self._open.offset >= PIECE // 2:
            opened = replace(
                self._open, prefix=prefix, continued=True, number=number, tight=tight, item=column
            )
            self._cut_at(offset, opened)

    def _opening_of(self, code: CodeBlock) -> str:
        """The line that opened a fence, which may be in our own prefix; "" for indented code."""
        lines = self._tail_source(self._stop).split("\n")
        at = code.source_lines[0] - self._open.line + self._open.prefix.count("\n")
        return lines[at] + "\n" if lines[at].lstrip().startswith(("```", "~~~")) else ""

    def _cut_at(self, offset: int, opened: _Open) -> None:
        """Finish what lies before `offset`; the rest is read in the context `opened`."""
        self._exact = False
        self.finished.extend(p.block for p in self._parsed(self._tail_source(offset), self._environment))
        line = self._open.line + self._whole.count("\n", self._open.offset, offset)
        self._open = replace(opened, offset=offset, line=line)


def _longer(block: Block, fenced: bool, text: str, end: str) -> Block | None:
    """A block with more text in its last line, of which `end` is the end as written. None where that must be parsed."""
    match block:
        case Paragraph(children) | Heading(children=children):
            word = _PLAIN_WORD.search(end)
            if word is None or not _PLAIN_TEXT.fullmatch(text):
                return None
            if _ADDRESS.search(word[0] + text) or (
                isinstance(children[0], Text) and children[0].text[0] == "["
            ):
                return None  # it may become an address, or the definition of one
            longer = _longer_inlines(children, word[0].lstrip(), text.rstrip())
            return None if longer is None else replace(block, children=longer)
        case CodeBlock(code) if fenced:
            line = end.rpartition("\n")[2]
            if (
                not _LETTER.search(line)
                or any(c in line + text for c in "`~\n")
                or not code
                or len(code) > PIECE
            ):
                return None
            return replace(block, text=code + text)
        case Quote([*before, last]):
            inner = _longer(last, fenced, text, end)
            return None if inner is None else replace(block, blocks=(*before, inner))
        case ListBlock([*before, item]) if item.blocks:
            inner = _longer(item.blocks[-1], fenced, text, end)
            item = item if inner is None else replace(item, blocks=(*item.blocks[:-1], inner))
            return None if inner is None else replace(block, items=(*before, item))
        case _:
            return None


def _with_open_formula(block: Block) -> Block:
    """A block at the end of which a formula is still open: without the mark that closed it for the parser."""
    match block:
        case MathBlock():
            return replace(block, closer="")
        case Paragraph(children) | Heading(children=children):
            return replace(block, children=_open_formula(children))
        case Quote([*before, last]):
            return replace(block, blocks=(*before, _with_open_formula(last)))
        case ListBlock([*before, ListItem([*blocks, last]) as item]):
            item = replace(item, blocks=(*blocks, _with_open_formula(last)))
            return replace(block, items=(*before, item))
        case Table(rows=[*before, row]):
            return replace(block, rows=(*before, tuple(_open_formula(cell) for cell in row)))
        case _:
            return block


def _open_formula(children: tuple[Inline, ...]) -> tuple[Inline, ...]:
    match children:
        case [*before, Math() as last]:
            return (*before, replace(last, closer=""))
        case [*before, (Emphasis() | Strong() | Strike() | Link()) as last]:
            return (*before, replace(last, children=_open_formula(last.children)))
        case _:
            return children


def _longer_inlines(children: tuple[Inline, ...], word: str, text: str) -> tuple[Inline, ...] | None:
    """Inlines with more text at their end, where they end in `word`."""
    match children:
        case [*before, Text(last)] if last.endswith(word):
            return (*before, Text(last + text))
        case [*before, (Emphasis(inner) | Strong(inner) | Strike(inner)) as marked]:
            longer = _longer_inlines(inner, word, text)
            return None if longer is None else (*before, replace(marked, children=longer))
        case _:
            return None


def _within_line(pieces: list[Piece]) -> bool:
    """Whether the last piece begins within a line, where no parser could begin."""
    before, last = pieces[-2].block, pieces[-1].block
    return (isinstance(last, Paragraph) and last.continued) or (
        isinstance(last, CodeBlock)
        and last.continued
        and isinstance(before, CodeBlock)
        and not before.text.endswith("\n")
    )


def _renumbered(pieces: list[Piece], first: ListBlock, at: _Open) -> list[Piece]:
    """Pieces of a list that goes on, counted from the number where the piece before left off."""
    shift = 0 if at.number is None else at.number - first.start
    made: list[Piece] = []
    for i, piece in enumerate(pieces):
        block = piece.block
        if not isinstance(block, ListBlock) or (i and not block.continued):
            return made + pieces[i:]
        items = block.items
        if i == 0 and at.item and items:
            items = (replace(items[0], continued=True), *items[1:])
        lines = (at.line if i == 0 else block.source_lines[0], block.source_lines[1])
        changed = replace(
            block,
            items=items,
            start=block.start + shift if block.ordered else 1,
            tight=block.tight and at.tight,
            continued=True,
            source_lines=lines,
        )
        made.append(replace(piece, block=changed))
    return made


def _stand_in(marker: str, column: int) -> str:
    """An empty item of the same kind of list, whose text begins at `column`; "" where there is none."""
    if marker in "-*+":
        return " " * (column - 2) + marker + "\n" if 2 <= column <= 5 else ""
    digits = min(column - 2, 9)
    indent = column - 2 - digits
    return " " * indent + "1" * digits + marker[-1] + "\n" if digits >= 1 and indent <= 3 else ""
