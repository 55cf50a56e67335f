"""All lanes of a conversation, arranged by the room there is (`values.arrange`), in tabs where there is little."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QScrollArea, QTabBar, QVBoxLayout, QWidget

from sidelight import messages
from sidelight.chat.conversation import Conversation, Turn, branchings
from sidelight.chat.message import Lane
from sidelight.chat.reply import ReplyState
from sidelight.ui.document.pictures import Pictures
from sidelight.ui.panes.compare.find_bar import FindBar
from sidelight.ui.panes.compare.finding import Finding
from sidelight.ui.panes.compare.header import LANE_MIME
from sidelight.ui.panes.compare.lane import LaneColumn
from sidelight.ui.panes.compare.values import LEAST_WIDTH, Arrangement, Compared, Facts, arrange
from sidelight.ui.theme import Palette

__all__ = ["TURNS", "LanesPane"]

_BUDGET: Final = 0.006
"""Seconds of one turn of the loop in which lanes are drawn."""
_MOST: Final = 4
"""Lanes drawn in a frame. Up to so many follow every frame of the screen; of more, each follows every other one."""
_HALF_RATE: Final = 0.03
"""Seconds until such a lane may be drawn again: two frames, less what a timer may be early."""
_REST_MS: Final = 14
"""Until lanes that had to wait are drawn, if nothing comes in the next frame: what a frame has, less what a timer is late."""
_STOCK: Final = 4
"""Columns that are kept for lanes to come: making one takes as long as a frame has time."""
_NOBODY: Final = Lane("", "", "")
TURNS: Final = 4
"""Ticks in which all clocks move once."""


class LanesPane(QWidget):
    """Shown a `Compared` value. Wishes carry the id of a lane."""

    lane_wished = Signal(str, str)
    """Lane id and wish: "details", "stop", "hurry", "settings", "model", "duplicate", "remove"."""
    turn_wished = Signal(str, str, str)
    """Lane id, turn id and wish: "retry", "ask", or a `FailureWords.wish`."""
    lane_moved = Signal(str, int)
    """Lane id and the place it is to stand at."""
    looked = Signal()
    """Another version of a reply is looked at in some lane."""
    link_clicked = Signal(str)
    save_wished = Signal(str, str)
    """Code, and a name for its file."""

    def __init__(
        self,
        palette: Palette,
        elapsed: Callable[[str], float | None],
        pictures: Pictures | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """`elapsed` gives the seconds since a reply's request left; without `pictures` the sources of formulas are shown."""
        super().__init__(parent)
        self._pictures = pictures
        self._palette = palette
        self._zoom = 1.0
        self._elapsed = elapsed
        self._value: Compared | None = None
        self._facts: dict[str, Facts] = {}
        self._columns: list[LaneColumn] = []
        self._spare: list[LaneColumn] = []
        self._seen: set[LaneColumn] = set()
        self._turns: tuple[Turn, ...] = ()
        self._branches: dict[str, tuple[str, ...]] = {}
        self._branches_made_of: tuple[str, int] | None = None
        self._single: str | None = None
        self._current: str | None = None
        self._arrangement = Arrangement((), 0)
        self._next = 0
        self._turn = 0
        self.setAcceptDrops(True)
        self._tabs = QTabBar()
        self._tabs.setExpanding(False)
        self._tabs.setDrawBase(False)
        self._tabs.setUsesScrollButtons(True)
        self._tabs.setElideMode(Qt.TextElideMode.ElideRight)
        self._tabs.setAccessibleName(messages.text("ui.lanes"))
        self._tabs.hide()
        self._strip = QWidget()
        self._scroll = QScrollArea()
        self._scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self._scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(self._strip)
        self._scroll.viewport().installEventFilter(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._find = FindBar()
        self._finding = Finding(lambda: self._columns, lambda: self.current, self._bring, self)
        column.addWidget(self._tabs)
        column.addWidget(self._scroll, 1)
        column.addWidget(self._find)
        self._find.wished.connect(
            lambda query, all_of_them: self._finding.look_for(query, everywhere=all_of_them)
        )
        self._find.stepped.connect(self._finding.step)
        self._find.closed.connect(self._on_find_closed)
        self._finding.changed.connect(self._find.show_count)
        self._rest = QTimer(self, singleShot=True)
        self._rest.timeout.connect(self._draw_stale)
        self._tabs.currentChanged.connect(self._on_tab)
        self._scroll.horizontalScrollBar().valueChanged.connect(self._on_strip)

    # --- values in

    def show_value(self, value: Compared) -> None:
        """Draw the conversation, those lanes first that wait longest. What there is no time for is drawn in a later frame,
        with all that came meanwhile. Lanes out of sight get only their bars, and the rest when they come into sight.
        """
        before = [c.lane.id for c in self._columns]
        same_conversation = self._value is not None and self._value.conversation.id == value.conversation.id
        turns, self._turns = self._turns, value.conversation.path
        if self._value is None or self._value.facts is not value.facts:
            self._facts = dict(value.facts)
        self._value = value
        lanes = value.conversation.lanes
        branched = self._take_branches(value.conversation)
        if not same_conversation or [x.id for x in lanes] != before:
            branched = True
            self._match(lanes, anew=not same_conversation)
            self._arrange()
        asked = [t.id for t in turns] != [t.id for t in self._turns]
        for place, (column, lane) in enumerate(zip(self._columns, lanes, strict=True)):
            if branched:
                column.rows.show_branches(self._branches, several=len(lanes) > 1)
            if branched or not column.shows(
                lane, self._facts_of(lane), place + 1, self._turns, value.thinking
            ):
                column.stale = True
                reply = self._turns[-1].reply(lane.id) if self._turns else None
                if reply is None or reply.state is not ReplyState.STREAMING:
                    column.drawn_at = 0.0  # it is not just more text: at once
                if asked or not self._in_sight(column):
                    self._draw(place, rows=False)
        if same_conversation:
            self._draw_stale()
        else:
            self._rest.start(0)
        self._draw_tabs()
        self._finding.notice()

    def _take_branches(self, conversation: Conversation) -> bool:
        """Find out where the conversation parts, if it has other turns than before; whether it has."""
        made_of = (conversation.id, len(conversation.turns))
        if made_of == self._branches_made_of:
            return False
        self._branches_made_of = made_of
        self._branches = branchings(conversation)
        return True

    def set_palette_and_zoom(self, palette: Palette, zoom: float) -> None:
        """Take another theme or size (1.0 is 100 %)."""
        self._palette, self._zoom = palette, zoom
        for column in (*self._columns, *self._spare):
            column.set_palette_and_zoom(palette, zoom)
        self._arrange_anew()
        self._draw_tabs()

    def tick(self) -> None:
        """Move the clocks of every fourth lane, if it is busy: so that they do not all take their time at once."""
        for column in self._columns[self._turn :: TURNS]:
            if column.busy:
                column.tick()
        self._turn = (self._turn + 1) % TURNS

    # --- what commands ask of it

    @property
    def columns(self) -> tuple[LaneColumn, ...]:
        """The lanes, left to right."""
        return tuple(self._columns)

    @property
    def visible_lanes(self) -> int:
        """How many lanes are in sight."""
        return sum(self._in_sight(c) for c in self._columns)

    @property
    def rests(self) -> bool:
        """Whether all that is in sight is drawn."""
        return not any(c.stale for c in self._seen)

    @property
    def current(self) -> LaneColumn | None:
        """The lane that has or last had the focus; the first one before that."""
        focused = QApplication.focusWidget()
        for column in self._columns:
            if focused is not None and column.isAncestorOf(focused):
                self._current = column.lane.id
        found = next((c for c in self._columns if c.lane.id == self._current), None)
        return found or (self._columns[0] if self._columns else None)

    def focus_on(self, lane: str) -> None:
        """Give a lane the focus."""
        for column in self._columns:
            if column.lane.id == lane:
                self._current = lane
                column.setFocus(Qt.FocusReason.OtherFocusReason)

    def focus_lane(self, step: int) -> None:
        """Go `step` lanes to the right (negative: to the left)."""
        current = self.current
        if current is None:
            return
        place = min(max(self._columns.index(current) + step, 0), len(self._columns) - 1)
        column = self._columns[place]
        self._current = column.lane.id
        self._bring(column)
        column.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _bring(self, column: LaneColumn) -> None:
        """Bring a lane into sight, whatever the arrangement."""
        if column.isHidden():
            self._tabs.setCurrentIndex(self._columns.index(column))
        self._scroll.ensureWidgetVisible(column, 0, 0)

    def move_current(self, step: int) -> None:
        """Let the current lane change places."""
        current = self.current
        if current is not None:
            self._move(current, step)

    def maximise(self, place: int) -> None:
        """Give one lane the whole pane, or give it back; `place` counts from 0."""
        if place < len(self._columns):
            self._maximise(self._columns[place])

    def toggle_traces(self) -> None:
        """Close all traces where one stands open, else open all."""
        opened = any(c.any_trace_open() for c in self._columns)
        for column in self._columns:
            column.open_traces(not opened)

    def open_find(self) -> None:
        """Find words in the lanes: what is selected, or what is typed."""
        selected = self.current.view.selected_text() if self.current is not None else ""
        self._find.open_up("" if "\n" in selected else selected, several=len(self._columns) > 1)

    def find_from(self, text: str, lane: str, row: str) -> None:
        """Find this from a row of a lane on ("": the current one); `row` is its key, or what its key begins with."""
        if self.current is None:
            return
        lane = lane or self.current.lane.id
        self._finding.begin_at(lane, row)
        self._find.open_up(text, several=len(self._columns) > 1)
        self.focus_on(lane)

    def find_next(self, step: int) -> None:
        """Go to the next match (1) or the one before (-1)."""
        if self._find.isHidden():
            self.open_find()
        else:
            self._finding.step(step)

    def show_newest_version(self, turn_id: str, lane: str) -> None:
        """Look at the newest version in this turn again."""
        for column in self._columns:
            if column.lane.id == lane:
                column.show_newest_version(turn_id)

    # --- lanes

    def _match(self, lanes: tuple[Lane, ...], *, anew: bool) -> None:
        """Give every lane a column: its own where it has one, else one that is free. `anew`: none has its own."""
        here = set() if anew else {x.id for x in lanes}
        own = {c.lane.id: c for c in self._columns if c.lane.id in here}
        free = [c for c in self._columns if c.lane.id not in here]
        for column in free:
            column.clear()
        self._spare = free + self._spare  # those that stand at a lane's place first
        self._columns = [own.get(x.id) or self._taken(x) for x in lanes]
        for column in self._spare:
            column.hide()
        while len(self._spare) > _STOCK:
            self._spare.pop().deleteLater()
        if self._single not in here:
            self._single = None

    def stock(self) -> Iterator[None]:
        """Make columns for lanes to come, one a step: each takes as long to make as a frame has time."""
        while len(self._columns) + len(self._spare) < _STOCK:
            column = self._made(_NOBODY)
            column.hide()
            for part in column.findChildren(QWidget):
                part.ensurePolished()
            self._spare.append(column)
            yield

    def _taken(self, lane: Lane) -> LaneColumn:
        if not self._spare:
            return self._made(lane)
        column = self._spare.pop(0)
        column.lane = lane
        return column

    def _made(self, lane: Lane) -> LaneColumn:
        column = LaneColumn(lane, self._palette, self._zoom, self._strip)
        column.view.pictures = self._pictures
        column.wished.connect(lambda wish: self._on_wish(column, wish))
        column.turn_wished.connect(lambda turn, wish: self.turn_wished.emit(column.lane.id, turn, wish))
        column.looked.connect(self._draw_stale)  # not all may have been read in one go
        column.looked.connect(self.looked)
        column.link_clicked.connect(self.link_clicked)
        column.save_wished.connect(self.save_wished)
        return column

    def _facts_of(self, lane: Lane) -> Facts:
        return self._facts.get(lane.id) or Facts(lane.model, lane.backend)

    def _draw(self, place: int, *, rows: bool) -> bool:
        """Whether it changed by more than text."""
        assert self._value is not None
        column, lane = self._columns[place], self._value.conversation.lanes[place]
        turned = column.show_value(
            lane,
            self._facts_of(lane),
            place + 1,
            self._turns,
            self._value.thinking,
            self._elapsed,
            rows=rows,
        )
        if rows:
            self._next = place + 1
        return turned

    def _in_turn(self) -> list[int]:
        """The places of all lanes, the one after the one drawn last first: none waits for ever."""
        count = len(self._columns)
        return [(self._next + n) % count for n in range(count)]

    def _draw_stale(self) -> None:
        """Draw lanes that are in sight and not up to date, at least one, `_MOST` at most and for `_BUDGET` at most.

        What is left comes in a later turn of the loop: what was drawn is painted and keys are heard in between.
        """
        now = time.monotonic()
        waiting = [p for p in self._in_turn() if self._columns[p].stale and self._in_sight(self._columns[p])]
        due = [p for p in waiting if self._is_due(self._columns[p], now)]
        late = False
        for place in due[:_MOST]:
            column, turned = self._columns[place], self._draw(place, rows=True)
            column.drawn_at = now  # all of a frame are due again in the same one
            # one that turned is painted whole, which leaves no time for another
            late = turned or column.rows.reading or time.monotonic() - now > _BUDGET
            if late:
                break
        if any(self._columns[p].stale for p in waiting):
            self._rest.start(0 if late and due[1:] else _REST_MS)

    def _is_due(self, column: LaneColumn, now: float) -> bool:
        """Whether its frame has come: nothing is queued, so the longer it waits the more comes at once."""
        pause = max(column.pause, _HALF_RATE if len(self._seen) > _MOST else 0.0)
        return column.rows.reading or now - column.drawn_at >= pause

    def _in_sight(self, column: LaneColumn) -> bool:
        return column in self._seen

    def _on_strip(self) -> None:
        """It was scrolled."""
        self._look()
        self._draw_stale()

    def _look(self) -> None:
        """Which lanes are in sight now."""
        view, left = self._scroll.viewport().width(), self._scroll.horizontalScrollBar().value()
        self._seen = {
            c
            for c in self._columns
            if not c.isHidden() and c.x() - left < view and c.x() - left + c.width() > 0
        }

    def _on_wish(self, column: LaneColumn, wish: str) -> None:
        match wish:
            case "maximise":
                self._maximise(column)
            case "left":
                self._move(column, -1)
            case "right":
                self._move(column, 1)
            case _:
                self.lane_wished.emit(column.lane.id, wish)

    def _move(self, column: LaneColumn, step: int) -> None:
        place = self._columns.index(column) + step
        if 0 <= place < len(self._columns):
            self.lane_moved.emit(column.lane.id, place)

    def _maximise(self, column: LaneColumn) -> None:
        self._single = None if self._single == column.lane.id else column.lane.id
        self._current = column.lane.id
        self._arrange_anew()
        self._draw_tabs()
        column.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_find_closed(self) -> None:
        if self.current is not None:
            self.current.setFocus(Qt.FocusReason.OtherFocusReason)

    # --- places

    def _arrange_anew(self) -> None:
        """The same lanes at other places: draw those that came into sight."""
        self._arrange()
        self._draw_stale()

    def _arrange(self) -> None:
        room = self._scroll.maximumViewportSize()
        least = round(LEAST_WIDTH * self._zoom)
        count = len(self._columns)
        arrangement = arrange(count, room.width(), room.height(), least, self._single is not None)
        if arrangement.width > room.width():  # the scroll bar takes its height
            high = room.height() - self._scroll.horizontalScrollBar().sizeHint().height()
            arrangement = arrange(count, room.width(), high, least)
        self._arrangement = arrangement
        high = max((p.y + p.height for p in arrangement.places), default=room.height())
        self._strip.resize(max(arrangement.width, 1), max(high, 1))
        alone = self._alone
        self._tabs.setVisible(count > 1 and (arrangement.tabs or self._single is not None))
        for index, (column, place) in enumerate(zip(self._columns, arrangement.places, strict=True)):
            column.setGeometry(place.x, place.y, place.width, place.height)
            column.set_edges(left=place.x > 0, top=place.y > 0)
            column.setVisible(alone is None or alone == index)
            column.header.show_maximised(self._single is not None)
        self._look()

    @property
    def _alone(self) -> int | None:
        """The one lane to be seen where only one can be."""
        if self._single is not None:
            return next(i for i, c in enumerate(self._columns) if c.lane.id == self._single)
        if self._arrangement.tabs:
            return min(max(self._tabs.currentIndex(), 0), len(self._columns) - 1)
        return None

    def _on_tab(self, index: int) -> None:
        if not 0 <= index < len(self._columns) or self._tabs.isHidden():
            return
        self._current = self._columns[index].lane.id
        if self._single is not None:
            self._single = self._current
        self._arrange_anew()

    def _draw_tabs(self) -> None:
        if self._tabs.isHidden():
            return
        self._tabs.blockSignals(True)
        while self._tabs.count() > len(self._columns):
            self._tabs.removeTab(self._tabs.count() - 1)
        while self._tabs.count() < len(self._columns):
            self._tabs.addTab("")
        for index, column in enumerate(self._columns):
            assert self._value is not None
            facts = self._value.facts_of(column.lane)
            name = " · ".join(x for x in (facts.name, facts.hint) if x).replace("&", "&&")
            if self._tabs.tabText(index) != name:
                self._tabs.setTabText(index, name)
            self._tabs.setTabIcon(index, self._dot(column))
        alone = self._alone
        if alone is not None:
            self._tabs.setCurrentIndex(alone)
        self._tabs.blockSignals(False)

    def _dot(self, column: LaneColumn) -> QIcon:
        """A dot for a lane that streams or that failed; none else."""
        if not (column.busy or column.in_trouble):
            return QIcon()
        size = round(8 * self._zoom)
        picture = QPixmap(QSize(size, size))
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._palette.error if column.in_trouble else self._palette.accent))
        painter.drawEllipse(1, 1, size - 2, size - 2)
        painter.end()
        return QIcon(picture)

    # --- events

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrange again when the room changed."""
        if event.type() is QEvent.Type.Resize:
            self._arrange_anew()
            if self._value is not None:
                self._draw_tabs()
        return super().eventFilter(watched, event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Lanes may be dropped here."""
        if event.mimeData().hasFormat(LANE_MIME):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """A lane was dropped on the place of another."""
        lane = bytes(event.mimeData().data(LANE_MIME).data()).decode(errors="replace")
        at = self._strip.mapFrom(self, event.position().toPoint())
        for place, column in enumerate(self._columns):
            if column.isVisible() and column.geometry().contains(QPoint(at)):
                if column.lane.id != lane:
                    self.lane_moved.emit(lane, place)
                event.acceptProposedAction()
                return
