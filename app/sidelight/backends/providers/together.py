"""Together (protocols.md 6.21): open models of many makers; the trace comes in either field or inline."""

from __future__ import annotations

import re

from sidelight.backends.base import Request
from sidelight.backends.chat_completions import ChatCompletions
from sidelight.backends.effort import Choice, ignored, level, switch

__all__ = ["Together"]

_ALWAYS = re.compile(r"deepseek-r1|-thinking|qwq|minimax-m[12]", re.IGNORECASE)
_HYBRID = re.compile(r"deepseek|qwen3|glm|kimi|minimax|nemotron", re.IGNORECASE)


class Together(ChatCompletions):
    """Its list of models is a bare array."""

    needs_key = True

    def effort(self, request: Request) -> Choice:
        """gpt-oss takes levels, hybrids are on or off."""
        effort, model = request.parameters.effort, request.model
        if "gpt-oss" in model.lower():
            return level(effort, ("low", "medium", "high"))
        if _ALWAYS.search(model):
            return ignored("always_thinks")
        if _HYBRID.search(model):
            return switch(effort, {"reasoning": {"enabled": True}}, {"reasoning": {"enabled": False}})
        return ignored("unknown_model")
