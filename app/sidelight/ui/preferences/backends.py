"""The places that serve models: their keys and the addresses a person added."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QTreeWidget, QTreeWidgetItem

from sidelight import messages
from sidelight.backends.base import About
from sidelight.engine.terms import KeyState
from sidelight.ui.dialogs.access import key_state
from sidelight.ui.preferences.page import Page
from sidelight.ui.widgets.plain import Label

__all__ = ["BackendsPage", "KnownBackend"]

_ID = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class KnownBackend:
    """A backend with its title and where its key is."""

    about: About
    title: str
    key: KeyState


class BackendsPage(Page):
    """`key_wanted` carries a backend's id; `address_wanted` asks for the address dialog."""

    key_wanted = Signal(str)
    address_wanted = Signal()

    def __init__(self) -> None:
        super().__init__(messages.text("ui.pref.backends"))
        self._known: tuple[KnownBackend, ...] = ()
        self._tree = QTreeWidget()
        self._tree.setHeaderLabels(
            [
                messages.text("ui.pref.backend"),
                messages.text("ui.pref.backend.address"),
                messages.text("ui.pref.backend.key"),
            ]
        )
        self._tree.setRootIsDecorated(False)
        self._tree.setUniformRowHeights(True)
        self._tree.setAccessibleName(messages.text("ui.pref.backends"))
        self._tree.setFrameShape(QFrame.Shape.StyledPanel)
        self._key = QPushButton(messages.text("ui.set_key"))
        self._remove = QPushButton(messages.text("ui.pref.backend.remove"))
        self._add = QPushButton(messages.text("ui.picker.address"))
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (self._add, self._key, self._remove):
            button.setProperty("role", "quiet")
            button.setAutoDefault(False)
            buttons.addWidget(button)
        buttons.addStretch(1)
        self.column.addWidget(self._tree, 1)
        self.column.addLayout(buttons)
        self.column.addWidget(Label(messages.text("ui.key.where"), "muted", wrap=True))
        self._tree.currentItemChanged.connect(lambda _item, _before: self._draw_buttons())
        self._key.clicked.connect(lambda: self.key_wanted.emit(self._selected()))
        self._add.clicked.connect(self.address_wanted)
        self._remove.clicked.connect(self._on_remove)

    def show_backends(self, known: tuple[KnownBackend, ...]) -> None:
        """Draw the backends there are now."""
        if known != self._known:
            self._known = known
            self.draw()

    def draw(self) -> None:
        """Fill the table, keeping what is selected."""
        selected = self._selected()
        self._tree.clear()
        for known in self._known:
            about = known.about
            key = key_state(known.key) if about.needs_key else messages.text("ui.key.not_needed")
            item = QTreeWidgetItem(
                [known.title, about.origin or messages.text("ui.backend.embedded.origin"), key]
            )
            item.setData(0, _ID, about.id)
            self._tree.addTopLevelItem(item)
            if about.id == selected:
                self._tree.setCurrentItem(item)
        for column in range(3):
            self._tree.resizeColumnToContents(column)
        self._draw_buttons()

    def _selected(self) -> str:
        item = self._tree.currentItem()
        return str(item.data(0, _ID)) if item is not None else ""

    def _draw_buttons(self) -> None:
        selected = self._selected()
        known = next((k for k in self._known if k.about.id == selected), None)
        self._key.setEnabled(known is not None and bool(known.about.origin))
        self._remove.setEnabled(any(b.id == selected for b in self.settings.backends))

    def _on_remove(self) -> None:
        selected = self._selected()
        kept = tuple(b for b in self.settings.backends if b.id != selected)
        self.tell(msgspec.structs.replace(self.settings, backends=kept))
