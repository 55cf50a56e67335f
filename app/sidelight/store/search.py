"""The index of words over prompts, answers and traces: how it is kept, and how it is asked.

Not what a person types (`query`) and not a ranking: what is newest comes first. The index holds no text, only words
(FTS5, contentless): texts are read from their rows to make snippets. Scripts without spaces are indexed by pairs of
letters. A row is in the index once it is final and its number lies above what `unindexed` says is still to be done,
from the newest to the oldest, in small steps: files made before there was an index are searched while that goes on.

To take a row out, the index must be told the very words that were put in. So `_words_of_prompt` and `_words_of_reply`
may only ever change together with a migration that calls `begin_anew`.

All raise sqlite3.Error as it comes; the store's threads turn it into StoreError.
"""

from __future__ import annotations

import re
import sqlite3
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Final, NamedTuple, TypeAlias

from sidelight.chat.reply import ReplyState
from sidelight.store.query import SPACED_LETTER, Place, Query, Term, is_unspaced, spaced

__all__ = [
    "Found",
    "Hit",
    "Snippet",
    "add_prompt",
    "add_reply",
    "begin_anew",
    "drop_conversation",
    "drop_reply",
    "find",
    "index_some",
    "indexed",
    "snippet",
]

DEADLINE = 0.2
"""Seconds that a search may take; what was found by then is shown, and that it is not all."""

_FINAL = frozenset(state.value for state in ReplyState if state.is_final)

_LONGEST = 1_000_000
"""Letters of one text that are indexed: a reply must not hold the writer for seconds."""

_OPCODES = 400
"""Steps of SQLite between two looks at the clock: about ten microseconds."""

_AROUND, _SHOWN = 48, 240
"""Letters before the first match in a snippet, and in all."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of a text, in one line, and which parts of it were looked for: (start, end), ascending, apart."""

    text: str
    marks: tuple[tuple[int, int], ...] = ()


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


# --- keeping it


def add_prompt(con: sqlite3.Connection, turn: int) -> None:
    """Index the prompt of a turn just written, by its number."""
    if turn > _left(con, "turns"):
        _put_prompt(con, turn)


def add_reply(con: sqlite3.Connection, reply: int) -> None:
    """Index a reply just written, by its number. One that still runs is indexed when it is written over, final."""
    if reply > _left(con, "replies"):
        _put_reply(con, reply)


def drop_reply(con: sqlite3.Connection, reply: int) -> None:
    """Take a reply out of the index, while its row stands as it was indexed."""
    if reply > _left(con, "replies"):
        _put_reply(con, reply, out=True)


def drop_conversation(con: sqlite3.Connection, conversation: int) -> None:
    """Take a conversation that is about to be deleted out of the index, by its number."""
    turns = con.execute("SELECT number FROM turns WHERE conversation = ?", (conversation,)).fetchall()
    left = _left(con, "turns")
    for (turn,) in turns:
        for (reply,) in con.execute("SELECT number FROM replies WHERE turn = ?", (turn,)).fetchall():
            drop_reply(con, reply)
        if turn > left:
            _put_prompt(con, turn, out=True)


def begin_anew(con: sqlite3.Connection) -> None:
    """Empty the index; `index_some` fills it again. For a migration, and for an index that is damaged."""
    for index, table in (("prompt_words", "turns"), ("reply_words", "replies")):
        con.execute(f"INSERT INTO {index} ({index}) VALUES ('delete-all')")  # noqa: S608 - names of ours
        con.execute(
            f"INSERT OR REPLACE INTO unindexed SELECT '{table}', ifnull(max(number), 0), ifnull(max(number), 0)"  # noqa: S608 - names of ours
            f" FROM {table}"
        )


def index_some(con: sqlite3.Connection, seconds: float = 0.01) -> bool:
    """Index older texts for about this long, newest first; False when all are indexed."""
    give_up = time.monotonic() + seconds
    for table, put in (("replies", _put_reply), ("turns", _put_prompt)):
        left = _left(con, table)
        while left > 0:
            row = con.execute(f"SELECT max(number) FROM {table} WHERE number <= ?", (left,)).fetchone()  # noqa: S608 - names of ours
            left = row[0] or 0
            if left:
                put(con, left)
                left -= 1
            if time.monotonic() > give_up or not left:
                con.execute("UPDATE unindexed SET upto = ? WHERE texts = ?", (left, table))
            if time.monotonic() > give_up:
                return indexed(con) < 1.0
    return False


def indexed(con: sqlite3.Connection) -> float:
    """The share of the texts written before there was an index that is in it by now, 0 to 1."""
    left, total = con.execute("SELECT sum(upto), sum(total) FROM unindexed").fetchone()
    return 1.0 if not left else 1.0 - left / total


