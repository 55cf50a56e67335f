"""How traces begin, what Enter does, and the lanes a new conversation begins with."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QPushButton

from sidelight import messages
from sidelight.ui.preferences.page import Page
from sidelight.ui.widgets.plain import Label

__all__ = ["LanesPage"]


class LanesPage(Page):
    """Lanes, traces and the composer."""

    def __init__(self) -> None:
        super().__init__(messages.text("ui.pref.lanes"))
        self._thinking = self.choice(
            (
                ("closed", messages.text("ui.pref.thinking.closed")),
                ("peek", messages.text("ui.pref.thinking.peek")),
                ("open", messages.text("ui.pref.thinking.open")),
                ("open_then_close", messages.text("ui.pref.thinking.open_then_close")),
            )
        )
        self._enter = QCheckBox(messages.text("ui.pref.enter"))
        self._saved = Label(role="muted", wrap=True)
        self._forget = QPushButton(messages.text("ui.pref.lanes.forget"))
        self._forget.setProperty("role", "quiet")
        self.add(messages.text("ui.pref.thinking"), self._thinking, messages.text("ui.pref.thinking.hint"))
        self.form.addRow("", self._enter)
        self.add(messages.text("ui.pref.lanes.saved"), self._saved)
        self.form.addRow("", self._forget)
        self.form.setAlignment(self._forget, Qt.AlignmentFlag.AlignLeft)
        self.column.addStretch(1)
        self._thinking.currentIndexChanged.connect(lambda _i: self._read())
        self._enter.toggled.connect(lambda _on: self._read())
        self._forget.clicked.connect(self._forget_lanes)

    def draw(self) -> None:
        """Fill the fields."""
        self._thinking.setCurrentIndex(self._thinking.findData(self.settings.thinking))
        self._enter.setChecked(self.settings.enter_sends)
        lanes = [f"{lane.model} ({lane.backend})" for lane in self.settings.lanes]
        self._saved.setText("\n".join(lanes) or messages.text("ui.pref.lanes.none"))
        self._forget.setVisible(bool(lanes))

    def _read(self) -> None:
        self.tell(
            msgspec.structs.replace(
                self.settings, thinking=self._thinking.currentData(), enter_sends=self._enter.isChecked()
            )
        )

    def _forget_lanes(self) -> None:
        self.tell(msgspec.structs.replace(self.settings, lanes=()))
        self.show_value(self.settings)
