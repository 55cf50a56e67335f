"""A scroll bar that is painted anew only when it looks different: text that grows changes its range with every line, but
its thumb by less than a pixel.
"""

from __future__ import annotations

from PySide6.QtWidgets import QAbstractSlider, QScrollBar, QWidget

__all__ = ["QuietBar"]


class QuietBar(QScrollBar):
    """Upright."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[int, ...] = ()

    def sliderChange(self, change: QAbstractSlider.SliderChange) -> None:
        """Paint, if the thumb stands elsewhere."""
        whole = max(1, self.maximum() + self.pageStep())
        high = self.height()
        shown = (self.value() * high // whole, self.pageStep() * high // whole, high, self.maximum() > 0)
        if shown != self._shown:
            self._shown = shown
            super().sliderChange(change)
