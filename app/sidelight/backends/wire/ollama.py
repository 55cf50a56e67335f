"""Ollama's own chat dialect: a request to JSON, lines to chat events (protocols.md 6.7). No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sidelight.backends.base import Request
from sidelight.backends.wire import failures
from sidelight.backends.wire.body import base64_of, instructed
from sidelight.backends.wire.decoder import ReplyDecoder, raw_usage, string
from sidelight.backends.wire.jsontext import JsonObject, at, clean, count, text
from sidelight.chat.events import Event, FinishReason, Usage
from sidelight.chat.message import Message

__all__ = ["OllamaDecoder", "request_body"]


def request_body(
    request: Request, fields: Mapping[str, Any], options: Mapping[str, Any], *, instruct: bool = False
) -> dict[str, Any]:
    """The fields of a request; sampling goes into `options`."""
    messages = instructed(request.messages) if instruct else request.messages
    return {
        "model": clean(request.model),
        "messages": [_message(m, request.files) for m in messages],
        "stream": True,
        **fields,
        "options": dict(options) or None,
    }


def _message(message: Message, files: Mapping[str, bytes]) -> dict[str, Any]:
    """A message in this dialect. Thoughts stay out: the templates of its models drop them."""
    images = [base64_of(image, files) for image in message.attachments]
    return {"role": message.role, "content": clean(message.text)} | ({"images": images} if images else {})


class OllamaDecoder(ReplyDecoder):
    """Lines of one reply in, chat events out."""

    def payload(self, payload: JsonObject, name: str) -> list[Event]:  # noqa: ARG002 - lines have no names
        """What one line says. A model of the cloud names the host that runs it."""
        out = self.identity(
            model=text(payload, "remote_model", "model"), provider=text(payload, "remote_host")
        )
        message = at(payload, "message")
        out += self.text.reasoning(string(message.get("thinking")))
        out += self.text.answer(string(message.get("content")))
        if failures.is_error(payload):
            out += self.fails(payload)
        if payload.get("done") is True:
            self.used(_usage(payload))
            reason = text(payload, "done_reason")
            out += self.finishes(reason, None if reason else FinishReason.STOP)
            out += self._held_usage()
            self.done = True
        return out


def _usage(line: JsonObject) -> Usage:
    """What the last line counts; the trace is not counted apart."""
    kept = {k: v for k, v in line.items() if k.endswith(("_count", "_duration"))}
    return raw_usage(
        Usage(count(line.get("prompt_eval_count")), output_total=count(line.get("eval_count"))), kept
    )
