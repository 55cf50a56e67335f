"""The file of conversations as a thing of its own: what is told of the work done for it, and what replaces it."""

from __future__ import annotations

import hashlib
import queue
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from tests.store.strategies import asked, opened

from sidelight.chat.conversation import Conversation, Turn, with_turn
from sidelight.chat.message import Attachment, Lane, Prompt, new_id
from sidelight.chat.reply import Reply, ReplyState
from sidelight.engine.safekeeping import (
    Doing,
    Done,
    Kept,
    Put,
    Reopening,
    Safekeeping,
    carry_out,
    open_to_read,
    put_away,
)
from sidelight.store import attachments, replacing
from sidelight.store.backup import Backup, back_up
from sidelight.store.check import Checked, GoOn
from sidelight.store.conversations import load, summaries
from sidelight.store.database import Store, StoreError
from sidelight.store.salvage import Salvaged, StoppedError, salvage, salvaged_of

NOW = 1_800_000_000.0
Calls = queue.SimpleQueue[Callable[[], None]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with two conversations."""
    with opened(tmp_path) as store:
        asked(store)
        asked(store)
    return tmp_path / "sidelight.db"


class Face:
    """The face's thread of a test: takes what the work puts to it."""

    def __init__(self, path: Path) -> None:
        self.calls: Calls = queue.SimpleQueue()
        self.keep = Safekeeping(path, self.calls.put, clock=lambda: NOW)
        self.told: list[tuple[object, object]] = []
        self.keep.changed = lambda: self.told.append((self.keep.doing, self.keep.done))

    def kept(self) -> Kept:
        found = self.keep.kept
        assert found is not None
        return found

    def until_done(self) -> Done | None:
        while self.keep.doing is not None:
            self.calls.get(timeout=20)()
        return self.keep.done


@pytest.fixture
def face(path: Path) -> Iterator[Face]:
    made = Face(path)
    yield made
    made.keep.close()


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[:16] = b"x" * 16
    path.write_bytes(content)


def ids(path: Path) -> set[str]:
    with closing(Store.open(path, read_only=True)) as store:
        return {s.id for s in store.read(summaries).result(10)}


def test_a_check_says_that_all_is_well(face: Face) -> None:
    face.keep.check()
    assert face.keep.doing is not None
    assert face.keep.doing.work == "check"
    face.keep.back_up()  # not while something else is under way
    done = face.until_done()
    assert done is not None
    assert done.work == "check"
    assert isinstance(done.result, Checked)
    assert done.result.sound
    assert done.result.whole
    assert face.told[0][1] is None
    assert face.told[-1] == (None, done)
    assert face.kept().backups == ()


def test_a_backup_is_listed_once_it_was_made(face: Face, path: Path) -> None:
    face.keep.back_up()
    done = face.until_done()
    assert done is not None
    assert isinstance(done.result, Backup)
    kept = face.kept()
    assert kept.backups == (done.result,)
    assert kept.backups[0].proved
    assert dict(kept.backups[0].rows)["conversations"] == 2
    assert kept.size == path.stat().st_size


def test_a_copy_elsewhere_is_a_whole_database(face: Face, path: Path, tmp_path: Path) -> None:
    (tmp_path / "else").mkdir()
    target = tmp_path / "else" / "copy.db"
    face.keep.save_copy(target)
    done = face.until_done()
    assert done is not None
    assert isinstance(done.result, Backup)
    assert done.result.path == target
    assert [f.name for f in target.parent.iterdir()] == ["copy.db"]
    assert ids(target) == ids(path)


@pytest.mark.parametrize("name", ["sidelight.db", "sidelight.db-wal"])
def test_a_copy_does_not_take_the_place_of_the_file_itself(face: Face, path: Path, name: str) -> None:
    before = path.read_bytes()
    face.keep.save_copy(path.with_name(name))
    done = face.until_done()
    assert done is not None
    assert isinstance(done.result, StoreError)
    assert done.result.code == "refused"
    assert path.read_bytes() == before


def test_a_copy_into_a_folder_that_is_not_there_says_so(face: Face, tmp_path: Path) -> None:
    face.keep.save_copy(tmp_path / "no" / "copy.db")
    done = face.until_done()
    assert done is not None
    assert isinstance(done.result, StoreError)
    assert (done.result.code, done.result.params["path"]) == ("missing", str(tmp_path / "no"))


def test_what_is_stopped_says_nothing_and_tells_how_far_it_came(face: Face) -> None:
    def work(go_on: GoOn) -> None:
        assert go_on(0.25)
        assert go_on(0.251)  # too little to be told
        face.keep.stop()
        assert not go_on(0.5)

    face.keep._begin("check", work)
    done = face.until_done()
    assert done == Done("check", None)
    assert [doing.share for doing, _ in face.told if isinstance(doing, Doing)] == [0.0, 0.25, 0.5]


@pytest.mark.logs("check failed")
def test_a_fault_of_ours_is_told_too(face: Face) -> None:
    def work(_go_on: GoOn) -> None:
        raise ZeroDivisionError

    face.keep._begin("check", work)
    done = face.until_done()
    assert done is not None
    assert isinstance(done.result, StoreError)
    assert (done.result.code, done.result.params["reason"]) == ("io", "ZeroDivisionError")


def test_salvage_waits_to_be_put_in_place_and_the_damaged_file_is_kept(face: Face, path: Path) -> None:
    before = ids(path)
    damage(path)
    face.keep.salvage()
    done = face.until_done()
    assert done is not None
    assert isinstance(done.result, Salvaged)
    assert face.kept().salvaged
    notice = carry_out(Reopening("salvaged", salvaged_of(path)), path, path.with_name("journals"), NOW)
    assert notice is not None
    assert notice.code == "engine.salvaged"
    aside = Path(dict(notice.params)["path"])
    assert (aside / path.name).read_bytes()[:16] == b"x" * 16
    assert ids(path) == before
    assert not salvaged_of(path).exists()
    face.keep.look()
    face.until_done()
    assert (face.kept().held, face.kept().salvaged) == (True, False)
    face.keep.let_go()
    face.until_done()
    assert not replacing.is_held(path)


def test_salvage_can_be_stopped(path: Path) -> None:
    damage(path)
    with pytest.raises(StoppedError):
        salvage(path, go_on=lambda _share: False)
    assert {f.name for f in path.parent.glob("*salvag*")} == set()


def test_of_a_file_that_was_never_a_database_nothing_is_saved_and_that_is_said(
    face: Face, path: Path
) -> None:
    path.write_bytes(b"hello " * 1000)
    face.keep.salvage()
    done = face.until_done()
    assert done is not None
    assert isinstance(done.result, StoreError)
    assert done.result.code == "corrupt"


def test_a_restore_that_cannot_be_leaves_all_as_it_was(path: Path, tmp_path: Path) -> None:
    backup = back_up(path, NOW)
    assert backup is not None
    before = path.read_bytes()
    journals = path.with_name("journals")
    wish = Reopening("restore", backup.path)
    with closing(Store.open(path)):
        notice = carry_out(wish, path, journals, NOW)
        assert notice is not None
        assert notice.code == "engine.not_replaced.locked"
    damaged = bytearray(backup.path.read_bytes())
    damaged[-100] ^= 1
    backup.path.write_bytes(damaged)
    notice = carry_out(wish, path, journals, NOW)
    assert notice is not None
    assert notice.code == "engine.not_replaced.corrupt"
    notice = carry_out(Reopening("restore", tmp_path / "none.db"), path, journals, NOW)
    assert notice is not None
    assert notice.code == "engine.not_replaced.missing"
    assert path.read_bytes() == before
    assert not list(path.parent.glob("replaced-*"))


def test_a_restore_can_be_left_off(path: Path) -> None:
    backup = back_up(path, NOW)
    assert backup is not None
    wish = Reopening("restore", backup.path)
    assert carry_out(wish, path, path.with_name("journals"), NOW, go_on=lambda _share: False) is None
    assert not list(path.parent.glob("replaced-*"))
    assert not replacing.is_held(path)


@pytest.mark.parametrize("what", ["empty", "gone", "damaged"])
def test_begin_anew(path: Path, what: str) -> None:
    if what == "damaged":
        damage(path)
    else:
        path.write_bytes(b"")
    if what == "gone":
        path.unlink()
    notice = carry_out(Reopening("anew"), path, path.with_name("journals"), NOW)
    assert notice is not None
    assert notice.code == "engine.begun_anew"
    aside = Path(dict(notice.params)["path"])
    assert (aside / path.name).exists() == (what != "gone")
    with closing(Store.open(path)) as store:
        assert store.read(summaries).result(10) == ()


def test_a_newer_file_is_opened_to_be_read(path: Path) -> None:
    with closing(sqlite3.connect(path)) as con:
        con.execute("PRAGMA user_version = 99")
        con.commit()
    before = path.read_bytes()
    store, notice = open_to_read(path, wished=True)
    assert store is not None
    assert store.read_only
    assert notice.code == "engine.read_only"
    assert len(store.read(summaries).result(10)) == 2
    store.close()
    assert path.read_bytes() == before


def test_what_cannot_be_read_either_leaves_no_store(tmp_path: Path) -> None:
    store, notice = open_to_read(tmp_path / "none.db", wished=False)
    assert (store, notice.code) == (None, "store.readonly")
    store, notice = open_to_read(tmp_path / "none.db", wished=True)
    assert (store, notice.code) == (None, "store.missing")


def remembered() -> tuple[Conversation, bytes]:
    """A conversation with a file that is in memory alone."""
    lane = Lane(new_id(), "embedded", "m")
    content = b"some text"
    file = Attachment(hashlib.sha256(content).hexdigest(), "a.txt", "text/plain", len(content))
    reply = Reply(new_id(), lane.id, state=ReplyState.COMPLETE)
    made = Conversation(new_id(), "Kept", (lane,), created=1.0)
    return with_turn(made, Turn(new_id(), None, Prompt("Hello", (file,)), (reply,), 2.0)), content


def test_what_was_in_memory_is_stored_once_the_file_can_be_used(face: Face, path: Path) -> None:
    conversation, content = remembered()
    digest = conversation.turns[0].prompt.attachments[0].digest
    away = path.with_name("away.db")
    path.rename(away)
    face.keep.put_away((conversation,), lambda: {digest: content})
    done = face.until_done()
    assert done is not None
    assert isinstance(done.result, StoreError)
    assert done.result.code == "missing"
    away.rename(path)
    face.keep.put_away((conversation,), lambda: {digest: content})
    done = face.until_done()
    assert done is not None
    assert done.result == Put(1)
    with closing(Store.open(path)) as store:
        loaded = store.read(lambda con: load(con, conversation.id)).result(10)
        assert loaded is not None
        assert loaded.turns == conversation.turns
        assert store.read(lambda con: attachments.contents(con, [digest])).result(10) == {digest: content}


def test_of_a_stored_conversation_only_what_is_new_is_stored(path: Path) -> None:
    with closing(Store.open(path)) as store:
        conversation, turn = asked(store)
        again = Reply(new_id(), turn.replies[0].lane, version=2, state=ReplyState.COMPLETE)
        more, content = remembered()
        later = replace(more.turns[0], id=new_id(), parent=turn.id, replies=())
        wanted = with_turn(conversation, later)
        changed = {**{r.id: r for r in turn.replies}, again.id: again}
        wanted = replace(
            wanted,
            turns=tuple(
                replace(t, replies=tuple(changed.values())) if t.id == turn.id else t for t in wanted.turns
            ),
        )
        files = {later.prompt.attachments[0].digest: content}
        for _ in range(2):  # once more changes nothing
            store.write(lambda con: put_away(con, [wanted], files)).result(10)
        loaded = store.read(lambda con: load(con, conversation.id)).result(10)
    assert loaded is not None
    assert [t.id for t in loaded.turns] == [turn.id, later.id]
    assert {r.id for r in loaded.turns[0].replies} == set(changed)
