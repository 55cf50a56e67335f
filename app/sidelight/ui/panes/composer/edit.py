"""The prompt's field: a growing one that passes on files and pictures that are pasted or dropped."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, Signal

from sidelight.ui.attaching import has_files, offered_by
from sidelight.ui.widgets.growing_edit import GrowingEdit

__all__ = ["PromptEdit"]


class PromptEdit(GrowingEdit):
    """`offered` carries a tuple of attaching.Source."""

    offered = Signal(object)

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Files and pictures too."""
        return has_files(source) or super().canInsertFromMimeData(source)

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Files and pictures are told, text is inserted."""
        if files := offered_by(source):
            self.offered.emit(files)
        else:
            super().insertFromMimeData(source)
