"""Files are read in a thread, looked at, and taken or refused with a code of messages.py.

What a file is decides its content, never its name. Pictures are sent as they are, with all that they say of themselves; of
each only the head is decoded, and a small thumbnail. Of a PDF its text is taken, and that alone is kept and sent. Not the
sending, and not what a model can read.
"""

from __future__ import annotations

import hashlib
import logging
import mimetypes
import re
import stat
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from itertools import count
from typing import Final, TypeAlias

import msgspec
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, QSize, QTimer, Signal
from PySide6.QtGui import QImage, QImageReader, QImageWriter

from sidelight import messages
from sidelight.chat.message import Attachment
from sidelight.ui.attaching import Attached, Kept, Pasted, Refused, Source
from sidelight.ui.mailbox import Mailbox, Slot
from sidelight.workers import pdf
from sidelight.workers.process import Worker, WorkerError

__all__ = ["Reader", "examine", "read"]

_Found: TypeAlias = tuple[Attached | Refused, ...]
log = logging.getLogger(__name__)

MOST_BYTES: Final = 20_000_000
"""Of a picture."""
MOST_PIXELS: Final = 50_000_000
MOST_TEXT: Final = 1_000_000
"""Bytes of a text."""
THUMBNAIL: Final = 192
"""Pixels of the longer side."""
DEADLINE_MS: Final = 30_000
"""For each file."""
_MOST_DECODED: Final = 25_000_000
"""Pixels that are decoded for a thumbnail; JPEG alone is decoded at the size that is asked for."""
_LONGEST_NAME = 120
_TAKEN: Callable[[bytes], pdf.PdfText | pdf.NoPdfText] = msgspec.msgpack.Decoder(
    pdf.PdfText | pdf.NoPdfText
).decode
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_PICTURES: Final = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "png"),
    (re.compile(rb"\xff\xd8\xff"), "jpeg"),
    (re.compile(rb"GIF8[79]a"), "gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "webp"),
)


def read(source: Source) -> Attached | Refused:
    """Read one. Blocks; never raises."""
    if isinstance(source, Pasted):
        name = messages.text("ui.attach.pasted")
        content = source.content if isinstance(source.content, bytes) else _encoded(source.content)
        return examine(name, content)
    if isinstance(source, Kept):
        return examine(source.name, source.content)
    name = _printable(source.name)
    try:
        about = source.stat()
        if not stat.S_ISREG(about.st_mode):
            return Refused(name, "ui.attach.no_file")
        with source.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError:
        return Refused(name, "ui.attach.unreadable")
    return examine(name, content)


def examine(name: str, content: bytes) -> Attached | Refused:
    """Take or refuse a content; of one that is longer than `MOST_BYTES` the rest need not be there."""
    if not content:
        return Refused(name, "ui.attach.empty")
    if content.startswith(b"%PDF-"):
        return _pdf(name, content)
    form = next((form for magic, form in _PICTURES if magic.match(content)), None)
    return _text(name, content) if form is None else _picture(name, content, form)


def _picture(name: str, content: bytes, form: str) -> Attached | Refused:
    if len(content) > MOST_BYTES:
        return Refused(name, "ui.attach.large_picture")
    device = QBuffer()
    device.setData(QByteArray(content))
    device.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(device, QByteArray(form.encode()))
    reader.setAutoDetectImageFormat(False)
    size = reader.size()
    if not size.isValid() or size.isEmpty():
        return Refused(name, "ui.attach.broken")
    pixels = size.width() * size.height()
    if pixels > MOST_PIXELS:
        return Refused(name, "ui.attach.many_pixels")
    thumbnail: QImage | None = None
    if pixels <= _MOST_DECODED or form == "jpeg":
        reader.setAutoTransform(True)
        reader.setScaledSize(_small(size))
        image = reader.read()
        thumbnail = None if image.isNull() else image
    return Attached(
        _attachment(name, f"image/{form}", content), content, size.width(), size.height(), thumbnail
    )


