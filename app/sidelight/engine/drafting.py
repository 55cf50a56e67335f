"""Drafts: what stands in the composer of each conversation, so that nothing typed is lost. What `session` delegates.

Not when one is kept (the window waits for a pause in typing) and not the rows (`store.drafts`). All conversations that
have no prompt yet share one draft, which the next start offers again. In the face's thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from sidelight.chat.message import Attachment
from sidelight.engine.desk import Desk
from sidelight.engine.opened import Opened
from sidelight.engine.terms import Change
from sidelight.store import drafts
from sidelight.store.drafts import Draft

__all__ = ["Drafting"]


class Drafting:
    """Drafts by conversation, as far as they were asked for."""

    def __init__(self, opened: Opened, desk: Desk, is_temporary: Callable[[str], bool]) -> None:
        self._opened, self._desk, self._is_temporary = opened, desk, is_temporary
        self._known: dict[str, Draft] = {}

    def of(self, conversation_id: str) -> Draft:
        """The draft of a conversation; an empty one where there is none, or it is not read yet."""
        return self._known.get(self._place(conversation_id), Draft())

    def look(self, conversation_id: str, *, at_once: bool = False) -> None:
        """Tell of the draft of a conversation that comes into sight, if it has one. `at_once`: nothing was written yet."""
        place = self._place(conversation_id)
        if place in self._known:
            self._tell(conversation_id)
        elif not self._is_temporary(conversation_id):
            self._desk.read(
                lambda con: drafts.read(con, place),
                lambda found: self._take(conversation_id, place, found),
                at_once=at_once,
            )

    def _take(self, conversation_id: str, place: str, found: Draft | None) -> None:
        if place not in self._known and found is not None:
            self._known[place] = found
            self._tell(conversation_id)

    def _tell(self, conversation_id: str) -> None:
        if self.of(conversation_id) != Draft() and conversation_id == self._opened.shown:
            self._desk.tell(Change("draft", conversation_id))

    def keep(self, conversation_id: str, text: str, files: Sequence[tuple[Attachment, bytes]]) -> None:
        """Keep a draft in the place of the one before; an empty one is forgotten."""
        if self._opened.is_deleted(conversation_id):
            return
        place, kept = self._place(conversation_id), self.of(conversation_id)
        draft = Draft(text, tuple(files))
        if draft == kept:
            return
        self._known[place] = draft
        if self._is_temporary(conversation_id):
            return
        before = {attachment.digest for attachment, _ in kept.files}
        named = [attachment for attachment, _ in files]
        contents = {a.digest: content for a, content in files if a.digest not in before}
        now = time.time()
        self._desk.write_anew(lambda con: drafts.keep(con, place, text, named, contents, now))

    def sent(self, conversation_id: str) -> str:
        """The draft was sent: forget it, and say by which id the store has it."""
        place = self._place(conversation_id)
        self._known[place] = Draft()
        return place

    def _place(self, conversation_id: str) -> str:
        """By which id the draft is kept."""
        known = self._opened.is_stored(conversation_id) or self._is_temporary(conversation_id)
        return conversation_id if known else drafts.NEW
