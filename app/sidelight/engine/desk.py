"""The session's way to the disk and back into the face's thread, shared by its collaborators. Holds no state of its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, TypeVar

from sidelight.engine.opened import Opened
from sidelight.engine.terms import Change
from sidelight.store.database import Connection, Store, StoreError

if TYPE_CHECKING:
    from concurrent.futures import Future

    from sidelight.engine.network import Network
    from sidelight.engine.outside import Outside
    from sidelight.engine.recorder import WriteJob

__all__ = ["Desk"]

T = TypeVar("T")


class Desk:
    """Every method but `put` is called in the face's thread, and so is what it is given to call."""

    def __init__(
        self,
        opened: Opened,
        store: Store | None,
        network: Callable[[], Network[Outside] | None],
        put: Callable[[Callable[[], None]], None],
        tell: Callable[[Change], None],
        trouble: Callable[[StoreError], None],
    ) -> None:
        """`network` gives None where the session is not open. `put` has something called from `drain`, `tell` tells listeners,
        `trouble` makes a notice of what failed.
        """
        self.put, self.tell = put, tell
        self._opened, self._store = opened, store
        self._network, self._trouble = network, trouble

    def write(self, conversation_id: str, job: WriteJob) -> None:
        """Write a change of a conversation, in turn; one that is in memory alone is written with its first prompt, or never."""
        if self._opened.is_stored(conversation_id) or conversation_id not in self._opened:
            self.write_anew(job)

    def write_anew(self, job: WriteJob) -> None:
        """Write what is of no conversation on disk, in turn; not where the file is to be read only, which was said."""
        if self._store is not None and self._store.read_only:
            return
        network = self._network()
        if network is None:
            raise RuntimeError("the session is not started, or closed")
        network.call(lambda outside: outside.write(job))

    def read(
        self, job: Callable[[Connection], T], then: Callable[[T | None], None], *, at_once: bool = False
    ) -> None:
        """Read once all that was to be written by now is on disk; `then` is told None where the store refused.

        `at_once`: nothing was written yet, so that the network's thread need not be waited for. Without a store, and once the
        session is closed, nothing is read, and `then` never called.
        """
        network = self._network()
        if self._store is None or network is None:
            return
        if at_once:
            self.when(self._store.read(job), then)
        else:
            self.when(network.run(lambda outside: outside.read(job)), then)

    def when(self, future: Future[T], then: Callable[[T | None], None]) -> None:
        """Call `then` with what came of it. A refusal of the store becomes a notice and None; None without more, where
        the network's side could not be made: that was said."""
        future.add_done_callback(lambda done: self.put(lambda: then(self._result(done))))

    def _result(self, future: Future[T]) -> T | None:
        try:
            return future.result()
        except StoreError as error:
            self._trouble(error)
        except CancelledError:
            pass
        return None
