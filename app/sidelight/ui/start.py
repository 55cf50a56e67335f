"""The first paint: a window that can be written into, before anything is known but where it stood and how it looked.

Nothing of the network, the store or the session is imported here, nor any part of Qt that this window can do without;
docs/decisions/0009 has what each costs. What comes after is `application`.
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import Any, Final, NamedTuple

from PySide6.QtCore import QByteArray, QJsonDocument
from PySide6.QtWidgets import QApplication

from sidelight import messages
from sidelight.paths import Paths, resource
from sidelight.ui.last_resort import LastResort
from sidelight.ui.looks import Looks
from sidelight.ui.main_window import MainWindow

__all__ = ["FirstLook", "Shown", "first_look", "first_paint"]

_LARGEST: Final = 4_000_000


class FirstLook(NamedTuple):
    """The preferences that the first paint shows; what they mean is said in `settings.Settings`."""

    theme: str = "system"
    zoom: int = 100
    language: str = ""
    window: str = ""


class Shown:
    """What stands after the first paint."""

    def __init__(
        self, app: QApplication, paths: Paths, looks: Looks, errors: LastResort, window: MainWindow
    ) -> None:
        self.app = app
        self.paths = paths
        self.looks = looks
        self.errors = errors
        self.window = window


def first_look(file: Path) -> FirstLook:
    """Read from the file of the preferences what the first paint shows; defaults for what cannot be read.

    Nothing is mended or moved here: the file is read again, with all it holds, by `settings.load`. Qt reads JSON too, and is
    there already.
    """
    try:
        raw = file.read_bytes() if file.stat().st_size <= _LARGEST else b""
    except OSError:
        raw = b""
    held: dict[str, Any] = dict(
        QJsonDocument.fromJson(QByteArray(raw)).object()
    )  # plain values, whatever the stubs say
    theme, zoom, language, window = (held.get(name) for name in FirstLook._fields)
    return FirstLook(
        theme if theme in ("light", "dark") else "system",
        round(zoom) if isinstance(zoom, int | float) and 50 <= zoom <= 500 else 100,
        language if isinstance(language, str) else "",
        window if isinstance(window, str) else "",
    )


def first_paint(paths: Paths) -> Shown | None:
    """Show the window of a profile. None where another process shows it already; that window is raised."""
    gc.disable()  # from here to the end of the start no cycle is looked for: `mailbox.Collector` does it from then on
    app = _application()
    if paths.window_mark.exists() and _raised(paths):
        gc.enable()
        return None
    look = first_look(paths.settings)
    messages.use_language(look.language or None, resource("locale"))
    errors = LastResort(paths.logs)
    errors.install()
    looks = Looks(app, bare=True)
    looks.take(look)
    window = MainWindow(None, looks.palette, paths.database)
    window.set_palette_and_zoom(looks.palette, looks.zoom)
    window.put_back(look.window)
    window.show()
    app.processEvents()
    return Shown(app, paths, looks, errors, window)


def _raised(paths: Paths) -> bool:
    from sidelight.ui.instance import Instance

    return Instance(paths).raise_other()


def _application() -> QApplication:
    """The one application, in the style that our sheet is drawn for."""
    app = QApplication.instance()
    if isinstance(app, QApplication):
        app.setStyle("Fusion")
    else:
        # as an argument, since `setStyle` gives back a QStyle, whose enumerations take 10 ms to make
        app = QApplication([*sys.argv[:1], "-style", "fusion"])
    app.setApplicationName("Sidelight")
    app.setApplicationDisplayName(messages.text("app.name"))
    app.setDesktopFileName("sidelight")
    return app
