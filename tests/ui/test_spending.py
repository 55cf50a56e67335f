"""Money in the window: the line below the composer, the question before the limit, and who is asked it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot
from tests.faults.server import Seen
from tests.ui.house import Stage, script, stage

from sidelight.engine.spending import Spent
from sidelight.models.prices import Estimate
from sidelight.settings import Settings
from sidelight.ui import money
from sidelight.ui.dialogs.spend import SpendDialog

PRICES = {
    "prices": [
        {"provider": "openai-compatible", "models": ["model-0", "model-1"], "prompt": 1, "output": 1e5}
    ],
    "sources": {"mine": {"text": "my list", "seen": "2026-11"}},
}
"""A reply of `script` counts 20 + 8 tokens: $0.80002."""


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("", 0),
        ("2", 2),
        (" $2.50 ", 2.5),
        ("2,50", 2.5),
        ("-1", None),
        ("nan", None),
        ("inf", None),
        ("two", None),
    ],
)
def test_money_as_it_is_typed(typed: str, amount: float | None) -> None:
    assert money.read(typed) == amount


def test_money_in_words() -> None:
    assert money.asked(Estimate(0.001, 0.012, 0.5, 3)) == "≈ $0.012 for 3 lanes"
    assert money.asked(Estimate(0.001, 0.012, None, 1, unbounded=("o1",))) == "at least $0.012 for 1 lane"
    assert money.asked(Estimate(unknown=("x",))) == "an unknown amount for 1 lane"
    assert money.today(Spent(0.43), 2) == "today $0.43 of $2.00"
    assert money.today(Spent(0.43, 2), 0) == "today $0.43 · 2 replies not counted"
    told = money.hint(Estimate(0.001, 0.012, 0.5, 2, ("o1",), ("odd", "other"), files=True)).splitlines()
    assert told[:4] == [
        "The prompts alone: $0.001.",
        "If every lane answers as long as it may: $0.50.",
        "Counted without the answer, since its length is not known: o1.",
        "The price is not known: odd, other.",
    ]
    assert len(told) == 6


@pytest.fixture(autouse=True)
def hosted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server of a test is on loopback, where answers are free; here it is taken for a stranger's."""
    for place in ("sidelight.backends.http_backend", "sidelight.engine.spending"):
        monkeypatch.setattr(f"{place}.is_loopback", lambda _url: False)


@contextmanager
def paying(
    qtbot: QtBot, folder: Path, limit: float = 0.0, *, priced: bool = True
) -> Iterator[tuple[Stage, list[Seen]]]:
    """A window whose two lanes ask for models that have a price, and the requests that its server saw."""
    if priced:
        own = folder / "config" / "prices.json"
        own.parent.mkdir(parents=True)
        own.write_text(json.dumps(PRICES))
    with stage(qtbot, folder, [script()], settings=Settings(spend_limit=limit)) as (here, server):
        yield here, server.requests


def line(here: Stage) -> str:
    label = here.window.composer._money
    return "" if label.isHidden() else label.text()


def asked(here: Stage) -> SpendDialog:
    """The question, once it is there."""
    here.until(lambda: bool(here.window.findChildren(SpendDialog)))
    return here.window.findChildren(SpendDialog)[-1]


def press(dialog: SpendDialog, caption: str) -> None:
    next(b for b in dialog.findChildren(QPushButton) if b.text() == caption).click()


def test_the_line_follows_what_is_typed_and_what_is_spent(qtbot: QtBot, tmp_path: Path) -> None:
    with paying(qtbot, tmp_path) as (here, _requests):
        here.until(lambda: line(here) == "today $0")
        qtbot.keyClicks(here.window.composer.edit, "What is 2 + 2?")
        here.until(lambda: line(here) == "at least $0.000007 for 2 lanes · today $0")
        assert "Counted without the answer" in here.window.composer._money.toolTip()
        here.ask("What is 2 + 2?")
        here.until(lambda: line(here) == "today $1.60")
        qtbot.keyClicks(here.window.composer.edit, "And 3 + 3?")
        here.until(lambda: line(here) == "≈ $1.60 for 2 lanes · today $1.60")


