"""Why something could not be stored or read: one exception with a code, translated once, here.

Not the sentences: those are `store.<code>` in messages.py, filled with `params`.
"""

from __future__ import annotations

import errno
import shutil
import sqlite3
from pathlib import Path
from typing import Literal, TypeAlias

__all__ = ["Code", "StoreError", "translated"]

Code: TypeAlias = Literal["full", "readonly", "corrupt", "newer", "missing", "locked", "refused", "io"]
"""`full`: no room; a later attempt may succeed. `readonly`: file or folder cannot be written. `corrupt`: not a
database of ours, or damaged. `newer`: made by a later program. `missing`: there was a file and it is gone or empty.
`locked`: another process held it for over five seconds. `refused`: the job contradicts what is stored (a row that is
gone, a constraint), so that trying again is of no use. `io`: anything else, told by `reason`."""

_BY_PRIMARY: dict[int, Code] = {
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_READONLY: "readonly",
    sqlite3.SQLITE_CORRUPT: "corrupt",
    sqlite3.SQLITE_NOTADB: "corrupt",
    sqlite3.SQLITE_BUSY: "locked",
    sqlite3.SQLITE_LOCKED: "locked",
    sqlite3.SQLITE_PROTOCOL: "locked",
    sqlite3.SQLITE_CONSTRAINT: "refused",
}
_BY_ERRNO: dict[int, Code] = {
    errno.ENOSPC: "full",
    errno.EDQUOT: "full",
    errno.EFBIG: "full",
    errno.EROFS: "readonly",
    errno.EACCES: "readonly",
    errno.EPERM: "readonly",
}
_NO_ROOM = 1_000_000
"""Bytes. SQLite says "I/O error" where the wal-index cannot grow; with less than this free the cause is the room."""


class StoreError(Exception):
    """A job of the store failed; `code` and `params` name the sentence. `params` has "path" and "reason"."""

    def __init__(self, code: Code, **params: str) -> None:
        super().__init__(code, params)
        self.code: Code = code
        self.params = params


def translated(error: sqlite3.Error | OSError | UnicodeDecodeError | StoreError, path: Path) -> StoreError:
    """The same failure as a StoreError that names the file."""
    if isinstance(error, StoreError):
        return StoreError(error.code, **{"path": str(path), "reason": "", **error.params})
    return StoreError(_code(error, path), path=str(path), reason=str(error))


def _code(error: sqlite3.Error | OSError | UnicodeDecodeError, path: Path) -> Code:
    if isinstance(error, OSError):
        return _BY_ERRNO.get(error.errno or 0, "io")
    if isinstance(
        error, UnicodeDecodeError
    ):  # what SQLite says of a schema may quote it, flipped bits included
        return "corrupt"
    if "decode to UTF-8" in str(
        error
    ):  # Python's own complaint, without a code: nothing but UTF-8 was ever written
        return "corrupt"
    primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if primary == sqlite3.SQLITE_IOERR and _no_room(path):
        return "full"
    return _BY_PRIMARY.get(primary, "io")


def _no_room(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < _NO_ROOM
    except OSError:
        return False