def _left(con: sqlite3.Connection, table: str) -> int:
    """Rows of a table up to this number are still to be indexed."""
    (left,) = con.execute("SELECT upto FROM unindexed WHERE texts = ?", (table,)).fetchone()
    return int(left)


def _put_prompt(con: sqlite3.Connection, turn: int, *, out: bool = False) -> None:
    row = con.execute("SELECT prompt FROM turns WHERE number = ?", (turn,)).fetchone()
    _put(con, "prompt_words (prompt_words, rowid, prompt)", turn, _words_of_prompt(*row), out=out)


def _put_reply(con: sqlite3.Connection, reply: int, *, out: bool = False) -> None:
    state, *row = con.execute(
        "SELECT state, answer, commentary, trace, backend, model, trace_kind, trace_elicited FROM replies"
        " WHERE number = ?",
        (reply,),
    ).fetchone()
    if state in _FINAL:
        columns = "reply_words (reply_words, rowid, answer, trace, backend, model, kind)"
        _put(con, columns, reply, _words_of_reply(*row), out=out)


def _put(con: sqlite3.Connection, columns: str, number: int, words: Sequence[str], *, out: bool) -> None:
    marks = ", ?" * len(words)
    con.execute(f"INSERT INTO {columns} VALUES (?, ?{marks})", ("delete" if out else None, number, *words))  # noqa: S608 - names of ours


def _words_of_prompt(prompt: str) -> tuple[str]:
    return (spaced(prompt[:_LONGEST]),)


def _words_of_reply(
    answer: str, commentary: str, trace: str, backend: str, model: str, kind: str, elicited: int
) -> tuple[str, str, str, str, str]:
    """The columns of the index. `kind` is made of words of ours, by which replies are filtered."""
    facts = [kind, *(["trace"] if trace else []), *(["elicited"] if elicited and kind != "elicited" else [])]
    return (
        spaced(f"{answer[:_LONGEST]}\n{commentary[:_LONGEST]}"),
        spaced(trace[:_LONGEST]),
        spaced(backend),
        spaced(model),
        " ".join(facts),
    )


# --- asking it


class _Row(NamedTuple):
    """A row that holds what is looked for: the numbers of turn and reply (0 for a prompt), and what a hit says of it."""

    turn: int
    reply: int
    conversation: str
    title: str
    turn_id: str
    reply_id: str
    created: float
    backend: str
    model: str


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
            for newest in (_prompts, _replies):
                partial |= not _gather(con, newest, query, limit, rows)
        finally:
            con.set_progress_handler(None, 0)
    rows.sort(key=lambda row: (-row.turn, row.reply))
    hits = tuple(_with_text(con, row, query) for row in rows[:limit])
    return Found(hits, partial, indexed(con))


_Newest: TypeAlias = Callable[[sqlite3.Connection, Query, int], Iterator["_Row"]]

_SHORT = 4
_WALKED, _GLANCE = 1_600, 80
"""Rows that are walked through for a beginning of few letters, and after how many it must look as if they will do."""


def _gather(con: sqlite3.Connection, newest: _Newest, query: Query, limit: int, rows: list[_Row]) -> bool:
    """Take the newest rows; False where the clock ended it."""
    try:
        rows.extend(_walked(con, newest, query, limit) or newest(con, query, limit))
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return False
    return True


def _walked(con: sqlite3.Connection, newest: _Newest, query: Query, limit: int) -> list[_Row]:
    """The newest rows with a beginning of few letters, by looking into texts; none where that does not get `limit` soon.

    Before the index gives the first row of a beginning, it gathers all words that begin so: with two letters that is
    half of everything. What stands in so many texts is soon met in the newest ones.
    """
    last = query.terms[-1] if query.terms else None
    if last is None or not _goes_on(last) or len(last.words[-1]) > _SHORT:
        return []
    found: list[_Row] = []
    for walked, row in enumerate(newest(con, replace(query, terms=query.terms[:-1]), _WALKED)):
        if walked == _GLANCE and len(found) * _WALKED < limit * _GLANCE:
            return []
        if any(_place(text, text.lower(), last) >= 0 for text in _texts(con, row, query)):
            found.append(row)
            if len(found) == limit:
                return found
    return []


def _prompts(con: sqlite3.Connection, query: Query, limit: int) -> Iterator[_Row]:
    """Hits in prompts, newest first."""
    if query.of_replies or "prompt" not in query.places:
        return
    number, source, where = "t.number", "turns t", _Where()
    if query.terms:
        number, source = "w.rowid", "prompt_words w CROSS JOIN turns t ON t.number = w.rowid"
        where.add("prompt_words MATCH ?", _all(query.terms))
    if (query.since, query.until) != (None, None):
        where.add_span(number, _turns(con, query))
    where.add_dates(query)
    yield from map(
        _Row._make,
        con.execute(
            f"SELECT t.number, 0, c.id, c.title, t.id, '', t.created, '', '' FROM {source}"  # noqa: S608 - names of ours
            f" CROSS JOIN conversations c ON c.number = t.conversation {where} ORDER BY {number} DESC LIMIT ?",
            (*where.values, limit),
        ),
    )


