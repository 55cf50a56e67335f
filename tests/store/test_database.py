"""The file, its modes and its threads; and every way a disk can refuse, with real files."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from tests.store.strategies import asked, child_environment, opened

from sidelight import messages
from sidelight.chat.events import AnswerDelta, Stamped
from sidelight.store.conversations import create, load, rename, summaries
from sidelight.store.database import Store, StoreError, forget

posix = pytest.mark.skipif(os.name != "posix", reason="modes, users and mounts of POSIX")


def _pragma(con: sqlite3.Connection, name: str) -> object:
    return con.execute(f"PRAGMA {name}").fetchone()[0]


def test_both_connections_are_set_up(tmp_path: Path) -> None:
    names = (
        "journal_mode",
        "busy_timeout",
        "trusted_schema",
        "foreign_keys",
        "cell_size_check",
        "temp_store",
    )
    expected = ["wal", 5000, 0, 1, 1, 2]
    with opened(tmp_path) as store:
        for run in (store.write, store.read):
            assert run(lambda con: [_pragma(con, n) for n in names]).result() == expected
        assert store.write(lambda con: _pragma(con, "journal_size_limit")).result() == 2**26
        with pytest.raises(StoreError):
            store.read(lambda con: con.execute("DELETE FROM conversations")).result()


def test_only_durable_jobs_wait_for_the_disk_and_the_mode_changes_only_when_it_must(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        said: list[str] = []
        store.write(lambda con: con.set_trace_callback(said.append)).result()
        modes = [
            store.write(lambda con: _pragma(con, "synchronous"), durable=durable).result()
            for durable in (False, True, True, False)
        ]
        store.write(lambda con: con.set_trace_callback(None)).result()
    assert modes == [1, 2, 2, 1]
    assert [s for s in said if "synchronous =" in s] == [
        "PRAGMA synchronous = FULL",
        "PRAGMA synchronous = NORMAL",
    ]
    assert said.count("BEGIN IMMEDIATE") == 5  # and the job that ends the listening


def test_jobs_run_in_order_on_one_thread_and_close_drains(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "sidelight.db")
    threads: list[str] = []

    def job(con: sqlite3.Connection, n: int) -> int:
        threads.append(threading.current_thread().name)
        return n

    futures = [store.write(partial(job, n=n)) for n in range(50)]
    store.close()
    assert [f.result(0) for f in futures] == list(range(50))
    assert len(set(threads)) == 1
    assert not list(tmp_path.glob("*-wal"))
    for refused in (store.write(lambda con: 1), store.read(lambda con: 1)):
        with pytest.raises(StoreError) as failed:
            refused.result(0)
        assert failed.value.code == "refused"
    store.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("store-")]


def test_a_job_that_fails_is_undone_and_the_next_one_runs(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        conversation, _ = asked(store)

        def fail(con: sqlite3.Connection) -> None:
            rename(con, conversation.id, "half done")
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            store.write(fail).result()
        with pytest.raises(StoreError) as failed:
            store.write(lambda con: create(con, conversation)).result()
        assert (failed.value.code, failed.value.params["path"]) == ("refused", str(store.path))
        read = store.write(lambda con: load(con, conversation.id)).result()
        assert read is not None
        assert read.title == conversation.title


def test_every_code_has_its_sentence() -> None:
    for code in ("full", "readonly", "corrupt", "newer", "missing", "locked", "refused", "io"):
        assert "/x/y.db" in messages.text(f"store.{code}", path="/x/y.db", reason="because")


@posix
def test_every_file_is_its_owners_alone_at_every_moment(tmp_path: Path) -> None:
    folder = tmp_path / "profile" / "data"
    seen: dict[str, int] = {}
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            for root, folders, files in os.walk(folder):
                for name in (*folders, *files):
                    try:
                        mode = (Path(root) / name).stat().st_mode
                    except FileNotFoundError:
                        continue
                    seen[name] = seen.get(name, 0) | (mode & 0o7077)

    before = os.umask(0)
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for _ in range(20):
            with opened(folder) as store:
                asked(store, lanes=8)
                assert folder.stat().st_mode & 0o777 == 0o700
                assert (folder / "journals").stat().st_mode & 0o777 == 0o700
    finally:
        done.set()
        watcher.join()
        os.umask(before)
    assert {"sidelight.db", "sidelight.db-wal", "sidelight.db-shm", "sidelight.db.made", "journals"} <= set(
        seen
    )
    assert any(name.endswith(".lock") for name in seen)
    assert not any(seen.values()), seen


@posix
def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        path = store.path
    path.chmod(0o644)
    with opened(tmp_path):
        assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("how", ["removed", "emptied", "header"])
def test_what_is_gone_is_missing_and_never_an_empty_file(tmp_path: Path, how: str) -> None:
    with opened(tmp_path) as store:
        path = store.path
        asked(store)
    path.unlink()
    if how == "emptied":
        path.touch()
    if how == "header":  # what a kill in the middle of making a file leaves
        with closing(sqlite3.connect(path)) as con:
            con.execute("PRAGMA journal_mode = WAL")
    for _ in range(2):
        with pytest.raises(StoreError) as failed:
            Store.open(path)
        assert failed.value.code == "missing"
    forget(path)
    with opened(tmp_path) as store:
        assert store.read(summaries).result() == ()


def test_an_empty_file_where_none_was_is_made(tmp_path: Path) -> None:
    (tmp_path / "sidelight.db").touch(0o600)
    with opened(tmp_path) as store:
        asked(store)


def test_a_file_removed_under_us_is_missing(tmp_path: Path) -> None:
    with opened(tmp_path / "data") as store:
        asked(store)
        shutil.move(tmp_path / "data", tmp_path / "elsewhere")
        for run in (store.write, store.read):
            with pytest.raises(StoreError) as failed:
                run(lambda con: 1).result()
            assert failed.value.code == "missing"
        shutil.move(tmp_path / "elsewhere", tmp_path / "data")
        asked(store)


@pytest.mark.parametrize("how", ["text", "half", "header", "noise"])
def test_a_damaged_file_is_said_to_be(tmp_path: Path, how: str) -> None:
    with opened(tmp_path) as store:
        path = store.path
        for _ in range(40):
            conversation, _ = asked(store, lanes=4)
    whole = path.read_bytes()
    path.write_bytes(
        {
            "text": b"Dear diary, " * 500,
            "half": whole[: len(whole) // 2],
            "header": whole[:100],
            "noise": whole[:4096] + os.urandom(len(whole) - 4096),
        }[how]
    )
    with pytest.raises(StoreError) as failed, opened(tmp_path) as store:
        store.read(lambda con: load(con, conversation.id)).result()
    assert failed.value.code == "corrupt"


def test_a_busy_file_is_waited_for_and_then_said_to_be_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sidelight.store.database._BUSY_TIMEOUT", 0.5)
    with opened(tmp_path) as store, closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        asked(store)
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        with pytest.raises(StoreError) as failed:
            asked(store)
        assert failed.value.code == "locked"
        assert time.monotonic() - began > 0.4
        assert len(store.read(summaries).result()) == 1  # reading does not wait
        later = store.write(lambda con: 1)
        other.execute("COMMIT")
        assert later.result() == 1


def test_many_processes_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from sidelight.store.database import Store; "
        "from tests.store.strategies import asked; s = Store.open(Path(sys.argv[1])); asked(s); s.close()"
    )
    path = tmp_path / "data" / "sidelight.db"
    children = [
        subprocess.Popen([sys.executable, "-c", code, str(path)], env=child_environment()) for _ in range(6)
    ]
    assert [child.wait(60) for child in children] == [0] * 6
    with opened(path.parent) as store:
        assert len(store.read(summaries).result()) == 6


@pytest.fixture
def tiny_disk() -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = Path(tempfile.mkdtemp(prefix="tiny-disk-"))
    mounted = os.name == "posix" and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if not mounted or mounted.returncode:
        folder.rmdir()
        pytest.skip("a small file system can be mounted by root only")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)
        folder.rmdir()


def test_a_full_disk_is_said_reads_go_on_and_with_room_writing_goes_on(tiny_disk: Path) -> None:
    with opened(tiny_disk / "data") as store:
        conversation, turn = asked(store)
        text = "x" * 20_000
        kept = 0

        def append() -> None:
            batch = [(turn.replies[0].id, [Stamped.now(AnswerDelta(text), 0.1)])]
            store.write(lambda con: store.journal.append(con, batch)).result()

        ballast = tiny_disk / "ballast"
        ballast.write_bytes(bytes(200_000))
        failure = None
        while failure is None:
            try:
                append()
                kept += 1
            except StoreError as error:
                failure = error.code
        assert failure == "full"
        assert kept > 0
        assert store.read(lambda con: load(con, conversation.id)).result() == conversation
        with pytest.raises(StoreError) as again:
            append()
        assert again.value.code == "full"
        ballast.unlink()
        append()
        kept += 1
        ballast.write_bytes(b"")
    with opened(tiny_disk / "data") as store:
        assert store.read(lambda con: con.execute("PRAGMA integrity_check").fetchall()).result() == [("ok",)]
        rows = store.read(lambda con: con.execute("SELECT count(*) FROM deltas").fetchone()[0]).result()
        assert rows == kept + 1  # and the row that began the journal


def test_no_room_to_make_the_file(tiny_disk: Path) -> None:
    with pytest.raises(OSError, match="No space"):
        (tiny_disk / "ballast").write_bytes(bytes(2_000_000))
    with pytest.raises(StoreError) as failed:
        Store.open(tiny_disk / "sidelight.db")
    assert failed.value.code == "full"


_LIMITED = """
import resource, sys
from pathlib import Path
from sidelight.chat.events import AnswerDelta, Stamped
from sidelight.store.database import Store, StoreError
from tests.store.strategies import asked
store = Store.open(Path(sys.argv[1]))
_, turn = asked(store)
batch = [(turn.replies[0].id, [Stamped.now(AnswerDelta("x" * 20000), 0.1)])]
append = lambda: store.write(lambda con: store.journal.append(con, batch)).result()
resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, resource.RLIM_INFINITY))
try:
    while True:
        append()
