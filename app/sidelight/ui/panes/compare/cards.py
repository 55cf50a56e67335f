"""The small widgets of a lane: why it failed, why it waits, notes, versions, a lane that was not asked."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from sidelight import messages
from sidelight.chat.message import Attachment
from sidelight.ui import wording
from sidelight.ui.widgets.attachment import AttachmentCard
from sidelight.ui.widgets.flow import FlowLayout
from sidelight.ui.widgets.icon import IconButton
from sidelight.ui.widgets.plain import ElidedLabel, Label, plain_tip
from sidelight.ui.wording import FailureWords

__all__ = ["FailureCard", "Files", "Note", "VersionBar", "WaitBar"]

_SAID_CHARACTERS = 1000


def _button(caption: str, role: str) -> QPushButton:
    button = QPushButton(caption)
    button.setProperty("role", role)
    return button


class Files(QWidget):
    """The files that went with a prompt, by name and size. What is in them is not read for this."""

    def __init__(self, files: Sequence[Attachment], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        flow = FlowLayout(self)
        for file in files:
            flow.addWidget(AttachmentCard(file.name, wording.data_size(file.size)))


class FailureCard(QWidget):
    """What went wrong, what to do, and the buttons to do it. `acted` carries the id of the pressed button."""

    acted = Signal(str)

    def __init__(
        self,
        words: FailureWords,
        actions: tuple[tuple[str, str], ...],
        level: str = "error",
        parent: QWidget | None = None,
    ) -> None:
        """`actions` are (id, caption), the likeliest first. `level`: "error", or "info" for what the person did."""
        super().__init__(parent)
        frame = QFrame()
        frame.setProperty("role", "card")
        frame.setProperty("level", level)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 4, 0, 4)
        outer.addWidget(frame)
        column = QVBoxLayout(frame)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(4)
        column.addWidget(Label(words.cause, "strong", wrap=True))
        if words.step:
            column.addWidget(Label(words.step, wrap=True))
        if words.said:
            said = Label(words.said[:_SAID_CHARACTERS], "muted", wrap=True)
            said.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
            said.setAccessibleName(messages.text("ui.failed.said"))
            column.addWidget(said)
        row = QHBoxLayout()
        row.setContentsMargins(0, 4, 0, 0)
        row.setSpacing(8)
        for index, (name, caption) in enumerate(actions):
            button = _button(caption, "" if index == 0 else "quiet")
            button.clicked.connect(lambda _checked=False, name=name: self.acted.emit(name))
            row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)
        self.setAccessibleName(words.cause)


class WaitBar(QFrame):
    """Why a refused request waits and when it is sent again. `wished` carries "hurry" or "stop"."""

    wished = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "banner")
        self.setProperty("level", "warning")
        self._text = Label(wrap=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 4, 8, 4)
        row.setSpacing(8)
        row.addWidget(self._text, 1)
        for name, caption in (
            ("hurry", messages.text("ui.again.now")),
            ("stop", messages.text("ui.stop")),
        ):
            button = _button(caption, "quiet")
            button.clicked.connect(lambda _checked=False, name=name: self.wished.emit(name))
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        self.hide()

    def show_value(self, sentence: str, said: str = "") -> None:
        """Say why and when; `said` is what the server said, for the tooltip. "" hides it."""
        if sentence != self._text.text():
            self._text.setText(sentence)
            self.setAccessibleName(sentence)
            self.setToolTip(plain_tip(said[:_SAID_CHARACTERS]))
        self.setVisible(bool(sentence))


class Note(QWidget):
    """A quiet sentence in a lane, with at most one button."""

    acted = Signal()

    def __init__(self, sentence: str, action: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 4, 0, 4)
        row.setSpacing(8)
        row.addWidget(Label(sentence, "muted", wrap=True), 1)
        if action:
            button = _button(action, "quiet")
            button.clicked.connect(self.acted)
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)


class VersionBar(QWidget):
    """Which version of a reply is looked at, and what is special about it. `chosen` carries its place, counted from 0."""

    chosen = Signal(int)

    def __init__(self, place: int, total: int, parent: QWidget | None = None, remark: str = "") -> None:
        super().__init__(parent)
        older = IconButton("chevron-left", messages.text("ui.version.older"))
        newer = IconButton("chevron-right", messages.text("ui.version.newer"))
        older.setEnabled(place > 0)
        newer.setEnabled(place < total - 1)
        older.clicked.connect(lambda: self.chosen.emit(place - 1))
        newer.clicked.connect(lambda: self.chosen.emit(place + 1))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        row.addWidget(older)
        row.addWidget(Label(messages.text("ui.version", n=place + 1, total=total), "muted"))
        row.addWidget(newer)
        if remark:
            row.addSpacing(8)
            row.addWidget(ElidedLabel(remark, "muted"))
        row.addStretch(1)
