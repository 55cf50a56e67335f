"""Replies and conversations made by fold from events, for the tests of what is shown."""

from __future__ import annotations

from collections.abc import Sequence

from sidelight.chat.conversation import Conversation, Turn
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
    Stamped,
    Started,
    Usage,
)
from sidelight.chat.message import Lane, Parameters, Prompt
from sidelight.chat.reply import Certainty, Reply, TraceClaim, TraceKind, fold_all
from sidelight.settings import ThinkingMode
from sidelight.ui.panes.compare.values import Compared, Facts

TRACE = "First I set up an equation.\n\nThen I solve it: x = 0.05.\n\n"
ANSWER = "The ball costs **0.05**.\n\n- one\n- two\n"

Timed = Sequence[tuple[Event, float]]

DONE: Timed = (
    (Started(), 0.2),
    (ReasoningDelta(TRACE), 0.4),
    (ReasoningDelta("So it is."), 7.4),
    (AnswerDelta(ANSWER), 7.6),
    (AnswerDelta("Done."), 10.4),
    (Usage(prompt=200, output_total=100), 10.5),
    (Finished(FinishReason.STOP, "stop"), 10.5),
)
PLAIN: Timed = ((AnswerDelta("Ten "), 0.3), (AnswerDelta("cents."), 1.3), (Finished(FinishReason.STOP), 1.3))
HIDDEN: Timed = (
    (AnswerDelta("Ten "), 9.0),
    (AnswerDelta("cents."), 11.0),
    (Usage(prompt=200, output_total=912, reasoning=812), 11.0),
    (Finished(FinishReason.STOP), 11.0),
)
THINKING: Timed = ((ReasoningDelta(TRACE), 0.4), (ReasoningDelta("And now"), 3.4))
ANSWERING: Timed = (*THINKING, (AnswerDelta("The ball"), 4.0))
QUEUED: Timed = ((Progress("queued"), 0.0),)
WAITING: Timed = ((Progress("sent"), 0.0),)
READING: Timed = ((Progress("prompt", 120, 480), 1.0),)
REFUSED: Timed = ((Failed(FailureKind.AUTH, "bad <b>key</b>"), 0.4),)
TOO_LONG: Timed = (
    (Failed(FailureKind.CONTEXT_LENGTH, details=(("prompt", "5210"), ("context", "4096"))), 0.1),
)
CUT: Timed = (*ANSWERING, (Failed(FailureKind.CUT_OFF, code="closed"), 6.0))
STOPPED: Timed = (*ANSWERING, (Failed(FailureKind.STOPPED), 6.0))
THOUGHT_ONLY: Timed = (*THINKING, (Finished(FinishReason.LENGTH), 5.0))
ENCRYPTED: Timed = (
    (Opaque("redacted", "{}"), 1.0),
    (AnswerDelta("Yes."), 2.0),
    (Finished(FinishReason.STOP), 2.0),
)

FULL = TraceClaim(TraceKind.FULL, Certainty.REPORTED)
ELICITED = TraceClaim(TraceKind.ELICITED, Certainty.REPORTED, elicited=True)


def reply(
    events: Timed, lane: str = "l0", identifier: str = "r0", version: int = 1, claim: TraceClaim = FULL
) -> Reply:
    """The reply that these events give."""
    return fold_all(
        Reply(identifier, lane, version, claim=claim), [Stamped.now(event, at) for event, at in events]
    )


def conversation(*kinds: Timed, earlier: int = 0, title: str = "The ball") -> Conversation:
    """One lane for each kind; `earlier` turns before, all of them done."""
    lanes = tuple(Lane(f"l{i}", "b", f"model-{i}", Parameters()) for i in range(len(kinds)))
    turns: list[Turn] = []
    for place in range(earlier + 1):
        last = place == earlier
        replies = tuple(
            reply(kind if last else DONE, f"l{i}", f"r{place}-{i}") for i, kind in enumerate(kinds)
        )
        parent = turns[-1].id if turns else None
        turns.append(Turn(f"t{place}", parent, Prompt(f"Question {place}?"), replies))
    return Conversation("c", title, lanes, tuple(turns), turns[-1].id)


def compared(shown: Conversation, thinking: ThinkingMode = "peek") -> Compared:
    """The value the lanes pane is shown."""
    facts = tuple((lane.id, Facts(f"Model {lane.id}", "Backend", 4096)) for lane in shown.lanes)
    return Compared(shown, facts, thinking)
