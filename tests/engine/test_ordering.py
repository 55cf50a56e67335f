"""Pins, tags, the trash with its way back, drafts and temporary conversations, as a face has them."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.engine.scripted import Scripted
from tests.engine.test_session import LANES, Scene, staged
from tests.store.strategies import child_environment

from sidelight.chat.conversation import Conversation
from sidelight.chat.events import AnswerDelta, Event, Finished, FinishReason
from sidelight.chat.message import Attachment
from sidelight.chat.reply import ReplyState
from sidelight.engine import ordering
from sidelight.engine.ordering import IN_TRASH
from sidelight.engine.session import Session
from sidelight.engine.terms import Notice
from sidelight.settings import Settings, load, save
from sidelight.store import order
from sidelight.store.conversations import create
from sidelight.store.database import Connection, Store

CONTENT = b"unwritten file"
FILE = Attachment(hashlib.sha256(CONTENT).hexdigest(), "a.txt", "text/plain", len(CONTENT))
LONG: tuple[Event, ...] = (*[AnswerDelta("word ")] * 400, Finished(FinishReason.STOP))


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path, Scripted())
    yield scene
    scene.session.close()


def asked(scene: Scene, *texts: str) -> list[str]:
    """Conversations, the oldest first."""
    made = []
    for text in texts:
        scene.session.new()
        scene.session.set_lanes(LANES)
        scene.ask(text)
        made.append(scene.session.conversation.id)
    return made


def listed(scene: Scene) -> list[str]:
    return [s.id for s in scene.session.history()]


def has_more(scene: Scene) -> bool:
    return scene.session.more_history


def reread(scene: Scene) -> None:
    """Read the list anew, after all that was written. What comes first may be what was asked for before."""
    read: list[bool] = []
    scene.session.refresh_history()
    scene.session._ordering.look(lambda: read.append(True))
    scene.until(lambda: bool(read), 20)


def rows(scene: Scene) -> int:
    future = scene.session._network_side.run(
        lambda outside: outside.read(
            lambda con: con.execute("SELECT count(*) FROM conversations").fetchone()[0]
        )
    )
    found: int = future.result(10)
    return found


def deleted(session: Session) -> Notice:
    (notice,) = (n for n in session.notices if n.code.startswith("engine.deleted"))
    return notice


def stored(scene: Scene, count: int) -> list[str]:
    """Conversations on the disk, the oldest first; many of one and the same second, as imported ones are."""
    names = [f"old{n}" for n in range(count)]

    def write(con: Connection) -> None:
        for n, name in enumerate(names):
            create(con, Conversation(name, f"Title {n}", LANES, created=1000.0 + n // 300))

    assert scene.session._store is not None
    scene.session._store.write(write).result(20)
    scene.session.refresh_history()
    scene.until(lambda: len(listed(scene)) == min(count, 200), 20)
    return names


def test_older_conversations_are_listed_when_they_are_wanted(scene: Scene) -> None:
    names = stored(scene, 450)[::-1]
    assert listed(scene) == names[:200]
    assert has_more(scene)
    scene.session.list_more()
    scene.session.list_more()  # before the first was answered
    scene.until(lambda: len(listed(scene)) == 400, 20)
    assert listed(scene) == names[:400]
    scene.session.list_more()
    scene.until(lambda: len(listed(scene)) == 450, 20)
    assert listed(scene) == names
    assert not has_more(scene)
    scene.changes.clear()
    scene.session.list_more()
    assert scene.changes == []


def test_all_are_listed_while_one_is_looked_for(scene: Scene) -> None:
    names = stored(scene, 450)[::-1]
    scene.session.list_all(True)
    scene.until(lambda: len(listed(scene)) == 450, 20)
    assert not has_more(scene)
    scene.session.list_all(False)
    scene.until(lambda: len(listed(scene)) == 200, 20)
    assert listed(scene) == names[:200]
    assert has_more(scene)


def test_an_old_conversation_is_listed_once_it_is_open(scene: Scene) -> None:
    oldest = stored(scene, 250)[0]
    assert oldest not in listed(scene)
    scene.session.open(oldest)
    scene.until(lambda: oldest in listed(scene), 20)
    assert len(listed(scene)) == 201
    reread(scene)
    assert listed(scene)[-1] == oldest
    scene.session.pin(oldest, True)
    assert listed(scene)[0] == oldest


def test_an_old_conversation_that_is_erased_while_it_opens_stays_gone(scene: Scene) -> None:
    oldest = stored(scene, 250)[0]
    scene.session.open(oldest)
    scene.until(lambda: scene.session.conversation.id == oldest, 20)  # its line is being read
    scene.session.erase(oldest)
    reread(scene)
    reread(scene)
    assert oldest not in listed(scene)


def test_a_list_that_comes_after_the_end_asks_for_nothing_more(tmp_path: Path) -> None:
    scene = Scene(tmp_path, Scripted())
    stored(scene, 3)
    scene.session.refresh_history()
    scene.session.rename("old1", "While it is being read")  # so that it would be read again
    scene.session.close()
    scene.session.drain()
    assert "While it is being read" in [s.title for s in scene.session.history()]


def test_pins_and_tags_are_shown_at_once_and_kept(scene: Scene, tmp_path: Path) -> None:
    a, b, c = asked(scene, "a", "b", "c")
    scene.session.pin(a, True)
    scene.session.set_tags(b, [" work ", "Work", "home"])
    for _ in range(2):
        assert listed(scene) == [a, c, b]
        assert [s.pinned for s in scene.session.history()] == [True, False, False]
        assert scene.session.history()[2].tags == ("home", "work")
        assert scene.session.tags == ("home", "work")
        reread(scene)
    scene.session.pin(a, False)
    scene.session.set_tags(b, ["home"])
    scene.until(lambda: scene.session.tags == ("home",), 20)
    assert listed(scene) == [c, b, a]
    scene.ask("again in c")
    assert listed(scene) == [c, b, a]
    scene.session.close()
    again = Scene(tmp_path, Scripted())
    again.until(lambda: listed(again) == [c, b, a], 20)
    assert again.session.tags == ("home",)
    again.session.close()


def test_a_pinned_one_stays_above_and_keeps_its_tags_when_it_is_asked_again(scene: Scene) -> None:
    a, _ = asked(scene, "a", "b")
    scene.session.pin(a, True)
    scene.session.set_tags(a, ["x"])
    scene.session.open(a)
    scene.until(lambda: scene.session.conversation.id == a, 20)
    scene.ask("more")
    assert (scene.session.history()[0].pinned, scene.session.history()[0].tags) == (True, ("x",))


def test_a_conversation_is_deleted_and_brought_back_by_the_notice(scene: Scene) -> None:
    a, b = asked(scene, "a", "b")
    kept = scene.session.conversation
    scene.session.delete(b)
    assert (listed(scene), [s.id for s in scene.session.trash]) == ([a], [b])
    assert scene.session.conversation.turns == ()
    notice = deleted(scene.session)
    assert (notice.params, notice.action, notice.subject) == ((("title", "b"),), "engine.deleted.undo", b)
    scene.session.act(notice)
    scene.until(lambda: scene.session.conversation == kept, 20)
    assert (listed(scene), scene.session.trash) == ([b, a], ())
    assert not any(n.code == "engine.deleted" for n in scene.session.notices)
    reread(scene)
    assert (listed(scene), scene.session.trash) == ([b, a], ())


def test_what_streams_is_stopped_in_the_trash_and_kept_as_far_as_it_came(tmp_path: Path) -> None:
    scene = staged(tmp_path, LONG, pause=0.005)
    scene.session.send("first")
    first = scene.session.conversation.id
    scene.until(lambda: bool(scene.reply("one").answer_text), 20)
    scene.session.delete(first)
    scene.session.restore(first)
    scene.session.open(first)
    scene.until(lambda: scene.session.conversation.id == first and not scene.session.streaming, 20)
    assert scene.reply("one").state is ReplyState.INTERRUPTED
    assert scene.reply("one").answer_text.startswith("word ")
    scene.session.delete(first)
    scene.until(lambda: not scene.session.streaming, 20)
    assert (listed(scene), [s.id for s in scene.session.trash]) == ([], [first])
    scene.session.close()


def test_a_prompt_takes_its_conversation_out_of_the_trash(scene: Scene) -> None:
    (a,) = asked(scene, "a")
    scene.session.delete(a)
    scene.session.open(a)
    scene.until(lambda: scene.session.conversation.id == a, 20)
    scene.ask("after all")
    assert (listed(scene), scene.session.trash) == ([a], ())
    reread(scene)
    assert (listed(scene), scene.session.trash) == ([a], ())


def test_the_trash_is_emptied_for_good(scene: Scene) -> None:
    a, b, c = asked(scene, "a", "b", "c")
    for gone in (a, b):
        scene.session.delete(gone)
    scene.session.erase(a)
    assert [s.id for s in scene.session.trash] == [b]
    assert rows(scene) == 2
    assert deleted(scene.session).subject == b
    scene.session.empty_trash()
    assert scene.session.trash == ()
    assert rows(scene) == 1
    assert listed(scene) == [c]
    assert not any(n.code == "engine.deleted" for n in scene.session.notices)
    reread(scene)
    assert (listed(scene), scene.session.trash) == ([c], ())


def test_after_thirty_days_in_the_trash_it_is_gone_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ordering, "_AFTER_START", 0.0)
    scene = Scene(tmp_path, Scripted())
    old, new, kept = asked(scene, "old", "new", "kept")
    for gone in (old, new):
        scene.session.delete(gone)
    assert rows(scene) == 3
    scene.session.close()
    store = Store.open(tmp_path / "data" / "sidelight.db")
    now = time.time()
    store.write(lambda con: order.put_in_trash(con, old, now - IN_TRASH - 60)).result(10)
    store.write(lambda con: order.put_in_trash(con, new, now - IN_TRASH + 3600)).result(10)
    store.close()
    again = Scene(tmp_path, Scripted())
    again.until(lambda: [s.id for s in again.session.trash] == [new], 20)
    assert (listed(again), rows(again)) == ([kept], 2)
    again.session.close()


def test_what_another_process_did_is_read(scene: Scene, tmp_path: Path) -> None:
    a, b = asked(scene, "a", "b")
    rows(scene)
    other = Store.open(tmp_path / "data" / "sidelight.db")
    other.write(lambda con: order.put_in_trash(con, a, time.time())).result(10)
    other.write(lambda con: order.set_tags(con, b, ["theirs"])).result(10)
    other.close()
    reread(scene)
    assert (listed(scene), [s.id for s in scene.session.trash]) == ([b], [a])
    assert scene.session.tags == ("theirs",)


# --- temporary ones


def is_temporary(scene: Scene) -> bool:
    return scene.session.temporary


def bytes_of(folder: Path) -> bytes:
    return b"".join(f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file())


def test_a_temporary_conversation_leaves_nothing_on_the_disk(tmp_path: Path) -> None:
    scene = Scene(tmp_path, Scripted())
    (a,) = asked(scene, "kept")
    scene.backend.script = (AnswerDelta("unwritten answer"), Finished(FinishReason.STOP))
    scene.session.new(temporary=True)
    scene.session.set_lanes(LANES)
    assert is_temporary(scene)
    secret = scene.session.conversation.id
    scene.session.keep_draft(secret, "unwritten draft", [(FILE, CONTENT)])
    assert scene.session.draft == "unwritten draft"
    scene.session.send("unwritten prompt", [(FILE, CONTENT)])
    scene.until(lambda: not scene.session.streaming, 20)
    assert scene.session.draft == ""
    turn = scene.session.conversation.path[0].id
    scene.session.retry(turn, ["one"])
    scene.until(lambda: not scene.session.streaming, 20)
    scene.session.edit(turn, "unwritten edit")
    scene.until(lambda: not scene.session.streaming, 20)
    scene.session.rename(secret, "unwritten title")
    scene.session.pin(secret, True)
    scene.session.set_tags(secret, ["unwritten tag"])
    scene.session.take_over(turn, "one")
    scene.session.continue_alone("one")
    copy = scene.session.conversation.id
    assert is_temporary(scene)
    assert [(s.id, s.temporary) for s in scene.session.history()] == [
        (secret, True),
        (copy, True),
        (a, False),
    ]
    reread(scene)
    assert [(s.id, s.temporary) for s in scene.session.history()] == [
        (secret, True),
        (copy, True),
        (a, False),
    ]
    scene.session.open(a)
    scene.until(lambda: scene.session.conversation.id == a, 20)
    assert not is_temporary(scene)
    scene.session.open(secret)
    assert scene.session.conversation.path[0].prompt.text == "unwritten edit"
    scene.session.delete(secret)
    assert scene.session.trash == ()
    assert listed(scene) == [copy, a]
    assert not any(n.code.startswith("engine.deleted") for n in scene.session.notices)
    scene.session.close()
    assert b"unwritten" not in bytes_of(tmp_path)
    again = Scene(tmp_path, Scripted())
    again.until(lambda: listed(again) == [a], 20)
    again.session.close()


def test_without_a_store_conversations_stay_within_reach(tmp_path: Path) -> None:
    scene = Scene(tmp_path, Scripted(), temporary=True)
    a, b = asked(scene, "a", "b")
    assert [(s.id, s.temporary) for s in scene.session.history()] == [(b, True), (a, True)]
    scene.session.open(a)
    assert scene.session.conversation.path[0].prompt.text == "a"
    scene.session.close()


def test_a_file_that_is_to_be_read_only_is_left_as_it_is(tmp_path: Path) -> None:
    scene = Scene(tmp_path, Scripted())
    a, b, c = asked(scene, "a", "b", "c")
    scene.session.delete(c)
    scene.session.keep_draft(a, "half a thought")
    rows(scene)
    scene.session.close()
    database = tmp_path / "data" / "sidelight.db"
    before = database.read_bytes()
    scene = Scene(tmp_path, Scripted(), read_only=True)
    scene.until(lambda: listed(scene) == [b, a], 20)
    assert [s.id for s in scene.session.trash] == [c]
    scene.session.open(a)
    scene.until(lambda: scene.session.conversation.id == a, 20)
    assert is_temporary(scene)
    scene.ask("in memory alone")
    scene.session.rename(a, "another")
    scene.session.pin(b, True)
    scene.session.set_tags(b, ["x"])
    scene.session.keep_draft(a, "more")
    scene.session.new()
    reread(scene)
    assert sorted((s.id, s.temporary) for s in scene.session.history()) == sorted([(a, True), (b, False)])
    scene.session.open(a)
    scene.until(lambda: scene.session.conversation.id == a, 20)
    assert [t.prompt.text for t in scene.session.conversation.path] == ["a", "in memory alone"]
    assert not any(n.code.startswith("store.") for n in scene.session.notices)
    assert scene.session.close()
    assert database.read_bytes() == before
    log = database.with_name("sidelight.db-wal")
    assert not log.exists() or not log.stat().st_size


# --- drafts


def test_a_draft_is_offered_again_and_gone_once_sent(scene: Scene, tmp_path: Path) -> None:
    a, b = asked(scene, "a", "b")
    scene.session.keep_draft(b, "half a thought", [(FILE, CONTENT)])
    scene.session.open(a)
    scene.until(lambda: scene.session.conversation.id == a, 20)
    assert scene.session.draft == ""
    scene.session.close()
    again = Scene(tmp_path, Scripted())
    again.changes.clear()
    again.session.open(b)
    again.until(lambda: any(c.kind == "draft" and c.conversation == b for c in again.changes), 20)
    assert (again.session.draft, again.session.draft_files) == ("half a thought", ((FILE, CONTENT),))
    again.ask("a whole one")
    assert (again.session.draft, again.session.draft_files) == ("", ())
    again.session.close()
    third = Scene(tmp_path, Scripted())
    third.session.open(b)
    third.until(lambda: third.session.conversation.id == b, 20)
    reread(third)
    assert third.session.draft == ""
    third.session.close()


def test_what_was_typed_and_never_sent_is_offered_at_the_next_start(tmp_path: Path) -> None:
    scene = Scene(tmp_path, Scripted())
    scene.session.keep_draft(scene.session.conversation.id, "first words")
    scene.session.keep_draft(scene.session.conversation.id, "first words and more")
    scene.session.new()
    assert scene.session.draft == "first words and more"
    rows(scene)
    scene.session.close()
    again = Scene(tmp_path, Scripted())
    again.until(lambda: again.session.draft == "first words and more", 20)
    assert any(c.kind == "draft" for c in again.changes)
    again.ask("sent")
    assert again.session.draft == ""
    again.session.new()
    reread(again)
    assert again.session.draft == ""
    again.session.close()


_KILLED = """
import os, signal, sys
from pathlib import Path
from tests.engine.scripted import Scripted
from tests.engine.test_ordering import rows
from tests.engine.test_session import Scene
scene = Scene(Path(sys.argv[1]), Scripted())
scene.session.keep_draft(scene.session.conversation.id, "typed before the power went")
rows(scene)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_a_draft_survives_a_kill(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _KILLED, str(tmp_path)]
    ended = subprocess.run(command, env=child_environment(), timeout=60, check=False).returncode
    assert ended == -signal.SIGKILL
    scene = Scene(tmp_path, Scripted())
    scene.until(lambda: scene.session.draft == "typed before the power went", 20)
    scene.session.close()


def test_a_draft_of_what_is_erased_is_not_kept(scene: Scene) -> None:
    (a,) = asked(scene, "a")
    scene.session.keep_draft(a, "text")
    scene.session.erase(a)
    scene.session.keep_draft(a, "late words")
    rows(scene)
    found = scene.store.read(lambda con: con.execute("SELECT count(*) FROM drafts").fetchone()).result(10)
    assert found == (0,)
    assert scene.session.draft == ""


def test_saved_searches_are_a_preference(tmp_path: Path) -> None:
    settings = Settings(saved_searches=(("Long traces", "tokens:>1000 has:trace"),))
    save(tmp_path / "settings.json", settings)
    assert load(tmp_path / "settings.json").saved_searches == settings.saved_searches
