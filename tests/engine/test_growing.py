"""A conversation that grows by an import while it is open: real files, the real importer in its process, a real store."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.engine.scripted import Scripted
from tests.engine.test_session import LANES, Scene, staged
from tests.transfer.importers.sources import chatgpt, chatgpt_node, chatgpt_plain

from sidelight.chat.conversation import Conversation, Turn
from sidelight.chat.events import AnswerDelta, Event
from sidelight.chat.message import Lane, Prompt
from sidelight.chat.reply import Reply, ReplyState
from sidelight.engine.growing import grown
from sidelight.store import conversations
from sidelight.store.database import Store
from sidelight.transfer.importing import Import

ENDLESS: tuple[Event, ...] = (AnswerDelta("word "),) * 20_000
MODEL = {"model_slug": "gpt-4o"}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path, Scripted())
    yield scene
    scene.session.close()


def more(*, first: str = "It scatters.") -> dict[str, Any]:
    """The plain conversation, gone on: another answer to its question, another question; `first` is its first answer now."""
    return chatgpt(
        chatgpt_node("root", None),
        chatgpt_node("u1", "root", "user", "Why is the sky blue?"),
        chatgpt_node("a1", "u1", "assistant", first, metadata=MODEL),
        chatgpt_node("a2", "u1", "assistant", "Rayleigh.", at=1.7e9 + 1, metadata={"model_slug": "o3"}),
        chatgpt_node("u2", "a1", "user", "And at night?", at=1.7e9 + 2),
        chatgpt_node("a3", "u2", "assistant", "Black.", at=1.7e9 + 3, metadata=MODEL),
        current="a3",
    )


def taken(scene: Scene, *items: object, before: Callable[[], None] = lambda: None) -> set[str]:
    """Take a file in as the window does, over a connection of its own; the ids that were told.

    `before` is called when it is on disk, and before the session hears of it.
    """
    path = scene.folder / "export.json"
    path.write_text(json.dumps(items))
    told: set[str] = set()
    with closing(Import(stored=told.update)) as importing, closing(Store.open(scene.store.path)) as store:
        report = importing.take(store, path)
    assert report.trouble is None
    before()
    scene.session.look_again(told)
    return told


def opened(scene: Scene) -> Conversation:
    """Take the plain conversation in and show it."""
    (identifier,) = taken(scene, chatgpt_plain())
    scene.session.open(identifier)
    scene.until(lambda: scene.session.conversation.id == identifier)
    return scene.session.conversation


def on_disk(scene: Scene) -> Conversation:
    """What a session would open that comes later."""
    identifier = scene.session.conversation.id
    loading = scene.session._network_side.run(lambda outside: outside.load(identifier))
    scene.until(loading.done, 20)
    found = loading.result()
    assert found is not None
    return found


def prompts(conversation: Conversation) -> list[str]:
    return [turn.prompt.text for turn in conversation.path]


def answers(conversation: Conversation) -> set[str]:
    return {reply.answer_text for turn in conversation.turns for reply in turn.replies}


def test_what_is_shown_grows_at_once(scene: Scene) -> None:
    before = opened(scene)
    scene.changes.clear()
    assert taken(scene, more()) == {before.id}
    scene.until(lambda: len(scene.session.conversation.turns) == 2)
    now = scene.session.conversation
    assert ("conversation", before.id) in {(c.kind, c.conversation) for c in scene.changes}
    assert prompts(now) == ["Why is the sky blue?", "And at night?"]
    assert answers(now) == {"It scatters.", "Rayleigh.", "Black."}
    assert now.turns[0].replies[0] is before.turns[0].replies[0]
    assert [x.model for x in now.lanes] == ["gpt-4o"]
    assert now == on_disk(scene)
    scene.session.set_lanes((*now.lanes, *LANES))
    scene.ask("And at dawn?")
    assert prompts(on_disk(scene)) == ["Why is the sky blue?", "And at night?", "And at dawn?"]
    assert [m.text for m in scene.backend.requests[0].messages][-1] == "And at dawn?"


def test_an_answer_that_is_another_in_a_newer_export_is_shown(scene: Scene) -> None:
    opened(scene)
    taken(scene, more(first="It scatters, by the fourth power."))
    scene.until(lambda: "It scatters, by the fourth power." in answers(scene.session.conversation))
    assert "It scatters." not in answers(scene.session.conversation)
    assert scene.session.conversation == on_disk(scene)


def test_the_same_file_again_changes_nothing(scene: Scene) -> None:
    before = opened(scene)
    assert taken(scene, chatgpt_plain()) == set()
    scene.session.look_again([before.id, "unknown"])
    on_disk(scene)  # whatever was to be read has been read by now
    scene.session.drain()
    assert scene.session.conversation is before


def test_what_streams_is_waited_for(tmp_path: Path) -> None:
    scene = staged(tmp_path, ENDLESS, pause=0.005)
    with closing(scene.session):
        opened(scene)
        scene.session.set_lanes((*scene.session.conversation.lanes, *LANES))
        scene.session.send("Are you sure?")
        scene.until(lambda: bool(scene.reply("one").answer_text))
        taken(scene, more())
        on_disk(scene)  # whatever was to be read has been read by now
        scene.session.drain()
        assert scene.session.streaming_conversations
        assert len(scene.session.conversation.turns) == 2
        scene.session.stop("one")
        scene.until(lambda: scene.reply("one").state is ReplyState.INTERRUPTED)
        assert len(scene.session.conversation.turns) == 2
        scene.session.stop()
        scene.until(lambda: len(scene.session.conversation.turns) == 3, 20)
        now = scene.session.conversation
        assert scene.reply("one").answer_text.startswith("word ")
        assert prompts(now) == ["Why is the sky blue?", "Are you sure?"]
        assert {"It scatters.", "Rayleigh.", "Black."} < answers(now)
        assert sorted(scene.session.siblings(now.path[-1].id)) == sorted(t.id for t in now.turns[1:])
        assert {t.id for t in now.turns} == {t.id for t in on_disk(scene).turns}


def test_what_streams_elsewhere_is_not_waited_for(tmp_path: Path) -> None:
    scene = staged(tmp_path, ENDLESS, pause=0.005)
    with closing(scene.session):
        shown = opened(scene)
        scene.session.new()
        scene.session.set_lanes(LANES)
        scene.session.send("Something else")
        scene.session.open(shown.id)
        scene.until(lambda: scene.session.conversation.id == shown.id)
        taken(scene, more())
        scene.until(lambda: len(scene.session.conversation.turns) == 2)
        assert scene.session.streaming


def test_a_prompt_sent_meanwhile_is_not_lost(scene: Scene) -> None:
    shown = opened(scene)
    scene.session.set_lanes((*shown.lanes, *LANES))

    def send() -> None:
        scene.session.send("Meanwhile")

    taken(scene, more(), before=send)
    scene.until(lambda: not scene.session.streaming and len(scene.session.conversation.turns) == 3, 20)
    assert prompts(scene.session.conversation) == ["Why is the sky blue?", "Meanwhile"]
    assert scene.reply("one").answer_text == "an answer"
    assert {t.id for t in on_disk(scene).turns} == {t.id for t in scene.session.conversation.turns}


def test_a_change_between_looking_and_finding_is_not_lost(scene: Scene) -> None:
    shown = opened(scene)
    taken(scene, more())
    scene.session.rename(shown.id, "Renamed")  # before what was read is taken
    scene.session.set_lanes((*shown.lanes, *LANES))
    scene.until(lambda: len(scene.session.conversation.turns) == 2)
    now = scene.session.conversation
    assert now.title == "Renamed"
    assert {x.id for x in LANES} < {x.id for x in now.lanes}
    assert answers(now) == {"It scatters.", "Rayleigh.", "Black."}


def test_one_that_is_just_being_opened_is_opened_grown(scene: Scene) -> None:
    (identifier,) = taken(scene, chatgpt_plain())
    scene.session.open(identifier)
    taken(scene, more())  # what was read of it may be older
    scene.until(lambda: scene.session.conversation.id == identifier)
    scene.until(lambda: len(scene.session.conversation.turns) == 2)


def test_drafts_stay(scene: Scene) -> None:
    shown = opened(scene)
    scene.session.keep_draft(shown.id, "half a thou")
    taken(scene, more())
    scene.until(lambda: len(scene.session.conversation.turns) == 2)
    assert scene.session.draft == "half a thou"


def test_a_branch_begun_in_the_middle_stays_the_one_shown(scene: Scene) -> None:
    shown = opened(scene)
    taken(scene, more())
    scene.until(lambda: len(scene.session.conversation.turns) == 2)
    scene.session.branch_from(shown.turns[0].id)
    longer = more()
    longer["mapping"] |= {
        node["id"]: node
        for node in (
            chatgpt_node("u3", "a3", "user", "And on Mars?", at=1.7e9 + 4),
            chatgpt_node("a4", "u3", "assistant", "Red.", at=1.7e9 + 5, metadata=MODEL),
        )
    }
    taken(scene, longer | {"current_node": "a4"})
    scene.until(lambda: len(scene.session.conversation.turns) == 3)
    assert prompts(scene.session.conversation) == ["Why is the sky blue?"]


def test_one_erased_meanwhile_stays_gone(scene: Scene) -> None:
    shown = opened(scene)
    taken(scene, more())
    scene.session.erase(shown.id)
    fresh = scene.session.conversation.id
    loading = scene.session._network_side.run(lambda outside: outside.load(shown.id))
    scene.until(loading.done)
    assert loading.result() is None
    assert scene.session.conversation.id == fresh
    assert shown.id not in scene.session._opened


# --- what is new, as values


def turn(name: str, parent: str | None, *replies: Reply) -> Turn:
    return Turn(name, parent, Prompt(name), replies)


def reply(name: str, state: ReplyState = ReplyState.COMPLETE, version: int = 1) -> Reply:
    return Reply(name, "l", version, state)


HERE = Conversation(
    "c", "Mine", (Lane("l", "b", "m"),), (turn("a", None, reply("ra")), turn("b", "a", reply("rb"))), "b"
)


def test_nothing_new_is_nothing() -> None:
    assert grown(HERE, HERE, ()) is None
    assert grown(HERE, None, ()) is None
    assert grown(HERE, replace(HERE, title="Theirs", leaf="a"), ()) is None
    assert grown(HERE, replace(HERE, turns=HERE.turns[:1], lanes=()), ()) is None


def test_what_is_not_on_disk_yet_stays_behind_what_is() -> None:
    stored = replace(HERE, turns=(HERE.turns[0], turn("x", "a")), leaf="x")
    found = grown(HERE, stored, ())
    assert found is not None
    assert [t.id for t in found.turns] == ["a", "x", "b"]
    assert found.turns[0] is HERE.turns[0]
    assert (found.leaf, found.title) == ("b", "Mine")


def test_the_branch_shown_goes_on_only_at_its_end() -> None:
    stored = replace(HERE, turns=(*HERE.turns, turn("c", "b"), turn("d", "c")), leaf="d")
    for leaf, then in (("b", "d"), ("a", "a"), (None, "d")):
        found = grown(replace(HERE, leaf=leaf), stored, ())
        assert found is not None
        assert found.leaf == then


def test_of_replies_that_differ_those_asked_for_here_stay() -> None:
    stored = replace(
        HERE,
        turns=(
            turn("a", None, reply("ra", ReplyState.INTERRUPTED), reply("new", version=2)),
            turn("b", "a", reply("rb", ReplyState.INTERRUPTED)),
        ),
    )
    found = grown(HERE, stored, {"rb"})
    assert found is not None
    assert [r.state for t in found.turns for r in t.replies] == [
        ReplyState.INTERRUPTED,
        ReplyState.COMPLETE,
        ReplyState.COMPLETE,
    ]
    assert found.turns[1] is HERE.turns[1]


def test_lanes_that_came_stand_at_the_right(scene: Scene) -> None:
    stored = replace(HERE, lanes=(Lane("new", "b", "m"), Lane("l", "b", "other")))
    found = grown(HERE, stored, ())
    assert found is not None
    assert found.lanes == (Lane("l", "b", "m"), Lane("new", "b", "m"))


def test_a_look_at_a_file_that_cannot_be_read_is_said(scene: Scene) -> None:
    shown = opened(scene)
    scene.store.write(lambda con: con.execute("UPDATE replies SET facts = '[nonsense'")).result(10)
    scene.session.look_again([shown.id])
    scene.until(lambda: any(n.code == "store.corrupt" for n in scene.session.notices))
    assert scene.session.conversation is shown
    scene.store.write(lambda con: conversations.delete(con, shown.id)).result(10)
