"""The system keyring, and nothing else: one item of it, a JSON object of origin -> key.

Never a file: where the system has no keyring, or it does not answer, a key lives in memory until the program ends, and
`state` says so. Keys in environment variables are read, and named as such, but never copied anywhere. `keyring` is imported
in the thread that asks it: it takes long, and a locked or broken one may never answer.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Literal, Protocol, TypeAlias, cast

from sidelight.secrets import InvalidSecret, Redactor, Secret

__all__ = ["KeyState", "Keyring", "Keys", "NoKeyring", "Trouble"]

KeyState: TypeAlias = Literal["none", "keyring", "environment", "memory"]
"""Where the key of an origin is; `memory` is gone when the program ends."""
Trouble: TypeAlias = Literal["absent", "locked", "no_answer", "failed"]
"""No keyring on this system; it is locked, and nobody unlocked it; it said nothing for 5 s; it reported an error."""

_SERVICE = "Sidelight"
_ACCOUNT = "keys"
_DEADLINE = 5.0
"""Seconds the keyring has to answer. An answer that comes later (a person unlocked it) still counts."""
_PARTING = 1.0
"""Seconds it has when the program ends."""
_REFUSED = ("keyring.backends.null", "keyring.backends.fail", "keyrings.alt")
"""Backends that keep nothing, or keep it in a file."""


class Keyring(Protocol):
    """What is used of the keyring package."""

    def get_password(self, service: str, username: str) -> str | None:
        """The item, None where there is none."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Write the item."""


class NoKeyring(Exception):
    """This system has no keyring that we would trust a key to."""


class Keys:
    """The keys of this profile. Used on one asyncio loop; `state` and `known` do not wait."""

    def __init__(
        self,
        env: Mapping[str, tuple[str, ...]],
        environ: Mapping[str, str] = os.environ,
        *,
        open_keyring: Callable[[], Keyring] | None = None,
        redact: Redactor | None = None,
    ) -> None:
        """`env` names the environment variables that may hold the key of an origin ("https://api.deepseek.com").

        `redact` learns each key as it comes in sight, before anybody could use it.
        """
        self.changed: Callable[[], None] = lambda: None
        """Called on the loop when an answer that came late has changed what `state` and `trouble` say."""
        self._redact = redact or Redactor()
        self._environment = {
            origin: secret for origin, names in env.items() if (secret := _first(environ, names)) is not None
        }
        self._learn(self._environment)
        self._open_keyring = open_keyring or _system_keyring
        self._kept: dict[str, Secret] | None = None
        self._memory: dict[str, Secret] = {}
        self._trouble: Trouble | None = None
        self._turn = asyncio.Lock()
        self._asked: asyncio.Future[None] | None = None

    @property
    def _was_asked(self) -> bool:
        return self._kept is not None or self._trouble is not None

    async def get(self, origin: str) -> Secret | None:
        """The key to send to an origin: one the person gave before one of the environment. Waits 5 s at most."""
        if self._kept is None and origin not in self._memory:
            async with self._turn:
                # Others may have waited here while the first one asked.
                if not self._was_asked:
                    await self._ask(_read)
        return self._memory.get(origin) or (self._kept or {}).get(origin) or self._environment.get(origin)

    async def set(self, origin: str, secret: Secret | None) -> KeyState:
        """Keep a key, or with None forget it; gives where it is now.

        A key that could not be removed from the keyring is still there, and still counts.
        """
        self._memory.pop(origin, None)
        if secret is not None:
            self._redact.learn(secret)
            self._memory[origin] = secret
        async with self._turn:
            await self._ask(lambda ring: _write(ring, origin, secret))
        return self.state(origin)

    async def close(self) -> None:
        """Give a question that is under way a moment to be answered.

        Its thread may be importing, and an import that the interpreter's end meets takes the process down: PySide's own code is in
        the way of every import, and Python ends threads by an exception that C++ must not stop.
        """
        if self._asked is not None and not self._asked.done():
            await asyncio.wait([self._asked], timeout=_PARTING)

    def state(self, origin: str) -> KeyState:
        """Where the key of an origin is, as far as the keyring has been read."""
        if origin in self._memory:
            return "memory"
        if origin in (self._kept or {}):
            return "keyring"
        return "environment" if origin in self._environment else "none"

    @property
    def trouble(self) -> Trouble | None:
        """Why the keyring could not be used when it was last asked; None: it could, or was not asked yet."""
        return self._trouble

    def known(self) -> tuple[Secret, ...]:
        """Every key in sight."""
        return (*self._memory.values(), *(self._kept or {}).values(), *self._environment.values())

    async def _ask(self, job: Callable[[Keyring], dict[str, str]]) -> None:
        """Run a job on the keyring in a thread and take over what it then holds; `trouble` tells if that went wrong."""
        if self._asked is not None and not self._asked.done():
            return  # an earlier question is still without an answer: no second thread waits beside it
        loop = asyncio.get_running_loop()
        self._asked = answered = loop.create_future()
        late = False

        def settle(outcome: dict[str, str] | Trouble) -> None:
            if isinstance(outcome, dict):
                self._take(outcome)
            else:
                self._trouble = outcome
            answered.set_result(None)
            if late:
                self.changed()

        def ask() -> None:
            outcome = _outcome(self._open_keyring, job)
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(settle, outcome)

        # A daemon: a keyring that never answers must not keep the program from ending.
        threading.Thread(target=ask, name="keyring", daemon=True).start()
        _, waiting = await asyncio.wait([answered], timeout=_DEADLINE)
        if waiting:
            late = True
            self._trouble = "no_answer"

    def _take(self, held: dict[str, str]) -> None:
        self._trouble = None
        self._kept = {
            origin: secret for origin, text in held.items() if (secret := _secret(text)) is not None
        }
        self._learn(self._kept)
        for origin, secret in self._kept.items():
            if self._memory.get(origin) == secret:
                del self._memory[origin]

    def _learn(self, found: Mapping[str, Secret]) -> None:
        for secret in found.values():
            self._redact.learn(secret)


