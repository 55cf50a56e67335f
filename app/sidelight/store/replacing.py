"""Puts another file in the place of the database, whole or not at all, and the former one aside with all that belongs to it.

Not the choice of the file and not its check (`backup`, `salvage`). What is to be done is written down first, so that
whoever opens the database next ends what a kill or a power cut broke off: a database beside another one's write-ahead
log, or none beside its marker, is never opened. Automatic backups stop until a person lets them go on (`hold`), so that
a wrong choice cannot push the good copies out.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from sidelight.store.errors import StoreError
from sidelight.store.locks import held

__all__ = [
    "backups_of",
    "coming",
    "files_of",
    "finish",
    "finish_held",
    "is_held",
    "is_under_way",
    "let_go",
    "lock_of",
    "put_in_place",
    "sync_folder",
]

_WITHIN = 5.0
"""Seconds to wait at a start for another process that is replacing the file."""
_PARTS = ("", "-wal", "-shm", "-journal", ".made")


def backups_of(path: Path) -> Path:
    """The folder of a database's backups."""
    return path.with_name("backups")


def files_of(path: Path) -> tuple[Path, ...]:
    """The database and all that belongs to it, whether it is there or not."""
    return tuple(path.with_name(f"{path.name}{part}") for part in _PARTS)


def lock_of(path: Path) -> Path:
    """Whoever copies or replaces this database holds this lock: never two at once."""
    return backups_of(path) / "lock"


def coming(path: Path) -> Path:
    """Where the file that is to replace the database is made."""
    return path.with_name(f"{path.name}.new")


def put_in_place(path: Path, aside: Path) -> None:
    """Replace the database by the file at `coming`, and move the former files into the folder `aside`.

    The lock is held, nobody has the database open, the new file is whole and on disk. Raises OSError.
    """
    intent = _intent(path)
    part = intent.with_name(f"{intent.name}.part")
    handle = os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(os.fsencode(aside.name))
        file.flush()
        os.fsync(file.fileno())
    part.replace(intent)
    sync_folder(path.parent)
    finish_held(path)


def is_under_way(path: Path) -> bool:
    """Whether a replacement was begun and is to be ended."""
    return _intent(path).exists()


def finish(path: Path) -> None:
    """End a replacement that was broken off; mostly there is none. Raises StoreError "locked", OSError."""
    if is_under_way(path):
        with held(lock_of(path), _WITHIN):
            finish_held(path)


def finish_held(path: Path) -> None:
    """The same, for whoever holds the lock.

    Each step may have been done before: what is in place is the former file as long as the new one waits.
    """
    intent = _intent(path)
    try:
        name = os.fsdecode(intent.read_bytes())
    except FileNotFoundError:  # another process was faster
        return
    if not name or Path(name).name != name:
        raise StoreError("corrupt", path=str(intent), reason="no folder is named")
    if coming(path).exists():
        aside = path.with_name(name)
        aside.mkdir(mode=0o700, exist_ok=True)
        for file in files_of(path):
            with contextlib.suppress(FileNotFoundError):
                file.replace(aside / file.name)
        sync_folder(aside)
        sync_folder(path.parent)
        coming(path).replace(path)
        sync_folder(path.parent)
    _hold(path).touch(0o600)
    sync_folder(backups_of(path))
    intent.unlink(missing_ok=True)
    sync_folder(path.parent)


def is_held(path: Path) -> bool:
    """Whether automatic backups wait for a person's word."""
    return _hold(path).exists()


def let_go(path: Path) -> None:
    """A person says that what was restored is right: automatic backups go on. Raises OSError."""
    _hold(path).unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Bring names made, moved or removed in this folder onto the disk, where the system can."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _intent(path: Path) -> Path:
    return path.with_name(f"{path.name}.replacing")


def _hold(path: Path) -> Path:
    return backups_of(path) / "held"
