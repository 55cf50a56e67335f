"""The worker as the rest of the program sees it: `submit` a job, get a future; it can be slow, crash or never end.

Nothing is started before the first job. One thread of ours hands out one job at a time to one child process, kills that
at a deadline and starts another for the next job. Not a pool: what needs it is short work beside the window.
"""

from __future__ import annotations

import os
import queue
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeAlias, TypeVar

import msgspec

from sidelight.paths import child_command
from sidelight.secrets import without_keys
from sidelight.workers.child import PREPARE
from sidelight.workers.frames import Answer, Begun, Broken, Done, Failed, Job, Limits, Ready, pack, read_frame

__all__ = ["DEADLINE", "MEMORY", "Child", "Reason", "Worker", "WorkerError"]

DEADLINE = 0.5
"""Seconds a job has if nothing else is said."""
MEMORY = 256_000_000
"""Bytes of address space of the child. It has about 45 MB of it with everything imported that our jobs need."""
_PATIENCE = 3
"""Processes in a row that may fail to come up; after that no more are tried."""

_ANSWERS: Callable[[bytes], Answer] = msgspec.msgpack.Decoder(Answer).decode

T = TypeVar("T")
Reason: TypeAlias = Literal["overrun", "memory", "crashed", "error", "unavailable"]


class WorkerError(Exception):
    """A job gave nothing: it took too long, asked for too much memory, took the process down, or raised; or there is no
    worker to be had. `detail` is for a log."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason: Reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class _Order(Generic[T]):
    job: Job
    read: Callable[[bytes], T]
    future: Future[T]


class Worker:
    """See the module. May be used from any thread."""

    def __init__(self, *, memory: int = MEMORY, command: Sequence[str] | None = None) -> None:
        """`command` starts the child; None is this program itself. Nothing happens before the first job."""
        self._memory = memory
        self._command = tuple(command or child_command("worker"))
        self._orders: queue.SimpleQueue[_Order[Any] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._child: Child | None = None
        self._closed = False
        self._in_vain = 0

    @property
    def pid(self) -> int | None:
        """The process, while there is one."""
        child = self._child
        return child.process.pid if child is not None and child.lives else None

    def submit(
        self, path: str, arguments: Sequence[Any], read: Callable[[bytes], T], *, within: float = DEADLINE
    ) -> Future[T]:
        """Have a job done; never waits.

        `path` is the dotted path of a function that takes nothing, imports what the job needs and gives the function
        that does it. Only the latter is on the clock, for `within` seconds. Arguments are what msgpack can hold; `read`
        decodes the msgpack that comes back and may raise msgspec.DecodeError. The future fails with WorkerError; it may be
        cancelled as long as the job has not begun, as `close` does with all that wait. Its callbacks run in our thread.
        """
        future: Future[T] = Future()
        order = _Order(Job(path, tuple(arguments), within), read, future)
        with self._lock:
            if self._closed:
                future.cancel()
                return future
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="worker", daemon=True)
                self._thread.start()
            self._orders.put(order)
        return future

    def close(self) -> None:
        """End the process, and cancel what waits; what is under way fails. Takes some milliseconds; may be repeated."""
        with self._lock:
            self._closed = True
            self._orders.put(None)
            if (child := self._child) is not None:
                child.process.kill()
        if self._thread is not None:
            self._thread.join()

    def _serve(self) -> None:
        while (order := self._orders.get()) is not None:
            if self._closed:
                order.future.cancel()
            elif order.future.set_running_or_notify_cancel():
                self._fulfil(order)
        self._drop()

    def _fulfil(self, order: _Order[Any]) -> None:
        try:
            value = order.read(self._done(order.job))
        except msgspec.DecodeError as error:
            order.future.set_exception(WorkerError("error", str(error)))
        except Exception as error:  # whoever asked gets it, and this thread goes on
            order.future.set_exception(error)
        else:
            order.future.set_result(value)

    def _done(self, job: Job) -> bytes:
        """What the child gave for a job. Raises WorkerError, and then there may be no child any more."""
        try:
            frame = pack(job)
        except (Broken, TypeError) as error:
            raise WorkerError("error", str(error)) from error
        child = self._running()
        try:
            child.tell(frame)
            answer = child.hear(PREPARE)
            if isinstance(answer, Begun):
                answer = child.hear(job.seconds)
        except (OSError, Broken, msgspec.DecodeError) as error:
            self._drop()
            raise WorkerError("crashed", f"{type(error).__name__}: {error}") from error
        except queue.Empty as error:
            self._drop()
            raise WorkerError("overrun") from error
        match answer:
            case Done(value):
                return value
            case Failed(kind, detail):
                if kind == "memory":
                    self._drop()
                raise WorkerError(kind, detail)
            case _:
                self._drop()
                raise WorkerError("crashed", f"{answer!r} in place of an answer")

    def _running(self) -> Child:
        """The child, ready for a job; a new one if need be. Raises WorkerError."""
        if self._child is not None and self._child.lives:
            return self._child
        self._drop()
        if self._in_vain >= _PATIENCE:
            raise WorkerError("unavailable")
        self._in_vain += 1
        try:
            with self._lock:
                if self._closed:
                    raise WorkerError("unavailable", "closed")
                self._child = child = Child(self._command)
            child.tell(pack(Limits(self._memory)))
            if not isinstance(child.hear(PREPARE), Ready):
                raise Broken("not ready")
        except (OSError, Broken, msgspec.DecodeError, queue.Empty) as error:
            self._drop()
            raise WorkerError("unavailable", f"{type(error).__name__}: {error}") from error
        self._in_vain = 0
        return child

    def _drop(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None


class Child:
    """A process of ours at the other end of two pipes, and the thread that reads what it says."""

    def __init__(self, command: Sequence[str], more: Mapping[str, str] | None = None) -> None:
        """`more` is added to its environment. Raises OSError where it cannot be started."""
        self.process = subprocess.Popen(  # noqa: S603 - our own program
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**without_keys(os.environ), **(more or {})},
            # Away from the terminal: Ctrl+C there is meant for us, and we end the child in good order.
            start_new_session=os.name == "posix",
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._said: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, name="worker-reader", daemon=True)
        self._reader.start()

    @property
    def lives(self) -> bool:
        """It has not ended."""
        return self.process.poll() is None

    def tell(self, frame: bytes) -> None:
        """Write to it. It is reading, or it is about to set its limits. Raises OSError."""
        assert self.process.stdin is not None
        self.process.stdin.write(frame)
        self.process.stdin.flush()

    def hear(self, seconds: float) -> Answer:
        """What it says next. Raises queue.Empty after `seconds`, and Broken, OSError, msgspec.DecodeError."""
        said = self._said.get(timeout=seconds)
        if isinstance(said, Exception):
            raise said
        return _ANSWERS(said)

    def end(self) -> None:
        """Kill it and wait until it is gone."""
        self.process.kill()
        self.process.wait()
        self._reader.join()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what it never read
                    pipe.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        try:
            while (frame := read_frame(self.process.stdout)) is not None:
                self._said.put(frame)
        except (OSError, Broken) as error:
            self._said.put(error)
        else:
            self._said.put(Broken("it ended"))
