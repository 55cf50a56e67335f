"""PDF: all that is said is on the pages once, in order, with numbers; and what comes of a child that cannot set them."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pypdf
import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QColor, QImage, QImageWriter

from sidelight.chat.conversation import Conversation, Turn
from sidelight.chat.message import Attachment, Lane, Prompt
from sidelight.chat.reply import Asked, Identity, Reply, ReplyState, Segment, Timing
from sidelight.transfer.formats import pdf
from sidelight.transfer.source import Options, Source, Traces

CHILD = [sys.executable, "-c", "from sidelight.ui import printing; printing.run()"]
CODE = "\n".join(f"int value_{n} = {n}; /* line {n} of the code */" for n in range(120))
TABLE = "\n".join(["| n | what |", "|--:|:--|", *(f"| {n} | row-{n}-of-it |" for n in range(90))])
ANSWER = f"# Model's heading\n\nWords with **bold** ones and $e^{{i\\pi}}$.\n\n```c\n{CODE}\n```\n\n{TABLE}\n\nThe end."


def reply(lane: str, answer: str, trace: str = "", *, version: int = 1) -> Reply:
    segments = (Segment("reasoning", trace),) if trace else ()
    return Reply(
        f"{lane}-{version}",
        lane,
        version,
        ReplyState.COMPLETE,
        (*segments, Segment("answer", answer)),
        timing=Timing(asked_at=1.8e9, done=12.3),
        identity=Identity(requested_model=f"model-{lane}"),
        asked=Asked("srv"),
    )


def conversation(*replies: Reply, prompt: Prompt | None = None) -> Conversation:
    lanes = tuple(dict.fromkeys(r.lane for r in replies))
    row = tuple(Lane(lane, "srv", f"model-{lane}") for lane in lanes)
    turn = Turn("t", None, prompt or Prompt("Why?\n  Indented."), replies, 1.0)
    return Conversation("c", "Sky & sea", row, (turn,), "t", created=1.8e9)


def printed(shown: Conversation, traces: Traces = "folded", source: Source | None = None) -> list[str]:
    """The text of each page, with one blank wherever there are some: Qt spells blanks as it likes."""
    made = source or Source([shown.id], Options(traces), shown=shown)
    content = b"".join(pdf.pieces(made, CHILD))
    return [" ".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(content)).pages]


@pytest.fixture(scope="module")
def pages() -> list[str]:
    return printed(conversation(reply("a", ANSWER, "Hidden thought."), reply("b", "Short.")))


def test_pages_are_numbered_and_named(pages: list[str]) -> None:
    assert len(pages) > 3
    for number, page in enumerate(pages, 1):
        assert page.count("Sky & sea") == (2 if number == 1 else 1)
        assert re.search(rf"(^|\s){number}(\s|$)", page)


def test_every_line_and_row_stands_there_once(pages: list[str]) -> None:
    whole = "\n".join(pages)
    for n in range(120):
        assert whole.count(f"value_{n} =") == 1, n
    for n in range(90):
        assert whole.count(f"row-{n}-of-it") == 1, n


def test_lanes_come_one_after_another_each_with_a_heading(pages: list[str]) -> None:
    whole = "\n".join(pages)
    places = [
        whole.index(x)
        for x in (
            "Turn 1",
            "Indented.",
            "Lane 1 · srv/model-a",
            "Model's heading",
            "The end.",
            "Lane 2 · srv/model-b",
        )
    ]
    assert places == sorted(places)
    assert "Short." in whole[places[-1] :]


@pytest.mark.parametrize(
    ("traces", "stands"),
    [
        ("in", "Trace: full, guessed Thought of it. Answer"),
        ("folded", "Trace: full, guessed · The trace (14 characters) was left out of this export. Answer"),
        ("out", "done after 12.30 s Answer"),
    ],
)
def test_traces_are_shown_or_left_as_a_line_or_out(traces: Traces, stands: str) -> None:
    (page,) = printed(conversation(reply("a", "So it is.", "Thought of it.")), traces)
    assert f"{stands} So it is." in page
    assert ("Thought of it." in page) == (traces == "in")


def test_versions_pictures_and_failures_are_told() -> None:
    image = QImage(300, 200, QImage.Format.Format_RGB32)
    image.fill(QColor("#226688"))
    held = QByteArray()
    device = QBuffer(held)
    device.open(QIODevice.OpenModeFlag.WriteOnly)
    assert QImageWriter(device, QByteArray(b"png")).write(image)
    file = Attachment("d", "photo.png", "image/png", held.size())
    shown = conversation(
        reply("a", "First."), reply("a", "Second.", version=2), prompt=Prompt("Look.", (file,))
    )
    shown = replace(
        shown, turns=(replace(shown.turns[0], replies=(*shown.turns[0].replies, Reply("x", "b"))),)
    )

    class WithFile(Source):
        def content(self, digest: str) -> bytes | None:
            return bytes(held.data()) if digest == "d" else None

    source = WithFile([shown.id], shown=shown)
    content = b"".join(pdf.pieces(source, CHILD))
    page = pypdf.PdfReader(io.BytesIO(content)).pages[0]
    text = " ".join(page.extract_text().split())
    resources: Any = page["/Resources"]
    drawn = [x.get_object() for x in resources["/XObject"].values()]
    assert [(x["/Width"], x["/Height"]) for x in drawn if x["/Subtype"] == "/Image"] == [(300, 200)]
    assert "File: photo.png (image/png" in text
    assert text.index("Lane 1 · version 2 · srv/model-a") < text.index("Second.") < text.index("version 1")
    assert "interrupted" in text
    assert "No answer came." in text


def test_each_conversation_begins_a_page() -> None:
    first, second = (
        conversation(reply("a", "One.")),
        replace(conversation(reply("a", "Two.")), id="d", title=""),
    )

    class Two(Source):
        def _conversation(self, identifier: str) -> Conversation | None:
            return {"c": first, "d": second}[identifier]

    found = printed(first, source=Two(["c", "d"]))
    assert len(found) == 2
    assert "One." in found[0]
    assert "Two." in found[1]


def test_nothing_at_all_is_a_page() -> None:
    assert (
        printed(conversation(), source=Source([])) == [""]
        or len(printed(conversation(), source=Source([]))) == 1
    )


@pytest.mark.parametrize(
    "code",
    ["import sys; sys.exit(3)", "print('no frame')", "import os; os.write(1, b'\\0\\0\\0\\5hello')"],
    ids=["ends", "chatters", "lies"],
)
def test_a_child_that_does_not_work_is_told_in_words(code: str) -> None:
    shown = conversation(reply("a", "x"))
    with pytest.raises(OSError, match="the pages could not be set"):
        list(pdf.pieces(Source([shown.id], shown=shown), [sys.executable, "-c", code]))


def test_a_child_that_dies_on_the_way_is_told_in_words() -> None:
    code = (
        "import os\nfrom sidelight.workers.frames import *\n"
        "os.write(1, pack(Ready()))\nread_frame(os.fdopen(0, 'rb', closefd=False))\nos._exit(1)"
    )
    shown = conversation(reply("a", "x"))
    with pytest.raises(OSError, match=r"the pages could not be set|Broken pipe"):
        list(pdf.pieces(Source([shown.id], shown=shown), [sys.executable, "-c", code]))


def test_whoever_stops_ends_the_child() -> None:
    shown = conversation(reply("a", ANSWER))
    pieces: Iterator[bytes] = pdf.pieces(Source([shown.id], shown=shown), CHILD)
    with closing(pieces):  # type: ignore[type-var]  # a generator
        assert next(pieces) == b""
