"""The empty state. It offers local servers that were found, the embedded model with size, source and licence, a key, a
server, and prompts to try.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from sidelight import messages
from sidelight.engine.terms import WeightsOffer
from sidelight.ui.offer import Offers
from sidelight.ui.servers import FoundServer, FoundServers
from sidelight.ui.widgets.icon import IconButton
from sidelight.ui.widgets.plain import Label

__all__ = ["WelcomePane", "WelcomeValue"]


@dataclass(frozen=True, slots=True)
class WelcomeValue:
    """`lanes` are the lines that say which lanes will answer; empty where none could answer yet."""

    offers: tuple[WeightsOffer, ...] = ()
    lanes: tuple[str, ...] = ()
    servers: tuple[FoundServer, ...] = ()


class WelcomePane(QScrollArea):
    """Wishes: a server's models, weights to fetch or to cancel, a key ("" for no place in particular), a look for servers,
    an address, a prompt to try.
    """

    fetch_wanted = Signal(str)
    cancel_wanted = Signal(str)
    server_wanted = Signal(str)
    key_wanted = Signal(str)
    look_wanted = Signal()
    address_wanted = Signal()
    prompt_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._value: WelcomeValue | None = None
        page = QWidget()
        page.setProperty("role", "page")
        self.setWidget(page)
        self._column = QWidget()
        outer = QHBoxLayout(page)
        outer.setContentsMargins(24, 24, 24, 24)
        outer.addStretch(1)
        outer.addWidget(self._column, 100)
        outer.addStretch(1)
        column = QVBoxLayout(self._column)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addStretch(1)
        column.addWidget(Label(messages.text("ui.welcome.title"), "heading", wrap=True))
        column.addWidget(Label(messages.text("ui.welcome.text"), "muted", wrap=True))
        self._ready = Label("", "ready", wrap=True)
        column.addWidget(self._ready)
        column.addSpacing(16)
        self._offers = Offers()
        self._offers.fetch_wanted.connect(self.fetch_wanted)
        self._offers.cancel_wanted.connect(self.cancel_wanted)
        self._servers = FoundServers()
        self._servers.use_wanted.connect(self.server_wanted)
        self._servers.key_wanted.connect(self.key_wanted)
        ways = QVBoxLayout()
        ways.setSpacing(0)
        ways.addWidget(self._servers)
        ways.addWidget(self._offers)
        column.addWidget(Label(messages.text("ui.welcome.models"), "section"))
        column.addLayout(ways)
        key = _button(messages.text("ui.welcome.key.do"))
        key.clicked.connect(lambda: self.key_wanted.emit(""))
        self._look = _button(messages.text("ui.server.again"))
        self._look.clicked.connect(self._on_look)
        address = _button(messages.text("ui.welcome.server.do"))
        address.clicked.connect(self.address_wanted)
        for symbol, title, sentence, buttons in (
            ("key", messages.text("ui.welcome.key"), messages.text("ui.welcome.key.text"), (key,)),
            (
                "server",
                messages.text("ui.welcome.server"),
                messages.text("ui.welcome.server.text"),
                (self._look, address),
            ),
        ):
            ways.addWidget(self._row(symbol, title, sentence, buttons))
        column.addSpacing(16)
        column.addWidget(Label(messages.text("ui.welcome.try"), "section"))
        for prompt in (
            messages.text("ui.welcome.try.1"),
            messages.text("ui.welcome.try.2"),
            messages.text("ui.welcome.try.3"),
        ):
            column.addWidget(self._prompt(prompt))
        column.addStretch(2)
        self._fit()

    def show_value(self, value: WelcomeValue) -> None:
        """Draw what is offered now."""
        self._look.setText(messages.text("ui.server.again"))
        self._look.setEnabled(True)
        if value == self._value:
            return
        self._value = value
        ready = any(server.state == "ready" for server in value.servers)
        self._servers.show_value(value.servers, first=ready and not value.lanes)
        self._offers.show_value(value.offers, first=not ready and not value.lanes)
        self._ready.setText("\n".join(value.lanes))
        self._ready.setVisible(bool(value.lanes))

    def changeEvent(self, event: QEvent) -> None:
        """Keep lines readable at every zoom."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def _fit(self) -> None:
        if hasattr(self, "_column"):
            self._column.setMaximumWidth(self.fontMetrics().averageCharWidth() * 96)

    def _on_look(self) -> None:
        self._look.setText(messages.text("ui.server.looking"))
        self._look.setEnabled(False)
        self.look_wanted.emit()

    @staticmethod
    def _row(symbol: str, title: str, sentence: str, buttons: tuple[QPushButton, ...]) -> QWidget:
        row = QFrame()
        row.setProperty("role", "offer")
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 10, 0, 10)
        line.setSpacing(12)
        mark = IconButton(symbol, "")
        mark.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        mark.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(Label(title, "strong"))
        words.addWidget(Label(sentence, "muted", wrap=True))
        line.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        line.addLayout(words, 1)
        for button in buttons:
            line.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        return row

    def _prompt(self, prompt: str) -> QWidget:
        button = IconButton("chevron-right", prompt, role="prompt", caption=prompt)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.clicked.connect(lambda: self.prompt_chosen.emit(prompt))
        return button


def _button(caption: str) -> QPushButton:
    button = QPushButton(caption)
    button.setProperty("role", "quiet")
    return button
