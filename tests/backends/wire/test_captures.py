"""Real streams and error answers of many providers, against what each must decode to. Skipped where they are absent."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.faults.client import backend, events_of, opened
from tests.faults.server import FaultServer, answer, ok_sse
from tests.shared import SHARED
from tests.wire.streams import decoded, frames, merged

from sidelight.backends.families import claim_by_family
from sidelight.backends.wire import failures
from sidelight.chat.events import AnswerDelta, Event, ReasoningDelta, RefusalDelta, Stamped
from sidelight.chat.reply import Reply, fold_all, trace_of

pytestmark = [
    pytest.mark.captures,
    pytest.mark.skipif(SHARED is None, reason="the recorded streams do not lie beside the checkout"),
]

CAPTURES = (SHARED or Path()) / "captures"
MANIFEST: dict[str, Any] = json.loads((CAPTURES / "manifest.json").read_text("utf-8")) if SHARED else {}
STREAMS = MANIFEST.get("captures", ())
ERRORS = MANIFEST.get("http_errors", ())
DIALECTS = {
    "openai-chat": "openai_chat",
    "openai-responses": "responses",
    "anthropic-messages": "anthropic_messages",
    "gemini-generate": "gemini",
    "gemini-interactions": "gemini",
    "ollama-chat": "ollama",
    "cohere-v2": "cohere",
}
PROVIDERS = {
    "openai-chat": "openai-compatible",
    "openai-responses": "openai",
    "anthropic-messages": "anthropic",
    "gemini-generate": "gemini",
    "ollama-chat": "ollama",
    "cohere-v2": "cohere",
}
"""Who speaks a dialect to the server that replays it."""
CHANGES_ITS_ID = "moonshot-hosted/kimi-k2.5-on-avian"
"""Its chunks come under one id and the last ones under another; the manifest has the last, we keep the first."""


def body_of(capture: dict[str, Any]) -> bytes:
    return (CAPTURES / str(capture["files"]["body"])).read_bytes()


def name_of(capture: dict[str, Any]) -> str:
    return str(capture["id"])


def check(events: list[Event], capture: dict[str, Any]) -> None:
    """Everything the manifest says of a stream."""
    expected = capture["expected"]
    texts = {
        "reasoning": "".join(e.text for e in events if isinstance(e, ReasoningDelta)),
        "answer": "".join(e.text for e in events if isinstance(e, AnswerDelta)),
        "refusal": "".join(e.text for e in events if isinstance(e, RefusalDelta)),
    }
    for name, text in texts.items():
        wanted = expected.get(name)
        assert len(text) == (wanted["chars"] if wanted else 0), name
        assert not wanted or hashlib.sha256(text.encode()).hexdigest() == wanted["sha256"], name
    reply = fold_all(Reply("r", "lane"), [Stamped.now(event, 0.0) for event in events])
    check_parts(reply, expected)
    finish = reply.finished
    assert (finish.reason_on_wire if finish else None) == expected["finish_reason_on_wire"]
    assert (finish.reason if finish else "error") == expected["finish"]
    assert bool(reply.failed) == bool(expected["error"])
    assert not reply.failed or reply.failed.message == expected["error"]["message"]
    assert reply.identity.served_model == expected["served_model"]
    assert reply.identity.provider == expected.get("provider")
    if capture["id"] != CHANGES_ITS_ID:
        assert reply.identity.response_id == expected["response_id"]
    # Recordings lie under the name of the host that served them; its claim is what counts.
    claim = claim_by_family(expected["served_model"] or capture["id"])
    assert trace_of(replace(reply, claim=claim)).kind == capture["trace_kind"]
    check_opaque(reply, expected)
    check_usage(reply, expected["usage"])


def check_parts(reply: Reply, expected: dict[str, Any]) -> None:
    """Parts are paragraphs of their own."""
    if "reasoning_parts" in expected:
        parts = [s for s in reply.segments if s.kind == "reasoning"]
        assert len(parts) == expected["reasoning_parts"]
        joined = expected["reasoning_parts_joined_blank_line"]
        assert hashlib.sha256(reply.trace_text.encode()).hexdigest() == joined["sha256"]
    if "answer_parts" in expected:
        lengths = [len(s.text) for s in reply.segments if s.kind == "answer"]
        assert lengths == [part["chars"] for part in expected["answer_parts"]]
    if "phases" in expected:
        spoken = {"commentary": "commentary", "final_answer": "final"}
        phases = {s.phase for s in reply.segments if s.kind == "answer"}
        assert phases == {spoken[phase] for phase in expected["phases"].values()}


def check_opaque(reply: Reply, expected: dict[str, Any]) -> None:
    """What is kept for replay."""
    kinds = [item.kind for item in reply.opaque]
    assert kinds.count("signature") == expected.get("signatures", kinds.count("signature"))
    assert kinds.count("redacted") == expected.get("redacted_blocks", 0)
    assert kinds.count("encrypted") == expected.get("encrypted_reasoning_items", 0)
    assert all(json.loads(item.value) for item in reply.opaque)


def check_usage(reply: Reply, wanted: dict[str, Any] | None) -> None:
    usage = reply.usage
    if not wanted or usage is None:
        assert not wanted
        assert usage is None
        return
    stated = json.loads(usage.raw).get("cost")
    cost = wanted.get("cost", stated)
    numbers = {"prompt": usage.prompt, "cached": usage.cached, "output_total": usage.output_total}
    assert numbers == {name: wanted.get(name) for name in numbers}
    assert usage.reasoning == wanted.get("reasoning")
    assert usage.cost == (cost["total_cost"] if isinstance(cost, dict) else cost)


@pytest.mark.parametrize("capture", STREAMS, ids=name_of)
def test_a_recorded_stream(capture: dict[str, Any]) -> None:
    body, dialect = body_of(capture), DIALECTS[capture["protocol"]]
    events = decoded([body], dialect)
    check(events, capture)
    assert decoded((body[i : i + 1] for i in range(len(body))), dialect) == events


@pytest.mark.parametrize("capture", STREAMS, ids=name_of)
def test_a_recorded_stream_cut_anywhere(capture: dict[str, Any]) -> None:
    """200 times, at up to twenty places: the frames are the same, and frames are all that a decoder sees."""
    body, dialect, chance = body_of(capture)[:60_000], DIALECTS[capture["protocol"]], random.Random(7)
    whole = frames([body], dialect)
    for _ in range(200):
        cuts = sorted(chance.sample(range(1, len(body)), chance.randint(1, 20)))
        assert frames((body[i:j] for i, j in pairwise([0, *cuts, len(body)])), dialect) == whole


@pytest.mark.parametrize("capture", [c for c in STREAMS if c["protocol"] in PROVIDERS], ids=name_of)
async def test_a_recorded_stream_over_a_socket(capture: dict[str, Any]) -> None:
    body = body_of(capture)
    pieces = [body[i : i + 1111] for i in range(0, len(body), 1111)]
    with FaultServer(lambda seen: answer(404) if seen.path == "/api/show" else ok_sse(*pieces)) as server:
        async with opened() as http:
            check(merged(await events_of(backend(http, server.url, PROVIDERS[capture["protocol"]]))), capture)


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
    assert len(STREAMS) == 52
    assert len(ERRORS) == 28
