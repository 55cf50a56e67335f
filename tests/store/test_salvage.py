"""What is saved of a damaged file, what is said of it, and that it can be read."""

from __future__ import annotations

import os
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.store import flips
from tests.store.strategies import asked, execute, opened

from sidelight.store.backup import restore
from sidelight.store.check import check
from sidelight.store.conversations import load, summaries, trash
from sidelight.store.database import Store, StoreError
from sidelight.store.salvage import salvage

NOW = 1_800_000_000.0


def readable(store: Store) -> int:
    """How many conversations can be opened and show a branch; all that are listed."""
    listed = (*store.read(summaries).result(), *store.read(trash).result())
    for line in listed:
        conversation = store.read(lambda con, i=line.id: load(con, i)).result()  # type: ignore[misc]
        assert conversation is not None
        assert conversation.path or not conversation.turns
    return len(listed)


@pytest.mark.parametrize("how", ["sound", "head", "schema", "half", "pages"])
def test_a_damaged_file_gives_what_can_be_read(tmp_path: Path, how: str) -> None:
    chance = random.Random(7)
    path = flips.fill(tmp_path, chance, conversations=40)
    content = bytearray(path.read_bytes())
    if how == "head":
        content[:100] = os.urandom(100)
    if how == "schema":
        at = content.index(b"prompt TEXT NOT NULL")
        content[at] ^= 1
    if how == "half":
        del content[len(content) // 2 :]
    if how == "pages":
        for _ in range(5):
            page = 4096 * chance.randrange(30, len(content) // 4096)
            content[page : page + 4096] = os.urandom(4096)
    path.write_bytes(content)
    found = salvage(path)
    assert path.read_bytes() == content
    assert check(found.path, still=True).sound
    if os.name == "posix":
        assert found.path.stat().st_mode & 0o777 == 0o600
    saved = dict(found.saved)
    whole = {
        "conversations": 40,
        "turns": 80,
        "replies": 120,
        "attachments": 40,
        "exchanges": 40,
        "contents": 40,
    }
    if how in ("sound", "head", "schema"):
        assert {table: saved[table] for table in whole} == whole
        assert (found.changed, found.lost, found.gaps) == ((), (), ())
    else:
        assert found.gaps
        assert sum(saved.values()) > 20
    assert restore(path, found.path, NOW) is not None
    with opened(tmp_path) as store:
        assert readable(store) == saved["conversations"]


def test_a_row_that_is_not_what_was_written_is_kept_and_named(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        conversation, turn = asked(store, lanes=2)
        first, second = (reply.id for reply in turn.replies)
        execute(store, "UPDATE replies SET answer = 'gorged' WHERE id = ?", first)
        execute(store, "UPDATE replies SET answer = 'told', facts = '[nonsense' WHERE id = ?", second)
        execute(store, "UPDATE conversations SET leaf = 'nowhere'")
    found = salvage(store.path)
    assert set(found.changed) == {("replies", first), ("replies", second), ("conversations", conversation.id)}
    restore(store.path, found.path, NOW)
    with opened(tmp_path) as store:
        read = store.read(lambda con: load(con, conversation.id)).result()
    assert read is not None
    assert read.title == conversation.title
    assert read.path[0].prompt == turn.prompt
    assert read.path[0].replies[1].answer_text == "told"


def test_rows_whose_conversation_or_turn_is_gone_are_sheltered(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        one, _ = asked(store)
        _, turn = asked(store)
    with closing(sqlite3.connect(store.path)) as con:  # without foreign keys, as a damaged page would do it
        con.execute("DELETE FROM conversations WHERE id = ?", (one.id,))
        con.execute("DELETE FROM turns WHERE id = ?", (turn.id,))
        con.commit()
    found = salvage(store.path)
    assert check(found.path, still=True).sound
    restore(store.path, found.path, NOW)
    with opened(tmp_path) as store:
        assert readable(store) == 2
        assert dict(found.saved)["replies"] == 2


def test_where_nothing_can_be_read_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "sidelight.db"
    path.write_bytes(os.urandom(40_000))
    with pytest.raises(StoreError) as failed:
        salvage(path)
    assert failed.value.code == "corrupt"
    assert {file.name for file in tmp_path.iterdir()} == {"sidelight.db", "backups"}
