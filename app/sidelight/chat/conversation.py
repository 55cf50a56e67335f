"""A conversation: a tree of turns, each with replies of several lanes in several versions, and the context rule.

Values only. Every function returns a new conversation; `path` is the branch a person looks at, from the root to the
chosen leaf.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from sidelight.chat.message import Lane, Message, Prompt, Thought
from sidelight.chat.reply import Reply, ReplyState


class ContextRule(StrEnum):
    """What a lane is told of the turns before: its own answers, the chosen answer of each turn, or nothing."""

    OWN = "own"
    CHOSEN = "chosen"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Turn:
    """One prompt and its replies. `parent` is the turn before it, None at the root. `created` is Unix seconds.

    `chosen` is the lane whose answer goes on for all under `ContextRule.CHOSEN`.
    """

    id: str
    parent: str | None
    prompt: Prompt
    replies: tuple[Reply, ...] = ()
    created: float = 0.0
    chosen: str | None = None

    def versions(self, lane: str) -> tuple[Reply, ...]:
        """All replies of one lane, oldest first."""
        return tuple(r for r in self.replies if r.lane == lane)

    def reply(self, lane: str) -> Reply | None:
        """The newest reply of one lane."""
        versions = self.versions(lane)
        return versions[-1] if versions else None


@dataclass(frozen=True, slots=True)
class Conversation:
    """Turns as a tree, and the lanes that answer. `leaf` is the newest turn of the branch being looked at."""

    id: str
    title: str = ""
    lanes: tuple[Lane, ...] = ()
    turns: tuple[Turn, ...] = ()
    leaf: str | None = None
    rule: ContextRule = ContextRule.OWN
    created: float = 0.0

    @property
    def path(self) -> tuple[Turn, ...]:
        """The turns from the root to `leaf`."""
        by_id = {t.id: t for t in self.turns}
        found: list[Turn] = []
        at = self.leaf
        while at is not None and at in by_id and len(found) <= len(by_id):
            found.append(by_id[at])
            at = by_id[at].parent
        return tuple(reversed(found))

    def turn(self, turn_id: str) -> Turn | None:
        """The turn of this id."""
        return next((t for t in self.turns if t.id == turn_id), None)

    def lane(self, lane_id: str) -> Lane | None:
        """The lane of this id."""
        return next((x for x in self.lanes if x.id == lane_id), None)

    def children(self, turn_id: str | None) -> tuple[Turn, ...]:
        """The turns that follow directly, oldest first; more than one is a branching."""
        return tuple(t for t in self.turns if t.parent == turn_id)


def siblings(conversation: Conversation, turn_id: str) -> tuple[str, ...]:
    """The turns with the same parent, oldest first, itself included; none where there is no such turn."""
    turn = conversation.turn(turn_id)
    return () if turn is None else tuple(t.id for t in conversation.children(turn.parent))


def branchings(conversation: Conversation) -> dict[str, tuple[str, ...]]:
    """The same of every turn that has siblings, by its id: for whoever shows many turns."""
    by_parent: dict[str | None, list[str]] = {}
    for turn in conversation.turns:
        by_parent.setdefault(turn.parent, []).append(turn.id)
    return {turn: tuple(row) for row in by_parent.values() if len(row) > 1 for turn in row}


def newest_leaf(conversation: Conversation, turn_id: str) -> str:
    """The newest turn that follows a turn, directly or not, and that none follows; the turn itself where none does."""
    following: dict[str | None, list[str]] = {}
    for turn in conversation.turns:
        following.setdefault(turn.parent, []).append(turn.id)
    below = {turn_id}
    left = [turn_id]
    while left:
        found = [t for t in following.get(left.pop(), ()) if t not in below]
        below.update(found)
        left += found
    ends = [t.id for t in conversation.turns if t.id in below and t.id not in following]
    return ends[-1] if ends else turn_id


def with_turn(conversation: Conversation, turn: Turn) -> Conversation:
    """The conversation with a new turn, which becomes the leaf."""
    return replace(conversation, turns=(*conversation.turns, turn), leaf=turn.id)


def with_reply(conversation: Conversation, turn_id: str, reply: Reply) -> Conversation:
    """The conversation with one reply added to a turn, or replaced where its id is there already."""

    def put(turn: Turn) -> Turn:
        if any(r.id == reply.id for r in turn.replies):
            return replace(turn, replies=tuple(reply if r.id == reply.id else r for r in turn.replies))
        return replace(turn, replies=(*turn.replies, reply))

    return _on_turn(conversation, turn_id, put)


def with_chosen(conversation: Conversation, turn_id: str, lane: str | None) -> Conversation:
    """The conversation with one lane's answer in a turn going on for all lanes, or none again.

    The rule follows: each lane's own history gives way to the chosen answers, and comes back once nothing is chosen.
    """
    chosen = _on_turn(conversation, turn_id, lambda turn: replace(turn, chosen=lane))
    if lane is not None and chosen.rule is ContextRule.OWN:
        return replace(chosen, rule=ContextRule.CHOSEN)
    if lane is None and chosen.rule is ContextRule.CHOSEN and all(t.chosen is None for t in chosen.turns):
        return replace(chosen, rule=ContextRule.OWN)
    return chosen


def with_lanes(conversation: Conversation, lanes: Iterable[Lane]) -> Conversation:
    """The conversation with another row of lanes. Replies of lanes that left stay stored."""
    return replace(conversation, lanes=tuple(lanes))


def messages_for(
    conversation: Conversation, lane: Lane, turn_id: str, drop_oldest: int = 0
) -> tuple[Message, ...]:
    """Exactly what a lane is sent for a turn: system text, the turns before by the context rule, the prompt.

    An answer of the very model that is asked again brings the thought it came with; what of it is sent the backend decides.
    A turn whose answer is empty (refused, or cut off while thinking) is left out
    together with its prompt, since several APIs refuse an empty assistant message and two user messages in a row.
    `drop_oldest` leaves out that many of the oldest turns.
    """
    at = replace(conversation, leaf=turn_id).path
    messages: list[Message] = []
    if lane.parameters.system.strip():
        messages.append(Message("system", lane.parameters.system))
    if conversation.rule is not ContextRule.NONE:
        for turn in at[:-1][drop_oldest:]:
            source = lane.id if conversation.rule is ContextRule.OWN else (turn.chosen or lane.id)
            reply = next((r for r in reversed(turn.versions(source)) if r.answer_text.strip()), None)
            if reply is not None:
                messages.append(_from_person(turn.prompt))
                messages.append(Message("assistant", reply.answer_text, thought=_thought(reply, lane)))
    if at:
        messages.append(_from_person(at[-1].prompt))
    return tuple(messages)


def _from_person(prompt: Prompt) -> Message:
    return Message("user", prompt.text, prompt.attachments)


def _thought(reply: Reply, lane: Lane) -> Thought | None:
    """The thought behind an answer that the lane's model gave itself, whole and unbidden; no other model is shown it."""
    asked = reply.asked
    own = asked is not None and (asked.backend, reply.identity.requested_model) == (lane.backend, lane.model)
    if not own or reply.state is not ReplyState.COMPLETE or reply.claim.elicited or reply.reread:
        return None
    if not reply.opaque and not reply.trace_text:
        return None
    return Thought(reply.trace_text, reply.opaque)


