"""Values out of JSON of which nothing is promised: what is not of the kind that is asked for is taken for not there.

No format. Text comes back as valid Unicode, numbers are finite, times are Unix seconds of years that a calendar has.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from sidelight.store.codec import mended
from sidelight.transfer.importers.limits import LONGEST_TEXT, Refusal

__all__ = [
    "EMPTY",
    "count",
    "decoded",
    "identifier",
    "items",
    "joined",
    "mapping",
    "number",
    "text",
    "when",
    "when_text",
]

EMPTY: Final[Mapping[str, Any]] = {}
_LATEST = 253_402_300_799.0
"""Unix seconds: the end of the year 9999."""
_EARLIEST_MILLISECONDS = 100_000_000_000
"""A number of at least this is milliseconds: as seconds it would lie in the year 5138."""
_LONGEST_NAME = 1_000
_LARGEST = 2**53


def decoded(raw: bytes) -> Any:
    """The value of a JSON text. What programs write that is no JSON (NaN, half a surrogate pair) is taken as they meant it.

    Raises Refusal "broken", and "utf8" where the bytes are no text.
    """
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        pass
    try:
        return json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise Refusal("utf8") from error
    except (ValueError, RecursionError) as error:
        raise Refusal("broken") from error


def mapping(value: object) -> Mapping[str, Any]:
    """An object, or an empty one."""
    return value if isinstance(value, dict) else EMPTY


def items(value: object) -> Sequence[Any]:
    """A list, or an empty one."""
    return value if isinstance(value, list) else ()


def text(value: object) -> str:
    """A text as it stands, or "". Raises Refusal "text" for one beyond the limit."""
    if not isinstance(value, str):
        return ""
    if len(value) > LONGEST_TEXT:
        raise Refusal("text")
    return mended(value)


def joined(values: object, between: str = "\n") -> str:
    """The texts of a list, one after another; what is no text in it is passed over."""
    return between.join(x for x in map(text, items(values)) if x)


def identifier(value: object) -> str:
    """What a source calls one of its things, or "". Whole numbers count."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST:
        return str(value)
    return mended(value[:_LONGEST_NAME]) if isinstance(value, str) else ""


def number(value: object) -> float | None:
    """A finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def count(value: object) -> int | None:
    """A whole number that something can be counted by, or None."""
    found = number(value)
    return int(found) if found is not None and 0 <= found < _LARGEST else None


def when(value: object) -> float:
    """A time as seconds or milliseconds, or as ISO 8601; 0 where there is none."""
    if isinstance(value, str):
        return when_text(value)
    found = number(value)
    if found is None or found < 0:
        return 0.0
    if found >= _EARLIEST_MILLISECONDS:
        found /= 1000
    return found if found <= _LATEST else 0.0


def when_text(value: str) -> float:
    """A time as ISO 8601; where it names no zone, UTC. 0 where it is none."""
    try:
        found = dt.datetime.fromisoformat(value.strip()[:40])
        if found.tzinfo is None:
            found = found.replace(tzinfo=dt.UTC)
        seconds = found.timestamp()
    except (ValueError, OverflowError, OSError):
        return 0.0
    return seconds if 0 <= seconds <= _LATEST else 0.0
