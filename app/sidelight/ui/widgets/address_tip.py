"""The whole address of the link that is pointed at, in a corner of its scroll area. It is never cut: it wraps."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractScrollArea

from sidelight.ui.widgets.plain import Label

__all__ = ["AddressTip"]

_BREAK = "\u200b"
_EDGE = 6


class AddressTip(Label):
    """Lies over the lower left corner, or over the upper one while what is pointed at is below."""

    def __init__(self, area: QAbstractScrollArea) -> None:
        super().__init__(role="address", wrap=True, parent=area)
        self._area = area
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def show_address(self, address: str, at: QPoint) -> None:
        """Show it; "" hides it. `at`: where the link is in the viewport."""
        if not address:
            self.hide()
            return
        said = _BREAK.join(address)  # an address has no spaces to be broken at
        view = self._area.viewport().geometry()
        if said != self.text():
            self.setText(said)
            self.setAccessibleName(address)
        self.ensurePolished()
        most = view.width() - 2 * _EDGE
        margins = self.contentsMargins()
        line = self.fontMetrics().horizontalAdvance(address) + margins.left() + margins.right() + 20
        self.resize(min(most, line), self.heightForWidth(min(most, line)))
        top = view.bottom() - self.height() - _EDGE
        if at.y() > top - 2 * self.fontMetrics().height():
            top = _EDGE
        self.move(_EDGE, top)
        self.show()
        self.raise_()
