"""The colours of code can be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

import pytest
from tests.ui.document.test_theme import contrast

from sidelight.render.highlight import TokenClass
from sidelight.ui.code_colours import CODE_DARK, CODE_LIGHT
from sidelight.ui.theme import DARK, LIGHT, Palette


@pytest.mark.parametrize(
    ("colours", "palette"), [(CODE_LIGHT, LIGHT), (CODE_DARK, DARK)], ids=["light", "dark"]
)
def test_contrast(colours: Mapping[TokenClass, str], palette: Palette) -> None:
    assert set(colours) == set(get_args(TokenClass))
    for kind, colour in colours.items():
        for ground in (palette.raised, palette.surface, palette.selection):
            assert contrast(colour, ground) >= 4.5, (kind, ground)
