"""The empty state: what is offered, with size, source and licence, and what a click wishes."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from sidelight.engine.terms import WeightsOffer
from sidelight.ui.panes.welcome.pane import WelcomePane, WelcomeValue
from sidelight.ui.servers import FoundServer
from sidelight.ui.widgets.icon import IconButton
from sidelight.ui.widgets.plain import Label

OFFER = WeightsOffer("w", "Small Model", 491_400_064, "Maker/Small-GGUF", "Apache-2.0", "x", "absent")


def words(pane: WelcomePane) -> str:
    return "\n".join(x.text() for x in pane.findChildren(Label) if x.isVisibleTo(pane))


def button(pane: WelcomePane, caption: str) -> QPushButton:
    return next(b for b in pane.findChildren(QPushButton) if b.text() == caption)


def test_weights_are_offered_with_name_size_licence_source_and_one_button(qtbot: QtBot) -> None:
    pane = WelcomePane()
    qtbot.addWidget(pane)
    pane.show_value(WelcomeValue((OFFER,)))
    pane.resize(800, 600)
    pane.show()
    for word in ("Small Model", "491 MB", "Apache-2.0", "Maker/Small-GGUF"):
        assert word in words(pane)
    with qtbot.waitSignal(pane.fetch_wanted) as heard:
        qtbot.mouseClick(button(pane, "Fetch 491 MB"), Qt.MouseButton.LeftButton)
    assert heard.args == ["w"]


def test_a_fetch_shows_how_far_it_is_and_can_be_cancelled(qtbot: QtBot) -> None:
    pane = WelcomePane()
    qtbot.addWidget(pane)
    going = WeightsOffer("w", "Small Model", 1000, "s", "MIT", "x", "fetching", 250)
    pane.show_value(WelcomeValue((going,)))
    assert "250 B of 1.0 kB" in words(pane)
    with qtbot.waitSignal(pane.cancel_wanted):
        button(pane, "Cancel").click()


def test_a_failed_fetch_says_why_and_offers_to_try_again(qtbot: QtBot) -> None:
    pane = WelcomePane()
    qtbot.addWidget(pane)
    failure = ("local.disk_full", (("needed", "2"), ("free", "1"), ("folder", "/x")))
    pane.show_value(WelcomeValue((WeightsOffer("w", "S", 1000, "s", "MIT", "x", "failed", 0, failure),)))
    assert "/x" in words(pane)
    with qtbot.waitSignal(pane.fetch_wanted):
        button(pane, "Try again").click()


def test_the_other_ways_and_the_prompts_to_try(qtbot: QtBot) -> None:
    pane = WelcomePane()
    qtbot.addWidget(pane)
    pane.show_value(WelcomeValue((), ("Ready: Small Model",)))
    assert "Ready: Small Model" in words(pane)
    with qtbot.waitSignal(pane.key_wanted) as heard:
        button(pane, "Set a key…").click()
    assert heard.args == [""]
    with qtbot.waitSignal(pane.address_wanted):
        button(pane, "Add a server…").click()
    prompts = [b for b in pane.findChildren(IconButton) if b.property("role") == "prompt"]
    assert len(prompts) == 3
    with qtbot.waitSignal(pane.prompt_chosen) as heard:
        prompts[0].click()
    assert heard.args is not None
    assert heard.args[0].startswith("Is 91 prime")


READY = FoundServer("ollama", "Ollama 0.13.5", "port 11434 · 5 models", "ready")
LOCKED = FoundServer("x", "probably vLLM", "port 8000 · wants a key", "key")
LOADING = FoundServer("y", "llama.cpp", "port 8080 · still loading", "loading")


def test_servers_that_were_found_stand_first_each_with_what_it_needs(qtbot: QtBot) -> None:
    pane = WelcomePane()
    qtbot.addWidget(pane)
    pane.show_value(WelcomeValue((OFFER,), (), (READY, LOCKED, LOADING)))
    captions = [b.text() for b in pane.findChildren(QPushButton) if b.isVisibleTo(pane)]
    assert sorted(captions[:2]) == ["Choose a model…", "Set a key…"]
    assert [b.property("role") for b in (button(pane, "Choose a model…"), button(pane, "Fetch 491 MB"))] == [
        "primary",
        "quiet",
    ]
    for word in ("Ollama 0.13.5", "5 models", "probably vLLM", "wants a key", "still loading"):
        assert word in words(pane)
    with qtbot.waitSignal(pane.server_wanted) as heard:
        button(pane, "Choose a model…").click()
    assert heard.args == ["ollama"]
    rows = {b.accessibleDescription(): b for b in pane.findChildren(QPushButton)}
    with qtbot.waitSignal(pane.key_wanted) as heard:
        rows["probably vLLM, port 8000 · wants a key"].click()
    assert heard.args == ["x"]
    pane.show_value(WelcomeValue((OFFER,)))
    assert "Ollama" not in words(pane)


def test_looking_again_is_said_until_there_are_news(qtbot: QtBot) -> None:
    pane = WelcomePane()
    qtbot.addWidget(pane)
    pane.show_value(WelcomeValue())
    with qtbot.waitSignal(pane.look_wanted):
        button(pane, "Look again").click()
    assert not button(pane, "Looking…").isEnabled()
    pane.show_value(WelcomeValue())
    assert button(pane, "Look again").isEnabled()
