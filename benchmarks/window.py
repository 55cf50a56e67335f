"""The real window, offscreen, playing one measurement: lanes that stream into it, with or without much text already there.

    python -m benchmarks.window WISH [--heartbeat MS] [--open CONVERSATION]

The profile is the one of SIDELIGHT_PROFILE. Prints one line of JSON. How each figure is taken:

- stall: the gap between two turns of a timer in the window's thread, less its period; and the CPU that thread used in it.
- frame: the time between two updates of the window while text comes.
- shown: at the end of each update of the window, how many characters each lane in sight then shows. The end includes the
  flush to the backing store. What reaches the screen after that is the system's.
- cpu: of this whole process (window, network, store), from one second after the prompt was sent until all is shown.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from array import array
from collections.abc import Callable, Generator
from itertools import pairwise
from typing import Any

from benchmarks.processes import memory
from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtWidgets import QApplication
from tests.proof.player import Player, Steps, after, lanes_of, there_is_a_window, window

from sidelight.chat.reply import Reply
from sidelight.engine.session import Session
from sidelight.main import House, open_house
from sidelight.ui import application, start
from sidelight.ui.main_window import MainWindow
from sidelight.ui.panes.compare.pane import LanesPane

SIZE = (3840, 1080)
"""Wide enough for eight lanes in sight."""
WARM = 1.0
"""Seconds after the prompt was sent from which on figures are taken; what is worst before that is told apart."""


class Watched(MainWindow):
    """The window, which tells when it has been drawn."""

    drawn: Callable[[], None] | None = None

    def event(self, event: QEvent) -> bool:
        """As it is; then, where it was an update, tell."""
        is_update = event.type() is QEvent.Type.UpdateRequest
        done = super().event(event)
        if is_update and self.drawn is not None:
            self.drawn()
        return done


class Meter:
    """What is measured while lanes stream."""

    def __init__(self, heartbeat: float) -> None:
        """`heartbeat` in milliseconds, 0 for none."""
        self.beats: array[float] = array("d")
        self.beat_cpu: array[float] = array("d")
        self.updates: array[float] = array("d")
        self.shown: dict[str, list[tuple[float, int]]] = {}
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(round(heartbeat))
        self._timer.timeout.connect(self._beat)
        self._pane: LanesPane | None = None

    def start(self, main_window: Watched) -> None:
        """Begin."""
        main_window.drawn = lambda: self._drawn(main_window)
        self.beat()

    def beat(self) -> None:
        """Begin with the heartbeat alone."""
        if self._timer.interval():
            self._timer.start()

    def stop(self) -> None:
        """End."""
        self._timer.stop()

    def _beat(self) -> None:
        self.beats.append(time.monotonic())
        self.beat_cpu.append(time.thread_time())

    def _drawn(self, main_window: MainWindow) -> None:
        now = time.monotonic()
        self.updates.append(now)
        if self._pane is None:
            self._pane = main_window.findChild(LanesPane)  # made with the first prompt
        for column in self._pane.columns if self._pane is not None else ():
            reply = column.newest
            if reply is None or column.stale or not column.isVisible() or column.visibleRegion().isEmpty():
                continue
            size = _size(reply)
            told = self.shown.setdefault(column.lane.model, [])
            if not told or told[-1][1] != size:
                told.append((now, size))


def standing(house: House, size: tuple[int, int]) -> Generator[Callable[[], bool], None, Watched]:
    """Wait until the window stands; nobody opens or asks sooner than a second after that."""
    yield there_is_a_window
    main_window = window()
    assert isinstance(main_window, Watched)
    main_window.resize(*size)
    yield lambda: bool(house.session.backends())
    yield after(WARM)
    return main_window


def played(steps: Callable[[House], Steps], interval: int = 20) -> int:
    """Show the window of the profile, do the steps in it, one every `interval` milliseconds at most. Returns the exit code."""
    vars(start)["MainWindow"] = Watched  # the same window, which tells when it has been drawn
    app = QApplication(sys.argv[:1])
    house = open_house()
    player = Player(steps(house), interval=interval)
    code = application.run(house)
    app.processEvents()
    return code or player.failed


def play(house: House, asked: argparse.Namespace) -> Steps:
    """One measurement, from the window's first moment to its end."""
    session = house.session
    main_window = yield from standing(house, SIZE)
    figures: dict[str, Any] = {}
    if asked.open:
        yield from _open(main_window, session, asked.open, figures)
    meter = Meter(asked.heartbeat)
    main_window.composer.take_back(asked.wish)
    meter.start(main_window)
    figures["sent_at"] = time.monotonic()
    main_window.send()
    figures["send_took"] = time.monotonic() - figures["sent_at"]
    yield after(WARM)
    figures["warm_at"], cpu = time.monotonic(), time.process_time()
    warm_size = _sizes(session)
    yield lambda: not session.streaming
    pane = lanes_of(main_window)
    yield lambda: all(
        _up_to_date(meter, c.lane.model, c.newest) for c in pane.columns if not c.visibleRegion().isEmpty()
    )
    figures["cpu"] = time.process_time() - cpu
    figures["cpu_characters"] = _sizes(session) - warm_size
    meter.stop()
    figures |= {
        "lanes_in_sight": pane.visible_lanes,
        "beats": list(meter.beats),
        "beat_cpu": list(meter.beat_cpu),
        "updates": list(meter.updates),
        "shown": meter.shown,
        "states": sorted({str(r.state) for r in session.conversation.path[-1].replies}),
        **memory(),
    }
    print(json.dumps(figures), flush=True)


def _open(main_window: Watched, session: Session, conversation: str, figures: dict[str, Any]) -> Steps:
    """Open a stored conversation; measure until all lanes in sight have text in them, until all of it is read, and how long
    the window stood still meanwhile.
    """
    drawn: list[float] = []
    read: list[float] = []

    def tell() -> None:
        pane = main_window.findChild(LanesPane)
        seen = [c for c in pane.columns if not c.visibleRegion().isEmpty()] if pane is not None else []
        if session.conversation.id != conversation or not seen:
            return
        if all(c.view.first_key() for c in seen):
            drawn.append(time.monotonic())
        if not any(c.stale for c in seen):
            read.append(time.monotonic())

    main_window.drawn = tell
    meter = Meter(1)
    meter.beat()
    began = time.monotonic()
    session.open(conversation)
    yield lambda: bool(read)
    figures["opened"], figures["opened_whole"] = drawn[0] - began, read[0] - began
    yield after(2.0)
    meter.stop()
    beats = meter.beats
    figures["open_stall"] = max((b - a for a, b in pairwise(beats)), default=0.0)
    main_window.drawn = None


def _size(reply: Reply) -> int:
    return sum(len(segment.text) for segment in reply.segments)


def _sizes(session: Session) -> int:
    return sum(_size(reply) for reply in session.conversation.path[-1].replies)


def _up_to_date(meter: Meter, model: str, reply: Reply | None) -> bool:
    told = meter.shown.get(model)
    return reply is not None and bool(told) and told is not None and told[-1][1] == _size(reply)


def main() -> int:
    """Play one measurement. Returns the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("wish")
    parser.add_argument("--heartbeat", type=float, default=0.0)
    parser.add_argument("--open", default="")
    asked = parser.parse_args()
    return played(lambda house: play(house, asked))


if __name__ == "__main__":
    sys.exit(main())
