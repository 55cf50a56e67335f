"""The schema, as an ordered row of functions: number n brings a file from version n-1 to n. Append, never change one.

Not the queries. All steps run in one transaction, so that a kill leaves the old version. A file that held something
is first copied beside as `<name>.v<old version>`. The copy is kept and the file itself is changed, not the other way
round: a second process may have the file open, and would go on writing into one that was swapped away.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from sidelight.store.errors import StoreError

__all__ = [
    "APPLICATION_ID",
    "MIGRATIONS",
    "Migration",
    "migrate",
    "newest",
    "read_as_newest",
    "schema_of",
    "schema_of_version",
]

APPLICATION_ID = 0x53446C74
"""Bytes "SDlt" in the header of the file: tells it from any other SQLite database."""

_SWITCH_WITHIN = 5.0
"""Seconds to try for the write-ahead log."""

Migration: TypeAlias = Callable[[sqlite3.Connection], None]


def _first(con: sqlite3.Connection) -> None:
    """Conversations, turns, replies, and the journal of running replies.

    `number` orders rows by when they were written; `id` is the name the program knows. The text of a reply stands in
    three columns, each searchable by itself, and `segments` says how it is cut: [kind, part, channel, phase, length].

    `deltas` is only ever as long as the replies that run, and is written twenty times a second: it has neither an
    index nor a foreign key, which would double the time and quadruple the bytes of each write. So that a row left
    there by mistake can never pass to another reply, numbers of replies are not used twice.
    """
    for statement in (
        """CREATE TABLE conversations (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            title TEXT NOT NULL,
            lanes TEXT,
            leaf TEXT,
            rule TEXT NOT NULL,
            created REAL NOT NULL,
            updated REAL NOT NULL,
            checksum INTEGER NOT NULL)""",
        "CREATE INDEX conversations_by_time ON conversations (updated)",
        """CREATE TABLE turns (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            conversation INTEGER NOT NULL REFERENCES conversations ON DELETE CASCADE,
            parent TEXT,
            prompt TEXT NOT NULL,
            created REAL NOT NULL,
            chosen TEXT,
            checksum INTEGER NOT NULL)""",
        "CREATE INDEX turns_of_conversation ON turns (conversation)",
        """CREATE TABLE replies (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            turn INTEGER NOT NULL REFERENCES turns ON DELETE CASCADE,
            backend TEXT NOT NULL,
            model TEXT NOT NULL,
            lane TEXT NOT NULL,
            version INTEGER NOT NULL,
            state TEXT NOT NULL,
            trace TEXT NOT NULL,
            answer TEXT NOT NULL,
            commentary TEXT NOT NULL,
            segments TEXT,
            trace_kind TEXT NOT NULL,
            trace_certainty TEXT NOT NULL,
            trace_elicited INTEGER NOT NULL,
            trace_encrypted INTEGER NOT NULL,
            prompt_tokens INTEGER,
            cached_tokens INTEGER,
            output_tokens INTEGER,
            reasoning_tokens INTEGER,
            cost REAL,
            usage_raw TEXT,
            timing TEXT,
            facts TEXT,
            dropped_turns INTEGER NOT NULL,
            checksum INTEGER NOT NULL)""",
        "CREATE INDEX replies_of_turn ON replies (turn)",
        """CREATE TABLE deltas (
            number INTEGER PRIMARY KEY,
            reply INTEGER NOT NULL,
            owner TEXT NOT NULL,
            events BLOB NOT NULL,
            checksum INTEGER NOT NULL)""",
    ):
        con.execute(statement)


def _exchanges_and_attachments(con: sqlite3.Connection) -> None:
    """What went over the wire for a reply, compressed; and the files that go with prompts, each content once."""
    for statement in (
        """CREATE TABLE exchanges (
            reply INTEGER PRIMARY KEY REFERENCES replies ON DELETE CASCADE,
            request BLOB NOT NULL,
            stream BLOB NOT NULL,
            whole INTEGER NOT NULL,
            checksum INTEGER NOT NULL)""",
        """CREATE TABLE contents (
            digest TEXT PRIMARY KEY,
            content BLOB NOT NULL) WITHOUT ROWID""",
        """CREATE TABLE attachments (
            number INTEGER PRIMARY KEY,
            turn INTEGER NOT NULL REFERENCES turns ON DELETE CASCADE,
            digest TEXT NOT NULL REFERENCES contents,
            name TEXT NOT NULL,
            media_type TEXT NOT NULL,
            size INTEGER NOT NULL,
            checksum INTEGER NOT NULL)""",
        "CREATE INDEX attachments_of_turn ON attachments (turn)",
        "CREATE INDEX attachments_of_content ON attachments (digest)",
    ):
        con.execute(statement)


def _search(con: sqlite3.Connection) -> None:
    """The index of words over prompts and replies; it holds no text. What `search` does with it is told there.

    Marks belong to words: without its vowel signs, Hindi is but consonants. `unindexed` says up to which number the rows of a table are still to be indexed, and out of how many.
    """
    for statement in (
        """CREATE VIRTUAL TABLE prompt_words USING fts5(
            prompt, content = '', columnsize = 0, tokenize = "unicode61 remove_diacritics 2 categories 'L* M* N* Co'")""",
        """CREATE VIRTUAL TABLE reply_words USING fts5(
            answer, trace, backend, model, kind,
            content = '', columnsize = 0, tokenize = "unicode61 remove_diacritics 2 categories 'L* M* N* Co'")""",
        """CREATE TABLE unindexed (
            texts TEXT PRIMARY KEY,
            upto INTEGER NOT NULL,
            total INTEGER NOT NULL) WITHOUT ROWID""",
        "INSERT INTO unindexed SELECT 'turns', ifnull(max(number), 0), ifnull(max(number), 0) FROM turns",
        "INSERT INTO unindexed SELECT 'replies', ifnull(max(number), 0), ifnull(max(number), 0) FROM replies",
        "CREATE INDEX turns_by_time ON turns (created)",
    ):
        con.execute(statement)


def _order(con: sqlite3.Connection) -> None:
    """Pins, the trash, tags, and drafts of prompts.

    `pinned` and `deleted` say since when, in Unix seconds. Rows that have neither keep their checksum, as `ADDED` in
    `codec` has it. A draft belongs to a conversation by its id, "" for one that is not stored yet, since that has no row.
    """
    for statement in (
        "ALTER TABLE conversations ADD COLUMN pinned REAL",
        "ALTER TABLE conversations ADD COLUMN deleted REAL",
        "CREATE INDEX conversations_pinned ON conversations (updated) WHERE pinned IS NOT NULL",
        "CREATE INDEX conversations_deleted ON conversations (deleted) WHERE deleted IS NOT NULL",
        """CREATE TABLE tags (
            number INTEGER PRIMARY KEY,
            conversation INTEGER NOT NULL REFERENCES conversations ON DELETE CASCADE,
            name TEXT NOT NULL,
            checksum INTEGER NOT NULL,
            UNIQUE (conversation, name))""",
        "CREATE INDEX tags_by_name ON tags (name)",
        """CREATE TABLE drafts (
            number INTEGER PRIMARY KEY,
            conversation TEXT NOT NULL UNIQUE,
            text TEXT NOT NULL,
            files TEXT,
            updated REAL NOT NULL,
            checksum INTEGER NOT NULL)""",
    ):
        con.execute(statement)


_ORDERED = 4
"""The version that has pins and the trash."""
MIGRATIONS: tuple[Migration, ...] = (_first, _exchanges_and_attachments, _search, _order)


def migrate(
    con: sqlite3.Connection,
    path: Path,
    migrations: Sequence[Migration] | None = None,
    *,
    may_be_new: bool = True,
) -> None:
    """Bring the file to the newest version.

    Raises StoreError "newer", "corrupt", or "missing" where it is empty and may not be, and leaves such a file untouched.
    """
    steps = MIGRATIONS if migrations is None else migrations
    con.execute("BEGIN")  # one state for all that is asked: another process may be making the file
    try:
        version = _version(con, len(steps))
    finally:
        con.execute("ROLLBACK")
    if version == len(steps):
        return
    if version == 0 and not may_be_new:
        raise StoreError("missing")
    _use_wal(con)
    con.execute("BEGIN IMMEDIATE")
    try:
        version = _version(con, len(steps))  # another process may have been faster
        if version:
            _copy(path, path.with_name(f"{path.name}.v{version}"))
        for step in steps[version:]:
            step(con)
        con.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        con.execute(f"PRAGMA user_version = {len(steps)}")
        con.execute("COMMIT")
    except BaseException:
        if con.in_transaction:
            con.execute("ROLLBACK")
        raise


def read_as_newest(con: sqlite3.Connection) -> None:
    """Have a file of an older version look like one of the newest for this connection, which cannot change it.

    What came later is empty: columns are NULL, tables have no rows. Both are in memory and stand before those of the file.
    """
    (version,) = con.execute("PRAGMA user_version").fetchone()
    if not 0 < version < newest():
        return
    there = schema_of_version(version)
    for name, made in schema_of_version(newest()).items():
        kind, _, sql = made.split(" ", 2)
        if kind == "table" and name not in there:
            virtual = sql.startswith("CREATE VIRTUAL TABLE")
            old, new = ("VIRTUAL TABLE ", "VIRTUAL TABLE temp.") if virtual else ("CREATE ", "CREATE TEMP ")
            con.execute(sql.replace(old, new, 1))
            if name == "unindexed":
                con.execute("INSERT INTO unindexed VALUES ('turns', 1, 1), ('replies', 1, 1)")
    if version < _ORDERED:
        con.execute(
            "CREATE TEMP VIEW conversations AS SELECT *, NULL AS pinned, NULL AS deleted FROM main.conversations"
        )


def newest() -> int:
    """The version that this program writes, and the last one it knows."""
    return len(MIGRATIONS)


def schema_of(con: sqlite3.Connection) -> dict[str, str]:
    """What each table and index is made of, by name. Not what SQLite makes by itself, nor the inside of a full-text index."""
    rows = con.execute(
        "SELECT name, type || ' ' || tbl_name || ' ' || sql FROM sqlite_master WHERE sql NOT NULL"
    ).fetchall()
    virtual = tuple(f"{name}_" for name, sql in rows if " CREATE VIRTUAL " in sql)
    return {name: sql for name, sql in rows if not name.startswith(("sqlite_", *virtual))}


def schema_of_version(version: int) -> dict[str, str]:
    """The schema of a sound file of this version, which is a known one."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as con:
        for step in MIGRATIONS[:version]:
            step(con)
        return schema_of(con)


def _version(con: sqlite3.Connection, known: int) -> int:
    """The version of the file, 0 for an empty one."""
    (application,) = con.execute("PRAGMA application_id").fetchone()
    (version,) = con.execute("PRAGMA user_version").fetchone()
    (tables,) = con.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application == APPLICATION_ID and 0 < version <= known:
        return int(version)
    if application == APPLICATION_ID and version > known:
        raise StoreError("newer", reason=f"version {version}, known up to {known}")
    if application or version or tables:
        raise StoreError("corrupt", reason="a database of another program")
    return 0


def _use_wal(con: sqlite3.Connection) -> None:
    """Readers never wait for the writer. The mode is kept in the file.

    Two processes that switch at once would wait for each other for ever, so SQLite refuses one of them at once,
    whatever the busy timeout; it finds the switch done when it asks again.
    """
    give_up = time.monotonic() + _SWITCH_WITHIN
    while con.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        try:
            con.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(0.01)
        else:
            return


def _copy(path: Path, copy: Path) -> None:
    """Copy the committed content of the file, whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    source = sqlite3.connect(path)
    with contextlib.closing(source), contextlib.closing(sqlite3.connect(part)) as target:
        source.backup(target)
    part.replace(copy)
