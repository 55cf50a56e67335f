"""Text of the inspector that can be selected: sentences and a table of lines, and the box for what was sent.

Built by a text cursor from plain strings: no markup is ever read, and whatever is too long breaks anywhere.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QResizeEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextLength,
    QTextOption,
    QTextTableCellFormat,
    QTextTableFormat,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QSizePolicy, QTextEdit, QWidget

from sidelight import messages
from sidelight.ui.panes.inspect.values import Line, Section, Tone
from sidelight.ui.theme import LIGHT, Palette, body_font, code_font

__all__ = ["Box", "SectionText"]

_SCALE, _SMALL = 0.9, 0.82
_LABELS = 36
"""Per cent of the width that labels take where they stand beside their values."""
_WIDE = 38
"""Letters of width from which on labels stand beside their values, not above them."""
_SHOWN, _LONG_LINE = 200_000, 10_000


class SectionText(QTextEdit):
    """Sentences and lines of one section, as high as they are; the scroll area around it scrolls."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._section = Section("identity", "")
        self._palette = LIGHT
        self._zoom = 1.0
        self._built: object = None
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.document().setDocumentMargin(0)

    def show_value(self, section: Section, palette: Palette, zoom: float) -> None:
        """Draw the section."""
        self._section, self._palette, self._zoom = section, palette, zoom
        self.setAccessibleName(section.title)
        self._draw()

    @property
    def wide(self) -> bool:
        """Whether labels stand beside their values."""
        return self.viewport().width() >= _WIDE * self._letter()

    def _letter(self) -> float:
        """The width of an average letter of the section's text."""
        return body_font(self._palette, self._zoom, _SCALE).pointSizeF() * self.logicalDpiX() / 72 * 0.5

    def _draw(self) -> None:
        wanted = (self._section, self._palette, self._zoom, self.wide)
        if wanted != self._built:
            self._built = wanted
            self._build()
        self._fit()

    def _fit(self) -> None:
        document = self.document()
        document.setTextWidth(self.viewport().width())
        high = math.ceil(document.size().height())
        if high != self.height():
            self.setFixedHeight(high)

    def minimumSizeHint(self) -> QSize:
        """As narrow as the pane wants it."""
        return QSize(80, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Break the lines anew; stand labels above their values where there is little room."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._draw()
        self.verticalScrollBar().setRange(0, 0)  # Qt keeps the range of the size before

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Let the pane scroll."""
        event.ignore()

    # --- building

    def _build(self) -> None:
        self.clear()
        self.document().setDefaultFont(body_font(self._palette, self._zoom, _SCALE))
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        gap = round(4 * self._zoom)
        started = False
        for sentence in self._section.sentences:
            self._paragraph(cursor, gap, first=not started)
            started = True
            cursor.insertText(sentence.text, self._format(sentence.tone))
        if self._section.lines and self.wide:
            self._table(cursor)
        else:
            for line in self._section.lines:
                self._paragraph(cursor, gap, first=not started)
                started = True
                cursor.insertText(line.label, self._format("muted", _SMALL))
                self._paragraph(cursor, 0, first=False)
                self._value(cursor, line)
        cursor.endEditBlock()

    def _paragraph(self, cursor: QTextCursor, gap: int, *, first: bool) -> None:
        block = QTextBlockFormat()
        block.setTopMargin(0 if first else gap)
        if first:
            cursor.setBlockFormat(block)
        else:
            cursor.insertBlock(block, self._format("plain"))

    def _table(self, cursor: QTextCursor) -> None:
        form = QTextTableFormat()
        form.setBorder(0)
        form.setCellSpacing(0)
        form.setCellPadding(0)
        form.setMargin(0)
        form.setTopMargin(round(4 * self._zoom) if self._section.sentences else 0)
        form.setWidth(QTextLength(QTextLength.Type.PercentageLength, 100))
        form.setColumnWidthConstraints(
            [
                QTextLength(QTextLength.Type.PercentageLength, _LABELS),
                QTextLength(QTextLength.Type.PercentageLength, 100 - _LABELS),
            ]
        )
        cell = QTextTableCellFormat()
        cell.setTopPadding(round(2 * self._zoom))
        cell.setBottomPadding(round(2 * self._zoom))
        cell.setRightPadding(round(6 * self._zoom))
        if not self._section.sentences:
            _flatten(cursor)
        table = cursor.insertTable(len(self._section.lines), 2, form)
        for row, line in enumerate(self._section.lines):
            for column in (0, 1):
                table.cellAt(row, column).setFormat(cell)
            table.cellAt(row, 0).firstCursorPosition().insertText(line.label, self._format("muted"))
            self._value(table.cellAt(row, 1).firstCursorPosition(), line)
        cursor.movePosition(QTextCursor.MoveOperation.End)
        _flatten(cursor)

    def _value(self, cursor: QTextCursor, line: Line) -> None:
        cursor.insertText(line.value, self._format("plain"))
        if line.mark:
            cursor.insertText("  ", self._format("plain"))
            cursor.insertText(line.mark.replace(" ", "\u00a0"), self._format(line.tone, _SMALL))
        if line.note:
            self._paragraph(cursor, 0, first=False)
            cursor.insertText(line.note, self._format("muted", _SMALL))

    def _format(self, tone: Tone, scale: float = _SCALE) -> QTextCharFormat:
        colours = self._palette
        colour = {"muted": colours.muted, "good": colours.good, "warning": colours.warning}.get(
            tone, colours.text
        )
        form = QTextCharFormat()
        font = body_font(colours, self._zoom, scale)
        font.setWeight(QFont.Weight.DemiBold if tone == "strong" else QFont.Weight.Normal)
        form.setFont(font)
        form.setForeground(QColor(colour))
        return form


def _flatten(cursor: QTextCursor) -> None:
    """Take the height of the empty paragraph that a table always has before and after it."""
    block = QTextBlockFormat()
    block.setLineHeight(1, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
    cursor.setBlockFormat(block)


class Box(QPlainTextEdit):
    """A long text in a box that scrolls by itself; what would stop the window is cut, and said to be."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text: str | None = None
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.setAccessibleName(name)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )

    def show_value(self, text: str, palette: Palette, zoom: float) -> None:
        """Show the text, at most a dozen lines high."""
        self.setFont(code_font(palette, zoom, _SCALE))
        if text != self._text:
            self._text = text
            self.setPlainText(cut(text))
            self.verticalScrollBar().setValue(0)  # Qt has made room for a cursor that is not shown
        lines = min(12, max(6, text.count("\n") + 2))
        self.setFixedHeight(round((lines + 1) * self.fontMetrics().lineSpacing()))


def cut(text: str) -> str:
    """The text as far as it can be laid out without a stall; a last line says what is missing."""
    whole = len(text)
    lines = [line[:_LONG_LINE] for line in text[:_SHOWN].split("\n")]
    shown = "\n".join(lines)
    if len(shown) == whole:
        return shown
    return shown + "\n\n" + messages.text("ui.details.cut", n=f"{whole - len(shown):,}")
