"""Answer tags of elicited replies go, split anywhere; everything else stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.streams import merged

from sidelight.backends.wire.answer_tags import AnswerTags
from sidelight.chat.events import AnswerDelta, Event, ReasoningDelta, Reclassify


def filtered(*pieces: str) -> str:
    tags = AnswerTags()
    events = [e for piece in pieces if piece for e in tags([AnswerDelta(piece)])] + tags.flush()
    assert all(isinstance(e, AnswerDelta) and e.text for e in events)
    return "".join(e.text for e in events if isinstance(e, AnswerDelta))


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<answer>12</answer>", "12"),
        ("So: <answer> 12 </answer>\n", "So:  12 \n"),
        ("<answer>a</answer><answer>b</answer>", "a<answer>b</answer>"),
        ("<answer>no end", "no end"),
        ("a</answer>b", "a</answer>b"),
        ("<ans", "<ans"),
        ("<answer>12</ans", "12</ans"),
        ("plain < text", "plain < text"),
        ("<<answer>x", "<x"),
    ],
)
def test_a_text(text: str, answer: str) -> None:
    assert filtered(text) == answer
    assert filtered(*text) == answer


@given(
    st.lists(st.sampled_from(["<answer>", "</answer>", "<", "/", "answer>", "a", "<<"]), max_size=10).map(
        "".join
    ),
    st.data(),
)
def test_any_cut_gives_the_same(text: str, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(text)))
    assert filtered(text[:cut], text[cut:]) == filtered(text) == filtered(*text)


def test_other_events_pass() -> None:
    tags = AnswerTags()
    thought, aside = ReasoningDelta("<answer>"), AnswerDelta("<answer>", phase="commentary")
    events: list[Event] = [thought, aside, AnswerDelta("<answer>x<"), Reclassify(), AnswerDelta("y</answer>")]
    assert merged(tags(events)) == [thought, aside, AnswerDelta("x<"), Reclassify(), AnswerDelta("y")]
