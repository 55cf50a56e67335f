"""A file of conversations that is not as it ought to be: what the window says, and that what it offers leads out of it.

The whole program in a process of its own, which begins its session anew where a file is put in place.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from tests.store.strategies import asked

from sidelight import settings as preferences
from sidelight.paths import Paths, standard_paths
from sidelight.settings import Settings
from sidelight.store import replacing
from sidelight.store.backup import back_up
from sidelight.store.database import Store

ROOT = Path(__file__).resolve().parents[2]
NOW = 1_800_000_000.0

ACTOR = """
import os
import sys
import traceback
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from sidelight import main
from sidelight.ui.main_window import MainWindow
from sidelight.ui.preferences.keeping import Question

app = QApplication([])
seen = []

def window():
    new = [w for w in app.topLevelWidgets() if isinstance(w, MainWindow) and w.isVisible() and w not in seen]
    return new[0] if new and new[0]._furnished and new[0]._session.backends() else None

def listed(window, count):
    return len(window._session.history()) == count

def page(window):
    return window.dialogs.preferences.data

def question():
    found = [w for w in app.topLevelWidgets() if isinstance(w, Question) and w.isVisible()]
    return found[0] if found else None

def said(window):
    notices = window._session.notices
    return [n.code for n in notices if not n.code.startswith("engine.keyring")]

def acts():
{acts}

steps = acts()
waiting = next(steps)

def go_on():
    global waiting
    try:
        while waiting():
            waiting = next(steps)
    except StopIteration:
        app.closeAllWindows()
        return
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    QTimer.singleShot(20, go_on)

QTimer.singleShot(0, go_on)
sys.exit(main.run_window())
"""


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """A profile with three conversations and a backup of two of them."""
    found = standard_paths({"SIDELIGHT_PROFILE": str(tmp_path / "p")})
    found.make()
    preferences.save(found.settings, Settings(told=("engine.keyring.absent",), find_servers=False))
    with closing(Store.open(found.database, found.data / "journals")) as store:
        asked(store)
        asked(store)
        assert back_up(store.path, NOW) is not None
        asked(store)
    return found


def played(acts: str, profile: Path) -> list[str]:
    """What the acts printed; they wait for whatever they yield to hold."""
    indented = "".join(f"    {line}\n" for line in acts.strip("\n").splitlines())
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "app"),
        "SIDELIGHT_PROFILE": str(profile),
        "QT_QPA_PLATFORM": "offscreen",
        "QT_LOGGING_RULES": "qt.qpa.*=false",
    }
    done = subprocess.run(
        [sys.executable, "-c", ACTOR.replace("{acts}", indented)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    errors = [x for x in done.stderr.splitlines() if not x.startswith("This plugin does not support")]
    assert (done.returncode, errors) == (0, [])
    return done.stdout.splitlines()


def damage(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[:16] = b"x" * 16
    file.write_bytes(content)


def test_what_can_be_read_of_a_damaged_file_is_put_in_place(paths: Paths, tmp_path: Path) -> None:
    damage(paths.database)
    told = played(
        """
yield lambda: window() and said(window())
first = window()
print(said(first), first._session.standing.how, len(first._session.history()))
first.banner._button.click()
yield lambda: page(first)._value.kept is not None
page(first).wished.emit("salvage")
yield lambda: page(first)._value.done is not None and page(first)._value.kept.salvaged
print(page(first)._said._text.text().splitlines()[0])
page(first).wished.emit("put_in_place")
yield question
question().button.click()
seen.append(first)
yield lambda: window() and listed(window(), 3)
second = window()
print(said(second), second._session.standing.how, second.banner._text.text())
""",
        tmp_path / "p",
    )
    aside = next(paths.data.glob("replaced-*"))
    assert told == [
        "['store.corrupt'] memory 0",
        "Read: 3 conversations, 3 prompts, 3 replies.",
        (
            f"['engine.salvaged'] open What could be read is in place. The damaged file lies in {aside}. Automatic backups "
            "wait until you say in the preferences, under Data, that all is right."
        ),
    ]
    assert (aside / "sidelight.db").read_bytes()[:16] == b"x" * 16
    assert not list(paths.data.glob("*.salvaged"))


def test_a_backup_is_restored_and_backups_go_on_when_allowed(paths: Paths, tmp_path: Path) -> None:
    told = played(
        """
