"""What runs on this machine: servers to look for, and the embedded engine with its context, model files and weights."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QListWidget, QPushButton

from sidelight import messages
from sidelight.engine.terms import WeightsOffer
from sidelight.ui.offer import Offers, choose_model_file
from sidelight.ui.preferences.page import Page
from sidelight.ui.widgets.number_box import NumberBox
from sidelight.ui.widgets.plain import Label

__all__ = ["LocalPage"]


class LocalPage(Page):
    """`fetch_wanted` and `cancel_wanted` carry the id of weights."""

    fetch_wanted = Signal(str)
    cancel_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__(messages.text("ui.pref.local"))
        self._find = QCheckBox(messages.text("ui.pref.local.find"))
        self._find.setAccessibleDescription(messages.text("ui.pref.local.find.hint"))
        self.form.addRow(self._find)
        self.form.addRow(Label(messages.text("ui.pref.local.find.hint"), "muted", wrap=True))
        self._context = NumberBox(1024, 131_072, 1024)
        self._context.setGroupSeparatorShown(True)
        self.add(
            messages.text("ui.pref.local.context"), self._context, messages.text("ui.pref.local.context.hint")
        )
        self._files = QListWidget()
        self._files.setAccessibleName(messages.text("ui.pref.local.files"))
        self._files.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._files.setMaximumHeight(self.fontMetrics().lineSpacing() * 7)
        add = QPushButton(messages.text("ui.picker.file"))
        self._remove = QPushButton(messages.text("ui.pref.local.remove"))
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (add, self._remove):
            button.setProperty("role", "quiet")
            button.setAutoDefault(False)
            buttons.addWidget(button)
        buttons.addStretch(1)
        self._offers = Offers()
        self.column.addWidget(Label(messages.text("ui.pref.local.files"), "section"))
        self.column.addWidget(self._files)
        self.column.addLayout(buttons)
        self.column.addWidget(Label(messages.text("ui.pref.local.weights"), "section"))
        self.column.addWidget(self._offers)
        self.column.addStretch(1)
        add.clicked.connect(lambda: choose_model_file(self, self.add_file))
        self._offers.fetch_wanted.connect(self.fetch_wanted)
        self._offers.cancel_wanted.connect(self.cancel_wanted)
        self._remove.clicked.connect(self._on_remove)
        self._find.toggled.connect(
            lambda on: self.tell(msgspec.structs.replace(self.settings, find_servers=on))
        )
        self._context.valueChanged.connect(
            lambda value: self.tell(msgspec.structs.replace(self.settings, slot_context=value))
        )
        self._files.currentRowChanged.connect(lambda row: self._remove.setEnabled(row >= 0))

    def draw(self) -> None:
        """Fill the fields."""
        self._find.setChecked(self.settings.find_servers)
        self._context.setValue(self.settings.slot_context)
        self._files.clear()
        self._files.addItems(list(self.settings.gguf))
        self._remove.setEnabled(False)

    def show_offers(self, offers: tuple[WeightsOffer, ...]) -> None:
        """Draw the weights that can be fetched or are here."""
        self._offers.show_value(offers)

    def add_file(self, path: str) -> None:
        """A model file was chosen."""
        if path and path not in self.settings.gguf:
            self.tell(msgspec.structs.replace(self.settings, gguf=(*self.settings.gguf, path)))
            self.show_value(self.settings)

    def _on_remove(self) -> None:
        item = self._files.currentItem()
        if item is not None:
            kept = tuple(p for p in self.settings.gguf if p != item.text())
            self.tell(msgspec.structs.replace(self.settings, gguf=kept))
            self.show_value(self.settings)
