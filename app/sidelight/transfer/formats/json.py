"""JSON: everything, for programs and for coming back whole. docs/export.md describes it; `pieces` writes it, and what
`checked` gives of it may be stored.

The values are those of `chat`, field by field. Reading takes what is missing as its default and passes over what it does not
know; what is of the wrong type it refuses. No I/O.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Protocol

import msgspec

from sidelight.chat.conversation import Conversation
from sidelight.chat.reply import Reply, trace_of
from sidelight.store.codec import Column
from sidelight.store.exchanges import Recorded
from sidelight.store.order import Place, tag_names
from sidelight.transfer.source import Source, settled

__all__ = [
    "FORMAT",
    "VERSION",
    "Unreadable",
    "checked",
    "content_of",
    "ids_of",
    "line",
    "pieces",
    "place_of",
]

FORMAT = "sidelight.conversations"
VERSION = 1
_MOST_TAGS = 1000
_LATEST = 253_402_300_800.0
"""Unix seconds: the year 10000."""
_LARGEST_STREAM = 16_000_000
"""Bytes of a recorded answer, unpacked."""
_LARGEST_NUMBER = 2**31

_ANY = Column[Any](Any, None)  # writes text that is no Unicode mended, as the store does


def pieces(source: Source) -> Iterator[str]:
    """One object: a conversation a line, then the files that their prompts name, each once."""
    yield f'{{"format":"{FORMAT}","version":{VERSION},"conversations":['
    digests: dict[str, None] = {}
    comma = ""
    for conversation in source.conversations():
        yield f"{comma}\n{line(source, conversation)}"
        comma = ","
        digests.update((a.digest, None) for t in conversation.turns for a in t.prompt.attachments)
    yield '\n],"contents":['
    comma = ""
    for digest in sorted(digests):
        content = source.content(digest)
        if content is not None:
            yield f"{comma}\n{_ANY.encode({'digest': digest, 'content': content})}"
            comma = ","
    yield "\n]}\n"


class Recordings(Protocol):
    """Where what belongs to a conversation is found: what went over the wire, and its place among the others."""

    def recorded(self, reply_id: str) -> Recorded | None:
        """For a reply, where it is wanted and kept."""

    def place(self, conversation_id: str) -> Place:
        """Pins and tags of a conversation."""


def line(source: Recordings, conversation: Conversation) -> str:
    """A conversation as it stands in a file, with what is recorded of it."""
    return _ANY.encode(_value(source, conversation)) or ""


def _value(source: Recordings, conversation: Conversation) -> dict[str, Any]:
    value: dict[str, Any] = msgspec.to_builtins(conversation)
    for turn, replies in zip(value["turns"], (t.replies for t in conversation.turns), strict=True):
        for fields, reply in zip(turn["replies"], replies, strict=True):
            fields["trace"] = msgspec.to_builtins(trace_of(reply))
            recorded = source.recorded(reply.id)
            if recorded is not None:
                fields["exchange"] = asdict(recorded)
    place = source.place(conversation.id)
    if place.pinned is not None:
        value["pinned"] = place.pinned
    if place.tags:
        value["tags"] = list(place.tags)
    return value


class Unreadable(Exception):
    """Why a file is not taken: `code` and `params` name the sentence, transfer.unreadable.<code>."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params


class _Content(msgspec.Struct, frozen=True):
    digest: str
    content: bytes


class _ReplyWith(msgspec.Struct, frozen=True):
    id: str
    exchange: Recorded | None = None


class _TurnWith(msgspec.Struct, frozen=True):
    replies: list[_ReplyWith] = []


class _ConversationWith(msgspec.Struct, frozen=True):
    turns: list[_TurnWith] = []


class _Placed(msgspec.Struct, frozen=True):
    pinned: float | None = None
    tags: tuple[str, ...] = ()


