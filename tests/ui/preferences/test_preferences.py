"""The preferences: every page shows what is set and tells what was changed, and nothing else."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from sidelight.backends import registry
from sidelight.backends.base import About, BackendError
from sidelight.chat.events import Failed, FailureKind
from sidelight.engine.terms import WeightsOffer
from sidelight.settings import BackendSetting, LaneSetting, NetSetting, Settings
from sidelight.ui.dialogs.access import KnownBackend
from sidelight.ui.preferences.appearance import AppearancePage
from sidelight.ui.preferences.backends import BackendsPage
from sidelight.ui.preferences.lanes import LanesPage
from sidelight.ui.preferences.local import LocalPage
from sidelight.ui.preferences.network import NetworkPage
from sidelight.ui.preferences.page import Page
from sidelight.ui.preferences.spending import SpendingPage
from sidelight.ui.preferences.window import PreferencesWindow

FULL = Settings(
    theme="dark",
    zoom=150,
    language="de",
    thinking="open",
    enter_sends=False,
    backends=(BackendSetting("mine", "llamacpp", "Mine", "http://127.0.0.1:1"),),
    lanes=(LaneSetting("embedded", "small"),),
    gguf=("/models/a.gguf",),
    slot_context=8192,
    net=NetSetting("http://proxy:1", ""),
    window="kept",
)


def heard(page: Page) -> list[Settings]:
    told: list[Settings] = []
    page.changed.connect(told.append)
    return told


@pytest.mark.parametrize(
    "page", [AppearancePage, LanesPage, BackendsPage, LocalPage, SpendingPage, NetworkPage]
)
def test_drawing_tells_nothing(qtbot: QtBot, page: type[Page]) -> None:
    shown = page()  # type: ignore[call-arg]  # every page but the base takes nothing
    qtbot.addWidget(shown)
    told = heard(shown)
    shown.show_value(FULL)
    shown.show_value(Settings())
    assert told == []


def test_appearance(qtbot: QtBot) -> None:
    page = AppearancePage()
    qtbot.addWidget(page)
    page.show_value(FULL)
    told = heard(page)
    page._theme.setCurrentIndex(page._theme.findData("light"))
    page._zoom.setValue(300)
    assert told[-1] == msgspec.structs.replace(FULL, theme="light", zoom=300)
    page._zoom.setValue(1000)
    assert told[-1].zoom == 300


def test_lanes(qtbot: QtBot) -> None:
    page = LanesPage()
    qtbot.addWidget(page)
    page.show_value(FULL)
    told = heard(page)
    page._thinking.setCurrentIndex(page._thinking.findData("closed"))
    page._enter.setChecked(True)
    assert told[-1] == msgspec.structs.replace(FULL, thinking="closed", enter_sends=True)
    assert page._saved.text() == "small (embedded)"
    page._forget.click()
    assert told[-1].lanes == ()
    assert page._forget.isHidden()


def test_backends(qtbot: QtBot) -> None:
    page = BackendsPage()
    qtbot.addWidget(page)
    page.show_value(FULL)
    mine = About("mine", "Mine", "llamacpp", "http://127.0.0.1:1", needs_key=False)
    built_in = About("embedded", "", "llamacpp", "", needs_key=False)
    hosted = About("hosted", "Hosted", "openai-compatible", "https://x")
    page.show_backends(
        (
            KnownBackend(built_in, "This machine", "none"),
            KnownBackend(mine, "Mine", "none"),
            KnownBackend(hosted, "Hosted", "environment", "HOSTED_KEY"),
        )
    )
    item = page._tree.topLevelItem(2)
    assert item is not None
    assert item.text(2) == "HOSTED_KEY"
    page._tree.setCurrentItem(page._tree.topLevelItem(0))  # type: ignore[arg-type]  # it is there
    assert not page._key.isEnabled()
    assert not page._remove.isEnabled()
    page._tree.setCurrentItem(page._tree.topLevelItem(1))  # type: ignore[arg-type]  # it is there
    with qtbot.waitSignal(page.key_wanted) as wish:
        page._key.click()
    assert wish.args == ["mine"]
    told = heard(page)
    page._remove.click()
    assert told == [msgspec.structs.replace(FULL, backends=())]


def test_a_backend_is_tested_and_changed(qtbot: QtBot) -> None:
    page = BackendsPage()
    qtbot.addWidget(page)
    page.show_value(Settings())
    about = About("openai", "OpenAI", "openai", "https://api.openai.com")
    page.show_backends((KnownBackend(about, "OpenAI", "memory"),))
    assert page._tree.topLevelItem(0).text(2) == "until Sidelight ends"  # type: ignore[union-attr]  # it is there
    assert not page._forgotten.isHidden()
    page._tree.setCurrentItem(page._tree.topLevelItem(0))  # type: ignore[arg-type]  # it is there
    with qtbot.waitSignal(page.test_wanted) as wish:
        page._test.click()
    assert wish.args == ["openai"]
    assert page._outcome.text() == "OpenAI: Asking for its models…"
    refused = BackendError(Failed(FailureKind.NETWORK, "x", code="dns"))
    page.show_backends((KnownBackend(about, "OpenAI", "memory", models=refused),))
    assert page._outcome.text().startswith("OpenAI: The network does not know the server's name.")
    with qtbot.waitSignal(page.address_wanted) as wish:
        page._edit.click()
    usual = next(s for s in registry.default_settings() if s.id == "openai")
    assert wish.args == [usual]
    assert (page._remove.text(), page._remove.isEnabled()) == ("Usual address", False)
    page.show_value(Settings(backends=(msgspec.structs.replace(usual, base_url="https://else.example"),)))
    told = heard(page)
    page._remove.click()
    assert told == [Settings()]


def test_local_models(qtbot: QtBot) -> None:
    page = LocalPage()
    qtbot.addWidget(page)
    page.show_value(FULL)
    told = heard(page)
    page._find.setChecked(False)
    assert not told[-1].find_servers
    page._context.setValue(16_384)
    page.add_file("/models/b.gguf")
    page.add_file("/models/b.gguf")
    assert (told[-1].gguf, told[-1].slot_context) == (("/models/a.gguf", "/models/b.gguf"), 16_384)
    page._files.setCurrentRow(0)
    page._remove.click()
    assert told.pop().gguf == ("/models/b.gguf",)
    page.show_offers((WeightsOffer("w", "W", 1000, "s", "MIT", "x", "fetching", 10),))
    with qtbot.waitSignal(page.cancel_wanted):
        page._offers.rows["w"].cancel_clicked.emit()


def test_network(qtbot: QtBot, tmp_path: Path) -> None:
    page = NetworkPage()
    qtbot.addWidget(page)
    page.show_value(FULL)
    told = heard(page)
    page._proxy.setText("not an address")
    page._proxy.editingFinished.emit()
    assert told == []
    assert page._trouble.text()
    page._way.setCurrentIndex(page._way.findData("none"))
    assert told[-1].net == NetSetting("none", "")
    page._ca.setText(str(tmp_path / "missing.pem"))
    page._ca.editingFinished.emit()
    assert page._trouble.text() == "There is no such file."
    (tmp_path / "ca.pem").write_text("x")
    page._ca.setText(str(tmp_path / "ca.pem"))
    page._ca.editingFinished.emit()
    assert told[-1].net == NetSetting("none", str(tmp_path / "ca.pem"))


def test_spending(qtbot: QtBot) -> None:
    page = SpendingPage()
    qtbot.addWidget(page)
    page.show_value(FULL)
    assert page._limit.text() == ""
    told = heard(page)
    qtbot.keyClicks(page._limit, "2,5")
    page._limit.editingFinished.emit()
    assert told == [msgspec.structs.replace(FULL, spend_limit=2.5)]
    page._limit.clear()
    qtbot.keyClicks(page._limit, "much")
    page._limit.editingFinished.emit()
    assert len(told) == 1
    assert page._trouble.text() == "Write an amount in US dollars, such as 2.50"
    page.show_value(told[0])
    assert (page._limit.text(), page._trouble.isHidden()) == ("2.50", True)


def test_two_pages_do_not_undo_each_other(qtbot: QtBot) -> None:
    window = PreferencesWindow()
    qtbot.addWidget(window)
    told: list[Settings] = []
    window.changed.connect(told.append)
    window.show_value(FULL, (), ())
    appearance, lanes = window.pages[:2]
    assert isinstance(appearance, AppearancePage)
    assert isinstance(lanes, LanesPage)
    appearance._zoom.setValue(200)
    lanes._enter.setChecked(True)
    assert told[-1] == msgspec.structs.replace(FULL, zoom=200, enter_sends=True)
    window.close()
