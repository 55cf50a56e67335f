"""One JSON value a line: bytes to frames, for Ollama's own API. No I/O and no JSON."""

from __future__ import annotations

from sidelight.backends.wire.frames import Frame
from sidelight.backends.wire.lines import EVENT_CAP, LineSplitter

__all__ = ["NdjsonReader"]


class NdjsonReader:
    """A FrameReader for `application/x-ndjson`; blank lines give nothing."""

    def __init__(self, cap: int = EVENT_CAP) -> None:
        """`cap` in bytes for one line."""
        self._lines = LineSplitter(cap)

    @property
    def overflow(self) -> bool:
        """A line was longer than the cap; nothing more is given."""
        return self._lines.overflow

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are whole now."""
        return _frames(self._lines.feed(data))

    def flush(self) -> list[Frame]:
        """At the end of the bytes: the last line, where its end was missing."""
        return _frames(self._lines.flush())


def _frames(lines: list[bytes]) -> list[Frame]:
    return [Frame(line.decode("utf-8", "replace")) for line in lines if line.strip()]
