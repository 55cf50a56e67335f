"""LM Studio (protocols.md 6.9): a server of the person's own, by its OpenAI-like API, which takes whole conversations.

Its own API is asked for the list only: it says what a model can do, and in how large a context it is loaded.
"""

from __future__ import annotations

from sidelight.backends.base import Model, Request
from sidelight.backends.chat_completions import ChatCompletions
from sidelight.backends.effort import Choice, ignored, level
from sidelight.backends.wire.jsontext import JsonObject, at, count, text
from sidelight.models.metadata import LocalMetadata, from_lmstudio, listed

__all__ = ["LMStudio"]

_LISTS = ("/api/v1/models", "/api/v0/models")


class LMStudio(ChatCompletions):
    """Leaves tags in the answer unless a setting of its own is on."""

    def effort(self, request: Request) -> Choice:
        """Only gpt-oss is told here; others by the switch in the program itself."""
        if "gpt-oss" in request.model.lower():
            return level(request.parameters.effort, ("low", "medium", "high"))
        return ignored("server_default")

    async def models(self) -> tuple[Model, ...]:
        """The richest list it has. Raises BackendError."""
        for path in _LISTS:
            answer = await self._get(f"{self.base.removesuffix('/v1')}{path}")
            if answer.status == 200 and (found := self._listed(answer)):
                return found
        return await super().models()

    async def metadata(self, model: str) -> LocalMetadata | None:
        """What its own lists say of a model."""
        for path in _LISTS:
            if entry := listed(await self._look(f"{self.base.removesuffix('/v1')}{path}"), model):
                return from_lmstudio(entry)
        return None

    def model(self, item: JsonObject) -> Model:
        """Of the newer list, the older one, or OpenAI's."""
        if text(item, "type") in ("embedding", "embeddings"):
            return Model("")
        able = at(item, "capabilities")
        loaded = item.get("loaded_instances")
        first = at(loaded[0], "config") if isinstance(loaded, list) and loaded else at(None)
        context = count(first.get("context_length")) or count(item.get("max_context_length"))
        vision = able.get("vision")
        return Model(
            text(item, "key", "id"),
            text(item, "display_name"),
            context,
            bool(at(able, "reasoning")) if able else None,
            vision if isinstance(vision, bool) else (True if item.get("type") == "vlm" else None),
        )
