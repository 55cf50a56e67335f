"""Waiting for what a session does: drained, as a face drains it, until something holds."""

from __future__ import annotations

import time
from collections.abc import Callable

from sidelight.engine.session import Session

__all__ = ["until"]


def until(
    session: Session,
    condition: Callable[[], bool],
    seconds: float = 30.0,
    told: Callable[[], object] = lambda: "did not happen in time",
) -> None:
    """Drain until it holds. Raises AssertionError with what `told` gives."""
    deadline = time.monotonic() + seconds
    while True:
        session.drain()
        if condition():
            return
        assert time.monotonic() < deadline, told()
        time.sleep(0.002)
