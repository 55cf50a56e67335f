"""The list of conversations: groups of time, search, renaming, deletion with a way back."""

from __future__ import annotations

import time
from datetime import datetime

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from sidelight.ui.panes.history.groups import Entry, Heading, grouped
from sidelight.ui.panes.history.pane import HistoryPane, HistoryValue

NOW = time.time()
ENTRIES = (
    Entry("a", "The bat and the ball", NOW),
    Entry("b", "Leap <b>years</b>", NOW - 2),
    Entry("c", "Old things", NOW - 200 * 86400),
)


@pytest.fixture
def history(qtbot: QtBot) -> HistoryPane:
    pane = HistoryPane()
    qtbot.addWidget(pane)
    pane.resize(260, 500)
    pane.show()
    pane.show_value(HistoryValue(ENTRIES, "a", frozenset({"b"})))
    return pane


def titles(pane: HistoryPane) -> list[str]:
    model = pane._list.model()
    return [str(model.index(i, 0).data()) for i in range(model.rowCount())]


def test_entries_stand_under_headings_of_time() -> None:
    noon = datetime(2026, 5, 20, 12, tzinfo=None).astimezone().timestamp()
    day = 86400
    entries = [
        Entry(str(i), str(i), noon - back) for i, back in enumerate((0, day, 3 * day, 20 * day, 90 * day))
    ]
    headings = [row.title for row in grouped(entries, noon) if isinstance(row, Heading)]
    assert headings == ["Today", "Yesterday", "Last 7 days", "Last 30 days", "2026-02"]
    assert [row for row in grouped(entries, noon) if isinstance(row, Entry)] == entries


def test_search_filters_by_every_word(qtbot: QtBot, history: HistoryPane) -> None:
    assert {"The bat and the ball", "Leap <b>years</b>", "Old things"} < set(titles(history))
    qtbot.keyClicks(history._search, "BALL bat")
    assert titles(history)[1:] == ["The bat and the ball"]
    history._search.clear()
    assert "Old things" in titles(history)


def test_a_click_opens(qtbot: QtBot, history: HistoryPane) -> None:
    index = history._index_of("c")
    with qtbot.waitSignal(history.opened) as heard:
        history._list.clicked.emit(index)
    assert heard.args == ["c"]


def test_headings_cannot_be_chosen(history: HistoryPane) -> None:
    first = history._list.model().index(0, 0)
    assert not first.flags() & Qt.ItemFlag.ItemIsSelectable


def test_renaming_in_place(qtbot: QtBot, history: HistoryPane) -> None:
    history.rename_current()
    editor = history._list.findChild(QLineEdit)
    assert editor is not None
    editor.setText("  Another\n title ")
    with qtbot.waitSignal(history.renamed) as heard:
        qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert heard.args == ["a", "Another title"]


def test_an_edit_is_not_disturbed_by_news(qtbot: QtBot, history: HistoryPane) -> None:
    history.rename_current()
    editor = history._list.findChild(QLineEdit)
    assert editor is not None
    editor.setText("half wri")
    history.show_value(HistoryValue(ENTRIES[1:], "a"))
    assert history._list.findChild(QLineEdit) is editor
    assert editor.text() == "half wri"
    qtbot.keyClick(editor, Qt.Key.Key_Escape)


def test_a_deletion_can_be_taken_back(qtbot: QtBot, history: HistoryPane) -> None:
    with qtbot.waitSignal(history.hidden) as heard, qtbot.assertNotEmitted(history.deleted):
        history.delete_current()
    assert heard.args == ["a"]
    assert "The bat and the ball" not in titles(history)
    with qtbot.waitSignal(history.opened), qtbot.assertNotEmitted(history.deleted):
        history.undo()
    assert "The bat and the ball" in titles(history)


def test_a_deletion_becomes_final_after_its_time(qtbot: QtBot, history: HistoryPane) -> None:
    history._timer.setInterval(20)
    with qtbot.waitSignal(history.deleted) as heard:
        history.delete("b")
    assert heard.args == ["b"]
    assert history._undo.isHidden()


def test_a_second_deletion_and_the_end_make_the_first_final(qtbot: QtBot, history: HistoryPane) -> None:
    gone: list[str] = []
    history.deleted.connect(gone.append)
    history.delete("a")
    history.delete("b")
    assert gone == ["a"]
    history.finish_deleting()
    history.finish_deleting()
    assert gone == ["a", "b"]


def test_one_that_streams_has_a_dot_and_says_so(history: HistoryPane) -> None:
    index = history._index_of("b")
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "Leap <b>years</b>, still answering"
    with_dot = history.grab().toImage()
    history.show_value(HistoryValue(ENTRIES, "a"))
    assert history.grab().toImage() != with_dot
