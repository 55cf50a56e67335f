"""Gemini asked to write its thoughts down: its own stay hidden then, so that no summary is taken for the written ones."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.faults.client import backend, events_of, folded, opened, question
from tests.faults.server import FaultServer, ok_sse

from sidelight.backends.base import Request
from sidelight.chat.reply import TraceKind, trace_of

STREAM = ok_sse(
    b'data: {"candidates":[{"content":{"parts":[{"text":"<think>2+2</think><answer>4</answer>"}]}}]}\r\n\r\n',
    b'data: {"candidates":[{"content":{"parts":[{"text":"","thoughtSignature":"g"}]},"finishReason":"STOP"}],'
    b'"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":5,"thoughtsTokenCount":40}}\r\n\r\n',
)


@pytest.mark.parametrize(
    ("model", "effort", "thinking"),
    [
        ("gemini-3.8-flash", "default", None),
        ("gemini-3.8-flash", "high", {"thinkingLevel": "high"}),
        ("gemini-2.0-flash", "default", None),
    ],
)
async def test_elicited(model: str, effort: str, thinking: dict[str, Any] | None) -> None:
    asking = question(elicited=True, effort=effort)
    request = Request(model, asking.messages, asking.parameters)
    with FaultServer([STREAM]) as server:
        async with opened() as http:
            asked = backend(http, server.url, "gemini")
            reply = folded(await events_of(asked, request))
            claim = asked.claim(request)
    body = json.loads(server.requests[0].body)
    assert body.get("generationConfig", {}).get("thinkingConfig") == thinking
    assert "<think>" in body["systemInstruction"]["parts"][0]["text"]
    assert (reply.trace_text, reply.answer_text) == ("2+2", "4")
    assert claim.raw is TraceKind.ELICITED
    assert reply.usage
    assert reply.usage.reasoning == 40
    assert trace_of(reply).kind is not TraceKind.SUMMARY


async def test_claude_hides_its_own_too() -> None:
    asking = question(elicited=True, effort="high")
    async with opened() as http:
        asked = backend(http, "http://127.0.0.1:9", "anthropic")
        body = json.loads(asked.prepare(Request("claude-opus-4-6", asking.messages, asking.parameters)).body)
    assert body["thinking"] == {"type": "adaptive", "display": "omitted"}
