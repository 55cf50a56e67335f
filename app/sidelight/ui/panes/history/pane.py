"""The list of conversations: pinned ones and date groups, tags, renaming in place, deletion with a way back, and the trash.

Above it the search: what is typed finds titles at once; `searched` asks for what stands in messages, and `show_found`
puts it below. Searches that are kept, and the trash, are in the menu beside the field. Stores nothing: it tells wishes.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Final

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QMenu, QVBoxLayout, QWidget

from sidelight import messages
from sidelight.store.query import Query, folded
from sidelight.store.search import Found, Hit
from sidelight.ui.panes.history.delegate import Delegate
from sidelight.ui.panes.history.groups import Entry, Heading, HistoryValue, Trashed, grouped, tagged, titled
from sidelight.ui.panes.history.head import SearchHead
from sidelight.ui.panes.history.list_view import ListView
from sidelight.ui.panes.history.model import Model, Row
from sidelight.ui.panes.history.results import said_of
from sidelight.ui.panes.history.tag_filter import TagFilter
from sidelight.ui.panes.history.trash import TrashFoot, TrashHead, ask_to_empty, ask_to_erase
from sidelight.ui.widgets.banner import Banner
from sidelight.ui.widgets.plain import Label

__all__ = ["HistoryPane", "HistoryValue"]

UNDO_MS: Final = 8_000
TYPING_MS: Final = 80
"""After the last letter, before messages are searched."""

_MOST_TITLES: Final = 5


class HistoryPane(QFrame):
    """Wishes: `opened`, `renamed`, `deleted` (after the time to undo has passed), `asked_new`, `searched`, `hit_opened`.

    `pinned` carries whether it is to be pinned; `tags_wished` and `export_wished` ask for a dialog; `search_kept` for a
    name for what is typed. `erased` and `emptied` come after the person was asked.
    """

    opened = Signal(str)
    more_wanted = Signal()
    """The end of what is listed is in sight."""
    all_wanted = Signal(bool)
    """Something is looked for by title or tag, in all there are; or no more."""
    searched = Signal(Query)
    """What to look for in messages; an empty query when no more."""
    hit_opened = Signal(str, str, str)
    """A conversation, a turn in it, and a reply, "" for the turn's prompt."""
    renamed = Signal(str, str)
    hidden = Signal(str)
    """Deleted, but it can still be taken back."""
    deleted = Signal(str)
    asked_new = Signal()
    pinned = Signal(str, bool)
    tags_wished = Signal(str)
    export_wished = Signal(str)
    restored = Signal(str)
    erased = Signal(str)
    emptied = Signal()
    search_kept = Signal(str)
    search_dropped = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "sidebar")
        self._value = HistoryValue()
        self._going: Entry | None = None
        self._asked = 0
        """How many entries there were when more were asked for last."""
        self._drawn = ""
        """The conversation that was open when the list was drawn last: one that was opened since is brought into sight."""
        self._found: Found | None = None
        self._indexed = 1.0
        self._trash_shown = False
        self._head = SearchHead()
        self._search = self._head.field
        self._search.installEventFilter(self)
        self._tags = TagFilter()
        self._trash_head = TrashHead()
        self._trash_foot = TrashFoot()
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(TYPING_MS)
        self._said = Label(role="muted", wrap=True)
        self._said.setContentsMargins(16, 8, 16, 8)
        self._said.hide()
        self._model = Model(self)
        self._list = ListView()
        self._list.setModel(self._model)
        self._list.setItemDelegate(Delegate(self._list))
        self._list.setAccessibleName(messages.text("ui.history"))
        self._list.setEditTriggers(ListView.EditTrigger.EditKeyPressed)
        self._list.setMouseTracking(True)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setFrameShape(QFrame.Shape.NoFrame)
        self._list.installEventFilter(self)
        self._undo = Banner(messages.text("ui.dismiss"))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(UNDO_MS)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        parts = (
            self._head,
            self._tags,
            self._trash_head,
            self._list,
            self._said,
            self._trash_foot,
            self._undo,
        )
        for part in parts:
            column.addWidget(part, int(part is self._list))
        self._trash_head.hide()
        self._trash_foot.hide()
        self._connect()

    def _connect(self) -> None:
        self._head.asked_new.connect(self.asked_new)
        self._head.typed.connect(self._on_typed)
        self._head.placed.connect(self._ask)
        self._head.kept.connect(self._keep)
        self._head.dropped.connect(self.search_dropped)
        self._head.trash_wanted.connect(self.show_trash)
        self._tags.changed.connect(self._on_tags)
        self._trash_head.left.connect(self.leave_trash)
        self._trash_foot.restored.connect(self._restore)
        self._trash_foot.erased.connect(self._on_delete)
        self._trash_foot.emptied.connect(self._empty)
        self._typing.timeout.connect(self._ask)
        self._list.clicked.connect(self._on_chosen)
        self._list.activated.connect(self._on_chosen)
        self._list.menu_wanted.connect(self._on_menu)
        self._list.delete_wanted.connect(self._on_delete)
        self._list.selectionModel().currentChanged.connect(self._on_current)
        self._model.renamed.connect(self.renamed)
        self._list.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self._undo.acted.connect(self.undo)
        self._undo.closed.connect(self.finish_deleting)
        self._timer.timeout.connect(self.finish_deleting)

    # --- values in

    def show_value(self, value: HistoryValue) -> None:
        """Draw the list."""
        self._value = value
        self._head.show_value(value.searches, len(value.trash))
        self._tags.show_tags(value.tags)
        self._draw()

    def show_found(self, found: Found | None, indexed: float = 1.0) -> None:
        """Draw what was found in messages, None while that is not known; `indexed` is the share that can be found yet."""
        self._found, self._indexed = found, indexed
        if self._looking:
            self._draw()

    # --- commands

    def rename_current(self) -> None:
        """Edit the title of the chosen conversation in its place."""
        self.leave_trash()
        index = self._index_of(self._value.current)
        if index.isValid():
            self._list.setFocus()
            self._list.setCurrentIndex(index)
            self._list.edit(index)

    def delete_current(self) -> None:
        """Delete the open conversation."""
        self.leave_trash()
        self.delete(self._value.current)

    def pin_current(self) -> None:
        """Pin the open conversation, or unpin it."""
        for entry in self._value.entries:
            if entry.id == self._value.current:
                self.pinned.emit(entry.id, not entry.pinned)

    def tag_current(self) -> None:
        """Ask for the tags of the open conversation."""
        if any(entry.id == self._value.current for entry in self._value.entries):
            self.tags_wished.emit(self._value.current)

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
        """Delete what waits for its undo; also called when the window closes."""
        going, self._going = self._going, None
        self._timer.stop()
        self._undo.say("")
        if going is not None:
            self.deleted.emit(going.id)

    def focus_search(self) -> None:
        """Go to the search field."""
        self.leave_trash()
        self._search.setFocus()
        self._search.selectAll()

    def show_trash(self) -> None:
        """Show what is in the trash instead of the list."""
        self.finish_deleting()
        self._turn_to(trash=True)
        self._list.setFocus(Qt.FocusReason.OtherFocusReason)
        self._list.setCurrentIndex(self._choosable(0, 1))

    def leave_trash(self) -> None:
        """Show the list again."""
        if self._trash_shown:
            self._turn_to(trash=False)

    # --- inside

    def _turn_to(self, *, trash: bool) -> None:
        self._trash_shown = trash
        self._head.setVisible(not trash)
        self._tags.setVisible(not trash and bool(self._value.tags))
        self._trash_head.setVisible(trash)
        self._trash_foot.setVisible(trash)
        self._list.setAccessibleName(messages.text("ui.trash" if trash else "ui.history"))
        self._draw()

    @property
    def _looking(self) -> bool:
        return self._head.looking and not self._trash_shown

    def _on_typed(self) -> None:
        self._want_all()
        if self._looking:
            self._typing.start()
        else:
            self._typing.stop()
            self._found = None
            self._ask()
        self._draw()

    def _on_scrolled(self, value: int) -> None:
        """Ask for more a page before the end, once for each time the list grows."""
        bar, there = self._list.verticalScrollBar(), len(self._value.entries)
        if self._value.more and there != self._asked and value >= bar.maximum() - bar.pageStep() > 0:
            self._asked = there
            self.more_wanted.emit()

    def _want_all(self) -> None:
        self.all_wanted.emit(self._looking or bool(self._tags.chosen))

    def _on_tags(self) -> None:
        self._want_all()
        if self._looking:
            self._ask()
        self._draw()

    def _keep(self, text: str) -> None:
        """Keep what is typed, with the tags that are chosen, written out."""
        tags = (f'tag:"{folded(tag)}"' for tag in self._tags.chosen)
        self.search_kept.emit(" ".join((text, *tags)))

    def _query(self) -> Query:
        query = self._head.query()
        return replace(query, tags=(*query.tags, *map(folded, self._tags.chosen)))

    def _ask(self) -> None:
        self.searched.emit(self._query() if self._looking else Query())

    def _draw(self) -> None:
        if self._list.state() == ListView.State.EditingState:
            return
        keeps_place = self._looking or self._trash_shown
        chosen = self._list.currentIndex().row() if keeps_place else -1
        bar = self._list.verticalScrollBar()
        at = bar.value()
        changed = self._model.put(self._rows(), self._value.streaming)
        said = self._sentence()
        self._said.setText(said)
        self._said.setVisible(bool(said))
        if keeps_place:
            if changed:
                self._list.setCurrentIndex(self._choosable(max(chosen, 0), 1))
            self._on_current()
            return
        if changed and self._drawn == self._value.current:
            # whoever reads far below is not taken away from there
            self._list.doItemsLayout()
            bar.setValue(at)
        index = self._index_of(self._value.current)
        if index.isValid():
            if index != self._list.currentIndex():
                self._list.setAutoScroll(self._drawn != self._value.current)
                self._list.setCurrentIndex(index)
                self._list.setAutoScroll(True)
            self._drawn = self._value.current
        else:
            self._list.clearSelection()

    def _sentence(self) -> str:
        if self._trash_shown:
            return "" if self._value.trash else messages.text("ui.trash.none")
        if self._looking:
            return said_of(self._found, self._indexed)
        nothing = self._tags.chosen and not self._model.rows
        return messages.text("ui.tagging.none") if nothing else ""

    def _rows(self) -> tuple[Row, ...]:
        if self._trash_shown:
            return self._value.trash
        going = self._going.id if self._going is not None else None
        entries = tagged((e for e in self._value.entries if e.id != going), self._tags.chosen)
        if not self._looking:
            return grouped(entries, time.time())
        hits = [h for h in self._found.hits if h.conversation != going] if self._found is not None else []
        rows: list[Row] = []
        for title, part in (
            ("ui.history", titled(entries, self._query())[:_MOST_TITLES]),
            ("ui.search.messages", hits),
        ):
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
        if isinstance(event, QKeyEvent) and (self._looking if watched is self._search else self._trash_shown):
            key = Qt.Key(event.key())
            if event.type() is QEvent.Type.ShortcutOverride and key == Qt.Key.Key_Escape:
                event.accept()
            elif event.type() is QEvent.Type.KeyPress:
                taken = self._on_key(key) if watched is self._search else self._on_trash_key(key)
                return taken or super().eventFilter(watched, event)
        return super().eventFilter(watched, event)

    def _on_key(self, key: Qt.Key) -> bool:
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 5, Qt.Key.Key_PageUp: -5}
        if key == Qt.Key.Key_Escape:
            self._search.clear()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._on_chosen(self._list.currentIndex())
        elif key in steps:
            index = self._choosable(self._list.currentIndex().row() + steps[key], steps[key])
            self._list.setCurrentIndex(index)
            self._list.scrollTo(index)
        else:
            return False
        return True

    def _on_trash_key(self, key: Qt.Key) -> bool:
        if key == Qt.Key.Key_Escape:
            self.leave_trash()
            self._list.setFocus(Qt.FocusReason.OtherFocusReason)
        return key == Qt.Key.Key_Escape

    def _index_of(self, identifier: str) -> QModelIndex:
        for place, row in enumerate(self._model.rows):
            if isinstance(row, Entry) and row.id == identifier:
                return self._model.index(place)
        return QModelIndex()

    def _on_chosen(self, index: QModelIndex) -> None:
        row = self._model.at(index)
        if isinstance(row, Hit):
            self.hit_opened.emit(row.conversation, row.turn, row.reply)
        elif isinstance(row, Entry) and row.id != self._value.current:
            self.opened.emit(row.id)

    def _on_current(self) -> None:
        if self._trash_shown:
            chosen = isinstance(self._model.at(self._list.currentIndex()), Trashed)
            self._trash_foot.show_situation(chosen=chosen, any_at_all=bool(self._value.trash))

    def _on_delete(self) -> None:
        """Delete the row that is chosen: into the trash, or for good out of it."""
        row = self._model.at(self._list.currentIndex())
        if isinstance(row, Entry):
            self.delete(row.id)
        elif isinstance(row, Trashed):
            ask_to_erase(row, lambda: self.erased.emit(row.id), self)

    def _restore(self) -> None:
        row = self._model.at(self._list.currentIndex())
        if isinstance(row, Trashed):
            self.restored.emit(row.id)

    def _empty(self) -> None:
        if self._value.trash:
            ask_to_empty(len(self._value.trash), self.emptied.emit, self)

    def _on_menu(self, at: QPoint) -> None:
        index = self._list.currentIndex()
        row = self._model.at(index)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if isinstance(row, Trashed):
            menu.addAction(messages.text("ui.trash.restore")).triggered.connect(self._restore)
            menu.addAction(messages.text("ui.trash.erase")).triggered.connect(self._on_delete)
        elif isinstance(row, Entry):
            entry = row
            pin = messages.text("ui.history.unpin" if entry.pinned else "ui.history.pin")
            menu.addAction(pin).triggered.connect(lambda: self.pinned.emit(entry.id, not entry.pinned))
            menu.addAction(messages.text("ui.tagging.edit")).triggered.connect(
                lambda: self.tags_wished.emit(entry.id)
            )
            menu.addAction(messages.text("ui.rename")).triggered.connect(lambda: self._list.edit(index))
            menu.addAction(messages.text("ui.export")).triggered.connect(
                lambda: self.export_wished.emit(entry.id)
            )
            menu.addSeparator()
            menu.addAction(messages.text("ui.delete")).triggered.connect(lambda: self.delete(entry.id))
        else:
            return
        menu.popup(at)
