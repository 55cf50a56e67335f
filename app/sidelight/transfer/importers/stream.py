"""JSON cut into its topmost parts as it is read, so that no more than one of them is in memory at a time.

Not a parser: it finds where parts begin and end, counts levels and values, and leaves the parts to msgspec, which reads them
forty times faster than a parser in Python could. Written here since the standard library reads JSON only whole, and the one
well-kept streaming parser (ijson) makes an event of every value, has no limit of depth, and would be one more native library.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Generator, Iterator
from dataclasses import dataclass
from typing import Protocol

from sidelight.transfer.importers.limits import DEEPEST, LARGEST_ITEM, MOST_VALUES, Refusal

__all__ = ["Part", "Readable", "parts"]

_CHUNK = 1 << 20
_TEXT = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_INSIDE = re.compile(rb'(?:[^][{}"]*+' + _TEXT + rb')*+[^][{}"]*+([][{}"]|\Z)', re.DOTALL)
_OUTSIDE = re.compile(rb"[^][{}:,\"]*+(" + _TEXT + rb'|[][{}:,"]|\Z)', re.DOTALL)
"""Up to the next character that matters. A quotation mark is one where its text goes on in the next chunk, and the end of the
buffer is none."""
_REST = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+("?)', re.DOTALL)
"""The rest of a text, up to its end where that is here."""
_QUOTE = 0x22
_HOPELESS = 1_000_000
"""Levels at which a file is given up: what is not kept of it still has to be counted."""
_SPACE = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"


class Readable(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most so many; none at the end."""


@dataclass(frozen=True, slots=True)
class Part:
    """An element of the outermost list, or a member of the outermost object. `at` is where it begins, in bytes.

    `key` is None in a list; the elements of a member that is unfolded each have its key. `wrong` is why it is beyond the
    limits ("large", "deep", "values"), and then `raw` is empty; or "".
    """

    key: str | None
    raw: bytes
    at: int
    wrong: str = ""


def parts(
    stream: Readable, unfold: Collection[str] = (), largest: int = LARGEST_ITEM
) -> Generator[Part, None, None]:
    """The parts of a JSON text, in order. `unfold` are keys of lists whose elements come one by one.

    `largest` is how many bytes a part may have.

    Raises Refusal: "not_json" where it does not begin as JSON does, "broken" where it breaks off or does not fit together,
    "deep" where it is so deep that no end can be looked for. What came before stays good.
    """
    return _Cutter(stream, frozenset(unfold), largest).run()


