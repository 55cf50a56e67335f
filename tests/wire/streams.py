"""Reads the hand-written streams beside this file and decodes them as a backend would."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sidelight.backends.wire.anthropic_messages import MessagesDecoder
from sidelight.backends.wire.cohere import CohereDecoder
from sidelight.backends.wire.decoder import ReplyDecoder
from sidelight.backends.wire.frames import Frame, FrameReader
from sidelight.backends.wire.gemini import GeminiDecoder
from sidelight.backends.wire.ndjson import NdjsonReader
from sidelight.backends.wire.ollama import OllamaDecoder
from sidelight.backends.wire.openai_chat import ChatDecoder
from sidelight.backends.wire.responses import ResponsesDecoder
from sidelight.backends.wire.sse import SseReader
from sidelight.backends.wire.think_tags import ThinkSplitter
from sidelight.chat.events import AnswerDelta, Event, ReasoningDelta, RefusalDelta, Stamped, coalesce

HERE = Path(__file__).parent
DIALECTS: dict[str, tuple[type[ReplyDecoder], bool]] = {
    "openai_chat": (ChatDecoder, True),
    "responses": (ResponsesDecoder, False),
    "anthropic_messages": (MessagesDecoder, False),
    "gemini": (GeminiDecoder, False),
    "ollama": (OllamaDecoder, True),
    "cohere": (CohereDecoder, False),
}
"""Each dialect's decoder, and whether tags are read in it."""


@dataclass(frozen=True)
class Stream:
    """A stream, and what it must decode to. `expected` has a line `why`, and the fields the test reads."""

    dialect: str
    name: str
    body: bytes
    expected: dict[str, Any]

    def __repr__(self) -> str:
        return f"{self.dialect}/{self.name}"


def streams(dialect: str) -> list[Stream]:
    """All streams of a dialect, by name."""
    return [
        Stream(
            dialect, path.stem, path.read_bytes(), json.loads(path.with_suffix(".json").read_text("utf-8"))
        )
        for path in sorted((HERE / dialect).iterdir())
        if path.suffix in (".sse", ".ndjson")
    ]


def frames(pieces: Iterable[bytes], dialect: str) -> list[Frame]:
    """The frames of a stream that comes in these pieces."""
    reader = _reader(dialect)
    return [frame for piece in pieces for frame in reader.feed(piece)] + reader.flush()


def _reader(dialect: str) -> FrameReader:
    return NdjsonReader() if dialect == "ollama" else SseReader()


def decoded(pieces: Iterable[bytes], dialect: str = "openai_chat", **expected: Any) -> list[Event]:
    """The events of a stream that comes in these pieces, runs of text merged."""
    kind, tagged = DIALECTS[dialect]
    reader = _reader(dialect)
    elicited = expected.get("elicited", False)
    splitter = ThinkSplitter(
        starts_inside=expected.get("starts_inside"), interleaved=expected.get("interleaved", False)
    )
    options: dict[str, Any] = {"cumulative": True} if expected.get("cumulative") else {}
    decoder = kind(
        lambda text: text, tags=splitter if tagged or elicited else None, elicited=elicited, **options
    )
    events: list[Event] = []
    for piece in pieces:
        if decoder.done:
            break
        events += [e for frame in reader.feed(piece) for e in decoder.frame(frame)]
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
