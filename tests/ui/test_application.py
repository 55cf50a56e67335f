"""The life of the window: what the first paint needs, one instance of a profile, last-resort errors, an orderly end."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sidelight.paths import Paths, standard_paths
from sidelight.settings import Settings
from sidelight.ui.application import Instance, LastResort, Looks
from sidelight.ui.theme import DARK, LIGHT

ROOT = Path(__file__).resolve().parents[2]

FIRST_PAINT = """
import sys
from sidelight.main import open_house
from sidelight.ui import application

house = open_house()

def painted(app, errors):
    for name in ("httpx", "keyring", "pygments", "markdown", "ziamath", "markdown_it", "qasync", "asyncio", "ssl"):
        if name in sys.modules:
            print(name)
    house.close()
    sys.exit(0)

application._make_loop = painted
application.run(house)
"""

LIFE = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from sidelight import main
from sidelight.ui.main_window import MainWindow

app = QApplication([])

def close():
    for widget in app.topLevelWidgets():
        if isinstance(widget, MainWindow):
            print("open", flush=True)
            {then}

QTimer.singleShot({after}, close)
code = main.run_window()
print("closed", code)
sys.exit(code)
"""


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    found = standard_paths({"SIDELIGHT_PROFILE": str(tmp_path / "p")})
    found.make()
    return found


def start(code: str, profile: Path) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "app"),
        "SIDELIGHT_PROFILE": str(profile),
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONWARNINGS": "default",
        "QT_LOGGING_RULES": "qt.qpa.*=false",
    }
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process: subprocess.Popen[str]) -> tuple[int, str, list[str]]:
    out, err = process.communicate(timeout=60)
    lines = [x for x in err.splitlines() if not x.startswith("This plugin does not support")]
    return process.returncode, out, lines


def test_the_first_paint_needs_neither_network_nor_parsers(tmp_path: Path) -> None:
    code, out, _ = finished(start(FIRST_PAINT, tmp_path))
    assert (code, out) == (0, "")


def test_a_window_opens_and_closes_in_order(tmp_path: Path) -> None:
    code, out, err = finished(start(LIFE.format(after=800, then="widget.close()"), tmp_path))
    assert (code, out) == (0, "open\nclosed 0\n")
    assert err == []


def test_a_window_ends_in_order_however_it_is_asked(tmp_path: Path) -> None:
    code, out, err = finished(start(LIFE.format(after=800, then="app.quit()"), tmp_path))
    assert (code, out) == (0, "open\nclosed 0\n")
    assert err == []


def test_a_second_window_raises_the_first_and_ends(tmp_path: Path) -> None:
    first = start(LIFE.format(after=4000, then="widget.close()"), tmp_path)
    try:
        deadline = time.monotonic() + 20
        while not (tmp_path / "data" / "sidelight.db").exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        time.sleep(1.0)
        began = time.monotonic()
        second = finished(start(LIFE.format(after=6000, then="widget.close()"), tmp_path))
        assert second == (0, "closed 0\n", [])
        assert time.monotonic() - began < 4.0
    finally:
        assert finished(first)[0] == 0


def test_one_instance_of_a_profile(qtbot: QtBot, paths: Paths) -> None:
    first, second = Instance(paths), Instance(paths)
    assert not second.raise_other()
    assert first.listen()
    if os.name == "posix":
        mode = Path(first._server.fullServerName()).stat().st_mode
        assert stat.S_IMODE(mode) & 0o077 == 0
    with qtbot.waitSignal(first.raised):
        assert second.raise_other()
    first.close()
    assert not second.raise_other()


def test_profiles_do_not_meet(qtbot: QtBot, paths: Paths, tmp_path: Path) -> None:
    first = Instance(paths)
    first.listen()
    other = Instance(standard_paths({"SIDELIGHT_PROFILE": str(tmp_path / "other")}))
    assert not other.raise_other()
    first.close()


@pytest.fixture
def last_resort(paths: Paths, qtbot: QtBot) -> Iterator[LastResort]:
    errors = LastResort(paths.logs)
    errors.install()
    yield errors
    errors.remove()


@pytest.mark.logs("uncaught")
def test_an_error_nobody_caught_is_logged_and_said(
    qtbot: QtBot, last_resort: LastResort, paths: Paths, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []
    last_resort.told.connect(told.append)
    error = ValueError("the cause")
    sys.excepthook(ValueError, error, None)
    assert told == [
        "Something went wrong in Sidelight (ValueError). Your conversations are safe; the log says more."
    ]
    assert "the cause" in caplog.text
    assert (paths.logs / "crash.log").exists()


@pytest.mark.logs("uncaught")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_threads_and_loops_end_there_too(qtbot: QtBot, last_resort: LastResort) -> None:
    told: list[str] = []
    last_resort.told.connect(told.append)

    def fail() -> None:
        raise OSError("in a thread")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(told) == 1)
    loop = asyncio.new_event_loop()
    last_resort.in_loop(loop, {"exception": RuntimeError("in the loop"), "message": "x"})
    loop.close()
    qtbot.waitUntil(lambda: len(told) == 2)


@pytest.mark.logs("in the loop")
def test_a_loop_without_an_exception_is_logged_alone(last_resort: LastResort) -> None:
    loop = asyncio.new_event_loop()
    last_resort.in_loop(loop, {"message": "a task was destroyed"})
    loop.close()


def test_hooks_are_given_back(paths: Paths) -> None:
    before = (sys.excepthook, threading.excepthook)
    errors = LastResort(paths.logs)
    errors.install()
    errors.remove()
    errors.remove()
    assert (sys.excepthook, threading.excepthook) == before


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    errors = LastResort(tmp_path / "file" / "logs")
    errors.install()
    errors.remove()


def test_looks_follow_the_setting_and_nothing_is_drawn_twice(qtbot: QtBot) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    font, sheet = app.font(), app.styleSheet()
    looks = Looks(app)
    drawn: list[int] = []
    looks.changed.connect(lambda: drawn.append(1))
    looks.take(Settings(theme="dark", zoom=200))
    assert looks.palette is DARK
    assert app.font().pointSizeF() == pytest.approx(DARK.body_pt * 2 * 0.9)
    looks.take(Settings(theme="dark", zoom=200, enter_sends=False))
    assert len(drawn) == 1
    looks.take(Settings(theme="light"))
    assert looks.palette is LIGHT
    looks.deleteLater()
    app.setStyleSheet(sheet)
    app.setFont(font)