class _Cutter:
    """A buffer, and where in it we are."""

    def __init__(self, stream: Readable, unfold: frozenset[str], largest: int) -> None:
        self._stream = stream
        self._largest = largest
        self._unfold = unfold
        self._buffer = bytearray()
        self._start = 0
        """Where the buffer begins in the file."""
        self._ended = False

    def run(self) -> Generator[Part, None, None]:
        first = self._first()
        if first not in b"[{":
            raise Refusal("not_json")
        yield from self._list(None) if first == ord("[") else self._object()
        if self._skip_space(0) < len(self._buffer):
            raise Refusal("broken")

    def _first(self) -> int:
        """The first character of all, taken out of the buffer."""
        self._fill()
        if self._buffer.startswith(_BOM):
            self._drop(len(_BOM))
        return self._take()

    def _take(self) -> int:
        """The next character that is no space, taken out of the buffer. Raises Refusal where there is none."""
        at = self._skip_space(0)
        if at >= len(self._buffer):
            raise Refusal("broken")
        found = self._buffer[at]
        self._drop(at + 1)
        return found

    def _peek(self) -> int:
        at = self._skip_space(0)
        if at >= len(self._buffer):
            raise Refusal("broken")
        return self._buffer[at]

    def _list(self, key: str | None) -> Iterator[Part]:
        """The elements of a list whose bracket was taken."""
        if self._peek() == ord("]"):
            self._take()
            return
        while True:
            yield self._part(key, b",]")
            if self._take() == ord("]"):
                return

    def _object(self) -> Iterator[Part]:
        """The members of an object whose brace was taken."""
        if self._peek() == ord("}"):
            self._take()
            return
        while True:
            key = self._key()
            if key in self._unfold and self._peek() == ord("["):
                self._take()
                yield from self._list(key)
            else:
                yield self._part(key, b",}")
            end = self._take()
            if end == ord("}"):
                return
            if end != ord(","):
                raise Refusal("broken")

    def _key(self) -> str:
        raw = self._part(None, b":").raw
        if self._take() != ord(":") or not (len(raw) > 1 and raw[:1] == raw[-1:] == b'"'):
            raise Refusal("broken")
        return raw[1:-1].decode("utf-8", "replace")  # a key with an escape is none that we know

    def _part(self, key: str | None, ends: bytes) -> Part:
        """The value that begins here, up to one of `ends`, which stays in the buffer."""
        self._drop(self._skip_space(0))
        began, position, values, wrong = self._start, 0, 0, ""
        closing = bytearray()
        while True:
            match = (_INSIDE if closing else _OUTSIDE).match(self._buffer, position)
            assert match is not None  # an end is always found
            token = match.group(1)
            if token in (b"", b'"'):
                wrong = wrong or ("large" if len(self._buffer) > self._largest else "")
                position = self._more(match.start(1), text=bool(token), wrong=wrong)
                continue
            kind, position = token[0], match.end()
            if kind in b"[{":
                closing.append(kind + 2)  # the closing one, in ASCII
                values += 1
                wrong = wrong or ("deep" if len(closing) > DEEPEST else "")
            elif closing:
                if closing.pop() != kind:
                    raise Refusal("broken")
            elif kind in ends:
                return self._cut(
                    key, match.start(1), began, wrong or ("values" if values > MOST_VALUES else "")
                )
            elif kind != _QUOTE:
                raise Refusal("broken")
            if len(closing) > _HOPELESS:
                raise Refusal("deep")

    def _more(self, position: int, *, text: bool, wrong: str) -> int:
        """Read on from a place where the buffer does not suffice, which may be the start of a text; where it is then."""
        if wrong:
            self._drop(position)
            position = 0
            if text and len(self._buffer) > self._largest:
                self._skip_text()
                return 0
        if not self._fill():
            raise Refusal(wrong or "broken")
        return position

    def _skip_text(self) -> None:
        """Drop the text that the buffer begins with, up to its end, wherever that is."""
        self._drop(1)
        while True:
            match = _REST.match(self._buffer)
            assert match is not None
            self._drop(match.end())
            if match.group(1):
                return
            if not self._fill():
                raise Refusal("broken")

    def _cut(self, key: str | None, end: int, began: int, wrong: str) -> Part:
        if end > self._largest:
            wrong = wrong or "large"
        raw = b""
        if not wrong:
            with memoryview(self._buffer) as view:
                raw = bytes(view[:end]).rstrip(_SPACE)
            if not raw:
                raise Refusal("broken")
            if raw.count(b'"') > 2 * MOST_VALUES:
                raw, wrong = b"", "values"
        self._drop(end)
        return Part(key, raw, began, wrong)

    def _skip_space(self, at: int) -> int:
        """The place of the next character that is no space, or the end of the file."""
        while True:
            while at < len(self._buffer) and self._buffer[at] in _SPACE:
                at += 1
            if at < len(self._buffer) or not self._fill():
                return at

    def _fill(self) -> bool:
        """Read on; more where much is in the buffer, so that a long text is not searched again and again from its start."""
        if self._ended:
            return False
        chunk = self._stream.read(max(_CHUNK, len(self._buffer)))
        self._ended = not chunk
        self._buffer += chunk
        return bool(chunk)

    def _drop(self, count: int) -> None:
        del self._buffer[:count]
        self._start += count
