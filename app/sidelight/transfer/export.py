"""An export: which conversations there are, and a file that is whole or not there at all. Not what is in it (`formats`)."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from sidelight.store import conversations
from sidelight.store.codec import mended
from sidelight.store.database import Store

__all__ = ["encoded", "file_name", "in_order", "write"]

_LONGEST_NAME = 60


def in_order(store: Store, wanted: Iterable[str] | None) -> tuple[str, ...]:
    """The ids that are wanted and there (None: all), oldest first: one order for one content. Raises StoreError."""
    kept = None if wanted is None else set(wanted)
    found = store.read(lambda con: conversations.summaries(con, limit=-1)).result()
    return tuple(s.id for s in sorted(found, key=lambda s: (s.created, s.id)) if kept is None or s.id in kept)


def write(path: Path, pieces: Iterable[str | bytes]) -> int:
    """Write a file for its owner alone; the bytes of it. Whatever stood there stays until the new one is whole.

    Raises OSError, and what `pieces` raises; then nothing is left behind.
    """
    handle, name = tempfile.mkstemp(".part", f"{path.name}.", path.parent)
    part = Path(name)
    size = 0
    try:
        with os.fdopen(handle, "wb") as file:
            for piece in encoded(pieces):
                size += file.write(piece)
            file.flush()
            os.fsync(handle)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return size


def encoded(pieces: Iterable[str | bytes]) -> Iterator[bytes]:
    """Pieces of text in UTF-8, where what is no Unicode is mended; bytes as they are."""
    return (piece if isinstance(piece, bytes) else mended(piece).encode() for piece in pieces)


def file_name(title: str, suffix: str) -> str:
    """A name for a file from a title: letters and digits of any language, no path, nothing that a system reserves."""
    words = "".join(c if c.isalnum() else " " for c in title).split()
    name = "-".join(words)[:_LONGEST_NAME].strip("-")
    return f"Sidelight-{name}{suffix}" if name else f"Sidelight{suffix}"
