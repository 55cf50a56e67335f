"""What the network's side has told so far: backends, what they offer, local servers, keys, weights. What `session` delegates.

Not the asking (`outside`). In the face's thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sidelight.backends.base import About, BackendError, Model
from sidelight.engine.terms import Change, Fitting, KeyState, Server, WeightsOffer
from sidelight.settings import BackendSetting, Settings

if TYPE_CHECKING:
    from sidelight.local.weights import Installed

__all__ = ["Known"]


class Known:
    """The newest word on each."""

    def __init__(self, tell: Callable[[Change], None]) -> None:
        self._tell = tell
        self.backends: tuple[About, ...] = ()
        self.keys: dict[str, KeyState] = {}
        self.servers: tuple[Server, ...] = ()
        self.models: dict[str, tuple[Model, ...] | BackendError | None] = {}
        self.fits: dict[str, dict[str, Fitting]] = {}
        self.weights: tuple[WeightsOffer, ...] = ()
        self.installed: tuple[Installed, ...] = ()

    def take_models(self, backend_id: str, models: tuple[Model, ...] | BackendError) -> None:
        """What a backend offers, or why it does not say."""
        self.models[backend_id] = models
        self._tell(Change("backends"))

    def take_backends(self, abouts: tuple[About, ...], keys: dict[str, KeyState]) -> None:
        """Which backends there are, and where their keys are."""
        self.backends, self.keys = abouts, keys
        self._tell(Change("backends"))

    def take_servers(self, servers: tuple[Server, ...]) -> None:
        """The local servers that were found."""
        self.servers = servers
        self._tell(Change("backends"))

    def take_fits(self, backend_id: str, found: Mapping[str, Fitting]) -> None:
        """Which models of a backend fit."""
        self.fits.setdefault(backend_id, {}).update(found)
        self._tell(Change("backends"))

    def take_weights(self, offers: tuple[WeightsOffer, ...], installed: tuple[Installed, ...]) -> bool:
        """The weights; whether other ones are here now than before."""
        news = installed != self.installed
        self.weights, self.installed = offers, installed
        return news

    def about(self, backend_id: str) -> About | None:
        """Facts of a backend; None where there is none of this id."""
        return next((about for about in self.backends if about.id == backend_id), None)

    def context_of(self, backend_id: str, model: str) -> int | None:
        """Tokens of context of a model, where its backend told."""
        known = self.models.get(backend_id)
        return next((m.context for m in known if m.id == model), None) if isinstance(known, tuple) else None

    def new_servers(self, used: set[str], settings: Settings) -> tuple[BackendSetting, ...]:
        """Of the servers found those that are used and not in the settings yet."""
        kept = {s.id for s in settings.backends}
        return tuple(
            s.setting
            for s in self.servers
            if not s.known and s.setting.id in used and s.setting.id not in kept
        )
