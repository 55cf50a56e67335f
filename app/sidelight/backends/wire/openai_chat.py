"""The chat-completions dialect that most servers speak: a request to JSON, frames to chat events. No I/O.

One decoder for all of them, since each field here was seen at more than one server. Where the wire is ambiguous the rules
are those of protocols.md, sections 2, 3 and 5.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sidelight.backends.base import Request
from sidelight.backends.wire import failures
from sidelight.backends.wire.body import data_url, instructed, kept_value
from sidelight.backends.wire.decoder import ReplyDecoder, first_count, raw_usage, string
from sidelight.backends.wire.jsontext import JsonObject, at, clean, count, number, text
from sidelight.backends.wire.think_tags import ThinkSplitter
from sidelight.chat.events import Channel, Event, Failed, FailureKind, OpaqueKind, Progress, Usage
from sidelight.chat.message import Message, Thought

__all__ = ["ChatDecoder", "Spelling", "content_of", "details_of", "request_body"]

_NAMES = ("id", "model", "provider", "system_fingerprint")
_THOUGHTS = ("reasoning_content", "reasoning", "thinking")
_USAGE_NAMES = ("usage", "x_groq", "timings")
_RAW: Channel = "raw"
_SUMMARISED = ("anthropic", "google")
"""Makers whose `reasoning.text` at OpenRouter is their own summary: first word of its `format` (protocols.md 4.1)."""
_TWICE = 16
"""Characters from which on the same text at the beginning is not said twice but repeated."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a server wants a few things said. `without` names fields it has refused."""

    token_limit: str = "max_tokens"  # noqa: S105 - the name of a field
    without: frozenset[str] = frozenset()

    def after(self, failed: Failed, own: Collection[str] = ()) -> Spelling | None:
        """Another spelling for a server that named one of these fields in its refusal, None where that is not it.

        `own` are fields no person has asked for, which may be left out.
        """
        said = f"{failed.message} {dict(failed.details).get('parameter', '')}"
        if failed.kind is not FailureKind.BAD_REQUEST:
            return None
        if "stream_options" in said or "include_usage" in said:
            return replace(self, without=self.without | {"stream_options"})
        refused = {name for name in own if re.search(rf"\b{re.escape(name)}\b", said)}
        if refused - self.without:
            return replace(self, without=self.without | refused)
        if self.token_limit == "max_tokens" and "max_tokens" in said:  # noqa: S105
            return replace(self, token_limit="max_completion_tokens")  # noqa: S106
        if self.token_limit != "max_tokens" and "max_completion_tokens" in said:  # noqa: S105
            return replace(self, token_limit="max_tokens")  # noqa: S106
        return None


