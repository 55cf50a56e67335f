"""What other threads may touch of a window: a `Slot`, which is no object of Qt's.

A signal that another thread emits, and a widget that the collector of cycles finds there, take a lock of Qt's while they
hold Python's; the window's thread takes the two the other way round, and both stand still for ever. So other threads put
plain values into a slot, and cycles are looked for in the window's thread alone.
"""

from __future__ import annotations

import gc
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final, Generic, TypeVar

from PySide6.QtCore import QObject, QSocketNotifier, Qt, QTimer

__all__ = ["Collector", "Mailbox", "Slot"]

T = TypeVar("T")
_READ: Final = 4096
_COLLECT_MS: Final = 1000
_PATIENCE: Final = 50
"""How many times as long as by Python's thresholds may pass between two looks at everything while something moves."""


class Slot(Generic[T]):
    """Where values are put in, from any thread."""

    def __init__(self, bell: socket.socket) -> None:
        self._bell = bell
        self.values: deque[T] = deque()

    def put(self, value: T) -> None:
        """Put one in; never waits. Nothing happens where nobody takes them out any more."""
        self.values.append(value)
        with suppress(OSError):  # full: it is rung already; closed: nobody listens
            self._bell.send(b"\0")


class Mailbox(QObject, Generic[T]):
    """Hands what comes through its slot to `take`, in order, in the thread of the window."""

    def __init__(self, take: Callable[[T], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._take = take
        self._bell, rope = socket.socketpair()
        self._bell.setblocking(False)
        rope.setblocking(False)
        self.slot: Slot[T] = Slot(rope)
        self._notifier = QSocketNotifier(self._bell.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._on_ring)
        self._notifier.destroyed.connect(partial(_shut, self._bell, rope))

    def close(self) -> None:
        """Nothing comes any more; what is in the slot is dropped."""
        self._notifier.setEnabled(False)
        self.slot.values.clear()
        self.deleteLater()

    def _on_ring(self) -> None:
        with suppress(BlockingIOError):
            self._bell.recv(_READ)
        values = self.slot.values
        while values and self._notifier.isEnabled():
            self._take(values.popleft())


def _shut(*ends: socket.socket) -> None:
    for end in ends:
        end.close()


class Collector(QObject):
    """Looks for cycles in the window's thread, by Python's own thresholds, while Python itself looks in none.

    Looking at everything takes longer than a frame: it waits until `rests` says that nothing moves, though not for ever.
    What there is when it begins is taken to stay: it is not looked at again. When it ends Python still looks in none, since
    other threads may live longer; whoever ends those enables it.
    """

    def __init__(self, parent: QObject | None = None, rests: Callable[[], bool] = lambda: True) -> None:
        super().__init__(parent)
        self._rests = rests
        gc.disable()
        gc.freeze()
        self._timer = QTimer(self, interval=_COLLECT_MS)
        self._timer.setTimerType(Qt.TimerType.VeryCoarseTimer)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def look(self) -> None:
        """Collect the oldest generation that is due."""
        patience = (1, 1, 1 if self._rests() else _PATIENCE)
        for generation in (2, 1, 0):
            if gc.get_count()[generation] > gc.get_threshold()[generation] * patience[generation]:
                gc.collect(generation)
                return

    def close(self) -> None:
        """Look no more."""
        self._timer.stop()
        gc.unfreeze()
