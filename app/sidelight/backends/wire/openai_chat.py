"""The chat-completions dialect that most servers speak: a request to JSON, frames to chat events. No I/O.

One decoder for all of them, since each field here was seen at more than one server. It is tolerant by rule: a value of the
wrong type is as good as absent, at any path, and nothing a server sends makes it raise. What a reply's trace may be
*called* is not decided here. Where the wire is ambiguous the rules are those of protocols.md, sections 2, 3 and 5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from sidelight.backends.base import Request
from sidelight.backends.wire import failures
from sidelight.backends.wire.answer_tags import AnswerTags
from sidelight.backends.wire.frames import Frame
from sidelight.backends.wire.jsontext import (
    JsonObject,
    SurrogateJoiner,
    at,
    clean,
    count,
    dump,
    loads,
    number,
    text,
)
from sidelight.backends.wire.think_tags import ThinkSplitter
from sidelight.chat.events import (
    AnswerDelta,
    Channel,
    Event,
    Failed,
    FailureKind,
    Finished,
    FinishReason,
    Opaque,
    Progress,
    ReasoningDelta,
    RefusalDelta,
    Started,
    Usage,
)

__all__ = ["ELICIT", "BadExtra", "ChatDecoder", "Spelling", "request_body"]

ELICIT = (
    "First think the question through, step by step, between <think> and </think>."
    " Then give the answer between <answer> and </answer>."
)
"""Asks a model for a written-out trace where no template of ours can (R1-Zero's way)."""

_REASONS: Mapping[str, FinishReason] = {
    **dict.fromkeys(("stop", "eos", "end_turn", "stop_sequence", "completed"), FinishReason.STOP),
    **dict.fromkeys(
        ("length", "max_tokens", "model_length", "model_context_window_exceeded"), FinishReason.LENGTH
    ),
    **dict.fromkeys(("content_filter", "sensitive"), FinishReason.CONTENT_FILTER),
    "refusal": FinishReason.REFUSAL,
    **dict.fromkeys(("tool_calls", "tool_use", "function_call"), FinishReason.TOOL),
    **dict.fromkeys(("error", "failed", "network_error", "insufficient_system_resource"), FinishReason.ERROR),
}
_SUMMARISED = ("anthropic", "google")
"""Makers whose `reasoning.text` at OpenRouter is their own summary: first word of its `format` (protocols.md 4.1)."""
_USAGE_EVERY = 20
"""Chunks between two reports of usage, where a server sends one with each."""
_LONGEST_USAGE = 16_000
_LONGEST_OPAQUE = 2_000_000


class BadExtra(ValueError):
    """The extra parameters of a lane are no JSON object."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a server wants a few things said. `without` names fields it has refused."""

    token_limit: str = "max_tokens"  # noqa: S105 - the name of a field
    without: frozenset[str] = frozenset()

    def after(self, failed: Failed) -> Spelling | None:
        """Another spelling for a server that named one of these fields in its refusal, None where that is not it."""
        said = f"{failed.message} {dict(failed.details).get('parameter', '')}"
        if failed.kind is not FailureKind.BAD_REQUEST:
            return None
        if "stream_options" in said or "include_usage" in said:
            return replace(self, without=self.without | {"stream_options"})
        if self.token_limit == "max_tokens" and "max_tokens" in said:  # noqa: S105
            return replace(self, token_limit="max_completion_tokens")  # noqa: S106
        if self.token_limit != "max_tokens" and "max_completion_tokens" in said:  # noqa: S105
            return replace(self, token_limit="max_tokens")  # noqa: S106
        return None


def request_body(
    request: Request,
    spelling: Spelling,
    fields: Mapping[str, Any] | None = None,
    *,
    instruct: bool = False,
) -> bytes:
    """The JSON of a request; what is None is left to the server, the lane's extra JSON comes last.

    `fields` are the provider's own. `instruct` puts the wish for a written-out trace into the system text. Raises
    BadExtra.
    """
    messages = [{"role": m.role, "content": clean(m.text)} for m in request.messages]
    if instruct:
        system = messages.pop(0)["content"] if messages and messages[0]["role"] == "system" else ""
        messages.insert(0, {"role": "system", "content": f"{system}\n\n{ELICIT}".strip()})
    asked = request.parameters
    body: dict[str, Any] = {
        "model": request.model,
        "messages": messages,
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": asked.temperature,
        "top_p": asked.top_p,
        spelling.token_limit: asked.max_tokens,
        "seed": asked.seed,
        "stop": list(asked.stop) or None,
        **(fields or {}),
    }
    body = {k: v for k, v in body.items() if v is not None and k not in spelling.without}
    if asked.extra.strip():
        extra = loads(asked.extra)
        if not isinstance(extra, dict):
            raise BadExtra
        body |= extra
    return msgspec.json.encode(body)


class ChatDecoder:
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
        self._tags = tags
        self._answer_tags = AnswerTags() if elicited else None
        self._join = {kind: SurrogateJoiner() for kind in ("reasoning", "answer", "refusal")}
        self._started: Started | None = None
        self._usage: Usage | None = None
        self._reported = False
        self._chunks = 0
        self._failed = False
        self._finish: Finished | None = None
        self.unreadable = 0
        """Frames that were no JSON object; their text is lost to the lane."""
        self.done = False

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
            return self._error(frame.data if payload is None else payload)
        out: list[Event] = []
        for payload in _payloads(frame.data):
            if isinstance(payload, dict):
                out += self._chunk(payload)
            else:
                self.unreadable += 1
        return out

    def flush(self, why: Failed | None = None) -> list[Event]:
        """At the end of the stream: what was held back, and a failure where no finish mark came.

        `why` is the failure that ended the stream, None for a proper end, which without a mark is cut off all the same.
        """
        out = [*self._rest(), *self._held_usage()]
        if not self.finished:
            details = (("unreadable", str(self.unreadable)),) if self.unreadable else ()
            out.append(why or Failed(FailureKind.CUT_OFF, code="eof", details=details))
            self._failed = True
        return out

    def _chunk(self, chunk: JsonObject) -> list[Event]:
        self._chunks += 1
        out: list[Event] = self._identity(chunk)
        if progress := at(chunk, "prompt_progress"):
            out.append(Progress("prompt", count(progress.get("processed")), count(progress.get("total"))))
        choices = chunk.get("choices")
        choice = at(choices[0]) if isinstance(choices, list) and choices else at(None)
        if choice.get("index"):
            choice = at(None)
        # A server that does not stream sends `message` instead; one that sends both repeats itself in it.
        delta = at(choice, "delta") or at(choice, "message")
        out += self._delta(delta)
        self._note_usage(chunk)
        reason = text(choice, "finish_reason")
        if failures.is_error(chunk):
            out += self._error(chunk)
        if reason and self._finish is None:
            out += self._finishes(reason)
        if self.finished or self._chunks % _USAGE_EVERY == 0:
            out += self._held_usage()
        return out

    def _identity(self, chunk: JsonObject) -> list[Event]:
        """Said at the first payload, and again when it brings more: Azure's first chunk has empty names."""
        known = self._started or Started()
        now = Started(
            known.response_id or text(chunk, "id") or None,
            known.served_model or text(chunk, "model") or None,
            known.provider or text(chunk, "provider") or None,
            known.fingerprint or text(chunk, "system_fingerprint") or None,
            self._headers,
        )
        if now == self._started:
            return []
        self._started = now
        return [now]

    def _delta(self, delta: JsonObject) -> list[Event]:
        out, shown = self._details(delta.get("reasoning_details"))
        fields = (_string(delta.get(name)) for name in ("reasoning_content", "reasoning", "thinking"))
        channel: Channel = "summary" if shown.summary else "raw"
        if thought := next((field for field in fields if field), shown.text):
            out += self._reasoning(self._join["reasoning"](thought), channel)
        for kind, piece in _content(delta.get("content")):
            if kind == "thinking":
                out += self._reasoning(self._join["reasoning"](piece), "raw")
            else:
                out += self._answer(self._join["answer"](piece))
        if refusal := self._join["refusal"](_string(delta.get("refusal"))):
            out.append(RefusalDelta(refusal))
        return out

    def _reasoning(self, piece: str, channel: Channel) -> list[Event]:
        if not piece:
            return []
        if self._tags is not None:
            self._tags.field_delivered(piece)
        return [ReasoningDelta(piece, 0, channel)]

    def _answer(self, piece: str) -> list[Event]:
        if not piece:
            return []
        events: list[Event] = [AnswerDelta(piece)] if self._tags is None else self._tags.feed(piece)
        return self._answer_tags(events) if self._answer_tags is not None else events

    def _rest(self) -> list[Event]:
        """What splitters hold at the end of the text."""
        out = self._reasoning(self._join["reasoning"].flush(), "raw")
        out += self._answer(self._join["answer"].flush())
        rest = self._tags.flush() if self._tags is not None else []
        out += self._answer_tags(rest) + self._answer_tags.flush() if self._answer_tags is not None else rest
        if refusal := self._join["refusal"].flush():
            out.append(RefusalDelta(refusal))
        return out

    def _finishes(self, reason: str) -> list[Event]:
        self._finish = Finished(_REASONS.get(reason.lower(), FinishReason.UNKNOWN), reason)
        out = self._rest()
        if self._finish.reason is FinishReason.ERROR and not self._failed:
            self._failed = True
            out.append(failures.from_payload({"error": {"type": reason}}, self._redact))
        return [*out, self._finish]

    def _error(self, payload: Any) -> list[Event]:
        self._failed = True
        return [*self._rest(), failures.from_payload(payload, self._redact)]

    def _details(self, details: Any) -> tuple[list[Event], _Shown]:
        """OpenRouter's list: kinds, signatures and blobs; its text is a copy where a plain field has it too."""
        out: list[Event] = []
        shown = _Shown()
        for detail in details if isinstance(details, list) else []:
            item = at(detail)
            kind = text(item, "type")
            if _string(item.get("data")):
                out.append(Opaque("encrypted", dump(item, _LONGEST_OPAQUE)))
            elif _string(item.get("signature")):
                out.append(Opaque("signature", dump(item, _LONGEST_OPAQUE)))
            shown.text += _string(item.get("summary")) or _string(item.get("text"))
            shown.summary |= kind == "reasoning.summary" or text(item, "format").startswith(_SUMMARISED)
        return out, shown

    def _note_usage(self, chunk: JsonObject) -> None:
        """Keep the newest report. The last one that is not null counts; reports are never added up."""
        usage = at(chunk, "usage") or at(chunk, "x_groq", "usage")
        timings = at(chunk, "timings")
        if usage:
            self._usage = _usage({**usage, "timings": timings} if timings else usage)
            self._reported = True
        elif timings and not self._reported:
            self._usage = _timed_usage(timings)

    def _held_usage(self) -> list[Event]:
        usage, self._usage = self._usage, None
        return [usage] if usage is not None else []


@dataclass(slots=True)
class _Shown:
    """What `reasoning_details` shows: its text, and whether it is a summary."""

    text: str = ""
    summary: bool = False


def _payloads(data: str) -> list[Any]:
    """The values of a frame; several where a server forgot the blank lines between events (llama.cpp#14268)."""
    whole = loads(data)
    if whole is None and "\n" in data:
        return [loads(line) for line in data.split("\n") if line.strip() not in ("", "[DONE]")]
    return [whole]


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _content(content: Any) -> list[tuple[str, str]]:
    """The pieces of a content: a string, or Mistral's list of typed parts."""
    if isinstance(content, str):
        return [("text", content)] if content else []
    found: list[tuple[str, str]] = []
    for part in content if isinstance(content, list) else []:
        item = at(part)
        if item.get("type") == "thinking":
            inner = item.get("thinking")
            found += [("thinking", piece) for _, piece in _content(inner)]
        else:
            found.append(("text", _string(part) or _string(item.get("text"))))
    return found


def _usage(usage: JsonObject) -> Usage:
    """Five numbers of one meaning, from any spelling (protocols.md 2.5). Unknown stays None."""
    prompt, output = count(usage.get("prompt_tokens")), count(usage.get("completion_tokens"))
    total = count(usage.get("total_tokens"))
    reasoning = _first(
        at(usage, "completion_tokens_details").get("reasoning_tokens"), usage.get("reasoning_tokens")
    )
    if output is not None and reasoning and total == (prompt or 0) + output + reasoning:
        # xAI's chat counts the trace beside the completion, all others within it.
        output += reasoning
    cached = _first(
        at(usage, "prompt_tokens_details").get("cached_tokens"),
        usage.get("prompt_cache_hit_tokens"),
        usage.get("cached_tokens"),
        usage.get("num_cached_tokens"),
    )
    costs = (number(usage.get("cost")), number(at(usage, "cost").get("total_cost")))
    cost = next((c for c in costs if c is not None), None)
    return Usage(prompt, cached, output, reasoning, cost, dump(usage, _LONGEST_USAGE))


def _timed_usage(timings: JsonObject) -> Usage:
    """Usage from llama.cpp's timings, which come with each chunk: for a reply that is stopped before its usage."""
    read, cached = count(timings.get("prompt_n")), count(timings.get("cache_n"))
    prompt = read + (cached or 0) if read is not None else None
    raw = dump({"timings": timings}, _LONGEST_USAGE)
    return Usage(prompt, cached, count(timings.get("predicted_n")), raw=raw)


def _first(*values: Any) -> int | None:
    return next((found for value in values if (found := count(value)) is not None), None)
