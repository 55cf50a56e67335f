"""The life of the window: one QApplication, one loop, one instance of a profile, and an orderly end.

The only file that knows qasync. Nothing of the network or of rendering is imported before the first paint.
"""

from __future__ import annotations

import contextlib
import faulthandler
import hashlib
import logging
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QLibraryInfo, QLocale, QObject, Qt, QTimer, QTranslator, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtNetwork import QLocalServer, QLocalSocket
from PySide6.QtWidgets import QApplication

from sidelight import messages
from sidelight.paths import Paths
from sidelight.settings import Settings
from sidelight.ui.bridge import Bridge
from sidelight.ui.document.pictures import Pictures
from sidelight.ui.mailbox import Collector, Mailbox
from sidelight.ui.main_window import MainWindow
from sidelight.ui.stylesheet import stylesheet
from sidelight.ui.theme import DARK, LIGHT, Palette, body_font, qpalette
from sidelight.ui.widgets.icon import app_icon

if TYPE_CHECKING:
    import asyncio

    from sidelight.engine.session import Session

__all__ = ["House", "Instance", "Looks", "run"]

log = logging.getLogger(__name__)
_CHROME = 0.9
"""Controls are set a little smaller than text to read."""


class House(Protocol):
    """What the window needs of the house."""

    @property
    def session(self) -> Session:
        """The state and the wishes."""

    @property
    def paths(self) -> Paths:
        """The folders of the profile."""

    def close(self) -> None:
        """Stop what streams, write, end threads and processes."""


def run(house: House) -> int:
    """Show the house in a window until it is closed. Returns the exit code.

    Where a window of this profile stands already, that one is raised and this process ends.
    """
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName("Sidelight")
    app.setApplicationDisplayName(messages.text("app.name"))
    app.setDesktopFileName("sidelight")
    app.setWindowIcon(app_icon())
    app.setStyle(
        "Fusion"
    )  # once, before any widget: the same look everywhere, and the one our sheet is drawn for
    instance = Instance(house.paths)
    if instance.raise_other():
        house.close()
        return 0
    instance.listen()
    errors = LastResort(house.paths.logs)
    errors.install()
    try:
        return _live(app, house, instance, errors)
    finally:
        instance.close()
        errors.remove()


def _live(app: QApplication, house: House, instance: Instance, errors: LastResort) -> int:
    session = house.session
    translator = _qt_words(app, session.settings.language)
    looks = Looks(app)
    pictures = Pictures(app)
    window = MainWindow(session, looks.palette, house.paths.database, pictures)
    bridge = Bridge(session, window)
    looks.changed.connect(lambda: window.set_palette_and_zoom(looks.palette, looks.zoom))
    leave = session.subscribe(
        lambda change: looks.take(session.settings) if change.kind == "settings" else None
    )
    errors.told.connect(lambda sentence: window.banner.say(sentence, level="error"))
    instance.raised.connect(lambda: _raise(window))
    looks.take(
        session.settings
    )  # after the widgets were made: they are styled once, not with each new parent
    bridge.start()
    window.show()
    app.processEvents()  # the first paint; what is imported below is not needed for it
    loop = _make_loop(app, errors)
    collector = Collector(app)
    QTimer.singleShot(0, session.start)
    app.lastWindowClosed.connect(loop.stop)
    app.aboutToQuit.connect(loop.stop)
    try:
        loop.run_forever()
    finally:
        window.hide()
        leave()
        bridge.stop()
        pictures.close()
        house.close()
        loop.close()
        window.deleteLater()
        pictures.deleteLater()
        app.removeTranslator(translator)
        app.processEvents()
        collector.close()
    return 0


def _make_loop(app: QApplication, errors: LastResort) -> asyncio.AbstractEventLoop:
    """The window's asyncio loop, on Qt's own. Imported late: asyncio and qasync cost a third of the first paint."""
    import qasync  # type: ignore[import-untyped]  # it has no stubs

    app.setQuitOnLastWindowClosed(False)
    loop: asyncio.AbstractEventLoop = qasync.QEventLoop(app, already_running=False)
    loop.set_exception_handler(errors.in_loop)
    return loop


def _raise(window: MainWindow) -> None:
    if window.isMinimized():
        window.showNormal()
    window.raise_()
    window.activateWindow()


