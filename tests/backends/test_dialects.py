"""Every dialect over a socket that does not end well: stopped, cut, refused before the stream, failed inside it."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest
from tests.faults.client import backend, events_of, folded, opened, question
from tests.faults.server import ExpectEof, FaultServer, Rst, Scenario, Seen, answer, ok_sse

from sidelight.chat.events import AnswerDelta, FailureKind
from sidelight.chat.reply import ReplyState

FIRST: dict[str, bytes] = {
    "openai": b'data: {"type":"response.output_text.delta","delta":"Fo"}\n\n',
    "anthropic": b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Fo"}}\n\n',
    "gemini": b'data: {"candidates":[{"content":{"parts":[{"text":"Fo"}]}}]}\r\n\r\n',
    "ollama": b'{"message":{"content":"Fo"},"done":false}\n',
    "cohere": b'data: {"type":"content-delta","delta":{"message":{"content":{"text":"Fo"}}}}\n\n',
    "openrouter": b'data: {"choices":[{"delta":{"content":"Fo"}}]}\n\n',
}
FAILURES: dict[str, bytes] = {
    "openai": b'data: {"type":"error","error":{"code":"server_error","message":"It broke."}}\n\n',
    "anthropic": b'event: error\ndata: {"type":"error","error":{"type":"api_error","message":"It broke."}}\n\n',
    "gemini": b'data: {"error":{"code":500,"message":"It broke.","status":"INTERNAL"}}\r\n\r\n',
    "ollama": b'{"error":"It broke."}\n',
    "cohere": b'data: {"type":"error","error":{"message":"It broke."}}\n\n',
    "openrouter": b'data: {"error":{"code":502,"message":"It broke."}}\n\n',
}
DIALECTS = list(FIRST)


def serving(said: Scenario) -> FaultServer:
    """A server that knows nothing of a model when it is asked first."""

    def scenario(seen: Seen) -> Scenario:
        return answer(404) if seen.path == "/api/show" else said

    return FaultServer(scenario)


@pytest.mark.parametrize("provider", DIALECTS)
async def test_stopped(provider: str) -> None:
    with serving(ok_sse(FIRST[provider], ExpectEof(), end=False)) as server:
        async with opened() as http:
            async with aclosing(backend(http, server.url, provider).stream(question())) as events:
                async for event in events:
                    if isinstance(event, AnswerDelta):
                        break
            await asyncio.to_thread(server.wait_eof)


@pytest.mark.parametrize("provider", DIALECTS)
@pytest.mark.parametrize("proper", [True, False])
async def test_cut(provider: str, proper: bool) -> None:
    said = ok_sse(FIRST[provider]) if proper else ok_sse(FIRST[provider], Rst(), end=False)
    with serving(said) as server:
        async with opened() as http:
            reply = folded(await events_of(backend(http, server.url, provider)))
    assert (reply.state, reply.answer_text) == (ReplyState.INTERRUPTED, "Fo")
    assert reply.failed
    assert reply.failed.kind is FailureKind.CUT_OFF
    assert reply.failed.code == ("eof" if proper else "cut")


@pytest.mark.parametrize("provider", DIALECTS)
async def test_failed_inside(provider: str) -> None:
    with serving(ok_sse(FIRST[provider], FAILURES[provider])) as server:
        async with opened() as http:
            reply = folded(await events_of(backend(http, server.url, provider)))
    assert (reply.state, reply.answer_text) == (ReplyState.FAILED, "Fo")
    assert reply.failed
    assert (reply.failed.kind, reply.failed.message) == (FailureKind.SERVER, "It broke.")


@pytest.mark.parametrize("provider", DIALECTS)
@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, b'{"error":{"message":"no"}}', FailureKind.AUTH),
        (402, b"", FailureKind.QUOTA),
        (404, b'{"error":"model \\"x\\" not found"}', FailureKind.MODEL_NOT_FOUND),
        (
            400,
            b'{"error":{"message":"prompt is too long: 9 tokens > 8 maximum"}}',
            FailureKind.CONTEXT_LENGTH,
        ),
    ],
)
async def test_refused_before(provider: str, status: int, body: bytes, kind: FailureKind) -> None:
    with serving(answer(status, body)) as server:
        async with opened() as http:
            reply = folded(await events_of(backend(http, server.url, provider)))
    assert reply.failed
    assert reply.failed.kind is kind
    assert len([seen for seen in server.requests if seen.path != "/api/show"]) == 1


@pytest.mark.parametrize("provider", DIALECTS)
async def test_a_page_in_place_of_an_answer(provider: str) -> None:
    with serving(answer(200, b"<html><body>Sign in</body></html>")) as server:
        async with opened() as http:
            reply = folded(await events_of(backend(http, server.url, provider)))
    assert reply.failed
    assert reply.failed.kind in (FailureKind.PROTOCOL, FailureKind.CUT_OFF)
    assert reply.answer_text == ""
