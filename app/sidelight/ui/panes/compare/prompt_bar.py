"""What can be done with a prompt: go to another branch, change it, go on from it. A row below the prompt.

It knows where it stands and says what was wished; what a branch is, it does not know.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from sidelight import messages
from sidelight.ui.widgets.icon import IconButton
from sidelight.ui.widgets.plain import Label

__all__ = ["PromptBar", "PromptBarValue"]

_WISHES: Final = ("copy_prompt", "branch", "alone", "branches")


@dataclass(frozen=True, slots=True)
class PromptBarValue:
    """`siblings` are the turns that begin at the same place, oldest first, this one included.

    `chosen`: the answer of this lane is the one that goes on for all; None where there is no answer to choose.
    """

    turn: str
    siblings: Sequence[str]
    chosen: bool | None = None

    @property
    def place(self) -> int:
        """Which of the siblings this one is, counted from 0."""
        return self.siblings.index(self.turn) if self.turn in self.siblings else 0


class PromptBar(QWidget):
    """`wished` carries a turn and what to do with it: "go", "edit", "copy_prompt", "branch", "alone", "branches", "take_over"
    or "take_back"."""

    wished = Signal(str, str)

    def __init__(self, value: PromptBarValue, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value = value
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        if len(value.siblings) > 1:
            self._add_switch(row)
        row.addStretch(1)
        if value.chosen:
            row.addWidget(Label(messages.text("ui.prompt.goes_on"), "muted"))
        edit = IconButton("edit", messages.text("ui.edit.title"), role="muted")
        edit.clicked.connect(lambda: self.wished.emit(value.turn, "edit"))
        self.more = IconButton("more", messages.text("ui.prompt.more"), role="muted")
        self.more.clicked.connect(self._open_menu)
        row.addWidget(edit)
        row.addWidget(self.more)

    def menu(self) -> QMenu:
        """What else can be done with the prompt, made when it is opened."""
        menu = QMenu(self)
        for wish in _WISHES:
            action = menu.addAction(messages.text(f"ui.prompt.{wish}"))
            action.triggered.connect(lambda _on=False, wish=wish: self.wished.emit(self._value.turn, wish))
        if self._value.chosen is not None:
            wish = "take_back" if self._value.chosen else "take_over"
            menu.addSeparator()
            action = menu.addAction(messages.text(f"ui.prompt.{wish}"))
            action.triggered.connect(lambda: self.wished.emit(self._value.turn, wish))
        return menu

    def _add_switch(self, row: QHBoxLayout) -> None:
        place, total = self._value.place, len(self._value.siblings)
        older = IconButton("chevron-left", messages.text("ui.branch.older"))
        newer = IconButton("chevron-right", messages.text("ui.branch.newer"))
        older.setEnabled(place > 0)
        newer.setEnabled(place < total - 1)
        older.clicked.connect(lambda: self._go(place - 1))
        newer.clicked.connect(lambda: self._go(place + 1))
        row.addWidget(older)
        row.addWidget(Label(messages.text("ui.branch.place", n=place + 1, total=total), "muted"))
        row.addWidget(newer)

    def _go(self, place: int) -> None:
        self.wished.emit(self._value.siblings[place], "go")

    def _open_menu(self) -> None:
        menu = self.menu()
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.more.mapToGlobal(QPoint(0, self.more.height())))
