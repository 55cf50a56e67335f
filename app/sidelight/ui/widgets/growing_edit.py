"""A plain text field that grows with its text up to a limit, and never takes a huge paste into its layout.

It emits `submitted` on the sending key, never while an input method composes, and `pasted` with text above
`LARGE` characters instead of inserting it: laying out megabytes would freeze the window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QSize, Signal
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QWidget

if TYPE_CHECKING:
    from PySide6.QtCore import QMimeData
    from PySide6.QtGui import QInputMethodEvent, QKeyEvent, QResizeEvent

__all__ = ["LARGE", "GrowingEdit"]

LARGE: Final = 200_000
"""Characters; a paste above it becomes an attachment of plain text."""


class GrowingEdit(QPlainTextEdit):
    """Grows from one line to `most_lines`, then scrolls."""

    submitted = Signal()
    pasted = Signal(str)

    def __init__(self, most_lines: int = 10, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.enter_sends = True
        self._most_lines = most_lines
        self._composing = False
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._fit()

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """Remember whether a word is being composed: its Enter chooses a candidate and sends nothing."""
        self._composing = bool(event.preeditString())
        super().inputMethodEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter sends or breaks the line, by the setting; Ctrl+Enter always sends, Shift+Enter never does."""
        from PySide6.QtCore import Qt  # late: docs/decisions/0010

        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not self._composing:
            control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            if control or (self.enter_sends and not shift):
                self.submitted.emit()
                return
            # Shift+Enter would insert U+2028, which models do not read as a line end.
            self.textCursor().insertBlock()
            self.ensureCursorVisible()
            return
        super().keyPressEvent(event)

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Plain text only, and large text as an attachment."""
        if not source.hasText():
            return
        text = source.text()
        if len(text) > LARGE:
            self.pasted.emit(text)
        else:
            self.textCursor().insertText(text)
            self.ensureCursorVisible()

    def changeEvent(self, event: QEvent) -> None:
        """Fit again after a change of font."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit again: another width breaks lines elsewhere."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._fit()

    def sizeHint(self) -> QSize:
        """One line at least."""
        return QSize(400, self._height(1))

    def _height(self, lines: float) -> int:
        around = self.frameWidth() * 2 + round(self.document().documentMargin()) * 2 + 2
        return round(lines * self.fontMetrics().lineSpacing()) + around

    def _fit(self) -> None:
        # The plain-text layout counts its height in lines.
        lines = self.document().documentLayout().documentSize().height()
        policy = "ScrollBarAsNeeded" if lines > self._most_lines else "ScrollBarAlwaysOff"
        self.setProperty("verticalScrollBarPolicy", policy)  # by name: docs/decisions/0010
        self.setFixedHeight(self._height(min(max(lines, 1), self._most_lines)))
