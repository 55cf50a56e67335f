"""Reads the hand-written streams beside this file and decodes them as a backend would."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sidelight.backends.wire.openai_chat import ChatDecoder
from sidelight.backends.wire.sse import SseReader
from sidelight.backends.wire.think_tags import ThinkSplitter
from sidelight.chat.events import AnswerDelta, Event, ReasoningDelta, RefusalDelta, Stamped, coalesce

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Stream:
    """A stream, and what it must decode to. `expected` has a line `why`, and the fields the test reads."""

    name: str
    body: bytes
    expected: dict[str, Any]

    def __repr__(self) -> str:
        return self.name


def streams(dialect: str) -> list[Stream]:
    """All streams of a dialect, by name."""
    return [
        Stream(path.stem, path.read_bytes(), json.loads(path.with_suffix(".json").read_text("utf-8")))
        for path in sorted((HERE / dialect).glob("*.sse"))
    ]


def decoded(pieces: Iterable[bytes], **expected: Any) -> list[Event]:
    """The events of a stream that comes in these pieces, runs of text merged."""
    reader = SseReader()
    decoder = ChatDecoder(
        lambda text: text,
        tags=ThinkSplitter(starts_inside=expected.get("starts_inside")),
        elicited=expected.get("elicited", False),
    )
    events = [e for piece in pieces for frame in reader.feed(piece) for e in decoder.frame(frame)]
    events += [e for frame in reader.flush() for e in decoder.frame(frame)]
    return merged([*events, *decoder.flush()])


def merged(events: Iterable[Event]) -> list[Event]:
    """Runs of text merged, as the journal does it."""
    return [stamped.event for stamped in coalesce(Stamped.now(event, 0.0) for event in events)]


def text_of(
    events: Iterable[Event], kind: type[ReasoningDelta | AnswerDelta | RefusalDelta], phase: str | None = None
) -> str:
    """All text of one kind of delta, in order; of answers only one phase."""
    return "".join(e.text for e in events if isinstance(e, kind) and getattr(e, "phase", None) == phase)
