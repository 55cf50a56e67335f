"""Code as stretches of known kinds."""

from __future__ import annotations

from functools import cache
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sidelight.render.highlight import LONGEST, Colours, TokenClass, colourer, to_read

_colourer = cache(colourer)


def colours(code: str, language: str, before: str = "") -> Colours:
    asked = to_read(code, language, before)
    return asked if isinstance(asked, Colours) else _colourer()(*asked)


def pieces(code: str, language: str, before: str = "") -> list[tuple[str, TokenClass]]:
    return [(code[at : at + length], kind) for at, length, kind in colours(code, language, before).spans]


def test_python() -> None:
    code = 'def f(x: int = 3):\n    """doc"""\n    # why\n    return f"a{x}" + None'
    found = pieces(code, "py")
    for piece in [
        ("def", "keyword"),
        ("f", "function"),
        ("int", "type"),
        ("3", "number"),
        ('"""doc"""', "comment"),
        ("# why", "comment"),
        ("None", "constant"),
        ("+", "operator"),
    ]:
        assert piece in found


@pytest.mark.parametrize(
    ("code", "language", "piece"),
    [
        ("- a\n+ b", "diff", ("- a", "deleted")),
        ('<a href="x">é</a>', "HTML", ("href", "attribute")),
        ("int main(){}", "c++", ("main", "function")),
        ("SELECT 1", "sql", ("SELECT", "keyword")),
        ('{"a": 1}', "jsonc", ('"a"', "tag")),
        ("let x = 'y';", "javascript", ("'y'", "string")),
        ('echo "x"', "sh", ('"x"', "string")),
        ("fn f() {}", "rust", ("fn", "keyword")),
        ("A: int", "Python", ("int", "type")),
    ],
)
def test_languages_by_their_labels(code: str, language: str, piece: tuple[str, TokenClass]) -> None:
    assert piece in pieces(code, language)


@pytest.mark.parametrize("language", ["", "text", "nonsense", "../etc", "PythonLexer", "mermaid", "x" * 40])
def test_unknown_languages_are_plain(language: str) -> None:
    assert colours("def f(): pass", language) == Colours()


def test_code_that_goes_on_is_read_in_its_context() -> None:
    before, code = '"""a\n', 'b"""\ndef f(): pass'
    assert ('b"""', "comment") in pieces(code, "py", before) or ('b"""', "string") in pieces(
        code, "py", before
    )
    assert pieces(code, "py", before)[-1] == ("pass", "keyword")
    assert pieces(code, "py") != pieces(code, "py", before)
    # Of very long code before it, only the end.
    assert pieces("def g(): pass", "py", "x = 1\n" * 20_000)[0] == ("def", "keyword")


def test_too_long_code_is_plain_and_says_so() -> None:
    assert colours("x" * (LONGEST + 1), "py") == Colours(why="size")
    many = colours("1+" * (LONGEST // 2), "py")
    assert many.why == "size"
    assert len(many.spans) == 20_000


_LANGUAGES = st.sampled_from(
    ["py", "js", "html", "php", "bash", "c", "yaml", "markdown", "json", "tex", "diff"]
)
_CODE = st.lists(
    st.sampled_from(
        ["def ", '"', "'", "<", ">", "{", "}", "\n", "  ", "#", "//", "/*", "*/", "```", "é", "🎉", "<?php "]
    )
    | st.text(max_size=4),
    max_size=30,
).map("".join)


@settings(max_examples=150, deadline=None)
@given(_CODE, _LANGUAGES, _CODE)
def test_spans_lie_in_the_code_in_order(code: str, language: str, before: str) -> None:
    end = 0
    for at, length, kind in colours(code, language, before).spans:
        assert at >= end
        assert length > 0
        assert kind in get_args(TokenClass)
        end = at + length
    assert end <= len(code)
