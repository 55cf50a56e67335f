"""The conversations in memory, and the replies under way in them: the only place where a reply changes.

Not the wishes (`session`) and not the disk (`recorder`). A conversation stays here while somebody looks at it, while
something streams in it, and until the disk has all of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from sidelight.chat.conversation import Conversation, with_replies
from sidelight.chat.events import Stamped, coalesce
from sidelight.chat.reply import Reply, fold_all

__all__ = ["Opened"]


class Opened:
    """Conversations by id. `shown` names the one that is looked at; it is always here."""

    def __init__(self, first: Conversation) -> None:
        self.shown = first.id
        self._conversations = {first.id: first}
        self._stored: set[str] = set()
        self._asked: set[str] = set()
        self._deleted: set[str] = set()
        self._home: dict[str, tuple[str, str]] = {}
        self._sent: dict[str, float] = {}
        self._unsealed: dict[str, str] = {}
        self._begun: set[str] = set()
        self.rested: Callable[[str], None] = lambda _conversation: None
        """Told the id of a conversation when nothing is under way in it any more, and its last reply is on disk."""

    # --- conversations

    @property
    def conversation(self) -> Conversation:
        """The conversation shown."""
        return self._conversations[self.shown]

    def __contains__(self, conversation_id: str) -> bool:
        return conversation_id in self._conversations

    def __getitem__(self, conversation_id: str) -> Conversation:
        return self._conversations[conversation_id]

    def put(self, conversation: Conversation) -> None:
        """Take a conversation, or another value of it."""
        self._conversations[conversation.id] = conversation

    def show(self, conversation_id: str) -> None:
        """Look at another one that is here; the one left is forgotten if it is at rest."""
        left, self.shown = self.shown, conversation_id
        self._forget(left)

    def is_stored(self, conversation_id: str) -> bool:
        """Whether it is on disk, or on its way there."""
        return conversation_id in self._stored

    def mark_stored(self, *conversation_ids: str) -> None:
        """These are on disk, or on their way there."""
        self._stored.update(conversation_ids)

    def unstored(self) -> tuple[Conversation, ...]:
        """Conversations in which something was asked that is not on disk, nor on its way there."""
        here = self._conversations.values()
        return tuple(c for c in here if c.id in self._asked and c.id not in self._stored)

    def mark_deleted(self, conversation_id: str) -> None:
        """It is gone from the disk; what streams in it is dropped."""
        self._stored.discard(conversation_id)
        self._deleted.add(conversation_id)
        for reply_id in self.under_way(conversation_id):
            del self._home[reply_id]
        if conversation_id != self.shown:
            self._conversations.pop(conversation_id, None)

    def is_deleted(self, conversation_id: str) -> bool:
        """Whether it was deleted here, though a list read meanwhile may still name it."""
        return conversation_id in self._deleted

    # --- replies under way

    @property
    def streaming(self) -> frozenset[str]:
        """Conversations with a reply under way."""
        return frozenset(conversation for conversation, _ in self._home.values())

    def under_way(self, conversation_id: str, lane_id: str | None = None) -> tuple[str, ...]:
        """The replies under way in a conversation, or in one lane of it."""
        mine = ((reply, turn) for reply, (home, turn) in self._home.items() if home == conversation_id)
        return tuple(
            reply_id
            for reply_id, turn_id in mine
            if (reply := self._find(conversation_id, turn_id, reply_id)) is not None
            and lane_id in (None, reply.lane)
        )

    def is_live(self, reply_id: str) -> bool:
        """Whether something may still come for this reply."""
        return reply_id in self._home

    @property
    def begun(self) -> frozenset[str]:
        """Every reply that was asked for here, and so came by here."""
        return frozenset(self._begun)

    def is_busy(self, conversation_id: str) -> bool:
        """Whether a reply of a conversation is under way, or on its way to the disk."""
        return conversation_id in self.streaming or conversation_id in self._unsealed.values()

    def elapsed(self, reply_id: str) -> float | None:
        """Seconds since the request of a reply left; None while it is queued, and when it has ended."""
        home, sent = self._home.get(reply_id), self._sent.get(reply_id)
        reply = self._find(*home, reply_id) if home is not None else None
        if sent is None or reply is None or reply.state.is_final:
            return None
        return time.monotonic() - sent

    def begin(self, turn_id: str, reply_ids: Sequence[str]) -> None:
        """These replies of the conversation shown are asked for."""
        self._asked.add(self.shown)
        self._begun.update(reply_ids)
        for reply_id in reply_ids:
            self._home[reply_id] = (self.shown, turn_id)
            self._unsealed[reply_id] = self.shown

    def prepare(self, turn_id: str, replies: Sequence[Reply]) -> None:
        """Take the replies as they were prepared to be asked for, with the backend's claim."""
        self._replace({(self._home[r.id][0], turn_id, r.id): r for r in replies if r.id in self._home})

    def fold(
        self, events: Mapping[str, Sequence[Stamped]], sent: Mapping[str, float]
    ) -> list[tuple[str, str]]:
        """Fold what came into its replies; (conversation, reply) of each that changed.

        `sent` is when each request left, in monotonic time.
        """
        changed: dict[tuple[str, str, str], Reply] = {}
        for reply_id, stamped in events.items():
            home = self._home.get(reply_id)
            old = self._find(*home, reply_id) if home is not None else None
            if home is not None and old is not None:
                self._sent[reply_id] = sent[reply_id]
                changed[(*home, reply_id)] = fold_all(old, coalesce(stamped))
        self._replace(changed)
        return [(conversation_id, reply_id) for conversation_id, _, reply_id in changed]

    def end(self, reply_id: str) -> str | None:
        """Nothing more will come for a reply; the conversation it belongs to, if that is still here."""
        home = self._home.pop(reply_id, None)
        self._sent.pop(reply_id, None)
        if home is None:
            return None
        self._rest(home[0])
        return home[0]

    def seal(self, reply_id: str) -> None:
        """The end of a reply is on disk, or never will be."""
        conversation_id = self._unsealed.pop(reply_id, None)
        if conversation_id is not None:
            self._rest(conversation_id)

    def _rest(self, conversation_id: str) -> None:
        self._forget(conversation_id)
        if not self.is_busy(conversation_id):
            self.rested(conversation_id)

    def _find(self, conversation_id: str, turn_id: str, reply_id: str) -> Reply | None:
        conversation = self._conversations.get(conversation_id)
        turn = conversation.turn(turn_id) if conversation is not None else None
        return None if turn is None else next((r for r in turn.replies if r.id == reply_id), None)

    def _replace(self, replies: Mapping[tuple[str, str, str], Reply]) -> None:
        """Put replies into their turns, one new value a turn: a long conversation is not copied once a reply."""
        by_turn: dict[tuple[str, str], dict[str, Reply]] = {}
        for (conversation_id, turn_id, reply_id), reply in replies.items():
            by_turn.setdefault((conversation_id, turn_id), {})[reply_id] = reply
        for (conversation_id, turn_id), changed in by_turn.items():
            self.put(with_replies(self._conversations[conversation_id], turn_id, changed))

    def _forget(self, conversation_id: str) -> None:
        """Drop a conversation that nobody looks at, that nothing streams in, and that the disk has whole."""
        conversation = self._conversations.get(conversation_id)
        if conversation is None or conversation_id == self.shown:
            return
        kept = not conversation.turns or self.is_stored(conversation_id)
        if kept and not self.is_busy(conversation_id):
            del self._conversations[conversation_id]
