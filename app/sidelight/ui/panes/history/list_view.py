"""The list as a widget: its menu by mouse and by keyboard, and the key that deletes. Knows no row."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QListView

__all__ = ["ListView"]


class ListView(QListView):
    """`menu_wanted` carries where on the screen, for the row chosen; `delete_wanted` is the key."""

    menu_wanted = Signal(QPoint)
    delete_wanted = Signal()

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
