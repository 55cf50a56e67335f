"""Cuts the power of a simulated disk at any moment, and looks at what the store finds on it afterwards.

The real store runs on a file system that writes down every write, sync and removal (APSW lets Python be one). An image
is what a disk may hold at one moment: what was synced, and of the rest nothing, a part of it in order, any part in any
order, or a last write torn between two sectors of 512 bytes. Each image is opened as a profile is after a power cut.

    python -m tests.store.power IMAGES [SEED]
"""

from __future__ import annotations

import random
import sqlite3
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import apsw
from tests.store.strategies import asked

from sidelight.chat.events import AnswerDelta, Finished, FinishReason, Stamped
from sidelight.chat.reply import ReplyState
from sidelight.store import database
from sidelight.store.check import check
from sidelight.store.conversations import read_reply
from sidelight.store.database import Store, StoreError

SECTOR = 512
IMAGES_A_RUN = 100
_CHECKPOINT = 40
"""Pages in the log until it is folded into the file: often, so that many cuts fall into that."""


@dataclass(frozen=True, slots=True)
class Report:
    """`unreadable`: images that could not be opened, or in which something was damaged. `lost`: replies of which text was
    missing that had been acknowledged as being on disk, out of `acknowledged` looked for."""

    images: int
    unreadable: int
    lost: int
    acknowledged: int
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Write:
    file: str
    at: int
    data: bytes


@dataclass(frozen=True, slots=True)
class _Cut:
    """A file became so long."""

    file: str
    size: int


@dataclass(frozen=True, slots=True)
class _Sync:
    file: str


@dataclass(frozen=True, slots=True)
class _Remove:
    file: str


@dataclass(frozen=True, slots=True)
class _Saved:
    """The store has acknowledged that so much of a reply is on disk; `final` with its end."""

    reply: str
    text: str
    final: bool


_Entry = _Write | _Cut | _Sync | _Remove | _Saved
_Log = list[_Entry]


