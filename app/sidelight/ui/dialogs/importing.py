"""Which files are taken in, and what they are; then how far it has come, and what became of each, down to single conversations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

from PySide6.QtCore import QMimeData, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from sidelight import messages
from sidelight.transfer.report import FileReport, lines, plain, well
from sidelight.ui.dialogs.base import Dialog
from sidelight.ui.importing import Looker, Taker, Told
from sidelight.ui.widgets.file_dialog import ask_for_files
from sidelight.ui.widgets.plain import Label, plain_tip

__all__ = ["ImportDialog"]

Index: TypeAlias = QModelIndex | QPersistentModelIndex

_PATH = Qt.ItemDataRole.UserRole
_FORM = Qt.ItemDataRole.UserRole + 1
_NAMED = 50
"""Letters of a name that are shown: its beginning and its end."""
_MARGIN = 24
"""Pixels beside a line that are not its own: the padding of the style sheet, and a scroll bar."""


class ImportDialog(Dialog):
    """Stays open until what was chosen is taken in, and reports. `taken`: there may be more conversations than before; `stored`
    carries the ids of those in which there is more, while it goes on."""

    taken = Signal()
    stored = Signal(object)

    def __init__(
        self,
        database: Path,
        parent: QWidget | None = None,
        *,
        paths: Sequence[Path] = (),
        ask_paths: Callable[[QWidget, Callable[[list[str]], None]], None] | None = None,
    ) -> None:
        """`paths` are files to begin with. `ask_paths` asks for more; the system's own dialog unless told."""
        super().__init__(messages.text("ui.import.title"), parent)
        self._database = database
        self._ask_paths = ask_paths or _ask_paths
        self._looker: Looker | None = None
        self._taker: Taker | None = None
        self._running: list[QTreeWidgetItem] = []
        self._reports: list[FileReport] = []
        self._closing = False
        self.setAcceptDrops(True)
        self.column.addWidget(Label(messages.text("ui.import.about"), role="muted", wrap=True))
        self._tree = _Tree()
        self._tree.removed.connect(self._on_removed)
        self.column.addWidget(self._tree, 1)
        self._add = QPushButton(messages.text("ui.import.add"))
        self._add.setAutoDefault(False)
        self._add.clicked.connect(self._on_add)
        self._copy = QPushButton(messages.text("ui.import.copy"))
        self._copy.setAutoDefault(False)
        self._copy.clicked.connect(self._on_copy)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._add)
        row.addStretch(1)
        row.addWidget(self._copy)
        self.column.addLayout(row)
        self._meter, self._said = self.add_progress()
        self._leave = QPushButton(messages.text("ui.cancel"))
        self._leave.setAutoDefault(False)
        self._leave.clicked.connect(self.reject)
        self._do = self.add_buttons(messages.text("ui.import.do"), cancel=False, beside=self._leave)
        self._draw()
        self.size_in_letters(84, 26)
        self.add_files(paths)

    def add_files(self, paths: Iterable[Path]) -> None:
        """Look what these are; one that is listed already is not listed again."""
        if self._taker is not None:
            return
        if self._reports:
            self._begin_anew()
        known = {item.data(0, _PATH) for item in self._tree.files()}
        new = [path for path in dict.fromkeys(paths) if str(path) not in known]
        for path in new:
            item = QTreeWidgetItem()
            item.setData(0, _PATH, str(path))
            item.setData(0, Qt.ItemDataRole.ToolTipRole, plain_tip(str(path)))
            self._tree.addTopLevelItem(item)
            self._show_state(item, messages.text("ui.import.looking"))
        if new:
            looker = Looker(self)
            looker.told.connect(self._on_told)
            looker.done.connect(self._on_looked)
            self._looker = looker
            looker.begin(new)
        self._draw()

    def accept(self) -> None:
        """Take in what can be; pressed again, stop; at the end, close."""
        if self._taker is not None:
            self._do.setEnabled(False)
            self._said.setText(messages.text("ui.import.stopping"))
            self._taker.stop()
        elif self._reports:
            super().accept()
        elif self._ready():
            self._begin()

    def reject(self) -> None:
        """Close; what is under way is left off first."""
        self._closing = True
        if self._taker is not None:
            self._taker.stop()
        else:
            super().reject()

    def may_drop(self, data: QMimeData) -> bool:
        """Files may be dropped while nothing is under way."""
        return self._taker is None and any(url.isLocalFile() for url in data.urls())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Say so."""
        if self.may_drop(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Add what is dropped."""
        urls = [url for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        self.add_files(Path(url.toLocalFile()) for url in urls)

    def _ready(self) -> list[QTreeWidgetItem]:
        """The files that can be taken in."""
        return [item for item in self._tree.files() if item.data(0, _FORM)]

    def _on_add(self) -> None:
        self._ask_paths(self, lambda found: self.add_files(map(Path, found)))

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(plain(self._reports))
        self._copy.setText(messages.text("ui.import.copied"))

    def _on_told(self, told: Told) -> None:
        item = next((x for x in self._tree.files() if x.data(0, _PATH) == str(told.path)), None)
        if item is None:  # taken from the list meanwhile
            return
        item.setData(0, _FORM, told.form)
        if told.form:
            self._show_state(item, messages.text(f"transfer.source.{told.form}"))
        else:
            self._show_state(item, "", bad=True)
            item.addChild(QTreeWidgetItem([told.trouble]))
            item.setExpanded(True)
        self._draw()

    def _on_looked(self) -> None:
        if self.sender() is self._looker:
            self._looker = None
        self._draw()

    def _on_removed(self) -> None:
        self._draw()

    def _show_state(self, item: QTreeWidgetItem, state: str, *, bad: bool = False) -> None:
        name = _short(Path(item.data(0, _PATH)).name)
        item.setText(0, messages.text("ui.import.row", name=name, state=state) if state else name)
        self._tree.colour(item, bad=bad)

    def _draw(self) -> None:
        running, over = self._taker is not None, bool(self._reports)
        self._tree.fixed = running or over
        self._add.setEnabled(not running)
        self._add.setText(messages.text("ui.import.clear" if over and not running else "ui.import.add"))
        self._copy.setVisible(over and not running)
        self._leave.setVisible(running or not over)
        if not running:
            self._do.setText(messages.text("ui.close" if over else "ui.import.do"))
            self._do.setEnabled(over or (bool(self._ready()) and self._looker is None))

    def _begin(self) -> None:
        self._running = self._ready()
        self._taker = taker = Taker(self._database, self)
        taker.progressed.connect(self._on_progress)
        taker.stored.connect(self.stored)
        taker.reported.connect(self._on_report)
        taker.done.connect(self._on_done)
        self.trouble.setText("")
        self._meter.show_value(0.0, "")
        self._meter.show()
        self._said.show()
        self._do.setText(messages.text("ui.import.stop"))
        self._draw()
        self._on_progress(0, 0.0)
        taker.begin([Path(item.data(0, _PATH)) for item in self._running])

    def _on_progress(self, number: int, fraction: float) -> None:
        total = len(self._running)
        name = _short(Path(self._running[number].data(0, _PATH)).name)
        said = messages.text(
            "ui.import.running", name=name, done=number + 1, total=total, percent=int(100 * fraction)
        )
        if self._do.isEnabled():  # else it is said that it is being stopped
            self._said.setText(said)
        self._meter.show_value((number + fraction) / max(1, total), said)

    def _on_report(self, number: int, report: FileReport) -> None:
        self._reports.append(report)
        item = self._running[number]
        for line in lines(report):
            child = QTreeWidgetItem([line.text])
            item.addChild(child)
            self._tree.colour(child, bad=line.bad)
            for detail in line.details:
                child.addChild(QTreeWidgetItem([detail]))
        if not well(report):
            self._tree.colour(item, bad=True)
        item.setExpanded(True)
        self._tree.scrollToItem(item)
        self.taken.emit()

    def _on_done(self, trouble: str) -> None:
        self._taker = None
        if self._closing:
            self.reject()
            return
        self._meter.hide()
        self._do.setEnabled(True)
        self._copy.setText(messages.text("ui.import.copy"))
        self.trouble.setText(trouble)
        if self._reports:
            taken = sum(report.fates.get("taken", 0) for report in self._reports)
            self._said.setText(messages.plural("transfer.taken", taken))
        else:
            self._said.hide()
        self._draw()

    def _begin_anew(self) -> None:
        """Away with the report, for other files."""
        self._reports.clear()
        self._tree.clear()
        self._said.hide()
        self._draw()


class _Tree(QTreeWidget):
    """Files, and below each what became of it: plain text, as many lines as it needs."""

    removed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.fixed = False
        self.setHeaderHidden(True)
        self.setWordWrap(True)
        self.setUniformRowHeights(False)
        self.setItemDelegate(_Lines(self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QTreeWidget.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QTreeWidget.ScrollMode.ScrollPerPixel)
        self.setAccessibleName(messages.text("ui.import.files"))

    def files(self) -> list[QTreeWidgetItem]:
        """The topmost items."""
        found = (self.topLevelItem(row) for row in range(self.topLevelItemCount()))
        return [item for item in found if item is not None]

    def colour(self, item: QTreeWidgetItem, *, bad: bool) -> None:
        """Have it stand out where something is wrong."""
        role = QPalette.ColorRole.BrightText if bad else QPalette.ColorRole.Text
        item.setForeground(0, QBrush(self.palette().color(role)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete takes files from the list."""
        if event.key() == Qt.Key.Key_Delete and not self.fixed:
            for item in self.selectedItems():
                self.takeTopLevelItem(self.indexOfTopLevelItem(item))
            self.removed.emit()
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lines break elsewhere."""
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Where there is nothing, say what belongs here."""
        super().paintEvent(event)
        if self.topLevelItemCount():
            return
        painter = QPainter(self.viewport())
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        painter.drawText(
            self.viewport().rect(),
            int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap),
            messages.text("ui.import.drop"),
        )


class _Lines(QStyledItemDelegate):
    """Items as high as their words need in the width there is, which a tree does not see to by itself."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """As wide as the tree, and as high as it takes."""
        tree = option.widget
        assert isinstance(tree, _Tree)
        found = super().sizeHint(option, index)
        depth, at = 1, index.parent()
        while at.isValid():
            depth, at = depth + 1, at.parent()
        width = max(100, tree.viewport().width() - depth * tree.indentation() - _MARGIN)
        metrics = tree.fontMetrics()
        words = str(index.data(Qt.ItemDataRole.DisplayRole))
        wrapped = metrics.boundingRect(QRect(0, 0, width, 100_000), int(Qt.TextFlag.TextWordWrap), words)
        return QSize(width, found.height() - metrics.height() + max(metrics.height(), wrapped.height()))


def _short(name: str) -> str:
    return name if len(name) <= _NAMED else f"{name[: _NAMED - 16]}…{name[-15:]}"


def _ask_paths(parent: QWidget, then: Callable[[list[str]], None]) -> None:
    ask_for_files(parent, messages.text("ui.import.title"), then)
