"""One block -> one laid-out document that can paint itself.

Documents are written with QTextCursor from values; there is no HTML here, and a document loads nothing that it names.
What is not text (grounds of code, bars of quotes, list markers, rules) is painted beside the text and takes no part in
selection.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import cast

from PySide6.QtCore import QByteArray, QPointF, QRectF, Qt, QUrl
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QBrush,
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QPainter,
    QPainterPath,
    QPalette,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextFrameFormat,
    QTextLength,
    QTextLine,
    QTextTable,
    QTextTableCellFormat,
    QTextTableFormat,
)

from sidelight import messages
from sidelight.render.blocks import (
    Align,
    Block,
    Cell,
    CodeBlock,
    Heading,
    ListBlock,
    ListItem,
    MathBlock,
    More,
    Paragraph,
    Quote,
    Rule,
    Table,
    code_text,
    marker,
    math_text,
    shown_rows,
    texts,
)
from sidelight.render.maths import Formula, Refused
from sidelight.ui.document.columns import as_needed, share_out
from sidelight.ui.document.letters import Hand, Letters, Role, Run, Style, letters, runs_of
from sidelight.ui.document.pictures import OBJECT, Ask, Objects, Placed, formula_in
from sidelight.ui.theme import Palette
from sidelight.ui.widgets.plain import plain_tip

__all__ = ["MORE", "SCROLLER", "BlockDocument", "Code", "Role", "build", "gap_before", "grow", "moved"]

MORE = "sidelight:more"
"""The address behind "show more"; the view turns it into a signal of its own."""

SCROLLER = 8
"""Pixels below a table, and within the foot of code, for what shows how far it is scrolled sideways."""

_HAIR = 4
"""Pixels that columns may be too wide, each being rounded, before there is anything to scroll."""
_LINE = 1.45
_CODE_LINE = 1.4
_ROUND = 6.0
_HEADINGS = {1: 1.32, 2: 1.2, 3: 1.09, 4: 1.0, 5: 1.0, 6: 0.95}
_SIDES: dict[Align, Qt.AlignmentFlag] = {
    "right": Qt.AlignmentFlag.AlignRight,
    "center": Qt.AlignmentFlag.AlignHCenter,
}
_BODY, _CODE, _MUTED = Hand(), Hand(mono=True), Hand(muted=True)
_TERM = Hand(weight=QFont.Weight.DemiBold)
_SMALLEST = 0.55
"""A formula too wide for its place is drawn smaller, down to this scale; beyond, its source is shown."""
_PICTURES = 400
"""In one document at most."""
_AT_LEAST = QTextBlockFormat.LineHeightTypes.MinimumHeight.value
_BREAKLESS = re.compile(r"\S{2000}")
_UNFIT = {
    0x0A: "\u2028",
    0x0D: "\u2028",
    0x2029: "\u2028",
    0xFDD0: "\ufffd",
    0xFDD1: "\ufffd",
    0xFFFC: "\ufffd",
}
"""Characters by which QTextDocument marks the ends of its own blocks, frames and objects."""
_WHY_NOT = {
    "depth": "ui.document.formula_depth",
    "letters": "ui.document.formula_letters",
    "many": "ui.document.formula_many",
    "size": "ui.document.formula_size",
    "source": "ui.document.formula_source",
    "time": "ui.document.formula_time",
    "width": "ui.document.formula_width",
}


@dataclass(frozen=True, slots=True)
class _Marker:
    """What stands left of a text block: its right edge is at `right`."""

    position: int
    text: str
    right: float
    font: QFont


@dataclass(frozen=True, slots=True)
class _Panel:
    """The ground of a piece of code, which is the text block at `position`, and its language."""

    position: int
    left: float
    continued: bool
    label: str


@dataclass(frozen=True, slots=True)
class _Bar:
    """The bar left of a quotation, from one text block to another."""

    first: int
    last: int
    left: float


@dataclass(frozen=True, slots=True)
class _End:
    """What the last text block is made of, and the length of each run in the document, where a picture has 1.
    `mirrored`: it is indented from the right."""

    runs: list[Run]
    sizes: list[int]
    hand: Hand
    mirrored: bool


@dataclass(slots=True)
class Code:
    """The code in the text block at `position`, and the code of which the colours were `asked` last, and `shown`."""

    position: int
    block: CodeBlock
    asked: CodeBlock | None = None
    shown: CodeBlock | None = None
    when: float = 0.0


class BlockDocument(QTextDocument):
    """A block's text, laid out for one width. Positions are QTextDocument's own (UTF-16 units)."""

    def __init__(self, look: Letters, ask: Ask | None = None, width: float = 0.0) -> None:
        super().__init__()
        self.setUndoRedoEnabled(False)
        self.setDocumentMargin(0)
        self.setDefaultFont(look.font(_BODY))
        self.look = look
        self.markers: list[_Marker] = []
        self.panels: list[_Panel] = []
        self.bars: list[_Bar] = []
        self.rules: list[int] = []
        self.tables: list[QTextTable] = []
        self.bottom = 0.0
        self.for_width_only = False  # holds a table, whose columns were shared out for one width
        self.breakless = False  # holds a run of letters so long that words cannot guide where lines end
        self.last: _End | None = None  # None where the last text block is none that can grow
        self.codes: list[Code] = []
        self.waiting: dict[tuple[str, bool, str], Formula | Refused | None] = {}
        """Formulas whose pictures were not known when they were written, and what became known since."""
        self._ask = ask
        self._width = width
        self._objects: Objects | None = None

    def loadResource(self, kind: int, name: QUrl | str) -> object:  # noqa: ARG002 - Qt's signature
        """Nothing, whatever was named. A typed empty value: on None Qt would open the name itself."""
        return QImage() if kind == QTextDocument.ResourceType.ImageResource else QByteArray()

    # --- formulas

    def picture(self, text: str, form: QTextCharFormat) -> Formula | Refused | None:
        """The picture of a formula with its delimiters; None: not known yet, or the formula is still open."""
        inner = formula_in(text)
        if inner is None or self._ask is None or len(self.waiting) >= _PICTURES:
            return None
        colour = (
            form.foreground().color()
            if form.hasProperty(QTextFormat.Property.ForegroundBrush.value)
            else self.look.palette.color(QPalette.ColorRole.Text)
        )
        asked = (*inner, colour.name())
        found = self._ask(*asked)
        if found is None:
            self.waiting[asked] = None
        return found

    def write(self, cursor: QTextCursor, text: str, hand: Hand, style: Style = (), room: float = 0.0) -> int:
        """Insert a run, a formula as its picture where that is known; how long it is in the document.

        `room`: pixels a picture may take, 0 for all that the text block has.
        """
        form = self.look.format(hand, style)
        if style[-1:] == ("formula",):
            found = self.picture(text, form)
            if isinstance(found, Refused):
                form = _noted(form, found.why)
            elif found is not None:
                placed = Placed(text, found, self.look.pixels(hand), room)
                block = cursor.blockFormat()
                width = self.textWidth() if self.textWidth() > 0 else self._width
                room = room or width - block.leftMargin() - block.rightMargin()
                if self._objects is not None and len(self._objects.placed) >= _PICTURES:
                    form = _noted(form, "many")
                elif placed.width * _SMALLEST <= room:
                    return self._place(cursor, placed, form)
                else:
                    self.for_width_only = True
                    form = _noted(form, "width")
        cursor.insertText(text.translate(_UNFIT), form)
        return _units(text)

    def _place(self, cursor: QTextCursor, placed: Placed, form: QTextCharFormat) -> int:
        if self._objects is None:
            self._objects = Objects(self)
            if self.textWidth() > 0:  # it is laid out already
                self._objects.register(self)
        cursor.insertText(OBJECT, self._objects.add(placed, form))
        return 1

    def lay_out(self) -> None:
        """For the first time."""
        if self._objects is not None:
            self._objects.register(self)
        self.setTextWidth(self._width)

    def forget_last(self, n: int) -> None:
        """The last n pictures were removed."""
        if n and self._objects is not None:
            self._objects.forget_last(n)

    def pictures(self) -> list[tuple[int, str]]:
        """Where pictures stand, and the sources they stand for."""
        if self._objects is None:
            return []
        raw = self.toRawText()
        places = (_units(raw[: found.start()]) for found in re.finditer(OBJECT, raw))
        return list(zip(places, (p.source for p in self._objects.placed), strict=True))

    def spelled(self, text: str, position: int) -> str:
        """A stretch of the document's text, which begins at `position`, with the sources in place of pictures."""
        if OBJECT not in text:
            return text
        sources = iter([source for at, source in self.pictures() if at >= position])
        return re.sub(OBJECT, lambda _: next(sources), text)

    @property
    def pad(self) -> float:
        """The space inside a panel, in pixels."""
        return round(self.look.unit * 0.7)

    def height(self) -> float:
        """In pixels, at the current text width."""
        bar = SCROLLER if self.tables and self.overflow else 0
        return float(round(self.documentLayout().documentSize().height() + self.bottom)) + bar

    def paint(
        self,
        painter: QPainter,
        clip: QRectF,
        selections: Sequence[QAbstractTextDocumentLayout.Selection] = (),
        shift: int = 0,
    ) -> None:
        """Paint what lies in `clip`, both in the document's coordinates; `shift`: scrolled sideways by so much."""
        for n in range(len(self.panels)):
            self._paint_panel(painter, n, clip)
        if self.overflow:
            painter.setClipRect(QRectF(0, clip.top(), self.textWidth(), clip.height()))
            painter.translate(-shift, 0)
            clip = clip.translated(shift, 0)
        if self.bars or self.rules:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self.look.colours.line))
        for bar in self.bars:
            lead = round(self.look.unit * 0.14)  # what a line keeps above its letters
            top, bottom = self._rect(bar.first).top() + lead, self._rect(bar.last).bottom() + lead
            painter.drawRoundedRect(QRectF(bar.left, top, 3, bottom - top), 1.5, 1.5)
        for position in self.rules:
            painter.drawRect(QRectF(0, round(self._rect(position).center().y()), self.textWidth(), 1))
        context = QAbstractTextDocumentLayout.PaintContext()
        context.clip = clip
        context.palette = self.look.palette
        if selections:
            context.selections = list(selections)
        self.documentLayout().draw(painter, context)
        if self.markers:
            painter.setPen(QColor(self.look.colours.muted))
        for mark in self.markers:
            self._paint_marker(painter, mark, clip)

    @property
    def overflow(self) -> int:
        """By how many pixels tables and code that is not wrapped are wider than the place."""
        more = ceil(self.documentLayout().documentSize().width() - self.textWidth())
        return more if more > _HAIR else 0

    def panel_rect(self, n: int) -> QRectF:
        """The ground of the n-th piece of code."""
        panel, head = self.panels[n], self.head_of(n)
        code = self._rect(panel.position)
        return QRectF(
            panel.left, code.top() - head, self.textWidth() - panel.left, code.height() + head + self.pad
        )

    def head_of(self, n: int) -> float:
        """The height of what stands over the n-th piece of code: its language and some air."""
        panel = self.panels[n]
        return (0.0 if panel.continued else self.pad) + (self.look.label_height if panel.label else 0.0)

    def table_rect(self, n: int) -> QRectF:
        """Where the n-th table can be seen, with its scroller."""
        rect = self.documentLayout().frameBoundingRect(self.tables[n])
        rect.setLeft(self.tables[n].format().leftMargin())
        rect.setRight(min(rect.right(), self.textWidth()))
        return rect.adjusted(0, 0, 0, SCROLLER if self.overflow else 0)

    @staticmethod
    def x_in(line: QTextLine, position: int) -> float:
        """How far into its line a position of the text block stands, in pixels."""
        found = cast("tuple[float, int]", line.cursorToX(position))  # PySide6 says object
        return found[0]

    def line_top(self, position: int) -> float:
        """Where the line begins that holds a position, in pixels from the document's top."""
        block = self.findBlock(position)
        line = block.layout().lineForTextPosition(position - block.position())
        return self._rect(position).top() + (line.y() if line.isValid() else 0.0)

    def _rect(self, position: int) -> QRectF:
        return self.documentLayout().blockBoundingRect(self.findBlock(position))

    def _paint_panel(self, painter: QPainter, n: int, clip: QRectF) -> None:
        panel, rect = self.panels[n], self.panel_rect(n)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.look.colours.raised))
        round_below = rect.top() + (0 if panel.continued else _ROUND)
        if clip.top() >= round_below and clip.bottom() <= rect.bottom() - _ROUND:
            painter.drawRect(rect)  # far from its corners
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        path = QPainterPath()
        path.setFillRule(Qt.FillRule.WindingFill)
        path.addRoundedRect(rect, _ROUND, _ROUND)
        if panel.continued:
            path.addRect(QRectF(rect.left(), rect.top(), rect.width(), min(_ROUND, rect.height())))
        painter.drawPath(path)
        if panel.label:
            painter.setFont(self.look.label_font)
            painter.setPen(QColor(self.look.colours.muted))
            place = rect.adjusted(self.pad, self.pad * 0.6, -self.pad, 0)
            painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, panel.label)

    def _paint_marker(self, painter: QPainter, mark: _Marker, clip: QRectF) -> None:
        block = self.findBlock(mark.position)
        rect = self.documentLayout().blockBoundingRect(block)
        layout = block.layout()
        if not clip.intersects(rect) or layout.lineCount() == 0:
            return
        line = layout.lineAt(0)
        painter.setFont(mark.font)
        width = QFontMetricsF(mark.font).horizontalAdvance(mark.text)
        base = rect.top() + line.y() + line.ascent()
        if block.textDirection() == Qt.LayoutDirection.RightToLeft:
            painter.drawText(QPointF(self.textWidth() - mark.right, base), mark.text)
        else:
            painter.drawText(QPointF(mark.right - width, base), mark.text)


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
    writer = _Writer(letters(palette, zoom, role), width, ask, wrap=wrap)
    writer.block(block)
    return writer.done(block)


