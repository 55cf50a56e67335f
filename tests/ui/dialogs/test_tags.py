"""The tags of a conversation, and the name of a kept search: what is typed, completed, taken away and given."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from sidelight.ui.dialogs.keep_search import KeepSearchDialog
from sidelight.ui.dialogs.tags import TagsDialog


@pytest.fixture
def dialog(qtbot: QtBot) -> TagsDialog:
    made = TagsDialog("A <b>title</b>", ("Maths", "to read"), ("Maths", "to read", "Physics", "仕事"))
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(made)
    made.show()
    return made


def chips(dialog: TagsDialog) -> dict[str, QToolButton]:
    return {b.text().strip("\u2009"): b for b in dialog._body.findChildren(QToolButton) if b.isVisible()}


def test_tags_are_added_once_and_as_they_are_spelled(qtbot: QtBot, dialog: TagsDialog) -> None:
    for typed in ("physics", " MATHS ", "new  one", ""):
        dialog._field.setText(typed)
        qtbot.keyClick(dialog._field, Qt.Key.Key_Return)
        if not typed:
            break
    assert not dialog.isVisible()  # Enter on an empty field saves


def test_what_is_given_is_what_is_shown_and_what_is_still_typed(qtbot: QtBot, dialog: TagsDialog) -> None:
    qtbot.keyClicks(dialog._field, "physics,maths,")
    assert list(chips(dialog)) == ["Maths", "to read", "Physics"]
    chips(dialog)["Maths"].click()
    dialog._field.insert("仕事")
    with qtbot.waitSignal(dialog.given) as heard:
        dialog.accept()
    assert heard.args == [("to read", "Physics", "仕事")]


def test_known_tags_are_completed(qtbot: QtBot, dialog: TagsDialog) -> None:
    completer = dialog._field.completer()
    completer.setCompletionPrefix("YS")
    assert completer.completionCount() == 1
    assert completer.currentCompletion() == "Physics"


def test_no_tags_are_said_and_each_is_removed_by_name(dialog: TagsDialog) -> None:
    assert [b.accessibleName() for b in chips(dialog).values()] == [
        "Remove the tag Maths",
        "Remove the tag to read",
    ]
    for name in ("Maths", "to read"):
        chips(dialog)[name].click()
    assert dialog._none.isVisible()
    assert not dialog._body.isVisible()


def test_cancelling_gives_nothing(qtbot: QtBot, dialog: TagsDialog) -> None:
    with qtbot.assertNotEmitted(dialog.given):
        dialog._field.setText("physics")
        dialog.reject()


def test_a_search_is_kept_under_a_name(qtbot: QtBot) -> None:
    dialog = KeepSearchDialog("bat model:r1", ["R1"])
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog._name.text() == "bat model:r1"
    dialog._name.setText("  ")
    assert not dialog._save.isEnabled()
    dialog._name.setText(" R1 ")
    assert "replaced" in dialog._note.text()
    with qtbot.waitSignal(dialog.given) as heard:
        dialog.accept()
    assert heard.args == ["R1", "bat model:r1"]
