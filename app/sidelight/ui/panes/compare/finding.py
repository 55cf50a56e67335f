"""Finding words in the lanes: what was found, which match is looked at, and how new text joins.

Counts in the values of all lanes, drawn or not, closed traces included, in slices of a few milliseconds between which
keys are heard and frames are painted. Not the bar (`find_bar`), and not the marks (the view of each lane).
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal

from sidelight.ui.document.find import Counter, Match, Query
from sidelight.ui.panes.compare.lane import LaneColumn

__all__ = ["Finding"]

_SLICE: Final = 0.008
"""Seconds of one turn of the loop in which is counted."""
_ROWS: Final = 64
"""Rows between two looks at the clock."""
_JOIN: Final = 250
"""Milliseconds after which text that came meanwhile is counted too."""
_DRAWN: Final = 30
"""Milliseconds until it is looked again whether a match has been drawn."""


class _Row(NamedTuple):
    """A row with something in it: its lane's id, its key, and how many matches stand before it."""

    lane: str
    key: str
    before: int


class Finding(QObject):
    """`changed` carries which match is looked at (from 1; 0: none), of how many, and whether there is more to count."""

    changed = Signal(int, int, bool)

    def __init__(
        self,
        columns: Callable[[], Sequence[LaneColumn]],
        current: Callable[[], LaneColumn | None],
        bring: Callable[[LaneColumn], None],
        parent: QObject,
    ) -> None:
        """`columns` are all lanes, `current` is the one being used, `bring` brings one into sight."""
        super().__init__(parent)
        self._columns, self._used, self._bring = columns, current, bring
        self._query = Query("")
        self._lane: str | None = None  # the only one looked through
        self._counters: dict[str, Counter] = {}
        self._found: list[_Row] = []
        self._total = 0
        self._at = -1
        self._origin = ("", "")  # lane and row from which on the first match is looked at
        self._wanted: tuple[str, str] | None = None
        self._work: Iterator[None] | None = None
        self._turn = QTimer(self, interval=0, singleShot=True)
        self._turn.timeout.connect(self._go_on)
        self._join = QTimer(self, interval=_JOIN, singleShot=True)
        self._join.timeout.connect(self._begin)
        self._drawn = QTimer(self, interval=_DRAWN, singleShot=True)
        self._drawn.timeout.connect(self._reveal)

    @property
    def active(self) -> bool:
        """Whether something is looked for."""
        return self._query.pattern is not None

    def look_for(self, query: Query, *, everywhere: bool = True) -> None:
        """Find this from the place looked at on; an empty query ends it. Not `everywhere`: in the lane used last."""
        used = self._used()
        wanted, self._wanted = self._wanted, None
        if wanted is not None:
            self._origin = wanted
        elif (place := self._place()) is not None:
            self._origin = (place[0], place[1].key)
        elif used is not None:
            self._origin = (used.lane.id, used.view.first_key())
        self._query = query
        self._lane = used.lane.id if used is not None and not everywhere else None
        self._found, self._total, self._at = [], 0, -1
        self._drawn.stop()
        for column in self._columns():
            column.view.show_match(None)
        self._begin()

    def begin_at(self, lane: str, row: str) -> None:
        """What is looked for next is looked at from there on; `row` is a key, or what it begins with."""
        self._wanted = (lane, row)

    def notice(self) -> None:
        """The lanes show something else: what is new joins, soon."""
        if self.active and self._work is None and not self._join.isActive():
            self._join.start()

    def step(self, by: int) -> None:
        """Look at the next match (`by` 1) or the one before (-1), round the ends."""
        if self._total:
            self._at = (self._at + by) % self._total
            self._reveal()
            self._tell()

    # --- counting

    def _begin(self) -> None:
        columns = {c.lane.id: c for c in self._columns()}
        self._counters = {lane: self._counters.get(lane) or Counter() for lane in columns}
        for lane, column in columns.items():
            pattern = self._query.pattern if self._lane in (None, lane) else None
            self._counters[lane].look_for(pattern)
            column.view.find(pattern)
        self._work = self._count() if self.active else None
        if self._work is None:
            self._turn.stop()
            self._tell()
        else:
            self._go_on()

    def _go_on(self) -> None:
        deadline = time.monotonic() + _SLICE
        while self._work is not None and time.monotonic() < deadline:
            if next(self._work, self) is self:
                self._work = None
        if self._work is not None:
            self._turn.start()
        self._tell()

    def _count(self) -> Iterator[None]:
        """Count lane by lane in reading order; at each yield others may have a turn."""
        looked_at = self._place()
        fresh: list[_Row] = []
        total = 0
        first = again = -1
        for column in self._columns():
            lane = column.lane.id
            if self._lane not in (None, lane):
                continue
            rows, whole = column.texts()
            while not whole:
                yield
                rows, whole = column.texts()
            counter = self._counters[lane]
            for n, row in enumerate(rows):
                if n % _ROWS == _ROWS - 1:
                    yield
                if first < 0 and lane == self._origin[0] and row.key.startswith(self._origin[1]):
                    first = total
                count = counter.count(row)
                if looked_at is not None and (lane, row.key) == (looked_at[0], looked_at[1].key):
                    again = total + min(looked_at[1].nth, count)
                if count:
                    fresh.append(_Row(lane, row.key, total))
                    total += count
        first = max(first, 0)
        self._found, self._total = fresh, total
        if looked_at is not None:  # it is looked at still, wherever it stands now
            self._at = min(again if again >= 0 else first, total - 1)
        elif total:
            self._at = first % total
            self._reveal()

    # --- looking at

    def _reveal(self) -> None:
        """Bring the match into sight; again a little later, where its lane is not drawn that far yet."""
        place = self._place()
        if place is None:
            return
        lane, match = place
        for column in self._columns():
            if column.lane.id != lane:
                column.view.show_match(None)
                continue
            self._bring(column)
            if not column.reveal(match):
                self._drawn.start()

    def _place(self) -> tuple[str, Match] | None:
        """The match that is looked at, and its lane's id."""
        if self._at < 0:
            return None
        row = self._found[bisect_right(self._found, self._at, key=lambda r: r.before) - 1]
        return row.lane, Match(row.key, self._at - row.before)

    def _tell(self) -> None:
        self.changed.emit(self._at + 1, self._total, self._work is not None)
