"""The whole window over the real engine and a server on loopback: what a person does, and what is then to be seen."""

from __future__ import annotations

import itertools
import sys
import time
from functools import partial
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot
from tests.faults.server import ExpectEof, Rst, Scenario, Seen, answer, ok_sse, paced_sse
from tests.ui.house import Stage, frame, script, stage

from sidelight.chat.conversation import ContextRule
from sidelight.chat.reply import ReplyState
from sidelight.engine.terms import Notice
from sidelight.settings import Settings
from sidelight.ui.actions import COMMANDS
from sidelight.ui.dialogs.access import KeyDialog
from sidelight.ui.dialogs.keys import KeyList
from sidelight.ui.dialogs.lane_settings import LaneSettings
from sidelight.ui.dialogs.model_picker import ModelPicker
from sidelight.ui.dialogs.palette import CommandPalette
from sidelight.ui.panes.compare.cards import FailureCard
from sidelight.ui.panes.compare.lane import LaneColumn
from sidelight.ui.theme import DARK

ENDLESS = itertools.repeat(frame(content="word "))


def endless(_seen: Seen) -> Scenario:
    return paced_sse(itertools.chain([frame(reasoning_content="Hm. ")], ENDLESS), 200, end=False)


def none_left(window: QWidget, kind: type[QWidget]) -> bool:
    return not window.findChildren(kind)


def states(here: Stage) -> list[ReplyState]:
    return [r.state for r in here.session.conversation.path[-1].replies]


def test_a_prompt_is_typed_and_both_lanes_answer(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [script("First I think.", "Two and two is **four**.")]) as (here, server):
        window = here.window
        assert window._stack.currentWidget() is window.welcome
        qtbot.keyClicks(window.composer.edit, "What is 2 + 2?")
        qtbot.keyClick(window.composer.edit, Qt.Key.Key_Return)
        assert window.composer.prompt == ""
        here.until(lambda: not here.session.streaming and states(here) == [ReplyState.COMPLETE] * 2)
        here.until(lambda: "four" in here.text(0) and "four" in here.text(1))
        assert "What is 2 + 2?" in here.text(0)
        assert len(server.requests) == 2
        assert window._title.text() == "What is 2 + 2?"
        assert [s.title for s in here.session.history()] == ["What is 2 + 2?"]
        here.until(lambda: not here.bridge.running)


def test_what_a_first_conversation_needs_is_there_before_it(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [script("Hm.", "Four.")]) as (here, _server):
        window = here.window
        steps = sum(1 for _ in window.prepare())
        assert steps > 10
        assert window._stack.currentWidget() is window.welcome
        ahead = set(window.findChildren(LaneColumn))
        assert len(ahead) == 4
        qtbot.keyClicks(window.composer.edit, "What is 2 + 2?")
        qtbot.keyClick(window.composer.edit, Qt.Key.Key_Return)
        here.until(lambda: not here.session.streaming and states(here) == [ReplyState.COMPLETE] * 2)
        here.until(lambda: "Four" in here.text(0) and "Four" in here.text(1))
        assert set(window.findChildren(LaneColumn)) == ahead


def test_the_timer_runs_only_while_something_streams(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, endless) as (here, _server):
        here.until(lambda: not here.bridge.running)
        here.begin("go")
        here.until(lambda: states(here) == [ReplyState.STREAMING] * 2)
        assert here.bridge.running
        assert here.bridge._timer.interval() == 16
        here.window.stop()
        here.until(lambda: states(here) == [ReplyState.INTERRUPTED] * 2)
        here.until(lambda: not here.bridge.running)


def test_no_thread_waits_long_for_the_interpreter_while_a_window_stands(qtbot: QtBot, tmp_path: Path) -> None:
    before = sys.getswitchinterval()
    with stage(qtbot, tmp_path, endless):
        assert sys.getswitchinterval() < 0.001 < before
    assert sys.getswitchinterval() == before