def test_files_are_counted_as_they_come_and_go(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("x" * 40_000)
    with paying(qtbot, tmp_path) as (here, _requests):
        composer = here.window.composer
        composer.offer((tmp_path / "note.txt",))
        here.until(lambda: line(here) == "at least $0.02 for 2 lanes · today $0")
        composer.clear()
        here.until(lambda: line(here) == "today $0")


def test_nothing_is_said_where_nothing_costs(qtbot: QtBot, tmp_path: Path) -> None:
    with paying(qtbot, tmp_path, priced=False) as (here, _requests):
        here.ask("What is 2 + 2?")
        here.window.composer.take_back("And 3 + 3?")
        purse = here.window._purse
        here.until(lambda: not purse._pause.isActive() and not purse._unread)
        assert line(here) == ""
        here.session.change_settings(msgspec.structs.replace(here.session.settings, spend_limit=2.0))
        here.until(
            lambda: line(here) == "an unknown amount for 2 lanes · today $0 of $2.00 · 2 replies not counted"
        )


def test_beyond_the_limit_it_is_asked_and_cancel_keeps_the_prompt(qtbot: QtBot, tmp_path: Path) -> None:
    with paying(qtbot, tmp_path, limit=2.0) as (here, requests):
        here.begin("What is 2 + 2?")
        here.until(lambda: len(requests) == 2 and not here.session.streaming)
        here.begin("And 3 + 3?")
        dialog = asked(here)
        qtbot.keyClick(dialog, Qt.Key.Key_Return)  # what sent the prompt, pressed once too often
        here.until(lambda: not here.window.findChildren(SpendDialog))
        assert here.window.composer.prompt == "And 3 + 3?"
        here.until(lambda: line(here) == "≈ $1.60 for 2 lanes · today $1.60 of $2.00")
        assert here.window.composer._money.property("role") == "warning"
        assert len(requests) == 2
        here.window.send()
        press(asked(here), "Send anyway")
        here.until(lambda: len(requests) == 4 and not here.session.streaming)
        assert here.window.composer.prompt == ""
        here.begin("And 4 + 4?")
        asked(here).reject()


def test_a_higher_limit_sends_and_stays(qtbot: QtBot, tmp_path: Path) -> None:
    with paying(qtbot, tmp_path, limit=2.0) as (here, requests):
        here.begin("What is 2 + 2?")
        here.until(lambda: len(requests) == 2 and not here.session.streaming)
        here.begin("And 3 + 3?")
        dialog = asked(here)
        press(dialog, "Raise the limit…")
        assert dialog._limit.text() == "4.00"
        dialog._limit.setText("3")
        press(dialog, "Raise it and send")
        assert dialog._trouble.text() == "At least $3.21 are needed for this."
        dialog._limit.setText("$5")
        press(dialog, "Raise it and send")
        here.until(lambda: len(requests) == 4 and not here.session.streaming)
        assert here.session.settings.spend_limit == 5
        assert here.window.composer.prompt == ""


def test_retries_are_asked_too(qtbot: QtBot, tmp_path: Path) -> None:
    with paying(qtbot, tmp_path, limit=2.0) as (here, requests):
        here.begin("What is 2 + 2?")
        here.until(lambda: len(requests) == 2 and not here.session.streaming)
        here.window.retry()
        dialog = asked(here)
        press(dialog, "Cancel")
        assert [
            len(here.session.conversation.path[0].versions(x.id)) for x in here.session.conversation.lanes
        ] == [1, 1]
        here.window.retry()
        here.until(lambda: len(here.window.findChildren(SpendDialog)) > 0)
        press(asked(here), "Send anyway")
        here.until(lambda: len(requests) == 3 and not here.session.streaming)


def test_the_preferences_show_the_day_and_begin_a_price_file(qtbot: QtBot, tmp_path: Path) -> None:
    with paying(qtbot, tmp_path, priced=False) as (here, _requests):
        here.window.open_preferences()
        preferences = here.window.dialogs.preferences
        assert preferences is not None
        page = preferences.spending
        here.until(lambda: page._today.text() == "$0")
        assert "prices come with Sidelight" in page._shipped.text()
        assert "DeepSeek API pricing page, seen 2026-11" in page._sources.text()
        own = tmp_path / "config" / "prices.json"
        assert page._path.text() == str(own)
        assert page._state.text().startswith("There is no such file yet.")
        page._begin.click()
        here.until(lambda: page._state.text() == "0 prices in it")
        assert page._begin.isHidden()
        own.write_text("{")
        preferences.close()
        here.window.open_preferences()
        again = here.window.dialogs.preferences
        assert again is not None
        here.until(lambda: "is not a price file" in again.spending._state.text())
        qtbot.keyClicks(again.spending._limit, "2,5")
        again.spending._limit.editingFinished.emit()
        assert here.session.settings.spend_limit == 2.5
        again.close()


def test_a_price_file_that_cannot_be_made_is_said(qtbot: QtBot, tmp_path: Path) -> None:
    with paying(qtbot, tmp_path, priced=False) as (here, _requests):
        here.window.open_preferences()
        preferences = here.window.dialogs.preferences
        assert preferences is not None
        (tmp_path / "file").write_text("")
        here.session.spending.own = tmp_path / "file" / "prices.json"
        preferences.spending._begin.click()
        assert preferences.spending._state.text().startswith("The file could not be written: ")
        preferences.close()
