"""Real streams and error answers of many providers, against what each must decode to. Skipped where they are absent."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path
from typing import Any

import pytest
from tests.faults.client import backend, events_of, opened
from tests.faults.server import FaultServer, answer, ok_sse
from tests.shared import SHARED
from tests.wire.streams import decoded, merged, text_of

from sidelight.backends.wire import failures
from sidelight.chat.events import AnswerDelta, Event, ReasoningDelta, RefusalDelta, Stamped
from sidelight.chat.reply import Reply, fold_all, trace_of

pytestmark = [
    pytest.mark.captures,
    pytest.mark.skipif(SHARED is None, reason="the recorded streams do not lie beside the checkout"),
]

CAPTURES = (SHARED or Path()) / "captures"
MANIFEST: dict[str, Any] = json.loads((CAPTURES / "manifest.json").read_text("utf-8")) if SHARED else {}
CHATS = [c for c in MANIFEST.get("captures", ()) if c["protocol"] == "openai-chat"]
SMALL = [c for c in CHATS if c["bytes"] < 3000]
ERRORS = MANIFEST.get("http_errors", ())


def body_of(capture: dict[str, Any]) -> bytes:
    return (CAPTURES / str(capture["files"]["body"])).read_bytes()


def name_of(capture: dict[str, Any]) -> str:
    return str(capture["id"])


def check(events: list[Event], capture: dict[str, Any]) -> None:
    """Everything the manifest says of a stream."""
    expected = capture["expected"]
    for kind, name in ((ReasoningDelta, "reasoning"), (AnswerDelta, "answer"), (RefusalDelta, "refusal")):
        text, wanted = text_of(events, kind), expected.get(name)
        assert len(text) == (wanted["chars"] if wanted else 0), name
        assert not wanted or hashlib.sha256(text.encode()).hexdigest() == wanted["sha256"], name
    reply = fold_all(Reply("r", "lane"), [Stamped.now(event, 0.0) for event in events])
    finish = reply.finished
    assert (finish.reason_on_wire if finish else None) == expected["finish_reason_on_wire"]
    assert (finish.reason if finish else "error") == expected["finish"]
    assert bool(reply.failed) == bool(expected["error"])
    assert not reply.failed or reply.failed.message == expected["error"]["message"]
    assert reply.identity.served_model == expected["served_model"]
    assert reply.identity.provider == expected.get("provider")
    assert reply.identity.response_id
    assert trace_of(reply).kind == capture["trace_kind"]
    check_usage(reply, expected["usage"])


def check_usage(reply: Reply, wanted: dict[str, Any] | None) -> None:
    usage = reply.usage
    if wanted is None or usage is None:
        assert wanted is None
        assert usage is None
        return
    cost = wanted.get("cost")
    numbers = {"prompt": usage.prompt, "cached": usage.cached, "output_total": usage.output_total}
    assert numbers == {name: wanted.get(name) for name in numbers}
    assert usage.reasoning == wanted.get("reasoning")
    assert usage.cost == (cost["total_cost"] if isinstance(cost, dict) else cost)


@pytest.mark.parametrize("capture", CHATS, ids=name_of)
def test_a_recorded_stream(capture: dict[str, Any]) -> None:
    body = body_of(capture)
    events = decoded([body])
    check(events, capture)
    pieces, rest, chance = [], body, random.Random(7)
    while rest:
        size = chance.randint(1, 37)
        pieces.append(rest[:size])
        rest = rest[size:]
    assert decoded(pieces) == events


@pytest.mark.parametrize("capture", SMALL, ids=name_of)
def test_a_recorded_stream_cut_at_every_byte(capture: dict[str, Any]) -> None:
    body = body_of(capture)
    whole = decoded([body])
    assert all(decoded([body[:cut], body[cut:]]) == whole for cut in range(len(body)))


@pytest.mark.parametrize(
    "name",
    ["deepseek/reasoner-v3.2", "perplexity/sonar-cumulative", "openrouter/minimax-m2-error-mid-stream"],
)
async def test_a_recorded_stream_over_a_socket(name: str) -> None:
    capture = next(c for c in CHATS if c["id"] == name)
    body = body_of(capture)
    pieces = [body[i : i + 211] for i in range(0, len(body), 211)]
    with FaultServer([ok_sse(*pieces)]) as server:
        async with opened() as http:
            check(merged(await events_of(backend(http, server.url))), capture)


@pytest.mark.parametrize("capture", ERRORS, ids=name_of)
async def test_a_recorded_error(capture: dict[str, Any]) -> None:
    recorded, expected = json.loads((CAPTURES / capture["file"]).read_text("utf-8")), capture["expected"]
    headers, body = recorded["headers"], recorded["body"].encode()
    failed = failures.from_status(recorded["status"], headers.items(), body, lambda text: text)
    assert (failed.kind, failed.retry_after) == (expected["kind"], expected["retry_after_s"])
    assert failed.message == failures.plain(expected["message"])
    if expected["kind"] != "rate_limit":
        with FaultServer([answer(recorded["status"], body)]) as server:
            async with opened() as http:
                assert (await events_of(backend(http, server.url)))[-1] == failed


def test_there_are_enough() -> None:
    assert len(CHATS) == 31
    assert len(ERRORS) == 28
