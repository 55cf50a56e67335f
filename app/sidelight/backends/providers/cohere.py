"""Cohere by its own API (protocols.md 6.24). Its reasoning models are open and show what they think."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sidelight.backends.base import Model, Request
from sidelight.backends.effort import Choice, budget, ignored
from sidelight.backends.http_backend import Headers, HttpBackend
from sidelight.backends.streaming import Decoder
from sidelight.backends.wire.body import sampling, unpacked
from sidelight.backends.wire.cohere import CohereDecoder, request_body
from sidelight.backends.wire.jsontext import JsonObject, count, text
from sidelight.chat.events import Note
from sidelight.secrets import Redactor

__all__ = ["Cohere"]

_NAMES = {
    "temperature": "temperature",
    "top_p": "p",
    "max_tokens": "max_tokens",
    "seed": "seed",
    "stop": "stop_sequences",
}


class Cohere(HttpBackend):
    """The stream does not say which model served."""

    needs_key = True
    version = ""
    endings = r"/v[12]/chat|/v[12]"
    own_traces = True
    list_path = "/v1/models?endpoint=chat&page_size=1000"

    def url(self, request: Request) -> str:  # noqa: ARG002 - one address for all
        """One address for all models."""
        return f"{self.base}/v2/chat"

    def compose(self, request: Request) -> tuple[Mapping[str, Any], list[Note]]:
        """See HttpBackend."""
        request, attached = unpacked(request, "image_url", images=self.sees(request))
        fields, notes = sampling(request.parameters, _NAMES)
        choice = _choice(request)
        if request.parameters.effort != "default":
            notes.append(choice.note())
        notes += attached
        return request_body(request, {**fields, **choice.fields}, instruct=self.instructs(request)), notes

    def decoder(self, request: Request, redact: Redactor, headers: Headers) -> Decoder:
        """See HttpBackend."""
        elicited = self.elicits(request)
        return CohereDecoder(redact, headers=headers, tags=self.tags(request), elicited=elicited)

    def model(self, item: JsonObject) -> Model:
        """The list calls them by name."""
        return Model(text(item, "name"), "", count(item.get("context_length")))


def _choice(request: Request) -> Choice:
    """On or off, and a budget of tokens."""
    effort = request.parameters.effort
    if effort == "default":
        return Choice()
    if "reasoning" not in request.model:
        return ignored("never_thinks")
    if effort == "off":
        return Choice({"thinking": {"type": "disabled"}})
    return Choice({"thinking": {"type": "enabled", "token_budget": budget(request.parameters)}})
