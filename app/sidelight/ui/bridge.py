"""The conductor: drains the session while something comes, and turns its state into values for the panes.

One precise timer, which runs only while something streams, and in step with it. It decides when a pane is drawn, never
what it looks like; how many lanes are drawn in a frame is the pane's.
The journal does not depend on it: a window that stands still loses nothing.
"""

from __future__ import annotations

import sys
import time
from functools import partial
from typing import Final, Protocol

from PySide6.QtCore import QObject, Qt, QTimer

from sidelight import messages
from sidelight.chat.message import Lane
from sidelight.engine.session import FIRST_MODEL, Session
from sidelight.engine.terms import EMBEDDED, Change, Notice, WeightsOffer
from sidelight.net import is_plain
from sidelight.settings import Settings
from sidelight.store.search import Found
from sidelight.ui.mailbox import Mailbox
from sidelight.ui.panes.compare.values import Compared, Facts
from sidelight.ui.panes.composer.values import Chip, ComposerValue
from sidelight.ui.panes.history.groups import HistoryValue
from sidelight.ui.panes.welcome.pane import WelcomeValue
from sidelight.ui.servers import found_servers
from sidelight.ui.shelf import history_value

__all__ = ["Bridge", "Surface", "backend_title", "can_answer", "lane_name", "offers", "sees"]

BUDGET: Final = 0.006
"""Seconds of folding in one tick; the rest of a frame is for drawing."""
FRAME_MS: Final = 16
HIDDEN_MS: Final = 250
SOON_MS: Final = 4
"""From the first of what comes until it is drawn: what comes with it is drawn with it."""
APART: Final = 0.012
"""Seconds between two ticks at least, however much comes."""
SWITCH: Final = 0.0005
"""Seconds that a thread waits for the interpreter before it asks for it. Each call into Qt may give it away, dozens in a
frame, and Python's own 5 ms would be waited each time as long as the network's thread has something to read."""
CLOCK_S: Final = 1 / 16
"""Seconds between two ticks of the clocks; the lanes take turns, so that each moves four times a second."""


class Surface(Protocol):
    """What the conductor plays on: the main window."""

    @property
    def in_sight(self) -> bool:
        """Whether anything of the window can be seen."""

    def show_lanes(self, value: Compared) -> None:
        """Draw the lanes."""

    def show_composer(self, value: ComposerValue) -> None:
        """Draw the composer."""

    def show_history(self, value: HistoryValue) -> None:
        """Draw the list of conversations."""

    def show_found(self, found: Found | None, indexed: float) -> None:
        """Draw what was found in messages, and the share of them that can be found yet."""

    def show_place(self, turn: str, reply: str) -> None:
        """Bring a turn into sight, and a reply in it, "" for its prompt."""

    def show_draft(self) -> None:
        """Draw what was written for this conversation and not sent."""

    def show_welcome(self, value: WelcomeValue) -> None:
        """Draw the empty state."""

    def show_notices(self, notices: tuple[Notice, ...]) -> None:
        """Draw the banner."""

    def show_outside(self) -> None:
        """Backends, models, keys or weights are news: open dialogs draw them."""

    def show_newness(self) -> None:
        """What is known of newer versions is news: open dialogs draw it."""

    def show_settings(self, settings: Settings) -> None:
        """Take theme, zoom and the rest."""

    def show_situation(self) -> None:
        """Say anew which commands can be given."""

    def move_clocks(self) -> None:
        """Move the clocks of some of the lanes that are busy."""


