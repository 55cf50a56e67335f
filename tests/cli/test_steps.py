"""The difference between two looks at a reply, wherever the looks fall."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.chat.streams import at_once, streams

from sidelight.chat.events import (
    AnswerDelta,
    Event,
    Failed,
    FailureKind,
    Finished,
    FinishReason,
    Progress,
    ReasoningDelta,
    Reclassify,
    Stamped,
)
from sidelight.chat.reply import Reply, fold_all
from sidelight.cli.steps import Ended, Reclassified, Staged, Step, Wrote, steps

EMPTY = Reply("r", "lane")


def reply(*events: Event) -> Reply:
    return fold_all(EMPTY, at_once(*events))


def test_text_comes_once() -> None:
    half = reply(ReasoningDelta("hm"))
    whole = reply(ReasoningDelta("hmm"), AnswerDelta("4"), Finished(FinishReason.STOP))
    assert steps(None, half) == (Wrote("reasoning", "hm", 0),)
    assert steps(half, whole) == (Wrote("reasoning", "m", 0), Wrote("answer", "4", 1), Ended(whole))
    assert steps(whole, whole) == ()


def test_stages() -> None:
    waiting = reply(Progress("prompt", 5, 80))
    assert steps(None, waiting) == (Staged("prompt", 5, 80),)
    assert steps(waiting, waiting) == ()


def test_a_failure_ends() -> None:
    failed = reply(Failed(FailureKind.AUTH))
    assert steps(None, failed) == (Ended(failed),)


def test_a_reclassified_answer_is_told_before_what_follows() -> None:
    before = reply(AnswerDelta("thou"))
    after = reply(AnswerDelta("thought"), Reclassify(), AnswerDelta("answer"))
    assert steps(before, after) == (
        Reclassified(),
        Wrote("reasoning", "ght", 0),
        Wrote("answer", "answer", 1),
    )


@given(streams, st.data())
def test_the_steps_add_up_to_the_reply_wherever_one_looks(stream: list[Stamped], data: st.DataObject) -> None:
    looks = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    seen: Reply | None = None
    told: list[Step] = []
    for look in (*looks, len(stream)):
        now = fold_all(EMPTY, stream[:look])
        told += steps(seen, now)
        seen = now
    assert seen is not None
    kinds: dict[int, str] = {}
    texts: dict[int, str] = {}
    for step in told:
        match step:
            case Wrote(kind, text, segment):
                kinds[segment] = kind
                texts[segment] = texts.get(segment, "") + text
            case Reclassified():
                kinds = {i: "reasoning" if k == "answer" else k for i, k in kinds.items()}
            case _:
                pass
    assert texts == {i: s.text for i, s in enumerate(seen.segments) if s.text}
    assert kinds == {i: s.kind for i, s in enumerate(seen.segments) if s.text}
    assert sum(isinstance(step, Ended) for step in told) == seen.state.is_final
