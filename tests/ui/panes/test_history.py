"""The list of conversations: groups of time, search, renaming, deletion with a way back."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from sidelight.store.query import Query, parse
from sidelight.store.search import Found, Hit, Snippet
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


HITS = tuple(
    Hit(
        "old",
        "Old <i>things</i>",
        f"turn {n}",
        f"reply {n}" if n else "",
        "trace" if n else "prompt",
        Snippet("… what stands <b>before</b> the bat 球拍 and after it, at some length", ((33, 36),)),
        NOW,
        "ollama" if n else "",
        "qwen3:8b" if n else "",
    )
    for n in range(3)
)


def test_messages_are_asked_for_once_typing_rests(qtbot: QtBot, history: HistoryPane) -> None:
    asked: list[Query] = []
    history.searched.connect(asked.append)
    with qtbot.waitSignal(history.searched):
        qtbot.keyClicks(history._search, "bat model:r1")
    assert asked == [parse("bat model:r1")]
    assert "Searching" in history._said.text()
    history._places["trace"].setChecked(False)
    assert asked[-1].places == {"prompt", "answer"}
    history._search.clear()
    assert asked[-1].is_empty
    assert history._said.isHidden()
    assert history._where.isHidden()


def test_hits_stand_below_titles_and_are_opened_by_keys(qtbot: QtBot, history: HistoryPane) -> None:
    qtbot.keyClicks(history._search, "bat")
    history.show_found(Found(HITS))
    assert titles(history) == [
        "Conversations",
        "The bat and the ball",
        "In messages",
        *3 * ["Old <i>things</i>"],
    ]
    for _ in range(9):
        qtbot.keyClick(history._search, Qt.Key.Key_Down)
    qtbot.keyClick(history._search, Qt.Key.Key_Up)
    with qtbot.waitSignal(history.hit_opened) as heard:
        qtbot.keyClick(history._search, Qt.Key.Key_Return)
    assert heard.args == ["old", "turn 1", "reply 1"]
    for _ in range(9):
        qtbot.keyClick(history._search, Qt.Key.Key_Up)
    assert history._list.currentIndex().row() == 1
    qtbot.keyClick(history._search, Qt.Key.Key_PageDown)
    assert history._list.currentIndex().row() == 5
    qtbot.keyClick(history._search, Qt.Key.Key_Escape)
    assert history._search.text() == ""
    assert "Old things" in titles(history)


def test_a_hit_is_told_to_screen_readers_and_cannot_be_renamed(qtbot: QtBot, history: HistoryPane) -> None:
    qtbot.keyClicks(history._search, "zzz")
    history.show_found(Found(HITS))
    index = history._list.currentIndex()
    said = str(index.data(Qt.ItemDataRole.AccessibleTextRole))
    assert said.startswith("Old <i>things</i>: … what stands")
    assert said.endswith("(prompt)")
    assert not index.flags() & Qt.ItemFlag.ItemIsEditable


def test_that_it_is_not_all_is_said(qtbot: QtBot, history: HistoryPane) -> None:
    qtbot.keyClicks(history._search, "zzz")
    history.show_found(Found())
    assert history._said.text() == "Nothing in messages."
    history.show_found(Found(HITS, partial=True))
    assert history._said.text().startswith("Time ran out")
    history.show_found(Found(HITS), 0.4)
    assert "40 %" in history._said.text()
    history.show_found(Found(HITS))
    assert history._said.isHidden()


def test_marks_are_drawn_bold_and_in_sight(qtbot: QtBot, history: HistoryPane) -> None:
    qtbot.keyClicks(history._search, "bat")
    pictures = []
    for marks in ((), ((33, 36),)):
        shown = Snippet(HITS[1].snippet.text, marks)
        history.show_found(Found((replace(HITS[1], snippet=shown),)))
        pictures.append(history._list.grab().toImage())
    assert pictures[0] != pictures[1]
