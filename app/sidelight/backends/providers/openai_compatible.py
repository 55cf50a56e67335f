"""Any server that speaks chat-completions and of which nothing else is known. It is sent as little as possible."""

from __future__ import annotations

from sidelight.backends.chat_completions import ChatCompletions

__all__ = ["OpenAICompatible"]


class OpenAICompatible(ChatCompletions):
    """Sends what every server understands, reads everything any server sends."""
