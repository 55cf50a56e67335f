"""The document of one block: text laid out by Qt, and what is painted beside it, from which pictures can be told apart.

Documents are written by `build` and extended by `grow`; there is no HTML here, and a document loads nothing that it names.
What is not text (grounds of code, bars of quotes, list markers, rules) is painted beside the text and takes no part in
selection.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import cast

from PySide6.QtCore import QByteArray, QPointF, QRectF, Qt, QUrl
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QPainter,
    QPainterPath,
    QPalette,
    QTextBlock,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextLine,
    QTextTable,
)

from sidelight import messages
from sidelight.render.blocks import CodeBlock
from sidelight.render.maths import Formula, Refused
from sidelight.ui.document.letters import Hand, Letters, Run, Style
from sidelight.ui.document.pictures import OBJECT, Ask, Objects, Placed, formula_in
from sidelight.ui.widgets.plain import plain_tip

__all__ = [
    "BODY",
    "MORE",
    "SCROLLER",
    "Bar",
    "BlockDocument",
    "Code",
    "End",
    "Marker",
    "Panel",
    "is_formula",
    "moved",
    "text_between",
    "units",
]

MORE = "sidelight:more"
"""The address behind "show more"; the view turns it into a signal of its own."""
SCROLLER = 8
"""Pixels below a table, and within the foot of code, for what shows how far it is scrolled sideways."""
BODY = Hand()

_HAIR = 4
"""Pixels that columns may be too wide, each being rounded, before there is anything to scroll."""
_ROUND = 6.0
_SMALLEST = 0.55
"""A formula too wide for its place is drawn smaller, down to this scale; beyond, its source is shown."""
_PICTURES = 400
"""In one document at most."""
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
class Marker:
    """What stands left of a text block: its right edge is at `right`."""

    position: int
    text: str
    right: float
    font: QFont


@dataclass(frozen=True, slots=True)
class Panel:
    """The ground of a piece of code, which is the text block at `position`, and its language."""

    position: int
    left: float
    continued: bool
    label: str


@dataclass(frozen=True, slots=True)
class Bar:
    """The bar left of a quotation, from one text block to another."""

    first: int
    last: int
    left: float


@dataclass(frozen=True, slots=True)
class End:
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
        self.setDefaultFont(look.font(BODY))
        self.look = look
        self._layout: QAbstractTextDocumentLayout | None = None
        self.markers: list[Marker] = []
        self.panels: list[Panel] = []
        self.bars: list[Bar] = []
        self.rules: list[int] = []
        self.tables: list[QTextTable] = []
        self.bottom = 0.0
        self.for_width_only = False  # holds a table, whose columns were shared out for one width
        self.wraps = True  # lines of code are broken
        self.breakless = False  # holds a run of letters so long that words cannot guide where lines end
        self.last: End | None = None  # None where the last text block is none that can grow
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
        if style and style[-1] == "formula":
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
        return units(text)

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
        places = (units(raw[: found.start()]) for found in re.finditer(OBJECT, raw))
        return list(zip(places, (p.source for p in self._objects.placed), strict=True))

    def spelled(self, text: str, position: int) -> str:
        """A stretch of the document's text, which begins at `position`, with the sources in place of pictures."""
        if OBJECT not in text:
            return text
        sources = iter([source for at, source in self.pictures() if at >= position])
        return re.sub(OBJECT, lambda _: next(sources), text)

    @property
    def _laid(self) -> QAbstractTextDocumentLayout:
        """The layout; not before it is to be laid out, since from then on every change is laid out at once."""
        if self._layout is None:  # each time Qt is asked for it, it is wrapped anew
            self._layout = self.documentLayout()
        return self._layout

    @property
    def pad(self) -> float:
        """The space inside a panel, in pixels."""
        return round(self.look.unit * 0.7)

    def height(self) -> float:
        """In pixels, at the current text width."""
        bar = SCROLLER if self.tables and self.overflow else 0
        return float(round(self._laid.documentSize().height() + self.bottom)) + bar

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
        self._laid.draw(painter, context)
        if self.markers:
            painter.setPen(QColor(self.look.colours.muted))
        for mark in self.markers:
            self._paint_marker(painter, mark, clip)

    @property
    def overflow(self) -> int:
        """By how many pixels tables and code that is not wrapped are wider than the place."""
        if self.wraps and not self.tables:
            return 0
        more = ceil(self._laid.documentSize().width() - self.textWidth())
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
        rect = self._laid.frameBoundingRect(self.tables[n])
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
        return self._laid.blockBoundingRect(self.findBlock(position))

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

    def _paint_marker(self, painter: QPainter, mark: Marker, clip: QRectF) -> None:
        block = self.findBlock(mark.position)
        rect = self._laid.blockBoundingRect(block)
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


def moved(position: int, before: Sequence[tuple[int, str]], now: Sequence[tuple[int, str]]) -> int:
    """Where a position is when other formulas are pictures than before; see `BlockDocument.pictures`."""
    reading = position + sum(units(source) - 1 for at, source in before if at < position)
    for at, source in now:
        if reading <= at:
            break
        reading = max(at + 1, reading - units(source) + 1)
    return reading


def is_formula(run: Run) -> bool:
    return run[1][-1:] == ("formula",)


def _noted(form: QTextCharFormat, why: str) -> QTextCharFormat:
    """The format of a source that is shown in place of a picture, with the reason."""
    noted = QTextCharFormat(form)
    noted.setToolTip(plain_tip(messages.text(_WHY_NOT[why])))
    return noted


def units(text: str) -> int:
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
