"""SGLang (protocols.md 6.11): a server of the person's own. Without a reasoning parser it leaves the tags in the answer."""

from __future__ import annotations

import asyncio

from sidelight.backends.base import Request
from sidelight.backends.chat_completions import ChatCompletions
from sidelight.backends.effort import Choice, by_template
from sidelight.models.metadata import LocalMetadata, from_model_list, listed

__all__ = ["SGLang"]


class SGLang(ChatCompletions):
    """Splits the trace off by default where it was started with a parser."""

    def effort(self, request: Request) -> Choice:
        """By the chat template."""
        return by_template(request.parameters.effort, request.model)

    async def metadata(self, model: str) -> LocalMetadata | None:
        """What it says of the one model it has, and how long its list says a conversation may be."""
        info, models = await asyncio.gather(
            self._look(f"{self.base.removesuffix('/v1')}/get_model_info"), self._look(f"{self.base}/models")
        )
        entry = listed(models, model)
        return from_model_list("sglang", entry, info) if info or entry else None
