"""Qwen at Alibaba's DashScope (protocols.md 6.16), in Singapore; a key belongs to one region, others are for a setting."""

from __future__ import annotations

import re

from sidelight.backends.base import Request
from sidelight.backends.chat_completions import ChatCompletions
from sidelight.backends.effort import Choice, budget, ignored

__all__ = ["DashScope"]

_ALWAYS = re.compile(r"-thinking|qwq|qvq")


class DashScope(ChatCompletions):
    """Commercial hybrids do not think unless told to, the open ones do."""

    needs_key = True
    own_traces = True

    def effort(self, request: Request) -> Choice:
        """On or off, and a budget of tokens; the most is the model's own."""
        effort = request.parameters.effort
        if effort == "off":
            return (
                ignored("always_thinks")
                if _ALWAYS.search(request.model)
                else Choice({"enable_thinking": False})
            )
        asked = request.parameters
        most = effort == "max" and asked.thinking_tokens is None
        limit = {} if most else {"thinking_budget": budget(asked)}
        return Choice({"enable_thinking": True, **limit})
