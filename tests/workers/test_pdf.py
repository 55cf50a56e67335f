"""The text of PDFs: what is taken and how it is marked, what is refused, and that a file built to hang does not."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import closing

import msgspec
import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.workers.pdf_files import pdf_of

from sidelight.workers import pdf
from sidelight.workers.pdf import NoPdfText, PdfText, taker
from sidelight.workers.process import Worker, WorkerError

READ: Callable[[bytes], PdfText | NoPdfText] = msgspec.msgpack.Decoder(PdfText | NoPdfText).decode


def locked(password: str, content: bytes) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(content))
    writer.encrypt(user_password=password, owner_password="owner", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.fixture(scope="module")
def take() -> Callable[[bytes], PdfText | NoPdfText]:
    return taker()


def test_each_page_stands_under_its_number(take: Callable[[bytes], PdfText | NoPdfText]) -> None:
    found = take(pdf_of("Grüße, world.\nA second line.", "", "The end."))
    assert found == PdfText(
        "Text of a PDF of 3 pages. Its pictures are not here, and tables and formulas may be out of order.\n\n"
        "[page 1]\nGrüße, world.\nA second line.\n\n[page 2: no text]\n\n[page 3]\nThe end.\n",
        3,
    )


def test_one_page(take: Callable[[bytes], PdfText | NoPdfText]) -> None:
    found = take(pdf_of("Alone."))
    assert isinstance(found, PdfText)
    assert found.text.startswith("Text of a PDF of one page.")
    assert found.pages == 1


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"%PDF-1.7\n...", "broken"),
        (pdf_of("x")[:300], "broken"),
        (pdf_of("", ""), "pictures"),
        (pdf_of(" - ", "..."), "pictures"),
        (pdf_of(*["x"] * (pdf.MOST_PAGES + 1)), "many_pages"),
        (pdf_of(*["word " * 25_000] * 9), "large_text"),
        (locked("secret", pdf_of("x")), "encrypted"),
    ],
    ids=["no-file", "cut", "pictures", "rules-alone", "pages", "text", "locked"],
)
@pytest.mark.logs("")
def test_what_gives_no_text_says_why(
    take: Callable[[bytes], PdfText | NoPdfText], content: bytes, why: str
) -> None:
    assert take(content) == NoPdfText(why)  # type: ignore[arg-type]


@pytest.mark.logs("")
def test_a_file_that_anybody_may_open_is_read_though_it_is_encrypted(
    take: Callable[[bytes], PdfText | NoPdfText],
) -> None:
    found = take(locked("", pdf_of("Open to all.")))
    assert isinstance(found, PdfText)
    assert "Open to all." in found.text


@pytest.mark.logs("")
@settings(deadline=None, max_examples=60)
@given(st.data())
def test_no_damage_raises(data: st.DataObject) -> None:
    content = bytearray(pdf_of("Some text.", "More of it."))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(9, len(content) - 1))] = data.draw(st.integers(0, 255))
    assert isinstance(taker()(bytes(content)), PdfText | NoPdfText)


def test_what_no_text_has_is_taken_out() -> None:
    pages: Iterator[str] = iter(["a\x00b\x07 \r\nc   \n\n\n\nd\ud800\x85"])
    found = pdf._joined(pages)
    assert isinstance(found, PdfText)
    assert found.text.partition("[page 1]\n")[2] == "ab\nc\n\nd?\n"


def test_a_file_of_the_largest_size_goes_to_the_worker_and_its_text_comes_back() -> None:
    content = pdf_of("Hello.") + b"%" + b"x" * (pdf.MOST_BYTES - 2000)
    with closing(Worker(memory=pdf.MEMORY)) as worker:
        found = worker.submit(pdf.JOB, (content,), READ, within=pdf.WITHIN).result(60)
    assert isinstance(found, PdfText)
    assert "Hello." in found.text


def test_a_file_that_unpacks_to_more_than_there_is_takes_the_worker_down_and_nothing_else() -> None:
    content = pdf_of("Hello.", filler=b" " * 400_000_000)
    assert len(content) < 1_000_000
    with closing(Worker(memory=300_000_000)) as worker:
        asked = worker.submit(pdf.JOB, (content,), READ, within=60.0)
        try:
            found = asked.result(90)
        except WorkerError as error:
            assert error.reason in ("memory", "crashed", "overrun")  # noqa: PT017 - or it is refused in words
        else:
            assert isinstance(found, NoPdfText)
        again = worker.submit(pdf.JOB, (pdf_of("Again."),), READ, within=pdf.WITHIN).result(60)
    assert isinstance(again, PdfText)
