"""Our own export, read twice: once to look all of it over, so that nothing is taken of a damaged one, and once to take it.

Not what is in it (`formats.json`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, TypeVar

from sidelight.transfer.formats import json
from sidelight.transfer.formats.json import Unreadable
from sidelight.transfer.importers.container import Container
from sidelight.transfer.importers.item import Found, LeftOut
from sidelight.transfer.importers.limits import MOST_CONVERSATIONS, Refusal
from sidelight.transfer.importers.reading import decoded
from sidelight.transfer.importers.stream import Part, parts

__all__ = ["FORMAT", "OwnJson"]

T = TypeVar("T")
FORMAT = "sidelight"
_LISTS = ("conversations", "contents")
_LARGEST = 128_000_000
"""Bytes of a part: a file of a prompt is one, in base64."""


class OwnJson:
    """See the module and `item.FileFormat`."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._contents: dict[str, tuple[int, int]] = {}
        """Where the content of a file stands: its first byte, and how many."""

    @property
    def fraction(self) -> float:
        return self._container.fraction

    def look_over(self) -> Iterator[None]:
        """Raises Refusal where anything is wrong with it."""
        head: dict[str, Any] = {}
        seen: set[int] = set()
        number = 0
        for part in self._parts():
            if part.wrong:
                raise Refusal(part.wrong)
            if part.key == "conversations":
                number += 1
                _look_at(part, seen)
            elif part.key == "contents":
                digest, _ = _unreadable(json.content_of, part.raw)
                self._contents[digest] = (part.at, len(part.raw))
            elif part.key in ("format", "version"):
                head[part.key] = decoded(part.raw)
            if number > MOST_CONVERSATIONS:
                raise Refusal("conversations", most=f"{MOST_CONVERSATIONS:,}")
            yield
        version = head.get("version")
        if head.get("format") != json.FORMAT or not isinstance(version, int) or version < 1:
            raise Refusal("unknown")
        if version > json.VERSION:
            raise Refusal("newer", version=str(version), known=str(json.VERSION))

    def conversations(self) -> Iterator[Found | LeftOut]:
        for part in self._parts():
            if part.key == "conversations":
                yield Found(part.raw)

    def content(self, digest: str) -> bytes | None:
        if digest not in self._contents:
            return None
        at, size = self._contents[digest]
        with self._container.path.open("rb") as file:
            file.seek(at)
            return _unreadable(json.content_of, file.read(size))[1]

    def forget(self) -> None:
        """All stays where it is in the file."""

    def close(self) -> None:
        self._container.close()

    def _parts(self) -> Iterator[Part]:
        for stream in self._container.streams():
            with closing(parts(stream, _LISTS, _LARGEST)) as found:
                yield from found


def _look_at(part: Part, seen: set[int]) -> None:
    """A conversation is as it should be, and none of its ids was there before; of those only hashes are kept."""
    conversation, _ = _unreadable(json.checked, part.raw)
    ids = set(map(hash, json.ids_of(conversation)))
    if not seen.isdisjoint(ids):
        raise Refusal("wrong", why="an id is there twice")
    seen |= ids


def _unreadable(read: Callable[[bytes], T], raw: bytes) -> T:
    """What is read of a part. Raises Refusal."""
    try:
        return read(raw)
    except Unreadable as error:
        raise Refusal(error.code, **{name: str(value) for name, value in error.params.items()}) from error
