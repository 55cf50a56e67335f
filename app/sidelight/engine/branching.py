"""A conversation that goes on by itself with the answers of one lane: as a value, and how it is written.

Not the branches within one conversation, which are its turns (`chat.conversation`).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sidelight.chat.conversation import ContextRule, Conversation, Turn
from sidelight.chat.message import new_id
from sidelight.store import conversations, exchanges
from sidelight.store.database import Connection, StoreError

if TYPE_CHECKING:
    from sidelight.engine.recorder import WriteJob

__all__ = ["alone", "store_copy"]

log = logging.getLogger(__name__)


def alone(conversation: Conversation, lane_id: str, now: float) -> tuple[Conversation, dict[str, str]]:
    """A new conversation of the branch that is shown, with one lane and its replies; and from which reply each was copied.

    `now` is Unix seconds. Replies that are under way stay behind. Nothing was asked for the copies, so they do not say
    when: else what they cost would be counted twice.
    """
    parent: str | None = None
    turns: list[Turn] = []
    copied: dict[str, str] = {}
    for turn in conversation.path:
        replies = []
        for version, reply in enumerate((r for r in turn.versions(lane_id) if r.state.is_final), 1):
            timing = replace(reply.timing, asked_at=None)
            fresh = replace(reply, id=new_id(), version=version, timing=timing)
            copied[fresh.id] = reply.id
            replies.append(fresh)
        turns.append(replace(turn, id=new_id(), parent=parent, replies=tuple(replies), chosen=None))
        parent = turns[-1].id
    reread = {old: new for new, old in copied.items()}
    for n, turn in enumerate(turns):
        mended = tuple(replace(r, reread=reread.get(r.reread, r.reread)) for r in turn.replies)
        turns[n] = replace(turn, replies=mended)
    lanes = tuple(lane for lane in conversation.lanes if lane.id == lane_id)
    rule = ContextRule.OWN if conversation.rule is ContextRule.CHOSEN else conversation.rule
    return (
        Conversation(new_id(), conversation.title, lanes, tuple(turns), parent, rule, now),
        copied,
    )


def store_copy(conversation: Conversation, copied: Sequence[tuple[str, str]]) -> WriteJob:
    """How such a conversation is written, with what went over the wire for (copy, original) each."""

    def job(connection: Connection) -> None:
        conversations.create(connection, conversation)
        for reply_id, original in copied:
            try:
                recorded = exchanges.read(connection, original)
            except StoreError as error:  # a damaged recording is no reason to lose the conversation
                log.info("a recording is not copied: %s", error.params.get("reason"))
                continue
            if recorded is not None:
                exchanges.write(connection, reply_id, recorded)

    return job
