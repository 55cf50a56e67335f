"""Where lanes stand, how far a trace is open, and what figures may be said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ui import made

from sidelight.chat.events import AnswerDelta, ReasoningDelta, Usage
from sidelight.chat.reply import Reply
from sidelight.settings import ThinkingMode
from sidelight.ui.panes.compare.values import arrange, disclosure, figures, is_thinking

LEAST = 420


@given(
    count=st.integers(1, 12),
    width=st.integers(200, 5000),
    height=st.integers(100, 3000),
)
def test_every_lane_has_room_and_none_lie_upon_each_other(count: int, width: int, height: int) -> None:
    arrangement = arrange(count, width, height, LEAST)
    assert len(arrangement.places) == count
    assert arrangement.width >= width
    for place in arrangement.places:
        assert place.x >= 0
        assert place.x + place.width <= arrangement.width
        assert place.y + place.height <= height
        if count > 1 and not arrangement.tabs:
            assert place.width >= LEAST
    if not arrangement.tabs:
        cells = {(p.x, p.y) for p in arrangement.places}
        assert len(cells) == count


@pytest.mark.parametrize(("count", "width"), [(2, 900), (3, 1300), (4, 1700)])
def test_few_lanes_are_equal_columns(count: int, width: int) -> None:
    arrangement = arrange(count, width, 600, LEAST)
    assert arrangement.width == width
    widths = [p.width for p in arrangement.places]
    assert max(widths) - min(widths) <= count


def test_four_lanes_stand_two_by_two_where_columns_would_be_too_narrow() -> None:
    places = arrange(4, 1600, 600, LEAST).places
    assert [(p.x > 0, p.y > 0) for p in places] == [
        (False, False),
        (True, False),
        (False, True),
        (True, True),
    ]


def test_many_lanes_are_a_strip_that_is_wider_than_the_pane() -> None:
    arrangement = arrange(8, 1600, 600, LEAST)
    assert arrangement.width == 8 * LEAST
    assert not arrangement.tabs


def test_below_two_least_widths_there_are_tabs() -> None:
    assert arrange(2, 2 * LEAST - 1, 600, LEAST).tabs
    assert not arrange(2, 2 * LEAST, 600, LEAST).tabs
    assert not arrange(1, 200, 600, LEAST).tabs


def test_a_maximised_lane_has_the_whole_pane() -> None:
    arrangement = arrange(8, 1600, 600, LEAST, single=True)
    assert {(p.x, p.width, p.height) for p in arrangement.places} == {(0, 1600, 600)}


@pytest.mark.parametrize(
    ("mode", "thinking", "expected"),
    [
        ("closed", True, "closed"),
        ("closed", False, "closed"),
        ("peek", True, "peek"),
        ("peek", False, "closed"),
        ("open", True, "open"),
        ("open", False, "open"),
        ("open_then_close", True, "open"),
        ("open_then_close", False, "closed"),
    ],
)
def test_the_four_modes(mode: ThinkingMode, thinking: bool, expected: str) -> None:
    assert disclosure(mode, None, thinking) == expected
    assert disclosure(mode, True, thinking) == "open"
    assert disclosure(mode, False, thinking) == "closed"


def test_a_reply_thinks_until_its_answer_begins() -> None:
    assert is_thinking(made.reply(made.THINKING))
    assert not is_thinking(made.reply(made.ANSWERING))
    assert not is_thinking(made.reply(made.DONE))


def test_tokens_are_split_by_length_where_only_their_sum_is_told_and_marked_so() -> None:
    said = figures(made.reply(made.DONE), None)
    assert said.estimated
    assert said.trace is not None
    assert said.answer is not None
    assert said.trace + said.answer == 100
    assert said.rate == pytest.approx(100 / (10.4 - 0.4))
    assert said.first_token == 0.4
    assert said.total == 10.5


def test_tokens_told_apart_are_no_estimate() -> None:
    reply = made.reply([*made.ANSWERING, (Usage(prompt=1, output_total=50, reasoning=30), 4.5)])
    said = figures(reply, 5.0)
    assert (said.trace, said.answer, said.estimated, said.total) == (30, 20, False, 5.0)


def test_hidden_tokens_do_not_count_into_the_speed_that_was_seen() -> None:
    said = figures(made.reply(made.HIDDEN), None)
    assert said.hidden == 812
    assert said.trace is None
    assert said.answer == 100
    assert said.rate == pytest.approx(100 / 2.0)


def test_before_anything_is_told_tokens_are_estimated_from_characters() -> None:
    reply = made.reply([(ReasoningDelta("x" * 400), 1.0), (AnswerDelta("y" * 200), 2.0)])
    said = figures(reply, 2.5)
    assert (said.trace, said.answer, said.estimated) == (100, 50, True)


def test_an_empty_reply_has_no_figures() -> None:
    said = figures(Reply("r", "l"), None)
    assert (said.first_token, said.rate, said.trace, said.answer, said.total) == (None,) * 5