def test_a_tick_comes_soon_after_what_comes_and_not_twice(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, endless) as (here, _server):
        here.begin("go")
        here.until(lambda: states(here) == [ReplyState.STREAMING] * 2)
        bridge = here.bridge
        bridge._timer.stop()
        bridge._early.stop()
        bridge._timer.start(16)
        bridge._ticked = time.monotonic()
        bridge._wake(None)
        assert not bridge._early.isActive()  # one has just been
        bridge._ticked = time.monotonic() - 1
        bridge._wake(None)
        assert bridge._early.isActive()
        bridge._tick()
        assert not bridge._early.isActive()
        here.window.stop()
        here.until(lambda: not here.session.streaming)


def test_the_timer_slows_down_when_nobody_looks(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, endless) as (here, _server):
        here.begin("go")
        here.until(lambda: any(s is ReplyState.STREAMING for s in states(here)))
        here.window.hide()
        here.until(lambda: here.bridge._timer.interval() == 250)
        here.window.stop()
        here.until(lambda: not here.session.streaming)


def test_escape_stops_everything_and_the_partial_text_stays(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, endless) as (here, server):
        here.begin("go")
        here.until(lambda: here.window._lanes is not None and "word word" in here.text(0))
        here.window.activateWindow()
        qtbot.keyClick(here.window, Qt.Key.Key_Escape)
        here.until(lambda: states(here) == [ReplyState.INTERRUPTED] * 2)
        server.wait_eof(2)
        here.until(lambda: not here.bridge.running)
        assert "word word" in here.text(0)
        assert len(here.window.findChildren(FailureCard)) == 2


def test_one_lane_is_stopped_and_the_other_goes_on(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, endless) as (here, _server):
        here.begin("go")
        here.until(lambda: states(here) == [ReplyState.STREAMING] * 2)
        assert here.window._lanes is not None
        here.window._lanes.columns[0].footer._stop.click()
        here.until(lambda: states(here)[0] is ReplyState.INTERRUPTED)
        assert states(here)[1] is ReplyState.STREAMING
        here.window.stop()
        here.until(lambda: not here.session.streaming)


def test_a_failure_is_said_in_its_lane_and_retried_there(qtbot: QtBot, tmp_path: Path) -> None:
    refused = answer(401, b'{"error":{"message":"no such <b>key</b>"}}')
    failures = iter([True])

    def serve(seen: Seen) -> Scenario:
        broken = b"model-1" in seen.body and next(failures, False)
        return refused if broken else script(answer="Fine.")

    with stage(qtbot, tmp_path, serve) as (here, _server):
        here.ask("hello")
        assert states(here) == [ReplyState.COMPLETE, ReplyState.FAILED]
        (card,) = here.window.findChildren(FailureCard)
        assert here.window.actions_by_id["retry_failed"].isEnabled()
        next(b for b in card.findChildren(QPushButton) if b.text() == "Retry").click()
        here.until(lambda: not here.session.streaming and "Fine." in here.text(1))
        here.until(lambda: not here.window.actions_by_id["retry_failed"].isEnabled())
        assert len(here.session.conversation.path[-1].versions(here.session.conversation.lanes[1].id)) == 2


def test_a_cut_connection_keeps_its_text_and_is_marked(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [ok_sse(frame(content="Half a "), Rst())], lanes=1) as (here, _server):
        here.ask("hello")
        assert states(here) == [ReplyState.INTERRUPTED]
        here.until(lambda: "Half a" in here.text(0))


def test_lanes_are_added_removed_moved_and_saved(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [script()]) as (here, _server):
        here.ask("hello")
        session, pane = here.session, here.window._lanes
        assert pane is not None
        here.window.dialogs.on_picked(None, "srv", "third")
        here.until(lambda: len(pane.columns) == 3)
        here.window.save_lanes()
        assert [x.model for x in session.conversation.lanes][-1] == "third"
        pane._current = session.conversation.lanes[2].id
        here.window.move_lane(-1)
        here.until(lambda: [c.lane.model for c in pane.columns] == ["model-0", "third", "model-1"])
        here.window.lanes.turn_wish(session.conversation.lanes[1].id, session.conversation.path[-1].id, "ask")
        here.until(lambda: not session.streaming and "Four." in here.text(1))
        here.window.lanes.wish(session.conversation.lanes[0].id, "remove")
        here.until(lambda: len(pane.columns) == 2)
        here.window.lanes.wish(session.conversation.lanes[0].id, "duplicate")
        here.until(lambda: len(pane.columns) == 3)
        assert [lane.model for lane in session.settings.lanes] == ["model-0", "model-1", "third"]


