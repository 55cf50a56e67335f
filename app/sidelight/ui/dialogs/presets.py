"""Parameters by a name of the person's: a row to choose, keep, rename and delete them, and the dialog that asks for a name.

Knows no lane: it is shown the parameters there are now, and tells those that were chosen.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QMenu, QMessageBox, QWidget

from sidelight import messages
from sidelight.chat.message import Parameters
from sidelight.settings import PresetSetting
from sidelight.ui.dialogs.base import Dialog
from sidelight.ui.widgets.icon import IconButton
from sidelight.ui.widgets.plain import Label

__all__ = ["NameDialog", "PresetRow"]

_LONGEST = 80
"""Characters of a name."""


class PresetRow(QWidget):
    """`chosen` carries Parameters, `changed` all presets there are now."""

    chosen = Signal(object)
    changed = Signal(object)

    def __init__(
        self,
        presets: tuple[PresetSetting, ...],
        typed: Callable[[], Parameters | None],
        parent: QWidget | None = None,
    ) -> None:
        """`typed` gives the parameters as they stand now; None where they cannot be read, which it says itself."""
        super().__init__(parent)
        self._presets = presets
        self._typed = typed
        self._box = QComboBox()
        self._box.setAccessibleName(messages.text("ui.preset"))
        self._box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._box.setMinimumContentsLength(12)
        more = IconButton("more", messages.text("ui.presets"))
        more.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        more.setPopupMode(IconButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(more)
        menu.addAction(messages.text("ui.preset.keep")).triggered.connect(self._on_keep)
        self._rename = menu.addAction(messages.text("ui.preset.rename"))
        self._rename.triggered.connect(self._on_rename)
        self._delete = menu.addAction(messages.text("ui.preset.delete"))
        self._delete.triggered.connect(self._on_delete)
        more.setMenu(menu)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        line.addWidget(self._box, 1)
        line.addWidget(more)
        self.setFocusProxy(self._box)
        self._box.activated.connect(lambda _index: self._on_chosen())
        self._fill("")

    def show_typed(self, parameters: Parameters | None) -> None:
        """Name the preset that these parameters are, if they are one."""
        found = next((p.name for p in self._presets if p.parameters == parameters), "")
        self._box.setCurrentIndex(max(0, self._box.findData(found)))
        self._draw()

    def _fill(self, current: str) -> None:
        self._box.clear()
        self._box.addItem(messages.text("ui.preset.none"), "")
        for preset in self._presets:
            self._box.addItem(preset.name, preset.name)
        self._box.setCurrentIndex(max(0, self._box.findData(current)))
        self._draw()

    def _current(self) -> PresetSetting | None:
        name = self._box.currentData()
        return next((p for p in self._presets if p.name == name), None)

    def _draw(self) -> None:
        for action in (self._rename, self._delete):
            action.setEnabled(self._current() is not None)

    def _on_chosen(self) -> None:
        self._draw()
        if (preset := self._current()) is not None:
            self.chosen.emit(preset.parameters)

    def _on_keep(self) -> None:
        parameters = self._typed()
        if parameters is None:
            return
        current = self._current()
        dialog = NameDialog(
            messages.text("ui.preset.keep.title"), current.name if current else "", self._names(), self
        )
        dialog.given.connect(lambda name: self._put(PresetSetting(name, parameters), name))
        dialog.open()

    def _on_rename(self) -> None:
        if (preset := self._current()) is None:
            return
        others = self._names() - {preset.name}
        dialog = NameDialog(messages.text("ui.preset.rename.title"), preset.name, others, self)
        dialog.given.connect(lambda name: self._put(msgspec.structs.replace(preset, name=name), preset.name))
        dialog.open()

    def _on_delete(self) -> None:
        if (preset := self._current()) is None:
            return
        question = QMessageBox(self)
        question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        question.setTextFormat(Qt.TextFormat.PlainText)
        question.setWindowTitle(messages.text("ui.preset.delete.title"))
        question.setText(messages.text("ui.preset.delete.ask", name=preset.name))
        yes = question.addButton(messages.text("ui.delete"), QMessageBox.ButtonRole.DestructiveRole)
        question.setDefaultButton(question.addButton(QMessageBox.StandardButton.Cancel))
        yes.clicked.connect(lambda: self._drop(preset.name))
        question.open()

    def _names(self) -> set[str]:
        return {preset.name for preset in self._presets}

    def _put(self, preset: PresetSetting, instead_of: str) -> None:
        """One of a name: what had this name, or the other, is replaced."""
        kept = [p for p in self._presets if p.name not in (preset.name, instead_of)]
        self._tell((*kept, preset), preset.name)

    def _drop(self, name: str) -> None:
        self._tell(tuple(p for p in self._presets if p.name != name), "")

    def _tell(self, presets: tuple[PresetSetting, ...], current: str) -> None:
        self._presets = tuple(sorted(presets, key=lambda p: p.name.casefold()))
        self._fill(current)
        self.changed.emit(self._presets)


class NameDialog(Dialog):
    """Asks for a name; says so where it would replace another. `given` carries it."""

    given = Signal(str)

    def __init__(self, title: str, name: str, taken: set[str], parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self._taken = taken
        self._name = QLineEdit(name)
        self._name.setMaxLength(_LONGEST)
        self._name.setPlaceholderText(messages.text("ui.preset.name"))
        self._name.setAccessibleName(messages.text("ui.preset.name"))
        self._note = Label(role="warning", wrap=True)
        self.column.addWidget(self._name)
        self.column.addWidget(self._note)
        self.column.addStretch(1)
        self.add_buttons(messages.text("ui.save"))
        self._name.textChanged.connect(lambda _text: self._draw())
        self._draw()
        self._name.selectAll()
        self._name.setFocus()
        self.size_in_letters(52)

    def _typed(self) -> str:
        return " ".join(self._name.text().split())

    def _draw(self) -> None:
        self.trouble.setText("")
        replaces = self._typed() in self._taken
        self._note.setText(messages.text("ui.preset.replaces") if replaces else "")

    def accept(self) -> None:
        """Take the name, if there is one."""
        if not self._typed():
            self.trouble.setText(messages.text("ui.preset.unnamed"))
            return
        self.given.emit(self._typed())
        super().accept()
