from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QTreeWidget, QTreeWidgetItem
from pytestqt.qtbot import QtBot

from sidelight.chat.conversation import Conversation, Turn
from sidelight.chat.message import Attachment, Prompt
from sidelight.ui.dialogs.branches import BranchMap, EditPrompt
from sidelight.ui.widgets.growing_edit import GrowingEdit


def turn(name: str, parent: str | None, text: str = "") -> Turn:
    return Turn(name, parent, Prompt(text or name), created=1_700_000_000.0)


def tree(conversation: Conversation, qtbot: QtBot) -> tuple[BranchMap, QTreeWidget]:
    dialog = BranchMap(conversation)
    qtbot.addWidget(dialog)
    found = dialog.findChild(QTreeWidget)
    assert found is not None
    return dialog, found


def there(item: QTreeWidgetItem | None) -> QTreeWidgetItem:
    assert item is not None
    return item


def inside(item: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    return [there(item.child(n)) for n in range(item.childCount())]


def outline(item: QTreeWidgetItem) -> list[object]:
    made: list[object] = []
    for child in inside(item):
        made.append(child.text(0))
        if child.childCount():
            made.append(outline(child))
    return made


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        ((), []),
        ((("a", None), ("b", "a"), ("c", "b")), ["a", "b", "c"]),
        (
            (("a", None), ("b", "a"), ("c", "b"), ("b2", "a"), ("d", "b2")),
            ["a", ["b", ["c"], "b2", ["d"]]],
        ),
        ((("a", None), ("b", "a"), ("a2", None)), ["a", ["b"], "a2"]),
        # One whose parent is gone is not lost.
        ((("a", None), ("b", "gone")), ["a", "b"]),
    ],
)
def test_branches_move_in_where_the_conversation_parts(
    turns: tuple[tuple[str, str | None], ...], expected: list[object], qtbot: QtBot
) -> None:
    _, shown = tree(Conversation("c", turns=tuple(turn(*t) for t in turns)), qtbot)
    assert outline(shown.invisibleRootItem()) == expected


def items(shown: QTreeWidget) -> Iterator[QTreeWidgetItem]:
    waiting = [shown.invisibleRootItem()]
    while waiting:
        item = waiting.pop()
        yield item
        waiting += inside(item)


def test_every_turn_is_there_once_however_the_tree_grows(qtbot: QtBot) -> None:
    chance = random.Random(7)
    turns: list[Turn] = []
    for n in range(300):
        parent = chance.choice([None, *turns[-3:]]) if turns else None
        turns.append(turn(f"t{n}", parent.id if parent else None))
    _, shown = tree(Conversation("c", turns=tuple(turns), leaf="t299"), qtbot)
    names = sorted(item.text(0) for item in items(shown) if item.text(0))
    assert names == sorted(t.id for t in turns)


def test_a_long_conversation_is_no_deep_tree(qtbot: QtBot) -> None:
    turns = tuple(turn(f"t{n}", f"t{n - 1}" if n else None) for n in range(2000))
    _, shown = tree(Conversation("c", turns=turns, leaf="t1999"), qtbot)
    assert shown.topLevelItemCount() == 2000


def test_the_branch_shown_is_bold_and_its_end_is_marked(qtbot: QtBot) -> None:
    turns = (turn("a", None), turn("b", "a"), turn("b2", "a"))
    dialog, shown = tree(Conversation("c", turns=turns, leaf="b2"), qtbot)
    bold = {item.text(0) for item in items(shown) if item.font(0).bold()}
    assert bold == {"a", "b2"}
    assert there(shown.currentItem()).text(0) == "b2"
    shown.setCurrentItem(inside(there(shown.topLevelItem(0)))[0])
    with qtbot.waitSignal(dialog.chosen) as heard:
        qtbot.keyClick(shown, Qt.Key.Key_Return)
    assert heard.args == ["b"]


def test_a_prompt_is_one_line_and_its_tip_is_plain_text(qtbot: QtBot) -> None:
    said = "<b>first</b>\nsecond " + "x" * 5000
    _, shown = tree(Conversation("c", turns=(turn("a", None, said),), leaf="a"), qtbot)
    item = there(shown.topLevelItem(0))
    assert item.text(0).startswith("<b>first</b> second")
    assert len(item.text(0)) == 200
    assert "<b>" not in item.toolTip(0)
    assert len(item.toolTip(0)) < 2000


def edit(turn: Turn, qtbot: QtBot) -> tuple[EditPrompt, GrowingEdit, QPushButton]:
    dialog = EditPrompt(turn)
    qtbot.addWidget(dialog)
    dialog.show()
    field = dialog.findChild(GrowingEdit)
    assert field is not None
    button = next(b for b in dialog.findChildren(QPushButton) if b.isDefault())
    return dialog, field, button


def test_an_edited_prompt_is_sent_once(qtbot: QtBot) -> None:
    dialog, field, _ = edit(turn("a", None, "old"), qtbot)
    assert field.toPlainText() == "old"
    field.setPlainText("new\nlines")
    with qtbot.waitSignal(dialog.sent) as heard:
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert heard.args == ["new\nlines"]


def test_nothing_is_not_sent(qtbot: QtBot) -> None:
    dialog, field, button = edit(turn("a", None, "old"), qtbot)
    field.setPlainText("  \n")
    assert not button.isEnabled()
    with qtbot.assertNotEmitted(dialog.sent, wait=20):
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert dialog.isVisible()


def test_files_go_along_and_need_no_text(qtbot: QtBot) -> None:
    files = (Attachment("0" * 64, "a.txt", "text/plain", 3),)
    _, field, button = edit(Turn("a", None, Prompt("", files)), qtbot)
    field.setPlainText("")
    assert button.isEnabled()


def test_what_is_too_long_to_be_pasted_is_said(qtbot: QtBot) -> None:
    dialog, field, _ = edit(turn("a", None, "old"), qtbot)
    field.pasted.emit("x" * 300_000)
    assert "200000" in dialog.trouble.text()
    field.setPlainText("short")
    assert dialog.trouble.text() == ""
