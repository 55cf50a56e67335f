"""What a page of the preferences is: fields in a form, a value in, a changed value out."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QVBoxLayout, QWidget

from sidelight.settings import Settings
from sidelight.ui.widgets.plain import Label

__all__ = ["Page"]


class Page(QWidget):
    """`changed` carries the new Settings. A page changes only the fields it shows."""

    changed = Signal(object)

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = title
        self.settings = Settings()
        self._drawing = False
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(12)
        self.column.addWidget(Label(title, "heading"))
        self.form = QFormLayout()
        self.form.setSpacing(8)
        self.form.setHorizontalSpacing(16)
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.column.addLayout(self.form)

    def show_value(self, settings: Settings) -> None:
        """Draw the fields; nothing is told while they are drawn."""
        self.settings = settings
        self._drawing = True
        self.draw()
        self._drawing = False

    def draw(self) -> None:
        """Put `self.settings` into the fields."""
        raise NotImplementedError

    def tell(self, settings: Settings) -> None:
        """A field was changed by hand."""
        if not self._drawing and settings != self.settings:
            self.settings = settings
            self.changed.emit(settings)

    def add(self, caption: str, field: QWidget, hint: str = "") -> None:
        """A row: caption, field, and what it means."""
        label = Label(caption)
        label.setBuddy(field)
        field.setAccessibleName(caption)
        if not hint:
            self.form.addRow(label, field)
            return
        field.setAccessibleDescription(hint)
        both = QVBoxLayout()
        both.setSpacing(2)
        both.addWidget(field)
        both.addWidget(Label(hint, "muted", wrap=True))
        self.form.addRow(label, both)

    @staticmethod
    def choice(options: tuple[tuple[str, str], ...]) -> QComboBox:
        """A box of (value, caption)."""
        box = QComboBox()
        for value, caption in options:
            box.addItem(caption, value)
        return box
