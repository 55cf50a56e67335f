"""Conversations sorted under headings of time. No Qt; `now` is passed in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sidelight import messages

__all__ = ["Entry", "Heading", "grouped"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A conversation in the list; `updated` is Unix seconds."""

    id: str
    title: str
    updated: float


@dataclass(frozen=True, slots=True)
class Heading:
    """A group's title."""

    title: str


def grouped(entries: Iterable[Entry], now: float) -> tuple[Heading | Entry, ...]:
    """The entries, which come newest first, with a heading before each group, by local time."""
    rows: list[Heading | Entry] = []
    last = ""
    for entry in entries:
        title = _group(entry.updated, now)
        if title != last:
            rows.append(Heading(title))
            last = title
        rows.append(entry)
    return tuple(rows)


def _group(updated: float, now: float) -> str:
    today = datetime.fromtimestamp(now).astimezone().date()
    day = datetime.fromtimestamp(updated).astimezone().date()
    if day >= today:
        return messages.text("ui.history.today")
    if day == today - timedelta(days=1):
        return messages.text("ui.history.yesterday")
    if day > today - timedelta(days=7):
        return messages.text("ui.history.week")
    if day > today - timedelta(days=30):
        return messages.text("ui.history.month")
    return messages.text("ui.history.year", month=f"{day.month:02d}", year=day.year)
