"""Conversations, turns and replies as rows. Functions of a connection; the caller has begun the transaction.

Not the journal of a running reply: here a reply is what its row says, and the row is written when the reply is
added and when the journal seals it. Every row carries a checksum of its content; `damaged` names rows that lie.

All raise sqlite3.Error as it comes; the store's threads turn it into StoreError. A row that cannot be read is "corrupt".
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, TypeAlias

import msgspec

from sidelight.chat.conversation import ContextRule, Conversation, Turn
from sidelight.chat.events import Channel, Failed, Finished, Note, Opaque, Phase, Progress, Usage
from sidelight.chat.message import Lane, Prompt
from sidelight.chat.reply import (
    Asked,
    Identity,
    Reply,
    ReplyState,
    Segment,
    SegmentKind,
    Timing,
    TraceClaim,
    trace_of,
)
from sidelight.store import attachments, search
from sidelight.store.codec import Column, checksum, encode_events, mended
from sidelight.store.errors import StoreError

__all__ = [
    "CHECKED",
    "Summary",
    "add_reply",
    "add_turn",
    "create",
    "damaged",
    "delete",
    "load",
    "read_reply",
    "rename",
    "set_lanes",
    "set_leaf",
    "set_rule",
    "summaries",
    "write_reply",
]


@dataclass(frozen=True, slots=True)
class Summary:
    """A line of the history. Times are Unix seconds; `updated` is when a prompt was last sent."""

    id: str
    title: str
    updated: float
    created: float


class _Facts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a reply has beside its text and its numbers, in one column: nothing is searched in it."""

    identity: Identity = Identity()
    claim: TraceClaim = TraceClaim()
    finished: Finished | None = None
    failed: Failed | None = None
    progress: Progress | None = None
    opaque: tuple[Opaque, ...] = ()
    asked: Asked | None = None
    notes: tuple[Note, ...] | None = None
    again_at: float | None = None
    reread: str = ""


_Cut: TypeAlias = tuple[SegmentKind, int, Channel | None, Phase | None, int]
_TextColumn: TypeAlias = Literal["trace", "answer", "commentary"]

_LANES = Column[tuple[Lane, ...]](tuple[Lane, ...], ())
_SEGMENTS = Column[tuple[_Cut, ...]](tuple[_Cut, ...], ())
_TIMING = Column[Timing](Timing, Timing())
_FACTS = Column["_Facts"](_Facts, _Facts())
_STATES = {state.value: state for state in ReplyState}

# The order of these names is the order of what the checksum covers: append only.
_CONVERSATION = ("id", "title", "lanes", "leaf", "rule", "created", "updated")
_TURN = ("id", "parent", "prompt", "created", "chosen")
_REPLY = (
    *("id", "backend", "model", "lane", "version", "state", "trace", "answer", "commentary", "segments"),
    *("trace_kind", "trace_certainty", "trace_elicited", "trace_encrypted"),
    *("prompt_tokens", "cached_tokens", "output_tokens", "reasoning_tokens", "cost", "usage_raw"),
    *("timing", "facts", "dropped_turns"),
)
# What `load` needs of it; the other columns are there to be searched and counted.
_READ = (
    *("id", "lane", "version", "state", "trace", "answer", "commentary", "segments"),
    *("prompt_tokens", "cached_tokens", "output_tokens", "reasoning_tokens", "cost", "usage_raw"),
    *("timing", "facts", "dropped_turns"),
)


CHECKED = (
    ("conversations", _CONVERSATION),
    ("turns", _TURN),
    ("replies", _REPLY),
    ("attachments", ("digest", "name", "media_type", "size")),
    ("exchanges", ("reply", "request", "stream", "whole")),
)


def _select(names: Sequence[str], rest: str) -> str:
    return " ".join(("SELECT", ", ".join(names) + ",", rest))


_SELECT_CONVERSATION = _select(_CONVERSATION, "number FROM conversations WHERE id = ?")
_SELECT_TURNS = _select(_TURN, "number FROM turns WHERE conversation = ? ORDER BY number")
_SELECT_REPLY = _select(_READ, "number FROM replies WHERE id = ?")
_SELECT_REPLIES = _select(
    [f"r.{name}" for name in _READ],
    "r.turn FROM turns t JOIN replies r ON r.turn = t.number WHERE t.conversation = ? ORDER BY r.number",
)