def _qt_words(app: QApplication, language: str) -> QTranslator:
    """Qt's own strings (buttons of file dialogs) in the language of the rest."""
    translator = QTranslator(app)
    locale = QLocale(language) if language else QLocale()
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    if translator.load(locale, "qtbase", "_", folder):
        app.installTranslator(translator)
    return translator


class Looks(QObject):
    """Theme and zoom of the whole application; follows the system where the setting says so."""

    changed = Signal()

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._app = app
        self._theme = "system"
        self.palette: Palette = LIGHT
        self.zoom = 0.0
        app.styleHints().colorSchemeChanged.connect(lambda _scheme: self._apply())

    def take(self, settings: Settings) -> None:
        """Take theme and zoom from the preferences."""
        zoom = settings.zoom / 100
        if (settings.theme, zoom) != (self._theme, self.zoom):
            self._theme, self.zoom = settings.theme, zoom
            self._apply()

    def _apply(self) -> None:
        dark = self._theme == "dark"
        if self._theme == "system":
            dark = QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark
        self.palette = DARK if dark else LIGHT
        self._app.setFont(body_font(self.palette, self.zoom, _CHROME))
        self._app.setPalette(qpalette(self.palette))
        self._app.setStyleSheet(stylesheet(self.palette, self.zoom))
        self.changed.emit()


class Instance(QObject):
    """One window a profile: a local socket, open to this user alone. Whoever connects asks to raise; nothing is read."""

    raised = Signal()

    def __init__(self, paths: Paths) -> None:
        super().__init__()
        profile = hashlib.sha256(os.fsencode(paths.data.resolve())).hexdigest()[:16]
        self._name = f"sidelight-{profile}"
        self._server = QLocalServer(self)
        self._server.newConnection.connect(self._on_connection)

    def raise_other(self) -> bool:
        """Raise the window that stands already; False where there is none."""
        socket = QLocalSocket()
        socket.connectToServer(self._name)
        heard = socket.waitForConnected(500)
        socket.abort()
        return heard

    def listen(self) -> bool:
        """Be the one window from now on; False where the system does not allow the socket."""
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        QLocalServer.removeServer(self._name)  # nobody answered: what lies there is of a process that died
        if not self._server.listen(self._name):
            log.warning("no socket for a single instance: %s", self._server.errorString())
            return False
        return True

    def close(self) -> None:
        """Another window may stand now."""
        self._server.close()

    def _on_connection(self) -> None:
        while self._server.hasPendingConnections():
            socket = self._server.nextPendingConnection()
            socket.abort()
            socket.deleteLater()
        self.raised.emit()


class LastResort(QObject):
    """Errors nobody caught: into the log of the house, and one plain sentence on the screen. The window goes on.

    A crash of the interpreter itself leaves its stacks in crash.log.
    """

    told = Signal(str)

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._crash: IO[str] | None = None
        self._elsewhere: Mailbox[str] = Mailbox(self.told.emit, self)
        self._before: tuple[Callable[..., Any], Callable[..., Any]] | None = None

    def install(self) -> None:
        """Take the hooks of this process. A file that cannot be written stops nothing."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._crash = (self._folder / "crash.log").open("a", encoding="utf-8")
            faulthandler.enable(self._crash)
        self._before = (sys.excepthook, threading.excepthook)
        sys.excepthook = self.uncaught
        threading.excepthook = self.in_thread

    def remove(self) -> None:
        """Give the hooks back and close the file."""
        if self._before is not None:
            sys.excepthook, threading.excepthook = self._before
            self._before = None
        if self._crash is not None:
            faulthandler.disable()
            self._crash.close()
            self._crash = None

    def uncaught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """For sys.excepthook; slots of Qt end here too."""
        if issubclass(kind, KeyboardInterrupt):
            QGuiApplication.quit()
            return
        self.told.emit(_noted(kind, error, trace))

    def in_thread(self, happened: threading.ExceptHookArgs) -> None:
        """For threading.excepthook."""
        if happened.exc_value is not None:
            self._elsewhere.slot.put(_noted(happened.exc_type, happened.exc_value, happened.exc_traceback))

    def in_loop(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """For the loop's exception handler."""
        error = context.get("exception")
        if isinstance(error, BaseException):
            self.uncaught(type(error), error, error.__traceback__)
        else:
            log.error("in the loop: %s", context.get("message"))


def _noted(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> str:
    """Write an error into the log; gives the sentence to show."""
    log.critical("uncaught", exc_info=(kind, error, trace) if error is not None else None)
    return messages.text("ui.error", kind=kind.__name__)
