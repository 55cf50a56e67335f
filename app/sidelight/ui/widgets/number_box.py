"""A field for a whole number whose text stands as far from the edge as in a line of text: a style sheet cannot do that."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QSpinBox, QWidget

__all__ = ["NumberBox"]


class NumberBox(QSpinBox):
    """From `least` to `most` by `step`; `unit` is written behind the number. Tells a number once it is typed whole."""

    def __init__(
        self, least: int, most: int, step: int = 1, unit: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setRange(least, most)
        self.setSingleStep(step)
        self.setSuffix(unit)
        self.setKeyboardTracking(False)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Fit again after a change of font."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def _fit(self) -> None:
        self.lineEdit().setTextMargins(self.fontMetrics().averageCharWidth(), 0, 0, 0)
