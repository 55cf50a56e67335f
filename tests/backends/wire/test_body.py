"""Attachments on their way into a prompt: text is written out, images stay, of the rest it is said that it is missing."""

from __future__ import annotations

import pytest

from sidelight.backends.base import Request
from sidelight.backends.wire.body import kept_value, unpacked
from sidelight.chat.events import Note, Opaque
from sidelight.chat.message import Attachment, Message, Parameters


def told(content: bytes, name: str = "a.txt", media_type: str = "text/plain") -> tuple[str, list[Note]]:
    """The text of a prompt "Why?" with one file, and the notes."""
    file = Attachment("d", name, media_type, len(content))
    request = Request("m", (Message("user", "Why?", (file,)),), Parameters(), {"d": content})
    whole, notes = unpacked(request, "image_url")
    assert whole.messages[0].attachments == ()
    return whole.messages[0].text, notes


@pytest.mark.parametrize(
    ("content", "media_type", "written"),
    [
        (b"x = 1\n", "text/x-python", "x = 1"),
        (b'{"a": 1}', "application/json", '{"a": 1}'),
        (b"\xef\xbb\xbfHallo", "application/octet-stream", "Hallo"),
        ("Grün".encode("utf-16"), "text/plain", "Grün"),
        (b"Gr\xfcn", "text/plain", "Grün"),
        (b"<svg/>", "image/svg+xml", "<svg/>"),
        (b"", "text/plain", ""),
    ],
)
def test_text(content: bytes, media_type: str, written: str) -> None:
    assert told(content, media_type=media_type) == (
        f"a.txt:\n```\n{written}\n```\n\nWhy?",
        [Note("files", "sent", "text")],
    )


def test_a_fence_inside_and_a_name_of_two_lines() -> None:
    text, _ = told(b"```py\nx\n````\n", "a\nb.md")
    assert text == "a b.md:\n`````\n```py\nx\n````\n`````\n\nWhy?"


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"%PDF-1.7 all ASCII", "application/pdf"),
        (b"PK\x03\x04", "application/zip"),
        (b"a\x00b", "text/plain"),
        (b"\xff\xfe\x00\xd8", "text/plain"),
        (b"Gr\xfcn", "application/octet-stream"),
    ],
)
def test_what_is_no_text(content: bytes, media_type: str) -> None:
    text, notes = told(content, "a.bin", media_type)
    assert text == "[a.bin: a file that cannot be shown to you]\n\nWhy?"
    assert notes == [Note("files", "ignored", "not_text_or_image")]


def test_images() -> None:
    image = Attachment("d", "a.png", "image/png", 3)
    gone = Attachment("gone", "b.png", "image/png", 3)
    messages = (
        Message("user", "", (image,)),
        Message("assistant", "A cat."),
        Message("user", "And?", (gone,)),
    )
    request = Request("m", messages, Parameters(), {"d": b"PNG"})
    whole, notes = unpacked(request, "image_url")
    assert whole.messages[0] == messages[0]
    assert whole.messages[2] == Message("user", "[b.png: a file that cannot be shown to you]\n\nAnd?")
    assert notes == [Note("images", "sent", "image_url"), Note("files", "ignored", "content_missing")]
    whole, notes = unpacked(request, "image_url", images=False)
    assert whole.messages[0] == Message("user", "[a.png: a file that cannot be shown to you]")
    assert notes[0] == Note("images", "ignored", "not_by_this_model")


def test_a_value_that_was_kept() -> None:
    assert kept_value(Opaque("signature", '{"a":["\\ud83d\\ude00","\\ud800",1,null]}')) == {
        "a": ["\N{GRINNING FACE}", "\ufffd", 1, None]
    }
    assert kept_value(Opaque("signature", "")) is None
    assert kept_value(Opaque("signature", "[" * 100_000)) is None
