"""The one place that puts the house together: settings, store, session; then, in the network's thread, all that is outside.

Not a face. `run_window` hands the house to the window by a late import, so that the terminal never meets Qt; and the rest is
imported when a house is opened, so that the window need not wait for it (`load`).
"""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sidelight.paths import Paths, resource, standard_paths

if TYPE_CHECKING:
    from collections.abc import Callable

    from sidelight.engine.outside import Outside
    from sidelight.engine.session import Session
    from sidelight.engine.terms import Face, Fact, Notice
    from sidelight.keys import Keys
    from sidelight.secrets import Redactor
    from sidelight.settings import Settings
    from sidelight.store.database import Store
    from sidelight.ui.start import Shown

__all__ = ["House", "open_house", "run_window"]

log = logging.getLogger(__name__)
_LOGGER = logging.getLogger("sidelight")


class House:
    """One profile, open."""

    def __init__(self, paths: Paths, session: Session, log_handler: logging.Handler) -> None:
        self.paths = paths
        self.session = session
        self._log = log_handler

    def doctor(self) -> tuple[Fact, ...]:
        """What is found and what is missing. Holds no key."""
        from sidelight.engine import doctor
        from sidelight.secrets import Redactor

        return doctor.facts(self.paths, self.session.settings, _keys(Redactor()))

    def close(self) -> None:
        """Stop what streams, write what is left, end all threads and processes of ours."""
        if not self.session.close():
            log.error("not everything could be written before the end")
        _LOGGER.removeHandler(self._log)
        self._log.close()


def open_house(
    paths: Paths | None = None,
    *,
    temporary: bool = False,
    read_only: bool = False,
    notice: Notice | None = None,
) -> House:
    """Open a profile. Never raises for a broken one: it opens in memory and the session's notices say why.

    `temporary`: nothing that is asked here is stored. `read_only`: nothing that is stored is changed. `notice` is said
    unless opening has something to say itself.
    """
    from sidelight import messages
    from sidelight import settings as preferences
    from sidelight.engine.session import Session
    from sidelight.secrets import Redactor

    paths = standard_paths() if paths is None else paths
    settings = preferences.load(paths.settings)
    messages.use_language(settings.language or None, resource("locale"))
    store, trouble = _open_store(paths, read_only=read_only)
    redact = Redactor()
    session = Session(
        settings,
        store=store,
        settings_file=paths.settings,
        weights=paths.weights,
        make_outside=partial(_outside, redact),
        temporary=temporary,
        notice=trouble or notice,
    )
    return House(paths, session, _open_log(paths, redact))


def run_window(paths: Paths | None = None) -> int:
    """Show the window of a profile, open the profile behind it, and live until it is closed. Returns the exit code."""
    from sidelight.ui import start

    paths = standard_paths() if paths is None else paths
    shown = start.first_paint(paths)
    opening = partial(open_house, paths)
    while shown is not None:
        code = _live(shown, opening)
        wish = shown.window.reopening
        if wish is None:
            return code
        from sidelight.ui.preferences.reopening import carried_out

        notice = carried_out(wish, paths.database, paths.data / "journals")
        opening = partial(open_house, paths, read_only=wish.kind == "read_only", notice=notice)
        shown = start.first_paint(paths)
    return 0


def _live(shown: Shown, opening: Callable[[], House]) -> int:
    from sidelight.ui import application

    return application.live(shown, opening, load)


def load() -> None:
    """Import what opening a profile takes, and what its session needs next. For a thread."""
    import sidelight.engine.outside
    import sidelight.engine.session  # noqa: F401


def _open_store(paths: Paths, *, read_only: bool) -> tuple[Store | None, Notice | None]:
    from sidelight.engine.terms import store_notice
    from sidelight.store.database import Store, StoreError
    from sidelight.store.errors import translated

    try:
        paths.make()
    except OSError as error:
        return None, store_notice(translated(error, paths.data))
    try:
        if not read_only:
            return Store.open(paths.database, paths.data / "journals"), None
    except StoreError as error:
        if error.code != "readonly":
            return None, store_notice(error)
    from sidelight.engine.safekeeping import open_to_read

    return open_to_read(paths.database, wished=read_only)


def _open_log(paths: Paths, redact: Redactor) -> logging.Handler:
    """The one log of the program, at most two files of 1 MB, without keys. Where there is no folder for it, none."""
    handler: logging.Handler = logging.NullHandler()
    if paths.logs.is_dir():
        from logging.handlers import RotatingFileHandler

        handler = RotatingFileHandler(
            paths.logs / "sidelight.log", maxBytes=1_000_000, backupCount=1, encoding="utf-8", delay=True
        )
    handler.setFormatter(_Redacted(redact))
    _LOGGER.addHandler(handler)
    return handler


class _Redacted(logging.Formatter):
    """A whole record, traceback included, without any key."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__("%(asctime)s %(levelname)s %(process)d %(name)s %(message)s")
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        return self._redact(super().format(record))


def _outside(redact: Redactor, settings: Settings, store: Store | None, weights: Path, face: Face) -> Outside:
    from sidelight.engine.outside import Outside

    return Outside(settings, store, weights, _keys(redact), face, redact=redact)


def _keys(redact: Redactor) -> Keys:
    """The keyring, and the environment variables that belong to each provider's own address.

    A provider whose address a person types has no origin yet that a variable could belong to.
    """
    from sidelight.backends import registry
    from sidelight.keys import Keys
    from sidelight.net.address import origin_of

    known = {origin_of(row.base_url): row.key_env for row in registry.ROWS if row.key_env and row.base_url}
    return Keys(known, redact=redact)
