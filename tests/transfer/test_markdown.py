"""Markdown: texts come back exactly as they were, and nothing in them can pass for ours."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from tests.transfer.made import ANSWER, TRACE, Profile, profiles, sky

from sidelight.chat.conversation import Conversation
from sidelight.chat.message import Lane
from sidelight.render.markdown import normal
from sidelight.transfer.formats.markdown import escaped, fence, span
from sidelight.transfer.registry import by_id
from sidelight.transfer.source import Options, Source, Traces

READER = MarkdownIt("commonmark")
HOSTILE = st.lists(
    st.sampled_from(
        ["`", "```", "~~~", "\n", " ", "# x", "</details>", "<!--", "| a |", "- ", "> ", "\t", "\r", "[a](b)"]
    )
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
    max_size=20,
).map("".join)


def markdown(conversation: Conversation, traces: Traces = "folded") -> str:
    return by_id("md").text(Source([conversation.id], Options(traces), shown=conversation))


def read(text: str) -> list[Token]:
    return READER.parse(text)


def fenced(text: str) -> list[str]:
    return [t.content for t in read(text) if t.type == "fence"]


def headings(text: str) -> list[str]:
    tokens = read(text)
    return [tokens[n + 1].content for n, t in enumerate(tokens) if t.type == "heading_open"]


@given(HOSTILE)
def test_a_fence_holds_its_text_and_nothing_gets_out(text: str) -> None:
    tokens = read(f"before\n\n{fence(text)}\nafter")
    assert [t.type for t in tokens if t.type != "inline"] == [
        *("paragraph_open", "paragraph_close"),
        "fence",
        *("paragraph_open", "paragraph_close"),
    ]
    (content,) = (t.content for t in tokens if t.type == "fence")
    assert content == normal(text) + "\n"


@given(HOSTILE)
def test_a_stranger_s_name_stays_within_its_line(name: str) -> None:
    tokens = read(f"- Served: {span(name)} (reported), {escaped(name)}.")
    (inline,) = (t for t in tokens if t.type == "inline")
    kinds = [c.type for c in inline.children or ()]
    assert kinds[:2] == ["text", "code_inline"]
    assert set(kinds[2:]) <= {"text", "text_special"}


@given(HOSTILE)
def test_what_a_model_writes_adds_no_heading_and_no_fold(text: str) -> None:
    shown = markdown(sky(answer=text + "x", trace=text + "y"))
    assert headings(shown) == headings(markdown(sky()))
    assert [t.content for t in read(shown) if t.type == "html_block"] == [
        t.content for t in read(markdown(sky())) if t.type == "html_block"
    ]


@given(HOSTILE)
def test_a_title_is_one_heading(title: str) -> None:
    conversation = Conversation("c", title + "x")
    assert len(headings(markdown(conversation))) == 1
    assert "html_block" not in {t.type for t in read(markdown(conversation))}


def test_all_lanes_versions_and_figures_are_there() -> None:
    shown = markdown(sky())
    said = headings(shown)
    assert said[0] == r"Why is the sky \*blue\*?"
    assert [h for h in said if h.startswith("Turn")] == ["Turn 1", "Turn 2", "Turn 3, after turn 1"]
    lanes = [h for h in said if h.startswith("Lane")]
    assert lanes == [
        "Lane 1, version 2: `deepseek/deepseek-reasoner`",
        "Lane 1, version 1: `deepseek/deepseek-reasoner`",
        "Lane 2: `embedded/qwen`",
        "Lane 1: `deepseek/deepseek-reasoner`",
        "Lane 2: `deepseek/deepseek-reasoner`",
    ]
    for figure in (
        "120 prompt, 20 of it from the cache, 900 output, 800 of it reasoning",
        "first token after 0.50 s; thoughts over 0.00 s; done after 6.50 s",
        "Trace: full, by model family, 800 tokens billed",
        "effort: ignored (always_thinks)",
        "effort = high",
        "deepseek-reasoner (reported)",
        "failed: The key was refused. Check the key for this backend. The server says: no \\<b\\>such\\</b\\> key",
        "text/plain, 5 bytes, SHA-256",
        "2025-12-06 05:46:40 UTC",
    ):
        assert figure in shown
    assert re.search(r"- Cost: about \\\$0\.00\d+, by the prices of ", shown)
    texts = fenced(shown)
    assert texts.count(ANSWER + "\n") == texts.count(TRACE + "\n") == 3
    assert "Why is the <i>sky</i> blue?\n" in texts
    assert "Looking it up.\n" in texts


def test_traces_are_folded_shown_or_left_out() -> None:
    folded, shown, out = (markdown(sky(), traces) for traces in ("folded", "in", "out"))
    assert folded.count("\n<details>\n") == 3
    assert "\n<details>\n" not in shown
    assert TRACE in shown
    assert TRACE not in out
    assert f"The trace ({len(TRACE)} characters) was left out" in out
    assert out.count("Trace: full") == shown.count("Trace: full") - 3


def test_a_lane_that_left_still_has_its_replies() -> None:
    conversation = replace(sky(), lanes=(Lane("l2", "embedded", "qwen"),))
    assert "Lane 2: `deepseek/deepseek-reasoner`" in headings(markdown(conversation))


@settings(max_examples=40, deadline=None)
@given(profiles())
def test_any_conversation_can_be_written(profile: Profile) -> None:
    for conversation in profile.conversations:
        for form in ("md", "html"):
            source = Source([conversation.id], shown=conversation)
            assert conversation.id in by_id(form).text(source)


def test_prices_of_one_s_own_count_and_broken_ones_stop_nothing(tmp_path: Path) -> None:
    own = tmp_path / "prices.json"
    price = {
        "provider": "deepseek",
        "models": ["deepseek-reasoner"],
        "prompt": 1e6,
        "output": 1e6,
        "source": "mine",
    }
    own.write_text(json.dumps({"currency": "USD", "sources": {}, "prices": [price]}))
    for text, figure in ((own.read_text(), "1,020"), ("{", "0.00")):
        own.write_text(text)
        source = Source(["c1"], shown=sky(), own_prices=own)
        shown = by_id("md").text(source)
        (cost, *_) = re.findall("- Cost: (.*)", shown)
        assert figure in cost
