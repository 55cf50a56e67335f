"""The embedded engine as a backend: starts a llama.cpp server of ours when first asked, then speaks to it as to any other.

The dialect is `backends.providers.llamacpp`, the process is `local.engine`; this file only joins them: it tells *loading*
while the weights are read, and puts the engine's last words into the failure when it dies.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import replace

from sidelight.backends.base import About, BackendError, Exchange, KeyFor, Model, Request
from sidelight.backends.providers.llamacpp import LlamaCpp
from sidelight.chat.events import Event, Failed, FailureKind, Finished, Progress
from sidelight.chat.reply import Certainty, TraceClaim, TraceKind
from sidelight.engine.terms import EMBEDDED
from sidelight.local.engine import Engine, EngineError, engine_available
from sidelight.local.gguf import NotGguf, read_header
from sidelight.local.weights import Installed
from sidelight.models.metadata import LocalMetadata, from_gguf
from sidelight.net.client import Http
from sidelight.secrets import Secret
from sidelight.settings import BackendSetting

__all__ = ["Embedded"]

SLOTS = 4
log = logging.getLogger(__name__)


class Embedded:
    """Models that run in a child process of ours, one process a model file."""

    def __init__(self, http: Http, installed: Callable[[], tuple[Installed, ...]], slot_context: int) -> None:
        """`installed` names the model files there are now; `slot_context` is in tokens."""
        self._http = http
        self._installed = installed
        self._slot_context = slot_context
        self._engines: dict[str, Engine] = {}
        self._origins: set[str] = set()

    @property
    def about(self) -> About:
        """Known without asking: it is ours."""
        return About(EMBEDDED, "", "llamacpp", "", local=True, needs_key=False, slots=SLOTS)

    @property
    def origins(self) -> frozenset[str]:
        """Where the engines that run now listen."""
        return frozenset(self._origins)

    def claim(self, request: Request) -> TraceClaim:
        """Elicited when we ask for it; else whatever the model's own template makes it think."""
        if request.parameters.elicited:
            return TraceClaim(TraceKind.ELICITED, Certainty.REPORTED, elicited=True)
        return TraceClaim(TraceKind.FULL, Certainty.GUESSED)

    async def models(self) -> tuple[Model, ...]:
        """The model files there are. Raises BackendError where the engine cannot run here."""
        if (missing := engine_available()) is not None:
            raise BackendError(_failure(missing.code, dict(missing.params)))
        return tuple(Model(i.id, i.title, self._slot_context, images=False) for i in self._installed())

    def reread(self, request: Request, stream: bytes) -> list[Event]:
        """See Backend."""
        return self._server("http://127.0.0.1", _no_key).reread(request, stream)

    async def metadata(self, model: str) -> LocalMetadata | None:
        """What the head of the model's file says."""
        found = next((i for i in self._installed() if i.id == model), None)
        return None if found is None else await asyncio.to_thread(_described, found)

    async def stream(self, request: Request, exchange: Exchange | None = None) -> AsyncGenerator[Event, None]:
        """As any backend; a death of the engine is told with its last words."""
        if (missing := engine_available()) is not None:
            yield _failure(missing.code, dict(missing.params))
            return
        found = next((i for i in self._installed() if i.id == request.model), None)
        if found is None:
            yield Failed(FailureKind.MODEL_NOT_FOUND, code="local.weights_missing")
            return
        engine = self._engine(found)
        yield Progress("loading")
        try:
            address = await engine.start()
        except EngineError as error:
            yield _failure(error.code, error.params, error.stderr_tail)
            return
        if request.parameters.elicited:
            if not address.can_elicit:
                yield Failed(FailureKind.BAD_REQUEST, code="local.cannot_elicit")
                return
            request = _shaped(request, address.elicited_extra)
        server = self._server(address.base_url, _key(address.key))
        self._origins.add(server.about.origin)
        finished = False
        async for event in server.stream(request, exchange):
            finished = finished or isinstance(event, Finished)
            if isinstance(event, Failed) and not finished:
                engine.died()
                if engine.pid is None:
                    event = replace(event, code="local.died", message=engine.stderr_tail)
            yield event

    async def close(self) -> None:
        """End the engines."""
        engines, self._engines = list(self._engines.values()), {}
        await asyncio.gather(*(engine.stop() for engine in engines))

    def _server(self, base_url: str, key_for: KeyFor) -> LlamaCpp:
        return _Ours(BackendSetting(EMBEDDED, "llamacpp", base_url=base_url), self._http, key_for)

    def _engine(self, found: Installed) -> Engine:
        if found.id not in self._engines:
            self._engines[found.id] = Engine(
                found.path, slots=SLOTS, slot_context=self._slot_context, alias=found.id
            )
        return self._engines[found.id]


class _Ours(LlamaCpp):
    """Our own server, which is started without a projector: no model of it sees images."""

    def sees(self, request: Request) -> bool:  # noqa: ARG002 - none does
        """See HttpBackend."""
        return False


def _shaped(request: Request, extra: str) -> Request:
    """The request with the grammar that closes an elicited thought; the person's own keys win.

    Text that is no JSON object is left as it is: the dialect says so to the person.
    """
    own = request.parameters.extra.strip()
    try:
        merged = {**json.loads(extra), **json.loads(own or "{}")}
    except (ValueError, TypeError):
        return request
    return replace(request, parameters=replace(request.parameters, extra=json.dumps(merged)))


def _failure(code: str, params: Mapping[str, str | int | float], tail: str = "") -> Failed:
    details = tuple((name, str(value)) for name, value in params.items())
    return Failed(FailureKind.SERVER, tail, code=code, details=details)


def _described(found: Installed) -> LocalMetadata | None:
    """Read anew each time: the person may have put another file in its place."""
    try:
        return from_gguf(read_header(found.path).facts, file=found.path.name, size=found.bytes)
    except (NotGguf, OSError) as error:
        log.info("the head of %s cannot be read: %s", found.id, error)
        return None


async def _no_key(_origin: str) -> None:
    return None


def _key(secret: Secret) -> KeyFor:
    async def key_for(_origin: str) -> Secret:
        return secret

    return key_for
