"""The life of the window after its first paint: it is furnished step by step, lives in one loop, and ends in order.

The only file that knows qasync. What is needed for the session is imported in a thread meanwhile; nothing of Qt's is.
"""

from __future__ import annotations

import contextlib
import gc
import threading
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Protocol, TypeAlias

from PySide6.QtCore import QEventLoop, QObject, QTimer
from PySide6.QtWidgets import QApplication

from sidelight.paths import Paths
from sidelight.ui.instance import Instance
from sidelight.ui.last_resort import LastResort
from sidelight.ui.looks import Looks
from sidelight.ui.start import Shown, first_paint
from sidelight.ui.widgets.icon import app_icon

if TYPE_CHECKING:
    import asyncio

    from sidelight.engine.session import Session
    from sidelight.ui.main_window import MainWindow

__all__ = ["House", "Instance", "LastResort", "Looks", "live", "run"]

_LOOK_AGAIN = 4
"""Milliseconds between two looks at how far a thread is."""

Steps: TypeAlias = Generator[int, None, None]
"""Each step is done between two events, and gives the milliseconds until the next one."""


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
    """Show a house that is open already, until its window is closed. Returns the exit code.

    Where a window of this profile stands already, that one is raised and this process ends.
    """
    with contextlib.ExitStack() as ends:
        ends.callback(house.close)
        shown = first_paint(house.paths)
        if shown is not None:
            live(shown, lambda: house)
    return 0


def live(shown: Shown, open_house: Callable[[], House], load: Callable[[], None] | None = None) -> int:
    """Furnish the window that was shown, and live until it is closed. Returns the exit code.

    `load` imports what `open_house` needs; it is called in a thread, and touches nothing of Qt's.
    """
    app = shown.app
    with contextlib.ExitStack() as ends:
        ends.callback(gc.enable)  # the last of all: until then there are widgets, and threads beside them
        ends.callback(shown.errors.remove)
        ends.callback(app.processEvents)
        ends.callback(shown.window.deleteLater)
        loading = _Loading(load)
        ends.callback(loading.end)
        while not loading.has_loops and not shown.window.closed:
            app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, _LOOK_AGAIN)
            loading.wait(_LOOK_AGAIN)
        if shown.window.closed:
            return 0
        loop = _make_loop(app, shown.errors)
        ends.callback(loop.close)
        furnishing = _Steps(_furnish(shown, open_house, loading, ends), loop)
        loop.run_forever()
        furnishing.end()
    return 0


class _Loading:
    """Imports in a thread: first what the loop needs, then what opening takes, then what a first conversation will."""

    def __init__(self, load: Callable[[], None] | None) -> None:
        self._load = load
        self._loops = threading.Event()
        self._opens = threading.Event()
        self._thread = threading.Thread(target=self._run, name="start", daemon=True)
        self._thread.start()

    @property
    def has_loops(self) -> bool:
        """Whether a loop can be made without waiting."""
        return self._loops.is_set()

    @property
    def opens(self) -> bool:
        """Whether a profile can be opened without waiting."""
        return self._opens.is_set()

    @property
    def goes_on(self) -> bool:
        """Whether anything is still under way."""
        return self._thread.is_alive()

    def end(self) -> None:
        """Wait for the thread: nothing may be imported while the interpreter ends."""
        self._thread.join()

    def wait(self, milliseconds: int) -> None:
        """For a loop, no longer than this."""
        self._loops.wait(milliseconds / 1000)

    def _run(self) -> None:
        try:
            import asyncio  # noqa: F401 - what qasync stands on
        finally:
            self._loops.set()  # where it cannot be imported, whoever needs it says so
        # none of these knows of Qt
        try:
            if self._load is not None:
                self._load()
            import sidelight.ui.panes.compare.values
            import sidelight.ui.panes.history.groups
            import sidelight.ui.wording
        finally:
            self._opens.set()
        import sidelight.render.later
        import sidelight.render.stream  # noqa: F401
        from sidelight.ui.evidence import read_ahead

        read_ahead()


