"""What is shown between the end of one session and the beginning of the next, while files are put in place.

There is no window and no loop then: this one waits for events by itself, until the thread that works has ended.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

from PySide6.QtCore import QEventLoop, Qt
from PySide6.QtWidgets import QApplication

from sidelight import messages
from sidelight.engine.safekeeping import Reopening, carry_out
from sidelight.engine.terms import Notice
from sidelight.ui.dialogs.base import Dialog
from sidelight.ui.mailbox import Mailbox
from sidelight.ui.widgets.meter import Meter
from sidelight.ui.widgets.plain import Label

__all__ = ["carried_out"]


def carried_out(wish: Reopening, database: Path, journals: Path) -> Notice | None:
    """Do what was wished, showing how far it is; what there is to say of it. Blocks, while the application lives on."""
    if wish.kind in ("again", "read_only"):
        return carry_out(wish, database, journals, time.time())
    shown = _Waiting()
    stop = threading.Event()
    told: list[Notice | None] = []
    ended: Mailbox[Notice | None] = Mailbox(told.append, shown)
    shares: Mailbox[float] = Mailbox(shown.show_share, shown)
    shown.rejected.connect(stop.set)

    def go_on(share: float) -> bool:
        shares.slot.put(share)
        return not stop.is_set()

    def work() -> None:
        ended.slot.put(carry_out(wish, database, journals, time.time(), go_on=go_on))

    thread = threading.Thread(target=work, name="reopening")
    shown.show()
    thread.start()
    while not told:
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
    thread.join()
    shown.deleteLater()
    return told[0]


class _Waiting(Dialog):
    """A bar that fills, and a button that leaves off: then all stays as it was."""

    def __init__(self) -> None:
        super().__init__(messages.text("app.name"), None)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
        self.column.addWidget(Label(messages.text("ui.data.reopening"), wrap=True))
        self._meter = Meter(24)
        self._meter.setMinimumHeight(self.fontMetrics().height())
        self.column.addWidget(self._meter)
        self.column.addStretch(1)
        button = self.add_buttons(messages.text("ui.cancel"), cancel=False)
        button.clicked.disconnect()
        button.clicked.connect(self.reject)
        self.size_in_letters(56)

    def show_share(self, share: float) -> None:
        """How far it is, 0 to 1."""
        self._meter.show_value(share, messages.text("ui.data.reopening"))
