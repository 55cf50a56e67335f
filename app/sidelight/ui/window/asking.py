"""From the composer to the session: a prompt is sent once the day's limit allows it, files are read before they go along.

Not the composer itself, nor the limit (`ui.spending`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from sidelight.engine.session import Session
from sidelight.ui.panes.composer.pane import ComposerPane
from sidelight.ui.spending import Purse

if TYPE_CHECKING:
    from sidelight.chat.message import Attachment
    from sidelight.ui.attaching import Source
    from sidelight.ui.examining import Reader

__all__ = ["Asking"]


class Asking(QObject):
    """Takes what a composer wishes."""

    def __init__(self, session: Session, purse: Purse, composer: ComposerPane, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._purse = purse
        self._composer = composer
        self._reader: Reader | None = None
        composer.drafted.connect(session.keep_draft)

    def send(self, prompt: str) -> None:
        """Ask all lanes, with the files that stand in the composer; it is emptied once they were asked."""
        files = self._composer.files
        self._purse.within_limit(lambda over_limit: self._ask(prompt, files, over_limit))

    def _ask(self, prompt: str, files: tuple[tuple[Attachment, bytes], ...], over_limit: bool) -> None:
        self._session.send(prompt, files, over_limit=over_limit)
        self._composer.clear()
        self._composer.setFocus()

    def show_draft(self) -> None:
        """Put the draft of the conversation shown into the composer, where that is empty."""
        from sidelight.ui.attaching import Kept

        session = self._session
        files = tuple(Kept(attachment.name, content) for attachment, content in session.draft_files)
        if self._composer.show_draft(session.draft) and files:
            self._composer.offer(files)

    def read(self, conversation: str, sources: tuple[Source, ...]) -> None:
        """Read what was offered for a conversation, and give the composer what became of it."""
        from sidelight.ui.examining import Reader

        if self._reader is None:
            self._reader = Reader(self)
            self._reader.done.connect(self._composer.take_files)
        self._reader.read(conversation, sources)
