"""Copies: when they are made, that they are whole, which are kept; and the way back."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.store.strategies import asked, count, execute, opened

from sidelight.store import backup, replacing
from sidelight.store.backup import Backup, Keeper, back_up, backups, is_due, restore, superfluous
from sidelight.store.check import Checked, check
from sidelight.store.conversations import load, summaries
from sidelight.store.database import StoreError
from sidelight.store.locks import held
from sidelight.store.migrations import newest

NOW = 1_800_000_000.0  # 2027-01-15 08:00:00 UTC
DAY = 86_400.0


def test_a_copy_is_whole_named_by_its_time_and_its_owners_alone(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        conversation, _ = asked(store, lanes=3)
        made = back_up(store.path, NOW)
        assert made is not None
        assert backups(store.path) == (made,)
    assert made.path.name == f"sidelight-2027-01-15T08-00-00Z-v{newest()}.db"
    assert (made.made, made.version, made.size) == (NOW, newest(), made.path.stat().st_size)
    assert dict(made.rows) == {
        "conversations": 1,
        "turns": 1,
        "replies": 3,
        "deltas": 3,
        "attachments": 0,
        "contents": 0,
        "exchanges": 0,
        "tags": 0,
        "drafts": 0,
    }
    found = check(made.path, still=True)
    assert (found.sound, found.whole, found.compared) == (True, True, 8)
    with closing(sqlite3.connect(f"{made.path.as_uri()}?immutable=1", uri=True)) as con:
        assert con.execute("SELECT id FROM conversations").fetchall() == [(conversation.id,)]
    names = {file.name for file in made.path.parent.iterdir()}
    assert names == {made.path.name, f"{made.path.name}.sha256", "lock"}
    digest = hashlib.sha256(made.path.read_bytes()).hexdigest()
    assert Path(f"{made.path}.sha256").read_text() == f"{digest}  {made.path.name}\n"
    if os.name == "posix":
        assert {file.stat().st_mode & 0o777 for file in made.path.parent.iterdir()} == {0o600}
        assert made.path.parent.stat().st_mode & 0o777 == 0o700


def test_the_writer_goes_on_at_each_step_of_a_copy_which_shows_one_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "_PAGES", 4)
    with opened(tmp_path) as store:
        for _ in range(60):
            asked(store, lanes=4)
        written: list[float] = []

        def write(done: float) -> bool:
            asked(store)
            written.append(done)
            return True

        made = back_up(store.path, NOW, go_on=write)
        assert made is not None
        assert dict(made.rows)["conversations"] == 60
        assert count(store, "conversations") == 60 + len(written)
    assert len(written) > 20
    assert written == sorted(written)
    assert (written[0] >= 0, written[-1] <= 1) == (True, True)


def test_once_a_day(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        asked(store)
        assert is_due(store.path, NOW)
        back_up(store.path, NOW)
        assert not is_due(store.path, NOW + 3600)
        assert is_due(store.path, NOW + DAY)
        for n in range(60):
            back_up(store.path, NOW + n * DAY)
        days = [b.day.isoformat() for b in backups(store.path)]
    weekly = [
        "2027-03-08",
        "2027-03-01",
        "2027-02-22",
    ]  # Mondays, and that of the last week is among the days
    assert days == [f"2027-03-{day}" for day in (15, 14, 13, 12, 11, 10)] + ["2027-03-09", *weekly]


@given(st.lists(st.integers(0, 400), unique=True, min_size=1, max_size=60))
def test_the_last_days_and_the_first_of_the_last_weeks_stay(days: list[int]) -> None:
    kept: list[Backup] = []
    for day in sorted(days):
        kept.append(Backup(Path(str(day)), NOW + day * DAY, 1, 0))
        gone = superfluous(kept)
        kept = [b for b in kept if b not in gone]
        assert superfluous(kept) == ()
    made = sorted((Backup(Path(str(day)), NOW + day * DAY, 1, 0) for day in days), key=lambda b: b.made)
    assert kept[-7:] == made[-7:]
    weeks = list(dict.fromkeys(b.day.isocalendar()[:2] for b in made))[-4:]
    assert {b.day.isocalendar()[:2] for b in kept} >= set(weeks)
    assert len(kept) <= 7 + 4
    twice = replace(made[-1], path=Path("later"), made=made[-1].made + 60)
    assert made[-1] in superfluous([*kept, twice]) or made[-1].day.isocalendar() not in [
        b.day.isocalendar() for b in made[:-1]
    ]


def test_a_damaged_file_pushes_no_good_copy_out(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        asked(store)
        for n in range(12):
            back_up(store.path, NOW + n * DAY)
        before = backups(store.path)
        execute(store, "UPDATE turns SET prompt = 'forged'")
        for n in range(12, 30):
            with pytest.raises(StoreError) as failed:
                back_up(store.path, NOW + n * DAY)
            assert failed.value.code == "corrupt"
            assert "turns" in failed.value.params["reason"]
        assert backups(store.path) == before
        assert len(list((tmp_path / "backups").glob("*.sha256"))) == len(before)
        assert not (tmp_path / "backups" / "part").exists()


def test_never_two_at_once_and_never_without_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path) as store:
        asked(store)
        with held(replacing.lock_of(store.path)), pytest.raises(StoreError) as failed:
            back_up(store.path, NOW)
        assert failed.value.code == "locked"
        monkeypatch.setattr(backup, "ROOM", shutil.disk_usage(tmp_path).total)
        with pytest.raises(StoreError) as failed:
            back_up(store.path, NOW)
        assert failed.value.code == "full"
        monkeypatch.undo()
        assert back_up(store.path, NOW, go_on=lambda done: done < 0.4) is None
        assert back_up(store.path, NOW, go_on=lambda done: done < 0.9) is None
        assert backups(store.path) == ()
        assert back_up(store.path, NOW) is not None


def test_a_copy_is_restored_and_the_former_file_lies_aside(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        conversation, _ = asked(store)
        made = back_up(store.path, NOW)
        assert made is not None
        asked(store)
        with pytest.raises(StoreError) as failed:
            restore(store.path, made.path, NOW)
        assert failed.value.code == "locked"
    done = restore(store.path, made.path, NOW)
    assert done is not None
    assert done.rows == made.rows
    with opened(tmp_path) as store:
        assert store.read(lambda con: load(con, conversation.id)).result() == conversation
        assert count(store, "conversations") == 1
        assert not is_due(store.path, NOW + 9 * DAY)
        replacing.let_go(store.path)
        assert is_due(store.path, NOW + 9 * DAY)
    assert sorted(file.name for file in done.aside.iterdir()) == ["sidelight.db", "sidelight.db.made"]
    again = restore(store.path, done.aside / "sidelight.db", NOW + 1)
    assert again is not None
    assert dict(again.rows)["conversations"] == 2


def test_a_log_of_the_former_file_is_not_read_into_the_restored_one(tmp_path: Path) -> None:
    """The log stays where a process was killed; beside another file it would be taken for that one's."""
    with opened(tmp_path / "live") as store:
        asked(store)
        made = back_up(store.path, NOW)
        assert made is not None
        for _ in range(20):
            asked(store)
        shutil.copytree(tmp_path / "live", tmp_path / "killed")
    path = tmp_path / "killed" / "sidelight.db"
    assert path.with_name("sidelight.db-wal").stat().st_size > 0
    done = restore(path, made.path, NOW)
    assert done is not None
    with opened(path.parent) as store:
        assert count(store, "conversations") == 1
    with opened(done.aside) as store:  # the former file with what its log held
        assert count(store, "conversations") == 21


