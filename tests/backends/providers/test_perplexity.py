"""The sources an answer refers to come beside it, all of them again with each chunk."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.faults.client import backend, events_of, folded, opened
from tests.faults.server import FaultServer, ok_sse

from sidelight.chat.reply import Reply, ReplyState

RESULTS = [
    {"title": "Counting\nfor all", "url": "https://a.example/1", "date": "2026-01-01"},
    {"title": "No page", "url": "javascript:alert(1)"},
    {"url": "https://c.example/3"},
]


def chunk(text: str, whole: str, finish: str | None = None, **found: Any) -> bytes:
    choice = {"delta": {"content": text}, "message": {"content": whole}, "finish_reason": finish}
    return b"data: " + json.dumps({"choices": [choice], **found}).encode() + b"\r\n\r\n"


async def reply_of(*chunks: bytes) -> Reply:
    with FaultServer([ok_sse(*chunks)]) as server:
        async with opened() as http:
            return folded(await events_of(backend(http, server.url, "perplexity")))


@pytest.mark.parametrize("cut", [False, True])
async def test_sources(cut: bool) -> None:
    early: dict[str, Any] = {"search_results": RESULTS[:1], "citations": ["https://a.example/1"]}
    last = chunk("[3].", "It is 4 [1][3].", None if cut else "stop", search_results=RESULTS)
    reply = await reply_of(chunk("It is 4 [1]", "It is 4 [1]", **early), last)
    assert reply.state is (ReplyState.INTERRUPTED if cut else ReplyState.COMPLETE)
    parts = [(segment.part, segment.text) for segment in reply.segments]
    sources = "1. Counting for all: https://a.example/1\n3. https://c.example/3"
    assert parts == [(0, "It is 4 [1][3]."), (1, sources)]


async def test_an_older_list_has_addresses_only() -> None:
    reply = await reply_of(chunk("4", "4", "stop", citations=["https://a.example/1", 7, "ftp://x"]))
    assert reply.answer_text == "4\n\n1. https://a.example/1"


@pytest.mark.parametrize("found", [None, 7, "x", {"a": 1}, [], [[]], [None]])
async def test_wrong_types(found: Any) -> None:
    reply = await reply_of(chunk("4", "4", "stop", search_results=found, citations=found))
    assert reply.answer_text == "4"
