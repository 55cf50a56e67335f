"""The bar that finds words in the lanes: a field, how many there are, next and previous, and a way out."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QWidget

from sidelight import messages
from sidelight.ui.widgets.icon import IconButton
from sidelight.ui.widgets.plain import Label

__all__ = ["FindBar"]


class FindBar(QFrame):
    """`typed` carries what to look for, `stepped` +1 or -1; `closed` when it was put away."""

    typed = Signal(str)
    stepped = Signal(int)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "topbar")
        self._field = QLineEdit()
        self._field.setPlaceholderText(messages.text("ui.find"))
        self._field.setAccessibleName(messages.text("ui.find"))
        self._count = Label(role="muted")
        before = IconButton("chevron-up", messages.text("ui.find.previous"))
        after = IconButton("chevron-down", messages.text("ui.find.next"))
        close = IconButton("close", messages.text("ui.close"))
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 4, 8, 4)
        row.setSpacing(4)
        row.addWidget(self._field, 1)
        row.addWidget(self._count)
        for button in (before, after, close):
            row.addWidget(button)
        self._field.textChanged.connect(self.typed)
        self._field.installEventFilter(self)
        before.clicked.connect(lambda: self.stepped.emit(-1))
        after.clicked.connect(lambda: self.stepped.emit(1))
        close.clicked.connect(self.put_away)
        self.hide()

    def open_up(self) -> None:
        """Show it and go to its field."""
        self.show()
        self._field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._field.selectAll()
        if self._field.text():
            self.typed.emit(self._field.text())

    def put_away(self) -> None:
        """Hide it; nothing is marked any more."""
        self.hide()
        self.typed.emit("")
        self.closed.emit()

    def show_count(self, place: int, total: int) -> None:
        """Which of how many is looked at, counted from 1; 0 of 0 where there is none."""
        if not self._field.text():
            self._count.setText("")
        elif total == 0:
            self._count.setText(messages.text("ui.find.none"))
        else:
            self._count.setText(messages.text("ui.find.count", n=place, total=total))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter goes on, Shift+Enter back; Escape puts the bar away before it stops any lane."""
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            if event.type() is QEvent.Type.ShortcutOverride:
                event.accept()
            elif event.type() is QEvent.Type.KeyPress:
                self.put_away()
                return True
        if (
            isinstance(event, QKeyEvent)
            and event.type() is QEvent.Type.KeyPress
            and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        ):
            back = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self.stepped.emit(-1 if back else 1)
            return True
        return super().eventFilter(watched, event)
