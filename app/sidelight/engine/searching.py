"""Searching what is stored, beside everything else: the newest wish counts, and older texts are indexed in the background.

Not the index and not the query language (`store`). `ask` and `take` belong to the face's thread; `index` to the network's loop.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace

from sidelight.chat.conversation import Conversation
from sidelight.store import search, words
from sidelight.store.database import Store, StoreError
from sidelight.store.query import Query
from sidelight.store.search import Found

__all__ = ["Searching", "through"]

_AFTER_START = 1.0
_PAUSE = 0.03
"""Seconds between two steps of ten milliseconds: a quarter of a core, and a journal that never waits for long."""

log = logging.getLogger(__name__)


class Searching:
    """`found` is what the newest query found, None while none is asked; `indexed` the share of old texts in the index."""

    def __init__(self, store: Store | None) -> None:
        """`store` None: nothing is kept on disk, so nothing is found."""
        self.found: Found | None = None
        self.indexed = 1.0
        self._store = store
        self._newest = Query()

    def ask(self, query: Query, then: Callable[[Query, Future[Found]], None]) -> None:
        """Look for something; an older search that still runs is ended. `then` is called from another thread, for `take`."""
        self._newest = query
        if query.is_empty or self._store is None:
            self.found = None if query.is_empty else Found()
            return
        future = self._store.read(lambda con: search.find(con, query, wanted=lambda: self._newest is query))
        future.add_done_callback(lambda done: then(query, done))

    def take(self, query: Query, found: Found) -> bool:
        """Take what a search found; False where another one has been asked since."""
        if query is not self._newest or query.is_empty:
            return False
        self.found = found
        return True

    async def index(self, progress: Callable[[float], None]) -> None:
        """Index what was written before there was an index. `progress` is told each further percent."""
        import asyncio  # in the network's thread, out of the way of the first paint

        assert self._store is not None
        told = -1
        await asyncio.sleep(_AFTER_START)
        try:
            while await asyncio.wrap_future(self._store.write(words.index_some)):
                share = await asyncio.wrap_future(self._store.read(words.indexed))
                if int(100 * share) > told:
                    told = int(100 * share)
                    progress(share)
                await asyncio.sleep(_PAUSE)
        except StoreError as error:  # the next start goes on with it
            log.info("indexing ended early: %s", error.code)
        else:
            if told >= 0:
                progress(1.0)


def through(conversation: Conversation, turn_id: str) -> Conversation:
    """The conversation on a branch that holds a turn: as it is where it does, else the newest one that does."""
    if any(turn.id == turn_id for turn in conversation.path) or conversation.turn(turn_id) is None:
        return conversation
    leaf = turn_id
    while children := conversation.children(leaf):
        leaf = children[-1].id
    return replace(conversation, leaf=leaf)
