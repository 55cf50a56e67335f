"""One window a profile: where a window of it stands already, that one is raised. Other profiles never meet."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from sidelight.paths import Paths

__all__ = ["Instance"]

log = logging.getLogger(__name__)


class Instance(QObject):
    """One window a profile: a local socket, open to this user alone. Whoever connects asks to raise; nothing is read."""

    raised = Signal()

    def __init__(self, paths: Paths) -> None:
        super().__init__()
        profile = hashlib.sha256(os.fsencode(paths.data.resolve())).hexdigest()[:16]
        self._name = f"sidelight-{profile}"
        self._mark = paths.window_mark
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
        with contextlib.suppress(OSError):  # without it, the next start asks a little later
            self._mark.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._mark.touch(mode=0o600)
        return True

    def close(self) -> None:
        """Another window may stand now."""
        if self._server.isListening():
            with contextlib.suppress(OSError):
                self._mark.unlink(missing_ok=True)
        self._server.close()

    def _on_connection(self) -> None:
        while self._server.hasPendingConnections():
            socket = self._server.nextPendingConnection()
            socket.abort()
            socket.deleteLater()
        self.raised.emit()
