"""The palette: a few letters find a command, a conversation or what stands in messages; Enter does it, or goes there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QPainter, QPalette
from PySide6.QtWidgets import (
    QHeaderView,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from sidelight import messages
from sidelight.store.query import Query, parse
from sidelight.store.search import Found, Hit
from sidelight.ui.dialogs.base import Dialog
from sidelight.ui.widgets.marked import draw_marked

__all__ = ["Choice", "CommandPalette", "matching"]

_MOST = 50
_TYPING_MS = 80
_CHOICE = Qt.ItemDataRole.UserRole
_HIT = Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to be found: `kind` is "command" or "conversation"."""

    kind: str
    id: str
    title: str
    hint: str = ""


def matching(choices: Sequence[Choice], typed: str) -> list[Choice]:
    """The choices that hold every typed word; those that begin with the first word come first."""
    words = typed.casefold().split()
    found = [c for c in choices if all(w in c.title.casefold() for w in words)]
    if words:
        found.sort(key=lambda c: not c.title.casefold().startswith(words[0]))
    return found[:_MOST]


class _Delegate(QStyledItemDelegate):
    """Draws the text of a hit on one line, what was looked for in bold; all else as usual."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw one cell."""
        super().paint(painter, option, index)
        hit = index.data(_HIT)
        if isinstance(hit, Hit):
            margin = (option.rect.height() - option.fontMetrics.lineSpacing()) // 2
            box = option.rect.adjusted(6, margin, -6, 0)
            palette = QGuiApplication.palette()
            muted = palette.color(QPalette.ColorRole.PlaceholderText)
            colours = (muted, palette.color(QPalette.ColorRole.Text))
            draw_marked(painter, box, hit.snippet.text, hit.snippet.marks, option.font, colours, lines=1)


class CommandPalette(Dialog):
    """`chosen` carries kind and id; `hit_chosen` a conversation, a turn and a reply ("": the prompt).

    `searched` says what to look for in messages; what is found comes by `show_found`.
    """

    chosen = Signal(str, str)
    searched = Signal(Query)
    hit_chosen = Signal(str, str, str)

    def __init__(self, choices: Sequence[Choice], parent: QWidget | None = None) -> None:
        super().__init__(messages.text("ui.palette"), parent)
        self._choices = choices
        self._found: Found | None = None
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(_TYPING_MS)
        self._field = QLineEdit()
        self._field.setPlaceholderText(messages.text("ui.palette.hint"))
        self._field.setAccessibleName(messages.text("ui.palette.hint"))
        self._list = QTreeWidget()
        self._list.setHeaderHidden(True)
        self._list.setColumnCount(2)
        self._list.setItemDelegate(_Delegate(self._list))
        self._list.setRootIsDecorated(False)
        self._list.setUniformRowHeights(True)
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setAccessibleName(messages.text("ui.palette"))
        self._list.header().setStretchLastSection(False)
        self._list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.column.setContentsMargins(8, 8, 8, 8)
        self.column.setSpacing(8)
        self.column.addWidget(self._field)
        self.column.addWidget(self._list, 1)
        self._field.installEventFilter(self)
        self._field.textChanged.connect(self._on_typed)
        self._typing.timeout.connect(lambda: self.searched.emit(parse(self._field.text())))
        self.finished.connect(lambda _result: self.searched.emit(Query()))
        self._field.returnPressed.connect(self._take)
        self._list.itemClicked.connect(lambda _item, _column: self._take())
        self._draw()
        self.size_in_letters(84, 24)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows move through the list while the field keeps the focus."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 10, Qt.Key.Key_PageUp: -10}
            step = steps.get(Qt.Key(event.key()))
            if step is not None:
                row = self._list.currentIndex().row() + step
                self._go_to(min(max(row, 0), self._list.topLevelItemCount() - 1))
                return True
        return super().eventFilter(watched, event)

    def show_found(self, found: Found | None) -> None:
        """Draw what was found in messages below all else; None while that is not known."""
        self._found = found
        row = self._list.currentIndex().row()
        self._draw()
        self._go_to(min(row, self._list.topLevelItemCount() - 1))

    def _on_typed(self) -> None:
        self._found = None
        self._typing.start()
        self._draw()

    def _draw(self) -> None:
        self._list.clear()
        for choice in matching(self._choices, self._field.text()):
            item = QTreeWidgetItem([choice.title, choice.hint])
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            item.setData(0, _CHOICE, (choice.kind, choice.id))
            self._list.addTopLevelItem(item)
        for hit in self._found.hits if self._found is not None else ():
            title = " ".join(hit.title.split()) or messages.text("ui.history.untitled")
            item = QTreeWidgetItem(
                ["", self.fontMetrics().elidedText(title, Qt.TextElideMode.ElideRight, 200)]
            )
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            item.setData(0, _HIT, hit)
            item.setData(0, Qt.ItemDataRole.AccessibleTextRole, hit.snippet.text)
            self._list.addTopLevelItem(item)
        self._go_to(0)

    def _go_to(self, row: int) -> None:
        item = self._list.topLevelItem(row)
        if item is not None:
            self._list.setCurrentItem(item)

    def _take(self) -> None:
        item = self._list.currentItem()
        if item is None:
            return
        hit, choice = item.data(0, _HIT), item.data(0, _CHOICE)
        self.accept()
        if isinstance(hit, Hit):
            self.hit_chosen.emit(hit.conversation, hit.turn, hit.reply)
        else:
            self.chosen.emit(*choice)
