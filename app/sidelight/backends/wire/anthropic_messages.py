"""Anthropic's Messages dialect: a request to JSON, typed events to chat events (protocols.md 6.5). No I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sidelight.backends.base import Request
from sidelight.backends.wire.body import base64_of, history, instructed, kept_value
from sidelight.backends.wire.decoder import ReplyDecoder, raw_usage, string
from sidelight.backends.wire.jsontext import JsonObject, at, clean, count, text
from sidelight.backends.wire.think_tags import ThinkSplitter
from sidelight.chat.events import Event, FinishReason, Usage
from sidelight.chat.message import Message, Thought

__all__ = ["MessagesDecoder", "recalled", "request_body"]


def request_body(request: Request, fields: Mapping[str, Any], *, instruct: bool = False) -> dict[str, Any]:
    """The fields of a request; among `fields` must be `max_tokens`, which counts the thinking.

    Answers bring their thinking blocks, unchanged; newer models want all that stood before a block unchanged, too.
    """
    system, turns = history(instructed(request.messages) if instruct else request.messages)
    return {
        "model": clean(request.model),
        "system": system or None,
        "messages": [{"role": m.role, "content": _content_of(m, request.files)} for m in turns],
        "stream": True,
        **fields,
    }


def _content_of(message: Message, files: Mapping[str, bytes]) -> list[JsonObject]:
    """What a message says, in this dialect's blocks: thoughts and images stand before the text."""
    blocks = recalled(message.thought) if message.thought is not None else []
    for image in message.attachments:
        source = {"type": "base64", "media_type": image.media_type, "data": base64_of(image, files)}
        blocks.append({"type": "image", "source": source})
    if message.text or not blocks:
        blocks.append({"type": "text", "text": clean(message.text)})
    return blocks


def recalled(thought: Thought) -> list[JsonObject]:
    """The thinking blocks of an answer, as they came; those without a signature were never kept."""
    blocks = (at(kept_value(opaque)) for opaque in thought.opaque)
    return [block for block in blocks if block.get("type") in ("thinking", "redacted_thinking")]


class MessagesDecoder(ReplyDecoder):
    """Events of one message in, chat events out. Blocks of a kind are numbered in the order in which they come."""

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
        self._parts: dict[tuple[str, int], int] = {}
        self._thinking: dict[int, dict[str, str]] = {}
        self._counted: dict[str, Any] = {}

    def payload(self, payload: JsonObject, name: str) -> list[Event]:
        """What one event says; unknown events and unknown blocks say nothing."""
        index = count(payload.get("index")) or 0
        match text(payload, "type") or name:
            case "message_start":
                return self._message(at(payload, "message"))
            case "message":
                # A server that does not stream.
                return self._message(payload) + self._stops(payload)
            case "content_block_start":
                return self._block(index, at(payload, "content_block"))
            case "content_block_delta":
                return self._delta(index, at(payload, "delta"))
            case "content_block_stop":
                return self._signed(index)
            case "message_delta":
                self._count(at(payload, "usage"))
                return self._stops(at(payload, "delta"))
            case "message_stop":
                out = [] if self.finished else self.finishes("message_stop")
                self.done = True
                return out
            case "error":
                return self.fails(payload)
            case _:
                return []

    def _message(self, message: JsonObject) -> list[Event]:
        out = self.identity(text(message, "id"), text(message, "model"))
        usage = dict(at(message, "usage"))
        if not text(message, "stop_reason"):
            # Nothing has been written yet; what stands here for the output is a mere placeholder.
            usage.pop("output_tokens", None)
        self._count(usage)
        content = message.get("content")
        for index, block in enumerate(content if isinstance(content, list) else []):
            out += self._block(index, at(block)) + self._signed(index)
        # Said now, since a reply that is stopped brings no other.
        return out + self._held_usage()

    def _block(self, index: int, block: JsonObject) -> list[Event]:
        """The beginning of a block, which may have text and signature already, and of a redacted one has everything."""
        if block.get("type") == "redacted_thinking":
            return self.opaque("redacted", block)
        return self._delta(index, block)

    def _delta(self, index: int, delta: JsonObject) -> list[Event]:
        if signature := string(delta.get("signature")):
            self._thinking.setdefault(index, {}).setdefault("signature", "")
            self._thinking[index]["signature"] += signature
        if thought := string(delta.get("thinking")):
            block = self._thinking.setdefault(index, {})
            block["thinking"] = block.get("thinking", "") + thought
            return self.text.reasoning(thought, self._part("thinking", index))
        if delta.get("type") in ("text", "text_delta"):
            return self.text.answer(string(delta.get("text")), self._part("text", index))
        return []

    def _signed(self, index: int) -> list[Event]:
        """At the end of a thinking block: the block as it would have to be sent back."""
        block = self._thinking.pop(index, {})
        if "signature" not in block:
            return []
        return self.opaque("signature", {"type": "thinking", "thinking": "", **block})

    def _stops(self, delta: JsonObject) -> list[Event]:
        """The finish mark; of a refusal with its category."""
        reason, category = text(delta, "stop_reason"), text(at(delta, "stop_details"), "category")
        if reason == "refusal" and category:
            return self.finishes(f"{reason}/{category}", FinishReason.REFUSAL)
        return self.finishes(reason) if reason else []

    def _part(self, kind: str, index: int) -> int:
        place = (kind, index)
        if place not in self._parts:
            self._parts[place] = sum(1 for known, _ in self._parts if known == kind)
        return self._parts[place]

    def _count(self, usage: JsonObject) -> None:
        """Cumulative; a field that comes again replaces the one before."""
        self._counted.update({name: value for name, value in usage.items() if value is not None})
        if usage:
            self.used(_usage(self._counted))


def _usage(usage: JsonObject) -> Usage:
    """Five numbers of one meaning: all input is what was new, what was read from the cache and what was written to it."""
    cached = count(usage.get("cache_read_input_tokens"))
    new = count(usage.get("input_tokens"))
    written = count(usage.get("cache_creation_input_tokens"))
    return raw_usage(
        Usage(
            None if new is None else new + (cached or 0) + (written or 0),
            cached,
            count(usage.get("output_tokens")),
            count(at(usage, "output_tokens_details").get("thinking_tokens")),
        ),
        usage,
    )
