"""JSON out and in again: byte for byte the same, nothing twice, and nothing at all of a file that is not as it should be."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from dataclasses import fields, is_dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from tests.proof.canary import found_in
from tests.store.strategies import child_environment, count, execute, opened
from tests.transfer.made import SKY, Profile, exported, fill, profiles, sky

from sidelight.chat import conversation as chat_conversation
from sidelight.chat import events, message
from sidelight.chat import reply as chat_reply
from sidelight.chat.conversation import Conversation, Turn
from sidelight.chat.message import Prompt
from sidelight.chat.reply import Reply, ReplyState
from sidelight.store import conversations, order
from sidelight.store.conversations import damaged, load
from sidelight.store.database import Connection, Store
from sidelight.store.exchanges import Recorded
from sidelight.transfer import export
from sidelight.transfer.formats.json import checked
from sidelight.transfer.importing import Import
from sidelight.transfer.registry import by_id
from sidelight.transfer.report import plain
from sidelight.transfer.source import Source

DOCS = Path(__file__).resolve().parents[2] / "docs" / "export.md"
EMPTY: dict[str, Any] = {
    "format": "sidelight.conversations",
    "version": 1,
    "conversations": [],
    "contents": [],
}


class Taken(NamedTuple):
    """How many conversations came in, had something added to them, and were here; how many files of prompts were lost."""

    taken: int
    here: int
    lost: int
    grown: int = 0


def take(store: Store, path: Path, importing: Import | None = None) -> Taken:
    with closing(Import()) if importing is None else nullcontext(importing) as one:
        report = one.take(store, path)
    assert report.trouble is None
    assert not report.left_out
    lost = report.lacks["lost"].number if "lost" in report.lacks else 0
    fates = report.fates
    return Taken(fates.get("taken", 0), fates.get("here", 0), lost, fates.get("grown", 0))


@pytest.fixture
def importing() -> Iterator[Import]:
    """One worker for many examples."""
    with closing(Import()) as one:
        yield one


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(profile=profiles())
def test_out_in_and_out_again_is_byte_for_byte_the_same(importing: Import, profile: Profile) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        file, again = folder / "a.json", folder / "b.json"
        with opened(folder / "one") as one:
            fill(one, profile)
            for n, conversation in enumerate(profile.conversations):
                pinned = 1.5 + n if n % 2 == 0 else None
                one.write(partial(put, conversation.id, pinned, ["Physics", f"{n}"])).result(10)
            first = exported(one, file, exchanges=True)
        with opened(folder / "two") as two:
            assert take(two, file, importing) == Taken(len(profile.conversations), 0, 0)
            assert exported(two, again, exchanges=True) == first
            assert damaged_none(two)
            for n, conversation in enumerate(profile.conversations):
                stands = two.read(partial(order.place_of, conversation_id=conversation.id)).result(10)
                assert stands == order.Place(1.5 + n if n % 2 == 0 else None, (f"{n}", "Physics"))
            assert take(two, file, importing) == Taken(0, len(profile.conversations), 0)
            assert exported(two, again, exchanges=True) == first
            assert count(two, "deltas") == 0


def put(conversation_id: str, pinned: float | None, tags: list[str], con: Connection) -> None:
    order.set_pinned(con, conversation_id, pinned)
    order.set_tags(con, conversation_id, tags)


def damaged_none(store: Store) -> bool:
    return store.read(damaged).result(10) == ()


def test_a_conversation_comes_back_as_the_same_value(tmp_path: Path) -> None:
    with opened(tmp_path / "one") as one, opened(tmp_path / "two") as two:
        fill(one, SKY)
        exported(one, tmp_path / "a.json")
        assert take(two, tmp_path / "a.json") == Taken(1, 0, 0)
        assert two.read(lambda con: load(con, "c1")).result(10) == sky()


def test_what_is_under_way_is_exported_as_interrupted(tmp_path: Path) -> None:
    running = Conversation("c", turns=(Turn("t", None, Prompt("?"), (Reply("r", "l"),)),))
    text = by_id("json").text(Source(["c"], shown=running))
    conversation, _ = checked(json.dumps(json.loads(text)["conversations"][0]).encode())
    assert conversation.turns[0].replies[0].state is ReplyState.INTERRUPTED


@pytest.mark.parametrize("more", [{"finished": {"reason": "stop"}}, {"failed": {"kind": "server"}}, {}])
def test_a_reply_never_comes_in_as_one_under_way(tmp_path: Path, more: dict[str, object]) -> None:
    reply = {"id": "r", "lane": "l", "state": "streaming", **more}
    turn = {"id": "t", "parent": None, "prompt": {"text": "?"}, "replies": [reply]}
    (tmp_path / "a.json").write_text(json.dumps(EMPTY | {"conversations": [{"id": "c", "turns": [turn]}]}))
    with opened(tmp_path / "one") as store:
        assert take(store, tmp_path / "a.json") == Taken(1, 0, 0)
        loaded = store.read(lambda con: load(con, "c")).result(10)
        assert loaded is not None
        assert loaded.turns[0].replies[0].state is ReplyState.INTERRUPTED
        assert count(store, "deltas") == 0


def test_a_file_of_two_prompts_is_there_once(tmp_path: Path) -> None:
    one, other = sky(), replace(sky(), id="c2", turns=())
    turns = tuple(replace(t, id=f"2{t.id}", parent=None, replies=()) for t in sky().turns)
    profile = Profile((one, replace(other, turns=turns)), SKY.files, {})
    with opened(tmp_path / "one") as store:
        fill(store, profile)
        value = json.loads(exported(store, tmp_path / "a.json"))
        assert [base64.b64decode(c["content"]) for c in value["contents"]] == [b"notes"]
        alone = json.loads(exported(store, tmp_path / "b.json", ids=["c2"]))
        assert [c["id"] for c in alone["conversations"]] == ["c2"]


def test_a_file_that_is_damaged_is_left_out_and_said(tmp_path: Path) -> None:
    with opened(tmp_path / "one") as one, opened(tmp_path / "two") as two:
        fill(one, SKY)
        execute(one, "UPDATE contents SET content = x'00'")
        source = Source(["c1", "gone"], store=one)
        export.write(tmp_path / "a.json", by_id("json").pieces(source))
        assert source.unread == 2
        assert take(two, tmp_path / "a.json") == Taken(1, 0, 1)
        loaded = two.read(lambda con: load(con, "c1")).result(10)
        assert loaded is not None
        assert loaded.turns[0].prompt.attachments == ()


def test_recordings_go_along_only_where_they_are_wanted(tmp_path: Path) -> None:
    recorded = Recorded(
        "POST", "https://a.b", (("authorization", "***"),), "{}", zlib.compress(b"data: 1\n\n")
    )
    with opened(tmp_path / "one") as store:
        fill(store, replace(SKY, recorded={"r1": recorded}))
        assert b"exchange" not in exported(store, tmp_path / "a.json")
        value = json.loads(exported(store, tmp_path / "b.json", exchanges=True))
    exchange = value["conversations"][0]["turns"][0]["replies"][0]["exchange"]
    assert zlib.decompress(base64.b64decode(exchange["stream"])) == b"data: 1\n\n"
    assert not found_in((tmp_path / "b.json").read_bytes())


# --- files that are not as they should be


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    text = by_id("json").text(Source(["c1"], shown=sky()))
    value = json.loads(text)
    change(value)
    return json.dumps(value).encode()


def first(value: dict[str, Any]) -> Any:
    return value["conversations"][0]


WRONG: dict[str, bytes] = {
    "no JSON": b"hello",
    "nothing": b"",
    "no UTF-8": b'{"format":"\xff"}',
    "half a file": changed(lambda v: v)[:-200],
    "a title that is a number": changed(lambda v: first(v).update(title=7)),
    "a reply that is a list": changed(lambda v: first(v)["turns"][0].update(replies=[[]])),
    "a state nobody knows": changed(lambda v: first(v)["turns"][0]["replies"][0].update(state="asleep")),
    "no id": changed(lambda v: first(v).pop("id")),
    "a lane twice": changed(lambda v: first(v)["lanes"].append(first(v)["lanes"][0])),
    "an id twice": changed(lambda v: v["conversations"].append(first(v))),
    "a turn that is its own parent": changed(lambda v: first(v)["turns"][0].update(parent="t1")),
    "a parent that is not there": changed(lambda v: first(v)["turns"][1].update(parent="elsewhere")),
    "a number too large": changed(lambda v: first(v)["turns"][0]["replies"][0].update(version=2**80)),
    "a number too large for the store": changed(
        lambda v: first(v)["turns"][0]["replies"][0].update(dropped_turns=2**40)
    ),
    "a time beyond time": changed(lambda v: first(v).update(created=1e300)),
    "content that is another's": changed(
        lambda v: v.update(contents=[{"digest": "0" * 64, "content": base64.b64encode(b"x").decode()}])
    ),
    "content that is no base64": changed(lambda v: v.update(contents=[{"digest": "0" * 64, "content": "%"}])),
    "a recording that does not unpack": changed(
        lambda v: first(v)["turns"][0]["replies"][0].update(
            exchange={"method": "", "url": "", "headers": [], "body": "", "stream": "AAAA", "whole": True}
        )
    ),
    "a recording that unpacks to a gigabyte": changed(
        lambda v: first(v)["turns"][0]["replies"][0].update(
            exchange={
                "method": "",
                "url": "",
                "headers": [],
                "body": "",
                "stream": base64.b64encode(zlib.compress(bytes(50_000_000))).decode(),
                "whole": True,
            }
        )
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_of_what_is_not_as_it_should_be_nothing_is_taken(
    name: str, tmp_path: Path, importing: Import
) -> None:
    (tmp_path / "a.json").write_bytes(WRONG[name])
    with opened(tmp_path / "one") as store:
        report = importing.take(store, tmp_path / "a.json")
        assert report.trouble is not None
        assert report.trouble[0].removeprefix("transfer.refused.") in (
            "wrong",
            "broken",
            "not_json",
            "utf8",
            "unknown",
        )
        assert plain([report]).count("\n") == 2
        assert count(store, "conversations") == 0


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("unknown", b'{"format":"chatgpt","version":1,"conversations":[{}]}'),
        ("newer", b'{"format":"sidelight.conversations","version":2,"anything":[{}]}'),
        ("deep", b'{"format":"sidelight.conversations","version":1,"x":' + b"[" * 10**6),
        ("deep", b'{"format":"sidelight.conversations","version":1,"conversations":[' + b'{"a":' * 10**6),
        (
            "deep",
            b'{"format":"sidelight.conversations","version":1,"conversations":[{"a":'
            + b"[" * 200
            + b"]" * 200
            + b"}]}",
        ),
    ],
)
def test_why_a_file_is_refused(code: str, data: bytes, tmp_path: Path, importing: Import) -> None:
    (tmp_path / "a.json").write_bytes(data)
    with opened(tmp_path / "one") as store:
        report = importing.take(store, tmp_path / "a.json")
    assert report.trouble is not None
    assert report.trouble[0] == f"transfer.refused.{code}"


def test_what_cannot_be_stored_is_left_out_and_the_rest_taken(tmp_path: Path, importing: Import) -> None:
    """The reply's id is taken by another conversation, which only the store can know."""
    with opened(tmp_path / "one") as store:
        fill(store, SKY)
        before = exported(store, tmp_path / "before.json", ids=["c1"])
        new = {"id": "new", "turns": []}
        clash = {
            "id": "other",
            "title": "Clash",
            "turns": [
                {"id": "t9", "parent": None, "prompt": {"text": ""}, "replies": [{"id": "r1", "lane": "l"}]}
            ],
        }
        (tmp_path / "a.json").write_text(json.dumps(EMPTY | {"conversations": [clash, new]}))
        report = importing.take(store, tmp_path / "a.json")
        assert report.fates == {"taken": 1}
        assert report.left_out["clash"].named == [
            "“Clash”: Its ids belong to something else in this profile."
        ]
        assert count(store, "conversations") == 2
        assert damaged_none(store)
        assert exported(store, tmp_path / "after.json", ids=["c1"]) == before


