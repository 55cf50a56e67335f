"""What is written when: prompts before the request leaves, deltas within 50 ms, finish marks for good.

Every write of the program goes through one queue here, in order. When the disk refuses (full, locked, read-only), the
queue waits and tries again every two seconds while everything stays in memory, and the face is told once. Runs on the
network's loop and knows no face; how rows look is `store`'s affair.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from sidelight.chat.events import Stamped
from sidelight.engine.exchanges import InMemory
from sidelight.store import exchanges
from sidelight.store.database import Connection, Store, StoreError
from sidelight.store.exchanges import Recorded

__all__ = ["FLUSH_EVERY", "Recorder", "WriteJob"]

FLUSH_EVERY = 0.05
"""Seconds from one flush to the next at least; so long at most has an event that is not on its way to the disk been here."""
TOGETHER = 0.002
"""Seconds from the first event until a flush, so that it holds what comes of other lanes at the same moment."""
DURABLE_EVERY = 1.0
"""Seconds of streaming that a power cut may take at most; a kill of the process takes at most one flush."""
RETRY_EVERY = 2.0
CLOSE_WITHIN = 3.0
SETTLED_WITHIN = 1.0
WriteJob: TypeAlias = Callable[[Connection], object]
log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Entry:
    job: WriteJob
    durable: bool
    then: Callable[[], None] | None = None
    tried: asyncio.Event = field(default_factory=asyncio.Event)
    saved: bool = False


class Recorder:
    """The one way to the disk. `trouble(error)` is told when writing begins to fail, and None when it works again."""

    def __init__(
        self,
        store: Store | None,
        trouble: Callable[[StoreError | None], None],
        sealed: Callable[[str], None],
    ) -> None:
        """`store` None keeps everything in memory alone: the profile could not be opened.

        `sealed` is told the id of each reply whose end is on disk, or never will be.
        """
        self._store = store
        self._trouble = trouble
        self._sealed = sealed
        self._queue: deque[_Entry] = deque()
        self._pending: dict[str, list[Stamped]] = {}
        self._unsaved: set[str] = set()
        self._in_memory = InMemory()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        """Nothing is waiting to be written, or the disk refuses."""
        self._idle.set()
        self._failing = False
        self._timer: asyncio.TimerHandle | None = None
        self._last_flush = self._last_durable = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to write. Call once, on the loop."""
        if self._store is not None:
            self._tasks = [asyncio.create_task(self._pump())]

    async def begin(self, job: WriteJob) -> bool:
        """Write durably before going on; True when it is on disk. False: it is kept in memory and tried again."""
        if self._store is None:
            return False
        entry = self._put(job, durable=True)
        await entry.tried.wait()
        return entry.saved

    def later(self, job: WriteJob) -> None:
        """Write in turn, soon."""
        if self._store is not None:
            self._put(job, durable=False)

    async def settled(self) -> None:
        """Wait until what was to be written by now is on disk; not for long, and not for a disk that refuses."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLED_WITHIN):
                await self._idle.wait()

    def forget(self, reply_id: str) -> None:
        """Never write this reply: its conversation is temporary."""
        self._unsaved.add(reply_id)

    def record(self, reply_id: str, stamped: Stamped) -> None:
        """Keep an event; it is on disk within 50 ms."""
        if self._store is not None and reply_id not in self._unsaved:
            self._pending.setdefault(reply_id, []).append(stamped)
            self._set_timer()

    def keep(self, reply_id: str, recorded: Recorded) -> None:
        """Keep what went over the wire for a reply: in memory, until it is on disk where it may be there."""
        self._in_memory.keep(reply_id, recorded)
        if self._store is not None and reply_id not in self._unsaved:
            entry = self._put(lambda con: exchanges.write(con, reply_id, recorded), durable=False)
            entry.then = lambda: self._in_memory.drop(reply_id)

    async def kept(self, reply_id: str) -> Recorded | None:
        """What went over the wire for a reply, None where it is not known. Raises StoreError."""
        found = self._in_memory.get(reply_id)
        if found is not None or self._store is None:
            return found
        return await asyncio.wrap_future(self._store.read(lambda con: exchanges.read(con, reply_id)))

    def seal(self, reply_id: str) -> None:
        """The reply has ended: write its last events and its row, durably."""
        if self._store is None or reply_id in self._unsaved:
            self._unsaved.discard(reply_id)
            self._sealed(reply_id)
            return
        journal = self._store.journal
        self._flush()
        entry = self._put(lambda connection: journal.seal(connection, reply_id), durable=True)
        entry.then = lambda: self._sealed(reply_id)

    async def close(self) -> bool:
        """Write what is left; False when the disk refuses, or did not take it within three seconds."""
        if self._store is None:
            return True
        self._flush()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_WITHIN):
                await self._idle.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        return not self._queue

    def _put(self, job: WriteJob, *, durable: bool) -> _Entry:
        entry = _Entry(job, durable)
        self._queue.append(entry)
        self._wake.set()
        if not self._failing:
            self._idle.clear()
        return entry

    def _set_timer(self) -> None:
        """Flush soon. A failing disk gets one growing batch when it works again, not one batch every 50 ms."""
        if self._timer is None and self._pending and not self._failing:
            loop = asyncio.get_running_loop()
            due = max(loop.time() + TOGETHER, self._last_flush + FLUSH_EVERY)
            self._timer = loop.call_at(due, self._flush)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._pending or self._store is None:
            return
        batch = list(self._pending.items())
        self._pending = {}
        journal = self._store.journal
        now = self._last_flush = asyncio.get_running_loop().time()
        durable = now - self._last_durable >= DURABLE_EVERY
        if durable:
            self._last_durable = now
        self._put(lambda connection: journal.append(connection, batch), durable=durable)

    async def _pump(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                await self._write(self._queue[0])
            self._idle.set()

    async def _write(self, entry: _Entry) -> None:
        """Write the entry at the head. It stays there while the disk refuses, and leaves when no attempt can help."""
        assert self._store is not None
        try:
            await asyncio.wrap_future(self._store.write(entry.job, durable=entry.durable))
        except StoreError as error:
            if error.code != "refused":
                self._say(error)
                entry.tried.set()
                await asyncio.sleep(RETRY_EVERY)
                return
            log.info("a write is dropped, its conversation is gone: %s", error.params.get("reason"))
        except Exception:  # a fault of ours in one job must not keep everything behind it from the disk
            log.exception("a write failed and is dropped")
        else:
            entry.saved = True
            self._say(None)
        self._queue.popleft()
        entry.tried.set()
        if entry.then is not None:
            entry.then()

    def _say(self, error: StoreError | None) -> None:
        if (error is not None) != self._failing:
            self._failing = error is not None
            if self._failing:
                self._idle.set()
            self._trouble(error)
            self._set_timer()
