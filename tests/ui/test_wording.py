"""Chat values in words: everything has a sentence, and the sentence is true."""

from __future__ import annotations

from typing import get_args

import pytest
from tests.ui import made

from sidelight.chat.events import AnswerDelta, Failed, FailureKind, Opaque, Progress, ReasoningDelta, Stage
from sidelight.chat.reply import Certainty, Reply, Trace, TraceClaim, TraceKind
from sidelight.models.prices import Cost
from sidelight.ui import wording


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.04, "<0.1 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (99.4, "99 s"),
        (100, "1 min 40 s"),
        (3599, "59 min 59 s"),
    ],
)
def test_seconds(value: float, words: str) -> None:
    assert wording.seconds(value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(12, "12 B"), (5_000_000, "5.0 MB"), (491_400_064, "491 MB"), (1_117_320_768, "1.1 GB")],
)
def test_sizes(value: int, words: str) -> None:
    assert wording.data_size(value) == words


@pytest.mark.parametrize(
    ("events", "claim", "words"),
    [
        (made.DONE, made.FULL, "full trace"),
        (made.DONE, made.ELICITED, "elicited by a prompt"),
        (made.HIDDEN, made.FULL, "hidden, 812 tokens billed"),
        (made.ENCRYPTED, made.FULL, "redacted"),
        (made.PLAIN, made.FULL, "no trace"),
    ],
)
def test_badges(events: made.Timed, claim: object, words: str) -> None:
    reply = made.reply(events, claim=claim)  # type: ignore[arg-type]  # parametrize knows no types
    assert wording.badge(reply) == words
    assert wording.evidence(reply).endswith(".")


@pytest.mark.parametrize("kind", list(TraceKind))
@pytest.mark.parametrize("certainty", list(Certainty))
def test_every_badge_explains_itself(kind: TraceKind, certainty: Certainty) -> None:
    trace = Trace(kind, certainty)
    assert wording.kind_meaning(trace).endswith(".")
    assert wording.certainty(trace).endswith(".")


@pytest.mark.parametrize(
    ("events", "elapsed", "words"),
    [
        (made.QUEUED, None, "queued"),
        (made.WAITING, 1.0, "waiting"),
        (made.READING, 1.0, "reading the prompt, 25 %"),
        (made.THINKING, 5.4, "Thinking for 5.0 s"),
        (made.DONE, None, "Thought for 7.0 s · full trace"),
        (made.PLAIN, None, "No trace returned"),
        (made.HIDDEN, None, "No trace returned, 812 tokens billed"),
        (made.PLAIN[:1], 1.0, "No trace so far"),
    ],
)
def test_the_line_above_a_trace_is_never_empty(events: made.Timed, elapsed: float | None, words: str) -> None:
    assert wording.thinking_title(made.reply(events), elapsed) == words


def test_thoughts_that_came_all_at_once_claim_no_time() -> None:
    events: made.Timed = ((ReasoningDelta("all of it"), 3.0), (AnswerDelta("x"), 3.0))
    assert (
        wording.thinking_title(made.reply(events), 4.0) == "Trace, arrived at once after 3.0 s · full trace"
    )
    soon: made.Timed = ((ReasoningDelta("all of it"), 0.4), (AnswerDelta("x"), 0.5))
    assert wording.thinking_title(made.reply(soon), 4.0) == "Trace, came all at once · full trace"


@pytest.mark.parametrize(
    ("events", "claim", "why"),
    [
        (made.DONE, made.FULL, "The server says that this is the model's own reasoning."),
        (
            made.DONE,
            TraceClaim(TraceKind.FULL, Certainty.BY_FAMILY),
            "Models of this family show their reasoning as it was thought.",
        ),
        (
            (*made.DONE, (Opaque("encrypted", "{}"), 10.5)),
            TraceClaim(TraceKind.SUMMARY, Certainty.BY_FAMILY),
            "Providers of this family show a summary in place of the reasoning. A part came encrypted.",
        ),
        (
            ((ReasoningDelta("I set up.", channel="summary"), 1.0), (AnswerDelta("x"), 2.0)),
            made.FULL,
            "The stream itself marks this text as a summary.",
        ),
        (made.DONE, made.ELICITED, "Our own prompt asked the model to write these thoughts."),
        (made.HIDDEN, made.FULL, "812 tokens of reasoning were billed, and no text of it came."),
        (
            (*made.DONE, (Opaque("encrypted", "{}"), 10.5)),
            made.ELICITED,
            "Its own reasoning came sealed; the text shown was asked for by our prompt.",
        ),
        (
            ((Opaque("signature", "{}"), 1.0), *made.PLAIN),
            made.FULL,
            "A sealed piece of reasoning came, and no text of it.",
        ),
        (made.ENCRYPTED, made.FULL, "The reasoning came in encrypted blocks, without any text."),
        (made.PLAIN, made.FULL, "No reasoning came, and none was counted."),
    ],
)
def test_the_badge_says_its_evidence(events: made.Timed, claim: TraceClaim, why: str) -> None:
    assert wording.evidence(made.reply(events, claim=claim)) == why


