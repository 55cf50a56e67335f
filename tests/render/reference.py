"""HTML of other renderers as plain data, so that it can be compared with ours: what may differ is made equal here.

What may differ, and no more: how entities, quotes and attributes are written; white space between blocks; titles of links
and `lang` for `class="language-`; percent-encoding in addresses. And our rules for hostile text, applied to theirs: an
address off the list is text behind what it was to be the address of, and an image is its description and its address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import unquote

from markdown_it import MarkdownIt

from sidelight.render.html import html
from sidelight.render.links import is_safe
from sidelight.render.markdown import parse

__all__ = ["examples", "normal_html", "our_html"]

BLOCKS = """p h1 h2 h3 h4 h5 h6 pre blockquote ul ol li table thead tbody tr th td hr dl dt dd details summary section"""
_BLOCKS = frozenset(BLOCKS.split())
_VOID = frozenset({"br", "hr", "img", "input"})


def normal_html(text: str) -> str:
    """HTML with one way to write each thing."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return re.sub(r"\n+", "\n", reader.done()).strip()


def our_html(text: str, *, gfm: bool = False) -> str:
    """What `sidelight render` (or `render --gfm`) prints for it, with one way to write each thing."""
    return normal_html(html(parse(text, gfm=gfm)))


def examples(spec: str) -> Iterator[tuple[str, str, str]]:
    """Section, Markdown and HTML of the examples of the CommonMark specification that hold no raw HTML."""
    reader = MarkdownIt("commonmark")
    section, fence = "", "`" * 32
    pattern = rf"^#+ ([^\n]+)$|^{fence} example\n(.*?)^\.\n(.*?)^{fence}$"
    for found in re.finditer(pattern, spec, re.DOTALL | re.MULTILINE):
        if found[1] is not None:
            section = found[1]
            continue
        source, expected = (part.replace("→", "\t") for part in found.group(2, 3))
        tokens = reader.parse(source)
        inner = [t for token in tokens for t in token.children or ()]
        if not any(t.type in ("html_block", "html_inline") for t in (*tokens, *inner)):
            yield section, source, expected


@dataclass
class _Link:
    href: str
    safe: bool
    begin: int


@dataclass
class _Reader(HTMLParser):
    made: list[str] = field(default_factory=list)
    links: list[_Link] = field(default_factory=list)
    in_code: int = 0

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "pre":
            self.in_code += 1
        if tag == "a":
            href = unquote(given.get("href", ""))
            self.links.append(_Link(href, is_safe(href), len(self.made)))
        elif tag == "img":
            described, address = given.get("alt", "").strip(), unquote(given.get("src", ""))
            self.made.append(f"{described} ({address})" if described and address else described or address)
        elif tag == "span":
            pass
        elif tag == "pre" and "lang" in given:
            self.made.append("\n<pre>")
            self.made.append(f'<code class="language-{given["lang"]}">')
        elif tag == "code" and self.made and self.made[-1].startswith("<code"):
            pass
        else:
            kept = {k: v for k, v in given.items() if k in ("start", "align", "class", "checked", "type")}
            written = "".join(f' {k}="{v}"' for k, v in sorted(kept.items()))
            self.made.append(("\n" if tag in _BLOCKS else "") + f"<{tag}{written}>")

    def handle_endtag(self, tag: str) -> None:
        if tag == "pre":
            self.in_code -= 1
        if tag == "a":
            self._close_link(self.links.pop())
        elif tag not in _VOID and tag != "span":
            if tag in _BLOCKS and self.made and not self.in_code and self.made[-1].isspace():
                self.made.pop()
            self.made.append(f"</{tag}>" + ("\n" if tag in _BLOCKS else ""))

    def _close_link(self, link: _Link) -> None:
        inner = "".join(self.made[link.begin :])
        if link.safe and inner:
            self.made[link.begin :] = [f'<a href="{link.href}">', inner, "</a>"]
        elif link.href and inner != link.href.removeprefix("mailto:"):
            self.made.append(f" ({link.href})" if inner else link.href)

    def handle_data(self, data: str) -> None:
        if self.in_code:
            self.made.append(data.replace("<", "‹").replace("\n", "¶"))
            return
        if data.isspace() and "\n" in data and (not self.made or self.made[-1].endswith((">", ">\n"))):
            last = re.search(r"</?(\w+)[^<]*>\s*$", self.made[-1]) if self.made else None
            if last is None or last[1] in _BLOCKS:
                return
        self.made.append(data.replace("<", "‹"))

    def done(self) -> str:
        joined = "".join(self.made)
        return re.sub(r"\s*\n\s*", "\n", joined)
