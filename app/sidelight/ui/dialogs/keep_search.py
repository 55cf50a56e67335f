"""Asks for the name under which a search is kept. What it looks for is the text that was typed."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from sidelight import messages
from sidelight.ui.dialogs.base import Dialog
from sidelight.ui.widgets.plain import ElidedLabel, Label

__all__ = ["KeepSearchDialog"]

_LONGEST = 60
"""Letters of a name."""


class KeepSearchDialog(Dialog):
    """`given` carries the name and the text. Says so where the name would replace another search."""

    given = Signal(str, str)

    def __init__(self, text: str, taken: Iterable[str], parent: QWidget | None = None) -> None:
        super().__init__(messages.text("ui.search.keep.title"), parent)
        self._text, self._taken = text, set(taken)
        self._name = QLineEdit(text[:_LONGEST])
        self._name.setMaxLength(_LONGEST)
        self._name.setPlaceholderText(messages.text("ui.search.keep.name"))
        self._name.setAccessibleName(messages.text("ui.search.keep.name"))
        self._note = Label(role="warning", wrap=True)
        self.column.addWidget(ElidedLabel(messages.text("ui.search.keep.text", text=text), role="muted"))
        self.column.addWidget(self._name)
        self.column.addWidget(self._note)
        self.column.addStretch(1)
        self._save = self.add_buttons(messages.text("ui.save"))
        self._name.textChanged.connect(lambda _text: self._draw())
        self._draw()
        self._name.selectAll()
        self._name.setFocus()
        self.size_in_letters(52)

    def accept(self) -> None:
        """Give the name, if there is one."""
        if self._typed():
            self.given.emit(self._typed(), self._text)
            super().accept()

    def _typed(self) -> str:
        return " ".join(self._name.text().split())

    def _draw(self) -> None:
        self._save.setEnabled(bool(self._typed()))
        replaces = self._typed() in self._taken
        self._note.setText(messages.text("ui.search.keep.replaces") if replaces else "")
