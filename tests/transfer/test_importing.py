"""Files of other programs through the worker process into a profile: taken, taken again, stopped, killed, and within bounds."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.store.strategies import child_environment, count, opened
from tests.store.test_migrations import _old_file
from tests.transfer.importers.sources import (
    LLM_FIRST,
    chatgpt,
    chatgpt_node,
    chatgpt_plain,
    claude,
    claude_message,
    database,
    said,
)
from tests.transfer.made import SKY, fill, sky

from sidelight.chat.conversation import Conversation
from sidelight.store import conversations, exchanges
from sidelight.store.attachments import contents
from sidelight.store.conversations import damaged
from sidelight.store.database import Store
from sidelight.store.migrations import newest
from sidelight.transfer import importing as importing_module
from sidelight.transfer.importers import job
from sidelight.transfer.importers.item import Found, LeftOut
from sidelight.transfer.importing import Import, recognised
from sidelight.transfer.report import FileReport, as_json, plain, well

LONGEST = 60.0


@pytest.fixture
def importing() -> Iterator[Import]:
    with closing(Import()) as one:
        yield one


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path / "profile") as one:
        yield one


def load_all(store: Store) -> list[Conversation]:
    found = store.read(lambda con: conversations.summaries(con, limit=-1)).result(10)
    loaded = [store.read(lambda con, i=s.id: conversations.load(con, i)).result(10) for s in found]  # type: ignore[misc]
    return [c for c in loaded if c is not None]


def sound(store: Store) -> bool:
    return store.read(damaged).result(10) == ()


def write(path: Path, *items: object) -> Path:
    path.write_text(json.dumps(items))
    return path


def grown_chatgpt() -> dict[str, Any]:
    """The plain conversation, gone on: another answer to the question, and another question."""
    return chatgpt(
        chatgpt_node("root", None),
        chatgpt_node("u1", "root", "user", "Why is the sky blue?"),
        chatgpt_node("a1", "u1", "assistant", "It scatters.", metadata={"model_slug": "gpt-4o"}),
        chatgpt_node("a2", "u1", "assistant", "Rayleigh.", at=1.7e9 + 1, metadata={"model_slug": "o3"}),
        chatgpt_node("u2", "a1", "user", "And at night?", at=1.7e9 + 2),
        chatgpt_node("a3", "u2", "assistant", "Black.", at=1.7e9 + 3),
    )


def test_taken_twice_nothing_is_there_twice(tmp_path: Path, store: Store, importing: Import) -> None:
    other = claude(
        claude_message("h1", "human", said("Who?")), claude_message("a1", "assistant", said("Me."))
    )
    path = write(tmp_path / "a.json", chatgpt_plain(), other, {"title": "Strange"})
    first = importing.take(store, path)
    before = load_all(store)
    again = importing.take(store, path)
    assert first.form == again.form == "chatgpt"
    assert (first.fates, again.fates) == ({"taken": 2}, {"here": 2})
    assert load_all(store) == before
    assert sound(store)
    assert not well(first)
    assert plain([first]) == (
        "a.json (ChatGPT export)\n"
        "  2 conversations were taken in.\n"
        "  1 conversation was left out.\n"
        "    “Strange”: It is no conversation of a kind that is known here.\n"
        "  Of 2 conversations the export does not say what the models were told beforehand.\n"
        "  Of 1 conversation the export does not say which model answered.\n"
    )
    assert again.lacks == {}


def test_of_a_newer_export_only_what_is_new_is_added(tmp_path: Path, store: Store, importing: Import) -> None:
    importing.take(store, write(tmp_path / "a.json", chatgpt_plain()))
    (before,) = load_all(store)
    report = importing.take(store, write(tmp_path / "b.json", grown_chatgpt()))
    assert report.fates == {"grown": 1}
    (after,) = load_all(store)
    assert after.id == before.id
    assert [t.prompt.text for t in after.turns] == ["Why is the sky blue?", "And at night?"]
    assert [(r.version, r.answer_text) for r in after.turns[0].replies] == [
        (1, "It scatters."),
        (2, "Rayleigh."),
    ]
    assert after.turns[0].replies[0] == before.turns[0].replies[0]
    assert after.leaf == after.turns[1].id
    (summary,) = store.read(conversations.summaries).result(10)
    assert summary.updated == 1.7e9 + 2
    assert sound(store)
    assert importing.take(store, write(tmp_path / "c.json", chatgpt_plain())).fates == {"here": 1}
    assert importing.take(store, tmp_path / "b.json").fates == {"here": 1}
    assert load_all(store) == [after]


def test_what_was_still_being_written_is_replaced_by_the_whole(
    tmp_path: Path, store: Store, importing: Import
) -> None:
    half = chatgpt_plain()
    half["mapping"]["a1"]["message"] |= {
        "status": "in_progress",
        "content": {"content_type": "text", "parts": ["It"]},
    }
    importing.take(store, write(tmp_path / "a.json", half))
    assert importing.take(store, write(tmp_path / "b.json", chatgpt_plain())).fates == {"grown": 1}
    (made,) = load_all(store)
    assert [r.answer_text for r in made.turns[0].replies] == ["It scatters."]


def test_the_persons_own_turns_and_what_is_shown_stay(
    tmp_path: Path, store: Store, importing: Import
) -> None:
    importing.take(store, write(tmp_path / "a.json", chatgpt_plain()))
    (made,) = load_all(store)
    own = replace(made.turns[0], id="own", parent=made.turns[0].id, replies=(), created=1.8e9)
    store.write(lambda con: conversations.add_turn(con, made.id, own)).result(10)
    importing.take(store, write(tmp_path / "b.json", grown_chatgpt()))
    (after,) = load_all(store)
    assert after.leaf == "own"
    assert {t.id for t in after.turns} > {"own"}
    (summary,) = store.read(conversations.summaries).result(10)
    assert summary.updated == 1.8e9


def test_files_of_prompts_are_stored_once_and_only_where_they_are_new(
    tmp_path: Path, store: Store, importing: Import
) -> None:
    paper = {"file_name": "a.txt", "extracted_content": "the paper"}
    item = claude(
        claude_message("h1", "human", said("Why?"), attachments=[paper], files=[{"file_name": "b.png"}]),
        claude_message("a1", "assistant", said("Light.")),
    )
    report = importing.take(store, write(tmp_path / "a.json", item, {**item, "uuid": "other"}))
    assert report.fates == {"taken": 2}
    assert report.lacks["file"].named == ["“Sky”: b.png"]
    assert report.lacks["file"].number == 2
    assert count(store, "contents") == 1
    (file,) = load_all(store)[0].turns[0].prompt.attachments
    assert store.read(lambda con: contents(con, [file.digest])).result(10) == {file.digest: b"the paper"}
    importing.take(store, tmp_path / "a.json")
    assert count(store, "contents") == 1
    assert count(store, "attachments") == 2


def test_a_file_that_breaks_off_is_taken_as_far_as_it_goes_and_that_is_said(
    tmp_path: Path, store: Store, importing: Import
) -> None:
    text = json.dumps([{**chatgpt_plain(), "conversation_id": str(n)} for n in range(5)])
    (tmp_path / "a.json").write_text(text[:-200])
    report = importing.take(store, tmp_path / "a.json")
    assert report.fates == {"taken": 4}
    assert report.trouble == ("transfer.refused.broken", {})
    assert as_json(report)["trouble"]["message"].startswith("It is damaged, or breaks off")


def test_nothing_from_a_file_is_ever_a_path(tmp_path: Path, store: Store, importing: Import) -> None:
    evil = "../../../../tmp/evil\x00/.."
    item = chatgpt(
        chatgpt_node(evil, None, "user", evil, metadata={"attachments": [{"id": evil, "name": evil}]}),
        chatgpt_node("a", evil, "assistant", evil, metadata={"model_slug": evil}),
        title=evil,
        conversation_id=evil,
    )
    before = sorted(p.name for p in tmp_path.rglob("*"))
    report = importing.take(store, write(tmp_path / "a.json", item))
    assert report.fates == {"taken": 1}
    assert sorted(
        p.name for p in tmp_path.rglob("*") if "-wal" not in p.name and "-shm" not in p.name
    ) == sorted({*(b for b in before if "-wal" not in b and "-shm" not in b), "a.json"})
    assert sound(store)


# --- our own database


def test_a_backup_comes_in_with_its_files_and_recordings(
    tmp_path: Path, store: Store, importing: Import
) -> None:
    recorded = exchanges.Recorded("POST", "https://a.b", (("x", "y"),), "{}", b"")
    with opened(tmp_path / "other") as other:
        fill(other, replace(SKY, recorded={"r1": recorded}))
        path = other.path
    shutil.copyfile(path, tmp_path / "backup.db")
    before = (tmp_path / "backup.db").read_bytes()
    report = importing.take(store, tmp_path / "backup.db")
    assert (report.form, report.fates, report.trouble) == ("backup", {"taken": 1}, None)
    assert load_all(store) == [sky()]
    assert store.read(lambda con: exchanges.read(con, "r1")).result(10) == recorded
    assert count(store, "contents") == 1
    assert importing.take(store, tmp_path / "backup.db").fates == {"here": 1}
    assert (tmp_path / "backup.db").read_bytes() == before
    assert {p.name for p in tmp_path.iterdir()} == {"backup.db", "other", "profile"}


@pytest.mark.parametrize("version", range(1, newest()))
def test_a_backup_of_an_older_version_is_brought_to_todays_form_in_a_copy(
    version: int, tmp_path: Path, store: Store, importing: Import
) -> None:
    path = tmp_path / "old.db"
    conversation = _old_file(path, version)
    content = path.read_bytes()
    report = importing.take(store, path)
    assert plain([report]) == "old.db (Sidelight database)\n  1 conversation was taken in.\n"
    assert [c.id for c in load_all(store)] == [conversation.id]
    assert path.read_bytes() == content
    assert sound(store)


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE replies SET answer = 'other'", "database_damaged"),
        ("DROP TABLE exchanges", "database_damaged"),
        ("PRAGMA user_version = 99", "database_newer"),
        ("PRAGMA application_id = 7", "database_foreign"),
    ],
)
def test_of_a_database_that_is_not_as_it_should_be_nothing_is_taken(
    statement: str, code: str, tmp_path: Path, store: Store, importing: Import
) -> None:
    with opened(tmp_path / "other") as other:
        fill(other, SKY)
        path = other.path
    with closing(sqlite3.connect(path)) as con:
        con.execute(statement)
        con.commit()
    report = importing.take(store, path)
    assert report.trouble is not None
    assert report.trouble[0] == f"transfer.refused.{code}"
    assert load_all(store) == []


# --- the worker process


def test_what_files_are_is_told_before_anything_is_taken(tmp_path: Path) -> None:
    one = write(tmp_path / "a.json", chatgpt_plain())
    other = database(tmp_path / "b.json", LLM_FIRST)
    (tmp_path / "c.json").write_text("hello")
    told = list(recognised([one, other, tmp_path / "c.json"]))
    assert [(path.name, form) for path, form, _ in told] == [
        ("a.json", "chatgpt"),
        ("b.json", "llm"),
        ("c.json", ""),
    ]
    assert told[2][2].startswith("It is neither JSON")


def test_what_takes_for_ever_is_ended_and_the_next_file_read_by_a_new_process(
    tmp_path: Path, store: Store, importing: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A column that is computed when it is read, millions of letters of it in thousands of rows."""
    monkeypatch.setattr("sidelight.transfer.importing._STEP", 0.2)
    rows = [{"id": str(n), "conversation_id": "c", "prompt": "x", "response": "y"} for n in range(5000)]
    slow = database(tmp_path / "slow.db", LLM_FIRST, {"responses": rows})
    with closing(sqlite3.connect(slow)) as con:
        con.execute(
            "ALTER TABLE responses ADD COLUMN reasoning TEXT AS (replace(hex(zeroblob(3900000)), '0', prompt))"
        )
        con.commit()
    report = importing.take(store, slow)
    assert report.trouble is not None
    assert report.trouble[0] in ("transfer.refused.worker_overrun", "transfer.refused.worker_memory")
    monkeypatch.undo()
    assert importing.take(store, write(tmp_path / "a.json", chatgpt_plain())).fates == {"taken": 1}


