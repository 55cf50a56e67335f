"""The branches of one conversation as a small map, and the edit of a prompt that makes a new one.

Turns without a sibling stand in one column, however many there are; only where the conversation parts does a branch move in.
Neither dialog asks or shows anything itself: both say what was wished.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QDateTime, QLocale, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from sidelight import messages
from sidelight.chat.conversation import Conversation, Turn
from sidelight.ui.dialogs.base import Dialog
from sidelight.ui.widgets.growing_edit import LARGE, GrowingEdit
from sidelight.ui.widgets.plain import Label, plain_tip

__all__ = ["BranchMap", "EditPrompt"]

_TURN: Final = Qt.ItemDataRole.UserRole
_SHOWN: Final = 200
"""Letters of a prompt in the map."""
_TOLD: Final = 1000
"""Letters of a prompt in its tooltip."""


class BranchMap(Dialog):
    """All turns; those of the branch that is shown are set in bold. `chosen` carries the turn to go to."""

    chosen = Signal(str)

    def __init__(self, conversation: Conversation, parent: QWidget | None = None) -> None:
        super().__init__(messages.text("ui.branches.title"), parent)
        self._tree = tree = QTreeWidget()
        tree.setColumnCount(2)
        tree.setHeaderLabels([messages.text("ui.branches.prompt"), messages.text("ui.branches.when")])
        tree.setAccessibleName(messages.text("ui.branches.title"))
        tree.setUniformRowHeights(True)
        tree.setAllColumnsShowFocus(True)
        tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        tree.header().setStretchLastSection(False)
        tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self._fill(conversation)
        self.column.addWidget(Label(messages.text("ui.branches.about"), "muted", wrap=True))
        self.column.addWidget(tree, 1)
        self._go = self.add_buttons(messages.text("ui.branches.go"))
        tree.currentItemChanged.connect(lambda: self._go.setEnabled(tree.currentItem() is not None))
        tree.itemActivated.connect(lambda _item, _column: self.accept())
        self._go.setEnabled(tree.currentItem() is not None)
        self.size_in_letters(90, 24)
        tree.setFocus()

    def accept(self) -> None:
        """Go to the turn that is marked."""
        item = self._tree.currentItem()
        super().accept()
        if item is not None:
            self.chosen.emit(item.data(0, _TURN))

    def _fill(self, conversation: Conversation) -> None:
        shown = {turn.id for turn in conversation.path}
        following: dict[str | None, list[Turn]] = {}
        known = {turn.id for turn in conversation.turns}
        for turn in conversation.turns:
            following.setdefault(turn.parent if turn.parent in known else None, []).append(turn)
        root = self._tree.invisibleRootItem()
        roots = following.get(None, [])
        waiting = [(turn, root, len(roots) > 1) for turn in reversed(roots)]
        while waiting:
            turn, under, has_siblings = waiting.pop()
            item = self._item(turn, turn.id in shown)
            under.addChild(item)
            if turn.id == conversation.leaf:
                self._tree.setCurrentItem(item)
            after = following.get(turn.id, [])
            parts = len(after) > 1
            inside = item if parts or has_siblings else under
            waiting += [(next_turn, inside, parts) for next_turn in reversed(after)]
        self._tree.expandAll()
        if (current := self._tree.currentItem()) is not None:
            self._tree.scrollToItem(current, QAbstractItemView.ScrollHint.PositionAtCenter)

    def _item(self, turn: Turn, shown: bool) -> QTreeWidgetItem:
        text = " ".join(turn.prompt.text[: 4 * _SHOWN].split())[:_SHOWN] or messages.text("ui.branches.files")
        when = QDateTime.fromSecsSinceEpoch(int(turn.created))
        item = QTreeWidgetItem([text, QLocale().toString(when, QLocale.FormatType.ShortFormat)])
        item.setData(0, _TURN, turn.id)
        item.setToolTip(0, plain_tip(turn.prompt.text[:_TOLD]))
        if shown:
            font = self._tree.font()
            font.setBold(True)
            item.setFont(0, font)
            item.setData(
                0, Qt.ItemDataRole.AccessibleTextRole, messages.text("ui.branches.shown", prompt=text)
            )
        return item


class EditPrompt(Dialog):
    """A prompt to be changed. `sent` carries the new text; the old turn and its answers stay as they are."""

    sent = Signal(str)

    def __init__(self, turn: Turn, parent: QWidget | None = None, *, enter_sends: bool = True) -> None:
        super().__init__(messages.text("ui.edit.title"), parent)
        self.column.addWidget(Label(messages.text("ui.edit.about"), "muted", wrap=True))
        self._edit = GrowingEdit(most_lines=16)
        self._edit.enter_sends = enter_sends
        self._edit.setAccessibleName(messages.text("ui.branches.prompt"))
        self._edit.setPlainText(turn.prompt.text)
        self._edit.selectAll()
        self._edit.submitted.connect(self.accept)
        self._edit.pasted.connect(lambda _text: self.trouble.setText(messages.text("ui.edit.large", n=LARGE)))
        self._edit.textChanged.connect(self._on_text)
        self.column.addWidget(self._edit)
        files = len(turn.prompt.attachments)
        self._has_files = bool(files)
        if files:
            self.column.addWidget(Label(messages.plural("ui.edit.files", files), "muted", wrap=True))
        self.column.addStretch(1)
        self._send = self.add_buttons(messages.text("ui.edit.send"))
        self._on_text()
        self.size_in_letters(90)
        self._edit.setFocus()

    def accept(self) -> None:
        """Send it, where there is something to send."""
        if self._send.isEnabled():
            text = self._edit.toPlainText()
            super().accept()
            self.sent.emit(text)

    def _on_text(self) -> None:
        self.trouble.setText("")
        self._send.setEnabled(bool(self._edit.toPlainText().strip()) or self._has_files)
