"""A database of Sidelight's own: a backup, or a profile's file. Looked over whole before anything is taken, and never changed.

One that an older version made is copied first, and the copy brought to today's form.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from sidelight.store import attachments, conversations, exchanges
from sidelight.store.backup import save_copy
from sidelight.store.check import check
from sidelight.store.conversations import Summary
from sidelight.store.database import Connection, Store, StoreError, connect_to_read
from sidelight.store.exchanges import Recorded
from sidelight.store.migrations import APPLICATION_ID, newest
from sidelight.store.order import Place, place_of
from sidelight.transfer.formats import json
from sidelight.transfer.importers.container import Container
from sidelight.transfer.importers.item import Found, LeftOut
from sidelight.transfer.importers.limits import Refusal
from sidelight.transfer.source import settled

__all__ = ["FORMAT", "Backup", "is_ours"]

FORMAT = "backup"
_NAME = "copy.db"


def is_ours(path: Path) -> bool:
    """Whether a database says that Sidelight made it. Raises Refusal where it cannot be read at all."""
    return _pragma(path, "application_id") == APPLICATION_ID


def _pragma(path: Path, name: str) -> int:
    with closing(connect_to_read(path, still=_still(path))) as con:
        try:
            return int(con.execute(f"PRAGMA {name}").fetchone()[0])
        except con.Error as error:
            raise Refusal("database_broken", reason=str(error)) from error


def _still(path: Path) -> bool:
    """Whether nobody can be changing a file: beside a log of changes it may be in use, and they are part of it."""
    wal = path.with_name(f"{path.name}-wal")
    return not (wal.exists() and wal.stat().st_size)


class Backup:
    """See the module and `item.FileFormat`."""

    def __init__(self, container: Container, scratch: Path) -> None:
        """`scratch` is a folder that is removed afterwards."""
        self._container = container
        self._scratch = scratch
        self._con: Connection | None = None
        self._done = self._total = 0

    @property
    def fraction(self) -> float:
        return self._done / max(1, self._total)

    def look_over(self) -> Iterator[None]:
        """Raises Refusal where it is damaged or made by a newer version."""
        path = self._container.path
        version = _pragma(path, "user_version")
        if version > newest():
            raise Refusal("database_newer")
        checked = check(path, still=_still(path))
        if not checked.sound:
            raise Refusal("database_damaged", reason=checked.damage[0].reason or checked.damage[0].table)
        yield
        if version < newest():
            path = self._copied(path)
        self._con = connect_to_read(path, still=_still(path))

    def conversations(self) -> Iterator[Found | LeftOut]:
        con = self._reading
        try:
            found = conversations.summaries(con, limit=-1)
            self._total = len(found)
            for summary in sorted(found, key=lambda s: (s.created, s.id)):
                self._done += 1
                yield self._one(con, summary)
        except con.Error as error:
            raise Refusal("database_broken", reason=str(error)) from error

    def recorded(self, reply_id: str) -> Recorded | None:
        """What went over the wire for a reply, where that is kept."""
        return exchanges.read(self._reading, reply_id)

    def place(self, conversation_id: str) -> Place:
        """Pins and tags of a conversation."""
        return place_of(self._reading, conversation_id)

    def content(self, digest: str) -> bytes | None:
        try:
            return attachments.contents(self._reading, [digest])[digest]
        except StoreError:
            return None

    def forget(self) -> None:
        """All stays in the file."""

    def close(self) -> None:
        if self._con is not None:
            self._con.close()
        self._container.close()

    @property
    def _reading(self) -> Connection:
        assert self._con is not None  # it was looked over
        return self._con

    def _one(self, con: Connection, summary: Summary) -> Found | LeftOut:
        try:
            conversation = conversations.load(con, summary.id)
            assert conversation is not None  # nobody changes the file
            return Found(json.line(self, settled(conversation)).encode())
        except StoreError:
            return LeftOut(" ".join(summary.title.split()) or summary.id, "damaged")

    def _copied(self, path: Path) -> Path:
        """A copy in today's form."""
        copy = self._scratch / _NAME
        try:
            save_copy(path, copy, 0.0)
            Store.open(copy, self._scratch / "journals").close()
        except StoreError as error:
            raise Refusal("database_broken", reason=error.params.get("reason") or error.code) from error
        return copy