class Bridge(QObject):
    """Joins one session to one surface. `start` begins; `stop` ends, and must be called before the session closes."""

    def __init__(self, session: Session, surface: Surface, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._surface = surface
        self._news: set[str] = set()
        self._stopped = False
        self._ticked = 0.0
        self._clock = 0.0
        self._facts: tuple[tuple[str, Facts], ...] = ()
        self._asking = False
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._early = QTimer(self, interval=SOON_MS, singleShot=True)
        self._early.setTimerType(Qt.TimerType.PreciseTimer)
        self._early.timeout.connect(self._on_early)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._draw)
        self._switch = sys.getswitchinterval()
        self._leave = session.subscribe(self._on_change)
        self._woken: Mailbox[None] = Mailbox(self._wake, self)
        session.wake = partial(self._woken.slot.put, None)

    def start(self) -> None:
        """Draw everything once."""
        self._switch = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH)
        self._news = {"conversation", "history", "notice", "weights", "backends", "settings"}
        self._draw()

    def stop(self) -> None:
        """Hear of nothing any more."""
        self._stopped = True
        sys.setswitchinterval(self._switch)
        self._session.wake = lambda: None
        self._leave()
        self._woken.close()
        self._timer.stop()
        self._early.stop()
        self._soon.stop()

    @property
    def running(self) -> bool:
        """Whether the timer runs."""
        return self._timer.isActive()

    def _wake(self, _rung: None) -> None:
        if self._stopped:  # a call may have been under way
            return
        if not self._timer.isActive():
            self._tick()
        elif self._timer.interval() == FRAME_MS and time.monotonic() - self._ticked >= APART:
            self._early.start()

    def _on_change(self, change: Change) -> None:
        shown = self._session.conversation.id
        if change.kind in ("conversation", "reply") and change.conversation not in (None, shown):
            return
        self._news.add(change.kind)
        if not self._timer.isActive():
            self._soon.start()

    def _on_early(self) -> None:
        """The ticks fall into step with what comes."""
        if self._timer.isActive():
            self._timer.start()
        self._tick()

    def _tick(self) -> None:
        self._early.stop()
        self._session.drain(BUDGET)
        if self._news:
            self._draw()
        self._ticked = now = time.monotonic()
        if now - self._clock >= CLOCK_S:
            self._clock = now
            self._surface.move_clocks()
        if self._session.streaming:
            self._pace()
        elif self._timer.isActive():
            self._timer.stop()
            self._surface.move_clocks()

    def _pace(self) -> None:
        interval = FRAME_MS if self._surface.in_sight else HIDDEN_MS
        if self._timer.interval() != interval or not self._timer.isActive():
            self._timer.start(interval)

    def _draw(self) -> None:
        news, self._news = self._news, set()
        if "settings" in news:
            self._surface.show_settings(self._session.settings)
        if news & {"conversation", "backends", "weights", "settings"}:
            self._facts = self._lane_facts()
        if news & {"conversation", "reply", "backends", "weights", "settings"}:
            session = self._session
            self._surface.show_lanes(Compared(session.conversation, self._facts, session.settings.thinking))
        asking = self._session.conversation.id in self._session.streaming_conversations
        if news & {"conversation", "history", "backends", "weights", "settings"} or asking != self._asking:
            self._asking = asking
            self._surface.show_composer(self._composer())
            self._surface.show_situation()
        if news & {"conversation", "history", "settings"} or (
            "reply" in news and not self._session.streaming
        ):
            self._surface.show_history(self._history())
        if "draft" in news:
            self._surface.show_draft()
        if "found" in news:
            self._surface.show_found(self._session.found(), self._session.indexed)
        if "sought" in news:
            self._surface.show_place(*self._session.sought())
        if news & {"conversation", "weights", "backends"}:
            self._surface.show_welcome(self._welcome())
        if news & {"backends", "weights", "settings"}:
            self._surface.show_outside()
        if "version" in news:
            self._surface.show_newness()
        if "notice" in news:
            self._surface.show_notices(self._session.notices)
        if self._session.streaming and not self._timer.isActive():
            self._pace()

    # --- values

    def _lane_facts(self) -> tuple[tuple[str, Facts], ...]:
        session = self._session
        plain = {about.id for about in session.backends() if is_plain(about.origin)}
        return tuple(
            (
                lane.id,
                Facts(
                    lane_name(session, lane),
                    backend_title(session, lane.backend),
                    session.context_of(lane),
                    lane_hint(lane),
                    plain=lane.backend in plain,
                ),
            )
            for lane in session.conversation.lanes
        )

    def _composer(self) -> ComposerValue:
        session = self._session
        conversation = session.conversation
        return ComposerValue(
            conversation.id,
            tuple(
                Chip(lane.id, lane_name(session, lane), lane_hint(lane), sees(session, lane))
                for lane in conversation.lanes
            ),
            conversation.id in session.streaming_conversations,
            session.settings.enter_sends,
        )

    def _history(self) -> HistoryValue:
        return history_value(self._session)

    def _welcome(self) -> WelcomeValue:
        session = self._session
        lines = []
        for lane in session.conversation.lanes:
            if can_answer(session, lane):
                name = " · ".join(x for x in (lane_name(session, lane), lane_hint(lane)) if x)
                lines.append(
                    messages.text("ui.welcome.ready", name=name, backend=backend_title(session, lane.backend))
                )
        return WelcomeValue(offers(session), tuple(lines), found_servers(session))


def offers(session: Session) -> tuple[WeightsOffer, ...]:
    """Weights worth offering: those that have a source and are not here yet; the first model first."""
    found = [o for o in session.weights() if o.source and o.state != "installed"]
    return tuple(sorted(found, key=lambda o: (o.id != FIRST_MODEL, o.bytes)))


def backend_title(session: Session, backend: str) -> str:
    """What a backend is called."""
    if backend == EMBEDDED:
        return messages.text("ui.backend.embedded")
    about = session.about(backend)
    return (about.title if about is not None else "") or backend


def lane_name(session: Session, lane: Lane) -> str:
    """What a lane's model is called: the title its backend gives it, else its id."""
    known = session.models(lane.backend)
    if isinstance(known, tuple):
        for model in known:
            if model.id == lane.model and model.title:
                return model.title
    offer = next((o for o in session.weights() if o.id == lane.model), None)
    if offer is not None and lane.backend == EMBEDDED:
        return offer.title
    return lane.model


def lane_hint(lane: Lane) -> str:
    """What sets a lane apart from another of the same model, in a word or two."""
    parameters = lane.parameters
    parts = []
    if parameters.elicited:
        parts.append(messages.text("ui.chip.elicited"))
    if parameters.effort != "default":
        parts.append(messages.text("ui.chip.effort", effort=parameters.effort))
    if parameters.temperature is not None:
        parts.append(f"T {parameters.temperature:g}")
    return " · ".join(parts)


def sees(session: Session, lane: Lane) -> bool:
    """Whether a lane takes pictures, as far as is known."""
    known = session.models(lane.backend)
    listed = known if isinstance(known, tuple) else ()
    return all(model.images is not False for model in listed if model.id == lane.model)


def can_answer(session: Session, lane: Lane) -> bool:
    """Whether a lane could answer now, as far as is known without asking."""
    if lane.backend == EMBEDDED:
        known = session.models(EMBEDDED)
        return isinstance(known, tuple) and any(m.id == lane.model for m in known)
    about = session.about(lane.backend)
    return about is not None and (not about.needs_key or session.key_state(about.id) != "none")
