"""The lanes: what stands in each for every kind of reply, how traces open and close, how lanes are arranged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtWidgets import QPushButton, QTabBar
from pytestqt.qtbot import QtBot
from tests.ui import made

from sidelight.chat.conversation import Conversation, with_replies, with_reply
from sidelight.chat.events import (
    AnswerDelta,
    Failed,
    FailureKind,
    Finished,
    FinishReason,
    Note,
    ReasoningDelta,
    Reclassify,
    Stamped,
)
from sidelight.chat.message import Lane, Parameters, Prompt
from sidelight.chat.reply import Asked, Reply, fold_all
from sidelight.settings import ThinkingMode
from sidelight.ui.document.view import TextRow
from sidelight.ui.panes.compare.cards import FailureCard, VersionBar
from sidelight.ui.panes.compare.cards import Note as NoteRow
from sidelight.ui.panes.compare.header import LANE_MIME
from sidelight.ui.panes.compare.lane import LaneColumn
from sidelight.ui.panes.compare.pane import LanesPane
from sidelight.ui.panes.compare.thinking import CloseBar, PeekLines, Thinking
from sidelight.ui.panes.compare.values import Remark
from sidelight.ui.theme import DARK, LIGHT
from sidelight.ui.widgets.icon import IconButton
from sidelight.ui.widgets.plain import Label

MakePane = Callable[..., LanesPane]


@pytest.fixture
def make(qtbot: QtBot) -> MakePane:
    def made_pane(
        shown: Conversation, *, width: int = 1000, height: int = 700, thinking: ThinkingMode = "peek"
    ) -> LanesPane:
        pane = LanesPane(LIGHT, lambda _reply: 5.0)
        qtbot.addWidget(pane)
        pane.set_palette_and_zoom(LIGHT, 1.0)
        pane.resize(width, height)
        pane.show()
        pane.show_value(made.compared(shown, thinking))
        qtbot.waitUntil(lambda: pane.rests)
        return pane

    return made_pane


def roles(column: LaneColumn) -> list[str]:
    return [row.role for row in column._shown_rows if isinstance(row, TextRow)]


def words(column: LaneColumn) -> str:
    labels = [x.text() for x in column.findChildren(Label) if x.isVisibleTo(column)]
    buttons = [b.text() for b in column.findChildren(IconButton) if b.isVisibleTo(column)]
    return "\n".join(labels + buttons)


def with_events(shown: Conversation, reply: str, *events: Stamped) -> Conversation:
    turn = shown.turns[-1]
    old = next(r for r in turn.replies if r.id == reply)
    return with_replies(shown, turn.id, {reply: fold_all(old, events)})


# --- what stands in a lane


def test_a_finished_reply_shows_prompt_trace_line_and_answer(make: MakePane) -> None:
    (column,) = make(made.conversation(made.DONE)).columns
    assert roles(column) == ["prompt", "answer", "answer"]
    assert "Thought for 7.0 s · full trace" in words(column)
    assert "full trace" in words(column)
    assert "complete" in words(column)
    assert "TTFT 0.4 s" in words(column)


@pytest.mark.parametrize(
    ("events", "sentence"),
    [
        (made.PLAIN, "No trace returned"),
        (made.HIDDEN, "No trace returned, 812 tokens billed"),
        (made.QUEUED, "queued"),
        (made.READING, "reading the prompt, 25 %"),
        (
            made.THOUGHT_ONLY,
            "It thought and gave no answer: the tokens ran out, or the trace was never closed.",
        ),
        (made.CUT, "Sidelight was closed before the reply was complete."),
        (made.STOPPED, "Stopped."),
        (made.REFUSED, "The key was refused. Check the key for this backend."),
        (made.REFUSED, "bad <b>key</b>"),
        (made.TOO_LONG, "5210 tokens, and it can read 4096."),
    ],
)
def test_every_end_is_said_in_words(make: MakePane, events: made.Timed, sentence: str) -> None:
    (column,) = make(made.conversation(events)).columns
    assert sentence in words(column)


@pytest.mark.parametrize("events", [made.CUT, made.STOPPED])
def test_the_partial_text_of_an_interrupted_reply_stays(make: MakePane, events: made.Timed) -> None:
    (column,) = make(made.conversation(events)).columns
    assert "The ball" in column.view.accessible_text()
    assert "interrupted" in words(column)


def test_a_failure_stays_in_its_lane_with_buttons_for_what_to_do(qtbot: QtBot, make: MakePane) -> None:
    pane = make(made.conversation(made.DONE, made.REFUSED))
    well, failed = pane.columns
    assert well.findChildren(FailureCard) == []
    (card,) = failed.findChildren(FailureCard)
    captions = [b.text() for b in card.findChildren(QPushButton)]
    assert captions == ["Set a key…", "Retry"]
    with qtbot.waitSignal(pane.turn_wished) as heard:
        card.findChildren(QPushButton)[1].click()
    assert heard.args == ["l1", "t0", "retry"]


@pytest.mark.parametrize(("earlier", "offered"), [(0, False), (2, True)])
def test_a_full_context_offers_to_go_on_without_the_oldest_turns(
    make: MakePane, earlier: int, offered: bool
) -> None:
    (column,) = make(made.conversation(made.TOO_LONG, earlier=earlier), height=3000).columns
    captions = [b.text() for b in column.findChildren(QPushButton)]
    assert ("Continue without the oldest turns" in captions) is offered


def test_a_lane_that_was_not_asked_can_be_asked(qtbot: QtBot, make: MakePane) -> None:
    shown = made.conversation(made.DONE)
    shown = replace(shown, lanes=(*shown.lanes, Lane("new", "b", "m")))
    pane = make(shown)
    (note,) = pane.columns[1].findChildren(NoteRow)
    with qtbot.waitSignal(pane.turn_wished) as heard:
        note.findChildren(QPushButton)[0].click()
    assert heard.args == ["new", "t0", "ask"]


def test_several_versions_can_be_leafed_through(qtbot: QtBot, make: MakePane) -> None:
    shown = made.conversation(made.REFUSED)
    shown = with_reply(shown, "t0", made.reply(made.PLAIN, "l0", "second", version=2))
    pane = make(shown)
    (column,) = pane.columns
    assert "Version 2 of 2" in words(column)
    assert "Ten cents." in column.view.accessible_text()
    (bar,) = column.findChildren(VersionBar)
    bar.chosen.emit(0)
    qtbot.wait(1)
    assert "Version 1 of 2" in words(column)
    assert "Ten cents." not in column.view.accessible_text()
    third = made.reply(made.QUEUED, "l0", "third", version=3)
    pane.show_newest_version("t0", "l0")
    pane.show_value(made.compared(with_reply(shown, "t0", third)))
    qtbot.wait(1)
    assert "Version 3 of 3" in words(column)


def test_a_prompt_of_megabytes_is_cut_for_the_eye_and_its_size_is_said(make: MakePane) -> None:
    shown = made.conversation(made.PLAIN)
    turn = replace(shown.turns[0], prompt=Prompt("<b>long</b> " * 420_000))
    (column,) = make(replace(shown, turns=(turn,))).columns
    text = column.view.accessible_text()
    assert len(text) < 9_000
    assert "5.0 MB in all" in text
    assert "<b>long</b>" in text


def test_what_a_model_did_not_take_is_said_in_its_lane(make: MakePane) -> None:
    shown = made.conversation(made.DONE)
    turn = shown.turns[0]
    notes = (Note("temperature", "ignored", "not_in_this_api"), Note("effort", "clamped", "low"))
    asked = Asked("b", "x", "h", Parameters(temperature=0.5, effort="off"))
    reply = replace(turn.replies[0], asked=asked, notes=notes)
    pane = make(replace(shown, turns=(replace(turn, replies=(reply,)),)))
    (column,) = pane.columns
    taken = column.header._taken
    assert taken.text() == "ignored: Temperature · clamped: Thinking effort"
    pane.grab()
    assert "Temperature: 0.5 (ignored). This provider's API has no such parameter." in taken.toolTip()
    assert "Thinking effort: Off (clamped)" in taken.accessibleName()


def test_a_server_that_is_not_encrypted_has_a_red_mark(qtbot: QtBot, make: MakePane) -> None:
    value = made.compared(made.conversation(made.DONE, made.DONE))
    (first, facts), *others = value.facts
    pane = make(value.conversation)
    pane.show_value(replace(value, facts=((first, replace(facts, plain=True)), *others)))
    qtbot.waitUntil(lambda: pane.rests)
    marks = [column.header._plain for column in pane.columns]
    assert [mark.isVisibleTo(pane) for mark in marks] == [True, False]
    assert marks[0].accessibleName().startswith("Not encrypted")
    assert marks[0].property("role") == "error"


def test_a_version_that_was_read_again_is_marked(make: MakePane) -> None:
    shown = made.conversation(made.DONE)
    again = replace(made.reply(made.PLAIN, "l0", "second", version=2), reread="r0-0")
    (column,) = make(with_reply(shown, "t0", again)).columns
    assert "Version 2 of 2" in words(column)
    assert "read again, nothing sent" in words(column)


@pytest.mark.parametrize(
    ("failed", "captions"),
    [
        (Failed(FailureKind.BAD_REQUEST, code="extra_json"), ["Lane settings…", "Retry"]),
        (Failed(FailureKind.BAD_REQUEST, code="backend_unknown"), ["Choose a model…", "Retry"]),
        (Failed(FailureKind.NETWORK, code="tls"), ["Preferences…", "Retry"]),
        (Failed(FailureKind.SERVER), ["Retry"]),
    ],
)
def test_the_next_step_is_a_button_where_there_is_one(
    make: MakePane, failed: Failed, captions: list[str]
) -> None:
    (column,) = make(made.conversation(((failed, 0.1),))).columns
    (card,) = column.findChildren(FailureCard)
    assert [b.text() for b in card.findChildren(QPushButton)] == captions


# --- streaming


def test_what_is_finished_stays_the_very_same_row_while_more_comes(qtbot: QtBot, make: MakePane) -> None:
    shown = made.conversation(made.ANSWERING)
    pane = make(shown)
    (column,) = pane.columns
    shown = with_events(shown, "r0-0", Stamped.now(AnswerDelta(" costs.\n\nSecond paragraph.\n\nThird"), 5.0))
    pane.show_value(made.compared(shown))
    qtbot.waitUntil(lambda: not column.stale)
    before = [r for r in column._shown_rows if isinstance(r, TextRow)]
    shown = with_events(shown, "r0-0", Stamped.now(AnswerDelta(" goes on"), 5.1))
    pane.show_value(made.compared(shown))
    qtbot.waitUntil(lambda: not column.stale)
    after = [r for r in column._shown_rows if isinstance(r, TextRow)]
    assert [a is b for a, b in zip(before, after, strict=True)] == [True, True, True, False]
    assert column.view.accessible_text().endswith("Third goes on")


def test_the_end_of_a_stream_gives_what_the_whole_text_gives(make: MakePane) -> None:
    text = "# Title\n\n1. one\n2. two\n\n```py\nx = 1\n```\n\nend"
    shown = made.conversation(made.WAITING)
    pane = make(shown)
    (column,) = pane.columns
    for place in range(0, len(text), 3):
        shown = with_events(shown, "r0-0", Stamped.now(AnswerDelta(text[place : place + 3]), 1.0))
        pane.show_value(made.compared(shown))
    shown = with_events(shown, "r0-0", Stamped.now(Finished(FinishReason.STOP), 2.0))
    pane.show_value(made.compared(shown))
    streamed = [r.block for r in column._shown_rows if isinstance(r, TextRow) and r.role == "answer"]
    (other,) = make(shown).columns
    at_once = [r.block for r in other._shown_rows if isinstance(r, TextRow) and r.role == "answer"]
    assert streamed == at_once


def test_text_that_turns_out_to_be_the_trace_moves_there(make: MakePane) -> None:
    shown = made.conversation(((AnswerDelta("Let me think."), 1.0),))
    pane = make(shown, thinking="open")
    (column,) = pane.columns
    assert roles(column) == ["prompt", "answer"]
    shown = with_events(shown, "r0-0", Stamped.now(Reclassify(), 2.0), Stamped.now(AnswerDelta("Four."), 2.1))
    pane.show_value(made.compared(shown, "open"))
    assert roles(column) == ["prompt", "trace", "answer"]


def test_the_peek_shows_the_last_lines_and_the_clock_goes_on(qtbot: QtBot, make: MakePane) -> None:
    pane = make(made.conversation(made.THINKING))
    (column,) = pane.columns
    (head,) = column.findChildren(Thinking)
    assert head.value.disclosure == "peek"
    assert head.value.last.endswith("And now")
    (peek,) = column.findChildren(PeekLines)
    assert peek.isVisibleTo(column)
    assert "Thinking for 4.6 s" in words(column)
    column._elapsed = lambda _reply: 9.4
    pane.tick()
    assert "Thinking for 9.0 s" in words(column)
    height = head.height()
    shown = with_events(
        made.conversation(made.THINKING), "r0-0", Stamped.now(ReasoningDelta("\n\nmore" * 50), 6.0)
    )
    pane.show_value(made.compared(shown))
    assert head.height() == height


# --- opening and closing


def test_a_hand_always_wins_over_the_mode(qtbot: QtBot, make: MakePane) -> None:
    shown = made.conversation(made.THINKING)
    pane = make(shown, thinking="open_then_close")
    (column,) = pane.columns
    assert "trace" in roles(column)
    (head,) = column.findChildren(Thinking)
    qtbot.mouseClick(head._button, Qt.MouseButton.LeftButton)
    assert "trace" not in roles(column)
    shown = with_events(shown, "r0-0", Stamped.now(ReasoningDelta(" and more"), 5.0))
    pane.show_value(made.compared(shown, "open_then_close"))
    assert "trace" not in roles(column)


def test_open_then_close_closes_when_the_answer_begins(make: MakePane) -> None:
    shown = made.conversation(made.THINKING)
    pane = make(shown, thinking="open_then_close")
    (column,) = pane.columns
    assert "trace" in roles(column)
    shown = with_events(shown, "r0-0", Stamped.now(AnswerDelta("So"), 5.0))
    pane.show_value(made.compared(shown, "open_then_close"))
    assert "trace" not in roles(column)


def test_a_long_trace_can_be_closed_at_its_end(qtbot: QtBot, make: MakePane) -> None:
    long = (
        (ReasoningDelta("word " * 2000), 1.0),
        (AnswerDelta("x"), 2.0),
        (Finished(FinishReason.STOP), 2.0),
    )
    pane = make(made.conversation(long), thinking="open", height=9000)
    (column,) = pane.columns
    qtbot.waitUntil(lambda: not column.stale)
    (bar,) = column.findChildren(CloseBar)
    bar.closed.emit()
    qtbot.wait(1)
    assert "trace" not in roles(column)


def test_one_key_closes_all_traces_and_opens_them_again(make: MakePane) -> None:
    pane = make(made.conversation(made.DONE, made.DONE, made.PLAIN, earlier=1), width=1400)
    pane.toggle_traces()
    assert [("trace" in roles(c)) for c in pane.columns] == [True, True, True]
    pane.toggle_traces()
    assert not any("trace" in roles(c) for c in pane.columns)


# --- arrangement


def test_narrow_panes_have_tabs_with_dots(qtbot: QtBot, make: MakePane) -> None:
    pane = make(made.conversation(made.DONE, made.THINKING, made.REFUSED), width=700)
    tabs = pane.findChild(QTabBar)
    assert tabs is not None
    assert tabs.isVisibleTo(pane)
    assert [not tabs.tabIcon(i).isNull() for i in range(3)] == [False, True, True]
    assert [c.isVisibleTo(pane) for c in pane.columns] == [True, False, False]
    tabs.setCurrentIndex(2)
    assert [c.isVisibleTo(pane) for c in pane.columns] == [False, False, True]
    assert pane.columns[2].findChildren(FailureCard)
    pane.resize(1400, 700)
    qtbot.wait(1)
    assert not tabs.isVisibleTo(pane)
    assert all(c.isVisibleTo(pane) for c in pane.columns)


def test_a_lane_is_maximised_and_given_back(qtbot: QtBot, make: MakePane) -> None:
    pane = make(made.conversation(*[made.DONE] * 8), width=1200)
    pane.maximise(2)
    assert [c.isVisibleTo(pane) for c in pane.columns].count(True) == 1
    assert pane.columns[2].width() == 1200
    pane.focus_lane(1)
    assert pane.columns[3].isVisibleTo(pane)
    pane.maximise(3)
    assert all(c.isVisibleTo(pane) for c in pane.columns)
    pane.maximise(11)
    qtbot.mouseDClick(pane.columns[0].header, Qt.MouseButton.LeftButton)
    assert pane.columns[0].width() == 1200


def test_lanes_out_of_sight_are_drawn_when_they_come_into_sight(qtbot: QtBot, make: MakePane) -> None:
    pane = make(made.conversation(*[made.DONE] * 8), width=1000)
    assert pane.visible_lanes == 3
    qtbot.waitUntil(lambda: [c.stale for c in pane.columns] == [False] * 3 + [True] * 5)
    pane.focus_lane(7)
    # lanes are drawn in turn, for a few milliseconds a turn of the loop
    qtbot.waitUntil(lambda: not pane.columns[7].stale)
    assert "0.05" in pane.columns[7].view.accessible_text()


def test_moving_is_wished_by_keys_menu_and_drop(qtbot: QtBot, make: MakePane) -> None:
    pane = make(made.conversation(made.DONE, made.DONE, made.DONE), width=1400)
    with qtbot.waitSignal(pane.lane_moved) as heard:
        pane.move_current(1)
    assert heard.args == ["l0", 1]
    with qtbot.assertNotEmitted(pane.lane_moved):
        pane.move_current(-1)
    data = QMimeData()
    data.setData(LANE_MIME, b"l0")
    drop = QDropEvent(
        QPointF(1300, 300),
        Qt.DropAction.MoveAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    with qtbot.waitSignal(pane.lane_moved) as heard:
        pane.dropEvent(drop)
    assert heard.args == ["l0", 2]


def test_lanes_keep_their_widgets_when_they_change_places(make: MakePane) -> None:
    shown = made.conversation(made.DONE, made.PLAIN)
    pane = make(shown)
    before = {c.lane.id: c for c in pane.columns}
    pane.show_value(made.compared(replace(shown, lanes=shown.lanes[::-1])))
    assert [c.lane.id for c in pane.columns] == ["l1", "l0"]
    assert {c.lane.id: c for c in pane.columns} == before
    pane.show_value(made.compared(replace(shown, lanes=shown.lanes[:1])))
    assert [c.lane.id for c in pane.columns] == ["l0"]


def test_finding_goes_through_all_lanes(make: MakePane) -> None:
    pane = make(made.conversation(made.DONE, made.PLAIN))
    pane.open_find()
    pane._find._field.setText("CENTS")
    assert pane._find._count.text() == "1 of 1"
    pane._find._field.setText("question")
    assert pane._find._count.text() == "1 of 2"
    pane._find.stepped.emit(1)
    assert pane._find._count.text() == "2 of 2"
    pane._find._field.setText("nowhere")
    assert pane._find._count.text() == "not found"
    pane._find.put_away()
    assert pane._find.isHidden()


def test_the_footer_stops_retries_and_copies(qtbot: QtBot, make: MakePane) -> None:
    pane = make(made.conversation(made.THINKING, made.PLAIN))
    busy, done = pane.columns
    with qtbot.waitSignal(pane.lane_wished) as heard:
        busy.footer._stop.click()
    assert heard.args == ["l0", "stop"]
    assert not done.footer._stop.isVisibleTo(pane)
    with qtbot.waitSignal(pane.turn_wished) as heard:
        done.footer._retry.click()
    assert heard.args == ["l1", "t0", "retry"]
    done.footer._copy.click()
    assert QGuiApplication.clipboard().text() == "Ten cents."


def test_the_context_meter_says_how_full_it_is(make: MakePane) -> None:
    (column,) = make(made.conversation(made.DONE)).columns
    assert column.header._meter.accessibleName() == "Context: 300 of 4,096 tokens used"
    (column,) = make(made.conversation(made.PLAIN)).columns
    assert column.header._meter.isHidden()


@pytest.mark.parametrize("zoom", [1.0, 2.0, 3.0])
def test_theme_and_zoom_reach_every_lane(make: MakePane, zoom: float) -> None:
    pane = make(made.conversation(made.DONE, made.THINKING))
    pane.set_palette_and_zoom(DARK, zoom)
    image = pane.columns[0].view.viewport().grab().toImage()
    assert image.pixelColor(1, 1).lightness() < 80
    assert (pane.findChild(QTabBar).isVisibleTo(pane)) is (zoom > 1.0)  # type: ignore[union-attr]  # it is there


def test_everything_that_can_be_pressed_has_a_name(make: MakePane) -> None:
    pane = make(made.conversation(made.DONE, made.REFUSED, made.THINKING, earlier=1), width=1400)
    for button in pane.findChildren(IconButton):
        assert button.accessibleName(), button


def test_columns_serve_the_next_conversation_as_new(qtbot: QtBot, make: MakePane) -> None:
    pane = make(made.conversation(made.DONE, made.DONE))
    before = pane.columns
    before[0].open_traces(True)
    before[0].view.select_all()
    before[0].view.follow = False
    before[0].show_remark("r0-0", Remark("0.05", "Something else answers."))
    assert before[0].any_trace_open()
    pane.show_value(made.compared(replace(made.conversation(made.DONE, made.DONE, made.DONE), id="other")))
    assert pane.columns[:2] == before
    qtbot.waitUntil(lambda: pane.rests)
    texts = {column.view.accessible_text() for column in pane.columns}
    assert len(texts) == 1
    assert not before[0].any_trace_open()
    assert before[0].view.selected_text() == ""
    assert before[0].view.follow
    assert before[0].header._warning.isHidden()


def test_columns_are_made_ahead_and_follow_theme_and_size(qtbot: QtBot, make: MakePane) -> None:
    pane = make(made.conversation(made.DONE))
    steps = len(list(pane.stock()))
    assert steps == 3
    assert list(pane.stock()) == []
    pane.set_palette_and_zoom(DARK, 2.0)
    made_ahead = set(pane.findChildren(LaneColumn)) - set(pane.columns)
    assert len(made_ahead) == 3
    assert not any(column.isVisibleTo(pane) for column in made_ahead)
    pane.show_value(made.compared(replace(made.conversation(*[made.DONE] * 4), id="other")))
    qtbot.waitUntil(lambda: pane.rests)
    assert set(pane.columns) >= made_ahead
    assert len({column.view._stack.unit for column in pane.columns}) == 1


def test_a_whole_conversation_is_swapped(qtbot: QtBot, make: MakePane) -> None:
    pane = make(made.conversation(made.DONE, made.DONE))
    other = replace(made.conversation(made.PLAIN), id="other")
    pane.show_value(made.compared(other))
    assert len(pane.columns) == 1
    assert pane.columns[0].view.accessible_text() == ""  # nothing of the one before, not for a moment
    qtbot.waitUntil(lambda: pane.rests)
    assert "Ten cents." in pane.columns[0].view.accessible_text()
    empty = Reply("r0-0", "l0")
    pane.show_value(made.compared(with_replies(other, "t0", {"r0-0": empty})))
    assert "Ten cents." not in pane.columns[0].view.accessible_text()