_conversation = msgspec.json.Decoder(Conversation)
_with = msgspec.json.Decoder(_ConversationWith)
_placed = msgspec.json.Decoder(_Placed)
_content = msgspec.json.Decoder(_Content)


def checked(raw: bytes | msgspec.Raw) -> tuple[Conversation, dict[str, Recorded]]:
    """A conversation of a file, and what was recorded for its replies, by their ids. Raises Unreadable.

    Looked at is what types do not say: ids are there once, turns are a tree, numbers and times are some, recordings unpack.
    """
    try:
        recorded = {r.id: r.exchange for t in _with.decode(raw).turns for r in t.replies if r.exchange}
        conversation = settled(_conversation.decode(raw))
        msgspec.json.encode(conversation)  # a number that is too large to be stored
    except RecursionError as error:  # msgspec counts the levels, and stops at about a thousand
        raise Unreadable("deep") from error
    except (ValueError, OverflowError) as error:
        raise Unreadable("wrong", why=str(error)) from error
    ids = ids_of(conversation)
    _hold(len(set(ids)) == len(ids), "an id is there twice")
    _hold(len({x.id for x in conversation.lanes}) == len(conversation.lanes), "a lane is there twice")
    _check_turns(conversation)
    for reply in (r for t in conversation.turns for r in t.replies):
        _check_reply(reply)
    for exchange in recorded.values():
        _check_recorded(exchange)
    return conversation, recorded


def place_of(raw: bytes | msgspec.Raw) -> Place:
    """Whether a conversation of a file is pinned, and its tags. Raises Unreadable."""
    try:
        found = _placed.decode(raw)
    except RecursionError as error:
        raise Unreadable("deep") from error
    except (ValueError, OverflowError) as error:
        raise Unreadable("wrong", why=str(error)) from error
    _hold(found.pinned is None or 0 <= found.pinned < _LATEST, "pinned")
    _hold(len(found.tags) <= _MOST_TAGS, "tags")
    return Place(found.pinned, tag_names(found.tags))


def ids_of(conversation: Conversation) -> list[tuple[str, str]]:
    """What may be there but once in a profile: the kind and the id of each."""
    ids = [("conversation", conversation.id)]
    ids += [("turn", t.id) for t in conversation.turns]
    ids += [("reply", r.id) for t in conversation.turns for r in t.replies]
    return ids


def content_of(raw: bytes | msgspec.Raw) -> tuple[str, bytes]:
    """A file that a prompt names: its digest, and its content. Raises Unreadable."""
    try:
        found = _content.decode(raw)
    except (ValueError, OverflowError) as error:
        raise Unreadable("wrong", why=str(error)) from error
    _hold(hashlib.sha256(found.content).hexdigest() == found.digest, "contents: digest")
    return found.digest, found.content


def _hold(holds: bool, what: str) -> None:
    if not holds:
        raise Unreadable("wrong", why=what)


def _check_turns(conversation: Conversation) -> None:
    _hold(0 <= conversation.created < _LATEST, "created")
    before: set[str | None] = {None}
    for turn in conversation.turns:
        _hold(turn.parent in before, "a turn comes before its parent, or has none")
        before.add(turn.id)
        _hold(0 <= turn.created < _LATEST, "created")
        _hold(all(0 <= a.size < _LARGEST_NUMBER for a in turn.prompt.attachments), "size")


def _check_reply(reply: Reply) -> None:
    _hold(0 <= reply.version < _LARGEST_NUMBER, "version")
    _hold(0 <= reply.dropped_turns < _LARGEST_NUMBER, "dropped_turns")
    _hold(0 <= (reply.timing.asked_at or 0) < _LATEST, "asked_at")


def _check_recorded(exchange: Recorded) -> None:
    try:
        unpacked = zlib.decompressobj().decompress(exchange.stream, _LARGEST_STREAM + 1)
    except zlib.error as error:
        raise Unreadable("wrong", why=str(error)) from error
    _hold(len(unpacked) <= _LARGEST_STREAM, "exchange: stream")
