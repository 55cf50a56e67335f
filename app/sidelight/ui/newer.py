"""Newer versions of this program: in words, and as a line with its buttons. Not the looking (`engine.versions`)."""

from __future__ import annotations

from PySide6.QtCore import QDateTime, QLocale, Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from sidelight import __version__, messages
from sidelight.engine.versions import Newness
from sidelight.net.releases import Channel, Look
from sidelight.ui.open_url import shown_address
from sidelight.ui.widgets.flow import FlowLayout
from sidelight.ui.widgets.plain import Label, plain_tip

__all__ = ["VersionLine", "renewed_by", "said", "sent"]

_NETWORK = ("connect", "cut", "dns", "protocol", "proxy", "refused", "tls")


def renewed_by(channel: Channel) -> str:
    """Who renews this copy where it does not look by itself, or why it cannot; "" where it can look."""
    if channel.can_look:
        return ""
    return messages.text(f"ui.newer.by.{channel.kind}")


def sent(channel: Channel) -> str:
    """All that a look sends, and to whom."""
    return messages.text("ui.newer.sent", address=shown_address(channel.address))


def said(newness: Newness) -> tuple[str, str]:
    """What a look gave and the role of a label for it; where there was none in this session, when the last one was."""
    if newness.looking:
        return messages.text("ui.newer.looking"), "muted"
    look = newness.look
    if look is None:
        return _last(newness.asked), "muted"
    release = look.release
    if look.state == "unknown" or release is None:
        return messages.text("ui.newer.unknown", why=_why(look)), "warning"
    if look.state == "current":
        return messages.text("ui.newer.none", version=release.version, date=release.date), "muted"
    told = {"version": release.version, "date": release.date, "own": __version__}
    if release.note:
        return messages.text("engine.newer.note", note=release.note, **told), "strong"
    return messages.text("engine.newer", **told), "strong"


def _last(asked: float) -> str:
    if not asked:
        return messages.text("ui.newer.never")
    when = QLocale().toString(QDateTime.fromSecsSinceEpoch(int(asked)), QLocale.FormatType.ShortFormat)
    return messages.text("ui.newer.last", when=when)


def _why(look: Look) -> str:
    why = look.why or "garbage"
    if why == "network":
        kind = look.kind if look.kind in _NETWORK else "connect"
        return messages.text(f"ui.newer.network.{kind}")
    if why == "status":
        return messages.text("ui.newer.why.status", status=look.status)
    return messages.text(f"ui.newer.why.{why}")


class VersionLine(QWidget):
    """What is known, "Look for a new version", and, where there is one, "Open its page".

    A copy that somebody else renews has no buttons, and says who that is. `page_wanted` carries an address.
    """

    look_wanted = Signal()
    page_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._page = ""
        self._said = Label(role="muted", wrap=True)
        self._look = QPushButton(messages.text("ui.newer.look"))
        self._open = QPushButton(messages.text("engine.newer.open"))
        self._buttons = QWidget()
        buttons = FlowLayout(self._buttons, 8)
        for button in (self._look, self._open):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self._said)
        column.addWidget(self._buttons)
        self._look.clicked.connect(self.look_wanted)
        self._open.clicked.connect(lambda: self.page_wanted.emit(self._page))

    def show_value(self, newness: Newness) -> None:
        """Draw what is known."""
        renewer = renewed_by(newness.channel)
        sentence, role = (renewer, "muted") if renewer else said(newness)
        self._said.setText(sentence)
        self._said.set_role(role)
        look = newness.look
        release = look.release if look is not None and look.state == "newer" else None
        self._page = "" if release is None else release.page
        self._buttons.setVisible(not renewer)
        self._look.setEnabled(not newness.looking)
        hint = "" if renewer else sent(newness.channel)
        self._look.setToolTip(plain_tip(hint))
        self._look.setAccessibleDescription(hint)
        self._open.setVisible(bool(self._page) and not newness.looking)
