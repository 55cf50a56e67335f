"""The colours of code, by what a stretch of it is. Values only.

Every one stands at 4.5:1 or more on the ground of code and on selected text (a test computes it).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sidelight.render.highlight import TokenClass

__all__ = ["CODE_DARK", "CODE_LIGHT"]

CODE_LIGHT: Mapping[TokenClass, str] = MappingProxyType(
    {
        "keyword": "#8a2785",
        "type": "#0f5f73",
        "function": "#1a54a0",
        "constant": "#8a4a00",
        "string": "#1b6337",
        "number": "#8a4a00",
        "comment": "#5a6068",
        "operator": "#5f4b8b",
        "attribute": "#7a4b12",
        "tag": "#9c2432",
        "inserted": "#1b6337",
        "deleted": "#a3241c",
    }
)

CODE_DARK: Mapping[TokenClass, str] = MappingProxyType(
    {
        "keyword": "#dfa0e4",
        "type": "#79d0de",
        "function": "#8cbcf7",
        "constant": "#eabf64",
        "string": "#8fd6a5",
        "number": "#eabf64",
        "comment": "#a3a9b2",
        "operator": "#c0b4ee",
        "attribute": "#e0b78c",
        "tag": "#ff9fa6",
        "inserted": "#8fd6a5",
        "deleted": "#ff9a90",
    }
)