def test_conversations_are_opened_renamed_deleted_and_taken_back(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [script()]) as (here, _server):
        session, window = here.session, here.window
        here.ask("first question")
        first = session.conversation.id
        window.composer.edit.setPlainText("a draft")
        window.new_conversation()
        here.until(lambda: window._stack.currentWidget() is window.welcome)
        assert window.composer.prompt == ""
        here.ask("second question")
        window.history.opened.emit(first)
        here.until(lambda: session.conversation.id == first)
        here.until(lambda: window.composer.prompt == "a draft")
        window.history.renamed.emit(first, "Another name")
        here.until(lambda: window._title.text() == "Another name")
        window.delete_conversation()
        here.until(lambda: session.conversation.id != first)
        window.history.undo()
        here.until(lambda: session.conversation.id == first)
        window.delete_conversation()
        window.history.finish_deleting()
        here.until(lambda: [s.title for s in session.history()] == ["second question"])


def test_what_streams_elsewhere_goes_on_with_a_dot(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, endless, lanes=1) as (here, _server):
        here.begin("long")
        here.until(lambda: states(here) == [ReplyState.STREAMING])
        first = here.session.conversation.id
        here.window.new_conversation()
        here.until(lambda: here.window.history._model.streaming == frozenset({first}))
        here.session.open(first)
        here.until(lambda: here.window._lanes is not None and "word" in here.text(0))
        here.window.stop()
        here.until(lambda: not here.session.streaming)
        here.until(lambda: here.window.history._model.streaming == frozenset())


def test_bad_prompts_are_refused_where_they_were_typed(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [script()]) as (here, server):
        here.window.send()
        assert here.window.composer._hint.text() == "Type something first."
        here.session.set_lanes(())
        here.until(lambda: not here.window.composer._value.chips)
        here.begin("hello")
        assert here.window.composer._hint.text() == "There is no lane to ask. Add one."
        assert here.window.composer.prompt == "hello"
        assert server.requests == []


def test_a_paste_of_five_megabytes_is_sent_and_the_window_stays_awake(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [script()], lanes=1) as (here, server):
        here.window.composer.edit.pasted.emit("word " * 1_000_000)
        began = time.thread_time()
        here.begin("Sum it up.")
        QApplication.processEvents()
        assert time.thread_time() - began < 1.0
        here.until(lambda: not here.session.streaming)
        assert len(server.requests[0].body) > 5_000_000
        assert "5.0 MB in all" in here.text(0)


def test_theme_zoom_and_sidebar_are_taken_at_once_and_kept(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [script()], settings=Settings(zoom=280)) as (here, _server):
        here.ask("hello")
        here.session.change_settings(msgspec.structs.replace(here.session.settings, theme="dark"))
        here.until(lambda: here.looks.palette is DARK)
        here.window.zoom(1)
        here.window.zoom(1)
        here.window.zoom(1)
        assert here.session.settings.zoom == 300
        here.until(lambda: here.looks.zoom == 3.0)
        here.window.zoom(0)
        here.window.toggle_sidebar()
        assert not here.window.history.isVisible()
        here.until(lambda: here.looks.zoom == 1.0)
        here.window.resize(720, 600)
        size = here.window.size()
        here.window.close()
        saved = here.session.settings.window
    with stage(qtbot, tmp_path, [script()], settings=Settings(window=saved)) as (here, _server):
        assert here.window.size() == size
        assert not here.window.history.isVisible()


@pytest.mark.parametrize(("zoom", "least"), [(100, 480), (300, 1280)])
def test_the_window_can_be_small(qtbot: QtBot, tmp_path: Path, zoom: int, least: int) -> None:
    with stage(qtbot, tmp_path, [script()], lanes=8, settings=Settings(zoom=zoom)) as (here, _server):
        here.ask("hello")
        assert here.window.minimumSizeHint().width() <= least
        assert here.window.minimumSizeHint().height() <= 2.5 * zoom + 150


