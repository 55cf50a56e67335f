"""pytest-qt's robot with patience: what must happen in a window has half a minute for it. Where all is well nobody waits."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import SignalInstance
from pytestqt.qtbot import QtBot
from pytestqt.wait_signal import CheckParamsCb, SignalBlocker

__all__ = ["PatientBot"]

_MS = 30_000


class PatientBot(QtBot):
    """Its own 5 seconds are too few for a machine that does other things beside."""

    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = _MS) -> None:
        """Until it returns true, or None."""
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(
        self,
        signal: SignalInstance,
        *,
        timeout: int = _MS,
        raising: bool | None = None,
        check_params_cb: CheckParamsCb | None = None,
    ) -> SignalBlocker:
        """Until it is emitted, in or before the end of the `with` block."""
        return super().waitSignal(signal, timeout=timeout, raising=raising, check_params_cb=check_params_cb)
