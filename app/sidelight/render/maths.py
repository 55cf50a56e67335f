"""LaTeX -> a vector picture: what the worker does for a formula, and the value that comes back.

Not where formulas are found (`formulas`) nor where they are drawn. The source comes from a model: what is sure to take
too long is refused beforehand, and of what ziamath gives only plain shapes in plain colours pass, since whoever draws
SVG may also know how to open files.
"""

from __future__ import annotations

import math
import re
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Literal, TypeAlias

import msgspec

__all__ = ["JOB", "WITHIN", "Formula", "Refused", "WhyNot", "typesetter"]

JOB = "sidelight.render.maths.typesetter"
"""For `Worker.submit`: arguments are LaTeX source, whether it stands on a line of its own, and a colour "#rrggbb"."""
WITHIN = 2.0
"""Seconds: a page of aligned lines takes an eighth of that on an idle machine."""

_LENGTH = 2_000
_DEPTH = 8
"""Levels of braces, fences and environments. Each doubles the time ziamath takes; eight are half a second."""
_CELLS = 400
_SIZE = 20.0
"""Units of the picture in one em."""
_WIDEST, _HIGHEST = 400.0, 100.0

WhyNot: TypeAlias = Literal["size", "depth", "letters", "source", "time"]


class Formula(msgspec.Struct, frozen=True, tag=True):
    """A picture in SVG: paths and rectangles only. All sizes in em of the text around it: `width`, and `ascent` above and
    `descent` below the baseline of that text."""

    svg: str
    width: float
    ascent: float
    descent: float


class Refused(msgspec.Struct, frozen=True, tag=True):
    """No picture; the source is to be shown. `size`: too long or too large; `depth`: too deeply nested; `letters`: holds
    letters the font of formulas lacks; `source`: no LaTeX that is understood; `time`: took too long, or there is no
    worker."""

    why: WhyNot


_OPENS = re.compile(r"\\.|\{|\}", re.DOTALL)
_WORDS = re.compile(r"\\(left|right|begin|end)(?![A-Za-z])")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{3,8}|[A-Za-z]{1,20}")
_BLACK_OR_WHITE = frozenset({"black", "white", "#000", "#000000", "#fff", "#ffffff"})
_ALLOWED = {
    "path": {"d"},
    "rect": {"x", "y", "width", "height"},
    "ellipse": {"cx", "cy", "rx", "ry"},
    "polygon": {"points"},
    "g": set[str](),
}
_VALUE = re.compile(r"[MLHVQCSTAZmlhvqcstaze\d\s.,+-]*")


class _NoPicture(Exception):
    def __init__(self, why: WhyNot) -> None:
        super().__init__(why)
        self.why: WhyNot = why


def typesetter() -> Callable[[str, bool, str], Formula | Refused]:
    """The function that typesets; imports ziamath."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # how it finds its font, on Python 3.11
        from ziamath.config import config
        from ziamath.tex import tex2mml
        from ziamath.zmath import Math

    # Symbols, and references to them, are more than Qt's SVG can be relied on to know.
    config.svg2 = False
    config.precision = 2

    def typeset(source: str, display: bool, colour: str) -> Formula | Refused:
        try:
            _look_over(source)
            markup = ET.fromstring(tex2mml(source, inline=not display))  # noqa: S314 - LaTeX has no DOCTYPE
            markup.attrib["mathcolor"] = colour
            made = Math(ET.tostring(markup, encoding="unicode"), size=_SIZE)
            _know_all_of(markup, made.font.glyphindex)
            return _picture(made.svgxml(), colour)
        except _NoPicture as refused:
            return Refused(refused.why)
        except MemoryError:
            raise
        except Exception:  # it has a dozen kinds for a source that it cannot read
            return Refused("source")

    return typeset


def _look_over(source: str) -> None:
    """Refuse what is known to cost too much."""
    if len(source) > _LENGTH or source.count("&") + source.count("\\\\") > _CELLS:
        raise _NoPicture("size")
    depth = deepest = 0
    marks = _WORDS.sub(lambda m: "{" if m[1] in ("left", "begin") else "}", source)
    for found in _OPENS.finditer(marks):
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        deepest = max(deepest, depth)
    if deepest > _DEPTH:
        raise _NoPicture("depth")


def _know_all_of(markup: ET.Element, glyph: Callable[[str], int]) -> None:
    """Refuse commands that were left as they stood, and letters without a glyph."""
    for element in markup.iter():
        text = (element.text or "").strip()
        if len(text) > 1 and "\\" in text:
            raise _NoPicture("source")
        if any(c.isprintable() and not c.isspace() and not glyph(c) for c in text):
            raise _NoPicture("letters")


def _picture(drawn: ET.Element, colour: str) -> Formula:
    left, top, width, height = (float(n) for n in drawn.attrib["viewBox"].split())
    shapes = [_plain(element, colour) for element in drawn]
    if not shapes:
        raise _NoPicture("source")
    fits = 0 < width <= _WIDEST * _SIZE and 0 < height <= _HIGHEST * _SIZE
    if not fits or not (math.isfinite(left) and math.isfinite(top)):
        raise _NoPicture("size")
    box = f"{left:g} {top:g} {width:g} {height:g}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" fill="{colour}">'
    svg = head + "".join(shapes) + "</svg>"
    return Formula(svg, width / _SIZE, -top / _SIZE, (top + height) / _SIZE)


def _plain(element: ET.Element, colour: str) -> str:
    """An element written anew, if it is a plain shape in a plain colour. Black and white are the colour of the text."""
    name = element.tag.rpartition("}")[2]
    if name not in _ALLOWED:
        raise _NoPicture("source")
    written = [f"<{name}"]
    for key, value in element.attrib.items():
        if key in ("fill", "stroke"):
            fit = _COLOUR.fullmatch(value) is not None
            value = colour if value.lower() in _BLACK_OR_WHITE else value
        else:
            fit = (key in _ALLOWED[name] or key == "stroke-width") and _VALUE.fullmatch(value) is not None
        if not fit:
            raise _NoPicture("source")
        written.append(f' {key}="{value}"')
    inner = "".join(_plain(child, colour) for child in element)
    return "".join([*written, f">{inner}</{name}>" if inner else "/>"])
