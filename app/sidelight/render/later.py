"""Formulas as pictures and code in colours, as they become known: each is asked of the worker once and remembered.

No Qt, and no thread of its own: whoever shows them asks again when told that something came.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from functools import partial
from typing import Generic, TypeVar

import msgspec

from sidelight.render import highlight, maths
from sidelight.render.highlight import Colours
from sidelight.render.maths import Formula, Refused
from sidelight.workers.process import Worker, WorkerError

__all__ = ["Later"]

_FORMULAS = 1_000
_PIECES = 500
"""Remembered at most: a few MB."""

_TYPESET: Callable[[bytes], Formula | Refused] = msgspec.msgpack.Decoder(Formula | Refused).decode
_READ: Callable[[bytes], Colours] = msgspec.msgpack.Decoder(Colours).decode

K = TypeVar("K")
V = TypeVar("V")


class Later:
    """Asked from one thread. `tell` is called from another one when something has become known that was asked for."""

    def __init__(self, worker: Worker, tell: Callable[[], None]) -> None:
        self._worker = worker
        self._tell = tell
        self._formulas: _Known[tuple[str, bool, str], Formula | Refused] = _Known(_FORMULAS)
        self._colours: _Known[tuple[str, str, int], Colours] = _Known(_PIECES)

    def formula(self, source: str, *, display: bool, colour: str) -> Formula | Refused | None:
        """The picture of LaTeX `source` in `colour` ("#rrggbb"), or why there is none; None: not known yet.

        `display` is for formulas on a line of their own. One picture serves every size.
        """
        key = (source, display, colour)
        if self._formulas.missing(key):
            asked = self._worker.submit(maths.JOB, key, _TYPESET, within=maths.WITHIN)
            asked.add_done_callback(partial(self._came, self._formulas, key, Refused("time")))
        return self._formulas.get(key)

    def colours(self, code: str, language: str, before: str = "") -> Colours | None:
        """The colours of `code` as shown, which goes on from the code `before`; None: not known yet."""
        key = highlight.to_read(code, language, before)
        if isinstance(key, Colours):
            return key
        if self._colours.missing(key):
            asked = self._worker.submit(highlight.JOB, key, _READ, within=highlight.WITHIN)
            asked.add_done_callback(partial(self._came, self._colours, key, Colours(why="time")))
        return self._colours.get(key)

    def _came(self, known: _Known[K, V], key: K, failed: V, asked: Future[V]) -> None:
        """In the worker's thread."""
        try:
            known.add(key, asked.result())
        except (WorkerError, CancelledError):
            known.add(key, failed)
        self._tell()


class _Known(Generic[K, V]):
    """What was asked for last, and what came of it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._asked: OrderedDict[K, V | None] = OrderedDict()
        self._came: deque[tuple[K, V]] = deque()

    def missing(self, key: K) -> bool:
        """Whether it is asked for the first time, and must be got."""
        if key in self._asked:
            self._asked.move_to_end(key)
            return False
        self._asked[key] = None
        while len(self._asked) > self._most:
            self._asked.popitem(last=False)
        return True

    def get(self, key: K) -> V | None:
        """What is known."""
        while self._came:
            came, value = self._came.popleft()
            if came in self._asked:
                self._asked[came] = value
        return self._asked[key]

    def add(self, key: K, value: V) -> None:
        """It is known. From any thread."""
        self._came.append((key, value))
