"""The tree of a conversation as a person moves in it: edits, branches, versions, chosen answers, one lane alone."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.scripted import Scripted
from tests.engine.test_session import LANES, Scene
from tests.store.strategies import opened

from sidelight.chat.conversation import (
    ContextRule,
    Conversation,
    Turn,
    branchings,
    newest_leaf,
    siblings,
    with_chosen,
)
from sidelight.chat.events import AnswerDelta, Finished, FinishReason, Started, Usage
from sidelight.chat.message import Attachment, Lane, Prompt
from sidelight.chat.reply import Reply, ReplyState, Timing
from sidelight.engine.branching import alone, store_copy
from sidelight.store import exchanges
from sidelight.store.conversations import create, damaged, load
from sidelight.store.exchanges import Recorded
from sidelight.store.spending import asked_since


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path, Scripted())
    yield scene
    scene.session.close()


def rest(scene: Scene) -> Conversation:
    scene.until(lambda: not scene.session.streaming, 20)
    return scene.session.conversation


def prompts(scene: Scene) -> list[str]:
    return [t.prompt.text for t in scene.session.conversation.path]


def stored(scene: Scene, conversation_id: str) -> Conversation:
    """As the disk has it, once all is written."""
    future = scene.session._network_side.run(lambda outside: outside.load(conversation_id))
    found = future.result(10)
    assert found is not None
    return found


def test_a_prompt_is_edited_and_the_old_branch_stays(scene: Scene) -> None:
    scene.ask("first")
    scene.ask("second")
    scene.ask("third")
    first, second, third = (t.id for t in scene.session.conversation.path)
    scene.session.edit(second, "second, said better")
    conversation = rest(scene)
    assert prompts(scene) == ["first", "second, said better"]
    edited = conversation.path[-1]
    assert edited.parent == first
    assert [r.lane for r in edited.replies] == [lane.id for lane in LANES]
    assert scene.session.siblings(second) == scene.session.siblings(edited.id) == (second, edited.id)
    own = [r for r in scene.backend.requests if r.messages[0].role == "user"][-1]
    assert [m.text for m in own.messages] == ["first", "an answer", "second, said better"]
    scene.session.go_to(second)
    assert prompts(scene) == ["first", "second", "third"]
    assert scene.session.conversation.leaf == third
    assert stored(scene, conversation.id) == scene.session.conversation


def test_the_first_prompt_is_edited_too(scene: Scene) -> None:
    scene.ask("first")
    (first,) = scene.session.conversation.path
    scene.session.edit(first.id, "another first")
    rest(scene)
    assert prompts(scene) == ["another first"]
    assert len(scene.session.siblings(first.id)) == 2
    assert stored(scene, scene.session.conversation.id) == scene.session.conversation


def test_an_edit_goes_with_the_files_of_the_old_prompt_unless_others_are_given(scene: Scene) -> None:
    content = b"what is in it"
    file = Attachment("a" * 64, "a.txt", "text/plain", len(content))
    scene.session.send("read this", [(file, content)])
    rest(scene)
    (first,) = scene.session.conversation.path
    scene.session.edit(first.id, "read this again")
    assert rest(scene).path[-1].prompt.attachments == (file,)
    assert scene.backend.requests[-1].files == {file.digest: content}
    scene.session.edit(first.id, "read nothing", [])
    assert rest(scene).path[-1].prompt.attachments == ()


def test_what_cannot_be_edited_is_refused_or_passed_over(tmp_path: Path) -> None:
    scene = Scene(tmp_path, Scripted((Started(), *[AnswerDelta("word ")] * 1000), pause=0.002))
    try:
        scene.session.send("first")
        (turn,) = scene.session.conversation.path
        with pytest.raises(ValueError, match=r"engine\.still_streaming"):
            scene.session.edit(turn.id, "else")
        with pytest.raises(ValueError, match=r"engine\.empty_prompt"):
            scene.session.edit(turn.id, " ")
        with pytest.raises(ValueError, match=r"engine\.still_streaming"):
            scene.session.continue_alone("one")
        before = scene.session.conversation
        for wish in (scene.session.go_to, scene.session.branch_from):
            wish("nowhere")
        scene.session.edit("nowhere", "text")
        scene.session.take_over("nowhere", "one")
        scene.session.ask_lane("nowhere", "one")
        assert scene.session.siblings("nowhere") == ()
        assert scene.session.conversation.leaf == before.leaf
        scene.session.stop()
        rest(scene)
        assert len(scene.session.conversation.turns) == 1
    finally:
        scene.session.close()


def test_the_next_prompt_follows_any_turn(scene: Scene) -> None:
    for text in ("first", "second", "third"):
        scene.ask(text)
    first = scene.session.conversation.path[0]
    scene.session.branch_from(first.id)
    assert prompts(scene) == ["first"]
    scene.ask("other second")
    assert prompts(scene) == ["first", "other second"]
    assert [t.prompt.text for t in scene.session.conversation.children(first.id)] == [
        "second",
        "other second",
    ]
    assert stored(scene, scene.session.conversation.id) == scene.session.conversation


def test_a_lane_that_came_later_is_asked_in_an_answered_turn(scene: Scene) -> None:
    scene.ask("first")
    turn = scene.session.conversation.path[0].id
    late = scene.session.add_lane("scripted", "late")
    scene.session.ask_lane(turn, late.id)
    conversation = rest(scene)
    reply = conversation.path[0].reply(late.id)
    assert reply is not None
    assert (reply.version, reply.answer_text) == (1, "an answer")
    asked = scene.backend.opened
    scene.session.ask_lane(turn, late.id)
    rest(scene)
    assert scene.backend.opened == asked, "it was asked already"
    assert stored(scene, conversation.id) == scene.session.conversation


def test_an_answer_goes_on_for_all_and_no_longer(scene: Scene) -> None:
    scene.session.set_lanes((Lane("one", "scripted", "m"), Lane("two", "scripted", "n")))
    scene.ask("first")
    turn = scene.session.conversation.path[0]
    scene.session.take_over(turn.id, "nobody")
    assert scene.session.conversation.path[0].chosen is None
    scene.session.take_over(turn.id, "two")
    conversation = scene.session.conversation
    assert (conversation.rule, conversation.path[0].chosen) == (ContextRule.CHOSEN, "two")
    assert stored(scene, conversation.id) == conversation
    scene.session.take_over(turn.id, None)
    conversation = scene.session.conversation
    assert (conversation.rule, conversation.path[0].chosen) == (ContextRule.OWN, None)
    assert stored(scene, conversation.id) == conversation


def test_the_rule_that_a_person_set_is_left_alone() -> None:
    turns = (Turn("a", None, Prompt("a")), Turn("b", "a", Prompt("b")))
    unasked = Conversation("c", turns=turns, leaf="b", rule=ContextRule.NONE)
    assert with_chosen(unasked, "a", "x").rule is ContextRule.NONE
    both = with_chosen(with_chosen(Conversation("c", turns=turns, leaf="b"), "a", "x"), "b", "y")
    assert with_chosen(both, "a", None).rule is ContextRule.CHOSEN
    assert with_chosen(with_chosen(both, "a", None), "b", None).rule is ContextRule.OWN


def test_a_lane_goes_on_alone_in_a_conversation_of_its_own(scene: Scene) -> None:
    scene.ask("first")
    scene.session.retry(scene.session.conversation.path[0].id, ["one"])
    rest(scene)
    scene.ask("second")
    origin = scene.session.conversation
    scene.session.continue_alone("one")
    made = scene.session.conversation
    assert made.id != origin.id
    assert (made.title, made.rule, [lane.id for lane in made.lanes]) == ("first", ContextRule.OWN, ["one"])
    assert [t.prompt for t in made.path] == [t.prompt for t in origin.path]
    assert [len(t.replies) for t in made.path] == [2, 1]
    ids = {t.id for t in origin.turns} | {r.id for t in origin.turns for r in t.replies}
    assert not ids & ({t.id for t in made.turns} | {r.id for t in made.turns for r in t.replies})
    assert [s.id for s in scene.session.history()] == [made.id, origin.id]
    scene.ask("third")
    assert [m.text for m in scene.backend.requests[-1].messages] == [
        *("first", "an answer", "second", "an answer", "third")
    ]
    assert stored(scene, made.id) == scene.session.conversation
    assert stored(scene, origin.id) == origin


def test_copies_are_not_paid_twice_and_bring_what_went_over_the_wire(tmp_path: Path) -> None:
    replies = tuple(
        replace(
            Reply(name, "one", number, ReplyState.COMPLETE, usage=Usage(prompt=5)),
            timing=Timing(asked_at=100.0, done=2.0),
            reread="a" if name == "b" else "",
        )
        for number, name in enumerate("ab", 1)
    )
    other = Reply("c", "two", state=ReplyState.COMPLETE)
    turn = Turn("t", None, Prompt("first"), (*replies, other), 5.0)
    origin = Conversation("c", "Title", LANES, (turn,), "t", ContextRule.NONE, 1.0)
    recorded = Recorded("POST", "http://x/", (), "{}", b"")
    made, copied = alone(origin, "one", 200.0)
    first, again = made.path[0].replies
    assert copied == {first.id: "a", again.id: "b"}
    assert again.reread == first.id, "it was read from the recording of the first"
    assert made.rule is ContextRule.NONE
    with opened(tmp_path) as store:
        store.write(lambda con: create(con, origin)).result()
        store.write(lambda con: exchanges.write(con, "a", recorded)).result()
        store.write(lambda con: exchanges.write(con, "c", recorded)).result()
        store.write(store_copy(made, tuple(copied.items()))).result()
        assert store.read(lambda con: load(con, made.id)).result() == made
        assert store.read(lambda con: exchanges.read(con, first.id)).result() == recorded
        assert store.read(lambda con: exchanges.read(con, again.id)).result() is None
        paid = store.read(lambda con: asked_since(con, 50.0)).result()
        assert [r.id for r in paid] == ["a"]
        assert store.read(damaged).result() == ()
        store.write(lambda con: con.execute("UPDATE exchanges SET checksum = 0")).result()
        made, copied = alone(origin, "one", 201.0)
        store.write(store_copy(made, tuple(copied.items()))).result()
        assert store.read(lambda con: load(con, made.id)).result() == made, "a damaged recording stays behind"


def test_the_newest_end_of_a_branch() -> None:
    tree = Conversation(
        "c",
        turns=(
            Turn("root", None, Prompt("")),
            Turn("old", "root", Prompt("")),
            Turn("new", "root", Prompt("")),
            Turn("newest", "old", Prompt("")),
            Turn("other root", None, Prompt("")),
        ),
        leaf="new",
    )
    assert newest_leaf(tree, "root") == newest_leaf(tree, "old") == "newest"
    assert newest_leaf(tree, "new") == "new"
    assert newest_leaf(tree, "other root") == "other root"
    assert siblings(tree, "root") == ("root", "other root")
    assert branchings(tree) == {
        turn.id: siblings(tree, turn.id) for turn in tree.turns if len(siblings(tree, turn.id)) > 1
    }
    assert set(branchings(tree)) == {"root", "other root", "old", "new"}
    circle = Conversation("c", turns=(Turn("a", "b", Prompt("")), Turn("b", "a", Prompt(""))), leaf="a")
    assert newest_leaf(circle, "a") in ("a", "b")


# --- any sequence of them

_WISHES = (
    "send",
    "edit",
    "branch",
    "retry",
    "go_to",
    "take_over",
    "delete",
    "restore",
    "new",
    "open",
    "alone",
)
_steps = st.lists(st.tuples(st.sampled_from(_WISHES), st.integers(0, 99)), min_size=4, max_size=14)


def sound(conversation: Conversation) -> None:
    """A tree: each turn after its parent, a leaf that is there, versions counted, and nothing twice."""
    seen: set[str | None] = {None}
    for turn in conversation.turns:
        assert turn.parent in seen
        seen.add(turn.id)
        for lane in {r.lane for r in turn.replies}:
            assert [r.version for r in turn.versions(lane)] == list(range(1, len(turn.versions(lane)) + 1))
    replies = [r.id for t in conversation.turns for r in t.replies]
    assert len(set(replies)) == len(replies)
    assert len(seen) == len(conversation.turns) + 1
    assert conversation.leaf in seen
    assert (conversation.leaf is None) == (not conversation.turns)
    assert [t.id for t in conversation.path][-1:] == ([conversation.leaf] if conversation.leaf else [])


class Person:
    """Does what is drawn, and knows what must come of it."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.session = scene, scene.session
        self.seen: dict[str, Conversation] = {}
        self.gone: list[str] = []

    def do(self, wish: str, number: int) -> None:
        conversation = self.session.conversation
        turn = conversation.turns[number % len(conversation.turns)].id if conversation.turns else ""
        lane = LANES[number % 2].id
        there = [i for i in self.seen if i not in self.gone]
        if wish == "send" or not turn:
            self.session.send(f"prompt {number}")
        elif wish == "edit":
            self.session.edit(turn, f"edit {number}")
        elif wish == "branch":
            self.session.branch_from(turn)
        elif wish == "retry":
            self.session.retry(turn, [lane])
        elif wish == "go_to":
            self.session.go_to(turn)
        elif wish == "take_over":
            self.session.take_over(turn, lane if number % 3 else None)
        elif wish == "alone":
            self.session.continue_alone(lane)
        elif wish == "delete":
            self.session.delete(conversation.id)
            self.gone.append(conversation.id)
        elif wish == "restore" and self.gone:
            self.session.restore(self.gone.pop(number % len(self.gone)))
        elif wish == "open" and there:
            self.session.open(chosen := there[number % len(there)])
            self.scene.until(lambda: self.session.conversation.id == chosen, 20)
        elif wish == "new":
            self.session.new()
        shown = rest(self.scene)
        sound(shown)
        if not shown.lanes or {lane.id for lane in shown.lanes} - {lane.id for lane in LANES}:
            self.session.set_lanes(LANES)
            shown = self.session.conversation
        if shown.turns:
            self.seen[shown.id] = shown
        self.listed()

    def listed(self) -> None:
        there = {s.id for s in self.session.history()}
        assert there == {i for i in self.seen if i not in self.gone}
        assert {s.id for s in self.session.trash} == set(self.gone)


@given(_steps)
@settings(max_examples=10, deadline=None)
def test_any_sequence_keeps_a_sound_tree_that_another_session_reads(steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        scene = Scene(Path(name), Scripted((AnswerDelta("yes"), Finished(FinishReason.STOP))))
        try:
            person = Person(scene)
            for wish, number in steps:
                person.do(wish, number)
        finally:
            assert scene.session.close()
        again = Scene(Path(name), Scripted())
        try:
            again.until(lambda: len((*again.session.history(), *again.session.trash)) == len(person.seen), 20)
            person.session = again.session
            person.listed()
            for identifier, seen in person.seen.items():
                assert again.store.read(lambda con, i=identifier: load(con, i)).result() == seen  # type: ignore[misc]
                again.session.open(identifier)
                again.until(lambda i=identifier: again.session.conversation.id == i, 20)  # type: ignore[misc]
                assert again.session.conversation == seen
        finally:
            again.session.close()
