"""xAI (protocols.md 6.14): Responses, its Chat Completions being deprecated. What it shows it calls a summary, asked or not."""

from __future__ import annotations

import re

from sidelight.backends.base import Request
from sidelight.backends.effort import Choice, ignored, level
from sidelight.backends.responses import Responses

__all__ = ["XAI"]

_LEVELS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (re.compile(r"grok-3-mini"), ("low", "high")),
    (re.compile(r"non-reasoning|grok-[123]\b"), ()),
    (re.compile(r"grok-4\.3"), ("none", "low", "medium", "high")),
    (re.compile(r"grok-(?:4\.[5-9]|[5-9])"), ("low", "medium", "high", "xhigh")),
    (re.compile(r"grok-4"), ()),
)


class XAI(Responses):
    """Does not know `instructions`: the system text is sent as the first item."""

    needs_key = True
    system_item = True

    def effort(self, request: Request) -> Choice:
        """By the name of the model."""
        levels = next((levels for name, levels in _LEVELS if name.search(request.model)), ())
        return level(request.parameters.effort, levels, "effort") if levels else ignored("not_adjustable")
