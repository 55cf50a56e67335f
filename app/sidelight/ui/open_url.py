"""The one way out of the program to the system's browser. Everything that opens an address calls this."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMessageBox, QWidget

from sidelight import messages
from sidelight.render.links import is_safe

__all__ = ["open_folder", "open_url", "shown_address"]


def shown_address(address: str) -> str:
    """The address as it is to be read before it is opened: the host in ASCII, so that look-alike letters show."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    try:
        plain = host.encode("idna").decode()
    except UnicodeError:
        plain = host.encode("ascii", "backslashreplace").decode()
    if plain == host:
        return address
    port = f":{parts.port}" if parts.port is not None else ""
    return parts._replace(netloc=plain + port).geturl()


def open_folder(folder: Path) -> None:
    """Let the system show a folder of ours. Nothing happens where it is none."""
    if folder.is_dir():
        _hand_over(QUrl.fromLocalFile(str(folder)))


def open_url(address: str, parent: QWidget) -> None:
    """Ask, then let the system open an http(s) address. Anything else is refused without a word."""
    if not is_safe(address):
        return
    question = QMessageBox(parent)
    question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    question.setTextFormat(Qt.TextFormat.PlainText)
    question.setIcon(QMessageBox.Icon.Question)
    question.setWindowTitle(messages.text("ui.link.title"))
    question.setText(messages.text("ui.link.ask"))
    question.setInformativeText(shown_address(address))
    yes = question.addButton(messages.text("ui.link.open"), QMessageBox.ButtonRole.AcceptRole)
    question.addButton(messages.text("ui.cancel"), QMessageBox.ButtonRole.RejectRole)
    yes.clicked.connect(lambda: _hand_over(QUrl(shown_address(address))))
    question.open()


def _hand_over(url: QUrl) -> None:
    QDesktopServices.openUrl(url)
