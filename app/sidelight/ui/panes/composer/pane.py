"""The composer: a field that grows, the files that go along, the lanes that will answer as chips, Send or Stop.

It is part of the first paint: it can be made as a bare field, into which is written at once, and be completed later.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from sidelight import messages
from sidelight.ui.panes.composer.edit import PromptEdit
from sidelight.ui.widgets.icon import IconButton
from sidelight.ui.widgets.plain import plain_tip

if TYPE_CHECKING:
    from PySide6.QtCore import QEvent, QObject
    from PySide6.QtGui import QDragEnterEvent, QDropEvent

    from sidelight.chat.message import Attachment
    from sidelight.ui.attaching import Attached, Refused, Source
    from sidelight.ui.panes.composer.values import Chip, ComposerValue, Draft
    from sidelight.ui.widgets.attachment import AttachmentCard

MOST_CHIPS: Final = 4
"""More lanes than this are one chip with a menu."""
MOST_FILES: Final = 10

__all__ = ["ComposerPane"]


_MOST_ROOM: Final = 400
"""Pixels that are kept for lanes before they are known."""
_PAUSE_MS: Final = 1000
_MARGINS = 100
"""Pixels around the row of lanes and in it."""


class ComposerPane(QFrame):
    """`sent` carries the whole prompt, beside which `files` go; `files_offered` a conversation and what is to be read.

    `drafted` carries a conversation, what was written for it and the files, once a second at most and before another is shown.
    """

    sent = Signal(str)
    files_offered = Signal(str, object)
    files_changed = Signal()
    drafted = Signal(str, str, object)
    stopped = Signal()
    lane_clicked = Signal(str)
    add_clicked = Signal()

    def __init__(self, parent: QWidget | None = None, *, bare: bool = False) -> None:
        """`bare`: only what can be seen of it while nothing is known yet; `complete` makes the rest, and what is to be
        sent waits for `catch_up`.
        """
        super().__init__(parent)
        self.setProperty("role", "composer")
        self._bare = True
        self._waiting = bare
        self._hurried = False
        self._drafts: dict[str, Draft] = {}
        self._pasted: tuple[str, ...] = ()
        self._files: tuple[Attached, ...] = ()
        self._reading: Counter[str] = Counter()
        self.edit = PromptEdit(bare=True)
        self.edit.setPlaceholderText(messages.text("ui.composer.placeholder"))
        self.edit.setAccessibleName(messages.text("ui.composer.name"))
        self._attach_button = IconButton("attach", messages.text("ui.attach"), bare=True)
        self._attach_button.setProperty("focusPolicy", "StrongFocus")  # by name: docs/decisions/0009
        self._chips = QWidget()
        self._send = IconButton(
            "send", messages.text("ui.send"), role="accent", caption=messages.text("ui.send"), bare=True
        )
        self._send.setProperty("focusPolicy", "StrongFocus")
        box = QFrame()
        box.setProperty("role", "composer-box")
        self._inner = QVBoxLayout(box)
        self._inner.setContentsMargins(12, 8, 8, 8)
        self._inner.setSpacing(4)
        self._inner.addWidget(self.edit)
        top, bottom = QVBoxLayout(), QVBoxLayout()
        top.addWidget(self._attach_button)
        top.addStretch()
        bottom.addStretch()
        bottom.addWidget(self._send)
        self._foot = QHBoxLayout()
        self._foot.setSpacing(8)
        self._foot.addLayout(top)
        self._foot.addWidget(self._chips, 1)
        self._foot.addLayout(bottom)
        self._inner.addLayout(self._foot)
        self._outer = QVBoxLayout(self)
        self._outer.setContentsMargins(16, 8, 16, 16)
        self._outer.setSpacing(4)
        self._outer.addWidget(box)
        self.setFocusProxy(self.edit)
        self.edit.submitted.connect(self.submit)
        self._send.clicked.connect(self._on_button)
        if not bare:
            self.complete()

    def draw(self) -> None:
        """Draw the icons, and fit the field, as the look is now; for a bare one."""
        self._attach_button.draw()
        self._send.draw()
        self.edit.ensurePolished()
        self.edit.fit_one_line()

    @property
    def room_of_lanes(self) -> int:
        """Pixels that the rows of lanes are high at this width."""
        return self._chips_row.heightForWidth(self._chips.width())

    def keep_room_for_lanes(self, pixels: int) -> None:
        """Keep the room that lanes will take, so that nothing moves when they come."""
        self._chips.setMinimumHeight(min(pixels, _MOST_ROOM))

    def complete(self) -> None:
        """Make what cannot be seen before there is a value. What was typed until now stays as it is."""
        from PySide6.QtCore import Qt, QTimer

        from sidelight.ui.panes.composer.values import ComposerValue
        from sidelight.ui.widgets.flow import FlowLayout
        from sidelight.ui.widgets.plain import Label

        self._value = ComposerValue("", (), False)
        self._attached = QWidget()
        self._attached_row = FlowLayout(self._attached)
        self._attached.hide()
        self._refused = Label(role="warning", wrap=True)
        self._refused.hide()
        self._chips_row = FlowLayout(self._chips)
        self._add = IconButton(
            "plus", messages.text("ui.lane.add"), role="chip", caption=messages.text("ui.lane.add.short")
        )
        self._hint = Label(role="muted")
        self._hint.setMinimumWidth(1)  # it may be cut; what it says is no reason to keep a window wide
        self._hint.hide()
        self._money = Label(role="muted", wrap=True)
        self._money.hide()
        self._inner.insertWidget(0, self._attached)
        self._inner.insertWidget(1, self._refused)
        self._foot.insertWidget(2, self._hint, 0, Qt.AlignmentFlag.AlignVCenter)
        self._outer.addWidget(self._money)
        self.edit.pasted.connect(self._attach)
        self.edit.offered.connect(self.offer)
        self.edit.textChanged.connect(self._usual_hint)
        self._attach_button.clicked.connect(self.choose_files)
        self.setAcceptDrops(True)
        self._add.clicked.connect(self.add_clicked)
        for part in (self.edit, self._attach_button, self._send):
            part.follow()
        self.installEventFilter(self)
        self._pause = QTimer(self, interval=_PAUSE_MS, singleShot=True)
        self._pause.timeout.connect(self.keep_draft)
        self.edit.textChanged.connect(self._on_change)
        self.files_changed.connect(self._on_change)
        if self.edit.toPlainText():
            self._on_change()
        self._bare = False

    def catch_up(self) -> None:
        """There is somebody to send it to: send what was to be sent before."""
        self._waiting = False
        if self._hurried:
            self._hurried = False
            self.submit()

    # --- values in

    def show_value(self, value: ComposerValue) -> None:
        """Show the lanes of a conversation, and its draft where the conversation is another one."""
        before, self._value = self._value, value
        if before.conversation and value.conversation != before.conversation:
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

    def keep_draft(self) -> None:
        """What stands there is worth keeping, now."""
        if not self._bare and self._value.conversation:
            self._pause.stop()
            self.drafted.emit(self._value.conversation, self.prompt, self.files)

    def show_draft(self, text: str) -> bool:
        """Show what was written in an earlier life of the program, unless something stands there already; whether it does."""
        if self.prompt or self._files:
            return False
        self.edit.setPlainText(text)
        self.edit.moveCursor(self.edit.textCursor().MoveOperation.End)
        return True

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
        from sidelight.ui.attaching import Refused
        from sidelight.ui.panes.composer.values import Draft

        self._reading[conversation] -= 1
        here = conversation == self._value.conversation
        draft = self._drafts.get(conversation) or Draft()
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
            self._drafts[conversation] = Draft(draft.text, draft.pasted, tuple(files))
            return
        self._files = tuple(files)
        self._say_refused("\n".join(trouble))
        self._draw_attached()
        self.files_changed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Where there is little room, the lanes need it more than the hint does."""
        from PySide6.QtCore import QEvent

        if event.type() is QEvent.Type.Resize:
            self._draw_hint()
        return super().eventFilter(watched, event)

    # --- wishes up

    def submit(self) -> None:
        """Send what is there; where there is nothing, say so. While there is nobody to send it to, keep it in mind."""
        if self._waiting:
            self._hurried = True
        elif self._value.streaming:
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
        self._pause.stop()  # the session forgets the draft by itself

    def choose_files(self) -> None:
        """Ask for files to attach."""
        from sidelight.ui.widgets.file_dialog import ask_for_files

        ask_for_files(self, messages.text("ui.attach"), lambda paths: self.offer(tuple(map(Path, paths))))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files may be dropped anywhere on the composer."""
        from sidelight.ui.attaching import has_files

        if has_files(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """See dragEnterEvent."""
        from sidelight.ui.attaching import offered_by

        if files := offered_by(event.mimeData()):
            event.acceptProposedAction()
            self.offer(files)

    def offer(self, sources: tuple[Source, ...]) -> None:
        """Have files read that are to go with the prompt."""
        self._say_refused("")
        self._reading[self._value.conversation] += 1
        self.files_offered.emit(self._value.conversation, sources)

    def _on_button(self) -> None:
        if not self._waiting and self._value.streaming:
            self.stopped.emit()
        else:
            self.submit()

    # --- inside

    def _swap_drafts(self, old: str, new: str) -> None:
        from sidelight.ui.panes.composer.values import Draft

        draft = Draft(self.edit.toPlainText(), self._pasted, self._files)
        self.drafted.emit(old, self.prompt, self.files)
        if draft.text or draft.pasted or draft.files:
            self._drafts[old] = draft
        else:
            self._drafts.pop(old, None)
        kept = self._drafts.pop(new, Draft())
        self.edit.setPlainText(kept.text)
        self.edit.moveCursor(self.edit.textCursor().MoveOperation.End)
        self._pasted, self._files = kept.pasted, kept.files
        self._say_refused("")
        self._draw_attached()
        self._pause.stop()

    def _on_change(self) -> None:
        if not self._pause.isActive():
            self._pause.start()

    def _attach(self, pasted: str) -> None:
        self._pasted = (*self._pasted, pasted)
        self._draw_attached()

    def _detach(self, index: int) -> None:
        self._pasted = (*self._pasted[:index], *self._pasted[index + 1 :])
        self._draw_attached()
        self.edit.setFocus()

    def _draw_attached(self) -> None:
        from sidelight.ui import wording

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
        from sidelight.ui import wording
        from sidelight.ui.widgets.attachment import AttachmentCard

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
        self._chips.setMinimumHeight(0)
        self._chips_row.removeWidget(self._add)
        self._chips_row.clear()
        many = len(self._value.chips) > MOST_CHIPS
        chips = [self._summary()] if many else [self._chip(chip) for chip in self._value.chips]
        for button in (*chips, self._add):
            self._chips_row.addWidget(button)
            button.show()  # now, not in the next event: what is hidden has no width, and the hint would take its room
        self._chips_row.invalidate()  # a button knows how wide it is once it is shown, and they were placed one by one
        self._chips.setAccessibleName(messages.plural("ui.lanes.count", len(self._value.chips)))
        self._draw_hint()

    def _chip(self, chip: Chip) -> IconButton:
        from PySide6.QtCore import Qt

        caption = "  ·  ".join(x for x in (chip.name, chip.hint) if x)
        button = IconButton("sliders", messages.text("ui.chip.name", name=caption), role="chip", caption=" ")
        wide = button.fontMetrics().averageCharWidth() * 40
        button.set_caption(button.fontMetrics().elidedText(caption, Qt.TextElideMode.ElideMiddle, wide))
        button.clicked.connect(lambda: self.lane_clicked.emit(chip.lane))
        return button

    def _summary(self) -> IconButton:
        """One chip for many lanes; its menu names them."""
        from PySide6.QtWidgets import QMenu

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
