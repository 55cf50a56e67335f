"""What is shown of a request is what is sent: every provider, over a socket, with its key in its header and nowhere else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.faults.client import KEY, backend, events_of, folded, opened, question
from tests.faults.server import FaultServer, Scenario, Seen, answer, ok_sse

from sidelight.backends.base import Prepared
from sidelight.backends.registry import ROWS
from sidelight.backends.wire.body import ELICIT, BadExtra, encoded
from sidelight.chat.events import Failed, FailureKind, Note
from sidelight.chat.reply import ReplyState, TraceKind

CHAT = ok_sse(b'data: {"choices":[{"delta":{"content":"4"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n')
RESPONSES = ok_sse(
    b'data: {"type":"response.output_text.delta","delta":"4"}\n\n',
    b'data: {"type":"response.completed","response":{}}\n\n',
)
MESSAGES = ok_sse(
    b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"4"}}\n\n',
    b'data: {"type":"message_delta","delta":{"stop_reason":"end_turn"}}\n\ndata: {"type":"message_stop"}\n\n',
)
GEMINI = ok_sse(
    b'data: {"candidates":[{"content":{"parts":[{"text":"4"}]},"finishReason":"STOP"}]}\r\n\r\n',
)
OLLAMA = answer(200, b'{"message":{"content":"4"},"done":true,"done_reason":"stop"}\n')
COHERE = ok_sse(
    b'data: {"type":"content-delta","delta":{"message":{"content":{"text":"4"}}}}\n\n',
    b'data: {"type":"message-end","delta":{"finish_reason":"COMPLETE"}}\n\n',
)
ANSWERS: dict[str, tuple[str, Scenario]] = {
    "openai": ("/v1/responses", RESPONSES),
    "azure": ("/openai/v1/responses", RESPONSES),
    "xai": ("/v1/responses", RESPONSES),
    "anthropic": ("/v1/messages", MESSAGES),
    "gemini": ("/v1beta/models/some-model:streamGenerateContent?alt=sse", GEMINI),
    "ollama": ("/api/chat", OLLAMA),
    "ollama-cloud": ("/api/chat", OLLAMA),
    "cohere": ("/v2/chat", COHERE),
    "deepseek": ("/chat/completions", CHAT),
    "perplexity": ("/chat/completions", CHAT),
    "zai": ("/api/paas/v4/chat/completions", CHAT),
}
HEADERS = {"anthropic": "x-api-key", "gemini": "x-goog-api-key", "azure": "api-key"}


@pytest.mark.parametrize("provider", [row.provider for row in ROWS])
async def test_what_is_shown_is_what_is_sent(provider: str) -> None:
    path, said = ANSWERS.get(provider, ("/v1/chat/completions", CHAT))
    asking = question("Why\ud800?", temperature=0.5, max_tokens=9000, extra='{"user": "x"}')
    with FaultServer(lambda seen: answer(404) if seen.path == "/api/show" else said) as server:
        async with opened() as http:
            asked = backend(http, server.url, provider)
            shown = asked.prepare(asking, KEY)
            assert asked.prepare(asking, KEY) == shown
            reply = folded(await events_of(asked, asking))
            bare = asked.prepare(asking)
    seen = server.requests[-1]
    assert (reply.state, reply.answer_text) == (ReplyState.COMPLETE, "4")
    assert (seen.method, seen.path, seen.body.decode()) == ("POST", path, shown.body)
    assert shown.url == server.url + path
    name = HEADERS.get(provider, "authorization")
    for header, value in shown.headers:
        text = KEY.reveal() if value == KEY else str(value)
        assert seen.headers[header] == (f"Bearer {text}" if header == "authorization" else text)
    assert dict(shown.headers)[name] == KEY
    assert [k for k, v in seen.headers.items() if KEY.reveal() in v] == [name]
    assert KEY.reveal() not in seen.path + seen.body.decode() + repr(shown)
    assert name not in dict(bare.headers)
    assert bare.body == shown.body
    assert json.loads(shown.body)["user"] == "x"


async def test_extra_parameters_are_merged_into_what_is_there() -> None:
    assert json.loads(
        encoded({"a": {"b": 1, "c": 2}, "d": 3, "e": None}, '{"a": {"c": null, "x": 4}, "d": {}}')
    ) == {
        "a": {"b": 1, "c": None, "x": 4},
        "d": {},
    }
    with pytest.raises(BadExtra):
        encoded({}, '{"a": "\\ud800"}')


@pytest.mark.parametrize("provider", ["openai", "anthropic", "gemini", "ollama", "cohere", "deepseek"])
async def test_extra_parameters_that_are_no_object(provider: str) -> None:
    with FaultServer([answer(404)]) as server:
        async with opened() as http:
            asked = backend(http, server.url, provider)
            events = await events_of(asked, question(extra="[1]"))
            with pytest.raises(ValueError):
                asked.prepare(question(extra="[1]"))
    assert events == [Failed(FailureKind.BAD_REQUEST, code="extra_json")]


@pytest.mark.parametrize("provider", [row.provider for row in ROWS])
async def test_a_trace_can_be_asked_for_everywhere(provider: str) -> None:
    """But of models that would refuse to answer."""
    async with opened() as http:
        asked = backend(http, "http://127.0.0.1:9", provider)
        asking = question(elicited=True)
        refuses = provider == "anthropic"
        assert (json.dumps(ELICIT)[1:-1] in asked.prepare(asking).body) is not refuses
        assert asked.claim(asking).elicited is not refuses
        assert (Note("elicited", "ignored", "would_be_refused") in asked.prepare(asking).notes) is refuses


def refusing(word: str, said: Scenario, message: str, **more: Any) -> Any:
    """A server that refuses each request in whose body the word stands."""

    def scenario(seen: Seen) -> Scenario:
        if word in seen.body.decode():
            return answer(400, json.dumps({"error": {"message": message, **more}}).encode())
        return said

    return scenario


async def test_a_summary_is_left_out_where_it_is_refused() -> None:
    message = "Your organization must be verified to generate reasoning summaries."
    server = FaultServer(refusing('"summary"', RESPONSES, message, param="reasoning.summary"))
    asking = question(effort="high")
    asking = type(asking)("gpt-5.4", asking.messages, asking.parameters)
    with server:
        async with opened() as http:
            asked = backend(http, server.url, "openai")
            for _ in range(2):
                assert folded(await events_of(asked, asking)).state is ReplyState.COMPLETE
            after = asked.prepare(asking)
            other = asked.prepare(type(asking)("gpt-5.5", asking.messages, asking.parameters))
    bodies = [json.loads(seen.body) for seen in server.requests]
    assert [body["reasoning"] for body in bodies] == [
        {"summary": "auto", "effort": "high"},
        {"effort": "high"},
        {"effort": "high"},
    ]
    assert Note("reasoning.summary", "refused by the server") in after.notes
    assert "summary" in other.body


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (404, "Resource not found"),
        (405, ""),
        (400, "This model is only supported in v1/chat/completions and not in v1/responses."),
        (400, "The Responses API is not enabled in this region."),
    ],
)
@pytest.mark.parametrize("provider", ["openai", "azure"])
async def test_chat_completions_where_responses_is_refused(provider: str, status: int, message: str) -> None:
    def scenario(seen: Seen) -> Scenario:
        if seen.path.endswith("/responses"):
            return answer(status, json.dumps({"error": {"message": message}}).encode())
        return CHAT

    with FaultServer(scenario) as server:
        async with opened() as http:
            asked = backend(http, server.url, provider)
            for _ in range(2):
                reply = folded(await events_of(asked, question(max_tokens=7)))
                assert (reply.state, reply.answer_text) == (ReplyState.COMPLETE, "4")
            prepared: Prepared = asked.prepare(question())
    paths = [seen.path.rpartition("/")[2] for seen in server.requests]
    assert paths == ["responses", "completions", "completions"]
    assert json.loads(server.requests[1].body)["max_completion_tokens"] == 7
    assert prepared.url.endswith("/chat/completions")


@pytest.mark.parametrize(
    ("provider", "model", "trace"),
    [
        ("azure", "DeepSeek-R1", "Two."),
        ("azure", "gpt-5-mini", ""),
        ("openai", "gpt-5-mini", ""),
    ],
)
async def test_tags_where_open_models_are_hosted(provider: str, model: str, trace: str) -> None:
    said = ok_sse(
        b'data: {"choices":[{"delta":{"content":"<think>Two.</think>4"},"finish_reason":"stop"}]}\n\n'
    )
    asking = question()
    with FaultServer(lambda seen: answer(404) if seen.path.endswith("/responses") else said) as server:
        async with opened() as http:
            asked = backend(http, server.url, provider)
            reply = folded(await events_of(asked, type(asking)(model, asking.messages, asking.parameters)))
    assert reply.trace_text == trace
    assert reply.answer_text == ("4" if trace else "<think>Two.</think>4")


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (404, "The model `gpt-9` does not exist or you do not have access to it.", "model_not_found"),
        (404, "The API deployment for this resource does not exist.", "model_not_found"),
        (400, "Unsupported value: 'reasoning.effort'", "bad_request"),
        (401, "Incorrect API key provided", "auth"),
    ],
)
async def test_other_refusals_are_told(status: int, message: str, kind: str) -> None:
    with FaultServer([answer(status, json.dumps({"error": {"message": message}}).encode())]) as server:
        async with opened() as http:
            reply = folded(await events_of(backend(http, server.url, "openai"), question(effort="high")))
    assert len(server.requests) == 1
    assert reply.failed
    assert reply.failed.kind == kind


@pytest.mark.parametrize(
    ("provider", "field"),
    [
        ("groq", "reasoning_format"),
        ("cerebras", "reasoning_format"),
        ("minimax", "reasoning_split"),
        ("llamacpp", "return_progress"),
    ],
)
async def test_a_field_nobody_asked_for_is_left_out_where_it_is_refused(provider: str, field: str) -> None:
    with FaultServer(refusing(field, CHAT, f"property '{field}' is not supported")) as server:
        async with opened() as http:
            asked = backend(http, server.url, provider)
            for _ in range(2):
                assert folded(await events_of(asked)).state is ReplyState.COMPLETE
            after = asked.prepare(question())
    assert [field in seen.body.decode() for seen in server.requests] == [True, False, False]
    assert Note(field, "refused by the server") in after.notes


async def test_a_wish_of_the_person_is_never_left_out_after_a_refusal() -> None:
    with FaultServer(refusing("reasoning_effort", CHAT, "reasoning_effort is not supported")) as server:
        async with opened() as http:
            reply = folded(await events_of(backend(http, server.url, "fireworks"), question(effort="high")))
    assert len(server.requests) == 1
    assert reply.failed
    assert dict(reply.failed.details)["parameter"] == "reasoning_effort"


async def test_what_is_left_of_a_rate_limit_is_kept() -> None:
    fields = (
        "anthropic-ratelimit-tokens-remaining: 12",
        "x-ratelimit-reset-requests: 12ms",
        "request-id: req_1",
        "retry-after: 30",
        "set-cookie: a=b",
    )
    body = b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'
    with FaultServer([answer(200, body, *fields)]) as server:
        async with opened() as http:
            reply = folded(await events_of(backend(http, server.url)))
    assert reply.identity.headers == (
        ("anthropic-ratelimit-tokens-remaining", "12"),
        ("x-ratelimit-reset-requests", "12ms"),
        ("request-id", "req_1"),
    )


@pytest.mark.parametrize(
    ("provider", "model", "kind", "certainty"),
    [
        ("openai", "gpt-5.6-sol", TraceKind.SUMMARY, "by model family"),
        ("xai", "grok-4.7", TraceKind.SUMMARY, "by model family"),
        ("anthropic", "claude-3-7-sonnet-20250219", TraceKind.FULL, "by model family"),
        ("anthropic", "claude-sonnet-4-5", TraceKind.SUMMARY, "by model family"),
        ("gemini", "gemini-3.8-flash", TraceKind.SUMMARY, "by model family"),
        ("gemini", "a-new-name", TraceKind.SUMMARY, "by model family"),
        ("gemini", "gemma-4-31b-it", TraceKind.FULL, "by model family"),
        ("openrouter", "anthropic/claude-sonnet-4.5", TraceKind.SUMMARY, "by model family"),
        ("openrouter", "google/gemini-2.5-pro", TraceKind.SUMMARY, "by model family"),
        ("openrouter", "openai/gpt-oss-20b", TraceKind.FULL, "by model family"),
        ("openrouter", "x-ai/grok-3-mini", TraceKind.FULL, "by model family"),
        ("openrouter", "somebody/something", TraceKind.FULL, "guessed"),
        ("groq", "openai/gpt-oss-120b", TraceKind.FULL, "by model family"),
        ("dashscope", "qwen-plus", TraceKind.FULL, "by model family"),
        ("mistral", "magistral-medium-latest", TraceKind.FULL, "by model family"),
        ("together", "deepseek-ai/DeepSeek-R1", TraceKind.FULL, "by model family"),
        ("perplexity", "sonar-reasoning-pro", TraceKind.FULL, "guessed"),
        ("openai-compatible", "claude-sonnet-5", TraceKind.SUMMARY, "by model family"),
    ],
)
async def test_what_a_trace_may_be_called(provider: str, model: str, kind: TraceKind, certainty: str) -> None:
    asking = question()
    async with opened() as http:
        asked = backend(http, "https://api.example", provider)
        claim = asked.claim(type(asking)(model, asking.messages, asking.parameters))
    assert (claim.raw, claim.certainty, claim.elicited) == (kind, certainty, False)


async def test_a_closed_model_does_not_run_at_home() -> None:
    asking = question()
    async with opened() as http:
        for name, certainty in (
            ("claude-style-qwen3", "by model family"),
            ("claude-3.7-like", "guessed"),
            ("gpt-oss:20b", "by model family"),
        ):
            claim = backend(http, "http://127.0.0.1:9", "ollama").claim(
                type(asking)(name, asking.messages, asking.parameters)
            )
            assert (claim.raw, claim.certainty) == (TraceKind.FULL, certainty)
