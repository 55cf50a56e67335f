"""What a backend makes of each fault of a server: one named state, the text so far kept, other lanes untouched."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass

import pytest
from tests.faults.client import KEY, backend, events_of, folded, opened, question
from tests.faults.server import (
    END,
    SSE_HEAD,
    ExpectEof,
    FaultServer,
    Fin,
    HalfClose,
    Rst,
    Sleep,
    Step,
    answer,
    chunk,
    head,
    ok_sse,
)
from tests.wire.streams import merged

from sidelight.backends import streaming
from sidelight.chat.events import FailureKind
from sidelight.chat.reply import ReplyState

HELLO = b'data: {"model":"m","choices":[{"delta":{"content":"Hello"}}]}\n\n'
STOP = b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"
FINE = ok_sse(HELLO, STOP, DONE)
COMPLETE, INTERRUPTED, FAILED = ReplyState.COMPLETE, ReplyState.INTERRUPTED, ReplyState.FAILED
K = FailureKind
PINGS: list[Step] = [b": ping\n\n", Sleep(0.05)] * 100
MEGABYTE = b"x" * 1_000_000


@dataclass(frozen=True)
class Fault:
    """A fault, and the state, kind of failure, code and text it must end in."""

    name: str
    steps: Iterable[Step]
    state: ReplyState
    kind: FailureKind | None = None
    code: str | None = None
    text: str = ""

    def __repr__(self) -> str:
        return self.name


def dripped(data: bytes, seconds: float) -> list[Step]:
    return [step for i in range(len(data)) for step in (chunk(data[i : i + 1]), Sleep(seconds))]


FAULTS = [
    Fault("no fault", FINE, COMPLETE, text="Hello"),
    # 200, and yet no stream
    Fault(
        "an HTML page",
        answer(200, b"<!doctype html><p>Login", "content-type: text/html"),
        FAILED,
        K.PROTOCOL,
        "not_a_stream",
    ),
    Fault("a JSON error", answer(200, b'{"error":{"message":"x","code":401}}'), FAILED, K.AUTH, "401"),
    Fault(
        "a whole completion",
        answer(200, b'\n {"choices":[{"message":{"content":"Hello"},"finish_reason":"stop"}]}'),
        COMPLETE,
        text="Hello",
    ),
    Fault("nothing", answer(200), INTERRUPTED, K.CUT_OFF, "eof"),
    Fault("no content", [head(204)], INTERRUPTED, K.CUT_OFF, "eof"),
    Fault("other text", answer(200, b"hello there"), INTERRUPTED, K.CUT_OFF, "eof"),
    Fault(
        "a redirect", answer(307, b"", "location: https://evil.example/v1"), FAILED, K.PROTOCOL, "redirect"
    ),
    Fault(
        "a redirect to a file",
        answer(302, b"", "location: file:///etc/passwd"),
        FAILED,
        K.PROTOCOL,
        "redirect",
    ),
    # the connection ends
    Fault("reset at once", [Rst()], INTERRUPTED, K.CUT_OFF, "cut"),
    Fault("reset after the head", [SSE_HEAD, Sleep(0.05), Rst()], INTERRUPTED, K.CUT_OFF, "cut"),
    Fault(
        "reset in an event",
        ok_sse(HELLO, b'data: {"cho', Sleep(0.05), Rst()),
        INTERRUPTED,
        K.CUT_OFF,
        "cut",
        "Hello",
    ),
    Fault("reset after the finish mark", ok_sse(HELLO, STOP, Sleep(0.05), Rst()), COMPLETE, text="Hello"),
    Fault(
        "end inside a chunk",
        [SSE_HEAD, chunk(HELLO), b"ff\r\ndata", Fin()],
        INTERRUPTED,
        K.CUT_OFF,
        "cut",
        "Hello",
    ),
    Fault("end without a finish mark", ok_sse(HELLO), INTERRUPTED, K.CUT_OFF, "eof", "Hello"),
    Fault("done without a finish mark", ok_sse(HELLO, DONE), INTERRUPTED, K.CUT_OFF, "eof", "Hello"),
    Fault("closed instead of a length", [head(200), HELLO + STOP, Fin()], COMPLETE, text="Hello"),
    Fault("closed without a mark", [head(200), HELLO, Fin()], INTERRUPTED, K.CUT_OFF, "eof", "Hello"),
    Fault(
        "half closed",
        [SSE_HEAD, chunk(HELLO), HalfClose(), ExpectEof()],
        INTERRUPTED,
        K.CUT_OFF,
        "cut",
        "Hello",
    ),
    # silence
    Fault("silent before the head", [Sleep(9)], FAILED, K.TIMEOUT, "first_payload"),
    Fault("silent after the head", [SSE_HEAD, Sleep(9)], FAILED, K.TIMEOUT, "first_payload"),
    Fault("silent after an event", ok_sse(HELLO, Sleep(9)), FAILED, K.TIMEOUT, "silence", "Hello"),
    Fault(
        "keep-alives for ever",
        ok_sse(*PINGS),
        FAILED,
        K.TIMEOUT,
        "first_payload",
    ),
    Fault(
        "keep-alives after an event",
        ok_sse(HELLO, *PINGS),
        FAILED,
        K.TIMEOUT,
        "silence",
        "Hello",
    ),
    Fault(
        "one byte at a time", [SSE_HEAD, *dripped(HELLO + STOP + DONE, 0.001), END], COMPLETE, text="Hello"
    ),
    # encodings and lengths
    Fault(
        "gzip",
        [head(200, "content-encoding: gzip"), gzip.compress(HELLO + STOP), Fin()],
        FAILED,
        K.PROTOCOL,
        "protocol",
    ),
    Fault(
        "gzip cut short",
        [head(200, "content-encoding: gzip"), gzip.compress(HELLO)[:20], Fin()],
        FAILED,
        K.PROTOCOL,
        "protocol",
    ),
    Fault(
        "said to be gzip", [head(200, "content-encoding: gzip"), HELLO, Fin()], FAILED, K.PROTOCOL, "protocol"
    ),
    Fault(
        "identity by name",
        [head(200, "content-encoding: identity"), HELLO + STOP, Fin()],
        COMPLETE,
        text="Hello",
    ),
    Fault(
        "a hostile charset",
        [head(200, "content-type: text/event-stream; charset=rot13"), HELLO + STOP, Fin()],
        COMPLETE,
        text="Hello",
    ),
    Fault(
        "a bad chunk size",
        [SSE_HEAD, chunk(HELLO), b"-5\r\n", ExpectEof()],
        FAILED,
        K.PROTOCOL,
        "protocol",
        "Hello",
    ),
    Fault("garbage after the body", [*FINE, b"HTTP/9 garbage", Fin()], COMPLETE, text="Hello"),
    Fault(
        "two lengths",
        [head(200, "content-length: 3", "content-length: 5"), HELLO],
        FAILED,
        K.PROTOCOL,
        "protocol",
    ),
    Fault(
        "a huge head",
        [head(200, *(f"x-{i}: {'y' * 1000}" for i in range(200)))],
        FAILED,
        K.PROTOCOL,
        "protocol",
    ),
    # after the end
    Fault("done twice, then data", ok_sse(HELLO, STOP, DONE, DONE, HELLO), COMPLETE, text="Hello"),
    Fault(
        "an error after the finish mark",
        ok_sse(HELLO, STOP, b'data: {"error":{"message":"late"}}\n\n'),
        COMPLETE,
        K.SERVER,
        None,
        "Hello",
    ),
    # sizes
    Fault(
        "an event of 5 MB",
        ok_sse(HELLO, b"data: ", *[MEGABYTE] * 5, b"\n\n", STOP),
        FAILED,
        K.PROTOCOL,
        "too_large",
        "Hello",
    ),
    Fault(
        "an answer of 70 MB",
        ok_sse(HELLO, *[b"data: " + MEGABYTE + b"\n\n"] * 70, STOP),
        FAILED,
        K.PROTOCOL,
        "too_large",
        "Hello",
    ),
]


@pytest.mark.parametrize("fault", FAULTS, ids=repr)
async def test_a_fault_ends_in_its_state(fault: Fault) -> None:
    with FaultServer([list(fault.steps)]) as server:
        async with opened() as http:
            start = time.monotonic()
            events = await events_of(backend(http, server.url, silence=0.4, first_payload=0.6))
            assert time.monotonic() - start < 8
    reply = folded(events)
    assert (reply.state, reply.answer_text) == (fault.state, fault.text)
    failed = reply.failed
    assert (failed.kind if failed else None, failed.code if failed else None) == (fault.kind, fault.code)
    assert len(server.requests) == 1
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY.reveal()}"
    assert KEY.reveal() not in repr(events)


async def test_many_small_events_are_read_as_fast_as_they_come() -> None:
    """30,000 events in one go: decoded, in order, in seconds."""
    events = [b'data: {"choices":[{"delta":{"content":"%d,"}}]}\n\n' % i for i in range(30_000)]
    blocks = [b"".join(events[i : i + 1000]) for i in range(0, len(events), 1000)]
    with FaultServer([ok_sse(*blocks, STOP)]) as server:
        async with opened() as http:
            reply = folded(merged(await events_of(backend(http, server.url))))
    assert reply.answer_text == "".join(f"{i}," for i in range(30_000))


async def test_an_endless_answer_meets_its_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "ANSWER_CAP", 100_000)

    def endless(seen: object) -> Iterable[Step]:
        yield SSE_HEAD
        while True:
            yield chunk(HELLO * 10)

    with FaultServer(endless) as server:
        async with opened() as http:
            reply = folded(merged(await events_of(backend(http, server.url))))
            assert await asyncio.to_thread(server.wait_eof)
    assert (reply.state, reply.failed and reply.failed.code) == (FAILED, "too_large")
    assert len(reply.answer_text) > 5_000


async def test_a_finish_mark_ends_a_stream_that_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "_AFTER_FINISH", 0.2)
    pings = [step for _ in range(200) for step in (b": ping\n\n", Sleep(0.02))]
    with FaultServer([ok_sse(HELLO, STOP, *pings, ExpectEof())]) as server:
        async with opened() as http:
            start = time.monotonic()
            assert folded(await events_of(backend(http, server.url))).state is COMPLETE
            assert time.monotonic() - start < 2
            assert await asyncio.to_thread(server.wait_eof)


async def test_a_fault_stays_in_its_lane() -> None:
    faults = {f"lane {i}": fault for i, fault in enumerate(FAULTS[1:8] + FAULTS[9:14] + FAULTS[19:24])}
    slow: list[Step] = [SSE_HEAD, chunk(HELLO), Sleep(0.3), chunk(STOP), END]

    def by_lane(seen: object) -> Iterable[Step]:
        asked = json.loads(getattr(seen, "body", b""))["messages"][0]["content"]
        return list(faults[asked].steps) if asked in faults else slow

    with FaultServer(by_lane) as server:
        async with opened() as http:
            asked = backend(http, server.url, silence=0.4, first_payload=0.6)
            names = ["a", *faults, "b", "c"]
            lanes = await asyncio.gather(*(events_of(asked, question(name)) for name in names))
    states = {name: folded(events).state for name, events in zip(names, lanes, strict=True)}
    assert {states[n] for n in "abc"} == {COMPLETE}
    assert {n: states[n] for n in faults} == {n: fault.state for n, fault in faults.items()}


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://models.invalid", "dns"),
        ("nonsense", "bad_address"),
        ("ftp://h", "bad_address"),
        ("http://a:b@127.0.0.1", "protocol"),
    ],
)
async def test_addresses(url: str, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: object, **kwargs: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setattr(streaming, "_wait", lambda *_: 0.0)
    for name in ("http_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    async with opened() as http:
        reply = folded(await events_of(backend(http, url)))
    assert reply.state is FAILED
    assert reply.failed
    assert reply.failed.code == code


async def test_a_dead_port_is_told_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    async with opened() as http:
        start = time.monotonic()
        reply = folded(await events_of(backend(http, f"http://127.0.0.1:{port}")))
        assert time.monotonic() - start < 0.5
    assert reply.failed
    assert (reply.failed.kind, reply.failed.code) == (K.NETWORK, "refused")
