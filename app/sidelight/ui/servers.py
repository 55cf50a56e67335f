"""Local servers that were found: in words, and as a row with one button. Not the looking (`backends.discovery`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from sidelight import messages
from sidelight.engine.session import Session
from sidelight.engine.terms import Server
from sidelight.ui.widgets.icon import IconButton
from sidelight.ui.widgets.plain import Label

__all__ = ["FoundServer", "FoundServers", "found_servers"]


@dataclass(frozen=True, slots=True)
class FoundServer:
    """A server as people are told of it: what it is, then where it is and how it is. `backend` asks it."""

    backend: str
    title: str
    facts: str
    state: Literal["ready", "key", "loading"]


def found_servers(session: Session) -> tuple[FoundServer, ...]:
    """All that were found, those that can be asked at once before the others."""
    shown = (_in_words(session, server) for server in session.servers())
    return tuple(sorted(shown, key=lambda s: s.state != "ready"))


def _in_words(session: Session, server: Server) -> FoundServer:
    found, backend = server.found, server.setting.id
    title = f"{found.title} {found.version}".strip()
    if found.certainty == "probably":
        title = messages.text("ui.server.probably", name=title)
    models = session.models(backend)
    count = len(models) if isinstance(models, tuple) else len(found.models)
    state: Literal["ready", "key", "loading"] = "ready"
    how = messages.plural("ui.server.models", count)
    if found.loading:
        state, how = "loading", messages.text("ui.server.loading")
    elif found.wants_key and session.key_state(backend) == "none":
        state, how = "key", messages.text("ui.server.wants_key")
    where = messages.text("ui.server.port", port=urlsplit(found.base_url).port)
    return FoundServer(backend, title, f"{where} · {how}", state)


class FoundServers(QWidget):
    """A row a server. Both signals carry its backend: choose one of its models, or give it a key first."""

    use_wanted = Signal(str)
    key_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[Sequence[FoundServer], bool] | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.hide()

    def show_value(self, servers: Sequence[FoundServer], *, first: bool = False) -> None:
        """Draw the servers. `first`: the button of the first one is the one to press."""
        if (servers, first) == self._shown:
            return
        self._shown = (servers, first)
        while (item := self._column.takeAt(0)) is not None:
            if (row := item.widget()) is not None:
                row.hide()
                row.deleteLater()
        for place, server in enumerate(servers):
            self._column.addWidget(self._row(server, "primary" if first and place == 0 else "quiet"))
        self.setVisible(bool(servers))

    def _row(self, server: FoundServer, role: str) -> QWidget:
        row = QFrame()
        row.setProperty("role", "offer")
        mark = IconButton("server", "")
        mark.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        mark.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(Label(server.title, "strong", wrap=True))
        words.addWidget(Label(server.facts, "muted", wrap=True))
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 10, 0, 10)
        line.setSpacing(12)
        line.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        line.addLayout(words, 1)
        if server.state != "loading":
            wish = self.key_wanted if server.state == "key" else self.use_wanted
            button = QPushButton(
                messages.text("ui.set_key") if server.state == "key" else messages.text("ui.choose_model")
            )
            button.setProperty("role", role)
            button.setAccessibleDescription(f"{server.title}, {server.facts}")
            button.clicked.connect(lambda: wish.emit(server.backend))
            line.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        return row
