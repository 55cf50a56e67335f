"""What can be done with the text of a section: copy it, save it, read a recorded stream again by another tag rule."""

from __future__ import annotations

from typing import get_args

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from sidelight import messages
from sidelight.chat.message import TagRule
from sidelight.ui.panes.inspect.values import Tool
from sidelight.ui.parameters import rule_name
from sidelight.ui.widgets.flow import FlowLayout
from sidelight.ui.widgets.plain import Label, plain_tip

__all__ = ["Tools"]


class Tools(QWidget):
    """Buttons, and below them the choice of a tag rule. `wished` carries a Tool, `reread` the rule that was chosen."""

    wished = Signal(str)
    reread = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._copy = QPushButton(messages.text("ui.details.copy_part"))
        self._save = QPushButton(messages.text("ui.details.save"))
        self._rule = QComboBox()
        for rule in get_args(TagRule):
            self._rule.addItem(rule_name(rule), rule)
        self._rule.setCurrentIndex(1)  # the usual one is what there is already
        self._rule.setAccessibleName(messages.text("ui.reread.rule"))
        self._rule.setMinimumContentsLength(4)
        self._rule.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._rule.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._read = QPushButton(messages.text("ui.reread"))
        self._read.setToolTip(plain_tip(messages.text("ui.reread.hint")))
        buttons = FlowLayout()
        for button in (self._copy, self._save, self._read):
            button.setProperty("role", "quiet")
        buttons.addWidget(self._copy)
        buttons.addWidget(self._save)
        self._again = QWidget()
        lower = QVBoxLayout(self._again)
        lower.setContentsMargins(0, 4, 0, 0)
        lower.setSpacing(4)
        lower.addWidget(Label(messages.text("ui.reread.other"), "muted", wrap=True))
        lower.addWidget(self._rule)
        lower.addWidget(self._read, 0, Qt.AlignmentFlag.AlignLeft)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(buttons)
        column.addWidget(self._again)
        self._copies: Tool = "copy"
        self._copy.clicked.connect(lambda: self.wished.emit(self._copies))
        self._save.clicked.connect(lambda: self.wished.emit("save_stream"))
        self._read.clicked.connect(lambda: self.reread.emit(self._rule.currentData()))

    def show_value(self, tools: tuple[Tool, ...]) -> None:
        """Offer these."""
        self._copies = "copy_stream" if "copy_stream" in tools else "copy"
        self._save.setVisible("save_stream" in tools)
        self._again.setVisible("reread" in tools)
        self.setVisible(bool(tools))
