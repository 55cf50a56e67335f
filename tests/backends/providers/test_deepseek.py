"""DeepSeek's own API: how effort is spelled, what is read, what its trace may be called."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.faults.client import backend, events_of, folded, opened, question
from tests.faults.server import FaultServer, ok_sse

from sidelight.chat.reply import Certainty, TraceClaim, TraceKind

ANSWER = ok_sse(
    b'data: {"model":"deepseek-v4-flash","choices":[{"delta":{"content":null,"reasoning_content":"Hm"}}]}\n\n',
    b": keep-alive\n\n",
    b'data: {"choices":[{"delta":{"content":"<think> is a tag"},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":6,"completion_tokens":9,"prompt_cache_hit_tokens":2}}\n\n',
)


@pytest.mark.parametrize(
    ("effort", "fields"),
    [
        ("default", {}),
        ("off", {"thinking": {"type": "disabled"}}),
        ("low", {"thinking": {"type": "enabled"}, "reasoning_effort": "low"}),
        ("medium", {"thinking": {"type": "enabled"}, "reasoning_effort": "high"}),
        ("high", {"thinking": {"type": "enabled"}, "reasoning_effort": "high"}),
        ("max", {"thinking": {"type": "enabled"}, "reasoning_effort": "max"}),
    ],
)
async def test_a_reply(effort: str, fields: dict[str, Any]) -> None:
    with FaultServer([ANSWER]) as server:
        async with opened() as http:
            asked = backend(http, server.url, "deepseek")
            reply = folded(await events_of(asked, question(effort=effort)))
            assert asked.claim(question()) == TraceClaim(TraceKind.FULL, Certainty.BY_FAMILY)
    sent = json.loads(server.requests[0].body)
    assert {k: sent[k] for k in ("thinking", "reasoning_effort") if k in sent} == fields
    assert server.requests[0].path == "/chat/completions"
    assert (reply.trace_text, reply.answer_text) == ("Hm", "<think> is a tag")
    assert reply.identity.served_model == "deepseek-v4-flash"
    assert reply.usage
    assert (reply.usage.prompt, reply.usage.cached) == (6, 2)
