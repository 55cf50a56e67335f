"""What a person orders conversations by: pins, tags and the trash. Functions of a connection, as in `conversations`.

Not the list itself (`conversations.summaries` and `trash`). A conversation in the trash is whole and can be taken out;
`expire` removes for good what has been there too long.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from sidelight.store import conversations
from sidelight.store.codec import checksum_of, mended

__all__ = [
    "LONGEST_TAG",
    "Place",
    "expire",
    "place_of",
    "put_in_trash",
    "set_pinned",
    "set_tags",
    "tag_names",
    "tags",
    "take_out",
]

LONGEST_TAG = 60
"""Letters of a tag; the rest is cut."""


@dataclass(frozen=True, slots=True)
class Place:
    """Since when a conversation is pinned (Unix seconds; None: it is not), and its tags in the order of letters."""

    pinned: float | None = None
    tags: tuple[str, ...] = ()


def set_pinned(con: sqlite3.Connection, conversation_id: str, since: float | None) -> None:
    """Pin a conversation, since then (Unix seconds); None unpins it."""
    conversations.change(con, conversation_id, pinned=None if since is None else float(since))


def place_of(con: sqlite3.Connection, conversation_id: str) -> Place:
    """Where a conversation stands; nowhere in particular where it is gone."""
    found = con.execute(
        "SELECT number, pinned FROM conversations WHERE id = ?", (conversation_id,)
    ).fetchone()
    if found is None:
        return Place()
    number, pinned = found
    names = con.execute("SELECT name FROM tags WHERE conversation = ?", (number,))
    return Place(pinned, tuple(sorted((name for (name,) in names), key=str.casefold)))


def put_in_trash(con: sqlite3.Connection, conversation_id: str, since: float) -> None:
    """Put a conversation into the trash, since then (Unix seconds)."""
    conversations.change(con, conversation_id, deleted=float(since))


def take_out(con: sqlite3.Connection, conversation_id: str) -> None:
    """Take a conversation out of the trash."""
    conversations.change(con, conversation_id, deleted=None)


def expire(con: sqlite3.Connection, before: float) -> bool:
    """Remove one conversation for good that is in the trash since earlier than `before` (Unix seconds); False: there is none.

    One at a time, so that no writer waits for long. One whose row is not what was written stays: its time may be wrong.
    """
    lying = {row for table, row in conversations.damaged_in(con, "conversations")}
    for (found,) in con.execute(
        "SELECT id FROM conversations WHERE deleted < ? ORDER BY deleted", (before,)
    ).fetchall():
        if found not in lying:
            conversations.delete(con, found)
            return True
    return False


def tag_names(names: Iterable[str]) -> tuple[str, ...]:
    """Tags as they are kept: white space joined, nothing empty, none twice whatever the case, in the order of letters."""
    found: dict[str, str] = {}
    for name in names:
        kept = " ".join(mended(name).split())[:LONGEST_TAG].strip()
        if kept:
            found.setdefault(kept.casefold(), kept)
    return tuple(sorted(found.values(), key=str.casefold))


def set_tags(con: sqlite3.Connection, conversation_id: str, names: Iterable[str]) -> None:
    """Give a conversation these tags and no others. Where it is gone, nothing happens."""
    found = con.execute("SELECT number FROM conversations WHERE id = ?", (conversation_id,)).fetchone()
    if found is None:
        return
    con.execute("DELETE FROM tags WHERE conversation = ?", found)
    for name in tag_names(names):
        row = (name, found[0])
        con.execute(
            "INSERT INTO tags (name, conversation, checksum) VALUES (?, ?, ?)",
            (*row, checksum_of("tags", row)),
        )


def tags(con: sqlite3.Connection) -> tuple[str, ...]:
    """All tags in use, in the order of letters; not those of the trash alone."""
    rows = con.execute(
        "SELECT DISTINCT t.name FROM tags t JOIN conversations c ON c.number = t.conversation WHERE c.deleted IS NULL"
    )
    return tuple(sorted((name for (name,) in rows), key=str.casefold))
