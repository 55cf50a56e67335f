"""New versions in the window: the button, the preference, the note, and that none of it is there where somebody else renews."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from PySide6.QtWidgets import QApplication, QCheckBox, QMessageBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot
from tests.faults.server import FaultServer, Scenario, answer
from tests.net.releases import copy_of, news, telling
from tests.ui.house import Stage, script, stage

from sidelight import __version__
from sidelight.engine import versions
from sidelight.engine.versions import Newness
from sidelight.net import releases
from sidelight.net.releases import Channel, Look, Release, Why
from sidelight.settings import Settings, VersionSetting
from sidelight.ui import newer, open_url
from sidelight.ui.dialogs.about import AboutDialog
from sidelight.ui.newer import VersionLine
from sidelight.ui.preferences.network import NetworkPage

PAGE = "https://sidelight.example/releases/tag/v0.2.0"
RELEASE = Release("sidelight-release/1", "0.2.0", "2027-01-10", 1, 2, PAGE)
HERE = copy_of("https://sidelight.example")


def shown(qtbot: QtBot, newness: Newness) -> VersionLine:
    line = VersionLine()
    qtbot.addWidget(line)
    line.show_value(newness)
    line.show()
    return line


def buttons(line: VersionLine) -> list[str]:
    return [b.text() for b in line.findChildren(QPushButton) if b.isVisible()]


@pytest.mark.parametrize(
    ("newness", "sentence", "offered"),
    [
        (Newness(HERE), "Nobody has looked", ["Look for a new version"]),
        (Newness(HERE, asked=1e9), "Last looked for a new version: ", ["Look for a new version"]),
        (Newness(HERE, looking=True), "Looking for", ["Look for a new version"]),
        (Newness(HERE, look=Look("current", RELEASE)), "no newer version", ["Look for a new version"]),
        (
            Newness(HERE, look=Look("newer", RELEASE)),
            f"Sidelight 0.2.0 of 2027-01-10 is out. This is {__version__}.",
            ["Look for a new version", "Open its page"],
        ),
        (
            Newness(HERE, look=Look("unknown", RELEASE, "older")),
            "could not be learnt",
            ["Look for a new version"],
        ),
        (Newness(Channel("portable")), "built without the key", []),
        (Newness(Channel("deb")), "the system's package manager renews it", []),
        (Newness(Channel("pip"), look=Look("newer", RELEASE)), "Python package", []),
        (Newness(Channel("source")), "from its sources", []),
    ],
    ids=lambda value: value.channel.kind if isinstance(value, Newness) else "",
)
def test_the_line_says_what_is_known(
    qtbot: QtBot, newness: Newness, sentence: str, offered: list[str]
) -> None:
    line = shown(qtbot, newness)
    assert sentence in line._said.text()
    assert buttons(line) == offered
    assert line._look.isEnabled() is not newness.looking


def test_every_reason_has_a_sentence_of_its_own() -> None:
    whys: tuple[Why, ...] = Why.__args__  # type: ignore[attr-defined]  # what a Literal lists
    looks = [Look("unknown", why=why, kind="dns" if why == "network" else None, status=404) for why in whys]
    looks += [
        Look("unknown", why="network", kind=kind)  # type: ignore[arg-type]  # of the table
        for kind in newer._NETWORK
        if kind != "dns"
    ]
    sentences = {newer.said(Newness(HERE, look=look))[0] for look in looks}
    assert len(sentences) == len(looks)
    assert any("(404)" in sentence for sentence in sentences)
    kinds = [k for k in releases.Kind.__args__ if k != "portable"]  # type: ignore[attr-defined]  # likewise
    assert len({newer.renewed_by(Channel(kind)) for kind in (*kinds, "portable")}) == len(kinds) + 1


def test_what_is_sent_is_said_with_the_address(qtbot: QtBot) -> None:
    line = shown(qtbot, Newness(HERE))
    assert HERE.address in line._look.accessibleDescription()
    assert "no cookies" in line._look.accessibleDescription()


def test_the_preference_is_off_and_tells_what_it_sends(qtbot: QtBot) -> None:
    page = NetworkPage()
    qtbot.addWidget(page)
    told: list[Settings] = []
    page.changed.connect(told.append)
    page.show_value(Settings(zoom=150))
    page.show_newness(Newness(HERE))
    page.show()
    box = page.findChild(QCheckBox)
    assert box is not None
    assert box.isVisible()
    assert not box.isChecked()
    assert HERE.address in page._sent.text()
    assert told == []
    box.click()
    assert told == [Settings(zoom=150, versions=VersionSetting(daily=True))]


@pytest.mark.parametrize("channel", [Channel("deb"), Channel("flatpak"), Channel("pip"), Channel("portable")])
def test_the_preference_is_not_there_where_it_could_do_nothing(qtbot: QtBot, channel: Channel) -> None:
    page = NetworkPage()
    qtbot.addWidget(page)
    page.show_value(Settings())
    page.show_newness(Newness(channel))
    page.show()
    assert not page._versions.isVisible()


@contextmanager
def looking(
    qtbot: QtBot, folder: Path, monkeypatch: pytest.MonkeyPatch, setting: VersionSetting | None = None
) -> Iterator[tuple[Stage, FaultServer, list[str]]]:
    """A window whose copy looks at a server that tells of 99.0.0, and the addresses that were opened."""
    now = int(time.time())
    said = news("99.0.0", signed=now, expires=now + 1000, note="Faster starts.")
    opened: list[str] = []
    monkeypatch.setattr(open_url, "_hand_over", lambda url: opened.append(url.toString()))
    monkeypatch.setattr(versions, "_AFTER_START", 0.0)
    settings = Settings(versions=setting or VersionSetting())
    chat: list[Scenario] = [script()]
    with FaultServer(telling(said)) as server:
        monkeypatch.setattr(releases, "channel", lambda: copy_of(server.url))
        with stage(qtbot, folder, chat, settings=settings) as (here, _):
            yield here, server, opened


def agree(qtbot: QtBot, above: QWidget) -> None:
    """Press the button of the question whether an address is to be opened, which stands above what asked for it."""

    def boxes() -> list[QMessageBox]:
        return [w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox) and w.isVisible()]

    qtbot.waitUntil(lambda: len(boxes()) == 1)
    assert PAGE in boxes()[0].informativeText()
    assert boxes()[0].parent() is above
    next(b for b in boxes()[0].buttons() if b.text() == "Open").click()


def test_the_button_of_about_looks_once_and_opens_the_page(
    qtbot: QtBot, profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with looking(qtbot, profile, monkeypatch) as (here, server, opened):
        here.window.dialogs.open_about()
        dialog = here.window.findChild(AboutDialog)
        assert dialog is not None
        line = dialog._newer
        assert buttons(line) == ["Look for a new version"]
        assert server.connections == 0
        line._look.click()
        assert here.session.versions.newness.looking
        here.until(lambda: "99.0.0" in line._said.text())
        assert line._said.text().endswith("Faster starts.")
        assert len(server.requests) == 2
        line._open.click()
        agree(qtbot, dialog)
        assert opened == [PAGE]
        assert "99.0.0" not in here.window.banner.accessibleName()
        dialog.accept()
        here.session.versions.look()  # nobody is there to be told
        here.until(lambda: not here.session.versions.newness.looking)


def test_the_preferences_look_too(qtbot: QtBot, profile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with looking(qtbot, profile, monkeypatch) as (here, server, opened):
        here.window.dialogs.open_preferences()
        preferences = here.window.dialogs.preferences
        assert preferences is not None
        preferences.turn_to(preferences.network)
        preferences.network._newer._look.click()
        here.until(lambda: "99.0.0" in preferences.network._newer._said.text())
        preferences.network._newer._open.click()
        agree(qtbot, preferences)
        assert opened == [PAGE]
        preferences.network._daily.click()
        assert here.session.settings.versions.daily
        assert here.session.settings.versions.asked > 0  # the page did not undo what was remembered meanwhile
        assert len(server.requests) == 2
        preferences.accept()


def test_a_note_once_a_day_opens_the_page_and_is_gone(
    qtbot: QtBot, profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with looking(qtbot, profile, monkeypatch, VersionSetting(daily=True)) as (here, _, opened):
        banner = here.window.banner
        here.until(lambda: "99.0.0" in banner.accessibleName())
        assert banner.property("level") == "info"
        assert banner._button.text() == "Open its page"
        banner._button.click()
        agree(qtbot, here.window)
        assert opened == [PAGE]
        here.until(lambda: not banner.isVisible())
        assert here.session.settings.versions.told == "99.0.0"


def test_a_note_that_is_put_away_is_not_said_again(
    qtbot: QtBot, profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with looking(qtbot, profile, monkeypatch, VersionSetting(daily=True)) as (here, _, opened):
        here.until(lambda: "99.0.0" in here.window.banner.accessibleName())
        here.window.banner._close.click()
        assert here.session.settings.versions.told == "99.0.0"
        assert opened == []


def test_settings_of_an_older_program_are_read() -> None:
    assert msgspec.json.decode(b'{"zoom":110}', type=Settings).versions == VersionSetting()


def test_a_server_that_says_no_is_said_in_about(
    qtbot: QtBot, profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with looking(qtbot, profile, monkeypatch) as (here, _, _), FaultServer([answer(404)]) as gone:
        monkeypatch.setattr(here.session.versions, "_channel", copy_of(gone.url))
        here.window.dialogs.open_about()
        dialog = here.window.findChild(AboutDialog)
        assert dialog is not None
        dialog._newer._look.click()
        here.until(lambda: "(404)" in dialog._newer._said.text())
        dialog.accept()
