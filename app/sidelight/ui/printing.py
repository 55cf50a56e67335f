"""Sets pages for PDF: what `sidelight --child print` does, with no window and no screen, until whoever started it is gone.

Documents are the ones the window shows, built for the width of a page and cut between lines. Not what is printed
(`transfer.formats.pdf`). Nothing is loaded that a text names.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeVar

import msgspec
from PySide6.QtCore import (
    QBuffer,
    QByteArray,
    QIODevice,
    QLocale,
    QMarginsF,
    QPointF,
    QRectF,
    QSizeF,
    Qt,
)
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QGuiApplication,
    QImage,
    QImageReader,
    QPageLayout,
    QPageSize,
    QPainter,
    QPdfWriter,
    QTextBlock,
)

from sidelight import messages
from sidelight.render import highlight, maths
from sidelight.render import markdown as reading
from sidelight.render.blocks import Block, Break, CodeBlock, Heading, Inline, Paragraph, Strong, Text
from sidelight.render.highlight import Colours
from sidelight.render.maths import Formula, Refused
from sidelight.transfer.formats import pdf
from sidelight.ui.document import colouring
from sidelight.ui.document.build import build, gap_before
from sidelight.ui.document.document import BlockDocument
from sidelight.ui.document.letters import Role
from sidelight.ui.theme import LIGHT, body_font
from sidelight.workers.frames import Done, Ready, pack, read_frame
from sidelight.workers.process import Worker, WorkerError

__all__ = ["Press", "run"]

T = TypeVar("T")
_DPI = 96
"""What documents are laid out for, and so what the pages count in; letters and formulas are shapes at any of them."""
_ZOOM = 0.95
"""Body text of 10 points."""
_MARGINS = QMarginsF(20, 18, 20, 22)
"""Millimetres."""
_ALL = 1_000_000
"""Pages of a text, as the window counts: all of it."""
_PIECE = 4_000_000
_INDENT = 14.0
"""Pixels by which what a model wrote stands in."""
_HIGHEST_PICTURE = 0.45
"""Of a page."""
_REMEMBERED = 2_000
"""Formulas: some 10 MB."""
_LEAST_BELOW = 3.2
"""Lines that must find room below a heading."""
_PALETTE = LIGHT._replace(raised="#f4f4f2", prompt="#eef1f6")

_STRIPS: Callable[[bytes], pdf.Strip] = msgspec.msgpack.Decoder(pdf.Strip).decode
_TYPESET: Callable[[bytes], Formula | Refused] = msgspec.msgpack.Decoder(Formula | Refused).decode
_READ: Callable[[bytes], Colours] = msgspec.msgpack.Decoder(Colours).decode


def run() -> None:
    """Serve until stdin ends, or the file is given. Never returns."""
    answers = os.dup(1)
    os.dup2(2, 1)  # a library may print; the answers must stand alone
    stdin = os.fdopen(0, "rb", closefd=False)
    with suppress(OSError):
        os.nice(5)
    app = QGuiApplication(["sidelight"])
    worker = Worker()
    press = Press(worker)
    _write(answers, pack(Ready()))
    while (frame := read_frame(stdin)) is not None:
        strip = _STRIPS(frame)
        if isinstance(strip, pdf.End):
            content = press.done()
            for at in range(0, len(content), _PIECE):
                _write(answers, pack(Done(content[at : at + _PIECE])))
        else:
            press.put(strip)
        _write(answers, pack(Ready()))
    worker.close()
    app.shutdown()
    os._exit(0)


class Press:
    """Sets strips one below the other, and page after page. Needs a QGuiApplication."""

    def __init__(self, worker: Worker | None = None) -> None:
        """`worker` typesets formulas and colours code; without it both stay as they are written."""
        self._worker = worker
        self._sheets = _Sheets()
        self._formulas: dict[tuple[str, bool, str], Formula | Refused] = {}

    def put(self, strip: pdf.Strip) -> None:
        """Set one strip."""
        sheets = self._sheets
        unit = sheets.unit
        match strip:
            case pdf.Opening(title):
                sheets.open(title)
                self._leaf(Heading(1, (Text(title),)), 0.0)
            case pdf.Heading(text, level):
                gap = {2: 2.2, 3: 1.7, 4: 1.0}.get(level, 1.0) * unit
                if level == 2:
                    sheets.rule(gap)
                    gap = 0.7 * unit
                size = {2: 2, 3: 4, 4: 6}.get(level, 6)
                self._leaf(Heading(size, (Text(text),)), gap, keep=_LEAST_BELOW * unit * 1.45)
            case pdf.Quiet(text):
                self._leaf(Paragraph((Text(text),)), 0.35 * unit, role="trace")
            case pdf.Facts(lines):
                self._facts(lines)
            case pdf.Prompt(text):
                self._prompt(text)
            case pdf.Markdown(text, role):
                self._markdown(text, role)
            case pdf.Picture(caption, content):
                self._picture(caption, content)
            case pdf.End():
                pass

    def done(self) -> bytes:
        """The file."""
        return self._sheets.done()

    # --- strips

    def _leaf(self, block: Block, gap: float, *, role: Role = "answer", keep: float = 0.0) -> None:
        self._sheets.put(build(block, _PALETTE, _ZOOM, self._sheets.width, role), gap, keep=keep)

    def _facts(self, lines: Sequence[tuple[str, str]]) -> None:
        """In one run, titles bold, set small."""
        said: list[Inline] = []
        for title, value in lines:
            if said:
                said.append(Text("   "))
            said += [Strong((Text(f"{title}:"),)), Text(f"\u00a0{' '.join(value.split())}")]
        if said:
            block = Paragraph(tuple(said))
            sheets = self._sheets
            document = build(block, _PALETTE, _ZOOM * 0.82, sheets.width, "trace")
            sheets.put(document, 0.7 * sheets.unit)

    def _prompt(self, text: str) -> None:
        """On a ground of its own, one paragraph a line."""
        sheets = self._sheets
        pad = 0.7 * sheets.unit
        written: list[Inline] = []
        for line in reading.normal(text).split("\n"):
            if written:
                written.append(Break())
            written.append(Text(line))
        document = build(Paragraph(tuple(written)), _PALETTE, _ZOOM, sheets.width - 2 * pad, "prompt")
        sheets.put(document, 0.5 * sheets.unit + pad, left=pad, ground=_Ground(_PALETTE.prompt, pad))
        sheets.space(pad)

    def _markdown(self, text: str, role: Role) -> None:
        """Right of a bar, so that a model's words cannot pass for ours; its headings are smaller than ours."""
        sheets = self._sheets
        ground = _Ground(bar=_PALETTE.line if role == "trace" else _PALETTE.accent)
        before: Block | None = None
        codes: list[CodeBlock | None] = []
        for block in reading.parse(text, pages=_ALL):
            if isinstance(block, Heading):
                block = replace(block, level=min(6, block.level + 2))
            document = self._built(block, sheets.width - _INDENT, role, codes)
            gap = gap_before(block, before, document.look.unit, document.pad)
            first = 0.4 * sheets.unit if before is None else gap
            keep = 2.5 * sheets.unit if isinstance(block, Heading) else 0.0
            sheets.put(document, first, left=_INDENT, ground=ground, keep=keep)
            codes.append(block if isinstance(block, CodeBlock) else None)
            before = block

    def _built(
        self, block: Block, width: float, role: Role, codes: Sequence[CodeBlock | None]
    ) -> BlockDocument:
        document = build(block, _PALETTE, _ZOOM, width, role, self._formula)
        if document.overflow:  # set for what it needs; it is drawn smaller
            document = build(block, _PALETTE, _ZOOM, width + document.overflow, role, self._formula)
        goes_on = isinstance(block, CodeBlock) and block.continued
        earlier = colouring.before(codes[::-1]) if goes_on else ""
        for code in document.codes:
            code.asked = code.block
            colouring.colour(document, code, False, lambda c, lang: self._colours(c, lang, earlier))
        return document

    def _picture(self, caption: str, content: bytes) -> None:
        sheets = self._sheets
        image = _decoded(content)
        if image is not None:
            sheets.image(image, 0.6 * sheets.unit)
        said = f"{messages.text('transfer.attached')}: {caption}"
        self._leaf(Paragraph((Text(said),)), 0.4 * sheets.unit, role="trace")

    # --- what the worker makes

    def _formula(self, source: str, display: bool, colour: str) -> Formula | Refused | None:
        key = (source, display, colour)
        if self._worker is None or key in self._formulas:
            return self._formulas.get(key)
        if len(self._formulas) >= _REMEMBERED:
            self._formulas.clear()
        found = self._formulas[key] = self._typeset(self._worker, key)
        return found

    def _typeset(self, worker: Worker, key: tuple[str, bool, str]) -> Formula | Refused:
        job = worker.submit(maths.JOB, key, _TYPESET, within=maths.WITHIN)
        try:
            made = job.result()
        except WorkerError:
            return Refused("time")
        if isinstance(made, Refused):
            return made
        # Qt draws an outline on paper though a shape has none: then at least without a width
        return msgspec.structs.replace(made, svg=made.svg.replace("<svg ", '<svg stroke-width="0" ', 1))

    def _colours(self, code: str, language: str, before: str) -> Colours | None:
        key = highlight.to_read(code, language, before)
        if isinstance(key, Colours) or self._worker is None:
            return key if isinstance(key, Colours) else None
        try:
            return self._worker.submit(highlight.JOB, key, _READ).result()
        except WorkerError:
            return None


