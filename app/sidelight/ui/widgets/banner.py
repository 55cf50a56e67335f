"""A strip that says one sentence, with at most one thing to do about it. It never takes the focus."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from sidelight.ui.widgets.icon import IconButton
from sidelight.ui.widgets.plain import Label

__all__ = ["Banner"]


class Banner(QFrame):
    """`acted` when the button was pressed, `closed` when it was put away. Hidden until it has something to say."""

    acted = Signal()
    closed = Signal()

    def __init__(self, close_text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "banner")
        self._text = Label(wrap=True)
        self._button = QPushButton()
        self._button.setProperty("role", "quiet")
        self._close = IconButton("close", close_text)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 4, 8, 4)
        row.setSpacing(8)
        row.addWidget(self._text, 1)
        row.addWidget(self._button, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._close, 0, Qt.AlignmentFlag.AlignVCenter)
        self._button.clicked.connect(self.acted)
        self._close.clicked.connect(self._put_away)
        self.hide()

    def say(self, sentence: str, *, level: str = "info", action: str = "") -> None:
        """Show a sentence ("info", "warning" or "error"); without one, hide."""
        self._text.setText(sentence)
        self.setAccessibleName(sentence)
        self._button.setText(action)
        self._button.setVisible(bool(action))
        if self.property("level") != level:
            self.setProperty("level", level)
            self.style().unpolish(self)
            self.style().polish(self)
        self.setVisible(bool(sentence))

    def _put_away(self) -> None:
        self.hide()
        self.closed.emit()