_BETWEEN = "\n\n"
"""Between two segments in a text column; the same that `Reply.trace_text` and `answer_text` show."""


def create(con: sqlite3.Connection, conversation: Conversation) -> None:
    """Store a conversation with all its turns and replies."""
    updated = max((conversation.created, *(t.created for t in conversation.turns)))
    row = (
        conversation.id,
        mended(conversation.title),
        _LANES.encode(conversation.lanes),
        conversation.leaf,
        conversation.rule.value,
        float(conversation.created),
        float(updated),
    )
    number = _insert(con, "conversations", _CONVERSATION, row)
    for turn in conversation.turns:
        _insert_turn(con, number, conversation.lanes, turn)


def rename(con: sqlite3.Connection, conversation_id: str, title: str) -> None:
    """Give another title. Where another process has deleted the conversation, nothing happens; so with all changes."""
    _change(con, conversation_id, title=mended(title))


def set_lanes(con: sqlite3.Connection, conversation_id: str, lanes: Sequence[Lane]) -> None:
    """Store another row of lanes; replies of lanes that left stay."""
    _change(con, conversation_id, lanes=_LANES.encode(tuple(lanes)))


def set_leaf(con: sqlite3.Connection, conversation_id: str, turn_id: str | None) -> None:
    """Look at another branch."""
    _change(con, conversation_id, leaf=turn_id)


def set_rule(con: sqlite3.Connection, conversation_id: str, rule: ContextRule) -> None:
    """Follow another context rule."""
    _change(con, conversation_id, rule=rule.value)


def delete(con: sqlite3.Connection, conversation_id: str) -> None:
    """Remove a conversation with all that belongs to it, running replies too."""
    con.execute(
        "DELETE FROM deltas WHERE reply IN (SELECT r.number FROM conversations c JOIN turns t ON t.conversation ="
        " c.number JOIN replies r ON r.turn = t.number WHERE c.id = ?)",
        (conversation_id,),
    )
    found = con.execute("SELECT number FROM conversations WHERE id = ?", (conversation_id,)).fetchone()
    if found is not None:
        search.drop_conversation(con, *found)
    con.execute("DELETE FROM conversations WHERE id = ?", (conversation_id,))
    attachments.drop_unused(con)


def add_turn(con: sqlite3.Connection, conversation_id: str, turn: Turn) -> None:
    """Store a turn with its queued replies; it becomes the leaf. Raises StoreError where the conversation is gone."""
    found = con.execute("SELECT number, lanes FROM conversations WHERE id = ?", (conversation_id,)).fetchone()
    if found is None:
        raise StoreError("refused", reason=f"no conversation {conversation_id}")
    number, lanes = found
    _insert_turn(con, number, _LANES.decode(lanes), turn)
    _change(con, conversation_id, leaf=turn.id, updated=float(turn.created))


def add_reply(con: sqlite3.Connection, turn_id: str, reply: Reply) -> None:
    """Store a further version or a further lane's reply of a turn. Raises StoreError where the turn is gone."""
    found = con.execute(
        "SELECT t.number, c.id, c.lanes FROM turns t JOIN conversations c ON c.number = t.conversation WHERE t.id = ?",
        (turn_id,),
    ).fetchone()
    if found is None:
        raise StoreError("refused", reason=f"no turn {turn_id}")
    number, conversation_id, lanes = found
    _insert_reply(con, number, _LANES.decode(lanes), reply)
    _change(con, conversation_id, updated=time.time())


def load(con: sqlite3.Connection, conversation_id: str) -> Conversation | None:
    """A conversation as stored, None where there is none of this id. Raises StoreError "corrupt"."""
    found = con.execute(_SELECT_CONVERSATION, (conversation_id,)).fetchone()
    if found is None:
        return None
    identifier, title, lanes, leaf, rule, created, _, number = found
    replies: dict[int, list[Reply]] = {}
    for row in con.execute(_SELECT_REPLIES, (number,)):
        replies.setdefault(row[-1], []).append(_reply(row))
    files = attachments.attached(con, number)
    turns = tuple(
        Turn(
            turn_id,
            parent,
            Prompt(prompt, files.get(turn_number, ())),
            tuple(replies.get(turn_number, ())),
            at,
            chosen,
        )
        for turn_id, parent, prompt, at, chosen, turn_number in con.execute(_SELECT_TURNS, (number,))
    )
    try:
        return Conversation(identifier, title, _LANES.decode(lanes), turns, leaf, ContextRule(rule), created)
    except ValueError as error:
        raise StoreError("corrupt", reason=f"conversation {identifier}: {error}") from error


