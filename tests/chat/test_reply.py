"""The fold: total for any stream, the same for a coalesced one, and truthful about traces."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.chat.streams import at_once, events, streams

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
    coalesce,
    joined,
)
from sidelight.chat.reply import (
    Certainty,
    Reply,
    ReplyState,
    Trace,
    TraceClaim,
    TraceKind,
    fold,
    fold_all,
    trace_of,
)

EMPTY = Reply("r", "lane")
STOP = Finished(FinishReason.STOP)


def folded(*events: Event) -> Reply:
    return fold_all(EMPTY, at_once(*events))


def test_a_usual_stream() -> None:
    reply = folded(
        Progress("sent"),
        Started("id", "model"),
        ReasoningDelta("hm"),
        ReasoningDelta("m"),
        AnswerDelta("4"),
        STOP,
    )
    assert (reply.trace_text, reply.answer_text, reply.state) == ("hmm", "4", ReplyState.COMPLETE)
    assert reply.timing.first_payload == 1
    assert (reply.timing.first_token, reply.timing.thinking, reply.timing.done) == (2, 1, 5)


@given(streams)
def test_any_stream_folds_to_a_reply_with_all_its_text(stream: list[Stamped]) -> None:
    reply = fold_all(EMPTY, stream)
    texts = [s.event.text for s in stream if isinstance(s.event, ReasoningDelta | AnswerDelta | RefusalDelta)]
    assert sorted("".join(texts)) == sorted("".join(s.text for s in reply.segments))
    assert isinstance(trace_of(reply), Trace)
    assert reply.thought_only in (True, False)


@given(streams)
def test_complete_and_failed_stay(stream: list[Stamped]) -> None:
    reply = EMPTY
    for item in stream:
        before, reply = reply, fold(reply, item)
        if before.state in (ReplyState.COMPLETE, ReplyState.FAILED):
            assert reply.state is before.state


@given(streams)
def test_folding_the_coalesced_stream_gives_the_same_reply(stream: list[Stamped]) -> None:
    merged = coalesce(stream)
    assert len(merged) <= len(stream)
    assert fold_all(EMPTY, merged) == fold_all(EMPTY, stream)


@given(st.lists(events, max_size=40), st.lists(st.integers(1, 40), max_size=8))
def test_folding_joined_events_gives_the_same_reply(stream: list[Event], sizes: list[int]) -> None:
    """Of each moment that brought several, as a read of a socket does."""
    one_by_one = at_a_time = EMPTY
    for moment, size in enumerate([*sizes, len(stream)]):
        came, stream = stream[:size], stream[size:]
        told = joined(came)
        assert len(told) <= len(came)
        one_by_one = fold_all(one_by_one, [Stamped.now(event, moment) for event in came])
        at_a_time = fold_all(at_a_time, [Stamped.now(event, moment) for event in told])
        assert at_a_time == one_by_one


@given(streams)
def test_coalescing_twice_changes_nothing(stream: list[Stamped]) -> None:
    once = coalesce(stream)
    assert coalesce(once) == once


def test_a_merged_run_keeps_its_first_and_last_time() -> None:
    merged = coalesce(
        at_once(ReasoningDelta("a"), ReasoningDelta("b"), ReasoningDelta("c"), AnswerDelta("d"))
    )
    assert merged == [Stamped(ReasoningDelta("abc"), 0, 2), Stamped(AnswerDelta("d"), 3, 3)]


def test_an_earlier_part_goes_on_where_it_stands() -> None:
    reply = folded(ReasoningDelta("a", 0), ReasoningDelta("b", 1), ReasoningDelta("c", 0))
    assert reply.trace_text == "ac\n\nb"


def test_the_first_non_empty_value_of_started_stays() -> None:
    reply = folded(Started(served_model="one"), Started("id", "two", "host"))
    identity = reply.identity
    assert (identity.response_id, identity.served_model, identity.provider) == ("id", "one", "host")


def test_reclassify_turns_the_answer_so_far_into_trace_with_its_times() -> None:
    reply = folded(AnswerDelta("thought"), Reclassify(), AnswerDelta("answer"), STOP)
    assert (reply.trace_text, reply.answer_text) == ("thought", "answer")
    timing = reply.timing
    assert (timing.first_thought, timing.last_thought, timing.first_answer) == (0, 0, 2)


def test_reclassify_keeps_trace_that_was_there() -> None:
    reply = folded(ReasoningDelta("one"), AnswerDelta("two"), Reclassify())
    assert reply.trace_text == "one\n\ntwo"
    assert reply.answer_text == ""


def test_commentary_is_no_answer() -> None:
    reply = folded(AnswerDelta("looking it up", 0, "commentary"), AnswerDelta("42", 1, "final"))
    assert reply.answer_text == "42"


def test_a_refusal_stands_in_place_of_the_answer() -> None:
    assert folded(RefusalDelta("I cannot.")).answer_text == "I cannot."


@pytest.mark.parametrize("kind", FailureKind)
def test_a_failure_keeps_the_partial_text(kind: FailureKind) -> None:
    reply = folded(AnswerDelta("half"), Failed(kind))
    expected = {FailureKind.STOPPED: ReplyState.INTERRUPTED, FailureKind.CUT_OFF: ReplyState.INTERRUPTED}
    assert reply.state is expected.get(kind, ReplyState.FAILED)
    assert (reply.answer_text, reply.timing.done) == ("half", 1)


def test_an_error_after_the_finish_mark_is_kept_beside_it() -> None:
    reply = folded(AnswerDelta("whole"), STOP, Failed(FailureKind.NETWORK), Usage(1, 0, 2))
    assert (reply.state, reply.finished, reply.usage) == (ReplyState.COMPLETE, STOP, Usage(1, 0, 2))
    assert reply.failed == Failed(FailureKind.NETWORK)


def test_only_the_first_finish_mark_and_the_first_failure_count() -> None:
    assert folded(STOP, Finished(FinishReason.LENGTH)).finished == STOP
    twice = folded(Failed(FailureKind.QUOTA), Failed(FailureKind.SERVER))
    assert twice.failed == Failed(FailureKind.QUOTA)


def test_usage_replaces_and_unknown_stays_unknown() -> None:
    assert folded(Usage(1, 1, 1, 1), Usage(prompt=9)).usage == Usage(prompt=9)


def test_queued_is_no_waiting() -> None:
    assert folded(Progress("queued")).state is ReplyState.QUEUED
    assert folded(Progress("queued"), Progress("sent")).state is ReplyState.WAITING
    assert folded(AnswerDelta("x"), Progress("loading")).state is ReplyState.STREAMING


def test_thought_only() -> None:
    assert folded(ReasoningDelta("hm"), STOP).thought_only
    assert not folded(ReasoningDelta("hm"), AnswerDelta("4"), STOP).thought_only
    assert not folded(STOP).thought_only


FULL = TraceClaim(TraceKind.FULL, Certainty.BY_FAMILY)
ELICITED = TraceClaim(TraceKind.ELICITED, Certainty.REPORTED, elicited=True)
REPORTED = Certainty.REPORTED
SEEN, SUMMED = ReasoningDelta("hm"), ReasoningDelta("in short", channel="summary")
SIGNED, HIDDEN, REDACTED = Opaque("signature", ""), Opaque("encrypted", ""), Opaque("redacted", "")


@pytest.mark.parametrize(
    ("claim", "events", "expected"),
    [
        (FULL, [SEEN], Trace(TraceKind.FULL, Certainty.BY_FAMILY)),
        (FULL, [SEEN, HIDDEN], Trace(TraceKind.FULL, Certainty.BY_FAMILY, partly_encrypted=True)),
        (FULL, [SUMMED], Trace(TraceKind.SUMMARY, REPORTED)),
        (FULL, [SEEN, SUMMED], Trace(TraceKind.SUMMARY, REPORTED)),
        (TraceClaim(TraceKind.SUMMARY), [SEEN], Trace(TraceKind.SUMMARY, Certainty.GUESSED)),
        (ELICITED, [SEEN], Trace(TraceKind.ELICITED, REPORTED, elicited=True)),
        (ELICITED, [AnswerDelta("no tags")], Trace(TraceKind.NONE, REPORTED, elicited=True)),
        (ELICITED, [SEEN, HIDDEN], Trace(TraceKind.HIDDEN, REPORTED, elicited=True, partly_encrypted=True)),
        (FULL, [REDACTED], Trace(TraceKind.REDACTED, REPORTED, partly_encrypted=True)),
        (FULL, [HIDDEN], Trace(TraceKind.HIDDEN, REPORTED, partly_encrypted=True)),
        (FULL, [SIGNED], Trace(TraceKind.HIDDEN, REPORTED)),
        (FULL, [Usage(reasoning=812)], Trace(TraceKind.HIDDEN, REPORTED)),
        (FULL, [Usage(reasoning=0)], Trace(TraceKind.NONE, REPORTED)),
        (FULL, [SEEN, Usage(reasoning=0)], Trace(TraceKind.FULL, Certainty.BY_FAMILY)),
        (FULL, [ReasoningDelta(" \n")], Trace(TraceKind.NONE, REPORTED)),
        (FULL, [], Trace(TraceKind.NONE, REPORTED)),
    ],
)
def test_what_a_trace_may_be_called(claim: TraceClaim, events: list[Event], expected: Trace) -> None:
    assert trace_of(fold_all(replace(EMPTY, claim=claim), at_once(*events))) == expected