def _outcome(
    open_keyring: Callable[[], Keyring], job: Callable[[Keyring], dict[str, str]]
) -> dict[str, str] | Trouble:
    try:
        return job(open_keyring())
    except NoKeyring:
        return "absent"
    except Exception as error:
        # The edge to any backend a system may have: whatever it raises, the key stays in memory.
        from keyring.errors import KeyringLocked

        return "locked" if isinstance(error, KeyringLocked) else "failed"


def _read(ring: Keyring) -> dict[str, str]:
    """What the item holds; an item that is not ours to read counts as empty."""
    text = ring.get_password(_SERVICE, _ACCOUNT)
    try:
        held = json.loads(text or "{}")
    except ValueError:
        return {}
    if not isinstance(held, dict):
        return {}
    return {origin: key for origin, key in held.items() if isinstance(key, str)}


def _write(ring: Keyring, origin: str, secret: Secret | None) -> dict[str, str]:
    """Change one key in the item, which another process may have written since; read back what became of it."""
    held = _read(ring)
    wanted = {**held, origin: secret.reveal()} if secret else {k: v for k, v in held.items() if k != origin}
    if wanted != held:
        ring.set_password(_SERVICE, _ACCOUNT, json.dumps(wanted))
    return _read(ring)


def _system_keyring() -> Keyring:
    """The first backend that is a keyring of the system. Raises NoKeyring."""
    import keyring

    chosen = keyring.get_keyring()
    for backend in getattr(chosen, "backends", [chosen]):
        if not type(backend).__module__.startswith(_REFUSED):
            return cast("Keyring", backend)
    raise NoKeyring


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> Secret | None:
    return next((secret for name in names if (secret := _secret(environ.get(name, ""))) is not None), None)


def _secret(text: str) -> Secret | None:
    try:
        return Secret(text)
    except InvalidSecret:
        return None