@pytest.mark.parametrize("how", ["damaged", "other", "text", "gone", "newer", "ended"])
def test_what_cannot_be_restored_changes_nothing(tmp_path: Path, how: str) -> None:
    with opened(tmp_path) as store:
        asked(store)
        made = back_up(store.path, NOW)
        assert made is not None
    if how == "gone":
        made.path.unlink()
    elif how == "text":
        made.path.write_bytes(b"Dear diary, " * 500)
    elif how != "ended":
        with closing(sqlite3.connect(made.path)) as con:
            con.execute(
                "PRAGMA user_version = 99" if how == "newer" else "UPDATE turns SET prompt = 'forged'"
            )
            con.commit()
    if how in ("damaged", "text", "newer"):  # else it is told from the SHA-256 already, as for "other"
        Path(f"{made.path}.sha256").unlink()
    before = store.path.read_bytes()
    if how == "ended":
        assert restore(store.path, made.path, NOW, go_on=lambda done: done < 0.3) is None
    else:
        with pytest.raises(StoreError) as failed:
            restore(store.path, made.path, NOW)
        assert failed.value.code == {"gone": "missing", "newer": "newer"}.get(how, "corrupt")
        assert failed.value.params["path"] in (str(made.path), str(store.path))
    assert store.path.read_bytes() == before
    assert not replacing.is_held(store.path)
    names = {file.name for file in tmp_path.iterdir()}
    assert names == {"sidelight.db", "sidelight.db.made", "journals", "backups"}


def test_a_missing_or_emptied_file_is_restored(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        asked(store)
        made = back_up(store.path, NOW)
        assert made is not None
    for content in (None, b""):
        store.path.unlink()
        if content is not None:
            store.path.write_bytes(content)
        restore(store.path, made.path, NOW)
        with opened(tmp_path) as again:
            assert len(again.read(summaries).result()) == 1


def test_the_keeper_checks_and_then_copies_what_is_due(tmp_path: Path) -> None:
    told: list[Checked | Backup | StoreError] = []
    both = threading.Event()

    def tell(what: Checked | Backup | StoreError) -> None:
        told.append(what)
        if len(told) == 2:
            both.set()

    with opened(tmp_path) as store:
        asked(store)
        keeper = Keeper(store.path, tell, tell, clock=lambda: NOW, first_after=0.0)
        keeper.start()
        assert both.wait(30)
        keeper.close()
        checked, made = told
        assert isinstance(checked, Checked)
        assert checked.sound
        assert backups(store.path) == (made,)
        told.clear()
        both.clear()
        execute(store, "UPDATE turns SET prompt = 'forged'")
        keeper = Keeper(store.path, tell, tell, clock=lambda: NOW + DAY, first_after=0.0)
        keeper.start()
        keeper._thread.join(30)
        keeper.close()
        (found,) = told
        assert isinstance(found, Checked)
        assert not found.sound
        assert backups(store.path) == (made,)


def test_a_keeper_that_was_never_started_or_is_ended_at_once_leaves_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        asked(store)
        keeper = Keeper(store.path, lambda found: None, lambda made: None)
        keeper.close()
        keeper = Keeper(store.path, lambda found: None, lambda made: None)
        keeper.start()
        keeper.close()
        assert backups(store.path) == ()
