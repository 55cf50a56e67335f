"""What dialogs are shown of the places that serve models. Apart from `bridge`, since the first paint needs no dialog."""

from __future__ import annotations

import os

from sidelight.backends import registry
from sidelight.backends.base import About
from sidelight.engine.session import Session
from sidelight.engine.terms import EMBEDDED
from sidelight.ui.bridge import backend_title, offers
from sidelight.ui.dialogs.access import KnownBackend
from sidelight.ui.dialogs.model_picker import PickerValue
from sidelight.ui.servers import found_servers

__all__ = ["keyed_backends", "known_backends", "picker_value"]


def keyed_backends(session: Session) -> tuple[KnownBackend, ...]:
    """Backends for which a key can be set; those that need one come first."""
    known = (k for k in known_backends(session) if k.about.id != EMBEDDED)
    return tuple(sorted(known, key=lambda k: not k.about.needs_key))


def known_backends(session: Session) -> tuple[KnownBackend, ...]:
    """All backends for the preferences."""
    return tuple(
        KnownBackend(
            about,
            backend_title(session, about.id),
            session.key_state(about.id),
            _variable(about),
            session.models(about.id),
        )
        for about in session.backends()
    )


def _variable(about: About) -> str:
    """The environment variable that holds the key of its provider, "" where none does."""
    names = next((row.key_env for row in registry.ROWS if row.provider == about.provider), ())
    return next((name for name in names if os.environ.get(name, "").strip()), "")


def picker_value(session: Session) -> PickerValue:
    """All that the model picker shows."""
    abouts = session.backends()
    found = {server.setting.id for server in session.servers()}
    usual = {row.provider for row in registry.ROWS if row.local}
    used = {lane.backend for lane in session.conversation.lanes} | {s.id for s in session.settings.backends}
    return PickerValue(
        tuple((a, backend_title(session, a.id)) for a in abouts),
        {a.id: session.key_state(a.id) for a in abouts},
        {a.id: session.models(a.id) for a in abouts},
        offers(session),
        found_servers(session),
        frozenset(usual - found - used),
        {a.id: session.fits(a.id) for a in abouts if a.local},
    )
