"""The places that serve models: their keys, whether they answer, and their addresses."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHeaderView, QPushButton, QTreeWidget, QTreeWidgetItem, QWidget

from sidelight import messages
from sidelight.backends import registry
from sidelight.backends.base import BackendError
from sidelight.settings import BackendSetting
from sidelight.ui.dialogs.access import KnownBackend, key_place, key_state, tested
from sidelight.ui.preferences.page import Page
from sidelight.ui.widgets.flow import FlowLayout
from sidelight.ui.widgets.plain import Label, plain_tip

__all__ = ["BackendsPage"]

_ID = Qt.ItemDataRole.UserRole
_KEY = 2
"""Column of the table."""


class BackendsPage(Page):
    """`key_wanted` and `test_wanted` carry a backend's id; `address_wanted` the setting to change, None for a new one."""

    key_wanted = Signal(str)
    test_wanted = Signal(str)
    address_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__(messages.text("ui.pref.backends"))
        self._known: tuple[KnownBackend, ...] = ()
        self._testing = ""
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
        self._tree.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._tree.setAccessibleName(messages.text("ui.pref.backends"))
        self._tree.setFrameShape(QFrame.Shape.StyledPanel)
        self._tree.header().setStretchLastSection(False)
        for column, mode in enumerate(
            (
                QHeaderView.ResizeMode.Interactive,
                QHeaderView.ResizeMode.Stretch,
                QHeaderView.ResizeMode.Interactive,
            )
        ):
            self._tree.header().setSectionResizeMode(column, mode)
        self._outcome = Label(wrap=True)
        self._outcome.hide()
        self._forgotten = Label(messages.text("ui.key.memory.some"), "warning", wrap=True)
        self._forgotten.hide()
        self._add = QPushButton(messages.text("ui.picker.address"))
        self._key = QPushButton(messages.text("ui.set_key"))
        self._test = QPushButton(messages.text("ui.key.test"))
        self._edit = QPushButton(messages.text("ui.pref.backend.edit"))
        self._remove = QPushButton(messages.text("ui.pref.backend.remove"))
        buttons = QWidget()
        row = FlowLayout(buttons, 8)
        for button in (self._add, self._key, self._test, self._edit, self._remove):
            button.setProperty("role", "quiet")
            button.setAutoDefault(False)
            row.addWidget(button)
        self.column.addWidget(self._tree, 1)
        self.column.addWidget(buttons)
        self.column.addWidget(self._outcome)
        self.column.addWidget(self._forgotten)
        self.column.addWidget(Label(messages.text("ui.key.where"), "muted", wrap=True))
        self._tree.currentItemChanged.connect(lambda _item, _before: self._draw_buttons())
        self._key.clicked.connect(lambda: self.key_wanted.emit(self._selected()))
        self._test.clicked.connect(self._on_test)
        self._add.clicked.connect(lambda: self.address_wanted.emit(None))
        self._edit.clicked.connect(self._on_edit)
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
            address = about.origin or messages.text("ui.backend.embedded.origin")
            item = QTreeWidgetItem([known.title, address, key_place(known)])
            for column, whole in enumerate((known.title, address, key_state(known))):
                item.setData(column, Qt.ItemDataRole.ToolTipRole, plain_tip(whole))
            item.setData(0, _ID, about.id)
            self._tree.addTopLevelItem(item)
            if about.id == selected:
                self._tree.setCurrentItem(item)
        most = self.fontMetrics().averageCharWidth() * 32
        for column in (0, _KEY):
            self._tree.resizeColumnToContents(column)
            self._tree.setColumnWidth(column, min(self._tree.columnWidth(column), most))
        self._forgotten.setVisible(any(known.key == "memory" for known in self._known))
        self._draw_buttons()

    def _selected(self) -> str:
        item = self._tree.currentItem()
        return str(item.data(0, _ID)) if item is not None else ""

    def _own(self) -> BackendSetting | None:
        """The setting of the selected backend that was changed by hand."""
        selected = self._selected()
        return next((b for b in self.settings.backends if b.id == selected), None)

    def _setting(self) -> BackendSetting | None:
        """The one that is in use; None for the embedded engine, which has none, and for servers that were only found."""
        selected = self._selected()
        return self._own() or next((s for s in registry.default_settings() if s.id == selected), None)

    def _draw_buttons(self) -> None:
        known = next((k for k in self._known if k.about.id == self._selected()), None)
        self._key.setEnabled(known is not None and bool(known.about.origin))
        self._test.setEnabled(known is not None)
        self._edit.setEnabled(self._setting() is not None)
        usual = any(s.id == self._selected() for s in registry.default_settings())
        self._remove.setText(
            messages.text("ui.pref.backend.reset") if usual else messages.text("ui.pref.backend.remove")
        )
        self._remove.setEnabled(self._own() is not None)
        testing = known is not None and known.about.id == self._testing
        self._outcome.setVisible(testing)
        if known is not None and testing:
            failed = isinstance(known.models, BackendError)
            self._outcome.setText(f"{known.title}: {tested(known.models)}")
            self._outcome.set_role("error" if failed else "ready" if known.models is not None else "muted")

    def _on_test(self) -> None:
        self._testing = self._selected()
        self.test_wanted.emit(self._testing)
        self._draw_buttons()

    def _on_edit(self) -> None:
        self.address_wanted.emit(self._setting())

    def _on_remove(self) -> None:
        selected = self._selected()
        kept = tuple(b for b in self.settings.backends if b.id != selected)
        self.tell(msgspec.structs.replace(self.settings, backends=kept))
        self._draw_buttons()
