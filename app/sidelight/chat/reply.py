"""What one lane gave in one turn, and the one function that changes it.

`fold(reply, stamped)` is total: any event in any order gives a reply, never an exception. Text is kept exactly as
it came; trimming is for display only. The kind of trace is read off the reply (`trace_of`), never stored apart
from its evidence.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import reduce
from typing import Literal, TypeAlias

from sidelight.chat.events import (
    AnswerDelta,
    Channel,
    Described,
    Failed,
    FailureKind,
    Finished,
    Note,
    Opaque,
    Phase,
    Progress,
    ReasoningDelta,
    Reclassify,
    RefusalDelta,
    Sent,
    Stamped,
    Started,
    Usage,
)
from sidelight.chat.message import Parameters


class ReplyState(StrEnum):
    """Where a reply stands. The last three are final; a final reply may still take usage and a late error."""

    QUEUED = "queued"
    WAITING = "waiting"
    STREAMING = "streaming"
    COMPLETE = "complete"
    INTERRUPTED = "interrupted"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        """Nothing more is expected from the network."""
        return self in (ReplyState.COMPLETE, ReplyState.INTERRUPTED, ReplyState.FAILED)


class TraceKind(StrEnum):
    """What a trace may be called. See `trace_of` for the evidence each one needs."""

    FULL = "full"
    SUMMARY = "summary"
    REDACTED = "redacted"
    HIDDEN = "hidden"
    ELICITED = "elicited"
    NONE = "none"


class Certainty(StrEnum):
    """How the kind of a trace is known."""

    REPORTED = "reported"
    BY_FAMILY = "by model family"
    GUESSED = "guessed"


@dataclass(frozen=True, slots=True)
class Trace:
    """The truth about a trace, as a value: a vendor can hide thoughts *and* a prompt can elicit others."""

    kind: TraceKind
    certainty: Certainty
    elicited: bool = False
    partly_encrypted: bool = False


@dataclass(frozen=True, slots=True)
class TraceClaim:
    """What visible raw reasoning text of this backend and model may be called, and how that is known.

    A proxy can put a summary into a field named reasoning, so the name of a field proves nothing; the backend states
    the claim from the model's family. `elicited`: the request itself asked for the trace.
    """

    raw: TraceKind = TraceKind.FULL
    certainty: Certainty = Certainty.GUESSED
    elicited: bool = False


SegmentKind: TypeAlias = Literal["reasoning", "answer", "refusal"]


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of text of one kind. Segments stand in the order in which their first text came."""

    kind: SegmentKind
    text: str
    part: int = 0
    channel: Channel | None = None
    phase: Phase | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of monotonic time since the request was sent; None is "did not happen (yet)".

    `asked_at` alone is wall-clock time (Unix seconds when the person asked), for people, never for arithmetic. `headers` is
    when the request was taken, `first_byte` when the first byte of the answer's body came, a keep-alive included.
    """

    asked_at: float | None = None
    first_payload: float | None = None
    first_thought: float | None = None
    last_thought: float | None = None
    first_answer: float | None = None
    last_answer: float | None = None
    done: float | None = None
    headers: float | None = None
    first_byte: float | None = None

    @property
    def first_token(self) -> float | None:
        """Time to first token, of whichever kind came first."""
        times = [t for t in (self.first_thought, self.first_answer) if t is not None]
        return min(times, default=None)

    @property
    def thinking(self) -> float | None:
        """How long thoughts kept arriving; 0 when a provider buffered them and they came at once."""
        if self.first_thought is None or self.last_thought is None:
            return None
        return self.last_thought - self.first_thought


@dataclass(frozen=True, slots=True)
class Identity:
    """What was asked for and what answered, as far as the stream told.

    `metadata` is what a local server states of the model beside the stream: see `events.Described`.
    """

    requested_model: str = ""
    served_model: str | None = None
    provider: str | None = None
    fingerprint: str | None = None
    response_id: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    metadata: str = ""


_PLAIN = Parameters()


@dataclass(frozen=True, slots=True)
class Asked:
    """Where a reply was asked for and how; a lane may ask elsewhere by now. `host` is the backend's, with its port."""

    backend: str = ""
    provider: str = ""
    host: str = ""
    parameters: Parameters = _PLAIN