def grow(document: BlockDocument, before: Block, block: Block) -> int | None:
    """Make the document of `before` that of `block` where only its last text block changed; where that changed.

    None, and nothing is done, where more changed. What stays is neither inserted nor laid out again.
    """
    end, leaf = document.last, _last_leaf(before, block)
    if end is None or leaf is None:
        return None
    runs = _leaf_runs(leaf)
    text = "".join(run[0] for run in runs)
    if (isinstance(leaf, Paragraph | Heading) and _runs_left(text) != end.mirrored) or (
        not document.breakless and _BREAKLESS.search(text)
    ):
        return None
    if isinstance(leaf, MathBlock) and leaf.closer:
        return None  # a picture stands in the middle
    if isinstance(leaf, CodeBlock) and document.codes:
        document.codes[-1].block = leaf
    same = next((i for i, (a, b) in enumerate(zip(end.runs, runs, strict=False)) if a != b), None)
    same = min(len(end.runs), len(runs)) if same is None else same
    sizes = end.sizes[:same]
    kept = sum(sizes)
    rest = runs[same:]
    begun = 0
    if same < len(end.runs) and rest and rest[0][1] == end.runs[same][1] and _may_share(rest[0]):
        shared = _shared(end.runs[same][0], rest[0][0])  # one run that goes on differently
        begun = _units(rest[0][0][:shared])
        rest[0] = (rest[0][0][shared:], rest[0][1])
    kept += begun
    last = document.lastBlock()
    cursor = QTextCursor(document)
    cursor.beginEditBlock()
    cursor.setPosition(last.position() + kept)
    cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
    if cursor.hasSelection():
        cursor.removeSelectedText()
    gone = zip(end.runs[same:], end.sizes[same:], strict=True)
    document.forget_last(sum(size == 1 and _is_formula(run) for run, size in gone))
    for text, style in rest:
        sizes.append(begun + document.write(cursor, text, end.hand, style))
        begun = 0
    cursor.endEditBlock()
    document.last = replace(end, runs=runs, sizes=sizes)
    return last.position() + kept


