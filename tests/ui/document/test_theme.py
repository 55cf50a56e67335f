"""Both palettes can be read: contrast as WCAG 2 computes it."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QPalette
from pytestqt.qtbot import QtBot

from sidelight.ui.theme import DARK, LIGHT, Palette, body_font, code_font, qpalette


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def test_the_measure_itself() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["window", "surface", "raised", "prompt"])
@pytest.mark.parametrize("text", ["text", "muted", "accent", "error", "warning", "good"])
def test_contrast(palette: Palette, text: str, ground: str) -> None:
    assert contrast(getattr(palette, text), getattr(palette, ground)) >= 4.5


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_contrast_of_marked_text(palette: Palette) -> None:
    for ground in (palette.selection, palette.mark, palette.mark_current):
        assert contrast(palette.text, ground) >= 4.5
    for text in (palette.muted, palette.accent):
        assert contrast(text, palette.selection) >= 4.5
    assert contrast(palette.on_accent, palette.accent) >= 4.5


def test_fonts_and_palette_follow(qtbot: QtBot) -> None:
    assert body_font(LIGHT, 2.0).pointSizeF() == pytest.approx(2 * LIGHT.body_pt)
    assert code_font(LIGHT).fixedPitch()
    assert qpalette(DARK).color(QPalette.ColorRole.Base).name() == DARK.surface
