"""Cerebras (protocols.md 6.20): open models, fast. Left to itself it runs trace and answer together for some models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sidelight.backends.base import Request
from sidelight.backends.chat_completions import ChatCompletions
from sidelight.backends.effort import Choice, level

__all__ = ["Cerebras"]


class Cerebras(ChatCompletions):
    """A model that does not think refuses the format; it is then left out and remembered."""

    needs_key = True
    token_limit = "max_completion_tokens"  # noqa: S105 - the name of a field

    def fields(self, request: Request) -> Mapping[str, Any]:  # noqa: ARG002 - the same for all
        """The trace in a field of its own."""
        return {"reasoning_format": "parsed"}

    def effort(self, request: Request) -> Choice:
        """gpt-oss cannot be off."""
        levels = ("low", "medium", "high")
        return level(request.parameters.effort, levels if "gpt-oss" in request.model else ("none", *levels))
