"""Streams of events as no server would send them: any event, in any order, any number of times."""

from __future__ import annotations

from hypothesis import strategies as st

from sidelight.chat.events import (
    AnswerDelta,
    Event,
    Failed,
    FailureKind,
    Finished,
    FinishReason,
    Opaque,
    Progress,
    ReasoningDelta,
    Reclassify,
    RefusalDelta,
    Stamped,
    Started,
    Usage,
)

_short = st.text(max_size=6)
_maybe = st.none() | _short
_count = st.none() | st.integers(0, 1000)
_part = st.integers(0, 2)

events: st.SearchStrategy[Event] = st.one_of(
    st.builds(Started, response_id=_maybe, served_model=_maybe, provider=_maybe, fingerprint=_maybe),
    st.builds(Progress, st.sampled_from(["queued", "sent", "loading", "prompt"]), _count, _count),
    st.builds(ReasoningDelta, _short, _part, st.sampled_from(["raw", "summary"])),
    st.builds(AnswerDelta, _short, _part, st.sampled_from([None, "commentary", "final"])),
    st.builds(RefusalDelta, _short),
    st.just(Reclassify()),
    st.builds(Opaque, st.sampled_from(["signature", "redacted", "encrypted"]), st.just('"x"')),
    st.builds(Usage, _count, _count, _count, _count),
    st.builds(Finished, st.sampled_from(FinishReason), _short),
    st.builds(Failed, st.sampled_from(FailureKind), _short, _maybe),
)


def _stamped(items: list[tuple[Event, int]]) -> list[Stamped]:
    at, stream = 0.0, []
    for event, step in items:
        at += step / 8  # eighths are exact in binary
        stream.append(Stamped.now(event, at))
    return stream


streams: st.SearchStrategy[list[Stamped]] = st.lists(st.tuples(events, st.integers(0, 8)), max_size=40).map(
    _stamped
)


def at_once(*stream: Event) -> list[Stamped]:
    """Events one second apart, from second 0."""
    return [Stamped.now(event, float(i)) for i, event in enumerate(stream)]
