"""What the terminal needs of the house that `main` puts together, and how it comes to be ready."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Protocol

from sidelight import messages
from sidelight.engine.session import Session
from sidelight.engine.terms import Fact
from sidelight.paths import Paths

__all__ = ["PAUSE", "House", "OpenHouse", "at_work"]

PAUSE = 0.02
"""Seconds between two looks at the session: below what a reader notices."""

_LONGEST_START = 20.0


class House(Protocol):
    """Settings, store, network and session, put together."""

    @property
    def session(self) -> Session:
        """What the commands talk to, from one thread."""

    @property
    def paths(self) -> Paths:
        """The folders of the profile."""

    def doctor(self) -> tuple[Fact, ...]:
        """What is found and what is missing. Holds no key."""

    def close(self) -> None:
        """Stop everything and write what is left."""


class OpenHouse(Protocol):
    """The way in; `__main__` passes it."""

    def __call__(self, *, temporary: bool = False) -> House:
        """Open the profile. `temporary`: nothing that is asked is stored."""


@contextmanager
def at_work(open_house: OpenHouse, *, temporary: bool = False) -> Iterator[Session]:
    """A session whose backends and weights are known, closed at the end. What it has to say goes to standard error."""
    house = open_house(temporary=temporary)
    with closing(house):
        session = house.session
        session.start(recover=False)  # what a window left half-done is the next window's to show
        deadline = time.monotonic() + _LONGEST_START
        while not _ready(session) and time.monotonic() < deadline:
            session.drain()
            time.sleep(PAUSE)
        for notice in session.notices:
            print(messages.text(notice.code, **dict(notice.params)), file=sys.stderr)
        yield session


def _ready(session: Session) -> bool:
    """Backends and weights are known, or never will be."""
    known = bool(session.backends() and session.weights())
    return known or any(notice.code == "engine.fault" for notice in session.notices)