def _replies(con: sqlite3.Connection, query: Query, limit: int) -> Iterator[_Row]:
    """Hits in replies, newest first."""
    places = _reply_places(query)
    if not places:
        return
    number, source, where = "r.number", "replies r", _Where()
    parts = [f"{{{' '.join(places)}}} : ({_all(query.terms)})"] if query.terms else []
    parts += [f"{{model}} : {_quoted(term)}" for term in query.models]
    parts += [f"{{backend model}} : {_quoted(term)}" for term in query.lanes]
    parts += [f"{{kind}} : ({' OR '.join(sorted(query.kinds))})"] if query.kinds else []
    parts += ["{kind} : trace"] if query.has_trace else []
    if parts:
        number, source = "w.rowid", "reply_words w CROSS JOIN replies r ON r.number = w.rowid"
        where.add("reply_words MATCH ?", " AND ".join(f"({part})" for part in parts))
    if (query.since, query.until) != (None, None):
        span = "SELECT min(number), max(number) FROM replies WHERE turn BETWEEN ? AND ?"
        where.add_span(number, con.execute(span, _turns(con, query)).fetchone())
    where.add_dates(query)
    if query.more_tokens is not None:
        where.add("r.output_tokens > ?", query.more_tokens)
    if query.fewer_tokens is not None:
        where.add("r.output_tokens < ?", query.fewer_tokens)
    yield from map(
        _Row._make,
        con.execute(
            f"SELECT t.number, r.number, c.id, c.title, t.id, r.id, t.created, r.backend, r.model FROM {source}"  # noqa: S608 - names of ours
            " CROSS JOIN turns t ON t.number = r.turn CROSS JOIN conversations c ON c.number = t.conversation"
            f" {where} ORDER BY {number} DESC LIMIT ?",
            (*where.values, limit),
        ),
    )


class _Where:
    """Conditions, all to be met, and their values."""

    def __init__(self) -> None:
        self._conditions: list[str] = []
        self.values: list[str | float] = []

    def add(self, condition: str, value: str | float) -> None:
        """One more condition of one value."""
        self._conditions.append(condition)
        self.values.append(value)

    def add_span(self, column: str, span: tuple[int | None, int | None]) -> None:
        """Numbers of rows, first and last; None and None where there are none at all."""
        first, last = span
        self.add(f"{column} >= ?", 1 if first is None else first)
        self.add(f"{column} <= ?", 0 if last is None else last)

    def add_dates(self, query: Query) -> None:
        """The dates of the query."""
        if query.since is not None:
            self.add("t.created >= ?", query.since)
        if query.until is not None:
            self.add("t.created < ?", query.until)

    def __str__(self) -> str:
        return f"WHERE {' AND '.join(self._conditions)}" if self._conditions else ""


def _turns(con: sqlite3.Connection, query: Query) -> tuple[int | None, int | None]:
    """The first and last number of a turn within the dates: numbers grow with time but for what was imported."""
    since = float("-inf") if query.since is None else query.since
    until = float("inf") if query.until is None else query.until
    found: tuple[int | None, int | None] = con.execute(
        "SELECT min(number), max(number) FROM turns WHERE created >= ? AND created < ?", (since, until)
    ).fetchone()
    return found


def _reply_places(query: Query) -> tuple[Place, ...]:
    order: tuple[Place, ...] = ("answer", "trace")
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


# --- snippets

_READ = 200_000
"""Letters of a text in which a place to show is looked for."""


def _with_text(con: sqlite3.Connection, row: _Row, query: Query) -> Hit:
    """The hit with a piece of its text: of the answer where all that is looked for is there, else of where most is."""
    places = _places(row, query)
    best, where, shown = -1, places[0], Snippet("")
    for place, text in zip(places, _texts(con, row, query), strict=False):
        count, piece = snippet(text, query.terms)
        if count > best and (piece.text or not shown.text):
            best, where, shown = count, place, piece
        if shown.text and best == len(query.terms):
            break
    return Hit(
        row.conversation,
        row.title,
        row.turn_id,
        row.reply_id,
        where,
        shown,
        row.created,
        row.backend,
        row.model,
    )


def _places(row: _Row, query: Query) -> tuple[Place, ...]:
    return _reply_places(query) if row.reply else ("prompt",)


def _texts(con: sqlite3.Connection, row: _Row, query: Query) -> Iterator[str]:
    """The texts of a row that are looked into, in the order of `_places`, each read when it is asked for."""
    for place in _places(row, query):
        yield con.execute(_TEXT[place], (row.reply or row.turn,)).fetchone()[0]


