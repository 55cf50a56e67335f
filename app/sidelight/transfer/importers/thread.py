"""A conversation made of messages that name the one before them: our turns, replies, versions and lanes.

Every source keeps its messages so, or can be told so. A prompt begins a turn. What assistants say after it, up to the next
prompt, is one reply; where it branches, each branch is a version. Ids are derived from the source's own, so that the same
conversation has the same ids whenever it is taken. No format, and nothing is read here.
"""

from __future__ import annotations

import heapq
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from sidelight.backends.families import claim_by_family
from sidelight.chat.conversation import ContextRule, Conversation, Turn, title_from
from sidelight.chat.events import Failed, FailureKind, Finished, FinishReason, Usage
from sidelight.chat.message import Attachment, Lane, Parameters, Prompt
from sidelight.chat.reply import Asked, Identity, Reply, ReplyState, Segment, Timing, TraceClaim
from sidelight.transfer.importers.limits import MOST_MESSAGES, Refusal

__all__ = [
    "CUT_OFF",
    "DONE",
    "UNKNOWN_MODEL",
    "End",
    "Message",
    "Origin",
    "Passed",
    "Said",
    "Sent",
    "conversation",
]

_NAMESPACE = uuid.UUID("6b1e2e0c-5a57-5a0e-9a5c-7f3f4d1f5c2a")
_NOT_TIMED = Timing()
_FULL_IT_SEEMS = TraceClaim()
UNKNOWN_MODEL = "unknown"
"""What a lane is called whose model the export does not name."""


@dataclass(frozen=True, slots=True)
class End:
    """How a reply ended, as far as the source tells."""

    state: ReplyState
    finished: Finished | None = None
    failed: Failed | None = None


DONE = End(ReplyState.COMPLETE, Finished(FinishReason.UNKNOWN))
"""It is there whole, and nothing says why it ended."""
CUT_OFF = End(ReplyState.INTERRUPTED, failed=Failed(FailureKind.CUT_OFF))


@dataclass(frozen=True, slots=True)
class Sent:
    """A prompt."""

    text: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """What an assistant gave, or a part of it: the next part is a message of its own. `model` "" is unknown.

    `lane` sets apart what was asked of several models at once; elsewhere it is "".
    """

    segments: tuple[Segment, ...]
    model: str = ""
    end: End = DONE
    lane: str = ""
    usage: Usage | None = None
    timing: Timing = _NOT_TIMED


@dataclass(frozen=True, slots=True)
class Passed:
    """A message that is no part of what was said: the root of a tree, a tool's answer. `system` is what models were told
    from there on, where it tells that."""

    system: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """`parent` is the id of the one before it, None at the beginning. `at` is Unix seconds, 0 unknown."""

    id: str
    parent: str | None
    content: Sent | Said | Passed
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Origin:
    """What a source is called in ids and lanes ("chatgpt"), and what its models' raw thoughts may be called.

    `unnamed` is that where no model is named; `hosted`: its models may run with their makers. `place` is the host where they
    are known to have answered.
    """

    key: str
    unnamed: TraceClaim = _FULL_IT_SEEMS
    hosted: bool = True
    place: str = ""

    @property
    def backend(self) -> str:
        """Where its lanes ask: nowhere, until another backend is chosen."""
        return f"{self.key}-export"

    def claim(self, model: str) -> TraceClaim:
        """What raw reasoning of this model may be called."""
        return claim_by_family(model, hosted=self.hosted) if model else self.unnamed

    def id_of(self, *parts: str) -> str:
        """An id from ids of the source's: 32 hexadecimal digits, always the same."""
        return uuid.uuid5(_NAMESPACE, "\x00".join((self.key, *parts))).hex


