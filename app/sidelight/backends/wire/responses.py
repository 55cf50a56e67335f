"""OpenAI's Responses dialect, and its copies at xAI, DeepSeek, OpenRouter, LM Studio and vLLM (protocols.md 6.1). No I/O.

An event is told by the `type` in its JSON; copies leave out the event name, `output_index` or the deltas.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from sidelight.backends.base import Request
from sidelight.backends.wire.body import data_url, history, instructed, kept_value
from sidelight.backends.wire.decoder import ReplyDecoder, raw_usage, string
from sidelight.backends.wire.jsontext import JsonObject, at, clean, count, number, text
from sidelight.backends.wire.think_tags import ThinkSplitter
from sidelight.chat.events import Event, FinishReason, Phase, Usage
from sidelight.chat.message import Message, Thought

__all__ = ["ResponsesDecoder", "recalled", "request_body"]

_PHASES: Mapping[str, Phase] = {"commentary": "commentary", "final_answer": "final"}


def request_body(
    request: Request,
    fields: Mapping[str, Any],
    *,
    instruct: bool = False,
    system_item: bool = False,
    without: Collection[str] = (),
) -> dict[str, Any]:
    """The fields of a request. `without` may name "include" and "reasoning.summary".

    With `system_item` the system text is the first item of the input: not every copy knows `instructions`.
    """
    messages = instructed(request.messages) if instruct else request.messages
    system, turns = history(messages)
    items = [item for m in turns for item in _items(m, request.files)]
    if system and system_item:
        items.insert(0, {"role": "system", "content": [{"type": "input_text", "text": system}]})
    body: dict[str, Any] = {
        "model": clean(request.model),
        "input": items,
        "instructions": system if system and not system_item else None,
        "stream": True,
        "store": False,
        **fields,
    }
    if "reasoning.summary" in without and "reasoning" in body:
        body["reasoning"] = {k: v for k, v in at(body, "reasoning").items() if k != "summary"} or None
    return {name: value for name, value in body.items() if name not in without}


def _items(message: Message, files: Mapping[str, bytes]) -> list[JsonObject]:
    """A message in this dialect's items: an answer behind what it was thought with, which without it is refused."""
    kind = "output_text" if message.role == "assistant" else "input_text"
    content = [{"type": kind, "text": clean(message.text)}] if message.text or not message.attachments else []
    content += [{"type": "input_image", "image_url": data_url(a, files)} for a in message.attachments]
    thought = recalled(message.thought) if message.thought is not None else []
    return [*thought, {"role": message.role, "content": content}]


def recalled(thought: Thought) -> list[JsonObject]:
    """The reasoning items of an answer, as they came."""
    items = (at(kept_value(opaque)) for opaque in thought.opaque)
    return [item for item in items if item.get("type") == "reasoning"]


class ResponsesDecoder(ReplyDecoder):
    """Events of one response in, chat events out. Text comes from the deltas; what repeats it is read where none came."""

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
        self._parts: dict[tuple[str, str], int] = {}
        self._phases: dict[str, Phase | None] = {}
        self._items = 0
        self._streamed: set[str] = set()

    def payload(self, payload: JsonObject, name: str) -> list[Event]:
        """What one event says."""
        kind = text(payload, "type") or name
        response = at(payload, "response")
        if text(payload, "object") == "response":
            # A server that does not stream.
            response, kind = payload, f"response.{text(payload, 'status')}"
        out = self.identity(text(response, "id"), text(response, "model"))
        match kind.removeprefix("response."):
            case "output_item.added":
                self._items += 1
                self._phases[self._item_of(payload)] = _PHASES.get(text(at(payload, "item"), "phase"))
            case "output_item.done":
                out += self._item_done(at(payload, "item"))
            case "completed":
                out += self._ends(response, "completed")
            case "incomplete":
                reason = text(at(response, "incomplete_details"), "reason")
                out += self._ends(response, f"incomplete/{reason}" if reason else "incomplete")
            case "failed":
                out += self.fails(response)
                out += self._ends(response, "failed", FinishReason.ERROR)
            case "cancelled":
                out += self._ends(response, "cancelled")
            case "error":
                out += self.fails(payload)
            case step:
                out += self._text(step, payload)
        return out

    def _text(self, step: str, payload: JsonObject) -> list[Event]:
        """A delta, or the `done` that repeats its deltas and stands in for them where there were none."""
        what, _, stage = step.rpartition(".")
        if stage not in ("delta", "done"):
            return []
        item = self._item_of(payload)
        index = count(payload.get("summary_index")) or count(payload.get("content_index")) or 0
        place = (what, f"{item}/{index}")
        if stage == "done" and (what in self._streamed or place in self._parts):
            return []
        piece = string(payload.get("delta")) if stage == "delta" else string(payload.get("text"))
        piece = piece or (string(payload.get("refusal")) if stage == "done" else "")
        if not piece:
            return []
        part = self._part(what, place)
        if stage == "delta":
            self._streamed.add(what)
        if what.startswith("reasoning"):
            return self.text.reasoning(piece, part, "summary" if "summary" in what else "raw")
        if what == "output_text":
            return self.text.answer(piece, part, self._phases.get(item))
        return self.text.refusal(piece) if what == "refusal" else []

    def _part(self, what: str, place: tuple[str, str]) -> int:
        """Parts are counted in the order in which they come, for each kind of text."""
        if place not in self._parts:
            self._parts[place] = sum(1 for known, _ in self._parts if known == what)
        return self._parts[place]

    def _item_of(self, payload: JsonObject) -> str:
        """Which item an event belongs to: by its index, else by its name, else the one added last."""
        index = count(payload.get("output_index"))
        if index is not None:
            return str(index)
        return text(payload, "item_id") or text(at(payload, "item"), "id") or f"last {self._items}"

    def _item_done(self, item: JsonObject) -> list[Event]:
        """A reasoning item is kept whole for replay; the copy in `added` is incomplete."""
        if item.get("type") == "reasoning" and string(item.get("encrypted_content")):
            return self.opaque("encrypted", item)
        return []

    def _ends(self, response: JsonObject, on_wire: str, reason: FinishReason | None = None) -> list[Event]:
        out = [] if self.text.came else self._whole(response)
        if usage := at(response, "usage"):
            self.used(_usage(usage))
        out += self.finishes(on_wire, reason)
        self.done = True
        return [*out, *self._held_usage()]

    def _whole(self, response: JsonObject) -> list[Event]:
        """The text of a response whose deltas never came."""
        out: list[Event] = []
        items = response.get("output")
        for index, entry in enumerate(items if isinstance(items, list) else []):
            item = at(entry)
            self._phases[str(index)] = _PHASES.get(text(item, "phase"))
            for name, step in (("summary", "reasoning_summary_text"), ("content", "")):
                parts = item.get(name)
                for part, content in enumerate(parts if isinstance(parts, list) else []):
                    at_part = {**at(content), "output_index": index, "content_index": part}
                    out += self._text(f"{step or text(at_part, 'type')}.done", at_part)
            out += self._item_done(item)
        return out


def _usage(usage: JsonObject) -> Usage:
    """Five numbers of one meaning. The trace is part of the output here, at xAI as well."""
    return raw_usage(
        Usage(
            count(usage.get("input_tokens")),
            count(at(usage, "input_tokens_details").get("cached_tokens")),
            count(usage.get("output_tokens")),
            count(at(usage, "output_tokens_details").get("reasoning_tokens")),
            number(usage.get("cost")),
        ),
        usage,
    )
