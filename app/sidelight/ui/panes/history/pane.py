"""The list of conversations with its date groups, renaming in place and deletion with a way back; and the search above it.

What is typed finds titles at once; `searched` asks for what stands in messages, and `show_found` puts it below.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QFont, QGuiApplication, QKeyEvent, QPainter, QPalette
from PySide6.QtWidgets import (
    QCheckBox,
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
from sidelight.store.query import Place, Query, parse
from sidelight.store.search import Found, Hit
from sidelight.ui.panes.history.groups import Entry, Heading, grouped
from sidelight.ui.panes.history.results import draw_hit, height_of_hit, hit_origin, hit_title, said_of
from sidelight.ui.widgets.banner import Banner
from sidelight.ui.widgets.flow import FlowLayout
from sidelight.ui.widgets.icon import IconButton
from sidelight.ui.widgets.plain import Label, plain_tip

__all__ = ["HistoryPane", "HistoryValue"]

UNDO_MS: Final = 8_000
TYPING_MS: Final = 80
"""After the last letter, before messages are searched."""

_MOST_TITLES: Final = 5
_ID = Qt.ItemDataRole.UserRole
_STREAMING = Qt.ItemDataRole.UserRole + 1
_HIT = Qt.ItemDataRole.UserRole + 2
_Row = Heading | Entry | Hit
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class HistoryValue:
    """Entries, newest first; the one that is open; those in which something streams."""

    entries: tuple[Entry, ...] = ()
    current: str = ""
    streaming: frozenset[str] = frozenset()


class _Model(QAbstractListModel):
    """Headings, entries and hits; an edit of a title becomes `renamed`."""

    renamed = Signal(str, str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: tuple[_Row, ...] = ()
        self.streaming: frozenset[str] = frozenset()

    def put(self, rows: tuple[_Row, ...], streaming: frozenset[str]) -> bool:
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
        if isinstance(row, Hit):
            return _of_hit(row, role)
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
        """Headings cannot be chosen, and only titles can be edited."""
        if not index.isValid() or isinstance(self.rows[index.row()], Heading):
            return Qt.ItemFlag.ItemIsEnabled
        chosen = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return chosen | Qt.ItemFlag.ItemIsEditable if isinstance(self.rows[index.row()], Entry) else chosen

    def setData(self, index: _Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """A new title."""
        row = self.rows[index.row()]
        title = " ".join(str(value).split())
        if role != Qt.ItemDataRole.EditRole or not isinstance(row, Entry) or not title:
            return False
        if title != row.title:
            self.renamed.emit(row.id, title)
        return True


def _of_hit(hit: Hit, role: int) -> object:
    if role == Qt.ItemDataRole.AccessibleTextRole:
        return f"{hit_title(hit)}: {hit.snippet.text} ({hit_origin(hit)})"
    if role == Qt.ItemDataRole.ToolTipRole:
        return plain_tip(hit.snippet.text)
    if role == _HIT:
        return hit
    return hit_title(hit) if role == Qt.ItemDataRole.DisplayRole else None


class _Delegate(QStyledItemDelegate):
    """Draws a heading small and quiet, an entry on one line, the dot of one that streams, and a hit on four."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """Lines with air around them."""
        if index.data(_HIT) is not None:
            return QSize(40, height_of_hit(option.font))
        high = option.fontMetrics.height()
        return QSize(40, round(high * (2.1 if index.data(_ID) is None else 1.9)))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Draw one row."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRect(option.rect)
        palette = option.palette
        title = str(index.data(Qt.ItemDataRole.DisplayRole))
        hit = index.data(_HIT)
        # not of option.palette: a style sheet makes this colour half transparent there
        muted = QGuiApplication.palette().color(QPalette.ColorRole.PlaceholderText)
        if hit is None and index.data(_ID) is None:
            font = QFont(option.font)
            font.setPointSizeF(font.pointSizeF() * 0.88)
            painter.setFont(font)
            painter.setPen(muted)
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
        if hit is not None:
            draw_hit(painter, line, hit, option.font, palette.color(QPalette.ColorRole.Text), muted)
            painter.restore()
            return
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
    """Wishes: `opened`, `renamed`, `deleted` (after the time to undo has passed), `asked_new`, `searched`, `hit_opened`."""

    opened = Signal(str)
    searched = Signal(Query)
    """What to look for in messages; an empty query when no more."""
    hit_opened = Signal(str, str, str)
    """A conversation, a turn in it, and a reply, "" for the turn's prompt."""
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
        self._found: Found | None = None
        self._indexed = 1.0
        self._new = IconButton("new", messages.text("ui.new"))
        self._search = QLineEdit()
        self._search.setPlaceholderText(messages.text("ui.history.search"))
        self._search.setAccessibleName(messages.text("ui.history.search"))
        self._search.setToolTip(plain_tip(messages.text("ui.search.hint")))
        self._search.setClearButtonEnabled(True)
        self._search.installEventFilter(self)
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(TYPING_MS)
        self._places: dict[Place, QCheckBox] = {
            "prompt": QCheckBox(messages.text("ui.search.prompts")),
            "answer": QCheckBox(messages.text("ui.search.answers")),
            "trace": QCheckBox(messages.text("ui.search.traces")),
        }
        self._where = QWidget()
        where = FlowLayout(self._where)
        around = QHBoxLayout()
        around.setContentsMargins(4, 0, 0, 4)
        around.addWidget(self._where)
        for box in self._places.values():
            box.setChecked(True)
            where.addWidget(box)
        self._where.hide()
        self._said = Label(role="muted", wrap=True)
        self._said.setContentsMargins(16, 8, 16, 8)
        self._said.hide()
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
        column.addLayout(around)
        column.addWidget(self._list, 1)
        column.addWidget(self._said)
        column.addWidget(self._undo)
        self._new.clicked.connect(self.asked_new)
        self._search.textChanged.connect(self._on_typed)
        self._typing.timeout.connect(self._ask)
        for box in self._places.values():
            box.toggled.connect(self._ask)
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

    def show_found(self, found: Found | None, indexed: float = 1.0) -> None:
        """Draw what was found in messages, None while that is not known; `indexed` is the share that can be found yet."""
        self._found, self._indexed = found, indexed
        if self._looking:
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

    @property
    def _looking(self) -> bool:
        return bool(self._search.text().strip())

    def _on_typed(self) -> None:
        self._where.setVisible(self._looking)
        if self._looking:
            self._typing.start()
        else:
            self._typing.stop()
            self._found = None
            self._ask()
        self._draw()

    def _ask(self) -> None:
        places = frozenset(place for place, box in self._places.items() if box.isChecked())
        self.searched.emit(parse(self._search.text(), places))

    def _draw(self) -> None:
        if self._list.state() == QListView.State.EditingState:
            return
        chosen = self._list.currentIndex().row() if self._looking else -1
        changed = self._model.put(self._rows(), self._value.streaming)
        said = said_of(self._found, self._indexed) if self._looking else ""
        self._said.setText(said)
        self._said.setVisible(bool(said))
        if self._looking:
            if changed:
                self._list.setCurrentIndex(self._choosable(max(chosen, 0), 1))
            return
        index = self._index_of(self._value.current)
        if index.isValid():
            self._list.setCurrentIndex(index)
        else:
            self._list.clearSelection()

    def _rows(self) -> tuple[_Row, ...]:
        going = self._going.id if self._going is not None else None
        entries = [e for e in self._value.entries if e.id != going]
        if not self._looking:
            return grouped(entries, time.time())
        words = self._search.text().casefold().split()
        titled = [e for e in entries if all(w in e.title.casefold() for w in words)][:_MOST_TITLES]
        hits = [h for h in self._found.hits if h.conversation != going] if self._found is not None else []
        rows: list[_Row] = []
        for title, part in (("ui.history", titled), ("ui.search.messages", hits)):
            if part:
                rows += [Heading(messages.text(title)), *part]
        return tuple(rows)

    def _choosable(self, row: int, step: int) -> QModelIndex:
        """The row, or the next one in this direction that is no heading; the nearest in the other where there is none."""
        rows = self._model.rows
        ahead = range(row, len(rows)) if step > 0 else range(row, -1, -1)
        behind = range(min(row, len(rows) - 1), -1, -1) if step > 0 else range(max(row, 0), len(rows))
        for place in (*ahead, *behind):
            if 0 <= place < len(rows) and not isinstance(rows[place], Heading):
                return self._model.index(place)
        return QModelIndex()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows and Enter go to the list while the field keeps the focus; Escape empties it before it stops any lane."""
        if not isinstance(event, QKeyEvent) or not self._looking:
            return super().eventFilter(watched, event)
        key = Qt.Key(event.key())
        if event.type() is QEvent.Type.ShortcutOverride and key == Qt.Key.Key_Escape:
            event.accept()
        elif event.type() is QEvent.Type.KeyPress:
            steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 5, Qt.Key.Key_PageUp: -5}
            if key == Qt.Key.Key_Escape:
                self._search.clear()
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._on_chosen(self._list.currentIndex())
                return True
            if key in steps:
                row = self._list.currentIndex().row() + steps[key]
                index = self._choosable(row, steps[key])
                self._list.setCurrentIndex(index)
                self._list.scrollTo(index)
                return True
        return super().eventFilter(watched, event)

    def _index_of(self, identifier: str) -> QModelIndex:
        for place, row in enumerate(self._model.rows):
            if isinstance(row, Entry) and row.id == identifier:
                return self._model.index(place)
        return QModelIndex()

    def _on_chosen(self, index: QModelIndex) -> None:
        hit, identifier = index.data(_HIT), index.data(_ID)
        if hit is not None:
            self.hit_opened.emit(hit.conversation, hit.turn, hit.reply)
        elif identifier and identifier != self._value.current:
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