@dataclass(slots=True)
class _Reply:
    """A reply under construction, by its last message; `before` is that of the message before it. `head` names it."""

    head: str
    turn: str
    message: Message
    said: Said
    system: str
    before: _Reply | None = None
    continued: bool = False

    def parts(self) -> list[Said]:
        """What was said in it, from its first message on."""
        found: list[Said] = []
        at: _Reply | None = self
        while at is not None:
            found.append(at.said)
            at = at.before
        return found[::-1]

    @property
    def model(self) -> str:
        """The last that is named in it."""
        return next((x.model for x in reversed(self.parts()) if x.model), "")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a message stands: the turn it belongs to, the reply it is the last message of, what models were told."""

    turn: str | None = None
    reply: _Reply | None = None
    system: str = ""


@dataclass(slots=True)
class _Build:
    turns: dict[str, tuple[str | None, Sent, float]] = field(default_factory=dict)
    replies: list[_Reply] = field(default_factory=list)
    places: dict[str, _Place] = field(default_factory=dict)


def conversation(
    origin: Origin,
    source: str,
    messages: Iterable[Message],
    *,
    title: str = "",
    created: float = 0.0,
    current: str | None = None,
) -> Conversation:
    """The conversation that the source calls `source`. `current` is the newest message of the branch that was shown.

    A parent that is not there, and a circle of parents, make a beginning. Of messages with one id the last counts.
    Raises Refusal "messages" where there are too many, "empty" where nothing was said.
    """
    by_id = {m.id: m for m in messages}
    if len(by_id) > MOST_MESSAGES:
        raise Refusal("messages", most=f"{MOST_MESSAGES:,}")
    parents = _parents(by_id)
    build = _Build()
    for message in _in_order(by_id, parents):
        _add(build, message, parents[message.id])
    if not build.turns:
        raise Refusal("empty")
    if current not in build.places:
        current = next(reversed(build.places), None)
    shown = set(_upwards(current, parents))
    leaf = build.places[current].turn if current is not None else None
    ids = {turn: origin.id_of(source, turn) for turn in build.turns}
    turns, lanes = _made(origin, source, build, shown, ids)
    times = [at for _, _, at in build.turns.values() if at]
    first = next(iter(build.turns.values()))[1]
    return Conversation(
        origin.id_of(source),
        title.strip() or title_from(first.text),
        lanes,
        turns,
        ids[leaf] if leaf is not None else turns[-1].id,
        ContextRule.CHOSEN if len(lanes) > 1 else ContextRule.OWN,
        created or min(times, default=0.0),
    )


def _parents(by_id: Mapping[str, Message]) -> dict[str, str | None]:
    """The parent of each, None for what begins: it has none, none that is there, or goes round in a circle."""
    parents: dict[str, str | None] = {}
    for start in by_id:
        path: list[str] = []
        seen: set[str] = set()
        at: str | None = start
        while at is not None and at not in parents and at not in seen:
            path.append(at)
            seen.add(at)
            before = by_id[at].parent
            at = before if before in by_id else None
        circle = at is not None and at in seen
        for one in path:
            before = by_id[one].parent
            parents[one] = before if before in by_id else None
        if circle and at is not None:
            parents[at] = None
    return parents


def _in_order(by_id: Mapping[str, Message], parents: Mapping[str, str | None]) -> Iterator[Message]:
    """Parents first, else by time, else as they stand."""
    children: dict[str | None, list[str]] = {}
    number = {}
    for index, one in enumerate(by_id):
        children.setdefault(parents[one], []).append(one)
        number[one] = index
    times: dict[str | None, float] = {None: 0.0}
    waiting: list[tuple[float, int, str]] = []

    def queue(parent: str | None) -> None:
        for child in children.get(parent, ()):
            times[child] = max(by_id[child].at, times[parent])
            heapq.heappush(waiting, (times[child], number[child], child))

    queue(None)
    while waiting:
        _, _, one = heapq.heappop(waiting)
        yield by_id[one]
        queue(one)


def _upwards(message: str | None, parents: Mapping[str, str | None]) -> Iterator[str]:
    while message is not None:
        yield message
        message = parents[message]


def _add(build: _Build, message: Message, parent: str | None) -> None:
    before = build.places[parent] if parent is not None else _Place()
    content = message.content
    if isinstance(content, Sent):
        build.turns[message.id] = (before.turn, content, message.at)
        place = _Place(message.id, None, before.system)
    elif isinstance(content, Said):
        turn = before.turn
        if turn is None:  # an assistant that begins: to nothing that was asked
            turn = message.id
            build.turns[turn] = (None, Sent(""), message.at)
        reply = _go_on(before, message, content, turn)
        build.replies.append(reply)
        place = _Place(turn, reply, before.system)
    else:
        place = replace(before, system=before.system if content.system is None else content.system)
    build.places[message.id] = place


def _go_on(before: _Place, message: Message, said: Said, turn: str) -> _Reply:
    """The reply that a message is now the last of: the first to follow carries it on, each other one is another version."""
    if before.reply is None:
        return _Reply(message.id, turn, message, said, before.system)
    head = message.id if before.reply.continued else before.reply.head
    before.reply.continued = True
    return _Reply(head, turn, message, said, before.system, before.reply)


def _made(
    origin: Origin, source: str, build: _Build, shown: set[str], ids: Mapping[str, str]
) -> tuple[tuple[Turn, ...], tuple[Lane, ...]]:
    """Turns with their replies, the shown version of each lane last; and the lanes, named by what answered last in them."""
    ended: dict[str, list[_Reply]] = {}
    models: dict[str, str] = {}
    whole = [one for one in build.replies if not one.continued]
    for one in sorted(whole, key=lambda one: one.message.id in shown):
        ended.setdefault(one.turn, []).append(one)
        models[one.said.lane] = one.model or models.get(one.said.lane, "")
    lane_ids = {key: origin.id_of(source, "lane", key) for key in sorted(models)}
    turns = []
    for turn, (parent, sent, at) in build.turns.items():
        found = ended.get(turn, [])
        versions: dict[str, int] = {}
        replies = []
        for one in found:
            key = one.said.lane
            versions[key] = versions.get(key, 0) + 1
            made = _reply(origin, origin.id_of(source, one.head, "reply"), lane_ids[key], one)
            replies.append(replace(made, version=versions[key]))
        taken = next((one for one in reversed(found) if one.message.id in shown), next(iter(found), None))
        chosen = lane_ids[taken.said.lane] if taken is not None and len(lane_ids) > 1 else None
        before = ids[parent] if parent is not None else None
        turns.append(Turn(ids[turn], before, Prompt(sent.text, sent.attachments), tuple(replies), at, chosen))
    lanes = (Lane(lane, origin.backend, models[key] or UNKNOWN_MODEL) for key, lane in lane_ids.items())
    return tuple(turns), tuple(lanes)


def _reply(origin: Origin, identifier: str, lane: str, one: _Reply) -> Reply:
    segments: list[Segment] = []
    numbers: dict[str, int] = {}
    for segment in (s for said in one.parts() for s in said.segments if s.text):
        number = numbers.get(segment.kind, 0)
        numbers[segment.kind] = number + 1
        segments.append(replace(segment, part=number))
    last, model = one.said, one.model
    return Reply(
        identifier,
        lane,
        state=last.end.state,
        segments=tuple(segments),
        usage=last.usage,
        finished=last.end.finished,
        failed=last.end.failed,
        timing=last.timing,
        identity=Identity(served_model=model or None),
        claim=origin.claim(model),
        asked=Asked(origin.backend, host=origin.place, parameters=Parameters(system=one.system)),
    )
