"""One prompt, many lanes: starts the requests, queues them where a server has few slots, stops them, tags what comes.

Each reply has one owner task, and only that task opens and closes its connection. A failure becomes an event of its
own lane and touches no other. Runs on the network's loop; folds nothing and draws nothing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import TypeAlias

from sidelight.backends.base import Backend, BackendError, Request
from sidelight.chat.events import (
    Described,
    Event,
    Failed,
    FailureKind,
    Finished,
    Progress,
    Stamped,
    Started,
)
from sidelight.engine.exchanges import Watch
from sidelight.engine.recorder import Recorder
from sidelight.models.metadata import stated

__all__ = ["Deliver", "Ended", "Fanout", "Job"]

Deliver: TypeAlias = Callable[[str, Stamped, float], None]
"""Called with reply id, event, and the monotonic time at which that reply's request was sent."""

Ended: TypeAlias = Callable[[str], None]
"""Called with a reply id when nothing more will come for it."""

_DESCRIBED_WITHIN = 2.0
"""Seconds after the end of a reply for its server to have said what the model is."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """One request of one lane. `reply` is the id under which its events are told."""

    reply: str
    backend: Backend
    request: Request
    watch: Watch


class Fanout:
    """The requests under way. At most `slots` at once to a server that states how many it takes."""

    def __init__(self, recorder: Recorder, deliver: Deliver, ended: Ended) -> None:
        self._recorder = recorder
        self._deliver = deliver
        self._ended = ended
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._watches: dict[str, Watch] = {}
        self._gates: dict[tuple[str, str], asyncio.Semaphore] = {}

    @property
    def running(self) -> frozenset[str]:
        """Replies under way or queued."""
        return frozenset(self._tasks)

    def start(self, job: Job) -> None:
        """Begin one request."""
        task = asyncio.create_task(self._own(job), name=f"reply {job.reply}")
        self._tasks[job.reply] = task
        self._watches[job.reply] = job.watch
        task.add_done_callback(lambda done: self._close(job, done))

    def stop(self, reply_id: str) -> None:
        """Stop one reply. Doing so again while it stops changes nothing."""
        task = self._tasks.get(reply_id)
        if task is not None and not task.cancelling():
            task.cancel()

    def hurry(self, reply_id: str) -> None:
        """Send a request that waits to be sent again at once."""
        if (watch := self._watches.get(reply_id)) is not None:
            watch.hurry()

    async def close(self) -> None:
        """Stop all and wait until their connections are closed and their ends recorded."""
        for reply_id in tuple(self._tasks):
            self.stop(reply_id)
        while self._tasks:
            await asyncio.wait(tuple(self._tasks.values()))
            await asyncio.sleep(0)

    def _tell(self, job: Job, event: Event, sent: float) -> None:
        stamped = Stamped.now(event, time.monotonic() - sent)
        self._recorder.record(job.reply, stamped)
        self._deliver(job.reply, stamped, sent)

    async def _own(self, job: Job) -> None:
        """The owner of one reply: opens its stream, tells what comes, and how it ended."""
        sent = time.monotonic()
        ended = False
        describing: asyncio.Task[None] | None = None
        try:
            async with self._slot(job):
                sent = time.monotonic()
                self._tell(job, Progress("sent"), sent)
                async with aclosing(job.backend.stream(job.request, job.watch)) as events:
                    async for event in events:
                        if describing is None and isinstance(event, Started):
                            describing = asyncio.create_task(self._describe(job, sent))
                        ended = ended or isinstance(event, Finished | Failed)
                        self._tell(job, event, sent)
            if not ended:
                self._tell(job, Failed(FailureKind.CUT_OFF, code="eof"), sent)
            if describing is not None:
                await asyncio.wait([describing], timeout=_DESCRIBED_WITHIN)
        except asyncio.CancelledError:
            if not ended:
                self._tell(job, Failed(FailureKind.STOPPED), sent)
        except Exception as error:  # the edge of a lane: a fault of ours must not take the other lanes along
            log.exception("lane failed")
            self._tell(job, Failed(FailureKind.PROTOCOL, type(error).__name__, code="fault"), sent)
        finally:
            if describing is not None:
                describing.cancel()

    async def _describe(self, job: Job, sent: float) -> None:
        """Tell what a local server states of the model that answers. Where it does not say, nothing is known."""
        try:
            metadata = await job.backend.metadata(job.request.model)
        except BackendError as error:
            log.info("no metadata of %s: %s", job.backend.about.id, error.failed.kind)
            return
        if metadata is not None:
            self._tell(job, Described(stated(metadata)), sent)

    def _close(self, job: Job, task: asyncio.Task[None]) -> None:
        """Seal the reply. A task that was stopped before its first step has told nothing yet."""
        del self._tasks[job.reply], self._watches[job.reply]
        if task.cancelled():
            self._tell(job, Failed(FailureKind.STOPPED), time.monotonic())
        if (recorded := job.watch.recorded()) is not None:
            self._recorder.keep(job.reply, recorded)
        self._recorder.seal(job.reply)
        self._ended(job.reply)

    @asynccontextmanager
    async def _slot(self, job: Job) -> AsyncGenerator[None, None]:
        """A place at the server; tells *queued* where there is a wait."""
        slots = job.backend.about.slots
        if slots is None:
            yield
            return
        place = (job.backend.about.id, job.request.model)
        gate = self._gates.setdefault(place, asyncio.Semaphore(slots))
        if gate.locked():
            self._tell(job, Progress("queued"), time.monotonic())
        async with gate:
            yield
