"""Reads what can be read of a damaged database, row by row, into a fresh file beside it, and says what could not.

Not the choice to use that file: `backup.restore` puts it in place. The damaged file is copied first, and only the copy is
touched: where its head or its schema is broken it gets that of a sound file. A row whose checksum does not fit is
kept and named, since one wrong letter is better than none; what it can no longer say of itself (times, facts) is dropped.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from sidelight.chat.message import new_id
from sidelight.chat.reply import Reply, ReplyState, Segment
from sidelight.store import conversations, replacing, words
from sidelight.store.check import COVERED, GoOn, always
from sidelight.store.codec import checksum, checksum_of
from sidelight.store.database import connect
from sidelight.store.errors import StoreError, translated
from sidelight.store.journal import is_intact
from sidelight.store.locks import held
from sidelight.store.migrations import APPLICATION_ID, migrate, newest, schema_of_version

__all__ = ["Salvaged", "StoppedError", "salvage", "salvaged_of"]

_ORDER = (
    "contents",
    "conversations",
    "turns",
    "replies",
    "attachments",
    "exchanges",
    "deltas",
    "tags",
    "drafts",
)
"""Whoever is referred to comes first."""
_KEYS = {"contents": "digest", "exchanges": "reply"}
"""Where it is not "number"."""
_LEAST = 16
"""Bytes of the smallest row: so many rows at most are looked for, one by one, where a part of a table cannot be read."""
_PAGE = 4096
_ASK_EVERY = 100
"""Rows between two looks at whether it is still wanted."""

_Row: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Salvaged:
    """The fresh file, and what came of it: rows saved by table; ids of rows that are not what was written, (table, id).

    `lost` counts rows that were read and could not be used; `gaps` names tables of which a part could not be read, so
    that nobody knows what it held.
    """

    path: Path
    saved: tuple[tuple[str, int], ...]
    changed: tuple[tuple[str, str], ...]
    lost: tuple[tuple[str, int], ...]
    gaps: tuple[str, ...]


class StoppedError(Exception):
    """Nobody wants it any more."""


def salvaged_of(path: Path) -> Path:
    """Where what is saved of a database is put."""
    return path.with_name(f"{path.name}.salvaged")


def salvage(path: Path, *, go_on: GoOn = always) -> Salvaged:
    """Make `<name>.salvaged` beside the damaged file, which is left as it is. May take minutes.

    `go_on` is told a rough share of what is done: nobody knows how much a damaged file holds. Raises StoppedError where
    it ends the work.

    Raises StoreError: "corrupt" where nothing at all can be read, "full", "readonly", "locked" while a copy is made.
    """
    work = path.with_name(f"{path.name}.salvaging")
    fresh = salvaged_of(path)
    try:
        with held(replacing.lock_of(path)):
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir(mode=0o700)
            try:
                damaged = _copied(path, work)
                made = _new(work / "fresh.db")
                with contextlib.closing(made), contextlib.closing(_opened(damaged)) as broken:
                    found = _Salvage(broken, made, damaged.stat().st_size // _LEAST, go_on).run(fresh)
                (work / "fresh.db").replace(fresh)
                replacing.sync_folder(path.parent)
            finally:
                shutil.rmtree(work, ignore_errors=True)
    except (sqlite3.Error, OSError, UnicodeDecodeError, StoreError) as error:
        raise translated(error, path) from error
    return found


class _Salvage:
    """One salvage under way."""

    def __init__(self, broken: sqlite3.Connection, fresh: sqlite3.Connection, most: int, go_on: GoOn) -> None:
        self._broken, self._fresh, self._most, self._go_on = broken, fresh, most, go_on
        self._changed: list[tuple[str, str]] = []
        self._lost = dict.fromkeys(_ORDER, 0)
        self._gaps: list[str] = []
        self._reply_ids: dict[int, str] = {}
        self._shelter: int | None = None

    def run(self, path: Path) -> Salvaged:
        """Read all tables and put what they give into the fresh file, which is to be found at `path`."""
        self._fresh.execute("BEGIN IMMEDIATE")
        saved = {}
        (version,) = self._broken.execute("PRAGMA user_version").fetchone()
        made = schema_of_version(version if 0 < version <= newest() else newest())
        for place, table in enumerate(_ORDER):
            columns = self._columns(table)
            if not columns and table in made:
                self._gaps.append(table)
            for count, values in enumerate(self._rows(table, columns)):
                if count % _ASK_EVERY == 0 and not self._go_on(place / len(_ORDER)):
                    raise StoppedError
                self._put(table, dict(zip(columns, values, strict=True)))
        words.begin_anew(self._fresh)  # indexed later, by whoever opens the file
        self._make_readable()
        for table in _ORDER:
            (saved[table],) = self._fresh.execute(" ".join(("SELECT count(*) FROM", table))).fetchone()
        self._fresh.execute("COMMIT")
        if not any(saved.values()) and self._gaps:
            raise StoreError("corrupt", reason="nothing could be read")
        lost = tuple((table, n) for table, n in self._lost.items() if n)
        return Salvaged(path, tuple(saved.items()), tuple(self._changed), lost, tuple(self._gaps))

    def _columns(self, table: str) -> list[str]:
        """The columns that both files have; the others came with a later version and stay as they are made."""
        of = f"PRAGMA table_info({table})"
        there = {name for _, name, *_ in self._broken.execute(of)}
        return [name for _, name, *_ in self._fresh.execute(of) if name in there]

    def _rows(self, table: str, columns: list[str]) -> Iterator[tuple[Any, ...]]:
        """The rows from the bottom up to what cannot be read, from the top down to it, and what lies between, one by one."""
        if not columns:
            return
        key = _KEYS.get(table, "number")
        select = " ".join(("SELECT", ", ".join(columns), "FROM", table))
        at = columns.index(key)
        low = high = None
        try:
            for row in self._broken.execute(f"{select} ORDER BY {key}"):
                yield row
                low = row[at]
        except sqlite3.DatabaseError:
            self._gaps.append(table)
        else:
            return
        with contextlib.suppress(sqlite3.DatabaseError):
            for row in self._broken.execute(f"{select} ORDER BY {key} DESC"):
                if row[at] == low:
                    return
                yield row
                high = row[at]
        for between in self._digests() if table == "contents" else self._numbers(low or 0, high):
            if between not in (low, high):
                with contextlib.suppress(sqlite3.DatabaseError):
                    yield from self._broken.execute(f"{select} WHERE {key} = ?", (between,))

    def _numbers(self, low: int, high: int | None) -> range:
        end = low + 1 + self._most
        return range(low + 1, end if high is None else min(high, end))

    def _digests(self) -> list[str]:
        """Of contents, as far as attachments name them."""
        found: list[str] = []
        with contextlib.suppress(sqlite3.DatabaseError):
            for (digest,) in self._broken.execute("SELECT DISTINCT digest FROM attachments"):
                found.append(digest)
        return found

    def _put(self, table: str, row: _Row) -> None:
        if not self._is_usable(table, row):
            self._lost[table] += 1
            return
        names = COVERED.get(table)
        if names and checksum_of(table, [row.get(name) for name in names]) != row["checksum"]:
            if table == "conversations":  # nobody may lose one because it only looks deleted
                row["deleted"] = None
            row["checksum"] = checksum_of(table, [row.get(name) for name in names])
            self._changed.append((table, str(row[names[0]])))
        marks = ", ".join("?" * len(row))
        insert = " ".join(("INSERT INTO", table, f"({', '.join(row)})", f"VALUES ({marks})"))
        try:
            self._fresh.execute(insert, tuple(row.values()))
        except (sqlite3.Error, OverflowError):
            self._lost[table] += 1
            return
        if table == "replies":
            self._reply_ids[row["number"]] = row["id"]

    def _is_usable(self, table: str, row: _Row) -> bool:
        """Whether a row can go in; a turn or a reply whose parent is gone gets another."""
        if table == "contents":
            return (
                isinstance(row["content"], bytes)
                and hashlib.sha256(row["content"]).hexdigest() == row["digest"]
            )
        if table == "exchanges":
            return bool(row["checksum"] == checksum([row[name] for name in COVERED[table]]))
        if table == "deltas":
            reply = self._reply_ids.get(row["reply"])
            return reply is not None and is_intact(reply, row["owner"], row["events"], row["checksum"])
        if table == "turns" and not self._is_there("conversations", row["conversation"]):
            row["conversation"] = self._shelter_for_turns()
        if table == "tags" and not self._is_there("conversations", row["conversation"]):
            return False
        if table == "replies" and not self._is_there("turns", row["turn"]):
            row["turn"] = self._turn_for_replies(row["turn"])
        return True

    def _is_there(self, table: str, number: object) -> bool:
        statement = " ".join(("SELECT 1 FROM", table, "WHERE number = ?"))
        return self._fresh.execute(statement, (number,)).fetchone() is not None

    def _shelter_for_turns(self) -> int:
        """The conversation of turns that lost theirs; its title is empty, so that the history names it by its prompt."""
        if self._shelter is None:
            made = (new_id(), "", None, None, "own", 0.0, 0.0, None, None)
            self._shelter = self._insert("conversations", made)
        return self._shelter

    def _turn_for_replies(self, number: object) -> int:
        """A turn with an empty prompt in the place of one that is gone, under its number where that is free."""
        made = (new_id(), None, "", 0.0, None)
        return self._insert("turns", made, number=number, conversation=self._shelter_for_turns())

    def _insert(self, table: str, row: tuple[object, ...], **more: object) -> int:
        names = (*COVERED[table], "checksum", *more)
        marks = ", ".join("?" * len(names))
        statement = " ".join(("INSERT INTO", table, f"({', '.join(names)})", f"VALUES ({marks})"))
        number = self._fresh.execute(statement, (*row, checksum_of(table, row), *more.values())).lastrowid
        assert number is not None
        return number

    def _make_readable(self) -> None:
        """See that each conversation can be opened and shows a branch, where anything was amiss."""
        if not (self._changed or self._gaps or self._shelter or any(self._lost.values())):
            return
        for (conversation,) in self._fresh.execute("SELECT id FROM conversations").fetchall():
            try:
                self._mend(conversation)
            except (StoreError, sqlite3.Error):
                self._lost["conversations"] += 1
                conversations.delete(self._fresh, conversation)

    def _mend(self, conversation: str) -> None:
        try:
            loaded = conversations.load(self._fresh, conversation)
        except StoreError:
            self._mend_rows(conversation)
            loaded = conversations.load(self._fresh, conversation)
        if loaded is not None and loaded.turns and not loaded.path:
            conversations.set_leaf(self._fresh, conversation, loaded.turns[-1].id)

    def _mend_rows(self, conversation: str) -> None:
        """Of rows that cannot be read keep the text alone."""
        rows = self._fresh.execute(
            "SELECT r.id, r.lane, r.version, r.trace, r.answer FROM conversations c JOIN turns t ON"
            " t.conversation = c.number JOIN replies r ON r.turn = t.number WHERE c.id = ?",
            (conversation,),
        ).fetchall()
        for reply_id, lane, version, trace, answer in rows:
            try:
                conversations.read_reply(self._fresh, reply_id)
            except StoreError:
                texts = (Segment("reasoning", str(trace)), Segment("answer", str(answer)))
                kept = tuple(segment for segment in texts if segment.text)
                bare = Reply(
                    reply_id,
                    str(lane),
                    version if isinstance(version, int) else 1,
                    ReplyState.INTERRUPTED,
                    kept,
                )
                conversations.write_reply(self._fresh, bare)
        row = self._fresh.execute(
            "SELECT id, title, created, updated FROM conversations WHERE id = ?", (conversation,)
        ).fetchone()
        bare_row = (
            row[0],
            str(row[1]),
            None,
            None,
            "own",
            *(at if isinstance(at, float) else 0.0 for at in row[2:]),
        )
        self._fresh.execute(
            "UPDATE conversations SET title = ?, lanes = ?, leaf = ?, rule = ?, created = ?, updated = ?,"
            " pinned = NULL, deleted = NULL, checksum = ? WHERE id = ?",
            (*bare_row[1:], checksum(bare_row), conversation),
        )


def _copied(path: Path, folder: Path) -> Path:
    """The damaged file with its log, to be changed at will."""
    for part in ("", "-wal"):
        file = path.with_name(f"{path.name}{part}")
        if file.exists():
            shutil.copyfile(file, folder / file.name)
            (folder / file.name).chmod(0o600)
    return folder / path.name


def _new(path: Path) -> sqlite3.Connection:
    """An empty database of the newest version; in one file, so that it can be moved."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    con = connect(path)
    migrate(con, path)
    return con


