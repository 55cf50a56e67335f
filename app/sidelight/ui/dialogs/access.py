"""Two small dialogs on the way to a hosted model: a key for a backend, and the address of a server."""

from __future__ import annotations

from urllib.parse import urlsplit

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QLineEdit, QWidget

from sidelight import messages
from sidelight.backends.base import About
from sidelight.chat.message import new_id
from sidelight.engine.terms import KeyState
from sidelight.secrets import InvalidSecret, Secret
from sidelight.settings import BackendSetting
from sidelight.ui.dialogs.base import Dialog
from sidelight.ui.widgets.plain import Label

__all__ = ["AddressDialog", "KeyDialog", "key_state", "problem_of_address"]

_STATES = {
    "none": "ui.key.none",
    "keyring": "ui.key.keyring",
    "environment": "ui.key.environment",
    "memory": "ui.key.memory",
}


def key_state(state: KeyState) -> str:
    """Where a key is kept, in words."""
    return messages.text(_STATES[state])


class KeyDialog(Dialog):
    """Takes a key. `given` carries backend and Secret; `forgotten` the backend whose key is to be forgotten."""

    given = Signal(str, object)
    forgotten = Signal(str)

    def __init__(
        self,
        backends: tuple[tuple[About, str], ...],
        keys: dict[str, KeyState],
        chosen: str = "",
        parent: QWidget | None = None,
    ) -> None:
        """`backends` are those that take a key, with their titles."""
        super().__init__(messages.text("ui.key.title"), parent)
        self._keys = keys
        self._backend = QComboBox()
        for about, title in backends:
            self._backend.addItem(title, about.id)
        place = self._backend.findData(chosen)
        self._backend.setCurrentIndex(max(place, 0))
        self._field = QLineEdit()
        self._field.setEchoMode(QLineEdit.EchoMode.Password)
        self._field.setPlaceholderText(messages.text("ui.key.placeholder"))
        self._state = Label(role="muted", wrap=True)
        form = QFormLayout()
        form.setSpacing(8)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for caption, field in (
            (messages.text("ui.key.backend"), self._backend),
            (messages.text("ui.key.key"), self._field),
        ):
            label = Label(caption)
            label.setBuddy(field)
            field.setAccessibleName(caption)
            form.addRow(label, field)
        self.column.addLayout(form)
        self.column.addWidget(self._state)
        self.column.addWidget(Label(messages.text("ui.key.where"), "muted", wrap=True))
        self.column.addStretch(1)
        self.add_buttons(messages.text("ui.save"))
        self._backend.currentIndexChanged.connect(lambda _index: self._draw())
        self._draw()
        self._field.setFocus()
        self.size_in_letters(70)

    def _draw(self) -> None:
        self._state.setText(key_state(self._keys.get(self._backend.currentData(), "none")))

    def accept(self) -> None:
        """Check what can be checked without asking; an empty field forgets the key."""
        typed = self._field.text()
        backend = self._backend.currentData()
        if not typed.strip():
            if self._keys.get(backend, "none") in ("keyring", "memory"):
                self.forgotten.emit(backend)
                super().accept()
            else:
                self.trouble.setText(messages.text("ui.key.empty"))
            return
        try:
            secret = Secret(typed)
        except InvalidSecret:
            self.trouble.setText(messages.text("ui.key.invalid"))
            return
        self._field.clear()
        self.given.emit(backend, secret)
        super().accept()


class AddressDialog(Dialog):
    """Takes the address of a server. `given` carries a BackendSetting."""

    given = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(messages.text("ui.address.title"), parent)
        self._kind = QComboBox()
        self._kind.addItem(messages.text("ui.address.openai"), "openai-compatible")
        self._kind.addItem(messages.text("ui.address.llamacpp"), "llamacpp")
        self._title = QLineEdit()
        self._title.setPlaceholderText(messages.text("ui.address.name.hint"))
        self._address = QLineEdit()
        self._address.setPlaceholderText("http://192.168.1.20:8000/v1")
        self._note = Label(role="warning", wrap=True)
        form = QFormLayout()
        form.setSpacing(8)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for caption, field in (
            (messages.text("ui.address.kind"), self._kind),
            (messages.text("ui.address.address"), self._address),
            (messages.text("ui.address.name"), self._title),
        ):
            label = Label(caption)
            label.setBuddy(field)
            field.setAccessibleName(caption)
            form.addRow(label, field)
        self.column.addLayout(form)
        self.column.addWidget(self._note)
        self.column.addStretch(1)
        self.add_buttons(messages.text("ui.address.add"))
        self._address.textChanged.connect(self._on_typed)
        self._address.setFocus()
        self.size_in_letters(70)

    def _on_typed(self, typed: str) -> None:
        self.trouble.setText("")
        parts = urlsplit(typed.strip()) if problem_of_address(typed) == "" else None
        plain = parts is not None and parts.scheme == "http" and not _is_loopback(parts.hostname or "")
        self._note.setText(messages.text("ui.address.plain") if plain else "")

    def accept(self) -> None:
        """Check the address; say what is wrong instead of closing."""
        problem = problem_of_address(self._address.text())
        if problem:
            self.trouble.setText(problem)
            return
        address = self._address.text().strip().rstrip("/")
        title = self._title.text().strip() or urlsplit(address).netloc
        self.given.emit(BackendSetting(new_id()[:8], self._kind.currentData(), title, address))
        super().accept()


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


def _is_loopback(host: str) -> bool:
    return host == "localhost" or host == "::1" or host.startswith("127.")
