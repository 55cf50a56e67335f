"""The journal: what running replies received, on disk at most one batch after it came, folded into their rows at the end.

Not a second truth about replies: `chat.reply.fold` is the only thing that turns events into text, here as on the
screen. A row of `deltas` is one batch of one reply; it names the process that owns it. That a process lives is told
by an operating system's lock on `<owner>.lock`, which ends with the process however it ends. A missing file means
that its owner closed it.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from sidelight.chat.events import Failed, FailureKind, Stamped, coalesce
from sidelight.chat.reply import Reply, fold, fold_all
from sidelight.store.codec import checksum, decode_events, encode_events
from sidelight.store.conversations import read_reply, write_reply
from sidelight.store.errors import StoreError
from sidelight.store.locks import try_lock

__all__ = ["Journal", "anyone_alive", "is_intact"]


class Journal:
    """This process's journal. `owner` is its name; `skipped` counts events and rows that could not be read."""

    def __init__(self, folder: Path) -> None:
        """Take a fresh name and hold its lock until `close`. Raises OSError."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.skipped = 0
        self._folder = folder
        self.owner, self._handle = self._take()

    def append(self, con: sqlite3.Connection, batch: Sequence[tuple[str, Sequence[Stamped]]]) -> None:
        """Write what came for several replies, (reply id, events) each. A reply that was deleted is passed over."""
        rows = []
        for reply_id, stamped in batch:
            events = encode_events(coalesce(stamped))
            rows.append((self.owner, events, checksum((reply_id, self.owner, events)), reply_id))
        con.executemany(
            "INSERT INTO deltas (reply, owner, events, checksum) SELECT number, ?, ?, ? FROM replies WHERE id = ?",
            rows,
        )

    def seal(self, con: sqlite3.Connection, reply_id: str) -> Reply:
        """Fold what is journaled of a reply into its row and empty its journal; the reply as it then stands.

        May be called again, after late events or without any. Raises StoreError where the reply is gone.
        """
        return self._seal(con, reply_id, closed=False)

    def recover(self, con: sqlite3.Connection) -> tuple[str, ...]:
        """Seal the replies of processes that are no more, as cut off where they have no end; their ids."""
        running = con.execute(
            "SELECT DISTINCT d.owner, r.id FROM deltas d JOIN replies r ON r.number = d.reply ORDER BY r.number"
        ).fetchall()
        owners = {owner for owner, _ in running} | {file.stem for file in self._folder.glob("*.lock")}
        dead = {owner for owner in owners if owner != self.owner and self._is_dead(owner)}
        left = tuple(dict.fromkeys(reply_id for owner, reply_id in running if owner in dead))
        for reply_id in left:
            self._seal(con, reply_id, closed=True)
        self.skipped += con.execute(
            "DELETE FROM deltas WHERE reply NOT IN (SELECT number FROM replies)"
        ).rowcount
        return left

    def close(self) -> None:
        """Let go of the lock. What was not sealed is recovered by the next process that looks."""
        if self._handle >= 0:
            # Windows does not remove an open file, so the order is: let go, then remove.
            os.close(self._handle)
            self._handle = -1
            self._file(self.owner).unlink(missing_ok=True)

    def _seal(self, con: sqlite3.Connection, reply_id: str, *, closed: bool) -> Reply:
        reply = read_reply(con, reply_id)
        if reply is None:
            raise StoreError("refused", reason=f"no reply {reply_id}")
        (number,) = con.execute("SELECT number FROM replies WHERE id = ?", (reply_id,)).fetchone()
        merged = self._journaled(con, reply_id, number)
        reply = fold_all(reply, merged)
        if closed and not reply.state.is_final:
            at = merged[-1].until if merged else 0.0
            reply = fold(reply, Stamped.now(Failed(FailureKind.CUT_OFF, code="closed"), at))
        write_reply(con, reply)
        con.execute("DELETE FROM deltas WHERE reply = ?", (number,))
        return reply

    def _journaled(self, con: sqlite3.Connection, reply_id: str, number: int) -> list[Stamped]:
        """The events of a reply, merged. Those of the rows are gone then: an answer may be 64 MB."""
        rows = con.execute(
            "SELECT owner, events, checksum FROM deltas WHERE reply = ? ORDER BY number", (number,)
        )
        return coalesce(item for row in rows for item in self._read(reply_id, *row))

    def _read(self, reply_id: str, owner: str, events: bytes, stored: int) -> list[Stamped]:
        """The events of a row; of a damaged one none, so that the others are saved."""
        try:
            if not is_intact(reply_id, owner, events, stored):
                raise msgspec.DecodeError("checksum")
            stamped, skipped = decode_events(events)
        except msgspec.DecodeError:
            self.skipped += 1
            return []
        self.skipped += skipped
        return stamped

    def _file(self, owner: str) -> Path:
        return self._folder / f"{owner}.lock"

    def _take(self) -> tuple[str, int]:
        """A new lock of ours. Another process that sweeps may be faster between making and locking: then once more."""
        while True:
            owner = secrets.token_hex(8)
            handle = os.open(self._file(owner), os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
            if try_lock(handle) and self._file(owner).exists():
                return owner, handle
            os.close(handle)

    def _is_dead(self, owner: str) -> bool:
        """Whether nobody holds this lock; the file of a dead owner is removed."""
        return _is_free(self._file(owner))


def is_intact(reply_id: str, owner: str, events: bytes, stored: int) -> bool:
    """Whether a row of `deltas` is what was written: its checksum covers whose it is, too.

    The one of a reply's first row, and once that of every row, covers the events alone.
    """
    return stored in (checksum((reply_id, owner, events)), checksum((events,)))


def anyone_alive(folder: Path) -> bool:
    """Whether a process has its journal in this folder now, ours included: it has the database open."""
    return any(not _is_free(file) for file in folder.glob("*.lock"))


def _is_free(file: Path) -> bool:
    """Whether nobody holds this lock; one that is free is removed."""
    try:
        handle = os.open(file, os.O_RDWR)
    except FileNotFoundError:
        return True
    try:
        if not try_lock(handle):
            return False
        if sys.platform != "win32":
            file.unlink(missing_ok=True)
    finally:
        os.close(handle)
    if sys.platform == "win32":
        file.unlink(missing_ok=True)
    return True
