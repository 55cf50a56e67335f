"""The rows of the list as Qt asks for them: headings, conversations, what was found, and the trash. Draws nothing."""

from __future__ import annotations

import time
from typing import Final, TypeAlias

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QWidget

from sidelight import messages
from sidelight.store.search import Hit
from sidelight.ui.panes.history.groups import Entry, Heading, Trashed, days_left
from sidelight.ui.panes.history.results import hit_origin, hit_title
from sidelight.ui.widgets.plain import plain_tip

__all__ = ["ID", "LEFT", "STREAMING", "TAGS", "Index", "Model", "Row", "shown_title"]

ID: Final = Qt.ItemDataRole.UserRole
"""The conversation of a row of the list or the trash; None of a heading or a hit."""
STREAMING: Final = Qt.ItemDataRole.UserRole + 1
TAGS: Final = Qt.ItemDataRole.UserRole + 3
LEFT: Final = Qt.ItemDataRole.UserRole + 4
"""Of a row of the trash: how long it is kept, in words."""

_SHOWN: Final = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemNeverHasChildren
_CHOSEN: Final = _SHOWN | Qt.ItemFlag.ItemIsSelectable
_EDITABLE: Final = _CHOSEN | Qt.ItemFlag.ItemIsEditable
_FLAGS: Final = {Heading: _SHOWN, Entry: _EDITABLE, Trashed: _CHOSEN, Hit: _CHOSEN}
"""Made once: a view of thousands of rows asks for them twice a row."""
Row: TypeAlias = Heading | Entry | Trashed | Hit
Index: TypeAlias = QModelIndex | QPersistentModelIndex


class Model(QAbstractListModel):
    """An edit of a title becomes `renamed`."""

    renamed = Signal(str, str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: tuple[Row, ...] = ()
        self.streaming: frozenset[str] = frozenset()

    def put(self, rows: tuple[Row, ...], streaming: frozenset[str]) -> bool:
        """Take rows; True where the list itself changed, but for more at its end."""
        before = self.rows
        if rows != before:
            if before and rows[: len(before)] == before:
                self.beginInsertRows(QModelIndex(), len(before), len(rows) - 1)
                self.rows, self.streaming = rows, streaming
                self.endInsertRows()
                return False
            self.beginResetModel()
            self.rows, self.streaming = rows, streaming
            self.endResetModel()
            return True
        if streaming != self.streaming:
            self.streaming = streaming
            self.dataChanged.emit(self.index(0), self.index(len(rows) - 1), [STREAMING])
        return False

    def at(self, index: Index) -> Row | None:
        """The row of an index, None where it is of none."""
        return self.rows[index.row()] if 0 <= index.row() < len(self.rows) else None

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Called by Qt."""
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Called by Qt."""
        row = self.rows[index.row()]
        if isinstance(row, Heading):
            return row.title if role == Qt.ItemDataRole.DisplayRole else None
        if isinstance(row, Hit):
            return _of_hit(row, role)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return shown_title(row.title)
        if role == ID:
            return row.id
        return self._of_entry(row, role) if isinstance(row, Entry) else _of_trashed(row, role)

    def _of_entry(self, row: Entry, role: int) -> object:
        if role == Qt.ItemDataRole.AccessibleTextRole:
            streams = row.id in self.streaming
            title = shown_title(row.title)
            parts = [messages.text("ui.history.streaming", title=title) if streams else title]
            parts += [messages.text("ui.history.is_pinned")] if row.pinned else []
            parts += [messages.text("ui.history.has_tags", tags=", ".join(row.tags))] if row.tags else []
            return ", ".join(parts)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip("\n".join((shown_title(row.title), *(", ".join(row.tags).splitlines()))))
        if role == STREAMING:
            return row.id in self.streaming
        return row.tags if role == TAGS else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Headings cannot be chosen, and only titles in the list can be edited."""
        row = index.row()
        return _FLAGS[type(self.rows[row])] if row >= 0 else _SHOWN

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """A new title."""
        row = self.rows[index.row()]
        title = " ".join(str(value).split())
        if role != Qt.ItemDataRole.EditRole or not isinstance(row, Entry) or not title:
            return False
        if title != row.title:
            self.renamed.emit(row.id, title)
        return True


def shown_title(title: str) -> str:
    """A title in one line, or that there is none."""
    return " ".join(title.split()) or messages.text("ui.history.untitled")


def _of_hit(hit: Hit, role: int) -> object:
    if role == Qt.ItemDataRole.AccessibleTextRole:
        return f"{hit_title(hit)}: {hit.snippet.text} ({hit_origin(hit)})"
    if role == Qt.ItemDataRole.ToolTipRole:
        return plain_tip(hit.snippet.text)
    return hit_title(hit) if role == Qt.ItemDataRole.DisplayRole else None


def _of_trashed(row: Trashed, role: int) -> object:
    left = messages.plural("ui.history.days_left", days_left(row.deleted, time.time()))
    if role == Qt.ItemDataRole.AccessibleTextRole:
        return f"{shown_title(row.title)}, {left}"
    if role == Qt.ItemDataRole.ToolTipRole:
        return plain_tip(shown_title(row.title))
    return left if role == LEFT else None
