"""JSON that holds conversations of other programs, one after another; each is told apart by itself.

Not the formats. A file is a list of conversations, an object with such a list under "conversations", or one conversation; an
archive has several such files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sidelight.transfer.importers.container import Container
from sidelight.transfer.importers.item import Aside, Found, ItemFormat, LeftOut, found
from sidelight.transfer.importers.limits import LARGEST_ITEM, MOST_CONVERSATIONS, Refusal
from sidelight.transfer.importers.reading import decoded, text
from sidelight.transfer.importers.stream import Part, parts

__all__ = ["LIST", "JsonItems", "whole_objects"]

LIST = "conversations"
_LONGEST_NAME = 200


def whole_objects(found_parts: Iterator[Part]) -> Iterator[Part]:
    """The conversations among the parts of a file; where there is no list of them, the object is one itself."""
    members: list[bytes] = []
    size, at, listed, wrong = 0, 0, False, ""
    for part in found_parts:
        if part.key is None or part.key == LIST:
            listed = True
            yield part
        elif not listed:
            at = at or part.at
            size += len(part.raw)
            wrong = wrong or part.wrong or ("large" if size > LARGEST_ITEM else "")
            members.append(b"" if wrong else b'"%s":%s' % (part.key.encode(), part.raw))
            if wrong:
                members.clear()
    if not listed and (members or wrong):
        yield Part(None, b"" if wrong else b"{" + b",".join(members) + b"}", at, wrong)


class JsonItems:
    """See the module and `item.FileFormat`."""

    def __init__(self, container: Container, formats: Sequence[ItemFormat]) -> None:
        self._container = container
        self._formats = formats
        self._contents: dict[str, bytes] = {}
        self._asides: list[Aside] = []

    @property
    def fraction(self) -> float:
        return self._container.fraction

    def look_over(self) -> Iterator[None]:
        return iter(())

    def conversations(self) -> Iterator[Found | LeftOut]:
        number = 0
        for stream in self._container.streams():
            for part in whole_objects(parts(stream, (LIST,))):
                number += 1
                if number > MOST_CONVERSATIONS:
                    raise Refusal("conversations", most=f"{MOST_CONVERSATIONS:,}")
                yield self._one(part, number)

    def content(self, digest: str) -> bytes | None:
        return self._contents.get(digest)

    def forget(self) -> None:
        """The contents of what came before are not asked for any more."""
        self._contents.clear()

    def close(self) -> None:
        self._container.close()

    def _one(self, part: Part, number: int) -> Found | LeftOut:
        name = f"{number:,}"
        try:
            if part.wrong:
                raise Refusal(part.wrong)
            item = decoded(part.raw)
            if not isinstance(item, dict):
                raise Refusal("no_conversation")
            name = _name(item) or name
            form = next((f for f in self._formats if f.fits(item)), None)
            if form is None:
                raise Refusal("no_conversation")
            aside = Aside(self._container.attachment)
            made = found(form.convert(item, aside), aside)
        except Refusal as refusal:
            return LeftOut(name, refusal.code, refusal.params)
        self._contents |= aside.contents
        return made


def _name(item: Mapping[str, Any]) -> str:
    """What a person knows a conversation by."""
    try:
        title = text(item.get("title")) or text(item.get("name"))
    except Refusal:
        return ""
    return " ".join(title[:_LONGEST_NAME].split())
