"""DeepSeek's own API (protocols.md 6.4). Its reasoning is the model's own, in a field of its own."""

from __future__ import annotations

from collections.abc import Collection

from sidelight.backends.base import Request
from sidelight.backends.chat_completions import ChatCompletions
from sidelight.backends.effort import Choice, level

__all__ = ["DeepSeek"]

_LEVELS = ("low", "high", "max")
"""It knows three levels and maps the others itself, not always the same way; so we say which."""


class DeepSeek(ChatCompletions):
    """Thinks by default; earlier answers are sent back without their traces, which it would ignore."""

    needs_key = True
    version = ""
    own_traces = True
    reads_tags = False

    def effort(self, request: Request) -> Choice:
        """`thinking` on or off, and how hard."""
        if request.parameters.effort == "off":
            return Choice({"thinking": {"type": "disabled"}})
        choice = level(request.parameters.effort, _LEVELS)
        return Choice({"thinking": {"type": "enabled"}, **choice.fields}, choice.outcome)

    def ignores(self, request: Request) -> Collection[str]:
        """While it thinks it takes sampling parameters and does not use them."""
        effort = request.parameters.effort
        quiet = effort == "off" or (effort == "default" and request.model == "deepseek-chat")
        return () if quiet else ("temperature", "top_p")
