"""Where the conversations are kept, their backups, and what can be done for them. It shows a value and says what is wanted."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QDateTime, QLocale, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from sidelight import messages
from sidelight.store.backup import Backup
from sidelight.ui import wording
from sidelight.ui.preferences import data_words
from sidelight.ui.preferences.data_words import DataValue, Said
from sidelight.ui.preferences.page import Page
from sidelight.ui.widgets.flow import FlowLayout
from sidelight.ui.widgets.meter import Meter
from sidelight.ui.widgets.plain import ElidedLabel, Label, plain_tip

__all__ = ["DataPage", "when"]

_COLUMNS = ("when", "conversations", "turns", "size", "state")
_NUMBERS = (1, 2, 3)
_LEAST, _MOST = 3, 8
"""Backups that the list shows at once."""


class DataPage(Page):
    """`wished` carries what is to be done: an `Act`, or "back_up", "check", "copy", "folder", "other", "stop".

    `restore_wanted` carries the backup that was chosen.
    """

    wished = Signal(str)
    restore_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__(messages.text("ui.pref.data"))
        self._value: DataValue | None = None
        self._card = _Card()
        self._card.wished.connect(self.wished)
        self.column.insertWidget(1, self._card)
        self._path = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle)
        self._path.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._figures = Label(role="muted", wrap=True)
        self._check = _button("ui.data.check")
        self._copy = _button("ui.data.copy")
        folder = _button("ui.data.folder")
        self._meter = Meter(24)
        self._doing = Label(role="muted", wrap=True)
        self._stop = _button("ui.data.stop")
        self._progress = QWidget()
        row = QHBoxLayout(self._progress)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self._doing)
        row.addWidget(self._meter, 1)
        row.addWidget(self._stop)
        self._said = _Card()
        self._said.wished.connect(self.wished)
        self._tree = _tree()
        self._none = Label(messages.text("ui.data.backups.none"), "muted", wrap=True)
        self._back_up = _button("ui.data.back_up")
        self._restore = _button("ui.data.restore")
        other = _button("ui.data.restore_other")
        self.column.addWidget(Label(messages.text("ui.data.file"), "section", wrap=True))
        self.column.addWidget(self._path)
        self.column.addWidget(self._figures)
        self.column.addWidget(_row(folder, self._check, self._copy))
        self.column.addWidget(self._progress)
        self.column.addWidget(self._said)
        self.column.addWidget(Label(messages.text("ui.data.backups"), "section"))
        self.column.addWidget(self._none)
        self.column.addWidget(self._tree)
        self.column.addWidget(_row(self._back_up, self._restore, other))
        self.column.addWidget(Label(messages.text("ui.data.backups.hint"), "muted", wrap=True))
        self.column.addStretch(1)
        self._busy_with = (self._check, self._copy, self._back_up, self._restore, other)
        for button, wish in (
            (folder, "folder"),
            (self._check, "check"),
            (self._copy, "copy"),
            (self._back_up, "back_up"),
            (other, "other"),
            (self._stop, "stop"),
        ):
            button.clicked.connect(lambda _checked, wish=wish: self.wished.emit(wish))
        self._restore.clicked.connect(self._on_restore)
        self._tree.itemSelectionChanged.connect(self._draw_buttons)
        self._tree.itemActivated.connect(lambda _item, _column: self._on_restore())
        self.show_data(DataValue(Path()))

    def draw(self) -> None:
        """No preference is shown here."""

    def show_data(self, value: DataValue) -> None:
        """Draw the file, its backups, and what is under way."""
        before, self._value = self._value, value
        self._path.setText(str(value.path))
        self._figures.setText(data_words.figures(value))
        self._card.say(data_words.standing(value))
        doing = "" if value.doing is None else data_words.doing(value.doing)
        self._progress.setVisible(bool(doing))
        if value.doing is not None:
            self._doing.setText(doing)
            self._meter.show_value(value.doing.share, doing)
        said = None if value.done is None or value.doing is not None else data_words.done(value.done)
        self._said.say(said)
        if before is None or before.kept != value.kept:
            self._draw_backups(() if value.kept is None else value.kept.backups)
        self._draw_buttons()

    def _draw_backups(self, backups: tuple[Backup, ...]) -> None:
        chosen = self._chosen()
        with QSignalBlocker(self._tree):
            self._tree.clear()
            for backup in backups:
                rows = dict(backup.rows)
                item = QTreeWidgetItem(
                    [
                        when(backup),
                        wording.count(rows["conversations"]) if rows else "–",
                        wording.count(rows["turns"]) if rows else "–",
                        wording.data_size(backup.size),
                        data_words.backup_state(backup),
                    ]
                )
                item.setData(0, Qt.ItemDataRole.UserRole, str(backup.path))
                item.setData(0, Qt.ItemDataRole.ToolTipRole, plain_tip(str(backup.path)))
                for column in _NUMBERS:
                    item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self._tree.addTopLevelItem(item)
                if chosen is not None and backup.path == chosen.path:
                    self._tree.setCurrentItem(item)
        for column in range(len(_COLUMNS) - 1):
            self._tree.resizeColumnToContents(column)
        if backups:
            lines = min(max(len(backups), _LEAST), _MOST) + 1
            self._tree.setFixedHeight(lines * self._tree.sizeHintForRow(0) + 2 * self._tree.frameWidth())
        self._tree.setVisible(bool(backups))
        self._none.setVisible(not backups)

    def _draw_buttons(self) -> None:
        value = self._value
        if value is None:
            return
        idle = value.doing is None
        for button in self._busy_with:
            button.setEnabled(idle)
        there = value.kept is not None and value.kept.size is not None
        held = value.kept is not None and value.kept.held
        chosen = self._chosen()
        self._check.setEnabled(idle and there)
        self._copy.setEnabled(idle and there)
        self._back_up.setEnabled(idle and there and not held and value.standing.how == "open")
        self._restore.setEnabled(idle and chosen is not None and bool(chosen.rows))
        self._card.set_busy(not idle)
        self._said.set_busy(not idle)

    def _chosen(self) -> Backup | None:
        item = self._tree.currentItem()
        if item is None or self._value is None or self._value.kept is None or not item.isSelected():
            return None
        path = Path(item.data(0, Qt.ItemDataRole.UserRole))
        return next((b for b in self._value.kept.backups if b.path == path), None)

    def _on_restore(self) -> None:
        chosen = self._chosen()
        if chosen is not None and self._restore.isEnabled():
            self.restore_wanted.emit(chosen)


class _Card(QFrame):
    """Sentences with a coloured edge, and buttons below them. `wished` carries the act of the button."""

    wished = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._said: Said | None = None
        self._text = Label(wrap=True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._buttons = QWidget()
        self._flow = FlowLayout(self._buttons, 8)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(8)
        column.addWidget(self._text)
        column.addWidget(self._buttons)
        self.hide()

    def say(self, said: Said | None) -> None:
        """Draw it; None hides the card."""
        if said == self._said:
            return
        self._said = said
        self.setVisible(said is not None)
        if said is None:
            return
        self._text.setText(said.text)
        self.setAccessibleName(said.text)
        level = "error" if said.role == "error" else "info"
        if self.property("level") != level:
            self.setProperty("level", level)
            self.style().unpolish(self)
            self.style().polish(self)
        self._flow.clear()
        for act in said.acts:
            button = _button(f"ui.data.do.{act}")
            button.clicked.connect(lambda _checked, act=act: self.wished.emit(act))
            self._flow.addWidget(button)
        self._buttons.setVisible(bool(said.acts))

    def set_busy(self, busy: bool) -> None:
        """Whether its buttons wait for a work to end."""
        self._buttons.setEnabled(not busy)


def when(backup: Backup) -> str:
    """The time of a backup as this system writes times."""
    return QLocale().toString(QDateTime.fromSecsSinceEpoch(int(backup.made)), QLocale.FormatType.ShortFormat)


def _button(label: str) -> QPushButton:
    button = QPushButton(messages.text(label))
    button.setProperty("role", "quiet")
    button.setAutoDefault(False)
    return button


def _row(*buttons: QPushButton) -> QWidget:
    holder = QWidget()
    flow = FlowLayout(holder, 8)
    for button in buttons:
        flow.addWidget(button)
    return holder


def _tree() -> QTreeWidget:
    tree = QTreeWidget()
    tree.setHeaderLabels([messages.text(f"ui.data.column.{column}") for column in _COLUMNS])
    tree.setRootIsDecorated(False)
    tree.setUniformRowHeights(True)
    tree.setAccessibleName(messages.text("ui.data.backups"))
    tree.setFrameShape(QFrame.Shape.StyledPanel)
    tree.header().setStretchLastSection(True)
    for column in _NUMBERS:
        tree.headerItem().setTextAlignment(
            column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        )
    tree.header().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
    return tree
