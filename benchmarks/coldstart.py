"""One start, measured from before the process was made: of the app (`app`) or of an empty PySide6 window (`empty`).

    python -m benchmarks.coldstart app|empty BEGAN       BEGAN in monotonic seconds, taken by whoever started the process

Imports nothing at the top that the app would not: what is in memory at the first paint is one of the figures.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sidelight.ui.main_window import MainWindow
    from sidelight.ui.start import Shown

HEAVY = (
    "dataclasses",
    "msgspec",
    "httpx",
    "keyring",
    "pygments",
    "markdown",
    "markdown_it",
    "ziamath",
    "qasync",
    "asyncio",
    "sqlite3",
)
"""Modules of which it is told whether they were there at the first paint."""


def app(began: float) -> None:
    """The program as `sidelight` starts it. When it has painted for the first time, a letter is typed and drawn.

    The letter waits until two events have been dealt with, as a person's does that comes at a bad moment. "whole" is when
    all of the window is there and the session has begun.
    """
    from sidelight import __main__ as door
    from sidelight import main as house

    module = vars(house)
    live = module["_live"]

    def tell_and_live(shown: Shown, opening: object) -> int:
        told = {
            "first_paint": time.monotonic() - began,
            "first_paint_cpu": time.process_time(),
            "modules": len(sys.modules),
            "heavy": [name for name in HEAVY if name in sys.modules],
        }
        from PySide6.QtCore import QTimer

        later = QTimer.singleShot
        later(0, lambda: later(0, lambda: type_a_letter(shown.window, told)))
        catch_up = shown.window.composer.catch_up

        def whole() -> None:
            catch_up()
            later(0, lambda: end(shown.window, told))

        vars(shown.window.composer)["catch_up"] = whole
        return int(live(shown, opening))

    def type_a_letter(window: MainWindow, told: dict[str, object]) -> None:
        from PySide6.QtCore import QEvent, Qt
        from PySide6.QtGui import QKeyEvent
        from PySide6.QtWidgets import QApplication

        edit = window.composer.edit
        key = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_A, Qt.KeyboardModifier.NoModifier, "a")
        QApplication.sendEvent(edit, key)
        edit.repaint()
        told["usable"] = time.monotonic() - began
        told["usable_cpu"] = time.process_time()

    def end(window: MainWindow, told: dict[str, object]) -> None:
        told["whole"] = time.monotonic() - began
        told["whole_cpu"] = time.process_time()
        told["typed"] = window.composer.edit.toPlainText()
        print(json.dumps(told), flush=True)
        window.close()

    module["_live"] = tell_and_live
    sys.argv[1:] = []
    door.main()


def empty(began: float) -> None:
    """A QMainWindow with nothing in it."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication, QMainWindow

    qt_app = QApplication(sys.argv[:1])
    window = QMainWindow()
    window.resize(1280, 800)
    window.show()
    qt_app.processEvents()
    told: dict[str, object] = {
        "first_paint": time.monotonic() - began,
        "first_paint_cpu": time.process_time(),
        "modules": len(sys.modules),
    }

    def usable() -> None:
        told["usable"] = time.monotonic() - began
        told["usable_cpu"] = time.process_time()
        print(json.dumps(told), flush=True)
        window.close()

    QTimer.singleShot(0, lambda: QTimer.singleShot(0, usable))
    qt_app.exec()


if __name__ == "__main__":
    (app if sys.argv[1] == "app" else empty)(float(sys.argv[2]))
