"""The two bars of a lane that never scroll away: who it is and what it does now; how fast it was and what can be done."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QMimeData, QPoint, Qt, Signal
from PySide6.QtGui import QDrag, QMouseEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QMenu, QSizePolicy, QVBoxLayout, QWidget

from sidelight import messages
from sidelight.chat.reply import Reply
from sidelight.ui import wording
from sidelight.ui.panes.compare.values import Figures
from sidelight.ui.widgets.icon import IconButton
from sidelight.ui.widgets.meter import Meter
from sidelight.ui.widgets.plain import ElidedLabel, Label, plain_tip

__all__ = ["LANE_MIME", "Footer", "Header", "HeaderValue"]

LANE_MIME = "application/x-sidelight-lane"


@dataclass(frozen=True, slots=True)
class HeaderValue:
    """What the header says. `used` and `context` count tokens; None is unknown, and the meter is left out.

    `taken` says which settings the model did not take as they were set, `taken_hint` what became of all; `left_out`: some
    were not sent.
    """

    name: str
    backend: str
    place: int
    badge: str = ""
    badge_hint: str = ""
    state: str = ""
    busy: bool = False
    trouble: bool = False
    warning: str = ""
    plain: bool = False
    taken: str = ""
    taken_hint: str = ""
    left_out: bool = False
    used: int | None = None
    context: int | None = None


class Header(QFrame):
    """Name, backend, badge, state and clock, settings not taken, context meter, menu. `wished` carries the id of a wish."""

    wished = Signal(str)
    maximised = Signal()
    dragged = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "lane-header")
        self._pressed: QPoint | None = None
        self._name = ElidedLabel(role="title")
        self._backend = ElidedLabel(role="muted")
        self._plain = Label(messages.text("ui.lane.plain"), "error")
        self._plain.setToolTip(plain_tip(messages.text("ui.lane.plain.hint")))
        self._plain.setAccessibleName(messages.text("ui.lane.plain.hint"))
        self._plain.hide()
        self._badge = ElidedLabel(role="badge")
        self._state = ElidedLabel(role="muted")
        self._clock = Label(role="clock")
        self._taken = ElidedLabel(role="muted")
        self._taken.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._taken.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._meter = Meter(5)
        self._warning = IconButton("warning", messages.text("ui.lane.details"), role="warning")
        self._warning.hide()
        self._more = IconButton("more", messages.text("ui.lane.menu"))
        self._more.setPopupMode(IconButton.ToolButtonPopupMode.InstantPopup)
        self._zoom = IconButton("maximise", messages.text("ui.lane.maximise"))
        first = QHBoxLayout()
        first.setSpacing(8)
        first.addWidget(self._name)
        first.addWidget(self._plain)
        first.addWidget(self._backend, 1)
        first.addWidget(self._warning)
        first.addWidget(self._zoom)
        first.addWidget(self._more)
        second = QHBoxLayout()
        second.setSpacing(8)
        second.addWidget(self._badge)
        second.addWidget(self._state)
        second.addWidget(self._clock)
        second.addWidget(self._taken, 1)
        second.addWidget(self._meter)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 6, 8, 6)
        column.setSpacing(2)
        column.addLayout(first)
        column.addLayout(second)
        second.setContentsMargins(0, 0, 8, 0)
        self._zoom.clicked.connect(self.maximised)
        self._warning.clicked.connect(lambda: self.wished.emit("details"))
        self._menu()

    def _menu(self) -> None:
        menu = QMenu(self)
        for name, caption in (
            ("details", messages.text("ui.lane.details")),
            ("settings", messages.text("ui.lane.settings")),
            ("model", messages.text("ui.lane.model")),
            ("duplicate", messages.text("ui.lane.duplicate")),
            ("copy_trace", messages.text("ui.lane.copy_trace")),
            ("", ""),
            ("left", messages.text("ui.lane.left")),
            ("right", messages.text("ui.lane.right")),
            ("", ""),
            ("remove", messages.text("ui.lane.remove")),
        ):
            if not name:
                menu.addSeparator()
                continue
            action = menu.addAction(caption)
            action.triggered.connect(lambda _checked=False, name=name: self.wished.emit(name))
        self._more.setMenu(menu)

    def show_value(self, value: HeaderValue) -> None:
        """Say who answers and what it does now."""
        self._name.setText(value.name)
        self._backend.setText(value.backend)
        self._badge.setText(value.badge)
        self._badge.set_hint(value.badge_hint)
        self._badge.setVisible(bool(value.badge))
        self._state.setText(value.state)
        self._state.set_role("error" if value.trouble else "busy" if value.busy else "muted")
        self._plain.setVisible(value.plain)
        self._taken.setText(value.taken)
        self._taken.set_hint(value.taken_hint)
        self._taken.setAccessibleName(value.taken_hint or value.taken)
        self._taken.set_role("warning" if value.left_out else "muted")
        self._warning.setVisible(bool(value.warning))
        if value.warning:
            self._warning.set_meaning("warning", value.warning)
        known = value.used is not None and bool(value.context)
        self._meter.setVisible(known)
        if value.used is not None and value.context:
            meaning = messages.text(
                "ui.context", used=wording.count(value.used), context=wording.count(value.context)
            )
            self._meter.show_value(value.used / value.context, meaning)
        self.setAccessibleName(
            messages.text("ui.lane.name", place=value.place, name=value.name, backend=value.backend)
        )

    def show_clock(self, elapsed: float | None) -> None:
        """Seconds since the request left; None hides the clock."""
        self._clock.setText("" if elapsed is None else wording.seconds(elapsed))
        self._clock.setVisible(elapsed is not None)

    def show_maximised(self, single: bool) -> None:
        """Whether this lane has the whole pane."""
        if single:
            self._zoom.set_meaning("restore", messages.text("ui.lane.restore"))
        else:
            self._zoom.set_meaning("maximise", messages.text("ui.lane.maximise"))

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        """Maximise, as title bars do."""
        self.maximised.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A drag may begin here."""
        if event.button() is Qt.MouseButton.LeftButton:
            self._pressed = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the lane to another place."""
        if self._pressed is None:
            return
        moved = event.position().toPoint() - self._pressed
        if moved.manhattanLength() >= QApplication.startDragDistance():
            self._pressed = None
            self.dragged.emit()

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """No drag after all."""
        self._pressed = None

    def start_drag(self, lane: str) -> None:
        """Carry the lane's id to where it is dropped."""
        data = QMimeData()
        data.setData(LANE_MIME, lane.encode())
        drag = QDrag(self)
        drag.setMimeData(data)
        drag.setPixmap(self.grab())
        drag.exec(Qt.DropAction.MoveAction)