def _opened(copy: Path) -> sqlite3.Connection:
    """A connection to the copy with the schema it ought to have; where it cannot be had, with the head it ought to have."""
    try:
        return _with_schema(copy)
    except sqlite3.Error:
        _mend_head(copy)
        return _with_schema(copy)


def _with_schema(copy: Path) -> sqlite3.Connection:
    con = sqlite3.connect(copy, isolation_level=None)
    try:
        con.text_factory = partial(str, encoding="utf-8", errors="replace")
        con.execute("PRAGMA writable_schema = ON")
        (version,) = con.execute("PRAGMA user_version").fetchone()
        known = version if 0 < version <= newest() else newest()
        for name, made in schema_of_version(known).items():
            kind, _, sql = made.split(" ", 2)
            con.execute("UPDATE sqlite_master SET sql = ? WHERE name = ? AND type = ?", (sql, name, kind))
        con.execute("PRAGMA writable_schema = RESET")
        con.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        con.close()
        raise
    return con


def _mend_head(copy: Path) -> None:
    """Write the fields of the first hundred bytes that are the same in every file of ours.

    Where and how long they are: sqlite.org/fileformat2.html, 1.3. No free pages are claimed, and the size is the file's.
    """
    with copy.open("r+b") as file:
        pages = copy.stat().st_size // _PAGE
        for at, field in (
            (0, b"SQLite format 3\0" + _PAGE.to_bytes(2, "big") + b"\2\2\0\x40\x20\x20"),
            (24, (1).to_bytes(4, "big") + pages.to_bytes(4, "big") + bytes(8)),
            (44, (4).to_bytes(4, "big") + bytes(8) + (1).to_bytes(4, "big")),
            (64, bytes(4) + APPLICATION_ID.to_bytes(4, "big") + bytes(20) + (1).to_bytes(4, "big")),
        ):
            file.seek(at)
            file.write(field)
