"""What asking costs: an estimate before it, the sum of the day after it, and the limit between the two.

Not the prices (`models.prices`) and not the rows (`store.spending`). Money that is not known is counted in replies or
lanes and said, never taken for nothing. Used in the face's thread, but `look` may run in any.

Tokens before sending are an estimate: what the server counted for the lane's last prompt, and a token for four bytes
of UTF-8 of what is new. Bytes, since most vocabularies are made of them: a letter of a Latin script is about a quarter of a
token, a Chinese character about three quarters.
"""

from __future__ import annotations

import datetime as dt
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sidelight.backends.base import About
from sidelight.chat.conversation import Conversation, messages_for
from sidelight.chat.message import Message
from sidelight.chat.reply import Reply, ReplyState
from sidelight.engine.terms import EMBEDDED, Ask
from sidelight.models import prices
from sidelight.models.prices import Asked, Estimate, Prices, UnreadablePrices
from sidelight.models.sayings import Saying
from sidelight.net.address import is_loopback
from sidelight.store.database import Connection
from sidelight.store.spending import asked_since

__all__ = ["BYTES_A_TOKEN", "Estimate", "Look", "OverLimit", "Spending", "Spent", "midnight", "paid"]

BYTES_A_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Spent:
    """Dollars since midnight, as providers state them, else computed. `unknown` counts replies that are not in it."""

    dollars: float = 0.0
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """The price files and the day's replies as they were read: when each was asked for, and its dollars, None unknown."""

    prices: Prices
    trouble: Saying | None
    own_exists: bool
    replies: Mapping[str, tuple[float, float | None]]


class OverLimit(ValueError):
    """Nothing was sent, since what was spent today and what is likely to be added would pass the limit (dollars)."""

    def __init__(self, spent: Spent, estimate: Estimate, limit: float) -> None:
        super().__init__("engine.over_limit")
        self.spent = spent
        self.estimate = estimate
        self.limit = limit


class Spending:
    """The day's sum, kept by what this process asks and by what it reads of the others.

    What was seen once today stays counted, though its conversation is deleted or was never to be stored.
    """

    def __init__(
        self, own: Path, *, clock: Callable[[], float] = time.time, zone: dt.tzinfo | None = None
    ) -> None:
        """`own` is the person's price file, which need not exist. `zone` is where midnight is, None for this machine's."""
        self.own = own
        self.own_exists = False
        self.trouble: Saying | None = None
        self._prices: Prices | None = None
        self._clock = clock
        self._zone = zone
        self._replies: dict[str, tuple[float, float | None]] = {}

    @property
    def prices(self) -> Prices:
        """As last read."""
        if self._prices is None:
            self._prices, self.trouble = _load(self.own)
        return self._prices

    def look(self, con: Connection | None) -> Look:
        """Read the price files and the day's replies; `con` None where nothing is stored. Changes nothing here."""
        known, trouble = _load(self.own)
        replies = asked_since(con, self._midnight()) if con is not None else ()
        return Look(
            known,
            trouble,
            self.own.exists(),
            {r.id: (r.timing.asked_at or 0.0, paid(r, known)) for r in replies},
        )

    def take(self, look: Look) -> None:
        """Take what was read. What is known here of a reply stays where the disk does not know it yet."""
        self._prices, self.trouble, self.own_exists = look.prices, look.trouble, look.own_exists
        for reply_id, (at, money) in look.replies.items():
            if money is not None or reply_id not in self._replies:
                self._replies[reply_id] = (at, money)

    def begun(self, asks: Iterable[Ask], backends: Sequence[About]) -> None:
        """These were asked; what they cost is not known yet."""
        for ask in asks:
            if not _is_free(ask.backend, _about(backends, ask.backend)):
                self._replies[ask.reply.id] = (ask.reply.timing.asked_at or self._clock(), None)

    def ended(self, reply: Reply) -> None:
        """A reply has ended."""
        at, _ = self._replies.get(reply.id, (reply.timing.asked_at or self._clock(), None))
        self._replies[reply.id] = (at, paid(reply, self.prices))

    def today(self) -> Spent:
        """The sum since midnight."""
        since = self._midnight()
        self._replies = {i: (at, money) for i, (at, money) in self._replies.items() if at >= since}
        known = [money for _, money in self._replies.values() if money is not None]
        return Spent(sum(known), len(self._replies) - len(known))

    def estimate(
        self, conversation: Conversation, asks: Sequence[Ask], backends: Sequence[About]
    ) -> Estimate:
        """What these questions will cost, asked in this conversation."""
        measure = _Measure()
        lanes = [_asked(conversation, ask, _about(backends, ask.backend), measure) for ask in asks]
        files = any(
            not _is_text(a.media_type) for ask in asks for a in ask.request.messages[-1].attachments
        ) and any(not lane.free for lane in lanes)
        return prices.estimate(lanes, self.prices, at=self._clock(), files=files)

    def within(self, estimate: Estimate, limit: float) -> bool:
        """Whether a limit (dollars a day, 0 is none) allows to ask. Beyond it, nothing that may cost is allowed."""
        if limit <= 0 or not estimate.costs:
            return True
        spent = self.today().dollars
        return spent + estimate.likely <= limit and not (estimate.unknown and spent >= limit)

    def _midnight(self) -> float:
        return midnight(self._clock(), self._zone)