def test_what_history_lanes_are_told_is_switched_in_sight(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [script()], lanes=1) as (here, server):
        here.ask("one")
        rule = here.window._rule
        rule.setCurrentIndex(rule.findData(ContextRule.NONE))
        rule.activated.emit(rule.currentIndex())
        here.ask("two")
        assert here.session.conversation.rule is ContextRule.NONE
        assert b"one" not in server.requests[1].body


def test_notices_are_said_and_dismissed(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [script()]) as (here, _server):
        here.session._notice("store", Notice("store.full", (("path", "/x"),), "error"))
        here.until(lambda: not here.window.banner.isHidden())
        here.window.banner._close.click()
        assert here.session.notices == ()
        here.until(lambda: here.window.banner.isHidden())


def test_every_dialog_opens_and_nothing_blocks(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [script()]) as (here, _server):
        window = here.window
        here.ask("hello")
        for call, kind in (
            (window.add_lane, ModelPicker),
            (window.choose_model, ModelPicker),
            (window.lane_settings, LaneSettings),
            (window.open_palette, CommandPalette),
            (window.open_keys, KeyList),
            (window.open_key_dialog, KeyDialog),
        ):
            call()
            (dialog,) = window.findChildren(kind)
            assert dialog.isVisible()
            dialog.close()
            here.until(partial(none_left, window, kind))
        window.open_preferences()
        window.open_preferences()
        assert window.dialogs.preferences is not None
        window.zoom(1)
        here.until(
            lambda: (
                window.dialogs.preferences is not None
                and window.dialogs.preferences.pages[0].settings.zoom == 110
            )
        )
        window.dialogs.preferences.close()
        here.until(lambda: window.dialogs.preferences is None)


def test_commands_can_be_given_by_the_palette(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [script()]) as (here, _server):
        here.ask("a question to find")
        here.window.new_conversation()
        here.window.open_palette()
        (palette,) = here.window.findChildren(CommandPalette)
        palette._field.setText("question find")
        qtbot.keyClick(palette._field, Qt.Key.Key_Return)
        here.until(lambda: bool(here.session.conversation.turns))
        here.window.open_palette()
        palette = here.window.findChildren(CommandPalette)[-1]
        palette._field.setText("show or hide")
        qtbot.keyClick(palette._field, Qt.Key.Key_Return)
        here.until(lambda: not here.window.history.isVisible())


def test_every_command_can_be_given_without_a_fault(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [script()], lanes=3) as (here, _server):
        here.ask("hello")
        for command in COMMANDS:
            if command.id in ("quit", "menu"):
                continue
            here.window.actions_by_id[command.id].trigger()
            QApplication.processEvents()
            for dialog in QApplication.topLevelWidgets():
                if dialog is not here.window and dialog.isVisible():
                    dialog.close()
        here.until(lambda: not here.session.streaming)


def test_copying_takes_the_answer_alone(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [script("Secret thoughts.", "The answer.")], lanes=1) as (here, _server):
        here.ask("hello")
        here.window.copy_answer()
        assert QGuiApplication.clipboard().text().strip() == "The answer."


def test_an_unfinished_stream_is_left_by_closing_and_found_again(qtbot: QtBot, tmp_path: Path) -> None:
    waiting = ok_sse(frame(content="Half "), frame(content="said"), ExpectEof(10), end=False)
    with stage(qtbot, tmp_path, [waiting], lanes=1) as (here, _server):
        here.begin("hello")
        here.until(lambda: here.window._lanes is not None and "Half said" in here.text(0))
    with stage(qtbot, tmp_path, [script()], lanes=1) as (here, _server):
        here.until(lambda: len(here.session.history()) == 1)
        here.session.open(here.session.history()[0].id)
        here.until(lambda: here.window._lanes is not None and "Half said" in here.text(0))
        assert states(here) == [ReplyState.INTERRUPTED]
