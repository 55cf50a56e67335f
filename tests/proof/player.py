"""Plays steps in the thread of the real window, offscreen, in a process of its own: what proofs and measurements need one for.

    python -m tests.proof.player freeze SECONDS    asks all lanes, stands still in the middle, tells what it shows at the end

The profile is the one of SIDELIGHT_PROFILE.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Generator
from types import GeneratorType
from typing import TypeAlias

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from tests.proof.face import text_of

from sidelight.main import House, open_house
from sidelight.ui import application
from sidelight.ui.main_window import MainWindow
from sidelight.ui.panes.compare.pane import LanesPane

__all__ = ["Player", "Steps", "after", "lanes_of", "window"]

Steps: TypeAlias = Generator[Callable[[], bool], None, None]
_PATIENCE = 40.0


class Player:
    """Does the steps of a generator in the window's thread; each waits until the condition it has yielded holds."""

    def __init__(self, steps: Steps, *, interval: int = 10) -> None:
        """`interval` in milliseconds between two looks."""
        self.failed = 0
        self._steps = steps
        self._condition: Callable[[], bool] = lambda: True
        self._deadline = time.monotonic() + _PATIENCE
        self._timer = QTimer()
        self._timer.setInterval(interval)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def _look(self) -> None:
        if not self._condition():
            if time.monotonic() > self._deadline:
                sys.stderr.write(f"waited in vain at line {_line(self._steps)}\n")
                self.failed = 1
                self._end()
            return
        try:
            self._condition = next(self._steps)
        except StopIteration:
            self._end()
            return
        self._deadline = time.monotonic() + _PATIENCE

    def _end(self) -> None:
        self._timer.stop()
        window().close()


def _line(steps: object) -> int | None:
    """Where a generator stands, in the innermost one it waits for."""
    if not isinstance(steps, GeneratorType):
        return None
    return _line(steps.gi_yieldfrom) or (steps.gi_frame.f_lineno if steps.gi_frame is not None else None)


def window() -> MainWindow:
    """The window that the app has made."""
    return next(w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow))


def there_is_a_window() -> bool:
    """Whether the app has made it."""
    return any(isinstance(w, MainWindow) for w in QApplication.topLevelWidgets())


def lanes_of(main_window: MainWindow) -> LanesPane:
    """Its lanes; there must have been a prompt."""
    pane = main_window.findChild(LanesPane)
    assert isinstance(pane, LanesPane)
    return pane


def after(seconds: float) -> Callable[[], bool]:
    """Holds when so much time has gone by."""
    until = time.monotonic() + seconds
    return lambda: time.monotonic() > until


def freeze(house: House, seconds: float) -> Steps:
    """Ask, and stand still in the middle of it all."""
    session = house.session
    yield there_is_a_window
    main_window = window()
    main_window.resize(1920, 1080)
    yield lambda: bool(session.backends())
    main_window.composer.take_back("Go on.")
    main_window.send()
    yield lambda: all(r.segments for r in session.conversation.path[-1].replies)
    sys.stdout.write("frozen\n")
    sys.stdout.flush()
    before = time.monotonic()
    time.sleep(seconds)  # the point is that this thread does nothing
    told: dict[str, object] = {"stood_still": time.monotonic() - before}
    yield lambda: not session.streaming
    yield after(0.3)
    pane = lanes_of(main_window)
    pane.focus_lane(-len(pane.columns))
    for column in pane.columns:
        yield after(0.05)  # a lane is laid out when it comes into sight
        assert column.newest is not None
        told[column.lane.model] = [text_of(column.newest), column.view.accessible_text()]
        pane.focus_lane(1)
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def main() -> int:
    """Play what the command line says. Returns the exit code."""
    app = QApplication(sys.argv[:1])
    house = open_house()
    player = Player(freeze(house, float(sys.argv[2])))
    code = application.run(house)
    app.processEvents()
    return code or player.failed


if __name__ == "__main__":
    sys.exit(main())