def _is_formula(run: Run) -> bool:
    return run[1][-1:] == ("formula",)


def _may_share(run: Run) -> bool:
    """Whether a run can be the same text with more at its end; a formula that was closed is written anew."""
    return not _is_formula(run) or formula_in(run[0]) is None


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


def _leaf_runs(leaf: Block) -> list[Run]:
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


def moved(position: int, before: Sequence[tuple[int, str]], now: Sequence[tuple[int, str]]) -> int:
    """Where a position is when other formulas are pictures than before; see `BlockDocument.pictures`."""
    reading = position + sum(_units(source) - 1 for at, source in before if at < position)
    for at, source in now:
        if reading <= at:
            break
        reading = max(at + 1, reading - _units(source) + 1)
    return reading


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


class _Writer:
    """Writes blocks one after another through one cursor."""

    def __init__(self, look: Letters, width: float, ask: Ask | None, *, wrap: bool) -> None:
        self._look = look
        self._wrap = wrap
        self._width = width
        self._unit = look.unit
        self._document = BlockDocument(look, ask, width)
        self._cursor = QTextCursor(self._document)
        self._fresh = True
        self._left = 0.0
        self._gap = 0.0
        self._quoted = False

    def done(self, block: Block) -> BlockDocument:
        self._document.breakless = any(_BREAKLESS.search(t) for t in texts(block))
        self._document.setDefaultTextOption(self._look.option(anywhere=self._document.breakless))
        self._document.lay_out()
        self._document.bottom += max(0.0, self._gap)
        return self._document

    def block(self, block: Block) -> None:
        match block:
            case Paragraph():
                self._leaf(block, _BODY)
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
        runs = _leaf_runs(leaf)
        prose = isinstance(leaf, Paragraph | Heading)
        mirrored = prose and _runs_left("".join(text for text, _ in runs))
        self._begin(hand, line=line, right=right, mirrored=mirrored)
        hand = self._toned(hand)
        sizes = [self._document.write(self._cursor, text, hand, style) for text, style in runs]
        self._document.last = _End(runs, sizes, hand, mirrored)

    def _formula(self, block: MathBlock) -> None:
        """On a line of its own: its picture in the middle, with some air above, or its source."""
        form = self._look.format(self._toned(_BODY), ("formula",))
        if isinstance(self._document.picture(math_text(block), form), Formula):
            self._gap += round(self._unit * 0.35)
        self._leaf(block, _BODY)
        if self._document.last is not None and self._document.last.sizes == [1]:
            middle = QTextBlockFormat()
            middle.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            self._cursor.mergeBlockFormat(middle)

    def _begin(
        self, hand: Hand = _BODY, *, line: float = _LINE, right: float = 0.0, mirrored: bool = False
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
            self._cursor.insertBlock(form, self._look.format(self._toned(_BODY)))

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
            whole = QTextBlockFormat()
            whole.setNonBreakableLines(True)
            self._cursor.mergeBlockFormat(whole)
        at = self._cursor.block().position()
        self._document.panels.append(_Panel(at, left, block.continued, label))
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

    def _list(self, block: ListBlock) -> None:
        if block.kind == "terms":
            self._terms(block)
            return
        labels = [marker(block, i) for i in range(len(block.items))]
        space = round(self._unit * 0.45)
        widest = max((self._look.width(m, _BODY) for m in set(labels)), default=0.0)
        outer = self._left
        self._left += round(max(widest, self._unit * 0.75)) + space
        for i, item in enumerate(block.items):
            if i:
                self._gap += round(self._unit * (0.22 if block.tight else 0.55))
            before: Block | None = None
            for child in item.blocks or (Paragraph(()),):
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
        self._left = outer

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
            _Marker(block.position(), label, self._left - space, self._look.font(_BODY))
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
        self._document.bars.append(_Bar(first, self._cursor.block().position(), outer))
        self._quoted = outer_quoted
        self._left = outer

    def _table(self, block: Table) -> None:
        self._document.for_width_only = True
        for scale in (1.0, 0.85):
            if (widths := self._column_widths(block, scale)) is not None:
                break
        else:
            scale, widths = 1.0, self._column_widths(block, 1.0, scrolls=True)
        assert widths is not None
        self._grid(block, widths, scale)
        if any(block.hidden):
            self._gap += round(self._unit * 0.5)
            self._begin()
            rows, columns = block.hidden
            self._insert(messages.text("ui.document.hidden", rows=rows, columns=columns), _MUTED)

    def _column_widths(self, block: Table, scale: float, *, scrolls: bool = False) -> list[int] | None:
        """None where the place is too narrow; where the table `scrolls`, none is."""
        hand = Hand(scale, weight=QFont.Weight.DemiBold)
        metrics = QFontMetricsF(self._look.font(hand))
        m = metrics.horizontalAdvance("m")

        def as_wide(text: str, style: Style) -> str:
            """A run, or letters as wide as its picture."""
            found = (
                self._document.picture(text, self._look.format(hand, style))
                if _is_formula((text, style))
                else None
            )
            if found is None or isinstance(found, Refused):
                return text
            return "m" * ceil(found.width * self._look.pixels(hand) / m)

        columns = [
            ["".join(as_wide(*run) for run in runs_of(row[c])) for row in (block.header, *block.rows)]
            for c in range(len(block.header))
        ]
        padding = 2 * round(self._unit * 0.55) + 2
        if scrolls:
            return as_needed(columns, padding, metrics.horizontalAdvance)
        return share_out(columns, self._width - self._left, padding, metrics.horizontalAdvance)

    def _grid(self, block: Table, widths: Sequence[int], scale: float) -> None:
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
        rows = shown_rows(block)
        table = self._cursor.insertTable(len(rows), len(widths), form)
        self._document.tables.append(table)
        self._document.last = None
        for r, row in enumerate(rows):
            header = row is block.header
            for c, cell in enumerate(row):
                at = table.cellAt(r, c)
                at.setFormat(
                    self._cell_format(header=header, shaded=not header and (r + block.continued) % 2 == 0)
                )
                inner = widths[c] - round(self._unit * 1.1) - 1
                self._cell(at.firstCursorPosition(), cell, block.align[c], scale, inner, header=header)
        self._cursor.movePosition(QTextCursor.MoveOperation.End)
        after = QTextBlockFormat()  # QTextDocument keeps an empty text block after a table
        after.setLineHeight(1, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        self._cursor.setBlockFormat(after)

    def _cell(
        self, cursor: QTextCursor, cell: Cell, align: Align, scale: float, room: float, *, header: bool
    ) -> None:
        hand = Hand(scale, weight=QFont.Weight.DemiBold if header else None)
        form = QTextBlockFormat()
        form.setLineHeight(round(self._look.pixels(hand) * 1.35), _AT_LEAST)
        if align in _SIDES:
            form.setAlignment(_SIDES[align])
        cursor.setBlockFormat(form)
        hand = self._toned(hand)
        for text, style in runs_of(cell):
            self._document.write(cursor, text, hand, style, room)

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
        self._insert(messages.text("ui.document.show_more"), self._toned(_BODY), (MORE,))


def _runs_left(text: str) -> bool:
    """Whether the first letter that has a direction runs from right to left."""
    directions = (unicodedata.bidirectional(c) for c in text[:200])
    return next((d in ("R", "AL") for d in directions if d in ("L", "R", "AL")), False)


def _noted(form: QTextCharFormat, why: str) -> QTextCharFormat:
    """The format of a source that is shown in place of a picture, with the reason."""
    noted = QTextCharFormat(form)
    noted.setToolTip(plain_tip(messages.text(_WHY_NOT[why])))
    return noted


def _units(text: str) -> int:
    """The length of a text in UTF-16 units, which QTextDocument counts in."""
    return len(text) if text.isascii() else len(text) + sum(c > "\uffff" for c in text)


def text_between(document: QTextDocument, begin: int, end: int) -> str:
    """Plain text of a stretch of a document, with the markers of the items whose beginning it holds."""
    markers = {m.position: m.text for m in document.markers} if isinstance(document, BlockDocument) else {}
    lines: list[str] = []
    block: QTextBlock = document.findBlock(begin)
    while block.isValid() and block.position() <= end:
        start = block.position()
        cursor = QTextCursor(document)
        cursor.setPosition(max(begin, start))
        cursor.setPosition(min(end, start + block.length() - 1), QTextCursor.MoveMode.KeepAnchor)
        text = cursor.selectedText()
        if isinstance(document, BlockDocument):
            text = document.spelled(text, max(begin, start))
        text = text.replace("\u2028", "\n").replace("\u2029", "\n")
        label = markers.get(start, "") if begin <= start else ""
        lines.append(f"{'-' if label == '•' else label} {text}" if label else text)
        block = block.next()
    return "\n".join(lines).strip("\n")