yield lambda: window() and listed(window(), 3)
first = window()
first.open_preferences()
yield lambda: page(first)._value.kept is not None
tree = page(first)._tree
tree.setCurrentItem(tree.topLevelItem(0))
page(first)._restore.click()
yield question
question().button.click()
seen.append(first)
yield lambda: window() and listed(window(), 2)
second = window()
print(said(second))
second.banner._button.click()
yield lambda: page(second)._value.kept is not None
print(page(second)._value.kept.held, page(second)._back_up.isEnabled(), page(second)._card.isHidden())
page(second).wished.emit("let_go")
yield lambda: page(second)._value.done is not None
print(page(second)._value.kept.held, page(second)._back_up.isEnabled(), page(second)._card.isHidden())
""",
        tmp_path / "p",
    )
    assert told == ["['engine.restored']", "True False False", "False True True"]
    assert not replacing.is_held(paths.database)


def test_a_file_of_a_newer_program_is_read_and_left_as_it_is(paths: Paths, tmp_path: Path) -> None:
    with closing(sqlite3.connect(paths.database)) as con:
        con.execute("PRAGMA user_version = 99")
        con.commit()
    before = paths.database.read_bytes()
    told = played(
        """
yield lambda: window() and said(window())
first = window()
print(said(first))
first.banner._button.click()
seen.append(first)
yield lambda: window() and listed(window(), 3)
second = window()
print(said(second), second._session.standing.how)
session = second._session
session.open(session.history()[0].id)
yield lambda: session.conversation.turns
session.rename(session.conversation.id, "Changed")
session.send("And now?")
yield lambda: not session.streaming
print(len(session.conversation.turns), len(session.in_memory_alone()))
""",
        tmp_path / "p",
    )
    assert told == ["['store.newer']", "['engine.read_only'] read_only", "2 1"]
    assert paths.database.read_bytes() == before


@pytest.mark.parametrize("gone", [False, True], ids=["empty", "gone"])
def test_begin_anew_where_the_file_is_empty_or_gone(paths: Paths, tmp_path: Path, gone: bool) -> None:
    paths.database.write_bytes(b"")
    if gone:
        paths.database.unlink()
    told = played(
        """
yield lambda: window() and said(window())
first = window()
print(said(first))
first.banner._button.click()
yield lambda: page(first)._value.kept is not None
page(first).wished.emit("anew")
yield question
question().button.click()
seen.append(first)
yield lambda: window() and said(window())
print(said(window()), window()._session.standing.how)
""",
        tmp_path / "p",
    )
    assert told == ["['store.missing']", "['engine.begun_anew'] open"]


def test_what_was_asked_meanwhile_is_stored_once_the_file_is_there_again(
    paths: Paths, tmp_path: Path
) -> None:
    away = tmp_path / "away.db"
    shutil.move(paths.database, away)
    told = played(
        f"""
import shutil
yield lambda: window() and said(window())
first = window()
session = first._session
session.send("Is 91 prime?")
yield lambda: not session.streaming
session.new()
session.send("Is 97 prime?")
yield lambda: not session.streaming
print(len(session.in_memory_alone()), len(session.history()))
first.banner._button.click()
yield lambda: page(first)._value.kept is not None
page(first).wished.emit("again")
yield lambda: page(first)._value.done is not None and page(first)._value.doing is None
print(page(first)._value.done.result.code)
shutil.move({str(away)!r}, {str(paths.database)!r})
page(first).wished.emit("again")
seen.append(first)
yield lambda: window() and listed(window(), 5)
second = window()
print(said(second), second._session.standing.how)
""",
        tmp_path / "p",
    )
    assert told == ["2 2", "missing", "[] open"]


def test_a_folder_that_cannot_be_written_is_read(paths: Paths, tmp_path: Path) -> None:
    paths.data.chmod(0o500)
    if os.access(paths.data, os.W_OK):
        pytest.skip("the administrator can write everywhere")
    try:
        told = played(
            """
yield lambda: window() and listed(window(), 3)
first = window()
print(said(first), first._session.standing.how)
""",
            tmp_path / "p",
        )
    finally:
        paths.data.chmod(0o700)
    assert told == ["['store.readonly'] read_only"]
