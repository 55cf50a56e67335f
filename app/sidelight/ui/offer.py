"""One set of weights that can be fetched: name, size, licence, source, one button; progress while it comes."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from sidelight import messages
from sidelight.engine.terms import WeightsOffer
from sidelight.ui import wording
from sidelight.ui.widgets.icon import IconButton
from sidelight.ui.widgets.meter import Meter
from sidelight.ui.widgets.plain import Label

__all__ = ["OfferRow"]


class OfferRow(QFrame):
    """Shows a `WeightsOffer`. Clicking the button is the agreement to name, size and source."""

    fetch_clicked = Signal()
    cancel_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "offer")
        self._state = "absent"
        mark = IconButton("chip", "")
        mark.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        mark.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._title = Label(role="strong")
        self._facts = Label(role="muted", wrap=True)
        self._meter = Meter(20)
        self._trouble = Label(role="error", wrap=True)
        self._button = QPushButton()
        words = QVBoxLayout()
        words.setSpacing(2)
        for widget in (self._title, self._facts, self._meter, self._trouble):
            words.addWidget(widget)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 10, 0, 10)
        line.setSpacing(12)
        line.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        line.addLayout(words, 1)
        line.addWidget(self._button, 0, Qt.AlignmentFlag.AlignVCenter)
        self._button.clicked.connect(self._on_button)

    def show_value(self, offer: WeightsOffer, *, first: bool = False) -> None:
        """Draw the offer. `first`: its button is the one to press."""
        self._state = offer.state
        self._title.setText(offer.title)
        size = wording.data_size(offer.bytes)
        if offer.state == "fetching":
            done = wording.data_size(offer.done)
            self._facts.setText(messages.text("ui.offer.fetching", done=done, size=size))
            self._meter.show_value(offer.done / max(1, offer.bytes), self._facts.text())
        elif offer.state == "installed":
            self._facts.setText(messages.text("ui.offer.installed", size=size, licence=offer.licence))
        else:
            self._facts.setText(
                messages.text("ui.offer.facts", size=size, licence=offer.licence, source=offer.source)
            )
        self._meter.setVisible(offer.state == "fetching")
        self._trouble.setText(_trouble(offer))
        self._trouble.setVisible(offer.state == "failed")
        captions = {"fetching": messages.text("ui.cancel"), "failed": messages.text("ui.offer.again")}
        self._button.setText(captions.get(offer.state, messages.text("ui.offer.fetch", size=size)))
        self._button.setVisible(offer.state != "installed")
        role = "primary" if first and offer.state != "fetching" else "quiet"
        if self._button.property("role") != role:
            self._button.setProperty("role", role)
            self._button.style().unpolish(self._button)
            self._button.style().polish(self._button)
        self._button.setAccessibleDescription(f"{offer.title}: {self._facts.text()}")

    def _on_button(self) -> None:
        if self._state == "fetching":
            self.cancel_clicked.emit()
        else:
            self.fetch_clicked.emit()


def _trouble(offer: WeightsOffer) -> str:
    if offer.failure is None:
        return ""
    code, parameters = offer.failure
    return messages.text(code, **dict(parameters))
