"""Drives the real window from inside its own process, as a person would: types into the composer, looks at the lanes.

Run as `python -m tests.proof.window ask PROMPT` (types and reports until it is killed) or `... look` (reports what a fresh
start shows, then closes the window). Each report is one JSON line on standard output.
"""

from __future__ import annotations

import json
import sys

from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from sidelight.main import open_house
from sidelight.ui import application
from sidelight.ui.main_window import MainWindow


def main_window() -> MainWindow | None:
    """The main window, once it stands."""
    return next((w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow)), None)


def report(stands: MainWindow) -> None:
    """What a person can read: the text of each lane and what its labels say, and what stands in the rest of the window."""
    columns = stands._lanes.columns if stands._lanes is not None else []
    told = {
        "lanes": [{"text": c.view.accessible_text(), "labels": labels(c)} for c in columns],
        "composer": stands.composer.edit.toPlainText(),
        "window": labels(stands),
    }
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def labels(widget: QWidget) -> list[str]:
    """The texts of all labels of a widget that can be seen."""
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisible()]


def leave(stands: MainWindow) -> None:
    """Say once more what there is to read, and close the window as a person does."""
    report(stands)
    stands.close()


def main() -> int:
    """Live until killed (`ask`), or until the reply is shown (`look`)."""
    wish, *words = sys.argv[1:]
    app = QApplication(sys.argv[:1])
    house = open_house()
    timer = QTimer(app)
    typed = False

    def tick() -> None:
        nonlocal typed
        stands = main_window()
        if stands is None:
            return
        if wish == "ask" and not typed and house.session.weights():
            typed = True
            QTest.keyClicks(stands.composer.edit, words[0])
            QTest.keyClick(stands.composer.edit, Qt.Key.Key_Return)
        report(stands)
        if wish == "look" and len(house.session.conversation.turns) > 0:
            timer.stop()
            QTimer.singleShot(1000, lambda: leave(stands))

    timer.timeout.connect(tick)
    timer.start(100)
    return application.run(house)


if __name__ == "__main__":
    sys.exit(main())
