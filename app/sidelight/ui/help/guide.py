"""The pages of the guide: Markdown in resources/help, made into HTML, headings and plain text. No Qt.

The engine and its extensions are those of MkDocs. What a page says of keys is filled in from the table of commands, so that it
cannot be out of date: `{{key:find}}` is the key of the command "find".
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import markdown

from sidelight.paths import resource

__all__ = ["PAGES", "Found", "Page", "Section", "page", "search"]

PAGES: Final = ("start", "lanes", "traces", "backends", "cost", "history", "files", "trouble")
"""Names of the files, in the order of reading."""

_EXTENSIONS: Final = ("toc", "admonition", "attr_list", "def_list", "tables", "sane_lists")
_KEY: Final = re.compile(r"\{\{key:([a-z0-9_]+)\}\}")
_TAG: Final = re.compile(r"<[^>]*>")
_SNIPPET: Final = 90
"""Letters on each side of what was found."""


@dataclass(frozen=True, slots=True)
class Section:
    """What stands under one heading. `anchor` "" is the page's own beginning; `text` is plain."""

    anchor: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `html` is the inside of a body."""

    name: str
    title: str
    html: str
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A section in which all words stand, and the text around the first of them."""

    page: str
    section: Section
    snippet: str


@cache
def page(name: str, key_of: Callable[[str], str] = lambda command: command) -> Page:
    """A page of the guide; `key_of` gives the key of a command. Raises FileNotFoundError for one there is not."""
    source = resource(f"help/{name}.md").read_text(encoding="utf-8")
    source = _KEY.sub(lambda found: key_of(found[1]), source)
    engine = markdown.Markdown(extensions=list(_EXTENSIONS), output_format="html")
    body = engine.convert(source)
    tokens: list[dict[str, Any]] = engine.toc_tokens  # type: ignore[attr-defined]  # the extension "toc" sets it
    (top, *_) = tokens
    heads = tuple((str(t["id"]), html.unescape(str(t["name"]))) for t in _flat(tokens))
    return Page(name, html.unescape(str(top["name"])), body, tuple(_sections(body, heads)))


def search(words: str, key_of: Callable[[str], str] = lambda command: command) -> tuple[Found, ...]:
    """Sections of all pages in which every word stands, those with one in the title first."""
    wanted = words.casefold().split()
    if not wanted:
        return ()
    found: list[tuple[bool, Found]] = []
    for name in PAGES:
        for section in page(name, key_of).sections:
            title, text = section.title.casefold(), section.text.casefold()
            if all(word in title or word in text for word in wanted):
                at = min((text.find(word) for word in wanted if word in text), default=0)
                in_title = any(word in title for word in wanted)
                found.append((not in_title, Found(name, section, _around(section.text, at))))
    return tuple(item for _, item in sorted(found, key=lambda pair: pair[0]))


def _flat(tokens: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for token in tokens:
        yield token
        yield from _flat(token["children"])


def _sections(body: str, heads: tuple[tuple[str, str], ...]) -> Iterator[Section]:
    places = [body.index(f'id="{anchor}"') for anchor, _ in heads]
    for (anchor, title), start, end in zip(heads, places, [*places[1:], len(body)], strict=True):
        # From behind this heading's tag to before the next one's.
        inside = body[body.index("</h", start) : body.rfind("<h", start, end) if end < len(body) else end]
        text = " ".join(html.unescape(_TAG.sub(" ", inside)).split())
        yield Section(anchor, title, text)


def _around(text: str, at: int) -> str:
    start, end = max(0, at - _SNIPPET), at + _SNIPPET
    return ("…" if start else "") + text[start:end].strip() + ("…" if end < len(text) else "")
