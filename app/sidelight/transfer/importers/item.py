"""What goes between a format and who asks it: conversations, what they lack, and why some are left out. No format."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from sidelight.chat.conversation import Conversation
from sidelight.chat.message import Attachment
from sidelight.transfer.importers.limits import LARGEST_ATTACHMENT

__all__ = ["Aside", "FileFormat", "Found", "ItemFormat", "Lack", "LeftOut", "found", "media_type_of"]

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Lack:
    """Something of a conversation that did not come along: `code` is transfer.lack.<code>, `what` names it ("notes.pdf")."""

    code: str
    what: str = ""


class Found(msgspec.Struct, frozen=True, tag=True):
    """A conversation as JSON, of the format that docs/export.md describes; files of its prompts are asked for by digest."""

    conversation: bytes
    lacks: tuple[Lack, ...] = ()


class LeftOut(msgspec.Struct, frozen=True, tag=True):
    """A conversation that is not taken. `code` and `params` name the sentence, transfer.refused.<code>."""

    name: str
    code: str
    params: dict[str, str] = {}


def found(conversation: Conversation, aside: Aside) -> Found:
    """A conversation that was converted. What no reply and no turn of it tells is told here."""
    if not any(r.identity.served_model for t in conversation.turns for r in t.replies):
        aside.lack("model")
    if not any(t.created for t in conversation.turns):
        aside.lack("time")
    return Found(msgspec.json.encode(conversation), tuple(aside.lacks))


def media_type_of(content: bytes) -> str:
    """What a picture is, by how it begins; "" for what is none that is known."""
    for magic, name in _MAGIC:
        if content.startswith(magic):
            return name
    return "image/webp" if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else ""


@dataclass(slots=True)
class Aside:
    """What comes along with one conversation, and what does not. `member` finds a file of the archive by how its name begins."""

    member: Callable[[str], bytes | None] = lambda _prefix: None
    contents: dict[str, bytes] = field(default_factory=dict)
    lacks: list[Lack] = field(default_factory=list)

    def lack(self, code: str, what: str = "") -> None:
        """Something is not there."""
        self.lacks.append(Lack(code, what[:_LONGEST_NAME]))

    def attach(self, name: str, content: bytes, media_type: str) -> Attachment | None:
        """A file of a prompt, whose content goes along; None where that is too large, which is then told."""
        if not content or len(content) > LARGEST_ATTACHMENT:
            self.lack("file", name)
            return None
        digest = hashlib.sha256(content).hexdigest()
        self.contents[digest] = content
        return Attachment(digest, _name_of(name), media_type, len(content))

    def picture(self, name: str, content: bytes | None) -> Attachment | None:
        """A picture of a prompt; None where it did not come along or is none, which is then told."""
        kind = media_type_of(content) if content else ""
        if not content or not kind:
            self.lack("file", name)
            return None
        return self.attach(name, content, kind)


def _name_of(name: str) -> str:
    """A name to show: the last of a path, whichever system it is from."""
    return name.replace("\\", "/").rsplit("/", 1)[-1].strip()[:_LONGEST_NAME]


class ItemFormat(Protocol):
    """A module of this package that knows one format."""

    FORMAT: str
    """Its id: transfer.source.<id> is its name."""

    def fits(self, item: Mapping[str, Any]) -> bool:
        """Whether a conversation is of this format."""

    def convert(self, item: Mapping[str, Any], aside: Aside) -> Conversation:
        """The conversation. Raises Refusal."""


class FileFormat(Protocol):
    """A file of a known format, open. All may raise Refusal, which ends the file, and OSError."""

    @property
    def fraction(self) -> float:
        """How much of it was read, 0 to 1."""

    def look_over(self) -> Iterator[None]:
        """Look at all of it before anything is taken; nothing comes where there is nothing to look at."""

    def conversations(self) -> Iterator[Found | LeftOut]:
        """One after another."""

    def content(self, digest: str) -> bytes | None:
        """The content of a file of a prompt of those that came since `forget`."""

    def forget(self) -> None:
        """Contents of what came before are not asked for any more."""

    def close(self) -> None:
        """Close what is open."""
