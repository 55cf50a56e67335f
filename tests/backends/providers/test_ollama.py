"""Ollama: what is asked before a request, and what the request then says of thinking and of context."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.faults.client import backend, events_of, folded, opened, question
from tests.faults.server import FaultServer, Scenario, Seen, answer

from sidelight.chat.reply import ReplyState

LINES = (
    b'{"model":"m","message":{"content":"","thinking":"Two."},"done":false}\n'
    b'{"model":"m","message":{"content":"4"},"done":false}\n'
    b'{"model":"m","message":{"content":""},"done":true,"done_reason":"stop","prompt_eval_count":9,"eval_count":7}\n'
)
THINKER = {"capabilities": ["completion", "thinking"], "model_info": {"qwen3.context_length": 8192}}


@pytest.mark.parametrize(
    ("shown", "effort", "think", "context", "outcome"),
    [
        (THINKER, "default", None, 8192, None),
        (THINKER, "off", False, 8192, "sent"),
        (THINKER, "high", True, 8192, "clamped"),
        ({"capabilities": ["completion"]}, "high", None, 16384, "ignored"),
        ({"capabilities": "x", "model_info": {"a.context_length": "y"}}, "high", None, 16384, "ignored"),
        (None, "high", None, 16384, "ignored"),
    ],
)
async def test_a_request(
    shown: dict[str, Any] | None, effort: str, think: bool | None, context: int, outcome: str | None
) -> None:
    def scenario(seen: Seen) -> Scenario:
        if seen.path == "/api/show":
            return answer(404) if shown is None else answer(200, json.dumps(shown).encode())
        return answer(200, LINES)

    with FaultServer(scenario) as server:
        async with opened() as http:
            asked = backend(http, server.url + "/v1", "ollama")
            asking = question(effort=effort)
            reply = folded(await events_of(asked, asking))
            await events_of(asked, asking)
            notes = asked.prepare(asking).notes
    paths = [seen.path for seen in server.requests]
    once = ["/api/show", "/api/chat", "/api/chat"]
    assert paths == (once if shown is not None else ["/api/show", "/api/chat"] * 2)
    body = json.loads(server.requests[-1].body)
    assert body.get("think") == think
    assert body["options"] == {"num_ctx": context}
    assert (reply.state, reply.trace_text, reply.answer_text) == (ReplyState.COMPLETE, "Two.", "4")
    assert [note.outcome for note in notes] == ([outcome] if outcome else [])


async def test_gpt_oss_takes_levels() -> None:
    async with opened() as http:
        asked = backend(http, "http://127.0.0.1:9", "ollama")
        asked._shown["gpt-oss:20b"] = THINKER  # type: ignore[attr-defined]  # as if learnt
        sent = []
        for effort in ("off", "medium", "max"):
            asking = question(effort=effort)
            prepared = asked.prepare(type(asking)("gpt-oss:20b", asking.messages, asking.parameters))
            sent.append((json.loads(prepared.body)["think"], prepared.notes[0].outcome))
    assert sent == [("low", "clamped"), ("medium", "sent"), ("high", "clamped")]


async def test_the_cloud_chooses_its_context() -> None:
    async with opened() as http:
        asked = backend(http, "https://ollama.com", "ollama-cloud")
        assert "num_ctx" not in asked.prepare(question()).body
        assert asked.prepare(question()).url == "https://ollama.com/api/chat"


async def test_a_server_that_is_not_there() -> None:
    async with opened() as http:
        reply = folded(await events_of(backend(http, "http://127.0.0.1:9", "ollama")))
    assert reply.failed
    assert reply.failed.kind == "network"
