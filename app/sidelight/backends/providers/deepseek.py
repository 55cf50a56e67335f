"""DeepSeek's own API (protocols.md 6.4). Its reasoning is the model's own, in a field of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sidelight.backends.base import Request
from sidelight.backends.chat_completions import ChatCompletions
from sidelight.backends.wire.think_tags import ThinkSplitter
from sidelight.chat.reply import Certainty, TraceClaim, TraceKind

__all__ = ["DeepSeek"]

_EFFORTS = {"low": "low", "medium": "high", "high": "high", "max": "max"}
"""It knows three levels and maps the others itself, not always the same way; so we say which."""


class DeepSeek(ChatCompletions):
    """Thinks by default; earlier answers are sent back without their traces, which it would ignore."""

    needs_key = True
    version = ""

    def claim(self, request: Request) -> TraceClaim:
        """Open weights: full on their maker's own host, unless the request asked for the trace."""
        if request.parameters.elicited:
            return super().claim(request)
        return TraceClaim(TraceKind.FULL, Certainty.BY_FAMILY)

    def fields(self, request: Request) -> Mapping[str, Any]:
        """`thinking` on or off, and how hard; nothing for the default."""
        effort = request.parameters.effort
        if effort == "default":
            return {}
        if effort == "off":
            return {"thinking": {"type": "disabled"}}
        return {"thinking": {"type": "enabled"}, "reasoning_effort": _EFFORTS[effort]}

    def tags(self, request: Request) -> ThinkSplitter | None:
        """Reasoning never comes inside the answer here, but for the trace a request has asked for."""
        return ThinkSplitter() if request.parameters.elicited else None
