"""The line of time of one reply: a thin line with thicker stretches for thoughts and answer, and a tick for each moment."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from sidelight import messages
from sidelight.ui import wording
from sidelight.ui.panes.inspect.values import Timeline
from sidelight.ui.theme import LIGHT, Palette
from sidelight.ui.widgets.plain import plain_tip

__all__ = ["TimelineView"]

_AT_ONCE = 3.0
"""Pixels of a stretch too short to be seen: it is drawn this wide, as a mark."""


class TimelineView(QWidget):
    """Draws a `Timeline`; its legend and both ends stand below the line."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value = Timeline(0.0)
        self._palette = LIGHT
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_value(self, value: Timeline, palette: Palette) -> None:
        """Draw this line in these colours."""
        if (value, palette) == (self._value, self._palette):
            return
        self._value, self._palette = value, palette
        self.setAccessibleName(value.meaning)
        self.setToolTip(plain_tip(value.meaning))
        self.update()

    def sizeHint(self) -> QSize:
        """The line, and a row of words below."""
        return QSize(120, round(2.1 * self.fontMetrics().height()))

    def stretch(self, began: float, ended: float) -> tuple[float, float]:
        """Left and right edge of a stretch, in pixels."""
        end, room = max(self._value.end, 1e-9), self.width() - 2.0
        left, right = 1 + room * began / end, 1 + room * ended / end
        if right - left < _AT_ONCE:
            left = min(left, 1 + room - _AT_ONCE)
            right = left + _AT_ONCE
        return left, right

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The waiting is a thin line, what came a thick one."""
        value, colours = self._value, self._palette
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        high = self.fontMetrics().height()
        middle, thick = 0.5 * high, max(4.0, 0.3 * high)
        painter.setPen(QPen(QColor(colours.muted), 1.0))
        painter.drawLine(QLineF(1, middle, self.width() - 1, middle))
        painter.setPen(Qt.PenStyle.NoPen)
        for span, colour in ((value.thoughts, colours.accent), (value.answer, colours.text)):
            if span is not None:
                left, right = self.stretch(*span)
                painter.setBrush(QColor(colour))
                painter.drawRect(QRectF(left, middle - thick / 2, right - left, thick))
        painter.setPen(QPen(QColor(colours.muted), 1.0))
        for at in (0.0, *value.marks):
            x = self.stretch(at, at)[0]
            painter.drawLine(QLineF(x, middle - 0.4 * high, x, middle + 0.4 * high))
        self._words(painter, high)

    def _words(self, painter: QPainter, high: int) -> None:
        """Legend left, length right; the legend gives way where there is no room."""
        value, colours, metrics = self._value, self._palette, self.fontMetrics()
        base = 1.1 * high + metrics.ascent()
        length = wording.seconds(value.end)
        right = self.width() - 1 - metrics.horizontalAdvance(length)
        painter.setPen(QColor(colours.muted))
        painter.drawText(QPointF(right, base), length)
        x, box = 1.0, 0.5 * high
        for span, colour, caption in (
            (value.thoughts, colours.accent, messages.text("ui.details.time.thoughts")),
            (value.answer, colours.text, messages.text("ui.details.tokens.answer")),
        ):
            wide = box + 0.3 * high + metrics.horizontalAdvance(caption)
            if span is None or x + wide + high > right:
                continue
            painter.fillRect(QRectF(x, base - metrics.capHeight() / 2 - box / 2, box, box), QColor(colour))
            painter.setPen(QColor(colours.muted))
            painter.drawText(QPointF(x + box + 0.3 * high, base), caption)
            x += wide + 0.8 * high
