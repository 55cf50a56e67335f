"""Proxy, additional certificates, and whether new versions are looked for."""

from __future__ import annotations

from pathlib import Path

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLineEdit, QVBoxLayout, QWidget

from sidelight import messages
from sidelight.engine.versions import Newness
from sidelight.settings import NetSetting
from sidelight.ui.newer import VersionLine, sent
from sidelight.ui.preferences.page import Page
from sidelight.ui.widgets.plain import Label

__all__ = ["NetworkPage"]


class NetworkPage(Page):
    """How the network is reached, and whether new versions are looked for; that is not shown where somebody else renews this copy.

    `look_wanted` and `page_wanted` are those of `VersionLine`.
    """

    look_wanted = Signal()
    page_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__(messages.text("ui.pref.network"))
        self._way = self.choice(
            (
                ("", messages.text("ui.pref.proxy.system")),
                ("none", messages.text("ui.pref.proxy.none")),
                ("own", messages.text("ui.pref.proxy.own")),
            )
        )
        self._proxy = QLineEdit()
        self._proxy.setPlaceholderText("http://proxy.example:3128")
        self._ca = QLineEdit()
        self._ca.setPlaceholderText(messages.text("ui.pref.ca.placeholder"))
        self._trouble = Label(role="error", wrap=True)
        self.add(messages.text("ui.pref.proxy"), self._way)
        self.add(messages.text("ui.pref.proxy.address"), self._proxy)
        self.add(messages.text("ui.pref.ca"), self._ca, messages.text("ui.pref.ca.hint"))
        self.column.addWidget(self._trouble)
        self._versions = QWidget()
        self._daily = QCheckBox(messages.text("ui.newer.daily"))
        self._sent = Label(role="muted", wrap=True)
        self._newer = VersionLine()
        below = QVBoxLayout(self._versions)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(8)
        below.addWidget(Label(messages.text("ui.newer"), "section"))
        below.addWidget(self._daily)
        below.addWidget(self._sent)
        below.addWidget(self._newer)
        self._versions.hide()
        self.column.addWidget(self._versions)
        self.column.addStretch(1)
        self._newer.look_wanted.connect(self.look_wanted)
        self._newer.page_wanted.connect(self.page_wanted)
        self._daily.toggled.connect(self._on_daily)
        self._way.currentIndexChanged.connect(lambda _i: self._read())
        self._proxy.editingFinished.connect(self._read)
        self._ca.editingFinished.connect(self._read)

    def draw(self) -> None:
        """Fill the fields."""
        proxy = self.settings.net.proxy
        own = proxy not in ("", "none")
        self._way.setCurrentIndex(self._way.findData("own" if own else proxy))
        self._proxy.setText(proxy if own else "")
        self._ca.setText(self.settings.net.ca_file)
        self._proxy.setEnabled(own)
        self._daily.setChecked(self.settings.versions.daily)

    def show_newness(self, newness: Newness) -> None:
        """Draw what is known of newer versions."""
        self._versions.setVisible(newness.channel.can_look)
        if newness.channel.can_look:
            hint = sent(newness.channel)
            self._sent.setText(hint)
            self._daily.setAccessibleDescription(hint)
            self._newer.show_value(newness)

    def _on_daily(self, on: bool) -> None:
        versions = msgspec.structs.replace(self.settings.versions, daily=on)
        self.tell(msgspec.structs.replace(self.settings, versions=versions))

    def _read(self) -> None:
        way = self._way.currentData()
        self._proxy.setEnabled(way == "own")
        typed, ca_file = self._proxy.text().strip(), self._ca.text().strip()
        if ca_file and not Path(ca_file).is_file():
            self._trouble.setText(messages.text("ui.pref.ca.missing"))
            return
        if way == "own" and not typed.startswith(("http://", "https://")):
            self._trouble.setText(messages.text("ui.pref.proxy.broken") if typed else "")
            return
        self._trouble.setText("")
        proxy = typed if way == "own" else way
        self.tell(msgspec.structs.replace(self.settings, net=NetSetting(proxy, ca_file)))
