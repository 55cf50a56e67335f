"""Where a fault is played: a whole session over a real store, with lanes at a server that misbehaves and at one that does not.

A fault is played with one lane and with eight, of which some meet it. The others stream from a sound server, which says half
of its answer at once and the other half when the fault is over. What is compared are folded replies, and their rows as
read from the disk again.

    with FaultServer(by_lane(...)) as server, stage.scene(server.url) as scene:
        scene.ask()
        scene.ends(failed(FailureKind.AUTH, "invalid_api_key"))
"""

from __future__ import annotations

import json
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pytest
from tests import waiting
from tests.faults.client import KEY
from tests.faults.server import END, SSE_HEAD, FaultServer, Scenario, Seen, Step, by_lane, chunk
from tests.proof import canary

from sidelight.chat.events import FailureKind
from sidelight.chat.message import Lane
from sidelight.chat.reply import Reply, ReplyState
from sidelight.engine.outside import Outside
from sidelight.engine.session import Session
from sidelight.engine.terms import Face
from sidelight.keys import Keyring, Keys, NoKeyring
from sidelight.net import origin_of
from sidelight.settings import BackendSetting, NetSetting, Settings
from sidelight.store import conversations
from sidelight.store.database import Store

LONG = 30.0
"""Seconds of a clock that must not run out, however busy the machine is."""
SHORT = 0.4
"""Seconds of a clock that is to run out."""


def said(text: str) -> bytes:
    """An event that brings a piece of the answer."""
    event = {"model": "served", "choices": [{"index": 0, "delta": {"content": text}}]}
    return b"data: %s\n\n" % json.dumps(event, ensure_ascii=False).encode()


HELLO = said("Hello")
STOP = b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"


@dataclass(frozen=True)
class End:
    """How a lane must end: state, kind and code of the failure, answer."""

    state: ReplyState
    kind: FailureKind | None = None
    code: str | None = None
    text: str = ""

    @classmethod
    def of(cls, reply: Reply) -> End:
        """How a lane did end."""
        why = reply.failed
        return cls(reply.state, why.kind if why else None, why.code if why else None, reply.answer_text)


def complete(text: str = "Hello") -> End:
    """The answer is whole."""
    return End(ReplyState.COMPLETE, text=text)


def cut(code: str, text: str = "") -> End:
    """It ended without a finish mark."""
    return End(ReplyState.INTERRUPTED, FailureKind.CUT_OFF, code, text)


def stopped(text: str = "") -> End:
    """The person stopped it."""
    return End(ReplyState.INTERRUPTED, FailureKind.STOPPED, None, text)


def failed(kind: FailureKind, code: str | None = None, text: str = "") -> End:
    """It failed; the text is what came before."""
    return End(ReplyState.FAILED, kind, code, text)


