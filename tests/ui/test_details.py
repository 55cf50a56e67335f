"""The inspector in the window, over the real engine and a server on loopback; what lanes are told once replies have ended."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMenu, QPushButton
from pytestqt.qtbot import QtBot
from tests.faults.server import Scenario, Seen, answer, ok_sse, paced_sse
from tests.ui.house import END, Stage, frame, script, stage

from sidelight.chat.message import Parameters
from sidelight.settings import Settings
from sidelight.ui.panes.compare.lane import LaneColumn
from sidelight.ui.panes.inspect.pane import InspectPane
from sidelight.ui.theme import DARK


def served(model: str, *, cost: float | None = None, trace: str = "Let me see.") -> Scenario:
    """A reply whose server names the model that answered, with usage and perhaps its own figure for the cost."""
    named = {"id": "cmpl-7", "model": model, "choices": [{"index": 0, "delta": {"role": "assistant"}}]}
    usage = {
        "prompt_tokens": 1200,
        "completion_tokens": 900,
        "completion_tokens_details": {"reasoning_tokens": 600},
        **({"cost": cost} if cost is not None else {}),
    }
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": usage}
    thoughts = [frame(reasoning_content=trace)] if trace else []
    return ok_sse(_event(named), *thoughts, frame(content="Four."), _event(end), b"data: [DONE]\n\n")


def _event(value: object) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def details(here: Stage) -> InspectPane:
    pane = here.window.details.pane
    assert pane is not None
    return pane


def said(here: Stage) -> str:
    value = details(here).value
    return "" if value is None else value.text


def toggle(here: Stage) -> None:
    here.window.actions_by_id["details"].trigger()


def test_ctrl_i_shows_and_hides_the_details_of_the_current_lane(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [served("model-served")]) as (here, _server):
        here.ask("What is 2 + 2?")
        window = here.window
        assert window.details.pane is None
        window.activateWindow()
        qtbot.keyClick(window, Qt.Key.Key_I, Qt.KeyboardModifier.ControlModifier)
        assert details(here).isVisible()
        words = said(here)
        assert "Asked for: model-0" in words
        assert "Served: model-served (reported)" in words
        assert "Host: 127.0.0.1" in words
        assert "Response id: cmpl-7" in words
        assert "All output: 900 tokens" in words
        here.until(lambda: '"content": "What is 2 + 2?"' in said(here))
        qtbot.keyClick(window, Qt.Key.Key_I, Qt.KeyboardModifier.ControlModifier)
        assert not details(here).isVisible()


def column_of(here: Stage, place: int = 0) -> LaneColumn:
    lanes = here.window._lanes
    assert lanes is not None
    return lanes.columns[place]


def test_the_exact_request_and_the_raw_stream_are_looked_up(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [served("x")], lanes=1) as (here, server):
        (lane,) = here.session.conversation.lanes
        here.session.change_lane(replace(lane, parameters=Parameters(temperature=0.5, effort="high")))
        here.ask("hello")
        here.until(lambda: "ignored: Thinking effort" in column_of(here).header._taken.text())
        toggle(here)
        here.until(lambda: "Request: POST " + server.url in said(here))
        words = said(here)
        assert '"temperature": 0.5' in words
        assert "Temperature: 0.5 (sent)" in words
        assert "Thinking effort: High (ignored) - What this server takes is not known." in words
        assert '"content": "Four."' in words
        stream = details(here)._parts["stream"]._box
        assert stream is not None
        assert stream.verticalScrollBar().value() == 0
        details(here).wished.emit("copy_stream")
        copied = QGuiApplication.clipboard().text()
        assert copied.startswith("data: {")
        assert copied.endswith("[DONE]\n\n")
        kept = here.session.conversation.id
        here.session.new()
        here.session.open(kept)
        here.until(lambda: "Request: POST " + server.url in said(here))


def test_the_raw_stream_is_saved_whole_and_a_disk_that_refuses_is_said(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [ok_sse(frame(content="ü" * 50_000), END)], lanes=1) as (here, _server):
        here.ask("hello")
        toggle(here)
        here.until(lambda: "Copy and Save as… take all of it." in said(here))
        details(here).wished.emit("save_stream")
        (dialog,) = here.window.findChildren(QFileDialog)
        assert dialog.acceptMode() is QFileDialog.AcceptMode.AcceptSave
        target = tmp_path / "stream.txt"
        dialog.fileSelected.emit(str(target))
        assert target.read_bytes().endswith(b"[DONE]\n\n")
        assert target.read_bytes().count(b"\\u00fc") == 50_000
        dialog.fileSelected.emit(str(tmp_path / "no such folder" / "x"))
        assert "could not be written: No such file or directory" in here.window.banner._text.text()
        dialog.close()


def test_a_stream_is_read_again_by_another_rule(qtbot: QtBot, tmp_path: Path) -> None:
    scenario = ok_sse(frame(content="<think>So.</think>Four."), END)
    with stage(qtbot, tmp_path, [scenario], lanes=1) as (here, server):
        here.ask("hello")
        toggle(here)
        here.until(lambda: "Request: POST" in said(here))
        before = here.text(0)
        details(here).reread.emit("leave")
        here.until(lambda: "Nothing was sent or paid for this version." in said(here))
        assert "It is what came for version 1, read again (Tags are text of the answer)" in said(here)
        assert "Cost, computed: nothing: it was read again" in said(here)
        here.until(lambda: "Request: POST" in said(here))
        assert len(server.requests) == 1
        assert here.text(0) != before
        assert "<think>So.</think>Four." in here.text(0)
        assert "$" not in column_of(here).footer._figures.text().replace("$0", "")


def test_a_wait_counts_down_in_its_lane_and_can_be_skipped_or_stopped(qtbot: QtBot, tmp_path: Path) -> None:
    busy = answer(429, b'{"error":{"message":"slow down"}}', "retry-after: 59")
    asked: dict[bytes, int] = {}

    def serve(seen: Seen) -> Scenario:
        lane = b"0" if b"model-0" in seen.body else b"1"
        asked[lane] = asked.get(lane, 0) + 1
        return script() if lane == b"0" and asked[lane] > 1 else busy

    with stage(qtbot, tmp_path, serve) as (here, _server):
        here.begin("hello")
        here.until(lambda: here.window._lanes is not None)
        bars = [column_of(here, place).wait for place in (0, 1)]
        here.until(lambda: all(bar.isVisibleTo(here.window) for bar in bars))
        words = bars[0]._text.text()
        assert words.startswith("Too many requests. Asks again in ")
        assert words.endswith(" s (attempt 2 of 3).")
        assert bars[0].toolTip() == "slow down"
        here.until(lambda: bars[0]._text.text() != words)
        now, stop = bars[0].findChildren(QPushButton)
        assert (now.text(), stop.text()) == ("Ask now", "Stop")
        now.click()
        here.until(lambda: "Four." in here.text(0))
        assert not bars[0].isVisibleTo(here.window)
        assert bars[1].isVisibleTo(here.window)
        bars[1].findChildren(QPushButton)[1].click()
        here.until(lambda: not here.session.streaming)
        assert not bars[1].isVisibleTo(here.window)
        assert asked == {b"0": 2, b"1": 1}


def test_the_details_follow_the_lane_that_has_the_focus(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [served("model-served")], lanes=3) as (here, _server):
        here.window.resize(1900, 800)
        here.ask("hello")
        toggle(here)
        assert "Asked for: model-0" in said(here)
        lanes = here.window._lanes
        assert lanes is not None
        qtbot.mouseClick(lanes.columns[2].header, Qt.MouseButton.LeftButton)
        here.until(lambda: "Asked for: model-2" in said(here))
        here.window.composer.setFocus()
        assert "Asked for: model-2" in said(here)
        details(here)._close.click()
        assert not details(here).isVisible()
        (menu,) = lanes.columns[1].header.findChildren(QMenu)
        next(a for a in menu.actions() if a.text() == "Details of the reply").trigger()
        assert details(here).isVisible()
        assert "Asked for: model-1" in said(here)


def test_the_details_follow_the_version_and_the_newest_turn(qtbot: QtBot, tmp_path: Path) -> None:
    models = itertools.count(1)
    with stage(qtbot, tmp_path, lambda _seen: served(f"served-{next(models)}"), lanes=1) as (here, _server):
        here.ask("hello")
        toggle(here)
        assert "Served: served-1" in said(here)
        here.window.retry()
        here.until(lambda: not here.session.streaming)
        here.until(lambda: "Served: served-2" in said(here))
        lanes = here.window._lanes
        assert lanes is not None
        (column,) = lanes.columns
        turn = here.session.conversation.path[-1]
        column.rows._versions[turn.id] = 1
        column.rows.changed.emit()
        here.until(lambda: "Served: served-1" in said(here))
        here.ask("again")
        here.until(lambda: "Served: served-3" in said(here))
        here.session.new()
        here.until(lambda: details(here).value is None)


def test_a_change_of_who_answers_is_marked_in_the_header(qtbot: QtBot, tmp_path: Path) -> None:
    models = iter(["gpt-oss-20b", "gpt-oss-20b", "gpt-oss-120b"])
    with stage(qtbot, tmp_path, lambda _seen: served(next(models)), lanes=1) as (here, _server):
        here.window.resize(900, 700)
        here.ask("one")
        lanes = here.window._lanes
        assert lanes is not None
        header = lanes.columns[0].header
        here.until(lambda: here.window.remarks.evidence is not None)
        here.ask("two")
        qtbot.wait(50)
        assert not header._warning.isVisibleTo(header)
        here.ask("three")
        here.until(lambda: header._warning.isVisibleTo(header))
        assert (
            header._warning.accessibleName()
            == "Another model answers than in the turn before: gpt-oss-20b then, gpt-oss-120b now."
        )
        header._warning.click()
        assert header._warning.accessibleName() in said(here)


def test_a_known_cost_stands_in_the_footer_and_an_unknown_one_does_not(qtbot: QtBot, tmp_path: Path) -> None:
    def serve(seen: Seen) -> Scenario:
        return served("x", cost=0.0012 if b"model-0" in seen.body else None)

    with stage(qtbot, tmp_path, serve) as (here, _server):
        here.ask("hello")
        lanes = here.window._lanes
        assert lanes is not None
        one, other = (c.footer._figures for c in lanes.columns)
        here.until(lambda: one.text().endswith("$0.0012"))
        assert "$" not in other.text()
        assert "answer 300" in other.text()


def test_unlike_traces_side_by_side_are_pointed_out_once_they_have_ended(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def serve(seen: Seen) -> Scenario:
        return served("x", trace="Let me see." if b"model-0" in seen.body else "")

    with stage(qtbot, tmp_path, serve) as (here, _server):
        here.ask("hello")
        note = here.window._unlike
        here.until(lambda: note.text() == "Unlike traces: full, hidden")
        assert note.isVisibleTo(here.window)
        said: list[str] = []
        say = note.setText

        def heard(text: str) -> None:
            said.append(text)
            say(text)

        monkeypatch.setattr(note, "setText", heard)
        here.begin("again")
        here.until(lambda: "" in said and note.text() == "Unlike traces: full, hidden")
        here.session.new()
        here.until(lambda: not note.isVisibleTo(here.window))


def test_nothing_is_looked_up_while_lanes_stream_unless_it_is_asked_for(qtbot: QtBot, tmp_path: Path) -> None:
    words = itertools.repeat(frame(content="word "))

    def serve(seen: Seen) -> Scenario:
        return script() if b"model-0" in seen.body else paced_sse(words, 200, end=False)

    with stage(qtbot, tmp_path, serve) as (here, _server):
        here.begin("go")
        path = here.session.conversation.path
        here.until(lambda: here.session.conversation.path[-1].replies[0].state.is_final)
        here.until(lambda: "word word" in here.text(1))
        assert path
        assert here.window.remarks.evidence is None
        toggle(here)
        lanes = here.window._lanes
        assert lanes is not None
        lanes.columns[1].setFocus()
        here.until(lambda: "State: answering" in said(here))
        drawn = details(here).value
        qtbot.wait(150)
        assert details(here).value is drawn
        here.window.stop()
        here.until(lambda: "State: interrupted" in said(here))


def test_width_and_openness_are_remembered(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [served("x")], lanes=1) as (here, _server):
        here.ask("hello")
        toggle(here)
        splitter = here.window._splitter
        left, middle, right = splitter.sizes()
        splitter.setSizes([left, middle + right - 401, 401])
        toggle(here)
        toggle(here)
        assert splitter.sizes()[2] == 401
        here.window.close()
        kept = here.session.settings
    with stage(qtbot, tmp_path, [served("x")], lanes=1, settings=kept) as (here, _server):
        assert " 401+open " in here.window._place()  # even where nothing was asked in between
        assert here.window.details.pane is None
        here.window.resize(1280, 800)  # the offscreen screen is small, and a window restored there is too
        here.ask("hello")
        here.until(lambda: here.window.details.pane is not None and here.window.details.pane.isVisible())
        assert here.window._splitter.sizes()[2] == 401
        toggle(here)
        here.window.close()
        kept = here.session.settings
    with stage(qtbot, tmp_path, [served("x")], lanes=1, settings=kept) as (here, _server):
        here.ask("hello")
        qtbot.wait(30)
        assert here.window.details.pane is None


def test_a_place_of_an_older_version_is_still_read(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [served("x")], lanes=1) as (here, _server):
        old = " ".join(here.window._place().split(" ")[:3])
    with stage(qtbot, tmp_path, [served("x")], lanes=1, settings=Settings(window=old)) as (here, _server):
        here.ask("hello")
        toggle(here)
        assert details(here).width() > 200


def test_theme_and_zoom_reach_the_details(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [served("x")], lanes=1) as (here, _server):
        here.ask("hello")
        toggle(here)
        settings = msgspec.structs.replace(here.session.settings, theme="dark", zoom=200)
        here.session.change_settings(settings)
        pane = details(here)
        assert (pane._palette, pane._zoom) == (DARK, 2.0)
        assert "Served: x" in said(here)


def test_the_persons_own_prices_are_taken_and_a_broken_file_is_said(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [served("x")], lanes=1) as (here, _server):
        own = here.session.own_prices
        entry = {
            "provider": "openai-compatible",
            "models": ["x"],
            "prompt": 1.0,
            "output": 2.0,
            "cached": 1.0,
        }
        own.write_text(json.dumps({"prices": [entry]}))
        here.ask("hello")
        lanes = here.window._lanes
        assert lanes is not None
        figures = lanes.columns[0].footer._figures
        here.until(lambda: figures.text().endswith("≈$0.0030"))
        own.write_text("{")
        here.window.remarks.evidence = None
        here.window.remarks.soon()
        here.until(lambda: "prices.json is not a price file" in here.window.banner._text.text())


def test_the_registry_is_not_imported_for_the_first_paint() -> None:
    code = (
        "import sys, sidelight.ui.application\n"
        "print([m for m in sys.modules if m in ('sidelight.models.identity', 'sidelight.models.families',"
        " 'sidelight.models.prices', 'sidelight.ui.evidence')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"
