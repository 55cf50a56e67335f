"""What may be spent in a day, what was spent today, and where the prices come from."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton

from sidelight import messages
from sidelight.engine.spending import Spending, Spent
from sidelight.ui import money
from sidelight.ui.preferences.page import Page
from sidelight.ui.widgets.plain import ElidedLabel, Label

__all__ = ["SpendingPage"]


class SpendingPage(Page):
    """`begin_wanted`: a price file of the person's own is to be made."""

    begin_wanted = Signal()

    def __init__(self) -> None:
        super().__init__(messages.text("ui.pref.spending"))
        self._limit = QLineEdit()
        self._limit.setPlaceholderText(messages.text("ui.pref.spending.limit.none"))
        self._trouble = Label(role="error", wrap=True)
        self._trouble.hide()
        self._today = Label(wrap=True)
        self.add(
            messages.text("ui.pref.spending.limit"),
            self._limit,
            messages.text("ui.pref.spending.limit.hint"),
        )
        self.form.addRow("", self._trouble)
        self.add(messages.text("ui.pref.spending.today"), self._today)
        self._shipped = Label(wrap=True)
        self._sources = Label(role="muted", wrap=True)
        self._path = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle)
        self._state = Label(role="muted", wrap=True)
        self._begin = QPushButton(messages.text("ui.pref.spending.begin"))
        self._copy = QPushButton(messages.text("ui.pref.spending.copy"))
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (self._begin, self._copy):
            button.setProperty("role", "quiet")
            button.setAutoDefault(False)
            buttons.addWidget(button)
        buttons.addStretch(1)
        self.column.addWidget(Label(messages.text("ui.pref.spending.prices"), "section"))
        self.column.addWidget(self._shipped)
        self.column.addWidget(self._sources)
        self.column.addWidget(Label(messages.text("ui.pref.spending.own"), "section"))
        self.column.addWidget(self._path)
        self.column.addWidget(self._state)
        self.column.addLayout(buttons)
        self.column.addStretch(1)
        self._limit.editingFinished.connect(self._read)
        self._begin.clicked.connect(self.begin_wanted)
        self._copy.clicked.connect(self._copy_path)

    def draw(self) -> None:
        """Fill the fields."""
        limit = self.settings.spend_limit
        self._limit.setText(f"{limit:.2f}" if limit > 0 else "")
        self._trouble.hide()

    def show_spending(self, spending: Spending, spent: Spent) -> None:
        """Draw prices and the day as they were last read."""
        known = spending.prices
        self._today.setText(money.spent(spent))
        self._shipped.setText(messages.plural("ui.pref.spending.shipped", len(known.entries) - known.own))
        self._sources.setText(
            "\n".join(
                messages.text("ui.pref.spending.source", source=text, date=seen)
                for _, text, seen in known.sources
            )
        )
        self._path.setText(str(spending.own))
        self._begin.setVisible(not spending.own_exists)
        if spending.trouble is not None:
            self.say(spending.trouble.text)
        elif spending.own_exists:
            self._state.set_role("muted")
            self._state.setText(messages.plural("ui.pref.spending.own.count", known.own))
        else:
            self._state.set_role("muted")
            self._state.setText(messages.text("ui.pref.spending.own.absent"))

    def say(self, sentence: str) -> None:
        """What is wrong with the person's file."""
        self._state.set_role("error")
        self._state.setText(sentence)

    def _read(self) -> None:
        if not self._limit.isModified():
            return
        limit = money.read(self._limit.text())
        self._trouble.setVisible(limit is None)
        if limit is None:
            self._trouble.setText(messages.text("ui.pref.spending.limit.bad"))
        else:
            self.tell(msgspec.structs.replace(self.settings, spend_limit=limit))

    def _copy_path(self) -> None:
        QGuiApplication.clipboard().setText(self._path.text())
        self._copy.setText(messages.text("ui.pref.spending.copied"))
