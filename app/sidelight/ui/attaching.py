"""Files on their way into a prompt, as values: what is offered, what was taken, what was refused. Not the reading."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QImage

from sidelight import messages
from sidelight.chat.message import Attachment

__all__ = ["Attached", "Kept", "Pasted", "Refused", "Source", "has_files", "offered_by"]


@dataclass(frozen=True, slots=True)
class Pasted:
    """A picture of the clipboard: as a program encoded it, or as pixels that are still to be encoded."""

    content: bytes | QImage


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of a draft, as it was taken once."""

    name: str
    content: bytes = field(repr=False)


Source: TypeAlias = Path | Pasted | Kept


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that was taken: what the prompt holds of it, its content, and for a picture its size in pixels and a thumbnail."""

    attachment: Attachment
    content: bytes = field(repr=False)
    width: int = 0
    height: int = 0
    thumbnail: QImage | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that was not taken, and why: `code` is filled by `name` alone."""

    name: str
    code: str

    @property
    def text(self) -> str:
        """The sentence."""
        return messages.text(self.code, name=self.name)


def has_files(mime: QMimeData) -> bool:
    """Whether a clipboard or a drop offers files or a picture; copies nothing, for it is asked with each move of a drag."""
    return any(url.isLocalFile() for url in mime.urls()) or (mime.hasImage() and not mime.hasText())


def offered_by(mime: QMimeData) -> tuple[Source, ...]:
    """The files or the picture of a clipboard or a drop; nothing where its text is what is meant."""
    paths = tuple(Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile())
    if paths:
        return paths
    if not has_files(mime):
        return ()
    for form in ("image/png", "image/jpeg", "image/webp", "image/gif"):
        if mime.hasFormat(form):
            return (Pasted(bytes(mime.data(form).data())),)
    image = mime.imageData()
    return (Pasted(image),) if isinstance(image, QImage) and not image.isNull() else ()