class _Steps(QObject):
    """Takes steps, each in an event of its own. One that fails ends the loop; `end` raises what it failed with."""

    def __init__(self, steps: Steps, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._steps = steps
        self._loop = loop
        self._error: BaseException | None = None
        self._due = QTimer(self)
        self._due.setSingleShot(True)
        self._due.timeout.connect(self._take)
        self._due.start(0)

    def _take(self) -> None:
        try:
            self._due.start(next(self._steps))
        except StopIteration:
            pass
        except BaseException as error:  # it must not stay in Qt: the loop is its caller's
            self._error = error
            self._loop.stop()

    def end(self) -> None:
        """Take no more. Raises what a step failed with."""
        self._due.stop()
        self._steps.close()
        if self._error is not None:
            raise self._error


def _furnish(
    shown: Shown, open_house: Callable[[], House], loading: _Loading, ends: contextlib.ExitStack
) -> Steps:
    """All that the first paint does not need; `ends` learns how each of it ends."""
    app, window, looks = shown.app, shown.window, shown.looks
    yield from _made()
    shown.errors.hear_threads()
    app.setWindowIcon(app_icon())
    looks.changed.connect(lambda: window.set_palette_and_zoom(looks.palette, looks.zoom))
    looks.complete()
    yield 0
    instance = Instance(shown.paths)
    if instance.raise_other():  # it was shown while this process started
        window.close()
        return
    ends.callback(instance.close)
    instance.listen()
    instance.raised.connect(lambda: _raise(window))
    yield 0
    while not loading.opens:
        yield _LOOK_AGAIN
    house = open_house()
    ends.callback(house.close)
    yield 0
    ends.enter_context(_translated(app, house.session.settings.language))
    yield 0
    yield from _imported()
    yield from _move_in(shown, house.session, ends)
    while loading.goes_on:
        yield _LOOK_AGAIN
    for _ in shown.window.prepare():
        yield 0


def _made() -> Steps:
    """Classes of Qt's that take long to make, since their enumerations are made with them: at 5 to 25 ms they are a step each."""
    from PySide6.QtCore import Qt  # noqa: F401

    yield 0
    from PySide6.QtCore import QEvent  # noqa: F401
    from PySide6.QtGui import QKeyEvent  # noqa: F401

    yield 0
    from PySide6.QtWidgets import QStyle  # noqa: F401

    yield 0
    from PySide6.QtGui import QFont, QKeySequence, QPainter  # noqa: F401
    from PySide6.QtWidgets import QMenu, QStyledItemDelegate, QTreeView  # noqa: F401

    yield 0


def _imported() -> Steps:
    """What the furnished window consists of, a few modules a step. They make classes of Qt's, which no other thread may do."""
    import sidelight.ui.widgets.banner
    import sidelight.ui.widgets.flow
    import sidelight.ui.widgets.marked

    yield 0
    import sidelight.ui.panes.history.results

    yield 0
    import sidelight.ui.panes.history.pane

    yield 0
    import sidelight.ui.document.pictures
    import sidelight.ui.panes.welcome.pane

    yield 0
    import sidelight.ui.bridge

    yield 0
    import sidelight.ui.window.lanes
    import sidelight.ui.window.remarks  # noqa: F401

    yield 0


def _move_in(shown: Shown, session: Session, ends: contextlib.ExitStack) -> Steps:
    """Join the window to the session."""
    from sidelight.ui.bridge import Bridge
    from sidelight.ui.document.pictures import Pictures
    from sidelight.ui.mailbox import Collector

    window, looks = shown.window, shown.looks
    pictures = Pictures(shown.app)
    ends.callback(pictures.deleteLater)
    ends.callback(pictures.close)
    for _ in window.furnish(session, pictures):
        yield 0
    shown.errors.told.connect(lambda sentence: window.banner.say(sentence, level="error"))
    yield 0
    bridge = Bridge(session, window)
    ends.callback(bridge.stop)
    ends.callback(
        session.subscribe(lambda change: looks.take(session.settings) if change.kind == "settings" else None)
    )
    ends.callback(window.hide)
    looks.take(session.settings)
    bridge.start()
    yield 0
    session.start()
    collector = Collector(window, lambda: window.rests)
    ends.callback(collector.close)
    window.composer.catch_up()


def _make_loop(app: QApplication, errors: LastResort) -> asyncio.AbstractEventLoop:
    """The window's asyncio loop, on Qt's own."""
    import qasync  # type: ignore[import-untyped]  # it has no stubs

    app.setQuitOnLastWindowClosed(False)
    loop: asyncio.AbstractEventLoop = qasync.QEventLoop(app, already_running=False)
    loop.set_exception_handler(errors.in_loop)
    app.lastWindowClosed.connect(loop.stop)
    app.aboutToQuit.connect(loop.stop)
    return loop


def _raise(window: MainWindow) -> None:
    if window.isMinimized():
        window.showNormal()
    window.raise_()
    window.activateWindow()


@contextlib.contextmanager
def _translated(app: QApplication, language: str) -> Generator[None, None, None]:
    """Qt's own strings (buttons of file dialogs) in the language of the rest."""
    from PySide6.QtCore import QLibraryInfo, QLocale, QTranslator

    translator = QTranslator(app)
    locale = QLocale(language) if language else QLocale()
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    if translator.load(locale, "qtbase", "_", folder):
        app.installTranslator(translator)
    yield
    app.removeTranslator(translator)
