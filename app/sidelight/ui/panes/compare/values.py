"""What the lanes are shown: values and pure functions over them, no Qt.

`Compared` is all the pane needs; `arrange` decides where lanes stand; `disclosure` decides how far a trace is open.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal, TypeAlias

from sidelight.chat.conversation import Conversation, Turn
from sidelight.chat.message import Lane
from sidelight.chat.reply import Reply, ReplyState
from sidelight.settings import ThinkingMode

__all__ = [
    "LEAST_WIDTH",
    "Arrangement",
    "Compared",
    "Disclosure",
    "Facts",
    "Figures",
    "Place",
    "Remark",
    "arrange",
    "disclosure",
    "figures",
    "is_busy",
    "is_thinking",
    "shown_reply",
]

LEAST_WIDTH: Final = 420
"""Pixels at 100 % zoom: a line of about 60 letters, below which prose and code are no pleasure."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a lane besides its replies. `context` is the tokens its model takes, None unknown.

    `hint` sets it apart from another lane of the same model, in a word or two. `plain`: what it is sent can be read on the
    way there.
    """

    name: str
    backend: str
    context: int | None = None
    hint: str = ""
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Compared:
    """A conversation and what its lanes are called. `thinking` is the mode in which traces begin."""

    conversation: Conversation
    facts: tuple[tuple[str, Facts], ...] = ()
    thinking: ThinkingMode = "peek"

    def facts_of(self, lane: Lane) -> Facts:
        """The facts of a lane; its bare names where nothing more is known."""
        return dict(self.facts).get(lane.id) or Facts(lane.model, lane.backend)


@dataclass(frozen=True, slots=True)
class Remark:
    """What was found out about a reply once it had ended: its cost, and what is odd about who gave it. "" is nothing."""

    cost: str = ""
    warning: str = ""


# --- where lanes stand


@dataclass(frozen=True, slots=True)
class Place:
    """Where one lane stands, in pixels of the pane (of the strip, where it scrolls)."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Arrangement:
    """`tabs`: one lane at a time below a row of tabs. `width` is that of the whole strip."""

    places: tuple[Place, ...]
    width: int
    tabs: bool = False


def arrange(count: int, width: int, height: int, least: int, single: bool = False) -> Arrangement:
    """Places for `count` lanes in a pane. `single`: one lane was maximised, all get the whole pane.

    Up to three stand as equal columns. Four are columns where each keeps the least width, else two by two. More are
    a strip that scrolls sideways, as are three that do not fit. Below two least widths there are tabs.
    """
    if count == 0:
        return Arrangement((), width)
    if single or count == 1:
        return Arrangement((Place(0, 0, width, height),) * count, width)
    if width < 2 * least:
        return Arrangement((Place(0, 0, width, height),) * count, width, tabs=True)
    if count == 4 and width < 4 * least:
        half_w, half_h = width // 2, height // 2
        places = tuple(
            Place(c * half_w, r * half_h, width - half_w if c else half_w, height - half_h if r else half_h)
            for r in (0, 1)
            for c in (0, 1)
        )
        return Arrangement(places, width)
    column = max(least, width // count)
    strip = max(width, column * count)
    edges = [min(i * column, strip) for i in range(count)] + [strip]
    return Arrangement(tuple(Place(a, 0, b - a, height) for a, b in pairwise(edges)), strip)


# --- how far a trace is open

Disclosure: TypeAlias = Literal["closed", "peek", "open"]


def disclosure(mode: ThinkingMode, by_hand: bool | None, thinking: bool) -> Disclosure:
    """How far to open a trace. What a person did by hand (`by_hand`: opened or closed) always wins."""
    if by_hand is not None:
        return "open" if by_hand else "closed"
    match mode:
        case "open":
            return "open"
        case "open_then_close":
            return "open" if thinking else "closed"
        case "peek":
            return "peek" if thinking else "closed"
        case "closed":
            return "closed"


def is_busy(reply: Reply | None) -> bool:
    """Something is still expected of this reply."""
    return reply is not None and not reply.state.is_final


def is_thinking(reply: Reply) -> bool:
    """Thoughts are arriving and no answer has begun."""
    return reply.state is ReplyState.STREAMING and reply.timing.first_answer is None


# --- figures


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds and tokens of one reply; None is unknown.

    `estimated`: the split of the tokens between trace and answer (or, while none are reported, their number at four
    characters a token) is our guess and must be marked so. `hidden` counts reasoning tokens billed and not shown.
    """

    first_token: float | None = None
    rate: float | None = None
    trace: int | None = None
    answer: int | None = None
    total: float | None = None
    estimated: bool = False
    hidden: int | None = None


_CHARACTERS_A_TOKEN = 4


def figures(reply: Reply, elapsed: float | None) -> Figures:
    """What can be said of a reply's speed and size. `elapsed` is seconds since it was sent, while it streams."""
    timing = reply.timing
    total = timing.done if reply.state.is_final else elapsed
    trace_text = sum(len(s.text) for s in reply.segments if s.kind == "reasoning")
    answer_text = sum(len(s.text) for s in reply.segments if s.kind != "reasoning")
    usage = reply.usage
    output = usage.output_total if usage else None
    reasoning = usage.reasoning if usage else None
    estimated = False
    trace: int | None
    answer: int | None
    if output is not None and reasoning is not None and (reasoning > 0 or not trace_text):
        trace, answer = reasoning, max(0, output - reasoning)
    elif output is not None:
        share = trace_text / (trace_text + answer_text) if trace_text + answer_text else 0.0
        trace = round(output * share)
        answer, estimated = output - trace, 0.0 < share < 1.0
    elif trace_text or answer_text:
        trace, answer = trace_text // _CHARACTERS_A_TOKEN, answer_text // _CHARACTERS_A_TOKEN
        estimated = True
    else:
        trace = answer = None
    if trace and not trace_text:  # billed, and nobody saw it
        return Figures(timing.first_token, _rate(reply, answer), None, answer, total, estimated, hidden=trace)
    count = None if trace is None or answer is None else trace + answer
    return Figures(timing.first_token, _rate(reply, count), trace, answer, total, estimated)


def _rate(reply: Reply, tokens: int | None) -> float | None:
    """Tokens a second from the first that was seen to the last; None until there is half a second to divide by."""
    first = reply.timing.first_token
    ends = [t for t in (reply.timing.last_thought, reply.timing.last_answer) if t is not None]
    if first is None or not ends or tokens is None:
        return None
    span = max(ends) - first
    return tokens / span if span >= 0.5 else None


def shown_reply(turn: Turn, lane: str, version: int | None) -> Reply | None:
    """The reply of a lane that is looked at: a version chosen by hand, else the newest."""
    versions = turn.versions(lane)
    if version is not None:
        for reply in versions:
            if reply.version == version:
                return reply
    return versions[-1] if versions else None
