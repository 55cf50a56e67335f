"""The one gate for JSON and text of strangers: nothing that comes through it can hurt what is behind.

A value is None where the text is no JSON, too deep, or of numbers nobody can mean; strings have no lone surrogate, which
SQLite and UTF-8 would refuse. The readers at the end take what is there, of whatever type, and never raise.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

import msgspec

__all__ = ["JsonObject", "SurrogateJoiner", "at", "clean", "count", "dump", "loads", "number", "text"]

JsonObject = Mapping[str, Any]

_NOTHING: JsonObject = {}
_SURROGATE = re.compile("[\ud800-\udfff]")
_LONGEST_INT = 18
_LONGEST_NAME = 500


def loads(source: str) -> Any | None:
    """The value of a JSON text, None where it has none (or is null).

    msgspec is fast and strict; what it refuses is tried again leniently: lone surrogates (halves of a pair cut in two
    by a server), NaN, infinities and integers of thousands of digits do occur and must not cost the whole event.
    """
    try:
        return msgspec.json.decode(source)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        pass
    try:
        return json.loads(
            source, parse_int=_integer, parse_float=_finite, parse_constant=lambda _: None, strict=False
        )
    except (ValueError, RecursionError):
        return None


def dump(value: Any, cap: int = 64_000) -> str:
    """JSON text in ASCII, "" where it would be longer than `cap` characters or cannot be written."""
    try:
        out = json.dumps(value, separators=(",", ":"), allow_nan=False)
    except (ValueError, TypeError, RecursionError):
        return ""
    return out if len(out) <= cap else ""


def clean(value: str) -> str:
    """The text with surrogate pairs joined and lone surrogates as U+FFFD."""
    if value.isascii() or not _SURROGATE.search(value):
        return value
    return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class SurrogateJoiner:
    """Cleans a text that comes in pieces: a pair cut between two pieces becomes one character again."""

    def __init__(self) -> None:
        """Hold nothing."""
        self._high = ""

    def __call__(self, piece: str) -> str:
        """The next piece, without a high surrogate at its end, which waits for its other half."""
        if self._high:
            piece, self._high = self._high + piece, ""
        if piece and "\ud800" <= piece[-1] <= "\udbff":
            piece, self._high = piece[:-1], piece[-1]
        return clean(piece)

    def flush(self) -> str:
        """U+FFFD where a half is left over."""
        rest, self._high = self._high, ""
        return clean(rest)


def at(value: Any, *path: str) -> JsonObject:
    """The object at a path of names; an empty one where there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else _NOTHING


def text(value: JsonObject, *names: str, cap: int = _LONGEST_NAME) -> str:
    """The first of these fields that is a string with anything in it, cleaned and cut to `cap`; else ""."""
    for name in names:
        found = value.get(name)
        if isinstance(found, str) and found:
            return clean(found[:cap])
    return ""


def number(value: Any) -> float | None:
    """A finite number, else None. Booleans are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e300 and math.isfinite(value) else None


def count(value: Any) -> int | None:
    """A number of tokens: a whole number of at least 0, else None."""
    found = number(value)
    return int(found) if found is not None and 0 <= found < 10**15 and found == int(found) else None


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) <= _LONGEST_INT else None


def _finite(digits: str) -> float | None:
    value = float(digits)
    return value if math.isfinite(value) else None
