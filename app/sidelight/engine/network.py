"""The network's own thread: one asyncio loop and the one thing that lives on it.

Not a client and not a scheduler. `call` and `run` may be used from any thread and return at once; what is asked while the
inhabitant is still being made waits in order. asyncio is imported in the thread, out of the way of the first paint.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")
R = TypeVar("R")


class Network(Generic[T]):
    """A running loop in a thread, with an inhabitant of type T that is touched on that loop alone."""

    def __init__(
        self, setup: Callable[[], Coroutine[Any, Any, T]], failed: Callable[[Exception], None]
    ) -> None:
        """Start the thread. `setup` makes the inhabitant there; `failed` is told, in that thread, when it cannot."""
        self._setup = setup
        self._failed = failed
        self._lock = threading.Lock()
        self._early: list[Callable[[], None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._inhabitant: T | None = None
        self._thread = threading.Thread(target=self._live, name="network", daemon=True)
        self._thread.start()

    def call(self, action: Callable[[T], object]) -> None:
        """Do something with the inhabitant on the loop, soon and in order."""

        def go() -> None:
            if self._inhabitant is not None:
                action(self._inhabitant)

        self._soon(go)

    def run(self, action: Callable[[T], Coroutine[Any, Any, R]]) -> Future[R]:
        """Run a coroutine of the inhabitant; the future is done in the network's thread."""
        future: Future[R] = Future()

        def go() -> None:
            if self._inhabitant is None or self._loop is None:
                future.cancel()
                return
            task = self._loop.create_task(action(self._inhabitant))
            task.add_done_callback(lambda done: _copy(done, future))

        self._soon(go)
        return future

    def close(self, timeout: float = 5.0) -> None:
        """End the loop and join the thread, for at most `timeout` seconds. Tasks that still run are cancelled."""

        def stop() -> None:
            assert self._loop is not None
            self._loop.stop()

        self._soon(stop)
        self._thread.join(timeout)

    def _soon(self, action: Callable[[], None]) -> None:
        with self._lock:
            if self._loop is None:
                self._early.append(action)
            elif not self._loop.is_closed():
                self._loop.call_soon_threadsafe(action)

    def _live(self) -> None:
        import asyncio

        with asyncio.Runner() as runner:
            try:
                self._inhabitant = runner.run(self._setup())
            except Exception as error:  # the edge of the thread: it is told and the window stays usable
                self._failed(error)
            loop = runner.get_loop()
            with self._lock:
                self._loop = loop
                for action in self._early:
                    loop.call_soon(action)
                self._early.clear()
            loop.run_forever()


def _copy(task: asyncio.Task[R], future: Future[R]) -> None:
    if task.cancelled():
        future.cancel()
    elif (error := task.exception()) is not None:
        future.set_exception(error)
    else:
        future.set_result(task.result())
