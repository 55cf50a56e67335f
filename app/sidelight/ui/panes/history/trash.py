"""The two strips around the list while it shows the trash: what it is and the way back above, what can be done below."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMessageBox, QPushButton, QVBoxLayout, QWidget

from sidelight import messages
from sidelight.ui.panes.history.groups import KEPT_DAYS, Trashed
from sidelight.ui.panes.history.model import shown_title
from sidelight.ui.widgets.icon import IconButton
from sidelight.ui.widgets.plain import Label

__all__ = ["TrashFoot", "TrashHead", "ask_to_empty", "ask_to_erase"]


class TrashHead(QFrame):
    """`left` is the wish to go back to the list."""

    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.back = IconButton("chevron-left", messages.text("ui.trash.back"))
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.back)
        row.addWidget(Label(messages.text("ui.trash"), role="strong"), 1)
        note = Label(messages.text("ui.trash.kept", days=KEPT_DAYS), role="muted", wrap=True)
        note.setContentsMargins(4, 0, 4, 4)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 4)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(note)
        self.back.clicked.connect(self.left)


class TrashFoot(QFrame):
    """`restored`, `erased` and `emptied` are wishes; nobody was asked yet whether that is meant."""

    restored = Signal()
    erased = Signal()
    emptied = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._restore = QPushButton(messages.text("ui.trash.restore"))
        self._erase = QPushButton(messages.text("ui.trash.erase"))
        self._empty = QPushButton(messages.text("ui.trash.empty"))
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 8, 8)
        column.setSpacing(4)
        for button, wish in (
            (self._restore, self.restored),
            (self._erase, self.erased),
            (self._empty, self.emptied),
        ):
            button.setAutoDefault(False)
            button.clicked.connect(wish)
            column.addWidget(button)

    def show_situation(self, *, chosen: bool, any_at_all: bool) -> None:
        """What can be done: where one is chosen, where there is one."""
        self._restore.setEnabled(chosen)
        self._erase.setEnabled(chosen)
        self._empty.setEnabled(any_at_all)


def ask_to_erase(trashed: Trashed, sure: Callable[[], None], parent: QWidget) -> None:
    """Ask whether one conversation is to be deleted for good."""
    _ask(messages.text("ui.trash.erase.ask", title=shown_title(trashed.title)[:80]), sure, parent)


def ask_to_empty(count: int, sure: Callable[[], None], parent: QWidget) -> None:
    """Ask whether all of the trash is to be deleted for good."""
    _ask(messages.plural("ui.trash.empty.ask", count), sure, parent)


def _ask(sentence: str, sure: Callable[[], None], parent: QWidget) -> None:
    question = QMessageBox(parent)
    question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    question.setTextFormat(Qt.TextFormat.PlainText)
    question.setWindowTitle(messages.text("ui.trash.erase"))
    question.setText(sentence)
    question.setInformativeText(messages.text("ui.trash.no_way_back"))
    yes = question.addButton(messages.text("ui.trash.erase"), QMessageBox.ButtonRole.DestructiveRole)
    question.setDefaultButton(question.addButton(QMessageBox.StandardButton.Cancel))
    yes.clicked.connect(sure)
    question.open()
