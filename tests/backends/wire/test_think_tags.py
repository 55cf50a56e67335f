"""The splitter of reasoning and answer: each rule, and that text is neither lost nor moved, however it is cut."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.streams import merged

from sidelight.backends.wire.think_tags import TAGS, ThinkSplitter
from sidelight.chat.events import AnswerDelta, Event, ReasoningDelta, Reclassify, Stamped
from sidelight.chat.reply import Reply, fold_all

MARKS = ["<|start|>assistant", *(t.opening for t in TAGS), *(c for t in TAGS for c in t.closings)]
WORDS = st.sampled_from(
    [
        *MARKS,
        "<think>",
        "</think>",
        "<thi",
        "</",
        "`",
        "```",
        "\n```\n",
        "~~~\n",
        "\n",
        " ",
        "a",
        "Hm. ",
        "<",
        "[",
    ]
)
TEXTS = st.lists(WORDS | st.text("ab<>/`\n tkinh", max_size=5), max_size=12).map("".join)
OPTIONS = st.fixed_dictionaries(
    {"starts_inside": st.sampled_from([None, None, "<think>", "[THINK]"]), "interleaved": st.booleans()}
)


def split(*pieces: str, field: str = "", **options: Any) -> list[Event]:
    """All that comes of a text in these pieces, runs merged."""
    splitter = ThinkSplitter(**options)
    splitter.field_delivered(field)
    return merged([e for piece in pieces for e in splitter.feed(piece)] + splitter.flush())


def shown(*pieces: str, field: str = "", **options: Any) -> tuple[str, str]:
    """Trace and answer as a reply would have them."""
    events = split(*pieces, field=field, **options)
    reply = fold_all(Reply("r", "lane"), [Stamped.now(event, 0.0) for event in events])
    reasoning = "|".join(s.text for s in reply.segments if s.kind == "reasoning")
    return reasoning, "".join(s.text for s in reply.segments if s.kind == "answer")


@pytest.mark.parametrize(
    ("text", "reasoning", "answer"),
    [
        ("Just text.", "", "Just text."),
        ("<think>a</think>b", "a", "b"),
        ("\n <think>\na\n</think>\n\nb", "\n \na\n", "\n\nb"),
        *[(f"{t.opening}a{t.closings[0]}b", "a", "b") for t in TAGS if t.holds == "reasoning"],
        ("<think>a</think>\n<think>b</think>c", "a|\nb", "c"),
        ("<think></think>b", "", "b"),
        ("<think>\n\n</think>\n\nb", "\n\n", "\n\nb"),
        ("<think>a <think> b</think>c</think>", "a <think> b", "c</think>"),
        ("<think>a</thinking>b</think>c", "a</thinking>b", "c"),
        ("<think>```\n</think>b", "```\n", "b"),
        ("<think>never", "never", ""),
        ("<think>never</thi", "never</thi", ""),
        ("<thi", "", "<thi"),
        (" ", "", " "),
        ("a</think>b", "a", "b"),
        ("</think>b", "", "b"),
        ("a[/THINK]b", "a", "b"),
        ("a</think>b</think>c", "a", "b</think>c"),
        ("a</think><think>b</think>c", "a|b", "c"),
        ("See <think> here", "", "See <think> here"),
        ("See <think> and </think>", "", "See <think> and </think>"),
        ("See `</think>` here", "", "See `</think>` here"),
        ("See `</think>` here</think>b", "See `</think>` here", "b"),
        ("In `<think>` I think</think>b", "In `<think>` I think", "b"),
        ("```\n</think>\n```\nb", "", "```\n</think>\n```\nb"),
        ("```\nx\n```\nb</think>c", "```\nx\n```\nb", "c"),
        ("```x``` b</think>c", "```x``` b", "c"),
        ("```py\nx\n```\n`` ` `` b</think>c", "```py\nx\n```\n`` ` `` b", "c"),
        ("~~~\n```\n</think>\n~~~\nb</think>c", "~~~\n```\n</think>\n~~~\nb", "c"),
        ("a ` b\nc</think>d", "a ` b\nc", "d"),
        ("b\n<think>c</think>d", "", "b\n<think>c</think>d"),
        ("&lt;think&gt;a", "", "&lt;think&gt;a"),
        ("a<|end|>b<channel|>c", "", "a<|end|>b<channel|>c"),
        ("<|channel|>final<|message|>a<|return|>", "", "a"),
        ("<|start|>assistant<|channel|>analysis<|message|>a<|end|>", "a", ""),
        (" " * 2000 + "<think>a</think>", "", " " * 2000 + "<think>a</think>"),
    ],
)
def test_a_text(text: str, reasoning: str, answer: str) -> None:
    assert shown(text) == (reasoning, answer)
    assert shown(*text) == (reasoning, answer)


@pytest.mark.parametrize(
    ("text", "reasoning", "answer"),
    [
        ("a</think>b", "a", "b"),
        ("<think>a</think>b", "a", "b"),
        ("a<think>b</think>c", "a<think>b", "c"),
        ("a", "a", ""),
        ("<thi", "<thi", ""),
        ("", "", ""),
    ],
)
def test_a_family_that_starts_inside(text: str, reasoning: str, answer: str) -> None:
    assert shown(text, starts_inside="<think>") == (reasoning, answer)
    assert shown(*text, starts_inside="<think>") == (reasoning, answer)


@pytest.mark.parametrize(
    ("text", "reasoning", "answer"),
    [
        ("<think>a</think>b\n<think>c</think>d", "a|c", "b\nd"),
        ("a\n<think>b</think>c", "b", "a\nc"),
        ("<think>a</think>b <think>c", "a", "b <think>c"),
        ("<think>a</think>b\n```\n<think>c\n```\n", "a", "b\n```\n<think>c\n```\n"),
    ],
)
def test_a_family_that_thinks_again(text: str, reasoning: str, answer: str) -> None:
    assert shown(text, interleaved=True) == (reasoning, answer)
    assert shown(*text, interleaved=True) == (reasoning, answer)


@pytest.mark.parametrize(
    ("text", "reasoning", "answer"),
    [
        ("a</think>b", "", "a</think>b"),
        ("<think>\nthe field\n</think>b", "", "b"),
        ("<think>other</think>b", "other", "b"),
        ("<think>other", "other", ""),
    ],
)
def test_beside_a_field_of_reasoning(text: str, reasoning: str, answer: str) -> None:
    assert shown(text, field="the field") == (reasoning, answer)
    assert shown(*text, field="the field") == (reasoning, answer)


def test_reasoning_is_given_as_it_comes() -> None:
    splitter = ThinkSplitter()
    assert splitter.feed("<think>a") == [ReasoningDelta("a", 0)]
    assert splitter.feed("b</th") == [ReasoningDelta("b", 0)]
    assert splitter.feed("x") == [ReasoningDelta("</thx", 0)]
    assert splitter.feed("</think>c") == [AnswerDelta("c")]
    assert splitter.feed("d <") == [AnswerDelta("d <")]


def test_reclassify_comes_once_and_before_the_answer() -> None:
    assert split("a</think>b</think>c") == [AnswerDelta("a"), Reclassify(), AnswerDelta("b</think>c")]


@given(TEXTS, OPTIONS, st.sampled_from(["", "", "a", "Hm."]), st.data())
def test_any_cut_gives_the_same(text: str, options: dict[str, Any], field: str, data: st.DataObject) -> None:
    whole = split(text, field=field, **options)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    pieces = [text[a:b] for a, b in pairwise([0, *cuts, len(text)])]
    assert split(*pieces, field=field, **options) == whole
    assert split(*text, field=field, **options) == whole


@settings(max_examples=300)
@given(TEXTS, OPTIONS)
def test_what_comes_out_is_the_input_less_tags(text: str, options: dict[str, Any]) -> None:
    out = "".join(e.text for e in split(text, **options) if isinstance(e, ReasoningDelta | AnswerDelta))

    @cache
    def derived(i: int, j: int) -> bool:
        """Whether out[j:] is text[i:] with some marks left out."""
        if i == len(text):
            return j == len(out)
        if j < len(out) and text[i] == out[j] and derived(i + 1, j + 1):
            return True
        return any(text.startswith(mark, i) and derived(i + len(mark), j) for mark in MARKS)

    assert derived(0, 0)


def test_a_long_text_is_not_slow() -> None:
    """A hundred thousand small pieces, with all that could be the start of a tag."""
    splitter = ThinkSplitter()
    for _ in range(25_000):
        for piece in ("<", "th", "` ", "\n"):
            splitter.feed(piece)
    assert not splitter.flush()
