"""Z.ai's GLM (protocols.md 6.18). Its address has no /v1."""

from __future__ import annotations

import re

from sidelight.backends.base import Request
from sidelight.backends.chat_completions import ChatCompletions
from sidelight.backends.effort import Choice, level, switch

__all__ = ["ZAI"]

_LEVELS = ("low", "high", "max")
_ALWAYS = re.compile(r"glm-(?:5\.[3-9]|[6-9])")
_GRADED = re.compile(r"glm-5\.2")


class ZAI(ChatCompletions):
    """Thinks by default and forgets earlier traces by default."""

    needs_key = True
    version = "/api/paas/v4"
    own_traces = True

    def effort(self, request: Request) -> Choice:
        """The newest always think and take levels, 5.2 takes both, those before are on or off."""
        effort, model = request.parameters.effort, request.model.lower()
        if _ALWAYS.search(model):
            return level(effort, _LEVELS)
        on, off = {"thinking": {"type": "enabled"}}, {"thinking": {"type": "disabled"}}
        if effort != "off" and _GRADED.search(model):
            choice = level(effort, _LEVELS)
            return Choice({**on, **choice.fields}, choice.outcome)
        return switch(effort, on, off)
