"""A key that a server says back is masked in every event, however its text is cut; all else stays as it came."""

from __future__ import annotations

import random

import pytest
from tests.proof.canary import FORMS, KEYS, found_in

from sidelight.backends.unkeyed import Unkeyed
from sidelight.chat.events import (
    AnswerDelta,
    Event,
    Failed,
    FailureKind,
    Finished,
    FinishReason,
    Opaque,
    ReasoningDelta,
    Started,
    Usage,
)
from sidelight.secrets import Secret

KEY = Secret(KEYS["odd"])


def through(events: list[Event], key: Secret | None = KEY) -> list[Event]:
    unkeyed = Unkeyed(key)
    return [told for event in events for told in unkeyed(event)]


def said(events: list[Event]) -> str:
    return "".join(e.text for e in events if isinstance(e, AnswerDelta))


def pieces(text: str, chance: random.Random) -> list[Event]:
    found: list[Event] = []
    while text:
        size = chance.choice((1, 1, 2, 3, 5, 9, 40))
        found.append(AnswerDelta(text[:size]))
        text = text[size:]
    return found


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_key_in_the_answer_is_masked_however_it_is_cut(form: str, key: str) -> None:
    text = f"Yes, {FORMS[form](key)} is it. It begins with {key[:7]}"
    for seed in range(60):
        told = through([*pieces(text, random.Random(seed)), Finished(FinishReason.STOP)], Secret(key))
        assert not found_in(said(told).encode())
        assert said(told).startswith("Yes, ")
        assert said(told).endswith(f" is it. It begins with {key[:7]}")


def test_what_is_no_key_comes_as_it_is_and_at_once() -> None:
    events: list[Event] = [
        Started("r", "m", headers=(("server", "x"),)),
        *(AnswerDelta(word) for word in ("Yes", ", ", "", "it is ", KEY.reveal()[:4], "\n", "+", "/")),
        ReasoningDelta("on and on", 1),
        Usage(1, raw="{}"),
        Finished(FinishReason.STOP, "stop"),
    ]
    unkeyed = Unkeyed(KEY)
    for event in events:
        assert list(unkeyed(event)) == [event]


def test_a_key_that_was_only_begun_is_told_at_the_end() -> None:
    begun = KEY.reveal()[:9]
    assert said(through([AnswerDelta(begun), Finished(FinishReason.STOP)])) == begun
    told = through([AnswerDelta(KEY.reveal()[:30]), Failed(FailureKind.CUT_OFF)])
    assert said(told) == f"{KEY.reveal()[:4]}***"
    assert isinstance(told[-1], Failed)


def test_another_text_between_its_halves_is_another_text() -> None:
    first, second = KEY.reveal()[:8], KEY.reveal()[8:]
    told = through([ReasoningDelta(first), AnswerDelta(second), Finished(FinishReason.STOP)])
    assert isinstance(told[0], ReasoningDelta)
    assert said(told) == second


def test_every_text_of_every_event_is_masked() -> None:
    key = KEY.reveal()
    events: list[Event] = [
        Started(key, key, key, key, ((key, key),)),
        Opaque("signature", f'{{"x": "{key}"}}'),
        Usage(1, raw=f'{{"x": "{key}"}}'),
        Finished(FinishReason.UNKNOWN, key),
        Failed(FailureKind.PROTOCOL, key, key, details=((key, key),)),
    ]
    told = through(events)
    assert [type(event) for event in told] == [type(event) for event in events]
    assert not found_in(repr(told).encode())


@pytest.mark.parametrize("key", [None, Secret("ollama"), Secret("sk-no-key-needed")])
def test_a_word_that_stands_for_a_key_is_no_key(key: Secret | None) -> None:
    events: list[Event] = [Started(provider="ollama"), AnswerDelta("ollama and sk-no-key-needed")]
    assert through(events, key) == events
