"""When a session looks for a newer version, what it remembers, and what it says: against a server on loopback."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from tests import waiting
from tests.faults.server import ExpectEof, FaultServer, Seen, answer
from tests.net.releases import PATH, copy_of, news, signed, telling

from sidelight import __version__
from sidelight.engine import versions
from sidelight.engine.outside import Outside
from sidelight.engine.session import Session
from sidelight.engine.terms import Change, Face
from sidelight.keys import Keys
from sidelight.net import releases
from sidelight.net.releases import Channel
from sidelight.settings import Settings, VersionSetting, load
from sidelight.store.database import Store

LOOKED = 2
"""Requests of a look: the file and its signature."""


class Scene:
    """A session as the window has it, over a profile in a folder."""

    def __init__(self, folder: Path, setting: VersionSetting | None = None, *, window: bool = True) -> None:
        self.file = folder / "settings.json"
        kept = load(self.file)
        if setting is not None:
            kept = msgspec.structs.replace(kept, versions=setting)
        self.session = Session(
            msgspec.structs.replace(kept, find_servers=False),
            store=Store.open(folder / "data" / "sidelight.db"),
            settings_file=self.file,
            weights=folder / "weights",
            make_outside=_outside,
        )
        self.told: list[Change] = []
        self.session.subscribe(self.told.append)
        self.session.start(recover=window)
        self.until(lambda: bool(self.session.backends()))

    def close(self) -> None:
        self.session.close()

    def until(self, condition: Callable[[], bool], seconds: float = 30.0) -> None:
        waiting.until(self.session, condition, seconds)

    def look(self) -> releases.Look:
        self.session.versions.look()
        self.until(lambda: not self.session.versions.newness.looking)
        look = self.session.versions.newness.look
        assert look is not None
        return look

    def turn_daily(self, on: bool) -> None:
        settings = self.session.settings
        own = msgspec.structs.replace(settings.versions, daily=on)
        self.session.change_settings(msgspec.structs.replace(settings, versions=own))

    @property
    def news(self) -> list[str]:
        return [n.code for n in self.session.notices if n.code.startswith("engine.newer")]


def _outside(settings: Settings, store: Store | None, folder: Path, face: Face) -> Outside:
    return Outside(settings, store, folder, Keys({}), face)


def of_today(version: str = "99.0.0", **changes: object) -> bytes:
    now = int(time.time())
    return news(version, **{"signed": now, "expires": now + 1000, **changes})


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock is looked at as soon as the session has started, and often; each pause before that is noted."""
    taken: list[float] = []
    pause = versions._pause

    async def noted(seconds: float) -> bool:
        taken.append(seconds)
        return await pause(seconds)

    monkeypatch.setattr(versions, "_AFTER_START", 0.0)
    monkeypatch.setattr(versions, "_BETWEEN", 0.01)
    monkeypatch.setattr(versions, "_pause", noted)
    return taken


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultServer]:
    """Tells of a newer version; this copy looks there."""
    with FaultServer(telling(of_today())) as server:
        monkeypatch.setattr(releases, "channel", lambda: copy_of(server.url))
        yield server


def test_it_is_off_until_it_is_asked_for(server: FaultServer, tmp_path: Path) -> None:
    assert not Settings().versions.daily
    with closing(Scene(tmp_path)) as scene:
        scene.session.change_settings(msgspec.structs.replace(scene.session.settings, zoom=120))
        assert not scene.session.versions._watching
        scene.until(lambda: not scene.session.streaming)
    assert server.connections == 0


def test_asked_for_by_hand_it_looks_once_and_says_nothing_elsewhere(
    server: FaultServer, tmp_path: Path
) -> None:
    with closing(Scene(tmp_path)) as scene:
        before = time.time()
        look = scene.look()
        assert look.state == "newer"
        assert look.release is not None
        assert look.release.version == "99.0.0"
        assert scene.news == []
        assert [change.kind for change in scene.told].count("version") == 2  # it looks; it has looked
        kept = load(scene.file).versions
        assert before <= kept.asked <= time.time()
        assert kept.signed == look.release.signed
        assert not kept.daily
    assert len(server.requests) == LOOKED


def test_a_second_press_while_it_looks_asks_nothing_more(server: FaultServer, tmp_path: Path) -> None:
    with closing(Scene(tmp_path)) as scene:
        scene.session.versions.look()
        scene.look()
        scene.until(lambda: not scene.session.streaming)
    assert len(server.requests) == LOOKED


