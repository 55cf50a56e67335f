"""What a reply cost and what a question will cost, from `resources/prices.json` and a file of the person's own.

Not a bill: providers round, discount and change. Every figure carries the day its price was seen and where. What is
not known stays None; where only a bound is known it is said to be one.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from sidelight.chat.events import Usage
from sidelight.chat.reply import TraceKind
from sidelight.models.sayings import Saying, say
from sidelight.paths import resource

__all__ = [
    "Asked",
    "Cost",
    "Estimate",
    "Peak",
    "Price",
    "Prices",
    "UnreadablePrices",
    "cost",
    "estimate",
    "load",
]

_MILLION = 1_000_000
_DATE = re.compile(r"[-@](?:\d{4}-\d{2}-\d{2}|20\d{6})$")


class Peak(msgspec.Struct, frozen=True):
    """Other prices on some days (0 is Monday) at some hours (UTC, end excluded)."""

    days: tuple[int, ...]
    hours_utc: tuple[tuple[int, int], ...]
    prompt: float
    output: float
    cached: float | None = None

    def holds(self, at: dt.datetime) -> bool:
        """Whether this moment lies in it."""
        return at.weekday() in self.days and any(start <= at.hour < end for start, end in self.hours_utc)


class Price(msgspec.Struct, frozen=True):
    """US dollars a million tokens, from a day on (included) to a day (excluded). `cached` None is not known."""

    provider: str
    models: tuple[str, ...]
    prompt: float
    output: float
    cached: float | None = None
    start: dt.date | None = msgspec.field(name="from", default=None)
    to: dt.date | None = None
    peak: Peak | None = None
    source: str = ""

    def holds(self, day: dt.date) -> bool:
        """Whether the day lies in it."""
        return (self.start is None or self.start <= day) and (self.to is None or day < self.to)


class _Source(msgspec.Struct, frozen=True):
    text: str
    seen: str


class _File(msgspec.Struct, frozen=True):
    prices: tuple[Price, ...]
    currency: str = "USD"
    sources: dict[str, _Source] = {}


class UnreadablePrices(Exception):
    """The person's own price file is not one; `saying` tells what is wrong."""

    def __init__(self, saying: Saying) -> None:
        super().__init__(saying.code, *saying.params)
        self.saying = saying


@dataclass(frozen=True, slots=True)
class Prices:
    """All prices, the person's own first. `sources` maps a source's name to what it is and the month it was seen."""

    entries: tuple[Price, ...]
    sources: tuple[tuple[str, str, str], ...]
    currency: str = "USD"

    def find(self, provider: str, model: str, at: dt.datetime | None) -> Price | None:
        """The first entry for this model, or for its name without a date; `at` None takes the one that holds last."""
        name = model.lower()
        for wanted in dict.fromkeys((name, _DATE.sub("", name))):
            fitting = [
                p for p in self.entries if p.provider == provider and wanted in map(str.lower, p.models)
            ]
            if at is None:
                fitting = [p for p in fitting if p.to is None]
            else:
                fitting = [p for p in fitting if p.holds(at.date())]
            if fitting:
                return fitting[0]
        return None

    def source(self, price: Price) -> tuple[str, str]:
        """What a price was taken from, and when ("2026-11"); empty where the file does not say."""
        return next(
            ((text, seen) for name, text, seen in self.sources if name == price.source), (price.source, "")
        )


@dataclass(frozen=True, slots=True)
class Cost:
    """Money of one reply; each part None where it is not known. `reported` is the provider's own figure for the whole.

    `prompt` is input that was not cached. `shown_trace` and `hidden_trace` split what was billed for thinking. `total`
    is computed; with `at_most` it is a bound. `as_of` is when the price was seen, `source` where.
    """

    prompt: float | None = None
    cached: float | None = None
    answer: float | None = None
    shown_trace: float | None = None
    hidden_trace: float | None = None
    total: float | None = None
    currency: str = "USD"
    as_of: str = ""
    source: str = ""
    at_most: bool = False
    reported: float | None = None

    @property
    def note(self) -> Saying:
        """Where the figure comes from, for a tooltip."""
        if self.total is None:
            return say("models.cost.reported" if self.reported is not None else "models.cost.unknown")
        code = "models.cost.at_most" if self.at_most else "models.cost.computed"
        return say(code, source=self.source, date=self.as_of)


def load(own: Path | None = None) -> Prices:
    """The shipped prices, and before them those of a person's own file where it exists.

    Raises UnreadablePrices for a file of theirs that cannot be read; `load(None)` then still works.
    """
    shipped = msgspec.json.decode(resource("prices.json").read_bytes(), type=_File)
    files = [shipped]
    if own is not None and own.exists():
        try:
            files.insert(0, msgspec.json.decode(own.read_bytes(), type=_File))
        except (OSError, msgspec.MsgspecError) as error:
            raise UnreadablePrices(say("models.cost.unreadable", file=own.name, why=str(error))) from error
        if files[0].currency != shipped.currency:
            raise UnreadablePrices(say("models.cost.currency", file=own.name, currency=files[0].currency))
    return Prices(
        tuple(p for f in files for p in f.prices),
        tuple((name, s.text, s.seen) for f in files for name, s in f.sources.items()),
        shipped.currency,
    )


