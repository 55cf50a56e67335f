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

if sys.platform == "win32":
    import msvcrt

    def _try_lock(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True
else:
    import fcntl

    def _try_lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


__all__ = ["Journal"]


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
            rows.append((self.owner, events, checksum((events,)), reply_id))
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
        con.execute("DELETE FROM deltas WHERE reply NOT IN (SELECT number FROM replies)")
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
        stamped: list[Stamped] = []
        for events, stored in con.execute(
            "SELECT events, checksum FROM deltas WHERE reply = ? ORDER BY number", (number,)
        ):
            stamped += self._read(events, stored)
        reply = fold_all(reply, coalesce(stamped))
        if closed and not reply.state.is_final:
            at = stamped[-1].until if stamped else 0.0
            reply = fold(reply, Stamped.now(Failed(FailureKind.CUT_OFF, code="closed"), at))
        write_reply(con, reply)
        con.execute("DELETE FROM deltas WHERE reply = ?", (number,))
        return reply

    def _read(self, events: bytes, stored: int) -> list[Stamped]:
        """The events of a row; of a damaged one none, so that the others are saved."""
        try:
            if checksum((events,)) != stored:
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
            if _try_lock(handle) and self._file(owner).exists():
                return owner, handle
            os.close(handle)

    def _is_dead(self, owner: str) -> bool:
        """Whether nobody holds this lock; the file of a dead owner is removed."""
        try:
            handle = os.open(self._file(owner), os.O_RDWR)
        except FileNotFoundError:
            return True
        try:
            if not _try_lock(handle):
                return False
            if sys.platform != "win32":
                self._file(owner).unlink(missing_ok=True)
        finally:
            os.close(handle)
        if sys.platform == "win32":
            self._file(owner).unlink(missing_ok=True)
        return True