def test_only_what_is_new_in_a_newer_export_is_added(tmp_path: Path, importing: Import) -> None:
    whole = sky()
    older = replace(whole, turns=(replace(whole.turns[0], replies=whole.turns[0].replies[:1]),), leaf="t1")
    with opened(tmp_path / "one") as one, opened(tmp_path / "two") as two:
        fill(one, SKY)
        fill(two, replace(SKY, conversations=(older,)))
        exported(one, tmp_path / "a.json")
        assert take(two, tmp_path / "a.json", importing) == Taken(0, 0, 0, grown=1)
        loaded = two.read(lambda con: load(con, "c1")).result(10)
        assert loaded == whole
        assert damaged_none(two)
        assert take(two, tmp_path / "a.json", importing) == Taken(0, 1, 0)


def test_what_is_in_the_trash_is_left_there_and_said(tmp_path: Path, importing: Import) -> None:
    with opened(tmp_path / "one") as store:
        fill(store, SKY)
        exported(store, tmp_path / "a.json")
        store.write(lambda con: conversations.change(con, "c1", deleted=1.0)).result(10)
        report = importing.take(store, tmp_path / "a.json")
        assert report.fates == {}
        assert [c.number for c in report.left_out.values()] == [1]
        assert "It is in the trash" in plain([report])


