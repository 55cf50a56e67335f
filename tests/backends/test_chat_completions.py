"""A backend of the chat-completions dialect against a real socket: what is sent, retried, mended, listed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from tests.faults.client import KEY, backend, events_of, folded, opened, question
from tests.faults.server import FaultServer, Scenario, Step, answer, head, ok_sse

from sidelight.backends import streaming
from sidelight.backends.base import BackendError, Request
from sidelight.backends.chat_completions import ChatCompletions
from sidelight.backends.wire.body import ELICIT, BadExtra, encoded, sampling
from sidelight.backends.wire.openai_chat import request_body
from sidelight.chat.events import AnswerDelta, Failed, FailureKind, Finished, Progress, Sent, Started
from sidelight.chat.message import Message, Parameters
from sidelight.chat.reply import Certainty, ReplyState, TraceClaim, TraceKind
from sidelight.secrets import Secret

FINE = ok_sse(
    b'data: {"choices":[{"delta":{"content":"Hello"},"finish_reason":"stop"}]}\n\n', b"data: [DONE]\n\n"
)
MESSAGES = (Message("system", "Be brief."), Message("user", "Why\ud800?"))


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Waits between attempts are noted and not waited."""
    waits: list[float] = []
    real = streaming._wait

    def noted(failed: Failed, retries: int) -> float:
        waits.append(real(failed, retries))
        return waits[-1] if waits[-1] > 60 else 0.0

    monkeypatch.setattr(streaming, "_wait", noted)
    monkeypatch.setattr(streaming, "_POLL", 0.01)
    return waits


def body_of(
    request: Request, fields: Mapping[str, Any] | None = None, *, instruct: bool = False
) -> dict[str, Any]:
    sampled, _ = sampling(request.parameters, {**ChatCompletions.names, "max_tokens": "max_tokens"})
    body = request_body(request, {**sampled, **(fields or {})}, instruct=instruct)
    return dict(json.loads(encoded(body, request.parameters.extra)))


