"""Groq (protocols.md 6.13): open models, fast. The trace comes in a field of its own if it is asked for so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sidelight.backends.base import Request
from sidelight.backends.chat_completions import ChatCompletions
from sidelight.backends.effort import Choice, ignored, level

__all__ = ["Groq"]


class Groq(ChatCompletions):
    """A model that does not think refuses the format; it is then left out and remembered."""

    needs_key = True

    def fields(self, request: Request) -> Mapping[str, Any]:
        """gpt-oss has its trace in a field anyway, and refuses the format."""
        return {"reasoning_format": None if "gpt-oss" in request.model else "parsed"}

    def effort(self, request: Request) -> Choice:
        """gpt-oss takes levels and cannot be off; Qwen is off or not."""
        effort = request.parameters.effort
        if "gpt-oss" in request.model:
            return level(effort, ("low", "medium", "high"))
        if "qwen" in request.model:
            word = "none" if effort == "off" else "default"
            return Choice({"reasoning_effort": word}, "sent" if effort == "off" else "clamped")
        return ignored("not_adjustable")
