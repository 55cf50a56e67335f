"""Messages made a conversation: whatever they say of each other, each is in it once, in its place, and the ids stay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidelight.chat.reply import Segment
from sidelight.transfer.formats.json import checked
from sidelight.transfer.importers import thread
from sidelight.transfer.importers.item import Aside, found
from sidelight.transfer.importers.limits import Refusal
from sidelight.transfer.importers.thread import Message, Origin, Passed, Said, Sent, conversation

ORIGIN = Origin("test")


def sent(key: str, parent: str | None, at: float = 0.0) -> Message:
    return Message(key, parent, Sent(f"<{key}>"), at)


def said(key: str, parent: str | None, at: float = 0.0) -> Message:
    return Message(key, parent, Said((Segment("answer", f"<{key}>"),)), at)


def test_parents_that_are_not_there_and_circles_are_beginnings() -> None:
    made = conversation(
        ORIGIN,
        "c",
        [
            sent("a", "nowhere"),
            said("b", "a"),
            sent("x", "z"),
            said("y", "x"),
            sent("z", "y"),
            sent("me", "me"),
        ],
    )
    assert {t.prompt.text for t in made.turns} == {"<a>", "<x>", "<z>", "<me>"}
    roots = [t.prompt.text for t in made.turns if t.parent is None]
    assert len(roots) == 3
    checked(found(made, Aside()).conversation)


def test_an_assistant_that_begins_answers_nothing_that_was_asked() -> None:
    made = conversation(ORIGIN, "c", [said("a", None), sent("u", "a"), said("b", "u")])
    assert [(t.prompt.text, [r.answer_text for r in t.replies]) for t in made.turns] == [
        ("", ["<a>"]),
        ("<u>", ["<b>"]),
    ]


def test_a_branch_within_an_answer_repeats_what_came_before_it() -> None:
    made = conversation(
        ORIGIN, "c", [sent("u", None), said("a", "u"), said("b", "a", 1), said("c", "a", 2)], current="b"
    )
    assert [r.answer_text for r in made.turns[0].replies] == ["<a>\n\n<c>", "<a>\n\n<b>"]
    before = conversation(ORIGIN, "c", [sent("u", None), said("a", "u")])
    assert before.turns[0].replies[0].id == made.turns[0].replies[1].id  # it went on, and stays what it was


def test_a_long_chain_takes_neither_the_stack_nor_the_memory() -> None:
    messages = [sent("0", None)] + [said(str(n), str(n - 1)) for n in range(1, 19_000)]
    made = conversation(ORIGIN, "c", messages)
    (reply,) = made.turns[0].replies
    assert len(reply.segments) == 18_999
    turns = [sent(str(n), str(n - 1) if n else None) for n in range(19_000)]
    assert len(conversation(ORIGIN, "c", turns).path) == 19_000


def test_too_many_and_none() -> None:
    with pytest.raises(Refusal, match="messages"):
        conversation(ORIGIN, "c", (sent(str(n), None) for n in range(20_001)))
    with pytest.raises(Refusal, match="empty"):
        conversation(ORIGIN, "c", [Message("a", None, Passed())])


KEYS = st.sampled_from("abcdefgh")
CONTENTS = st.sampled_from([Sent("?"), Said((Segment("answer", "!"),)), Passed(), Passed("sys")])
MESSAGES = st.lists(
    st.builds(Message, KEYS, st.none() | KEYS | st.just("gone"), CONTENTS, st.sampled_from([0.0, 1.0, 2.0])),
    max_size=12,
)


@given(MESSAGES, st.none() | KEYS)
def test_any_messages_make_a_conversation_that_may_be_stored(
    messages: list[Message], current: str | None
) -> None:
    last = {m.id: m for m in messages}
    prompts = [m for m in last.values() if isinstance(m.content, Sent)]
    if not any(isinstance(m.content, Sent | Said) for m in last.values()):
        with pytest.raises(Refusal, match="empty"):
            conversation(ORIGIN, "c", messages, current=current)
        return
    made = conversation(ORIGIN, "c", messages, current=current)
    checked(found(made, Aside()).conversation)
    assert sum(t.prompt.text == "?" for t in made.turns) == len(prompts)
    spoken = sum(isinstance(m.content, Said) for m in last.values())
    assert spoken <= sum(len(r.segments) for t in made.turns for r in t.replies)
    assert made == conversation(ORIGIN, "c", messages, current=current)
    assert made.leaf in {t.id for t in made.turns}
    assert thread.conversation(Origin("other"), "c", messages).id != made.id
