"""One block -> one laid-out document.

Documents are written with QTextCursor from values. Not how one is painted (`document`), and not how it takes in more text
(`grow`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from math import ceil

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetricsF,
    QTextBlockFormat,
    QTextCursor,
    QTextFrameFormat,
    QTextLength,
    QTextTableCellFormat,
    QTextTableFormat,
)

from sidelight import messages
from sidelight.render.blocks import (
    Align,
    Block,
    CodeBlock,
    Heading,
    ListBlock,
    MathBlock,
    More,
    Paragraph,
    Quote,
    Rule,
    Table,
    code_text,
    marker,
    math_text,
)
from sidelight.render.maths import Formula, Refused
from sidelight.ui.document.columns import as_needed, share_out
from sidelight.ui.document.document import (
    BODY,
    MORE,
    Bar,
    BlockDocument,
    Code,
    End,
    Marker,
    Panel,
    is_formula,
)
from sidelight.ui.document.letters import Hand, Role, Run, Style, letters, runs_of
from sidelight.ui.document.pictures import Ask
from sidelight.ui.theme import Palette

__all__ = ["BREAKLESS", "Writer", "build", "gap_before", "leaf_runs", "runs_left"]

BREAKLESS = re.compile(r"\S{2000}")
"""Letters so many that words cannot guide where lines end."""
_LINE = 1.45
_CODE_LINE = 1.4
_HEADINGS = {1: 1.32, 2: 1.2, 3: 1.09, 4: 1.0, 5: 1.0, 6: 0.95}
_SIDES: dict[Align, Qt.AlignmentFlag] = {
    "right": Qt.AlignmentFlag.AlignRight,
    "center": Qt.AlignmentFlag.AlignHCenter,
}
_CODE, _MUTED = Hand(mono=True), Hand(muted=True)
_TERM = Hand(weight=QFont.Weight.DemiBold)
_AT_LEAST = QTextBlockFormat.LineHeightTypes.MinimumHeight.value


def build(
    block: Block,
    palette: Palette,
    zoom: float,
    width: float,
    role: Role = "answer",
    ask: Ask | None = None,
    *,
    wrap: bool = True,
) -> BlockDocument:
    """The document of one block, laid out for `width` pixels. `zoom` 1.0 is 100 %. Without `ask` formulas stay source.
    Code that is not to `wrap` is as wide as its longest line; see `BlockDocument.overflow`."""
    document = BlockDocument(letters(palette, zoom, role), ask, width)
    writer = Writer(document, width, wrap=wrap)
    change = QTextCursor(document)
    change.beginEditBlock()
    writer.block(block)
    change.endEditBlock()
    document.breakless = BREAKLESS.search(document.toPlainText()) is not None
    document.setDefaultTextOption(document.look.option(anywhere=document.breakless))
    document.lay_out()
    writer.end()
    return document


def leaf_runs(leaf: Block) -> list[Run]:
    """What stands in the text block of a paragraph, heading, piece of code or formula."""
    match leaf:
        case Paragraph(children) | Heading(children=children):
            return runs_of(children)
        case CodeBlock():
            return [(code_text(leaf), ())]
        case MathBlock():
            return [(math_text(leaf), ("formula",))]
        case _:
            return []


def gap_before(block: Block, before: Block | None, unit: float, pad: float) -> float:
    """Pixels between a block and the one before it in the same text; `unit` is the size of body text in pixels."""
    if before is None:
        return 0.0
    if isinstance(block, CodeBlock) and block.continued:
        return -pad
    if isinstance(block, Table) and block.continued:
        return 0.0
    if isinstance(block, Paragraph | ListBlock | Quote) and block.continued:
        tight = isinstance(block, Paragraph) or (isinstance(block, ListBlock) and block.tight)
        return round(unit * (0.25 if tight else 0.6))
    if isinstance(block, Heading):
        return round(unit * (1.5 if block.level <= 2 else 1.25))
    if isinstance(before, Heading):
        return round(unit * 0.45)
    return round(unit * 0.8)


class Writer:
    """Writes blocks one after another through one cursor, behind what is in the document already."""

    def __init__(self, document: BlockDocument, width: float, *, wrap: bool) -> None:
        self._look = document.look
        self._wrap = wrap
        self._width = width
        self._unit = document.look.unit
        self._document = document
        self._cursor = QTextCursor(document)
        self._cursor.movePosition(QTextCursor.MoveOperation.End)
        self._fresh = document.isEmpty()
        self._left = 0.0
        self._gap = document.bottom
        self._quoted = False

    def end(self) -> None:
        """Leave the space that the last block wants below it."""
        self._document.bottom = max(0.0, self._gap)

    def block(self, block: Block) -> None:
        match block:
            case Paragraph():
                self._leaf(block, BODY)
            case Heading(level):
                weight = QFont.Weight.Bold if level <= 4 else QFont.Weight.DemiBold
                self._leaf(block, Hand(_HEADINGS[level], weight=weight), line=1.3)
            case CodeBlock():
                self._code_block(block)
            case MathBlock():
                self._formula(block)
            case ListBlock():
                self._list(block)
            case Quote(blocks):
                self._quote(blocks)
            case Table():
                self._table(block)
            case Rule():
                self._begin()
                self._document.rules.append(self._cursor.position())
            case More(characters):
                self._more(characters)

    def _leaf(self, leaf: Block, hand: Hand, *, line: float = _LINE, right: float = 0.0) -> None:
        """A paragraph, heading, piece of code or formula: one text block, which can grow as long as it is the last."""
        runs = leaf_runs(leaf)
        prose = isinstance(leaf, Paragraph | Heading)
        mirrored = prose and runs_left("".join(text for text, _ in runs))
        self._begin(hand, line=line, right=right, mirrored=mirrored)
        hand = self._toned(hand)
        sizes = [self._document.write(self._cursor, text, hand, style) for text, style in runs]
        self._document.last = End(runs, sizes, hand, mirrored)

    def _formula(self, block: MathBlock) -> None:
        """On a line of its own: its picture in the middle, with some air above, or its source."""
        form = self._look.format(self._toned(BODY), ("formula",))
        if isinstance(self._document.picture(math_text(block), form), Formula):
            self._gap += round(self._unit * 0.35)
        self._leaf(block, BODY)
        if self._document.last is not None and self._document.last.sizes == [1]:
            middle = QTextBlockFormat()
            middle.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            self._cursor.mergeBlockFormat(middle)

    def _begin(
        self, hand: Hand = BODY, *, line: float = _LINE, right: float = 0.0, mirrored: bool = False
    ) -> None:
        """A new text block at the current indent, the gap above it; `mirrored`: indented from the right."""
        self._document.last = None
        form = QTextBlockFormat()
        pixels = self._look.pixels(hand)
        form.setLineHeight(round(pixels * line), _AT_LEAST)
        form.setLeftMargin(right if mirrored else self._left)
        form.setRightMargin(self._left if mirrored else right)
        form.setTopMargin(self._gap)
        if (
            self._fresh and self._gap
        ):  # Qt leaves out the margin above the first block, but not that of the frame
            root = self._document.rootFrame()
            frame = root.frameFormat()
            frame.setTopMargin(self._gap)
            root.setFrameFormat(frame)
        self._gap = 0.0
        if self._fresh:
            self._cursor.setBlockFormat(form)
            self._fresh = False
        else:
            self._cursor.insertBlock(form, self._look.format(self._toned(BODY)))

    def _toned(self, hand: Hand) -> Hand:
        """The hand in a quotation is that of what is secondary."""
        return replace(hand, muted=True) if self._quoted else hand

    def _insert(self, text: str, hand: Hand, style: Style = ()) -> None:
        self._document.write(self._cursor, text, hand, style)

    def _code_block(self, block: CodeBlock) -> None:
        pad = self._document.pad
        label = "" if block.continued else block.language
        left = self._left
        self._gap += 0 if block.continued else pad
        if label:
            self._gap += self._look.label_height
        self._left += pad
        self._leaf(block, _CODE, line=_CODE_LINE, right=pad)
        self._left = left
        if not self._wrap:
            self._document.wraps = False
            whole = QTextBlockFormat()
            whole.setNonBreakableLines(True)
            self._cursor.mergeBlockFormat(whole)
        at = self._cursor.block().position()
        self._document.panels.append(Panel(at, left, block.continued, label))
        if block.language:
            self._document.codes.append(Code(at, block))
        self._gap = pad

    def _terms(self, block: ListBlock) -> None:
        """Terms at the margin, what they mean below them."""
        outer = self._left
        for i, item in enumerate(block.items):
            if i:
                self._gap += round(self._unit * (0.7 if item.head else 0.22))
            self._left = outer + (0 if item.head else round(self._unit * 1.6))
            before: Block | None = None
            for child in item.blocks:
                if before is not None:
                    self._gap += self._inner_gap(child, before, block.tight)
                if item.head:
                    self._leaf(child, _TERM)
                else:
                    self.block(child)
                before = child
        self._left = outer

    def go_on(self, block: ListBlock, written: Sequence[tuple[int, int]]) -> None:
        """Write what a list has more than is written: of each list within the one before, at the end of it, how many items
        are begun, and how many blocks of the last of those.
        """
        (items, blocks), *inner = written
        outer = self._left
        self._left += self.indent(block)
        if inner:
            child = block.items[items - 1].blocks[blocks - 1]
            assert isinstance(child, ListBlock)
            self.go_on(child, inner)
        self._items(block, items - 1, blocks)
        self._left = outer

    def indent(self, block: ListBlock) -> int:
        """Pixels that the items of a list are indented by."""
        widest = max(
            (self._look.width(m, BODY) for m in {marker(block, i) for i in range(len(block.items))}),
            default=0.0,
        )
        return round(max(widest, self._unit * 0.75)) + round(self._unit * 0.45)

    def _list(self, block: ListBlock) -> None:
        if block.kind == "terms":
            self._terms(block)
            return
        outer = self._left
        self._left += self.indent(block)
        self._items(block)
        self._left = outer

    def _items(self, block: ListBlock, first: int = 0, begun: int = 0) -> None:
        """The items from `first` on, of which so many blocks are written."""
        labels = [marker(block, i) for i in range(len(block.items))]
        space = round(self._unit * 0.45)
        for i, item in enumerate(block.items[first:], first):
            written = begun if i == first else 0
            if i and not written:
                self._gap += round(self._unit * (0.22 if block.tight else 0.55))
            before = item.blocks[written - 1] if written else None
            for child in item.blocks[written:] or ([] if written else [Paragraph(())]):
                if before is not None:
                    self._gap += self._inner_gap(child, before, block.tight)
                if before is None and labels[i] and not isinstance(child, Paragraph | Heading):
                    self._marked(labels[i], space)
                    self._gap += round(self._unit * 0.3)
                    self.block(child)
                else:
                    self.block(child)
                    if before is None and labels[i]:
                        self._mark(labels[i], space)
                before = child

    def _inner_gap(self, child: Block, before: Block, tight: bool) -> float:
        if isinstance(child, ListBlock) and tight:
            return round(self._unit * 0.22)
        return gap_before(child, before, self._unit, self._document.pad) * (0.7 if tight else 0.8)

    def _marked(self, label: str, space: float) -> None:
        """An empty line that carries a marker, for an item that begins with code, a table or another list."""
        self._begin()
        self._mark(label, space)

    def _mark(self, label: str, space: float) -> None:
        block = self._cursor.block()
        self._document.markers.append(
            Marker(block.position(), label, self._left - space, self._look.font(BODY))
        )

    def _quote(self, blocks: Sequence[Block]) -> None:
        outer = self._left
        self._left += round(self._unit * 1.05)
        outer_quoted, self._quoted = self._quoted, True
        first = -1
        before: Block | None = None
        for child in blocks or (Paragraph(()),):
            if before is not None:
                self._gap += gap_before(child, before, self._unit, self._document.pad) * 0.8
            begin = self._cursor.position() + (0 if self._fresh else 1)
            self.block(child)
            if first < 0:
                first = begin
            before = child
        self._document.bars.append(Bar(first, self._cursor.block().position(), outer))
        self._quoted = outer_quoted
        self._left = outer

    def _table(self, block: Table) -> None:
        self._document.for_width_only = True
        cells = [[runs_of(cell) for cell in row] for row in (block.header, *block.rows)]
        for scale in (1.0, 0.85):
            if (widths := self._column_widths(cells, scale)) is not None:
                break
        else:
            scale, widths = 1.0, self._column_widths(cells, 1.0, scrolls=True)
        assert widths is not None
        self._grid(block, cells[block.continued :], widths, scale)
        if any(block.hidden):
            self._gap += round(self._unit * 0.5)
            self._begin()
            rows, columns = block.hidden
            self._insert(messages.text("ui.document.hidden", rows=rows, columns=columns), _MUTED)

    def _column_widths(
        self, cells: Sequence[Sequence[Sequence[Run]]], scale: float, *, scrolls: bool = False
    ) -> list[int] | None:
        """None where the place is too narrow; where the table `scrolls`, none is."""
        hand = Hand(scale, weight=QFont.Weight.DemiBold)
        metrics = QFontMetricsF(self._look.font(hand))
        m = metrics.horizontalAdvance("m")

        def as_wide(text: str, style: Style) -> str:
            """A run, or letters as wide as its picture."""
            found = (
                self._document.picture(text, self._look.format(hand, style))
                if is_formula((text, style))
                else None
            )
            if found is None or isinstance(found, Refused):
                return text
            return "m" * ceil(found.width * self._look.pixels(hand) / m)

        columns = [
            list(dict.fromkeys("".join([as_wide(*run) for run in row[c]]) for row in cells))  # each text once
            for c in range(len(cells[0]))
        ]
        padding = 2 * round(self._unit * 0.55) + 2
        if scrolls:
            return as_needed(columns, padding, metrics.horizontalAdvance)
        return share_out(columns, self._width - self._left, padding, metrics.horizontalAdvance)

    def _grid(
        self, block: Table, cells: Sequence[Sequence[Sequence[Run]]], widths: Sequence[int], scale: float
    ) -> None:
        """As rows and columns."""
        form = QTextTableFormat()
        form.setBorder(0)
        form.setCellSpacing(0)
        form.setCellPadding(0)
        form.setBorderCollapse(True)
        form.setLeftMargin(self._left)
        form.setTopMargin(self._gap)
        form.setColumnWidthConstraints([QTextLength(QTextLength.Type.FixedLength, w) for w in widths])
        self._gap = 0.0
        self._fresh = False
        table = self._cursor.insertTable(len(cells), len(widths), form)
        self._document.tables.append(table)
        self._document.last = None
        looks = [self._cell_format(header=False, shaded=shaded) for shaded in (True, False)]
        for r, row in enumerate(cells):
            header = r == 0 and not block.continued
            hand = Hand(scale, weight=QFont.Weight.DemiBold if header else None)
            look = looks[(r + block.continued) % 2]
            if header:
                look = self._cell_format(header=True, shaded=False)
            sides = {align: self._side_format(align, hand) for align in set(block.align)}
            hand = self._toned(hand)
            for c, cell in enumerate(row):
                at = table.cellAt(r, c)
                at.setFormat(look)
                cursor = at.firstCursorPosition()
                cursor.setBlockFormat(sides[block.align[c]])
                inner = widths[c] - round(self._unit * 1.1) - 1
                for text, style in cell:
                    self._document.write(cursor, text, hand, style, inner)
        self._cursor.movePosition(QTextCursor.MoveOperation.End)
        after = QTextBlockFormat()  # QTextDocument keeps an empty text block after a table
        after.setLineHeight(1, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        self._cursor.setBlockFormat(after)

    def _side_format(self, align: Align, hand: Hand) -> QTextBlockFormat:
        form = QTextBlockFormat()
        form.setLineHeight(round(self._look.pixels(hand) * 1.35), _AT_LEAST)
        if align in _SIDES:
            form.setAlignment(_SIDES[align])
        return form

    def _cell_format(self, *, header: bool, shaded: bool) -> QTextTableCellFormat:
        colours = self._look.colours
        form = QTextTableCellFormat()
        form.setTopPadding(round(self._unit * 0.3))
        form.setBottomPadding(round(self._unit * 0.3))
        form.setLeftPadding(round(self._unit * 0.55))
        form.setRightPadding(round(self._unit * 0.55))
        if shaded:
            form.setBackground(QColor(colours.raised))
        form.setBottomBorder(1)
        form.setBottomBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
        form.setBottomBorderBrush(QBrush(QColor(colours.muted if header else colours.line)))
        return form

    def _more(self, characters: int) -> None:
        self._begin()
        self._insert(messages.text("ui.document.more", characters=f"{characters:,}") + " ", _MUTED)
        self._insert(messages.text("ui.document.show_more"), self._toned(BODY), (MORE,))


def runs_left(text: str) -> bool:
    """Whether the first letter that has a direction runs from right to left."""
    directions = (unicodedata.bidirectional(c) for c in text[:200])
    return next((d in ("R", "AL") for d in directions if d in ("L", "R", "AL")), False)
