"""The closed set of things a backend can say about one reply.

The wire speaks many dialects; everything above `backends` reads only these twelve. Order is not promised: an
answer may come before its reasoning, usage before the finish mark, and the stream may go on after `Finished`.
To add an event, write a class here and the branch in `reply.fold` that the type checker then asks for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal, TypeAlias

__all__ = [
    "AnswerDelta",
    "Channel",
    "Described",
    "Event",
    "Failed",
    "FailureKind",
    "FinishReason",
    "Finished",
    "Note",
    "Opaque",
    "OpaqueKind",
    "Outcome",
    "Phase",
    "Progress",
    "ReasoningDelta",
    "Reclassify",
    "RefusalDelta",
    "Sent",
    "Stage",
    "Stamped",
    "Started",
    "Usage",
    "coalesce",
    "joined",
]


class FailureKind(StrEnum):
    """Why a reply ended without its finish mark. `STOPPED` and `CUT_OFF` make it *interrupted*, all others *failed*."""

    AUTH = "auth"
    QUOTA = "quota"
    RATE_LIMIT = "rate_limit"
    CONTEXT_LENGTH = "context_length"
    MODEL_NOT_FOUND = "model_not_found"
    BAD_REQUEST = "bad_request"
    CONTENT_FILTER = "content_filter"
    OVERLOADED = "overloaded"
    SERVER = "server"
    NETWORK = "network"
    TIMEOUT = "timeout"
    CUT_OFF = "cut_off"
    PROTOCOL = "protocol"
    STOPPED = "stopped"


class FinishReason(StrEnum):
    """One meaning for the finish reasons of all dialects; the word on the wire is kept beside it."""

    STOP = "stop"
    LENGTH = "length"
    CONTENT_FILTER = "content_filter"
    REFUSAL = "refusal"
    TOOL = "tool"
    ERROR = "error"
    UNKNOWN = "unknown"


Stage: TypeAlias = Literal["queued", "sent", "headers", "bytes", "loading", "prompt", "again"]
"""`queued`: waiting with us for a free slot, no clock runs; `sent`: the request has left, the clock starts; `headers`: the
server has taken it; `bytes`: the first byte of the answer's body has come, which may be a keep-alive; `loading`: the server
loads the model; `prompt`: it reads the prompt (done and total in tokens); `again`: refused for now, and sent again after a
wait."""

Outcome: TypeAlias = Literal["sent", "clamped", "ignored", "refused by the server"]
"""What became of a parameter: sent as asked; sent as the nearest the model takes; left out, since the model or its API
does not listen to it; left out, since the server had refused it."""

Channel: TypeAlias = Literal["raw", "summary"]
Phase: TypeAlias = Literal["commentary", "final"]
OpaqueKind: TypeAlias = Literal["signature", "redacted", "encrypted"]


@dataclass(frozen=True, slots=True)
class Note:
    """What became of one parameter that was asked for.

    `detail` is for a person who knows the API: what was sent ('{"reasoning_effort":"high"}', or the name of the field), and
    where nothing was, one of the words of docs/backends.md ("always_thinks").
    """

    parameter: str
    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """The request has left, as far as it may be shown at a glance. Comes again when it is sent again; the last one counts."""

    url: str
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Started:
    """First payload read. May be sent again with more fields; the first non-empty value of each field stays."""

    response_id: str | None = None
    served_model: str | None = None
    provider: str | None = None
    fingerprint: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Described:
    """What a local server states of its model beside the stream: the JSON text of a `models.metadata.LocalMetadata`."""

    metadata: str


@dataclass(frozen=True, slots=True)
class Progress:
    """What happens before the first token. `done` and `total` are prompt tokens or None.

    At stage `again` they count the attempts, `seconds` is how long is waited, and `why` what the last one ended with.
    """

    stage: Stage
    done: int | None = None
    total: int | None = None
    seconds: float | None = None
    why: Failed | None = None


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """Append to the trace. A new `part` begins a new paragraph block."""

    text: str
    part: int = 0
    channel: Channel = "raw"


@dataclass(frozen=True, slots=True)
class AnswerDelta:
    """Append to the answer. `phase` sets what is said while working apart from the final answer."""

    text: str
    part: int = 0
    phase: Phase | None = None


@dataclass(frozen=True, slots=True)
class RefusalDelta:
    """Shown in place of an answer, marked as a refusal."""

    text: str


@dataclass(frozen=True, slots=True)
class Reclassify:
    """All answer text so far was reasoning: a closing tag came whose opening tag the chat template had written."""


@dataclass(frozen=True, slots=True)
class Opaque:
    """A provider's value that is never shown, kept for replay; it decides the kind of trace. `value` is JSON text."""

    kind: OpaqueKind
    value: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as reported, replacing the previous report; None is unknown, never zero.

    `prompt` is all input (cached included), `output_total` is trace plus answer, `reasoning` the trace as billed.
    `cost` is in US dollars as the provider states it. `raw` is the provider's JSON object, as text.
    """

    prompt: int | None = None
    cached: int | None = None
    output_total: int | None = None
    reasoning: int | None = None
    cost: float | None = None
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """The finish mark; at most one counts. The stream may go on (usage, an error)."""

    reason: FinishReason
    reason_on_wire: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """The end of a reply that has no finish mark, or an error that came after one.

    `message` is what the other side said (already redacted and capped) or "", `code` names a sentence of ours or is
    the server's own code, `retry_after` is seconds the server asked us to wait. `details` are numbers for the
    sentence, such as ("n_ctx", "4096").
    """

    kind: FailureKind
    message: str = ""
    code: str | None = None
    retry_after: float | None = None
    details: tuple[tuple[str, str], ...] = ()


Event: TypeAlias = (
    Sent
    | Started
    | Described
    | Progress
    | ReasoningDelta
    | AnswerDelta
    | RefusalDelta
    | Reclassify
    | Opaque
    | Usage
    | Finished
    | Failed
)


@dataclass(frozen=True, slots=True)
class Stamped:
    """An event and when it came: seconds of monotonic time since the request was sent.

    A run of merged deltas keeps the time of its first (`at`) and of its last (`until`).
    """

    event: Event
    at: float
    until: float

    @classmethod
    def now(cls, event: Event, at: float) -> Stamped:
        """An event that came at one instant."""
        return cls(event, at, at)


def joined(events: Iterable[Event]) -> list[Event]:
    """Events of one moment, with each run of deltas to one place as one delta.

    Folding the result at that moment gives the same reply as folding the events.
    """
    runs: list[list[Event]] = []
    for event in events:
        if runs and _same_place(runs[-1][-1], event):
            runs[-1].append(event)
        else:
            runs.append([event])
    return [_joined(run) for run in runs]


def coalesce(stamped: Iterable[Stamped]) -> list[Stamped]:
    """Merge runs of deltas that append to the same place, so that a burst costs one fold and one journal row.

    Folding the result gives the same reply as folding the input.
    """
    runs: list[list[Stamped]] = []
    for item in stamped:
        if runs and _same_place(runs[-1][-1].event, item.event):
            runs[-1].append(item)
        else:
            runs.append([item])
    return [
        run[0] if len(run) == 1 else Stamped(_joined([item.event for item in run]), run[0].at, run[-1].until)
        for run in runs
    ]


def _joined(run: list[Event]) -> Event:
    first = run[0]
    if len(run) == 1 or not isinstance(first, ReasoningDelta | AnswerDelta | RefusalDelta):
        return first
    text = "".join(e.text for e in run if isinstance(e, ReasoningDelta | AnswerDelta | RefusalDelta))
    return replace(first, text=text)


def _same_place(one: Event, other: Event) -> bool:
    """Whether both append to one segment. Empty text moves no clock in `fold`, so it stays apart from text that does."""
    if isinstance(one, ReasoningDelta) and isinstance(other, ReasoningDelta):
        same = one.part == other.part and one.channel == other.channel
    elif isinstance(one, AnswerDelta) and isinstance(other, AnswerDelta):
        same = one.part == other.part and one.phase == other.phase
    elif isinstance(one, RefusalDelta) and isinstance(other, RefusalDelta):
        same = True
    else:
        return False
    return same and bool(one.text) == bool(other.text)