@dataclass(frozen=True, slots=True)
class _Ground:
    """What is painted behind a document: a ground that is `pad` larger on all sides, or a bar at its left."""

    colour: str = ""
    pad: float = 0.0
    bar: str = ""


class _Sheets:
    """The pages: where the next thing goes, and the file they go to. All lengths in pixels at 96 to an inch."""

    def __init__(self) -> None:
        self._content = QByteArray()
        self._buffer = QBuffer(self._content)
        self._buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        self._writer = writer = QPdfWriter(self._buffer)
        us = QLocale().measurementSystem() is QLocale.MeasurementSystem.ImperialUSSystem
        size = QPageSize(QPageSize.PageSizeId.Letter if us else QPageSize.PageSizeId.A4)
        writer.setPageLayout(
            QPageLayout(size, QPageLayout.Orientation.Portrait, _MARGINS, QPageLayout.Unit.Millimeter)
        )
        writer.setResolution(_DPI)
        writer.setCreator(messages.text("app.name"))
        area = writer.pageLayout().paintRectPixels(_DPI)
        self.width, self._height = float(area.width()), float(area.height())
        self.unit = float(build(Paragraph(()), _PALETTE, _ZOOM, self.width).look.unit)
        self._painter = QPainter()
        self._font = body_font(_PALETTE, _ZOOM, 0.8)
        self._title = ""
        self._page = 0
        self._y = 0.0
        self._begun = False
        self._bar: tuple[int, str, float] | None = None
        """Where the last bar ends: its page, its colour and its lower end."""

    def open(self, title: str) -> None:
        """Begin a conversation, on a page of its own; its title stands at the foot of its pages."""
        if not self._begun:
            self._writer.setTitle(title)
        self._title = title
        self._turn_over()

    def put(
        self,
        document: BlockDocument,
        gap: float,
        *,
        left: float = 0.0,
        ground: _Ground | None = None,
        keep: float = 0.0,
    ) -> None:
        """Set a document `gap` below what stands there; `keep`: room that must be left below it on its page.

        What is wider than the page is drawn smaller. It is cut between lines, where there is a place for a cut.
        """
        width = self.width - left - (ground.pad if ground is not None else 0.0)
        scale = min(1.0, width / document.textWidth()) if document.textWidth() > 0 else 1.0
        whole = document.height()
        first = ground.pad if ground is not None else 0.0
        gap = gap if self._y > 0 else first
        if self._y > 0 and self._y + gap + scale * whole + keep > self._height and keep:
            self._turn_over()
            gap = first
        self._y += gap
        cuts = _cuts(document, whole)
        at = 0.0
        while at < whole:
            room = (self._height - self._y) / scale
            end = whole if at + room >= whole else next((c for c in cuts if at < c <= at + room), None)
            if end is None:
                if self._y > first:
                    self._turn_over()
                    self._y = first
                    continue
                end = at + room  # one line, or a picture, that is higher than a page
            self._draw(document, at, end, cuts.get(at, 0.0), left, scale, ground)
            self._y += scale * (end - at)
            at = end
            if at < whole:
                self._turn_over()
                self._y = first

    def space(self, height: float) -> None:
        """Leave room, unless a page begins."""
        if self._y > 0:
            self._y += height

    def rule(self, gap: float) -> None:
        """A thin line across, unless a page begins."""
        if self._y > 0 and self._y + gap + 6 * self.unit < self._height:
            self._y += gap
            self._painter.fillRect(QRectF(0, self._y, self.width, 0.75), QColor(_PALETTE.line))

    def image(self, image: QImage, gap: float) -> None:
        """Set a picture, smaller where it is large."""
        size = QSizeF(image.size())
        most = QSizeF(self.width, self._height * _HIGHEST_PICTURE)
        if size.width() > most.width() or size.height() > most.height():
            size.scale(most, Qt.AspectRatioMode.KeepAspectRatio)
        if self._y > 0 and self._y + gap + size.height() > self._height:
            self._turn_over()
        self._y += gap if self._y > 0 else 0.0
        self._painter.drawImage(QRectF(QPointF(0, self._y), size), image)
        self._y += size.height()

    def done(self) -> bytes:
        """The file."""
        if not self._begun:
            self._turn_over()
        self._painter.end()
        self._buffer.close()
        return bytes(self._content.data())

    def _draw(
        self,
        document: BlockDocument,
        begin: float,
        end: float,
        line: float,
        left: float,
        scale: float,
        ground: _Ground | None,
    ) -> None:
        """Paint what lies between two heights of a document; `line` as `_cuts` gives it for the upper one."""
        painter = self._painter
        place = QRectF(left, self._y, self.width - left, scale * (end - begin))
        if ground is not None and ground.colour:
            around = place.adjusted(-ground.pad, -ground.pad, 0, ground.pad)
            painter.fillRect(around, QColor(ground.colour))
        if ground is not None and ground.bar:
            goes_on = self._bar is not None and self._bar[:2] == (self._page, ground.bar)
            top = self._bar[2] if goes_on and self._bar is not None else place.top()
            painter.fillRect(QRectF(1, top, 2, place.bottom() - top), QColor(ground.bar))
            self._bar = (self._page, ground.bar, place.bottom())
        else:
            self._bar = None
        painter.save()
        painter.setClipRect(place.adjusted(-left, 0, 0, 0))
        painter.translate(left, self._y)
        painter.scale(scale, scale)
        painter.translate(0, -begin)
        # Qt also draws the last line that is wholly above: it would not be seen, but who copies would have it twice
        document.paint(
            painter, QRectF(0, begin, document.textWidth(), end - begin).adjusted(0, 1 + line, 0, -1)
        )
        painter.restore()

    def _turn_over(self) -> None:
        """Begin the next page, and put its number at its foot."""
        if not self._begun:
            self._painter.begin(self._writer)
            self._begun = True
        else:
            self._writer.newPage()
        self._page += 1
        self._y = 0.0
        painter = self._painter
        painter.save()
        painter.setFont(self._font)
        painter.setPen(QColor(_PALETTE.muted))
        metrics = QFontMetricsF(self._font)
        foot = QRectF(0, self._height + 1.6 * self.unit, self.width, metrics.height())
        number = str(self._page)
        title = metrics.elidedText(
            self._title, Qt.TextElideMode.ElideRight, self.width - metrics.horizontalAdvance(number) - 40
        )
        painter.drawText(foot, int(Qt.AlignmentFlag.AlignLeft), title)
        painter.drawText(foot, int(Qt.AlignmentFlag.AlignRight), number)
        painter.restore()


