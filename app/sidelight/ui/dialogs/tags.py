"""The tags of a conversation: take some away, add others, by their first letters where they are known."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QLineEdit, QPushButton, QWidget

from sidelight import messages
from sidelight.store.query import folded
from sidelight.ui.dialogs.base import Dialog
from sidelight.ui.widgets.flow import FlowLayout
from sidelight.ui.widgets.icon import IconButton
from sidelight.ui.widgets.plain import ElidedLabel, Label

__all__ = ["TagsDialog"]

_LONGEST = 60
"""Letters of a tag."""
_SHOWN = 40


class TagsDialog(Dialog):
    """`given` carries all tags there are to be, as a tuple, in the order in which they were given."""

    given = Signal(object)

    def __init__(
        self, title: str, tags: Sequence[str], known: Sequence[str], parent: QWidget | None = None
    ) -> None:
        """`title` is the conversation's; `known` are the tags in use anywhere."""
        super().__init__(messages.text("ui.tagging.title"), parent)
        self._tags = tuple(tags)
        self._known = tuple(known)
        self.column.addWidget(ElidedLabel(title, role="strong"))
        self._body = QWidget()
        self._body.setAccessibleName(messages.text("ui.tagging.given"))
        self._flow = FlowLayout(self._body)
        self._none = Label(messages.text("ui.tagging.none_yet"), role="muted")
        self._field = QLineEdit()
        self._field.setMaxLength(_LONGEST)
        self._field.setPlaceholderText(messages.text("ui.tagging.name"))
        self._field.setAccessibleName(messages.text("ui.tagging.name"))
        self._field.installEventFilter(self)
        completer = QCompleter(self._known, self._field)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self._field.setCompleter(completer)
        self._add = QPushButton(messages.text("ui.tagging.add"))
        self._add.setAutoDefault(False)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._field, 1)
        row.addWidget(self._add)
        self.column.addWidget(self._body)
        self.column.addWidget(self._none)
        self.column.addLayout(row)
        self.column.addWidget(Label(messages.text("ui.tagging.about", n=_LONGEST), role="muted", wrap=True))
        self.column.addStretch(1)
        self.add_buttons(messages.text("ui.save"))
        self._add.clicked.connect(self._take)
        self._field.textChanged.connect(self._on_typed)
        self._on_typed()
        self._draw()
        self._field.setFocus()
        self.size_in_letters(52)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter adds what is typed; where nothing is typed, it saves."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress and self._typed():
            enter = Qt.Key(event.key()) in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if enter or event.text() == ",":
                self._take()
                return True
        return super().eventFilter(watched, event)

    def accept(self) -> None:
        """Give all tags, with what is still typed."""
        self._take()
        self.given.emit(self._tags)
        super().accept()

    def _typed(self) -> str:
        return " ".join(self._field.text().split())

    def _on_typed(self) -> None:
        self._add.setEnabled(bool(self._typed()))

    def _take(self) -> None:
        """One more tag: as it is spelled where it is known, and none twice."""
        typed = folded(self._typed())
        if typed and typed not in map(folded, self._tags):
            known = next((tag for tag in self._known if folded(tag) == typed), self._typed())
            self._tags = (*self._tags, known)
        self._field.clear()
        self._draw()

    def _remove(self, tag: str) -> None:
        self._tags = tuple(t for t in self._tags if t != tag)
        self._draw()
        self._field.setFocus()

    def _draw(self) -> None:
        self._flow.clear()
        for tag in self._tags:
            caption = tag if len(tag) <= _SHOWN else f"{tag[: _SHOWN - 1]}…"
            meaning = messages.text("ui.tagging.remove", tag=tag)
            button = IconButton("close", meaning, role="chip", caption=caption, parent=self._body)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # the cross stands behind the tag
            button.clicked.connect(lambda _on=False, tag=tag: self._remove(tag))
            self._flow.addWidget(button)
            button.show()
        self._body.setVisible(bool(self._tags))
        self._none.setVisible(not self._tags)
        self._body.updateGeometry()
