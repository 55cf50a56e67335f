"""OpenRouter (protocols.md 6.12): many makers behind one address. It translates effort for each, and says who really served."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sidelight.backends.base import Model, Request
from sidelight.backends.chat_completions import ChatCompletions
from sidelight.backends.effort import Choice, level
from sidelight.backends.wire.jsontext import JsonObject, at, count, text
from sidelight.backends.wire.openai_chat import details_of
from sidelight.chat.message import Thought

__all__ = ["OpenRouter"]

_LEVELS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")


class OpenRouter(ChatCompletions):
    """What a trace is called depends on who made the model: a summary comes in the same field as the model's own words."""

    needs_key = True
    recalls = "reasoning_details"

    def effort(self, request: Request) -> Choice:
        """One scale for all, or a number of tokens, translated there."""
        if request.parameters.thinking_tokens:
            return Choice({"reasoning": {"max_tokens": request.parameters.thinking_tokens}})
        choice = level(request.parameters.effort, _LEVELS, "effort")
        return Choice({"reasoning": choice.fields}, choice.outcome)

    def recalled(self, answer: str, thought: Thought) -> Mapping[str, Any]:  # noqa: ARG002 - it stands beside the answer
        """Where a maker has signed or encrypted it; of open models the answer is enough."""
        details = details_of(thought)
        return {"reasoning_details": details} if details else {}

    def model(self, item: JsonObject) -> Model:
        """The list says what each can do."""
        known, inputs = item.get("supported_parameters"), at(item, "architecture").get("input_modalities")
        return Model(
            text(item, "id"),
            text(item, "name"),
            count(item.get("context_length")),
            "reasoning" in known if isinstance(known, list) else None,
            "image" in inputs if isinstance(inputs, list) else None,
        )
