"""How much of a trace was shown, and how its text came. Not what kind of trace it is: `chat.reply.trace_of`.

A share is given only where both sides are known or can be counted. A provider that holds its thoughts back and sends
them at once is said to do so: the time they took to arrive is then the provider's, not the model's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sidelight.chat.reply import Certainty, Reply, Timing, TraceKind, trace_of
from sidelight.models.sayings import Saying, say

__all__ = ["Arrival", "Visibility", "arrival", "visibility"]

_AT_ONCE = 0.05
"""Thoughts that take less than this part of the wait before them did not come as they were thought."""
_LONG_WAIT = 2.0
_TELLABLE = 0.1
"""Seconds below which a person is not told a number."""
_ENOUGH = 400
"""Characters of answer from which characters per token can be told."""


@dataclass(frozen=True, slots=True)
class Visibility:
    """Tokens of trace shown and billed; None is not known. `estimated`: `shown` is counted by the answer's own measure."""

    shown: int | None
    billed: int | None
    estimated: bool = False

    @property
    def share(self) -> float | None:
        """Shown over billed; None where one is not known. Above 1 where a server's counts do not agree."""
        if self.shown is None or not self.billed:
            return None
        return self.shown / self.billed


def visibility(reply: Reply, count: Callable[[str], int] | None = None) -> Visibility:
    """From a reply. `count` tells the tokens of a text where the model's tokenizer is at hand."""
    trace = trace_of(reply)
    usage = reply.usage
    billed = usage.reasoning if usage is not None else None
    if trace.kind is TraceKind.NONE:
        return Visibility(0, 0 if billed == 0 else None)
    if billed == 0:  # beside a trace, zero means "not counted"
        billed = None
    if trace.kind in (TraceKind.HIDDEN, TraceKind.REDACTED):  # visible text beside it was elicited
        return Visibility(0, billed)
    if count is not None:
        return Visibility(count(reply.trace_text), billed)
    if trace.kind is TraceKind.FULL and not trace.partly_encrypted:
        known = trace.certainty is not Certainty.GUESSED
        return Visibility(billed if known else None, billed)
    return _by_the_answer(reply, billed)


def _by_the_answer(reply: Reply, billed: int | None) -> Visibility:
    """The answer's tokens are known, and so are its characters: the trace is taken to have the same measure."""
    usage, answer = reply.usage, reply.answer_text
    if billed is None or usage is None or usage.output_total is None or len(answer) < _ENOUGH:
        return Visibility(None, billed)
    answer_tokens = usage.output_total - billed
    if answer_tokens <= 0:
        return Visibility(None, billed)
    return Visibility(round(len(reply.trace_text) * answer_tokens / len(answer)), billed, estimated=True)


@dataclass(frozen=True, slots=True)
class Arrival:
    """How thoughts came. `seconds`: `streamed`, over how long; `at once`, after what wait; `silent`, how long nothing
    came before the answer; None for `none` and for `brief`, which is too short to tell."""

    kind: Literal["none", "streamed", "at once", "brief", "silent"]
    seconds: float | None = None

    @property
    def saying(self) -> Saying | None:
        """The words for a thinking clock; None where there was no thought."""
        seconds = round(self.seconds or 0.0, 1 if (self.seconds or 0.0) < 10 else 0)
        match self.kind:
            case "none":
                return None
            case "streamed":
                return say("models.arrival.streamed", seconds=f"{seconds:g}")
            case "at once":
                return say("models.arrival.at_once", seconds=f"{seconds:g}")
            case "silent":
                return say("models.arrival.silent", seconds=f"{seconds:g}")
            case "brief":
                return say("models.arrival.brief")


def arrival(timing: Timing, *, hidden: bool = False) -> Arrival:
    """From the clock of a reply that has ended its thoughts. `hidden`: tokens were billed for a trace that never came."""
    if timing.first_thought is None or timing.last_thought is None:
        if hidden and timing.first_answer is not None:
            return (
                Arrival("silent", timing.first_answer)
                if timing.first_answer >= _TELLABLE
                else Arrival("brief")
            )
        return Arrival("none")
    wait, span = timing.first_thought, timing.last_thought - timing.first_thought
    if wait >= _LONG_WAIT and span < _AT_ONCE * wait:
        return Arrival("at once", wait)
    return Arrival("streamed", span) if span >= _TELLABLE else Arrival("brief")