except StoreError as error:
    assert error.code in ("full", "io"), error
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
append()
store.close()
"""


@posix
def test_a_file_that_may_not_grow_is_said_and_later_goes_on(tmp_path: Path) -> None:
    child = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(tmp_path / "sidelight.db")],
        env=child_environment(),
        timeout=60,
        check=False,
    )
    assert child.returncode == 0
    with opened(tmp_path) as store:
        assert store.read(lambda con: con.execute("PRAGMA integrity_check").fetchall()).result() == [("ok",)]


_READ_ONLY = """
import os, sys
from pathlib import Path
from sidelight.store.database import Store, StoreError
if os.getuid() == 0:  # root may write everywhere, so somebody else tries
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
try:
    Store.open(Path(sys.argv[1])).close()
except StoreError as error:
    print(error.code)
"""


@posix
@pytest.mark.parametrize("how", ["file", "folder", "nothing may be made"])
def test_what_cannot_be_written_is_readonly(how: str) -> None:
    with tempfile.TemporaryDirectory(prefix="read-only-") as name:
        folder = Path(name)
        if how != "nothing may be made":
            with opened(folder) as store:
                asked(store)
        if os.getuid() == 0:
            for file in (folder, *folder.rglob("*")):
                os.chown(file, 65534, 65534)
        (folder / "sidelight.db" if how == "file" else folder).chmod(0o400 if how == "file" else 0o500)
        path = folder / "sidelight.db" if how != "nothing may be made" else folder / "data" / "sidelight.db"
        child = subprocess.run(
            [sys.executable, "-c", _READ_ONLY, str(path)],
            env=child_environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        folder.chmod(0o700)
    assert child.stdout.strip() == "readonly", child.stderr


def test_a_file_that_turns_read_only_is_said_and_later_goes_on(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        conversation, _ = asked(store)
        # The nearest to a disk mounted anew without the right to write, which nobody can do under an open file.
        writer = store._writer
        assert writer is not None
        writer.execute("PRAGMA query_only = ON")
        with pytest.raises(StoreError) as failed:
            store.write(lambda con: rename(con, conversation.id, "x")).result()
        assert failed.value.code == "readonly"
        writer.execute("PRAGMA query_only = OFF")
        store.write(lambda con: rename(con, conversation.id, "x")).result()


def test_a_file_opened_to_be_read_only_is_left_as_it_is(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        conversation, _ = asked(store)
        path = store.path
    with closing(sqlite3.connect(path)) as con:
        con.execute("PRAGMA user_version = 99")
    before = path.read_bytes()
    with pytest.raises(StoreError):
        Store.open(path)
    with closing(Store.open(path, read_only=True)) as store:
        assert store.read_only
        assert store.read(lambda con: load(con, conversation.id)).result() == conversation
        with pytest.raises(StoreError) as failed:
            store.write(lambda con: rename(con, conversation.id, "x")).result()
        assert failed.value.code == "readonly"
        with pytest.raises(StoreError, match="readonly"):
            store.journal.close()
    assert path.read_bytes() == before
    for content, code in ((None, "missing"), (b"", "missing"), (b"Dear diary, " * 500, "corrupt")):
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(StoreError) as failed:
            Store.open(path, read_only=True)
        assert failed.value.code == code


_READ = """
import os, sys
import urllib.parse  # whoever looks below may not read Python's own files
from pathlib import Path
from sidelight.store.conversations import summaries
from sidelight.store.database import Store
if os.getuid() == 0:  # root may write everywhere, so somebody else looks
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
store = Store.open(Path(sys.argv[1]), read_only=True)
print(len(store.read(summaries).result()))
store.close()
"""


@posix
def test_a_folder_that_cannot_be_written_can_be_read() -> None:
    with tempfile.TemporaryDirectory(prefix="read-only-") as name:
        folder = Path(name)
        with opened(folder) as store:
            asked(store)
        if os.getuid() == 0:
            for file in (folder, *folder.rglob("*")):
                os.chown(file, 65534, 65534)
        folder.chmod(0o500)
        command = [sys.executable, "-c", _READ, str(folder / "sidelight.db")]
        child = subprocess.run(
            command, env=child_environment(), capture_output=True, text=True, timeout=60, check=False
        )
        folder.chmod(0o700)
    assert child.stdout == "1\n", child.stderr
