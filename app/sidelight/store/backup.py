"""Copies of the database: one a day for a week, one a week for a month, each checked and counted; and the way back.

Not the check itself (`check`) and not what is done with a damaged file (`salvage`). A copy is made from one state of the
file by SQLite's backup, in small steps beside the writer, which never waits for it. Only a copy that was opened, found
sound and has the rows that its source had gets its name, and its SHA-256 beside it; only then may an older one go. A damaged source so leaves the
good copies where they are. Copies and files that are being replaced are under one lock: never two at once.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import re
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sidelight.store import replacing
from sidelight.store.check import Checked, GoOn, always, check, count_rows, sample
from sidelight.store.database import connect, connect_to_read
from sidelight.store.errors import StoreError, translated
from sidelight.store.journal import anyone_alive
from sidelight.store.locks import held
from sidelight.store.migrations import migrate, newest

__all__ = [
    "Backup",
    "Keeper",
    "Restored",
    "back_up",
    "backups",
    "begin_anew",
    "is_due",
    "restore",
    "save_copy",
    "superfluous",
]

DAYS, WEEKS = 7, 4
"""Of so many days the newest copy is kept, and of so many weeks the oldest."""
ROOM = 64_000_000
"""Bytes that stay free on the disk when a copy is made."""

_PAGES = 256
"""Pages (1 MB) in one step, and after each a pause for others."""
_PAUSE = 0.005
_PIECE = 4_000_000
"""Bytes."""
_LOOK_EVERY = 3600.0
"""Seconds until the clock is asked again whether a copy is due."""
_FIRST_AFTER = 20.0
"""Seconds after the start: the first minute belongs to the person."""
_NAME = re.compile(r"sidelight-(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)Z-v(\d+)\.db")


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy. `made` is Unix seconds, `size` bytes, `version` that of its schema, `rows` how many each table has.

    `rows` is empty where the copy cannot be read; `proved`: its SHA-256 lies beside it, so it was checked when made.
    """

    path: Path
    made: float
    version: int
    size: int
    rows: tuple[tuple[str, int], ...] = ()
    proved: bool = False

    @property
    def day(self) -> dt.date:
        """The day in UTC on which it was made."""
        return dt.datetime.fromtimestamp(self.made, dt.UTC).date()


@dataclass(frozen=True, slots=True)
class Restored:
    """What is in place now, and the folder that holds the former file with all that belonged to it."""

    rows: tuple[tuple[str, int], ...]
    aside: Path


class _StoppedError(Exception):
    """Nobody wants the copy any more."""


def backups(path: Path, *, count: bool = True) -> tuple[Backup, ...]:
    """The copies of a database, newest first; without their rows where they need not be counted. Raises StoreError."""
    folder = replacing.backups_of(path)
    try:
        files = sorted(folder.iterdir(), reverse=True) if folder.exists() else []
        named = [(file, _NAME.fullmatch(file.name)) for file in files]
        return tuple(_described(file, name, count=count) for file, name in named if name is not None)
    except OSError as error:
        raise translated(error, folder) from error


def is_due(path: Path, now: float) -> bool:
    """Whether the day (in UTC) has no copy yet, and a person did not have the copies wait after a restore."""
    today = dt.datetime.fromtimestamp(now, dt.UTC).date()
    return not replacing.is_held(path) and all(b.day != today for b in backups(path, count=False))


def superfluous(made: Sequence[Backup]) -> tuple[Backup, ...]:
    """Those that are neither the newest of one of the last days nor the oldest of one of the last weeks that have any.

    The oldest of a week, so that one that was kept for its week is not given up for another of the same week.
    """
    newest = sorted(made, key=lambda b: b.made, reverse=True)
    by_day = {b.day: b for b in reversed(newest)}
    by_week = {b.day.isocalendar()[:2]: b for b in newest}
    days = sorted(by_day, reverse=True)[:DAYS]
    weeks = sorted(by_week, reverse=True)[:WEEKS]
    kept = {*(by_day[day].path for day in days), *(by_week[week].path for week in weeks)}
    return tuple(b for b in newest if b.path not in kept)


