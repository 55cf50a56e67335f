"""What went over the wire for a reply, cut to what can be looked at. Values and pure functions; no Qt, no looking up.

What is shown may be shortened and says so; `Wire.recorded` has everything.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

import msgspec

from sidelight import messages
from sidelight.store.errors import StoreError
from sidelight.store.exchanges import Recorded
from sidelight.ui import wording

__all__ = ["SHOWN", "Looked", "Wire", "readable", "shown_body", "wire_of"]

SHOWN = 64_000
"""Bytes of a stream that are shown."""
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{600,}={0,2}")
_LEFT = 24
"""Characters of such a run that stay at its beginning."""


@dataclass(frozen=True, slots=True)
class Wire:
    """A recording that was opened. `body` and `stream` are texts to be shown: a field a line, and the first bytes; `size`
    counts all bytes of the stream that were kept.

    `damaged`: the stream cannot be unpacked any more.
    """

    recorded: Recorded
    body: str
    stream: str = ""
    size: int = 0
    damaged: bool = False


Looked: TypeAlias = Wire | Literal["looking"] | None
"""What looking up a recording gave; None is nothing."""


def wire_of(recorded: Recorded) -> Wire:
    """Open a recording. It is all unpacked once, to know how much there is: 1 ms, 90 for the largest."""
    body = shown_body(recorded.body)
    try:
        stream = recorded.unpacked()
    except StoreError:
        return Wire(recorded, body, damaged=True)
    return Wire(recorded, body, readable(stream[:SHOWN]), len(stream))


def readable(stream: bytes) -> str:
    """Bytes of a stream as text: a letter that is cut in two at the end is left out, what is no letter is marked."""
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(stream)
    return text.replace("\r\n", "\n").replace("\0", "\ufffd")


def shown_body(body: str) -> str:
    """A request's JSON, a field a line; long runs of base64 (pictures) are named by their size."""
    short = _BASE64.sub(_run, body)
    try:
        return msgspec.json.format(short, indent=2)
    except msgspec.DecodeError:
        return short


def _run(found: re.Match[str]) -> str:
    run = found[0]
    size = wording.data_size(len(run) - _LEFT)
    return run[:_LEFT] + messages.text("ui.details.sent.base64", size=size)
