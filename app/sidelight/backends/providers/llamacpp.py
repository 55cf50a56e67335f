"""A llama.cpp server: one of the person's own, or the embedded engine's (protocols.md 6.8).

It tells how far it is with reading the prompt, and with each token how many there were; both are asked for. Without the
progress a prompt that is being read cannot be stopped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from sidelight.backends.base import Model, Request
from sidelight.backends.chat_completions import ChatCompletions
from sidelight.backends.effort import Choice, ignored
from sidelight.backends.wire.jsontext import JsonObject, at, clean, count, loads, text
from sidelight.models.metadata import LocalMetadata, from_llamacpp, listed

__all__ = ["LlamaCpp", "Properties"]


@dataclass(frozen=True, slots=True)
class Properties:
    """What the server says of itself; None is unknown. `context_per_slot` counts tokens."""

    context_per_slot: int | None
    slots: int | None
    model_path: str


class LlamaCpp(ChatCompletions):
    """Settings whose id begins with "embedded" are the engine of ours, whose template takes `enable_thinking`."""

    def fields(self, request: Request) -> Mapping[str, Any]:
        """Progress and timings; and thinking on or off where the template is known to listen."""
        thinking = True if request.parameters.elicited else False if self._embedded else None
        return {
            "return_progress": True,
            "timings_per_token": True,
            "chat_template_kwargs": None if thinking is None else {"enable_thinking": thinking},
        }

    def effort(self, request: Request) -> Choice:
        """Off only: how hard a model thinks is a matter of its template and of the server's flags."""
        if request.parameters.effort == "off" and not request.parameters.elicited:
            return Choice({"chat_template_kwargs": {"enable_thinking": False}})
        return ignored("server_default")

    def instructs(self, request: Request) -> bool:
        """Our own template elicits by itself; a server of the person's has its own template and must be told."""
        return request.parameters.elicited and not self._embedded

    def model(self, item: JsonObject) -> Model:
        """The trained context stands in `meta`."""
        return Model(text(item, "id", "name"), context=count(at(item, "meta").get("n_ctx_train")))

    async def properties(self) -> Properties:
        """What `GET /props` says. Raises BackendError."""
        answer = await self._get(f"{self.base.removesuffix('/v1')}/props")
        found = at(loads(answer.body.decode("utf-8", "replace")))
        return Properties(
            count(at(found, "default_generation_settings").get("n_ctx")),
            count(found.get("total_slots")),
            text(found, "model_path", cap=4096),
        )

    async def metadata(self, model: str) -> LocalMetadata | None:
        """What `/props` and the list say; a server that has several models is asked for this one."""
        server = self.base.removesuffix("/v1")
        props, models = await asyncio.gather(
            self._look(f"{server}/props?model={quote(clean(model), safe='')}"),
            self._look(f"{self.base}/models"),
        )
        entry = listed(models, model)
        return from_llamacpp(props, model=entry) if props or entry else None

    @property
    def _embedded(self) -> bool:
        return self.setting.id.startswith("embedded")
