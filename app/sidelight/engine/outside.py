"""The network's side of the house: the client, the backends, the keys, the weights, and what streams.

Everything here runs on the network's loop and answers through `Face`, whose functions only put into the session's queue. So
no lock is needed and the network never waits for a face.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias, TypeVar
from urllib.parse import urlsplit

from sidelight.backends import discovery, registry
from sidelight.backends.base import Backend, BackendError, KeyFor, Request
from sidelight.backends.discovery import Found
from sidelight.chat.conversation import Conversation
from sidelight.chat.events import Failed, FailureKind, Stamped
from sidelight.chat.reply import Asked, Identity, Reply, Timing, fold_all
from sidelight.engine.attachments import Contents
from sidelight.engine.embedded import Embedded
from sidelight.engine.exchanges import Watch
from sidelight.engine.fanout import Fanout, Job
from sidelight.engine.fitting import fitting
from sidelight.engine.recorder import Recorder, WriteJob
from sidelight.engine.terms import EMBEDDED, Ask, Face, Fitting, Server, WeightsOffer
from sidelight.keys import Keys
from sidelight.local.weights import Weights, WeightsError, WeightsFolder, catalogue
from sidelight.net import is_loopback, origin_of, releases
from sidelight.net.client import Http
from sidelight.net.releases import Channel, Look
from sidelight.secrets import Redactor, Secret
from sidelight.settings import BackendSetting, Settings
from sidelight.store import conversations
from sidelight.store.database import Connection, Store, StoreError
from sidelight.store.exchanges import Recorded

__all__ = ["Outside"]

T = TypeVar("T")
Build: TypeAlias = Callable[[BackendSetting, Http, KeyFor], Backend]
_LOADS = 3.0
"""Seconds between two looks at a server that still loads."""
_LOOKS_WHILE_LOADING = 20
_FITS_AT_ONCE = 4
"""Models a server is asked about at the same time."""
log = logging.getLogger(__name__)


class Outside:
    """Made and used on the network's loop."""

    def __init__(
        self,
        settings: Settings,
        store: Store | None,
        weights: Path,
        keys: Keys,
        face: Face,
        build: Build = registry.build,
        redact: Redactor | None = None,
    ) -> None:
        """`weights` is the folder of fetched model files; `build` makes a backend of its setting.

        `redact` learns every key in sight, so that the log can mask it.
        """
        self._settings = settings
        self._weights_path = weights
        self._keys = keys
        self._face = face
        self._build = build
        self._redact = redact or Redactor()
        self._http = Http(settings.net)
        writable = None if store is not None and store.read_only else store
        self._recorder = Recorder(writable, face.store_trouble, face.sealed)
        self._fanout = Fanout(self._recorder, face.event, face.ended)
        self._contents = Contents(store)
        self._store = store
        self._folder = WeightsFolder(weights, [Path(p) for p in settings.gguf])
        self._embedded = Embedded(self._http, lambda: self._folder.installed(), settings.slot_context)
        self._backends: dict[str, Backend] = {}
        self._fetches: dict[str, asyncio.Task[None]] = {}
        self._offers: dict[str, WeightsOffer] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._servers: tuple[Server, ...] = ()
        self._leaving: set[str] = set()
        """Replies that are to be asked for, until they are."""
        keys.changed = self._tell_backends

    def start(self) -> None:
        """Begin to record, and tell the face what there is; what the keyring says follows when it answers."""
        self._recorder.start()
        self._build_backends()
        self._look_at_weights()
        self._tell_backends()
        self._spawn(self._ask_for_keys())
        if self._settings.find_servers:
            self._spawn(self.find_servers())

    async def close(self) -> bool:
        """Stop all lanes, write what is left, end the engines. False: the disk did not take everything."""
        for task in (*self._fetches.values(), *self._tasks):
            task.cancel()
        await asyncio.gather(*self._fetches.values(), *self._tasks, return_exceptions=True)
        await self._fanout.close()
        saved = await self._recorder.close()
        await self._embedded.close()
        await self._http.aclose()
        await self._keys.close()
        return saved

    # --- replies

    def begin(
        self,
        turn_id: str,
        asks: Sequence[Ask],
        store_job: Callable[[Sequence[Reply]], WriteJob] | None,
        files: Mapping[str, bytes],
    ) -> None:
        """Write the turn and its queued replies, then ask. `store_job` None: a temporary conversation, never written.

        `files` are the contents of new attachments by digest.
        """
        self._contents.add(files)
        self._leaving.update(ask.reply.id for ask in asks)
        self._spawn(self._begin(turn_id, asks, store_job))

    async def _begin(
        self, turn_id: str, asks: Sequence[Ask], store_job: Callable[[Sequence[Reply]], WriteJob] | None
    ) -> None:
        prepared = [self._prepared(ask) for ask in asks]
        replies = [reply for reply, _ in prepared]
        self._face.begun(turn_id, replies)
        if store_job is None:
            for reply in replies:
                self._recorder.forget(reply.id)
        else:
            await self._recorder.begin(store_job(replies))
        for (reply, backend), ask in zip(prepared, asks, strict=True):
            request = await self._with_files(ask.request)
            stopped = reply.id not in self._leaving
            self._leaving.discard(reply.id)
            if stopped:
                self._fail(reply, Failed(FailureKind.STOPPED))
            elif backend is None:
                self._fail(reply, Failed(FailureKind.BAD_REQUEST, code="backend_unknown"))
            elif request is None:
                self._fail(reply, Failed(FailureKind.BAD_REQUEST, code="attachment_missing"))
            else:
                self._fanout.start(Job(reply.id, backend, request, Watch(self._redact, request.files)))

    def _fail(self, reply: Reply, failed: Failed) -> None:
        """End a reply that cannot be asked for."""
        stamped = Stamped.now(failed, 0.0)
        self._recorder.record(reply.id, stamped)
        self._face.event(reply.id, stamped, 0.0)
        self._recorder.seal(reply.id)
        self._face.ended(reply.id)

    async def _with_files(self, request: Request) -> Request | None:
        """The request with its attachments' contents; None where one is missing."""
        digests = {a.digest for m in request.messages for a in m.attachments}
        try:
            return replace(request, files=await self._contents.of(digests)) if digests else request
        except StoreError as error:
            log.info("an attachment is missing: %s", error.params.get("reason"))
            return None

    def _prepared(self, ask: Ask) -> tuple[Reply, Backend | None]:
        backend = self._backends.get(ask.backend)
        identity = Identity(requested_model=ask.request.model)
        parameters = ask.request.parameters
        if backend is None:
            return replace(
                ask.reply, identity=identity, asked=Asked(ask.backend, parameters=parameters)
            ), None
        about = backend.about
        asked = Asked(ask.backend, about.provider, urlsplit(about.origin).netloc, parameters)
        claim = backend.claim(ask.request)
        return replace(ask.reply, identity=identity, claim=claim, asked=asked), backend

    def hurry(self, reply_id: str) -> None:
        """Send a request that waits to be sent again at once."""
        self._fanout.hurry(reply_id)

    async def load(self, conversation_id: str) -> Conversation | None:
        """A stored conversation, with all that was written of it here; None where there is none. Raises StoreError."""
        if self._store is None:
            return None
        return await self.read(lambda con: conversations.load(con, conversation_id))

    async def read(self, job: Callable[[Connection], T]) -> T:
        """What a job reads, once all that was to be written by now is on disk. Raises StoreError; there is a store."""
        assert self._store is not None
        await self._recorder.settled()
        return await asyncio.wrap_future(self._store.read(job))

    async def contents(self, digests: frozenset[str]) -> dict[str, bytes]:
        """The files of prompts, by digest. Raises StoreError where one is not to be had."""
        return await self._contents.of(digests)

    async def recorded(self, reply_id: str) -> Recorded | None:
        """What went over the wire for a reply. Raises StoreError."""
        return await self._recorder.kept(reply_id)

    async def reread(self, source: Reply, request: Request, fresh: Reply) -> Reply | None:
        """`fresh` with what the recorded stream of `source` says when it is read as the request's parameters want.

        None where there is no recording, or no backend that could read it. Raises StoreError.
        """
        backend = self._backends.get(source.asked.backend if source.asked else "")
        recorded = await self._recorder.kept(source.reread or source.id)
        if backend is None or recorded is None:
            return None
        stream = recorded.unpacked()
        events = await asyncio.to_thread(backend.reread, request, stream)
        read = fold_all(fresh, [Stamped.now(event, 0.0) for event in events])
        mask = self._redact.exactly  # a key that came in two pieces stands whole only now
        read = replace(read, segments=tuple(replace(s, text=mask(s.text)) for s in read.segments))
        known = source.timing
        timing = Timing(
            known.asked_at,
            known.first_payload,
            done=known.done,
            headers=known.headers,
            first_byte=known.first_byte,
        )
        return replace(read, timing=timing, identity=source.identity, usage=source.usage or read.usage)

    def stop(self, reply_id: str) -> None:
        """Stop one reply, on its way out or under way."""
        self._leaving.discard(reply_id)
        self._fanout.stop(reply_id)

    def write(self, job: WriteJob) -> None:
        """Write in turn with everything else."""
        self._recorder.later(job)

    # --- backends and keys

    async def _ask_for_keys(self) -> None:
        """Ask where the keys are (a locked keyring takes seconds), then tell."""
        await asyncio.gather(
            *(self._keys.get(b.about.origin) for b in self._backends.values() if b.about.needs_key)
        )
        self._tell_backends()

    def _tell_backends(self) -> None:
        states = {i: self._keys.state(b.about.origin) for i, b in self._backends.items()}
        self._face.backends(tuple(b.about for b in self._backends.values()), states, self._keys.trouble)

    async def find_servers(self) -> None:
        """Look for local servers and tell the face; again a little later while one of them still loads."""
        for _ in range(_LOOKS_WHILE_LOADING):
            found = await discovery.find(self._http, skip=self._embedded.origins)
            settings = {s.id: s for s in (*registry.default_settings(), *self._settings.backends)}
            self._servers = tuple(_server(server, settings.values()) for server in found)
            self._build_backends()
            self._tell_backends()
            self._face.servers(self._servers)
            if not any(server.loading for server in found):
                break
            await asyncio.sleep(_LOADS)

    async def ask_models(self, backend_id: str) -> None:
        """Ask a backend what it offers and tell the face."""
        backend = self._backends.get(backend_id)
        if backend is None:
            self._face.models(
                backend_id, BackendError(Failed(FailureKind.BAD_REQUEST, code="backend_unknown"))
            )
            return
        try:
            models = await backend.models()
        except BackendError as error:
            self._face.models(backend_id, error)
        else:
            mask = self._redact.exactly  # the server that is asked was sent a key
            self._face.models(
                backend_id, tuple(replace(m, id=mask(m.id), title=mask(m.title)) for m in models)
            )

    async def ask_fits(self, backend_id: str, models: Sequence[str]) -> None:
        """Find out which of a backend's models fit here, and tell the face of those it can be said of."""
        backend = self._backends.get(backend_id)
        if backend is None:
            return
        turn = asyncio.Semaphore(_FITS_AT_ONCE)

        async def one(model: str) -> Fitting | None:
            async with turn:
                return await fitting(backend, model, self._settings.slot_context)

        found = await asyncio.gather(*(one(model) for model in models))
        self._face.fits(backend_id, {m: f for m, f in zip(models, found, strict=True) if f is not None})

    async def look_for_version(self, where: Channel, not_before: int) -> Look:
        """Whether there is a newer version of this program. `not_before`: Unix seconds."""
        return await releases.look(self._http, where, now=time.time(), not_before=not_before)

    async def set_key(self, backend_id: str, key: Secret | None) -> None:
        """Keep a key for a backend's origin, or forget it."""
        backend = self._backends[backend_id]
        await self._keys.set(backend.about.origin, key)
        self._tell_backends()

    async def apply(self, settings: Settings) -> None:
        """Take changed preferences. Streams under way go on with what they began with."""
        old, self._settings = self._settings, settings
        if old.net != settings.net:
            await self._http.aclose()
            self._http = Http(settings.net)
        if (old.gguf, old.slot_context, old.net) != (settings.gguf, settings.slot_context, settings.net):
            self._folder = WeightsFolder(self._weights_path, [Path(p) for p in settings.gguf])
            await self._embedded.close()
            self._embedded = Embedded(self._http, lambda: self._folder.installed(), settings.slot_context)
        self._build_backends()
        self._look_at_weights()
        await self._ask_for_keys()

    def _build_backends(self) -> None:
        chosen: dict[str, BackendSetting] = {s.id: s for s in registry.default_settings()}
        chosen |= {s.setting.id: s.setting for s in self._servers}
        chosen |= {s.id: s for s in self._settings.backends}
        self._backends = {EMBEDDED: self._embedded}
        for setting in chosen.values():
            try:
                self._backends[setting.id] = self._build(setting, self._http, self._keys.get)
            except (KeyError, ValueError):  # a setting written by hand or by a newer version
                log.warning("backend %r cannot be built and is left out", setting.id)

    # --- weights

    def fetch(self, weights_id: str) -> None:
        """Fetch weights that the person agreed to; told through `Face.weights`."""
        if weights_id in self._fetches:
            return
        weights = next(w for w in catalogue() if w.id == weights_id)
        task = asyncio.create_task(self._fetch(weights))
        self._fetches[weights_id] = task
        task.add_done_callback(lambda _: self._fetches.pop(weights_id, None))

    def cancel_fetch(self, weights_id: str) -> None:
        """Stop fetching; what is here stays and is resumed next time."""
        if (task := self._fetches.get(weights_id)) is not None:
            task.cancel()

    async def _fetch(self, weights: Weights) -> None:
        told = 0.0
        loop = asyncio.get_running_loop()

        def progress(done: int, _total: int) -> None:
            nonlocal told
            if loop.time() - told > 0.1:
                told = loop.time()
                self._offer(weights.id, state="fetching", done=done)

        self._offer(weights.id, state="fetching")
        try:
            await self._folder.fetch(self._http, weights, progress)
        except WeightsError as error:
            self._offer(weights.id, state="failed", failure=_told(error))
        except asyncio.CancelledError:
            self._offer(weights.id, state="absent")
        else:
            self._look_at_weights()

    def _offer(self, weights_id: str, **changes: object) -> None:
        self._offers[weights_id] = replace(self._offers[weights_id], failure=None)
        self._offers[weights_id] = replace(self._offers[weights_id], **changes)  # type: ignore[arg-type]
        self._tell_weights()

    def _look_at_weights(self) -> None:
        installed = {i.id for i in self._folder.installed()}
        fetching = {i: self._offers[i] for i in self._fetches if i not in installed}
        self._offers = {
            w.id: fetching.get(w.id)
            or WeightsOffer(
                w.id,
                w.title,
                w.bytes,
                w.hub,
                w.licence,
                w.use,
                state="installed" if w.id in installed else "absent",
                done=w.bytes if w.id in installed else 0,
            )
            for w in catalogue()
            if w.hub is not None
        }
        self._tell_weights()

    def _tell_weights(self) -> None:
        self._face.weights(tuple(self._offers.values()), self._folder.installed())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run beside; kept until done, since the loop itself holds tasks weakly."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _server(found: Found, settings: Iterable[BackendSetting]) -> Server:
    """The backend that asks a server: one there is for its address already, else one of its own, named after its port.

    An address names this machine as localhost or by a number; keys belong to the way it is written.
    """
    port = urlsplit(found.base_url).port
    for setting in settings:
        here = setting.provider == found.provider and is_loopback(setting.base_url)
        if here and urlsplit(origin_of(setting.base_url)).port == port:
            return Server(found, setting, known=True)
    place = urlsplit(found.base_url).netloc.replace("127.0.0.1", "localhost")
    setting = BackendSetting(f"{found.provider}-{place}", found.provider, found.title, found.base_url)
    return Server(found, setting, known=False)


def _told(error: WeightsError) -> tuple[str, tuple[tuple[str, str], ...]]:
    return error.code, tuple((name, str(value)) for name, value in error.params.items())
