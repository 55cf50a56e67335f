"""How conversations are ordered: the list, pins, tags, the trash, and those that are temporary. What `session` delegates.

Not what stands in them (`opened`) and not the rows (`store.order`). A change is shown at once and written in turn; a list
that was read meanwhile is read again, so that it never undoes what was done here. In the face's thread, but for `tidy`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from sidelight.chat.conversation import Conversation
from sidelight.engine.desk import Desk
from sidelight.engine.opened import Opened
from sidelight.engine.terms import Change
from sidelight.store import conversations, order
from sidelight.store.conversations import Summary
from sidelight.store.database import Connection, Store, StoreError

__all__ = ["IN_TRASH", "Ordering", "tidy"]

IN_TRASH = 30 * 86_400.0
"""Seconds after which what is in the trash goes for good."""
_AFTER_START = 5.0
_PAGE = 200
"""Conversations that are listed at first, and how many more when more are wanted."""
_PAUSE = 0.1
"""Seconds between two removals: the disk belongs to whoever asks something."""

_Lists: TypeAlias = tuple[tuple[Summary, ...], tuple[Summary, ...], tuple[str, ...]]
log = logging.getLogger(__name__)


class Ordering:
    """`history` is what is listed, pinned ones first, then the newest; `trash` the newest there first; `tags` all in use.

    `has_more`: there are older ones that are not listed yet.
    """

    def __init__(self, opened: Opened, desk: Desk, *, all_temporary: bool) -> None:
        """`all_temporary`: nothing is ever written, whatever the conversation."""
        self.history: tuple[Summary, ...] = ()
        self.has_more = False
        self.trash: tuple[Summary, ...] = ()
        self.tags: tuple[str, ...] = ()
        self._opened, self._desk = opened, desk
        self._all_temporary = all_temporary
        self._temporary: set[str] = set()
        self._changes = 0
        self._lines = self._read = _PAGE
        self._all = False

    # --- the list

    def look(self, then: Callable[[], None] = lambda: None, *, at_once: bool = False) -> None:
        """Read the lists; `then` is called when they are there. `at_once`: nothing was written here yet."""
        changes, lines = self._changes, -1 if self._all else self._lines
        self._desk.read(
            partial(_lists, lines), lambda found: self._take(found, changes, lines, then), at_once=at_once
        )

    def more(self) -> None:
        """List a page more of the older ones."""
        if self.has_more and self._lines == self._read:
            self._lines += _PAGE
            self.look()

    def list_all(self, wanted: bool) -> None:
        """List all there are, as when something is looked for among them; or again only as many as before."""
        if wanted != self._all:
            self._all = wanted
            if self.has_more or len(self.history) > self._lines:
                self.look()

    def include(self, conversation_id: str) -> None:
        """This one is open: it is listed, however old it is."""
        if self._is_listed(conversation_id) or self.is_temporary(conversation_id):
            return

        def take(found: Summary | None) -> None:
            gone = found is None or found.deleted is not None or self._opened.is_deleted(conversation_id)
            if found is not None and not gone and not self._is_listed(conversation_id):
                self._set((*self.history, found))
                self._desk.tell(Change("history"))

        self._desk.read(lambda con: conversations.summary(con, conversation_id), take)

    def _is_listed(self, conversation_id: str) -> bool:
        return any(s.id == conversation_id for s in self.history)

    def _take(self, found: _Lists | None, changes: int, lines: int, then: Callable[[], None]) -> None:
        if found is None:
            return
        if changes != self._changes:
            self.look(then)
            return
        self.has_more = 0 <= lines <= sum(not s.pinned for s in found[0])
        self._read = lines
        self.tags = found[2]
        listed, trash = (tuple(s for s in lines if not self._opened.is_deleted(s.id)) for lines in found[:2])
        there = {s.id for s in (*listed, *trash)}
        # a disk that refuses has not everything, and nothing that is in memory may be out of reach
        kept = [s for s in self.history if s.temporary or (s.id not in there and s.id in self._opened)]
        here = {s.id for s in kept}
        self._set((*(s for s in listed if s.id not in here), *kept))
        self.trash = trash
        if not self._all_temporary:
            self._opened.mark_stored(*there)
        self._desk.tell(Change("history"))
        then()

    def note(self, conversation: Conversation) -> None:
        """A prompt was sent in a conversation: it is the newest. One in the trash is taken out of it."""
        if any(s.id == conversation.id for s in self.trash):
            self.restore(conversation.id)
        old = next((s for s in self.history if s.id == conversation.id), None)
        temporary = self.is_temporary(conversation.id)
        summary = Summary(conversation.id, conversation.title, time.time(), conversation.created)
        if old is not None:
            summary = replace(summary, pinned=old.pinned, tags=old.tags)
        self._changes += 1
        self._set(
            (replace(summary, temporary=temporary), *(s for s in self.history if s.id != conversation.id))
        )
        self._desk.tell(Change("history"))

    def newest(self) -> str | None:
        """The conversation a prompt was last sent in, of those listed."""
        return max(self.history, key=lambda s: s.updated).id if self.history else None

    def rename(self, conversation_id: str, title: str) -> None:
        """Give a conversation another title."""
        self._change(conversation_id, lambda s: replace(s, title=title))
        self._desk.write(conversation_id, lambda con: conversations.rename(con, conversation_id, title))

    def pin(self, conversation_id: str, pinned: bool) -> None:
        """Pin a conversation, or unpin it."""
        since = time.time() if pinned else None
        self._change(conversation_id, lambda s: replace(s, pinned=pinned))
        self._desk.write(conversation_id, lambda con: order.set_pinned(con, conversation_id, since))

    def set_tags(self, conversation_id: str, tags: Sequence[str]) -> None:
        """Give a conversation these tags and no others."""
        names = order.tag_names(tags)
        self._change(conversation_id, lambda s: replace(s, tags=names))
        self.tags = order.tag_names((*self.tags, *names))
        self._desk.write(conversation_id, lambda con: order.set_tags(con, conversation_id, names))
        self.look()  # which are in use no more

    # --- temporary ones

    def mark_temporary(self, conversation_id: str) -> None:
        """This one is never written."""
        self._temporary.add(conversation_id)

    def is_temporary(self, conversation_id: str) -> bool:
        """Whether it is never written."""
        return self._all_temporary or conversation_id in self._temporary

    # --- the trash

    def put_in_trash(self, conversation_id: str) -> None:
        """Move a conversation that is on disk into the trash."""
        now = time.time()
        moved = tuple(
            replace(s, deleted=now) for s in (*self.history, *self.trash) if s.id == conversation_id
        )
        self._remove(conversation_id)
        self.trash = (*moved[:1], *self.trash)
        self._desk.write(conversation_id, lambda con: order.put_in_trash(con, conversation_id, now))
        self._desk.tell(Change("history"))
        self.look()

    def restore(self, conversation_id: str) -> None:
        """Take a conversation out of the trash."""
        back = tuple(replace(s, deleted=None) for s in self.trash if s.id == conversation_id)
        self._remove(conversation_id)
        self._set((*self.history, *back))
        self._desk.write(conversation_id, lambda con: order.take_out(con, conversation_id))
        self._desk.tell(Change("history"))
        self.look()

    def erase(self, conversation_id: str) -> None:
        """Remove a conversation for good."""
        self._remove(conversation_id)
        self._desk.write(conversation_id, lambda con: conversations.delete(con, conversation_id))
        self._opened.mark_deleted(conversation_id)
        self._temporary.discard(conversation_id)
        self._desk.tell(Change("history"))

    # --- inside

    def _set(self, history: Sequence[Summary]) -> None:
        self.history = tuple(sorted(history, key=lambda s: (not s.pinned, -s.updated)))

    def _change(self, conversation_id: str, change: Callable[[Summary], Summary]) -> None:
        self._changes += 1
        self._set([change(s) if s.id == conversation_id else s for s in self.history])
        self.trash = tuple(change(s) if s.id == conversation_id else s for s in self.trash)
        self._desk.tell(Change("history"))

    def _remove(self, conversation_id: str) -> None:
        self._changes += 1
        self.history = tuple(s for s in self.history if s.id != conversation_id)
        self.trash = tuple(s for s in self.trash if s.id != conversation_id)


async def tidy(store: Store, now: float) -> int:
    """Remove for good what is in the trash for too long; how many conversations that were. On the network's loop; `now` is Unix seconds."""
    import asyncio  # in the network's thread, out of the way of the first paint

    await asyncio.sleep(_AFTER_START)
    removed = 0
    try:
        while await asyncio.wrap_future(store.write(partial(order.expire, before=now - IN_TRASH))):
            removed += 1
            await asyncio.sleep(_PAUSE)
    except StoreError as error:  # the next start goes on with it
        log.info("the trash was not emptied: %s", error.code)
    return removed


def _lists(lines: int, con: Connection) -> _Lists:
    return conversations.summaries(con, lines), conversations.trash(con), order.tags(con)
