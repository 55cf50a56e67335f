"""Files on their way into a prompt: what is taken, what is refused and why, and that the window does not read them."""

from __future__ import annotations

import hashlib
import os
import struct
import threading
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMimeData, QUrl
from PySide6.QtGui import QColor, QImage, QImageWriter
from pytestqt.qtbot import QtBot

from sidelight import messages
from sidelight.ui import examining
from sidelight.ui.attaching import Attached, Pasted, Refused, has_files, offered_by
from sidelight.ui.examining import Reader, examine, read


def picture(form: str = "png", width: int = 40, height: int = 30) -> bytes:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor("#226688"))
    device = QBuffer()
    device.open(QIODevice.OpenModeFlag.WriteOnly)
    assert QImageWriter(device, QByteArray(form.encode())).write(image)
    return bytes(device.data().data())


DAMAGED = "JPEG|QGIFFormat|Unsupported|corrupt|Premature|Bogus"
"""What Qt's readers say of damaged pictures."""
GIF = (
    b"GIF89a\x02\x00\x01\x00\x80\x00\x00\xff\x00\x00\x00\x00\xff!\xf9\x04\x00\x00\x00\x00\x00"
    b",\x00\x00\x00\x00\x02\x00\x01\x00\x00\x02\x02D\n\x00;"
)


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
def test_a_picture_is_what_its_first_bytes_say(form: str) -> None:
    content = picture(form)
    found = examine("notes.txt", content)
    assert isinstance(found, Attached)
    assert found.attachment.media_type == f"image/{form}"
    assert (found.width, found.height) == (40, 30)
    assert found.attachment.digest == hashlib.sha256(content).hexdigest()
    assert found.attachment.size == len(found.content) == len(content)
    assert found.content == content
    assert found.thumbnail is not None


def test_a_gif_is_a_picture() -> None:
    found = examine("x", GIF)
    assert isinstance(found, Attached)
    assert (found.attachment.media_type, found.width, found.height) == ("image/gif", 2, 1)


def test_a_thumbnail_is_small_and_keeps_its_shape() -> None:
    found = examine("wide.png", picture(width=1600, height=400))
    assert isinstance(found, Attached)
    assert found.thumbnail is not None
    assert (found.thumbnail.width(), found.thumbnail.height()) == (examining.THUMBNAIL, 48)


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("main.py", b"print('hi')\n", "text/x-python"),
        ("notes", "Grüße, 世界".encode(), "text/plain"),
        ("drawing.svg", b"<svg/>", "text/plain"),
        ("data.json", b'{"a": 1}', "text/plain"),
        ("marked.txt", b"\xef\xbb\xbfhello", "text/plain"),
        ("log.txt", b"\x1b[31mred\x1b[0m\f", "text/plain"),
    ],
)
def test_text_in_utf_8_is_taken(name: str, content: bytes, media_type: str) -> None:
    found = examine(name, content)
    assert isinstance(found, Attached)
    assert (found.attachment.name, found.attachment.media_type) == (name, media_type)
    assert not found.attachment.is_image
    assert found.content == content


@pytest.mark.qt_log_ignore(DAMAGED)
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "ui.attach.empty"),
        (b"%PDF-1.7\n...", "ui.attach.pdf.broken"),
        (b"%PDF-1.7\n" + b"\0" * examining.MOST_BYTES, "ui.attach.pdf.large"),
        (b"PK\x03\x04\x14\x00", "ui.attach.kind"),
        (b"MZ\x90\x00", "ui.attach.kind"),
        ("Grüße".encode("latin-1"), "ui.attach.kind"),
        ("hello".encode("utf-16"), "ui.attach.kind"),
        (b"a" * (examining.MOST_TEXT + 1), "ui.attach.large_text"),
        (b"a" + "ü".encode() * (examining.MOST_TEXT // 2), "ui.attach.large_text"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 30, "ui.attach.broken"),
        (b"\xff\xd8\xff\xe0", "ui.attach.broken"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "ui.attach.broken"),
        (b"\xff\xd8\xff" + b"\0" * examining.MOST_BYTES, "ui.attach.large_picture"),
    ],
)
def test_everything_else_is_refused_with_a_reason(content: bytes, code: str) -> None:
    found = examine("file", content)
    assert found == Refused("file", code)
    assert found.text == messages.text(code, name="file")


