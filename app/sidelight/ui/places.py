"""What dialogs are shown of the places that serve models. Apart from `bridge`, since the first paint needs no dialog."""

from __future__ import annotations

from sidelight.backends.base import About
from sidelight.engine.session import Session
from sidelight.engine.terms import EMBEDDED
from sidelight.ui.bridge import backend_title, offers
from sidelight.ui.dialogs.model_picker import PickerValue
from sidelight.ui.preferences.backends import KnownBackend

__all__ = ["keyed_backends", "known_backends", "picker_value"]


def keyed_backends(session: Session) -> tuple[tuple[About, str], ...]:
    """Backends for which a key can be set, with their titles; those that need one come first."""
    abouts = [a for a in session.backends() if a.id != EMBEDDED]
    return tuple((a, backend_title(session, a.id)) for a in sorted(abouts, key=lambda a: not a.needs_key))


def known_backends(session: Session) -> tuple[KnownBackend, ...]:
    """All backends for the preferences."""
    return tuple(
        KnownBackend(a, backend_title(session, a.id), session.key_state(a.id)) for a in session.backends()
    )


def picker_value(session: Session) -> PickerValue:
    """All that the model picker shows."""
    abouts = session.backends()
    return PickerValue(
        tuple((a, backend_title(session, a.id)) for a in abouts),
        {a.id: session.key_state(a.id) for a in abouts},
        {a.id: session.models(a.id) for a in abouts},
        offers(session),
    )
