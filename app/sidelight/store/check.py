"""Whether the file is what was written: as a sample at the start, or all of it when a person asks and for each backup.

Not the mending (`backup` and `salvage` do that), and not the index of words, which is made anew from the texts. SQLite's
own checks find what is wrong in the build of the file, and not a letter that turned into another one: the checksums of
rows find those, and the schema is compared with the one this program makes. Runs in the caller's thread on a connection
of its own, in short reads, so that nobody waits for it.
"""

from __future__ import annotations

import contextlib
import hashlib
import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias

from sidelight.store.codec import checksum_of
from sidelight.store.conversations import CHECKED
from sidelight.store.database import connect_to_read
from sidelight.store.errors import translated
from sidelight.store.journal import is_intact
from sidelight.store.migrations import APPLICATION_ID, newest, schema_of, schema_of_version

__all__ = ["COVERED", "Checked", "Damage", "GoOn", "always", "check", "count_rows", "sample"]

_MOST = 1000
"""Damages told at most; more of them say nothing new."""
_SLICE = 100
"""Rows in one read."""
_PAUSE = 0.002
"""Seconds between two slices of a sample: a window is opening meanwhile."""

GoOn: TypeAlias = Callable[[float], bool]
"""Asked between two steps, with what is done (0 to 1): whether to go on."""
COVERED: dict[str, tuple[str, ...]] = dict(CHECKED)
"""By table the columns that the checksum of a row covers, in its order."""

Kind: TypeAlias = Literal["file", "schema", "structure", "reference", "row"]


