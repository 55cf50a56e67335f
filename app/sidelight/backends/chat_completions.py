"""A backend whose server speaks the chat-completions dialect. A provider is this class and what is special about it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from sidelight.backends.base import KeyFor, Request
from sidelight.backends.effort import Choice, ignored
from sidelight.backends.http_backend import Headers, HttpBackend, api_base
from sidelight.backends.recall import Recall
from sidelight.backends.streaming import Decoder
from sidelight.backends.wire.body import sampling, unpacked
from sidelight.backends.wire.openai_chat import ChatDecoder, Spelling, request_body
from sidelight.chat.events import Failed, Note
from sidelight.chat.message import Thought
from sidelight.net.client import Http
from sidelight.secrets import Redactor
from sidelight.settings import BackendSetting

__all__ = ["ChatCompletions", "api_base"]


class ChatCompletions(HttpBackend):
    """A Backend. Providers override the few things at the top."""

    reads_tags = True
    token_limit: ClassVar[str] = "max_tokens"  # noqa: S105 - the name of a field
    usage_on_request: ClassVar[bool] = True
    """Whether usage must be asked for; else the server sends it anyway and may refuse the question."""
    names: ClassVar[Mapping[str, str]] = {
        "temperature": "temperature",
        "top_p": "top_p",
        "seed": "seed",
        "stop": "stop",
    }
    """How the server spells sampling parameters; one that it does not have is left out."""

    recalls: ClassVar[str] = ""
    """The field of an answer's message in which its thought goes back; "" where none does."""

    def __init__(
        self, setting: BackendSetting, http: Http, key_for: KeyFor, *, slots: int | None = None
    ) -> None:
        """As any HttpBackend."""
        super().__init__(setting, http, key_for, slots=slots)
        self._spellings: dict[str, Spelling] = {}
        self._recall = Recall(self.recalls, lambda thought: self.recalled("", thought))

    # What a provider may say differently, beside what HttpBackend has.

    def fields(self, request: Request) -> Mapping[str, Any]:  # noqa: ARG002 - providers look at it
        """Fields of the provider's own that nobody asked for; None leaves one out. One that is refused is left out, too."""
        return {}

    def effort(self, request: Request) -> Choice:  # noqa: ARG002 - providers look at it
        """What a wish for effort becomes; never asked for "default"."""
        return ignored("unknown_server")

    def ignores(self, request: Request) -> Collection[str]:  # noqa: ARG002 - providers look at it
        """Sampling parameters the model does not listen to; they are not sent."""
        return ()

    def recalled(self, answer: str, thought: Thought) -> Mapping[str, Any]:  # noqa: ARG002 - providers look at it
        """The fields of an answer's message that bring its thought back, for a model that thinks again."""
        return {}

    # The dialect.

    def url(self, request: Request) -> str:  # noqa: ARG002 - one address for all
        """One address for all models."""
        return f"{self.base}/chat/completions"

    def compose(self, request: Request) -> tuple[Mapping[str, Any], list[Note]]:
        """See HttpBackend."""
        spelling = self._spelling(request)
        request, attached = unpacked(request, "image_url", images=self.sees(request))
        request, thoughts = self._recall.settle(request, thinks=request.parameters.effort != "off")
        names = {**self.names, "max_tokens": spelling.token_limit}
        fields, notes = sampling(request.parameters, names, self.ignores(request))
        chosen: Mapping[str, Any] = {}
        if request.parameters.effort != "default":
            choice = self.effort(request)
            chosen = choice.fields
            notes.append(choice.note())
        notes += [*attached, *thoughts]
        notes += [Note(name, "refused by the server") for name in sorted(spelling.without)]
        body = request_body(
            request,
            {**fields, **self.fields(request), **chosen},
            instruct=self.instructs(request),
            without=spelling.without if self.usage_on_request else {*spelling.without, "stream_options"},
            recalled=self.recalled,
        )
        return body, notes

    def decoder(self, request: Request, redact: Redactor, headers: Headers) -> Decoder:
        """See HttpBackend."""
        elicited = self.elicits(request)
        return ChatDecoder(redact, headers=headers, tags=self.tags(request), elicited=elicited)

    def respell(self, request: Request, failed: Failed) -> bool:
        """Two things are spelled otherwise without asking; fields nobody asked for and thoughts are left out. All remembered."""
        if self._recall.refused(request, failed, thinks=request.parameters.effort != "off"):
            return True
        before = self._spelling(request)
        other = before.after(failed, self.fields(request))
        if other is None or other == before:
            return False
        self._spellings[request.model] = other
        return True

    def _spelling(self, request: Request) -> Spelling:
        return self._spellings.get(request.model, Spelling(self.token_limit))
