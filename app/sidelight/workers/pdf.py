"""The text of a PDF, taken out in the worker: what comes from elsewhere may be built to take for ever, or all memory.

Only what is written as text: nothing is read off pictures, and how a page looked is lost. Asked for with `JOB`; the answer
is a `PdfText` or a `NoPdfText`.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from typing import Literal, TypeAlias

import msgspec

__all__ = [
    "JOB",
    "MEMORY",
    "MOST_BYTES",
    "MOST_PAGES",
    "MOST_TEXT",
    "WITHIN",
    "NoPdfText",
    "PdfText",
    "WhyNot",
    "taker",
]

JOB = "sidelight.workers.pdf.taker"
"""For `Worker.submit`: the one argument is the content of the file."""
WITHIN = 25.0
"""Seconds. A page takes some hundredths of one on an idle machine."""
MEMORY = 700_000_000
"""Bytes of address space for the worker that does this."""
MOST_BYTES = 20_000_000
MOST_PAGES = 500
MOST_TEXT = 1_000_000
"""Bytes of the text, in UTF-8."""

WhyNot: TypeAlias = Literal["broken", "encrypted", "large_text", "many_pages", "pictures"]


class PdfText(msgspec.Struct, frozen=True, tag=True):
    """The text, each page under its number, with a first line that says what it is; and how many pages there are."""

    text: str
    pages: int


class NoPdfText(msgspec.Struct, frozen=True, tag=True):
    """There is none. `broken`: it cannot be understood; `encrypted`: it asks for a password; `large_text`, `many_pages`: more
    than the most; `pictures`: no page has any text."""

    why: WhyNot


_HEAD = (
    "Text of a PDF of {pages} pages. Its pictures are not here, and tables and formulas may be out of order."
)
_HEAD_ONE = (
    "Text of a PDF of one page. Its pictures are not here, and tables and formulas may be out of order."
)
_TABS = re.compile(r"\t+")
"""Some programs write each blank as one."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_BLANKS = re.compile(r"[ \t]+(?=\n)")
_GAPS = re.compile(r"\n{3,}")


def taker() -> Callable[[bytes], PdfText | NoPdfText]:
    """Import what it takes; gives the function that does the work."""
    import pypdf
    from pypdf.errors import DependencyError, FileNotDecryptedError

    def take(content: bytes) -> PdfText | NoPdfText:
        try:
            reader = pypdf.PdfReader(io.BytesIO(content))
            if reader.is_encrypted and not reader.decrypt(""):
                return NoPdfText("encrypted")
            if len(reader.pages) > MOST_PAGES:
                return NoPdfText("many_pages")
            return _joined(page.extract_text() for page in reader.pages)
        except (DependencyError, FileNotDecryptedError):
            return NoPdfText("encrypted")
        except MemoryError:
            raise
        except Exception:  # a damaged file makes the library stumble in any way it can
            return NoPdfText("broken")

    return take


def _joined(pages: Iterator[str]) -> PdfText | NoPdfText:
    parts: list[str] = []
    size = count = 0
    written = False
    for count, raw in enumerate(pages, 1):
        text = _cleaned(raw)
        size += len(text.encode())
        if size > MOST_TEXT:
            return NoPdfText("large_text")
        written = written or any(c.isalnum() for c in text)
        parts.append(f"[page {count}]\n{text}" if text else f"[page {count}: no text]")
    if not written:
        return NoPdfText("pictures" if count else "broken")
    head = _HEAD_ONE if count == 1 else _HEAD.format(pages=count)
    return PdfText("\n\n".join((head, *parts)) + "\n", count)


def _cleaned(text: str) -> str:
    """Without control letters, half surrogates, blanks at the end of lines and wide gaps."""
    whole = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode()
    return _GAPS.sub("\n\n", _BLANKS.sub("", _CONTROL.sub("", _TABS.sub(" ", whole)))).strip()