def midnight(at: float, zone: dt.tzinfo | None = None) -> float:
    """When the day of `at` began (both Unix seconds), in a zone or, None, where this machine is.

    A day that has two midnights began at the first; one that has none began when the clocks went forward.
    """
    day = dt.datetime.fromtimestamp(at, zone)
    return day.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).timestamp()


def paid(reply: Reply, known: Prices) -> float | None:
    """What a reply cost: as the provider states it, else computed; None where it is not known, or not over yet.

    Nothing where nothing was sent, where this machine answered, and where the request was refused before anything came.
    """
    asked = reply.asked
    if reply.reread or (
        asked is not None and (asked.backend == EMBEDDED or is_loopback(f"http://{asked.host}"))
    ):
        return 0.0
    if not reply.state.is_final:
        return None
    if reply.usage is None:
        refused = reply.state is ReplyState.FAILED and reply.timing.first_payload is None
        return 0.0 if refused else None
    told = prices.cost(
        reply.usage,
        reply.identity.served_model or reply.identity.requested_model,
        asked.provider if asked is not None else "",
        known,
        at=reply.timing.asked_at,
    )
    money = told.total if told.reported is None else told.reported
    return money if money is not None and 0 <= money < math.inf else None  # a server may say anything


class _Measure:
    """Bytes of messages; each text is measured once, since all lanes are sent the same prompt."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def __call__(self, messages: Iterable[Message]) -> int:
        return sum(
            self._text(m.text) + sum(a.size for a in m.attachments if _is_text(a.media_type))
            for m in messages
        )

    def _text(self, text: str) -> int:
        size = self._known.get(text)
        if size is None:
            size = self._known[text] = len(text.encode(errors="replace"))
        return size


def _asked(conversation: Conversation, ask: Ask, about: About | None, measure: _Measure) -> Asked:
    request = ask.request
    name, most = request.model, request.parameters.max_tokens
    if _is_free(ask.backend, about):
        return Asked(name, "", request.model, 0, free=True)
    before = [
        (turn, reply)
        for turn in conversation.path
        for reply in turn.versions(ask.reply.lane)
        if reply.usage is not None
        and reply.identity.requested_model == request.model
        and (reply.asked is None or reply.asked.backend == ask.backend)
    ]
    prompt, known = measure(request.messages) / BYTES_A_TOKEN, 0
    lane = conversation.lane(ask.reply.lane)
    for turn, reply in reversed(before):
        if lane is None:
            break
        sent = measure(messages_for(conversation, lane, turn.id, reply.dropped_turns)) / BYTES_A_TOKEN
        if reply.usage is not None and reply.usage.prompt and prompt >= sent:
            known = reply.usage.prompt
            prompt += known - sent
            break
    given = [r.usage.output_total for _, r in before if r.usage is not None and r.usage.output_total]
    usual = sum(given) / len(given) if given else None
    return Asked(name, about.provider if about is not None else "", request.model, prompt, known, most, usual)


def _about(backends: Sequence[About], backend: str) -> About | None:
    return next((about for about in backends if about.id == backend), None)


def _is_free(backend: str, about: About | None) -> bool:
    return backend == EMBEDDED or (about is not None and about.local)


def _is_text(media_type: str) -> bool:
    return media_type.startswith("text/")


def _load(own: Path) -> tuple[Prices, Saying | None]:
    try:
        return prices.load(own), None
    except UnreadablePrices as error:
        return prices.load(), error.saying
