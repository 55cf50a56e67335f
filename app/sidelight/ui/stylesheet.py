"""The look of the controls: resources/theme.qss filled with the colours of a palette and the sizes of a zoom.

In the template `@name` is a colour of `theme.Palette`, `8u` are 8 pixels and `11f` 11 points at 100 %, `$shade` is light
or dark.
"""

from __future__ import annotations

import re
from dataclasses import fields

from sidelight.paths import resource
from sidelight.ui.theme import Palette

__all__ = ["stylesheet"]


def stylesheet(palette: Palette, zoom: float) -> str:
    """The style sheet for a palette; `zoom` 1.0 is 100 %. Raises KeyError for a colour that the palette lacks."""
    colours = {f.name: str(getattr(palette, f.name)) for f in fields(palette)}
    template = resource("theme.qss").read_text(encoding="utf-8")
    text = re.sub(r"@([a-z_]+)", lambda m: colours[m[1]], template)
    text = re.sub(r"\b(\d+(?:\.\d+)?)u\b", lambda m: f"{max(1, round(float(m[1]) * zoom))}px", text)
    text = re.sub(r"\b(\d+(?:\.\d+)?)f\b", lambda m: f"{float(m[1]) * zoom:.2f}pt", text)
    folder = resource("icons").as_posix()
    return text.replace("$icons", folder).replace("$shade", "dark" if palette.dark else "light")
