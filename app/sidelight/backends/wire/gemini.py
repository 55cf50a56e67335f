"""Google's generateContent dialect: a request to JSON, response objects to chat events (protocols.md 6.6). No I/O.

There is no end mark: the finish reason stands on the last object and the socket closes. The events of the newer
Interactions API are read as well, where a proxy sends them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sidelight.backends.base import Request
from sidelight.backends.wire import failures
from sidelight.backends.wire.body import base64_of, history, instructed, kept_value
from sidelight.backends.wire.decoder import ReplyDecoder, first_count, raw_usage, string
from sidelight.backends.wire.jsontext import JsonObject, at, clean, count, text
from sidelight.backends.wire.think_tags import ThinkSplitter
from sidelight.chat.events import Event, FinishReason, Usage
from sidelight.chat.message import Message, Thought

__all__ = ["GeminiDecoder", "recalled", "request_body"]


def request_body(request: Request, config: Mapping[str, Any], *, instruct: bool = False) -> dict[str, Any]:
    """The fields of a request; `config` is its `generationConfig`. The model stands in the address."""
    system, turns = history(instructed(request.messages) if instruct else request.messages)
    return {
        "contents": [
            {"role": "model" if m.role == "assistant" else "user", "parts": _parts_of(m, request.files)}
            for m in turns
        ],
        "systemInstruction": {"parts": [{"text": system}]} if system else None,
        "generationConfig": dict(config) or None,
    }


def _parts_of(message: Message, files: Mapping[str, bytes]) -> list[JsonObject]:
    """What a message says, in this dialect's parts. A signature goes back on the very part it came with."""
    said, told = clean(message.text), 0
    parts: list[JsonObject] = []
    for image in message.attachments:
        data = {"mimeType": image.media_type, "data": base64_of(image, files)}
        parts.append({"inlineData": data})
    for part, start in recalled(message.thought) if message.thought is not None else ():
        piece = "" if part.get("thought") is True else string(part.get("text"))
        if start < told or said[start : start + len(piece)] != piece:
            continue  # The answer was read by another tag rule, so that this part is not in it as it came.
        parts += [{"text": said[told:start]}] if start > told else []
        parts.append(part)
        told = start + len(piece)
    if told < len(said) or not parts:
        parts.append({"text": said[told:]})
    return parts


def recalled(thought: Thought) -> list[tuple[JsonObject, int]]:
    """The signed parts of an answer as they came, each with the number of characters of the answer before it."""
    found = (at(kept_value(opaque)) for opaque in thought.opaque)
    pairs = ((at(value, "part"), count(value.get("after"))) for value in found)
    return [(part, after) for part, after in pairs if part and after is not None]


class GeminiDecoder(ReplyDecoder):
    """Response objects of one reply in, chat events out."""

    def __init__(
        self,
        redact: Callable[[str], str],
        *,
        headers: Iterable[tuple[str, str]] = (),
        tags: ThinkSplitter | None = None,
        elicited: bool = False,
    ) -> None:
        """As any decoder."""
        super().__init__(redact, headers=headers, tags=tags, elicited=elicited)
        self._answered = 0

    def payload(self, payload: JsonObject, name: str) -> list[Event]:  # noqa: ARG002 - they have no names
        """What one object says."""
        if step := text(payload, "event_type"):
            return self._interaction(step, payload)
        out = self.identity(text(payload, "responseId"), text(payload, "modelVersion"))
        candidates = payload.get("candidates")
        candidate = at(candidates[0]) if isinstance(candidates, list) and candidates else at(None)
        parts = at(candidate, "content").get("parts")
        for part in parts if isinstance(parts, list) else []:
            out += self._part(at(part))
        if usage := at(payload, "usageMetadata"):
            self.used(_usage(usage))
        if failures.is_error(payload):
            out += self.fails(payload)
        if reason := text(candidate, "finishReason"):
            out += self.finishes(reason)
        elif blocked := text(at(payload, "promptFeedback"), "blockReason"):
            out += self.finishes(blocked, FinishReason.CONTENT_FILTER)
        return out

    def _part(self, part: JsonObject) -> list[Event]:
        """A piece of thought or answer; a signature may come on either, or on an empty part of its own."""
        piece, thought = string(part.get("text")), part.get("thought") is True
        out = self.text.reasoning(piece) if thought else self.text.answer(piece)
        if string(part.get("thoughtSignature")):
            out += self.opaque("signature", {"part": part, "after": self._answered})
        self._answered += 0 if thought else len(piece)
        return out

    def _interaction(self, step: str, payload: JsonObject) -> list[Event]:
        interaction, delta = at(payload, "interaction"), at(payload, "delta")
        out = self.identity(text(interaction, "id"), text(interaction, "model"))
        kind = text(delta, "type")
        piece = string(delta.get("text")) or string(at(delta, "content").get("text"))
        if kind == "text":
            out += self.text.answer(piece)
        elif kind.startswith("thought"):
            out += self.text.reasoning(piece, 0, "summary")
            out += self.opaque("signature", delta) if string(delta.get("signature")) else []
        if usage := at(interaction, "usage"):
            self.used(_interaction_usage(usage))
        if failures.is_error(payload):
            out += self.fails(payload)
        if step in ("interaction.completed", "interaction.complete"):
            out += self.finishes(text(interaction, "status") or "completed")
        return out


def _usage(usage: JsonObject) -> Usage:
    """Five numbers of one meaning: thoughts are counted beside the candidates, tool prompts beside the prompt."""
    return raw_usage(
        Usage(
            _sum(usage.get("promptTokenCount"), usage.get("toolUsePromptTokenCount")),
            count(usage.get("cachedContentTokenCount")),
            _sum(usage.get("candidatesTokenCount"), usage.get("thoughtsTokenCount")),
            count(usage.get("thoughtsTokenCount")),
        ),
        usage,
    )


def _interaction_usage(usage: JsonObject) -> Usage:
    return raw_usage(
        Usage(
            _sum(usage.get("total_input_tokens"), usage.get("total_tool_use_tokens")),
            count(usage.get("total_cached_tokens")),
            _sum(usage.get("total_output_tokens"), usage.get("total_thought_tokens")),
            first_count(usage.get("total_thought_tokens"), usage.get("total_reasoning_tokens")),
        ),
        usage,
    )


def _sum(*values: Any) -> int | None:
    """The sum of the counts that are there, None where none is."""
    found = [number for value in values if (number := count(value)) is not None]
    return sum(found) if found else None
