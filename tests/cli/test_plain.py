"""Lines for people: who says what, trace or answer, and nothing that steers the terminal."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.chat.streams import at_once

from sidelight.chat.events import Event, Failed, FailureKind, Finished, FinishReason, ReasoningDelta, Usage
from sidelight.chat.message import Lane, Parameters
from sidelight.chat.reply import Reply, fold_all
from sidelight.cli import wording
from sidelight.cli.plain import Plain, visible
from sidelight.cli.steps import Ended, Reclassified, Staged, Step, Wrote

ONE = [Lane("a", "embedded", "small")]
TWO = [*ONE, Lane("b", "embedded", "small", Parameters(elicited=True))]


def ended(*events: Event) -> Ended:
    return Ended(fold_all(Reply("r", "a"), at_once(*events)))


def shown(printer: Plain, steps: Sequence[tuple[int, Step]]) -> tuple[list[str], list[str]]:
    said = [printer.announce(), *(printer.step(number, step) for number, step in steps)]
    return [x for s in said for x in s.out], [x for s in said for x in s.notes]


STOP = ended(Finished(FinishReason.STOP))


def test_two_lanes_take_turns_by_the_line() -> None:
    out, notes = shown(
        Plain(TWO),
        [
            (2, Wrote("reasoning", "Let me ", 0)),
            (1, Wrote("answer", "Four", 0)),
            (2, Wrote("reasoning", "think.\nSo", 0)),
            (1, STOP),
            (2, Wrote("answer", "4", 1)),
            (2, STOP),
        ],
    )
    assert out == ["2 ~ Let me think.", "1 | Four", "2 ~ So", "2 | 4"]
    assert notes[:2] == ["1 = embedded/small", "2 = embedded/small+elicited"]
    assert [n[:3] for n in notes[2:]] == ["1 =", "2 ="]


def test_one_lane_answers_bare() -> None:
    out, notes = shown(
        Plain(ONE), [(1, Wrote("reasoning", "hm", 0)), (1, Wrote("answer", "4\n\nyes", 1)), (1, STOP)]
    )
    assert out == ["~ hm", "4", "", "yes"]
    assert len(notes) == 1


def test_segments_never_share_a_line() -> None:
    out, _ = shown(Plain(ONE), [(1, Wrote("answer", "a", 0)), (1, Wrote("answer", "b", 1)), (1, STOP)])
    assert out == ["a", "b"]


def test_a_refusal_is_marked() -> None:
    assert shown(Plain(TWO), [(1, Wrote("refusal", "No.\n", 0))])[0] == ["1 ! No."]


def test_a_reclassified_answer_is_said() -> None:
    out, notes = shown(Plain(ONE), [(1, Wrote("answer", "thought", 0)), (1, Reclassified())])
    assert out == ["thought"]
    assert "trace" in notes[0]


def test_stages_are_said_once() -> None:
    stages: list[tuple[int, Step]] = [(1, Staged("prompt", n, 80)) for n in (0, 40, 80)]
    _, notes = shown(
        Plain(ONE), [(1, Staged("queued", None, None)), (1, Staged("sent", None, None)), *stages]
    )
    assert notes == ["= queued", "= reads the prompt (80 tokens)"]


def test_the_end_says_state_times_and_tokens() -> None:
    whole = ended(ReasoningDelta("hm"), Usage(output_total=120, reasoning=80), Finished(FinishReason.STOP))
    _, notes = shown(Plain(ONE), [(1, whole)])
    assert notes[0] == (
        "= complete after 2.0 s, first token after 0.0 s, 120 tokens, 80 of them in the trace, trace: full"
    )
    assert "no answer" in notes[1]


def test_a_failure_says_why_and_what_the_server_said() -> None:
    _, notes = shown(Plain(ONE), [(1, ended(Failed(FailureKind.AUTH, "bad \x1b[31mkey")))])
    assert notes == [
        "= failed after 0.0 s",
        "= The key was refused. Check the key for this backend. The server says: bad ␛[31mkey",
    ]


def test_a_failure_says_how_long_to_wait() -> None:
    _, notes = shown(Plain(ONE), [(1, ended(Failed(FailureKind.RATE_LIMIT, retry_after=7.0)))])
    assert notes[1].endswith("The server asks to wait 7 s.")


def test_long_lines_are_wrapped_for_a_terminal_and_else_kept() -> None:
    text = "word " * 40
    steps: list[tuple[int, Step]] = [(1, Wrote("answer", text, 0)), (1, STOP)]
    wrapped, _ = shown(Plain(TWO, width=60), steps)
    assert len(wrapped) > 3
    assert all(len(line) <= 60 for line in wrapped)
    assert "".join(line.removeprefix("1 | ") for line in wrapped).split() == text.split()
    assert shown(Plain(TWO), steps)[0] == ["1 | " + text]


def test_colours_only_where_asked() -> None:
    steps: list[tuple[int, Step]] = [(1, Wrote("reasoning", "hm\n", 0)), (1, STOP)]
    assert "\x1b" not in "".join(map("".join, shown(Plain(TWO), steps)))
    coloured = "".join(shown(Plain(TWO, colours=True), steps)[0])
    assert "\x1b[2mhm\x1b[0m" in coloured


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("\x1b]0;title\x07", "␛]0;title␇"),
        ("\x1b]52;c;cm0gLXJmIC8=\x07", "␛]52;c;cm0gLXJmIC8=␇"),
        ("over\rwritten", "over␍written"),
        ("line\r\nend", "line\nend"),
        ("\x9b31m", "\ufffd31m"),
        ("\u202egpj.exe", "\ufffdgpj.exe"),
        ("tab\tand 中文 and 👩‍🔬", "tab\tand 中文 and 👩‍🔬"),
    ],
)
def test_nothing_steers_the_terminal(text: str, safe: str) -> None:
    assert visible(text) == safe


@given(st.lists(st.text(), max_size=6), st.none() | st.integers(20, 80))
def test_no_text_steers_the_terminal_however_it_is_cut(texts: list[str], width: int | None) -> None:
    steps: list[tuple[int, Step]] = [(1, Wrote("answer", text, 0)) for text in texts]
    out, _ = shown(Plain(TWO, width=width), [*steps, (1, STOP)])
    assert not [c for line in out for c in line if (ord(c) < 32 and c != "\t") or 0x7F <= ord(c) < 0xA0]


def test_a_server_s_own_code_that_reads_like_one_of_ours_breaks_nothing() -> None:
    said = wording.failure(Failed(FailureKind.SERVER, "no", "local.engine_failed"))
    assert said == wording.failure(Failed(FailureKind.SERVER, "no"))
