"""What is found out about the replies in sight, and told beside them: costs, warnings, and traces of unlike kinds.

Not the finding out (`ui.evidence`), which is imported and made with the first reply that has ended.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from sidelight.engine.session import Session
from sidelight.ui import wording
from sidelight.ui.panes.compare.values import Remark
from sidelight.ui.widgets.plain import ElidedLabel

if TYPE_CHECKING:
    from sidelight.chat.conversation import Turn
    from sidelight.chat.message import Lane
    from sidelight.chat.reply import Reply
    from sidelight.ui.evidence import Evidence, Known
    from sidelight.ui.panes.compare.pane import LanesPane

__all__ = ["Remarks"]


class Remarks(QObject):
    """`unlike` is the label that points out traces of unlike kinds; `warn` takes what is to be said in the banner."""

    def __init__(
        self, session: Session, unlike: ElidedLabel, warn: Callable[[str], None], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._unlike = unlike
        self._warn = warn
        self._lanes: LanesPane | None = None
        self.evidence: Evidence | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._look)

    def look_at(self, lanes: LanesPane) -> None:
        """The pane that shows the replies."""
        self._lanes = lanes

    def soon(self) -> None:
        """Look at replies once all have ended, after this event: nothing of it belongs into a frame."""
        session = self._session
        if session.conversation.id not in session.streaming_conversations:
            self._timer.start()
        elif self._unlike.text():
            self._say("")  # that was the turn before

    def known(self, lane: Lane, turns: tuple[Turn, ...], reply: Reply) -> Known:
        """What is known of a reply beside its text."""
        return self._evidence().of(lane, self._session.about(lane.backend), turns, reply)

    def _evidence(self) -> Evidence:
        """Made at first use, which imports and reads the registry of models."""
        if self.evidence is None:
            from sidelight.ui.evidence import Evidence

            self.evidence = Evidence(self._session.own_prices)
            if self.evidence.trouble is not None:
                self._warn(self.evidence.trouble.text)
        return self.evidence

    def _look(self) -> None:
        """Tell the lanes what was found out about their newest replies, and point out traces of unlike kinds."""
        session = self._session
        conversation, lanes = session.conversation, self._lanes
        if conversation.id in session.streaming_conversations or not conversation.turns or lanes is None:
            self._say("")
            return
        if self.evidence is None:
            self._evidence()
            self._timer.start()  # the other half of the work in another event, so that no frame is late
            return
        shown: list[Reply] = []
        path = conversation.path
        for column in lanes.columns:
            reply = column.newest
            if reply is not None and reply.state.is_final:
                shown.append(reply)
                known = self.known(column.lane, path, reply)
                remark = Remark(wording.cost_mark(known.cost), "\n".join(known.warnings))
                column.show_remark(reply.id, remark)
        self._say(wording.unlike(shown))

    def _say(self, note: str) -> None:
        self._unlike.setText(note)
        self._unlike.setVisible(bool(note))
