"""The lanes of the main window: the pane that shows them, made with the first reply, and what is wished of a lane or a turn.

Not the pane itself (`ui.panes.compare`), nor how replies come about (`engine.session`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from sidelight import messages
from sidelight.engine.session import Session
from sidelight.engine.terms import EMBEDDED
from sidelight.ui import bridge
from sidelight.ui.spending import Purse
from sidelight.ui.window.details import Details
from sidelight.ui.window.dialogs import Dialogs

if TYPE_CHECKING:
    from sidelight.ui.panes.compare.pane import LanesPane
    from sidelight.ui.shelf import Sought

__all__ = ["Lanes"]


class Lanes(QObject):
    """`say` takes a quiet sentence; `details` and `dialogs` are opened where a wish asks for them."""

    def __init__(
        self,
        session: Session,
        purse: Purse,
        dialogs: Dialogs,
        details: Details,
        say: Callable[[str], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._purse = purse
        self._dialogs = dialogs
        self._details = details
        self._say = say
        self.pane: LanesPane | None = None

    def take(self, pane: LanesPane) -> None:
        """The pane was made: hear what is wished in it."""
        pane.lane_wished.connect(self.wish)
        pane.turn_wished.connect(self.turn_wish)
        pane.lane_moved.connect(self._session.move_lane)
        self.pane = pane

    @property
    def current(self) -> str | None:
        """The lane that is looked at, the first one where none is; None where there is no lane."""
        session = self._session
        column = self.pane.current if self.pane is not None else None
        if column is not None and session.conversation.lane(column.lane.id) is not None:
            return column.lane.id
        lanes = session.conversation.lanes
        return lanes[0].id if lanes else None

    def show_place(self, turn: str, reply: str, sought: Sought | None = None) -> None:
        """Bring a turn into sight in every lane, and a reply in its own: the very words by which it was found, marked."""
        if self.pane is None:
            return
        for column in self.pane.columns:
            column.view.scroll_to_row(f"{turn}.prompt")
        found = self._session.conversation.turn(turn)
        lane = next((a.lane for a in found.replies if a.id == reply), "") if found is not None else ""
        if lane:
            self.pane.focus_on(lane)
        if sought is not None:
            self.pane.find_from(sought.words, lane, sought.row)

    # --- wishes

    def add(self) -> None:
        """Choose a model for one more lane."""
        last = self._session.conversation.lanes[-1:]
        backend, model = (last[0].backend, last[0].model) if last else (EMBEDDED, "")
        self._dialogs.open_picker(backend, model, None)

    def use_server(self, backend: str) -> None:
        """Choose a model of a server that was just found: for the first lane, unless that can answer already."""
        first = self._session.conversation.lanes[:1]
        lane = first[0].id if first and not bridge.can_answer(self._session, first[0]) else None
        self._dialogs.open_picker(backend, "", lane)

    def wish_for_current(self, wish: str) -> None:
        """A wish of the lane that is looked at; nothing where there is none."""
        lane = self.current
        if lane is not None:
            self.wish(lane, wish)

    def wish(self, lane: str, wish: str) -> None:
        """What a lane's menu or a command asks for. Raises ValueError for what is not known."""
        session = self._session
        found = session.conversation.lane(lane)
        if found is None:
            return
        match wish:
            case "details":
                if self.pane is not None:
                    self.pane.focus_on(lane)
                self._details.show(True)
            case "stop":
                session.stop(lane)
            case "hurry":
                self._hurry(lane)
            case "settings":
                self._dialogs.open_lane_settings(lane)
            case "model":
                self._dialogs.open_picker(found.backend, found.model, lane)
            case "duplicate":
                session.add_lane(found.backend, found.model, found.parameters)
            case "remove":
                session.remove_lane(lane)
            case _:
                raise ValueError(wish)

    def _hurry(self, lane: str) -> None:
        for reply in (r for turn in self._session.conversation.path for r in turn.versions(lane)):
            if reply.progress is not None and reply.progress.stage == "again":
                self._session.hurry(reply.id)

    def turn_wish(self, lane: str, turn: str, wish: str) -> None:
        """What is asked for beside a reply or in place of one. Raises ValueError for what is not known."""
        match wish:
            case "retry" | "ask":
                self._purse.within_limit(lambda over_limit: self._ask_again(lane, turn, over_limit))
            case "drop_oldest":
                self._purse.within_limit(lambda over_limit: self._ask_shorter(lane, turn, over_limit))
            case "key":
                found = self._session.conversation.lane(lane)
                self._dialogs.open_key(found.backend if found is not None else "")
            case "model" | "settings":
                self.wish(lane, wish)
            case "preferences":
                self._dialogs.open_preferences()
            case _:
                self._prompt_wish(lane, turn, wish)

    def _prompt_wish(self, lane: str, turn: str, wish: str) -> None:
        session = self._session
        match wish:
            case "edit":
                self._dialogs.open_edit(turn)
            case "branches":
                self._dialogs.open_branches()
            case "copy_prompt":
                found = session.conversation.turn(turn)
                QGuiApplication.clipboard().setText(found.prompt.text if found is not None else "")
            case "go":
                session.go_to(turn)
            case "branch":
                session.branch_from(turn)
            case "alone":
                self._continue_alone(lane)
            case "take_over":
                session.take_over(turn, lane)
            case "take_back":
                session.take_over(turn, None)
            case _:
                raise ValueError(wish)

    def _continue_alone(self, lane: str) -> None:
        try:
            self._session.continue_alone(lane)
        except ValueError as error:  # it still answers
            self._say(messages.text(str(error)))

    def retry(self) -> None:
        """Ask the lane that is looked at again."""
        column = self.pane.current if self.pane is not None else None
        leaf = self._session.conversation.leaf
        if column is not None and leaf is not None:
            self.turn_wish(column.lane.id, leaf, "retry")

    def _ask_again(self, lane: str, turn: str, over_limit: bool) -> None:
        self._session.retry(turn, [lane], over_limit=over_limit)
        if self.pane is not None:
            self.pane.show_newest_version(turn, lane)

    def _ask_shorter(self, lane: str, turn: str, over_limit: bool) -> None:
        if not self._session.retry_shorter(turn, lane, over_limit=over_limit):
            self._say(messages.text("ui.drop_oldest.useless"))
