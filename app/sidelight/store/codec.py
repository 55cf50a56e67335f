"""Values of `chat` as JSON and back, and the checksum of a row. No I/O.

An event is `[class name, at, until, {fields}]`. Reading is tolerant: unknown fields are passed over, fields that are
missing take their default, an event that this program does not know (by name or by value) is left out and counted.
Text that is no Unicode (half a surrogate pair) is mended on the way in, since neither JSON nor SQLite takes it.

A column can be looked over without making its values: against their outline, structs of the same fields that the collector
need not look at, which takes half the time.
"""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Generic, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from sidelight.chat.events import Event, Stamped

__all__ = ["ADDED", "Column", "checksum", "checksum_of", "decode_events", "encode_events", "mended"]

T = TypeVar("T")

ADDED = {"conversations": 2}
"""By table, how many of the last columns under its checksum came with a later version of the schema."""

_encoder = msgspec.json.Encoder()
_events = msgspec.json.Decoder(list[tuple[str, float, float, msgspec.Raw]])
_by_name: dict[str, msgspec.json.Decoder[Event]] = {
    kind.__name__: msgspec.json.Decoder(kind) for kind in get_args(Event)
}


class Column(Generic[T]):
    """A column that holds values of one type as JSON text, NULL for the value it holds most often."""

    def __init__(self, kind: Any, usual: T) -> None:
        self._kind = kind
        self._decoder: msgspec.json.Decoder[T] = msgspec.json.Decoder(kind)
        self._usual = usual

    def encode(self, value: T) -> str | None:
        """The value as JSON text, None for the usual one."""
        return None if value == self._usual else _encode(value).decode()

    def decode(self, text: str | None) -> T:
        """The value of a column. Raises msgspec.DecodeError where the text is none of ours."""
        return self._usual if text is None else self._decoder.decode(text)

    @cached_property
    def look_over(self) -> Callable[[str], object]:
        """Raises msgspec.DecodeError where `decode` would; not for NULL, which is always right."""
        return msgspec.json.Decoder(_outline(self._kind)).decode


def encode_events(stamped: Sequence[Stamped]) -> bytes:
    """One journal row: all events of one reply in one batch."""
    return _encode([(type(s.event).__name__, s.at, s.until, s.event) for s in stamped])


def decode_events(blob: bytes) -> tuple[list[Stamped], int]:
    """The events of a journal row, and how many were left out. Raises msgspec.DecodeError where it is no such row."""
    events: list[Stamped] = []
    skipped = 0
    for name, at, until, fields in _events.decode(blob):
        decoder = _by_name.get(name)
        if decoder is None:
            skipped += 1
            continue
        try:
            events.append(Stamped(decoder.decode(fields), at, until))
        except msgspec.ValidationError:
            skipped += 1
    return events, skipped


def checksum(values: Sequence[object]) -> int:
    """CRC-32 of a row's content: flipped bits that leave the database well-formed are found by it and by nothing else."""
    return zlib.crc32(_encoder.encode(values))


def checksum_of(table: str, row: Sequence[object]) -> int:
    """The checksum of a row of a table: columns that were added count up to the last one that is not NULL.

    So a row that was written before there were such columns is still what was written.
    """
    end, first = len(row), len(row) - ADDED.get(table, 0)
    while end > first and row[end - 1] is None:
        end -= 1
    return checksum(row[:end])


def mended(text: str) -> str:
    """The text as valid Unicode: split surrogate pairs are joined, lone halves become U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _outline(kind: Any) -> Any:
    """A type that takes the same JSON as a type does, with a struct in the place of each class."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is tuple:
        return tuple[tuple(x if x is ... else _outline(x) for x in arguments)]  # type: ignore[misc]  # made at run time
    if arguments and origin is not Literal:
        return Union[tuple(map(_outline, arguments))]  # noqa: UP007  # of any number
    usual: dict[str, bool]
    if dataclasses.is_dataclass(kind):
        none = (dataclasses.MISSING, dataclasses.MISSING)
        usual = {f.name: (f.default, f.default_factory) != none for f in dataclasses.fields(kind)}
    elif isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        usual = {f.name: not f.required for f in msgspec.structs.fields(kind)}
    else:
        return kind
    types = get_type_hints(kind)
    needed = [(name, _outline(types[name])) for name in usual if not usual[name]]
    others = [(name, _outline(types[name]), None) for name in usual if usual[name]]
    return msgspec.defstruct(kind.__name__, [*needed, *others], gc=False)


def _encode(value: object) -> bytes:
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:
        return _encoder.encode(_mended_all(msgspec.to_builtins(value)))


def _mended_all(value: Any) -> Any:
    if isinstance(value, str):
        return mended(value)
    if isinstance(value, list | tuple):
        return [_mended_all(item) for item in value]
    if isinstance(value, dict):
        return {key: _mended_all(item) for key, item in value.items()}
    return value
