"""How letters are written: a block's inlines as runs of one style, and the fonts and formats of those styles.

Making fonts and formats costs more than inserting the text, so each is made once for a look (palette, zoom, role).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

from PySide6.QtGui import QColor, QFont, QFontInfo, QFontMetricsF, QPalette, QTextCharFormat, QTextOption

from sidelight.render.blocks import (
    Break,
    CodeSpan,
    Emphasis,
    Inline,
    Link,
    Math,
    Strike,
    Strong,
    Styled,
    Text,
    shown,
)
from sidelight.ui.theme import Palette, body_font, code_font

__all__ = ["Hand", "Letters", "Role", "Run", "Style", "letters", "runs_of"]

Role: TypeAlias = Literal["trace", "answer", "prompt"]
Style: TypeAlias = tuple[str, ...]
"""What marks a run, outermost first: "italic", "bold", "struck", "code", "sub", "sup", "kbd", "formula" (which is always
the last); any other word is an address."""
Run: TypeAlias = tuple[str, Style]

_TRACE_SCALE = 0.93
_LINK = "link"
"""In the place of an address."""


@dataclass(frozen=True, slots=True)
class Hand:
    """The letters a run begins from. `scale` is relative to body text; `muted` for what is secondary."""

    scale: float = 1.0
    mono: bool = False
    weight: QFont.Weight | None = None
    muted: bool = False


def runs_of(children: Sequence[Inline]) -> list[Run]:
    """Inlines as runs of text, neighbours of one style joined, but each formula one of its own; a break is "\\n"."""
    runs: list[Run] = []
    for text, style in _flat(children, ()):
        if runs and runs[-1][1] == style and style[-1:] != ("formula",):
            runs[-1] = (runs[-1][0] + text, style)
        elif text:
            runs.append((text, style))
    return runs


def _flat(children: Sequence[Inline], style: Style) -> Iterator[Run]:
    for child in children:
        match child:
            case Text(text):
                yield text, style
            case Break():
                yield "\n", style
            case CodeSpan(text):
                yield shown(text), (*style, "code")
            case Math(text, opener, closer):
                yield opener + text + closer, (*style, "formula")
            case Styled(inner, mark):
                yield from _flat(inner, (*style, mark))
            case Emphasis(inner):
                yield from _flat(inner, (*style, "italic"))
            case Strong(inner):
                yield from _flat(inner, (*style, "bold"))
            case Strike(inner):
                yield from _flat(inner, (*style, "struck"))
            case Link(inner, href):
                yield from _flat(inner, (*style, href))


class Letters:
    """The fonts and formats of one look. Formats are shared: copy one before changing it."""

    def __init__(self, palette: Palette, zoom: float, role: Role) -> None:
        self.colours, self._zoom = palette, zoom
        self._scale = _TRACE_SCALE if role == "trace" else 1.0
        self._fonts: dict[Hand, QFont] = {}
        self._pixels: dict[Hand, int] = {}
        self._formats: dict[tuple[Hand, Style], QTextCharFormat] = {}
        self.palette = QPalette()
        """For the painter: the colour of letters that have none of their own."""
        self.palette.setColor(
            QPalette.ColorRole.Text, QColor(palette.muted if role == "trace" else palette.text)
        )
        self.unit = float(self.pixels(Hand()))
        """The size of body text in pixels."""
        self.label_font = body_font(palette, zoom, self._scale * 0.82)
        self.label_height = QFontMetricsF(self.label_font).height()
        self._options = {anywhere: self._option(anywhere) for anywhere in (False, True)}

    def option(self, *, anywhere: bool) -> QTextOption:
        """How lines are broken: `anywhere`, or between words where there are any."""
        return self._options[anywhere]

    def _option(self, anywhere: bool) -> QTextOption:
        made = QTextOption()
        modes = QTextOption.WrapMode
        made.setWrapMode(modes.WrapAnywhere if anywhere else modes.WrapAtWordBoundaryOrAnywhere)
        made.setTabStopDistance(4 * self.width(" ", Hand(mono=True)))
        return made

    def font(self, hand: Hand) -> QFont:
        """The font of a hand; do not change it."""
        found = self._fonts.get(hand)
        if found is None:
            make = code_font if hand.mono else body_font
            found = self._fonts[hand] = make(self.colours, self._zoom, self._scale * hand.scale)
            if hand.weight is not None:
                found.setWeight(hand.weight)
        return found

    def pixels(self, hand: Hand) -> int:
        """The size of a hand in pixels."""
        found = self._pixels.get(hand)
        if found is None:
            found = self._pixels[hand] = QFontInfo(self.font(hand)).pixelSize()
        return found

    def width(self, text: str, hand: Hand) -> float:
        """The width of a line in pixels."""
        return QFontMetricsF(self.font(hand)).horizontalAdvance(text)

    def format(self, hand: Hand, style: Style = ()) -> QTextCharFormat:
        """The format of a run."""
        if style and (address := next((m for m in reversed(style) if ":" in m), "")):
            # addresses are without number; what they have in common is kept
            link = QTextCharFormat(self.format(hand, tuple(_LINK if ":" in mark else mark for mark in style)))
            link.setAnchorHref(address)
            return link
        found = self._formats.get((hand, style))
        if found is None:
            found = self._formats[hand, style] = QTextCharFormat()
            found.setFont(self.font(hand))
            if hand.muted:
                found.setForeground(QColor(self.colours.muted))
            for mark in style:
                self._mark(found, mark)
        return found

    def _mark(self, form: QTextCharFormat, mark: str) -> None:
        match mark:
            case "italic":
                form.setFontItalic(True)
            case "bold":
                form.setFontWeight(QFont.Weight.Bold)
            case "struck":
                form.setFontStrikeOut(True)
            case "sub":
                form.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignSubScript)
            case "sup":
                form.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignSuperScript)
            case "code" | "formula" | "kbd":
                form.setFontFamilies([self.font(Hand(mono=True)).family()])
                form.setFontFixedPitch(True)
                form.setFontPointSize(form.fontPointSize() * 0.92)
                if mark != "formula":
                    form.setBackground(QColor(self.colours.raised))
            case _:
                form.setAnchor(True)
                form.setForeground(QColor(self.colours.accent))
                form.setFontUnderline(True)


@lru_cache(maxsize=8)
def letters(palette: Palette, zoom: float, role: Role) -> Letters:
    """The one `Letters` of a look; `letters.cache_clear()` when the screen's or the system's fonts may have changed."""
    return Letters(palette, zoom, role)
