"""Lines from bytes that are cut anywhere. Only LF, CRLF and CR end a line.

Not `str.splitlines` and not httpx's line reader: both also cut at U+2028, U+2029, U+0085, VT, FF and FS..RS, which occur
raw inside JSON strings (reliability.md, finding 6). Splitting before decoding also means that a line is always
whole UTF-8, however the bytes came.
"""

from __future__ import annotations

__all__ = ["EVENT_CAP", "LineSplitter"]

EVENT_CAP = 4_000_000
"""Bytes one event may have; a server that sends more is not spoken to any longer."""

_BOM = b"\xef\xbb\xbf"


class LineSplitter:
    """Feed bytes, get whole lines without their ends. `overflow` is set once a line is longer than the cap."""

    def __init__(self, cap: int = EVENT_CAP) -> None:
        """`cap` in bytes."""
        self._cap = cap
        self._rest = bytearray()
        """The line without an end, in one piece: small pieces each cost forty bytes more."""
        self._after_cr = False
        self._first = True
        self.overflow = False

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that are whole now."""
        if self._after_cr and data:
            self._after_cr = False
            if data.startswith(b"\n"):
                data = data[1:]
        if not data or self.overflow:
            return []
        if b"\r" in data:
            self._after_cr = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        end = data.rfind(b"\n")
        if end < 0:
            self._rest += data
            self.overflow = len(self._rest) > self._cap
            return []
        lines = b"".join((self._rest, data[:end])).split(b"\n")
        self._rest = bytearray(data[end + 1 :])
        return self._checked(lines)

    def flush(self) -> list[bytes]:
        """The line that had no end, if any."""
        last = bytes(self._rest)
        self._rest.clear()
        return self._checked([last]) if last and not self.overflow else []

    def _checked(self, lines: list[bytes]) -> list[bytes]:
        if self._first and lines:
            self._first = False
            lines[0] = lines[0].removeprefix(_BOM)
        for index, line in enumerate(lines):
            if len(line) > self._cap:
                self.overflow = True
                return lines[:index]
        self.overflow = len(self._rest) > self._cap
        return lines
