"""MiniMax (protocols.md 6.19). The trace is asked for in a field of its own; failures may come with status 200."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sidelight.backends.base import Request
from sidelight.backends.chat_completions import ChatCompletions
from sidelight.backends.effort import Choice, ignored, switch
from sidelight.backends.http_backend import Headers
from sidelight.backends.streaming import Decoder
from sidelight.backends.wire.jsontext import clean
from sidelight.backends.wire.openai_chat import ChatDecoder
from sidelight.backends.wire.think_tags import ThinkSplitter
from sidelight.chat.message import Thought
from sidelight.secrets import Redactor

__all__ = ["MiniMax"]

_ALWAYS = re.compile(r"m[12](?:\.|\b)", re.IGNORECASE)


class MiniMax(ChatCompletions):
    """Its pieces may be deltas or the whole so far, and it thinks again between answers."""

    needs_key = True
    own_traces = True
    token_limit = "max_completion_tokens"  # noqa: S105 - the name of a field
    recalls = "reasoning_details"

    def fields(self, request: Request) -> Mapping[str, Any]:  # noqa: ARG002 - the same for all
        """Without it the trace is in the answer, between tags."""
        return {"reasoning_split": True}

    def effort(self, request: Request) -> Choice:
        """M3 is on or off; those before cannot stop."""
        if _ALWAYS.search(request.model):
            return ignored("always_thinks")
        return switch(
            request.parameters.effort, {"thinking": {"type": "adaptive"}}, {"thinking": {"type": "disabled"}}
        )

    def recalled(self, answer: str, thought: Thought) -> Mapping[str, Any]:  # noqa: ARG002 - it stands beside the answer
        """As it came: in the field of its own that was asked for."""
        details = [{"type": "reasoning.text", "text": clean(thought.text)}]
        return {"reasoning_details": details} if thought.text else {}

    def own_tags(self, request: Request) -> ThinkSplitter:  # noqa: ARG002 - the same for all
        """Tags at any time."""
        return ThinkSplitter(interleaved=True)

    def decoder(self, request: Request, redact: Redactor, headers: Headers) -> Decoder:
        """Tolerant of pieces that are the whole so far."""
        elicited = self.elicits(request)
        return ChatDecoder(
            redact, headers=headers, tags=self.tags(request), elicited=elicited, cumulative=True
        )
