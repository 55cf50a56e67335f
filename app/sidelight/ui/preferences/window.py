"""The preferences window: pages by name on the left, the page on the right. A change is taken at once."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QListWidget,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from sidelight import messages
from sidelight.engine.terms import WeightsOffer
from sidelight.settings import Settings
from sidelight.ui.dialogs.access import KnownBackend
from sidelight.ui.dialogs.base import Dialog
from sidelight.ui.preferences.appearance import AppearancePage
from sidelight.ui.preferences.backends import BackendsPage
from sidelight.ui.preferences.data import DataPage
from sidelight.ui.preferences.lanes import LanesPage
from sidelight.ui.preferences.local import LocalPage
from sidelight.ui.preferences.network import NetworkPage
from sidelight.ui.preferences.page import Page
from sidelight.ui.preferences.spending import SpendingPage

__all__ = ["PreferencesWindow"]


class PreferencesWindow(Dialog):
    """`changed` carries the new Settings; the pages `backends`, `data`, `local`, `network` and `spending` have wishes of their own."""

    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(messages.text("ui.preferences"), parent, modal=False)
        self.backends = BackendsPage()
        self.local = LocalPage()
        self.spending = SpendingPage()
        self.data = DataPage()
        self.network = NetworkPage()
        self.pages: tuple[Page, ...] = (
            AppearancePage(),
            LanesPage(),
            self.backends,
            self.local,
            self.spending,
            self.data,
            self.network,
        )
        self._names = QListWidget()
        self._names.setProperty("role", "nav")
        self._names.setAccessibleName(messages.text("ui.preferences"))
        self._stack = QStackedWidget()
        for page in self.pages:
            self._names.addItem(page.title)
            self._stack.addWidget(_scrolled(page))
            page.changed.connect(lambda settings, page=page: self._on_changed(page, settings))
        self._names.currentRowChanged.connect(self._stack.setCurrentIndex)
        self._names.setFixedWidth(
            self._names.sizeHintForColumn(0) + self.fontMetrics().averageCharWidth() * 8
        )
        row = QHBoxLayout()
        row.setSpacing(24)
        row.addWidget(self._names)
        row.addWidget(self._stack, 1)
        self.column.addLayout(row)
        self._names.setCurrentRow(0)
        self.size_in_letters(120, 32)

    def show_value(
        self, settings: Settings, backends: tuple[KnownBackend, ...], offers: tuple[WeightsOffer, ...]
    ) -> None:
        """Draw all pages."""
        for page in self.pages:
            page.show_value(settings)
        self.show_outside(backends, offers)

    def turn_to(self, page: Page) -> None:
        """Show this page of it."""
        self._names.setCurrentRow(self.pages.index(page))

    def show_settings(self, settings: Settings) -> None:
        """Draw settings that were changed, here or elsewhere."""
        for page in self.pages:
            if page.settings != settings:
                page.show_value(settings)

    def show_outside(self, backends: tuple[KnownBackend, ...], offers: tuple[WeightsOffer, ...]) -> None:
        """Draw what changes by itself: backends with their keys, weights on their way."""
        self.backends.show_backends(backends)
        self.local.show_offers(offers)

    def _on_changed(self, page: Page, settings: Settings) -> None:
        """Tell it, after the other pages took it: each holds all settings, and must not undo another's change."""
        for other in self.pages:
            if other is not page:
                other.show_value(settings)
        self.changed.emit(settings)


def _scrolled(page: QWidget) -> QWidget:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 12, 0)
    column.addWidget(page)
    area.setWidget(holder)
    return area
