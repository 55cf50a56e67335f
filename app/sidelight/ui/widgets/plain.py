"""Text that stays text: labels and tooltips in which no markup is ever read. The only place that makes a QLabel.

Names of models and sentences of servers come from strangers, and Qt guesses at markup wherever nobody forbids it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

if TYPE_CHECKING:
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QPaintEvent

__all__ = ["ElidedLabel", "Label", "plain_tip"]

_WORD_JOINER = "\u2060"


def plain_tip(text: str) -> str:
    """The text as a tooltip: an invisible joiner after what could begin a tag keeps Qt from reading it as one."""
    return text.replace("<", "<" + _WORD_JOINER).replace("&", "&" + _WORD_JOINER)


class Label(QLabel):
    """A label of plain text. `role` names its look in the stylesheet ("muted", "title", "heading", "warning", ...)."""

    def __init__(
        self, text: str = "", role: str = "", *, wrap: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setProperty("textFormat", "PlainText")  # by name: docs/decisions/0009
        self.setWordWrap(wrap)
        self.setIndent(0)
        self.setText(text)
        if role:
            self.setProperty("role", role)

    def set_role(self, role: str) -> None:
        """Take another look; nothing happens where it is the look already."""
        if self.property("role") != role:
            self.setProperty("role", role)
            self.style().unpolish(self)
            self.style().polish(self)


class ElidedLabel(Label):
    """One line that is cut with an ellipsis where it does not fit, by default at its end; the whole text is then its
    tooltip, unless it has a hint of its own.
    """

    def __init__(
        self,
        text: str = "",
        role: str = "",
        *,
        mode: Qt.TextElideMode | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, role, parent=parent)
        self._mode = mode
        self._hint = ""
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def set_hint(self, hint: str) -> None:
        """Say this in the tooltip, whether all of the line fits or not."""
        if hint != self._hint:
            self._hint = hint
            self.update()

    def minimumSizeHint(self) -> QSize:
        """Wide enough for a few letters."""
        return QSize(self.fontMetrics().horizontalAdvance("mm…"), super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        """As wide as the whole text."""
        margins = self.contentsMargins()
        width = self.fontMetrics().horizontalAdvance(self._line()) + margins.left() + margins.right() + 2
        return QSize(width, super().sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw what fits."""
        if not self.text() and not self._hint:
            return
        from PySide6.QtCore import Qt
        from PySide6.QtGui import QFontMetrics, QPainter
        from PySide6.QtWidgets import QStyle, QStyleOption

        painter = QPainter(self)
        option = QStyleOption()
        option.initFrom(self)
        self.style().drawPrimitive(QStyle.PrimitiveElement.PE_Widget, option, painter, self)
        box = self.contentsRect()
        mode = Qt.TextElideMode.ElideRight if self._mode is None else self._mode
        shown = QFontMetrics(self.font()).elidedText(self._line(), mode, box.width())
        tip = self._hint or (self.text() if shown != self.text() else "")
        if plain_tip(tip) != self.toolTip():
            self.setToolTip(plain_tip(tip))
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(box, int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), shown)

    def _line(self) -> str:
        return " ".join(self.text()[:1000].split())