class _File(apsw.VFSFile):
    def __init__(self, log: _Log, name: Any, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self._log = log
        self._name = Path(name.filename() if isinstance(name, apsw.URIFilename) else str(name)).name

    def xWrite(self, data: Any, offset: int) -> None:
        super().xWrite(data, offset)
        self._log.append(_Write(self._name, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:
        super().xTruncate(newsize)
        self._log.append(_Cut(self._name, newsize))

    def xSync(self, flags: int) -> None:
        super().xSync(flags)
        self._log.append(_Sync(self._name))


class _FileSystem(apsw.VFS):
    def __init__(self, log: _Log) -> None:
        super().__init__("recorded", "")
        self._log = log

    def xOpen(self, name: Any, flags: list[int]) -> _File:
        return _File(self._log, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        super().xDelete(filename, syncdir)
        self._log.append(_Remove(Path(filename).name))


class _Cursor:
    """As much of sqlite3's cursor as the store uses."""

    def __init__(self, con: apsw.Connection, cursor: Any) -> None:
        self._cursor = cursor
        self.lastrowid = con.last_insert_rowid()
        self.rowcount = con.changes()

    def fetchone(self) -> Any:
        return next(self._cursor, None)

    def fetchall(self) -> list[Any]:
        return list(self._cursor)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._cursor)


class _Connection:
    """As much of sqlite3's connection as the store uses. `careless` never waits for the disk."""

    def __init__(self, path: Path, careless: bool) -> None:
        self._con = apsw.Connection(str(path), vfs="recorded")
        self._careless = careless
        self._con.set_busy_timeout(5000)
        for pragma in (*database._PRAGMAS, f"wal_autocheckpoint = {_CHECKPOINT}"):
            self.execute(f"PRAGMA {pragma}")
        if careless:
            self.execute("PRAGMA synchronous = OFF")

    def execute(self, sql: str, values: Sequence[Any] = ()) -> _Cursor:
        if self._careless:
            sql = sql.replace("synchronous = FULL", "synchronous = OFF").replace("NORMAL", "OFF")
        return _Cursor(self._con, self._con.execute(sql, tuple(values)))

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> _Cursor:
        return _Cursor(self._con, self._con.executemany(sql, [tuple(row) for row in rows]))

    def create_function(self, name: str, count: int, function: Any) -> None:
        self._con.create_scalar_function(name, function, count)

    @property
    def in_transaction(self) -> bool:
        return bool(self._con.in_transaction)

    def close(self) -> None:
        self._con.close()


def run(images: int, seed: int, *, careless: bool = False) -> Report:
    """Look at so many images, from recordings of a hundred images each."""
    chance = random.Random(seed)
    found = Report(0, 0, 0, 0)
    while found.images < images:
        with tempfile.TemporaryDirectory(prefix="power-") as name:
            log = _recorded(Path(name), chance, careless)
            count = min(IMAGES_A_RUN, images - found.images)
            for number, (files, saved) in enumerate(_images(log, count, chance)):
                found = _and(found, _look(Path(name) / f"image-{number}", files, saved))
    return found


def _and(one: Report, other: Report) -> Report:
    return Report(
        one.images + other.images,
        one.unreadable + other.unreadable,
        one.lost + other.lost,
        one.acknowledged + other.acknowledged,
        (*one.reasons, *other.reasons),
    )


def _recorded(folder: Path, chance: random.Random, careless: bool) -> _Log:
    """What the store did to the disk while replies came and ended."""
    log: _Log = []
    system = _FileSystem(log)
    try:
        with (
            mock.patch.object(database, "connect", lambda path: _Connection(path, careless)),
            closing(Store.open(folder / "sidelight.db")) as store,
        ):
            _work(store, log, chance)
    finally:
        system.unregister()
    return log


def _work(store: Store, log: _Log, chance: random.Random) -> None:
    for _ in range(4):
        _, turn = asked(store, lanes=3)
        texts = dict.fromkeys((reply.id for reply in turn.replies), "")
        for n in range(chance.randint(3, 12)):
            batch = []
            for reply_id in texts:
                piece = f"{n} {chance.random()} " * chance.randint(1, 60)
                batch.append((reply_id, [Stamped.now(AnswerDelta(piece), 0.1 * n)]))
                texts[reply_id] += piece
            durable = chance.random() < 0.4
            store.write(lambda con, batch=batch: store.journal.append(con, batch), durable=durable).result(60)  # type: ignore[misc]
            if durable:
                log += [_Saved(reply_id, text, final=False) for reply_id, text in texts.items()]
        for reply_id, text in list(texts.items())[:2]:
            end = [(reply_id, [Stamped.now(Finished(FinishReason.STOP), 9.0)])]
            store.write(lambda con, end=end: store.journal.append(con, end))  # type: ignore[misc]
            store.write(lambda con, i=reply_id: store.journal.seal(con, i), durable=True).result(60)  # type: ignore[misc]
            log.append(_Saved(reply_id, text, final=True))


@dataclass
class _Disk:
    """A file on the disk, None where it is not there yet; and what was written to it since it was synced."""

    content: bytearray | None = None
    waiting: list[_Write | _Cut] = field(default_factory=list)

    def sync(self) -> None:
        self.content = _applied(self.content, self.waiting)
        self.waiting.clear()

    def after_a_cut(self, chance: random.Random) -> bytearray | None:
        """What may be there when the power comes back."""
        return _applied(self.content, _survivors(self.waiting, chance))


def _applied(content: bytearray | None, entries: Sequence[_Write | _Cut]) -> bytearray | None:
    if not entries:
        return content
    result = bytearray(content or b"")
    for entry in entries:
        if isinstance(entry, _Cut):
            result = result[: entry.size].ljust(entry.size, b"\0")
        else:
            result = result.ljust(entry.at, b"\0")
            result[entry.at : entry.at + len(entry.data)] = entry.data
    return result


def _survivors(waiting: Sequence[_Write | _Cut], chance: random.Random) -> list[_Write | _Cut]:
    how = chance.choice(("none", "beginning", "torn", "any", "all"))
    if how == "none" or not waiting:
        return []
    if how == "all":
        return list(waiting)
    if how == "any":
        return chance.sample(waiting, chance.randint(0, len(waiting)))
    survivors = list(waiting[: chance.randint(1, len(waiting))])
    last = survivors[-1]
    if how == "torn" and isinstance(last, _Write):
        whole = chance.randint(0, len(last.data) // SECTOR) * SECTOR
        survivors[-1] = _Write(last.file, last.at, last.data[:whole])
    return survivors


def _images(
    log: _Log, count: int, chance: random.Random
) -> Iterator[tuple[dict[str, bytes], dict[str, _Saved]]]:
    """Images at random moments: the files, and what had been acknowledged by then."""
    moments = sorted(chance.choices(range(1, len(log) + 1), k=count))
    disk: dict[str, _Disk] = {}
    saved: dict[str, _Saved] = {}
    for number, entry in enumerate(log, 1):
        match entry:
            case _Write() | _Cut():
                disk.setdefault(entry.file, _Disk()).waiting.append(entry)
            case _Sync():
                disk.setdefault(entry.file, _Disk()).sync()
            case _Remove():
                disk.pop(entry.file, None)
            case _Saved():
                saved[entry.reply] = entry
        while moments and moments[0] == number:
            moments.pop(0)
            left = {name: file.after_a_cut(chance) for name, file in disk.items()}
            yield {name: bytes(content) for name, content in left.items() if content is not None}, dict(saved)


def _look(folder: Path, files: dict[str, bytes], saved: dict[str, _Saved]) -> Report:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    if saved:  # made before the first answer to anybody
        (folder / "sidelight.db.made").touch()
    path = folder / "sidelight.db"
    try:
        with closing(Store.open(path)) as store:
            store.write(store.journal.recover, durable=True).result(60)
            lost = sum(not _is_there(store, told) for told in saved.values())
        found = check(path, still=True)
    except (StoreError, sqlite3.Error) as error:
        return Report(1, 1, len(saved), len(saved), (str(error),))
    reasons = tuple(str(damage) for damage in found.damage)
    return Report(1, int(not found.sound), lost, len(saved), reasons)


def _is_there(store: Store, told: _Saved) -> bool:
    reply = store.read(lambda con: read_reply(con, told.reply)).result(60)
    if reply is None:
        return False
    if told.final:
        return reply.state is ReplyState.COMPLETE and reply.answer_text == told.text
    return reply.answer_text.startswith(told.text)


if __name__ == "__main__":
    sys.stdout.write(f"{run(int(sys.argv[1]), int((sys.argv[2:] or ['1'])[0]))}\n")
