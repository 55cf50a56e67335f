"""Hypothesis strategies for events and the streams they come in, and a store on a real file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import strategies as st

from sidelight.chat.conversation import Conversation, Turn
from sidelight.chat.events import (
    AnswerDelta,
    Described,
    Event,
    Failed,
    FailureKind,
    Finished,
    FinishReason,
    Note,
    Opaque,
    Progress,
    ReasoningDelta,
    Reclassify,
    RefusalDelta,
    Sent,
    Stamped,
    Started,
    Usage,
)
from sidelight.chat.message import Lane, Prompt, new_id
from sidelight.chat.reply import Reply
from sidelight.store.conversations import create, read_reply
from sidelight.store.database import Store

# Whole Unicode, NUL included; half surrogate pairs are no text and have a test of their own.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
maybe = st.none() | texts
counts = st.none() | st.integers(0, 10**9)
parts = st.integers(0, 3)

notes = st.builds(
    Note, texts, st.sampled_from(["sent", "clamped", "ignored", "refused by the server"]), texts
)
failures = st.builds(
    Failed,
    st.sampled_from(FailureKind),
    texts,
    maybe,
    st.none() | st.floats(0, 1e6),
    st.lists(st.tuples(texts, texts), max_size=2).map(tuple),
)

events: st.SearchStrategy[Event] = st.one_of(
    st.builds(ReasoningDelta, texts, parts, st.sampled_from(["raw", "summary"])),
    st.builds(AnswerDelta, texts, parts, st.sampled_from([None, "commentary", "final"])),
    st.builds(RefusalDelta, texts),
    st.builds(Started, maybe, maybe, maybe, maybe, st.lists(st.tuples(texts, texts), max_size=2).map(tuple)),
    st.builds(Progress, st.sampled_from(["queued", "sent", "loading", "prompt"]), counts, counts),
    st.just(Reclassify()),
    st.builds(Opaque, st.sampled_from(["signature", "redacted", "encrypted"]), texts),
    st.builds(Usage, counts, counts, counts, counts, st.none() | st.floats(0, 100), texts),
    st.builds(Finished, st.sampled_from(FinishReason), texts),
    failures,
    st.builds(Sent, texts, st.lists(notes, max_size=2).map(tuple)),
    st.builds(Described, texts),
    st.builds(Progress, st.just("again"), counts, counts, st.floats(0, 60), st.none() | failures),
)


@st.composite
def streams(draw: st.DrawFn, max_size: int = 30) -> list[Stamped]:
    """Events in any order, at times that do not fall."""
    at = 0.0
    stream = []
    for event in draw(st.lists(events, max_size=max_size)):
        at += draw(st.sampled_from([0.0, 0.005, 0.31]))
        stream.append(Stamped.now(event, at))
    return stream


@contextmanager
def opened(folder: Path) -> Iterator[Store]:
    """A store in a folder, closed afterwards."""
    store = Store.open(folder / "sidelight.db")
    try:
        yield store
    finally:
        store.close()


def asked(store: Store, lanes: int = 1) -> tuple[Conversation, Turn]:
    """A stored conversation with one turn whose replies, one a lane, are queued."""
    row = tuple(Lane(new_id(), "embedded", f"model-{n}") for n in range(lanes))
    turn = Turn(
        new_id(), None, Prompt("Why is the sky blue?"), tuple(Reply(new_id(), x.id) for x in row), 2.0
    )
    conversation = Conversation(new_id(), "Sky", row, (turn,), turn.id, created=1.0)
    store.write(lambda con: create(con, conversation)).result(10)
    return conversation, turn


def child_environment() -> dict[str, str]:
    """The environment in which a child process finds the program and the tests as this one does."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))}


def journaled(store: Store, *batch: tuple[str, list[Stamped]]) -> None:
    """Append a batch to the store's journal and wait for it."""
    store.write(lambda con: store.journal.append(con, batch)).result(10)


def sealed(store: Store, reply_id: str) -> Reply:
    """Seal a reply."""
    return store.write(lambda con: store.journal.seal(con, reply_id), durable=True).result(10)


def stored(store: Store, reply_id: str) -> Reply:
    """A reply as its row says."""
    reply = store.read(lambda con: read_reply(con, reply_id)).result(10)
    assert reply is not None
    return reply


def count(store: Store, table: str) -> int:
    """How many rows a table has."""
    rows: int = store.read(lambda con: con.execute(f"SELECT count(*) FROM {table}").fetchone()[0]).result(10)
    return rows


def execute(store: Store, statement: str, *values: object) -> None:
    """Change the database behind the store's back, as far as its content is concerned."""
    store.write(lambda con: con.execute(statement, values)).result(10)
