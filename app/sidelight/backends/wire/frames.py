"""What all readers of bytes give and how they are used: frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

__all__ = ["Frame", "FrameReader"]


@dataclass(frozen=True, slots=True)
class Frame:
    """One message of a stream, not yet understood.

    `event` is the name beside it, None where none was given. `error_field`: the data came in a field named `error`,
    which old llama.cpp and llama-box use (protocols.md 2.1).
    """

    data: str
    event: str | None = None
    error_field: bool = False


class FrameReader(Protocol):
    """Bytes in, frames out; the result does not depend on how the bytes were cut."""

    @property
    def overflow(self) -> bool:
        """An event was larger than the cap; nothing more is given."""

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are whole now."""

    def flush(self) -> list[Frame]:
        """At the end of the bytes: the last frame, where its end was missing."""
