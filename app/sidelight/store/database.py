"""The file of conversations: its connections, its one writer thread, its reader thread.

Not the queries (`conversations`, `journal`) and not the schema (`migrations`). A job is a function of a connection.
Writing jobs run one after another, each in a BEGIN IMMEDIATE of its own (a transaction that reads first and then
writes fails at once where another process wrote meanwhile, whatever the busy timeout); reading jobs see one state.

A missing, empty or exchanged file is never taken for a healthy empty one: `<name>.made` says that there was one.
Opened to be read only, a file is left exactly as it is: no step of the schema, no journal, no recovery.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeAlias, TypeVar

from sidelight.store import replacing
from sidelight.store.errors import StoreError, translated
from sidelight.store.journal import Journal
from sidelight.store.migrations import APPLICATION_ID, migrate, read_as_newest

__all__ = ["Connection", "Store", "StoreError", "connect", "connect_to_read", "forget"]

T = TypeVar("T")
Connection: TypeAlias = sqlite3.Connection
"""What a job is given; named here so that nobody else needs to know the library."""

_BUSY_TIMEOUT = 5.0
"""Seconds that a transaction waits for another process."""

_PRAGMAS = (
    "trusted_schema = OFF",  # the file is data; nothing in its schema may call functions
    "foreign_keys = ON",
    "cell_size_check = ON",
    "temp_store = MEMORY",  # no text of a conversation in a temporary file
    "fullfsync = ON",  # macOS: fsync alone stops at the drive's cache; nothing elsewhere
    "journal_size_limit = 67108864",
)


class Store:
    """The open file. `write` and `read` return at once; `close` waits for what was given before."""

    def __init__(
        self,
        path: Path,
        writer: sqlite3.Connection | None,
        reader: sqlite3.Connection,
        journal: Journal | None,
    ) -> None:
        """Not to be called: `Store.open` makes the parts."""
        self.path = path
        self._journal = journal
        self._writer = writer
        self._reader = reader
        self._synchronous = ""
        self._inode = path.stat().st_ino
        self._writing = ThreadPoolExecutor(1, "store-writer")
        self._reading = ThreadPoolExecutor(1, "store-reader")

    @classmethod
    def open(cls, path: Path, journals: Path | None = None, *, read_only: bool = False) -> Store:
        """Open the file, make it where there was none, bring it to the newest version, take this process's journal.

        `journals` is the folder of the journals' locks, "journals" beside the file unless told. With `read_only` the
        file is opened as it stands, of a newer version too or where nothing can be written, and every writing job is
        refused as "readonly". Raises StoreError.
        """
        path = path.absolute()
        if read_only:
            return cls._open_to_read(path)
        with contextlib.ExitStack() as undo:
            try:
                replacing.finish(path)
                had_one = _marker(path).exists()  # asked first: another process may be making both
                _prepare(path, had_one)
                writer = undo.enter_context(contextlib.closing(connect(path)))
                migrate(writer, path, may_be_new=not had_one)
                reader = undo.enter_context(contextlib.closing(connect(path)))
                reader.execute("PRAGMA query_only = ON")
                journal = Journal(path.parent / "journals" if journals is None else journals)
                undo.callback(journal.close)
                owner = journal.owner
                writer.create_function("this_process", 0, lambda: owner)
                _mark(path)
                store = cls(path, writer, reader, journal)
            except (sqlite3.Error, OSError, UnicodeDecodeError, StoreError) as error:
                raise translated(error, path) from error
            undo.pop_all()
        return store

    @classmethod
    def _open_to_read(cls, path: Path) -> Store:
        with contextlib.ExitStack() as undo:
            try:
                if not path.exists() or not path.stat().st_size:
                    raise StoreError("missing")
                reader = undo.enter_context(contextlib.closing(connect_to_read(path)))
                if reader.execute("PRAGMA application_id").fetchone() != (APPLICATION_ID,):
                    raise StoreError("corrupt", reason="a database of another program")
                read_as_newest(reader)
                store = cls(path, None, reader, None)
            except (sqlite3.Error, OSError, UnicodeDecodeError, StoreError) as error:
                raise translated(error, path) from error
            undo.pop_all()
        return store

    @property
    def read_only(self) -> bool:
        """Whether the file was opened to be read only."""
        return self._writer is None

    @property
    def journal(self) -> Journal:
        """This process's journal. Raises StoreError "readonly" where the file was opened to be read only."""
        if self._journal is None:
            raise StoreError("readonly", path=str(self.path))
        return self._journal

    def write(self, job: Callable[[sqlite3.Connection], T], *, durable: bool = False) -> Future[T]:
        """Run a job on the writer thread in a transaction of its own; the future has its result or a StoreError.

        `durable` waits for the disk: what it wrote, and all written before, survives a power cut. Otherwise it
        survives the end of this process.
        """
        return self._submit(self._writing, lambda: self._write(job, durable))

    def read(self, job: Callable[[sqlite3.Connection], T]) -> Future[T]:
        """Run a job on the reader thread, which sees one state and cannot write."""
        return self._submit(self._reading, lambda: self._transact(self._reader, "BEGIN", job))

    def close(self) -> None:
        """Finish every job given, close the file, let go of the journal. Again does nothing."""
        self._writing.shutdown()
        self._reading.shutdown()
        self._reader.close()
        if self._writer is not None:
            self._writer.close()  # last: it folds the write-ahead log into the file
        if self._journal is not None:
            self._journal.close()

    def _submit(self, thread: ThreadPoolExecutor, call: Callable[[], T]) -> Future[T]:
        try:
            return thread.submit(call)
        except RuntimeError:  # after close: told like every other failure
            refused: Future[T] = Future()
            refused.set_exception(StoreError("refused", path=str(self.path), reason="closed"))
            return refused

    def _write(self, job: Callable[[sqlite3.Connection], T], durable: bool) -> T:
        if self._writer is None:
            raise StoreError("readonly", path=str(self.path))
        wanted = "FULL" if durable else "NORMAL"
        if wanted != self._synchronous:
            self._writer.execute(f"PRAGMA synchronous = {wanted}")  # touches no file, so it cannot fail
            self._synchronous = wanted
        return self._transact(self._writer, "BEGIN IMMEDIATE", job)

    def _transact(self, con: sqlite3.Connection, begin: str, job: Callable[[sqlite3.Connection], T]) -> T:
        try:
            self._check_in_place()
            con.execute(begin)
            try:
                result = job(con)
                con.execute("COMMIT")
            except BaseException:
                if con.in_transaction:  # a full disk has rolled back already
                    con.execute("ROLLBACK")
                raise
        except (sqlite3.Error, OSError, UnicodeDecodeError, StoreError) as error:
            raise translated(error, self.path) from error
        return result

    def _check_in_place(self) -> None:
        """Whoever removes or exchanges the file under us would have us write where nobody will read."""
        try:
            inode = self.path.stat().st_ino
        except FileNotFoundError:
            inode = -1
        if inode != self._inode:
            raise StoreError("missing")


