"""Searching through the session: the newest wish counts, older texts become findable, and a hit is opened where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.engine.scripted import Scripted
from tests.engine.test_session import Scene

from sidelight.chat.conversation import Conversation, Turn
from sidelight.chat.message import Prompt
from sidelight.engine import searching
from sidelight.engine.searching import through
from sidelight.engine.terms import Change
from sidelight.store import search, words
from sidelight.store.conversations import create, load
from sidelight.store.query import Query, parse

BRANCHED = Conversation(
    "c",
    turns=(
        Turn("root", None, Prompt("root")),
        Turn("left", "root", Prompt("left")),
        Turn("left end", "left", Prompt("left end")),
        Turn("right", "root", Prompt("right")),
    ),
    leaf="right",
)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path, Scripted())
    yield made
    made.session.close()


def found(scene: Scene, typed: str) -> list[str]:
    scene.session.search(parse(typed))
    scene.until(lambda: scene.session.found() is not None)
    hits = scene.session.found()
    assert hits is not None
    return [hit.snippet.text for hit in hits.hits if not hit.reply]


def test_a_branch_is_chosen_that_holds_a_turn() -> None:
    assert through(BRANCHED, "root") is BRANCHED
    assert through(BRANCHED, "left").leaf == "left end"
    assert through(BRANCHED, "nowhere") is BRANCHED


def test_what_was_asked_is_found_and_opened_where_it_stands(scene: Scene) -> None:
    scene.ask("the first question")
    first, turn = scene.session.conversation.id, scene.session.conversation.path[0].id
    scene.session.new()
    scene.until(lambda: not scene.session.streaming)
    assert found(scene, "first quest") == ["the first question"]
    scene.changes.clear()
    scene.session.open(first, turn)
    scene.until(lambda: Change("sought", first) in scene.changes)
    assert scene.session.conversation.id == first
    assert scene.session.sought() == (turn, "")


def test_a_turn_on_another_branch_is_turned_to(scene: Scene) -> None:
    scene.store.write(lambda con: create(con, BRANCHED)).result(30)
    scene.session.open("c", "left", "some reply")
    scene.until(lambda: Change("sought", "c", "some reply") in scene.changes)
    assert scene.session.conversation.leaf == "left end"
    scene.until(
        lambda: (
            (c := scene.store.read(lambda con: load(con, "c")).result(30)) is not None
            and c.leaf == "left end"
        )
    )
    scene.session.open("c", "right")  # it is shown already
    assert scene.session.conversation.leaf == "right"


def test_only_the_newest_search_is_told(scene: Scene) -> None:
    scene.ask("blue sky")
    scene.session.search(parse("nothing of this kind"))
    scene.session.search(parse("blue "))
    scene.until(lambda: scene.session.found() is not None)
    result = scene.session.found()
    assert result is not None
    assert [hit.snippet.text for hit in result.hits if not hit.reply] == ["blue sky"]
    scene.session.search(Query())
    assert scene.session.found() is None


def test_older_texts_are_indexed_after_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "_AFTER_START", 0.0)
    first = Scene(tmp_path, Scripted())
    first.ask("an old question")
    first.store.write(words.begin_anew).result(30)
    first.session.close()
    second = Scene(tmp_path, Scripted())
    try:
        second.until(lambda: second.store.read(words.indexed).result(30) == 1.0)
        assert found(second, "old ") == ["an old question"]
        assert second.session.indexed == 1.0
    finally:
        second.session.close()


def test_without_a_store_nothing_is_found() -> None:
    scene = searching.Searching(None)
    scene.ask(parse("word"), lambda _query, _done: None)
    assert scene.found == search.Found()
