"""Moonshot's Kimi (protocols.md 6.17). Its thinking models have fixed sampling and refuse other values."""

from __future__ import annotations

import re
from collections.abc import Collection

from sidelight.backends.base import Model, Request
from sidelight.backends.chat_completions import ChatCompletions
from sidelight.backends.effort import Choice, ignored, level, switch
from sidelight.backends.wire.jsontext import JsonObject, count, text

__all__ = ["Moonshot"]

_LEVELS = re.compile(r"kimi-k[3-9]")
_HYBRID = re.compile(r"kimi-k2\.[5-9](?!-code)")
_ALWAYS = re.compile(r"kimi-k2\.\d+-code|-thinking")


class Moonshot(ChatCompletions):
    """Thinks by default."""

    needs_key = True
    own_traces = True
    token_limit = "max_completion_tokens"  # noqa: S105 - the name of a field

    def effort(self, request: Request) -> Choice:
        """K3 takes levels and always thinks; K2.5 and K2.6 are on or off."""
        effort, model = request.parameters.effort, request.model
        if _LEVELS.search(model):
            return level(effort, ("low", "high", "max"))
        if _ALWAYS.search(model):
            return ignored("always_thinks")
        if _HYBRID.search(model):
            return switch(effort, {"thinking": {"type": "enabled"}}, {"thinking": {"type": "disabled"}})
        return ignored("never_thinks")

    def ignores(self, request: Request) -> Collection[str]:
        """Fixed, but for those that never think."""
        fixed = any(names.search(request.model) for names in (_LEVELS, _HYBRID, _ALWAYS))
        return ("temperature", "top_p") if fixed else ()

    def model(self, item: JsonObject) -> Model:
        """The list says what each can do."""
        reasoning, images = item.get("supports_reasoning"), item.get("supports_image_in")
        return Model(
            text(item, "id"),
            "",
            count(item.get("context_length")),
            reasoning if isinstance(reasoning, bool) else None,
            images if isinstance(images, bool) else None,
        )
