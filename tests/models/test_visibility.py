"""Shown over billed, and how thoughts came."""

from __future__ import annotations

import pytest

from sidelight.chat.events import AnswerDelta, Event, Opaque, ReasoningDelta, Stamped, Usage
from sidelight.chat.reply import Certainty, Reply, Timing, TraceClaim, TraceKind, fold_all
from sidelight.models.visibility import Arrival, Visibility, arrival, visibility

KNOWN = TraceClaim(TraceKind.FULL, Certainty.BY_FAMILY)


def reply(*events: Event, claim: TraceClaim = KNOWN) -> Reply:
    return fold_all(Reply("r", "l", claim=claim), [Stamped.now(e, 1.0) for e in events])


def words(text: str) -> int:
    return len(text.split())


@pytest.mark.parametrize(
    ("made", "shown"),
    [
        (reply(ReasoningDelta("one two"), Usage(output_total=9, reasoning=5)), Visibility(5, 5)),
        (
            reply(ReasoningDelta("one two"), Usage(output_total=9, reasoning=5), claim=TraceClaim()),
            Visibility(None, 5),
        ),
        (reply(ReasoningDelta("one two"), Usage(output_total=9, reasoning=0)), Visibility(None, None)),
        (reply(ReasoningDelta("one two")), Visibility(None, None)),
        (
            reply(
                ReasoningDelta("s", channel="summary"), AnswerDelta("yes"), Usage(output_total=9, reasoning=5)
            ),
            Visibility(None, 5),
        ),
        (reply(AnswerDelta("yes"), Usage(output_total=900, reasoning=812)), Visibility(0, 812)),
        (reply(Opaque("redacted", "x"), AnswerDelta("yes")), Visibility(0, None)),
        (reply(AnswerDelta("yes"), Usage(output_total=9, reasoning=0)), Visibility(0, 0)),
        (reply(AnswerDelta("yes"), Usage(output_total=9)), Visibility(0, None)),
    ],
)
def test_known_or_unknown(made: Reply, shown: Visibility) -> None:
    assert visibility(made) == shown


def test_a_tokenizer_counts_what_is_shown() -> None:
    made = reply(ReasoningDelta("one two", channel="summary"), Usage(output_total=90, reasoning=50))
    told = visibility(made, words)
    assert told == Visibility(2, 50)
    assert told.share == pytest.approx(0.04)


def test_a_long_answer_lends_its_measure() -> None:
    answer, summary = "word " * 200, "word " * 20
    made = reply(
        ReasoningDelta(summary, channel="summary"),
        AnswerDelta(answer),
        Usage(output_total=1200, reasoning=1000),
    )
    told = visibility(made)
    assert told == Visibility(20, 1000, estimated=True)
    short = reply(
        ReasoningDelta(summary, channel="summary"),
        AnswerDelta("ok"),
        Usage(output_total=1200, reasoning=1000),
    )
    assert visibility(short) == Visibility(None, 1000)
    odd = reply(
        ReasoningDelta(summary, channel="summary"), AnswerDelta(answer), Usage(output_total=10, reasoning=11)
    )
    assert visibility(odd).shown is None


def test_a_share_needs_both() -> None:
    assert Visibility(0, 812).share == 0
    assert Visibility(None, 812).share is None
    assert Visibility(5, None).share is None
    assert Visibility(0, 0).share is None


@pytest.mark.parametrize(
    ("timing", "kind", "text"),
    [
        (Timing(first_thought=31.04, last_thought=31.05), "at once", "thoughts arrived at once after 31 s"),
        (Timing(first_thought=31.04, last_thought=31.04), "at once", "thoughts arrived at once after 31 s"),
        (Timing(first_thought=4.2, last_thought=4.21), "at once", "thoughts arrived at once after 4.2 s"),
        (Timing(first_thought=0.8, last_thought=12.8), "streamed", "thoughts arrived over 12 s"),
        (Timing(first_thought=30.0, last_thought=33.5), "streamed", "thoughts arrived over 3.5 s"),
        (Timing(first_thought=0.5, last_thought=0.5), "brief", "thoughts arrived in a moment"),
        (Timing(first_thought=0.5, last_thought=0.52), "brief", "thoughts arrived in a moment"),
    ],
)
def test_how_thoughts_came(timing: Timing, kind: str, text: str) -> None:
    told = arrival(timing)
    assert told.kind == kind
    assert told.saying is not None
    assert told.saying.text == text


def test_no_thoughts() -> None:
    assert arrival(Timing(first_answer=3.0)) == Arrival("none")
    assert arrival(Timing(first_answer=3.0)).saying is None
    hidden = arrival(Timing(first_answer=31.2), hidden=True)
    assert hidden.saying is not None
    assert hidden.saying.text == "silent for 31 s, then answered"
    assert arrival(Timing(first_answer=0.01), hidden=True) == Arrival("brief")
    assert arrival(Timing(), hidden=True) == Arrival("none")


@pytest.mark.parametrize("wait", [0.0, 0.04, 0.3, 1.99, 2.0, 31.0, 900.0])
@pytest.mark.parametrize("span", [0.0, 0.001, 0.05, 0.0999, 0.1, 0.3, 40.0])
def test_never_zero_seconds(wait: float, span: float) -> None:
    timing = Timing(first_thought=wait, last_thought=wait + span, first_answer=wait + span)
    for told in (arrival(timing), arrival(Timing(first_answer=wait), hidden=True)):
        assert told.saying is None or not {"0", "0.0"} & set(told.saying.text.split())
