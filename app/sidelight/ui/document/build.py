"""One block -> one laid-out document that can paint itself.

Documents are written with QTextCursor from values; there is no HTML here, and a document loads nothing that it names.
What is not text (grounds of code, bars of quotes, list markers, rules) is painted beside the text and takes no part in
selection.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from PySide6.QtCore import QByteArray, QPointF, QRectF, Qt, QUrl
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QBrush,
    QColor,
    QFont,
    QFontInfo,
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
    QTextFrameFormat,
    QTextLength,
    QTextOption,
    QTextTableCellFormat,
    QTextTableFormat,
)

from sidelight import messages
from sidelight.render.blocks import (
    Align,
    Block,
    Break,
    CodeBlock,
    CodeSpan,
    Emphasis,
    Heading,
    Inline,
    Link,
    ListBlock,
    Math,
    MathBlock,
    More,
    Paragraph,
    Quote,
    Rule,
    Strike,
    Strong,
    Table,
    Text,
    code_text,
    inline_text,
    marker,
    math_text,
    shown,
    shown_rows,
    texts,
)
from sidelight.ui.document.columns import share_out
from sidelight.ui.theme import Palette, body_font, code_font

__all__ = ["MORE", "BlockDocument", "Role", "build", "gap_before"]

Role: TypeAlias = Literal["trace", "answer", "prompt"]
MORE = "sidelight:more"
"""The address behind "show more"; the view turns it into a signal of its own."""

_LINE = 1.45
_CODE_LINE = 1.4
_TRACE_SCALE = 0.93
_HEADINGS = {1: 1.32, 2: 1.2, 3: 1.09, 4: 1.0, 5: 1.0, 6: 0.95}
_SIDES: dict[Align, Qt.AlignmentFlag] = {
    "right": Qt.AlignmentFlag.AlignRight,
    "center": Qt.AlignmentFlag.AlignHCenter,
}
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


@dataclass(frozen=True, slots=True)
class _Marker:
    """What stands left of a text block: its right edge is at `right`."""

    position: int
    text: str
    right: float
    font: QFont


@dataclass(frozen=True, slots=True)
class _Panel:
    """The ground of a piece of code between two text blocks, and its language."""

    first: int
    last: int
    left: float
    continued: bool
    label: str


@dataclass(frozen=True, slots=True)
class _Bar:
    """The bar left of a quotation, from one text block to another."""

    first: int
    last: int
    left: float


class BlockDocument(QTextDocument):
    """A block's text, laid out for one width. Positions are QTextDocument's own (UTF-16 units)."""

    def __init__(self, palette: Palette, unit: float, text: str | None = None) -> None:
        """`text` is the colour of its letters, None that of an answer."""
        super().__init__()
        self.setUndoRedoEnabled(False)
        self.setDocumentMargin(0)
        self._colours = palette
        self.unit = unit
        self._text_palette = QPalette()
        self._text_palette.setColor(QPalette.ColorRole.Text, QColor(text or palette.text))
        self.markers: list[_Marker] = []
        self.panels: list[_Panel] = []
        self.bars: list[_Bar] = []
        self.rules: list[int] = []
        self.label_font = QFont()
        self.bottom = 0.0
        self.for_width_only = False  # holds a table, whose columns were shared out for one width

    def loadResource(self, kind: int, name: QUrl | str) -> object:  # noqa: ARG002 - Qt's signature
        """Nothing, whatever was named. A typed empty value: on None Qt would open the name itself."""
        return QImage() if kind == QTextDocument.ResourceType.ImageResource else QByteArray()

    @property
    def pad(self) -> float:
        """The space inside a panel, in pixels."""
        return round(self.unit * 0.7)

    def height(self) -> float:
        """In pixels, at the current text width."""
        return float(round(self.documentLayout().documentSize().height() + self.bottom))

    def paint(
        self,
        painter: QPainter,
        clip: QRectF,
        selections: Sequence[QAbstractTextDocumentLayout.Selection] = (),
    ) -> None:
        """Paint what lies in `clip`, both in the document's coordinates."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for panel in self.panels:
            self._paint_panel(painter, panel)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._colours.line))
        for bar in self.bars:
            lead = round(self.unit * 0.14)  # what a line keeps above its letters
            top, bottom = self._rect(bar.first).top() + lead, self._rect(bar.last).bottom() + lead
            painter.drawRoundedRect(QRectF(bar.left, top, 3, bottom - top), 1.5, 1.5)
        for position in self.rules:
            painter.drawRect(QRectF(0, round(self._rect(position).center().y()), self.textWidth(), 1))
        context = QAbstractTextDocumentLayout.PaintContext()
        context.clip = clip
        context.palette = self._text_palette
        if selections:
            context.selections = list(selections)
        self.documentLayout().draw(painter, context)
        painter.setPen(QColor(self._colours.muted))
        for mark in self.markers:
            self._paint_marker(painter, mark, clip)

    def _rect(self, position: int) -> QRectF:
        return self.documentLayout().blockBoundingRect(self.findBlock(position))

    def _paint_panel(self, painter: QPainter, panel: _Panel) -> None:
        first, last = self._rect(panel.first), self._rect(panel.last)
        head = 0.0 if panel.continued else self.pad
        if panel.label:
            head += QFontMetricsF(self.label_font).height()
        rect = QRectF(panel.left, first.top() - head, 0, 0)
        rect.setRight(self.textWidth())
        rect.setBottom(last.bottom() + self.pad)
        path = QPainterPath()
        path.setFillRule(Qt.FillRule.WindingFill)
        path.addRoundedRect(rect, 6, 6)
        if panel.continued:
            path.addRect(QRectF(rect.left(), rect.top(), rect.width(), min(6.0, rect.height())))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._colours.raised))
        painter.drawPath(path)
        if panel.label:
            painter.setFont(self.label_font)
            painter.setPen(QColor(self._colours.muted))
            line = QRectF(
                rect.left() + self.pad, rect.top() + self.pad * 0.6, rect.width() - 2 * self.pad, head
            )
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, panel.label)

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


