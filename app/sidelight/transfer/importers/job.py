"""What the worker process does with a file: open it, look it over, give its conversations in batches.

It holds one file at a time. Whoever asks (`transfer.importing`) gets an answer to each wish; a long one comes in pieces, since
what goes through the pipe has a limit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import msgspec

from sidelight.transfer.importers import registry
from sidelight.transfer.importers.item import FileFormat, Found, LeftOut
from sidelight.transfer.importers.limits import Refusal

__all__ = ["PATH", "Answer", "Batch", "Content", "Looked", "Opened", "Piece", "Refused", "ready"]

PATH = "sidelight.transfer.importers.job.ready"
_PIECE = 8_000_000
_AT_ONCE = 0.5
"""Seconds after which a step gives what it has, so that it can be seen how far it is, and be stopped."""
_BATCH = 4_000_000
"""Bytes of conversations after which it does so, too."""


class Opened(msgspec.Struct, frozen=True, tag=True):
    """What the file is: transfer.source.<form>."""

    form: str


class Looked(msgspec.Struct, frozen=True, tag=True):
    """How much of it was looked over, and whether that was all."""

    fraction: float
    done: bool


class Batch(msgspec.Struct, frozen=True, tag=True):
    """Conversations, how much of the file was read for them, and whether they are the last."""

    items: list[Found | LeftOut]
    fraction: float
    done: bool


class Content(msgspec.Struct, frozen=True, tag=True):
    """The content of a file of a prompt, None where it did not come along."""

    content: bytes | None


class Refused(msgspec.Struct, frozen=True, tag=True):
    """Nothing more comes of the file. `code` and `params` name the sentence, transfer.refused.<code>."""

    code: str
    params: dict[str, str]


Answer: TypeAlias = Opened | Looked | Batch | Content | Refused


class Piece(msgspec.Struct, frozen=True):
    """A part of an answer in msgpack, and whether there is more of it."""

    data: bytes
    more: bool


def ready() -> Callable[..., Piece]:
    """The job: wishes are "open" (path, scratch folder), "look", "next", "content" (digest), "close", and "more"."""
    return _Job().step


class _Job:
    def __init__(self) -> None:
        self._file: FileFormat | None = None
        self._looking: Iterator[None] = iter(())
        self._coming: Iterator[Found | LeftOut] = iter(())
        self._refusal: Refused | None = None
        self._left = b""

    def step(self, wish: str, *arguments: str) -> Piece:
        """Answer a wish."""
        if wish != "more":
            try:
                self._left = msgspec.msgpack.encode(self._answer(wish, *arguments))
            except Refusal as refusal:
                self._left = msgspec.msgpack.encode(Refused(refusal.code, refusal.params))
            except OSError as error:
                reason = {"reason": error.strerror or str(error)}
                self._left = msgspec.msgpack.encode(Refused("io", reason))
        piece, self._left = self._left[:_PIECE], self._left[_PIECE:]
        return Piece(piece, bool(self._left))

    def _answer(self, wish: str, *arguments: str) -> Answer:
        if wish == "open":
            return self._open(*arguments)
        assert self._file is not None
        match wish:
            case "look":
                return self._look(self._file)
            case "next":
                return self._next(self._file)
            case "close":
                self._file.close()
                return Content(None)
            case _:
                return Content(self._file.content(*arguments))

    def _open(self, path: str, scratch: str) -> Opened:
        if self._file is not None:
            self._file.close()
        form, self._file = registry.opened(Path(path), Path(scratch))
        self._looking = self._file.look_over()
        self._coming = self._file.conversations()
        self._refusal = None
        return Opened(form)

    def _look(self, file: FileFormat) -> Looked:
        until = time.monotonic() + _AT_ONCE
        for _ in self._looking:
            if time.monotonic() > until:
                return Looked(file.fraction, done=False)
        return Looked(1.0, done=True)

    def _next(self, file: FileFormat) -> Batch | Refused:
        if self._refusal is not None:
            return self._refusal
        file.forget()
        items: list[Found | LeftOut] = []
        until, size = time.monotonic() + _AT_ONCE, 0
        try:
            for item in self._coming:
                items.append(item)
                size += len(item.conversation) if isinstance(item, Found) else 0
                if size > _BATCH or time.monotonic() > until:
                    return Batch(items, file.fraction, done=False)
        except Refusal as refusal:  # told when what came before it is taken
            self._refusal = Refused(refusal.code, refusal.params)
            return Batch(items, file.fraction, done=False)
        return Batch(items, 1.0, done=True)
