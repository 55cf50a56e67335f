"""The round button that leads back to the end of a view."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QAbstractScrollArea

from sidelight import messages
from sidelight.ui.theme import LIGHT, Palette

__all__ = ["EndButton"]

_SIZE = 34


class EndButton(QAbstractButton):
    """Lies over the lower edge of its scroll area; shown and hidden by it."""

    def __init__(self, area: QAbstractScrollArea) -> None:
        super().__init__(area)
        self._area = area
        self._colours = LIGHT
        self.setFixedSize(_SIZE, _SIZE)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(messages.text("ui.document.to_end"))
        self.setToolTip(messages.text("ui.document.to_end"))
        self.hide()

    def set_colours(self, palette: Palette) -> None:
        """Draw in these colours."""
        self._colours = palette
        self.update()

    def place(self) -> None:
        """Centred above the lower edge."""
        view = self._area.viewport().geometry()
        self.move(view.center().x() - _SIZE // 2, view.bottom() - _SIZE - 10)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        strong = self.hasFocus() or self.underMouse()
        painter.setPen(
            QPen(QColor(self._colours.accent if strong else self._colours.line), 2 if self.hasFocus() else 1)
        )
        painter.setBrush(QColor(self._colours.raised))
        painter.drawEllipse(QRectF(1, 1, _SIZE - 2, _SIZE - 2))
        pen = QPen(QColor(self._colours.text), 2)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        middle = _SIZE / 2
        painter.drawPolyline(
            [QPointF(middle - 5, middle - 2), QPointF(middle, middle + 3.5), QPointF(middle + 5, middle - 2)]
        )
        painter.end()
