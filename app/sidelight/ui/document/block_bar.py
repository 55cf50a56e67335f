"""The small bar over a piece of code or a table: copy, wrap, save. It lies over its scroll area and is moved by it.

The same wishes are in the menu of the view, which is the keyboard's way to them.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QHBoxLayout, QMenu, QToolButton

from sidelight import messages
from sidelight.ui.widgets.icon import IconButton

__all__ = ["WISHES", "BlockBar"]

WISHES: Final[dict[bool, tuple[str, ...]]] = {
    True: ("copy_code", "wrap", "save"),
    False: ("copy_markdown", "copy_csv", "copy_tsv"),
}
"""What can be wished of code (True) and of a table (False)."""


class BlockBar(QFrame):
    """`wished` carries one of `WISHES`; `left`: the pointer went away from it."""

    wished = Signal(str)
    left = Signal()

    def __init__(self, area: QAbstractScrollArea) -> None:
        super().__init__(area)
        self._area = area
        self.setProperty("role", "block-bar")
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self._copy = self._button("copy", "copy_code")
        self._wrap = self._button("wrap", "wrap")
        self._wrap.setCheckable(True)
        self._save = self._button("download", "save")
        self._table = self._button("copy", "")
        self._table.set_meaning("copy", messages.text("ui.document.copy_table"))
        menu = QMenu(self)
        for wish in WISHES[False]:
            menu.addAction(caption(wish), partial(self.wished.emit, wish))
        self._table.setMenu(menu)
        self._table.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 2, 2, 2)
        row.setSpacing(0)
        for button in (self._copy, self._wrap, self._save, self._table):
            row.addWidget(button)
        self.hide()

    def _button(self, symbol: str, wish: str) -> IconButton:
        button = IconButton(symbol, caption(wish) if wish else "", role="toggle")
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        if wish:
            button.clicked.connect(lambda: self.wished.emit(wish))
        return button

    def show_for(self, *, code: bool, wraps: bool) -> None:
        """Show what fits code or a table."""
        for button in (self._copy, self._wrap, self._save):
            button.setVisible(code)
        self._table.setVisible(not code)
        self._wrap.setChecked(wraps)
        self.show()
        self.raise_()
        self.adjustSize()

    def put(self, corner: QPoint) -> None:
        """Move the upper right corner there, in the viewport."""
        self.move(corner + self._area.viewport().pos() - QPoint(self.width(), 0))

    @property
    def in_use(self) -> bool:
        """Its menu stands open, or the pointer is on it."""
        menu, pointer = self._table.menu(), self._area.mapFromGlobal(QCursor.pos())
        return self.isVisible() and (menu.isVisible() or self.geometry().contains(pointer))

    def leaveEvent(self, event: QEvent) -> None:
        """Tell."""
        super().leaveEvent(event)
        self.left.emit()


def caption(wish: str) -> str:
    """What a person reads."""
    return messages.text(f"ui.document.{wish}")
