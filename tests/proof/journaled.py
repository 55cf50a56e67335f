"""Looks at a profile's database from outside, with a connection of its own: what is on disk now."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.proof.face import paths_of

from sidelight.chat.events import AnswerDelta, ReasoningDelta
from sidelight.store.codec import decode_events

__all__ = ["Journaled", "look", "running_replies"]


@dataclass(frozen=True, slots=True)
class Journaled:
    """Rows of the journal, and the characters in them."""

    rows: int
    characters: int


def look(profile: Path) -> Journaled:
    """What the journal of all running replies holds."""
    with closing(_connect(profile)) as con:
        rows = con.execute("SELECT events FROM deltas").fetchall()
    events = [stamped.event for (row,) in rows for stamped in decode_events(row)[0]]
    characters = sum(len(e.text) for e in events if isinstance(e, ReasoningDelta | AnswerDelta))
    return Journaled(len(rows), characters)


def running_replies(profile: Path) -> dict[str, set[str]]:
    """The replies that have rows in the journal, by the process they belong to."""
    with closing(_connect(profile)) as con:
        found = con.execute(
            "SELECT d.owner, r.id FROM deltas d JOIN replies r ON r.number = d.reply"
        ).fetchall()
    owners: dict[str, set[str]] = {}
    for owner, reply in found:
        owners.setdefault(owner, set()).add(reply)
    return owners


def _connect(profile: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{paths_of(profile).database}?mode=ro", uri=True)
