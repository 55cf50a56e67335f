"""A hit is opened where its words stand: in the very block of a long reply, out of a closed trace, in its own lane."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from tests.ui.house import script, stage

from sidelight.chat.conversation import Conversation, Turn
from sidelight.chat.events import AnswerDelta, Finished, FinishReason, ReasoningDelta, Stamped
from sidelight.chat.message import Lane, Prompt
from sidelight.chat.reply import Reply, fold_all
from sidelight.store.conversations import create

LANES = (Lane("a", "srv", "model-0"), Lane("b", "srv", "model-1"))


def _long(identifier: str, lane: str, needle: str) -> Reply:
    lines = [f"Line {n} of it.\n\n" for n in range(300)]
    trace = "".join([*lines[:200], f"A thought with {needle} in it.\n\n", *lines[200:]])
    answer = "".join([*lines[:150], f"Said: {needle} aloud.\n\n", *lines[150:]])
    events = (ReasoningDelta(trace), AnswerDelta(answer), Finished(FinishReason.STOP))
    return fold_all(Reply(identifier, lane), [Stamped.now(event, 1.0) for event in events])


@pytest.mark.parametrize("place", ["answer", "trace", "prompt"])
def test_a_hit_is_shown_at_its_very_words(qtbot: QtBot, tmp_path: Path, place: str) -> None:
    stored = Conversation(
        "old",
        "Old",
        LANES,
        (
            Turn("t0", None, Prompt("zebra first"), (_long("r0", "a", "quagga"), _long("r1", "b", "zebra"))),
            Turn(
                "t1",
                "t0",
                Prompt("and another zebra"),
                (_long("r2", "a", "okapi"), _long("r3", "b", "zebra")),
            ),
        ),
        "t1",
    )
    with stage(qtbot, tmp_path, [script()]) as (here, _server):
        store = here.session._store
        assert store is not None
        store.write(lambda con: create(con, stored)).result(10)
        window = here.window
        window.history._search.setText(f"zebra in:{place} ")
        here.until(lambda: (found := here.session.found()) is not None and bool(found.hits))
        turn, reply, key = {
            "answer": ("t0", "r1", "r1.answer.150"),
            "trace": ("t1", "r3", "r3.trace.200"),
            "prompt": ("t1", "", "t1.prompt"),
        }[place]
        window.history.hit_opened.emit("old", turn, reply)
        here.until(lambda: here.session.conversation.id == "old" and window._lanes is not None)
        pane = window._lanes
        assert pane is not None
        lane = 0 if place == "prompt" else 1
        here.until(lambda: (match := pane.columns[lane].view._current) is not None and match.key == key)
        view = pane.columns[lane].view
        item = view._stack.by_key[key]

        def in_sight() -> bool:
            top = view.verticalScrollBar().value()
            return item in view._stack.between(top, top + view.viewport().height())

        here.until(in_sight)
        assert pane._find.isVisible()
        if place != "prompt":
            assert pane.current is pane.columns[1]
