"""Asking for files: one dialog of the system's kind for all who open or save, that is gone when it is closed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

__all__ = ["ask_for_file", "ask_for_files", "ask_where_to_save"]


def ask_for_file(parent: QWidget, title: str, then: Callable[[str], None], *, kinds: str = "") -> None:
    """Ask for one file that is there; `then` is told its path. `kinds` is a filter of names as Qt writes it, "" for all."""
    dialog = _dialog(parent, title)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    if kinds:
        dialog.setNameFilter(kinds)
    dialog.fileSelected.connect(then)
    dialog.open()


def ask_for_files(parent: QWidget, title: str, then: Callable[[list[str]], None]) -> None:
    """Ask for files that are there; `then` is told their paths."""
    dialog = _dialog(parent, title)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
    dialog.filesSelected.connect(then)
    dialog.open()


def ask_where_to_save(parent: QWidget, title: str, name: str, then: Callable[[str], None]) -> None:
    """Ask for the path of a file to be written; `name` is proposed, and its suffix added where none was written."""
    dialog = _dialog(parent, title)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(Path(name).suffix.lstrip("."))
    dialog.selectFile(name)
    dialog.fileSelected.connect(then)
    dialog.open()


def _dialog(parent: QWidget, title: str) -> QFileDialog:
    dialog = QFileDialog(parent, title)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return dialog
