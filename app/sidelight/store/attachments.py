"""The files that go with prompts: each content once, under the SHA-256 of its bytes, as long as a prompt, or a draft, names it.

Not what becomes of a file on its way to a model; that is the backends' affair.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Mapping

from sidelight.chat.message import Attachment
from sidelight.store.codec import checksum, mended
from sidelight.store.errors import StoreError

__all__ = ["add", "attach", "attached", "contents", "damaged", "drop_unused"]


def add(con: sqlite3.Connection, files: Mapping[str, bytes]) -> None:
    """Keep contents by digest; what is there already stays."""
    con.executemany("INSERT OR IGNORE INTO contents (digest, content) VALUES (?, ?)", files.items())


def attach(con: sqlite3.Connection, turn: int, attachments: Iterable[Attachment]) -> None:
    """Name the files of a turn's prompt, in their order. Their contents are there."""
    for item in attachments:
        row = (item.digest, mended(item.name), mended(item.media_type), item.size)
        con.execute(
            "INSERT INTO attachments (digest, name, media_type, size, checksum, turn) VALUES (?, ?, ?, ?, ?, ?)",
            (*row, checksum(row), turn),
        )


def attached(con: sqlite3.Connection, conversation: int) -> dict[int, tuple[Attachment, ...]]:
    """The files of each turn of a conversation, by the turns' numbers."""
    found: dict[int, tuple[Attachment, ...]] = {}
    rows = con.execute(
        "SELECT t.number, a.digest, a.name, a.media_type, a.size FROM turns t JOIN attachments a ON a.turn = t.number"
        " WHERE t.conversation = ? ORDER BY a.number",
        (conversation,),
    )
    for turn, *row in rows:
        found[turn] = (*found.get(turn, ()), Attachment(*row))
    return found


def contents(con: sqlite3.Connection, digests: Iterable[str]) -> dict[str, bytes]:
    """Contents by digest. Raises StoreError "corrupt" where one is missing or is not what its digest says."""
    found: dict[str, bytes] = {}
    for digest in digests:
        row = con.execute("SELECT content FROM contents WHERE digest = ?", (digest,)).fetchone()
        if row is None or hashlib.sha256(row[0]).hexdigest() != digest:
            raise StoreError("corrupt", reason=f"attachment {digest}")
        found[digest] = row[0]
    return found


def drop_unused(con: sqlite3.Connection) -> None:
    """Forget contents that no prompt names any more, nor a draft of one."""
    con.execute(
        "DELETE FROM contents WHERE digest NOT IN (SELECT digest FROM attachments) AND digest NOT IN"
        " (SELECT json_extract(f.value, '$.digest') FROM drafts d,"
        " json_each(CASE WHEN json_valid(d.files) THEN d.files ELSE '[]' END) f)"
    )


def damaged(con: sqlite3.Connection) -> tuple[str, ...]:
    """Digests of contents that are not what was kept under them. Reads everything."""
    rows = con.execute("SELECT digest, content FROM contents")
    return tuple(digest for digest, content in rows if hashlib.sha256(content).hexdigest() != digest)
