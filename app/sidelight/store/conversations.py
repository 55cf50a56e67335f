"""Conversations, turns and replies on disk. Functions of a connection; the caller has begun the transaction.

Not the columns of a reply (`rows`), nor pins, tags and the trash (`order`), nor the journal of a running reply: here a
reply is what its row says, and the row is written when the reply is added and when the journal seals it. Every row
carries a checksum of its content; `damaged` names rows that lie.

All raise sqlite3.Error as it comes; the store's threads turn it into StoreError. A row that cannot be read is "corrupt".
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sidelight.chat.conversation import ContextRule, Conversation, Turn
from sidelight.chat.message import Lane, Prompt
from sidelight.chat.reply import Reply
from sidelight.store import attachments, drafts, rows, words
from sidelight.store.codec import Column, checksum, checksum_of, encode_events, mended
from sidelight.store.errors import StoreError

__all__ = [
    "CHECKED",
    "Summary",
    "add_reply",
    "add_turn",
    "change",
    "create",
    "damaged",
    "damaged_in",
    "delete",
    "load",
    "read_reply",
    "rename",
    "set_chosen",
    "set_lanes",
    "set_leaf",
    "set_rule",
    "summaries",
    "summary",
    "trash",
    "write_reply",
]


@dataclass(frozen=True, slots=True)
class Summary:
    """A line of the history. Times are Unix seconds; `updated` is when a prompt was last sent.

    `deleted`: since when it is in the trash. `temporary`: it is in memory alone.
    """

    id: str
    title: str
    updated: float
    created: float
    pinned: bool = False
    tags: tuple[str, ...] = ()
    deleted: float | None = None
    temporary: bool = False


_LANES = Column[tuple[Lane, ...]](tuple[Lane, ...], ())
# The order of these names is the order of what the checksum covers: append only.
_CONVERSATION = ("id", "title", "lanes", "leaf", "rule", "created", "updated", "pinned", "deleted")
_TURN = ("id", "parent", "prompt", "created", "chosen")
CHECKED = (
    ("conversations", _CONVERSATION),
    ("turns", _TURN),
    ("replies", rows.COLUMNS),
    ("attachments", ("digest", "name", "media_type", "size")),
    ("exchanges", ("reply", "request", "stream", "whole")),
    ("tags", ("name", "conversation")),
    ("drafts", ("conversation", "text", "files", "updated")),
)


def _select(names: Sequence[str], rest: str) -> str:
    return " ".join(("SELECT", ", ".join(names) + ",", rest))


_SELECT_CONVERSATION = _select(_CONVERSATION, "number FROM conversations WHERE id = ?")
_SELECT_TURNS = _select(_TURN, "number FROM turns WHERE conversation = ? ORDER BY number")
_SELECT_TURN = " ".join(("SELECT", ", ".join(_TURN), "FROM turns WHERE id = ?"))
_SELECT_REPLY = _select(rows.READ, "number FROM replies WHERE id = ?")
_SELECT_REPLIES = _select(
    [f"r.{name}" for name in rows.READ],
    "r.turn FROM turns t JOIN replies r ON r.turn = t.number WHERE t.conversation = ? ORDER BY t.number, r.number",
)

_APART = "\x1f"
"""Between tags in one column; no tag holds it, since it is white space."""
_SUMMARY = (
    "SELECT id, title, updated, created, pinned, (SELECT group_concat(name, char(31)) FROM tags WHERE conversation ="
    " c.number), deleted FROM conversations c WHERE"
)
_NEWEST = "ORDER BY updated DESC, number DESC"


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
        None,
        None,
    )
    number = _insert(con, "conversations", _CONVERSATION, row)
    for turn in conversation.turns:
        _insert_turn(con, number, conversation.lanes, turn)


def change(con: sqlite3.Connection, conversation_id: str, **changes: object) -> None:
    """Write other values into columns of a conversation. Where it is gone, nothing happens."""
    found = con.execute(_SELECT_CONVERSATION, (conversation_id,)).fetchone()
    if found is not None:
        changed = {**dict(zip(_CONVERSATION, found[:-1], strict=True)), **changes}
        _update(con, "conversations", _CONVERSATION, tuple(changed.values()))


def rename(con: sqlite3.Connection, conversation_id: str, title: str) -> None:
    """Give another title. Where another process has deleted the conversation, nothing happens; so with all changes."""
    change(con, conversation_id, title=mended(title))


def set_lanes(con: sqlite3.Connection, conversation_id: str, lanes: Sequence[Lane]) -> None:
    """Store another row of lanes; replies of lanes that left stay."""
    change(con, conversation_id, lanes=_LANES.encode(tuple(lanes)))


def set_leaf(con: sqlite3.Connection, conversation_id: str, turn_id: str | None) -> None:
    """Look at another branch."""
    change(con, conversation_id, leaf=turn_id)


def set_rule(con: sqlite3.Connection, conversation_id: str, rule: ContextRule) -> None:
    """Follow another context rule."""
    change(con, conversation_id, rule=rule.value)


def set_chosen(con: sqlite3.Connection, turn_id: str, lane_id: str | None) -> None:
    """Have the answer of one lane go on for all under `ContextRule.CHOSEN`. Where the turn is gone, nothing happens."""
    row = con.execute(_SELECT_TURN, (turn_id,)).fetchone()
    if row is not None:
        changed = {**dict(zip(_TURN, row, strict=True)), "chosen": lane_id}
        _update(con, "turns", _TURN, tuple(changed.values()))


def delete(con: sqlite3.Connection, conversation_id: str) -> None:
    """Remove a conversation for good with all that belongs to it, running replies too."""
    con.execute(
        "DELETE FROM deltas WHERE reply IN (SELECT r.number FROM conversations c JOIN turns t ON t.conversation ="
        " c.number JOIN replies r ON r.turn = t.number WHERE c.id = ?)",
        (conversation_id,),
    )
    found = con.execute("SELECT number FROM conversations WHERE id = ?", (conversation_id,)).fetchone()
    if found is not None:
        words.drop_conversation(con, *found)
    con.execute("DELETE FROM conversations WHERE id = ?", (conversation_id,))
    drafts.drop(con, conversation_id)
    attachments.drop_unused(con)


def add_turn(con: sqlite3.Connection, conversation_id: str, turn: Turn) -> None:
    """Store a turn with its queued replies; it becomes the leaf. Raises StoreError where the conversation is gone."""
    found = con.execute("SELECT number, lanes FROM conversations WHERE id = ?", (conversation_id,)).fetchone()
    if found is None:
        raise StoreError("refused", reason=f"no conversation {conversation_id}")
    number, lanes = found
    _insert_turn(con, number, _LANES.decode(lanes), turn)
    change(con, conversation_id, leaf=turn.id, updated=float(turn.created))


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
    change(con, conversation_id, updated=time.time())


def load(con: sqlite3.Connection, conversation_id: str) -> Conversation | None:
    """A conversation as stored, None where there is none of this id. Raises StoreError "corrupt"."""
    found = con.execute(_SELECT_CONVERSATION, (conversation_id,)).fetchone()
    if found is None:
        return None
    identifier, title, lanes, leaf, rule, created, *_, number = found
    # all rows first: a statement that is left in the middle, and kept by the traceback of a row that lies, would stay open
    replies = rows.kept_replies(con.execute(_SELECT_REPLIES, (number,)).fetchall())
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


def summaries(con: sqlite3.Connection, limit: int = -1) -> tuple[Summary, ...]:
    """All that are pinned, newest first, and then the newest of the others, at most `limit` (-1: all); not what is in the
    trash."""
    pinned = con.execute(f"{_SUMMARY} deleted IS NULL AND pinned NOT NULL {_NEWEST}")
    others = con.execute(f"{_SUMMARY} deleted IS NULL AND pinned IS NULL {_NEWEST} LIMIT ?", (limit,))
    return tuple(map(_summary, (*pinned, *others)))


def summary(con: sqlite3.Connection, conversation_id: str) -> Summary | None:
    """The line of one conversation, also of one in the trash; None where there is none."""
    row = con.execute(f"{_SUMMARY} id = ?", (conversation_id,)).fetchone()
    return None if row is None else _summary(row)


def trash(con: sqlite3.Connection) -> tuple[Summary, ...]:
    """What is in the trash, the newest there first."""
    return tuple(
        map(_summary, con.execute(f"{_SUMMARY} deleted NOT NULL ORDER BY deleted DESC, number DESC"))
    )


def _summary(row: Sequence[Any]) -> Summary:
    identifier, title, updated, created, pinned, tags, deleted = row
    names = tuple(sorted(tags.split(_APART), key=str.casefold)) if tags else ()
    return Summary(identifier, title, updated, created, pinned is not None, names, deleted)


def read_reply(con: sqlite3.Connection, reply_id: str) -> Reply | None:
    """A reply as its row says, without what the journal holds of it."""
    row = con.execute(_SELECT_REPLY, (reply_id,)).fetchone()
    return None if row is None else rows.reply_of(row)


def write_reply(con: sqlite3.Connection, reply: Reply) -> None:
    """Write a reply over its row. What it was asked of (backend, model) stays."""
    number, backend, model = con.execute(
        "SELECT number, backend, model FROM replies WHERE id = ?", (reply.id,)
    ).fetchone()
    words.drop_reply(con, number)
    _update(con, "replies", rows.COLUMNS, rows.row_of(reply, backend, model))
    words.add_reply(con, number)


def damaged(con: sqlite3.Connection) -> tuple[tuple[str, str], ...]:
    """(table, id) of every row whose content is not what was written. Reads everything: for checks, not for the start."""
    lying = tuple(found for table, _ in CHECKED for found in damaged_in(con, table))
    return lying + tuple(("contents", digest) for digest in attachments.damaged(con))


def damaged_in(con: sqlite3.Connection, table: str) -> tuple[tuple[str, str], ...]:
    """The same of one table."""
    usual = con.text_factory
    con.text_factory = partial(str, encoding="utf-8", errors="replace")  # flipped bits need not leave UTF-8
    try:
        found = con.execute(_select(dict(CHECKED)[table], f"checksum FROM {table}"))
        return tuple((table, str(row[0])) for *row, stored in found if checksum_of(table, row) != stored)
    finally:
        con.text_factory = usual


def _insert_turn(con: sqlite3.Connection, conversation: int, lanes: Sequence[Lane], turn: Turn) -> None:
    row = (turn.id, turn.parent, mended(turn.prompt.text), float(turn.created), turn.chosen)
    number = _insert(con, "turns", _TURN, row, ("conversation", conversation))
    words.add_prompt(con, number)
    attachments.attach(con, number, turn.prompt.attachments)
    for reply in turn.replies:
        _insert_reply(con, number, lanes, reply)


def _insert_reply(con: sqlite3.Connection, turn: int, lanes: Sequence[Lane], reply: Reply) -> None:
    """Store a reply; one that is still to run gets its journal's first row, which says whose it is."""
    lane = next((x for x in lanes if x.id == reply.lane), None)
    backend = reply.asked.backend if reply.asked else lane.backend if lane else ""
    model = reply.identity.requested_model or (lane.model if lane else "")
    number = _insert(con, "replies", rows.COLUMNS, rows.row_of(reply, backend, model), ("turn", turn))
    if not reply.state.is_final:
        nothing = encode_events(())
        con.execute(
            "INSERT INTO deltas (reply, owner, events, checksum) VALUES (?, this_process(), ?, ?)",
            (number, nothing, checksum((nothing,))),
        )
    else:
        words.add_reply(con, number)


def _insert(
    con: sqlite3.Connection,
    table: str,
    names: Sequence[str],
    row: Sequence[object],
    *parent: tuple[str, int],
) -> int:
    columns = ", ".join((*names, "checksum", *(name for name, _ in parent)))
    values = (*row, checksum_of(table, row), *(number for _, number in parent))
    marks = ", ".join("?" * len(values))
    statement = " ".join(("INSERT INTO", table, f"({columns})", f"VALUES ({marks})"))
    number = con.execute(statement, values).lastrowid
    assert number is not None
    return number


def _update(con: sqlite3.Connection, table: str, names: Sequence[str], row: Sequence[object]) -> None:
    """Write a whole row over the one of the same id, which comes first."""
    sets = ", ".join(f"{name} = ?" for name in (*names, "checksum"))
    statement = " ".join(("UPDATE", table, "SET", sets, "WHERE id = ?"))
    con.execute(statement, (*row, checksum_of(table, row), row[0]))
