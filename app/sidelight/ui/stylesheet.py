"""The look of the controls: resources/theme.qss filled with the colours of a palette and the sizes of a zoom.

In the template `@name` is a colour of `theme.Palette`, `8u` are 8 pixels and `11f` 11 points at 100 %, `$shade` is light
or dark.
"""

from __future__ import annotations

import re

from sidelight.paths import resource
from sidelight.ui.theme import Palette

__all__ = ["stylesheet"]

_BLANK = re.compile(r"@([a-z_]+)|\b(\d+(?:\.\d+)?)([uf])\b")


def stylesheet(palette: Palette, zoom: float) -> str:
    """The style sheet for a palette; `zoom` 1.0 is 100 %. Raises KeyError for a colour that the palette lacks."""
    colours = {name: str(value) for name, value in palette._asdict().items()}
    template = resource("theme.qss").read_text(encoding="utf-8")

    def filled(found: re.Match[str]) -> str:
        colour, number, unit = found.groups()
        if colour:
            return colours[colour]
        size = float(number) * zoom
        return f"{max(1, round(size))}px" if unit == "u" else f"{size:.2f}pt"

    text = _BLANK.sub(filled, template)
    folder = resource("icons").as_posix()
    return text.replace("$icons", folder).replace("$shade", "dark" if palette.dark else "light")
