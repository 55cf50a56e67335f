from __future__ import annotations

import re

import pytest

from sidelight.paths import resource
from sidelight.ui.actions import COMMANDS
from sidelight.ui.help import guide
from sidelight.ui.help.window import key_of


def all_pages() -> list[guide.Page]:
    return [guide.page(name, key_of) for name in guide.PAGES]


def test_every_file_is_a_page_and_every_page_a_file() -> None:
    files = {path.stem for path in resource("help/start.md").parent.glob("*.md")}
    assert files == set(guide.PAGES)


@pytest.mark.parametrize("name", guide.PAGES)
def test_a_page_has_one_title_and_text_under_each_heading(name: str) -> None:
    page = guide.page(name, key_of)
    assert page.html.count("<h1") == 1
    assert page.sections[0].title == page.title
    for section in page.sections:
        assert len(section.text) > 40 or section is page.sections[0], section
        assert not re.search(r"<|\{\{|:\s{3}", section.text), section


def test_links_lead_to_headings_that_are_there() -> None:
    anchors = {(page.name, s.anchor) for page in all_pages() for s in page.sections}
    links = 0
    for page in all_pages():
        for href in re.findall(r'href="([^"]*)"', page.html):
            assert "://" not in href, "the guide stands by itself"
            name, _, anchor = href.partition("#")
            links += 1
            assert (name.removesuffix(".md") or page.name, anchor) in anchors, href
    assert links


def test_keys_come_from_the_commands() -> None:
    assert key_of("find") == "Ctrl+F"
    assert "Ctrl+F" in guide.page("history", key_of).html
    for page in guide.PAGES:
        for name in re.findall(r"\{\{key:(.*?)\}\}", resource(f"help/{page}.md").read_text(encoding="utf-8")):
            assert next(c for c in COMMANDS if c.id == name).keys, name


def test_nothing_in_the_guide_loads_anything() -> None:
    for page in all_pages():
        assert not re.search(r"<(img|script|link|iframe|style|object)\b|src=|style=|on\w+=", page.html)


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("keyring", ("backends", "keys")),
        ("ELICITED", ("traces", "kinds-of-trace")),
        ("branches", ("history", "branches")),
    ],
)
def test_words_are_found_under_their_heading(words: str, first: tuple[str, str]) -> None:
    found = guide.search(words, key_of)
    assert first in {(f.page, f.section.anchor) for f in found}
    assert all(
        word in (f.section.title + f.section.text).casefold()
        for f in found
        for word in words.casefold().split()
    )
    assert all(len(f.snippet) < 200 for f in found)


def test_titles_go_first_and_nonsense_finds_nothing() -> None:
    assert guide.search("backups", key_of)[0].section.title == "Backups"
    assert guide.search("", key_of) == guide.search("  ", key_of) == ()
    assert guide.search("zzzqqq", key_of) == ()
    assert guide.search("<script>", key_of) == ()