def summaries(con: sqlite3.Connection, limit: int = 200, before: float | None = None) -> tuple[Summary, ...]:
    """The newest conversations first, at most `limit`; with `before`, only those updated earlier (Unix seconds)."""
    rows = con.execute(
        "SELECT id, title, updated, created FROM conversations WHERE updated < ?"
        " ORDER BY updated DESC, number DESC LIMIT ?",
        (float("inf") if before is None else before, limit),
    )
    return tuple(Summary(*row) for row in rows)


def read_reply(con: sqlite3.Connection, reply_id: str) -> Reply | None:
    """A reply as its row says, without what the journal holds of it."""
    row = con.execute(_SELECT_REPLY, (reply_id,)).fetchone()
    return None if row is None else _reply(row)


def write_reply(con: sqlite3.Connection, reply: Reply) -> None:
    """Write a reply over its row. What it was asked of (backend, model) stays."""
    number, backend, model = con.execute(
        "SELECT number, backend, model FROM replies WHERE id = ?", (reply.id,)
    ).fetchone()
    search.drop_reply(con, number)
    _update(con, "replies", _REPLY, _reply_row(reply, backend, model))
    search.add_reply(con, number)


def damaged(con: sqlite3.Connection) -> tuple[tuple[str, str], ...]:
    """(table, id) of every row whose content is not what was written. Reads everything: for checks, not for the start."""
    usual = con.text_factory
    con.text_factory = partial(str, encoding="utf-8", errors="replace")  # flipped bits need not leave UTF-8
    try:
        lying = tuple(
            (table, str(row[0]))
            for table, names in CHECKED
            for *row, stored in con.execute(_select(names, f"checksum FROM {table}"))
            if checksum(row) != stored
        )
        return lying + tuple(("contents", digest) for digest in attachments.damaged(con))
    finally:
        con.text_factory = usual


def _insert_turn(con: sqlite3.Connection, conversation: int, lanes: Sequence[Lane], turn: Turn) -> None:
    row = (turn.id, turn.parent, mended(turn.prompt.text), float(turn.created), turn.chosen)
    number = _insert(con, "turns", _TURN, row, ("conversation", conversation))
    search.add_prompt(con, number)
    attachments.attach(con, number, turn.prompt.attachments)
    for reply in turn.replies:
        _insert_reply(con, number, lanes, reply)


def _insert_reply(con: sqlite3.Connection, turn: int, lanes: Sequence[Lane], reply: Reply) -> None:
    """Store a reply; one that is still to run gets its journal's first row, which says whose it is."""
    lane = next((x for x in lanes if x.id == reply.lane), None)
    backend = reply.asked.backend if reply.asked else lane.backend if lane else ""
    model = reply.identity.requested_model or (lane.model if lane else "")
    number = _insert(con, "replies", _REPLY, _reply_row(reply, backend, model), ("turn", turn))
    if not reply.state.is_final:
        nothing = encode_events(())
        con.execute(
            "INSERT INTO deltas (reply, owner, events, checksum) VALUES (?, this_process(), ?, ?)",
            (number, nothing, checksum((nothing,))),
        )
    else:
        search.add_reply(con, number)


def _insert(
    con: sqlite3.Connection,
    table: str,
    names: Sequence[str],
    row: Sequence[object],
    *parent: tuple[str, int],
) -> int:
    columns = ", ".join((*names, "checksum", *(name for name, _ in parent)))
    values = (*row, checksum(row), *(number for _, number in parent))
    marks = ", ".join("?" * len(values))
    statement = " ".join(("INSERT INTO", table, f"({columns})", f"VALUES ({marks})"))
    number = con.execute(statement, values).lastrowid
    assert number is not None
    return number