def test_unlike_kinds_are_pointed_out_once_and_no_trace_is_no_kind() -> None:
    full, elicited = made.reply(made.DONE), made.reply(made.DONE, claim=made.ELICITED)
    hidden, none, refused = made.reply(made.HIDDEN), made.reply(made.PLAIN), made.reply(made.REFUSED)
    assert wording.unlike([full, elicited, full]) == "Unlike traces: full, elicited by a prompt"
    assert wording.unlike([full, hidden]) == "Unlike traces: full, hidden"
    assert wording.unlike([full, full, none, refused]) == ""
    assert wording.unlike([none]) == ""


@pytest.mark.parametrize(
    ("dollars", "words"),
    [
        (0.0, "$0"),
        (0.0012, "$0.0012"),
        (0.00031, "$0.00031"),
        (0.0000004, "$0.00000040"),
        (0.0449, "$0.0449"),
        (0.9949, "$0.9949"),
        (1.25, "$1.25"),
        (1234.5, "$1,234.50"),
    ],
)
def test_money(dollars: float, words: str) -> None:
    assert wording.money(dollars) == words


@pytest.mark.parametrize(
    ("cost", "words"),
    [
        (Cost(), ""),
        (Cost(total=0.0012), "≈$0.0012"),
        (Cost(total=0.0012, at_most=True), "≤$0.0012"),
        (Cost(total=0.0012, reported=0.0013), "$0.0013"),
        (Cost(reported=0.0), "$0"),
        (Cost(total=0.0), "$0"),
    ],
)
def test_a_cost_says_whose_figure_it_is(cost: Cost, words: str) -> None:
    assert wording.cost_mark(cost) == words


@pytest.mark.parametrize("stage", get_args(Stage))
def test_every_stage_has_words(stage: Stage) -> None:
    assert wording.progress(Progress(stage))


@pytest.mark.parametrize("kind", list(FailureKind))
def test_every_failure_says_its_cause(kind: FailureKind) -> None:
    words = wording.failure(Failed(kind, "what it said"))
    assert words.cause.endswith(".")
    assert words.said == "what it said"


def test_a_code_with_a_sentence_of_its_own_says_more_than_the_kind() -> None:
    words = wording.failure(Failed(FailureKind.MODEL_NOT_FOUND, code="local.weights_missing"))
    assert words.cause != wording.failure(Failed(FailureKind.MODEL_NOT_FOUND)).cause


def test_numbers_and_waiting_times_are_said() -> None:
    too_long = made.reply(made.TOO_LONG).failed
    assert too_long is not None
    cause = wording.failure(too_long).cause
    assert "5210" in cause
    assert "4096" in cause
    assert "Wait 20 s." in wording.failure(Failed(FailureKind.RATE_LIMIT, retry_after=20)).step


@pytest.mark.parametrize(
    ("kind", "elapsed", "words"),
    [
        (FailureKind.RATE_LIMIT, 5.0, "Too many requests. Asks again in 13 s (attempt 2 of 3)."),
        (FailureKind.OVERLOADED, 17.6, "The server is overloaded. Asks again in 1 s (attempt 2 of 3)."),
        (FailureKind.BAD_REQUEST, 90.0, "Refused for now. Asks again in 0 s (attempt 2 of 3)."),
    ],
)
def test_a_wait_says_why_and_counts_down(kind: FailureKind, elapsed: float, words: str) -> None:
    waiting = made.reply(((Progress("again", 1, 2, 17.4, Failed(kind)), 0.5),))
    assert wording.again(waiting, elapsed) == words


def test_pieces_that_could_not_be_read_are_counted() -> None:
    cut = Failed(FailureKind.CUT_OFF, code="eof", details=(("unreadable", "3"),))
    assert wording.failure(cut).cause.endswith("3 pieces of it could not be read.")
    named = Failed(FailureKind.BAD_REQUEST, details=(("parameter", "top_k"),))
    assert wording.failure(named).cause == "The server does not accept this request. It names top_k."


def test_a_fresh_reply_is_queued() -> None:
    assert wording.state(Reply("r", "l")) == "queued"
