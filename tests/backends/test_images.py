"""Images that a server refuses, and models that are known to take none."""

from __future__ import annotations

import json

import pytest
from tests.faults.client import backend, events_of, folded, opened, question
from tests.faults.server import FaultServer, Scenario, Seen, answer, ok_sse

from sidelight.backends.base import Request
from sidelight.chat.events import FailureKind, Note
from sidelight.chat.message import Attachment, Message, Parameters
from sidelight.messages import text

PNG = Attachment("d", "cat.png", "image/png", 3)
ANSWER = ok_sse(b'data: {"choices":[{"delta":{"content":"A cat."},"finish_reason":"stop"}]}\n\n')


def showing(model: str = "some-model") -> Request:
    return Request(model, (Message("user", "What is it?", (PNG,)),), Parameters(), {"d": b"PNG"})


@pytest.mark.parametrize(
    ("provider", "status", "said"),
    [
        ("llamacpp", 500, "image input is not supported - hint: you may need to provide the mmproj"),
        ("openrouter", 404, "No endpoints found that support image input"),
        ("deepseek", 400, "messages[0]: unknown variant `image_url`, expected `text`"),
        ("groq", 400, "messages[0].content must be a string"),
        ("vllm", 400, "Qwen3-8B is not a multimodal model"),
        ("anthropic", 400, "messages.0.content.0.image.source.base64: image exceeds 5 MB maximum"),
    ],
)
async def test_refused(provider: str, status: int, said: str) -> None:
    body = json.dumps({"error": {"message": said}}).encode()
    with FaultServer([answer(status, body)]) as server:
        async with opened() as http:
            reply = folded(await events_of(backend(http, server.url, provider), showing()))
            plain = folded(await events_of(backend(http, server.url, provider), question()))
    assert reply.failed
    assert plain.failed
    assert (reply.failed.kind, reply.failed.code) == (FailureKind.BAD_REQUEST, "images_refused")
    assert reply.failed.message == said
    assert plain.failed.code != "images_refused"
    assert text("failed.code.images_refused") != "failed.code.images_refused"


async def test_another_failure_stays_what_it_is() -> None:
    with FaultServer([answer(401, b'{"error":{"message":"This key has no vision models."}}')]) as server:
        async with opened() as http:
            reply = folded(await events_of(backend(http, server.url), showing()))
    assert reply.failed
    assert (reply.failed.kind, reply.failed.code) == (FailureKind.AUTH, None)


@pytest.mark.parametrize("takes", [True, False, None])
async def test_what_the_list_says(takes: bool | None) -> None:
    entry = {"id": "some-model", "capabilities": {"completion_chat": True, "vision": takes}}

    def scenario(seen: Seen) -> Scenario:
        return answer(200, json.dumps({"data": [entry]}).encode()) if seen.method == "GET" else ANSWER

    with FaultServer(scenario) as server:
        async with opened() as http:
            asked = backend(http, server.url, "mistral")
            await asked.models()
            reply = folded(await events_of(asked, showing()))
    (message,) = json.loads(server.requests[-1].body)["messages"]
    if takes is False:
        assert message["content"] == "[cat.png: a file that cannot be shown to you]\n\nWhat is it?"
        assert reply.notes == (Note("images", "ignored", "not_by_this_model"),)
    else:
        assert [part["type"] for part in message["content"]] == ["text", "image_url"]
        assert reply.notes == (Note("images", "sent", "image_url"),)


async def test_what_ollama_s_capabilities_say() -> None:
    line = b'{"message":{"content":"A cat."},"done":true,"done_reason":"stop"}\n'

    def scenario(seen: Seen) -> Scenario:
        return (
            answer(200, b'{"capabilities":["completion"]}') if seen.path == "/api/show" else answer(200, line)
        )

    with FaultServer(scenario) as server:
        async with opened() as http:
            reply = folded(await events_of(backend(http, server.url, "ollama"), showing()))
    assert reply.notes == (Note("images", "ignored", "not_by_this_model"),)
    assert "images" not in json.loads(server.requests[-1].body)["messages"][0]


async def test_an_image_without_a_word() -> None:
    request = Request("m", (Message("user", "", (PNG,)),), Parameters(), {"d": b"PNG"})
    async with opened() as http:
        bodies = {
            provider: json.loads(backend(http, "http://127.0.0.1:9", provider).prepare(request).body)
            for provider in ("groq", "openai", "anthropic", "gemini")
        }
    assert len(bodies["groq"]["messages"][0]["content"]) == 1
    assert len(bodies["openai"]["input"][0]["content"]) == 1
    assert len(bodies["anthropic"]["messages"][0]["content"]) == 1
    assert len(bodies["gemini"]["contents"][0]["parts"]) == 1
