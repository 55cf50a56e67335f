"""Replies that are read out of their rows when they are asked for: the same values, the same refusals, from any thread."""

from __future__ import annotations

import copy
import pickle
import threading
from dataclasses import FrozenInstanceError, asdict, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.store.strategies import asked, journaled, opened, sealed, streams

from sidelight.chat.conversation import Conversation, Turn
from sidelight.chat.events import AnswerDelta, Event, Finished, FinishReason, ReasoningDelta, Stamped, Usage
from sidelight.chat.message import Lane, Parameters, Prompt
from sidelight.chat.reply import Asked, Identity, Reply, ReplyState, fold_all
from sidelight.store import rows
from sidelight.store.conversations import create, load
from sidelight.store.errors import StoreError

asked_of = st.none() | st.builds(
    Asked, st.text("ab"), st.text("ab"), st.text("ab"), st.builds(Parameters, stop=st.just(("END",)))
)


def read_back(reply: Reply, turn: int = 1) -> tuple[object, ...]:
    """What the reader is given of a reply that was written, its turn behind the columns."""
    written = dict(zip(rows.COLUMNS, rows.row_of(reply, "b", "m"), strict=True))
    return (*(written[name] for name in rows.READ), turn)


def kept(reply: Reply) -> Reply:
    """The reply as a conversation has it that was just read."""
    return rows.kept_replies([read_back(reply)])[1][0]


def is_read(reply: Reply) -> bool:
    return type(reply) is Reply


@given(streams(), asked_of)
def test_a_reply_says_the_same_whenever_it_is_read(stream: list[Stamped], of: Asked | None) -> None:
    written = fold_all(Reply("r", "l", 3, dropped_turns=2, asked=of), stream)
    eager = rows.reply_of(read_back(written))
    asked_for = kept(written)
    assert (asked_for.id, asked_for.lane, asked_for.version) == ("r", "l", 3)
    assert asked_for.state is written.state
    assert not is_read(asked_for)
    assert asked_for.timing == eager.timing
    assert is_read(asked_for)
    assert asked_for == eager
    assert msgspec.json.encode(kept(written)) == msgspec.json.encode(eager)
    assert msgspec.to_builtins(kept(written)) == msgspec.to_builtins(eager)


@pytest.mark.parametrize(
    "look",
    [
        repr,
        hash,
        asdict,
        copy.copy,
        copy.deepcopy,
        lambda reply: pickle.loads(pickle.dumps(reply)),
        lambda reply: replace(reply, lane="other"),
        lambda reply: (reply.answer_text, reply.trace_text, reply.thought_only),
        lambda reply: reply.reread,
        lambda reply: reply.dropped_turns,
    ],
)
def test_whoever_looks_at_it_in_whatever_way_sees_a_reply(look: Any) -> None:
    written = Reply("r", "l", state=ReplyState.COMPLETE, dropped_turns=1, reread="other")
    events: list[Event] = [
        ReasoningDelta("thus"),
        AnswerDelta("Rayleigh."),
        Usage(1, raw="{}"),
        Finished(FinishReason.STOP),
    ]
    written = fold_all(written, [Stamped.now(event, 0.1) for event in events])
    assert look(kept(written)) == look(rows.reply_of(read_back(written)))


def test_two_are_the_same_before_and_after_either_was_read() -> None:
    one, other = Reply("r", "l", reread="x"), Reply("r", "l", reread="y")
    assert kept(one) == kept(one)
    assert kept(one) == one
    assert one == kept(one)
    assert kept(one) != kept(other)
    assert kept(one) != other
    assert other != kept(one)
    assert {kept(one)} == {one}
    here, there = kept(one), rows.kept_replies([read_back(one, turn=7)])[7][0]
    assert here == there  # whatever the number of the turn in its file
    assert not is_read(first := kept(one))
    assert first == kept(one)
    assert not is_read(first)  # the same row: nobody had to read it


def test_it_is_as_frozen_as_any_other() -> None:
    reply = kept(Reply("r", "l"))
    for name in ("lane", "timing", "reread"):
        with pytest.raises(FrozenInstanceError):
            setattr(reply, name, "forged")


