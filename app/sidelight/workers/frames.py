"""What goes over the pipes between us and the worker: frames of four bytes of length and one msgpack message.

Only the form; who says what when is `process`'s and `child`'s.
"""

from __future__ import annotations

import struct
from typing import IO, Any, Literal, TypeAlias

import msgspec

__all__ = [
    "Answer",
    "Begun",
    "Broken",
    "Done",
    "Failed",
    "Job",
    "Limits",
    "Ready",
    "pack",
    "read_frame",
]

_LENGTH = struct.Struct(">I")
_LARGEST = 24_000_000
"""Bytes of one message: a file that may be attached, and some more. A longer one is no message of ours."""


class Limits(msgspec.Struct, frozen=True):
    """The first message to the child. `memory` is the most address space it may have, in bytes."""

    memory: int


class Job(msgspec.Struct, frozen=True):
    """Every later one. `path` names a function that gets ready and gives the function that works; the latter gets the
    arguments and has `seconds`."""

    path: str
    arguments: tuple[Any, ...]
    seconds: float


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The child has set its limits and waits for a job."""


class Begun(msgspec.Struct, frozen=True, tag=True):
    """All that the job needs is imported: its clock runs from here."""


class Done(msgspec.Struct, frozen=True, tag=True):
    """What the job gave, as msgpack."""

    value: bytes


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The job raised, or asked for more memory than there is. `detail` is for a log, not for people."""

    kind: Literal["error", "memory"]
    detail: str


Answer: TypeAlias = Ready | Begun | Done | Failed


class Broken(Exception):
    """What was read is no frame, or half of one."""


def pack(message: msgspec.Struct) -> bytes:
    """A message as a frame. Raises Broken for one that is too long, TypeError for what msgpack cannot hold."""
    body = msgspec.msgpack.encode(message)
    if len(body) > _LARGEST:
        raise Broken(f"a message of {len(body)} bytes")
    return _LENGTH.pack(len(body)) + body


def read_frame(stream: IO[bytes]) -> bytes | None:
    """The body of the next frame; None where the stream ends between two. Raises Broken and OSError."""
    head = stream.read(_LENGTH.size)
    if not head:
        return None
    if len(head) < _LENGTH.size:
        raise Broken("half a length")
    (length,) = _LENGTH.unpack(head)
    if length > _LARGEST:
        raise Broken(f"a message of {length} bytes")
    body = stream.read(length)
    if len(body) < length:
        raise Broken("half a message")
    return body