def _cuts(document: BlockDocument, whole: float) -> dict[float, float]:
    """Heights at which no line and no row of a table is cut, the lowest first, each with the height of the line below it
    where that goes on from a line above."""
    found: dict[float, float] = {}
    reach = 0.0
    for top, bottom, line in sorted(_spans(document)):
        if top >= reach and 0 < top < whole:
            found[top] = line
        reach = max(reach, bottom)
    return dict(reversed(found.items()))


def _spans(document: BlockDocument) -> Iterator[tuple[float, float, float]]:
    """From where to where each line reaches that may stand alone, and each row of a table; and the line's height where a
    line of the same text is above it. The first two lines of a text stay together, and so do its last two."""
    layout = document.documentLayout()
    for table in document.tables:
        for row in range(table.rows()):
            tops, bottoms = [], []
            for column in range(table.columns()):
                cell = table.cellAt(row, column)
                form = cell.format().toTableCellFormat()
                first, last = cell.firstCursorPosition().block(), cell.lastCursorPosition().block()
                tops.append(layout.blockBoundingRect(first).top() - form.topPadding())
                bottoms.append(layout.blockBoundingRect(last).bottom() + form.bottomPadding())
            yield min(tops), max(bottoms), 0.0
    block: QTextBlock = document.begin()
    while block.isValid():
        top = layout.blockBoundingRect(block).top()
        lines = [block.layout().lineAt(n) for n in range(block.layout().lineCount())]
        tops = [top + line.y() for line in lines]
        bottoms = [top + line.y() + line.height() for line in lines]
        if len(lines) > 1:
            yield tops[0], bottoms[1], 0.0
            yield tops[-2], bottoms[-1], lines[-2].height() if len(lines) > 2 else 0.0
        for n, line in enumerate(lines):
            yield tops[n], bottoms[n], line.height() if n else 0.0
        block = block.next()


def _decoded(content: bytes) -> QImage | None:
    if not content:
        return None
    device = QBuffer()
    device.setData(QByteArray(content))
    device.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(device)
    reader.setAutoTransform(True)
    image = reader.read()
    return None if image.isNull() else image


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
