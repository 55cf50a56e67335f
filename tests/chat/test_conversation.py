"""Turns as a tree, versions, and what each lane is sent."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.chat.streams import at_once

from sidelight.chat.conversation import (
    ContextRule,
    Conversation,
    Turn,
    failed_lanes,
    messages_for,
    title_from,
    turns_to_drop,
    unfinished,
    with_lanes,
    with_replies,
    with_reply,
    with_turn,
)
from sidelight.chat.events import (
    AnswerDelta,
    Event,
    Failed,
    FailureKind,
    Finished,
    FinishReason,
    ReasoningDelta,
)
from sidelight.chat.message import Lane, Message, Parameters, Prompt
from sidelight.chat.reply import Reply, ReplyState, fold_all

STOP = Finished(FinishReason.STOP)
ONE, TWO = Lane("one", "embedded", "m"), Lane("two", "embedded", "m")


def reply(identifier: str, lane: str, *events: Event) -> Reply:
    return fold_all(Reply(identifier, lane), at_once(*events))


def answered(identifier: str, lane: str, answer: str) -> Reply:
    return reply(identifier, lane, ReasoningDelta(f"thoughts of {lane}"), AnswerDelta(answer), STOP)


def turn(
    identifier: str, parent: str | None, prompt: str, *replies: Reply, chosen: str | None = None
) -> Turn:
    return Turn(identifier, parent, Prompt(prompt), replies, chosen=chosen)


@pytest.fixture
def talk() -> Conversation:
    """Two lanes of the same model that gave different answers, and a new prompt."""
    first = turn("t1", None, "word?", answered("a", "one", "red"), answered("b", "two", "blue"), chosen="two")
    conversation = with_turn(Conversation("c", lanes=(ONE, TWO)), first)
    return with_turn(conversation, turn("t2", "t1", "again?"))


def texts(
    conversation: Conversation, lane: Lane, turn_id: str = "t2", drop: int = 0
) -> list[tuple[str, str]]:
    return [(m.role, m.text) for m in messages_for(conversation, lane, turn_id, drop)]


def test_each_lane_is_told_its_own_answers_even_where_the_model_is_the_same(talk: Conversation) -> None:
    assert texts(talk, ONE) == [("user", "word?"), ("assistant", "red"), ("user", "again?")]
    assert texts(talk, TWO) == [("user", "word?"), ("assistant", "blue"), ("user", "again?")]


def test_the_chosen_answer_goes_on_for_all(talk: Conversation) -> None:
    chosen = replace(talk, rule=ContextRule.CHOSEN)
    assert texts(chosen, ONE) == texts(chosen, TWO) == texts(talk, TWO)


def test_where_none_is_chosen_each_lane_keeps_its_own(talk: Conversation) -> None:
    none_chosen = tuple(replace(t, chosen=None) for t in talk.turns)
    assert texts(replace(talk, rule=ContextRule.CHOSEN, turns=none_chosen), ONE) == texts(talk, ONE)


def test_no_context(talk: Conversation) -> None:
    assert texts(replace(talk, rule=ContextRule.NONE), ONE) == [("user", "again?")]


def test_traces_are_never_sent(talk: Conversation) -> None:
    for rule in ContextRule:
        assert "thoughts" not in str(texts(replace(talk, rule=rule), ONE))


def test_the_system_text_comes_first_and_an_empty_one_not_at_all(talk: Conversation) -> None:
    lane = replace(ONE, parameters=Parameters(system="Be brief."))
    assert messages_for(talk, lane, "t2")[0] == Message("system", "Be brief.")
    blank = replace(ONE, parameters=Parameters(system=" \n"))
    assert messages_for(talk, blank, "t2")[0].role == "user"


def test_a_lane_without_an_answer_is_not_told_the_prompt_either(talk: Conversation) -> None:
    stranger = Lane("three", "embedded", "m")
    assert texts(talk, stranger) == [("user", "again?")]


def test_an_older_version_serves_where_the_newest_is_empty(talk: Conversation) -> None:
    cut = with_reply(talk, "t1", replace(reply("c2", "one", Failed(FailureKind.CUT_OFF)), version=2))
    assert texts(cut, ONE) == texts(talk, ONE)
    whole = with_reply(talk, "t1", replace(answered("c3", "one", "green"), version=3))
    assert ("assistant", "green") in texts(whole, ONE)


def test_a_partial_answer_counts(talk: Conversation) -> None:
    half = with_reply(talk, "t1", reply("x", "one", AnswerDelta("re"), Failed(FailureKind.STOPPED)))
    assert ("assistant", "re") in texts(half, ONE)


def test_the_oldest_turns_can_be_left_out(talk: Conversation) -> None:
    assert texts(talk, ONE, drop=1) == [("user", "again?")]


def test_only_the_branch_of_the_turn_is_sent(talk: Conversation) -> None:
    branched = with_turn(talk, turn("t2b", "t1", "otherwise?", answered("d", "one", "x")))
    assert branched.leaf == "t2b"
    assert [t.id for t in branched.path] == ["t1", "t2b"]
    assert [t.id for t in branched.children("t1")] == ["t2", "t2b"]
    assert texts(branched, ONE, "t2")[-1] == ("user", "again?")
    assert "otherwise?" not in str(texts(branched, ONE, "t2"))


def test_a_circle_of_turns_ends() -> None:
    round_about = Conversation("c", turns=(turn("a", "b", "1"), turn("b", "a", "2")), leaf="a")
    assert len(round_about.path) <= 3


def test_a_reply_is_added_once_and_then_replaced(talk: Conversation) -> None:
    added = with_reply(talk, "t2", Reply("new", "one"))
    replaced = with_reply(added, "t2", answered("new", "one", "done"))
    newest = replaced.turn("t2")
    assert newest is not None
    assert [r.answer_text for r in newest.replies] == ["done"]
    assert talk.turn("t2") != newest, "values never change in place"


def test_several_replies_are_replaced_at_once(talk: Conversation) -> None:
    changed = with_replies(talk, "t1", {"a": answered("a", "one", "pink"), "unknown": Reply("u", "one")})
    first = changed.turn("t1")
    assert first is not None
    assert [r.answer_text for r in first.replies] == ["pink", "blue"]


def test_versions_of_one_lane(talk: Conversation) -> None:
    again = with_reply(talk, "t1", replace(answered("a2", "one", "green"), version=2))
    first = again.turn("t1")
    assert first is not None
    assert [r.version for r in first.versions("one")] == [1, 2]
    newest = first.reply("one")
    assert newest is not None
    assert newest.id == "a2"
    assert first.reply("nobody") is None


def test_lanes_can_change_and_replies_stay(talk: Conversation) -> None:
    changed = with_lanes(talk, [TWO])
    assert changed.lane("one") is None
    assert changed.turns == talk.turns


def test_what_failed_and_what_is_unfinished() -> None:
    newest = turn(
        "t",
        None,
        "?",
        answered("ok", "one", "fine"),
        reply("bad", "two", Failed(FailureKind.SERVER)),
        reply("cut", "three", Failed(FailureKind.CUT_OFF)),
        reply("on", "four", AnswerDelta("so far")),
    )
    lanes = [Lane(x, "b", "m") for x in ("one", "two", "three", "four", "five")]
    assert [x.id for x in failed_lanes(newest, lanes)] == ["two", "three"]
    assert [r.id for r in unfinished(Conversation("c", turns=(newest,), leaf="t"))] == ["on"]
    assert newest.replies[3].state is ReplyState.STREAMING


def test_turns_to_drop_leaves_room_for_an_answer() -> None:
    conversation = Conversation("c", lanes=(ONE,))
    for n in range(10):
        parent = f"t{n - 1}" if n else None
        conversation = with_turn(
            conversation, turn(f"t{n}", parent, "x" * 50, answered(f"r{n}", "one", "y" * 50))
        )
    drop = turns_to_drop(conversation, ONE, "t9", prompt_tokens=1000, context_tokens=800)
    assert drop is not None
    left = sum(len(m.text) for m in messages_for(conversation, ONE, "t9", drop))
    whole = sum(len(m.text) for m in messages_for(conversation, ONE, "t9"))
    assert left / whole * 1000 <= 0.75 * 800
    one_less = sum(len(m.text) for m in messages_for(conversation, ONE, "t9", drop - 1))
    assert one_less / whole * 1000 > 0.75 * 800, "no more is dropped than is needed"


def test_turns_to_drop_gives_up_where_the_prompt_alone_is_too_long() -> None:
    alone = with_turn(Conversation("c", lanes=(ONE,)), turn("t", None, "x" * 100))
    assert turns_to_drop(alone, ONE, "t", 1000, 800) is None


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        ("", ""),
        (" \n\n", ""),
        ("\n  What   is\tit?\nmore", "What is it?"),
        ("a" * 70, "a" * 60 + "…"),
        ("word " * 20, "word word word word word word word word word word word word…"),
    ],
)
def test_titles(prompt: str, title: str) -> None:
    assert title_from(prompt) == title
