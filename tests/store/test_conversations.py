"""Conversations, turns and replies in a real file."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from tests.store.strategies import asked, count, execute, opened

from sidelight.chat.conversation import ContextRule, Conversation, Turn
from sidelight.chat.events import (
    AnswerDelta,
    Failed,
    FailureKind,
    Finished,
    FinishReason,
    ReasoningDelta,
    Stamped,
    Usage,
)
from sidelight.chat.message import Lane, Parameters, Prompt, new_id
from sidelight.chat.reply import Certainty, Reply, ReplyState, TraceClaim, TraceKind, fold_all
from sidelight.store.conversations import (
    add_reply,
    add_turn,
    create,
    damaged,
    delete,
    load,
    rename,
    set_lanes,
    set_leaf,
    set_rule,
    summaries,
    summary,
)
from sidelight.store.database import Connection, StoreError


def answered(lane: str, text: str = "Rayleigh.") -> Reply:
    claim = TraceClaim(TraceKind.FULL, Certainty.BY_FAMILY)
    return fold_all(
        Reply(new_id(), lane, claim=claim),
        [
            Stamped.now(ReasoningDelta("Short waves scatter"), 0.2),
            Stamped.now(AnswerDelta("looking", phase="commentary"), 0.3),
            Stamped.now(AnswerDelta(text, part=1), 0.4),
            Stamped.now(Usage(5, None, 40, 30, 0.25, '{"total": 45}'), 0.5),
            Stamped.now(Finished(FinishReason.STOP, "stop"), 0.5),
        ],
    )


def test_a_conversation_comes_back_as_it_was_stored(tmp_path: Path) -> None:
    lanes = (
        Lane("l1", "deepseek", "r1", Parameters("Be brief", 0.5, stop=("END",), seed=3)),
        Lane("l2", "embedded", "q"),
    )
    first = Turn("t1", None, Prompt("Why?\x00 \U0001f600"), (answered("l1"), answered("l2", "")), 10.0, "l1")
    second = Turn("t2", "t1", Prompt("And?"), (answered("l1"), replace(answered("l1"), version=2)), 20.0)
    other = Turn("t3", "t1", Prompt("Or?"), (Reply("q", "l1"),), 30.0)
    conversation = Conversation("c", "Sky", lanes, (first, second, other), "t3", ContextRule.CHOSEN, 5.0)
    with opened(tmp_path) as store:
        store.write(lambda con: create(con, conversation)).result()
        assert store.read(lambda con: load(con, "c")).result() == conversation
        assert store.read(lambda con: load(con, "none")).result() is None
    with opened(tmp_path) as store:
        assert store.read(lambda con: load(con, "c")).result() == conversation
        assert store.read(damaged).result() == ()


def test_changes_are_kept(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        conversation, turn = asked(store)
        lanes = (*conversation.lanes, Lane("new", "embedded", "other"))
        follow = Turn("t2", turn.id, Prompt("More"), (Reply("r2", "new"),), 50.0)
        again = Reply("r3", "new", 2)

        def change(con: sqlite3.Connection) -> None:
            rename(con, conversation.id, "Blue")
            set_lanes(con, conversation.id, lanes)
            add_turn(con, conversation.id, follow)
            add_reply(con, "t2", again)
            set_rule(con, conversation.id, ContextRule.NONE)

        store.write(change).result()
        expected = replace(
            conversation,
            title="Blue",
            lanes=lanes,
            turns=(turn, replace(follow, replies=(*follow.replies, again))),
            leaf="t2",
            rule=ContextRule.NONE,
        )
        assert store.read(lambda con: load(con, conversation.id)).result() == expected
        store.write(lambda con: set_leaf(con, conversation.id, turn.id)).result()
        assert store.read(lambda con: load(con, conversation.id)).result() == replace(expected, leaf=turn.id)
        assert store.read(damaged).result() == ()
        asked_of = "SELECT backend, model FROM replies WHERE id = 'r2'"
        assert store.read(lambda con: con.execute(asked_of).fetchone()).result() == ("embedded", "other")


def test_columns_say_what_a_search_or_a_count_will_ask(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        conversation, turn = asked(store)
        reply = answered(conversation.lanes[0].id)
        store.write(lambda con: add_reply(con, turn.id, reply)).result()
        row = store.read(
            lambda con: con.execute(
                "SELECT trace, answer, commentary, state, trace_kind, trace_certainty, trace_elicited, trace_encrypted,"
                " prompt_tokens, cached_tokens, output_tokens, reasoning_tokens, cost FROM replies WHERE id = ?",
                (reply.id,),
            ).fetchone()
        ).result()
    assert row[:8] == (
        reply.trace_text,
        reply.answer_text,
        "looking",
        "complete",
        "full",
        "by model family",
        0,
        0,
    )
    assert row[8:] == (5, None, 40, 30, 0.25)


def test_a_deleted_conversation_leaves_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        gone, turn = asked(store, lanes=3)
        _, kept_turn = asked(store)
        delta = [(r.id, [Stamped.now(AnswerDelta("x"), 0.0)]) for r in (*turn.replies, *kept_turn.replies)]
        store.write(lambda con: store.journal.append(con, delta)).result()
        store.write(lambda con: delete(con, gone.id)).result()
        counted = [count(store, table) for table in ("conversations", "turns", "replies", "deltas")]
        assert counted == [1, 1, 1, 2]
        assert store.read(lambda con: load(con, gone.id)).result() is None
        # What still comes for the deleted replies is passed over, and the others get theirs.
        store.write(lambda con: store.journal.append(con, delta)).result()
        sealed = store.write(lambda con: store.journal.seal(con, kept_turn.replies[0].id)).result()
        assert sealed.answer_text == "xx"
        with pytest.raises(StoreError, match="no reply"):
            store.write(lambda con: store.journal.seal(con, turn.replies[0].id)).result()


def test_what_was_deleted_elsewhere_is_said_or_passed_over(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.write(lambda con: rename(con, "gone", "x")).result()
        for job in (
            lambda con: add_turn(con, "gone", Turn("t", None, Prompt("p"))),
            lambda con: add_reply(con, "gone", Reply("r", "l")),
        ):
            with pytest.raises(StoreError) as failed:
                store.write(job).result()
            assert failed.value.code == "refused"
            assert failed.value.params["path"] == str(store.path)


def test_summaries_are_newest_first_by_index(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        for n in range(5):
            conversation = Conversation(f"c{n}", f"Title {n}", created=float(n))
            store.write(partial(create, conversation=conversation)).result()
        store.write(lambda con: add_turn(con, "c1", Turn("t", None, Prompt("p"), created=9.0))).result()
        first = store.read(lambda con: summaries(con, 3)).result()
        assert [s.id for s in first] == ["c1", "c4", "c3"]
        assert (first[0].title, first[0].updated, first[0].created) == ("Title 1", 9.0, 1.0)
        assert [s.id for s in store.read(summaries).result()] == ["c1", "c4", "c3", "c2", "c0"]
        assert store.read(lambda con: summary(con, "c1")).result() == first[0]
        assert store.read(lambda con: summary(con, "gone")).result() is None

        def plan_of(con: Connection) -> list[object]:
            asked: list[str] = []
            con.set_trace_callback(asked.append)
            summaries(con, 3)
            con.set_trace_callback(None)
            (others,) = (sql for sql in asked if "LIMIT" in sql)
            return con.execute(f"EXPLAIN QUERY PLAN {others}").fetchall()

        plan = store.read(plan_of).result()
        assert "conversations_by_time" in str(plan)
        assert "TEMP B-TREE" not in str(plan)


def test_text_that_is_no_unicode_is_stored_mended(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        reply = fold_all(
            Reply("r", "l"),
            [
                Stamped.now(ReasoningDelta("\ud83d\ude00a"), 0.1),
                Stamped.now(AnswerDelta("b\ud800"), 0.1),
                Stamped.now(AnswerDelta("tail", part=1), 0.1),
                Stamped.now(Usage(prompt=10**30, raw="\udfff"), 0.1),
                Stamped.now(Failed(FailureKind.SERVER, "\udfff"), 0.1),
            ],
        )
        turn = Turn("t", None, Prompt("\udc00"), (reply,))
        store.write(lambda con: create(con, Conversation("c", "\ud800", turns=(turn,)))).result()
        read = store.read(lambda con: load(con, "c")).result()
        assert read is not None
        stored = read.turns[0].replies[0]
        assert (read.title, read.turns[0].prompt.text) == ("\ufffd", "\ufffd")
        assert [s.text for s in stored.segments] == ["\U0001f600a", "b\ufffd", "tail"]
        assert stored.usage == Usage(prompt=None, raw="\ufffd")
        assert stored.failed == Failed(FailureKind.SERVER, "\ufffd")


def test_a_changed_row_is_found_and_an_unreadable_one_is_said(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        conversation, turn = asked(store, lanes=2)
        one, other = turn.replies
        store.write(
            lambda con: con.execute("UPDATE replies SET answer = 'forged' WHERE id = ?", (one.id,))
        ).result()
        execute(store, "UPDATE turns SET prompt = 'forged'")
        assert set(store.read(damaged).result()) == {("replies", one.id), ("turns", turn.id)}
        execute(store, "UPDATE replies SET answer = CAST(x'ff' AS TEXT) WHERE id = ?", one.id)
        assert ("replies", one.id) in store.read(damaged).result()
        with pytest.raises(StoreError) as undecoded:
            store.read(lambda con: load(con, conversation.id)).result()
        assert undecoded.value.code == "corrupt"
        execute(store, "UPDATE replies SET answer = '' WHERE id = ?", one.id)
        for column, value in (("facts", "[nonsense"), ("state", "dreaming"), ("segments", "7")):
            execute(store, f"UPDATE replies SET {column} = ? WHERE id = ?", value, other.id)
            with pytest.raises(StoreError) as failed:
                store.read(lambda con: load(con, conversation.id)).result()
            assert failed.value.code == "corrupt"
            assert other.id in failed.value.params["reason"]


def test_a_reply_that_runs_is_stored_as_queued(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        conversation, _ = asked(store, lanes=2)
        read = store.read(lambda con: load(con, conversation.id)).result()
        assert read is not None
        assert [r.state for r in read.turns[0].replies] == [ReplyState.QUEUED] * 2