def turns_to_drop(
    conversation: Conversation, lane: Lane, turn_id: str, prompt_tokens: int, context_tokens: int
) -> int | None:
    """How many of the oldest turns to leave out so that a prompt that was too long fits with room for an answer.

    The rule: characters stand for tokens at the ratio that the server counted for the whole prompt, and a quarter of
    the context stays free. None when even the newest prompt alone is too long.
    """
    before = len(replace(conversation, leaf=turn_id).path) - 1
    whole = sum(len(m.text) for m in messages_for(conversation, lane, turn_id))
    if before < 1 or whole == 0 or prompt_tokens < 1:
        return None
    room = 0.75 * context_tokens * whole / prompt_tokens
    for drop in range(1, before + 1):
        if sum(len(m.text) for m in messages_for(conversation, lane, turn_id, drop)) <= room:
            return drop
    return None


def with_replies(conversation: Conversation, turn_id: str, replies: Mapping[str, Reply]) -> Conversation:
    """The conversation with some replies of one turn replaced, by reply id."""
    return _on_turn(
        conversation,
        turn_id,
        lambda turn: replace(turn, replies=tuple(replies.get(r.id, r) for r in turn.replies)),
    )


def title_from(prompt: str, limit: int = 60) -> str:
    """A title from the first prompt: its first line with anything to read, cut at a word within `limit` characters."""
    line = next((" ".join(x.split()) for x in prompt.splitlines() if x.strip()), "")
    if len(line) <= limit:
        return line
    head = line[:limit].rsplit(" ", 1)[0] if " " in line[:limit] else line[:limit]
    return head.rstrip() + "…"


def unfinished(conversation: Conversation) -> tuple[Reply, ...]:
    """Replies that are not in a final state."""
    return tuple(r for t in conversation.turns for r in t.replies if not r.state.is_final)


def failed_lanes(turn: Turn, lanes: Iterable[Lane]) -> tuple[Lane, ...]:
    """The lanes whose newest reply in this turn failed or was interrupted."""
    bad = (ReplyState.FAILED, ReplyState.INTERRUPTED)
    return tuple(x for x in lanes if (r := turn.reply(x.id)) is not None and r.state in bad)


def _on_turn(conversation: Conversation, turn_id: str, change: Callable[[Turn], Turn]) -> Conversation:
    return replace(conversation, turns=tuple(change(t) if t.id == turn_id else t for t in conversation.turns))