CHILD = """
import sys
from pathlib import Path
from sidelight.store.database import Store
from sidelight.transfer.importing import Import
folder = Path(sys.argv[1])
store = Store.open(folder / "two" / "sidelight.db")
importing = Import(tell=lambda form, fraction: print("begun", flush=True))
importing.take(store, folder / "a.json")
print("done", flush=True)
"""


def test_killed_while_it_is_taken_in_what_is_stored_is_whole_and_a_second_time_completes_it(
    tmp_path: Path,
) -> None:
    turn = sky().turns[1]
    many = tuple(
        Conversation(
            f"c{n:04}", turns=(Turn(f"t{n}", None, turn.prompt, (replace(turn.replies[0], id=f"r{n}"),)),)
        )
        for n in range(4000)
    )
    with opened(tmp_path / "one") as one:
        fill(one, Profile(many, {}, {}))
        exported(one, tmp_path / "a.json")
    for lines in (1, 2, 3):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(tmp_path)],
            env=child_environment(),
            stdout=subprocess.PIPE,
            text=True,
        )
        with child:
            assert child.stdout is not None
            for _ in range(lines):
                assert child.stdout.readline() == "begun\n"
            child.kill()
        with opened(tmp_path / "two") as two:
            assert damaged_none(two)
            assert count(two, "turns") == count(two, "replies") == count(two, "conversations")
            there = two.read(lambda con: conversations.summaries(con, limit=-1)).result(10)
            assert {s.id for s in there} == {c.id for c in many[: len(there)]}
    with opened(tmp_path / "two") as two:
        take(two, tmp_path / "a.json")
        assert exported(two, tmp_path / "b.json") == (tmp_path / "a.json").read_bytes()


