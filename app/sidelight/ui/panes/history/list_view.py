"""The list as a widget: its menu by mouse and by keyboard, and the key that deletes. Knows no row.

A tree view without a tree: unlike Qt's list it asks for the heights of the rows in sight alone, and with thousands of rows that
is what a change of the list costs.
"""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QTreeView, QWidget

__all__ = ["ListView"]


class ListView(QTreeView):
    """`menu_wanted` carries where on the screen, for the row chosen; `delete_wanted` is the key."""

    menu_wanted = Signal(QPoint)
    delete_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setItemsExpandable(False)
        self.setIndentation(0)
        # by pixels it would ask for every height
        self.setVerticalScrollMode(QTreeView.ScrollMode.ScrollPerItem)

    def verticalOffset(self) -> int:
        """Of a pattern in the ground, which has none here; Qt would add up the heights of all rows above for it."""
        return self.verticalScrollBar().value()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The menu of the row that was clicked, or, by the keyboard, of the one that is chosen."""
        index = self.indexAt(event.pos())
        if event.reason() is QContextMenuEvent.Reason.Keyboard:
            index = self.currentIndex()
            at = self.viewport().mapToGlobal(self.visualRect(index).center())
        else:
            at = event.globalPos()
        if index.isValid():
            self.selectionModel().setCurrentIndex(index, self.selectionCommand(index))
            self.menu_wanted.emit(at)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The key Delete deletes."""
        if Qt.Key(event.key()) is Qt.Key.Key_Delete:
            self.delete_wanted.emit()
        else:
            super().keyPressEvent(event)