class Scene:
    """A session under way. `faulty` lanes ask the server of the fault, `sound` ones the other; each lane its own model."""

    def __init__(
        self, folder: Path, lanes: int, met_by: int, setting: BackendSetting, net: NetSetting
    ) -> None:
        names = tuple(f"lane-{n}" for n in range(lanes))
        self.faulty = names[:met_by]
        self.sound = names[met_by:]
        self._database = folder / "data" / "sidelight.db"
        self._origin = origin_of(setting.base_url)
        self._over = threading.Event()
        self._server = FaultServer(self._speak)
        beside = BackendSetting("sound", "openai-compatible", "", self._server.url, LONG, LONG)
        self.session = Session(
            Settings(backends=(setting, beside), net=net, find_servers=False),
            store=Store.open(self._database),
            settings_file=folder / "settings.json",
            weights=folder / "weights",
            make_outside=self._outside,
        )
        self.lanes = [Lane(n, "faulty" if n in self.faulty else "sound", n) for n in names]

    def _outside(self, settings: Settings, store: Store | None, weights: Path, face: Face) -> Outside:
        keys = Keys({self._origin: ("KEY",)}, {"KEY": KEY.reveal()}, open_keyring=_none)
        return Outside(settings, store, weights, keys, face)

    # --- the sound server

    @staticmethod
    def _halves(lane: str) -> tuple[str, str]:
        return f"{lane} says: größer, ", f"思考 🙂, and {lane} is done."

    def _speak(self, seen: Seen) -> Iterator[Step]:
        first, second = self._halves(seen.model)
        yield SSE_HEAD
        yield chunk(said(first))
        self._over.wait(LONG)
        yield chunk(said(second)) + chunk(STOP + DONE) + END

    # --- what a person does and sees

    def send(self, text: str = "Why?") -> None:
        """Ask all lanes, in the conversation shown."""
        self._over.clear()
        self.session.send(text)

    def ask(self, text: str = "Why?") -> None:
        """Ask all lanes, let the sound ones go on once the fault is over, and wait for all."""
        self.send(text)
        self.finish()

    def again(self) -> None:
        """Ask all lanes of the turn again, and wait for all."""
        self._over.clear()
        self.session.retry(self.session.conversation.path[-1].id, [lane.id for lane in self.lanes])
        self.finish()

    def finish(self, *, idle: bool = True) -> None:
        """Wait for the lanes that meet the fault; the others are in the middle of their answers then, and end well.

        With `idle` no request may be under way afterwards.
        """
        self.until(lambda: all(self.reply(n).state.is_final for n in self.faulty))
        self.until(lambda: all(self.reply(n).answer_text for n in self.sound))
        for lane in self.sound:
            found = End.of(self.reply(lane))
            assert found == End(ReplyState.STREAMING, text=self._halves(lane)[0]), (lane, found)
        self._over.set()
        self.until(lambda: not self.session.streaming)
        if idle:
            self.is_idle()
        for lane in self.sound:
            found = End.of(self.reply(lane))
            assert found == complete("".join(self._halves(lane))), (lane, found)

    def reply(self, lane: str) -> Reply:
        """The newest reply of a lane."""
        reply = self.session.conversation.path[-1].reply(lane)
        assert reply is not None
        return reply

    def replies(self) -> list[Reply]:
        """The newest reply of each lane that meets the fault."""
        return [self.reply(lane) for lane in self.faulty]

    def shows(self, text: str) -> None:
        """Wait until each lane that meets the fault shows this text."""
        self.until(lambda: all(reply.answer_text == text for reply in self.replies()))

    def ends(self, *ends: End) -> None:
        """Assert that each lane that meets the fault has ended in one of these ways."""
        for reply in self.replies():
            found = End.of(reply)
            assert found in ends, f"{reply.lane}: {_short(found)}, not {_short(ends[0])}: {reply.failed}"

    def is_idle(self) -> None:
        """Wait until no request is under way and all is written; connections are only kept for the next request."""
        network = self.session._network
        assert network is not None

        async def count(outside: Outside) -> int:
            under_way = len(outside._http._owners) + len(outside._fanout.running)
            return under_way + len(outside._recorder._queue)

        self.until(lambda: network.run(count).result() == 0)

    def until(self, condition: Callable[[], bool], seconds: float = 60.0) -> None:
        """Drain until it holds. Raises AssertionError."""
        waiting.until(
            self.session, condition, seconds, lambda: [_short(End.of(reply)) for reply in self.replies()]
        )

    # --- begin and end

    def __enter__(self) -> Scene:
        self._server.__enter__()
        self.session.start()
        self.until(lambda: bool(self.session.backends()))
        self.session.set_lanes(self.lanes)
        return self

    def __exit__(self, kind: type[BaseException] | None, *exc: object) -> None:
        saved = self.session.close()
        self.session.drain()
        self._over.set()
        self._server.__exit__()
        if kind is None:
            assert saved
            assert not self.session.streaming
            self._compare()

    def _compare(self) -> None:
        """What the disk has is what was shown; no key and no traceback stands in it; no key went to the other server."""
        shown = self.session.conversation
        store = Store.open(self._database)
        try:
            stored = store.read(lambda connection: conversations.load(connection, shown.id)).result()
        finally:
            store.close()
        assert stored is not None
        assert stored.turns == shown.turns
        assert all("authorization" not in seen.headers for seen in self._server.requests)
        for turn in shown.turns:
            for reply in turn.replies:
                told = repr(reply.failed)
                assert "Traceback" not in told
                assert not canary.found_in(told.encode())


@dataclass(frozen=True)
class Stage:
    """Where one way of a fault is played: a folder of its own, one lane or eight, and what may be patched."""

    folder: Path
    lanes: int
    patch: pytest.MonkeyPatch

    @contextmanager
    def scene(
        self,
        url: str,
        *,
        provider: str = "openai-compatible",
        met_by: int = 4,
        first_payload: float = LONG,
        silence: float = LONG,
        net: NetSetting | None = None,
    ) -> Iterator[Scene]:
        """A session whose backend "faulty" is at this address; `met_by` of eight lanes use it."""
        setting = BackendSetting("faulty", provider, "", url, silence, first_payload, plain_http=True)
        met_by = min(met_by, self.lanes)
        with Scene(self.folder, self.lanes, met_by, setting, net or NetSetting(proxy="none")) as scene:
            yield scene


Play: TypeAlias = Callable[[Stage], None]


@dataclass(frozen=True)
class Fault:
    """A row of the table: its number, what it is, and the ways in which it is played."""

    number: int
    name: str
    ways: tuple[tuple[str, Play], ...]

    def __str__(self) -> str:
        return f"C{self.number:02} {self.name}"

    def play(self, folder: Path, lanes: int, caplog: pytest.LogCaptureFixture) -> None:
        """Play all its ways one after the other, each in a session of its own. Whatever is logged holds no key."""
        for number, (name, way) in enumerate(self.ways):
            with pytest.MonkeyPatch.context() as patch, caplog.at_level(logging.DEBUG):
                try:
                    way(Stage(folder / str(number), lanes, patch))
                except BaseException as error:
                    error.add_note(f"{self}, {name}, {lanes} lanes")
                    raise
            assert not canary.found_in(caplog.text.encode())
            assert "Traceback" not in caplog.text
            assert not canary.leaks(folder)
            caplog.clear()


def served(end: End, *scenarios: Scenario | Callable[[], Scenario], **how: object) -> Play:
    """A server plays these scenarios to each lane, one a request, and the lane ends so. Each request has the key."""

    def play(stage: Stage) -> None:
        with FaultServer(by_lane(*scenarios)) as server, stage.scene(server.url, **how) as scene:  # type: ignore[arg-type]
            scene.ask()
            scene.ends(end)
            asked = Counter(seen.model for seen in server.requests)
        assert asked == dict.fromkeys(scene.faulty, len(scenarios))
        assert {seen.headers["authorization"] for seen in server.requests} == {f"Bearer {KEY.reveal()}"}

    return play


def _none() -> Keyring:
    raise NoKeyring


def _short(end: End) -> End:
    return end if len(end.text) < 200 else End(end.state, end.kind, end.code, f"{len(end.text)} characters")