class Footer(QFrame):
    """Figures of the newest reply; Stop, Retry, Copy. `wished` carries the id of a wish."""

    wished = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "lane-footer")
        self._figures = ElidedLabel(role="figures")
        self._stop = IconButton("stop", messages.text("ui.lane.stop"))
        self._retry = IconButton("retry", messages.text("ui.lane.retry"))
        self._copy = IconButton("copy", messages.text("ui.lane.copy"))
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 2, 8, 2)
        row.setSpacing(2)
        row.addWidget(self._figures, 1)
        for name, button in (("stop", self._stop), ("retry", self._retry), ("copy", self._copy)):
            row.addWidget(button)
            button.clicked.connect(lambda _checked=False, name=name: self.wished.emit(name))
        self.show_value(None, Figures())

    def show_value(self, reply: Reply | None, figures: Figures, cost: str = "") -> None:
        """Say the figures, and the cost where it is known; offer what can be done now."""
        busy = reply is not None and not reply.state.is_final
        self._stop.setVisible(busy)
        self._retry.setVisible(not busy)
        self._retry.setEnabled(reply is not None)
        self._copy.setEnabled(reply is not None and bool(reply.answer_text.strip()))
        line = figures_line(figures, cost)
        if line != self._figures.text():
            self._figures.setText(line)
            self._figures.setAccessibleName(line)

    def changeEvent(self, event: QEvent) -> None:
        """Keep the height when buttons come and go."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.StyleChange:
            self.setMinimumHeight(self.sizeHint().height())


def figures_line(figures: Figures, cost: str = "") -> str:
    """The figures in one line; what is unknown is left out, what is estimated is marked."""
    about = "≈" if figures.estimated else ""
    parts: list[str] = []
    if figures.first_token is not None:
        parts.append(messages.text("ui.figures.first", time=wording.seconds(figures.first_token)))
    if figures.rate is not None:
        parts.append(messages.text("ui.figures.rate", n=f"{about}{figures.rate:.0f}"))
    if figures.trace:
        parts.append(messages.text("ui.figures.trace", n=about + wording.count(figures.trace)))
    if figures.hidden:
        parts.append(messages.text("ui.figures.hidden", n=wording.count(figures.hidden)))
    if figures.answer:
        parts.append(messages.text("ui.figures.answer", n=about + wording.count(figures.answer)))
    if figures.total is not None and figures.total >= 0.05:
        parts.append(wording.seconds(figures.total))
    if cost:
        parts.append(cost)
    return "  ·  ".join(parts)
