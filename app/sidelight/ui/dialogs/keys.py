"""The list of keys, read off the table of commands."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from sidelight import messages
from sidelight.ui.actions import COMMANDS, GROUPS
from sidelight.ui.dialogs.base import Dialog

__all__ = ["KeyList"]


class KeyList(Dialog):
    """Every command that has a key, by group."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(messages.text("ui.keys"), parent)
        tree = QTreeWidget()
        tree.setHeaderHidden(True)
        tree.setColumnCount(2)
        tree.setRootIsDecorated(False)
        tree.setIndentation(16)
        tree.setAccessibleName(messages.text("ui.keys"))
        tree.setSelectionMode(QTreeWidget.SelectionMode.SingleSelection)
        for group, title in GROUPS:
            head = QTreeWidgetItem([messages.text(title), ""])
            head.setFlags(Qt.ItemFlag.ItemIsEnabled)
            font = head.font(0)
            font.setBold(True)
            head.setFont(0, font)
            tree.addTopLevelItem(head)
            for command in COMMANDS:
                if command.group == group and command.keys:
                    shown = [
                        QKeySequence(k).toString(QKeySequence.SequenceFormat.NativeText)
                        for k in command.keys[:1]
                    ]
                    head.addChild(QTreeWidgetItem([command.caption, ", ".join(shown)]))
            head.setExpanded(True)
        tree.header().setStretchLastSection(False)
        tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.column.addWidget(tree, 1)
        self.add_buttons(messages.text("ui.close"), cancel=False)
        self.size_in_letters(64, 36)
