"""Error answers of many providers: what kind each is, what is kept of it, and that no key comes through."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from tests.faults.client import KEY

from sidelight.backends.wire import failures
from sidelight.chat.events import Failed, FailureKind
from sidelight.net import NetError
from sidelight.secrets import Redactor

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


def plainly(text: str) -> str:
    return text


def failed(status: int, body: object = b"", **headers: str) -> Failed:
    """What an answer says; headers with underscores for hyphens."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return failures.from_status(status, fields, raw, plainly, NOW)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "bad_request"),
        (401, "auth"),
        (402, "quota"),
        (403, "auth"),
        (404, "model_not_found"),
        (408, "timeout"),
        (409, "bad_request"),
        (413, "bad_request"),
        (422, "bad_request"),
        (429, "rate_limit"),
        (500, "server"),
        (502, "server"),
        (503, "overloaded"),
        (504, "server"),
        (529, "overloaded"),
    ],
)
@pytest.mark.parametrize(
    "body", [b"", b"<html><body>Sorry</body></html>", b"\xff\xfe\x00", b"[" * 100_000, b"{}", b"null"]
)
def test_a_status_alone(status: int, kind: str, body: bytes) -> None:
    assert failed(status, body).kind == kind


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (429, {"error": {"code": "insufficient_quota", "message": "You exceeded your quota"}}, "quota"),
        (400, {"error": {"code": "content_filter", "message": "filtered"}}, "content_filter"),
        (403, {"error": {"message": "no", "metadata": {"reasons": ["violence"]}}}, "content_filter"),
        (400, {"code": "data_inspection_failed", "message": "x"}, "content_filter"),
        (413, {"error": {"message": "prompt is too long: 5 tokens > 3 maximum"}}, "context_length"),
        (500, {"error": {"message": "image input is not supported"}}, "bad_request"),
        (500, {"error": {"message": "Overloaded", "type": "overloaded_error"}}, "overloaded"),
        (404, {"error": 'model "x" not found, try pulling it first'}, "model_not_found"),
        (400, {"error": {"message": "model `x` does not exist"}}, "model_not_found"),
        (422, {"detail": [{"msg": "field required", "loc": ["body"]}, "more"]}, "bad_request"),
    ],
)
def test_a_body_says_more(status: int, body: object, kind: str) -> None:
    assert failed(status, body).kind == kind


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": {"message": "a"}}, "a"),
        ({"error": "b"}, "b"),
        ({"message": "c"}, "c"),
        ({"detail": "d"}, "d"),
        ({"detail": [{"msg": "e"}, "f", 5]}, "e\nf"),
        ({"object": "error", "message": "g"}, "g"),
        ({"code": "x", "error": "h"}, "h"),
        (b"just text\r\n", "just text"),
        (b"<!DOCTYPE html><title>502</title><style>x{}</style><p>Bad &lt;b&gt;", "502 Bad &lt;b&gt;"),
        ({"error": {"message": ["x"]}, "message": 5}, ""),
        ({"error": {"message": "a\u202eb\x1b[31m\ud800"}}, "a b [31m\ufffd"),
        ({"error": {"message": "x" * 9000}}, "x" * 2000),
    ],
)
def test_what_was_said(body: object, message: str) -> None:
    assert failed(400, body).message == message


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "7"}, 7.0),
        ({"retry_after": "0.5"}, 0.5),
        ({"retry_after": "1000000000"}, 1e9),
        ({"retry_after": "-5"}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": ""}, None),
        ({"retry_after": "inf"}, None),
        ({"retry_after": "Tue, 24 Nov 2026 12:00:30 GMT"}, 30.0),
        ({"retry_after": "Tue, 24 Nov 2020 12:00:30 GMT"}, 0.0),
        ({"retry_after": "Tue, 99 Nov 2020 12:00:30 GMT"}, None),
        ({"retry_after": "Tue, 24 Nov 2026 12:00:30"}, None),
        ({"retry_after_ms": "1500", "retry_after": "9"}, 1.5),
        ({"retry_after_ms": "0", "retry_after": "9"}, 9.0),
        ({}, None),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert failed(429, **headers).retry_after == seconds


def test_the_wait_in_the_body() -> None:
    body = {"error": {"code": 429, "details": [{"reason": "x"}, 5, {"retryDelay": "48.5s"}]}}
    assert failed(429, body).retry_after == 48.5


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"error": {"message": "bad", "param": "temperature"}}, "temperature"),
        ({"error": {"message": "Unsupported parameter: max_tokens is not supported"}}, "max_tokens"),
        ({"detail": "Extra inputs: `thinking` not allowed"}, "thinking"),
        ({"error": {"message": "the thinking of this request did not stop"}}, None),
    ],
)
def test_which_parameter(body: object, name: str | None) -> None:
    assert dict(failed(400, body).details).get("parameter") == name


def test_no_key_comes_through() -> None:
    redact = Redactor([KEY])
    said = f"Incorrect API key provided: {KEY.reveal()}, also sk-otherkey0123456789abc"
    for body in (
        {"error": {"message": said, "code": KEY.reveal(), "param": KEY.reveal()}},
        {"detail": said},
        said,
    ):
        for status in (400, 401, 500):
            found = failures.from_status(status, [], json.dumps(body).encode(), redact, NOW)
            assert KEY.reveal() not in repr(found)
            assert "otherkey" not in repr(found)


@pytest.mark.parametrize(
    ("kind", "failure", "code"),
    [
        ("dns", FailureKind.NETWORK, "dns"),
        ("refused", FailureKind.NETWORK, "refused"),
        ("tls", FailureKind.NETWORK, "tls"),
        ("proxy", FailureKind.NETWORK, "proxy"),
        ("connect", FailureKind.NETWORK, "connect"),
        ("cut", FailureKind.CUT_OFF, "cut"),
        ("timeout", FailureKind.TIMEOUT, "x"),
        ("protocol", FailureKind.PROTOCOL, "protocol"),
        ("too_large", FailureKind.PROTOCOL, "too_large"),
        ("redirect", FailureKind.PROTOCOL, "redirect"),
    ],
)
def test_errors_of_the_network(kind: str, failure: FailureKind, code: str) -> None:
    found = failures.from_net(NetError(kind, "x"))  # type: ignore[arg-type]  # from a table
    assert (found.kind, found.code) == (failure, code)


@pytest.mark.parametrize(
    ("status", "body", "headers", "again"),
    [
        (429, b"", {}, True),
        (503, b"", {}, True),
        (529, b"", {}, True),
        (408, b"", {}, True),
        (425, b"", {}, True),
        (400, b"", {}, False),
        (401, b"", {}, False),
        (500, b"", {"x-should-retry": "false"}, False),
        (429, b'{"error":{"code":"insufficient_quota"}}', {}, False),
        (500, b'{"error":{"message":"image input is not supported"}}', {}, False),
    ],
)
def test_what_may_be_sent_again(status: int, body: bytes, headers: dict[str, str], again: bool) -> None:
    found = failures.from_status(status, headers.items(), body, plainly, NOW)
    assert failures.may_retry(found, status, headers.items()) is again


def test_hostile_bodies_are_done_in_no_time() -> None:
    for piece in (
        b"<script",
        b"model ",
        b"maximum context length is 1 tokens",
        b"<",
        b"request (",
        b"\xe2\x80\xae",
    ):
        failed(400, (piece * 64_000)[:64_000])
        failed(400, {"error": {"message": (piece * 64_000)[:64_000].decode("utf-8", "replace")}})
