"""Errors that nobody caught: where they go, so that the window goes on and nothing fails in silence."""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from sidelight import messages

if TYPE_CHECKING:
    import asyncio

    from sidelight.ui.mailbox import Mailbox

__all__ = ["LastResort"]

log = logging.getLogger(__name__)


class LastResort(QObject):
    """Errors nobody caught: into the log of the house, and one plain sentence on the screen. The window goes on.

    A crash of the interpreter itself leaves its stacks in crash.log.
    """

    told = Signal(str)

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._crash: IO[str] | None = None
        self._elsewhere: Mailbox[str] | None = None
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

    def hear_threads(self) -> None:
        """Say errors of other threads too; to be called in the window's, before it starts any."""
        from sidelight.ui.mailbox import Mailbox

        self._elsewhere = Mailbox(self.told.emit, self)

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
            said = _noted(happened.exc_type, happened.exc_value, happened.exc_traceback)
            if self._elsewhere is not None:
                self._elsewhere.slot.put(said)

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