def test_the_least_that_is_sent() -> None:
    assert body_of(Request("m", MESSAGES, Parameters())) == {
        "model": "m",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why\ufffd?"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_all_that_can_be_sent() -> None:
    asked = Parameters(
        temperature=0.0,
        top_p=0.5,
        max_tokens=9,
        stop=("a",),
        seed=0,
        extra='{"top_k": 5, "seed": 1, "stream_options": null}',
    )
    sent = body_of(Request("m", MESSAGES, asked), fields={"thinking": {"type": "enabled"}, "x": None})
    del sent["messages"]
    assert sent == {
        "model": "m",
        "stream": True,
        "stream_options": None,
        "temperature": 0.0,
        "top_p": 0.5,
        "max_tokens": 9,
        "stop": ["a"],
        "seed": 1,
        "thinking": {"type": "enabled"},
        "top_k": 5,
    }


@pytest.mark.parametrize("extra", ["{", "[1]", "7", "null", '{"a":1'])
async def test_extra_parameters_that_are_no_object(extra: str) -> None:
    with pytest.raises(BadExtra):
        body_of(Request("m", MESSAGES, Parameters(extra=extra)))
    async with opened() as http:
        events = await events_of(backend(http, "http://127.0.0.1:9"), question(extra=extra))
    assert events == [Failed(FailureKind.BAD_REQUEST, code="extra_json")]


def test_a_written_out_trace_is_asked_for_in_the_system_text() -> None:
    both = body_of(Request("m", MESSAGES, Parameters()), instruct=True)["messages"]
    assert both[0] == {"role": "system", "content": f"Be brief.\n\n{ELICIT}"}
    alone = body_of(Request("m", MESSAGES[1:], Parameters()), instruct=True)["messages"]
    assert alone[0] == {"role": "system", "content": ELICIT}
    assert len(both) == len(alone) == 2


async def test_a_reply() -> None:
    with FaultServer([FINE]) as server:
        async with opened() as http:
            events = await events_of(backend(http, server.url + "/v1/"))
    assert [type(e) for e in events] == [Progress, Sent, Progress, Progress, Started, AnswerDelta, Finished]
    assert events[:2] == [Progress("sent"), Sent(f"{server.url}/v1/chat/completions")]
    seen = server.requests[0]
    assert (seen.method, seen.path) == ("POST", "/v1/chat/completions")
    assert seen.headers["content-type"] == "application/json"


async def test_headers_worth_keeping() -> None:
    fields = ("x-request-id: r1", "set-cookie: a=b", "openai-organization: org", "server: llama.cpp")
    body = b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'
    with FaultServer([answer(200, body, *fields)]) as server:
        async with opened() as http:
            reply = folded(await events_of(backend(http, server.url)))
    assert reply.identity.headers == (("x-request-id", "r1"), ("server", "llama.cpp"))


@pytest.mark.parametrize(
    ("refusals", "requests", "state"),
    [
        ([answer(429)], 2, ReplyState.COMPLETE),
        ([answer(503), answer(529)], 3, ReplyState.COMPLETE),
        ([answer(500), answer(502), answer(504)], 3, ReplyState.FAILED),
        ([answer(408)], 2, ReplyState.COMPLETE),
        ([answer(429, b"", "retry-after: 60")], 1, ReplyState.FAILED),
        ([answer(429, b"", "retry-after: 59")], 2, ReplyState.COMPLETE),
        ([answer(429, b"", "retry-after: 1000000000")], 1, ReplyState.FAILED),
        ([answer(429, b"", "retry-after: Mon, 01 Jan 2001 00:00:00 GMT")], 2, ReplyState.COMPLETE),
        ([answer(429, b"", "retry-after: nonsense")], 2, ReplyState.COMPLETE),
        ([answer(503, b"", "x-should-retry: false")], 1, ReplyState.FAILED),
        ([answer(429, b'{"error":{"code":"insufficient_quota"}}')], 1, ReplyState.FAILED),
        ([answer(401)], 1, ReplyState.FAILED),
        ([answer(404)], 1, ReplyState.FAILED),
        ([answer(400, b"x" * 10_000_000)], 1, ReplyState.FAILED),
    ],
)
async def test_what_is_sent_again(refusals: Sequence[Scenario], requests: int, state: ReplyState) -> None:
    with FaultServer([*refusals, FINE]) as server:
        async with opened() as http:
            reply = folded(await events_of(backend(http, server.url)))
    assert (len(server.requests), reply.state) == (requests, state)
    assert not reply.failed or len(reply.failed.message) <= 2000


async def test_waits_are_what_was_asked_and_grow_with_jitter(no_waiting: list[float]) -> None:
    with FaultServer([answer(500), answer(500), answer(429, b"", "retry-after: 7"), FINE]) as server:
        async with opened() as http:
            asked = backend(http, server.url)
            await events_of(asked)
            await events_of(asked)
    assert 0.5 <= no_waiting[0] <= 1.0 <= no_waiting[1] <= 1.5


async def test_nothing_is_sent_again_once_something_came() -> None:
    cut: list[Step] = ok_sse(b'data: {"choices":[{"delta":{"content":"Hel"}}]}\n\n', end=False)
    with FaultServer([[*cut, b"0\r\n\r\n"], FINE]) as server:
        async with opened() as http:
            reply = folded(await events_of(backend(http, server.url)))
    assert (len(server.requests), reply.state, reply.answer_text) == (1, ReplyState.INTERRUPTED, "Hel")


async def test_a_server_that_still_loads() -> None:
    loading = answer(503, b'{"error":{"message":"Loading model","type":"unavailable_error","code":503}}')
    with FaultServer([*[loading] * 5, FINE]) as server:
        async with opened() as http:
            events = await events_of(backend(http, server.url, "llamacpp"))
    stages = [e.stage for e in events if isinstance(e, Progress)]
    assert stages == ["sent", *["loading"] * 5, "headers", "bytes"]
    assert folded(events).state is ReplyState.COMPLETE


async def test_a_server_that_loads_for_ever() -> None:
    with FaultServer([answer(503, b'{"error":{"message":"Loading model"}}')]) as server:
        async with opened() as http:
            events = await events_of(backend(http, server.url, first_payload=0.1))
    assert events[-1] == Failed(FailureKind.TIMEOUT, code="first_payload")


@pytest.mark.parametrize(
    ("said", "missing", "present"),
    [
        ("Unknown field stream_options", "stream_options", None),
        ("include_usage is not allowed", "stream_options", None),
        (
            "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
            "max_tokens",
            "max_completion_tokens",
        ),
    ],
)
@pytest.mark.parametrize("status", [400, 422])
async def test_a_field_a_server_refuses_is_left_out_and_remembered(
    said: str, missing: str, present: str | None, status: int
) -> None:
    refusal = answer(status, json.dumps({"error": {"message": said}}).encode())
    with FaultServer([refusal, FINE, FINE]) as server:
        async with opened() as http:
            asked = backend(http, server.url)
            for _ in range(2):
                assert folded(await events_of(asked, question(max_tokens=5))).state is ReplyState.COMPLETE
    sent = [json.loads(seen.body) for seen in server.requests]
    assert [missing in body for body in sent] == [True, False, False]
    assert present is None or [present in body for body in sent] == [False, True, True]


async def test_a_server_that_refuses_everything_is_asked_a_few_times_only() -> None:
    said = "max_tokens and max_completion_tokens and stream_options are wrong"
    with FaultServer([answer(400, json.dumps({"error": {"message": said}}).encode())]) as server:
        async with opened() as http:
            reply = folded(await events_of(backend(http, server.url), question(max_tokens=5)))
    assert reply.failed
    assert reply.failed.kind is FailureKind.BAD_REQUEST
    assert len(server.requests) <= 3


async def test_a_parameter_of_the_person_is_not_left_out_silently() -> None:
    refusal = answer(400, b'{"error":{"message":"`temperature` is not supported"}}')
    with FaultServer([refusal, FINE]) as server:
        async with opened() as http:
            reply = folded(await events_of(backend(http, server.url), question(temperature=1.0)))
    assert reply.failed
    assert dict(reply.failed.details)["parameter"] == "temperature"
    assert len(server.requests) == 1


async def test_a_key_that_is_needed_and_missing() -> None:
    async with opened() as http:
        asked = backend(http, "http://127.0.0.1:9", "deepseek", keyed=False)
        assert await events_of(asked) == [Failed(FailureKind.AUTH, code="no_key")]
        with pytest.raises(BackendError) as caught:
            await asked.models()
    assert caught.value.failed.code == "no_key"


async def test_the_key_is_asked_for_by_origin_and_sent_there_only() -> None:
    origins: list[str] = []

    async def key_for(origin: str) -> Secret:
        origins.append(origin)
        return KEY

    with FaultServer([answer(307, b"", "location: http://127.0.0.1:9/v1/chat/completions"), FINE]) as server:
        async with opened() as http:
            asked = backend(http, server.url)
            asked._key_for = key_for
            reply = folded(await events_of(asked))
    assert origins == [server.url]
    assert reply.failed
    assert (reply.failed.code, reply.failed.message) == ("redirect", "127.0.0.1")


async def test_an_error_that_repeats_the_key() -> None:
    said = json.dumps({"error": {"message": f"Incorrect API key provided: {KEY.reveal()}"}}).encode()
    stream = ok_sse(b'data: {"error":{"message":"%s"}}\n\n' % KEY.reveal().encode())
    page = answer(200, b"<p>%s</p>" % KEY.reveal().encode())
    with FaultServer([answer(401, said), stream, page, answer(401, said)]) as server:
        async with opened() as http:
            asked = backend(http, server.url)
            for _ in range(3):
                events = await events_of(asked)
                assert isinstance(events[-1], Failed)
                assert KEY.reveal() not in repr(events)
            with pytest.raises(BackendError) as caught:
                await asked.models()
    assert KEY.reveal() not in repr(caught.value) + repr(caught.value.failed)


@pytest.mark.parametrize(
    ("body", "models"),
    [
        (
            {"data": [{"id": "a", "context_length": 4096}, {"id": "b", "max_model_len": 8}]},
            [("a", 4096), ("b", 8)],
        ),
        ([{"id": "a", "display_name": "A"}, {"id": 5}, "x", None], [("a", None)]),
        ({"models": [{"name": "a"}]}, [("a", None)]),
        ({"data": "x"}, []),
        ("nothing", []),
    ],
)
async def test_lists_of_models(body: object, models: list[tuple[str, int | None]]) -> None:
    with FaultServer([answer(200, json.dumps(body).encode())]) as server:
        async with opened() as http:
            found = await backend(http, server.url).models()
    assert [(m.id, m.context) for m in found] == models
    assert server.requests[0].path == "/v1/models"


@pytest.mark.parametrize("status", [404, 405])
async def test_a_server_without_a_list(status: int) -> None:
    with FaultServer([answer(status)]) as server:
        async with opened() as http:
            assert await backend(http, server.url).models() == ()


@pytest.mark.parametrize(
    ("steps", "kind"),
    [(answer(401), "auth"), (answer(500), "server"), ([head(200, "content-length: 9000000")], "protocol")],
)
async def test_a_list_that_fails(steps: list[Step], kind: str) -> None:
    steps = [*steps, b"x" * 9_000_000] if kind == "protocol" else steps
    with FaultServer([steps]) as server:
        async with opened() as http:
            with pytest.raises(BackendError) as caught:
                await backend(http, server.url).models()
    assert caught.value.failed.kind == kind


async def test_claims() -> None:
    elicited = question(elicited=True)
    async with opened() as http:
        generic = backend(http, "http://127.0.0.1:9")
        assert generic.claim(question()) == TraceClaim(TraceKind.FULL, Certainty.GUESSED)
        for provider in ("openai-compatible", "llamacpp", "deepseek"):
            claim = backend(http, "http://127.0.0.1:9", provider).claim(elicited)
            assert claim == TraceClaim(TraceKind.ELICITED, Certainty.REPORTED, elicited=True)
