"""The prompt's field: a growing one that passes on files and pictures that are pasted or dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from sidelight.ui.widgets.growing_edit import GrowingEdit

if TYPE_CHECKING:
    from PySide6.QtCore import QMimeData

__all__ = ["PromptEdit"]


class PromptEdit(GrowingEdit):
    """`offered` carries a tuple of attaching.Source."""

    offered = Signal(object)

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Files and pictures too."""
        from sidelight.ui.attaching import has_files

        return has_files(source) or super().canInsertFromMimeData(source)

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Files and pictures are told, text is inserted."""
        from sidelight.ui.attaching import offered_by

        if files := offered_by(source):
            self.offered.emit(files)
        else:
            super().insertFromMimeData(source)
