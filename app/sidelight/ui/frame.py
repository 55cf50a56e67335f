"""The frame of the main window: bar, sidebar's ground, empty middle, composer. It is what the first paint shows.

Nothing here knows a session. `MainWindow` is this frame with everything in it: what is put in later never moves what stands
here already (a test compares the pixels). What this file imports is paid before the first paint; docs/decisions/0009.
"""

from __future__ import annotations

import sys

from PySide6.QtCore import QByteArray
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from sidelight import messages
from sidelight.ui.panes.composer.pane import ComposerPane
from sidelight.ui.widgets.icon import IconButton
from sidelight.ui.widgets.plain import ElidedLabel

__all__ = ["Frame"]


class Frame(QMainWindow):
    """The window before anything is known. What is typed into its composer stays there."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(messages.text("app.name"))
        self.composer = ComposerPane(bare=True)
        self._details_width = 0
        self._details_wanted = False
        self._sidebar: QWidget = QFrame()
        self._sidebar.setProperty("role", "sidebar")
        page = QWidget()
        page.setProperty("role", "page")
        self._stack = QStackedWidget()
        self._stack.addWidget(page)
        middle = QWidget()
        self._column = QVBoxLayout(middle)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self._make_bar())
        self._column.addWidget(self._stack, 1)
        self._column.addWidget(self.composer)
        self._splitter = QSplitter()
        self._splitter.setHandleWidth(1)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.addWidget(self._sidebar)
        self._splitter.addWidget(middle)
        self._splitter.setStretchFactor(0, 0)
        self._splitter.setStretchFactor(1, 1)
        self._splitter.setSizes([256, 1024])
        self.setCentralWidget(self._splitter)
        for button in self._buttons:
            button.draw()
        self.composer.draw()
        self.resize(1280, 800)
        self.composer.setFocus()

    def _make_bar(self) -> QWidget:
        bar = QFrame()
        bar.setProperty("role", "topbar")
        self._menu_button = IconButton("menu", messages.text("ui.menu"), bare=True)
        self._menu_button.setHidden(sys.platform == "darwin")  # a Mac has a bar for it
        self._sidebar_button = IconButton("sidebar", messages.text("ui.sidebar"), bare=True)
        self._traces_button = IconButton("traces", messages.text("ui.traces"), bare=True)
        self._traces_button.setEnabled(False)
        self._add_button = IconButton("plus", messages.text("ui.lane.add"), bare=True)
        self._buttons = (self._menu_button, self._sidebar_button, self._traces_button, self._add_button)
        self._title = ElidedLabel(role="strong")
        self._title.setUpdatesEnabled(False)  # it says nothing yet, and need not be asked to draw that
        self._rule = QComboBox()
        self._rule.addItem(messages.text("ui.rule.own"))
        self._rule.addItem(messages.text("ui.rule.chosen"))
        self._rule.addItem(messages.text("ui.rule.none"))
        self._rule.setAccessibleName(messages.text("ui.rule"))
        self._rule.setToolTip(messages.text("ui.rule"))
        self._rule.setProperty("role", "flat")
        self._rule.setMinimumWidth(64)
        self._bar = QHBoxLayout(bar)
        self._bar.setContentsMargins(8, 4, 8, 4)
        self._bar.setSpacing(4)
        self._bar.addWidget(self._menu_button)
        self._bar.addWidget(self._sidebar_button)
        self._bar.addSpacing(8)
        self._bar.addWidget(self._title, 1)
        self._bar.addWidget(self._rule)
        self._bar.addWidget(self._traces_button)
        self._bar.addWidget(self._add_button)
        return bar

    def put_back(self, place: str) -> None:
        """Stand where the window stood, as `Settings.window` has it; "" for nowhere in particular."""
        if not place:
            return
        geometry, _, rest = place.partition(" ")
        splitter, sidebar, details, lanes = (*rest.split(" "), "", "", "")[:4]
        self.restoreGeometry(QByteArray.fromBase64(geometry.encode()))
        self._splitter.restoreState(QByteArray.fromBase64(splitter.encode()))
        self._sidebar.setVisible(sidebar != "hidden")
        width, _, opened = details.partition("+")
        self._details_width = int(width) if width.isdecimal() else 0
        self._details_wanted = opened == "open"
        if lanes.isdecimal():
            self.composer.keep_room_for_lanes(int(lanes))

    def set_zoom(self, zoom: float) -> None:
        """Take another size; 1.0 is as designed."""
        self._sidebar.setMinimumWidth(round(120 * zoom))
