"""Finding words in the lanes: the bar, the count, lanes out of sight, closed traces, text that comes meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot
from tests.ui import made

from sidelight.chat.conversation import Conversation, with_replies
from sidelight.chat.events import AnswerDelta, Finished, FinishReason, ReasoningDelta, Stamped
from sidelight.chat.reply import fold_all
from sidelight.ui.document.selection import Point
from sidelight.ui.panes.compare.pane import LanesPane
from sidelight.ui.theme import LIGHT

Make = Callable[..., LanesPane]
LONG: made.Timed = (
    (ReasoningDelta("".join(f"Thought {i} about a needle.\n\n" for i in range(400))), 0.2),
    (AnswerDelta("".join(f"Line {i} of the answer.\n\n" for i in range(400)) + "A Needle at the end."), 0.3),
    (Finished(FinishReason.STOP), 1.0),
)


@pytest.fixture
def make(qtbot: QtBot) -> Make:
    def made_pane(shown: Conversation, width: int = 1000) -> LanesPane:
        pane = LanesPane(LIGHT, lambda _reply: 5.0)
        qtbot.addWidget(pane)
        pane.set_palette_and_zoom(LIGHT, 1.0)
        pane.resize(width, 600)
        with qtbot.waitExposed(pane):
            pane.show()
            pane.show_value(made.compared(shown, "closed"))
        pane.activateWindow()
        qtbot.waitUntil(pane.isActiveWindow)
        return pane

    return made_pane


def look_for(pane: LanesPane, text: str) -> None:
    pane.open_find()
    pane._find._field.setText(text)


def count(pane: LanesPane) -> str:
    return pane._find._count.text()


def wait_for(qtbot: QtBot, pane: LanesPane, said: str) -> None:
    qtbot.waitUntil(lambda: count(pane) == said, timeout=30_000)


def test_enter_goes_on_shift_enter_back_and_escape_closes(make: Make, qtbot: QtBot) -> None:
    pane = make(made.conversation(made.DONE, made.PLAIN, earlier=1))
    pane.columns[0].setFocus()
    look_for(pane, "question")
    wait_for(qtbot, pane, "1 of 4")
    field = pane._find._field
    for said in ("2 of 4", "3 of 4", "4 of 4", "1 of 4"):
        QTest.keyClick(field, Qt.Key.Key_Return)
        assert count(pane) == said
    QTest.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert count(pane) == "4 of 4"
    pane.find_next(1)
    assert count(pane) == "1 of 4"
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert pane._find.isHidden()
    assert pane.columns[0].view._needle is None
    assert pane.columns[0].view.hasFocus()


def test_escape_on_any_button_of_the_bar_closes_it(make: Make, qtbot: QtBot) -> None:
    pane = make(made.conversation(made.DONE))
    look_for(pane, "x")
    button = pane._find.findChildren(QToolButton)[0]
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Escape)
    assert pane._find.isHidden()


def test_a_match_in_a_closed_trace_opens_it(make: Make, qtbot: QtBot) -> None:
    pane = make(made.conversation(LONG, made.PLAIN))
    column = pane.columns[0]
    assert not column.any_trace_open()
    look_for(pane, "thought 399")
    wait_for(qtbot, pane, "1 of 1")
    qtbot.waitUntil(column.any_trace_open, timeout=30_000)
    view = column.view
    qtbot.waitUntil(lambda: view._current is not None, timeout=30_000)
    assert view._current is not None
    row = view._stack.by_key[view._current.key]
    top = view._stack.top(row.index) - view.verticalScrollBar().value()
    assert -20 < top < view.viewport().height()
    look_for(pane, "no such word")
    wait_for(qtbot, pane, "not found")


def test_lanes_out_of_sight_are_looked_through_and_brought_into_sight(make: Make, qtbot: QtBot) -> None:
    pane = make(made.conversation(*[made.DONE] * 7, made.PLAIN), width=900)
    assert pane.columns[7].stale
    look_for(pane, "cents")
    wait_for(qtbot, pane, "1 of 1")
    last = pane.columns[7]
    qtbot.waitUntil(lambda: last.view._current is not None, timeout=30_000)
    assert pane._in_sight(last)


def test_case_whole_words_and_this_lane(make: Make, qtbot: QtBot) -> None:
    pane = make(made.conversation(LONG, LONG))
    pane.columns[1].setFocus()
    qtbot.waitUntil(pane.columns[1].view.hasFocus)
    assert pane.current is pane.columns[1]
    qtbot.waitUntil(lambda: not any(c.stale for c in pane.columns))  # all is read
    look_for(pane, "needle")
    wait_for(qtbot, pane, "802 of 802")
    bar = pane._find
    bar._case.click()
    wait_for(qtbot, pane, "1 of 800")
    bar._where.setCurrentIndex(1)
    bar._where.activated.emit(1)
    wait_for(qtbot, pane, "1 of 400")
    assert pane.columns[0].view._needle is None
    bar._case.click()
    bar._field.setText("need")
    wait_for(qtbot, pane, "1 of 401")
    bar._whole.click()
    wait_for(qtbot, pane, "not found")


def test_text_that_comes_meanwhile_joins_and_what_is_looked_at_stays(make: Make, qtbot: QtBot) -> None:
    shown = made.conversation(made.ANSWERING, made.PLAIN)
    pane = make(shown)
    look_for(pane, "ball")
    wait_for(qtbot, pane, "1 of 1")
    looked_at = pane.columns[0].view._current
    turn = shown.turns[-1]
    for _ in range(3):
        reply = fold_all(turn.replies[0], [Stamped.now(AnswerDelta(" and a ball"), 5.0)])
        shown = with_replies(shown, turn.id, {reply.id: reply})
        turn = shown.turns[-1]
        pane.show_value(made.compared(shown, "closed"))
    wait_for(qtbot, pane, "1 of 4")
    assert pane.columns[0].view._current == looked_at


def test_what_is_selected_is_looked_for_first(make: Make, qtbot: QtBot) -> None:
    pane = make(made.conversation(made.PLAIN))
    pane.columns[0].setFocus()
    view = pane.columns[0].view
    view.select_all()
    assert "\n" in view.selected_text()
    pane.open_find()
    assert pane._find._field.text() == ""
    item = next(i for i in view._stack.items if i.role == "answer")
    view._select(Point(item, 0), Point(item, 3))
    pane.columns[0].setFocus()
    pane.open_find()
    assert pane._find._field.text() == "Ten"
    wait_for(qtbot, pane, "1 of 1")
    assert QApplication.focusWidget() is pane._find._field
    assert pane._find._where.isHidden(), "one lane leaves nothing to choose"


def test_a_lane_that_is_removed_takes_its_matches_with_it(make: Make, qtbot: QtBot) -> None:
    shown = made.conversation(made.PLAIN, made.PLAIN)
    pane = make(shown)
    look_for(pane, "cents")
    wait_for(qtbot, pane, "1 of 2")
    pane.show_value(made.compared(replace(shown, lanes=shown.lanes[1:]), "closed"))
    wait_for(qtbot, pane, "1 of 1")
    pane.find_next(1)
    assert count(pane) == "1 of 1"
