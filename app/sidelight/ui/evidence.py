"""What `models` makes of a reply: its card, its cost, how its thoughts came, what changed since the turn before.

Not what is drawn of it. Importing this reads the registry's code, and its first use the files (30 ms together), which
`read_ahead` does in a thread. Each reply is looked at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sidelight.backends.base import About
from sidelight.chat.conversation import Turn
from sidelight.chat.message import Lane
from sidelight.chat.reply import Reply, TraceKind, trace_of
from sidelight.engine.terms import EMBEDDED
from sidelight.models import prices
from sidelight.models.families import resolve
from sidelight.models.identity import Card, Place, card, changed
from sidelight.models.metadata import restated
from sidelight.models.prices import Cost, UnreadablePrices
from sidelight.models.sayings import Saying
from sidelight.models.visibility import Arrival, Visibility, arrival, visibility

__all__ = ["Evidence", "Known", "place_of", "read_ahead"]

_KEPT = 256


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of one reply beside its text. `changes` are warnings against the lane's turn before.

    The cost of a reply that was read again is nothing: what came was paid for once.
    """

    card: Card
    visibility: Visibility
    arrival: Arrival
    cost: Cost
    changes: tuple[Saying, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should see at once: the evidence disagrees, or something else answers than before."""
        return tuple(x.text for x in (*(c.saying for c in self.card.conflicts), *self.changes))


class Evidence:
    """Looks at replies. `own_prices` is the person's price file; `trouble` says why it was not taken, if it was not."""

    def __init__(self, own_prices: Path | None = None) -> None:
        self.trouble: Saying | None = None
        try:
            self._prices = prices.load(own_prices)
        except UnreadablePrices as error:
            self.trouble = error.saying
            self._prices = prices.load()
        self._kept: dict[str, tuple[tuple[object, ...], Known]] = {}

    def of(self, lane: Lane, about: About | None, turns: Sequence[Turn], reply: Reply) -> Known:
        """What is known of `reply`, given by `lane` in the last of `turns`. `about` is the lane's backend."""
        place = place_of(lane, about, reply)
        earlier = _earlier(turns[:-1], lane.id)
        made_of = (reply, place, earlier)
        kept = self._kept.get(reply.id)
        if kept is not None and kept[0] == made_of:
            return kept[1]
        known = self._look(reply, place, earlier)
        if len(self._kept) >= _KEPT:
            self._kept.clear()
        self._kept[reply.id] = (made_of, known)
        return known

    def _look(self, reply: Reply, place: Place, earlier: Reply | None) -> Known:
        trace, seen, now = trace_of(reply), visibility(reply), _card(reply, place)
        changes = () if earlier is None else changed(_card(earlier, place), now)
        if reply.reread:
            cost = Cost(total=0.0)
        else:
            cost = prices.cost(
                reply.usage,
                reply.identity.served_model or reply.identity.requested_model,
                place.provider,
                self._prices,
                kind=trace.kind,
                shown_tokens=seen.shown,
                at=reply.timing.asked_at,
            )
        hidden = trace.kind is TraceKind.HIDDEN
        return Known(now, seen, arrival(reply.timing, hidden=hidden), cost, changes)


def read_ahead() -> None:
    """Read the registry of models before it is first asked."""
    resolve("")


def _card(reply: Reply, place: Place) -> Card:
    metadata = restated(reply.identity.metadata)
    return card(reply.identity, backend=place, metadata=metadata, asked=reply.timing.asked_at)


def place_of(lane: Lane, about: About | None, reply: Reply) -> Place:
    """Where the reply was asked. Older replies do not say; then it is the lane's backend, unless the lane asks for another
    model by now."""
    if reply.asked is not None:
        if reply.asked.backend == EMBEDDED:
            return Place(EMBEDDED, "localhost")
        return Place(reply.asked.provider, urlsplit(f"//{reply.asked.host}").hostname)
    if about is None or reply.identity.requested_model not in ("", lane.model):
        return Place("")
    if about.id == EMBEDDED:
        return Place(EMBEDDED, "localhost")
    return Place(about.provider, urlsplit(about.origin).hostname)


def _earlier(turns: Sequence[Turn], lane: str) -> Reply | None:
    """The lane's newest reply before that tells who gave it."""
    for turn in reversed(turns):
        for reply in reversed(turn.versions(lane)):
            if reply.identity.served_model or reply.identity.fingerprint or reply.identity.provider:
                return reply
    return None
