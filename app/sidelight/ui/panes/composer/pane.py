"""The composer: a field that grows, the lanes that will answer as chips, Send or Stop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from sidelight import messages
from sidelight.ui import wording
from sidelight.ui.widgets.flow import FlowLayout
from sidelight.ui.widgets.growing_edit import GrowingEdit
from sidelight.ui.widgets.icon import IconButton
from sidelight.ui.widgets.plain import Label

MOST_CHIPS: Final = 4
"""More lanes than this are one chip with a menu."""

__all__ = ["Chip", "ComposerPane", "ComposerValue"]


@dataclass(frozen=True, slots=True)
class Chip:
    """A lane as the composer names it."""

    lane: str
    name: str
    hint: str


@dataclass(frozen=True, slots=True)
class ComposerValue:
    """`conversation` keeps drafts apart."""

    conversation: str
    chips: tuple[Chip, ...]
    streaming: bool
    enter_sends: bool = True


@dataclass(slots=True)
class _Draft:
    text: str = ""
    pasted: tuple[str, ...] = ()


class ComposerPane(QFrame):
    """`sent` carries the whole prompt; `refused` are the codes of quiet sentences that only this pane says."""

    sent = Signal(str)
    stopped = Signal()
    lane_clicked = Signal(str)
    add_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "composer")
        self._value = ComposerValue("", (), False)
        self._drafts: dict[str, _Draft] = {}
        self._pasted: tuple[str, ...] = ()
        self.edit = GrowingEdit()
        self.edit.setPlaceholderText(messages.text("ui.composer.placeholder"))
        self.edit.setAccessibleName(messages.text("ui.composer.name"))
        self._attached = QWidget()
        self._attached_row = FlowLayout(self._attached)
        self._attached.hide()
        self._chips = QWidget()
        self._chips_row = FlowLayout(self._chips)
        self._add = IconButton(
            "plus", messages.text("ui.lane.add"), role="chip", caption=messages.text("ui.lane.add.short")
        )
        self._hint = Label(role="muted")
        self._hint.setMinimumWidth(1)  # it may be cut; what it says is no reason to keep a window wide
        self._send = IconButton(
            "send", messages.text("ui.send"), role="accent", caption=messages.text("ui.send")
        )
        self._send.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        box = QFrame()
        box.setProperty("role", "composer-box")
        inner = QVBoxLayout(box)
        inner.setContentsMargins(12, 8, 8, 8)
        inner.setSpacing(4)
        inner.addWidget(self._attached)
        inner.addWidget(self.edit)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self._chips, 1)
        foot.addWidget(self._hint, 0, Qt.AlignmentFlag.AlignVCenter)
        foot.addWidget(self._send, 0, Qt.AlignmentFlag.AlignBottom)
        inner.addLayout(foot)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(16, 8, 16, 16)
        outer.addWidget(box)
        self.setFocusProxy(self.edit)
        self.edit.submitted.connect(self.submit)
        self.edit.pasted.connect(self._attach)
        self.edit.textChanged.connect(self._usual_hint)
        self._send.clicked.connect(self._on_button)
        self._add.clicked.connect(self.add_clicked)

    # --- values in

    def show_value(self, value: ComposerValue) -> None:
        """Show the lanes of a conversation, and its draft where the conversation is another one."""
        before, self._value = self._value, value
        if value.conversation != before.conversation:
            self._swap_drafts(before.conversation, value.conversation)
        self.edit.enter_sends = value.enter_sends
        if value.chips != before.chips or not self._chips_row.count():
            self._draw_chips()
        if value.streaming != before.streaming:
            self._draw_button()
        if value.enter_sends != before.enter_sends or not self._hint.text():
            self._usual_hint()

    def say(self, sentence: str) -> None:
        """A quiet sentence beside the button, until the next key."""
        self._hint.set_role("warning")
        self._hint.setText(sentence)
        self._draw_hint()

    def take_back(self, prompt: str) -> None:
        """Put a prompt into the field: one that could not be sent, or one to try."""
        self.edit.setPlainText(prompt)
        self.edit.moveCursor(self.edit.textCursor().MoveOperation.End)
        self.edit.setFocus()

    @property
    def prompt(self) -> str:
        """All that would be sent: what was pasted, then what was typed."""
        return "\n\n".join([*self._pasted, self.edit.toPlainText()]).strip("\n")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room, the lanes need it more than the hint does."""
        super().resizeEvent(event)
        self._draw_hint()

    # --- wishes up

    def submit(self) -> None:
        """Send what is there; where there is nothing, say so."""
        if self._value.streaming:
            self.say(messages.text("ui.composer.wait"))
        elif not self.prompt.strip():
            self.say(messages.text("ui.composer.empty"))
        elif not self._value.chips:
            self.say(messages.text("ui.composer.no_lanes"))
        else:
            self.sent.emit(self.prompt)

    def clear(self) -> None:
        """The prompt was sent."""
        self.edit.clear()
        self._pasted = ()
        self._draw_attached()

    def _on_button(self) -> None:
        if self._value.streaming:
            self.stopped.emit()
        else:
            self.submit()

    # --- inside

    def _swap_drafts(self, old: str, new: str) -> None:
        draft = _Draft(self.edit.toPlainText(), self._pasted)
        if draft.text or draft.pasted:
            self._drafts[old] = draft
        else:
            self._drafts.pop(old, None)
        kept = self._drafts.pop(new, _Draft())
        self.edit.setPlainText(kept.text)
        self.edit.moveCursor(self.edit.textCursor().MoveOperation.End)
        self._pasted = kept.pasted
        self._draw_attached()

    def _attach(self, pasted: str) -> None:
        self._pasted = (*self._pasted, pasted)
        self._draw_attached()

    def _detach(self, index: int) -> None:
        self._pasted = (*self._pasted[:index], *self._pasted[index + 1 :])
        self._draw_attached()
        self.edit.setFocus()

    def _draw_attached(self) -> None:
        self._attached_row.clear()
        for index, pasted in enumerate(self._pasted):
            size = wording.data_size(len(pasted.encode(errors="replace")))
            caption = messages.text("ui.composer.pasted", size=size)
            chip = IconButton(
                "close", messages.text("ui.composer.detach", what=caption), role="chip", caption=caption
            )
            chip.clicked.connect(lambda _checked=False, index=index: self._detach(index))
            self._attached_row.addWidget(chip)
        self._attached.setVisible(bool(self._pasted))

    def _draw_chips(self) -> None:
        self._chips_row.removeWidget(self._add)
        self._chips_row.clear()
        if len(self._value.chips) > MOST_CHIPS:
            self._chips_row.addWidget(self._summary())
        else:
            for chip in self._value.chips:
                self._chips_row.addWidget(self._chip(chip))
        self._chips_row.addWidget(self._add)
        self._chips.setAccessibleName(messages.plural("ui.lanes.count", len(self._value.chips)))

    def _chip(self, chip: Chip) -> IconButton:
        caption = "  ·  ".join(x for x in (chip.name, chip.hint) if x)
        button = IconButton("sliders", messages.text("ui.chip.name", name=caption), role="chip", caption=" ")
        wide = button.fontMetrics().averageCharWidth() * 40
        button.set_caption(button.fontMetrics().elidedText(caption, Qt.TextElideMode.ElideMiddle, wide))
        button.clicked.connect(lambda: self.lane_clicked.emit(chip.lane))
        return button

    def _summary(self) -> IconButton:
        """One chip for many lanes; its menu names them."""
        caption = messages.plural("ui.lanes.count", len(self._value.chips))
        button = IconButton("sliders", caption, role="chip", caption=caption)
        button.setPopupMode(IconButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(button)
        for chip in self._value.chips:
            title = "  ·  ".join(x for x in (chip.name, chip.hint) if x).replace("&", "&&")
            menu.addAction(title).triggered.connect(
                lambda _on=False, lane=chip.lane: self.lane_clicked.emit(lane)
            )
        button.setMenu(menu)
        return button

    def _draw_button(self) -> None:
        if self._value.streaming:
            self._send.set_meaning("stop", messages.text("ui.stop.all"))
            self._send.set_caption(messages.text("ui.stop"))
        else:
            self._send.set_meaning("send", messages.text("ui.send"))
            self._send.set_caption(messages.text("ui.send"))

    def _usual_hint(self) -> None:
        self._hint.set_role("muted")
        enter = self._value.enter_sends
        self._hint.setText(
            messages.text("ui.composer.enter") if enter else messages.text("ui.composer.ctrl_enter")
        )
        self._draw_hint()

    def _draw_hint(self) -> None:
        roomy = self.width() > self.fontMetrics().averageCharWidth() * 120
        self._hint.setVisible(roomy or self._hint.property("role") == "warning")
