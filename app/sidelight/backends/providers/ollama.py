"""Ollama by its own API (protocols.md 6.7): its OpenAI-like one swallows errors. A server of the person's, or ollama.com.

Before a wish for effort is sent the server is asked, once a model, whether it can think: else it would refuse.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from sidelight.backends.base import KeyFor, Model, Request
from sidelight.backends.effort import Choice, ignored, nearest
from sidelight.backends.http_backend import Headers, HttpBackend
from sidelight.backends.streaming import Decoder
from sidelight.backends.wire.body import sampling, unpacked
from sidelight.backends.wire.jsontext import JsonObject, at, clean, count, text
from sidelight.backends.wire.ndjson import NdjsonReader
from sidelight.backends.wire.ollama import OllamaDecoder, request_body
from sidelight.chat.events import Note
from sidelight.models.metadata import LocalMetadata, from_ollama
from sidelight.net.client import Http
from sidelight.secrets import Redactor, Secret
from sidelight.settings import BackendSetting

__all__ = ["Ollama", "OllamaCloud"]

_NAMES = {
    "temperature": "temperature",
    "top_p": "top_p",
    "max_tokens": "num_predict",
    "seed": "seed",
    "stop": "stop",
}
_CONTEXT = 16384
"""Tokens of context that are asked for: the server's own default is small, and it drops old messages in silence."""


class Ollama(HttpBackend):
    """Capabilities come from `/api/show`; a model of which nothing could be learnt is told nothing of thinking."""

    version = ""
    endings = r"/api/chat|/api|/v1"
    reader = NdjsonReader
    accept = "application/x-ndjson"
    list_path = "/api/tags"
    reads_tags = True

    def __init__(self, setting: BackendSetting, http: Http, key_for: KeyFor) -> None:
        """As any HttpBackend."""
        super().__init__(setting, http, key_for)
        self._shown: dict[str, JsonObject] = {}

    def url(self, request: Request) -> str:  # noqa: ARG002 - one address for all
        """One address for all models."""
        return f"{self.base}/api/chat"

    async def ready(self, request: Request, key: Secret | None) -> None:  # noqa: ARG002 - asked for anew
        """Ask what the model can do; its request then says what is wrong, if anything is."""
        if request.model not in self._shown:
            await self._show(request.model)

    async def metadata(self, model: str) -> LocalMetadata | None:
        """Everything it knows of a model; asked anew each time, since a name may be given to another model."""
        shown = await self._show(model)
        if not shown:
            return None
        listed, running = await asyncio.gather(
            self._look(f"{self.base}/api/tags"), self._look(f"{self.base}/api/ps")
        )
        return from_ollama(shown, tag=_entry(listed, model), running=_entry(running, model))

    async def _show(self, model: str) -> JsonObject:
        if shown := await self._look(f"{self.base}/api/show", {"model": clean(model)}):
            self._shown[model] = shown
        return shown

    def compose(self, request: Request) -> tuple[Mapping[str, Any], list[Note]]:
        """See HttpBackend."""
        shown = self._shown.get(request.model, {})
        request, attached = unpacked(request, "images", images=self.sees(request))
        options, notes = sampling(request.parameters, _NAMES)
        fields: Mapping[str, Any] = {}
        if request.parameters.effort != "default":
            choice = _choice(request, shown)
            fields = choice.fields
            notes.append(choice.note())
        if (context := self._context(shown)) is not None:
            options["num_ctx"] = context
        notes += attached
        return request_body(request, fields, options, instruct=self.instructs(request)), notes

    def decoder(self, request: Request, redact: Redactor, headers: Headers) -> Decoder:
        """See HttpBackend."""
        elicited = self.elicits(request)
        return OllamaDecoder(redact, headers=headers, tags=self.tags(request), elicited=elicited)

    def sees(self, request: Request) -> bool:
        """As the model's capabilities say."""
        able = self._shown.get(request.model, {}).get("capabilities")
        return "vision" in able if isinstance(able, list) else super().sees(request)

    def model(self, item: JsonObject) -> Model:
        """Newer servers say what a model can do."""
        name = text(item, "model", "name")
        able = item.get("capabilities")
        if not isinstance(able, list):
            return Model(name)
        return Model(name, reasoning="thinking" in able, images="vision" in able)

    def _context(self, shown: JsonObject) -> int | None:
        info = at(shown, "model_info")
        trained = next((count(v) for k, v in info.items() if k.endswith(".context_length")), None)
        return min(_CONTEXT, trained) if trained else _CONTEXT


class OllamaCloud(Ollama):
    """The same API, run by its makers, who choose the context."""

    needs_key = True

    async def metadata(self, model: str) -> LocalMetadata | None:  # noqa: ARG002 - nothing is asked
        """Nothing: it is no server of the person's."""
        return None

    def _context(self, shown: JsonObject) -> int | None:  # noqa: ARG002 - nothing is asked for
        return None


def _entry(answer: JsonObject, model: str) -> JsonObject:
    """A model's entry in a list; a name without a tag means the latest."""
    items = answer.get("models")
    names = (model, f"{model}:latest")
    entries = (at(item) for item in (items if isinstance(items, list) else []))
    return next((entry for entry in entries if text(entry, "model", "name") in names), {})


def _choice(request: Request, shown: JsonObject) -> Choice:
    """`think`: on or off; gpt-oss takes levels and cannot be off."""
    effort, able = request.parameters.effort, shown.get("capabilities")
    if not isinstance(able, list):
        return ignored("unknown_model")
    if "thinking" not in able:
        return ignored("never_thinks")
    if "gpt-oss" in request.model:
        word = nearest(effort, ("low", "medium", "high"))
        return Choice({"think": word}, "sent" if word == effort else "clamped")
    return Choice({"think": effort != "off"}, "sent" if effort == "off" else "clamped")
