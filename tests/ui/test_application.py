"""The life of the window: one instance of a profile, last-resort errors, an orderly end."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sidelight.paths import Paths, standard_paths
from sidelight.settings import Settings
from sidelight.ui.instance import Instance
from sidelight.ui.last_resort import LastResort
from sidelight.ui.looks import Looks
from sidelight.ui.theme import DARK, LIGHT

ROOT = Path(__file__).resolve().parents[2]

STANDS = """
import sys
import threading
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from sidelight import main
from sidelight.ui.main_window import MainWindow

app = QApplication([])
standing = []
wanted = threading.Thread(target=sys.stdin.read, daemon=True)
wanted.start()

def look():
    for widget in app.topLevelWidgets():
        if isinstance(widget, MainWindow) and widget._furnished and widget._session.backends():
            if not standing:
                print("open", flush=True)
                standing.append(widget)
            if not wanted.is_alive():
                timer.stop()
                {then}

timer = QTimer()
timer.timeout.connect(look)
timer.start(20)
"""
"""Says when the window stands with a session behind it, and ends it so once standard input has ended."""

LIFE = f"""{STANDS}
code = main.run_window()
print("closed", code)
sys.exit(code)
"""


COLLECTED = f"""{STANDS.format(then="app.closeAllWindows()")}
import gc
end = main.House.close

def close(house):
    print("closing", gc.isenabled())
    end(house)
    print("closed", gc.isenabled(), flush=True)

main.House.close = close
code = main.run_window()
print("ended", gc.isenabled())
sys.exit(code)
"""

HALF = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from sidelight import main
from sidelight.ui.main_window import MainWindow

app = QApplication([])
whole = MainWindow._make_words

def half(widget):
    whole(widget)
    print("half", flush=True)
    {then}

MainWindow._make_words = half
code = main.run_window()
print("closed", code)
sys.exit(code)
"""

FAULT = """
import sys
from sidelight import main

def open_house(paths):
    raise RuntimeError("no house")

main.open_house = open_house
sys.exit(main.run_window())
"""


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    found = standard_paths({"SIDELIGHT_PROFILE": str(tmp_path / "p")})
    found.make()
    return found


def start(code: str, profile: Path, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
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
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process: subprocess.Popen[str]) -> tuple[int, str, list[str]]:
    out, err = process.communicate(timeout=60)
    lines = [x for x in err.splitlines() if not x.startswith("This plugin does not support")]
    return process.returncode, out, lines


def test_a_window_opens_and_closes_in_order(tmp_path: Path) -> None:
    code, out, err = finished(start(LIFE.format(then="widget.close()"), tmp_path))
    assert (code, out) == (0, "open\nclosed 0\n")
    assert err == []


def test_no_thread_looks_for_cycles_before_all_threads_have_ended(tmp_path: Path) -> None:
    code, out, err = finished(start(COLLECTED, tmp_path))
    assert (code, out) == (0, "open\nclosing False\nclosed False\nended True\n")
    assert err == []


def test_a_window_ends_in_order_however_it_is_asked(tmp_path: Path) -> None:
    code, out, err = finished(start(LIFE.format(then="app.quit()"), tmp_path))
    assert (code, out) == (0, "open\nclosed 0\n")
    assert err == []


@pytest.mark.parametrize("then", ["widget.close()", "app.quit()"])
def test_a_window_can_be_closed_while_it_is_furnished(tmp_path: Path, then: str) -> None:
    code, out, err = finished(start(HALF.format(then=then), tmp_path))
    assert (code, out) == (0, "half\nclosed 0\n")
    assert err == []


def test_what_fails_while_it_is_furnished_is_raised_and_ends_in_order(tmp_path: Path) -> None:
    code, out, err = finished(start(FAULT, tmp_path))
    assert (code, out) == (1, "")
    assert err[-1] == "RuntimeError: no house"
    assert not (tmp_path / "cache" / "window").exists()


def test_a_window_that_died_does_not_keep_the_next_one_from_opening(tmp_path: Path) -> None:
    paths = standard_paths({"SIDELIGHT_PROFILE": str(tmp_path)})
    paths.make()
    paths.window_mark.touch()
    code, out, err = finished(start(LIFE.format(then="widget.close()"), tmp_path))
    assert (code, out, err) == (0, "open\nclosed 0\n", [])


def test_a_second_window_raises_the_first_and_ends(tmp_path: Path) -> None:
    first = start(LIFE.format(then="widget.close()"), tmp_path, subprocess.PIPE)
    try:
        assert first.stdout is not None
        assert first.stdout.readline() == "open\n"
        second = finished(start(LIFE.format(then="widget.close()"), tmp_path))
        assert second == (0, "closed 0\n", []), "it opens no window of its own"
        assert first.poll() is None
    finally:
        assert finished(first) == (0, "closed 0\n", [])


def test_one_instance_of_a_profile(qtbot: QtBot, paths: Paths) -> None:
    first, second = Instance(paths), Instance(paths)
    assert not second.raise_other()
    assert not paths.window_mark.exists()
    assert first.listen()
    assert paths.window_mark.exists()
    if os.name == "posix":
        mode = Path(first._server.fullServerName()).stat().st_mode
        assert stat.S_IMODE(mode) & 0o077 == 0
    with qtbot.waitSignal(first.raised):
        assert second.raise_other()
    first.close()
    assert not second.raise_other()
    assert not paths.window_mark.exists()


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
    errors.hear_threads()
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
