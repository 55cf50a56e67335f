"""What a face sees and wishes: folding, context, retries, lanes, history, and two conversations at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from tests import waiting
from tests.engine.scripted import Scripted

from sidelight.backends import registry
from sidelight.backends.base import Backend, KeyFor
from sidelight.chat.conversation import ContextRule
from sidelight.chat.events import AnswerDelta, Event, Failed, FailureKind, Finished, FinishReason, Started
from sidelight.chat.message import Lane, Parameters, new_id
from sidelight.chat.reply import Reply, ReplyState
from sidelight.engine.outside import Outside
from sidelight.engine.session import Session
from sidelight.engine.terms import Change, Face
from sidelight.keys import Keys
from sidelight.net.client import Http
from sidelight.settings import BackendSetting, Settings, load
from sidelight.store.database import Store

SCRIPTED = BackendSetting("scripted", "scripted")
LANES = (Lane("one", "scripted", "m"), Lane("two", "scripted", "m", Parameters(system="be brief")))


class Scene:
    """A session over a real store and a scripted backend."""

    def __init__(
        self, folder: Path, backend: Scripted, *, temporary: bool = False, read_only: bool = False
    ) -> None:
        self.folder = folder
        self.backend = backend
        self.changes: list[Change] = []
        self.store = Store.open(folder / "data" / "sidelight.db", read_only=read_only)
        self.session = Session(
            msgspec.structs.replace(load(folder / "settings.json"), backends=(SCRIPTED,), find_servers=False),
            store=self.store,
            settings_file=folder / "settings.json",
            weights=folder / "weights",
            make_outside=self._outside,
            temporary=temporary,
        )
        self.session.subscribe(self.changes.append)
        self.session.start()
        self.until(lambda: bool(self.session.backends()) and bool(self.changes))
        self.session.set_lanes(LANES)

    def _outside(self, settings: Settings, store: Store | None, weights: Path, face: Face) -> Outside:
        def build(setting: BackendSetting, http: Http, key_for: KeyFor) -> Backend:
            return self.backend if setting.provider == "scripted" else registry.build(setting, http, key_for)

        return Outside(settings, store, weights, Keys({}), face, build)

    def until(self, condition: Callable[[], bool], seconds: float = 30.0) -> None:
        waiting.until(self.session, condition, seconds)

    def ask(self, text: str) -> None:
        self.session.send(text)
        self.until(lambda: not self.session.streaming)

    def reply(self, lane: str) -> Reply:
        reply = self.session.conversation.path[-1].reply(lane)
        assert reply is not None
        return reply


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path, Scripted())
    yield scene
    scene.session.close()


def staged(tmp_path: Path, script: tuple[Event, ...], pause: float = 0.0) -> Scene:
    return Scene(tmp_path, Scripted(script, pause=pause))


def test_a_prompt_goes_to_every_lane_and_is_kept(scene: Scene, tmp_path: Path) -> None:
    scene.ask("What is\nthe matter?")
    for lane in ("one", "two"):
        reply = scene.reply(lane)
        assert reply.state is ReplyState.COMPLETE
        assert (reply.trace_text, reply.answer_text) == ("think more", "an answer")
        assert reply.identity.requested_model == "m"
        assert reply.identity.served_model == "served-1"
        assert reply.usage is not None
        assert reply.usage.reasoning == 2
    assert scene.session.conversation.title == "What is"
    kept = scene.session.conversation
    scene.session.close()

    again = Scene(tmp_path, Scripted())
    again.until(lambda: bool(again.session.history()))
    assert [s.title for s in again.session.history()] == ["What is"]
    again.session.open(kept.id)
    again.until(lambda: again.session.conversation.id == kept.id)
    stored = again.session.conversation
    assert [r.answer_text for t in stored.turns for r in t.replies] == ["an answer", "an answer"]
    assert stored.turns == kept.turns
    assert stored.lanes == kept.lanes
    again.session.close()


def test_lanes_are_sent_their_own_history_alone(scene: Scene) -> None:
    backend = scene.backend
    scene.ask("first")
    scene.ask("second")
    own = [r for r in backend.requests if r.messages[0].role == "user"][-1]
    assert [(m.role, m.text) for m in own.messages] == [
        ("user", "first"),
        ("assistant", "an answer"),
        ("user", "second"),
    ]
    scene.session.set_rule(ContextRule.NONE)
    scene.ask("third")
    assert [m.text for m in backend.requests[-1].messages if m.role == "user"] == ["third"]


def test_what_cannot_be_sent_is_refused_with_a_code(scene: Scene) -> None:
    for text, code in (("", "engine.empty_prompt"), (" \n ", "engine.empty_prompt")):
        with pytest.raises(ValueError, match=code):
            scene.session.send(text)
    scene.session.set_lanes(())
    with pytest.raises(ValueError, match=r"engine\.no_lanes"):
        scene.session.send("hello")


def test_retry_makes_a_new_version_and_keeps_the_old(tmp_path: Path) -> None:
    scene = staged(tmp_path, (AnswerDelta("half"), Failed(FailureKind.SERVER, "broken")))
    scene.ask("hello")
    assert scene.reply("one").state is ReplyState.FAILED
    assert scene.reply("one").answer_text == "half"
    scene.backend.script = (AnswerDelta("whole"), Finished(FinishReason.STOP))
    scene.session.retry_failed()
    scene.until(lambda: not scene.session.streaming)
    versions = scene.session.conversation.path[-1].versions("one")
    assert [(v.version, v.state, v.answer_text) for v in versions] == [
        (1, ReplyState.FAILED, "half"),
        (2, ReplyState.COMPLETE, "whole"),
    ]
    identifier = scene.session.conversation.id
    scene.session.new()
    scene.session.open(identifier)
    scene.until(lambda: scene.session.conversation.id == identifier)
    assert scene.session.conversation.path[-1].versions("one") == versions
    scene.session.close()


def test_stop_marks_interrupted_and_keeps_what_came(tmp_path: Path) -> None:
    scene = staged(tmp_path, (Started(), *[AnswerDelta("word ")] * 1000), pause=0.002)
    scene.session.send("go on")
    scene.until(lambda: len(scene.reply("one").answer_text) > 20)
    assert (scene.session.elapsed(scene.reply("one").id) or 0) > 0
    scene.session.stop("one")
    scene.until(lambda: scene.reply("one").state is ReplyState.INTERRUPTED)
    assert scene.reply("one").answer_text.startswith("word word ")
    assert scene.reply("two").state is ReplyState.STREAMING
    assert scene.session.elapsed(scene.reply("one").id) is None
    with pytest.raises(ValueError, match=r"engine\.still_streaming"):
        scene.session.send("again")
    scene.session.stop()
    scene.until(lambda: not scene.session.streaming)
    assert scene.reply("two").state is ReplyState.INTERRUPTED
    scene.session.close()


def test_a_conversation_streams_on_while_another_is_shown(tmp_path: Path) -> None:
    scene = staged(tmp_path, (*[AnswerDelta("word ")] * 40, Finished(FinishReason.STOP)), pause=0.005)
    scene.session.send("first")
    first = scene.session.conversation.id
    scene.session.new()
    assert scene.session.conversation.id != first
    assert scene.session.streaming_conversations == {first}
    scene.until(lambda: not scene.session.streaming)
    scene.session.open(first)
    scene.until(lambda: scene.session.conversation.id == first)
    assert scene.reply("one").answer_text == "word " * 40
    scene.session.close()


def test_a_deleted_conversation_is_gone_and_its_streams_stopped(tmp_path: Path) -> None:
    scene = staged(tmp_path, (*[AnswerDelta("word ")] * 400, Finished(FinishReason.STOP)), pause=0.005)
    scene.session.send("first")
    first = scene.session.conversation.id
    scene.until(lambda: bool(scene.reply("one").answer_text))
    scene.session.erase(first)
    scene.until(lambda: not scene.session.streaming)
    scene.session.refresh_history()
    scene.changes.clear()
    scene.until(lambda: any(c.kind == "history" for c in scene.changes))
    assert scene.session.history() == ()
    scene.session.set_lanes(LANES)
    scene.backend.script = (AnswerDelta("fine"), Finished(FinishReason.STOP))
    scene.ask("the store still works")
    assert {n.code for n in scene.session.notices} <= {"engine.keyring.absent"}
    scene.session.close()


def test_lane_wishes(scene: Scene) -> None:
    session = scene.session
    third = session.add_lane("scripted", "other", Parameters(temperature=0.5))
    session.move_lane(third.id, 0)
    assert [x.id for x in session.conversation.lanes] == [third.id, "one", "two"]
    session.remove_lane("one")
    session.save_lanes_as_default()
    session.new()
    assert [(x.backend, x.model, x.parameters) for x in session.conversation.lanes] == [
        ("scripted", "other", Parameters(temperature=0.5)),
        ("scripted", "m", Parameters(system="be brief")),
    ]
    assert load(scene.folder / "settings.json").lanes == session.settings.lanes


def test_an_unknown_backend_fails_in_its_lane_alone(scene: Scene) -> None:
    scene.session.set_lanes((LANES[0], Lane("x", "nowhere", "m")))
    scene.ask("hello")
    assert scene.reply("one").state is ReplyState.COMPLETE
    failed = scene.reply("x").failed
    assert failed is not None
    assert failed.code == "backend_unknown"


def test_context_length_goes_on_without_the_oldest_turns(tmp_path: Path) -> None:
    scene = Scene(tmp_path, Scripted())
    for number in range(4):
        scene.ask(f"{number} " + "long " * 100)
    too_long = Failed(FailureKind.CONTEXT_LENGTH, details=(("prompt", "2000"), ("context", "1000")))
    scene.backend.script = (too_long,)
    scene.ask("last")
    turn = scene.session.conversation.path[-1]
    scene.backend.script = (AnswerDelta("fits"), Finished(FinishReason.STOP))
    assert scene.session.retry_shorter(turn.id, "one")
    scene.until(lambda: not scene.session.streaming)
    assert scene.reply("one").answer_text == "fits"
    dropped = scene.reply("one").dropped_turns
    assert 0 < dropped < 4
    scene.ask("and on")
    assert scene.reply("one").dropped_turns == dropped, "what was left out stays out"
    scene.session.close()


def test_temporary_conversations_leave_nothing(tmp_path: Path) -> None:
    scene = Scene(tmp_path, Scripted(), temporary=True)
    scene.ask("secret")
    assert scene.reply("one").answer_text == "an answer"
    count = scene.store.read(lambda c: c.execute("SELECT count(*) FROM conversations").fetchone()[0]).result()
    assert count == 0
    scene.session.close()


def test_listeners_are_told_once_a_reply_however_many_events(tmp_path: Path) -> None:
    scene = staged(tmp_path, (*[AnswerDelta("x")] * 500, Finished(FinishReason.STOP)))
    scene.session.send("burst")
    backend = scene.backend
    while not backend.opened == backend.closed == len(scene.session.conversation.lanes):
        time.sleep(0.01)  # nothing is drained meanwhile
    scene.changes.clear()
    scene.session.drain(1.0)
    told = [c for c in scene.changes if c.kind == "reply"]
    assert len(told) <= 2 * (1000 // 256 + 3)
    assert scene.reply("one").answer_text == "x" * 500
    scene.session.close()


def test_close_while_streaming_keeps_all_that_came(tmp_path: Path) -> None:
    scene = staged(tmp_path, (*[AnswerDelta("word ")] * 1000,), pause=0.001)
    scene.session.send("hello")
    scene.until(lambda: len(scene.reply("one").answer_text) > 100)
    seen = scene.reply("one").answer_text
    identifier = scene.session.conversation.id
    assert scene.session.close()
    again = Scene(tmp_path, Scripted())
    again.until(lambda: bool(again.session.history()))
    again.session.open(identifier)
    again.until(lambda: again.session.conversation.id == identifier)
    reply = again.reply("one")
    assert reply.state is ReplyState.INTERRUPTED
    assert reply.answer_text.startswith(seen)
    again.session.close()


def test_ids_are_fresh() -> None:
    assert len({new_id() for _ in range(1000)}) == 1000