@dataclass(frozen=True, slots=True)
class Reply:
    """One version of what a lane gave in a turn. `version` counts from 1; a retry is the next one.

    `dropped_turns` says how many of the oldest turns were left out of what the model was sent. `notes` say what became of
    each parameter, None where nothing has been sent. `again_at` is when a refused request is sent again, in seconds since
    it was first sent. `reread` is the id of the reply whose recorded stream was read once more, by another tag rule, to
    give this one: nothing was sent or paid for it.
    """

    id: str
    lane: str
    version: int = 1
    state: ReplyState = ReplyState.QUEUED
    segments: tuple[Segment, ...] = ()
    opaque: tuple[Opaque, ...] = ()
    usage: Usage | None = None
    finished: Finished | None = None
    failed: Failed | None = None
    timing: Timing = Timing()
    identity: Identity = Identity()
    progress: Progress | None = None
    claim: TraceClaim = TraceClaim()
    dropped_turns: int = 0
    asked: Asked | None = None
    notes: tuple[Note, ...] | None = None
    again_at: float | None = None
    reread: str = ""

    @property
    def trace_text(self) -> str:
        """The reasoning as shown: parts are separate paragraphs."""
        return "\n\n".join(s.text for s in self.segments if s.kind == "reasoning")

    @property
    def answer_text(self) -> str:
        """The final text, or the refusal that came in its place; commentary is not part of it."""
        return "\n\n".join(s.text for s in self.segments if s.kind != "reasoning" and s.phase != "commentary")

    @property
    def thought_only(self) -> bool:
        """Finished, with a trace and without an answer: the budget was eaten, or the tag never closed."""
        return (
            self.state is ReplyState.COMPLETE
            and not self.answer_text.strip()
            and bool(self.trace_text.strip())
        )


def fold(reply: Reply, stamped: Stamped) -> Reply:
    """The reply after one more event. Pure and total.

    Text that comes after a failure is kept; a finish mark is never taken back by a later error, which is kept beside it.
    """
    event, at, until = stamped.event, stamped.at, stamped.until
    match event:
        case Sent(notes=notes):
            return replace(reply, notes=notes)
        case Started():
            return _started(reply, event, at)
        case Described(metadata=metadata):
            return replace(reply, identity=replace(reply.identity, metadata=metadata))
        case Progress():
            return _progressed(reply, event, at)
        case ReasoningDelta(text=text, part=part, channel=channel):
            timing = replace(
                reply.timing,
                first_thought=_first(reply.timing.first_thought, at) if text else reply.timing.first_thought,
                last_thought=until if text else reply.timing.last_thought,
            )
            return _append(reply, Segment("reasoning", text, part, channel), timing)
        case AnswerDelta(text=text, part=part, phase=phase):
            return _append(
                reply, Segment("answer", text, part, phase=phase), _answer_time(reply, text, at, until)
            )
        case RefusalDelta(text=text):
            return _append(reply, Segment("refusal", text), _answer_time(reply, text, at, until))
        case Reclassify():
            return _reclassify(reply)
        case Opaque():
            return replace(reply, opaque=(*reply.opaque, event))
        case Usage():
            return replace(reply, usage=event)
        case Finished():
            if reply.finished is not None:
                return reply
            state = reply.state if reply.state is ReplyState.FAILED else ReplyState.COMPLETE
            return replace(
                reply, finished=event, state=state, progress=None, timing=replace(reply.timing, done=until)
            )
        case Failed():
            return _failed(reply, event, until)


def fold_all(reply: Reply, events: Iterable[Stamped]) -> Reply:
    """The reply after many events."""
    return reduce(fold, events, reply)


def trace_of(reply: Reply) -> Trace:
    """What may be said about this reply's trace, from its stream and the backend's claim.

    Visible text: a summary when the wire or the claim says so, elicited when we asked for it, else the claim.
    None visible: redacted (encrypted blocks only), hidden (reasoning tokens billed, or a signature or encrypted item),
    else none. An empty thinking block is none. Zero tokens beside visible text means "not counted".
    """
    claim = reply.claim
    visible = [s for s in reply.segments if s.kind == "reasoning" and s.text.strip()]
    encrypted = any(o.kind in ("encrypted", "redacted") for o in reply.opaque)
    billed = reply.usage is not None and bool(reply.usage.reasoning)
    if visible:
        if any(s.channel == "summary" for s in visible):
            return Trace(TraceKind.SUMMARY, Certainty.REPORTED, False, encrypted)
        if claim.elicited:
            kind = TraceKind.HIDDEN if encrypted else TraceKind.ELICITED
            return Trace(kind, Certainty.REPORTED, True, encrypted)
        return Trace(claim.raw, claim.certainty, False, encrypted)
    if any(o.kind == "redacted" for o in reply.opaque):
        return Trace(TraceKind.REDACTED, Certainty.REPORTED, claim.elicited, True)
    if billed or encrypted or any(o.kind == "signature" for o in reply.opaque):
        return Trace(TraceKind.HIDDEN, Certainty.REPORTED, claim.elicited, encrypted)
    return Trace(TraceKind.NONE, Certainty.REPORTED, claim.elicited, False)