def request_body(
    request: Request,
    fields: Mapping[str, Any],
    *,
    instruct: bool = False,
    without: Collection[str] = (),
    recalled: Callable[[str, Thought], Mapping[str, Any]] = lambda *_: {},
) -> dict[str, Any]:
    """The fields of a request. `fields` are sampling parameters and the provider's own, in the server's spelling.

    `instruct` puts the wish for a written-out trace into the system text. `recalled` gives the fields of an answer's message
    that bring its thought back, of the answer's text and that thought.
    """
    messages = instructed(request.messages) if instruct else request.messages
    body: dict[str, Any] = {
        "model": clean(request.model),
        "messages": [
            {
                "role": m.role,
                "content": content_of(m, request.files),
                **(recalled(clean(m.text), m.thought) if m.thought is not None else {}),
            }
            for m in messages
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        **fields,
    }
    return {name: value for name, value in body.items() if name not in without}


def content_of(message: Message, files: Mapping[str, bytes]) -> str | list[JsonObject]:
    """What a message says: its text, or parts where it has images."""
    said = clean(message.text)
    if not message.attachments:
        return said
    text_part = [{"type": "text", "text": said}] if said else []
    images = [{"type": "image_url", "image_url": {"url": data_url(a, files)}} for a in message.attachments]
    return [*text_part, *images]


def details_of(thought: Thought) -> list[Any]:
    """OpenRouter's `reasoning_details` of an answer, unchanged and in order, but for their pieces having been joined."""
    lists = (kept_value(opaque) for opaque in thought.opaque)
    return [detail for found in lists if isinstance(found, list) for detail in found]


class ChatDecoder(ReplyDecoder):
    """Chunks of one reply in, its events out."""

    def __init__(
        self,
        redact: Callable[[str], str],
        *,
        headers: Iterable[tuple[str, str]] = (),
        tags: ThinkSplitter | None = None,
        elicited: bool = False,
        cumulative: bool = False,
    ) -> None:
        """With `cumulative` a piece that begins with all that came before is taken as the whole so far (MiniMax)."""
        super().__init__(redact, headers=headers, tags=tags, elicited=elicited)
        self._said: dict[str, _Said] | None = {} if cumulative else None
        self._untold: list[_Detail] = []
        self._reported = False
        self._named: tuple[Any, ...] | None = None

    def payload(self, payload: JsonObject, name: str) -> list[Event]:  # noqa: ARG002 - chunks have no names
        """What one chunk says."""
        out = self._identity(payload)
        if progress := at(payload.get("prompt_progress")):
            out.append(Progress("prompt", count(progress.get("processed")), count(progress.get("total"))))
        choices = payload.get("choices")
        choice = at(choices[0]) if isinstance(choices, list) and choices else at(None)
        if choice.get("index"):
            choice = at(None)
        # A server that does not stream sends `message` instead; beside or behind deltas it repeats them.
        out += self._delta(at(choice.get("delta")) or at(None if self.text.came else choice.get("message")))
        if any(map(payload.get, _USAGE_NAMES)):
            self._note_usage(payload)
        if failures.is_error(payload):
            out += self.fails(payload)
        if reason := text(choice, "finish_reason"):
            out += self.finishes(reason)
        return out

    def _identity(self, payload: JsonObject) -> list[Event]:
        """What names the reply; each chunk repeats it."""
        named = tuple(map(payload.get, _NAMES))
        if named == self._named:
            return []
        self._named = named
        return self.identity(*(text(payload, name) for name in _NAMES))

    def _delta(self, delta: JsonObject) -> list[Event]:
        out: list[Event] = []
        thought, channel = "", _RAW
        if details := delta.get("reasoning_details"):
            out, shown = self._details(details)
            thought, channel = shown.text, "summary" if shown.summary else "raw"
        for name in _THOUGHTS:
            if found := string(delta.get(name)):
                thought = found
                break
        if thought and (thought := self._new("reasoning", thought)):
            out += self.text.reasoning(thought, 0, channel)
        if content := delta.get("content"):
            for kind, piece in _content(content):
                if kind == "thinking":
                    out += self.text.reasoning(piece)
                else:
                    out += self.text.answer(self._new("answer", piece))
        if refusal := string(delta.get("refusal")):
            out += self.text.refusal(refusal)
        return out

    def _new(self, place: str, piece: str) -> str:
        """What of a piece is new, where pieces may be cumulative."""
        if self._said is None or not piece:
            return piece
        return self._said.setdefault(place, _Said()).new(piece)

    def _details(self, details: Any) -> tuple[list[Event], _Shown]:
        """OpenRouter's list: kinds, signatures and blobs; its text is a copy where a plain field has it too."""
        out: list[Event] = []
        shown = _Shown()
        for entry in details if isinstance(details, list) else []:
            item = at(entry)
            kind = text(item, "type")
            shown.text += string(item.get("summary")) or string(item.get("text"))
            shown.summary |= kind == "reasoning.summary" or text(item, "format").startswith(_SUMMARISED)
            if self._said is not None or not item:
                continue
            if not (self._untold and self._untold[-1].takes(item)):
                self._untold.append(_Detail())
            self._untold[-1].add(item)
            if string(item.get("data")):
                out += self._told("encrypted")
            elif string(item.get("signature")):
                out += self._told("signature")
        return out, shown

    def _told(self, kind: OpaqueKind) -> list[Event]:
        """The details since the last that was worth keeping, this one included: they go back together."""
        details, self._untold = [detail.whole() for detail in self._untold], []
        return self.opaque(kind, details)

    def _note_usage(self, chunk: JsonObject) -> None:
        usage = at(chunk, "usage") or at(chunk, "x_groq", "usage")
        timings = at(chunk, "timings")
        if usage:
            self.used(_usage({**usage, "timings": timings} if timings else usage))
            self._reported = True
        elif timings and not self._reported:
            self.used(_timed_usage(timings))


@dataclass(slots=True)
class _Said:
    """What was said at one place by a server whose pieces are deltas, or the whole so far; the second piece tells which."""

    text: str = ""
    whole: bool | None = None

    def new(self, piece: str) -> str:
        """What a piece adds."""
        before = self.text
        if before and self.whole is not False and piece.startswith(before):
            # The same short piece twice may be two deltas ("ha", "ha"); nobody says a long one twice.
            if len(piece) > len(before) or self.whole or len(before) > _TWICE:
                self.whole, self.text = True, piece
                return piece[len(before) :]
        elif before:
            self.whole = False
        self.text = before + piece
        return piece


@dataclass(slots=True)
class _Detail:
    """One of `reasoning_details`, whose texts come in pieces."""

    fields: dict[str, Any] = field(default_factory=dict)
    pieces: dict[str, list[str]] = field(default_factory=dict)

    def takes(self, item: JsonObject) -> bool:
        """Whether an item goes on with it: of the same kind and place, and neither a blob."""
        same = all(self.fields.get(name) == item.get(name) for name in ("type", "index"))
        return same and "data" not in self.fields and "data" not in item

    def add(self, item: JsonObject) -> None:
        """One more piece; of other fields the last that says something counts."""
        for name, value in item.items():
            if name in ("text", "summary") and isinstance(value, str):
                self.pieces.setdefault(name, []).append(value)
            elif value or name not in self.fields:
                self.fields[name] = value

    def whole(self) -> JsonObject:
        """As it would have come in one piece."""
        return self.fields | {name: "".join(pieces) for name, pieces in self.pieces.items()}


@dataclass(slots=True)
class _Shown:
    """What `reasoning_details` shows: its text, and whether it is a summary."""

    text: str = ""
    summary: bool = False


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
            found.append(("text", string(part) or string(item.get("text"))))
    return found


def _usage(usage: JsonObject) -> Usage:
    """Five numbers of one meaning, from any spelling (protocols.md 2.5). Unknown stays None."""
    prompt, output = count(usage.get("prompt_tokens")), count(usage.get("completion_tokens"))
    total = count(usage.get("total_tokens"))
    reasoning = first_count(
        at(usage, "completion_tokens_details").get("reasoning_tokens"), usage.get("reasoning_tokens")
    )
    if output is not None and reasoning and total == (prompt or 0) + output + reasoning:
        # xAI's chat counts the trace beside the completion, all others within it.
        output += reasoning
    cached = first_count(
        at(usage, "prompt_tokens_details").get("cached_tokens"),
        usage.get("prompt_cache_hit_tokens"),
        usage.get("cached_tokens"),
        usage.get("num_cached_tokens"),
    )
    costs = (number(usage.get("cost")), number(at(usage, "cost").get("total_cost")))
    cost = next((c for c in costs if c is not None), None)
    return raw_usage(Usage(prompt, cached, output, reasoning, cost), usage)


def _timed_usage(timings: JsonObject) -> Usage:
    """Usage from llama.cpp's timings, which come with each chunk: for a reply that is stopped before its usage."""
    read, cached = count(timings.get("prompt_n")), count(timings.get("cache_n"))
    prompt = read + (cached or 0) if read is not None else None
    return raw_usage(Usage(prompt, cached, count(timings.get("predicted_n"))), {"timings": timings})
