"""A file from outside, opened: JSON as it stands or in an archive, or a database. It reads bytes and knows no format.

An archive is never unpacked to the disk. Of its members only those are read whose last name is one that exports are known to
use; whatever path stands before it is not looked at.
"""

from __future__ import annotations

import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Literal, TypeAlias

from sidelight.transfer.importers.limits import (
    LARGEST_ATTACHMENT,
    LARGEST_FILE,
    MOST_MEMBERS,
    STEEPEST,
    Refusal,
)
from sidelight.transfer.importers.stream import Readable

__all__ = ["Container", "Kind"]

Kind: TypeAlias = Literal["json", "zip", "sqlite"]

_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_SQLITE = b"SQLite format 3\x00"
_CONVERSATIONS = re.compile(r"conversations(?:-\d{1,6})?\.json|\d{1,20}\.conversation\.json")
_ENCRYPTED = 0x1
_NUMBER = re.compile(r"\d+")
_SMALL = 1_000_000
"""Bytes unpacked below which nobody asks how well they were packed."""


class Container:
    """A file and what of it was read so far."""

    def __init__(self, path: Path) -> None:
        """Raises Refusal and OSError."""
        if not path.is_file():
            raise Refusal("no_file")
        self.path = path
        self.size = path.stat().st_size
        if self.size > LARGEST_FILE:
            raise Refusal("file_large", most=f"{LARGEST_FILE // 1_000_000_000}")
        with path.open("rb") as file:
            head = file.read(len(_SQLITE))
        self.kind: Kind = "json"
        if head.startswith((_ZIP, _EMPTY_ZIP)):
            self.kind = "zip"
        elif head == _SQLITE:
            self.kind = "sqlite"
        self._stack = ExitStack()
        self._archive: zipfile.ZipFile | None = None
        self._total = self.size
        self._read = 0
        if self.kind == "zip":
            self._archive = self._stack.enter_context(_archive(path))
            self._total = sum(m.file_size for m in self._known())

    def close(self) -> None:
        """Close what is open."""
        self._stack.close()

    @property
    def fraction(self) -> float:
        """How much of it was read, 0 to 1."""
        return min(1.0, self._read / max(1, self._total))

    def streams(self) -> Generator[Readable, None, None]:
        """Its JSON texts, each to be read before the next is asked for. Raises Refusal and OSError."""
        self._read = 0
        if self._archive is None:
            with self.path.open("rb") as file:
                yield _Counted(file, self._count)
            return
        known = self._known()
        if not known:
            raise Refusal("zip_foreign")
        if self._total > LARGEST_FILE:
            raise Refusal("file_large", most=f"{LARGEST_FILE // 1_000_000_000}")
        for member in known:
            with _opened(self._archive, member) as file:
                yield _Counted(file, self._count)

    def attachment(self, prefix: str) -> bytes | None:
        """The content of the one member whose last name begins so, None where there is none or it is too large.

        Raises Refusal where it cannot be unpacked.
        """
        if self._archive is None or not prefix:
            return None
        for member in self._archive.infolist():
            if _last_name(member).startswith(prefix) and 0 < member.file_size <= LARGEST_ATTACHMENT:
                with _opened(self._archive, member) as file:
                    content = file.read(LARGEST_ATTACHMENT + 1)
                return content if len(content) <= LARGEST_ATTACHMENT else None
        return None

    def _count(self, size: int) -> None:
        self._read += size
        if self._read > LARGEST_FILE:
            raise Refusal("file_large", most=f"{LARGEST_FILE // 1_000_000_000}")

    def _known(self) -> list[zipfile.ZipInfo]:
        """The members that hold conversations, in the order of their numbers; a name that comes twice counts once."""
        assert self._archive is not None
        by_name = {m.filename: m for m in self._archive.infolist() if _CONVERSATIONS.fullmatch(_last_name(m))}
        return sorted(
            by_name.values(),
            key=lambda m: (int(found.group()) if (found := _NUMBER.search(_last_name(m))) else 0, m.filename),
        )


class _Counted:
    """A stream that tells how much is read of it."""

    def __init__(self, file: Readable, count: Callable[[int], None]) -> None:
        self._file = file
        self._count = count

    def read(self, size: int, /) -> bytes:
        found = self._file.read(size)
        self._count(len(found))
        return found


class _Unpacked:
    """A member, whose faults are refusals: it is damaged, or it unpacks to more than anybody writes."""

    def __init__(self, file: IO[bytes], member: zipfile.ZipInfo) -> None:
        self._file = file
        self._most = max(_SMALL, STEEPEST * member.compress_size)
        self._read = 0

    def read(self, size: int, /) -> bytes:
        try:
            found = self._file.read(size)
        except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError) as error:
            raise Refusal("zip_broken") from error
        self._read += len(found)
        if self._read > self._most:
            raise Refusal("zip_bomb", most=str(STEEPEST))
        return found


@contextmanager
def _opened(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[Readable]:
    if member.flag_bits & _ENCRYPTED:
        raise Refusal("zip_locked")
    if member.file_size > max(_SMALL, STEEPEST * member.compress_size):
        raise Refusal("zip_bomb", most=str(STEEPEST))
    try:
        file = archive.open(member)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError, OSError) as error:
        raise Refusal("zip_broken") from error
    with file:
        yield _Unpacked(file, member)


def _last_name(member: zipfile.ZipInfo) -> str:
    return re.split(r"[/\\]", member.filename)[-1]


def _archive(path: Path) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError) as error:
        raise Refusal("zip_broken") from error
    if len(archive.infolist()) > MOST_MEMBERS:
        archive.close()
        raise Refusal("zip_members", most=f"{MOST_MEMBERS:,}")
    return archive
