"""Cohere's v2 chat dialect: a request to JSON, typed events to chat events (protocols.md 6.24). No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sidelight.backends.base import Request
from sidelight.backends.wire.body import instructed
from sidelight.backends.wire.decoder import ReplyDecoder, raw_usage, string
from sidelight.backends.wire.jsontext import JsonObject, at, clean, count, text
from sidelight.backends.wire.openai_chat import content_of
from sidelight.chat.events import Event, Usage

__all__ = ["CohereDecoder", "request_body"]


def request_body(request: Request, fields: Mapping[str, Any], *, instruct: bool = False) -> dict[str, Any]:
    """The fields of a request. Its images are spelled as OpenAI's."""
    messages = instructed(request.messages) if instruct else request.messages
    return {
        "model": clean(request.model),
        "messages": [{"role": m.role, "content": content_of(m, request.files)} for m in messages],
        "stream": True,
        **fields,
    }


class CohereDecoder(ReplyDecoder):
    """Events of one message in, chat events out. The stream does not say which model serves."""

    def payload(self, payload: JsonObject, name: str) -> list[Event]:
        """What one event says."""
        delta = at(payload, "delta")
        match text(payload, "type") or name:
            case "message-start":
                return self.identity(text(payload, "id"))
            case "content-start" | "content-delta":
                content = at(delta, "message", "content")
                out = self.text.reasoning(string(content.get("thinking")))
                return out + self.text.answer(string(content.get("text")))
            case "message-end":
                if usage := at(delta, "usage"):
                    self.used(_usage(usage))
                out = self.finishes(text(delta, "finish_reason") or "message-end")
                self.done = True
                return [*out, *self._held_usage()]
            case _:
                return self.fails(payload) if payload.get("error") or name == "error" else []


def _usage(usage: JsonObject) -> Usage:
    """The tokens that were read and written; those that are billed are fewer."""
    tokens = at(usage, "tokens")
    return raw_usage(
        Usage(
            count(tokens.get("input_tokens")),
            count(usage.get("cached_tokens")),
            count(tokens.get("output_tokens")),
        ),
        usage,
    )
