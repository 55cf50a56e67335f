"""What goes over the wire for a reply: recorded with keys masked, read again by another rule, waited for or not."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from tests import waiting
from tests.faults.server import FaultServer, answer, ok_sse
from tests.store.strategies import count, execute

from sidelight.backends import registry, streaming
from sidelight.backends.base import Prepared
from sidelight.backends.http_backend import HttpBackend
from sidelight.chat.events import Note
from sidelight.chat.message import Attachment, Lane, Parameters
from sidelight.chat.reply import Reply, ReplyState
from sidelight.engine import exchanges
from sidelight.engine.exchanges import InMemory, Watch
from sidelight.engine.outside import Outside
from sidelight.engine.session import Session
from sidelight.engine.terms import Face
from sidelight.keys import Keys
from sidelight.secrets import MASK, Redactor, Secret
from sidelight.settings import BackendSetting, Settings
from sidelight.store.database import Store
from sidelight.store.exchanges import Recorded

KEY = Secret("sk-canary-0123456789abcdef")
THOUGHT = ok_sse(
    b'data: {"model":"served","choices":[{"delta":{"content":"<think>So.</think>Yes"}}]}\n\n',
    b'data: {"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4}}\n\n',
    b"data: [DONE]\n\n",
)
BUSY = answer(429, b'{"error":{"message":"slow down"}}', "retry-after: 59")
PIXEL = bytes.fromhex("89504e470d0a1a0a") + b"not much of a picture"
PICTURE = Attachment(sha256(PIXEL).hexdigest(), "a.png", "image/png", len(PIXEL))


class Scene:
    """A session over a real store that asks a server on a real socket."""

    def __init__(self, folder: Path, url: str, *, temporary: bool = False, **parameters: object) -> None:
        setting = BackendSetting("server", "openai-compatible", base_url=url)
        self.store = Store.open(folder / "data" / "sidelight.db")
        self.session = Session(
            Settings(backends=(setting,), find_servers=False),
            store=self.store,
            settings_file=folder / "settings.json",
            weights=folder / "weights",
            make_outside=self._outside,
            temporary=temporary,
        )
        self.session.start()
        self.until(lambda: bool(self.session.backends()))
        self.session.set_lanes([Lane("lane", "server", "m", Parameters(**parameters))])  # type: ignore[arg-type]  # by name

    def _outside(self, settings: Settings, store: Store | None, weights: Path, face: Face) -> Outside:
        redact = Redactor([KEY])
        keys = Keys({})

        def build(setting: BackendSetting, http: object, _key_for: object) -> HttpBackend:
            async def key_for(_origin: str) -> Secret:
                return KEY

            return registry.build(setting, http, key_for)  # type: ignore[arg-type]  # it is an Http

        return Outside(settings, store, weights, keys, face, build, redact)

    def until(self, condition: Callable[[], bool], seconds: float = 30.0) -> None:
        waiting.until(self.session, condition, seconds)

    def ask(self, text: str = "Really?", *files: tuple[Attachment, bytes]) -> Reply:
        self.session.send(text, files)
        self.until(lambda: not self.session.streaming)
        return self.reply

    @property
    def reply(self) -> Reply:
        reply = self.session.conversation.path[-1].reply("lane")
        assert reply is not None
        return reply

    def recorded(self) -> Recorded | None:
        identifier, seen = self.reply.id, []
        stop = self.session.subscribe(lambda change: seen.append(change.kind))
        self.session.ask_recorded(identifier)
        self.until(lambda: "recorded" in seen)
        stop()
        return self.session.recorded(identifier)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Scene]]:
    scenes: list[Scene] = []

    def make(url: str, **wishes: object) -> Scene:
        scenes.append(Scene(tmp_path, url, **wishes))  # type: ignore[arg-type]  # by name
        return scenes[-1]

    yield make
    for scene in scenes:
        scene.session.close()


@pytest.mark.parametrize("temporary", [False, True])
def test_request_and_answer_are_kept_without_the_key(opened: Callable[..., Scene], temporary: bool) -> None:
    with FaultServer([THOUGHT]) as server:
        scene = opened(server.url, temporary=temporary, temperature=0.5, effort="high")
        reply = scene.ask()
        recorded = scene.recorded()
        seen = server.requests[0]
    assert recorded is not None
    assert (recorded.method, recorded.url) == ("POST", f"{server.url}/v1/chat/completions")
    assert dict(recorded.headers)["authorization"] == MASK
    assert json.loads(recorded.body) == json.loads(seen.body)
    assert b"<think>So.</think>Yes" in recorded.unpacked()
    assert recorded.whole
    assert reply.notes == (
        Note("temperature", "sent", "temperature"),
        Note("effort", "ignored", "unknown_server"),
    )
    assert reply.asked is not None
    assert (reply.asked.backend, reply.asked.provider) == ("server", "openai-compatible")
    assert reply.asked.host == server.url.removeprefix("http://")
    assert reply.asked.parameters.temperature == 0.5


def test_a_recorded_stream_is_read_by_another_rule_and_nothing_is_sent(opened: Callable[..., Scene]) -> None:
    with FaultServer([THOUGHT]) as server:
        scene = opened(server.url)
        first = scene.ask()
        assert (first.trace_text, first.answer_text) == ("So.", "Yes")
        turn = scene.session.conversation.path[-1].id
        scene.session.reread(turn, first.id, "leave")
        scene.until(lambda: scene.reply.version == 2)
        second = scene.reply
        scene.session.reread(turn, second.id, "inside")
        scene.until(lambda: scene.reply.version == 3)
        third = scene.reply
        assert len(server.requests) == 1
    assert (second.trace_text, second.answer_text) == ("", "<think>So.</think>Yes")
    assert (third.trace_text, third.answer_text) == ("So.", "Yes")
    assert second.reread == third.reread == first.id
    assert second.state is ReplyState.COMPLETE
    assert (second.usage, second.identity) == (first.usage, first.identity)
    assert second.timing.first_answer is None, "when a piece of it came is not recorded"
    assert second.asked is not None
    assert second.asked.parameters.tags == "leave"
    identifier = scene.session.conversation.id
    scene.session.new()
    scene.session.open(identifier)
    scene.until(lambda: scene.session.conversation.id == identifier)
    assert scene.session.conversation.path[-1].versions("lane") == (first, second, third)


def test_a_reply_without_a_recording_cannot_be_read_again(opened: Callable[..., Scene]) -> None:
    with FaultServer([THOUGHT]) as server:
        scene = opened(server.url)
        reply = scene.ask()
        scene.until(lambda: count(scene.store, "exchanges") == 1)
        execute(scene.store, "DELETE FROM exchanges")
        assert scene.recorded() is None
        scene.session.reread(scene.session.conversation.path[-1].id, reply.id, "leave")
        scene.until(lambda: "engine.no_recording" in [n.code for n in scene.session.notices])
    assert scene.reply.version == 1


def test_a_wait_is_told_and_can_be_ended(opened: Callable[..., Scene]) -> None:
    with FaultServer([BUSY, THOUGHT]) as server:
        scene = opened(server.url)
        scene.session.send("Now?")
        scene.until(lambda: scene.reply.again_at is not None)
        waiting = scene.reply
        assert waiting.progress is not None
        assert (waiting.progress.stage, waiting.progress.done, waiting.progress.total) == ("again", 1, 2)
        assert waiting.progress.why is not None
        assert waiting.progress.why.retry_after == 59
        assert 59 < (waiting.again_at or 0) < 62
        scene.session.hurry(waiting.id)
        scene.until(lambda: not scene.session.streaming)
        assert len(server.requests) == 2
    assert scene.reply.answer_text == "Yes"
    assert scene.reply.again_at is None
    recorded = scene.recorded()
    assert recorded is not None
    assert b"slow down" not in recorded.unpacked(), "the last answer is the one that is kept"


def test_a_wait_is_stopped_like_a_stream(opened: Callable[..., Scene]) -> None:
    with FaultServer([BUSY]) as server:
        scene = opened(server.url)
        scene.session.send("Now?")
        scene.until(lambda: scene.reply.again_at is not None)
        scene.session.stop()
        scene.until(lambda: not scene.session.streaming)
    assert scene.reply.state is ReplyState.INTERRUPTED
    recorded = scene.recorded()
    assert recorded is not None
    assert b"slow down" in recorded.unpacked()


def test_attachments_are_stored_once_and_go_with_their_prompt_again(opened: Callable[..., Scene]) -> None:
    with FaultServer([THOUGHT]) as server:
        scene = opened(server.url)
        scene.ask("", (PICTURE, PIXEL))
        assert scene.session.conversation.title == "a.png"
        identifier = scene.session.conversation.id
        recorded = scene.recorded()
        assert recorded is not None
        assert f"data:image/png;base64,<base64 of the file {PICTURE.digest}>" in recorded.body
        assert b64encode(PIXEL) in server.requests[0].body
        scene.ask("And again", (PICTURE, PIXEL))
        scene.session.new()
        scene.session.open(identifier)
        scene.until(lambda: scene.session.conversation.id == identifier)
        turns = scene.session.conversation.turns
        assert [t.prompt.attachments for t in turns] == [(PICTURE,), (PICTURE,)]
        assert count(scene.store, "contents") == 1
        scene.session.erase(identifier)
        scene.until(lambda: count(scene.store, "contents") == 0)


def test_a_lost_attachment_fails_in_its_lane(opened: Callable[..., Scene], tmp_path: Path) -> None:
    with FaultServer([THOUGHT]) as server:
        first = opened(server.url)
        first.ask("Look", (PICTURE, PIXEL))
        identifier = first.session.conversation.id
        first.session.close()
        second = opened(server.url)
        second.until(lambda: bool(second.session.history()))
        second.session.open(identifier)
        second.until(lambda: second.session.conversation.id == identifier)
        execute(second.store, "UPDATE contents SET content = x'00'")
        reply = second.ask("And?")
    assert reply.state is ReplyState.FAILED
    assert reply.failed is not None
    assert reply.failed.code == "attachment_missing"


# --- the watch itself


def prepared(body: str = "{}") -> Prepared:
    return Prepared("POST", "http://x/v1", (("authorization", KEY), ("accept", "text/event-stream")), body)


def test_an_echoed_key_is_masked_wherever_the_bytes_are_cut() -> None:
    line = b'data: {"content":"' + KEY.reveal().encode() + "é".encode() + b'"}\n'
    for cut in range(len(line)):
        watch = Watch(Redactor([KEY]))
        watch.sent(prepared(json.dumps({"text": KEY.reveal()})))
        watch.received(line[:cut])
        watch.received(line[cut:])
        kept = watch.recorded()
        assert kept is not None
        assert kept.unpacked() == line.replace(KEY.reveal().encode(), MASK.encode())
        assert KEY.reveal() not in kept.body


def test_a_key_across_two_blocks_is_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchanges, "_BLOCK", 64)
    watch = Watch(Redactor([KEY]))
    watch.sent(prepared())
    for piece in (
        b"a" * 50 + b"\n" + b"b" * 20,
        KEY.reveal().encode()[:9],
        KEY.reveal().encode()[9:],
        b"\nend",
    ):
        watch.received(piece)
    kept = watch.recorded()
    assert kept is not None
    assert kept.unpacked() == b"a" * 50 + b"\n" + b"b" * 20 + MASK.encode() + b"\nend"


def test_no_more_is_kept_than_the_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchanges, "STREAM_CAP", 1000)
    watch = Watch(Redactor())
    watch.sent(prepared())
    for _ in range(30):
        watch.received(b"x" * 99 + b"\n")
    kept = watch.recorded()
    assert kept is not None
    assert len(kept.unpacked()) == 1000
    assert not kept.whole


def test_nothing_sent_is_nothing_recorded() -> None:
    assert Watch(Redactor()).recorded() is None


async def test_an_unwatched_stream_waits_all_the_same() -> None:
    began = asyncio.get_running_loop().time()
    await streaming.Unwatched().wait(0.02)
    assert asyncio.get_running_loop().time() - began >= 0.02


def test_memory_keeps_the_newest() -> None:
    kept = InMemory()
    for number in range(70):
        kept.keep(str(number), Recorded("POST", "u", (), "", b""))
    assert kept.get("5") is None
    assert kept.get("69") is not None
