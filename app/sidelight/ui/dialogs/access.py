"""Two small dialogs on the way to a model: a key for a backend, and the address of a server. And what is known of backends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLineEdit, QPushButton, QWidget

from sidelight import messages
from sidelight.backends import registry
from sidelight.backends.base import About, BackendError, Model
from sidelight.chat.message import new_id
from sidelight.engine.terms import KeyState
from sidelight.net import is_plain
from sidelight.secrets import InvalidSecret, Secret
from sidelight.settings import BackendSetting
from sidelight.ui import wording
from sidelight.ui.dialogs.base import Dialog
from sidelight.ui.widgets.number_box import NumberBox
from sidelight.ui.widgets.plain import Label

__all__ = [
    "AddressDialog",
    "KeyDialog",
    "KnownBackend",
    "Listed",
    "key_place",
    "key_state",
    "problem_of_address",
    "tested",
]

Listed: TypeAlias = "tuple[Model, ...] | BackendError | None"
"""What a backend answered when it was asked for its models; None while it is asked, and before."""

_STATES = {
    "none": "ui.key.none",
    "keyring": "ui.key.keyring",
    "environment": "ui.key.environment",
    "memory": "ui.key.memory",
}


_PLACES = {
    "none": "ui.key.place.none",
    "keyring": "ui.key.place.keyring",
    "environment": "ui.key.place.environment",
    "memory": "ui.key.place.memory",
}


@dataclass(frozen=True, slots=True)
class KnownBackend:
    """A backend with its title, where its key is (`variable` names the one of the environment), and its models."""

    about: About
    title: str
    key: KeyState
    variable: str = ""
    models: Listed = None


def key_state(known: KnownBackend) -> str:
    """Where a key is kept, in words."""
    if known.key == "environment" and known.variable:
        return messages.text("ui.key.variable", name=known.variable)
    return messages.text(_STATES[known.key])


def key_place(known: KnownBackend) -> str:
    """The same in a word or two, for a table."""
    if known.key == "environment" and known.variable:
        return known.variable
    if known.key == "none" and not known.about.needs_key:
        return messages.text("ui.key.not_needed")
    return messages.text(_PLACES[known.key])


def tested(models: Listed) -> str:
    """What a test came to, in words."""
    if models is None:
        return messages.text("ui.picker.asking")
    if isinstance(models, BackendError):
        words = wording.failure(models.failed)
        return " ".join(w for w in (words.cause, words.step) if w)
    if not models:
        return messages.text("ui.key.works.unlisted")
    return messages.plural("ui.key.works", len(models))


def _form(*rows: tuple[str, QWidget]) -> QFormLayout:
    form = QFormLayout()
    form.setSpacing(8)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    for caption, field in rows:
        label = Label(caption)
        label.setBuddy(field)
        field.setAccessibleName(caption)
        form.addRow(label, field)
    return form


class KeyDialog(Dialog):
    """Takes a key. `given` carries backend and Secret; `forgotten` and `test_wanted` a backend."""

    given = Signal(str, object)
    forgotten = Signal(str)
    test_wanted = Signal(str)

    def __init__(
        self, backends: Sequence[KnownBackend], chosen: str = "", parent: QWidget | None = None
    ) -> None:
        """`backends` are those that take a key."""
        super().__init__(messages.text("ui.key.title"), parent)
        self._known = {known.about.id: known for known in backends}
        self._testing = ""
        self._backend = QComboBox()
        self._backend.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for known in backends:
            self._backend.addItem(known.title, known.about.id)
        self._backend.setCurrentIndex(max(self._backend.findData(chosen), 0))
        self._field = QLineEdit()
        self._field.setEchoMode(QLineEdit.EchoMode.Password)
        self._field.setPlaceholderText(messages.text("ui.key.placeholder"))
        self._state = Label(role="muted", wrap=True)
        self._outcome = Label(wrap=True)
        self._test = QPushButton()
        self._test.setProperty("role", "quiet")
        self._test.setAutoDefault(False)
        self.column.addLayout(
            _form(
                (messages.text("ui.key.backend"), self._backend),
                (messages.text("ui.key.key"), self._field),
            )
        )
        self.column.addWidget(self._state)
        self.column.addWidget(Label(messages.text("ui.key.where"), "muted", wrap=True))
        self.column.addWidget(self._outcome)
        self.column.addStretch(1)
        self.add_buttons(messages.text("ui.save"), beside=self._test)
        self._backend.currentIndexChanged.connect(lambda _index: self._on_backend())
        self._field.textChanged.connect(lambda _text: self._draw())
        self._test.clicked.connect(self._on_test)
        self._draw()
        self._field.setFocus()
        self.size_in_letters(76)

    def show_value(self, backends: Sequence[KnownBackend]) -> None:
        """Draw what is known by now: where keys are kept, and what a test came to."""
        self._known = {known.about.id: known for known in backends}
        self._draw()

    def _chosen(self) -> str:
        return str(self._backend.currentData())

    def _on_backend(self) -> None:
        self._testing = ""
        self.trouble.setText("")
        self._draw()

    def _draw(self) -> None:
        known = self._known.get(self._chosen())
        self._state.setText(key_state(known) if known is not None else "")
        self._state.set_role("warning" if known is not None and known.key == "memory" else "muted")
        typed = bool(self._field.text().strip())
        self._test.setText(messages.text("ui.key.save_test") if typed else messages.text("ui.key.test"))
        testing = known is not None and self._testing == known.about.id
        self._outcome.setVisible(testing)
        if known is not None and testing:
            self._outcome.setText(tested(known.models))
            failed = isinstance(known.models, BackendError)
            self._outcome.set_role("error" if failed else "ready" if known.models is not None else "muted")

    def _on_test(self) -> None:
        """Keep what was typed, then ask the backend for its models; the dialog stays and says what came of it."""
        backend = self._chosen()
        if self._field.text().strip():
            if not self._give():
                return
        else:
            self.test_wanted.emit(backend)
        self._testing = backend
        self._draw()

    def _give(self) -> bool:
        try:
            secret = Secret(self._field.text())
        except InvalidSecret:
            self.trouble.setText(messages.text("ui.key.invalid"))
            return False
        self._field.clear()
        self.trouble.setText("")
        self.given.emit(self._chosen(), secret)
        return True

    def accept(self) -> None:
        """Check what can be checked without asking; an empty field forgets the key, but not one that was just tested."""
        backend = self._chosen()
        if self._field.text().strip():
            if not self._give():
                return
        elif self._testing != backend:
            known = self._known.get(backend)
            if known is None or known.key not in ("keyring", "memory"):
                self.trouble.setText(messages.text("ui.key.empty"))
                return
            self.forgotten.emit(backend)
        super().accept()


class AddressDialog(Dialog):
    """Takes the address of a server. `given` carries a BackendSetting: a new one, or the one it was opened with, changed."""

    given = Signal(object)

    def __init__(self, setting: BackendSetting | None = None, parent: QWidget | None = None) -> None:
        title = messages.text("ui.address.title") if setting is None else messages.text("ui.address.edit")
        super().__init__(title, parent)
        self._setting = setting
        self._kind = QComboBox()
        for row in _kinds() if setting is None else (registry.row(setting.provider),):
            self._kind.addItem(row.title, row.provider)
        self._kind.setEnabled(setting is None)
        self._title = QLineEdit(setting.title if setting is not None else "")
        self._title.setPlaceholderText(messages.text("ui.address.name.hint"))
        self._address = QLineEdit(setting.base_url if setting is not None else "")
        self._first, self._silence = NumberBox(5, 7200, 5, " s"), NumberBox(5, 7200, 5, " s")
        rows: list[tuple[str, QWidget]] = [
            (messages.text("ui.address.kind"), self._kind),
            (messages.text("ui.address.address"), self._address),
            (messages.text("ui.address.name"), self._title),
        ]
        if setting is not None:
            for field, seconds in ((self._first, setting.first_payload), (self._silence, setting.silence)):
                field.setValue(round(seconds))
            rows += [
                (messages.text("ui.address.first_payload"), self._first),
                (messages.text("ui.address.silence"), self._silence),
            ]
        self._note = Label(messages.text("ui.address.plain"), "error", wrap=True)
        self._allow = QCheckBox(messages.text("ui.address.plain.allow"))
        self._allow.setChecked(setting is not None and setting.plain_http)
        self._allow.setAccessibleDescription(self._note.text())
        self.column.addLayout(_form(*rows))
        self.column.addWidget(self._note)
        self.column.addWidget(self._allow)
        self.column.addStretch(1)
        self.add_buttons(messages.text("ui.address.add") if setting is None else messages.text("ui.save"))
        self._draw()
        self._address.textChanged.connect(lambda _text: self._on_typed())
        self._kind.currentIndexChanged.connect(lambda _index: self._draw())
        self._address.setFocus()
        self.size_in_letters(76)

    def _typed(self) -> str:
        return self._address.text().strip().rstrip("/")

    def _on_typed(self) -> None:
        """What was allowed for one address is not for another."""
        self.trouble.setText("")
        self._allow.setChecked(False)
        self._draw()

    def _draw(self) -> None:
        usual = registry.row(self._kind.currentData()).base_url
        self._address.setPlaceholderText(usual or "https://192.168.1.20:8000/v1")
        plain = problem_of_address(self._typed()) == "" and is_plain(self._typed())
        self._note.setVisible(plain)
        self._allow.setVisible(plain)

    def accept(self) -> None:
        """Check the address; say what is wrong instead of closing."""
        provider = self._kind.currentData()
        address = self._typed() or registry.row(provider).base_url
        problem = problem_of_address(address)
        if not problem and is_plain(address) and not self._allow.isChecked():
            problem = messages.text("ui.address.plain.first")
        if problem:
            self.trouble.setText(problem)
            return
        setting = self._setting or BackendSetting(new_id()[:8], provider)
        changed = msgspec.structs.replace(
            setting,
            title=self._title.text().strip() or urlsplit(address).netloc,
            base_url=address,
            plain_http=is_plain(address),
        )
        if self._setting is not None:
            changed = msgspec.structs.replace(
                changed, first_payload=float(self._first.value()), silence=float(self._silence.value())
            )
        self.given.emit(changed)
        super().accept()


def _kinds() -> list[registry.Row]:
    """What a server of a person's own may be: the general one first, then those that run at home, then the rest."""
    rows = [row for row in registry.ROWS if row.local or not row.base_url]
    return sorted(rows, key=lambda row: (row.provider != "openai-compatible", not row.local))


def problem_of_address(typed: str) -> str:
    """What is wrong with an address, in words; "" where nothing is."""
    try:
        parts = urlsplit(typed.strip())
        host, _port = parts.hostname, parts.port
    except ValueError:
        return messages.text("ui.address.broken")
    if parts.scheme not in ("http", "https") or not host:
        return messages.text("ui.address.broken")
    if parts.username is not None or parts.password is not None:
        return messages.text("ui.address.user")
    if parts.query or parts.fragment:
        return messages.text("ui.address.query")
    return ""
