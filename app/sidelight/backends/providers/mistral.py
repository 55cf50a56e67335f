"""Mistral (protocols.md 6.15): the trace comes as typed parts of the content. It may refuse fields it does not know."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from sidelight.backends.base import Model, Request
from sidelight.backends.chat_completions import ChatCompletions
from sidelight.backends.effort import Choice, ignored, level
from sidelight.backends.wire.jsontext import JsonObject, at, clean, count, text
from sidelight.chat.message import Thought

__all__ = ["Mistral"]

_THINKS = re.compile(r"mistral-(?:small|medium)")


class Mistral(ChatCompletions):
    """Usage comes unasked."""

    needs_key = True
    own_traces = True
    reads_tags = False
    usage_on_request = False
    recalls = "thinking"
    names: ClassVar[Mapping[str, str]] = {**ChatCompletions.names, "seed": "random_seed"}

    def effort(self, request: Request) -> Choice:
        """Its hybrids think or do not; Magistral always does."""
        if "magistral" in request.model:
            return ignored("always_thinks")
        if not _THINKS.search(request.model):
            return ignored("never_thinks")
        return level(request.parameters.effort, ("none", "high"))

    def recalled(self, answer: str, thought: Thought) -> Mapping[str, Any]:
        """As a part of the content, in front of the answer."""
        if not thought.text:
            return {}
        thinking = {"type": "thinking", "thinking": [{"type": "text", "text": clean(thought.text)}]}
        return {"content": [thinking, {"type": "text", "text": answer}]}

    def model(self, item: JsonObject) -> Model:
        """Only those that chat."""
        able = at(item, "capabilities")
        if able.get("completion_chat") is False:
            return Model("")
        reasoning, vision = able.get("reasoning"), able.get("vision")
        return Model(
            text(item, "id"),
            text(item, "name"),
            count(item.get("max_context_length")),
            reasoning if isinstance(reasoning, bool) else None,
            vision if isinstance(vision, bool) else None,
        )
