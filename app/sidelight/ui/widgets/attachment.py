"""A file as a small card: thumbnail or icon, name, a line of facts, and a button that removes it where that is possible."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from sidelight.ui.widgets.icon import IconButton, pixmap
from sidelight.ui.widgets.plain import ElidedLabel, Label, plain_tip

__all__ = ["AttachmentCard"]

_LETTERS = 26
"""Average letters of a name that are shown."""


class AttachmentCard(QFrame):
    """`removed` is emitted where `remove` has words for it; without them there is no button."""

    removed = Signal()

    def __init__(
        self,
        name: str,
        facts: str,
        *,
        hint: str = "",
        remove: str = "",
        thumbnail: QImage | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """`hint` is said in the tooltip, below the whole name."""
        super().__init__(parent)
        self.setProperty("role", "attachment")
        self.setAccessibleName(f"{name}, {facts}")
        self.setAccessibleDescription(hint)
        self.setToolTip(plain_tip("\n".join(x for x in (name, hint) if x)))
        self._thumbnail = thumbnail
        self._picture = Label()
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._name = ElidedLabel(name, mode=Qt.TextElideMode.ElideMiddle)
        self.facts = Label(facts, "muted")
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self._name)
        words.addWidget(self.facts)
        line = QHBoxLayout(self)
        line.setContentsMargins(6, 4, 6, 4)
        line.setSpacing(8)
        line.addWidget(self._picture)
        line.addLayout(words)
        if remove:
            button = IconButton("close", remove)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.clicked.connect(self.removed)
            line.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        self._draw()

    def changeEvent(self, event: QEvent) -> None:
        """Draw the picture again when theme or zoom changed."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange, QEvent.Type.FontChange):
            self._draw()

    def _draw(self) -> None:
        metrics = self.fontMetrics()
        side, ratio = metrics.lineSpacing() * 2, self.devicePixelRatioF()
        if self._thumbnail is None:
            colour = self.palette().color(self.foregroundRole()).name()
            shown = pixmap("file", colour, side // 2, ratio)
        else:
            shown = QPixmap.fromImage(self._thumbnail).scaled(
                round(side * ratio),
                round(side * ratio),
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
            shown.setDevicePixelRatio(ratio)
        self._picture.setFixedSize(side, side)
        self._picture.setPixmap(shown)
        self._name.setMaximumWidth(metrics.averageCharWidth() * _LETTERS)