_TEXT: Final[dict[Place, str]] = {
    "prompt": f"SELECT substr(prompt, 1, {_READ}) FROM turns WHERE number = ?",  # noqa: S608 - names of ours
    "answer": f"SELECT substr(answer, 1, {_READ}) || char(10) || substr(commentary, 1, {_READ}) FROM replies WHERE number = ?",  # noqa: S608 - names of ours
    "trace": f"SELECT substr(trace, 1, {_READ}) FROM replies WHERE number = ?",  # noqa: S608 - names of ours
}


def snippet(text: str, terms: Sequence[Term]) -> tuple[int, Snippet]:
    """How many of the terms stand in a text, and a piece of it around the longest of them, or else its beginning."""
    small = text.lower()
    if len(small) != len(text):  # one letter became two: places would not be the same
        small = text
    places = [(sum(map(len, term.words)), at) for term in terms if (at := _place(text, small, term)) >= 0]
    shown = _piece(text, max(places, key=lambda place: (place[0], -place[1]))[1] if places else 0)
    return len(places), Snippet(shown, _marks(shown, terms))


@cache
def _spaced_letter() -> re.Pattern[str]:
    """Compiled when first needed: it takes milliseconds, and this module is there at the first paint."""
    return re.compile(SPACED_LETTER)


def _place(text: str, small: str, term: Term) -> int:
    """Where a term stands first, -1 where it does not. Looks for the plain letters first, which is fifty times as fast."""
    for start, _ in _spans(_plain(term), term, small, len(small)):
        return start
    if not text.isascii():
        for start, _ in _spans(_any_accent(term), term, text, _READ // 10):
            return start
    return -1


def _spans(pattern: re.Pattern[str], term: Term, text: str, until: int) -> Iterator[tuple[int, int]]:
    """Where a pattern matches whole words. Their ends are not in the pattern: a class of so many letters compiles slowly."""
    letter = _spaced_letter()
    begins = not is_unspaced(term.words[0])
    ends = not term.open and not is_unspaced(term.words[-1])
    for match in pattern.finditer(text, 0, until):
        start, end = match.span()
        inside = (begins and start > 0 and letter.match(text, start - 1)) or (
            ends and letter.match(text, end)
        )
        if not inside:
            yield start, end


# What would end a line or turn it about, and is no white space.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


def _piece(text: str, at: int) -> str:
    """About `_SHOWN` letters of a text in one line, with the place in it."""
    start = max(0, at - _AROUND)
    if start:
        space = text.find(" ", start, at)
        start = start if space < 0 else space + 1
    shown = " ".join(_CONTROLS.sub(" ", text[start : start + _SHOWN]).split())
    return ("… " if start else "") + shown + (" …" if len(text) > start + _SHOWN else "")


def _marks(text: str, terms: Iterable[Term]) -> tuple[tuple[int, int], ...]:
    """Where terms stand in a short text: (start, end), ascending, those that touch joined."""
    if text.replace("…", "").isascii():
        small = text.lower()
        found = sorted(span for term in terms for span in _spans(_plain(term), term, small, len(text)))
    else:
        found = sorted(span for term in terms for span in _spans(_any_accent(term), term, text, len(text)))
    if len(found) < 2:
        return tuple(found)
    joined: list[tuple[int, int]] = []
    for start, end in found:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


@lru_cache(maxsize=256)
def _plain(term: Term) -> re.Pattern[str]:
    """Small letters as they are typed; begins with a letter, so that it is found fast."""
    return re.compile(_BETWEEN.join(re.escape(word.lower()) for word in term.words))


@lru_cache(maxsize=256)
def _any_accent(term: Term) -> re.Pattern[str]:
    """What the index takes for the same: whatever the case and the accents."""
    return re.compile(_BETWEEN.join("".join(map(_letter, word)) for word in term.words), re.IGNORECASE)


_BETWEEN = r"[\W_]*"


def _letter(letter: str) -> str:
    base = _base(letter)
    return f"[{re.escape(letter + base + _variants().get(base, ''))}][\u0300-\u036f]*"


_WITH_ACCENTS: Final = (range(0xC0, 0x250), range(0x370, 0x530), range(0x1E00, 0x2000))


@lru_cache(maxsize=1)
def _variants() -> dict[str, str]:
    """Accented letters by the plain small letter that the index keeps for them."""
    found: dict[str, str] = {}
    for code in (code for codes in _WITH_ACCENTS for code in codes):
        base = _base(chr(code))
        if base != chr(code).lower():
            found[base] = found.get(base, "") + chr(code)
    return found


def _base(letter: str) -> str:
    return unicodedata.normalize("NFD", letter)[0].lower()[0]
