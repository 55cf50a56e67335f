"""What this program is, in which version, and whose parts it holds under which licences."""

from __future__ import annotations

import platform
import re
import sys
from importlib.metadata import PackageNotFoundError, distribution, requires

import PySide6
from PySide6.QtCore import Qt, Signal, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from sidelight import __version__, messages
from sidelight.engine.versions import Newness
from sidelight.paths import notices
from sidelight.ui.dialogs.base import Dialog
from sidelight.ui.newer import VersionLine
from sidelight.ui.widgets.icon import app_icon
from sidelight.ui.widgets.plain import Label

__all__ = ["AboutDialog", "parts", "versions"]

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_TOOLS = re.compile(r"extra == ['\"](dev|package)['\"]")
_ICON = 64


def versions() -> str:
    """What a report of a fault should name."""
    return (
        f"Sidelight {__version__}, Python {platform.python_version()}, PySide6 {PySide6.__version__}, Qt {qVersion()},"
        f" {platform.system()} {platform.release()} {platform.machine()}"
    )


def parts() -> str:
    """The parts by others: the notices of a packaged program, else the packages it needs, as they name their licences."""
    bundled = notices()
    if bundled is not None:
        return bundled.read_text(encoding="utf-8")
    try:
        needed = requires("sidelight") or []
    except PackageNotFoundError:  # started from a folder that was never installed
        return ""
    lines = []
    ours = (need for need in needed if not _TOOLS.search(need))
    for name in sorted({match[0] for need in ours if (match := _NAME.match(need))}, key=str.casefold):
        try:
            found = distribution(name)
        except PackageNotFoundError:  # not needed on this system
            continue
        about = found.metadata
        stated = (about[key] for key in ("License-Expression", "License") if key in about)
        licence = next(filter(None, stated), "")
        named = [
            c.rpartition(" :: ")[2] for c in about.get_all("Classifier") or [] if c.startswith("License")
        ]
        lines.append(
            f"{about['Name']} {found.version}: {licence.splitlines()[0] if licence else ', '.join(named)}"
        )
    return "\n".join([f"Python {sys.version.split()[0]}: PSF-2.0", *lines])


class AboutDialog(Dialog):
    """Name, version, whether there is a newer one, licence, and the list of parts.

    `look_wanted`: a newer version is to be looked for; `page_wanted` carries the address of one that was found.
    """

    look_wanted = Signal()
    page_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(messages.text("ui.about"), parent)
        picture = Label()
        picture.setPixmap(app_icon().pixmap(_ICON, _ICON))
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(Label(messages.text("app.name"), "heading"))
        words.addWidget(Label(messages.text("ui.about.version", version=__version__), "muted"))
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(words, 1)
        self.column.addLayout(head)
        self._newer = VersionLine()
        self._newer.look_wanted.connect(self.look_wanted)
        self._newer.page_wanted.connect(self.page_wanted)
        words.addWidget(self._newer)
        self.column.addWidget(Label(messages.text("ui.about.what"), wrap=True))
        self.column.addWidget(Label(versions(), "muted", wrap=True))
        self.column.addWidget(Label(messages.text("ui.about.licence"), wrap=True))
        self.column.addWidget(Label(messages.text("ui.about.parts"), "strong"))
        listed = QPlainTextEdit(parts())
        listed.setReadOnly(True)
        listed.setTabChangesFocus(True)
        listed.setAccessibleName(messages.text("ui.about.parts"))
        self.column.addWidget(listed, 1)
        copy = QPushButton(messages.text("ui.about.copy"))
        copy.setAutoDefault(False)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(versions()))
        self.add_buttons(messages.text("ui.close"), cancel=False, beside=copy).setFocus()
        self.size_in_letters(80, 32)

    def show_newness(self, newness: Newness) -> None:
        """Draw what is known of newer versions."""
        self._newer.show_value(newness)
