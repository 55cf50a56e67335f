"""The index of words over prompts, answers and traces: how it is kept. How it is asked is told in `search`.

The index holds no text, only words (FTS5, contentless). Scripts without spaces are indexed by pairs of letters. A row is
in the index once it is final and its number lies above what `unindexed` says is still to be done, from the newest to the
oldest, in small steps: files made before there was an index are searched while that goes on.

To take a row out, the index must be told the very words that were put in. So `_words_of_prompt` and `_words_of_reply`
may only ever change together with a migration that calls `begin_anew`.

All raise sqlite3.Error as it comes; the store's threads turn it into StoreError.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

from sidelight.chat.reply import ReplyState
from sidelight.store.query import spaced

__all__ = [
    "Table",
    "add_prompt",
    "add_reply",
    "begin_anew",
    "drop_conversation",
    "drop_reply",
    "index_some",
    "indexed",
]

_FINAL = frozenset(state.value for state in ReplyState if state.is_final)

_LONGEST = 1_000_000
"""Letters of one text that are indexed: a reply must not hold the writer for seconds."""

_AT_ONCE, _LETTERS_AT_ONCE = 64, 30_000
"""Old rows, and letters in them, that are indexed between two looks at the clock: a few milliseconds."""

Table: TypeAlias = Literal["turns", "replies"]
_TABLES: Final[tuple[Table, ...]] = ("replies", "turns")
_COLUMNS: Final[dict[Table, str]] = {
    "turns": "prompt_words (prompt_words, rowid, prompt)",
    "replies": "reply_words (reply_words, rowid, answer, trace, backend, model, kind)",
}


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
    for table in _TABLES:
        left = _left(con, table)
        while left > 0:
            left = _index_below(con, table, left)
            if time.monotonic() > give_up or not left:
                con.execute("UPDATE unindexed SET upto = ? WHERE texts = ?", (left, table))
            if time.monotonic() > give_up:
                return indexed(con) < 1.0
    return False


def _index_below(con: sqlite3.Connection, table: Table, left: int) -> int:
    """Index a few rows from number `left` downwards; what is left then. They are put in upwards: at each number that
    is not above the last one, FTS5 writes out all that it has gathered.
    """
    rows: list[tuple[int, Sequence[str]]] = []
    letters = 0
    while left > 0 and len(rows) < _AT_ONCE and letters < _LETTERS_AT_ONCE:
        (number,) = con.execute(f"SELECT max(number) FROM {table} WHERE number <= ?", (left,)).fetchone()  # noqa: S608 - names of ours
        left = (number or 1) - 1
        if number:
            words = _words_at(con, table, number)
            letters += sum(map(len, words))
            rows.append((number, words))
    for number, words in reversed(rows):
        _put(con, table, number, words, out=False)
    return left


def indexed(con: sqlite3.Connection) -> float:
    """The share of the texts written before there was an index that is in it by now, 0 to 1."""
    left, total = con.execute("SELECT sum(upto), sum(total) FROM unindexed").fetchone()
    return 1.0 if not left else 1.0 - left / total


def _left(con: sqlite3.Connection, table: str) -> int:
    """Rows of a table up to this number are still to be indexed."""
    (left,) = con.execute("SELECT upto FROM unindexed WHERE texts = ?", (table,)).fetchone()
    return int(left)


def _put_prompt(con: sqlite3.Connection, turn: int, *, out: bool = False) -> None:
    _put(con, "turns", turn, _words_at(con, "turns", turn), out=out)


def _put_reply(con: sqlite3.Connection, reply: int, *, out: bool = False) -> None:
    _put(con, "replies", reply, _words_at(con, "replies", reply), out=out)


def _put(con: sqlite3.Connection, table: Table, number: int, words: Sequence[str], *, out: bool) -> None:
    if words:
        marks = ", ?" * len(words)
        con.execute(
            f"INSERT INTO {_COLUMNS[table]} VALUES (?, ?{marks})",  # noqa: S608 - names of ours
            ("delete" if out else None, number, *words),
        )


def _words_at(con: sqlite3.Connection, table: Table, number: int) -> Sequence[str]:
    """What is indexed of a row; nothing of a reply that still runs."""
    if table == "turns":
        return _words_of_prompt(
            *con.execute("SELECT prompt FROM turns WHERE number = ?", (number,)).fetchone()
        )
    state, *row = con.execute(
        "SELECT state, answer, commentary, trace, backend, model, trace_kind, trace_elicited FROM replies"
        " WHERE number = ?",
        (number,),
    ).fetchone()
    return _words_of_reply(*row) if state in _FINAL else ()


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
