"""The first paint: what it shows stays where it is, what is typed into it is not lost, and it takes nothing it can do without."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from tests.faults.server import FaultServer
from tests.ui.house import script

from sidelight import settings as preferences
from sidelight.main import House, open_house
from sidelight.paths import Paths, standard_paths
from sidelight.settings import BackendSetting, LaneSetting, Settings
from sidelight.ui.bridge import Bridge
from sidelight.ui.looks import Looks
from sidelight.ui.main_window import MainWindow
from sidelight.ui.start import FirstLook, first_look

ROOT = Path(__file__).resolve().parents[2]
TWO = (LaneSetting("srv", "model-1"), LaneSetting("srv", "model-2"))


def profile(folder: Path, settings: Settings) -> Paths:
    paths = standard_paths({"SIDELIGHT_PROFILE": str(folder)})
    paths.make()
    given = {"told": ("engine.keyring.absent",), "find_servers": False}
    preferences.save(paths.settings, msgspec.structs.replace(settings, **given))
    return paths


@pytest.fixture
def app(qtbot: QtBot) -> Iterator[QApplication]:
    found = QApplication.instance()
    assert isinstance(found, QApplication)
    font, palette, flash = found.font(), found.palette(), found.cursorFlashTime()
    found.setCursorFlashTime(0)  # a cursor that blinks is no difference
    yield found
    found.setStyleSheet("")
    found.setFont(font)
    found.setPalette(palette)
    found.setCursorFlashTime(flash)


@contextmanager
def bare(app: QApplication, paths: Paths) -> Iterator[tuple[MainWindow, Looks]]:
    """What stands after the first paint, by the same calls as `first_paint` makes them."""
    look = first_look(paths.settings)
    looks = Looks(app, bare=True)
    looks.take(look)
    window = MainWindow(None, looks.palette, paths.database)
    window.set_palette_and_zoom(looks.palette, looks.zoom)
    window.put_back(look.window)
    window.show()
    app.processEvents()
    try:
        yield window, looks
    finally:
        window.hide()
        window.deleteLater()
        looks.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@contextmanager
def furnished(window: MainWindow, looks: Looks, paths: Paths) -> Iterator[House]:
    """The same window with everything in it."""
    house = open_house(paths)
    looks.complete()
    for _ in window.furnish(house.session):
        QCoreApplication.processEvents()
    assert not window._traces_button.isEnabled()
    bridge = Bridge(house.session, window)
    bridge.start()
    house.session.start()
    window.composer.catch_up()
    try:
        yield house
    finally:
        bridge.stop()
        house.close()


def stands(window: MainWindow) -> dict[str, QWidget]:
    """What a person sees in the bare window."""
    return {
        "menu": window._menu_button,
        "sidebar button": window._sidebar_button,
        "rule": window._rule,
        "traces": window._traces_button,
        "add": window._add_button,
        "field": window.composer.edit,
        "attach": window.composer._attach_button,
        "send": window.composer._send,
        "composer": window.composer,
        "middle": window._stack,
    }


def settle() -> None:
    """Let layouts come to rest: one may ask for another."""
    for _ in range(5):
        QApplication.processEvents()


def places(window: MainWindow) -> dict[str, QRect]:
    return {
        name: QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())
        for name, widget in stands(window).items()
    }


def picture(window: MainWindow) -> QImage:
    return window.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)


@pytest.mark.parametrize(
    "settings",
    [
        Settings(lanes=TWO),
        Settings(lanes=TWO, theme="dark"),
        Settings(lanes=TWO, zoom=160),
        Settings(lanes=tuple(LaneSetting("srv", f"a model with a long name, number {i}") for i in range(5))),
    ],
    ids=["light", "dark", "large", "five lanes"],
)
def test_nothing_that_is_shown_first_moves_or_changes_later(
    app: QApplication, qtbot: QtBot, tmp_path: Path, settings: Settings
) -> None:
    paths = profile(tmp_path, settings)
    for _ in range(
        2
    ):  # the screen is smaller than a window likes to be: only the second one stands where the third will
        with bare(app, paths) as (window, looks), furnished(window, looks, paths) as house:
            qtbot.waitUntil(lambda: bool(house.session.backends() and house.session.weights()))
            settle()
            place = window._place()
        profile(tmp_path, msgspec.structs.replace(settings, window=place))
    with bare(app, paths) as (window, looks):
        before, shown = places(window), picture(window)
        with furnished(window, looks, paths) as house:
            qtbot.waitUntil(lambda: bool(house.session.backends() and house.session.weights()))
            settle()
            assert window.composer.edit.hasFocus()
            after, whole = places(window), picture(window)
        assert after == before
        for name in before.keys() - {"composer", "middle"}:  # those are filled
            assert shown.copy(before[name]) == whole.copy(before[name]), name
        edge = QRect(0, before["composer"].top(), shown.width(), 6)
        assert shown.copy(edge.intersected(before["composer"])) == whole.copy(
            edge.intersected(before["composer"])
        )


def test_what_is_typed_first_is_kept_and_sent_when_there_is_somebody_to_send_it_to(
    app: QApplication, qtbot: QtBot, tmp_path: Path
) -> None:
    with FaultServer([script(answer="Four.")]) as server:
        backend = BackendSetting("srv", "openai-compatible", "Test server", server.url)
        paths = profile(tmp_path, Settings(backends=(backend,), lanes=(LaneSetting("srv", "m"),)))
        with bare(app, paths) as (window, looks):
            qtbot.keyClicks(window.composer.edit, "2 + 2?")
            qtbot.keyClick(window.composer.edit, Qt.Key.Key_Return)
            assert window.composer.prompt == "2 + 2?"
            with furnished(window, looks, paths) as house:
                qtbot.waitUntil(lambda: len(house.session.conversation.turns) == 1)
                qtbot.waitUntil(lambda: not house.session.streaming)
                (turn,) = house.session.conversation.turns
                assert turn.prompt.text == "2 + 2?"
                assert window.composer.prompt == ""


def test_a_half_written_word_stays_with_its_cursor_and_can_be_taken_back(
    app: QApplication, qtbot: QtBot, tmp_path: Path
) -> None:
    paths = profile(tmp_path, Settings())
    with bare(app, paths) as (window, looks):
        edit = window.composer.edit
        qtbot.keyClicks(edit, "half a wor")
        qtbot.keyClick(edit, Qt.Key.Key_Left)
        with furnished(window, looks, paths):
            assert edit.toPlainText() == "half a wor"
            assert edit.textCursor().position() == len("half a wo")
            edit.undo()
            assert edit.toPlainText() == ""


def test_a_field_that_was_filled_first_grows_when_it_is_followed(
    app: QApplication, qtbot: QtBot, tmp_path: Path
) -> None:
    paths = profile(tmp_path, Settings())
    with bare(app, paths) as (window, looks):
        edit = window.composer.edit
        low = edit.height()
        for _ in range(3):
            qtbot.keyClick(edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
        with furnished(window, looks, paths):
            assert edit.height() > 2 * low


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, FirstLook()),
        ("", FirstLook()),
        ("[]", FirstLook()),
        ("{", FirstLook()),
        ('{"theme": 7, "zoom": "large", "language": null, "window": []}', FirstLook()),
        ('{"theme": "purple", "zoom": 1e300}', FirstLook()),
        (
            '{"theme": "dark", "zoom": 150, "language": "de", "window": "x y", "lanes": [{}]}',
            FirstLook("dark", 150, "de", "x y"),
        ),
    ],
)
def test_the_first_look_takes_what_it_can_read(
    tmp_path: Path, content: str | None, expected: FirstLook
) -> None:
    file = tmp_path / "settings.json"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    assert first_look(file) == expected
    assert [p.name for p in tmp_path.iterdir()] == ([] if content is None else ["settings.json"])


def test_the_first_look_reads_what_the_preferences_write(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    preferences.save(
        file, Settings(theme="light", zoom=250, language="zh_CN", window="abc== def shown 1+open")
    )
    assert first_look(file) == FirstLook("light", 250, "zh_CN", "abc== def shown 1+open")


FIRST_PAINT = """
import sys
from sidelight import __main__ as door, main

