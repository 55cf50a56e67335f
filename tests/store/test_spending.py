"""The replies of a day, out of a real file: which are found, and what of them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from tests.store.strategies import opened

from sidelight.chat.conversation import Conversation, Turn
from sidelight.chat.events import AnswerDelta, Failed, FailureKind, Finished, FinishReason, Stamped, Usage
from sidelight.chat.message import Lane, Prompt, new_id
from sidelight.chat.reply import Asked, Identity, Reply, ReplyState, Timing, fold_all
from sidelight.store.conversations import add_reply, create, delete
from sidelight.store.database import Store, StoreError
from sidelight.store.spending import asked_since

LANES = (Lane("l1", "openai", "gpt-5"), Lane("l2", "openrouter", "openai/o3"))
MIDNIGHT = 1_000_000.0


def reply(identifier: str, at: float | None, lane: str = "l1", version: int = 1) -> Reply:
    begun = Reply(
        identifier,
        lane,
        version,
        timing=Timing(asked_at=at),
        identity=Identity("gpt-5"),
        asked=Asked("openai", "openai", "api.openai.com"),
    )
    return fold_all(
        begun,
        [
            Stamped.now(AnswerDelta("a long text"), 0.4),
            Stamped.now(Usage(50, 10, 40, 30, 0.25, "{}"), 0.5),
            Stamped.now(Finished(FinishReason.STOP, "stop"), 0.5),
        ],
    )


def conversation(*turns: tuple[float, tuple[Reply, ...]]) -> Conversation:
    made = tuple(Turn(new_id(), None, Prompt("Why?"), replies, created) for created, replies in turns)
    return Conversation(new_id(), "Sky", LANES, made, made[-1].id)


def found(store: Store, since: float = MIDNIGHT) -> list[str]:
    return [r.id for r in store.read(lambda con: asked_since(con, since)).result()]


def test_replies_of_all_conversations_from_midnight_on(tmp_path: Path) -> None:
    yesterday = conversation(
        (MIDNIGHT - 500, (reply("late", MIDNIGHT - 0.001), reply("old", MIDNIGHT - 500)))
    )
    over = conversation((MIDNIGHT - 0.01, (reply("over", MIDNIGHT), reply("before", MIDNIGHT - 0.01, "l2"))))
    today = conversation((5.0, (reply("ancient", 5.0),)), (MIDNIGHT + 9, (reply("today", MIDNIGHT + 9),)))
    with opened(tmp_path) as store:
        for made in (yesterday, over, today):
            store.write(partial(create, conversation=made)).result()
        assert found(store) == ["over", "today"]
        assert found(store, 0) == ["late", "old", "over", "before", "ancient", "today"]
        store.write(lambda con: delete(con, today.id)).result()
        assert found(store) == ["over"]


def test_a_retry_of_an_old_turn_counts_when_it_was_asked(tmp_path: Path) -> None:
    old = conversation((5.0, (reply("first", 5.0),)))
    with opened(tmp_path) as store:
        store.write(lambda con: create(con, old)).result()
        store.write(
            lambda con: add_reply(con, old.turns[0].id, reply("again", MIDNIGHT + 1, version=2))
        ).result()
        assert found(store) == ["again"]


def test_what_is_read_of_a_reply(tmp_path: Path) -> None:
    whole = reply("whole", MIDNIGHT)
    running = replace(Reply("running", "l2"), timing=Timing(asked_at=MIDNIGHT))
    failed = fold_all(running, [Stamped.now(Failed(FailureKind.AUTH), 0.1)])
    reread = replace(reply("reread", MIDNIGHT), reread="whole")
    undated = reply("undated", None)
    made = conversation((MIDNIGHT, (whole, running, replace(failed, id="failed"), reread, undated)))
    with opened(tmp_path) as store:
        store.write(lambda con: create(con, made)).result()
        read = store.read(lambda con: asked_since(con, MIDNIGHT)).result()
    assert [(r.id, r.state) for r in read] == [
        ("whole", ReplyState.COMPLETE),
        ("running", ReplyState.QUEUED),
        ("failed", ReplyState.FAILED),
    ]
    assert (read[0].usage, read[0].asked, read[0].identity) == (whole.usage, whole.asked, whole.identity)
    assert read[0].timing == whole.timing
    assert (read[0].segments, read[1].usage) == ((), None)


def test_a_row_that_cannot_be_read_is_said_to_be_corrupt(tmp_path: Path) -> None:
    made = conversation((MIDNIGHT, (reply("whole", MIDNIGHT),)))
    with opened(tmp_path) as store:
        store.write(lambda con: create(con, made)).result()
        store.write(lambda con: con.execute("UPDATE replies SET timing = '[' WHERE id = 'whole'")).result()
        with pytest.raises(StoreError) as caught:
            store.read(lambda con: asked_since(con, MIDNIGHT)).result()
    assert caught.value.code == "corrupt"
