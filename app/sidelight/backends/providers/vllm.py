"""vLLM (protocols.md 6.10): a server of the person's own. Without a reasoning parser it leaves the tags in the answer."""

from __future__ import annotations

from sidelight.backends.base import Request
from sidelight.backends.chat_completions import ChatCompletions
from sidelight.backends.effort import Choice, by_template

__all__ = ["VLLM"]


class VLLM(ChatCompletions):
    """Its list of models says how much context each has."""

    def effort(self, request: Request) -> Choice:
        """By the chat template."""
        return by_template(request.parameters.effort, request.model)
