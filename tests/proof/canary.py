"""Keys that are nobody's, and the search for them in what was written.

Every test runs with these keys in its environment, and where a test needs a key it takes one of them. Each holds one word
that no escape changes, so whoever finds that word, in any of the forms below, has found a key or a piece of one.
"""

from __future__ import annotations

import base64
import html
import json
import mmap
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

__all__ = ["ENVIRONMENT", "FORMS", "KEYS", "WORD", "found_in", "leaks"]

WORD = "Canary7Zq"

KEYS = {
    "openai": f"sk-proj-{WORD}_4f6a8b2c9d1eT3BlbkFJ",
    "anthropic": f"sk-ant-api03-{WORD}-0123456789abcdefAA",
    "gemini": f"AIzaSy{WORD}-1234567890abcdefghij",
    "groq": f"gsk_{WORD}0123456789abcdefGHIJ",
    "odd": f"+/={WORD}%&\"<'>\\;:50%2B+and/more=than~forty-characters",
}
"""By the provider whose shape they have; "odd" is full of what URLs, JSON and HTML escape."""

ENVIRONMENT = {f"{name.upper()}_API_KEY": KEYS[name] for name in ("openai", "anthropic", "gemini", "groq")}

FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "quoted for a URL": lambda key: quote(key, safe=""),
    "escaped for JSON": lambda key: json.dumps(key)[1:-1].replace("/", "\\/"),
    "escaped for HTML": html.escape,
    "base64": lambda key: base64.b64encode(f"user:{key}".encode()).decode(),
    "base64 for URLs": lambda key: base64.urlsafe_b64encode(key.encode()).decode().rstrip("="),
    "hexadecimal": lambda key: key.encode().hex(),
    "lower case, as in a host name": str.lower,
}
"""The forms keys travel in."""


def _needles() -> Iterator[bytes]:
    word = WORD.encode()
    yield from (word, word.lower(), word.hex().encode(), word.hex().upper().encode())
    for offset in range(3):
        digits = base64.b64encode(bytes(offset) + word).rstrip(b"=")
        yield digits[(0, 2, 3)[offset] : len(digits) - ((offset + len(word)) % 3 > 0)]


_NEEDLES = tuple(_needles())


def found_in(data: bytes | mmap.mmap) -> bool:
    """Whether a key stands in these bytes."""
    return any(data.find(needle) >= 0 for needle in _NEEDLES)


def leaks(folder: Path) -> list[Path]:
    """The files of a folder that hold a key. What is only linked there was not written there."""
    return [
        path
        for path in folder.rglob("*")
        if not path.is_symlink() and path.is_file() and path.stat().st_size and _holds_a_key(path)
    ]


def _holds_a_key(path: Path) -> bool:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return found_in(data) or (data[:15] == b"SQLite format 3" and any(map(found_in, _unpacked(path))))


def _unpacked(database: Path) -> Iterator[bytes]:
    """What a database holds compressed. One that is broken on purpose has nothing to be read."""
    with (
        suppress(sqlite3.DatabaseError),
        closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as con,
    ):
        for request, stream in con.execute("SELECT request, stream FROM exchanges"):
            yield from (zlib.decompress(packed) for packed in (request, stream) if packed)
