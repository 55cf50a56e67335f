from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from sidelight.ui.panes.compare.prompt_bar import PromptBar, PromptBarValue
from sidelight.ui.widgets.icon import IconButton


def made(
    qtbot: QtBot, value: PromptBarValue
) -> tuple[PromptBar, list[tuple[str, str]], dict[str, IconButton]]:
    bar = PromptBar(value)
    qtbot.addWidget(bar)
    bar.show()
    told: list[tuple[str, str]] = []
    bar.wished.connect(lambda turn, wish: told.append((turn, wish)))
    return bar, told, {button.accessibleName(): button for button in bar.findChildren(IconButton)}


def press(qtbot: QtBot, button: IconButton) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_prompt_alone_has_no_switch(qtbot: QtBot) -> None:
    bar, told, buttons = made(qtbot, PromptBarValue("a", ("a",)))
    assert set(buttons) == {"Edit prompt", "More for this prompt"}
    assert not bar.findChildren(QLabel)
    press(qtbot, buttons["Edit prompt"])
    assert told == [("a", "edit")]


def test_branches_are_gone_through_to_both_ends(qtbot: QtBot) -> None:
    bar, told, buttons = made(qtbot, PromptBarValue("b", ("a", "b", "c")))
    assert [label.text() for label in bar.findChildren(QLabel)] == ["Branch 2 of 3"]
    press(qtbot, buttons["Older branch"])
    press(qtbot, buttons["Newer branch"])
    assert told == [("a", "go"), ("c", "go")]
    _, _, first = made(qtbot, PromptBarValue("a", ("a", "b")))
    assert not first["Older branch"].isEnabled()
    assert first["Newer branch"].isEnabled()


@pytest.mark.parametrize(("chosen", "last"), [(None, "branches"), (False, "take_over"), (True, "take_back")])
def test_the_menu_offers_what_can_be_done(qtbot: QtBot, chosen: bool | None, last: str) -> None:
    bar, told, _ = made(qtbot, PromptBarValue("a", ("a",), chosen))
    for action in bar.menu().actions():
        action.trigger()
    wishes = [wish for turn, wish in told if turn == "a"]
    assert wishes[:4] == ["copy_prompt", "branch", "alone", "branches"]
    assert wishes[-1] == last


def test_the_menu_opens_below_its_button_and_is_gone_afterwards(qtbot: QtBot) -> None:
    bar, _, buttons = made(qtbot, PromptBarValue("a", ("a",)))
    press(qtbot, buttons["More for this prompt"])
    menus = [child for child in bar.children() if child.inherits("QMenu")]
    assert len(menus) == 1
    menu = menus[0]
    with qtbot.waitSignal(menu.destroyed):
        qtbot.keyClick(menu, Qt.Key.Key_Escape)
