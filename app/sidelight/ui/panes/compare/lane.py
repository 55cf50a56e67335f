"""One lane: its header, its turns, why it waits, its footer. It is shown values, and tells wishes by `wished` and `turn_wished`."""

from __future__ import annotations

import time
from collections.abc import Callable
from operator import is_

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from sidelight.chat.conversation import Turn
from sidelight.chat.message import Lane
from sidelight.chat.reply import Reply, ReplyState
from sidelight.settings import ThinkingMode
from sidelight.ui import parameters, wording
from sidelight.ui.document.find import Match
from sidelight.ui.document.piece_view import PieceView
from sidelight.ui.document.view import Row, TextRow
from sidelight.ui.panes.compare.cards import WaitBar
from sidelight.ui.panes.compare.header import Footer, Header, HeaderValue
from sidelight.ui.panes.compare.rows import LaneRows
from sidelight.ui.panes.compare.values import Facts, Remark, figures, is_busy
from sidelight.ui.theme import Palette

__all__ = ["LaneColumn"]

_SHARE = 8
"""How many times as long as it took to draw a lane it is left as it is."""
_LONGEST = 0.066
"""Seconds that it is left so at most."""
Elapsed = Callable[[str], float | None]


class LaneColumn(QFrame):
    """Shows one lane of a conversation.

    `wished` carries what to do with the lane ("stop", "settings", "left", ...); `turn_wished` a turn and what to do there.
    """

    wished = Signal(str)
    turn_wished = Signal(str, str)
    looked = Signal()
    """Another version of a reply is looked at, or something was opened by hand."""
    link_clicked = Signal(str)
    save_wished = Signal(str, str)
    """Code, and a name for its file."""

    def __init__(self, lane: Lane, palette: Palette, zoom: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "lane")
        self.lane = lane
        self.stale = True
        self.drawn_at = 0.0
        self._costs = (0.0, 0.0)
        self._facts = Facts(lane.model, lane.backend)
        self._place = 1
        self._turns: tuple[Turn, ...] = ()
        self._shown_rows: list[Row] = []
        self._drawn_stage: object = None
        self._mode: ThinkingMode = "peek"
        self._elapsed: Elapsed = lambda _reply: None
        self._times: dict[str, float | None] = {}
        self._remark: tuple[str, Remark] = ("", Remark())
        self.header = Header()
        self.wait = WaitBar()
        self.footer = Footer()
        self.view = PieceView()
        self.view.set_palette_and_zoom(palette, zoom)
        self.rows = LaneRows(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.view, 1)
        column.addWidget(self.wait)
        column.addWidget(self.footer)
        self._column = column
        self.setFocusProxy(self.view)
        self.header.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.header.setFocusProxy(self.view)
        self.header.wished.connect(self._wish)
        self.header.maximised.connect(lambda: self.wished.emit("maximise"))
        self.header.dragged.connect(lambda: self.header.start_drag(self.lane.id))
        self.wait.wished.connect(self._wish)
        self.footer.wished.connect(self._wish)
        self.rows.changed.connect(self._on_hand)
        self.rows.acted.connect(self.turn_wished)
        self.rows.closed_at_end.connect(self.view.scroll_to_row)
        self.view.link_clicked.connect(self.link_clicked)
        self.view.save_wished.connect(self.save_wished)
        self.view.more_clicked.connect(self.rows.show_more)

    # --- values in

    def shows(
        self, lane: Lane, facts: Facts, place: int, turns: tuple[Turn, ...], mode: ThinkingMode
    ) -> bool:
        """Whether this is what it was shown last."""
        return (
            len(turns) == len(self._turns)
            and all(
                new is old or (new.chosen == old.chosen and new.versions(lane.id) == old.versions(lane.id))
                for new, old in zip(turns, self._turns, strict=True)
            )
            and (lane, facts, place, mode) == (self.lane, self._facts, self._place, self._mode)
        )

    def show_value(
        self,
        lane: Lane,
        facts: Facts,
        place: int,
        turns: tuple[Turn, ...],
        mode: ThinkingMode,
        elapsed: Elapsed,
        *,
        rows: bool,
    ) -> bool:
        """Draw the lane; whether it changed by more than text. `rows` False: only header and footer, since nobody sees the
        rest now."""
        if [t.id for t in turns] != [t.id for t in self._turns]:
            self.rows.forget_others(turns, lane.id)
            self.view.follow = True
        self.lane, self._facts, self._place = lane, facts, place
        self._turns, self._mode, self._elapsed = turns, mode, elapsed
        stage = self._stage()
        turned = stage != self._drawn_stage
        if turned:  # what only counts up is drawn by `tick`, ten times a second
            self._drawn_stage = stage
            self._draw_bars()
        self.stale = True
        if rows:
            began = time.monotonic()
            self._draw_rows()
            self._costs = (self._costs[1], time.monotonic() - began)
        return turned

    @property
    def pause(self) -> float:
        """Seconds after which it may be drawn again, so that what is dear to draw (a long table) is drawn less often."""
        return min(_SHARE * min(self._costs), _LONGEST)

    def show_remark(self, reply_id: str, remark: Remark) -> None:
        """Say what was found out about a reply, in header and footer, as long as it is the one looked at."""
        if (reply_id, remark) != self._remark:
            self._remark = (reply_id, remark)
            self._draw_bars()

    def clear(self) -> None:
        """Be as new, for another lane."""
        self.stale, self.drawn_at, self._costs = True, 0.0, (0.0, 0.0)
        self._turns, self._drawn_stage, self._remark = (), None, ("", Remark())
        self._times.clear()
        self.rows.forget()
        self._shown_rows = []
        self.view.clear_selection()
        self.view.set_rows([])
        self.view.follow = True

    def set_palette_and_zoom(self, palette: Palette, zoom: float) -> None:
        """Take another theme or size."""
        self.view.set_palette_and_zoom(palette, zoom)

    def set_edges(self, *, left: bool, top: bool) -> None:
        """Leave a hairline free where another lane stands beside or above."""
        self._column.setContentsMargins(left, top, 0, 0)

    def tick(self) -> None:
        """Move the clocks and the figures."""
        self._times.clear()
        reply = self.newest
        if reply is not None:
            self._draw_bars()
            self.rows.tick(reply, self._time(reply.id))

    def _time(self, reply: str) -> float | None:
        """Seconds of a live reply as the clocks show them: they move with `tick`, not with each word."""
        if reply not in self._times:
            self._times[reply] = self._elapsed(reply)
        return self._times[reply]

    @property
    def newest(self) -> Reply | None:
        """The newest turn's reply that is looked at."""
        return self.rows.shown(self._turns[-1], self.lane.id) if self._turns else None

    @property
    def busy(self) -> bool:
        """Something is expected of it."""
        return is_busy(self.newest)

    @property
    def in_trouble(self) -> bool:
        """Its newest reply failed or was interrupted."""
        reply = self.newest
        return reply is not None and reply.state in (ReplyState.FAILED, ReplyState.INTERRUPTED)

    # --- traces, all at once

    def any_trace_open(self) -> bool:
        """Whether a trace stands open here."""
        return self.rows.any_open(self._turns, self.lane.id, self._mode)

    def open_traces(self, opened: bool) -> None:
        """Open or close all traces."""
        self.rows.open_all(self._turns, self.lane.id, opened)

    # --- finding words

    def texts(self) -> tuple[list[TextRow], bool]:
        """All text of the lane; see `LaneRows.texts`."""
        return self.rows.texts(self._turns, self.lane.id)

    def reveal(self, match: Match) -> bool:
        """Bring a match into view, out of a closed trace too; False where the lane is not drawn that far yet."""
        shown = self.view.show_match(match)
        reply, part = match.key.split(".")[:2]
        if not shown and part == "trace":
            self.rows.open_trace(reply)
            shown = self.view.show_match(match)
        return shown

    # --- drawing

    def _draw_rows(self) -> None:
        rows = self.rows.build(self._turns, self.lane.id, self._mode, self._time)
        self.stale = self.rows.reading
        if rows is not self._shown_rows:
            alike = [*map(is_, self._shown_rows, rows), False]
            self.view.set_rows(rows, alike.index(False))
            self._shown_rows = rows

    def _on_hand(self) -> None:
        self._draw_rows()
        self._draw_bars()
        self.looked.emit()

    def _remark_on(self, reply: Reply) -> Remark:
        return self._remark[1] if self._remark[0] == reply.id else Remark()

    def _stage(self) -> object:
        """What the bars show, but for what counts up while the reply streams."""
        reply = self.newest
        lane = (self.lane, self._facts, self._place)
        if reply is None or not is_busy(reply):
            return (lane, reply)
        return (lane, reply.id, wording.state(reply), bool(reply.trace_text), reply.notes)

    def _draw_bars(self) -> None:
        reply = self.newest
        seconds = self._time(reply.id) if reply is not None else None
        self.header.show_value(self._header(reply))
        self.header.show_clock(seconds if is_busy(reply) else None)
        step = reply.progress if reply is not None else None
        if reply is not None and step is not None and step.stage == "again":
            self.wait.show_value(wording.again(reply, seconds), step.why.message if step.why else "")
        else:
            self.wait.show_value("")
        if reply is not None:
            self.footer.show_value(reply, figures(reply, seconds), self._remark_on(reply).cost)

    def _header(self, reply: Reply | None) -> HeaderValue:
        facts = self._facts
        place = " · ".join(x for x in (facts.backend, facts.hint) if x)
        if reply is None:
            return HeaderValue(facts.name, place, self._place, context=facts.context, plain=facts.plain)
        known = reply.state.is_final or bool(reply.trace_text)
        usage = reply.usage
        used = None
        if usage is not None and usage.prompt is not None:
            used = usage.prompt + (usage.output_total or 0)
        taken, taken_hint, left_out = parameters.taken(reply)
        return HeaderValue(
            facts.name,
            place,
            self._place,
            badge=wording.badge(reply) if known and reply.state is not ReplyState.FAILED else "",
            badge_hint=wording.evidence(reply),
            state=wording.state(reply),
            busy=is_busy(reply),
            trouble=self.in_trouble,
            warning=self._remark_on(reply).warning,
            plain=facts.plain,
            taken=taken,
            taken_hint=taken_hint,
            left_out=left_out,
            used=used,
            context=facts.context,
        )

    # --- wishes up

    def _wish(self, name: str) -> None:
        reply = self.newest
        match name:
            case "copy" if reply is not None:
                QGuiApplication.clipboard().setText(reply.answer_text)
            case "copy_trace" if reply is not None:
                QGuiApplication.clipboard().setText(reply.trace_text)
            case "retry" if self._turns:
                self.turn_wished.emit(self._turns[-1].id, "retry")
            case _:
                self.wished.emit(name)

    def show_newest_version(self, turn_id: str) -> None:
        """After a retry the new version is looked at."""
        self.rows.newest_version(turn_id)
