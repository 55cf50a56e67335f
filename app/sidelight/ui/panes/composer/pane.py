"""The composer: a field that grows, the files that go along, the lanes that will answer as chips, Send or Stop."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from sidelight import messages
from sidelight.chat.message import Attachment
from sidelight.ui import wording
from sidelight.ui.attaching import Attached, Refused, Source, has_files, offered_by
from sidelight.ui.panes.composer.edit import PromptEdit
from sidelight.ui.widgets.attachment import AttachmentCard
from sidelight.ui.widgets.flow import FlowLayout
from sidelight.ui.widgets.icon import IconButton
from sidelight.ui.widgets.plain import Label, plain_tip

MOST_CHIPS: Final = 4
"""More lanes than this are one chip with a menu."""
MOST_FILES: Final = 10

__all__ = ["Chip", "ComposerPane", "ComposerValue"]


@dataclass(frozen=True, slots=True)
class Chip:
    """A lane as the composer names it. `sees` is False where its model is known to take no images."""

    lane: str
    name: str
    hint: str
    sees: bool = True


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
    files: tuple[Attached, ...] = ()


_MARGINS = 100
"""Pixels around the row of lanes and in it."""


class ComposerPane(QFrame):
    """`sent` carries the whole prompt, beside which `files` go; `files_offered` a conversation and what is to be read."""

    sent = Signal(str)
    files_offered = Signal(str, object)
    files_changed = Signal()
    stopped = Signal()
    lane_clicked = Signal(str)
    add_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "composer")
        self._value = ComposerValue("", (), False)
        self._drafts: dict[str, _Draft] = {}
        self._pasted: tuple[str, ...] = ()
        self._files: tuple[Attached, ...] = ()
        self._reading: Counter[str] = Counter()
        self.edit = PromptEdit()
        self.edit.setPlaceholderText(messages.text("ui.composer.placeholder"))
        self.edit.setAccessibleName(messages.text("ui.composer.name"))
        self._attached = QWidget()
        self._attached_row = FlowLayout(self._attached)
        self._attached.hide()
        self._refused = Label(role="warning", wrap=True)
        self._refused.hide()
        self._attach_button = IconButton("attach", messages.text("ui.attach"))
        self._attach_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
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
        inner.addWidget(self._refused)
        inner.addWidget(self.edit)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self._attach_button, 0, Qt.AlignmentFlag.AlignTop)
        foot.addWidget(self._chips, 1)
        foot.addWidget(self._hint, 0, Qt.AlignmentFlag.AlignVCenter)
        foot.addWidget(self._send, 0, Qt.AlignmentFlag.AlignBottom)
        inner.addLayout(foot)
        self._money = Label(role="muted", wrap=True)
        self._money.hide()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(16, 8, 16, 16)
        outer.setSpacing(4)
        outer.addWidget(box)
        outer.addWidget(self._money)
        self.setFocusProxy(self.edit)
        self.edit.submitted.connect(self.submit)
        self.edit.pasted.connect(self._attach)
        self.edit.offered.connect(self._offer)
        self.edit.textChanged.connect(self._usual_hint)
        self._attach_button.clicked.connect(self.choose_files)
        self.setAcceptDrops(True)
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
            if any(file.attachment.is_image for file in self._files):
                self._draw_attached()
        if value.streaming != before.streaming:
            self._draw_button()
        if value.enter_sends != before.enter_sends or not self._hint.text():
            self._usual_hint()

    def say(self, sentence: str) -> None:
        """A quiet sentence beside the button, until the next key."""
        self._hint.set_role("warning")
        self._hint.setText(sentence)
        self._draw_hint()

    def show_spending(self, line: str, hint: str, *, warning: bool = False) -> None:
        """What this prompt would cost and what was spent, below the field; "" for nothing to say."""
        self._money.set_role("warning" if warning else "muted")
        self._money.setText(line)
        self._money.setToolTip(plain_tip(hint))
        self._money.setAccessibleDescription(hint)
        self._money.setVisible(bool(line))

    def take_back(self, prompt: str) -> None:
        """Put a prompt into the field: one that could not be sent, or one to try."""
        self.edit.setPlainText(prompt)
        self.edit.moveCursor(self.edit.textCursor().MoveOperation.End)
        self.edit.setFocus()

    @property
    def prompt(self) -> str:
        """All that would be sent: what was pasted, then what was typed."""
        return "\n\n".join([*self._pasted, self.edit.toPlainText()]).strip("\n")

    @property
    def files(self) -> tuple[tuple[Attachment, bytes], ...]:
        """The files that would be sent, each with its content."""
        return tuple((file.attachment, file.content) for file in self._files)

    def take_files(self, conversation: str, found: tuple[Attached | Refused, ...]) -> None:
        """What became of files that were offered for a conversation, which need not be the one shown."""
        self._reading[conversation] -= 1
        here = conversation == self._value.conversation
        draft = self._drafts.get(conversation) or _Draft()
        files = list(self._files if here else draft.files)
        trouble = [refused.text for refused in found if isinstance(refused, Refused)]
        for file in found:
            if isinstance(file, Refused) or any(f.attachment.digest == file.attachment.digest for f in files):
                continue
            if len(files) == MOST_FILES:
                trouble.append(messages.text("ui.attach.many", most=MOST_FILES))
                break
            files.append(file)
        if not here:
            draft.files = tuple(files)
            self._drafts[conversation] = draft
            return
        self._files = tuple(files)
        self._say_refused("\n".join(trouble))
        self._draw_attached()
        self.files_changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room, the lanes need it more than the hint does."""
        super().resizeEvent(event)
        self._draw_hint()

    # --- wishes up

    def submit(self) -> None:
        """Send what is there; where there is nothing, say so."""
        if self._value.streaming:
            self.say(messages.text("ui.composer.wait"))
        elif self._reading[self._value.conversation]:
            self.say(messages.text("ui.composer.reading"))
        elif not self.prompt.strip() and not self._files:
            self.say(messages.text("ui.composer.empty"))
        elif not self._value.chips:
            self.say(messages.text("ui.composer.no_lanes"))
        else:
            self.sent.emit(self.prompt)

    def clear(self) -> None:
        """The prompt was sent."""
        self.edit.clear()
        self._pasted = ()
        self._files = ()
        self._say_refused("")
        self._draw_attached()
        self.files_changed.emit()

    def choose_files(self) -> None:
        """Ask for files to attach."""
        dialog = QFileDialog(self, messages.text("ui.attach"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(lambda paths: self._offer(tuple(Path(path) for path in paths)))
        dialog.open()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files may be dropped anywhere on the composer."""
        if has_files(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """See dragEnterEvent."""
        if files := offered_by(event.mimeData()):
            event.acceptProposedAction()
            self._offer(files)

    def _offer(self, sources: tuple[Source, ...]) -> None:
        self._say_refused("")
        self._reading[self._value.conversation] += 1
        self.files_offered.emit(self._value.conversation, sources)

    def _on_button(self) -> None:
        if self._value.streaming:
            self.stopped.emit()
        else:
            self.submit()

    # --- inside

    def _swap_drafts(self, old: str, new: str) -> None:
        draft = _Draft(self.edit.toPlainText(), self._pasted, self._files)
        if draft.text or draft.pasted or draft.files:
            self._drafts[old] = draft
        else:
            self._drafts.pop(old, None)
        kept = self._drafts.pop(new, _Draft())
        self.edit.setPlainText(kept.text)
        self.edit.moveCursor(self.edit.textCursor().MoveOperation.End)
        self._pasted, self._files = kept.pasted, kept.files
        self._say_refused("")
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
        for file in self._files:
            self._attached_row.addWidget(self._card(file))
        self._attached.setVisible(bool(self._pasted or self._files))

    def _card(self, file: Attached) -> AttachmentCard:
        """A file with what is to be known before it is sent: what a picture tells, and who will not see it."""
        attachment = file.attachment
        facts, hint = wording.data_size(attachment.size), ""
        if attachment.is_image:
            facts = f"{facts} · {file.width} × {file.height}"
            hint = messages.text("ui.attach.as_it_is")
            if blind := self._blind():
                facts, hint = f"{facts} · {blind}", f"{hint}\n{messages.text('ui.attach.unseen.hint')}"
        card = AttachmentCard(
            attachment.name,
            facts,
            hint=hint,
            remove=messages.text("ui.composer.detach", what=attachment.name),
            thumbnail=file.thumbnail,
        )
        if attachment.is_image and self._blind():
            card.facts.set_role("warning")
        card.removed.connect(lambda: self._remove(attachment.digest))
        return card

    def _blind(self) -> str:
        """Which lanes will not see a picture, in words."""
        blind = [chip.name for chip in self._value.chips if not chip.sees]
        if not blind:
            return ""
        if len(blind) == 1:
            return messages.text("ui.attach.unseen", name=blind[0])
        return messages.plural("ui.attach.unseen.lanes", len(blind))

    def _remove(self, digest: str) -> None:
        self._files = tuple(file for file in self._files if file.attachment.digest != digest)
        self._draw_attached()
        self.edit.setFocus()
        self.files_changed.emit()

    def _say_refused(self, sentence: str) -> None:
        self._refused.setText(sentence)
        self._refused.setVisible(bool(sentence))

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
        self._draw_hint()

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
        row = (self._attach_button, self._chips, self._hint, self._send)
        roomy = sum(part.sizeHint().width() for part in row) + _MARGINS < self.width()
        self._hint.setVisible(roomy or self._hint.property("role") == "warning")
