"""Fireworks (protocols.md 6.22): open models; the trace comes in a field of its own or inline."""

from __future__ import annotations

from sidelight.backends.base import Model, Request
from sidelight.backends.chat_completions import ChatCompletions
from sidelight.backends.effort import Choice, level
from sidelight.backends.wire.jsontext import JsonObject, count, text

__all__ = ["Fireworks"]


class Fireworks(ChatCompletions):
    """Ids are paths: accounts/fireworks/models/..."""

    needs_key = True

    def effort(self, request: Request) -> Choice:
        """Four levels; gpt-oss cannot be off."""
        levels = ("low", "medium", "high")
        return level(request.parameters.effort, levels if "gpt-oss" in request.model else ("none", *levels))

    def model(self, item: JsonObject) -> Model:
        """Only those that chat."""
        if item.get("supports_chat") is False:
            return Model("")
        images = item.get("supports_image_input")
        return Model(
            text(item, "id"),
            "",
            count(item.get("context_length")),
            images=images if isinstance(images, bool) else None,
        )