def build(block: Block, palette: Palette, zoom: float, width: float, role: Role = "answer") -> BlockDocument:
    """The document of one block, laid out for `width` pixels. `zoom` 1.0 is 100 %."""
    writer = _Writer(palette, zoom, role, width)
    writer.block(block)
    return writer.done(block)


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

    def __init__(self, palette: Palette, zoom: float, role: Role, width: float) -> None:
        scale = _TRACE_SCALE if role == "trace" else 1.0
        self._palette = palette
        self._zoom, self._scale, self._width = zoom, scale, width
        self._body = body_font(palette, zoom, scale)
        self._code = code_font(palette, zoom, scale)
        self._unit = float(QFontInfo(self._body).pixelSize())
        colour = palette.muted if role == "trace" else palette.text
        self._document = BlockDocument(palette, self._unit, colour)
        self._document.setDefaultFont(self._body)
        self._document.label_font = body_font(palette, zoom, scale * 0.82)
        self._cursor = QTextCursor(self._document)
        self._fresh = True
        self._left = 0.0
        self._gap = 0.0
        self._quoted = 0

    def done(self, block: Block) -> BlockDocument:
        option = QTextOption()
        long_run = any(_BREAKLESS.search(t) for t in texts(block))
        option.setWrapMode(
            QTextOption.WrapMode.WrapAnywhere
            if long_run
            else QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere
        )
        option.setTabStopDistance(4 * QFontMetricsF(self._code).horizontalAdvance(" "))
        self._document.setDefaultTextOption(option)
        self._document.setTextWidth(self._width)
        self._document.bottom += max(0.0, self._gap)
        return self._document

    def block(self, block: Block) -> None:
        match block:
            case Paragraph(children):
                self._begin(text=inline_text(children))
                self._inlines(children, self._format())
            case Heading(level, children):
                self._heading(level, children)
            case CodeBlock():
                self._code_block(block)
            case MathBlock():
                self._begin(font=self._code)
                self._insert(math_text(block), self._format(self._code))
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

    def _begin(
        self, *, text: str = "", font: QFont | None = None, line: float = _LINE, right: float = 0.0
    ) -> None:
        """A new text block at the current indent, the gap above it; indented from the right where `text` runs so."""
        form = QTextBlockFormat()
        pixels = QFontInfo(font or self._body).pixelSize()
        form.setLineHeight(round(pixels * line), QTextBlockFormat.LineHeightTypes.MinimumHeight.value)
        mirrored = _runs_left(text)
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
            self._cursor.insertBlock(form, self._format())

    def _format(self, font: QFont | None = None) -> QTextCharFormat:
        form = QTextCharFormat()
        form.setFont(font or self._body)
        if self._quoted:
            form.setForeground(QColor(self._palette.muted))
        return form

    def _insert(self, text: str, form: QTextCharFormat) -> None:
        self._cursor.insertText(text.translate(_UNFIT), form)

    def _inlines(self, children: Sequence[Inline], form: QTextCharFormat) -> None:
        for child in children:
            changed = QTextCharFormat(form)
            match child:
                case Text(text):
                    self._insert(text, form)
                case Break():
                    self._insert("\n", form)
                case CodeSpan(text):
                    self._font(changed, self._code)
                    changed.setBackground(QColor(self._palette.raised))
                    self._insert(shown(text), changed)
                case Math(text, opener, closer):
                    self._font(changed, self._code)
                    self._insert(opener + text + closer, changed)
                case Emphasis(inner):
                    changed.setFontItalic(True)
                    self._inlines(inner, changed)
                case Strong(inner):
                    changed.setFontWeight(QFont.Weight.Bold)
                    self._inlines(inner, changed)
                case Strike(inner):
                    changed.setFontStrikeOut(True)
                    self._inlines(inner, changed)
                case Link(inner, href):
                    changed.setAnchor(True)
                    changed.setAnchorHref(href)
                    changed.setForeground(QColor(self._palette.accent))
                    changed.setFontUnderline(True)
                    self._inlines(inner, changed)

    @staticmethod
    def _font(form: QTextCharFormat, font: QFont) -> None:
        """Change family and size, keep weight and slant."""
        form.setFontFamilies([font.family()])
        form.setFontFixedPitch(True)
        form.setFontPointSize(form.fontPointSize() * 0.92)

    def _heading(self, level: int, children: Sequence[Inline]) -> None:
        font = body_font(self._palette, self._zoom, self._scale * _HEADINGS[level])
        font.setWeight(QFont.Weight.Bold if level <= 4 else QFont.Weight.DemiBold)
        self._begin(text=inline_text(children), font=font, line=1.3)
        self._inlines(children, self._format(font))

    def _code_block(self, block: CodeBlock) -> None:
        pad = self._document.pad
        label = "" if block.continued else block.language
        left = self._left
        self._gap += 0 if block.continued else pad
        if label:
            self._gap += QFontMetricsF(self._document.label_font).height()
        self._left += pad
        self._begin(font=self._code, line=_CODE_LINE, right=pad)
        self._left = left
        at = self._cursor.position()
        self._insert(code_text(block), self._format(self._code))
        self._document.panels.append(_Panel(at, self._cursor.position(), left, block.continued, label))
        self._gap = pad

    def _list(self, block: ListBlock) -> None:
        labels = [marker(block, i) for i in range(len(block.items))]
        space = round(self._unit * 0.45)
        widest = max((QFontMetricsF(self._body).horizontalAdvance(m) for m in labels), default=0.0)
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
        self._document.markers.append(_Marker(block.position(), label, self._left - space, self._body))

    def _quote(self, blocks: Sequence[Block]) -> None:
        outer = self._left
        self._left += round(self._unit * 1.05)
        self._quoted += 1
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
        self._document.bars.append(_Bar(first, self._cursor.position(), outer))
        self._quoted -= 1
        self._left = outer

    def _table(self, block: Table) -> None:
        self._document.for_width_only = True
        for scale in (1.0, 0.85):
            if (widths := self._column_widths(block, scale)) is not None:
                self._grid(block, widths, scale)
                break
        else:
            self._records(block)
        if any(block.hidden):
            self._gap += round(self._unit * 0.5)
            self._begin()
            rows, columns = block.hidden
            self._insert(messages.text("ui.document.hidden", rows=rows, columns=columns), self._muted())

    def _column_widths(self, block: Table, scale: float) -> list[int] | None:
        columns = [
            [inline_text(row[c]) for row in (block.header, *block.rows)] for c in range(len(block.header))
        ]
        font = body_font(self._palette, self._zoom, self._scale * scale)
        font.setWeight(QFont.Weight.DemiBold)
        padding = 2 * round(self._unit * 0.55) + 2
        return share_out(columns, self._width - self._left, padding, QFontMetricsF(font).horizontalAdvance)

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
        font = body_font(self._palette, self._zoom, self._scale * scale)
        for r, row in enumerate(rows):
            header = row is block.header
            for c, cell in enumerate(row):
                at = table.cellAt(r, c)
                at.setFormat(self._cell_format(c, len(widths), header=header))
                self._cell(at.firstCursorPosition(), cell, block.align[c], font, header=header)
        self._cursor.movePosition(QTextCursor.MoveOperation.End)
        after = QTextBlockFormat()  # QTextDocument keeps an empty text block after a table
        after.setLineHeight(1, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        self._cursor.setBlockFormat(after)

    def _records(self, block: Table) -> None:
        """Too many columns for the width: each row as a list of its own, one line a cell, the header before each."""
        bold, muted = self._format(), self._muted()
        bold.setFontWeight(QFont.Weight.DemiBold)
        for r, row in enumerate(block.rows or (block.header,)):
            filled = [(h, c) for h, c in zip(block.header, row, strict=True) if c]
            for i, (header, cell) in enumerate(filled):
                self._gap += round(self._unit * (0.7 if i == 0 and r else 0.12))
                self._begin(text=inline_text(cell))
                if i:
                    self._insert(inline_text(header) + ": ", muted)
                self._inlines(cell, self._format() if i else bold)

    def _muted(self) -> QTextCharFormat:
        form = self._format()
        form.setForeground(QColor(self._palette.muted))
        return form

    def _cell(
        self, cursor: QTextCursor, cell: Sequence[Inline], align: Align, font: QFont, *, header: bool
    ) -> None:
        form = QTextBlockFormat()
        pixels = QFontInfo(font).pixelSize()
        form.setLineHeight(round(pixels * 1.35), QTextBlockFormat.LineHeightTypes.MinimumHeight.value)
        if align in _SIDES:
            form.setAlignment(_SIDES[align])
        cursor.setBlockFormat(form)
        text = self._format(font)
        if header:
            text.setFontWeight(QFont.Weight.DemiBold)
        outer, self._cursor = self._cursor, cursor
        self._inlines(cell, text)
        self._cursor = outer

    def _cell_format(self, column: int, columns: int, *, header: bool) -> QTextTableCellFormat:
        form = QTextTableCellFormat()
        form.setTopPadding(round(self._unit * 0.3))
        form.setBottomPadding(round(self._unit * 0.3))
        form.setLeftPadding(0 if column == 0 else round(self._unit * 0.55))
        form.setRightPadding(0 if column == columns - 1 else round(self._unit * 0.55))
        form.setBottomBorder(1)
        form.setBottomBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
        form.setBottomBorderBrush(QBrush(QColor(self._palette.muted if header else self._palette.line)))
        return form

    def _more(self, characters: int) -> None:
        self._begin()
        self._insert(messages.text("ui.document.more", characters=f"{characters:,}") + " ", self._muted())
        link = self._format()
        link.setAnchor(True)
        link.setAnchorHref(MORE)
        link.setForeground(QColor(self._palette.accent))
        link.setFontUnderline(True)
        self._insert(messages.text("ui.document.show_more"), link)


def _runs_left(text: str) -> bool:
    """Whether the first letter that has a direction runs from right to left."""
    directions = (unicodedata.bidirectional(c) for c in text[:200])
    return next((d in ("R", "AL") for d in directions if d in ("L", "R", "AL")), False)


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
        text = cursor.selectedText().replace("\u2028", "\n").replace("\u2029", "\n")
        label = markers.get(start, "") if begin <= start else ""
        lines.append(f"{'-' if label == '•' else label} {text}" if label else text)
        block = block.next()
    return "\n".join(lines).strip("\n")
