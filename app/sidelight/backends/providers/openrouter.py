"""OpenRouter (protocols.md 6.12): many makers behind one address. It translates effort for each, and says who really served."""

from __future__ import annotations

from sidelight.backends.base import Model, Request
from sidelight.backends.chat_completions import ChatCompletions
from sidelight.backends.effort import Choice, level
from sidelight.backends.wire.jsontext import JsonObject, at, count, text

__all__ = ["OpenRouter"]

_LEVELS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")


class OpenRouter(ChatCompletions):
    """What a trace is called depends on who made the model: a summary comes in the same field as the model's own words."""

    needs_key = True

    def effort(self, request: Request) -> Choice:
        """One scale for all, translated there."""
        choice = level(request.parameters.effort, _LEVELS, "effort")
        return Choice({"reasoning": choice.fields}, choice.outcome)

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
