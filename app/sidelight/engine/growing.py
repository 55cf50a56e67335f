"""Conversations that grew on disk while they are open here, by an import. What `session` delegates.

What is here is not put away for what the disk has: it takes in what is new there (turns, replies, lanes) and keeps the rest,
which may not be written yet. It waits for replies under way. In the face's thread, but for `grown`, which is a function.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from sidelight.chat.conversation import Conversation, Turn
from sidelight.chat.message import Lane
from sidelight.chat.reply import Reply
from sidelight.engine.desk import Desk
from sidelight.engine.opened import Opened
from sidelight.engine.terms import Change
from sidelight.store import conversations

__all__ = ["Growing", "grown"]

T = TypeVar("T", Turn, Reply, Lane)


class Growing:
    """Looks at conversations again that are open, or about to be, and tells of those that have more."""

    def __init__(self, opened: Opened, desk: Desk) -> None:
        self._opened, self._desk = opened, desk
        self._wanted: set[str] = set()
        self._coming: set[str] = set()
        self._looking: set[str] = set()
        opened.rested = self._look

    def look(self, conversation_ids: Iterable[str]) -> None:
        """These have more on disk than before. One that is not open is read whole when it is opened."""
        for identifier in conversation_ids:
            if identifier in self._opened or identifier in self._coming:
                self._wanted.add(identifier)
                self._look(identifier)

    def coming(self, conversation_id: str) -> None:
        """It is being read, to be opened."""
        self._coming.add(conversation_id)

    def came(self, conversation_id: str) -> None:
        """That is over."""
        self._coming.discard(conversation_id)
        self._look(conversation_id)

    def _look(self, identifier: str) -> None:
        """Look at a conversation now, if it is to be looked at and rests; else whoever ends what it waits for calls again."""
        if identifier not in self._wanted or identifier in self._coming | self._looking:
            return
        if identifier not in self._opened:
            self._wanted.discard(identifier)
            return
        if self._opened.is_busy(identifier):
            return
        self._wanted.discard(identifier)
        self._looking.add(identifier)
        here, own = self._opened[identifier], self._opened.begun
        self._desk.read(
            lambda con: grown(here, conversations.load(con, identifier), own),
            lambda found: self._take(here, found),
        )

    def _take(self, here: Conversation, found: Conversation | None) -> None:
        self._looking.discard(here.id)
        if here.id in self._opened and self._opened[here.id] is not here:
            # it changed meanwhile, and that is not to be lost
            self._wanted.add(here.id)
            self._look(here.id)
            return
        if here.id in self._opened and found is not None:
            self._opened.put(found)
            self._desk.tell(Change("conversation", here.id))
        self._look(here.id)  # there may be even more by now


def grown(here: Conversation, stored: Conversation | None, own: Collection[str]) -> Conversation | None:
    """What is here with what the disk has beside it; None where that is nothing.

    A reply that differs is the disk's, but for those that were asked for here (`own`): of them, there may be more here. The
    branch shown goes on where it went on at its end. Turns and replies that are equal stay the very same objects.
    """
    if stored is None:
        return None
    mine = {turn.id: turn for turn in here.turns}
    turns = [
        *(_grown(mine[turn.id], turn, own) if turn.id in mine else turn for turn in stored.turns),
        *_others(here.turns, stored.turns),
    ]
    lanes = (*here.lanes, *_others(stored.lanes, here.lanes))
    leaf = stored.leaf if _goes_on(stored, here) else here.leaf
    if (
        len(turns) == len(here.turns)
        and all(turn is mine.get(turn.id) for turn in turns)
        and lanes == here.lanes
    ):
        return None
    return replace(here, turns=tuple(turns), lanes=lanes, leaf=leaf)


def _grown(here: Turn, stored: Turn, own: Collection[str]) -> Turn:
    mine = {reply.id: reply for reply in here.replies}
    replies = [
        *(_newest(mine.get(reply.id), reply, own) for reply in stored.replies),
        *_others(here.replies, stored.replies),
    ]
    same = len(replies) == len(mine) and all(reply is mine.get(reply.id) for reply in replies)
    return here if same else replace(here, replies=tuple(replies))


def _newest(here: Reply | None, stored: Reply, own: Collection[str]) -> Reply:
    return here if here is not None and (here.id in own or here == stored) else stored


def _others(items: Sequence[T], known: Iterable[T]) -> tuple[T, ...]:
    ids = {item.id for item in known}
    return tuple(item for item in items if item.id not in ids)


def _goes_on(stored: Conversation, here: Conversation) -> bool:
    """Whether the branch that the disk shows is the one shown here, gone on at its end."""
    if here.leaf is None:
        return True
    return not here.children(here.leaf) and any(turn.id == here.leaf for turn in stored.path)
