"""What the decoders of all dialects share: frames to JSON objects, identity, usage, the finish mark, failures, the end.

Tolerant by rule: a value of the wrong type is as good as absent, at any path, and nothing a server sends makes a decoder
raise. What a reply's trace may be *called* is not decided here. A dialect is a subclass with `payload`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from sidelight.backends.wire import failures
from sidelight.backends.wire.finish import finish_reason
from sidelight.backends.wire.frames import Frame
from sidelight.backends.wire.jsontext import JsonObject, count, dump, loads
from sidelight.backends.wire.reply_text import ReplyText
from sidelight.backends.wire.think_tags import ThinkSplitter
from sidelight.chat.events import (
    Event,
    Failed,
    FailureKind,
    Finished,
    FinishReason,
    Opaque,
    OpaqueKind,
    Started,
    Usage,
)

__all__ = ["ReplyDecoder", "first_count", "raw_usage", "string"]

_USAGE_EVERY = 20
"""Payloads between two reports of usage, where a server sends one with each."""
_LONGEST_USAGE = 16_000
_LONGEST_OPAQUE = 2_000_000


class ReplyDecoder:
    """Frames of one reply in, its events out. `finished`: a finish mark or failure came; `done`: nothing more will."""

    def __init__(
        self,
        redact: Callable[[str], str],
        *,
        headers: Iterable[tuple[str, str]] = (),
        tags: ThinkSplitter | None = None,
        elicited: bool = False,
    ) -> None:
        """`tags` splits reasoning out of the answer, None where a tag is the user's topic; `elicited` strips answer tags."""
        self._redact = redact
        self._headers = tuple(headers)
        self.text = ReplyText(tags, elicited=elicited)
        self._started: Started | None = None
        self._usage: Usage | None = None
        self._payloads = 0
        self._failed = False
        self._finish: Finished | None = None
        self.unreadable = 0
        """Frames that were no JSON object; their text is lost to the lane."""
        self.done = False

    # What a dialect says.

    def payload(self, payload: JsonObject, name: str) -> list[Event]:
        """What one JSON object says; `name` is the event name beside it, "" where there was none."""
        raise NotImplementedError

    # The Decoder protocol.

    @property
    def finished(self) -> bool:
        """A finish mark or a failure has come; the rest may still bring usage."""
        return self._finish is not None or self._failed

    def frame(self, frame: Frame) -> list[Event]:
        """What one frame says."""
        if self.done:
            return []
        if frame.data.strip() == "[DONE]":
            self.done = True
            return []
        if frame.error_field or frame.event == "error":
            payload = loads(frame.data)
            return self.fails(frame.data if payload is None else payload)
        out: list[Event] = []
        for payload in _payloads(frame.data):
            if not isinstance(payload, dict):
                self.unreadable += 1
                continue
            self._payloads += 1
            out += self.payload(payload, frame.event or "")
            if self.finished or self._payloads % _USAGE_EVERY == 0:
                out += self._held_usage()
        return out

    def flush(self, why: Failed | None = None) -> list[Event]:
        """At the end of the stream: what was held back, and a failure where no finish mark came.

        `why` is the failure that ended the stream, None for a proper end, which without a mark is cut off all the same.
        """
        out = [*self.text.flush(), *self._held_usage()]
        if not self.finished:
            details = (("unreadable", str(self.unreadable)),) if self.unreadable else ()
            out.append(why or Failed(FailureKind.CUT_OFF, code="eof", details=details))
            self._failed = True
        return out

    # For subclasses.

    def identity(
        self, response_id: str = "", model: str = "", provider: str = "", fingerprint: str = ""
    ) -> list[Event]:
        """Said at the first payload, and again when it brings more: Azure's first chunk has empty names."""
        known = self._started or Started()
        now = Started(
            known.response_id or response_id or None,
            known.served_model or model or None,
            known.provider or provider or None,
            known.fingerprint or fingerprint or None,
            self._headers,
        )
        if now == self._started:
            return []
        self._started = now
        return [now]

    def used(self, usage: Usage) -> None:
        """Keep the newest report. The last one that is not null counts; reports are never added up."""
        self._usage = usage

    def opaque(self, kind: OpaqueKind, value: JsonObject | list[JsonObject]) -> list[Event]:
        """A value that is kept for replay, in the form the dialect's `recalled` reads."""
        return [Opaque(kind, dump(value, _LONGEST_OPAQUE))]

    def finishes(self, on_wire: str, reason: FinishReason | None = None) -> list[Event]:
        """The finish mark; only the first counts. An erroneous end is a failure, too."""
        if self._finish is not None:
            return []
        self._finish = Finished(reason or finish_reason(on_wire), on_wire)
        out = self.text.flush()
        if self._finish.reason is FinishReason.ERROR:
            out += self.fails({"error": {"type": on_wire}})
        return [*out, self._finish]

    def fails(self, payload: Any) -> list[Event]:
        """A failure inside the stream; only the first is told."""
        if self._failed:
            return []
        self._failed = True
        return [*self.text.flush(), failures.from_payload(payload, self._redact)]

    def _held_usage(self) -> list[Event]:
        usage, self._usage = self._usage, None
        return [usage] if usage is not None else []


def string(value: Any) -> str:
    """The value where it is a string, else ""."""
    return value if isinstance(value, str) else ""


def first_count(*values: Any) -> int | None:
    """The first of these that is a number of tokens."""
    return next((found for value in values if (found := count(value)) is not None), None)


def raw_usage(usage: Usage, raw: JsonObject) -> Usage:
    """A report with the provider's own object beside it."""
    return replace(usage, raw=dump(raw, _LONGEST_USAGE))


def _payloads(data: str) -> list[Any]:
    """The values of a frame; several where a server forgot the blank lines between events (llama.cpp#14268), or where
    a whole answer came as one array (Gemini without `alt=sse`)."""
    whole = loads(data)
    if whole is None and "\n" in data:
        return [loads(line) for line in data.split("\n") if line.strip() not in ("", "[DONE]")]
    return whole if isinstance(whole, list) and whole else [whole]
