"""What a person types, read as a query: any text is one."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidelight.store.query import MOST_WORDS, Query, Term, parse, spaced


def at(year: int, month: int = 1, day: int = 1) -> float:
    return datetime(year, month, day).timestamp()  # noqa: DTZ001 - the person's own time


@pytest.mark.parametrize(
    ("typed", "terms"),
    [
        ("blue sky ", (Term(("blue",)), Term(("sky",)))),
        ("blue sk", (Term(("blue",)), Term(("sk",), open=True))),
        ("blu* sky ", (Term(("blu",), open=True), Term(("sky",)))),
        ("in a", (Term(("in",)), Term(("a",)))),
        ('"blue sky"', (Term(("blue", "sky")),)),
        ('"blue sky', (Term(("blue", "sky")),)),
        ("“蓝色 sky”", (Term(("蓝色", "sky")),)),
        ("x-ray.log ", (Term(("x", "ray", "log")),)),
        ("http://a.b ", (Term(("http", "a", "b")),)),
        ("model: sky ", (Term(("model",)), Term(("sky",)))),
        ("tag: sky ", (Term(("tag",)), Term(("sky",)))),
        ("date:soon ", (Term(("date", "soon")),)),
        ("kind:odd ", (Term(("kind", "odd")),)),
        ("हिन्दी ", (Term(("हिन्दी",)),)),
        ("!? -- *", ()),
    ],
)
def test_words_phrases_and_beginnings(typed: str, terms: tuple[Term, ...]) -> None:
    assert parse(typed) == Query(terms)


@pytest.mark.parametrize(
    ("typed", "query"),
    [
        ("model:deepseek-r1", Query(models=(Term(("deepseek", "r1")),))),
        ('LANE:"my server"', Query(lanes=(Term(("my", "server")),))),
        ("tag:Straße", Query(tags=("strasse",))),
        ('tag:"To  read" tag:仕事', Query(tags=("to read", "仕事"))),
        ("kind:summary kind:Full", Query(kinds=frozenset({"summary", "full"}))),
        ("has:trace", Query(has_trace=True)),
        ("in:traces", Query(places=frozenset({"trace"}))),
        ("tokens>500", Query(more_tokens=500)),
        ("tokens:<=2k", Query(fewer_tokens=2001)),
        ("tokens:7", Query(more_tokens=6, fewer_tokens=8)),
        ("date:2026-11", Query(since=at(2026, 11), until=at(2026, 12))),
        ("date:2026-12", Query(since=at(2026, 12), until=at(2027))),
        ("date:>2026-11-03", Query(since=at(2026, 11, 4))),
        ("date>=2026", Query(since=at(2026))),
        ("before:2026-02-28", Query(until=at(2026, 2, 28))),
        ("after:2025 before:2026-06", Query(since=at(2026), until=at(2026, 6))),
    ],
)
def test_filters(typed: str, query: Query) -> None:
    assert parse(typed) == query


def test_scripts_without_spaces_are_cut_into_pairs() -> None:
    assert spaced("plain text") == "plain text"
    assert spaced("搜索引擎 and 한국어").split() == [
        "搜索",
        "索引",
        "引擎",
        "擎",
        "and",
        "한국",
        "국어",
        "어",
    ]


def test_a_query_is_bounded() -> None:
    query = parse("word " * 500 + '"' + "more " * 500)
    assert sum(len(term.words) for term in query.terms) == MOST_WORDS


@given(st.text(max_size=200))
def test_any_text_is_a_query(typed: str) -> None:
    for term in parse(typed).terms:
        assert term.words
        assert all(word and '"' not in word for word in term.words)
