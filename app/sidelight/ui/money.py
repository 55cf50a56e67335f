"""Money in words, and as it is typed. The first paint shows none: do not import this before it."""

from __future__ import annotations

from sidelight import messages
from sidelight.engine.spending import Estimate, Spent
from sidelight.models.prices import dollars

__all__ = ["asked", "dollars", "hint", "read", "spent", "today"]


def read(typed: str) -> float | None:
    """An amount as typed ("2", "$2.50", "2,50"), 0 for nothing; None for what is no amount."""
    plain = typed.strip().removeprefix("$").strip().replace(",", ".")
    if not plain:
        return 0.0
    try:
        amount = float(plain)
    except ValueError:
        return None
    return amount if 0 <= amount < 1e9 else None


def asked(estimate: Estimate) -> str:
    """What asking is likely to cost, and for how many lanes."""
    lanes = messages.plural("ui.lanes.count", estimate.priced + len(estimate.unknown))
    return messages.text("ui.spend.estimate", amount=estimate.amount.text, lanes=lanes)


def spent(day: Spent) -> str:
    """What was spent, and of how many replies that is not known."""
    return _counted(dollars(day.dollars), day)


def today(day: Spent, limit: float) -> str:
    """What was spent today, of how much (dollars, 0 is no limit)."""
    known = dollars(day.dollars)
    if limit <= 0:
        return _counted(messages.text("ui.spend.today", spent=known), day)
    return _counted(messages.text("ui.spend.today_of", spent=known, limit=dollars(limit)), day)


def hint(estimate: Estimate) -> str:
    """What an estimate holds and what it leaves out, a sentence a line."""
    lines = []
    if estimate.priced:
        lines.append(messages.text("ui.spend.hint.low", money=dollars(estimate.low)))
        if estimate.high is not None:
            lines.append(messages.text("ui.spend.hint.high", money=dollars(estimate.high)))
    if estimate.unbounded:
        lines.append(messages.text("ui.spend.hint.unbounded", lanes=", ".join(estimate.unbounded)))
    if estimate.unknown:
        lines.append(messages.text("ui.spend.hint.unknown", lanes=", ".join(estimate.unknown)))
    if estimate.files:
        lines.append(messages.text("ui.spend.hint.files"))
    lines.append(messages.text("ui.spend.hint.how"))
    return "\n".join(lines)


def _counted(known: str, day: Spent) -> str:
    return f"{known} · {messages.plural('engine.spent.uncounted', day.unknown)}" if day.unknown else known
