"""C50 to C58: too much of it, and the person has had enough. What memory that takes is measured in `growth.py`."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator

from tests.faults.refusals import full_backlog
from tests.faults.scene import (
    DONE,
    HELLO,
    LONG,
    SHORT,
    STOP,
    End,
    Fault,
    Play,
    Stage,
    complete,
    failed,
    said,
    served,
    stopped,
)
from tests.faults.server import (
    END,
    SSE_HEAD,
    ExpectEof,
    FaultServer,
    Scenario,
    Seen,
    Step,
    by_lane,
    chunk,
    ok_sse,
    paced_sse,
)

from sidelight.backends import streaming
from sidelight.chat.events import FailureKind as K
from sidelight.chat.reply import ReplyState

MEGABYTE = b"x" * 1_000_000
WORD = said("word ")


# --- C50 to C54: sizes


def endless(piece: bytes) -> Iterator[Step]:
    """The same for ever, as fast as it is read."""
    yield SSE_HEAD
    while True:
        yield chunk(piece)


def one_event() -> Iterator[Step]:
    yield SSE_HEAD
    yield chunk(HELLO + b"data: ")
    for _ in range(64):
        yield chunk(MEGABYTE)


def many_lines() -> Iterator[Step]:
    """One event again, of lines that say nothing: their ends count, too."""
    yield SSE_HEAD
    yield chunk(HELLO)
    for _ in range(64):
        yield chunk(b"data\n" * 200_000)


def whole_answer(stage: Stage) -> None:
    """The text that came before the cap is kept to the last character. The cap is smaller here than it is."""
    stage.patch.setattr(streaming, "ANSWER_CAP", 5_000_000)
    text = "x" * 900_000
    with (
        FaultServer(by_lane(lambda: endless(said(text)))) as server,
        stage.scene(server.url, met_by=2) as scene,
    ):
        scene.ask()
        for reply in scene.replies():
            assert End.of(reply) == failed(K.PROTOCOL, "too_large", text * 5)


def capped(piece: bytes) -> Play:
    """An endless answer of such pieces meets the cap."""

    def play(stage: Stage) -> None:
        stage.patch.setattr(streaming, "ANSWER_CAP", 100_000)
        with (
            FaultServer(by_lane(lambda: endless(piece))) as server,
            stage.scene(server.url) as scene,
        ):
            scene.ask()
            for reply in scene.replies():
                assert End.of(reply) == failed(K.PROTOCOL, "too_large", reply.answer_text)
            server.wait_eof(len(scene.faulty))

    return play


def small_chunks(stage: Stage) -> None:
    """Twenty thousand chunks of one byte, sent a thousand at a time."""
    body = said("x" * 20_000) + STOP + DONE
    wire = b"".join(chunk(body[i : i + 1]) for i in range(len(body)))
    steps: list[Step] = [SSE_HEAD, *(wire[i : i + 6000] for i in range(0, len(wire), 6000)), END]
    served(complete("x" * 20_000), steps)(stage)


def many_events(stage: Stage) -> None:
    """Ten thousand events as fast as they go."""
    events = [said(f"{n},") for n in range(10_000)]
    blocks = [b"".join(events[n : n + 500]) for n in range(0, len(events), 500)]
    text = "".join(f"{n}," for n in range(10_000))
    served(complete(text), ok_sse(*blocks, STOP, DONE), met_by=2)(stage)


# --- C55 to C58: the person stops it


def slow(seen: Seen) -> Scenario:
    """By lane: no head, a head and no more, or a word now and then."""
    match int(seen.model.rpartition("-")[2]) % 4:
        case 2:
            return [ExpectEof(LONG)]
        case 3:
            return [SSE_HEAD, chunk(b": wait\n\n"), ExpectEof(LONG)]
        case _:
            return paced_sse(itertools.repeat(WORD), 200)


def stops(rounds: int, times: int) -> Play:
    """Stopped at random moments, so many times each; the server sees every end, and nothing is left."""

    def play(stage: Stage) -> None:
        chance = random.Random(times)
        with FaultServer(slow) as server, stage.scene(server.url, met_by=7) as scene:
            for _ in range(rounds):
                scene.session.new()
                scene.session.set_lanes(scene.lanes)
                scene.send()
                moment = time.monotonic() + chance.uniform(0.0, 0.04)
                scene.until(lambda at=moment: time.monotonic() >= at)  # type: ignore[misc]  # bound here
                for _ in range(times):
                    for lane in scene.faulty:
                        scene.session.stop(lane)
                    time.sleep(chance.choice((0.0, 0.001)))
                scene.finish()
                for reply in scene.replies():
                    assert End.of(reply) == stopped("word " * reply.answer_text.count("word "))
            server.wait_eof(server.connections)

    return play


def stopped_in_connect(stage: Stage) -> None:
    """No connection has come about when they are stopped; they end at once all the same."""
    with full_backlog() as url, stage.scene(url) as scene:
        scene.send()
        scene.until(lambda: all(r.state is ReplyState.WAITING for r in scene.replies()))
        asked = time.monotonic()
        for lane in scene.faulty:
            scene.session.stop(lane)
        scene.until(lambda: all(r.state.is_final for r in scene.replies()))
        assert time.monotonic() - asked < 5, "the connect clock is 10 seconds"
        scene.finish(idle=False)
        scene.ends(stopped())


def quit_while_streaming(stage: Stage) -> None:
    """All text that was shown is on disk, of every lane, each as interrupted."""
    with (
        FaultServer(lambda seen: paced_sse(itertools.repeat(WORD), 200)) as server,
        stage.scene(server.url) as scene,
    ):
        scene.send()
        scene.until(lambda: all(len(r.answer_text) > 20 for r in scene.replies()))
        shown = {reply.lane: reply.answer_text for reply in scene.replies()}
        assert scene.session.close()
        scene.until(lambda: not scene.session.streaming)
        server.wait_eof(len(scene.faulty))
        for reply in scene.replies():
            assert reply.answer_text.startswith(shown[reply.lane])
            assert End.of(reply) == stopped(reply.answer_text)


SIZES = (
    Fault(
        50,
        "an event of 64 MB",
        (
            ("one line", served(failed(K.PROTOCOL, "too_large", "Hello"), one_event, met_by=2)),
            ("empty lines", served(failed(K.PROTOCOL, "too_large", "Hello"), many_lines, met_by=2)),
        ),
    ),
    Fault(51, "an answer of 64 MB", (("large events", whole_answer),)),
    Fault(52, "chunks of one byte", (("twenty thousand", small_chunks),)),
    Fault(53, "events as fast as they go", (("ten thousand", many_events),)),
    Fault(
        54,
        "an endless answer",
        (
            ("of words", capped(HELLO * 10)),
            ("of comments", capped(b": wait\n\n" * 100)),
            ("of nothing", capped(b"\n" * 1000)),
            ("of events that say nothing", capped(b"data: {}\n\n" * 100)),
            (
                "of comments, slowly",
                served(
                    failed(K.TIMEOUT, "first_payload"),
                    lambda: paced_sse(itertools.repeat(b": wait\n\n"), 50),
                    first_payload=SHORT,
                ),
            ),
        ),
    ),
    Fault(55, "stopped at random moments", (("once", stops(29, 1)),)),
    Fault(56, "stopped twice", (("twice", stops(10, 2)), ("five times", stops(10, 5)))),
    Fault(57, "stopped while connecting", (("a full backlog", stopped_in_connect),)),
    Fault(58, "quit while streaming", (("all lanes", quit_while_streaming),)),
)
