"""`sidelight models`: what can be asked, in the spelling that `ask -m` takes."""

from __future__ import annotations

import sys
import time

from sidelight import messages
from sidelight.backends.base import BackendError, Model
from sidelight.cli.house import PAUSE, OpenHouse, at_work
from sidelight.cli.plain import visible
from sidelight.cli.wording import failure
from sidelight.engine.session import Session

__all__ = ["models", "rows"]

_LONGEST = 20.0
"""Seconds after which a backend that has not said what it offers counts as silent."""


def rows(backend_id: str, offered: tuple[Model, ...]) -> tuple[str, ...]:
    """One line a model: its spelling, its title where that says more, its context in tokens."""
    lines = []
    for model in offered:
        parts = [visible(f"{backend_id}/{model.id}")]
        if model.title and model.title != model.id:
            parts.append(visible(model.title))
        if model.context:
            parts.append(str(model.context))
        lines.append("\t".join(parts))
    return tuple(lines)


def models(open_house: OpenHouse, backend: str | None) -> int:
    """Print the models of one backend or of all. Fails where the one named, or every one, gave none."""
    with at_work(open_house) as session:
        return _list(session, backend)


def _list(session: Session, backend: str | None) -> int:
    known = [x.id for x in session.backends()]
    if backend is not None and backend not in known:
        sentence = messages.text("cli.error.backend", backend=backend, known=", ".join(known))
        print(sentence, file=sys.stderr)
        return 2
    waiting = [backend] if backend is not None else known
    for backend_id in waiting:
        session.ask_models(backend_id)
    answered = False
    deadline = time.monotonic() + _LONGEST
    while waiting and time.monotonic() < deadline:
        session.drain()
        for backend_id in tuple(waiting):
            offered = session.models(backend_id)
            if offered is not None:
                waiting.remove(backend_id)
                answered |= _show(backend_id, offered)
        time.sleep(PAUSE)
    for backend_id in waiting:
        sentence = messages.text("cli.error.no_answer", backend=backend_id, seconds=int(_LONGEST))
        print(sentence, file=sys.stderr)
    return 0 if answered else 1


def _show(backend_id: str, offered: tuple[Model, ...] | BackendError) -> bool:
    if isinstance(offered, BackendError):
        reason = visible(failure(offered.failed))
        print(messages.text("cli.error.models", backend=backend_id, reason=reason), file=sys.stderr)
        return False
    for line in rows(backend_id, offered):
        print(line)
    sys.stdout.flush()
    return True