def test_many_threads_that_ask_at_once_see_the_same(tmp_path: Path) -> None:
    written = [
        fold_all(Reply(f"r{n}", "l", reread=f"x{n}"), [Stamped.now(AnswerDelta(f"a{n}"), 1.0)])
        for n in range(3_000)
    ]
    found = rows.kept_replies(map(read_back, written))[1]
    wrong: list[str] = []
    together = threading.Barrier(6)

    def ask(step: int) -> None:
        together.wait()
        for reply, said in list(zip(found, written, strict=True))[::step]:
            if (reply.reread, reply.answer_text, reply.segments) != (
                said.reread,
                said.answer_text,
                said.segments,
            ):
                wrong.append(said.id)  # a thread's own finding

    threads = [threading.Thread(target=ask, args=(1 if n % 2 else -1,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert found == written


def test_a_conversation_is_read_without_reading_its_replies(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        conversation, turn = asked(store, lanes=2)
        for reply in turn.replies:
            journaled(
                store,
                (
                    reply.id,
                    [Stamped.now(AnswerDelta("blue"), 0.1), Stamped.now(Finished(FinishReason.STOP), 0.2)],
                ),
            )
            sealed(store, reply.id)
        read = store.read(lambda con: load(con, conversation.id)).result()
        assert read is not None
        newest = [read.turns[0].reply(lane.id) for lane in read.lanes]
        assert [r is not None and r.state for r in newest] == [ReplyState.COMPLETE] * 2
        assert not any(is_read(r) for r in read.turns[0].replies)
        assert [r.answer_text for r in read.turns[0].replies] == ["blue"] * 2
        assert all(is_read(r) for r in read.turns[0].replies)


def test_replies_stand_in_the_order_in_which_they_were_written(tmp_path: Path) -> None:
    lanes = (Lane("l", "b", "m"),)
    turns = tuple(
        Turn(
            f"t{n}",
            None,
            Prompt("p"),
            tuple(Reply(f"r{n}.{v}", "l", v, ReplyState.FAILED) for v in (1, 2, 3)),
        )
        for n in range(5)
    )
    with opened(tmp_path) as store:
        long = Conversation("c", "", lanes, turns, "t0")
        store.write(lambda con: create(con, long)).result()
        assert store.read(lambda con: load(con, "c")).result() == long


# --- what is looked over is refused where it would be refused when it is read


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, item in inside for found in _places(item, (*path, key)))]


def _changed(value: Any, path: tuple[Any, ...], new: Any, *, gone: bool) -> Any:
    if not path:
        return new
    value = copy.copy(value)
    if len(path) == 1 and gone:
        del value[path[0]]
    else:
        value[path[0]] = _changed(value[path[0]], path[1:], new, gone=gone)
    return value


_strange = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "full", "stop", "reported", "reasoning", "raw", "final", "low", "bored"]),
    st.just([]),
    st.just({}),
    st.just([["a", "b"]]),
    st.just({"kind": "auth"}),
)


@given(streams(), asked_of, st.data())
def test_a_row_is_refused_at_once_where_it_could_not_be_read(
    stream: list[Stamped], of: Asked | None, data: st.DataObject
) -> None:
    written = fold_all(Reply("r", "l", asked=of, identity=Identity("m")), stream)
    row: list[Any] = list(read_back(written))
    column = data.draw(st.sampled_from([rows.READ.index(name) for name in ("segments", "timing", "facts")]))
    value = msgspec.json.decode(row[column] or "{}")
    path = data.draw(st.sampled_from(_places(value)))
    row[column] = msgspec.json.encode(
        _changed(value, path, data.draw(_strange), gone=data.draw(st.booleans()))
    ).decode()
    try:
        said: Reply | None = rows.reply_of(row)
    except StoreError:
        said = None
    if said is None:
        with pytest.raises(StoreError) as refused:
            rows.kept_replies([row])
        assert refused.value.code == "corrupt"
        assert "reply r" in refused.value.params["reason"]
    else:
        assert rows.kept_replies([row])[1] == [said]


@pytest.mark.parametrize("column", ["segments", "timing", "facts"])
@pytest.mark.parametrize("text", ["", "[", "7", "nonsense", '{"a": 1', "\x00"])
def test_what_is_no_json_is_refused_at_once(column: str, text: str) -> None:
    row = list(read_back(Reply("r", "l")))
    row[rows.READ.index(column)] = text
    with pytest.raises(StoreError):
        rows.reply_of(row)
    with pytest.raises(StoreError):
        rows.kept_replies([row])
