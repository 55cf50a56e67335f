"""Choosing a model: places on the left, what they offer on the right, or a name typed by hand.

Servers that were found on this machine stand first. The embedded engine also lists weights that can be fetched, with size,
licence and source. Of local models it is shown whether they fit into memory; asked are only those in sight.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
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
from sidelight.engine.terms import EMBEDDED, Fitting, KeyState, WeightsOffer
from sidelight.ui import fitting, wording
from sidelight.ui.dialogs.base import Dialog
from sidelight.ui.offer import Offers, choose_model_file
from sidelight.ui.servers import FoundServer
from sidelight.ui.widgets.plain import Label, plain_tip

__all__ = ["ModelPicker", "PickerValue"]

_ID = Qt.ItemDataRole.UserRole
_CONTEXT, _FIT = 1, 2
"""Columns of the list."""
_LOOK_MS = 80
"""How long a list must stand still before it is asked what fits."""


@dataclass(frozen=True, slots=True)
class PickerValue:
    """`models` holds what each backend said: its models, why it could not say, or None while it is asked.

    `backends` are facts and title; of those in `servers` the title is not used. `absent` are backends of local servers
    that were not found. `fits` is by backend and model.
    """

    backends: tuple[tuple[About, str], ...]
    keys: Mapping[str, KeyState]
    models: Mapping[str, tuple[Model, ...] | BackendError | None]
    offers: tuple[WeightsOffer, ...] = ()
    servers: tuple[FoundServer, ...] = ()
    absent: frozenset[str] = frozenset()
    fits: Mapping[str, Mapping[str, Fitting]] = field(default_factory=dict)


class ModelPicker(Dialog):
    """`chosen` carries backend and model; the other signals are wishes on the way there."""

    chosen = Signal(str, str)
    models_wanted = Signal(str)
    fits_wanted = Signal(str, object)
    """Carries a backend and the ids of its models, or of weights to fetch."""
    servers_wanted = Signal()
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
        self._fits_asked: set[tuple[str, str]] = set()
        self._listed: object = None
        self._value: PickerValue | None = None
        self._places = QListWidget()
        self._places.setAccessibleName(messages.text("ui.picker.backends"))
        self._places.setProperty("role", "nav")
        self._places.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._places.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._search = QLineEdit()
        self._search.setPlaceholderText(messages.text("ui.picker.search"))
        self._search.setAccessibleName(messages.text("ui.picker.search"))
        self._search.setClearButtonEnabled(True)
        self._list = QTreeWidget()
        self._list.setHeaderLabels(
            [
                messages.text("ui.picker.model"),
                messages.text("ui.picker.context"),
                messages.text("ui.fit"),
            ]
        )
        self._list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._list.setRootIsDecorated(False)
        self._list.setUniformRowHeights(True)
        self._list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._list.setAccessibleName(messages.text("ui.picker.models"))
        self._list.header().setStretchLastSection(False)
        self._list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in (_CONTEXT, _FIT):
            self._list.header().setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self._fit = Label(role="muted", wrap=True)
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
        self._look = QPushButton(messages.text("ui.server.again"))
        self._looking = QTimer(self)
        self._looking.setSingleShot(True)
        self._looking.setInterval(_LOOK_MS)
        self._build()
        self.size_in_letters(120, 34)
        self._search.setFocus()

    def _build(self) -> None:
        address = QPushButton(messages.text("ui.picker.address"))
        address.setProperty("role", "quiet")
        address.setAutoDefault(False)
        self._look.setProperty("role", "quiet")
        self._look.setAutoDefault(False)
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addWidget(self._places, 1)
        left.addWidget(self._look)
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
        right.addWidget(self._fit)
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
        self._look.clicked.connect(self._on_look)
        self._looking.timeout.connect(self._ask_fits)
        self._list.verticalScrollBar().valueChanged.connect(lambda _value: self._looking.start())
        self._key.clicked.connect(lambda: self.key_wanted.emit(self._backend))
        self._again.clicked.connect(lambda: self.models_wanted.emit(self._backend))
        self._file.clicked.connect(lambda: choose_model_file(self, self.file_added.emit))
        self._offers.fetch_wanted.connect(self.fetch_wanted)
        self._offers.cancel_wanted.connect(self.cancel_wanted)
        self._places.currentItemChanged.connect(lambda item, _before: self._on_place(item))
        self._search.textChanged.connect(lambda _text: self._draw_models())
        self._typed.textChanged.connect(lambda _text: self._draw_button())
        self._list.currentItemChanged.connect(lambda _item, _before: self._on_model())
        self._list.itemActivated.connect(lambda _item, _column: self.accept())

    # --- values in

    def show_value(self, value: PickerValue) -> None:
        """Draw what is known now."""
        before, self._value = self._value, value
        if before is None or _grouped(before) != _grouped(value):
            self._draw_places(_grouped(value))
        self._look.setText(messages.text("ui.server.again"))
        self._look.setEnabled(True)
        self._draw()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More rows may be in sight."""
        super().resizeEvent(event)
        self._looking.start()

    # --- inside

    def _draw_places(self, groups: _Groups) -> None:
        """A heading a group, and under it its places; the chosen one stays chosen."""
        known = [identifier for _, entries in groups for identifier, _ in entries]
        if self._backend not in known and known:
            self._backend = known[0]
        self._places.blockSignals(True)
        self._places.clear()
        for heading, entries in groups:
            head = QListWidgetItem(heading)
            head.setFlags(Qt.ItemFlag.NoItemFlags)
            self._places.addItem(head)
            for identifier, title in entries:
                item = QListWidgetItem(title)
                item.setData(_ID, identifier)
                item.setData(Qt.ItemDataRole.ToolTipRole, plain_tip(title))
                self._places.addItem(item)
                if identifier == self._backend:
                    self._places.setCurrentItem(item)
        self._places.blockSignals(False)

    def _on_place(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self._backend = str(item.data(_ID))
            self._typed.clear()
            self._draw()

    def _on_look(self) -> None:
        self._look.setText(messages.text("ui.server.looking"))
        self._look.setEnabled(False)
        self.servers_wanted.emit()

    def _on_model(self) -> None:
        self._draw_button()
        self._draw_fit()

    def _draw(self) -> None:
        embedded = self._backend == EMBEDDED
        if self._backend and self._backend not in self._asked and not self._lacks_key():
            self._asked.add(self._backend)
            self.models_wanted.emit(self._backend)
        self._draw_models()
        self._offers.show_value(self._offered(), fits=self._fits())
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
        words = self._search.text().casefold().split()
        if (self._backend, models, words) != self._listed:
            self._listed = (self._backend, models, words)
            chosen = self._selected() or self._model
            self._list.clear()
            for model in _known(models):
                if all(w in f"{model.title} {model.id}".casefold() for w in words):
                    self._add_model(model, chosen)
            about = self._about()
            self._list.setColumnHidden(_FIT, about is None or not about.local)
            self._list.setColumnHidden(_CONTEXT, not any(m.context for m in _known(models)))
        self._draw_fits()
        self._note.setText(_note(models, no_key=self._lacks_key()))
        self._note.setVisible(bool(self._note.text()))
        refused = isinstance(models, BackendError) and models.failed.kind is FailureKind.AUTH
        self._key.setVisible(refused or self._lacks_key())
        self._again.setVisible(isinstance(models, BackendError))
        self._draw_button()

    def _add_model(self, model: Model, chosen: str) -> None:
        context = wording.count(model.context) if model.context else ""
        item = QTreeWidgetItem([model.title or model.id, context, ""])
        item.setData(0, Qt.ItemDataRole.ToolTipRole, plain_tip(model.id))
        item.setTextAlignment(_CONTEXT, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        item.setData(0, _ID, model.id)
        self._list.addTopLevelItem(item)
        if model.id == chosen:
            self._list.setCurrentItem(item)

    # --- what fits

    def _rows(self) -> Iterator[QTreeWidgetItem]:
        for place in range(self._list.topLevelItemCount()):
            if (item := self._list.topLevelItem(place)) is not None:
                yield item

    def _draw_fits(self) -> None:
        known = self._fits()
        for item in self._rows():
            if (found := known.get(str(item.data(0, _ID)))) is not None:
                item.setText(_FIT, fitting.in_a_word(found))
                item.setData(
                    _FIT, Qt.ItemDataRole.ToolTipRole, plain_tip("\n".join(fitting.explained(found)))
                )
        self._draw_fit()
        self._looking.start()

    def _draw_fit(self) -> None:
        """Of the chosen model all of it, for those who point at nothing."""
        found = self._fits().get(self._selected())
        self._fit.setVisible(found is not None)
        if found is not None:
            verdict, *parts = fitting.explained(found)
            self._fit.setText(f"{verdict}\n{' · '.join(parts)}".rstrip())

    def _fits(self) -> Mapping[str, Fitting]:
        return self._value.fits.get(self._backend, {}) if self._value is not None else {}

    def _ask_fits(self) -> None:
        """Of the rows in sight, each once."""
        about = self._about() if self._value is not None else None
        if about is None or not about.local:
            return
        item = self._list.itemAt(QPoint(0, 0))
        bottom = self._list.viewport().height()
        wanted = [offer.id for offer in self._offered()]
        while item is not None and self._list.visualItemRect(item).top() < bottom:
            wanted.append(str(item.data(0, _ID)))
            item = self._list.itemBelow(item)
        new = tuple(m for m in wanted if (self._backend, m) not in self._fits_asked)
        if new:
            self._fits_asked.update((self._backend, m) for m in new)
            self.fits_wanted.emit(self._backend, new)

    def _offered(self) -> list[WeightsOffer]:
        if self._value is None or self._backend != EMBEDDED:
            return []
        return [offer for offer in self._value.offers if offer.state != "installed"]

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


_Groups: TypeAlias = list[tuple[str, list[tuple[str, str]]]]


def _grouped(value: PickerValue) -> _Groups:
    """The places under their headings, as (id, title): here, elsewhere, and local servers that do not seem to run."""
    found = {server.backend: server for server in value.servers}
    titles = {about.id: title for about, title in value.backends}
    here = [(s.backend, f"{s.title}\n{s.facts}") for s in value.servers if s.backend in titles]
    here += [(about.id, title) for about, title in value.backends if about.id == EMBEDDED]
    others = [(a, title) for a, title in value.backends if a.id != EMBEDDED and a.id not in found]
    ready = sorted(
        others, key=lambda entry: entry[0].needs_key and value.keys.get(entry[0].id) in (None, "none")
    )
    elsewhere = [(a.id, title) for a, title in ready if a.id not in value.absent]
    absent = [(a.id, title) for a, title in ready if a.id in value.absent]
    groups = (
        (messages.text("ui.picker.here"), here),
        (messages.text("ui.picker.elsewhere"), elsewhere),
        (messages.text("ui.picker.absent"), absent),
    )
    return [(heading, entries) for heading, entries in groups if entries]


def _known(models: tuple[Model, ...] | BackendError | None) -> tuple[Model, ...]:
    return models if isinstance(models, tuple) else ()


def _note(models: tuple[Model, ...] | BackendError | None, *, no_key: bool) -> str:
    if no_key and not isinstance(models, tuple):
        return messages.text("ui.picker.no_key")
    if isinstance(models, BackendError):
        words = wording.failure(models.failed)
        return " ".join(w for w in (words.cause, words.step) if w)
    if models is None:
        return messages.text("ui.picker.asking")
    return "" if models else messages.text("ui.picker.none")