def test_stopped_in_the_middle_what_was_taken_stays_and_a_second_time_completes_it(
    tmp_path: Path, store: Store
) -> None:
    path = write(tmp_path / "a.json", *({**chatgpt_plain(), "conversation_id": str(n)} for n in range(4000)))

    def tell(_form: str, fraction: float) -> None:
        if fraction > 0:
            one.stop()

    with closing(Import(tell=tell)) as one:
        report = one.take(store, path)
        assert report.stopped
        assert report.trouble is None
        assert one.take(store, path).stopped
    assert 0 < report.fates["taken"] < 4000
    assert sound(store)
    with closing(Import()) as two:
        rest = two.take(store, path)
    assert rest.fates == {"taken": 4000 - report.fates["taken"], "here": report.fates["taken"]}


def test_stopped_while_nothing_comes_it_ends_at_once(tmp_path: Path, store: Store) -> None:
    """A process that is busy is not waited for."""
    path = write(tmp_path / "a.json", *({**chatgpt_plain(), "conversation_id": str(n)} for n in range(4000)))
    with closing(Import()) as one:
        timer = threading.Timer(0.05, one.stop)
        timer.start()
        assert one.take(store, path).stopped
        timer.join()


KILLED = """
import os, signal, sys
from pathlib import Path
from sidelight.store.database import Store
from sidelight.transfer.importing import Import
def tell(form, fraction):
    if fraction > 0:
        os.kill(os.getpid(), signal.SIGKILL)
folder = Path(sys.argv[1])
store = Store.open(folder / "profile" / "sidelight.db")
Import(tell=tell).take(store, folder / "a.json")
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_killed_in_the_middle_the_store_is_sound_and_a_second_time_completes_it(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", *({**chatgpt_plain(), "conversation_id": str(n)} for n in range(3000)))
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)], env=child_environment(), timeout=LONGEST, check=False
    )
    assert done.returncode == -9
    with opened(tmp_path / "profile") as store:
        there = count(store, "conversations")
        assert 0 < there < 3000
        assert sound(store)
        with closing(Import()) as one:
            assert one.take(store, path).fates == {"taken": 3000 - there, "here": there}
        assert count(store, "conversations") == count(store, "turns") == 3000


MEASURED = """
import json, resource, sys
from pathlib import Path
from sidelight.store.database import Store
from sidelight.transfer.importing import Import
folder = Path(sys.argv[1])
store = Store.open(folder / "profile" / "sidelight.db")
importing = Import()
report = importing.take(store, folder / "a.json")
importing.close()
status = Path("/proc/self/status").read_text()  # getrusage counts what the parent had before
own = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))
peaks = [own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]
print(json.dumps({"fates": report.fates, "trouble": report.trouble, "peaks": peaks}))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_the_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """A file of 200 MB, most of it what no conversation of ours has a place for; each process measures its own peak."""
    filler = "lorem ipsum " * 80_000
    with (tmp_path / "a.json").open("w") as file:
        file.write("[")
        for n in range(210):
            item = {**chatgpt_plain(), "conversation_id": str(n), "safe_urls": [filler]}
            file.write(("," if n else "") + json.dumps(item))
        file.write("]")
    assert (tmp_path / "a.json").stat().st_size > 200_000_000
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(tmp_path)],
        env=child_environment(),
        timeout=5 * LONGEST,
        check=True,
        stdout=subprocess.PIPE,
    )
    (tmp_path / "a.json").unlink()
    told = json.loads(done.stdout)
    assert told["fates"] == {"taken": 210}
    assert told["trouble"] is None
    assert max(told["peaks"]) < 130_000, told  # KB; each has about 60 MB with everything imported


