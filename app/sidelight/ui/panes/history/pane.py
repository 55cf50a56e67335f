"""The list of conversations with its search field, its date groups, renaming in place and deletion with a way back."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QFont, QGuiApplication, QPainter, QPalette
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from sidelight import messages
from sidelight.ui.panes.history.groups import Entry, Heading, grouped
from sidelight.ui.widgets.banner import Banner
from sidelight.ui.widgets.icon import IconButton

__all__ = ["HistoryPane", "HistoryValue"]

UNDO_MS: Final = 8_000
_ID = Qt.ItemDataRole.UserRole
_STREAMING = Qt.ItemDataRole.UserRole + 1
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class HistoryValue:
    """Entries, newest first; the one that is open; those in which something streams."""

    entries: tuple[Entry, ...] = ()
    current: str = ""
    streaming: frozenset[str] = frozenset()


class _Model(QAbstractListModel):
    """Headings and entries; an edit of a title becomes `renamed`."""

    renamed = Signal(str, str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: tuple[Heading | Entry, ...] = ()
        self.streaming: frozenset[str] = frozenset()

    def put(self, rows: tuple[Heading | Entry, ...], streaming: frozenset[str]) -> bool:
        """Take rows; True where the list itself changed."""
        if rows != self.rows:
            self.beginResetModel()
            self.rows, self.streaming = rows, streaming
            self.endResetModel()
            return True
        if streaming != self.streaming:
            self.streaming = streaming
            self.dataChanged.emit(self.index(0), self.index(len(rows) - 1), [_STREAMING])
        return False

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Called by Qt."""
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Called by Qt."""
        row = self.rows[index.row()]
        if isinstance(row, Heading):
            return row.title if role == Qt.ItemDataRole.DisplayRole else None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return " ".join(row.title.split()) or messages.text("ui.history.untitled")
        if role == Qt.ItemDataRole.AccessibleTextRole:
            streams = row.id in self.streaming
            return messages.text("ui.history.streaming", title=row.title) if streams else row.title
        if role == _ID:
            return row.id
        if role == _STREAMING:
            return row.id in self.streaming
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Headings cannot be chosen."""
        if not index.isValid() or isinstance(self.rows[index.row()], Heading):
            return Qt.ItemFlag.ItemIsEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable

    def setData(self, index: _Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """A new title."""
        row = self.rows[index.row()]
        title = " ".join(str(value).split())
        if role != Qt.ItemDataRole.EditRole or isinstance(row, Heading) or not title:
            return False
        if title != row.title:
            self.renamed.emit(row.id, title)
        return True


class _Delegate(QStyledItemDelegate):
    """Draws a heading small and quiet, an entry on one line, and the dot of one that streams."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """Lines with air around them."""
        high = option.fontMetrics.height()
        return QSize(40, round(high * (2.1 if index.data(_ID) is None else 1.9)))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Draw one row."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRect(option.rect)
        palette = option.palette
        title = str(index.data(Qt.ItemDataRole.DisplayRole))
        if index.data(_ID) is None:
            font = QFont(option.font)
            font.setPointSizeF(font.pointSizeF() * 0.88)
            painter.setFont(font)
            # not of option.palette: a style sheet makes this colour half transparent there
            painter.setPen(QGuiApplication.palette().color(QPalette.ColorRole.PlaceholderText))
            box.adjust(12, 0, -8, -4)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft), title)
            painter.restore()
            return
        ground = box.adjusted(4, 1, -4, -1)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(palette.color(QPalette.ColorRole.Highlight))
            painter.drawRoundedRect(QRectF(ground), 4, 4)
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(palette.color(QPalette.ColorRole.Midlight))
            painter.drawRoundedRect(QRectF(ground), 4, 4)
        line = ground.adjusted(8, 0, -8, 0)
        if index.data(_STREAMING):
            size = max(6, option.fontMetrics.height() // 3)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(palette.color(QPalette.ColorRole.Accent))
            painter.drawEllipse(QRectF(line.right() - size, line.center().y() - size / 2 + 1, size, size))
            line.adjust(0, 0, -size - 6, 0)
        painter.setPen(palette.color(QPalette.ColorRole.Text))
        shown = option.fontMetrics.elidedText(title, Qt.TextElideMode.ElideRight, line.width())
        painter.drawText(line, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), shown)
        painter.restore()


class HistoryPane(QFrame):
    """Wishes: `opened`, `renamed`, `deleted` (after the time to undo has passed), `asked_new`."""

    opened = Signal(str)
    renamed = Signal(str, str)
    hidden = Signal(str)
    """Deleted, but it can still be taken back."""
    deleted = Signal(str)
    asked_new = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "sidebar")
        self._value = HistoryValue()
        self._going: Entry | None = None
        self._new = IconButton("new", messages.text("ui.new"))
        self._search = QLineEdit()
        self._search.setPlaceholderText(messages.text("ui.history.search"))
        self._search.setAccessibleName(messages.text("ui.history.search"))
        self._search.setClearButtonEnabled(True)
        self._model = _Model(self)
        self._list = QListView()
        self._list.setModel(self._model)
        self._list.setItemDelegate(_Delegate(self._list))
        self._list.setAccessibleName(messages.text("ui.history"))
        self._list.setEditTriggers(QListView.EditTrigger.EditKeyPressed)
        self._list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._list.setMouseTracking(True)
        self._list.setUniformItemSizes(False)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setFrameShape(QFrame.Shape.NoFrame)
        self._undo = Banner(messages.text("ui.dismiss"))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(UNDO_MS)
        head = QHBoxLayout()
        head.setContentsMargins(8, 8, 8, 4)
        head.setSpacing(4)
        head.addWidget(self._search, 1)
        head.addWidget(self._new)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self._list, 1)
        column.addWidget(self._undo)
        self._new.clicked.connect(self.asked_new)
        self._search.textChanged.connect(lambda _text: self._draw())
        self._list.clicked.connect(self._on_chosen)
        self._list.activated.connect(self._on_chosen)
        self._list.customContextMenuRequested.connect(self._on_menu)
        self._model.renamed.connect(self.renamed)
        self._undo.acted.connect(self.undo)
        self._undo.closed.connect(self.finish_deleting)
        self._timer.timeout.connect(self.finish_deleting)

    # --- values in

    def show_value(self, value: HistoryValue) -> None:
        """Draw the list."""
        self._value = value
        self._draw()

    # --- commands

    def rename_current(self) -> None:
        """Edit the title of the chosen conversation in its place."""
        index = self._index_of(self._value.current)
        if index.isValid():
            self._list.setFocus()
            self._list.setCurrentIndex(index)
            self._list.edit(index)

    def delete_current(self) -> None:
        """Delete the open conversation."""
        self.delete(self._value.current)

    def delete(self, identifier: str) -> None:
        """Take a conversation out of the list; it is deleted when the time to undo has passed."""
        entry = next((e for e in self._value.entries if e.id == identifier), None)
        if entry is None:
            return
        self.finish_deleting()
        self._going = entry
        self._undo.say(messages.text("ui.history.deleted"), action=messages.text("ui.undo"))
        self._timer.start()
        self._draw()
        self.hidden.emit(identifier)

    def undo(self) -> None:
        """Take the last deletion back."""
        going, self._going = self._going, None
        self._timer.stop()
        self._undo.say("")
        self._draw()
        if going is not None:
            self.opened.emit(going.id)

    def finish_deleting(self) -> None:
        """Delete for good what waits for its undo; also called when the window closes."""
        going, self._going = self._going, None
        self._timer.stop()
        self._undo.say("")
        if going is not None:
            self.deleted.emit(going.id)

    def focus_search(self) -> None:
        """Go to the search field."""
        self._search.setFocus()
        self._search.selectAll()

    # --- inside

    def _draw(self) -> None:
        words = self._search.text().casefold().split()
        going = self._going.id if self._going is not None else None
        entries = [
            e for e in self._value.entries if e.id != going and all(w in e.title.casefold() for w in words)
        ]
        if self._list.state() == QListView.State.EditingState:
            return
        self._model.put(grouped(entries, time.time()), self._value.streaming)
        index = self._index_of(self._value.current)
        if index.isValid():
            self._list.setCurrentIndex(index)
        else:
            self._list.clearSelection()

    def _index_of(self, identifier: str) -> QModelIndex:
        for place, row in enumerate(self._model.rows):
            if isinstance(row, Entry) and row.id == identifier:
                return self._model.index(place)
        return QModelIndex()

    def _on_chosen(self, index: QModelIndex) -> None:
        identifier = index.data(_ID)
        if identifier and identifier != self._value.current:
            self.opened.emit(identifier)

    def _on_menu(self, at: QPoint) -> None:
        index = self._list.indexAt(at)
        identifier = index.data(_ID)
        if not identifier:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(messages.text("ui.rename")).triggered.connect(lambda: self._list.edit(index))
        menu.addAction(messages.text("ui.delete")).triggered.connect(lambda: self.delete(identifier))
        menu.popup(self._list.viewport().mapToGlobal(at))