def painted(shown, _opening):
    import PySide6.QtCore, PySide6.QtWidgets
    print(repr({
        "modules": sorted(sys.modules),
        "classes": sorted({*vars(PySide6.QtCore), *vars(PySide6.QtWidgets)}),
        "shown": shown.window.isVisible(),
    }))
    sys.stdout.flush()
    shown.window.close()
    return 0

main._live = painted
sys.argv[1:] = []
sys.exit(door.main())
"""

OURS = {
    "app": "sidelight sidelight.__main__ sidelight.cli sidelight.cli.display sidelight.main sidelight.messages sidelight.paths",
    "ui": "frame last_resort looks main_window start stylesheet theme",
    "panes": "composer composer.edit composer.pane",
    "widgets": "growing_edit icon plain",
}


def test_the_first_paint_takes_only_what_it_shows(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "app"),
        "SIDELIGHT_PROFILE": str(tmp_path),
        "QT_QPA_PLATFORM": "offscreen",
    }
    done = subprocess.run(
        [sys.executable, "-c", FIRST_PAINT], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    told = ast.literal_eval(done.stdout)
    assert told["shown"]
    modules = set(told["modules"])
    ours = {m for m in modules if m.partition(".")[0] == "sidelight"}
    allowed = set(OURS["app"].split())
    for above, key in (
        ("sidelight.ui", "ui"),
        ("sidelight.ui.panes", "panes"),
        ("sidelight.ui.widgets", "widgets"),
    ):
        allowed |= {above, *(f"{above}.{name}" for name in OURS[key].split())}
    assert ours == allowed
    heavy = {
        "asyncio",
        "dataclasses",
        "httpx",
        "json",
        "keyring",
        "markdown",
        "markdown_it",
        "msgspec",
        "pygments",
    }
    heavy |= {
        "qasync",
        "socket",
        "sqlite3",
        "ssl",
        "subprocess",
        "ziamath",
        "PySide6.QtNetwork",
        "PySide6.QtSvg",
    }
    assert not modules & heavy
    # each of these makes its enumerations when it is first touched: 5 to 30 ms
    assert not {"Qt", "QEvent", "QStyle"} & set(told["classes"])
