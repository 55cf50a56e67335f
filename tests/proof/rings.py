"""Keyrings that misbehave, and one that does not, for a process that is told of one by PYTHON_KEYRING_BACKEND (`tests.proof.rings.Raising`)."""

from __future__ import annotations

import threading

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

__all__ = ["Hanging", "Locked", "Raising", "Working"]


class _Ring(KeyringBackend):
    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        self._refuse()
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        self._refuse()

    def delete_password(self, service: str, username: str) -> None:
        self._refuse()

    def _refuse(self) -> None:
        raise NotImplementedError


class Working(_Ring):
    """Holds nothing, and keeps nothing."""

    def _refuse(self) -> None:
        pass


class Raising(_Ring):
    """Reports an error whose text must not be shown."""

    def _refuse(self) -> None:
        raise RuntimeError("org.freedesktop.DBus.Error.NoReply")


class Locked(_Ring):
    """Nobody unlocks it."""

    def _refuse(self) -> None:
        raise KeyringLocked("Failed to unlock the collection!")


class Hanging(_Ring):
    """Says nothing for a minute."""

    def _refuse(self) -> None:
        threading.Event().wait(60)
