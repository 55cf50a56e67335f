"""A backend whose server speaks the Responses dialect. A provider is this class and what is special about it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from sidelight.backends.base import KeyFor, Request
from sidelight.backends.effort import Choice, ignored
from sidelight.backends.http_backend import Headers, HttpBackend
from sidelight.backends.recall import Recall
from sidelight.backends.streaming import Decoder
from sidelight.backends.wire.body import sampling, unpacked
from sidelight.backends.wire.responses import ResponsesDecoder, recalled, request_body
from sidelight.chat.events import Failed, FailureKind, Note
from sidelight.net.client import Http
from sidelight.secrets import Redactor
from sidelight.settings import BackendSetting

__all__ = ["Responses"]

_NAMES: Mapping[str, str] = {
    "temperature": "temperature",
    "top_p": "top_p",
    "max_tokens": "max_output_tokens",
}
_LEAVABLE: Mapping[str, tuple[str, ...]] = {
    "reasoning.summary": ("summary", "summaries", "organization must be verified"),
    "include": ("include", "encrypted"),
}
"""What we ask for unasked, and the words by which a server refuses it."""


class Responses(HttpBackend):
    """A Backend. Nothing is stored at the server: the whole conversation is sent each time, with its encrypted reasoning."""

    system_item: ClassVar[bool] = False

    def __init__(
        self, setting: BackendSetting, http: Http, key_for: KeyFor, *, slots: int | None = None
    ) -> None:
        """As any HttpBackend."""
        super().__init__(setting, http, key_for, slots=slots)
        self._without: dict[str, frozenset[str]] = {}
        self._recall = Recall("encrypted_content", recalled)

    # What a provider may say differently, beside what HttpBackend has.

    def asks_for(self, request: Request) -> Mapping[str, Any]:  # noqa: ARG002 - providers look at it
        """Fields that bring the trace, sent unasked: `include`, and `reasoning` with a `summary`."""
        return {"include": ["reasoning.encrypted_content"]}

    def effort(self, request: Request) -> Choice:  # noqa: ARG002 - providers look at it
        """What a wish for effort becomes, as a field `effort` of `reasoning`; never asked for "default"."""
        return ignored("unknown_server")

    def ignores(self, request: Request) -> Collection[str]:  # noqa: ARG002 - providers look at it
        """Sampling parameters the model does not listen to; they are not sent."""
        return ()

    # The dialect.

    def url(self, request: Request) -> str:  # noqa: ARG002 - one address for all
        """One address for all models."""
        return f"{self.base}/responses"

    def compose(self, request: Request) -> tuple[Mapping[str, Any], list[Note]]:
        """See HttpBackend."""
        without = self._without.get(request.model, frozenset())
        request, attached = unpacked(request, "input_image", images=self.sees(request))
        request, thoughts = self._recall.settle(request, thinks=request.parameters.effort != "off")
        fields, notes = sampling(request.parameters, _NAMES, self.ignores(request))
        asked = dict(self.asks_for(request))
        if request.parameters.effort != "default":
            choice = self.effort(request)
            notes.append(choice.note())
            if choice.fields:
                asked["reasoning"] = {**asked.get("reasoning", {}), **choice.fields}
        notes += [*attached, *thoughts]
        notes += [Note(name, "refused by the server") for name in sorted(without)]
        body = request_body(
            request,
            {**fields, **asked},
            instruct=self.instructs(request),
            system_item=self.system_item,
            without=without,
        )
        return body, notes

    def decoder(self, request: Request, redact: Redactor, headers: Headers) -> Decoder:
        """See HttpBackend."""
        elicited = self.elicits(request)
        return ResponsesDecoder(redact, headers=headers, tags=self.tags(request), elicited=elicited)

    def respell(self, request: Request, failed: Failed) -> bool:
        """What was sent unasked is left out where it is refused: thoughts, and summaries, for verified organisations only."""
        if self._recall.refused(request, failed, thinks=request.parameters.effort != "off"):
            return True
        before = self._without.get(request.model, frozenset())
        if failed.kind is not FailureKind.BAD_REQUEST:
            return False
        said = f"{failed.message} {dict(failed.details).get('parameter', '')}".lower()
        refused = {name for name, words in _LEAVABLE.items() if any(word in said for word in words)}
        self._without[request.model] = before | refused
        return bool(refused - before)
