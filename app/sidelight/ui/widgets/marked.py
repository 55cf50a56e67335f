"""A few lines of plain text in which parts are bold, drawn into a row of a list. No markup is read, and it knows no chat."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QPainter,
    QTextCharFormat,
    QTextLayout,
    QTextLine,
    QTextOption,
)

__all__ = ["draw_marked"]


def draw_marked(
    painter: QPainter,
    box: QRect,
    text: str,
    marks: Sequence[tuple[int, int]],
    font: QFont,
    colours: tuple[QColor, QColor],
    lines: int = 2,
) -> None:
    """Draw at most so many lines, among them the one of the first mark: `colours` of the text and of its marked parts.

    `marks` count code points, as Python does. Lines stand at the font's own distance: a letter that another font has to
    lend would push them apart.
    """
    layout = QTextLayout(text, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.setFormats([_bold(text, start, end, colours[1]) for start, end in marks])
    made: list[QTextLine] = []
    layout.beginLayout()
    while (line := layout.createLine()).isValid():
        line.setLineWidth(box.width())
        made.append(line)
    layout.endLayout()
    at = _units(text[: marks[0][0]]) if marks else 0
    marked = next((n for n, line in enumerate(made) if at < line.textStart() + line.textLength()), 0)
    first = min(max(0, marked - lines + 1), max(0, len(made) - lines))
    painter.save()
    painter.setClipRect(box, Qt.ClipOperation.IntersectClip)
    painter.setPen(colours[0])
    metrics = QFontMetrics(font)
    for place, line in enumerate(made[first : first + lines]):
        base = box.top() + place * metrics.lineSpacing() + metrics.ascent()
        line.draw(painter, QPointF(box.left(), base - line.ascent() - line.y()))
    painter.restore()


def _bold(text: str, start: int, end: int, colour: QColor) -> QTextLayout.FormatRange:
    found = QTextLayout.FormatRange()
    found.start = _units(text[:start])
    found.length = _units(text[start:end])
    form = QTextCharFormat()
    form.setFontWeight(QFont.Weight.Bold)
    form.setForeground(colour)
    found.format = form
    return found


def _units(text: str) -> int:
    """Qt counts in UTF-16."""
    return len(text) + sum(letter > "\uffff" for letter in text)
