"""Stop: the server sees it at once, and nothing is left of the stream, however often it is cancelled."""

from __future__ import annotations

import asyncio
import gc
import itertools
import random
import time
from pathlib import Path

import pytest
from tests.faults.client import backend, connections, descriptors, events_of, opened, question
from tests.faults.server import SSE_HEAD, ExpectEof, FaultServer, Scenario, Seen, Sleep, chunk, paced_sse

from sidelight.chat.events import AnswerDelta
from sidelight.settings import NetSetting

EVENT = b'data: {"choices":[{"delta":{"content":"word "}}]}\n\n'
LANES, ROUNDS = 8, 25
TLS = Path(__file__).parents[1] / "net" / "tls" / "trusted.pem"


def playing(seen: Seen) -> Scenario:
    """Streams for ever; every fourth request gets no head, every fourth a head and nothing more."""
    kind = hash(seen.at) % 4
    if kind == 0:
        return [ExpectEof(30)]
    if kind == 1:
        return [SSE_HEAD, chunk(b": wait\n\n"), ExpectEof(30)]
    return paced_sse(itertools.repeat(EVENT), 100)


@pytest.mark.parametrize("cancels", [1, 2, 5])
async def test_two_hundred_cancels_leave_nothing(cancels: int) -> None:
    """The server sees each one long before it would end by itself; how soon is measured by `make soak`."""
    chance = random.Random(cancels)
    with FaultServer(playing) as server:
        async with opened() as http:
            asked = backend(http, server.url, first_payload=30, silence=30)
            gc.collect()
            files, tasks = descriptors() or 0, len(asyncio.all_tasks())
            for _ in range(ROUNDS):
                lanes = [asyncio.create_task(events_of(asked)) for _ in range(LANES)]
                await asyncio.sleep(chance.choice([0, 0.001, 0.005, 0.02, 0.05]) * chance.random())
                for _ in range(cancels):
                    for lane in lanes:
                        lane.cancel()
                    await asyncio.sleep(0)
                await asyncio.wait(lanes)
                assert all(lane.cancelled() for lane in lanes)
                await asyncio.to_thread(_until_all_are_closed, server)
            assert connections(http) == 0
            assert (descriptors() or 0) <= files  # fewer: what an earlier test left has been closed meanwhile
            assert len(asyncio.all_tasks()) == tasks
    assert len(server.eof) == server.connections


def _until_all_are_closed(server: FaultServer) -> None:
    """Until every connection was seen to end, those too that are still in the queue of the listener."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if len(server.eof) >= server.connections:
            time.sleep(0.01)
            if len(server.eof) >= server.connections:
                return
        time.sleep(0.001)
    raise AssertionError(f"{server.connections - len(server.eof)} connections are still open")


@pytest.mark.parametrize("certificate", [None, TLS])
@pytest.mark.parametrize("cancels", [1, 3])
async def test_a_cancel_at_any_turn_of_the_loop(cancels: int, certificate: Path | None) -> None:
    """While connecting, agreeing on TLS, sending, waiting: each of these has lost a connection in httpx or below it."""
    turns = range(40) if certificate is None else range(0, 240, 4)
    with FaultServer(lambda seen: [ExpectEof(30)], tls=certificate) as server:
        async with opened(NetSetting(ca_file=str(TLS))) as http:
            asked = backend(http, server.url)
            for turn in turns:
                lane = asyncio.create_task(events_of(asked))
                for _ in range(turn):
                    await asyncio.sleep(0)
                for _ in range(cancels):
                    lane.cancel()
                    await asyncio.sleep(0)
                await asyncio.wait([lane])
                await asyncio.sleep(0.002)
            await asyncio.to_thread(_until_all_are_closed, server)
            assert connections(http) == 0
            assert server.connections > len(turns) // 2


async def test_leaving_a_stream_early_closes_it() -> None:
    with FaultServer([paced_sse(itertools.repeat(EVENT), 100)]) as server:
        async with opened() as http:
            stream = backend(http, server.url).stream(question())
            async for event in stream:
                if isinstance(event, AnswerDelta):
                    break
            await stream.aclose()
            await asyncio.to_thread(server.wait_eof)
            assert connections(http) == 0


async def test_cancel_while_waiting_to_ask_again() -> None:
    with FaultServer([[b"HTTP/1.1 429 X\r\nretry-after: 30\r\ncontent-length: 0\r\n\r\n"]]) as server:
        async with opened() as http:
            lane = asyncio.create_task(events_of(backend(http, server.url)))
            await asyncio.sleep(0.1)
            lane.cancel()
            await asyncio.wait([lane], timeout=10)
            assert lane.cancelled()
    assert len(server.requests) == 1


async def test_closing_everything_while_lanes_stream() -> None:
    with FaultServer(lambda seen: paced_sse(itertools.repeat(EVENT), 100)) as server:
        async with opened() as http:
            asked = backend(http, server.url)
            lanes = [asyncio.create_task(events_of(asked)) for _ in range(LANES)]
            await asyncio.sleep(0.1)
            await http.aclose()
            await asyncio.wait(lanes, timeout=10)
            assert all(lane.result()[-1].code == "cut" for lane in lanes)  # type: ignore[union-attr]  # it is a Failed
            await asyncio.to_thread(server.wait_eof, LANES)


async def test_a_prompt_that_is_still_being_sent() -> None:
    """A server that does not read: five megabytes wait in the pipe, and Stop works all the same."""
    with FaultServer([[ExpectEof()]]) as server:
        async with opened() as http:
            server._choose = lambda seen: [Sleep(0)]  # type: ignore[method-assign]  # the request never gets through
            lane = asyncio.create_task(events_of(backend(http, server.url), question("x" * 5_000_000)))
            await asyncio.sleep(0.3)
            lane.cancel()
            await asyncio.wait([lane], timeout=10)
            assert lane.cancelled()
            assert connections(http) == 0
