"""One prompt, many lanes: queueing, stopping, and a failure that stays where it happened."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

import pytest
from tests.engine.scripted import ANSWER, Scripted

from sidelight.backends.base import Backend, Request
from sidelight.chat.events import (
    AnswerDelta,
    Event,
    Failed,
    FailureKind,
    Finished,
    Progress,
    Stamped,
    Started,
)
from sidelight.chat.message import Message, Parameters
from sidelight.engine.exchanges import Watch
from sidelight.engine.fanout import Fanout, Job
from sidelight.engine.recorder import Recorder
from sidelight.secrets import Redactor

REQUEST = Request("m", (Message("user", "hello"),), Parameters())


def job(reply: str, backend: Backend, request: Request) -> Job:
    return Job(reply, backend, request, Watch(Redactor()))


class Told:
    """What the fanout delivered, by reply."""

    def __init__(self) -> None:
        self.events: dict[str, list[Stamped]] = {}
        self.ended: list[str] = []
        self._news = asyncio.Event()

    def deliver(self, reply: str, stamped: Stamped, _sent: float) -> None:
        self.events.setdefault(reply, []).append(stamped)
        self._news.set()

    def end(self, reply: str) -> None:
        self.ended.append(reply)
        self._news.set()

    async def news(self) -> None:
        await self._news.wait()
        self._news.clear()

    def of(self, reply: str) -> list[Event]:
        return [s.event for s in self.events.get(reply, [])]


def fanout() -> tuple[Fanout, Told]:
    told = Told()
    return Fanout(Recorder(None, lambda error: None, lambda reply: None), told.deliver, told.end), told


async def ended(told: Told, count: int) -> None:
    """Until so many replies have ended."""
    async with asyncio.timeout(30):
        while len(told.ended) < count:
            await told.news()


async def test_each_lane_gets_its_events_and_one_end() -> None:
    lanes, told = fanout()
    backend = Scripted()
    for reply in ("a", "b"):
        lanes.start(job(reply, backend, REQUEST))
    await ended(told, 2)
    for reply in ("a", "b"):
        assert told.of(reply) == [Progress("sent"), *ANSWER]
        times = [s.at for s in told.events[reply]]
        assert times == sorted(times)
        assert times[0] < 0.05
    assert sorted(told.ended) == ["a", "b"]
    assert not lanes.running


async def test_a_stream_without_a_finish_mark_is_cut_off() -> None:
    lanes, told = fanout()
    lanes.start(job("a", Scripted((Started(), AnswerDelta("half"))), REQUEST))
    await ended(told, 1)
    assert told.of("a")[-1] == Failed(FailureKind.CUT_OFF, code="eof")


async def test_a_fault_stays_in_its_lane(caplog: pytest.LogCaptureFixture) -> None:
    lanes, told = fanout()
    with caplog.at_level(logging.CRITICAL, logger="sidelight.engine.fanout"):
        lanes.start(job("bad", Scripted((AnswerDelta("x"), RuntimeError("ours"))), REQUEST))
        lanes.start(job("good", Scripted(pause=0.01), REQUEST))
        await ended(told, 2)
    assert told.of("bad")[-1] == Failed(FailureKind.PROTOCOL, "RuntimeError", code="fault")
    assert told.of("good")[-2:] == list(ANSWER[-2:])


async def test_requests_beyond_the_slots_wait_and_their_clock_does_not_run() -> None:
    lanes, told = fanout()
    backend = Scripted(pause=0.05, slots=2)
    began = time.monotonic()
    for number in range(5):
        lanes.start(job(str(number), backend, REQUEST))
    await ended(told, 5)
    whole = time.monotonic() - began
    least = len(ANSWER) * backend.pause
    assert backend.most_at_once == 2
    assert [told.of(str(n))[0] for n in range(5)] == [Progress("sent")] * 2 + [Progress("queued")] * 3
    for number in range(2, 5):
        stamps = told.events[str(number)]
        assert stamps[1].event == Progress("sent")
        assert stamps[1].at < least, (
            "the clock starts when the request leaves: whoever waited did so for longer"
        )
        assert stamps[-1].at < whole - least


async def test_stop_of_a_queued_and_of_a_streaming_reply() -> None:
    lanes, told = fanout()
    backend = Scripted((Started(), *[AnswerDelta("x")] * 1000), pause=0.01, slots=1)
    lanes.start(job("streams", backend, REQUEST))
    lanes.start(job("waits", backend, REQUEST))
    await asyncio.sleep(0.05)
    lanes.stop("waits")
    lanes.stop("waits")
    await ended(told, 1)
    assert told.of("waits") == [Progress("queued"), Failed(FailureKind.STOPPED)]
    lanes.stop("streams")
    lanes.stop("streams")
    await ended(told, 2)
    assert told.of("streams")[-1] == Failed(FailureKind.STOPPED)
    assert backend.opened == backend.closed == 1


async def test_stop_before_the_first_step_is_told_too() -> None:
    lanes, told = fanout()
    backend = Scripted()
    lanes.start(job("a", backend, REQUEST))
    lanes.stop("a")
    await ended(told, 1)
    assert told.of("a") == [Failed(FailureKind.STOPPED)]
    assert backend.opened == 0


async def test_stop_after_the_finish_mark_is_no_failure() -> None:
    lanes, told = fanout()
    lanes.start(
        job("a", Scripted((AnswerDelta("x"), *ANSWER[-2:-1], *[Started()] * 100), pause=0.01), REQUEST)
    )
    async with asyncio.timeout(30):
        while not any(isinstance(e, Finished) for e in told.of("a")):
            await told.news()
    lanes.stop("a")
    await ended(told, 1)
    assert not any(isinstance(e, Failed) for e in told.of("a"))


async def test_close_stops_everything() -> None:
    lanes, told = fanout()
    backend = Scripted((Started(), *[AnswerDelta("x")] * 1000), pause=0.01)
    for number in range(8):
        lanes.start(job(str(number), backend, REQUEST))
    await asyncio.sleep(0.03)
    await lanes.close()
    assert not lanes.running
    assert backend.closed == backend.opened == 8
    assert len(told.ended) == 8


async def test_two_hundred_stops_leave_no_task(tmp_path: Path) -> None:
    lanes, told = fanout()
    backend = Scripted((Started(), *[AnswerDelta("x")] * 1000), pause=0.001)
    before = len(asyncio.all_tasks())
    for number in range(200):
        lanes.start(job(str(number), backend, REQUEST))
        await asyncio.sleep(0.0005 * (number % 3))
        lanes.stop(str(number))
        if number % 2:
            lanes.stop(str(number))
    await ended(told, 200)
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == before
    assert backend.opened == backend.closed