def forget(path: Path) -> None:
    """Let `Store.open` begin anew where the file is missing. Raises OSError."""
    _marker(path).unlink(missing_ok=True)


def _marker(path: Path) -> Path:
    return path.with_name(f"{path.name}.made")


def _mark(path: Path) -> None:
    marker = _marker(path)
    if not marker.exists():
        handle = os.open(marker, os.O_CREAT | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(
                f"{path.name} was made beside this file. Where it is gone, remove this one to begin anew.\n"
            )


def _prepare(path: Path, had_one: bool) -> None:
    """See that the file is there, ours alone and writable. SQLite gives its side files the mode of the file itself."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    size = path.stat().st_size if path.exists() else -1
    if size <= 0 and had_one:
        raise StoreError("missing")
    if size < 0:
        with contextlib.suppress(FileExistsError):  # another process was faster
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    if not (os.access(path, os.R_OK | os.W_OK) and os.access(path.parent, os.W_OK)):
        raise StoreError("readonly")
    if os.name == "posix":
        for file in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
            with contextlib.suppress(FileNotFoundError):
                mode = file.stat().st_mode
                if mode & 0o077:
                    file.chmod(mode & 0o700)


def connect(path: Path) -> sqlite3.Connection:
    """A connection that is made here and then used by one thread only, which begins its transactions itself."""
    return _set_up(
        sqlite3.connect(path, timeout=_BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
    )


def connect_to_read(path: Path, *, still: bool = False) -> sqlite3.Connection:
    """A connection that cannot change the file. Raises sqlite3.Error.

    `still`: nobody changes it either, so that not even the files are made that readers and writers agree by.
    """
    # Without a write-ahead log nothing is missed by not looking for one, and a folder may be read-only.
    wal = path.with_name(f"{path.name}-wal")
    still = still or not (os.access(path.parent, os.W_OK) or (wal.exists() and wal.stat().st_size))
    name = f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if still else ''}"
    con = sqlite3.connect(
        name, timeout=_BUSY_TIMEOUT, isolation_level=None, check_same_thread=False, uri=True
    )
    return _set_up(con)


def _set_up(con: sqlite3.Connection) -> sqlite3.Connection:
    try:
        for pragma in _PRAGMAS:
            con.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:
        con.close()
        raise
    return con
