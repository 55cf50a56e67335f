"""Money on its way through the window: the line below the composer, and the question before the day's limit is passed.

Not the sums (`engine.spending`) and not the pane that is drawn. Nothing here imports prices before they are looked at, which
the first paint need not wait for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from sidelight import messages
from sidelight.engine.session import Session
from sidelight.ui.panes.composer.pane import ComposerPane

if TYPE_CHECKING:
    from sidelight.engine.spending import OverLimit
    from sidelight.ui.preferences.spending import SpendingPage

__all__ = ["Purse"]

PAUSE_MS = 250
"""Typing is not interrupted: the line follows when the keys have rested for so long."""


class Purse(QObject):
    """Joins the session's money to the composer of a window."""

    def __init__(self, session: Session, composer: ComposerPane, window: QWidget) -> None:
        super().__init__(window)
        self._session = session
        self._composer = composer
        self._window = window
        self._seen: tuple[object, ...] = ()
        self._unread = True
        self._asking = False
        self._page: SpendingPage | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self._weigh)
        composer.edit.textChanged.connect(self._pause.start)
        composer.files_changed.connect(self._pause.start)

    def notice(self) -> None:
        """Something may have changed that the line depends on; cheap enough for every frame."""
        session = self._session
        shown = session.conversation
        streaming = shown.id in session.streaming_conversations
        seen = (
            shown.id,
            shown.leaf,
            shown.lanes,
            shown.rule,
            streaming,
            session.backends(),
            session.settings,
        )
        if seen != self._seen:
            self._seen, self._unread = seen, True
            self._pause.start()

    def within_limit(self, ask: Callable[[bool], None]) -> None:
        """Call `ask(False)`, which asks lanes; where that would pass the day's limit, `ask(True)` once it is allowed.

        With a limit set, what other processes spent is read first, so that it happens a moment later.
        """
        if self._session.settings.spend_limit <= 0:
            self._try(ask)
        elif not self._asking:
            self._asking = True
            shown = self._session.conversation.id
            self._session.look_at_spending(lambda: self._on_looked(shown, ask))

    def show_on(self, page: SpendingPage | None) -> None:
        """The page of the preferences that shows prices and what was spent, None when it is closed."""
        self._page = page
        if page is not None:
            page.begin_wanted.connect(self._begin_own)
            self._session.look_at_spending(self._draw)

    def _on_looked(self, shown: str, ask: Callable[[bool], None]) -> None:
        self._asking = False
        if self._session.conversation.id == shown:
            self._try(ask)

    def _try(self, ask: Callable[[bool], None]) -> None:
        from sidelight.engine.spending import OverLimit

        try:
            ask(False)
        except OverLimit as over:
            self._question(over, ask)
        except ValueError as error:
            self._composer.say(messages.text(str(error)))

    def _question(self, over: OverLimit, ask: Callable[[bool], None]) -> None:
        from sidelight.ui.dialogs.spend import SpendDialog

        dialog = SpendDialog(over, self._window)
        dialog.allowed.connect(lambda: self._try(lambda _over_limit: ask(True)))
        dialog.raised.connect(lambda limit: self._on_raised(limit, ask))
        dialog.open()

    def _on_raised(self, limit: float, ask: Callable[[bool], None]) -> None:
        settings = self._session.settings
        self._session.change_settings(msgspec.structs.replace(settings, spend_limit=limit))
        self._try(ask)

    def _weigh(self) -> None:
        if self._unread:
            self._unread = False
            self._session.look_at_spending(self._draw)
        else:
            self._draw()

    def _draw(self) -> None:
        from sidelight.ui import money

        session, limit = self._session, self._session.settings.spend_limit
        spending, spent = session.spending, session.spending.today()
        files = [attachment for attachment, _ in self._composer.files]
        estimate = session.estimate(self._composer.prompt, files)
        if self._page is not None:
            self._page.show_spending(spending, spent)
        if not estimate.priced and limit <= 0:
            self._composer.show_spending("", "")
            return
        asking = (
            (bool(files) or bool(self._composer.prompt.strip()))
            and estimate.costs
            and session.conversation.id not in session.streaming_conversations
        )
        line, hint = money.today(spent, limit), messages.text("ui.spend.hint.today")
        if asking:
            line = f"{money.asked(estimate)} · {line}"
            hint = f"{money.hint(estimate)}\n{hint}"
        over = asking and not spending.within(estimate, limit)
        self._composer.show_spending(line, hint, warning=over)

    def _begin_own(self) -> None:
        from sidelight.models.prices import begin_own

        try:
            begin_own(self._session.spending.own)
        except OSError as error:
            if self._page is not None:
                self._page.say(messages.text("ui.pref.spending.unwritten", why=error.strerror or ""))
            return
        self._session.look_at_spending(self._draw)
