"""SGLang (protocols.md 6.11): a server of the person's own. Without a reasoning parser it leaves the tags in the answer."""

from __future__ import annotations

from sidelight.backends.base import Request
from sidelight.backends.chat_completions import ChatCompletions
from sidelight.backends.effort import Choice, by_template

__all__ = ["SGLang"]


class SGLang(ChatCompletions):
    """Splits the trace off by default where it was started with a parser."""

    def effort(self, request: Request) -> Choice:
        """By the chat template."""
        return by_template(request.parameters.effort, request.model)