def back_up(path: Path, now: float, *, go_on: GoOn = always) -> Backup | None:
    """Make a copy and then remove what is superfluous; None where `go_on` ended it. `now` is Unix seconds.

    Raises StoreError: "locked" where another copy is being made, "full", "readonly", "corrupt" where the file is
    damaged. Then all is as it was.
    """
    folder = replacing.backups_of(path)
    part = folder / "part"
    try:
        with held(replacing.lock_of(path)):
            try:
                _want_room(folder, path.stat().st_size + _log_size(path))
                rows, version = _copy_checked(path, part, go_on)
                copy = folder / f"sidelight-{_stamp(now)}-v{version}.db"
                _write_digest(copy, _digest(part, None, always))
                part.replace(copy)
                replacing.sync_folder(folder)
            finally:
                part.unlink(missing_ok=True)
            for old in superfluous(backups(path, count=False)):
                old.path.unlink(missing_ok=True)
                _digest_file(old.path).unlink(missing_ok=True)
    except _StoppedError:
        return None
    except (sqlite3.Error, OSError, StoreError, UnicodeDecodeError) as error:
        raise translated(error, path) from error
    return Backup(copy, float(int(now)), version, copy.stat().st_size, tuple(rows.items()), proved=True)


def save_copy(path: Path, target: Path, now: float, *, go_on: GoOn = always) -> Backup | None:
    """Copy the database to any other place, checked like a backup; None where `go_on` ended it.

    What stood there stays until the copy is whole. Raises StoreError: "refused" where the target belongs to the database
    itself, "full", "readonly", "corrupt" where the file is damaged, "missing".
    """
    part = target.with_name(f"{target.name}.part")
    try:
        if target.resolve() in {file.resolve() for file in replacing.files_of(path)}:
            raise StoreError("refused", path=str(target), reason="it is the file of the conversations itself")
        try:
            _want_room(target.parent, path.stat().st_size + _log_size(path))
            rows, version = _copy_checked(path, part, go_on)
            part.replace(target)
            replacing.sync_folder(target.parent)
        finally:
            part.unlink(missing_ok=True)
    except _StoppedError:
        return None
    except FileNotFoundError as error:
        raise StoreError("missing", path=str(path if not path.exists() else target.parent)) from error
    except sqlite3.Error as error:
        raise translated(error, path) from error
    except (OSError, StoreError) as error:
        raise translated(error, target) from error
    return Backup(target, now, version, target.stat().st_size, tuple(rows.items()))


def begin_anew(path: Path, now: float, *, journals: Path | None = None) -> Path:
    """Put an empty database in the place of one that nobody has open; the folder that holds what was there.

    Like `restore` in all else.
    """
    new = replacing.coming(path)
    try:
        with held(replacing.lock_of(path)):
            replacing.finish_held(path)
            _want_nobody(path, journals)
            new.unlink(missing_ok=True)
            with contextlib.closing(connect(_made(new))) as con:
                migrate(con, new)
            aside = path.with_name(f"replaced-{_stamp(now)}")
            replacing.put_in_place(path, aside)
    except (sqlite3.Error, OSError, StoreError, UnicodeDecodeError) as error:
        raise translated(error, path) from error
    return aside