def test_many_pixels_are_refused_by_the_head_alone() -> None:
    head = struct.pack(">IIBBBBB", 10_000, 5_001, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + head
    content = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    content += struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    assert examine("large.png", content) == Refused("large.png", "ui.attach.many_pixels")


@pytest.mark.qt_log_ignore(DAMAGED)
@given(st.binary(max_size=400))
def test_no_content_raises(content: bytes) -> None:
    for start in (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"RIFF....WEBP"):
        assert examine("x", start + content) is not None


def test_a_file_is_read_without_its_path(tmp_path: Path) -> None:
    (tmp_path / "a\u202eb\nc.txt").write_text("x")
    found = read(tmp_path / "a\u202eb\nc.txt")
    assert isinstance(found, Attached)
    assert found.attachment.name == "abc.txt"


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    assert read(tmp_path) == Refused(tmp_path.name, "ui.attach.no_file")
    assert read(tmp_path / "gone.txt") == Refused("gone.txt", "ui.attach.unreadable")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        assert read(tmp_path / "pipe") == Refused("pipe", "ui.attach.no_file")


def test_of_a_huge_file_no_more_is_read_than_may_be(tmp_path: Path) -> None:
    huge = tmp_path / "disk.img"
    with huge.open("wb") as file:
        file.write(b"\xff\xd8\xff")
        file.truncate(5_000_000_000)
    try:
        assert read(huge) == Refused("disk.img", "ui.attach.large_picture")
    finally:
        huge.unlink()  # every file left is searched for keys, and this one has 5 GB of nothing


def test_the_clipboard_offers_files_before_pictures_and_text_before_those() -> None:
    files, pixels, both, text = QMimeData(), QMimeData(), QMimeData(), QMimeData()
    files.setUrls([QUrl.fromLocalFile("/a/b.png"), QUrl("https://x.example/c.png")])
    image = QImage(3, 2, QImage.Format.Format_RGB32)
    image.fill(0)
    pixels.setImageData(image)
    both.setImageData(image)
    both.setText("a table")
    text.setText("hello")
    assert offered_by(files) == (Path("/a/b.png"),)
    (pasted,) = offered_by(pixels)
    assert isinstance(pasted, Pasted)
    found = read(pasted)
    assert isinstance(found, Attached)
    assert (found.attachment.media_type, found.width, found.height) == ("image/png", 3, 2)
    assert found.attachment.name == "pasted picture"
    assert offered_by(both) == ()
    assert offered_by(text) == ()
    assert [has_files(mime) for mime in (files, pixels, both, text)] == [True, True, False, False]


def test_a_picture_keeps_the_bytes_it_was_copied_with() -> None:
    content = picture("jpeg")
    mime = QMimeData()
    mime.setData("image/jpeg", QByteArray(content))
    image = QImage(3, 2, QImage.Format.Format_RGB32)
    mime.setImageData(image)
    assert offered_by(mime) == (Pasted(content),)


def test_files_are_read_in_another_thread(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text("a")
    threads: list[str] = []
    examined = examining.examine

    def noted(name: str, content: bytes) -> Attached | Refused:
        threads.append(threading.current_thread().name)
        return examined(name, content)

    monkeypatch.setattr(examining, "examine", noted)
    reader = Reader()
    with qtbot.waitSignal(reader.done) as heard:
        reader.read("c1", (tmp_path / "a.txt", tmp_path / "gone.txt"))
    assert heard.args is not None
    assert heard.args[0] == "c1"
    assert [type(found) for found in heard.args[1]] == [Attached, Refused]
    assert threads == ["attach"]


def test_a_drive_that_does_not_answer_is_given_up(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = threading.Event()

    def hang(_source: object) -> Refused:
        let_go.wait(10)
        return Refused("late", "ui.attach.unreadable")

    monkeypatch.setattr(examining, "read", hang)
    monkeypatch.setattr(examining, "DEADLINE_MS", 50)
    reader = Reader()
    told: list[object] = []
    reader.done.connect(lambda whose, found: told.append((whose, found)))
    reader.read("c1", (tmp_path / "far.txt",))
    qtbot.waitUntil(lambda: bool(told))
    let_go.set()
    qtbot.wait(50)
    assert told == [("c1", (Refused("far.txt", "ui.attach.unreadable"),))]
