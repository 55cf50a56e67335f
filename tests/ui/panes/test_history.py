"""The list of conversations: groups of time, search, renaming, deletion with a way back."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QContextMenuEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QMessageBox, QToolButton
from pytestqt.qtbot import QtBot

from sidelight.store.query import Query, parse
from sidelight.store.search import Found, Hit
from sidelight.store.snippets import Snippet
from sidelight.ui.panes.history.groups import Entry, Heading, Trashed, days_left, grouped, tagged, titled
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


def many(count: int) -> tuple[Entry, ...]:
    return tuple(Entry(f"e{n}", f"Entry {n}", NOW - n) for n in range(count))


def test_more_is_asked_for_at_the_end_and_nobody_is_taken_away_from_there(
    qtbot: QtBot, history: HistoryPane
) -> None:
    asked: list[int] = []
    history.more_wanted.connect(lambda: asked.append(len(history._value.entries)))
    history.show_value(HistoryValue(many(200), "e0", more=True))
    bar = history._list.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 100)
    assert asked == []
    bar.setValue(bar.maximum())
    assert asked == [200]
    at, shown = bar.value(), history._list.indexAt(QPoint(20, 20)).data()
    history.show_value(HistoryValue(many(400), "e0", more=True))
    qtbot.waitUntil(lambda: bar.maximum() > at + 100)
    assert (bar.value(), history._list.indexAt(QPoint(20, 20)).data()) == (at, shown)
    assert asked == [200]
    renamed = (many(400)[0]._replace(title="Another"), *many(400)[1:])  # not only more: all is put anew
    history.show_value(HistoryValue(renamed, "e0", more=True))
    assert (bar.value(), history._list.indexAt(QPoint(20, 20)).data()) == (at, shown)
    history.show_value(HistoryValue(renamed, "e1", more=True))  # another one was opened
    qtbot.waitUntil(lambda: bar.value() < 100)


def test_the_end_of_all_there_is_asks_for_nothing(qtbot: QtBot, history: HistoryPane) -> None:
    asked: list[None] = []
    history.more_wanted.connect(lambda: asked.append(None))
    history.show_value(HistoryValue(many(200), "e0"))
    bar = history._list.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 100)
    bar.setValue(bar.maximum())
    assert asked == []


def test_all_are_wanted_while_something_is_looked_for(qtbot: QtBot, history: HistoryPane) -> None:
    wanted: list[bool] = []
    history.all_wanted.connect(wanted.append)
    qtbot.keyClicks(history._search, "b")
    assert wanted == [True]
    history._search.clear()
    assert wanted == [True, False]
    history.show_value(HistoryValue(ENTRIES, "a", tags=("one", "two")))
    history._tags.changed.emit()
    assert wanted[2:] == [False]


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
    history._head.places["trace"].setChecked(False)
    assert asked[-1].places == {"prompt", "answer"}
    history._search.clear()
    assert asked[-1].is_empty
    assert history._said.isHidden()
    assert history._head.where.isHidden()


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


# --- pins, tags, the trash, kept searches

ORDERED = (
    Entry("a", "The bat and the ball", NOW, tags=("Maths", "to read")),
    Entry("b", "Leap <b>years</b>", NOW - 2),
    Entry("c", "Old things", NOW - 200 * 86400, pinned=True, tags=("maths",)),
)
VALUE = HistoryValue(
    ORDERED,
    "a",
    frozenset(),
    (Trashed("x", "Thrown away", NOW - 86400 * 2.5), Trashed("y", "", NOW - 86400 * 40)),
    ("Maths", "to read", *(f"tag {n}" for n in range(8))),
    (("R1 & maths", "bat model:r1"), ("Old", "before:2026")),
)


def chips(pane: HistoryPane) -> dict[str, QToolButton]:
    return {button.text(): button for button in pane._tags.findChildren(QToolButton) if button.isVisible()}


def menu_of(pane: HistoryPane, identifier: str) -> dict[str, QAction]:
    """What the menu of a row offers, opened by the keyboard as by the mouse."""
    index = next(
        pane._model.index(n) for n, row in enumerate(pane._model.rows) if getattr(row, "id", "") == identifier
    )
    pane._list.setCurrentIndex(index)
    keyboard = QContextMenuEvent.Reason.Keyboard
    QApplication.sendEvent(pane._list.viewport(), QContextMenuEvent(keyboard, QPoint(1, 1), QPoint(1, 1)))
    menu = pane.findChildren(QMenu)[-1]
    return {action.text(): action for action in menu.actions() if action.text()}


def question(pane: HistoryPane) -> QMessageBox:
    return next(box for box in pane.findChildren(QMessageBox) if box.isVisible())


def say_yes(pane: HistoryPane) -> None:
    asked = question(pane)
    next(b for b in asked.buttons() if b.text() == "Delete for good").click()


def test_pinned_ones_come_first_and_only_once(history: HistoryPane) -> None:
    history.show_value(VALUE)
    assert titles(history) == ["Pinned", "Old things", "Today", "The bat and the ball", "Leap <b>years</b>"]


def test_tags_and_pins_are_told_to_screen_readers(history: HistoryPane) -> None:
    history.show_value(VALUE)
    said = [str(history._index_of(row).data(Qt.ItemDataRole.AccessibleTextRole)) for row in ("a", "b", "c")]
    assert said == [
        "The bat and the ball, tags: Maths, to read",
        "Leap <b>years</b>",
        "Old things, pinned, tags: maths",
    ]


def test_a_row_with_tags_is_higher_and_shows_them(history: HistoryPane) -> None:
    history.show_value(VALUE)
    heights = {row: history._list.visualRect(history._index_of(row)).height() for row in "abc"}
    assert heights["a"] == heights["c"] > heights["b"]
    before = history._list.grab().toImage()
    history.show_value(replace(VALUE, entries=(ORDERED[0]._replace(tags=("maths",)), *ORDERED[1:])))
    assert history._list.grab().toImage() != before


def test_chosen_tags_narrow_the_list_and_the_search(qtbot: QtBot, history: HistoryPane) -> None:
    history.show_value(VALUE)
    chips(history)["Maths"].click()
    assert titles(history) == ["Pinned", "Old things", "Today", "The bat and the ball"]
    chips(history)["to read"].click()
    assert titles(history) == ["Today", "The bat and the ball"]
    with qtbot.waitSignal(history.searched) as heard:
        qtbot.keyClicks(history._search, "ball ")
    assert heard.args == [parse('ball tag:maths tag:"to read" ')]
    assert titles(history) == ["Conversations", "The bat and the ball"]
    chips(history)["Maths"].click()
    chips(history)["to read"].click()
    history._search.clear()
    assert len(titles(history)) == 5


def test_tags_beyond_the_first_are_in_a_menu_and_those_gone_are_not_kept(history: HistoryPane) -> None:
    history.show_value(VALUE)
    more = chips(history)["+6"]
    next(a for a in more.menu().actions() if a.text() == "tag 6").trigger()
    assert chips(history)["tag 6"].isChecked()
    assert titles(history) == []
    assert history._said.text() == "No conversation has all of these tags."
    history.show_value(replace(VALUE, tags=("Maths",)))
    assert list(chips(history)) == ["Maths"]
    assert len(titles(history)) == 5
    history.show_value(replace(VALUE, tags=()))
    assert history._tags.isHidden()


def test_titles_are_found_by_words_and_tags_but_not_by_what_replies_are_filtered_by() -> None:
    assert titled(ORDERED, parse("ball")) == [ORDERED[0]]
    assert titled(ORDERED, parse("tag:MATHS ")) == [ORDERED[0], ORDERED[2]]
    assert titled(ORDERED, parse("ball model:r1")) == []
    assert titled(ORDERED, parse("?")) == []
    assert tagged(ORDERED, ()) == list(ORDERED)


@pytest.mark.parametrize(
    ("identifier", "choice", "signal", "args"),
    [
        ("a", "Pin", "pinned", ["a", True]),
        ("c", "Unpin", "pinned", ["c", False]),
        ("a", "Tags…", "tags_wished", ["a"]),
        ("a", "Export…", "export_wished", ["a"]),
        ("b", "Delete", "hidden", ["b"]),
    ],
)
def test_the_menu_of_a_row_tells_wishes(
    qtbot: QtBot, history: HistoryPane, identifier: str, choice: str, signal: str, args: list[object]
) -> None:
    history.show_value(VALUE)
    with qtbot.waitSignal(getattr(history, signal)) as heard:
        menu_of(history, identifier)[choice].trigger()
    assert heard.args == args


def test_the_key_deletes_what_is_chosen(qtbot: QtBot, history: HistoryPane) -> None:
    history.show_value(VALUE)
    history._list.setCurrentIndex(history._index_of("b"))
    with qtbot.waitSignal(history.hidden) as heard:
        qtbot.keyClick(history._list, Qt.Key.Key_Delete)
    assert heard.args == ["b"]


def test_the_open_conversation_is_pinned_and_tagged_by_commands(qtbot: QtBot, history: HistoryPane) -> None:
    history.show_value(VALUE)
    with qtbot.waitSignal(history.pinned) as heard:
        history.pin_current()
    assert heard.args == ["a", True]
    with qtbot.waitSignal(history.tags_wished) as heard:
        history.tag_current()
    assert heard.args == ["a"]
    history.show_value(replace(VALUE, current="nothing that is listed"))
    with qtbot.assertNotEmitted(history.pinned), qtbot.assertNotEmitted(history.tags_wished):
        history.pin_current()
        history.tag_current()


def test_days_in_the_trash_are_counted() -> None:
    day = 86400.0
    assert [days_left(0.0, after * day) for after in (0, 0.5, 29, 29.5, 30, 60)] == [30, 30, 1, 1, 0, 0]


def test_the_trash_is_shown_and_given_back(qtbot: QtBot, history: HistoryPane) -> None:
    history.show_value(VALUE)
    history._head._fill_menu()
    next(a for a in history._head.menu.actions() if a.text() == "Trash (2)").trigger()
    assert titles(history) == ["Thrown away", "Untitled"]
    said = history._model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert said == "Thrown away, 28 days left"
    assert history._head.isHidden()
    with qtbot.waitSignal(history.restored) as heard:
        history._trash_foot._restore.click()
    assert heard.args == ["x"]
    history.show_value(replace(VALUE, trash=()))
    assert history._said.text() == "The trash is empty."
    assert not history._trash_foot._restore.isEnabled()
    assert not history._trash_foot._empty.isEnabled()
    qtbot.keyClick(history._list, Qt.Key.Key_Escape)
    assert len(titles(history)) == 5
    assert history._head.isVisible()


def test_nothing_is_deleted_for_good_before_the_person_was_asked(qtbot: QtBot, history: HistoryPane) -> None:
    history.show_value(VALUE)
    history.show_trash()
    with qtbot.assertNotEmitted(history.erased):
        qtbot.keyClick(history._list, Qt.Key.Key_Delete)
        asked = question(history)
        assert "Thrown away" in asked.text()
        asked.reject()
    with qtbot.waitSignal(history.erased) as heard:
        menu_of(history, "y")["Delete for good"].trigger()
        say_yes(history)
    assert heard.args == ["y"]
    with qtbot.waitSignal(history.emptied):
        history._trash_foot._empty.click()
        assert "all 2 conversations" in question(history).text()
        say_yes(history)


def test_searches_are_kept_run_and_removed(qtbot: QtBot, history: HistoryPane) -> None:
    history.show_value(VALUE)
    history._head._fill_menu()
    actions = {a.text(): a for a in history._head.menu.actions()}
    assert not actions["Save this search…"].isEnabled()
    with qtbot.waitSignal(history.searched) as heard:
        actions["R1 && maths"].trigger()
    assert heard.args == [parse("bat model:r1 ")]
    chips(history)["to read"].click()
    history._head._fill_menu()
    actions = {a.text(): a for a in history._head.menu.actions()}
    with qtbot.waitSignal(history.search_kept) as heard:
        actions["Save this search…"].trigger()
    assert heard.args == ['bat model:r1 tag:"to read"']
    with qtbot.waitSignal(history.search_dropped) as heard:
        removable = actions["Remove a saved search"].menu()
        assert isinstance(removable, QMenu)
        next(a for a in removable.actions() if a.text() == "Old").trigger()
    assert heard.args == ["Old"]