def test_once_a_day_and_a_note_until_it_was_read(
    server: FaultServer, tmp_path: Path, pauses: list[float]
) -> None:
    with closing(Scene(tmp_path, VersionSetting(daily=True))) as scene:
        scene.until(lambda: bool(scene.news))
        (notice,) = (n for n in scene.session.notices if n.code == "engine.newer")
        assert dict(notice.params) == {"version": "99.0.0", "date": "2027-01-10", "own": __version__}
        assert (notice.level, notice.action) == ("info", "engine.newer.open")
        scene.session.act(notice)
        assert scene.news == []
    assert load(tmp_path / "settings.json").versions.told == "99.0.0"
    with closing(Scene(tmp_path)) as scene:
        pauses.clear()
        scene.until(lambda: len(pauses) > 3)
        assert scene.session.versions.newness.look is None  # it was asked today
    assert len(server.requests) == LOOKED
    yesterday = msgspec.structs.replace(
        load(tmp_path / "settings.json").versions, asked=time.time() - versions.DAY
    )
    with closing(Scene(tmp_path, yesterday)) as scene:
        scene.until(lambda: scene.session.versions.newness.look is not None)
        assert scene.news == []  # this one was read of
    assert len(server.requests) == 2 * LOOKED


def test_a_clock_that_was_wrong_does_not_put_it_off(server: FaultServer, tmp_path: Path) -> None:
    with closing(Scene(tmp_path, VersionSetting(daily=True, asked=time.time() + 1e8))) as scene:
        scene.until(lambda: scene.session.versions.newness.look is not None)
    assert len(server.requests) == LOOKED


def test_turned_on_it_begins_and_turned_off_it_ends(server: FaultServer, tmp_path: Path) -> None:
    with closing(Scene(tmp_path)) as scene:
        scene.turn_daily(True)
        scene.until(lambda: bool(scene.news))
        scene.turn_daily(False)
        scene.until(lambda: not scene.session.versions._watching)


def test_a_line_of_the_release_stands_in_the_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultServer(telling(of_today(note="Faster starts."))) as server:
        monkeypatch.setattr(releases, "channel", lambda: copy_of(server.url))
        with closing(Scene(tmp_path, VersionSetting(daily=True))) as scene:
            scene.until(lambda: scene.news == ["engine.newer.note"])
            assert dict(scene.session.notices[-1].params)["note"] == "Faster starts."


def test_no_answer_is_quiet_and_not_asked_again_today(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    with FaultServer([answer(500)]) as server:
        monkeypatch.setattr(releases, "channel", lambda: copy_of(server.url))
        with closing(Scene(tmp_path, VersionSetting(daily=True))) as scene:
            scene.until(lambda: scene.session.versions.newness.look is not None)
            assert scene.news == []
            kept = load(scene.file).versions
            assert kept.asked > 0
            assert kept.signed == 0
            pauses.clear()
            scene.until(lambda: len(pauses) > 3)
        assert len(server.requests) == 1


def test_what_was_read_once_is_not_undone_by_something_older(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = int(time.time())
    old, new = of_today("98.0.0", signed=now - 100), of_today("99.0.0", signed=now)
    told = [new]
    files: Callable[[Seen], bytes] = lambda seen: told[0] if seen.path == PATH else signed(told[0])  # noqa: E731 - short
    with FaultServer(lambda seen: answer(200, files(seen))) as server:
        monkeypatch.setattr(releases, "channel", lambda: copy_of(server.url))
        with closing(Scene(tmp_path)) as scene:
            assert scene.look().state == "newer"
        told[0] = old
        with closing(Scene(tmp_path)) as scene:
            assert scene.look().why == "older"
            assert load(scene.file).versions.signed == now
        told[0] = of_today(__version__, signed=now + 1)
        with closing(Scene(tmp_path)) as scene:
            assert scene.look().state == "current"


@pytest.mark.parametrize("kind", ["deb", "rpm", "flatpak", "pip", "source", "managed"])
def test_a_copy_that_somebody_renews_never_looks(
    kind: str, server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releases, "channel", lambda: copy_of(server.url, kind=kind))
    with closing(Scene(tmp_path, VersionSetting(daily=True))) as scene:
        scene.session.versions.look()
        assert not scene.session.versions.newness.looking
        assert not scene.session.versions._watching
    assert server.connections == 0
    assert load(tmp_path / "settings.json").versions.asked == 0


def test_the_terminal_never_looks(server: FaultServer, tmp_path: Path) -> None:
    with closing(Scene(tmp_path, VersionSetting(daily=True), window=False)) as scene:
        scene.turn_daily(True)
        assert not scene.session.versions._watching
    assert server.connections == 0


def test_closing_while_it_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultServer([[ExpectEof()]]) as server:
        monkeypatch.setattr(releases, "channel", lambda: copy_of(server.url))
        with closing(Scene(tmp_path)) as scene:
            scene.session.versions.look()
            scene.until(lambda: bool(server.requests))
        server.wait_eof()


def test_without_a_mark_these_sources_know_nothing_to_look_for(tmp_path: Path) -> None:
    with closing(Scene(tmp_path)) as scene:
        assert scene.session.versions.newness == versions.Newness(Channel("source"))
