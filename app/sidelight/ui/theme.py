"""A theme is a dozen named colours, two font families and one size. Values only; the stylesheet is made elsewhere.

Every text colour stands at 4.5:1 or more on every ground it is used on (a test computes it).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtGui import QColor, QPalette

if TYPE_CHECKING:
    from PySide6.QtGui import QFont

__all__ = ["DARK", "LIGHT", "Palette", "body_font", "code_font", "qpalette"]


class Palette(NamedTuple):
    """Colours as "#rrggbb".

    Grounds: `window` behind everything, `surface` behind text to read, `raised` behind code and controls, `prompt`
    behind what the person wrote, `selection` and `mark` (found text) behind marked text.
    Text: `text`, `muted` for what is secondary, `accent` for links and what can be pressed, `on_accent` upon it,
    `error`, `warning`, `good` for states. `line` is for rules and borders, never for text.
    `family` and `mono` "" are the system's own; `body_pt` is the size of body text in points at 100 %.
    """

    dark: bool
    window: str
    surface: str
    raised: str
    prompt: str
    line: str
    text: str
    muted: str
    accent: str
    on_accent: str
    error: str
    warning: str
    good: str
    selection: str
    mark: str
    mark_current: str
    family: str = ""
    mono: str = ""
    body_pt: float = 10.5


LIGHT = Palette(
    dark=False,
    window="#f4f4f2",
    surface="#ffffff",
    raised="#f3f3f0",
    prompt="#eef1f6",
    line="#dcdcd7",
    text="#1f2328",
    muted="#5d636b",
    accent="#1a5fb4",
    on_accent="#ffffff",
    error="#b3261e",
    warning="#7d5300",
    good="#1b6b3a",
    selection="#d6e5f9",
    mark="#ffe9a8",
    mark_current="#ffc857",
)

DARK = Palette(
    dark=True,
    window="#17191c",
    surface="#1e2024",
    raised="#282b30",
    prompt="#272d37",
    line="#3b3f46",
    text="#e4e6e9",
    muted="#a3a9b2",
    accent="#82b4f5",
    on_accent="#10141a",
    error="#ff9a90",
    warning="#eabf64",
    good="#7fd09b",
    selection="#263b58",
    mark="#5a4a17",
    mark_current="#75590f",
)


def body_font(palette: Palette, zoom: float = 1.0, scale: float = 1.0) -> QFont:
    """The font of text to read. `zoom` 1.0 is 100 %; `scale` is relative to body text."""
    from PySide6.QtGui import QFont

    font = (
        QFont(palette.family) if palette.family else QFont()
    )  # the application's, whose family is the system's
    font.setPointSizeF(palette.body_pt * zoom * scale)
    return font


def code_font(palette: Palette, zoom: float = 1.0, scale: float = 1.0) -> QFont:
    """The fixed-pitch font, a little smaller since such fonts look large beside text."""
    from PySide6.QtGui import QFont, QFontDatabase

    font = (
        QFont(palette.mono) if palette.mono else QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    )
    font.setStyleHint(QFont.StyleHint.Monospace)
    font.setFixedPitch(True)
    font.setPointSizeF(palette.body_pt * zoom * scale * 0.92)
    return font


def qpalette(palette: Palette) -> QPalette:
    """The same colours for the controls that Qt draws."""
    made = QPalette()
    roles = {
        QPalette.ColorRole.Window: palette.window,
        QPalette.ColorRole.WindowText: palette.text,
        QPalette.ColorRole.Base: palette.surface,
        QPalette.ColorRole.AlternateBase: palette.raised,
        QPalette.ColorRole.Text: palette.text,
        QPalette.ColorRole.Button: palette.raised,
        QPalette.ColorRole.ButtonText: palette.text,
        QPalette.ColorRole.BrightText: palette.error,
        QPalette.ColorRole.ToolTipBase: palette.raised,
        QPalette.ColorRole.ToolTipText: palette.text,
        QPalette.ColorRole.PlaceholderText: palette.muted,
        QPalette.ColorRole.Highlight: palette.selection,
        QPalette.ColorRole.HighlightedText: palette.text,
        QPalette.ColorRole.Link: palette.accent,
        QPalette.ColorRole.LinkVisited: palette.accent,
        QPalette.ColorRole.Accent: palette.accent,
        QPalette.ColorRole.Light: palette.raised,
        QPalette.ColorRole.Midlight: palette.line,
        QPalette.ColorRole.Mid: palette.line,
        QPalette.ColorRole.Dark: palette.line,
    }
    for role, colour in roles.items():
        made.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, role, QColor(palette.muted))
    return made
