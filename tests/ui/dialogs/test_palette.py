"""The palette finds what stands in messages too."""

from __future__ import annotations

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from sidelight.store.query import Query, parse
from sidelight.store.search import Found, Hit
from sidelight.store.snippets import Snippet
from sidelight.ui.dialogs.palette import Choice, CommandPalette

HIT = Hit(
    "c",
    "Old <i>things</i>",
    "t",
    "r",
    "answer",
    Snippet("what the bat costs", ((9, 12),)),
    5.0,
    "ollama",
    "q",
)


def test_messages_are_found_below_commands_and_opened(qtbot: QtBot) -> None:
    palette = CommandPalette([Choice("command", "new", "A battery of tests")])
    palette.open()
    asked: list[Query] = []
    palette.searched.connect(asked.append)
    with qtbot.waitSignal(palette.searched):
        qtbot.keyClicks(palette._field, "bat")
    assert asked == [parse("bat")]
    palette.show_found(Found((HIT, HIT)))
    assert palette._list.topLevelItemCount() == 3
    assert palette._list.currentIndex().row() == 0
    plain = palette._list.grab().toImage()
    qtbot.keyClick(palette._field, Qt.Key.Key_Down)
    assert palette._list.grab().toImage() != plain
    with qtbot.waitSignal(palette.hit_chosen) as heard, qtbot.assertNotEmitted(palette.chosen):
        qtbot.keyClick(palette._field, Qt.Key.Key_Return)
    assert heard.args == ["c", "t", "r"]
    assert asked[-1].is_empty


def test_older_findings_go_with_the_next_letter(qtbot: QtBot) -> None:
    palette = CommandPalette([])
    qtbot.addWidget(palette)
    palette._field.setText("bat")
    palette.show_found(Found((HIT,)))
    palette._field.setText("bath")
    assert palette._list.topLevelItemCount() == 0
