"""The question before the limit of the day is passed. It names the money; whether to send is the person's to say."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLineEdit, QPushButton, QWidget

from sidelight import messages
from sidelight.engine.spending import OverLimit
from sidelight.ui import money
from sidelight.ui.dialogs.base import Dialog
from sidelight.ui.widgets.plain import Label

__all__ = ["SpendDialog"]


class SpendDialog(Dialog):
    """`allowed`: send this once all the same. `raised` carries a new limit, under which it is to be sent."""

    allowed = Signal()
    raised = Signal(float)

    def __init__(self, over: OverLimit, parent: QWidget | None = None) -> None:
        super().__init__(messages.text("ui.spend.title"), parent)
        self._needed = math.ceil((over.spent.dollars + over.estimate.likely) * 100) / 100
        if over.estimate.unknown:
            self._needed = max(self._needed, over.limit + 0.01)
        self.column.addWidget(Label(messages.text("ui.spend.ask"), wrap=True))
        self._form = QFormLayout()
        self._form.setSpacing(8)
        self._form.setHorizontalSpacing(16)
        for caption, value in (
            (messages.text("ui.spend.spent"), money.spent(over.spent)),
            (messages.text("ui.spend.would_add"), money.asked(over.estimate)),
            (messages.text("ui.spend.limit"), money.dollars(over.limit)),
        ):
            self._form.addRow(Label(caption, "muted"), Label(value, wrap=True))
        self._limit = QLineEdit(f"{max(self._needed, 2 * over.limit):.2f}")
        self._limit.setAccessibleName(messages.text("ui.spend.new_limit"))
        self._form.addRow(Label(messages.text("ui.spend.new_limit"), "muted"), self._limit)
        self._form.setRowVisible(self._limit, False)
        self.column.addLayout(self._form)
        self.column.addWidget(Label(money.hint(over.estimate), "muted", wrap=True))
        self._trouble = Label(role="error", wrap=True)
        self._trouble.hide()
        self.column.addWidget(self._trouble)
        self.column.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        # Enter sent the prompt; pressed once more it must not spend, so that Cancel is what it means here.
        cancel = self._button(messages.text("ui.cancel"), self.reject)
        cancel.setDefault(True)
        self._raise = self._button(messages.text("ui.spend.raise"), self._on_raise)
        self._anyway = self._button(messages.text("ui.spend.anyway"), self._on_anyway)
        for button in (cancel, self._raise, self._anyway):
            row.addWidget(button)
        self.column.addLayout(row)
        cancel.setFocus()
        self.size_in_letters(70)
        self._fit()

    def _button(self, caption: str, pressed: Callable[[], None]) -> QPushButton:
        button = QPushButton(caption)
        button.setAutoDefault(False)
        button.clicked.connect(pressed)
        return button

    def _fit(self) -> None:
        """As high as the text is at this width."""
        self.column.activate()
        self.resize(self.width(), self.column.totalHeightForWidth(self.width()))

    def _on_anyway(self) -> None:
        self.accept()
        self.allowed.emit()

    def _on_raise(self) -> None:
        """The first press asks how far, the second takes it."""
        if not self._form.isRowVisible(self._limit):
            self._form.setRowVisible(self._limit, True)
            self._raise.setText(messages.text("ui.spend.raise.do"))
            self._raise.setDefault(True)
            self._anyway.hide()
            self._limit.selectAll()
            self._limit.setFocus()
            self._fit()
            return
        limit = money.read(self._limit.text())
        if limit is None or limit < self._needed:
            self._trouble.setText(messages.text("ui.spend.raise.low", money=money.dollars(self._needed)))
            self._trouble.show()
            self._fit()
            return
        self.accept()
        self.raised.emit(limit)
