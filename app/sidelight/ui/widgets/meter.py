"""A thin bar that fills: context used, bytes fetched. It draws a fraction and knows no unit."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

from sidelight.ui.widgets.plain import plain_tip

__all__ = ["Meter"]


class Meter(QWidget):
    """Shows a fraction between 0 and 1; `ems` is its preferred width in letters of its font."""

    def __init__(self, ems: int = 5, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ems = ems
        self._fraction = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    def show_value(self, fraction: float, meaning: str) -> None:
        """Fill to `fraction`; `meaning` says it in words (tooltip, accessible name)."""
        fraction = min(1.0, max(0.0, fraction))
        if meaning != self.accessibleName():
            self.setAccessibleName(meaning)
            self.setToolTip(plain_tip(meaning))
        if abs(fraction - self._fraction) > 0.0005:
            self._fraction = fraction
            self.update()

    @property
    def fraction(self) -> float:
        """What it shows."""
        return self._fraction

    def sizeHint(self) -> QSize:
        """A few letters wide, one line high."""
        metrics = self.fontMetrics()
        return QSize(self._ems * metrics.averageCharWidth() * 2, metrics.height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A hairline trough, filled in the accent colour; past nine tenths in the colour of a warning."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        high = max(4.0, self.fontMetrics().height() / 4)
        trough = QRectF(0, (self.height() - high) / 2, self.width(), high)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.palette().color(QPalette.ColorRole.Mid))
        painter.drawRoundedRect(trough, high / 2, high / 2)
        if self._fraction > 0:
            role = QPalette.ColorRole.BrightText if self._fraction > 0.9 else QPalette.ColorRole.Accent
            painter.setBrush(self.palette().color(role))
            filled = QRectF(trough)
            filled.setWidth(max(high, trough.width() * self._fraction))
            painter.drawRoundedRect(filled, high / 2, high / 2)
