"""Writing something into a file that the person names. What cannot be written is said in the window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QWidget

from sidelight import messages
from sidelight.ui.widgets.file_dialog import ask_where_to_save

__all__ = ["save_as"]


def save_as(
    window: QWidget, title: str, name: str, content: Callable[[], bytes], complain: Callable[[str], None]
) -> None:
    """Ask for a file, which is not taken without a question where there is one already; then write what `content` gives.

    `title` is a code of messages.py; `complain` is given the sentence for what went wrong.
    """

    def write(path: str) -> None:
        try:
            Path(path).write_bytes(content())
        except OSError as error:
            reason = error.strerror or str(error)
            complain(messages.text("ui.details.save.failed", path=path, reason=reason))

    ask_where_to_save(window, messages.text(title), name, write)
