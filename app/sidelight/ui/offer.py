"""Weights that can be fetched: name, size, licence, source, one button; progress while they come. And a file of one's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from sidelight import messages
from sidelight.engine.terms import Fitting, WeightsOffer
from sidelight.ui import fitting, wording
from sidelight.ui.widgets.file_dialog import ask_for_file
from sidelight.ui.widgets.icon import IconButton
from sidelight.ui.widgets.meter import Meter
from sidelight.ui.widgets.plain import Label, plain_tip

__all__ = ["OfferRow", "Offers", "choose_model_file"]


def choose_model_file(parent: QWidget, chosen: Callable[[str], None]) -> None:
    """Ask for a GGUF file of the person's own; `chosen` is told its path."""
    ask_for_file(parent, messages.text("ui.picker.file"), chosen, kinds=messages.text("ui.picker.filter"))


class Offers(QWidget):
    """A row an offer. `fetch_wanted` and `cancel_wanted` carry the id of weights."""

    fetch_wanted = Signal(str)
    cancel_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: dict[str, OfferRow] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.hide()

    def show_value(
        self,
        offers: Sequence[WeightsOffer],
        *,
        first: bool = False,
        fits: Mapping[str, Fitting] | None = None,
    ) -> None:
        """Draw the offers, and no others. `first`: the button of the first one is the one to press."""
        for gone in self.rows.keys() - {offer.id for offer in offers}:
            row = self.rows.pop(gone)
            row.hide()
            row.deleteLater()
        for place, offer in enumerate(offers):
            if offer.id not in self.rows:
                self._column.insertWidget(place, self._made(offer.id))
            fit = (fits or {}).get(offer.id)
            self.rows[offer.id].show_value(offer, first=first and place == 0, fit=fit)
        self.setVisible(bool(offers))

    def _made(self, identifier: str) -> OfferRow:
        row = self.rows[identifier] = OfferRow()
        row.fetch_clicked.connect(lambda: self.fetch_wanted.emit(identifier))
        row.cancel_clicked.connect(lambda: self.cancel_wanted.emit(identifier))
        return row


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

    def show_value(self, offer: WeightsOffer, *, first: bool = False, fit: Fitting | None = None) -> None:
        """Draw the offer. `first`: its button is the one to press; `fit`: whether it fits, where that is known."""
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
            facts = messages.text("ui.offer.facts", size=size, licence=offer.licence, source=offer.source)
            self._facts.setText(f"{facts} · {fitting.in_a_word(fit)}" if fit is not None else facts)
        self._facts.setToolTip(plain_tip("\n".join(fitting.explained(fit)) if fit is not None else ""))
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