def _update(con: sqlite3.Connection, table: str, names: Sequence[str], row: Sequence[object]) -> None:
    """Write a whole row over the one of the same id, which comes first."""
    sets = ", ".join(f"{name} = ?" for name in (*names, "checksum"))
    statement = " ".join(("UPDATE", table, "SET", sets, "WHERE id = ?"))
    con.execute(statement, (*row, checksum(row), row[0]))


def _change(con: sqlite3.Connection, conversation_id: str, **changes: object) -> None:
    found = con.execute(_SELECT_CONVERSATION, (conversation_id,)).fetchone()
    if found is not None:
        changed = {**dict(zip(_CONVERSATION, found[:-1], strict=True)), **changes}
        _update(con, "conversations", _CONVERSATION, tuple(changed.values()))


def _reply_row(reply: Reply, backend: str, model: str) -> tuple[object, ...]:
    segments = [replace(s, text=mended(s.text)) for s in reply.segments]
    texts: dict[_TextColumn, list[str]] = {"trace": [], "answer": [], "commentary": []}
    for s in segments:
        texts[_text_column(s.kind, s.phase)].append(s.text)
    cuts = tuple((s.kind, s.part, s.channel, s.phase, len(s.text)) for s in segments)
    trace = trace_of(reply)
    usage = reply.usage or Usage()
    return (
        reply.id,
        backend,
        model,
        reply.lane,
        reply.version,
        reply.state.value,
        *(_BETWEEN.join(texts[name]) for name in texts),
        _SEGMENTS.encode(cuts),
        trace.kind.value,
        trace.certainty.value,
        int(trace.elicited),
        int(trace.partly_encrypted),
        _count(usage.prompt),
        _count(usage.cached),
        _count(usage.output_total),
        _count(usage.reasoning),
        None if usage.cost is None else float(usage.cost),
        None if reply.usage is None else mended(usage.raw),
        _TIMING.encode(reply.timing),
        _FACTS.encode(
            _Facts(
                reply.identity,
                reply.claim,
                reply.finished,
                reply.failed,
                reply.progress,
                reply.opaque,
                reply.asked,
                reply.notes,
                reply.again_at,
                reply.reread,
            )
        ),
        reply.dropped_turns,
    )


def _reply(row: Sequence[Any]) -> Reply:
    """The reply of a row of `_READ` columns, and one more behind them."""
    identifier, lane, version, state, trace, answer, commentary, cuts = row[:8]
    prompt, cached, output, reasoning, cost, raw, timing, facts, dropped, _ = row[8:]
    try:
        known = _FACTS.decode(facts)
        return Reply(
            identifier,
            lane,
            version,
            _STATES[state],
            _cut(_SEGMENTS.decode(cuts), {"trace": trace, "answer": answer, "commentary": commentary}),
            known.opaque,
            None if raw is None else Usage(prompt, cached, output, reasoning, cost, raw),
            known.finished,
            known.failed,
            _TIMING.decode(timing),
            known.identity,
            known.progress,
            known.claim,
            dropped,
            known.asked,
            known.notes,
            known.again_at,
            known.reread,
        )
    except (ValueError, KeyError) as error:
        raise StoreError("corrupt", reason=f"reply {identifier}: {error}") from error


def _cut(cuts: Sequence[_Cut], texts: dict[_TextColumn, str]) -> tuple[Segment, ...]:
    starts: dict[_TextColumn, int] = dict.fromkeys(texts, 0)
    segments = []
    for kind, part, channel, phase, length in cuts:
        column = _text_column(kind, phase)
        start = starts[column]
        segments.append(Segment(kind, texts[column][start : start + length], part, channel, phase))
        starts[column] = start + length + len(_BETWEEN)
    return tuple(segments)


def _text_column(kind: SegmentKind, phase: Phase | None) -> _TextColumn:
    if kind == "reasoning":
        return "trace"
    return "commentary" if phase == "commentary" else "answer"


def _count(tokens: int | None) -> int | None:
    """A number that fits SQLite's 64 bits; one that does not is a server's nonsense, and so unknown."""
    return tokens if tokens is not None and abs(tokens) < 2**63 else None