def _pdf(name: str, content: bytes) -> Attached | Refused:
    """The text of a PDF, as a file of text that says what it was. Waits for the process that takes it out."""
    if len(content) > pdf.MOST_BYTES:
        return Refused(name, "ui.attach.pdf.large")
    with closing(Worker(memory=pdf.MEMORY)) as worker:
        asked = worker.submit(pdf.JOB, (content,), _TAKEN, within=pdf.WITHIN)
        try:
            found = asked.result()
        except WorkerError as error:
            log.info("no text of a PDF: %s %s", error.reason, error.detail)
            slow = error.reason in ("overrun", "memory")
            return Refused(name, "ui.attach.pdf.slow" if slow else "ui.attach.pdf.broken")
    if isinstance(found, pdf.NoPdfText):
        return Refused(name, f"ui.attach.pdf.{found.why}")
    text = found.text.encode()
    said = messages.plural("ui.attach.pdf.name", found.pages, name=name)
    return Attached(_attachment(said, "text/plain", text), text)


def _text(name: str, content: bytes) -> Attached | Refused:
    try:
        text = content[:MOST_TEXT].decode("utf-8", "strict" if len(content) <= MOST_TEXT else "ignore")
    except UnicodeDecodeError:
        return Refused(name, "ui.attach.kind")
    if _BINARY.search(text):
        return Refused(name, "ui.attach.kind")
    if len(content) > MOST_TEXT:
        return Refused(name, "ui.attach.large_text")
    guessed = mimetypes.guess_type(name)[0] or ""
    return Attached(
        _attachment(name, guessed if guessed.startswith("text/") else "text/plain", content), content
    )


def _attachment(name: str, media_type: str, content: bytes) -> Attachment:
    return Attachment(hashlib.sha256(content).hexdigest(), name, media_type, len(content))


def _small(size: QSize) -> QSize:
    longer = max(size.width(), size.height())
    if longer <= THUMBNAIL:
        return size
    scale = THUMBNAIL / longer
    return QSize(max(1, round(size.width() * scale)), max(1, round(size.height() * scale)))


def _encoded(image: QImage) -> bytes:
    device = QBuffer()
    device.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(device, QByteArray(b"png")).write(image)
    return bytes(device.data().data())


def _printable(name: str) -> str:
    """A name that can be shown and sent: without a path, control letters and letters that reverse the line."""
    return "".join(c for c in name if c.isprintable())[-_LONGEST_NAME:] or "?"


class Reader(QObject):
    """Reads files beside the window. `done` carries what they were asked for with, and a tuple of Attached and Refused."""

    done = Signal(str, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._box: Mailbox[tuple[int, _Found]] = Mailbox(lambda came: self._settle(*came), self)
        self._asked: dict[int, str] = {}
        self._numbers = count()

    def read(self, whose: str, sources: Sequence[Source]) -> None:
        """Read them in a thread of their own; what hangs for too long (a drive that is gone) counts as unreadable."""
        number = next(self._numbers)
        self._asked[number] = whose
        work = partial(_read_all, tuple(sources), number, self._box.slot)
        threading.Thread(target=work, name="attach", daemon=True).start()
        names = (messages.text("ui.attach.pasted") if isinstance(s, Pasted) else s.name for s in sources)
        hung = tuple(Refused(_printable(name), "ui.attach.unreadable") for name in names)
        QTimer.singleShot(DEADLINE_MS * len(hung), self, lambda: self._settle(number, hung))

    def _settle(self, number: int, found: _Found) -> None:
        whose = self._asked.pop(number, None)
        if whose is not None:  # whichever came first
            self.done.emit(whose, found)


def _read_all(sources: tuple[Source, ...], number: int, slot: Slot[tuple[int, _Found]]) -> None:
    slot.put((number, tuple(read(source) for source in sources)))
