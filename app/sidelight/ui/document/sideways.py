"""How far rows are scrolled sideways that are wider than their place, which code is not wrapped, and the thin scroller.

Rows are named by the key of the first of those that show one piece together: they move as one.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from sidelight.ui.document.document import SCROLLER
from sidelight.ui.theme import Palette

__all__ = ["Sideways"]

_THICK = 4.0
_SHORTEST = 24.0


class Sideways:
    """Pixels by key; what is not known stands at its beginning and is wrapped."""

    def __init__(self) -> None:
        self._shifts: dict[str, int] = {}
        self._unwrapped: set[str] = set()

    @property
    def all_wrap(self) -> bool:
        """Whether there is no code that is not wrapped."""
        return not self._unwrapped

    def wraps(self, key: str) -> bool:
        """Whether long lines of code are wrapped."""
        return key not in self._unwrapped

    def toggle_wrap(self, key: str) -> None:
        """Wrap them or not."""
        self._unwrapped ^= {key}

    def shift(self, key: str, reach: int) -> int:
        """How far it is scrolled; `reach` is as far as it goes."""
        return min(self._shifts.get(key, 0), reach)

    def scroll(self, key: str, to: float, reach: int) -> bool:
        """Scroll it; whether that moved it."""
        before = self.shift(key, reach)
        self._shifts[key] = round(max(0.0, min(to, reach)))
        return self._shifts[key] != before

    @staticmethod
    def track(place: QRectF) -> QRectF:
        """Where the scroller stands in a row's place."""
        return QRectF(place.left(), place.bottom() - SCROLLER + 2, place.width(), _THICK)

    @classmethod
    def thumb(cls, place: QRectF, shift: int, reach: int) -> QRectF:
        """The part of the track that shows what is seen."""
        track = cls.track(place)
        length = max(_SHORTEST, track.width() * track.width() / (track.width() + reach))
        left = (track.width() - length) * shift / max(1, reach)
        return QRectF(track.left() + left, track.top(), length, _THICK)

    @classmethod
    def paint(cls, painter: QPainter, place: QRectF, shift: int, reach: int, colours: Palette) -> None:
        """Draw it."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for rect, colour in (
            (cls.track(place), colours.line),
            (cls.thumb(place, shift, reach), colours.muted),
        ):
            painter.setBrush(QColor(colour))
            painter.drawRoundedRect(rect, _THICK / 2, _THICK / 2)

    @classmethod
    def is_on(cls, place: QRectF, where: QPointF) -> bool:
        """Whether a point is on the scroller, or near enough to take hold of it."""
        return cls.track(place).adjusted(0, -4, 0, 4).contains(where)

    @classmethod
    def pulled(cls, place: QRectF, by: float, reach: int) -> float:
        """How many pixels of the text go by when the thumb is pulled by so many."""
        track = cls.track(place)
        return by * reach / max(1.0, track.width() - cls.thumb(place, 0, reach).width())
