"""When events go to the disk: those of one moment together, soon; nothing while nothing comes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sidelight.chat.conversation import Conversation, Turn
from sidelight.chat.events import AnswerDelta, Stamped
from sidelight.chat.message import Lane, Prompt
from sidelight.chat.reply import Reply
from sidelight.engine.recorder import FLUSH_EVERY, Recorder
from sidelight.store.conversations import create
from sidelight.store.database import Store

LANES = tuple(Lane(f"lane{n}", "b", "m") for n in range(8))
TURN = Turn("t", None, Prompt("p"), tuple(Reply(lane.id, lane.id) for lane in LANES))


def opened(folder: Path) -> Store:
    store = Store.open(folder / "sidelight.db", folder / "journals")
    store.write(lambda con: create(con, Conversation("c", "", LANES, (TURN,), TURN.id))).result(30)
    return store


async def journaled(store: Store) -> list[str]:
    """The replies that have rows in the journal beside the first, in their order."""
    rows: Sequence[tuple[str]] = await asyncio.wrap_future(
        store.read(
            lambda con: con.execute(
                "SELECT r.id FROM deltas d JOIN replies r ON r.number = d.reply WHERE length(d.events) > 2 ORDER BY d.number"
            ).fetchall()
        )
    )
    return [reply_id for (reply_id,) in rows]


async def test_what_comes_at_one_moment_is_written_together(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as store:
        recorder = Recorder(store, lambda error: None, lambda reply: None)
        recorder.start()
        for lane in LANES:
            recorder.record(lane.id, Stamped.now(AnswerDelta("a"), 1.0))
            recorder.record(lane.id, Stamped.now(AnswerDelta("b"), 1.0))
            await asyncio.sleep(0)
        await asyncio.sleep(FLUSH_EVERY)
        await recorder.settled()
        assert await journaled(store) == [lane.id for lane in LANES], "one row a lane"
        assert await recorder.close()


async def test_nothing_wakes_the_loop_while_nothing_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(opened(tmp_path)) as store:
        recorder = Recorder(store, lambda error: None, lambda reply: None)
        recorder.start()
        recorder.record(LANES[0].id, Stamped.now(AnswerDelta("a"), 1.0))
        await asyncio.sleep(2 * FLUSH_EVERY)
        await recorder.settled()
        loop, timers = asyncio.get_running_loop(), list[float]()
        call_at = loop.call_at

        def counted(when: float, *rest: Any, **more: Any) -> asyncio.TimerHandle:
            timers.append(when)
            return call_at(when, *rest, **more)

        monkeypatch.setattr(loop, "call_at", counted)
        await asyncio.to_thread(time.sleep, 4 * FLUSH_EVERY)
        assert timers == []
        recorder.record(LANES[0].id, Stamped.now(AnswerDelta("b"), 2.0))
        assert len(timers) == 1
        assert await recorder.close()
        assert await journaled(store) == [LANES[0].id] * 2
