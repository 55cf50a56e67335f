"""Finding words in prompts, answers and traces, newest first, within a deadline, each with a piece of its text.

Not what a person types (`query`), not how the index is kept (`words`), and not a
ranking: what is newest comes first. Nothing that is in the trash is found.

All raise sqlite3.Error as it comes; the store's threads turn it into StoreError.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from sidelight.store.query import Place, Query, Term, folded, is_unspaced, spaced
from sidelight.store.snippets import READ, Snippet, finder, snippet
from sidelight.store.words import Table, indexed

__all__ = ["Found", "Hit", "find"]

DEADLINE = 0.2
"""Seconds that a search may take; what was found by then is shown, and that it is not all."""

_OPCODES = 1_000
"""Steps of SQLite between two looks at the clock: well below a millisecond."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A prompt, or a reply, that holds what is looked for. `created` is when its turn began, in Unix seconds.

    `reply` is "" for a prompt; `backend` and `model` are what the lane of a reply asked.
    """

    conversation: str
    title: str
    turn: str
    reply: str
    place: Place
    snippet: Snippet
    created: float
    backend: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """Hits, newest first. `partial`: time ran out. `indexed`: the share of old texts that is in the index yet, 0 to 1."""

    hits: tuple[Hit, ...] = ()
    partial: bool = False
    indexed: float = 1.0


class _Row(NamedTuple):
    """The numbers of a turn and of a reply to it, 0 for its prompt."""

    turn: int
    reply: int


def find(
    con: sqlite3.Connection,
    query: Query,
    limit: int = 50,
    *,
    deadline: float = DEADLINE,
    wanted: Callable[[], bool] = lambda: True,
) -> Found:
    """The newest hits. Ends at the deadline, or as soon as `wanted` says no, with what it has by then."""
    rows: list[_Row] = []
    partial = False
    if not query.is_empty:
        give_up = time.monotonic() + deadline
        con.set_progress_handler(lambda: time.monotonic() > give_up or not wanted(), _OPCODES)
        try:
            partial = not _gather(con, "replies", query, limit, 0, rows)
            # older than all replies that are shown, no prompt is
            first_turn = min(row.turn for row in rows) if len(rows) >= limit else 0
            partial |= not _gather(con, "turns", query, limit, first_turn, rows)
        finally:
            con.set_progress_handler(None, 0)
    rows.sort(key=lambda row: (-row.turn, row.reply))
    return Found(tuple(_hit(con, row, query) for row in rows[:limit]), partial, indexed(con))


def _gather(
    con: sqlite3.Connection, table: Table, query: Query, limit: int, first_turn: int, rows: list[_Row]
) -> bool:
    """Take the newest rows; False where the clock ended it."""
    try:
        found = _walked(con, table, query, limit, first_turn)
        if found is None:
            found = [_Row(turn, reply) for turn, reply in _newest(con, table, query, limit, first_turn)]
        rows += found
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return False
    return True


_WALKED, _GLANCE = 4_000, 250
"""Rows that are walked through for beginnings of words, and after how many it is judged whether that is worth it."""

_DEARER = 3
"""How many times as long a row that is walked takes as a row that the index gathers: 6 microseconds and 2."""


def _walked(
    con: sqlite3.Connection, table: Table, query: Query, limit: int, first_turn: int
) -> list[_Row] | None:
    """The newest rows with beginnings of words, by looking into texts; None where the index is faster, or there are none.

    Before the index gives the first row of a beginning, it gathers all rows of all words that begin so, and nothing can
    end that: three letters may be in a tenth of everything. What stands in so many texts is soon met in the newest ones,
    and what is not met there stands in so few that the index is fast.
    """
    begun = [term for term in query.terms if _goes_on(term)]
    if not begun:
        return None
    whole = replace(query, terms=tuple(term for term in query.terms if not _goes_on(term)))
    has_them = finder(begun)
    found: list[_Row] = []
    walked = 0
    for turn, reply, *texts in _newest(con, table, whole, _WALKED, first_turn, texts=True):
        walked += 1
        if has_them(texts):
            found.append(_Row(turn, reply))
            if len(found) == limit:
                return found
        if walked == _GLANCE and _index_is_faster(con, table, len(found) / walked, limit):
            return None
    return found if walked < _WALKED else None


def _index_is_faster(con: sqlite3.Connection, table: Table, share: float, limit: int) -> bool:
    """Whether gathering this share of all rows takes less than walking until `limit` rows are met."""
    rows = con.execute(f"SELECT max(number) FROM {table}").fetchone()[0] or 0  # noqa: S608 - names of ours
    return share * share * rows < _DEARER * limit


def _newest(
    con: sqlite3.Connection, table: Table, query: Query, limit: int, first_turn: int, *, texts: bool = False
) -> Iterator[tuple[Any, ...]]:
    """The newest rows with all that is looked for, as in `_Row`, followed by their texts where they are wanted."""
    places = _places(table, query)
    if not places or (table == "turns" and query.of_replies):
        return iter(())
    match, where = _match(table, places, query), _Where()
    number = "w.rowid" if match else "t.number" if table == "turns" else "r.number"
    if match:
        where.add("prompt_words MATCH ?" if table == "turns" else "reply_words MATCH ?", match)
    if first_turn:
        where.add(f"{number} >= ?", first_turn)
    if query.tags:
        _add_tags(con, where, table, number, query.tags)
    if (query.since, query.until) != (None, None):
        _add_dates(con, where, table, number, query)
    if trash := _trash(con):
        where.add(trash)
    if query.more_tokens is not None:
        where.add("r.output_tokens > ?", query.more_tokens)
    if query.fewer_tokens is not None:
        where.add("r.output_tokens < ?", query.fewer_tokens)
    columns = ["t.number", "0"] if table == "turns" else ["r.turn", "r.number"]
    columns += [_TEXT[place] for place in places] if texts else []
    return con.execute(
        f"SELECT {', '.join(columns)} FROM {_source(table, where, matched=bool(match))} {where} ORDER BY {number} DESC LIMIT ?",  # noqa: S608 - words of ours
        (*where.values, limit),
    )


def _match(table: Table, places: Sequence[Place], query: Query) -> str:
    """What the index is asked for, "" where it need not be asked."""
    if table == "turns":
        return _all(query.terms)
    parts = [f"{{{' '.join(places)}}} : ({_all(query.terms)})"] if query.terms else []
    parts += [f"{{model}} : {_quoted(term)}" for term in query.models]
    parts += [f"{{backend model}} : {_quoted(term)}" for term in query.lanes]
    parts += [f"{{kind}} : ({' OR '.join(sorted(query.kinds))})"] if query.kinds else []
    parts += ["{kind} : trace"] if query.has_trace else []
    return " AND ".join(f"({part})" for part in parts)


def _source(table: Table, where: _Where, *, matched: bool) -> str:
    """The tables, from the one with the numbers on: the planner does not know how soon enough of the newest are met."""
    if table == "turns":
        return "prompt_words w CROSS JOIN turns t ON t.number = w.rowid" if matched else "turns t"
    source = "reply_words w CROSS JOIN replies r ON r.number = w.rowid" if matched else "replies r"
    return f"{source} CROSS JOIN turns t ON t.number = r.turn" if where.of_turns else source


class _Where:
    """Conditions, all to be met, and their values. `of_turns`: there is one of the turn."""

    def __init__(self) -> None:
        self._conditions: list[str] = []
        self.values: list[str | float] = []
        self.of_turns = False

    def add(self, condition: str, *values: str | float) -> None:
        """One more condition, with its values."""
        self._conditions.append(condition)
        self.values += values
        self.of_turns = self.of_turns or condition.startswith("t.")

    def add_all(self, others: _Where) -> None:
        """The conditions of others."""
        self._conditions += others._conditions
        self.values += others.values
        self.of_turns = self.of_turns or others.of_turns

    def __str__(self) -> str:
        return f"WHERE {' AND '.join(self._conditions)}" if self._conditions else ""


def _trash(con: sqlite3.Connection) -> str:
    """The condition that a turn is not in the trash; "" where the trash is empty, so that turns need not be read."""
    trash = "SELECT number FROM conversations WHERE deleted IS NOT NULL"
    return f"t.conversation NOT IN ({trash})" if con.execute(f"{trash} LIMIT 1").fetchone() else ""


_FEW = 500
"""Conversations whose rows are listed before rows are looked through."""


def _add_tags(con: sqlite3.Connection, where: _Where, table: Table, number: str, tags: Iterable[str]) -> None:
    """Only what stands in conversations with all of these tags.

    Rows of few conversations are listed first: most of what is looked through is in none of them, and then need not be
    read. The plus keeps the planner from asking the index once for each row of the list.
    """
    tagged = _tagged(con, tags)
    chosen = "t.conversation IN (SELECT value FROM json_each(?))"
    if len(tagged) > _FEW:
        where.add(chosen, json.dumps(tagged))
        return
    rows = f"SELECT t.number FROM turns t WHERE {chosen}"  # noqa: S608 - words of ours
    if table == "replies":
        rows = f"SELECT r.number FROM turns t CROSS JOIN replies r ON r.turn = t.number WHERE {chosen}"  # noqa: S608 - words of ours
    if number == "w.rowid":
        ends = con.execute(f"SELECT min(number), max(number) FROM ({rows})", (json.dumps(tagged),)).fetchone()  # noqa: S608 - words of ours
        where.add("w.rowid BETWEEN ? AND ?", *(end or 0 for end in ends))
        number = "+w.rowid"
    where.add(f"{number} IN ({rows})", json.dumps(tagged))


def _add_dates(con: sqlite3.Connection, where: _Where, table: Table, number: str, query: Query) -> None:
    """Only what was asked within the dates. Where the newest turn was not, numbers are bounded too, so that what is newer
    is not even met: numbers grow with time but for what was imported, and those of replies but for what was asked again.
    """
    dates = _Where()
    if query.since is not None:
        dates.add("t.created >= ?", query.since)
    if query.until is not None:
        dates.add("t.created < ?", query.until)
    where.add_all(dates)
    newest = f"SELECT 1 FROM turns t {dates} AND t.number = (SELECT max(number) FROM turns)"  # noqa: S608 - words of ours
    if con.execute(newest, dates.values).fetchone():
        return
    turns = f"SELECT min(number), max(number) FROM turns t {dates}"  # noqa: S608 - words of ours
    ends = con.execute(turns, dates.values).fetchone()
    if table == "replies":
        ends = con.execute(
            "SELECT min(number), max(number) FROM replies WHERE turn BETWEEN ? AND ?", ends
        ).fetchone()
    where.add(f"{number} BETWEEN ? AND ?", *(end or 0 for end in ends))


def _tagged(con: sqlite3.Connection, tags: Iterable[str]) -> list[int]:
    """The numbers of the conversations that have all of these tags."""
    names = con.execute("SELECT DISTINCT name FROM tags").fetchall()
    of = "SELECT conversation FROM tags WHERE name IN (SELECT value FROM json_each(?))"
    sets = [
        {number for (number,) in con.execute(of, (json.dumps([n for (n,) in names if folded(n) == tag]),))}
        for tag in tags
    ]
    return sorted(set.intersection(*sets))


def _places(table: Table, query: Query) -> tuple[Place, ...]:
    """Where is to be looked in rows of a table, in the order in which it is looked for a piece to show."""
    order: tuple[Place, ...] = ("prompt",) if table == "turns" else ("answer", "trace")
    return tuple(place for place in order if place in query.places)


def _all(terms: Iterable[Term]) -> str:
    return " AND ".join(_quoted(term) for term in terms)


def _quoted(term: Term) -> str:
    """A term as FTS5 reads it. It is made of letters, marks and digits alone, so nothing in it can be read as syntax.

    A run of a script without spaces loses the single letter at its end, which stands there for itself only.
    """
    words = []
    for word in term.words:
        pairs = spaced(word).split()
        words += pairs[:-1] if len(pairs) > 1 else pairs
    return f'"{" ".join(words)}"' + ("*" if _goes_on(term) else "")


def _goes_on(term: Term) -> bool:
    """Whether the last word of a term may be the beginning of one that is indexed; of pairs, a single letter always is."""
    last = term.words[-1]
    return len(last) == 1 if is_unspaced(last) else term.open


# --- with what is shown of it

_TEXT: Final[dict[Place, str]] = {
    "prompt": f"substr(t.prompt, 1, {READ})",
    "answer": f"substr(r.answer, 1, {READ}) || char(10) || substr(r.commentary, 1, {READ})",
    "trace": f"substr(r.trace, 1, {READ})",
}
_FROM: Final[dict[Table, str]] = {
    "turns": "turns t CROSS JOIN conversations c ON c.number = t.conversation WHERE t.number = ?",
    "replies": "replies r CROSS JOIN turns t ON t.number = r.turn CROSS JOIN conversations c ON c.number = t.conversation"
    " WHERE r.number = ?",
}
_OF_HIT: Final[dict[Table, str]] = {
    "turns": "c.id, c.title, t.id, '', t.created, '', ''",
    "replies": "c.id, c.title, t.id, r.id, t.created, r.backend, r.model",
}


def _hit(con: sqlite3.Connection, row: _Row, query: Query) -> Hit:
    """The hit with a piece of its text: of the answer where all that is looked for is there, else of where most is."""
    table: Table = "replies" if row.reply else "turns"
    number = row.reply or row.turn
    places = _places(table, query)
    conversation, title, turn, reply, created, backend, model, text = con.execute(
        f"SELECT {_OF_HIT[table]}, {_TEXT[places[0]]} FROM {_FROM[table]}",  # noqa: S608 - words of ours
        (number,),
    ).fetchone()
    where = places[0]
    best, shown = snippet(text, query.terms)
    if best < len(query.terms) or not shown.text:
        for place in places[1:]:
            column = f"SELECT {_TEXT[place]} FROM {table} {table[0]} WHERE number = ?"  # noqa: S608 - words of ours
            (text,) = con.execute(column, (number,)).fetchone()
            count, piece = snippet(text, query.terms)
            if count > best and (piece.text or not shown.text):
                best, where, shown = count, place, piece
    return Hit(conversation, title, turn, reply, where, shown, created, backend, model)
