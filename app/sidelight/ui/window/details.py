"""The inspector at the right: opened when asked for, of the reply in the lane that has the focus, and kept as wide as it was.

Not the pane (`ui.panes.inspect`), which is imported when it is first opened.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QSplitter

from sidelight.engine.session import Session
from sidelight.engine.terms import EMBEDDED, Change
from sidelight.ui import bridge
from sidelight.ui.theme import Palette
from sidelight.ui.window.remarks import Remarks

if TYPE_CHECKING:
    from sidelight.chat.message import TagRule
    from sidelight.chat.reply import Reply
    from sidelight.ui.panes.compare.pane import LanesPane
    from sidelight.ui.panes.inspect.pane import InspectPane
    from sidelight.ui.panes.inspect.wire import Looked

__all__ = ["Details"]

_WIDTH = 340
"""Pixels of the inspector at 100 % zoom, before anybody has moved its edge."""


class Details(QObject):
    """`place` is a splitter with sidebar and lanes, to which the pane is added; `save` takes a name and where its content is."""

    def __init__(
        self,
        session: Session,
        remarks: Remarks,
        place: QSplitter,
        save: Callable[[str, Callable[[], bytes]], None],
        width: int,
    ) -> None:
        """`width` is how wide it last was, 0 where nobody has moved its edge."""
        super().__init__(place)
        self._session = session
        self._remarks = remarks
        self._place = place
        self._save = save
        self._lanes: LanesPane | None = None
        self._palette: Palette | None = None
        self._zoom = 1.0
        self._width = width
        self.pane: InspectPane | None = None
        self.is_open = False
        self._drawn: object = None
        self._of: tuple[str, Reply] | None = None
        self._wire: tuple[str, Looked] = ("", None)

    def look_at(self, lanes: LanesPane) -> None:
        """The pane that shows the replies."""
        self._lanes = lanes

    def set_palette_and_zoom(self, palette: Palette, zoom: float) -> None:
        """Take another theme or size."""
        self._palette, self._zoom = palette, zoom
        if self.pane is not None:
            self.pane.set_palette_and_zoom(palette, zoom)

    @property
    def width(self) -> int:
        """As it stands, or as it last stood; 0 where it never did."""
        sizes = self._place.sizes()
        return sizes[2] if len(sizes) > 2 and sizes[2] else self._width

    def show(self, shown: bool) -> None:
        """Open or close it."""
        if shown == self.is_open:
            self.draw()
            return
        self.is_open = shown
        if not shown:
            assert self.pane is not None
            self._width = self.width
            self.pane.hide()
            return
        left, middle = self._place.sizes()[:2]  # before the pane takes what it likes
        pane = self.pane or self._make()
        pane.show()
        wide = self._width or round(_WIDTH * self._zoom)
        self._place.setSizes([left, max(1, middle - wide), wide])
        self.draw()

    def draw(self) -> None:
        """Show the details of the current lane's reply, if they are open and show another one, or an older stage of it."""
        pane = self.pane
        if pane is None or not self.is_open:
            return
        from sidelight.ui.panes.inspect.sections import Subject, as_asked, inspected
        from sidelight.ui.panes.inspect.values import stage

        session = self._session
        conversation, lanes = session.conversation, self._lanes
        column = lanes.current if lanes is not None else None
        reply = column.newest if column is not None else None
        if column is None or reply is None or not conversation.turns:
            pane.show_value(None)
            self._drawn = self._of = None
            return
        lane, wire = as_asked(column.lane, reply), self._look_up_wire(reply)
        name = bridge.lane_name(session, lane)
        wanted = (stage(reply), lane, conversation.rule, name, wire)
        if wanted == self._drawn:
            return
        self._drawn = wanted
        self._of = (conversation.path[-1].id, reply)
        subject = Subject(
            conversation,
            conversation.path[-1].id,
            lane,
            reply,
            self._remarks.known(lane, conversation.path, reply),
            name,
            bridge.backend_title(session, lane.backend),
            here=lane.backend == EMBEDDED,
            wire=wire,
        )
        pane.show_value(inspected(subject))

    def _make(self) -> InspectPane:
        from sidelight.ui.panes.inspect.pane import InspectPane

        assert self._palette is not None
        pane = InspectPane(self._palette, self._zoom)
        pane.closed.connect(lambda: self.show(False))
        pane.wished.connect(self._on_wish)
        pane.reread.connect(self._reread)
        self._session.subscribe(self._on_change)
        self._place.addWidget(pane)
        self._place.setStretchFactor(2, 0)
        self.pane = pane
        return pane

    def _look_up_wire(self, reply: Reply) -> Looked:
        """What went over the wire for a reply; asked for once it has ended, told by a change of "recorded"."""
        source = reply.reread or reply.id
        if not reply.state.is_final or reply.notes is None:
            return None
        if self._session.live(reply.id):  # what is recorded is kept at its very end
            return "looking"
        if self._wire[0] != source:
            self._wire = (source, "looking")
            self._session.ask_recorded(source)
        return self._wire[1]

    def _on_change(self, change: Change) -> None:
        if change.kind == "recorded" and change.reply == self._wire[0]:
            from sidelight.ui.panes.inspect.wire import wire_of

            found = self._session.recorded(change.reply)
            self._wire = (change.reply, None if found is None else wire_of(found))
            self.draw()

    def _on_wish(self, wish: str) -> None:
        recorded = self._session.recorded(self._wire[0])
        if recorded is None:
            return
        match wish:
            case "copy_stream":
                QGuiApplication.clipboard().setText(recorded.unpacked().decode("utf-8", "replace"))
            case "save_stream":
                self._save(f"stream-{self._wire[0][:8]}.txt", recorded.unpacked)
            case _:
                raise ValueError(wish)

    def _reread(self, rule: TagRule) -> None:
        """Read the stream of the reply that is looked at once more, and look at what that gives."""
        if self._of is not None and self._lanes is not None:
            turn, reply = self._of
            self._session.reread(turn, reply.id, rule)
            self._lanes.show_newest_version(turn, reply.lane)