@dataclass(frozen=True, slots=True)
class Damage:
    """One thing that is wrong.

    `kind`: "file" it cannot be opened, or is none of ours; "schema" a table is not as this program makes it;
    "structure" SQLite's own check complains; "reference" a row belongs to one that is not there; "row" its content is
    not what was written. `table` and `row` (an id) say where, as far as that is known; `reason` is for the details.
    """

    kind: Kind
    table: str = ""
    row: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found. `compared` of `there` rows were compared with their checksums; `whole`: everything was looked at."""

    damage: tuple[Damage, ...]
    compared: int
    there: int
    whole: bool
    seconds: float

    @property
    def sound(self) -> bool:
        """Whether nothing wrong was found in what was looked at."""
        return not self.damage


def always(_: float) -> bool:
    """Go on."""
    return True


def check(path: Path, *, still: bool = False, go_on: GoOn = always) -> Checked:
    """Look at everything. `still`: nobody changes the file meanwhile.

    SQLite's own check comes first; it takes about as long as reading the file, and `go_on` is asked from then on. A
    check that was ended is not `whole`. What is wrong with the file is never raised.
    """
    return _Check(path, go_on).run(still=still)


def sample(path: Path, seconds: float = 2.0, *, go_on: GoOn = always) -> Checked:
    """Look at the build of the file, then for so long at rows from a random place on; of a small file at all of them."""
    return _Check(path, go_on).run(until=time.monotonic() + seconds)


def count_rows(con: sqlite3.Connection) -> dict[str, int]:
    """How many rows each table has that holds what was asked and answered. Raises sqlite3.Error."""
    there = schema_of(con)
    return {
        table: con.execute(" ".join(("SELECT count(*) FROM", table))).fetchone()[0]
        for table in _TABLES
        if table in there
    }


@dataclass(frozen=True, slots=True)
class _Table:
    """How to read a table in the order of `key`, which comes first, and to find the ids of damaged ones among its rows."""

    key: str
    select: str
    damaged: Callable[[Sequence[Sequence[Any]]], list[str]]
    slice: int = _SLICE


def _damaged_rows(table: str, rows: Sequence[Sequence[Any]]) -> list[str]:
    return [str(row[1]) for row in rows if checksum_of(table, row[1:-1]) != row[-1]]


def _damaged_journal(rows: Sequence[Sequence[Any]]) -> list[str]:
    return [
        str(number)
        for number, reply, owner, events, stored in rows
        if reply is None or not is_intact(reply, owner, events, stored)
    ]


def _damaged_contents(rows: Sequence[Sequence[Any]]) -> list[str]:
    return [
        str(digest)
        for digest, content in rows
        if not isinstance(content, bytes) or hashlib.sha256(content).hexdigest() != digest
    ]


def _select(table: str, names: Sequence[str]) -> str:
    return " ".join(("SELECT", ", ".join(("rowid", *names, "checksum")), "FROM", table))


def _as_in(con: sqlite3.Connection, name: str) -> _Table:
    """A table as the version of this file has it: columns that came later count as NULL."""
    table, names = _TABLES[name], COVERED.get(name)
    if names is None:
        return table
    there = {column for _, column, *_ in con.execute(f"PRAGMA table_info({name})")}
    return replace(table, select=_select(name, [n if n in there else f"NULL AS {n}" for n in names]))


_TABLES: dict[str, _Table] = {
    **{
        table: _Table(
            "rowid",
            _select(table, names),
            partial(_damaged_rows, table),
        )
        for table, names in COVERED.items()
    },
    "deltas": _Table(
        "d.number",
        "SELECT d.number, r.id, d.owner, d.events, d.checksum FROM deltas d LEFT JOIN replies r ON r.number = d.reply",
        _damaged_journal,
    ),
    "contents": _Table("digest", "SELECT digest, content FROM contents", _damaged_contents, 1),
}


class _Check:
    """One check under way."""

    def __init__(self, path: Path, go_on: GoOn) -> None:
        self._path, self._go_on = path, go_on
        self._damage: list[Damage] = []
        self._compared = self._there = 0

    def run(self, *, still: bool = False, until: float | None = None) -> Checked:
        """Look at all, or at what can be looked at until then (by the monotonic clock)."""
        began = time.monotonic()
        whole = False
        try:
            with contextlib.closing(connect_to_read(self._path, still=still)) as con:
                if self._is_known(con):
                    self._structure(con, "integrity_check" if until is None else "quick_check")
                    sizes = count_rows(con)
                    self._there = sum(sizes.values())
                    whole = self._all(con, sizes) if until is None else self._some(con, sizes, until)
        except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
            self._found("file", reason=translated(error, self._path).params["reason"])
        return Checked(tuple(self._damage), self._compared, self._there, whole, time.monotonic() - began)

    def _found(self, kind: Kind, table: str = "", row: str = "", reason: str = "") -> None:
        if len(self._damage) < _MOST:
            self._damage.append(Damage(kind, table, row, reason))

    def _is_known(self, con: sqlite3.Connection) -> bool:
        """Whether it is a file of ours with the schema of its version; else nothing more can be said of it."""
        (application,) = con.execute("PRAGMA application_id").fetchone()
        (version,) = con.execute("PRAGMA user_version").fetchone()
        if application != APPLICATION_ID or not 0 < version <= newest():
            self._found("file", reason=f"application {application:x}, version {version}")
            return False
        found, made = schema_of(con), schema_of_version(version)
        for name in sorted(found.keys() | made.keys()):
            if found.get(name) != made.get(name):
                self._found("schema", name)
        return not self._damage

    def _structure(self, con: sqlite3.Connection, pragma: str) -> None:
        for (said,) in con.execute(f"PRAGMA {pragma}"):
            if said != "ok":
                self._found("structure", reason=said)

    def _all(self, con: sqlite3.Connection, sizes: dict[str, int]) -> bool:
        for table in sizes:
            for _ in self._slices(con, table, 0.0):
                if not self._go_on(min(1.0, self._compared / max(1, self._there))):
                    return False
        for table, number, parent, _ in con.execute("PRAGMA foreign_key_check"):
            self._found("reference", table, str(number), parent)
        # A number that was used before would make what the journal left behind part of another reply.
        highest = con.execute("SELECT ifnull(max(number), 0) FROM replies").fetchone()[0]
        given = con.execute(
            "SELECT CAST(max(seq) AS INTEGER) FROM sqlite_sequence WHERE name = 'replies'"
        ).fetchone()[0]
        if highest > (given or 0):
            self._found("structure", "replies", reason=f"number {highest} is above {given}")
        return True

    def _some(self, con: sqlite3.Connection, sizes: dict[str, int], until: float) -> bool:
        """A slice of each table in turn."""
        under_way = [self._slices(con, table, random.random()) for table in sizes]  # noqa: S311 - no secret
        while under_way:
            under_way = [slices for slices in under_way if next(slices, None) is not None]
            if not self._go_on(min(1.0, self._compared / max(1, self._there))) or time.monotonic() > until:
                return False
            time.sleep(_PAUSE)
        return True

    def _slices(self, con: sqlite3.Connection, name: str, start: float) -> Iterator[int]:
        """Compare a table slice by slice, from a place (0 to 1) on and then round; yields how many rows a slice had."""
        table = _as_in(con, name)
        low, high = con.execute(f"SELECT min({table.key}), max({table.key}) {_from(table)}").fetchone()
        if low is None:
            return
        middle = f"{int(start * 16**8):08x}" if name == "contents" else low + int(start * (high - low))
        key, order = table.key, f"ORDER BY {table.key} LIMIT {table.slice}"
        for at, end, last in ((middle, "<=", high), (low, "<", middle)):
            above = ">="
            while True:
                try:
                    rows = _fetched(
                        con, f"{table.select} WHERE {key} {above} ? AND {key} {end} ? {order}", (at, last)
                    )
                except sqlite3.DatabaseError as error:
                    self._found("structure", name, reason=str(error))
                    return
                for identifier in table.damaged(rows):
                    self._found("row", name, identifier)
                self._compared += len(rows)
                if not rows:
                    break
                at, above = rows[-1][0], ">"
                yield len(rows)


def _fetched(con: sqlite3.Connection, select: str, values: tuple[object, ...]) -> list[Any]:
    """The rows, with U+FFFD for flipped bits that left UTF-8; to expect such a thing everywhere would take twice the time."""
    try:
        return con.execute(select, values).fetchall()
    except sqlite3.OperationalError:
        con.text_factory = partial(str, encoding="utf-8", errors="replace")
        try:
            return con.execute(select, values).fetchall()
        finally:
            con.text_factory = str


def _from(table: _Table) -> str:
    return table.select[table.select.index(" FROM ") :]
