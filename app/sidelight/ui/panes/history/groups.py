"""What the list shows: conversations under headings, pinned ones first, and those of the trash. No Qt; `now` is passed in."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sidelight import messages
from sidelight.store.query import Query, folded

__all__ = [
    "KEPT_DAYS",
    "Entry",
    "Heading",
    "HistoryValue",
    "Trashed",
    "days_left",
    "grouped",
    "tagged",
    "titled",
]

KEPT_DAYS: Final = 30
"""Days in the trash, after which a conversation is deleted for good."""


class Entry(NamedTuple):
    """A conversation in the list; `updated` is Unix seconds."""

    id: str
    title: str
    updated: float
    pinned: bool = False
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trashed:
    """A conversation in the trash, since `deleted`, in Unix seconds."""

    id: str
    title: str
    deleted: float


@dataclass(frozen=True, slots=True)
class Heading:
    """A group's title."""

    title: str


@dataclass(frozen=True, slots=True)
class HistoryValue:
    """Entries, newest first; the one that is open; those in which something streams; and what stands beside them.

    `trash` is what was deleted last first, `tags` all there are, used most first, `searches` names and what they look for.
    `more`: there are older entries.
    """

    entries: tuple[Entry, ...] = ()
    current: str = ""
    streaming: frozenset[str] = frozenset()
    trash: tuple[Trashed, ...] = ()
    tags: tuple[str, ...] = ()
    searches: tuple[tuple[str, str], ...] = ()
    more: bool = False


def grouped(entries: Iterable[Entry], now: float) -> tuple[Heading | Entry, ...]:
    """The pinned entries, then the others by local time, with a heading before each group. They come newest first."""
    rows: list[Heading | Entry] = []
    days = _Days(now)
    last = ""
    for entry in sorted(entries, key=lambda e: not e.pinned):
        title = messages.text("ui.history.pinned") if entry.pinned else days.group(entry.updated)
        if title != last:
            rows.append(Heading(title))
            last = title
        rows.append(entry)
    return tuple(rows)


def tagged(entries: Iterable[Entry], tags: Iterable[str]) -> list[Entry]:
    """The entries that have all of these tags, whatever the case."""
    wanted = {folded(tag) for tag in tags}
    return [e for e in entries if wanted <= {folded(tag) for tag in e.tags}] if wanted else list(entries)


def titled(entries: Iterable[Entry], query: Query) -> list[Entry]:
    """The entries with all that is looked for in their titles; none where nothing is, or where it is of replies or dates."""
    said = query.terms or query.tags
    if not said or query.of_replies or (query.since, query.until) != (None, None):
        return []
    parts = [word.casefold() for term in query.terms for word in term.words]
    return [e for e in tagged(entries, query.tags) if all(part in e.title.casefold() for part in parts)]


def days_left(deleted: float, now: float) -> int:
    """Days until a conversation of the trash is deleted for good, begun ones counted, at least 0."""
    return max(0, math.ceil(KEPT_DAYS - (now - deleted) / 86_400))


class _Days:
    """The groups by day as seen at one moment. Thousands of entries are sorted into them, so days are reckoned once."""

    def __init__(self, now: float) -> None:
        today = datetime.fromtimestamp(now).astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        ago = ((0, "today"), (1, "yesterday"), (6, "week"), (29, "month"))
        self._since = [
            ((today - timedelta(days=days)).timestamp(), messages.text(f"ui.history.{name}"))
            for days, name in ago
        ]
        self._last = (0.0, 0.0, "")

    def group(self, updated: float) -> str:
        since, _title = self._since[-1]
        if updated < since:
            return self._month(updated)
        return next(title for since, title in self._since if updated >= since)

    def _month(self, updated: float) -> str:
        begin, end, title = self._last
        if not begin <= updated < end:
            year, month, *_rest = time.localtime(updated)
            begin = time.mktime((year, month, 1, 0, 0, 0, 0, 0, -1))
            end = time.mktime((year, month + 1, 1, 0, 0, 0, 0, 0, -1))
            title = messages.text("ui.history.year", month=f"{month:02d}", year=year)
            self._last = begin, end, title
        return title