def test_what_is_missing_takes_its_default_and_what_is_unknown_is_passed_over(tmp_path: Path) -> None:
    turn = {
        "id": "t",
        "parent": None,
        "prompt": {"text": "?"},
        "replies": [{"id": "r", "lane": "l", "mood": 1}],
    }
    text = json.dumps({**EMPTY, "made": "later", "conversations": [{"id": "c", "turns": [turn]}]})
    conversation, recorded = checked(json.dumps(json.loads(text)["conversations"][0]).encode())
    assert conversation.turns[0].prompt == Prompt("?")
    assert conversation.turns[0].replies[0].state is ReplyState.INTERRUPTED
    assert recorded == {}


# --- the documentation


def test_every_field_is_described() -> None:
    """A field that a value has come to have is part of the format, and so of its description."""
    described = DOCS.read_text(encoding="utf-8")
    kinds = [
        kind
        for module in (chat_conversation, events, message, chat_reply)
        for kind in vars(module).values()
        if isinstance(kind, type) and is_dataclass(kind) and f"\n### {kind.__name__}\n" in described
    ]
    assert len({kind.__name__ for kind in kinds}) == 18
    missing = [
        f"{kind.__name__}.{field.name}"
        for kind in kinds
        for field in fields(kind)
        if f"| `{field.name}` |" not in described.split(f"\n### {kind.__name__}\n")[1].split("\n#")[0]
    ]
    assert missing == []