def _first(known: float | None, at: float) -> float:
    return at if known is None else known


def _answer_time(reply: Reply, text: str, at: float, until: float) -> Timing:
    if not text:
        return reply.timing
    return replace(reply.timing, first_answer=_first(reply.timing.first_answer, at), last_answer=until)


def _progressed(reply: Reply, event: Progress, at: float) -> Reply:
    timing = reply.timing
    if event.stage == "queued":
        return replace(reply, progress=event)
    if event.stage == "headers":
        return replace(reply, timing=replace(timing, headers=_first(timing.headers, at)))
    if event.stage == "bytes":
        return replace(reply, timing=replace(timing, first_byte=_first(timing.first_byte, at)))
    state = ReplyState.WAITING if reply.state is ReplyState.QUEUED else reply.state
    again = None if event.seconds is None else at + event.seconds
    return replace(reply, state=state, progress=event, again_at=again)


def _started(reply: Reply, event: Started, at: float) -> Reply:
    known = reply.identity
    identity = replace(
        known,
        response_id=known.response_id or event.response_id,
        served_model=known.served_model or event.served_model,
        provider=known.provider or event.provider,
        fingerprint=known.fingerprint or event.fingerprint,
        headers=known.headers or event.headers,
    )
    state = reply.state if reply.state.is_final else ReplyState.WAITING
    if reply.state is ReplyState.STREAMING:
        state = ReplyState.STREAMING
    timing = replace(reply.timing, first_payload=_first(reply.timing.first_payload, at))
    return replace(reply, identity=identity, state=state, timing=timing)


def _append(reply: Reply, new: Segment, timing: Timing) -> Reply:
    """Append to the segment of the same place, else begin one; so segments are bounded by parts, not by events."""
    segments = reply.segments
    for index in range(len(segments) - 1, -1, -1):
        old = segments[index]
        if (old.kind, old.part, old.channel, old.phase) == (new.kind, new.part, new.channel, new.phase):
            grown = replace(old, text=old.text + new.text)
            segments = (*segments[:index], grown, *segments[index + 1 :])
            break
    else:
        segments = (*segments, new)
    state = reply.state if reply.state.is_final else ReplyState.STREAMING
    return replace(reply, segments=segments, state=state, timing=timing, progress=None)


def _reclassify(reply: Reply) -> Reply:
    """Answer text becomes raw reasoning; parts are renumbered behind the reasoning that is there."""
    moved = [s for s in reply.segments if s.kind == "answer"]
    if not moved:
        return reply
    base = max((s.part for s in reply.segments if s.kind == "reasoning"), default=-1) + 1
    segments: list[Segment] = []
    for segment in reply.segments:
        if segment.kind == "answer":
            segments.append(Segment("reasoning", segment.text, base, "raw"))
            base += 1
        else:
            segments.append(segment)
    timing = reply.timing
    timing = replace(
        timing,
        first_thought=timing.first_answer if timing.first_thought is None else timing.first_thought,
        last_thought=timing.last_answer,
        first_answer=None,
        last_answer=None,
    )
    return replace(reply, segments=tuple(segments), timing=timing)


def _failed(reply: Reply, event: Failed, until: float) -> Reply:
    """The first failure stays; a failure after the finish mark is kept beside it and the reply stays complete."""
    if reply.failed is not None:
        return reply
    if reply.finished is not None:
        return replace(reply, failed=event)
    interrupted = event.kind in (FailureKind.STOPPED, FailureKind.CUT_OFF)
    state = ReplyState.INTERRUPTED if interrupted else ReplyState.FAILED
    return replace(reply, failed=event, state=state, progress=None, timing=replace(reply.timing, done=until))
