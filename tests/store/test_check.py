"""The check: what it finds, what it leaves alone, and that it can be ended."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from tests.store import flips
from tests.store.strategies import asked, execute, opened

from sidelight.store.check import check, sample

FORGED = {
    "conversations": "UPDATE conversations SET title = 'forged'",
    "turns": "UPDATE turns SET prompt = CAST(x'ff' AS TEXT)",
    "replies": "UPDATE replies SET answer = 'forged' WHERE number = 1",
    "attachments": "UPDATE attachments SET name = 'forged'",
    "exchanges": "UPDATE exchanges SET whole = 0",
    "contents": "UPDATE contents SET content = 7",
    "deltas": "UPDATE deltas SET owner = 'forged'",
}


@pytest.mark.parametrize("table", FORGED)
def test_a_row_that_is_not_what_was_written_is_named(tmp_path: Path, table: str) -> None:
    path = flips.fill(tmp_path, random.Random(1), conversations=3)
    for found in (check(path), sample(path, 30)):
        assert (found.sound, found.whole, found.compared) == (True, True, found.there)
    with opened(tmp_path) as store:
        execute(store, FORGED[table])
    for found in (check(path), sample(path, 30)):
        assert {(d.kind, d.table) for d in found.damage} == {("row", table)}
        assert found.damage[0].row


def test_a_journal_row_of_another_reply_is_found_and_not_folded(tmp_path: Path) -> None:
    path = flips.fill(tmp_path, random.Random(1), conversations=2)
    with opened(tmp_path) as store:
        execute(store, "UPDATE deltas SET reply = 2 WHERE length(events) > 2 AND reply = 3")
        assert {d.table for d in check(path).damage} == {"deltas"}
        store.write(store.journal.recover).result()
        assert store.journal.skipped == 1
    assert check(path).sound


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("DROP INDEX turns_of_conversation", "schema"),
        ("CREATE TRIGGER theirs AFTER INSERT ON turns BEGIN DELETE FROM turns; END", "schema"),
        ("PRAGMA user_version = 99", "file"),
        ("UPDATE sqlite_sequence SET seq = 0", "structure"),
        ("DELETE FROM sqlite_sequence", "structure"),
    ],
)
def test_what_is_not_as_this_program_makes_it_is_found(tmp_path: Path, statement: str, kind: str) -> None:
    with opened(tmp_path) as store:
        asked(store)
        execute(store, statement)
        found = check(store.path)
    assert [d.kind for d in found.damage] == [kind]


@pytest.mark.parametrize(
    "content", [b"", b"Dear diary, " * 500, os.urandom(8192)], ids=["empty", "text", "noise"]
)
def test_what_is_no_database_is_told_and_not_raised(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "sidelight.db"
    assert [d.kind for d in check(path).damage] == ["file"]
    path.write_bytes(content)
    found = check(path)
    assert [d.kind for d in found.damage] == ["file"]
    assert not found.whole
    assert path.read_bytes() == content


def test_a_check_tells_how_far_it_is_and_can_be_ended(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        for _ in range(60):
            asked(store, lanes=4)
        told: list[float] = []

        def tell(done: float) -> bool:
            told.append(done)
            return True

        assert check(store.path, go_on=tell).whole
        assert told == sorted(told)
        assert told[-1] == 1.0
        found = check(store.path, go_on=lambda done: done > 1)
        assert (found.sound, found.whole) == (True, False)
        assert found.compared < found.there
        assert not sample(store.path, 0).whole


def test_a_writer_goes_on_beside_a_check(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        for _ in range(60):
            asked(store)

        def write(_: float) -> bool:
            asked(store)
            return True

        assert check(store.path, go_on=write).sound
    assert sorted(p.name for p in tmp_path.glob("sidelight.db*")) == ["sidelight.db", "sidelight.db.made"]
