"""A backend whose server speaks the chat-completions dialect. A provider is this class and what is special about it.

Not the dialect (`wire/openai_chat`) and not the loop (`streaming`): this joins them to a setting and a key.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from sidelight.backends.base import About, BackendError, KeyFor, Model, Request
from sidelight.backends.streaming import Call, converse
from sidelight.backends.wire import failures
from sidelight.backends.wire.jsontext import JsonObject, at, count, loads, text
from sidelight.backends.wire.openai_chat import BadExtra, ChatDecoder, Spelling, request_body
from sidelight.backends.wire.think_tags import ThinkSplitter
from sidelight.chat.events import Event, Failed, FailureKind
from sidelight.chat.reply import Certainty, TraceClaim, TraceKind
from sidelight.net import NetError, is_loopback, origin_of
from sidelight.net.client import Answer, Clocks, Http
from sidelight.secrets import Redactor, Secret
from sidelight.settings import BackendSetting

__all__ = ["ChatCompletions", "api_base"]

_SHORT = Clocks(first_payload=20.0, silence=20.0)
_LIST_CAP = 8_000_000
_CONTEXT_NAMES = ("context_length", "max_model_len", "context_window", "max_context_length")


def api_base(url: str, version: str = "/v1") -> str:
    """Where `/chat/completions` is appended: an address as people type it, with or without /v1 or a final slash."""
    base = re.sub(r"(?:/chat/completions|/models)?/*$", "", url.strip().split("?")[0])
    return base if "/" in base.partition("://")[2] else base + version


class ChatCompletions:
    """A Backend. Providers override the few methods at the top."""

    needs_key = False
    version = "/v1"
    """What an address without a path is completed by."""

    def __init__(
        self, setting: BackendSetting, http: Http, key_for: KeyFor, *, slots: int | None = None
    ) -> None:
        """`setting.base_url` is not empty; `slots` is how many requests the server works on at once."""
        try:
            origin = origin_of(setting.base_url)
        except ValueError:
            origin = ""
        self.setting = setting
        self.base = api_base(setting.base_url, self.version)
        self.about = About(
            setting.id,
            setting.title or setting.id,
            setting.provider,
            origin,
            local=is_loopback(setting.base_url),
            needs_key=self.needs_key,
            slots=slots,
        )
        self._http = http
        self._key_for = key_for
        self._spelling = Spelling()

    # What a provider may say differently.

    def claim(self, request: Request) -> TraceClaim:
        """Elicited where the request asks for it; else full as far as one can tell."""
        if request.parameters.elicited:
            return TraceClaim(TraceKind.ELICITED, Certainty.REPORTED, elicited=True)
        return TraceClaim(TraceKind.FULL, Certainty.GUESSED)

    def fields(self, request: Request) -> Mapping[str, Any]:  # noqa: ARG002 - providers look at it
        """Fields of the request body that are this provider's own; None leaves one out."""
        return {}

    def instructs(self, request: Request) -> bool:
        """Whether a wish for a written-out trace goes into the system text."""
        return request.parameters.elicited

    def tags(self, request: Request) -> ThinkSplitter | None:  # noqa: ARG002 - providers look at it
        """What splits reasoning out of the answer; None where a tag in an answer is the user's topic."""
        return ThinkSplitter()

    # The Backend protocol.

    async def stream(self, request: Request) -> AsyncGenerator[Event, None]:
        """The events of one reply; see Backend."""
        key = await self._key()
        if isinstance(key, Failed):
            yield key
            return
        try:
            body = self._body(request)
        except BadExtra:
            yield Failed(FailureKind.BAD_REQUEST, code="extra_json")
            return
        redact = Redactor([key] if key else [])

        def decoder(headers: tuple[tuple[str, str], ...]) -> ChatDecoder:
            elicited = request.parameters.elicited
            return ChatDecoder(redact, headers=headers, tags=self.tags(request), elicited=elicited)

        def mend(failed: Failed) -> bytes | None:
            other = self._spelling.after(failed)
            if other is None or other == self._spelling:
                return None
            self._spelling = other
            again = self._body(request)
            return None if again == body else again

        clocks = Clocks(first_payload=self.setting.first_payload, silence=self.setting.silence)
        headers = {"content-type": "application/json", "accept": "text/event-stream", **_bearer(key)}
        call = Call(f"{self.base}/chat/completions", headers, body, clocks, redact, decoder, mend)
        async with aclosing(converse(self._http, call)) as events:
            async for event in events:
                yield event

    async def models(self) -> tuple[Model, ...]:
        """What `GET /models` lists; nothing where the server has no such list. Raises BackendError."""
        answer = await self._get(f"{self.base}/models")
        if answer.status in (404, 405):
            return ()
        found = loads(answer.body.decode("utf-8", "replace"))
        items = found if isinstance(found, list) else at(found).get("data") or at(found).get("models")
        listed = (self.model(at(item)) for item in (items if isinstance(items, list) else []))
        return tuple(model for model in listed if model.id)

    def model(self, item: JsonObject) -> Model:
        """One entry of the list; its id is "" where it is none."""
        context = next((n for name in _CONTEXT_NAMES if (n := count(item.get(name)))), None)
        return Model(text(item, "id", "name"), text(item, "display_name"), context)

    async def _get(self, url: str) -> Answer:
        """A small answer, not found included. Raises BackendError."""
        key = await self._key()
        if isinstance(key, Failed):
            raise BackendError(key)
        redact = Redactor([key] if key else [])
        try:
            answer = await self._http.fetch("GET", url, headers=_bearer(key), clocks=_SHORT, cap=_LIST_CAP)
        except NetError as error:
            raise BackendError(failures.from_net(error)) from error
        if answer.status >= 400 and answer.status not in (404, 405):
            raise BackendError(failures.from_status(answer.status, answer.headers, answer.body, redact))
        return answer

    async def _key(self) -> Secret | Failed | None:
        if not self.about.origin:
            return Failed(FailureKind.BAD_REQUEST, code="bad_address")
        key = await self._key_for(self.about.origin)
        if key is None and self.about.needs_key:
            return Failed(FailureKind.AUTH, code="no_key")
        return key

    def _body(self, request: Request) -> bytes:
        return request_body(request, self._spelling, self.fields(request), instruct=self.instructs(request))


def _bearer(key: Secret | None) -> dict[str, str | Secret]:
    return {"authorization": key} if key else {}
