"""One start, measured from before the process was made: of the app (`app`) or of an empty PySide6 window (`empty`).

    python -m benchmarks.coldstart app|empty BEGAN       BEGAN in monotonic seconds, taken by whoever started the process

Imports nothing at the top that the app would not: what is in memory at the first paint is one of the figures.
"""

from __future__ import annotations

import json
import sys
import time

HEAVY = ("httpx", "keyring", "pygments", "markdown", "markdown_it", "ziamath", "qasync", "asyncio", "sqlite3")
"""Modules of which it is told whether they were there at the first paint."""


def app(began: float) -> None:
    """The window as `sidelight` opens it. The first paint is over when the loop is made; then a letter is typed and drawn."""
    from sidelight.main import run_window
    from sidelight.ui import application

    module = vars(application)
    make_loop = module["_make_loop"]

    def make_loop_and_tell(*arguments: object) -> object:
        told = {
            "first_paint": time.monotonic() - began,
            "first_paint_cpu": time.process_time(),
            "modules": len(sys.modules),
            "heavy": [name for name in HEAVY if name in sys.modules],
        }
        later = module["QTimer"].singleShot
        later(0, lambda: later(0, lambda: type_a_letter(told)))  # behind what the app itself does first
        return make_loop(*arguments)

    def type_a_letter(told: dict[str, object]) -> None:
        from PySide6.QtCore import QEvent, Qt
        from PySide6.QtGui import QKeyEvent
        from PySide6.QtWidgets import QApplication

        window = next(w for w in QApplication.topLevelWidgets() if isinstance(w, module["MainWindow"]))
        edit = window.composer.edit
        key = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_A, Qt.KeyboardModifier.NoModifier, "a")
        QApplication.sendEvent(edit, key)
        edit.repaint()
        told["usable"] = time.monotonic() - began
        told["usable_cpu"] = time.process_time()
        told["typed"] = edit.toPlainText()
        print(json.dumps(told), flush=True)
        window.close()

    module["_make_loop"] = make_loop_and_tell
    run_window()


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
