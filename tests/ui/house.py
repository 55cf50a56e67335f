"""A real house with a window for tests: real store, real engine threads, real sockets to a server on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from tests.faults.server import FaultServer, Scenario, Seen, ok_sse

from sidelight import settings as preferences
from sidelight.main import House, open_house
from sidelight.paths import standard_paths
from sidelight.settings import BackendSetting, LaneSetting, Settings
from sidelight.ui.application import Looks
from sidelight.ui.bridge import Bridge
from sidelight.ui.main_window import MainWindow

__all__ = ["Stage", "frame", "script", "stage"]


def frame(**delta: str) -> bytes:
    """One event of a chat completion stream."""
    return b"data: " + json.dumps({"choices": [{"index": 0, "delta": delta}]}).encode() + b"\n\n"


END = (
    b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":20,"completion_tokens":8}}\n\ndata: [DONE]\n\n'
)


def script(trace: str = "Let me think.", answer: str = "Four.") -> Scenario:
    """A whole reply with a trace, word by word."""
    thoughts = [frame(reasoning_content=word + " ") for word in trace.split()]
    words = [frame(content=word + " ") for word in answer.split()]
    return ok_sse(*thoughts, *words, END)


class Stage:
    """The window over a session, and what a test does with them."""

    def __init__(self, house: House, window: MainWindow, bridge: Bridge, looks: Looks, qtbot: QtBot) -> None:
        self.house = house
        self.session = house.session
        self.window = window
        self.bridge = bridge
        self.looks = looks
        self.qtbot = qtbot

    def until(self, condition: Callable[[], bool], seconds: float = 30.0) -> None:
        """Let the window live until something holds, and, where nothing streams, until the lanes in sight are drawn."""
        limit = round(seconds * 1000)
        self.qtbot.waitUntil(condition, timeout=limit)
        self.qtbot.waitUntil(lambda: self.session.streaming or self._all_drawn(), timeout=limit)

    def _all_drawn(self) -> bool:
        pane = self.window._lanes
        return pane is None or not any(column.stale for column in pane.columns if pane._in_sight(column))

    def ask(self, prompt: str) -> None:
        """Type and send, and wait until every lane has ended."""
        self.begin(prompt)
        self.until(lambda: not self.session.streaming)

    def begin(self, prompt: str) -> None:
        """Type and send."""
        self.window.composer.take_back(prompt)
        self.window.send()

    def text(self, lane: int) -> str:
        """What can be read in a lane."""
        pane = self.window._lanes
        assert pane is not None
        return pane.columns[lane].view.accessible_text()


@contextmanager
def stage(
    qtbot: QtBot,
    folder: Path,
    scenarios: list[Scenario] | Callable[[Seen], Scenario],
    *,
    lanes: int = 2,
    settings: Settings | None = None,
) -> Iterator[tuple[Stage, FaultServer]]:
    """A window with lanes that ask a server of these scenarios."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    with FaultServer(scenarios) as server:
        backend = BackendSetting("srv", "openai-compatible", "Test server", server.url)
        lane_settings = tuple(LaneSetting("srv", f"model-{i}") for i in range(lanes))
        told = ("engine.keyring.absent",)
        given = {"backends": (backend,), "lanes": lane_settings, "told": told, "find_servers": False}
        paths = standard_paths({"SIDELIGHT_PROFILE": str(folder)})
        paths.make()
        preferences.save(paths.settings, msgspec.structs.replace(settings or Settings(), **given))
        house = open_house(paths)
        looks = Looks(app)
        looks.take(house.session.settings)
        window = MainWindow(house.session, looks.palette, paths.database)
        window.set_palette_and_zoom(looks.palette, looks.zoom)
        bridge = Bridge(house.session, window)
        leave = house.session.subscribe(
            lambda change: looks.take(house.session.settings) if change.kind == "settings" else None
        )
        looks.changed.connect(lambda: window.set_palette_and_zoom(looks.palette, looks.zoom))
        bridge.start()
        window.show()
        house.session.start()
        try:
            here = Stage(house, window, bridge, looks, qtbot)
            here.until(lambda: bool(house.session.backends()))
            yield here, server
        finally:
            leave()
            bridge.stop()
            window.hide()
            house.close()
            window.deleteLater()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
            looks.deleteLater()
            app.setStyleSheet(
                ""
            )  # last: Qt forgets whom it styled, and a widget that dies later is left in its lists