def cost(
    usage: Usage | None,
    model: str,
    provider: str,
    prices: Prices,
    *,
    kind: TraceKind = TraceKind.NONE,
    shown_tokens: int | None = None,
    at: float | None = None,
) -> Cost:
    """What a reply cost. `model` is the one that served, `at` when it was asked (Unix seconds).

    `kind` and `shown_tokens` (of the trace, from `visibility`) split the thinking into shown and hidden.
    """
    if usage is None:
        return Cost(currency=prices.currency)
    moment = None if at is None else dt.datetime.fromtimestamp(at, dt.UTC)
    price = prices.find(provider, model, moment)
    if price is None:
        return Cost(currency=prices.currency, reported=usage.cost)
    text, seen = prices.source(price)
    told = Cost(currency=prices.currency, as_of=seen, source=text, reported=usage.cost)
    rate, bound = _rate(price, moment)
    told = _input(told, usage, rate)
    told = _output(told, usage, rate, kind, shown_tokens)
    if usage.prompt is None or usage.output_total is None:
        return told
    cached = min(usage.cached or 0, usage.prompt)
    # Cached input of which the price is not known costs no more than any other.
    cached_rate = rate.prompt if rate.cached is None else rate.cached
    whole = (usage.prompt - cached) * rate.prompt + cached * cached_rate + usage.output_total * rate.output
    return replace(told, total=whole / _MILLION, at_most=bound or (cached > 0 and rate.cached is None))


@dataclass(frozen=True, slots=True)
class Asked:
    """A lane that is about to be asked. `output` is how many tokens it is expected to give at most, None if unlimited.

    `usual` is what it gave before, on average.
    """

    provider: str
    model: str
    output: int | None = None
    usual: float | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """Dollars before sending. `least` is the prompt alone, over the lanes with a price; `most` None if one has no limit.

    `usual` is by what lanes gave before, None where a priced lane has no past. `unpriced` counts lanes of which no
    price is known: the sums say nothing about them.
    """

    least: float
    usual: float | None
    most: float | None
    unpriced: int = 0


def estimate(
    prompt_tokens: int, lanes: Sequence[Asked], prices: Prices, *, at: float | None = None
) -> Estimate:
    """What it will cost to ask these lanes now, nothing being cached. `prompt_tokens` is what each of them is sent."""
    moment = None if at is None else dt.datetime.fromtimestamp(at, dt.UTC)
    least, usual, most = 0.0, 0.0, 0.0
    all_usual = all_limited = True
    unpriced = 0
    for lane in lanes:
        price = prices.find(lane.provider, lane.model, moment)
        if price is None:
            unpriced += 1
            continue
        rate, _ = _rate(price, moment)
        start = prompt_tokens * rate.prompt / _MILLION
        least += start
        usual += start + (lane.usual or 0.0) * rate.output / _MILLION
        most += start + (lane.output or 0) * rate.output / _MILLION
        all_usual = all_usual and lane.usual is not None
        all_limited = all_limited and lane.output is not None
    return Estimate(least, usual if all_usual else None, most if all_limited else None, unpriced)


def _rate(price: Price, moment: dt.datetime | None) -> tuple[Price | Peak, bool]:
    """The prices of the hour, and whether they are a bound because the hour is not known."""
    if price.peak is None:
        return price, False
    if moment is None:
        return price.peak, True
    return (price.peak if price.peak.holds(moment) else price), False


def _input(told: Cost, usage: Usage, rate: Price | Peak) -> Cost:
    if usage.prompt is None:
        return told
    cached = min(usage.cached or 0, usage.prompt)
    known = cached == 0 or rate.cached is not None
    return replace(
        told,
        prompt=(usage.prompt - cached) * rate.prompt / _MILLION,
        cached=cached * (rate.cached or 0.0) / _MILLION if known else None,
    )


def _output(told: Cost, usage: Usage, rate: Price | Peak, kind: TraceKind, shown: int | None) -> Cost:
    """Split the output. A server that counts no reasoning beside a trace leaves the split unknown."""
    total, reasoning = usage.output_total, usage.reasoning
    if total is None:
        return told
    if kind is TraceKind.NONE and not reasoning:
        return replace(told, answer=total * rate.output / _MILLION, shown_trace=0.0, hidden_trace=0.0)
    if not reasoning or reasoning > total:
        return told
    if kind is TraceKind.FULL:
        shown = reasoning
    elif kind in (TraceKind.HIDDEN, TraceKind.REDACTED, TraceKind.NONE):
        shown = 0
    told = replace(told, answer=(total - reasoning) * rate.output / _MILLION)
    if shown is None:
        return told
    shown = min(shown, reasoning)
    return replace(
        told,
        shown_trace=shown * rate.output / _MILLION,
        hidden_trace=(reasoning - shown) * rate.output / _MILLION,
    )
