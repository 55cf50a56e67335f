"""Which conversations go into a file, in which format; then how far it has come, and where it was written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QWidget,
)

from sidelight import messages
from sidelight.chat.conversation import Conversation
from sidelight.store.conversations import Summary
from sidelight.transfer import export
from sidelight.transfer.registry import FORMATS, by_id
from sidelight.transfer.source import Options
from sidelight.ui.dialogs.base import Dialog
from sidelight.ui.exporting import Order, Place, Writer
from sidelight.ui.widgets.file_dialog import ask_where_to_save
from sidelight.ui.widgets.plain import Label

__all__ = ["ExportDialog"]

_ID = Qt.ItemDataRole.UserRole
_WHICH = (("this", "ui.export.this"), ("chosen", "ui.export.chosen"), ("all", "ui.export.all"))
_TRACES = (
    ("folded", "ui.export.traces.folded"),
    ("in", "ui.export.traces.in"),
    ("out", "ui.export.traces.out"),
)


class ExportDialog(Dialog):
    """Stays open until what was asked for is written, and says where."""

    def __init__(
        self,
        shown: Conversation,
        history: Sequence[Summary],
        place: Place,
        parent: QWidget | None = None,
        *,
        everything: bool = False,
        chosen: str = "",
        ask_path: Callable[[QWidget, str, Callable[[str], None]], None] | None = None,
    ) -> None:
        """`everything`: begin with all that can be taken in again; `chosen`: with the conversation of this id. `ask_path` asks for the name of a file, given one to begin with; the system's own dialog unless told."""
        super().__init__(messages.text("ui.export.title"), parent)
        self._shown = shown
        self._ask_path = ask_path or _ask_path
        self._writer: Writer | None = None
        self._closing = False
        self._place = place
        self._which = _combo("ui.export.which", _WHICH if shown.turns else _WHICH[1:])
        self._list = QListWidget()
        self._list.setAccessibleName(messages.text("ui.export.chosen"))
        self._list.setSelectionMode(QListWidget.SelectionMode.MultiSelection)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for summary in history:
            item = QListWidgetItem(" ".join(summary.title.split()) or messages.text("ui.history.untitled"))
            item.setData(_ID, summary.id)
            self._list.addItem(item)
            item.setSelected(summary.id == (chosen or shown.id))
        self._format = _combo("ui.export.format", [(form.id, form.label) for form in FORMATS])
        self._about = Label(role="muted", wrap=True)
        self._about.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._traces = _combo("ui.export.traces", _TRACES)
        self._exchanges = QCheckBox(messages.text("ui.export.exchanges.included"))
        self._form = QFormLayout()
        self._form.setSpacing(8)
        self._form.setHorizontalSpacing(16)
        self._form.addRow(Label(messages.text("ui.export.which"), "muted"), self._which)
        self._form.addRow(self._list)
        self._form.addRow(Label(messages.text("ui.export.format"), "muted"), self._format)
        self._form.addRow("", self._about)
        self._form.addRow(Label(messages.text("ui.export.traces"), "muted"), self._traces)
        self._form.addRow(Label(messages.text("ui.export.exchanges"), "muted"), self._exchanges)
        self.column.addLayout(self._form)
        self._meter, self._said = self.add_progress()
        self.column.addStretch(1)
        self._leave = QPushButton(messages.text("ui.cancel"))
        self._leave.setAutoDefault(False)
        self._leave.clicked.connect(self.reject)
        self._do = self.add_buttons(messages.text("ui.export.do"), cancel=False, beside=self._leave)
        self._which.currentIndexChanged.connect(lambda _index: self._draw())
        self._format.currentIndexChanged.connect(lambda _index: self._draw())
        if chosen and chosen != shown.id:
            self._which.setCurrentIndex(self._which.findData("chosen"))
        if everything:
            self._which.setCurrentIndex(self._which.findData("all"))
            self._format.setCurrentIndex(self._format.findData("json"))
        self._draw()
        self.size_in_letters(64)

    def accept(self) -> None:
        """Ask for a file and begin; pressed again, stop; at the end, close."""
        if self._writer is not None:
            self._writer.stop()
            return
        if self._wanted() == ():
            self.trouble.setText(messages.text("ui.export.none"))
            return
        self.trouble.setText("")
        suffix = by_id(self._format.currentData()).suffix
        title = self._shown.title if self._which.currentData() == "this" else ""
        self._ask_path(self, export.file_name(title, suffix), self._begin)

    def reject(self) -> None:
        """Close; what is being written is left off first."""
        self._closing = True
        if self._writer is not None:
            self._writer.stop()
        else:
            super().reject()

    def _draw(self) -> None:
        form = by_id(self._format.currentData())
        self._about.setText(messages.text(f"ui.export.about.{form.id}"))
        self._form.setRowVisible(self._list, self._which.currentData() == "chosen")
        self._form.setRowVisible(self._traces, form.readable)
        self._form.setRowVisible(self._exchanges, not form.readable)

    def _wanted(self) -> tuple[str, ...] | None:
        match self._which.currentData():
            case "this":
                return (self._shown.id,)
            case "all":
                return None
            case _:
                return tuple(item.data(_ID) for item in self._list.selectedItems())

    def _begin(self, path: str) -> None:
        form = by_id(self._format.currentData())
        exchanges = self._exchanges.isChecked() and not form.readable
        options = Options(self._traces.currentData(), exchanges)
        self._writer = writer = Writer(self._place, self)
        writer.progressed.connect(self._on_progress)
        writer.done.connect(self._on_done)
        self._set_choosing(False)
        self._said.set_role("muted")
        self._said.setText("")
        self._said.show()
        self._meter.show_value(0.0, "")
        self._meter.show()
        self._do.setText(messages.text("ui.export.stop"))
        writer.begin(Order(form, self._wanted(), self._shown, options, Path(path)))

    def _set_choosing(self, enabled: bool) -> None:
        for widget in (self._which, self._list, self._format, self._traces, self._exchanges):
            widget.setEnabled(enabled)

    def _on_progress(self, done: int, total: int) -> None:
        said = messages.text("ui.export.running", done=done, total=total)
        self._said.setText(said)
        self._meter.show_value(done / max(1, total), said)

    def _on_done(self, said: str, well: bool) -> None:
        self._writer = None
        if self._closing:
            self.reject()
            return
        self._set_choosing(True)
        self._meter.hide()
        self._do.setText(messages.text("ui.export.do"))
        self._leave.setText(messages.text("ui.close"))
        self._said.set_role("muted" if well else "warning")
        self._said.setText(said)
        self._said.show()


def _combo(title: str, choices: Sequence[tuple[str, str]]) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(messages.text(title))
    for value, label in choices:
        box.addItem(messages.text(label), value)
    return box


def _ask_path(parent: QWidget, name: str, then: Callable[[str], None]) -> None:
    ask_where_to_save(parent, messages.text("ui.export.title"), name, then)
