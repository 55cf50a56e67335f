"""What stands above the list: the search field, where to look, and the menu with kept searches and the trash."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QMenu, QVBoxLayout, QWidget

from sidelight import messages
from sidelight.store.query import Place, Query, parse
from sidelight.ui.widgets.flow import FlowLayout
from sidelight.ui.widgets.icon import IconButton
from sidelight.ui.widgets.plain import plain_tip

__all__ = ["SearchHead"]


class SearchHead(QWidget):
    """`typed` when the text changed, `placed` when other places are to be looked into; the rest are wishes.

    `kept` carries the text to be kept under a name, `dropped` the name of a kept search.
    """

    typed = Signal()
    placed = Signal()
    asked_new = Signal()
    kept = Signal(str)
    dropped = Signal(str)
    trash_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._searches: tuple[tuple[str, str], ...] = ()
        self._in_trash = 0
        self.field = QLineEdit()
        self.field.setPlaceholderText(messages.text("ui.history.search"))
        self.field.setAccessibleName(messages.text("ui.history.search"))
        self.field.setToolTip(plain_tip(messages.text("ui.search.hint")))
        self.field.setClearButtonEnabled(True)
        self.more = IconButton("more", messages.text("ui.history.more"))
        self.more.setPopupMode(IconButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(self.more)
        self.menu.aboutToShow.connect(self._fill_menu)
        self.more.setMenu(self.menu)
        new = IconButton("new", messages.text("ui.new"))
        self.places: dict[Place, QCheckBox] = {
            "prompt": QCheckBox(messages.text("ui.search.prompts")),
            "answer": QCheckBox(messages.text("ui.search.answers")),
            "trace": QCheckBox(messages.text("ui.search.traces")),
        }
        self.where = QWidget()
        where = FlowLayout(self.where)
        around = QHBoxLayout()
        around.setContentsMargins(4, 0, 0, 4)
        around.addWidget(self.where)
        for box in self.places.values():
            box.setChecked(True)
            box.toggled.connect(lambda _on: self.placed.emit())
            where.addWidget(box)
        self.where.hide()
        row = QHBoxLayout()
        row.setContentsMargins(8, 8, 8, 4)
        row.setSpacing(4)
        row.addWidget(self.field, 1)
        row.addWidget(self.more)
        row.addWidget(new)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addLayout(around)
        new.clicked.connect(self.asked_new)
        self.field.textChanged.connect(self._on_typed)

    def show_value(self, searches: Sequence[tuple[str, str]], in_trash: int) -> None:
        """Names of kept searches with what they look for, and how many conversations are in the trash."""
        self._searches, self._in_trash = tuple(searches), in_trash

    @property
    def looking(self) -> bool:
        """Whether something is typed."""
        return bool(self.field.text().strip())

    def query(self) -> Query:
        """What is typed, in the places that are checked."""
        places = frozenset(place for place, box in self.places.items() if box.isChecked())
        return parse(self.field.text(), places)

    def _on_typed(self) -> None:
        self.where.setVisible(self.looking)
        self.typed.emit()

    def _fill_menu(self) -> None:
        menu = self.menu
        menu.clear()
        for name, text in self._searches:
            action = menu.addAction(name.replace("&", "&&"))
            action.triggered.connect(lambda _on, text=text: self._run(text))
        if self._searches:
            menu.addSeparator()
        keep = menu.addAction(messages.text("ui.search.keep"))
        keep.setEnabled(self.looking)
        keep.triggered.connect(lambda: self.kept.emit(self.field.text().strip()))
        drop = menu.addMenu(messages.text("ui.search.drop"))
        drop.setEnabled(bool(self._searches))
        for name, _text in self._searches:
            action = drop.addAction(name.replace("&", "&&"))
            action.triggered.connect(lambda _on, name=name: self.dropped.emit(name))
        menu.addSeparator()
        trash = messages.text("ui.trash")
        menu.addAction(f"{trash} ({self._in_trash})" if self._in_trash else trash).triggered.connect(
            self.trash_wanted
        )

    def _run(self, text: str) -> None:
        """Look for a kept search: ended by a space, so that its last word is whole."""
        self.field.setText(f"{text} ")
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)
