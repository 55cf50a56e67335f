"""Bombs: what is refused, capped or thrown away takes less than 16 MB, measured in a process of its own."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator

import pytest
from tests.faults.growth import measured
from tests.faults.scene import DONE, HELLO, STOP, said
from tests.faults.server import END, SSE_HEAD, FaultServer, Fin, Scenario, Seen, Step, chunk, head, ok_sse
from tests.faults.sizes import MEGABYTE, endless
from tests.faults.streams import bomb

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the highest resident size is read from /proc"
)

LIMIT = 16_000_000
FINE = ok_sse(HELLO, STOP, DONE)


def after_warming(bomb_: Callable[[], Scenario]) -> Callable[[Seen], Scenario]:
    """A good answer first, then the bomb."""
    count = itertools.count()
    return lambda seen: bomb_() if next(count) else FINE


def coded(times: int) -> Scenario:
    return [head(200, "content-encoding: " + ", ".join(["gzip"] * times)), bomb(times), Fin()]


def event(prefix: bytes, piece: bytes) -> Iterator[Step]:
    """An event that does not end before 64 MB."""
    yield SSE_HEAD
    yield chunk(HELLO + prefix)
    for _ in range(64_000_000 // len(piece)):
        yield chunk(piece)


def page(status: int) -> Iterator[Step]:
    yield head(status, "x-should-retry: false", "content-length: 10000000")
    for _ in range(10):
        yield MEGABYTE


def head_without_end() -> Iterator[Step]:
    yield b"HTTP/1.1 200 OK\r\n"
    while True:
        yield b"x: " + b"y" * 10_000 + b"\r\n"


def informational() -> Iterator[Step]:
    for _ in range(5_000):
        yield head(103, "link: " + "y" * 1000)
    yield from FINE


def chunks_of_one_byte(text: int) -> Iterator[Step]:
    body = said("x" * text) + STOP + DONE
    yield SSE_HEAD
    for start in range(0, len(body), 1000):
        yield b"".join(b"1\r\n%c\r\n" % byte for byte in body[start : start + 1000])
    yield END


BOMBS: dict[str, tuple[Callable[[], Scenario], str | None, int]] = {
    "gzip": (lambda: coded(1), "protocol", 0),
    "gzip, gzip": (lambda: coded(2), "protocol", 0),
    "gzip, gzip, gzip, gzip": (lambda: coded(4), "protocol", 0),
    "an event of 64 MB": (lambda: event(b"data: ", MEGABYTE), "too_large", 5),
    "an event of empty lines": (lambda: event(b"", b"data\n" * 1000), "too_large", 5),
    "an event of short lines": (lambda: event(b"", b"data:xy\n" * 1000), "too_large", 5),
    "lines that are no fields": (lambda: endless(b"xy\n" * 20_000), "too_large", 0),
    "comments without end": (lambda: endless(b": wait\n\n" * 10_000), "too_large", 0),
    "an error page of 10 MB": (lambda: page(500), None, 0),
    "a head without end": (head_without_end, "protocol", 0),
    "heads before the head": (informational, None, 5),
    "chunks of one byte": (lambda: chunks_of_one_byte(100_000), None, 100_000),
}
"""What is sent, and the code and the characters of text that the lane ends with."""


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_takes_little(name: str) -> None:
    """Answers beyond the cap meet one of 10 MB here: what they take does not grow with it."""
    scenario, code, text = BOMBS[name]
    with FaultServer(after_warming(scenario)) as server:
        found = measured(server.url, "lane", 10_000_000)
    assert (found.code, found.text) == (code, text)
    assert found.bytes < LIMIT, found


def test_an_answer_of_64_mb() -> None:
    """Where nobody keeps its text, reading it takes as little as any other; a lane keeps its text, and little more."""
    text = "x" * 900_000
    with FaultServer(after_warming(lambda: endless(said(text)))) as server:
        read = measured(server.url, "drain")
    assert (read.code, read.text) == ("too_large", 71 * len(text))
    assert read.bytes < LIMIT, read
    with FaultServer(after_warming(lambda: endless(said(text)))) as server:
        kept = measured(server.url, "text", 32_000_000)
    assert (kept.code, kept.text) == ("too_large", 35 * len(text))
    assert kept.held - kept.text < LIMIT, kept