def test_what_the_worker_says_is_checked_like_a_file(
    tmp_path: Path, store: Store, importing: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads what strangers wrote; if it were taken over, it could say anything."""
    path = write(tmp_path / "a.json", chatgpt_plain())
    said: list[object] = [
        job.Opened("chatgpt"),
        job.Looked(1.0, done=True),
        job.Batch([Found(b'{"id":1}'), Found(b"junk"), LeftOut("x", "no such code")], 1.0, done=True),
    ]
    monkeypatch.setattr(importing_module._Child, "_ask", lambda self, *wish, within: said.pop(0))
    report = importing.take(store, path)
    assert report.fates == {}
    assert sum(counted.number for counted in report.left_out.values()) == 3
    said[:] = [job.Refused("no such code", {})]
    assert importing.take(store, path).trouble == ("transfer.refused.worker_error", {})
    said[:] = [job.Content(b"")]
    assert importing.take(store, path).trouble == ("transfer.refused.worker_error", {})


def test_a_profile_that_cannot_be_written_is_said(tmp_path: Path, importing: Import) -> None:
    with opened(tmp_path / "profile") as one:
        path = one.path
    with closing(Store.open(path, read_only=True)) as store:
        report = importing.take(store, write(tmp_path / "a.json", chatgpt_plain()))
    assert report.trouble is not None
    assert report.trouble[0] == "store.readonly"
    assert str(path) in plain([report])


def test_a_report_names_so_many_and_counts_the_rest() -> None:
    report = FileReport("a.json", "chatgpt")
    for n in range(1000):
        report.came("clash", f"Sky {n}")
    said = plain([report])
    assert "1000 conversations were left out." in said
    assert "and 800 more" in said
    assert said.count("Its ids belong") == 200
