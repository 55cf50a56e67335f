"""What became of a lane's settings, in words: for the inspector one by one, for the lane in a line."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from tests.ui import made

from sidelight.chat.events import Note, Outcome
from sidelight.chat.message import Parameters, TagRule
from sidelight.chat.reply import Asked, Reply
from sidelight.ui import parameters
from sidelight.ui.parameters import Wish

DOCS = Path(__file__).resolve().parents[2] / "docs" / "backends.md"
ALL = Parameters(
    system="Be brief.",
    temperature=0.6,
    top_p=0.9,
    max_tokens=2000,
    effort="high",
    stop=("###",),
    seed=7,
    extra='{"a": 1}',
    elicited=True,
)


def asked(given: Parameters, *notes: Note) -> Reply:
    return replace(made.reply(made.DONE), asked=Asked("b", "openai", "x", given), notes=notes)


def test_each_wish_says_what_became_of_it() -> None:
    reply = asked(
        Parameters(system="Be brief.", temperature=0.6, effort="high", seed=7),
        Note("temperature", "ignored", "not_in_this_api"),
        Note("seed", "sent", "random_seed"),
        Note("effort", "clamped", '{"reasoning_effort":"medium"}'),
        Note("stream_options", "refused by the server"),
    )
    assert parameters.wishes(reply) == (
        Wish("System prompt", "Be brief.", "sent", "sent"),
        Wish("Thinking effort", "High", "changed", "clamped", 'As {"reasoning_effort":"medium"}'),
        Wish("Temperature", "0.6", "left out", "ignored", "This provider's API has no such parameter."),
        Wish("Seed", "7", "sent", "sent", "As random_seed"),
        Wish("stream_options", "asked for by Sidelight", "left out", "refused by the server"),
    )


def test_every_setting_is_named_once() -> None:
    shown = parameters.given(ALL)
    assert [value for _, value in shown] == [
        "Be brief.",
        "High",
        "yes",
        "0.6",
        "0.9",
        "2000",
        "7",
        '"###"',
        '{"a": 1}',
    ]
    assert len({label for label, _ in shown}) == 9
    assert parameters.given(Parameters()) == ()


def test_before_anything_was_sent_nothing_is_said_to_be() -> None:
    reply = replace(asked(ALL), notes=None)
    assert {wish.became for wish in parameters.wishes(reply)} == {"unsent"}
    assert parameters.taken(reply) == ("", "", False)
    assert parameters.wishes(replace(reply, asked=None)) == ()


def test_attachments_are_told_one_by_one() -> None:
    reply = asked(Parameters(), Note("files", "sent", "text"), Note("files", "ignored", "not_text_or_image"))
    assert [(w.label, w.value, w.became) for w in parameters.wishes(reply)] == [
        ("Files", "attached", "sent"),
        ("Files", "attached", "left out"),
    ]
    images = asked(Parameters(), Note("images", "ignored", "not_by_this_model"))
    assert parameters.wishes(images)[0].note == "This model takes no images."


@pytest.mark.parametrize(
    ("notes", "line", "left_out"),
    [
        (
            (
                Note("effort", "clamped", "x"),
                Note("temperature", "ignored", "not_by_this_model"),
                Note("top_p", "ignored", "not_by_this_model"),
            ),
            "ignored: Temperature, Top-p · clamped: Thinking effort",
            True,
        ),
        ((Note("effort", "clamped", "x"),), "clamped: Thinking effort", False),
        ((Note("temperature", "sent", "temperature"),), "settings sent", False),
    ],
)
def test_a_lane_says_first_what_was_left_out(notes: tuple[Note, ...], line: str, left_out: bool) -> None:
    given = Parameters(temperature=0.6, top_p=0.9, effort="high")
    said, everything, out = parameters.taken(asked(given, *notes))
    assert (said, out) == (line, left_out)
    assert [x.partition(":")[0] for x in everything.split("\n")] == [
        "Thinking effort",
        "Temperature",
        "Top-p",
    ]


def test_a_lane_of_which_nothing_was_wished_says_nothing() -> None:
    assert parameters.taken(asked(Parameters())) == ("", "", False)


def test_a_hint_stays_short_however_long_a_system_prompt_is() -> None:
    _, everything, _ = parameters.taken(asked(Parameters(system="word " * 10_000)))
    assert len(everything) < 150


@pytest.mark.parametrize("outcome", get_args(Outcome))
def test_every_outcome_has_a_word(outcome: Outcome) -> None:
    (wish,) = parameters.wishes(asked(Parameters(seed=1), Note("seed", outcome)))
    assert wish.outcome


def test_every_word_of_the_documentation_has_a_sentence() -> None:
    table = DOCS.read_text(encoding="utf-8").partition("| word | meaning |")[2].partition("\n\n")[0]
    documented = set(re.findall(r"`(\w+)`", table))
    assert documented <= parameters._REASONS.keys()
    for word in documented:
        (wish,) = parameters.wishes(asked(Parameters(seed=1), Note("seed", "ignored", word)))
        assert wish.note.endswith(".")


@pytest.mark.parametrize("rule", get_args(TagRule))
def test_every_rule_for_tags_has_a_name(rule: TagRule) -> None:
    assert parameters.rule_name(rule)
