"""JSON: everything, for programs and for coming back whole. docs/export.md describes it; `pieces` writes it, `File` reads it.

The values are those of `chat`, field by field. Reading takes what is missing as its default and passes over what it does not
know; what is of the wrong type it refuses. No I/O.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import msgspec

from sidelight.chat.conversation import Conversation
from sidelight.chat.reply import Reply, trace_of
from sidelight.store.codec import Column
from sidelight.store.exchanges import Recorded
from sidelight.transfer.source import Source, settled

__all__ = ["FORMAT", "LARGEST", "VERSION", "File", "Unreadable", "pieces"]

FORMAT = "sidelight.conversations"
VERSION = 1
LARGEST = 256_000_000
"""Bytes of a file that is read."""
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
        yield f"{comma}\n{_ANY.encode(_value(source, conversation))}"
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


def _value(source: Source, conversation: Conversation) -> dict[str, Any]:
    value: dict[str, Any] = msgspec.to_builtins(conversation)
    for turn, replies in zip(value["turns"], (t.replies for t in conversation.turns), strict=True):
        for fields, reply in zip(turn["replies"], replies, strict=True):
            fields["trace"] = msgspec.to_builtins(trace_of(reply))
            recorded = source.recorded(reply.id)
            if recorded is not None:
                fields["exchange"] = asdict(recorded)
    return value


class Unreadable(Exception):
    """Why a file is not taken: `code` and `params` name the sentence, transfer.unreadable.<code>."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params


class _Head(msgspec.Struct, frozen=True):
    format: str
    version: int


class _Body(msgspec.Struct, frozen=True):
    conversations: list[msgspec.Raw]
    contents: list[msgspec.Raw] = []


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


_head = msgspec.json.Decoder(_Head)
_body = msgspec.json.Decoder(_Body)
_conversation = msgspec.json.Decoder(Conversation)
_with = msgspec.json.Decoder(_ConversationWith)
_content = msgspec.json.Decoder(_Content)


class File:
    """A file of ours, of which no more is unpacked at a time than is asked for."""

    def __init__(self, data: bytes) -> None:
        """Look all of it over. Raises Unreadable."""
        if len(data) > LARGEST:
            raise Unreadable("large", most=f"{LARGEST // 1_000_000}")
        try:
            head = _head.decode(data)
            if head.format != FORMAT or head.version < 1:
                raise Unreadable("foreign")
            if head.version > VERSION:
                raise Unreadable("newer", version=head.version, known=VERSION)
            body = _body.decode(data)
            self._conversations = body.conversations
            self._contents: dict[str, msgspec.Raw] = {}
            for raw in body.contents:
                found = _content.decode(raw)
                _hold(hashlib.sha256(found.content).hexdigest() == found.digest, "contents: digest")
                self._contents[found.digest] = raw
            self._check()
        except RecursionError as error:  # msgspec counts the levels, and stops at about a thousand
            raise Unreadable("deep") from error
        except (ValueError, OverflowError, zlib.error) as error:
            raise Unreadable("wrong", why=str(error)) from error

    def conversations(self) -> Iterator[tuple[Conversation, dict[str, Recorded]]]:
        """Each with what was recorded for its replies, by their ids."""
        for raw in self._conversations:
            recorded = {r.id: r.exchange for t in _with.decode(raw).turns for r in t.replies if r.exchange}
            yield settled(_conversation.decode(raw)), recorded

    def content(self, digest: str) -> bytes | None:
        """The content of a file, None where it did not come along."""
        raw = self._contents.get(digest)
        return None if raw is None else _content.decode(raw).content

    def _check(self) -> None:
        """What types do not say: ids are there once, turns are a tree, numbers and times are some, recordings unpack."""
        seen: set[tuple[str, str]] = set()
        for conversation, recorded in self.conversations():
            msgspec.json.encode(conversation)  # a number that is too large to be stored
            ids = [("conversation", conversation.id)]
            ids += [("turn", t.id) for t in conversation.turns]
            ids += [("reply", r.id) for t in conversation.turns for r in t.replies]
            _hold(len(seen | set(ids)) == len(seen) + len(ids), "an id is there twice")
            seen |= set(ids)
            _hold(
                len({lane.id for lane in conversation.lanes}) == len(conversation.lanes),
                "a lane is there twice",
            )
            _check_turns(conversation)
            for reply in (r for t in conversation.turns for r in t.replies):
                _check_reply(reply)
            for exchange in recorded.values():
                unpacked = zlib.decompressobj().decompress(exchange.stream, _LARGEST_STREAM + 1)
                _hold(len(unpacked) <= _LARGEST_STREAM, "exchange: stream")


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