def restore(
    path: Path, source: Path, now: float, *, journals: Path | None = None, go_on: GoOn = always
) -> Restored | None:
    """Put a copy in the place of the database, which nobody has open, this process neither; None where `go_on` ended it.

    The copy is copied first, and checked; one that is bit for bit what was checked when it was made, is sound. Automatic copies wait from then on until `replacing.let_go`. Raises StoreError:
    "locked" where a process has the database open, "corrupt" where the copy is damaged, "newer", "full", "missing".
    Then the former database is in place.
    """
    new = replacing.coming(path)
    try:
        with held(replacing.lock_of(path)):
            replacing.finish_held(path)
            _want_nobody(path, journals)
            try:
                _want_room(path.parent, source.stat().st_size)
                told = _told_digest(source)
                if _log_size(source):
                    _copy(source, new, lambda done: go_on(done / 2))
                else:
                    new.unlink(missing_ok=True)
                    if _digest(source, new, lambda done: go_on(done / 2)) != told and told:
                        raise StoreError("corrupt", path=str(source), reason="its SHA-256 is another one")
                _want_known(new)
                if not told:
                    _want_sound(check(new, still=True, go_on=lambda done: go_on(0.5 + done / 2)), source)
                rows = _rows(new)
                aside = path.with_name(f"replaced-{_stamp(now)}")
                replacing.put_in_place(path, aside)
            except BaseException:
                # with the intent written down, whoever comes next ends what was begun
                if not replacing.is_under_way(path):
                    new.unlink(missing_ok=True)
                raise
    except _StoppedError:
        return None
    except FileNotFoundError as error:
        raise StoreError("missing", path=str(source)) from error
    except sqlite3.Error as error:
        raise translated(error, source) from error
    except (OSError, StoreError) as error:
        raise translated(error, path) from error
    return Restored(tuple(rows.items()), aside)


class Keeper:
    """A thread that looks after an open database: a sample of it is checked at the start, then copies as they are due.

    A damaged file is not copied. What it finds is told on its own thread.
    """

    def __init__(
        self,
        path: Path,
        checked: Callable[[Checked], None],
        backed_up: Callable[[Backup | StoreError], None],
        *,
        clock: Callable[[], float] = time.time,
        first_after: float = _FIRST_AFTER,
    ) -> None:
        """`first_after`: seconds from `start` to the first look at whether a copy is due."""
        self._path, self._checked, self._backed_up = path, checked, backed_up
        self._clock, self._first_after = clock, first_after
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store-keeper")

    def start(self) -> None:
        """Begin. Call once."""
        self._thread.start()

    def close(self) -> None:
        """End, breaking off a copy that is being made; waits for that."""
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        found = sample(self._path, go_on=self._goes_on)
        if self._ended.is_set():
            return
        self._checked(found)
        wait = self._first_after
        while found.sound and not self._ended.wait(wait):
            wait = _LOOK_EVERY
            try:
                if is_due(self._path, self._clock()):
                    made = back_up(self._path, self._clock(), go_on=self._goes_on)
                    if made is not None:
                        self._backed_up(made)
            except StoreError as error:
                if error.code != "locked":  # another process makes one
                    self._backed_up(error)

    def _goes_on(self, _: float) -> bool:
        return not self._ended.is_set()


def _copy_checked(path: Path, target: Path, go_on: GoOn) -> tuple[dict[str, int], int]:
    """Copy, and look the copy over: the rows it has, and its version. Raises StoreError, sqlite3.Error, _StoppedError."""
    rows, version = _copy(path, target, lambda done: go_on(done / 2))
    checked = check(target, still=True, go_on=lambda done: go_on(0.5 + done / 2))
    _want_sound(checked, path)
    if checked.there != sum(rows.values()) or _rows(target) != rows:
        raise StoreError("corrupt", reason="the copy has other rows than the file")
    return rows, version


def _copy(path: Path, target: Path, go_on: GoOn) -> tuple[dict[str, int], int]:
    """Copy one state of a file onto the disk; the rows it has, and its version. Raises _StoppedError."""

    def step(_: int, remaining: int, total: int) -> None:
        if not go_on(1 - remaining / max(1, total)):
            raise _StoppedError
        time.sleep(_PAUSE)

    target.unlink(missing_ok=True)
    _made(target)
    with contextlib.closing(connect_to_read(path)) as source:
        # One state from here on. Without it the copy would begin anew with every write of somebody else.
        source.execute("BEGIN")
        (version,) = source.execute("PRAGMA user_version").fetchone()
        rows = count_rows(source)
        with contextlib.closing(sqlite3.connect(target)) as copy:
            source.backup(copy, pages=_PAGES, progress=step)
    return rows, version


