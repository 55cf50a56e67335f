"""A backend reached over HTTP: joins a dialect to a setting, a key and the loop. A dialect is a subclass.

Not a dialect (`wire`) and not the loop (`streaming`).
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from sidelight.backends.base import About, BackendError, Exchange, KeyFor, Model, Prepared, Request
from sidelight.backends.effort import budget_notes, levelled
from sidelight.backends.families import claim_by_family
from sidelight.backends.streaming import Call, Decoder, Unwatched, converse, replay
from sidelight.backends.unkeyed import Unkeyed
from sidelight.backends.wire import failures
from sidelight.backends.wire.body import BadExtra, encoded
from sidelight.backends.wire.frames import FrameReader
from sidelight.backends.wire.jsontext import JsonObject, at, count, loads, text
from sidelight.backends.wire.sse import SseReader
from sidelight.backends.wire.think_tags import ThinkSplitter
from sidelight.chat.events import Event, Failed, FailureKind, Note
from sidelight.chat.reply import Certainty, TraceClaim, TraceKind
from sidelight.net import NetError, is_loopback, is_plain, origin_of
from sidelight.net.client import Answer, Clocks, Http
from sidelight.secrets import Redactor, Secret
from sidelight.settings import BackendSetting

if TYPE_CHECKING:
    from sidelight.models.metadata import LocalMetadata

__all__ = ["Headers", "HttpBackend", "api_base"]

Headers = tuple[tuple[str, str], ...]

_SHORT = Clocks(first_payload=20.0, silence=20.0)
_LOOK = Clocks(connect=2.0, first_payload=3.0, silence=3.0)
_LIST_CAP = 8_000_000
_REFUSING = (FailureKind.BAD_REQUEST, FailureKind.MODEL_NOT_FOUND, FailureKind.SERVER)
_IMAGES = re.compile(r"image|vision|multi-?modal|content must be a string", re.IGNORECASE)
"""How servers refuse images: with 400, llama.cpp with 500, OpenRouter with 404 since no host of the model takes them."""
_CONTEXT_NAMES = ("context_length", "max_model_len", "context_window", "max_context_length")
_ENDINGS = r"/chat/completions|/responses|/messages|/models"


def api_base(url: str, version: str = "/v1", endings: str = _ENDINGS) -> str:
    """Where `/models` is appended: an address as people type it, with or without /v1, a path of the API or a final slash."""
    base = re.sub(rf"(?:{endings})?/*$", "", url.strip().split("?")[0])
    return base if "/" in base.partition("://")[2] else base + version


class HttpBackend:
    """A Backend. A dialect says `compose`, `url` and `decoder`; a provider what is special about it."""

    needs_key: ClassVar[bool] = False
    version: ClassVar[str] = "/v1"
    """What an address without a path is completed by."""
    endings: ClassVar[str] = _ENDINGS
    """What people may have typed behind the base of the address."""
    key_header: ClassVar[str] = "authorization"
    headers: ClassVar[Mapping[str, str]] = {}
    """Sent with each request, beside the usual ones and the key."""
    reader: ClassVar[Callable[[], FrameReader]] = SseReader
    accept: ClassVar[str] = "text/event-stream"
    list_path: ClassVar[str] = "/models"
    own_traces: ClassVar[bool] = False
    """Whether its makers document that what a model thinks is shown as it was thought."""
    reads_tags: ClassVar[bool] = False
    """Whether reasoning may come as tags inside the answer; else a tag in an answer is the user's topic."""

    def __init__(
        self, setting: BackendSetting, http: Http, key_for: KeyFor, *, slots: int | None = None
    ) -> None:
        """`setting.base_url` is not empty; `slots` is how many requests the server works on at once."""
        try:
            origin = origin_of(setting.base_url)
        except ValueError:
            origin = ""
        self.setting = setting
        self.base = api_base(setting.base_url, self.version, self.endings)
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
        self._sightless: frozenset[str] = frozenset()

    # What a dialect says.

    def url(self, request: Request) -> str:
        """Where the request is sent."""
        raise NotImplementedError

    def compose(self, request: Request) -> tuple[Mapping[str, Any], list[Note]]:
        """The body without the lane's extra JSON (None leaves a field out), and what became of each parameter."""
        raise NotImplementedError

    def decoder(self, request: Request, redact: Redactor, headers: Headers) -> Decoder:
        """What reads the answer."""
        raise NotImplementedError

    def respell(self, request: Request, failed: Failed) -> bool:  # noqa: ARG002 - dialects look at them
        """Whether a refusal has taught something, so that the request may be composed otherwise and sent again."""
        return False

    async def ready(self, request: Request, key: Secret | None) -> None:
        """Learn what `compose` must know of a model, before its request. What cannot be learnt is left unknown."""

    # What a provider may say differently.

    def claim(self, request: Request) -> TraceClaim:
        """Elicited where the request asks for it; else by the family of the model."""
        if self.elicits(request):
            return TraceClaim(TraceKind.ELICITED, Certainty.REPORTED, elicited=True)
        if self.own_traces:
            return TraceClaim(TraceKind.FULL, Certainty.BY_FAMILY)
        return claim_by_family(request.model, hosted=not self.about.local)

    def elicits(self, request: Request) -> bool:
        """Whether a wish for a written-out trace is granted."""
        return request.parameters.elicited

    def instructs(self, request: Request) -> bool:
        """Whether that wish goes into the system text."""
        return self.elicits(request)

    def own_tags(self, request: Request) -> ThinkSplitter | None:
        """What splits reasoning out of the answer, where the lane does not say otherwise."""
        return ThinkSplitter() if self.reads_tags or self.elicits(request) else None

    def tags(self, request: Request) -> ThinkSplitter | None:
        """What splits reasoning out of the answer."""
        match request.parameters.tags:
            case "auto":
                return self.own_tags(request)
            case "split":
                return ThinkSplitter(interleaved=True)
            case "inside":
                return ThinkSplitter(starts_inside="<think>")
            case "leave":
                return None

    def sees(self, request: Request) -> bool:
        """Whether images are sent: unless the list of models, where it was read, says that this one takes none."""
        return request.model not in self._sightless

    def model(self, item: JsonObject) -> Model:
        """One entry of the list of models; its id is "" where it is none."""
        context = next((n for name in _CONTEXT_NAMES if (n := count(item.get(name)))), None)
        return Model(text(item, "id", "name"), text(item, "display_name"), context)

    # The Backend protocol.

    def prepare(self, request: Request, key: Secret | None = None) -> Prepared:
        """Exactly what `stream` sends for this request now; without `key` the header for it is missing.

        No I/O. After a stream it shows what was sent last: what a server has refused is left out and noted. Raises
        BadExtra.
        """
        body, notes = self.compose(levelled(request))
        headers: dict[str, str | Secret] = {
            "content-type": "application/json",
            "accept": self.accept,
            **self._auth(key),
        }
        text_of_body = encoded(body, request.parameters.extra)
        return Prepared(
            "POST",
            self.url(request),
            tuple(headers.items()),
            text_of_body,
            budget_notes(notes, request.parameters),
        )

    async def stream(self, request: Request, exchange: Exchange | None = None) -> AsyncGenerator[Event, None]:
        """The events of one reply; see Backend."""
        key = await self._key()
        if isinstance(key, Failed):
            yield key
            return
        await self.ready(request, key)
        try:
            call = self._call(request, key)
        except BadExtra:
            yield Failed(FailureKind.BAD_REQUEST, code="extra_json")
            return
        unkeyed = Unkeyed(key)
        async with aclosing(converse(self._http, call, exchange or Unwatched())) as events:
            async for event in events:
                for told in unkeyed(event):
                    yield _explained(told, request)

    def reread(self, request: Request, stream: bytes) -> list[Event]:
        """A recorded stream once more; see Backend."""
        redact = Redactor()
        return replay(type(self).reader(), self.decoder(request, redact, ()), stream, redact)

    async def metadata(self, model: str) -> LocalMetadata | None:  # noqa: ARG002 - local servers know some
        """Nothing, unless a provider asks for it; see Backend."""
        return None

    async def models(self) -> tuple[Model, ...]:
        """What the list of models has; nothing where the server has no such list. Raises BackendError."""
        answer = await self._get(f"{self.base}{self.list_path}")
        if answer.status in (404, 405):
            return ()
        return self._listed(answer)

    def _listed(self, answer: Answer) -> tuple[Model, ...]:
        found = loads(answer.body.decode("utf-8", "replace"))
        items = found if isinstance(found, list) else at(found).get("data") or at(found).get("models")
        each = (self.model(at(item)) for item in (items if isinstance(items, list) else []))
        listed = tuple(model for model in each if model.id)
        self._sightless = frozenset(model.id for model in listed if model.images is False)
        return listed

    async def _look(self, url: str, body: Mapping[str, Any] | None = None) -> JsonObject:
        """What a server of the person's says of itself at an address; nothing where it does not say it at once."""
        key = await self._key()
        if isinstance(key, Failed):
            return {}
        headers = {"content-type": "application/json", **self._auth(key)} if body else self._auth(key)
        content = encoded(body).encode() if body else b""
        method = "POST" if body else "GET"
        try:
            answer = await self._http.fetch(
                method, url, headers=headers, body=content, clocks=_LOOK, cap=_LIST_CAP
            )
        except NetError:
            return {}
        return at(loads(answer.body.decode("utf-8", "replace"))) if answer.status == 200 else {}

    async def _get(self, url: str) -> Answer:
        """A small answer, not found included. Raises BackendError."""
        key = await self._key()
        if isinstance(key, Failed):
            raise BackendError(key)
        redact = Redactor([key] if key else [])
        try:
            answer = await self._http.fetch("GET", url, headers=self._auth(key), clocks=_SHORT, cap=_LIST_CAP)
        except NetError as error:
            failed = failures.from_net(error)
            raise BackendError(replace(failed, message=redact(failed.message))) from error
        if answer.status >= 400 and answer.status not in (404, 405):
            raise BackendError(failures.from_status(answer.status, answer.headers, answer.body, redact))
        return answer

    async def _key(self) -> Secret | Failed | None:
        if not self.about.origin:
            return Failed(FailureKind.BAD_REQUEST, code="bad_address")
        if is_plain(self.setting.base_url) and not self.setting.plain_http:
            return Failed(FailureKind.BAD_REQUEST, code="plain_http")
        key = await self._key_for(self.about.origin)
        if key is None and self.about.needs_key:
            return Failed(FailureKind.AUTH, code="no_key")
        return key

    def _auth(self, key: Secret | None) -> dict[str, str | Secret]:
        return {**self.headers, self.key_header: key} if key else dict(self.headers)

    def _call(self, request: Request, key: Secret | None) -> Call:
        """The request as it is sent, and what is tried when it is refused. Raises BadExtra."""
        prepared = self.prepare(request, key)
        redact = Redactor([key] if key else [])

        def mend(failed: Failed) -> Call | None:
            if not self.respell(levelled(request), failed):
                return None
            again = self._call(request, key)
            return None if _same(again.prepared, call.prepared) else again

        call = Call(
            prepared,
            Clocks(first_payload=self.setting.first_payload, silence=self.setting.silence),
            redact,
            lambda headers: self.decoder(request, redact, headers),
            mend,
            type(self).reader,
        )
        return call


def _explained(event: Event, request: Request) -> Event:
    """A failure that is about the images of the request says so."""
    if not isinstance(event, Failed) or event.kind not in _REFUSING or not _IMAGES.search(event.message):
        return event
    if not any(attached.is_image for message in request.messages for attached in message.attachments):
        return event
    return replace(event, kind=FailureKind.BAD_REQUEST, code="images_refused")


def _same(one: Prepared, other: Prepared) -> bool:
    """Whether sending the one again would be sending the other."""
    return (one.url, one.body) == (other.url, other.body)
