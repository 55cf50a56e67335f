"""The app starts at once whatever the keyring does, and says what the keyring did.

The whole program in a process of its own, with a keyring that is absent, locked (the real gnome-keyring, with nobody to
ask for its password), raises, or says nothing.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from tests.proof.canary import KEYS
from tests.proof.face import environment

from sidelight import messages

WITHIN = 4.5
"""Seconds from the call that opens the profile until a person can type, and until the session knows its backends: less than
the five that a keyring has to answer, so whoever waits for one is found out, however busy the machine is. What it really
takes is printed by `python -m tests.proof.test_keyring_start`; the goal is 1.5."""

WINDOW = """
import json, sys, time
import PySide6.QtWidgets, sqlite3, sidelight.main, sidelight.ui.application
from PySide6.QtCore import QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from tests.proof.window import main_window

app = QApplication(sys.argv[:1])
began = time.monotonic()
house = sidelight.main.open_house()
told = {}

def tick():
    stands = main_window()
    if stands is None:
        return
    now = time.monotonic() - began
    if "typed" not in told:
        QTest.keyClicks(stands.composer.edit, "hello")
        if "hello" in stands.composer.edit.toPlainText():
            told["typed"] = now
    if "session" not in told and house.session.backends():
        told["session"] = now
    told["notices"] = [n.code for n in house.session.notices]
    told["seen"] = [l.text() for l in stands.findChildren(QLabel) if l.isVisible()]
    if now > 20 or ({"typed", "session"} <= told.keys() and (not sys.argv[1] or sys.argv[1] in told["seen"])):
        timer.stop()
        told["state"] = house.session.key_state("deepseek")
        print(json.dumps(told), flush=True)
        stands.close()

timer = QTimer(app)
timer.timeout.connect(tick)
timer.start(10)
sys.exit(sidelight.ui.application.run(house))
"""

LOCK = """
import asyncio, sys
from sidelight.keys import Keys
from sidelight.secrets import Secret
print(asyncio.run(Keys({}, {}).set("https://api.deepseek.com", Secret(sys.argv[1]))))
"""
RINGS = {"raising": "failed", "hanging": "no_answer", "locked": "locked"}
"""The keyrings of `tests.proof.rings`, and what is told of each."""


def holds(trouble: str, profile: Path, *before: str, **variables: str) -> None:
    """The window can be used at once, and says what became of the keyring; `before` are words of its command."""
    sentence = messages.text(f"engine.keyring.{trouble}")
    told = _shown(sentence, profile, *before, **variables)
    assert told["notices"] == [f"engine.keyring.{trouble}"]
    assert sentence in told["seen"]
    assert told["state"] == "none"
    assert _slowest(told) < WITHIN


def _slowest(told: dict[str, Any]) -> float:
    return float(max(told["typed"], told["session"]))


def _shown(sentence: str, profile: Path, *before: str, **variables: str) -> dict[str, Any]:
    """What the window of a profile shows, once it shows the sentence; with "", once it can be used."""
    done = subprocess.run(
        [*before, sys.executable, "-c", WINDOW, sentence],
        env={**environment(profile), "PYTHONWARNINGS": "ignore", **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def bus(folder: Path) -> dict[str, str]:
    """For a bus and a keyring of a folder's own, and no screen on which anybody could be asked for a password."""
    return {
        **dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"), str(folder)),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.chainer.ChainerBackend",
        "DISPLAY": "",
    }


@pytest.mark.parametrize("kind", RINGS)
def test_a_keyring_in_trouble(kind: str, profile: Path) -> None:
    holds(RINGS[kind], profile, PYTHON_KEYRING_BACKEND=f"tests.proof.rings.{kind.capitalize()}")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a keyring needs no bus")
def test_no_bus(profile: Path, tmp_path: Path) -> None:
    nowhere = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"}
    holds("absent", profile, **bus(tmp_path), **nowhere)


@pytest.mark.skipif(
    shutil.which("dbus-run-session") is None or shutil.which("gnome-keyring-daemon") is None,
    reason="needs dbus and gnome-keyring",
)
def test_the_real_keyring_locked(profile: Path, tmp_path: Path) -> None:
    """A key is kept; the next session's keyring is locked, and nobody unlocks it."""
    own = bus(tmp_path)
    daemon = 'gnome-keyring-daemon {} --components=secrets > /dev/null 2>&1; exec "$@"'
    session = ("dbus-run-session", "--", "sh", "-c")
    kept = subprocess.run(
        [
            *session,
            f"printf word | {daemon.format('--unlock')}",
            "sh",
            sys.executable,
            "-c",
            LOCK,
            KEYS["groq"],
        ],
        env={**environment(profile), **own},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert kept.stdout == "keyring\n", kept.stderr
    holds("locked", profile, *session, daemon.format("--start"), "sh", **own)


@pytest.mark.parametrize("kind", RINGS)
def test_the_doctor_says_so_too(kind: str, profile: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sidelight", "doctor"],
        env={**environment(profile), "PYTHON_KEYRING_BACKEND": f"tests.proof.rings.{kind.capitalize()}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert messages.text(f"engine.doctor.keyring_{RINGS[kind]}") in done.stdout


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("Working", *(name.capitalize() for name in RINGS)):
            ring = f"tests.proof.rings.{kind}"
            took = sorted(
                _slowest(_shown("", Path(folder) / kind, PYTHON_KEYRING_BACKEND=ring)) for _ in range(5)
            )
            print(f"{kind:10} median {took[2]:.2f} s, worst {took[-1]:.2f} s")