def _digest(source: Path, target: Path | None, go_on: GoOn) -> str:
    """The SHA-256 of a file that nobody changes, which is copied onto the disk at the same time where there is a target.

    Raises _StoppedError.
    """
    digest = hashlib.sha256()
    total = max(1, source.stat().st_size)
    done = 0
    with contextlib.ExitStack() as files:
        read = files.enter_context(source.open("rb"))
        written = None
        if target is not None:
            handle = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            written = files.enter_context(os.fdopen(handle, "wb"))
        while piece := read.read(_PIECE):
            digest.update(piece)
            done += len(piece)
            if written is not None:
                written.write(piece)
            if not go_on(done / total):
                raise _StoppedError
        if written is not None:
            written.flush()
            os.fsync(written.fileno())
    return digest.hexdigest()


def _digest_file(copy: Path) -> Path:
    return copy.with_name(f"{copy.name}.sha256")


def _write_digest(copy: Path, digest: str) -> None:
    """As `sha256sum --check` reads it."""
    handle = os.open(_digest_file(copy), os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(f"{digest}  {copy.name}\n")
        file.flush()
        os.fsync(file.fileno())


def _told_digest(copy: Path) -> str:
    """The SHA-256 that a copy had when it was checked, "" where none is told."""
    try:
        return _digest_file(copy).read_bytes()[:64].decode("ascii", "replace")
    except FileNotFoundError:
        return ""


def _log_size(path: Path) -> int:
    """Bytes in a database's write-ahead log: what the file itself does not have yet."""
    wal = path.with_name(f"{path.name}-wal")
    return wal.stat().st_size if wal.exists() else 0


def _made(path: Path) -> Path:
    """A new, empty file for its owner alone."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    return path


def _want_nobody(path: Path, journals: Path | None) -> None:
    if anyone_alive(path.with_name("journals") if journals is None else journals):
        raise StoreError("locked")


def _want_room(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < size + ROOM:
        raise StoreError(
            "full", reason=f"{free // 1_000_000} MB free, {(size + ROOM) // 1_000_000} MB needed"
        )


def _want_sound(checked: Checked, path: Path) -> None:
    """Raises StoreError "corrupt", _StoppedError where it was not looked at to the end."""
    if checked.damage:
        first = checked.damage[0]
        told = " ".join(filter(None, (first.kind, first.table, first.row, first.reason)))
        raise StoreError("corrupt", path=str(path), reason=told)
    if not checked.whole:
        raise _StoppedError


def _want_known(copy: Path) -> None:
    with contextlib.closing(connect_to_read(copy, still=True)) as con:
        (version,) = con.execute("PRAGMA user_version").fetchone()
        if version > newest():
            raise StoreError("newer", reason=f"version {version}, known up to {newest()}")


def _rows(copy: Path) -> dict[str, int]:
    with contextlib.closing(connect_to_read(copy, still=True)) as con:
        return count_rows(con)


def _described(file: Path, name: re.Match[str], *, count: bool) -> Backup:
    day, hour, minute, second, version = name.groups()
    made = dt.datetime.fromisoformat(f"{day}T{hour}:{minute}:{second}+00:00").timestamp()
    rows: dict[str, int] = {}
    if count:
        with contextlib.suppress(sqlite3.Error):
            rows = _rows(file)
    proved = _digest_file(file).exists()
    return Backup(file, made, int(version), file.stat().st_size, tuple(rows.items()), proved)


def _stamp(now: float) -> str:
    return f"{dt.datetime.fromtimestamp(now, dt.UTC):%Y-%m-%dT%H-%M-%SZ}"
