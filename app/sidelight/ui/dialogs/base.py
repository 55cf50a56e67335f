"""What all dialogs share: a title, a column, buttons, and that they are gone when they are closed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from sidelight import messages
from sidelight.ui.widgets.plain import Label

__all__ = ["Dialog"]


class Dialog(QDialog):
    """A window above the main window with a `column` for what it holds and a row of buttons at its end."""

    def __init__(self, title: str, parent: QWidget | None, *, modal: bool = True) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setModal(modal)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(16, 16, 16, 16)
        self.column.setSpacing(12)

    def add_buttons(self, accept: str, *, cancel: bool = True) -> QPushButton:
        """A row of buttons at the end: what is said by a sentence left of them, then cancel, then accept (returned)."""
        self.trouble = Label(role="error", wrap=True)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.trouble, 1)
        if cancel:
            button = QPushButton(messages.text("ui.cancel"))
            button.setAutoDefault(False)
            button.clicked.connect(self.reject)
            row.addWidget(button)
        chosen = QPushButton(accept)
        chosen.setProperty("role", "primary")
        chosen.setDefault(True)
        chosen.clicked.connect(self.accept)
        row.addWidget(chosen)
        self.column.addLayout(row)
        return chosen

    def size_in_letters(self, wide: int, high: int = 0) -> None:
        """Begin at a size that grows with the font: letters wide, lines high; 0 is as high as what it holds needs."""
        metrics = self.fontMetrics()
        if high:
            self.resize(wide * metrics.averageCharWidth(), high * metrics.lineSpacing())
        else:
            self.setMinimumWidth(wide * metrics.averageCharWidth())
            self.adjustSize()
