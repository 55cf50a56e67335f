"""What a reply cost and what a question will cost, from `resources/prices.json` and a file of the person's own.

Not a bill: providers round, discount and change. Every figure carries the day its price was seen and where. What is
not known stays None; where only a bound is known it is said to be one.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import math
import os
import re
import tempfile
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
    "begin_own",
    "cost",
    "dollars",
    "estimate",
    "load",
]

_MILLION = 1_000_000
_DATE = re.compile(r"[-@](?:\d{4}-\d{2}-\d{2}|20\d{6})$")
_FORM = {
    "about": "Your own prices, in US dollars a million tokens. They come before those that Sidelight brings. Copy the example into prices; leave cached out where it is not known.",
    "currency": "USD",
    "sources": {"mine": {"text": "my own list", "seen": "2026-11"}},
    "example": {
        "provider": "openai",
        "models": ["gpt-5"],
        "prompt": 1.25,
        "cached": 0.125,
        "output": 10,
        "source": "mine",
    },
    "prices": [],
}


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
    """All prices, the person's own first. `sources` maps a source's name to what it is and the month it was seen.

    `own` is how many of the entries are the person's.
    """

    entries: tuple[Price, ...]
    sources: tuple[tuple[str, str, str], ...]
    currency: str = "USD"
    own: int = 0

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
        sum(len(f.prices) for f in files[:-1]),
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
    """A lane that is about to be asked. `name` is what it is called where nothing is known of its price.

    Tokens: `prompt` is what it is sent, `known` of which it was sent before, so that they may cost less; `most` is how many
    it may give, None if unlimited; `usual` is what it gave before, on average. `free`: it runs on this machine.
    """

    name: str
    provider: str
    model: str
    prompt: float
    known: float = 0.0
    most: int | None = None
    usual: float | None = None
    free: bool = False


@dataclass(frozen=True, slots=True)
class Estimate:
    """Dollars before sending, over the `priced` lanes; the free ones add nothing.

    `low` is the prompts alone, what was sent before at the price of cached input. `likely` takes them at the full price and
    adds the answers: as long as the lane's answers were before, else as long as they may be. `high` has all answers as long
    as they may be, None where one has no limit. `unbounded` names lanes of which `likely` holds the prompt alone, `unknown`
    those without a known price: the sums say nothing of them. `files`: something is sent that has no known length in tokens.
    """

    low: float = 0.0
    likely: float = 0.0
    high: float | None = 0.0
    priced: int = 0
    unbounded: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    files: bool = False

    @property
    def at_least(self) -> bool:
        """Whether `likely` leaves something out."""
        return self.files or bool(self.unbounded or self.unknown)

    @property
    def costs(self) -> bool:
        """Whether asking costs money, or may."""
        return self.priced > 0 or bool(self.unknown)

    @property
    def amount(self) -> Saying:
        """`likely` in words, which say what is left out."""
        if self.unknown and not self.priced:
            return say("models.estimate.unknown")
        code = "models.estimate.at_least" if self.at_least else "models.estimate.about"
        return say(code, money=dollars(self.likely))


def estimate(
    lanes: Sequence[Asked], prices: Prices, *, at: float | None = None, files: bool = False
) -> Estimate:
    """What it will cost to ask these lanes at `at` (Unix seconds)."""
    moment = None if at is None else dt.datetime.fromtimestamp(at, dt.UTC)
    low, likely, high, priced = 0.0, 0.0, 0.0, 0
    unbounded, unknown = [], []
    limited = True
    for lane in lanes:
        if lane.free:
            continue
        price = prices.find(lane.provider, lane.model, moment)
        if price is None:
            unknown.append(lane.name)
            continue
        rate, _ = _rate(price, moment)
        priced += 1
        before = min(lane.known, lane.prompt)
        least_rate = rate.prompt if rate.cached is None else min(rate.cached, rate.prompt)
        whole = lane.prompt * rate.prompt
        low += (lane.prompt - before) * rate.prompt + before * least_rate
        answer = lane.usual if lane.most is None else min(lane.usual or lane.most, lane.most)
        likely += whole + (answer or 0.0) * rate.output
        high += whole + (lane.most or 0) * rate.output
        limited = limited and lane.most is not None
        if answer is None:
            unbounded.append(lane.name)
    return Estimate(
        low / _MILLION,
        likely / _MILLION,
        high / _MILLION if limited else None,
        priced,
        tuple(unbounded),
        tuple(unknown),
        files,
    )


def dollars(amount: float) -> str:
    """Money as people write it: whole cents, and below ten of them two digits that count ("$1.25", "$0.05", "$0.0012")."""
    if amount <= 0:
        return "$0"
    if amount >= 0.0995:
        return f"${amount:,.2f}"
    digits = f"{amount:.{1 - math.floor(math.log10(amount))}f}"
    return f"${digits[:4]}{digits[4:].rstrip('0')}"


def begin_own(path: Path) -> None:
    """Write a price file for a person to fill in; one that is there stays. Raises OSError."""
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=".prices-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(_FORM), indent=1))
        Path(part).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(part).unlink()
        raise


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
