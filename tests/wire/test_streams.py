"""The hand-written streams of all dialects: what each must decode to, whole and cut at every byte."""

from __future__ import annotations

import pytest
from tests.wire.streams import DIALECTS, Stream, decoded, streams, text_of

from sidelight.chat.events import (
    AnswerDelta,
    Event,
    Failed,
    Finished,
    Opaque,
    Progress,
    ReasoningDelta,
    Reclassify,
    RefusalDelta,
    Stamped,
)
from sidelight.chat.reply import Reply, fold_all

STREAMS = [stream for dialect in DIALECTS for stream in streams(dialect)]


@pytest.mark.parametrize("stream", STREAMS, ids=str)
def test_decodes_to(stream: Stream) -> None:
    expected = stream.expected
    events = decoded([stream.body], stream.dialect, **expected)
    reply = fold_all(Reply("r", "lane"), [Stamped.now(event, 0.0) for event in events])
    assert "".join(s.text for s in reply.segments if s.kind == "reasoning") == expected["reasoning"]
    assert "".join(s.text for s in reply.segments if s.kind == "answer" and not s.phase) == expected["answer"]
    assert text_of(events, AnswerDelta, "commentary") == expected.get("commentary", "")
    assert text_of(events, RefusalDelta) == expected.get("refusal", "")
    assert (reply.finished.reason if reply.finished else None) == expected["finish"]
    assert [e.kind for e in events if isinstance(e, Opaque)] == expected.get("opaque", [])
    assert any(isinstance(e, Reclassify) for e in events) is expected.get("reclassified", False)
    assert len({s.part for s in reply.segments if s.kind == "reasoning"} or {0}) == expected.get("parts", 1)
    assert {e.channel for e in events if isinstance(e, ReasoningDelta)} <= {expected.get("channel", "raw")}
    progress = [[e.done, e.total] for e in events if isinstance(e, Progress)]
    assert progress == expected.get("progress", [])
    _check_ending(events, reply, expected)


def _check_ending(events: list[Event], reply: Reply, expected: dict[str, object]) -> None:
    said = [reply.failed.kind, reply.failed.message] if reply.failed else None
    assert said == expected.get("failed")
    if "code" in expected:
        assert reply.failed
        assert reply.failed.code == expected["code"]
    usage = reply.usage
    numbers = [usage.prompt, usage.cached, usage.output_total, usage.reasoning, usage.cost] if usage else None
    assert numbers == expected.get("usage")
    if "on_wire" in expected:
        assert reply.finished
        assert reply.finished.reason_on_wire == expected["on_wire"]
    if "served" in expected:
        assert reply.identity.served_model == expected["served"]
    assert sum(isinstance(e, Finished) for e in events) <= 1
    assert sum(isinstance(e, Failed) for e in events) <= 1


@pytest.mark.parametrize("stream", STREAMS, ids=str)
def test_every_cut_gives_the_same(stream: Stream) -> None:
    whole = decoded([stream.body], stream.dialect, **stream.expected)
    cuts = range(len(stream.body)) if len(stream.body) < 3000 else range(0, len(stream.body), 37)
    for cut in cuts:
        pieces = [stream.body[:cut], stream.body[cut:]]
        assert decoded(pieces, stream.dialect, **stream.expected) == whole
    single = [stream.body[i : i + 1] for i in range(len(stream.body))]
    assert decoded(single, stream.dialect, **stream.expected) == whole


def test_every_stream_says_why() -> None:
    assert all(stream.expected["why"] for stream in STREAMS)
    assert len(STREAMS) > 40
