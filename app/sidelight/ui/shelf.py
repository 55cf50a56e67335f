"""Joins the list of conversations to the session: what is wished in it, the dialogs it asks for, and what it is shown.

Also remembers which hit was opened last, and by which words, until its place is shown. Draws nothing itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from sidelight.engine.session import Session
from sidelight.ui.panes.history.groups import Entry, HistoryValue, Trashed

if TYPE_CHECKING:
    from sidelight.store.search import Hit
    from sidelight.ui.panes.history.pane import HistoryPane

__all__ = ["Shelf", "Sought", "history_value"]


class Sought(NamedTuple):
    """The words by which a hit was found, and the row of text it stands in or begins with: "answer" of a reply, say."""

    words: str
    row: str


class Shelf(QObject):
    """`export` is given the id of a conversation that is to be written into a file."""

    def __init__(
        self, session: Session, pane: HistoryPane, export: Callable[[str], None], window: QWidget
    ) -> None:
        super().__init__(window)
        self._session, self._window = session, window
        self._hit: Hit | None = None
        pane.more_wanted.connect(session.list_more)
        pane.all_wanted.connect(session.list_all)
        pane.pinned.connect(session.pin)
        pane.tags_wished.connect(self._edit_tags)
        pane.export_wished.connect(export)
        pane.deleted.connect(self._delete)
        pane.restored.connect(session.restore)
        pane.erased.connect(session.erase)
        pane.emptied.connect(session.empty_trash)
        pane.search_kept.connect(self._keep_search)
        pane.search_dropped.connect(self._drop_search)
        pane.hit_opened.connect(self.open_hit)

    def open_hit(self, conversation: str, turn: str, reply: str) -> None:
        """Open what was found; `sought` says what to look for there."""
        found = self._session.found()
        hits = found.hits if found is not None else ()
        self._hit = next((hit for hit in hits if (hit.turn, hit.reply) == (turn, reply)), None)
        self._session.open(conversation, turn, reply)

    def sought(self, turn: str, reply: str) -> Sought | None:
        """By which words this place was found, where it was opened as a hit; None where not, and once it was told."""
        hit, self._hit = self._hit, None
        if hit is None or (hit.turn, hit.reply) != (turn, reply) or not hit.snippet.marks:
            return None
        start, end = max(hit.snippet.marks, key=lambda mark: mark[1] - mark[0])
        row = f"{hit.reply}.{hit.place}" if hit.reply else f"{hit.turn}.prompt"
        return Sought(hit.snippet.text[start:end], row)

    def _delete(self, conversation: str) -> None:
        """Move it into the trash. The way back was offered in the list, so that the session need not offer it too."""
        self._session.delete(conversation)
        for notice in self._session.notices:
            if notice.subject == conversation:
                self._session.dismiss(notice)

    def _edit_tags(self, conversation: str) -> None:
        from sidelight.ui.dialogs.tags import TagsDialog
        from sidelight.ui.panes.history.model import shown_title

        session = self._session
        summary = next((s for s in session.history() if s.id == conversation), None)
        if summary is None:
            return
        dialog = TagsDialog(shown_title(summary.title), summary.tags, session.tags, self._window)
        dialog.given.connect(lambda tags: session.set_tags(conversation, tags))
        dialog.open()

    def _keep_search(self, text: str) -> None:
        from sidelight.ui.dialogs.keep_search import KeepSearchDialog

        taken = [name for name, _text in self._session.settings.saved_searches]
        dialog = KeepSearchDialog(text, taken, self._window)
        dialog.given.connect(self._put_search)
        dialog.open()

    def _put_search(self, name: str, text: str) -> None:
        searches = dict(self._session.settings.saved_searches)
        searches[name] = text
        self._change(tuple(searches.items()))

    def _drop_search(self, name: str) -> None:
        self._change(tuple(one for one in self._session.settings.saved_searches if one[0] != name))

    def _change(self, searches: tuple[tuple[str, str], ...]) -> None:
        settings = self._session.settings
        self._session.change_settings(msgspec.structs.replace(settings, saved_searches=searches))


def history_value(session: Session) -> HistoryValue:
    """What the list is shown: tags that are used most in it come first."""
    history = session.history()
    used = Counter(tag for summary in history for tag in summary.tags)
    return HistoryValue(
        tuple(Entry(s.id, s.title, s.updated, s.pinned, s.tags) for s in history),
        session.conversation.id,
        session.streaming_conversations,
        tuple(Trashed(s.id, s.title, s.deleted or 0.0) for s in session.trash),
        tuple(sorted(session.tags, key=lambda tag: -used[tag])),
        session.settings.saved_searches,
        session.more_history,
    )
