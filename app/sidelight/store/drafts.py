"""Prompts that are not sent yet, one a conversation, with the files that are to go with them. Functions of a connection.

Not the composer and not when to keep one (`engine.ordering`). A conversation that is not stored yet has no id that
would last: all of those share one draft, under the id "".

All raise sqlite3.Error as it comes; the store's threads turn it into StoreError. A row that cannot be read is "corrupt".
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sidelight.chat.message import Attachment
from sidelight.store import attachments
from sidelight.store.codec import Column, checksum_of, mended
from sidelight.store.errors import StoreError

__all__ = ["NEW", "Draft", "drop", "keep", "read"]

NEW = ""
"""In the place of a conversation's id: of the one that is not stored yet."""

_FILES = Column[tuple[Attachment, ...]](tuple[Attachment, ...], ())


@dataclass(frozen=True, slots=True)
class Draft:
    """What a composer holds: a text, and files, each with its content."""

    text: str = ""
    files: tuple[tuple[Attachment, bytes], ...] = ()


def keep(
    con: sqlite3.Connection,
    conversation_id: str,
    text: str,
    files: Sequence[Attachment],
    contents: Mapping[str, bytes],
    now: float,
) -> None:
    """Keep a draft in the place of the one before; one with neither text nor files is dropped.

    `contents`, by digest, are those of `files` that are not kept yet; `now` is Unix seconds.
    """
    if not text and not files:
        drop(con, conversation_id)
        return
    attachments.add(con, contents)
    row = (conversation_id, mended(text), _FILES.encode(tuple(files)), float(now))
    con.execute(
        "INSERT INTO drafts (conversation, text, files, updated, checksum) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (conversation) DO UPDATE SET text = excluded.text, files = excluded.files,"
        " updated = excluded.updated, checksum = excluded.checksum",
        (*row, checksum_of("drafts", row)),
    )


def drop(con: sqlite3.Connection, conversation_id: str) -> None:
    """Forget a draft. Contents that nothing else names go with the next conversation that is removed."""
    con.execute("DELETE FROM drafts WHERE conversation = ?", (conversation_id,))


def read(con: sqlite3.Connection, conversation_id: str) -> Draft | None:
    """The draft of a conversation, None where there is none. Raises StoreError "corrupt"."""
    row = con.execute("SELECT text, files FROM drafts WHERE conversation = ?", (conversation_id,)).fetchone()
    if row is None:
        return None
    try:
        files = _FILES.decode(row[1])
    except ValueError as error:
        raise StoreError("corrupt", reason=f"draft of {conversation_id}: {error}") from error
    contents = attachments.contents(con, {a.digest for a in files})
    return Draft(row[0], tuple((a, contents[a.digest]) for a in files))
