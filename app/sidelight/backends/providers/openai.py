"""OpenAI (protocols.md 6.1 and 6.2)."""

from __future__ import annotations

from sidelight.backends.responses_or_chat import ResponsesOrChat

__all__ = ["OpenAI"]


class OpenAI(ResponsesOrChat):
    """The dialects are its own."""

    needs_key = True
