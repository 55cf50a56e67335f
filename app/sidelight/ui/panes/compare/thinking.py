"""The line above a trace, which opens and closes it, and the live peek at its last lines."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from sidelight import messages
from sidelight.ui.panes.compare.values import Disclosure
from sidelight.ui.widgets.icon import IconButton

__all__ = ["CloseBar", "Thinking", "ThinkingValue"]

_PEEK_LINES = 3
_RULE, _RIGHT = 14, 4
"""Pixels left and right of the lines of a peek."""
_ONE_LINE = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextSingleLine)


@dataclass(frozen=True, slots=True)
class ThinkingValue:
    """`title` says the kind and how long; `last` is the end of the trace, for the peek, and `length` that of the whole."""

    title: str
    disclosure: Disclosure
    has_trace: bool
    live: bool = False
    last: str = ""
    length: int = 0

    @property
    def line(self) -> tuple[object, ...]:
        """All but the peek."""
        return (self.title, self.disclosure, self.has_trace, self.live)


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
        before, self._value = self._value, value
        self._peek.show_value(value.last, value.length)
        if before.line == value.line:
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
    """The last few lines of a text that grows, bottom line last, behind a left rule.

    Lines once full stay as they are: only the last one is broken again when more comes.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._last = ""
        self._length = 0
        self._lines: list[str] = []
        self._option = QTextOption()
        self._option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.hide()

    def show_value(self, last: str, length: int) -> None:
        """Show the end of a text of this length."""
        before, grown = self._last, length - self._length
        if (last, length) == (before, self._length):
            return
        self._last, self._length = last, length
        if 0 < grown < len(last) and before and before.endswith(last[:-grown]):
            self._take(last[-grown:])
        else:
            self._break_anew()

    def _break_anew(self) -> None:
        self._lines = []
        self._take(self._last)

    def _take(self, text: str) -> None:
        """Break what is new into lines, behind what stands in the last one. Empty lines are left out."""
        before = self._lines
        for n, paragraph in enumerate(text.split("\n")):
            if n and (not self._lines or self._lines[-1].strip()):
                self._lines = [*self._lines, ""]
            if paragraph:
                open_line = self._lines[-1] if self._lines else ""
                self._lines = [*self._lines[:-1], *self._broken((open_line + paragraph).lstrip())]
        self._lines = self._lines[-_PEEK_LINES - 1 :]
        scrolled = self._lines[:-1] != before[:-1]
        self.update(self.rect() if scrolled or not self._lines else self._place(len(self._shown) - 1))

    def _broken(self, paragraph: str) -> list[str]:
        width = max(40, self.width() - _RULE - _RIGHT)
        if self.fontMetrics().horizontalAdvance(paragraph) <= width:
            return [paragraph]
        layout = QTextLayout(paragraph, self.font())
        layout.setTextOption(self._option)
        layout.beginLayout()
        ends = []
        while (line := layout.createLine()).isValid():
            line.setLineWidth(width)
            ends.append(line.textStart() + line.textLength())
        layout.endLayout()
        return [_part(paragraph, a, b) for a, b in pairwise((0, *(ends or [0])))]

    @property
    def _shown(self) -> list[str]:
        """The lines to be seen: an empty one that waits for its text is none."""
        lines = self._lines[:-1] if self._lines and not self._lines[-1].strip() else self._lines
        return lines[-_PEEK_LINES:]

    def _place(self, n: int) -> QRect:
        high = self.fontMetrics().lineSpacing()
        return QRect(_RULE, n * high, self.width() - _RULE, high)

    def sizeHint(self) -> QSize:
        """A fixed number of lines, so that nothing moves while it streams."""
        return QSize(200, _PEEK_LINES * self.fontMetrics().lineSpacing() + 4)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width, other lines."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._break_anew()

    def changeEvent(self, event: QEvent) -> None:
        """Another font, other lines."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self._break_anew()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what lines there are, from the top."""
        painter, area = QPainter(self), event.rect()
        ground, rule, text = _colours(QGuiApplication.palette().cacheKey())
        painter.fillRect(area, ground)
        if area.left() < _RULE:
            painter.fillRect(0, 0, 2, self.height(), rule)
        painter.setPen(text)
        metrics = self.fontMetrics()
        high, base = metrics.lineSpacing(), metrics.ascent()
        for n, line in enumerate(self._shown):
            if area.top() >= (n + 1) * high or area.bottom() < n * high:
                continue
            if line.isascii():
                painter.drawText(_RULE, n * high + base, line)
            else:  # letters of another font may be higher than the line; then they are cut
                painter.drawText(self._place(n), _ONE_LINE, line)


@lru_cache(maxsize=1)
def _colours(_key: int) -> tuple[QColor, QColor, QColor]:
    """Of the ground, the rule and the text, in the palette that has this key now."""
    palette, roles = QGuiApplication.palette(), QPalette.ColorRole
    return palette.color(roles.Base), palette.color(roles.Mid), palette.color(roles.PlaceholderText)


def _part(text: str, begin: int, end: int) -> str:
    """A stretch of a text between two places counted in UTF-16 units, as Qt does."""
    if text.isascii():
        return text[begin:end]
    return text.encode("utf-16-le", "surrogatepass")[2 * begin : 2 * end].decode("utf-16-le", "surrogatepass")


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
