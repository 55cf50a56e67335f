"""The bar that finds words in the lanes: a field, how they are to be found and where, how many there are, and a way out."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLineEdit, QToolButton, QWidget

from sidelight import messages
from sidelight.ui.document.find import Query
from sidelight.ui.widgets.icon import IconButton
from sidelight.ui.widgets.plain import Label, plain_tip

__all__ = ["FindBar"]

_LONGEST = 500
_WIDEST = 560
_FORWARD, _BACK = 1, -1


class FindBar(QFrame):
    """`wished` carries a `Query` and whether it is for all lanes, `stepped` +1 or -1; `closed` when it was put away."""

    wished = Signal(Query, bool)
    stepped = Signal(int)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "find")
        self._field = QLineEdit()
        self._field.setMaxLength(_LONGEST)
        self._field.setMaximumWidth(_WIDEST)
        self._field.setPlaceholderText(messages.text("ui.find"))
        self._field.setAccessibleName(messages.text("ui.find"))
        self._case = _toggle("Aa", messages.text("ui.find.case"))
        self._whole = _toggle("\u201cw\u201d", messages.text("ui.find.whole"))
        self._where = QComboBox()
        self._where.setProperty("role", "flat")
        self._where.setAccessibleName(messages.text("ui.find.where"))
        self._where.addItem(messages.text("ui.find.all_lanes"), True)
        self._where.addItem(messages.text("ui.find.this_lane"), False)
        self._count = Label(role="muted")
        self._count.setMinimumWidth(self.fontMetrics().horizontalAdvance("0000 of 0000"))
        self._count.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        before = IconButton("chevron-up", messages.text("ui.find.previous"))
        after = IconButton("chevron-down", messages.text("ui.find.next"))
        close = IconButton("close", messages.text("ui.close"))
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 4, 8, 4)
        row.setSpacing(4)
        row.addWidget(self._field, 4)
        for widget in (self._count, before, after, self._case, self._whole, self._where):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(close)
        self._field.textChanged.connect(self._wish)
        self._field.installEventFilter(self)
        self._case.toggled.connect(self._wish)
        self._whole.toggled.connect(self._wish)
        self._where.activated.connect(self._wish)
        before.clicked.connect(lambda: self.stepped.emit(_BACK))
        after.clicked.connect(lambda: self.stepped.emit(_FORWARD))
        close.clicked.connect(self.put_away)
        self.hide()

    def open_up(self, text: str, *, several: bool) -> None:
        """Show it and go to its field, with a text to begin with where there is one. `several`: lanes to choose from."""
        self.show()
        self._where.setVisible(several)
        self._field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        if text and text != self._field.text():
            self._field.setText(text)
        else:
            self._wish()
        self._field.selectAll()

    def put_away(self) -> None:
        """Hide it; nothing is marked any more."""
        self.hide()
        self.wished.emit(Query(""), True)
        self.closed.emit()

    def show_count(self, place: int, total: int, more: bool) -> None:
        """Which of how many is looked at, counted from 1; `more`: the count goes on."""
        going_on = "…" if more else ""
        if not self._field.text().strip():
            self._count.setText("")
        elif total == 0:
            self._count.setText(going_on or messages.text("ui.find.none"))
        else:
            self._count.setText(messages.text("ui.find.count", n=place, total=total) + going_on)

    def _wish(self) -> None:
        query = Query(self._field.text(), self._case.isChecked(), self._whole.isChecked())
        self.wished.emit(query, self._where.isHidden() or bool(self._where.currentData()))

    def event(self, event: QEvent) -> bool:
        """Escape anywhere in the bar puts it away, before it stops any lane."""
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            if event.type() is QEvent.Type.KeyPress:
                self.put_away()
            event.accept()
            return True
        return super().event(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter goes on, Shift+Enter back."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() is QEvent.Type.KeyPress
            and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        ):
            back = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self.stepped.emit(_BACK if back else _FORWARD)
            return True
        return super().eventFilter(watched, event)


def _toggle(caption: str, meaning: str) -> QToolButton:
    made = QToolButton()
    made.setProperty("role", "toggle")
    made.setText(caption)
    made.setCheckable(True)
    made.setToolTip(plain_tip(meaning))
    made.setAccessibleName(meaning)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return made
