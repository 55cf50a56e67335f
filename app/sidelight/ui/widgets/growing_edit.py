"""A plain text field that grows with its text up to a limit, and never takes a huge paste into its layout.

It emits `submitted` on the sending key, never while an input method composes, and `pasted` with text above
`LARGE` characters instead of inserting it: laying out megabytes would freeze the window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QSize, QTimer, Signal
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QWidget

if TYPE_CHECKING:
    from PySide6.QtCore import QEvent, QMimeData
    from PySide6.QtGui import QInputMethodEvent, QKeyEvent

__all__ = ["LARGE", "GrowingEdit"]

LARGE: Final = 200_000
"""Characters; a paste above it becomes an attachment of plain text."""
_MARGIN: Final = 4
"""Pixels around a text document that nobody has changed; asking the document makes a dozen classes of Qt's."""


class GrowingEdit(QPlainTextEdit):
    """Grows from one line to `most_lines`, then scrolls."""

    submitted = Signal()
    pasted = Signal(str)

    def __init__(self, most_lines: int = 10, parent: QWidget | None = None, *, bare: bool = False) -> None:
        """`bare`: it does not grow until `follow` is called."""
        super().__init__(parent)
        self.enter_sends = True
        self._most_lines = most_lines
        self._composing = False
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._margin = _MARGIN
        self.setProperty("verticalScrollBarPolicy", "ScrollBarAlwaysOff")  # by name: docs/decisions/0009
        if not bare:
            self.follow()

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """Remember whether a word is being composed: its Enter chooses a candidate and sends nothing."""
        self._composing = bool(event.preeditString())
        super().inputMethodEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter sends or breaks the line, by the setting; Ctrl+Enter always sends, Shift+Enter never does."""
        from PySide6.QtCore import Qt  # late: docs/decisions/0009

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

    def follow(self) -> None:
        """Fit its height to its lines from now on, and again after a change of font or width."""
        self._margin = round(self.document().documentMargin())
        self.document().documentLayout().documentSizeChanged.connect(self.fit)
        # a filter, since an override would be called, and Qt's events be made, before the first paint: decisions/0009
        self.installEventFilter(_Follower(self))
        self.fit()

    def sizeHint(self) -> QSize:
        """One line at least."""
        return QSize(400, self._height(1))

    def fit_one_line(self) -> None:
        """Be as high as one line, as the look is now; for a bare one."""
        self.setFixedHeight(self._height(1))

    def fit(self) -> None:
        """Be as high as the lines need."""
        # The plain-text layout counts its height in lines.
        lines = self.document().documentLayout().documentSize().height()
        policy = "ScrollBarAsNeeded" if lines > self._most_lines else "ScrollBarAlwaysOff"
        self.setProperty("verticalScrollBarPolicy", policy)  # by name: docs/decisions/0009
        self.setFixedHeight(self._height(min(max(lines, 1), self._most_lines)))

    def _height(self, lines: float) -> int:
        around = self.frameWidth() * 2 + self._margin * 2 + 2
        return round(lines * self.fontMetrics().lineSpacing()) + around


class _Follower(QObject):
    """Sees what happens to a field that changes its height."""

    def __init__(self, edit: GrowingEdit) -> None:
        super().__init__(edit)
        self._edit = edit
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(edit.fit)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Another font has other heights, another width breaks lines elsewhere."""
        from PySide6.QtCore import QEvent

        kind = event.type()
        if kind in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._edit.fit()
        elif kind is QEvent.Type.Resize:
            self._soon.start()  # once the lines are laid out anew, which is after this
        return super().eventFilter(watched, event)
