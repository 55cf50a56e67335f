"""What a backend makes of an end that is none, and of addresses that are none; the other faults are in `table.py`."""

from __future__ import annotations

import asyncio
import time

import pytest
from tests.faults.client import backend, events_of, folded, opened
from tests.faults.scene import HELLO, STOP, End, complete, failed
from tests.faults.server import ExpectEof, FaultServer, Sleep, ok_sse

from sidelight.backends import streaming
from sidelight.chat.events import FailureKind as K


async def test_a_finish_mark_ends_a_stream_that_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "_AFTER_FINISH", 0.2)
    pings = [step for _ in range(3000) for step in (b": ping\n\n", Sleep(0.02))]
    with FaultServer([ok_sse(HELLO, STOP, *pings, ExpectEof())]) as server:
        async with opened() as http:
            start = time.monotonic()
            assert End.of(folded(await events_of(backend(http, server.url)))) == complete()
            assert time.monotonic() - start < 20, "the server goes on for a minute"
            assert await asyncio.to_thread(server.wait_eof)


@pytest.mark.parametrize(
    ("url", "end"),
    [
        ("nonsense", failed(K.BAD_REQUEST, "bad_address")),
        ("ftp://h", failed(K.BAD_REQUEST, "bad_address")),
        ("http://a:b@127.0.0.1", failed(K.PROTOCOL, "protocol")),
    ],
)
async def test_addresses(url: str, end: End) -> None:
    async with opened() as http:
        assert End.of(folded(await events_of(backend(http, url)))) == end
