"""The line above a trace, which opens and closes it, and the live peek at its last lines."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from sidelight import messages
from sidelight.ui.panes.compare.values import Disclosure
from sidelight.ui.widgets.icon import IconButton

__all__ = ["CloseBar", "Thinking", "ThinkingValue"]

_PEEK_LINES = 3
_PEEK_CHARACTERS = 600


@dataclass(frozen=True, slots=True)
class ThinkingValue:
    """`title` says the kind and how long; `last` is the end of the trace, for the peek."""

    title: str
    disclosure: Disclosure
    has_trace: bool
    live: bool = False
    last: str = ""


class Thinking(QWidget):
    """A button with a chevron; in peek, the last lines below it. `toggled` carries the wish: open or not."""

    toggled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value = ThinkingValue("", "closed", False)
        self._button = IconButton("chevron-right", "", role="thinking", caption=" ")
        self._button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._peek = PeekLines()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2, 0, 2)
        column.setSpacing(2)
        column.addWidget(self._button)
        column.addWidget(self._peek)
        self._button.clicked.connect(lambda: self.toggled.emit(self._value.disclosure != "open"))

    @property
    def value(self) -> ThinkingValue:
        """What it shows."""
        return self._value

    def show_value(self, value: ThinkingValue) -> None:
        """Say the line; draw the chevron and the peek as the value wants."""
        if value == self._value:
            return
        before, self._value = self._value, value
        self._peek.show_value(value.last)
        if replace(before, last=value.last) == value:
            return
        self._button.set_caption(value.title)
        self._button.setEnabled(value.has_trace)
        opened = value.disclosure == "open"
        hint = messages.text("ui.thinking.close") if opened else messages.text("ui.thinking.open")
        symbol = "chevron-down" if opened else "chevron-right"
        self._button.set_meaning(
            symbol if value.has_trace else "traces", hint if value.has_trace else value.title
        )
        self._button.setAccessibleName(value.title)
        self._button.setAccessibleDescription(hint if value.has_trace else "")
        self._peek.setVisible(value.disclosure == "peek" and value.has_trace)


class PeekLines(QWidget):
    """The last few lines of a text that grows, bottom line last, behind a left rule."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.hide()

    def show_value(self, last: str) -> None:
        """Show the end of this text."""
        last = "\n".join(x for x in last[-_PEEK_CHARACTERS:].splitlines() if x.strip())
        if last != self._text:
            self._text = last
            self.update()

    def sizeHint(self) -> QSize:
        """A fixed number of lines, so that nothing moves while it streams."""
        return QSize(200, _PEEK_LINES * self.fontMetrics().lineSpacing() + 4)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Lay the text out upwards from the bottom; what is above the first line is clipped away."""
        painter = QPainter(self)
        painter.fillRect(QRect(0, 0, 2, self.height()), self.palette().color(QPalette.ColorRole.Mid))
        box = self.rect().adjusted(14, 0, -4, -2)
        painter.setClipRect(box)
        painter.setPen(QGuiApplication.palette().color(QPalette.ColorRole.PlaceholderText))
        flags = Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap
        metrics = self.fontMetrics()
        letters = box.width() // max(1, metrics.averageCharWidth()) * (_PEEK_LINES + 2)
        text = self._text[-letters:]  # laid out at each tick: no more than can be seen
        tall = QRect(box.left(), box.bottom() - 10_000, box.width(), 10_000)
        if len(text) == letters or text.count("\n") >= _PEEK_LINES:
            painter.drawText(tall, int(flags | Qt.AlignmentFlag.AlignBottom), text)
            return
        needed = painter.boundingRect(tall, int(flags), text)
        top = min(box.top(), box.bottom() - needed.height())
        painter.drawText(QRect(box.left(), top, box.width(), needed.height() + 4), int(flags), text)


class CloseBar(QWidget):
    """The way to close a long trace at its end, without scrolling back to its head."""

    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        caption = messages.text("ui.thinking.close")
        button = IconButton("chevron-up", caption, role="thinking", caption=caption)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(button)
        row.addStretch(1)
        button.clicked.connect(self.closed)
