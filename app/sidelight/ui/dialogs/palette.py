"""The palette: a few letters find a command or a conversation; Enter does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHeaderView, QLineEdit, QTreeWidget, QTreeWidgetItem, QWidget

from sidelight import messages
from sidelight.ui.dialogs.base import Dialog

__all__ = ["Choice", "CommandPalette", "matching"]

_MOST = 50


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to be found: `kind` is "command" or "conversation"."""

    kind: str
    id: str
    title: str
    hint: str = ""


def matching(choices: Sequence[Choice], typed: str) -> list[Choice]:
    """The choices that hold every typed word; those that begin with the first word come first."""
    words = typed.casefold().split()
    found = [c for c in choices if all(w in c.title.casefold() for w in words)]
    if words:
        found.sort(key=lambda c: not c.title.casefold().startswith(words[0]))
    return found[:_MOST]


class CommandPalette(Dialog):
    """`chosen` carries kind and id."""

    chosen = Signal(str, str)

    def __init__(self, choices: Sequence[Choice], parent: QWidget | None = None) -> None:
        super().__init__(messages.text("ui.palette"), parent)
        self._choices = choices
        self._field = QLineEdit()
        self._field.setPlaceholderText(messages.text("ui.palette.hint"))
        self._field.setAccessibleName(messages.text("ui.palette.hint"))
        self._list = QTreeWidget()
        self._list.setHeaderHidden(True)
        self._list.setColumnCount(2)
        self._list.setRootIsDecorated(False)
        self._list.setUniformRowHeights(True)
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setAccessibleName(messages.text("ui.palette"))
        self._list.header().setStretchLastSection(False)
        self._list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.column.setContentsMargins(8, 8, 8, 8)
        self.column.setSpacing(8)
        self.column.addWidget(self._field)
        self.column.addWidget(self._list, 1)
        self._field.installEventFilter(self)
        self._field.textChanged.connect(lambda _text: self._draw())
        self._field.returnPressed.connect(self._take)
        self._list.itemClicked.connect(lambda _item, _column: self._take())
        self._draw()
        self.size_in_letters(84, 24)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows move through the list while the field keeps the focus."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 10, Qt.Key.Key_PageUp: -10}
            step = steps.get(Qt.Key(event.key()))
            if step is not None:
                row = self._list.currentIndex().row() + step
                self._go_to(min(max(row, 0), self._list.topLevelItemCount() - 1))
                return True
        return super().eventFilter(watched, event)

    def _draw(self) -> None:
        self._list.clear()
        for choice in matching(self._choices, self._field.text()):
            item = QTreeWidgetItem([choice.title, choice.hint])
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            item.setData(0, Qt.ItemDataRole.UserRole, (choice.kind, choice.id))
            self._list.addTopLevelItem(item)
        self._go_to(0)

    def _go_to(self, row: int) -> None:
        item = self._list.topLevelItem(row)
        if item is not None:
            self._list.setCurrentItem(item)

    def _take(self) -> None:
        item = self._list.currentItem()
        if item is not None:
            kind, identifier = item.data(0, Qt.ItemDataRole.UserRole)
            self.accept()
            self.chosen.emit(kind, identifier)
