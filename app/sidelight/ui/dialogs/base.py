"""What all dialogs share: a title, a column, buttons, and that they are gone when they are closed."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from sidelight import messages
from sidelight.ui.widgets.meter import Meter
from sidelight.ui.widgets.plain import Label

__all__ = ["Dialog"]

_FRAME = 40
"""Pixels that a title bar may take."""


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

    def event(self, event: QEvent) -> bool:
        """Grow where what it holds has come to need more height: a sentence was added, or a line became two."""
        handled = super().event(event)
        if event.type() is QEvent.Type.LayoutRequest:
            least = min(self.column.minimumHeightForWidth(self.width()), self._room().height())
            if least > self.height():
                self.resize(self.width(), least)
        return handled

    def add_buttons(
        self, accept: str, *, cancel: bool = True, beside: QPushButton | None = None
    ) -> QPushButton:
        """A row of buttons at the end: what is said by a sentence left of them, then cancel, then accept (returned).

        `beside` is one more, left of both.
        """
        self.trouble = Label(role="error", wrap=True)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.trouble, 1)
        if beside is not None:
            row.addWidget(beside)
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

    def add_progress(self) -> tuple[Meter, Label]:
        """A bar and a sentence for work that goes on beside the window; both are hidden until there is something to show."""
        meter, said = Meter(24), Label(role="muted", wrap=True)
        meter.setMinimumHeight(self.fontMetrics().height())
        for widget in (meter, said):
            widget.hide()
            self.column.addWidget(widget)
        return meter, said

    def size_in_letters(self, wide: int, high: int = 0) -> None:
        """Begin at a size that grows with the font: letters wide, lines high; 0 is as high as what it holds needs."""
        metrics, room = self.fontMetrics(), self._room()
        width = min(wide * metrics.averageCharWidth(), room.width())
        if not high:
            self.setMinimumWidth(width)
        needed = high * metrics.lineSpacing() or self.column.totalHeightForWidth(width)
        self.resize(width, min(needed, room.height()))

    def _room(self) -> QSize:
        """What the screen has, without the frame of a window."""
        return self.screen().availableSize() - QSize(0, _FRAME)
