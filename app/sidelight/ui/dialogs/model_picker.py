"""Choosing a model: places on the left, what they offer on the right, or a name typed by hand.

The embedded engine also lists weights that can be fetched, with size, licence and source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from sidelight import messages
from sidelight.backends.base import About, BackendError, Model
from sidelight.chat.events import FailureKind
from sidelight.engine.terms import EMBEDDED, KeyState, WeightsOffer
from sidelight.ui import wording
from sidelight.ui.dialogs.base import Dialog
from sidelight.ui.offer import Offers, choose_model_file
from sidelight.ui.widgets.plain import Label

__all__ = ["ModelPicker", "PickerValue"]

_ID = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class PickerValue:
    """`models` holds what each backend said: its models, why it could not say, or None while it is asked."""

    backends: tuple[tuple[About, str], ...]
    """Facts and title."""
    keys: Mapping[str, KeyState]
    models: Mapping[str, tuple[Model, ...] | BackendError | None]
    offers: tuple[WeightsOffer, ...] = ()


class ModelPicker(Dialog):
    """`chosen` carries backend and model; the other signals are wishes on the way there."""

    chosen = Signal(str, str)
    models_wanted = Signal(str)
    key_wanted = Signal(str)
    address_wanted = Signal()
    fetch_wanted = Signal(str)
    cancel_wanted = Signal(str)
    file_added = Signal(str)

    def __init__(self, backend: str, model: str, parent: QWidget | None = None) -> None:
        """Begin at a backend and a model; both may be empty."""
        super().__init__(messages.text("ui.picker.title"), parent)
        self._backend = backend
        self._model = model
        self._asked: set[str] = set()
        self._value: PickerValue | None = None
        self._places = QListWidget()
        self._places.setAccessibleName(messages.text("ui.picker.backends"))
        self._places.setProperty("role", "nav")
        self._search = QLineEdit()
        self._search.setPlaceholderText(messages.text("ui.picker.search"))
        self._search.setAccessibleName(messages.text("ui.picker.search"))
        self._search.setClearButtonEnabled(True)
        self._list = QTreeWidget()
        self._list.setHeaderLabels([messages.text("ui.picker.model"), messages.text("ui.picker.context")])
        self._list.setRootIsDecorated(False)
        self._list.setUniformRowHeights(True)
        self._list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._list.setAccessibleName(messages.text("ui.picker.models"))
        self._list.header().setStretchLastSection(False)
        self._list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self._note = Label(role="muted", wrap=True)
        self._key = QPushButton(messages.text("ui.set_key"))
        self._key.setProperty("role", "quiet")
        self._key.setAutoDefault(False)
        self._again = QPushButton(messages.text("ui.picker.again"))
        self._again.setProperty("role", "quiet")
        self._again.setAutoDefault(False)
        self._offers = Offers()
        self._file = QPushButton(messages.text("ui.picker.file"))
        self._file.setProperty("role", "quiet")
        self._file.setAutoDefault(False)
        self._typed = QLineEdit()
        self._typed.setPlaceholderText(messages.text("ui.picker.type"))
        self._typed.setAccessibleName(messages.text("ui.picker.type"))
        self._build()
        self.size_in_letters(110, 30)
        self._search.setFocus()

    def _build(self) -> None:
        address = QPushButton(messages.text("ui.picker.address"))
        address.setProperty("role", "quiet")
        address.setAutoDefault(False)
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addWidget(self._places, 1)
        left.addWidget(address)
        trouble = QHBoxLayout()
        trouble.setSpacing(8)
        trouble.addWidget(self._note, 1)
        trouble.addWidget(self._key)
        trouble.addWidget(self._again)
        right = QVBoxLayout()
        right.setSpacing(8)
        right.addWidget(self._search)
        right.addWidget(self._list, 1)
        right.addLayout(trouble)
        right.addWidget(self._offers)
        right.addWidget(self._file, 0, Qt.AlignmentFlag.AlignLeft)
        right.addWidget(self._typed)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addLayout(left, 2)
        row.addLayout(right, 5)
        self.column.addLayout(row, 1)
        self._use = self.add_buttons(messages.text("ui.picker.use"))
        address.clicked.connect(self.address_wanted)
        self._key.clicked.connect(lambda: self.key_wanted.emit(self._backend))
        self._again.clicked.connect(lambda: self.models_wanted.emit(self._backend))
        self._file.clicked.connect(lambda: choose_model_file(self, self.file_added.emit))
        self._offers.fetch_wanted.connect(self.fetch_wanted)
        self._offers.cancel_wanted.connect(self.cancel_wanted)
        self._places.currentItemChanged.connect(lambda item, _before: self._on_place(item))
        self._search.textChanged.connect(lambda _text: self._draw_models())
        self._typed.textChanged.connect(lambda _text: self._draw_button())
        self._list.currentItemChanged.connect(lambda _item, _before: self._draw_button())
        self._list.itemActivated.connect(lambda _item, _column: self.accept())

    # --- values in

    def show_value(self, value: PickerValue) -> None:
        """Draw what is known now."""
        self._value = value
        known = [about.id for about, _ in value.backends]
        shown = [self._places.item(i).data(_ID) for i in range(self._places.count())]
        if known != shown:
            self._places.blockSignals(True)
            self._places.clear()
            for about, title in value.backends:
                item = QListWidgetItem(title)
                item.setData(_ID, about.id)
                self._places.addItem(item)
            self._places.blockSignals(False)
            if self._backend not in known and known:
                self._backend = known[0]
            if self._backend in known:
                self._places.setCurrentRow(known.index(self._backend))
        self._draw()

    # --- inside

    def _on_place(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self._backend = str(item.data(_ID))
            self._typed.clear()
            self._draw()

    def _draw(self) -> None:
        embedded = self._backend == EMBEDDED
        if self._backend and self._backend not in self._asked and not self._lacks_key():
            self._asked.add(self._backend)
            self.models_wanted.emit(self._backend)
        self._draw_models()
        self._draw_offers(embedded)
        self._file.setVisible(embedded)
        self._typed.setVisible(not embedded)

    def _about(self) -> About | None:
        assert self._value is not None
        return next((a for a, _ in self._value.backends if a.id == self._backend), None)

    def _lacks_key(self) -> bool:
        assert self._value is not None
        about = self._about()
        return about is not None and about.needs_key and self._value.keys.get(about.id, "none") == "none"

    def _draw_models(self) -> None:
        assert self._value is not None
        models = self._value.models.get(self._backend)
        chosen = self._selected() or self._model
        self._list.clear()
        words = self._search.text().casefold().split()
        if isinstance(models, tuple):
            for model in models:
                if all(w in f"{model.title} {model.id}".casefold() for w in words):
                    self._add_model(model, chosen)
        self._note.setText(_note(models, no_key=self._lacks_key()))
        self._note.setVisible(bool(self._note.text()))
        refused = isinstance(models, BackendError) and models.failed.kind is FailureKind.AUTH
        self._key.setVisible(refused or self._lacks_key())
        self._again.setVisible(isinstance(models, BackendError))
        self._draw_button()

    def _add_model(self, model: Model, chosen: str) -> None:
        context = wording.count(model.context) if model.context else ""
        item = QTreeWidgetItem([model.title or model.id, context])
        item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        item.setData(0, _ID, model.id)
        self._list.addTopLevelItem(item)
        if model.id == chosen:
            self._list.setCurrentItem(item)

    def _draw_offers(self, embedded: bool) -> None:
        assert self._value is not None
        offers = [o for o in self._value.offers if o.state != "installed"] if embedded else []
        self._offers.show_value(offers)

    def _selected(self) -> str:
        item = self._list.currentItem()
        return str(item.data(0, _ID)) if item is not None else ""

    def _draw_button(self) -> None:
        self._use.setEnabled(bool(self._typed.text().strip() or self._selected()))

    def accept(self) -> None:
        """Take the typed name, else the chosen model."""
        model = self._typed.text().strip() or self._selected()
        if not model:
            return
        self.chosen.emit(self._backend, model)
        super().accept()


def _note(models: tuple[Model, ...] | BackendError | None, *, no_key: bool) -> str:
    if no_key and not isinstance(models, tuple):
        return messages.text("ui.picker.no_key")
    if isinstance(models, BackendError):
        words = wording.failure(models.failed)
        return " ".join(w for w in (words.cause, words.step) if w)
    if models is None:
        return messages.text("ui.picker.asking")
    return "" if models else messages.text("ui.picker.none")
