"""Server-sent events: bytes to frames. No I/O and no JSON.

After the WHATWG rules, tolerant where real servers need it: a last event without its blank line counts, and a field
named `error` is a frame of its own. Bytes that are no UTF-8 become U+FFFD. Comments give nothing.
"""

from __future__ import annotations

from sidelight.backends.wire.frames import Frame
from sidelight.backends.wire.lines import EVENT_CAP, LineSplitter

__all__ = ["SseReader"]


class SseReader:
    """A FrameReader for `text/event-stream`."""

    def __init__(self, cap: int = EVENT_CAP) -> None:
        """`cap` in bytes for one event."""
        self._cap = cap
        self._lines = LineSplitter(cap)
        self._data: bytearray | None = None
        self._size = 0
        self._event: str | None = None
        self.overflow = False

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are whole now."""
        return self._read(self._lines.feed(data))

    def flush(self) -> list[Frame]:
        """At the end of the bytes: the last frame, where its blank line was missing."""
        frames = self._read(self._lines.flush())
        if not self.overflow:
            self._dispatch(frames)
        return frames

    def _read(self, lines: list[bytes]) -> list[Frame]:
        frames: list[Frame] = []
        for line in lines:
            if self.overflow:
                return frames
            if line:
                self._field(line, frames)
            else:
                self._dispatch(frames)
        self.overflow = self.overflow or self._lines.overflow
        return frames

    def _field(self, line: bytes, frames: list[Frame]) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        match name:
            case b"data":
                if self._data is None:
                    self._data = bytearray(value)
                else:
                    self._data += b"\n" + value
                self._size += len(line) + 1
                self.overflow = self._size > self._cap
            case b"event":
                self._event = _text(value)
            case b"error":
                self._dispatch(frames)
                frames.append(Frame(_text(value), error_field=True))
            case _:
                pass

    def _dispatch(self, frames: list[Frame]) -> None:
        if self._data is not None:
            frames.append(Frame(_text(self._data), self._event))
        self._data, self._size, self._event = None, 0, None


def _text(raw: bytes | bytearray) -> str:
    return raw.decode("utf-8", "replace")
