"""What is said of a reply beside its text, in words, the same in every format for people. Not markup: values are plain text,
and may be a stranger's.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from urllib.parse import urlsplit

from sidelight import messages
from sidelight.chat.conversation import Conversation, Turn
from sidelight.chat.events import Failed
from sidelight.chat.message import Attachment, Lane, Parameters
from sidelight.chat.reply import Certainty, Identity, Reply, TraceKind, trace_of
from sidelight.engine.spending import paid
from sidelight.engine.terms import EMBEDDED
from sidelight.models import prices
from sidelight.models.identity import FIELD_TITLES, Card, Place, card
from sidelight.models.metadata import restated
from sidelight.models.prices import Prices, dollars

__all__ = [
    "Line",
    "Outline",
    "Part",
    "attachment",
    "day",
    "figures",
    "lines",
    "name",
    "parts",
    "state",
    "trace_title",
]

_DAY = 86_400
_PLAIN = Parameters()
_CERTAINTY = {
    Certainty.REPORTED: "models.source.reported",
    Certainty.BY_FAMILY: "transfer.by_family",
    Certainty.GUESSED: "models.source.guessed",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A title of ours, and what stands under it."""

    title: str
    value: str


@dataclass(frozen=True, slots=True)
class Part:
    """A text of a reply that is not its trace, and what it is: an answer, a refusal, or said while working."""

    title: str
    text: str


def name(lane: Lane | None, reply: Reply) -> str:
    """What was asked, as the terminal spells it: backend/model. A lane may ask elsewhere by now."""
    backend = reply.asked.backend if reply.asked is not None else lane.backend if lane is not None else ""
    model = reply.identity.requested_model or (lane.model if lane is not None else "")
    return f"{backend}/{model}"


class Outline:
    """A conversation's turns and lanes as they are numbered."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._numbers = {turn.id: number for number, turn in enumerate(conversation.turns, 1)}
        row = {lane.id: lane for lane in conversation.lanes}
        gone = {r.lane: None for t in conversation.turns for r in t.replies if r.lane not in row}
        self._lanes: dict[str, Lane | None] = {**row, **gone}

    def about(self) -> Iterator[Line]:
        """Of the conversation itself."""
        if when := day(self._conversation.created):
            yield Line(messages.text("transfer.begun"), when)
        rule = messages.text(f"transfer.rule.{self._conversation.rule}")
        yield Line(messages.text("transfer.rule"), rule)
        path = self._conversation.path
        if len(path) != len(self._conversation.turns):
            branch = ", ".join(str(self._numbers[turn.id]) for turn in path)
            yield Line(messages.text("transfer.branch"), branch)
        yield Line(messages.text("transfer.id"), self._conversation.id)

    def title(self, turn: Turn) -> str:
        """A turn's number, and after which turn it comes where that is not the one before."""
        number = self._numbers[turn.id]
        before = self._numbers.get(turn.parent or "", 0)
        if before == number - 1:
            return messages.text("transfer.turn", n=number)
        if not before:
            return messages.text("transfer.turn.first", n=number)
        return messages.text("transfer.turn.after", n=number, before=before)

    def lanes(self, turn: Turn) -> Iterator[tuple[int, Lane | None, tuple[Reply, ...]]]:
        """The lanes of a turn with their replies, newest first: as they stand, those that have left (None) at the end."""
        for number, (identifier, lane) in enumerate(self._lanes.items(), 1):
            versions = turn.versions(identifier)
            if versions:
                yield number, lane, versions[::-1]


