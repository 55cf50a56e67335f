"""The schema from one version to the next, killed in the middle, and files this program must not touch."""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from tests.store.strategies import asked, child_environment, opened

from sidelight.store import migrations
from sidelight.store.conversations import load
from sidelight.store.database import Store, StoreError


def _second(con: sqlite3.Connection) -> None:
    con.execute("ALTER TABLE conversations ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0")


def _broken(con: sqlite3.Connection) -> None:
    con.execute("ALTER TABLE conversations ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0")
    con.execute("INSERT INTO nowhere VALUES (1)")


def _versions(path: Path) -> tuple[int, int]:
    with closing(sqlite3.connect(path)) as con:
        return (
            con.execute("PRAGMA application_id").fetchone()[0],
            con.execute("PRAGMA user_version").fetchone()[0],
        )


def test_a_new_file_is_marked_as_ours(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        path = store.path
    assert _versions(path) == (migrations.APPLICATION_ID, len(migrations.MIGRATIONS))
    assert not list(tmp_path.glob("*.v*"))


def test_a_file_with_rows_is_copied_beside_and_then_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path) as store:
        conversation, _ = asked(store)
    old = len(migrations.MIGRATIONS)
    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, _second))
    with opened(tmp_path) as store:
        assert store.read(lambda con: load(con, conversation.id)).result() == conversation
        assert store.read(
            lambda con: con.execute("SELECT pinned FROM conversations").fetchall()
        ).result() == [(0,)]
    copy = tmp_path / f"sidelight.db.v{old}"
    assert _versions(copy)[1] == old
    assert copy.stat().st_mode & 0o077 == 0
    with closing(sqlite3.connect(copy)) as con:
        assert con.execute("SELECT id FROM conversations").fetchall() == [(conversation.id,)]
        assert con.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert not list(tmp_path.glob("*.part"))


def test_a_step_that_fails_leaves_the_old_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path) as store:
        conversation, _ = asked(store)
    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, _broken))
    with pytest.raises(StoreError) as failed:
        Store.open(tmp_path / "sidelight.db")
    assert failed.value.code == "io"
    monkeypatch.undo()
    with opened(tmp_path) as store:
        assert store.read(lambda con: load(con, conversation.id)).result() == conversation


_KILLED = """
import os, signal, sys
from pathlib import Path
from sidelight.store import migrations
from sidelight.store.database import Store
def step(con):
    for n in range(20):
        if n == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
        con.execute(f"CREATE TABLE extra{n} (a)")
        con.execute(f"INSERT INTO extra{n} SELECT randomblob(20000) FROM conversations")
migrations.MIGRATIONS = (*migrations.MIGRATIONS, step)
Store.open(Path(sys.argv[1])).close()
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
@pytest.mark.parametrize("at", [0, 7, 19])
def test_killed_in_the_middle_it_is_the_old_version(tmp_path: Path, at: int) -> None:
    with opened(tmp_path) as store:
        conversation, _ = asked(store)
    path = tmp_path / "sidelight.db"
    child = subprocess.run(
        [sys.executable, "-c", _KILLED, str(path), str(at)], env=child_environment(), timeout=60, check=False
    )
    assert child.returncode == -signal.SIGKILL
    with opened(tmp_path) as store:
        assert store.read(lambda con: load(con, conversation.id)).result() == conversation
        assert store.read(lambda con: con.execute("PRAGMA integrity_check").fetchall()).result() == [("ok",)]
    assert _versions(path)[1] == len(migrations.MIGRATIONS)


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_killed_while_it_is_made_it_is_made_the_next_time(tmp_path: Path) -> None:
    path = tmp_path / "sidelight.db"
    command = [sys.executable, "-c", _KILLED, str(path), "3"]
    child = subprocess.run(command, env=child_environment(), timeout=60, check=False)
    assert child.returncode == -signal.SIGKILL
    with opened(tmp_path) as store:
        asked(store)


def test_a_newer_file_and_a_strangers_file_are_left_as_they_are(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        path = store.path
    with closing(sqlite3.connect(path)) as con:
        con.execute("PRAGMA user_version = 99")
    foreign = tmp_path / "foreign.db"
    with closing(sqlite3.connect(foreign)) as con:
        con.execute("CREATE TABLE theirs (a)")
    for file, code in ((path, "newer"), (foreign, "corrupt")):
        before = hashlib.sha256(file.read_bytes()).digest()
        with pytest.raises(StoreError) as failed:
            Store.open(file)
        assert failed.value.code == code
        assert hashlib.sha256(file.read_bytes()).digest() == before
