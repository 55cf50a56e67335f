"""The inspector: at the right, when asked for. It is shown one value at a time, and tells its wishes by signals.

It looks nothing up; what it shows is made by `sections` of what the window knows.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from sidelight import messages
from sidelight.ui.panes.inspect.text import Box, SectionText
from sidelight.ui.panes.inspect.timeline import TimelineView
from sidelight.ui.panes.inspect.tools import Tools
from sidelight.ui.panes.inspect.values import Inspected, Section
from sidelight.ui.theme import Palette
from sidelight.ui.widgets.icon import IconButton
from sidelight.ui.widgets.plain import ElidedLabel, Label

__all__ = ["LEAST_WIDTH", "InspectPane"]

LEAST_WIDTH = 280
"""Pixels, at every zoom: what does not fit breaks."""


class InspectPane(QFrame):
    """Shows an `Inspected`, or that there is nothing to show yet.

    `wished` carries what is to be done with the raw stream ("copy_stream", "save_stream"), `reread` a tag rule.
    """

    closed = Signal()
    wished = Signal(str)
    reread = Signal(str)

    def __init__(self, palette: Palette, zoom: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._palette, self._zoom = palette, zoom
        self._value: Inspected | None = None
        self._parts: dict[str, SectionView] = {}
        self.setProperty("role", "inspector")
        self.setMinimumWidth(LEAST_WIDTH)
        self.setAccessibleName(messages.text("ui.details"))
        self._lane = ElidedLabel(role="strong")
        self._copy = IconButton("copy", messages.text("ui.details.copy"))
        self._close = IconButton("close", messages.text("ui.details.close"))
        bar = QFrame()
        bar.setProperty("role", "topbar")
        row = QHBoxLayout(bar)
        row.setContentsMargins(12, 4, 8, 4)
        row.setSpacing(8)
        row.addWidget(self._lane, 1)
        row.addWidget(self._copy)
        row.addWidget(self._close)
        self._nothing = Label(messages.text("ui.details.nothing"), "muted", wrap=True)
        inside = QWidget()
        inside.setProperty("role", "page")
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(12, 8, 12, 16)
        self._column.setSpacing(12)
        self._column.addWidget(self._nothing)
        self._column.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self._scroll.setWidget(inside)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar)
        column.addWidget(self._scroll, 1)
        self._copy.clicked.connect(self.copy_all)
        self._close.clicked.connect(self.closed)
        self.show_value(None)

    @property
    def value(self) -> Inspected | None:
        """What it shows."""
        return self._value

    def show_value(self, value: Inspected | None) -> None:
        """Draw what is known of a reply; None where there is no reply."""
        self._value = value
        self._lane.setText(messages.text("ui.details") if value is None else value.lane)
        self._copy.setEnabled(value is not None)
        self._nothing.setVisible(value is None)
        sections = () if value is None else value.sections
        shown = {s.id for s in sections}
        for section in sections:
            self._part(section).show_value(section, self._palette, self._zoom)
        for identifier, part in self._parts.items():
            part.setVisible(identifier in shown)

    def _part(self, section: Section) -> SectionView:
        part = self._parts.get(section.id)
        if part is None:
            part = self._parts[section.id] = SectionView()
            part.wished.connect(lambda tool, identifier=section.id: self._on_wish(identifier, tool))
            part.reread.connect(self.reread)
            self._column.insertWidget(self._column.count() - 1, part)
        return part

    def set_palette_and_zoom(self, palette: Palette, zoom: float) -> None:
        """Take another theme or size."""
        self._palette, self._zoom = palette, zoom
        self.show_value(self._value)

    def copy_all(self) -> None:
        """All of it as text, to the clipboard."""
        if self._value is not None:
            QGuiApplication.clipboard().setText(self._value.text)

    def _on_wish(self, identifier: str, tool: str) -> None:
        """A text that is here is copied here; a stream is not here."""
        sections = self._value.sections if self._value is not None else ()
        section = next((s for s in sections if s.id == identifier), None)
        if tool == "copy" and section is not None:
            QGuiApplication.clipboard().setText(section.whole or section.body)
        else:
            self.wished.emit(tool)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes it, while it has the focus."""
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)


class SectionView(QWidget):
    """One section: its title, its line of time, its text, its box, and what can be done with that."""

    wished = Signal(str)
    reread = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = Label(role="section")
        self._line = TimelineView()
        self.words = SectionText()
        self._box: Box | None = None
        self._tools: Tools | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._column.addWidget(self._title)
        self._column.addWidget(self._line)
        self._column.addWidget(self.words)

    def show_value(self, section: Section, palette: Palette, zoom: float) -> None:
        """Draw a section."""
        self._title.setText(section.title)
        self._line.setVisible(section.timeline is not None)
        if section.timeline is not None:
            self._line.show_value(section.timeline, palette)
        self.words.show_value(section, palette, zoom)
        if section.body and self._box is None:
            self._box = Box(section.title)
            self._column.addWidget(self._box)
            self._tools = Tools()
            self._tools.wished.connect(self.wished)
            self._tools.reread.connect(self.reread)
            self._column.addWidget(self._tools)
        if self._box is not None and self._tools is not None:
            self._box.setVisible(bool(section.body))
            self._box.show_value(section.body, palette, zoom)
            self._tools.show_value(section.tools)