def day(at: float | None) -> str:
    """Unix seconds as a date and a time of day; "" for what is none."""
    if not at:
        return ""
    try:
        return dt.datetime.fromtimestamp(at, dt.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return ""


def attachment(file: Attachment) -> str:
    """What is known of a file beside its name."""
    return messages.text(
        "transfer.file", media_type=file.media_type, size=f"{file.size:,}", digest=file.digest
    )


def trace_title(reply: Reply) -> str:
    """The line above a trace, or in its place where there is none."""
    return messages.text("transfer.trace", kind=_trace(reply))


def _trace(reply: Reply) -> str:
    """What the trace may be called, how that is known, and how many tokens were billed for it."""
    trace = trace_of(reply)
    said = [messages.text(f"trace.{trace.kind}")]
    if trace.kind is not TraceKind.NONE:
        said.append(messages.text(_CERTAINTY[trace.certainty]))
    if trace.elicited and trace.kind is not TraceKind.ELICITED:
        said.append(messages.text("trace.elicited"))
    if trace.partly_encrypted and trace.kind is not TraceKind.REDACTED:
        said.append(messages.text("transfer.encrypted"))
    if reply.usage is not None and reply.usage.reasoning:
        said.append(messages.text("transfer.tokens", n=f"{reply.usage.reasoning:,}"))
    return ", ".join(said)


def parts(reply: Reply) -> Iterator[Part]:
    """What the reply says, its trace left aside: what was said while working, then a refusal, then the answer."""
    spoken = [s for s in reply.segments if s.kind != "reasoning"]
    for code, kept in (
        ("transfer.commentary", [s for s in spoken if s.phase == "commentary"]),
        ("transfer.refusal", [s for s in spoken if s.kind == "refusal"]),
        ("transfer.answer", [s for s in spoken if s.kind == "answer" and s.phase != "commentary"]),
    ):
        text = "\n\n".join(s.text for s in kept)
        if text.strip():
            yield Part(messages.text(code), text)


def lines(reply: Reply, known: Prices) -> Iterator[Line]:
    """State, identity, settings, usage, cost and timing."""
    yield Line(messages.text("transfer.state"), state(reply))
    yield from _identity(reply)
    yield Line(messages.text("transfer.kind"), _trace(reply))
    for title, value in (
        ("transfer.settings", _settings(reply)),
        ("transfer.notes", _notes(reply)),
        ("transfer.usage", _usage(reply)),
        ("transfer.cost", _cost(reply, known)),
        ("transfer.timing", _timing(reply)),
        ("transfer.reread", reply.reread),
    ):
        if value:
            yield Line(messages.text(title), value)


def figures(reply: Reply) -> Iterator[str]:
    """How long it took and how much came, in a few words."""
    if reply.timing.done is not None:
        yield messages.text("transfer.timing.done", seconds=f"{reply.timing.done:.2f}")
    if reply.usage is not None and reply.usage.output_total is not None:
        yield messages.text("transfer.usage.output", n=f"{reply.usage.output_total:,}")


def state(reply: Reply) -> str:
    """How it ended, and why where it did not end well."""
    said = [messages.text(f"state.{reply.state}")]
    if reply.finished is not None and reply.finished.reason_on_wire:
        said.append(reply.finished.reason_on_wire)
    ended = "; ".join(said)
    return ended if reply.failed is None else f"{ended}: {_failure(reply.failed)}"


def _failure(failed: Failed) -> str:
    """Our sentence for its code, else for its kind, and what the server said. Its own code may read like one of ours."""
    code = failed.code or ""
    sentence = messages.text(f"failed.{failed.kind}")
    if f"failed.code.{code}" in messages.CATALOGUE:
        sentence = messages.text(f"failed.code.{code}")
    elif code.startswith("local.") and code in messages.CATALOGUE:
        with contextlib.suppress(KeyError):
            sentence = messages.text(code, **dict(failed.details))
    return (
        messages.text("cli.server_says", sentence=sentence, message=failed.message)
        if failed.message
        else sentence
    )


def _identity(reply: Reply) -> Iterator[Line]:
    at = reply.timing.asked_at
    # What differs from reply to reply says nothing of the model; without it, most replies of a lane have one card.
    identity = replace(reply.identity, response_id=None, headers=())
    made = _card(identity, _place(reply), None if at is None else at // _DAY * _DAY)
    for field, fact in made.facts():
        if fact.value not in (None, ""):
            value = f"{fact.value:g}" if isinstance(fact.value, float) else str(fact.value)
            yield Line(messages.text(FIELD_TITLES[field]), f"{value} ({fact.mark.text})")
    if made.requested.value or made.served.value:
        said = (made.claim, made.verdict_saying, *(c.saying for c in made.conflicts))
        yield Line(messages.text("transfer.identity"), "; ".join(x.text for x in said))


@lru_cache(maxsize=256)
def _card(identity: Identity, place: Place, asked: float | None) -> Card:
    return card(identity, backend=place, metadata=restated(identity.metadata), asked=asked)


def _place(reply: Reply) -> Place:
    asked = reply.asked
    if asked is None:
        return Place("")
    if asked.backend == EMBEDDED:
        return Place(EMBEDDED, "localhost")
    host = None
    with contextlib.suppress(ValueError):  # a file that was taken in may say anything
        host = urlsplit(f"//{asked.host}").hostname
    return Place(asked.provider, host)


def _settings(reply: Reply) -> str:
    """What was asked otherwise than the model's own way."""
    if reply.asked is None:
        return ""
    asked = reply.asked.parameters
    return "; ".join(
        f"{f.name} = {getattr(asked, f.name)}"
        for f in fields(Parameters)
        if getattr(asked, f.name) != getattr(_PLAIN, f.name)
    )


def _notes(reply: Reply) -> str:
    said = [f"{n.parameter}: {n.outcome}" + (f" ({n.detail})" if n.detail else "") for n in reply.notes or ()]
    if reply.dropped_turns:
        said.append(messages.plural("ui.details.sent.dropped", reply.dropped_turns))
    return "; ".join(said)


def _usage(reply: Reply) -> str:
    usage = reply.usage
    if usage is None:
        return ""
    counted = (
        ("transfer.usage.prompt", usage.prompt),
        ("transfer.usage.cached", usage.cached),
        ("transfer.usage.output", usage.output_total),
        ("transfer.usage.reasoning", usage.reasoning),
    )
    return ", ".join(messages.text(code, n=f"{n:,}") for code, n in counted if n is not None)


def _cost(reply: Reply, known: Prices) -> str:
    if paid(reply, known) == 0:
        return messages.text("transfer.cost.nothing")
    if reply.usage is None:
        return ""
    told = prices.cost(
        reply.usage,
        reply.identity.served_model or reply.identity.requested_model,
        reply.asked.provider if reply.asked is not None else "",
        known,
        at=reply.timing.asked_at,
    )
    if told.reported is not None:
        return messages.text("transfer.cost.stated", money=dollars(told.reported))
    if told.total is None:
        return told.note.text
    code = "transfer.cost.at_most" if told.at_most else "transfer.cost.computed"
    return messages.text(code, money=dollars(told.total), source=told.source, date=told.as_of)


def _timing(reply: Reply) -> str:
    timing = reply.timing
    said = [day(timing.asked_at)]
    for code, at in (
        ("transfer.timing.first", timing.first_token),
        ("transfer.timing.thinking", timing.thinking),
        ("transfer.timing.done", timing.done),
    ):
        if at is not None:
            said.append(messages.text(code, seconds=f"{at:.2f}"))
    return "; ".join(filter(None, said))
