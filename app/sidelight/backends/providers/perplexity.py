"""Perplexity (protocols.md 6.23): answers with a web search before them. Most show no trace."""

from __future__ import annotations

from sidelight.backends.base import Model, Request
from sidelight.backends.chat_completions import ChatCompletions
from sidelight.backends.effort import Choice, ignored, level

__all__ = ["Perplexity"]

_KNOWN = ("sonar", "sonar-pro", "sonar-reasoning-pro", "sonar-deep-research")


class Perplexity(ChatCompletions):
    """Its address has no /v1."""

    needs_key = True
    version = ""

    def effort(self, request: Request) -> Choice:
        """For deep research only."""
        if "deep-research" in request.model:
            return level(request.parameters.effort, ("low", "medium", "high"))
        return ignored("not_adjustable")

    async def models(self) -> tuple[Model, ...]:
        """What it lists, or where it has no list, those that are known. Raises BackendError for a wrong key."""
        answer = await self._get(f"{self.base}/v1/models")
        return (self._listed(answer) if answer.status == 200 else ()) or tuple(Model(name) for name in _KNOWN)
