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

import msgspec
import pytest
from tests.store.strategies import asked, child_environment, opened

from sidelight.chat.conversation import Conversation, Turn
from sidelight.chat.message import Lane, Prompt
from sidelight.chat.reply import Reply, ReplyState, Segment
from sidelight.store import conversations, drafts, migrations, order, search
from sidelight.store.check import check
from sidelight.store.codec import checksum
from sidelight.store.conversations import Summary, load, summaries
from sidelight.store.database import Store, StoreError
from sidelight.store.query import parse
from sidelight.store.salvage import salvage


def _second(con: sqlite3.Connection) -> None:
    con.execute("ALTER TABLE conversations ADD COLUMN added INTEGER NOT NULL DEFAULT 0")


def _broken(con: sqlite3.Connection) -> None:
    con.execute("ALTER TABLE conversations ADD COLUMN added INTEGER NOT NULL DEFAULT 0")
    con.execute("INSERT INTO nowhere VALUES (1)")


_NAMES = {
    "conversations": "id, title, lanes, leaf, rule, created, updated",
    "turns": "id, parent, prompt, created, chosen",
    "replies": "id, backend, model, lane, version, state, trace, answer, commentary, segments, trace_kind,"
    " trace_certainty, trace_elicited, trace_encrypted, prompt_tokens, cached_tokens, output_tokens, reasoning_tokens,"
    " cost, usage_raw, timing, facts, dropped_turns",
}
"""What the first version's checksums cover."""


def _old_file(path: Path, version: int) -> Conversation:
    """A database as a program of that version left it, with a conversation."""
    lane = Lane("l", "b", "m")
    reply = Reply("r", "l", state=ReplyState.COMPLETE, segments=(Segment("answer", "Rayleigh."),))
    conversation = Conversation(
        "c", "Sky", (lane,), (Turn("t", None, Prompt("Why?"), (reply,), 2.0),), "t", created=1.0
    )
    rows = {
        "conversations": (
            *("c", "Sky", msgspec.json.encode((lane,)).decode(), "t"),
            *("own", 1.0, 2.0),
        ),
        "turns": ("t", None, "Why?", 2.0, None),
        "replies": (
            *("r", "b", "m", "l", 1, "complete", "", "Rayleigh.", "", '[["answer",0,null,null,9]]', "none"),
            *("guessed", 0, 0, None, None, None, None, None, None, None, None, 0),
        ),
    }
    with closing(sqlite3.connect(path, isolation_level=None)) as con:
        migrations.migrate(con, path, migrations.MIGRATIONS[:version])
        for table, row in rows.items():
            parent = {"turns": ", conversation", "replies": ", turn"}.get(table, "")
            values = (*row, checksum(row), *((1,) if parent else ()))
            marks = ", ".join("?" * len(values))
            con.execute(f"INSERT INTO {table} ({_NAMES[table]}, checksum{parent}) VALUES ({marks})", values)
    path.with_name(f"{path.name}.made").touch()
    return conversation


OLDER = range(1, migrations.newest())


@pytest.mark.parametrize("version", OLDER)
def test_a_file_of_each_older_version_is_brought_up_and_sound(tmp_path: Path, version: int) -> None:
    path = tmp_path / "sidelight.db"
    conversation = _old_file(path, version)
    assert check(path).sound, "as a backup of that version it is sound, too"
    with opened(tmp_path) as store:
        assert store.read(lambda con: load(con, "c")).result() == conversation
        assert store.read(conversations.damaged).result() == ()
        assert store.read(summaries).result() == (Summary("c", "Sky", 2.0, 1.0),)
        store.write(lambda con: order.set_pinned(con, "c", 5.0)).result()
        store.write(lambda con: order.set_tags(con, "c", ["b", "a"])).result()
        assert store.read(conversations.damaged).result() == ()
        assert store.read(summaries).result()[0].tags == ("a", "b")
    assert check(path).sound
    assert check(tmp_path / f"sidelight.db.v{version}").sound


@pytest.mark.parametrize("version", OLDER)
def test_a_file_of_each_older_version_is_read_as_it_stands(tmp_path: Path, version: int) -> None:
    path = tmp_path / "sidelight.db"
    conversation = _old_file(path, version)
    before = path.read_bytes()
    with closing(Store.open(path, read_only=True)) as store:
        assert store.read(lambda con: load(con, "c")).result() == conversation
        assert store.read(summaries).result() == (Summary("c", "Sky", 2.0, 1.0),)
        assert store.read(conversations.trash).result() == ()
        assert store.read(order.tags).result() == ()
        assert store.read(lambda con: drafts.read(con, "c")).result() is None
        assert store.read(lambda con: search.find(con, parse("sky"))).result().hits == ()
        with pytest.raises(StoreError) as refused:
            store.write(lambda con: order.set_pinned(con, "c", 1.0)).result()
        assert refused.value.code == "readonly"
    assert path.read_bytes() == before


@pytest.mark.parametrize("version", OLDER)
def test_a_file_of_each_older_version_is_salvaged_whole(tmp_path: Path, version: int) -> None:
    conversation = _old_file(tmp_path / "sidelight.db", version)
    found = salvage(tmp_path / "sidelight.db")
    assert found is not None
    assert (found.changed, found.lost, found.gaps) == ((), (), ())
    (tmp_path / "fresh").mkdir()
    found.path.rename(tmp_path / "fresh" / "sidelight.db")
    with opened(tmp_path / "fresh") as store:
        assert store.read(lambda con: load(con, "c")).result() == conversation
        assert store.read(conversations.damaged).result() == ()


_KILLED_IN_IT = """
import os, signal, sys
from pathlib import Path
from sidelight.store import migrations
from sidelight.store.database import Store
left = [int(sys.argv[2])]
def heard(statement):
    left[0] -= 1
    if left[0] < 0:
        os.kill(os.getpid(), signal.SIGKILL)
def traced(step):
    def run(con):
        con.set_trace_callback(heard)
        step(con)
        con.set_trace_callback(None)
    return run
migrations.MIGRATIONS = tuple(map(traced, migrations.MIGRATIONS))
Store.open(Path(sys.argv[1])).close()
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
@pytest.mark.parametrize("version", OLDER)
def test_killed_at_each_statement_of_the_steps_it_is_the_old_version(tmp_path: Path, version: int) -> None:
    path = tmp_path / "sidelight.db"
    conversation = _old_file(path, version)
    at = 0
    while True:
        command = [sys.executable, "-c", _KILLED_IN_IT, str(path), str(at)]
        ended = subprocess.run(command, env=child_environment(), timeout=60, check=False).returncode
        if ended != -signal.SIGKILL:
            break
        assert _versions(path)[1] == version
        assert check(path).sound
        at += 3
    assert ended == 0
    assert at >= 7
    with opened(tmp_path) as store:
        assert store.read(lambda con: load(con, "c")).result() == conversation


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
        assert store.read(lambda con: con.execute("SELECT added FROM conversations").fetchall()).result() == [
            (0,)
        ]
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
