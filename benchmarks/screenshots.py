"""Pictures of the real app for docs/images: the real window, the real engine, real answers; nothing is made up.

    QT_QPA_PLATFORM=offscreen python -m benchmarks.screenshots [--weights FOLDER] [--into docs/images]

`FOLDER` holds the model files that `make weights` fetches. The pictures differ from run to run as the answers do.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path

import msgspec
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from sidelight import settings as preferences
from sidelight.chat.message import Parameters
from sidelight.engine.session import FIRST_MODEL, Session
from sidelight.engine.terms import EMBEDDED
from sidelight.local.weights import catalogue, mark_verified
from sidelight.main import House, open_house
from sidelight.paths import Paths, standard_paths
from sidelight.settings import Settings
from sidelight.ui import application
from sidelight.ui.main_window import MainWindow

PROMPT = "A train travels at 60 km/h for 2.5 hours. How far does it go?"
CODE = "Write a Python function that reverses a string, with a test."
SECOND_MODEL = "qwen2.5-coder-1.5b-instruct"
PATIENCE = 240.0
"""Seconds to wait for anything; the engine has two cores where this is usually run."""

Condition = Callable[[], bool]
Steps = Generator[Condition, None, None]


def main() -> int:
    """Take all pictures. Returns the exit code of the app."""
    parser = argparse.ArgumentParser(description=__doc__)
    default = os.environ.get("SIDELIGHT_WEIGHTS") or ".cache/weights"
    parser.add_argument("--weights", type=Path, default=Path(default))
    parser.add_argument("--into", type=Path, default=Path("docs/images"))
    arguments = parser.parse_args()
    arguments.into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        paths = standard_paths({"SIDELIGHT_PROFILE": folder})
        lend_weights(arguments.weights, paths)
        preferences.save(
            paths.settings, Settings(told=("engine.keyring.absent",))
        )  # as after its first start
        app = QApplication(sys.argv[:1])
        house = open_house(paths)
        player = Player(scenes(house, arguments.into))
        QTimer.singleShot(0, player.start)
        code = application.run(house)
        app.processEvents()
        return code or player.failed


def lend_weights(folder: Path, paths: Paths) -> None:
    """Let the profile have the model files of a folder without copying them."""
    paths.make()
    paths.weights.mkdir(exist_ok=True)
    for weights in catalogue():
        source = folder / weights.file
        if weights.id in (FIRST_MODEL, SECOND_MODEL) and source.is_file():
            lent = paths.weights / weights.file
            lent.symlink_to(source.resolve())
            mark_verified(lent, weights.sha256)


class Player:
    """Plays the steps: each waits until its condition holds."""

    def __init__(self, steps: Steps) -> None:
        self.failed = 0
        self._steps = steps
        self._condition: Condition = lambda: True
        self._deadline = time.monotonic() + PATIENCE
        self._timer = QTimer()
        self._timer.setInterval(20)
        self._timer.timeout.connect(self._look)

    def start(self) -> None:
        """Begin once the loop runs."""
        self._timer.start()

    def _look(self) -> None:
        if not self._condition():
            if time.monotonic() > self._deadline:
                print("waited in vain", file=sys.stderr)
                self.failed = 1
                self._end()
            return
        try:
            self._condition = next(self._steps)
        except StopIteration:
            self._end()
            return
        self._deadline = time.monotonic() + PATIENCE

    def _end(self) -> None:
        self._timer.stop()
        window().close()


def window() -> MainWindow:
    """The window that the app has made."""
    return next(w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow))


def scenes(house: House, into: Path) -> Steps:
    """What is done and pictured, as a person would do it."""
    session = house.session
    yield lambda: any(isinstance(w, MainWindow) for w in QApplication.topLevelWidgets())
    main_window = window()
    main_window.resize(1280, 800)
    yield lambda: isinstance(session.models(EMBEDDED), tuple)
    yield pause(0.5)
    take(main_window, into / "start.png")
    ask(main_window, PROMPT)
    yield lambda: both_at_work(session)
    yield pause(2.0)
    take(main_window, into / "streaming.png")
    yield lambda: not session.streaming
    yield pause(0.5)
    take(main_window, into / "finished.png")
    set_theme(session, "dark")
    main_window.toggle_traces()
    yield pause(0.5)
    take(main_window, into / "dark.png")
    set_theme(session, "light")
    main_window.toggle_traces()
    session.new()
    lanes = session.conversation.lanes
    session.change_lane(replace(lanes[0], backend="llamacpp", model="qwen3-8b"))  # no server listens there
    ask(main_window, CODE)
    yield lambda: not session.streaming
    yield pause(0.5)
    take(main_window, into / "failed.png")
    session.new()
    models = session.models(EMBEDDED)
    assert isinstance(models, tuple)
    for place in range(6):
        parameters = Parameters(temperature=0.2 + 0.2 * (place // 2), elicited=place % 2 == 1)
        session.add_lane(EMBEDDED, models[place % len(models)].id, parameters)
    main_window.toggle_sidebar()
    main_window.resize(1920, 1000)
    ask(main_window, PROMPT)
    yield lambda: both_at_work(session)
    yield pause(20.0)
    take(main_window, into / "eight-lanes.png")
    session.stop()
    yield lambda: not session.streaming


def both_at_work(session: Session) -> bool:
    """The first two lanes have begun to write."""
    path = session.conversation.path
    replies = [path[-1].reply(lane.id) for lane in session.conversation.lanes[:2]] if path else []
    return bool(replies) and all(r is not None and bool(r.segments) for r in replies)


def ask(main_window: MainWindow, prompt: str) -> None:
    """Type a prompt and send it."""
    main_window.composer.take_back(prompt)
    main_window.send()


def pause(seconds: float) -> Condition:
    """Wait, so that what is to be pictured is drawn."""
    until = time.monotonic() + seconds
    return lambda: time.monotonic() > until


def set_theme(session: Session, theme: str) -> None:
    """Choose a theme in the preferences."""
    session.change_settings(msgspec.structs.replace(session.settings, theme=theme))


def take(main_window: MainWindow, path: Path) -> None:
    """Write what the window shows."""
    main_window.grab().save(str(path))
    print(path)


if __name__ == "__main__":
    sys.exit(main())
