"""Locks of the operating system on small files: they end with their process, however it ends.

Not SQLite's own locks, and nothing that waits in the file itself: a lock file that lies about is no lock.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from sidelight.store.errors import StoreError

if sys.platform == "win32":
    import msvcrt

    def try_lock(handle: int) -> bool:
        """Lock the open file, False where another holds it."""
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True
else:
    import fcntl

    def try_lock(handle: int) -> bool:
        """Lock the open file, False where another holds it."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


__all__ = ["held", "try_lock"]


@contextlib.contextmanager
def held(path: Path, within: float = 0.0) -> Iterator[None]:
    """Hold the lock of this file, which is made where it is missing and stays.

    Raises StoreError "locked" where another holds it for longer than `within` seconds, OSError.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        give_up = time.monotonic() + within
        while not try_lock(handle):
            if time.monotonic() >= give_up:
                raise StoreError("locked", path=str(path))
            time.sleep(0.02)
        yield
    finally:
        os.close(handle)
