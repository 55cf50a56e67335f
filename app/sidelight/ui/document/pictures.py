"""Formulas as objects in a document, and where their pictures and the colours of code come from.

`Pictures` is one for the whole window and starts a process when first asked for something; `Objects` belongs to one
document. A picture is drawn from its shapes each time, so that it is crisp at any zoom and on any screen.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, TypeAlias

from PySide6.QtCore import QObject, QRect, QRectF, QSizeF, QTimer, Signal
from PySide6.QtGui import (
    QFont,
    QFontMetrics,
    QPainter,
    QPyTextObject,
    QTextCharFormat,
    QTextDocument,
    QTextFormat,
)

from sidelight.ui.mailbox import Mailbox
from sidelight.ui.widgets.plain import plain_tip

if TYPE_CHECKING:
    from PySide6.QtSvg import QSvgRenderer

    from sidelight.render.highlight import Colours
    from sidelight.render.later import Later
    from sidelight.render.maths import Formula, Refused
    from sidelight.workers.process import Worker

__all__ = ["OBJECT", "Ask", "Objects", "Pictures", "Placed", "formula_in"]

Ask: TypeAlias = "Callable[[str, bool, str], Formula | Refused | None]"
"""LaTeX, whether it is displayed, colour "#rrggbb" -> its picture, why there is none, or None: not known yet."""
OBJECT = "\ufffc"
"""What stands for a picture in the text of a document."""
_AIR = 0.15
"""Above and below what is taller than letters, in em."""
_FRAME = 16
_SPENT = 0.004
"""Seconds a frame in which what came may be put in place, over all lanes."""
_UNDER_WAY = 300
"""Formulas that are asked for at a time; more are asked for when those have come."""
_TURN = 0.1
"""Seconds between two looks at code that still grows, over all lanes: each costs the worker some 10 ms."""
_KIND = QTextFormat.ObjectTypes.UserObject.value + 1
_WHICH = QTextFormat.Property.UserProperty.value + 1
_PAIRS = (("$$", "$$", True), ("\\[", "\\]", True), ("\\(", "\\)", False), ("$", "$", False))


def formula_in(text: str) -> tuple[str, bool] | None:
    """LaTeX without its delimiters, and whether it is displayed; None while it is not closed."""
    for opener, closer, display in _PAIRS:
        if text.startswith(opener):
            inner = text[len(opener) : -len(closer)]
            return (inner, display) if text.endswith(closer) and inner.strip() else None
    return None


class Pictures(QObject):
    """What is known of formulas and code. `came`: more is known than before; at most once a frame."""

    came = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker: Worker | None = None
        self._later: Later | None = None
        self._closed = False
        self._under_way: set[tuple[str, bool, str]] = set()
        self._turn = self._until = 0.0
        self._frame = QTimer(self, interval=_FRAME, singleShot=True)
        self._frame.timeout.connect(self._on_frame)
        self._told: Mailbox[None] = Mailbox(lambda _: self.again(), self)

    def formula(self, source: str, display: bool, colour: str) -> Formula | Refused | None:
        """See `Ask`; where very many are asked for, ask again when something came."""
        known, key = self._known(), (source, display, colour)
        if known is None or (len(self._under_way) >= _UNDER_WAY and key not in self._under_way):
            return None
        found = known.formula(source, display=display, colour=colour)
        if found is None:
            self._under_way.add(key)
        else:
            self._under_way.discard(key)
        return found

    def colours(self, code: str, language: str, before: str) -> Colours | None:
        """See `Later.colours`."""
        known = self._known()
        return None if known is None else known.colours(code, language, before)

    def take_turn(self) -> bool:
        """Whether code that still grows may be asked for now; whoever may has taken the turn."""
        now = time.monotonic()
        if now - self._turn < _TURN:
            return False
        self._turn = now
        return True

    @property
    def has_time(self) -> bool:
        """Whether there is time left in this frame to put in place what came."""
        return time.monotonic() < self._until

    def again(self) -> None:
        """There is more to be put in place: `came` once more, in the next frame."""
        if not self._frame.isActive() and not self._closed:
            self._frame.start()

    def close(self) -> None:
        """End the process; nothing comes any more."""
        self._closed = True
        if self._worker is not None:
            self._worker.close()
            self._worker = None
        self._later = None
        self._told.close()
        self._frame.stop()

    def _known(self) -> Later | None:
        if self._later is None and not self._closed:
            from sidelight.render.later import Later  # imported soon after the first paint
            from sidelight.workers.process import Worker

            self._worker = Worker()
            self._later = Later(self._worker, partial(self._told.slot.put, None))
        return self._later

    def _on_frame(self) -> None:
        for asked in tuple(self._under_way):  # nobody may want them any more
            self.formula(*asked)
        self._until = time.monotonic() + _SPENT
        self.came.emit()


@dataclass(frozen=True, slots=True)
class Placed:
    """A picture in a document. `source` has its delimiters; `em` is the size of the text around in pixels; `room` the
    pixels it may take, 0 for all that the text has."""

    source: str
    formula: Formula
    em: float
    room: float = 0.0

    @property
    def width(self) -> float:
        """In pixels, where there is room."""
        return self.formula.width * self.em


class Objects(QPyTextObject):
    """The pictures of one document in reading order, as it lays them out and draws them."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self.placed: list[Placed] = []
        self._drawn: dict[int, QSvgRenderer] = {}
        self._registered = False

    def register(self, document: QTextDocument) -> None:
        """Before the first layout with a picture; not earlier, since every change after it is laid out at once."""
        if not self._registered:
            self._registered = True
            document.documentLayout().registerHandler(_KIND, self)

    def add(self, placed: Placed, base: QTextCharFormat) -> QTextCharFormat:
        """Put a picture behind the others; gives the format of its `OBJECT`."""
        form = QTextCharFormat(base)
        form.clearBackground()
        form.setObjectType(_KIND)
        form.setProperty(_WHICH, len(self.placed))
        form.setToolTip(plain_tip(placed.source))
        # Qt lets an object hang below the line by a rule of its own: half its height, less a quarter of its font's height
        # of an x. So it gets the font with which that is right.
        form.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignMiddle)
        form.setFont(_leaning(_lean(placed)))
        self.placed.append(placed)
        return form

    def forget_last(self, n: int) -> None:
        """The last pictures are gone from the text."""
        del self.placed[len(self.placed) - n :]
        self._drawn = {which: made for which, made in self._drawn.items() if which < len(self.placed)}

    def intrinsicSize(self, doc: QTextDocument, posInDocument: int, format: QTextFormat) -> QSizeF:  # noqa: A002, N803 - Qt's names
        placed = self.placed[int(format.property(_WHICH))]
        room = placed.room
        if not room:
            block = doc.findBlock(posInDocument).blockFormat()
            room = doc.textWidth() - block.leftMargin() - block.rightMargin()
        scale = min(1.0, max(room, 8.0) / placed.width) if doc.textWidth() > 0 else 1.0
        x = _x_height(_lean(placed))
        ascent, descent = placed.formula.ascent, placed.formula.descent
        ascent, descent = ascent + (_AIR if ascent > 0.9 else 0), descent + (_AIR if descent > 0.35 else 0)
        ascent, descent = scale * placed.em * ascent, scale * placed.em * descent
        return QSizeF(scale * placed.width, max(2 * ascent - x / 2, 2 * descent + x / 2))

    def drawObject(
        self,
        painter: QPainter,
        rect: QRectF | QRect,
        doc: QTextDocument,
        posInDocument: int,  # noqa: N803
        format: QTextFormat,  # noqa: A002
    ) -> None:
        which = int(format.property(_WHICH))
        formula = self.placed[which].formula
        made = self._drawn.get(which)
        if made is None:
            from PySide6.QtSvg import QSvgRenderer

            made = self._drawn[which] = QSvgRenderer(formula.svg.encode())
        em = rect.width() / formula.width
        block = doc.findBlock(posInDocument)
        line = block.layout().lineForTextPosition(posInDocument - block.position())
        # Qt puts the middle of the object in that of the line, whatever hangs below
        base = rect.y() + (rect.height() + line.ascent() - line.descent()) / 2
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        made.render(
            painter,
            QRectF(
                rect.x(),
                base - formula.ascent * em,
                rect.width(),
                (formula.ascent + formula.descent) * em,
            ),
        )
        painter.restore()


def _lean(placed: Placed) -> int:
    """How high the x must be with which a picture hangs below the line as it should."""
    return max(1, round(2 * (placed.formula.ascent - placed.formula.descent) * placed.em))


@lru_cache(maxsize=256)
def _x_height(lean: int) -> int:
    return QFontMetrics(_leaning(lean)).xHeight()


@lru_cache(maxsize=256)
def _leaning(height: int) -> QFont:
    """A font whose x is about so many pixels high."""
    font = QFont()
    font.setPixelSize(100)
    ratio = QFontMetrics(font).xHeight() / 100 or 0.5
    font.setPixelSize(max(1, round(height / ratio)))
    return font
