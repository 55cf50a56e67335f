"""What lanes are to be asked, as values, and how it is written: turns and replies to be, for the session to begin.

Nothing is sent here (`fanout`) and no reply changes (`opened`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from sidelight.backends.base import Request
from sidelight.chat.conversation import Conversation, Turn, messages_for, turns_to_drop, with_turn
from sidelight.chat.message import Lane, Prompt, TagRule, new_id
from sidelight.chat.reply import Reply, Timing
from sidelight.engine.terms import Ask
from sidelight.store import attachments, conversations, drafts
from sidelight.store.database import Connection

if TYPE_CHECKING:
    from sidelight.engine.recorder import WriteJob

__all__ = ["StoreReplies", "again", "questions", "rereading", "shorter_by", "store_replies", "store_turn"]

StoreReplies: TypeAlias = "Callable[[Sequence[Reply]], WriteJob]"
"""How replies are written once they are prepared to be asked for."""


def questions(conversation: Conversation, prompt: Prompt) -> tuple[Turn, list[Ask]]:
    """A turn with this prompt after the leaf, and what each lane is to be asked in it."""
    turn = Turn(new_id(), conversation.leaf, prompt, created=time.time())
    asked = with_turn(conversation, turn)
    return turn, [
        _ask(asked, lane, turn.id, _dropped_before(conversation, lane.id)) for lane in conversation.lanes
    ]


def again(
    conversation: Conversation, turn: Turn, lanes: Collection[str], drop_oldest: int | None
) -> list[Ask]:
    """What lanes are to be asked once more in a turn, or for the first time: a further version each.

    `drop_oldest` turns are left out; None leaves out as many as the lane was asked without before.
    """
    asks = []
    for lane in conversation.lanes:
        if lane.id not in lanes:
            continue
        versions = turn.versions(lane.id)
        if drop_oldest is not None:
            drop = drop_oldest
        elif versions:
            drop = versions[-1].dropped_turns
        else:
            drop = _dropped_before(replace(conversation, leaf=turn.parent), lane.id)
        ask = _ask(conversation, lane, turn.id, drop)
        asks.append(replace(ask, reply=replace(ask.reply, version=len(versions) + 1)))
    return asks


def shorter_by(conversation: Conversation, turn_id: str, lane_id: str) -> int | None:
    """How many of the oldest turns to leave out where a server said that a prompt was too long; None: that cannot help."""
    lane, turn = conversation.lane(lane_id), conversation.turn(turn_id)
    reply = turn.reply(lane_id) if turn is not None else None
    if lane is None or reply is None or reply.failed is None:
        return None
    numbers = dict(reply.failed.details)
    try:
        prompt, context = int(numbers["prompt"]), int(numbers["context"])
    except (KeyError, ValueError):
        return None
    return turns_to_drop(conversation, lane, turn_id, prompt, context)


def rereading(
    conversation: Conversation, turn_id: str, reply_id: str, rule: TagRule
) -> tuple[Reply, Request, Reply] | None:
    """A reply, how its recorded stream is to be read by another tag rule, and the version that this is to make."""
    turn = conversation.turn(turn_id)
    source = next((r for r in turn.replies if r.id == reply_id), None) if turn is not None else None
    if turn is None or source is None or source.asked is None or conversation.lane(source.lane) is None:
        return None
    parameters = replace(source.asked.parameters, tags=rule)
    fresh = replace(
        Reply(new_id(), source.lane, len(turn.versions(source.lane)) + 1),
        claim=source.claim,
        dropped_turns=source.dropped_turns,
        asked=replace(source.asked, parameters=parameters),
        notes=source.notes,
        reread=source.reread or source.id,
    )
    return source, Request(source.identity.requested_model, (), parameters), fresh


def store_turn(
    conversation: Conversation, turn: Turn, files: Mapping[str, bytes], *, new: bool, draft: str | None
) -> StoreReplies:
    """How a new turn is written, with its replies as prepared; `new`: its conversation is not on disk yet.

    `draft` is the id of the draft that it was, which is gone by the same transaction; None where it was none.
    """

    def with_prepared(prepared: Sequence[Reply]) -> WriteJob:
        def job(connection: Connection) -> None:
            if new:
                conversations.create(connection, conversation)
            attachments.add(connection, files)
            conversations.add_turn(connection, conversation.id, replace(turn, replies=tuple(prepared)))
            if draft is not None:
                drafts.drop(connection, draft)

        return job

    return with_prepared


def store_replies(turn_id: str) -> StoreReplies:
    """How further versions in a turn are written."""

    def with_prepared(prepared: Sequence[Reply]) -> WriteJob:
        def job(connection: Connection) -> None:
            for reply in prepared:
                conversations.add_reply(connection, turn_id, reply)

        return job

    return with_prepared


def _ask(conversation: Conversation, lane: Lane, turn_id: str, drop: int) -> Ask:
    messages = messages_for(conversation, lane, turn_id, drop)
    reply = Reply(new_id(), lane.id, timing=Timing(asked_at=time.time()), dropped_turns=drop)
    return Ask(reply, lane.backend, Request(lane.model, messages, lane.parameters))


def _dropped_before(conversation: Conversation, lane_id: str) -> int:
    """How many of the oldest turns the lane's newest reply was asked without; the next one goes on so."""
    path = conversation.path
    reply = path[-1].reply(lane_id) if path else None
    return reply.dropped_turns if reply is not None else 0
