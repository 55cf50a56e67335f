"""What lanes do so as to be quick: long texts are read in slices, clocks move in turns, a peek breaks only its last line."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from tests.ui import made

from sidelight.chat.conversation import Conversation
from sidelight.chat.events import AnswerDelta, Finished, FinishReason
from sidelight.render.markdown import parse
from sidelight.ui.document.view import TextRow
from sidelight.ui.panes.compare import pane as pane_module
from sidelight.ui.panes.compare import rows
from sidelight.ui.panes.compare.lane import LaneColumn
from sidelight.ui.panes.compare.pane import TURNS, LanesPane
from sidelight.ui.panes.compare.thinking import PeekLines
from sidelight.ui.theme import LIGHT, body_font, qpalette

LONG = "".join(f"Paragraph {n} has **some** words.\n\n- item {n}\n\n" for n in range(600))
SHOW = Callable[[Conversation], LanesPane]


@pytest.fixture
def show(qtbot: QtBot) -> SHOW:
    def shown(conversation: Conversation) -> LanesPane:
        pane = LanesPane(LIGHT, lambda _reply: 5.0)
        qtbot.addWidget(pane)
        pane.resize(4000, 700)
        with qtbot.waitExposed(pane):
            pane.show()
        pane.show_value(made.compared(conversation))
        pane._draw_stale()  # as it does in its next event
        return pane

    return shown


def answers(column: LaneColumn) -> list[object]:
    return [row.block for row in column._shown_rows if isinstance(row, TextRow) and row.role == "answer"]


def prompts(column: LaneColumn) -> list[str]:
    return [row.key for row in column._shown_rows if isinstance(row, TextRow) and row.role == "prompt"]


# --- reading


def test_a_long_answer_is_read_in_slices_and_its_end_is_shown_meanwhile(
    qtbot: QtBot, show: SHOW, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "_READING", 0.0)
    pane = show(made.conversation(((AnswerDelta(LONG), 1.0), (Finished(FinishReason.STOP), 2.0))))
    (column,) = pane.columns
    assert column.stale
    whole = list(parse(LONG))
    seen = answers(column)
    assert 10 < len(seen) < len(whole)
    assert seen == whole[-len(seen) :]
    assert prompts(column) == []  # nothing stands above it yet
    near = {i.block: i.document for i in column.view._stack.items if i.document is not None}
    qtbot.waitUntil(lambda: not column.stale)
    assert answers(column) == whole
    assert column.view.at_end
    kept = [i for i in column.view._stack.items if i.document is not None and near.get(i.block) is i.document]
    assert len(kept) > 10  # what was in sight was not laid out again


@pytest.mark.parametrize("kind", ["```py\n{}\n```", "> {}", "- {}"])
def test_the_end_of_a_long_text_is_not_guessed_within_a_block(
    qtbot: QtBot, show: SHOW, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(rows, "_READING", 0.0)
    text = kind.format("x = 1\n\ny\n" * 2000)
    pane = show(made.conversation(((AnswerDelta(text), 1.0), (Finished(FinishReason.STOP), 2.0))))
    (column,) = pane.columns
    whole = list(parse(text))
    assert all(block in whole for block in answers(column))
    qtbot.waitUntil(lambda: not column.stale)
    assert answers(column) == whole


def test_the_newest_turn_is_read_first_and_those_before_it_are_added_above(
    qtbot: QtBot, show: SHOW, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "_READING", 0.0)
    pane = show(made.conversation(made.DONE, earlier=4))
    (column,) = pane.columns
    assert prompts(column) in (["t4.prompt"], ["t3.prompt", "t4.prompt"])
    qtbot.waitUntil(lambda: not column.stale)
    assert prompts(column) == [f"t{n}.prompt" for n in range(5)]
    assert column.view.at_end


def test_what_is_read_already_stays_while_it_is_read_in_another_way(
    qtbot: QtBot, show: SHOW, monkeypatch: pytest.MonkeyPatch
) -> None:
    pane = show(made.conversation(made.DONE, earlier=4))
    (column,) = pane.columns
    qtbot.waitUntil(lambda: not column.stale)
    monkeypatch.setattr(rows, "_READING", 0.0)
    column.open_traces(True)
    assert prompts(column) == [f"t{n}.prompt" for n in range(5)]
    pane.show_value(made.compared(made.conversation(made.DONE, earlier=4)))
    qtbot.waitUntil(lambda: not column.stale)
    assert sum(isinstance(r, TextRow) and r.role == "trace" for r in column._shown_rows) == 15


# --- clocks


def test_all_clocks_move_in_turns(show: SHOW) -> None:
    pane = show(made.conversation(*[made.THINKING] * 6))
    told: list[str] = []

    def elapsed(reply: str) -> float:
        told.append(reply)
        return 9.4

    for column in pane.columns:
        column._elapsed = elapsed
    for _ in range(TURNS):
        before = len(set(told))
        pane.tick()
        assert len(set(told)) - before <= 2
    assert len(set(told)) == 6


# --- the peek


@pytest.fixture
def peek(qtbot: QtBot) -> Iterator[PeekLines]:
    before = QApplication.palette()
    QApplication.setPalette(qpalette(LIGHT))
    made_peek = PeekLines()
    qtbot.addWidget(made_peek)
    made_peek.setFont(body_font(LIGHT))
    made_peek.resize(420, made_peek.sizeHint().height())
    made_peek.show()
    yield made_peek
    QApplication.setPalette(before)


TEXT = (
    "Wait, so we need 中文字符 and emoji 🎉🎉 in it. " * 6
    + "\n\n\nNext: "
    + "x" * 200
    + " end. مرحبا بالعالم. " * 9
)


def screen(peek: PeekLines) -> QImage:
    QApplication.processEvents()
    return peek.screen().grabWindow(peek.winId()).toImage()


def test_lines_of_a_peek_stay_once_they_are_full(peek: PeekLines) -> None:
    chance = random.Random(3)
    before: list[str] = []
    at = 0
    while at < len(TEXT):
        at += chance.randrange(1, 12)
        peek.show_value(TEXT[max(0, at - 300) : at], min(at, len(TEXT)))
        lines = [line for line in peek._lines if line.strip()]
        full = before[:-1]
        assert any(lines[: len(full) - n] == full[n:] for n in range(len(full) + 1))
        before = lines
    assert all(peek.fontMetrics().horizontalAdvance(line) <= peek.width() for line in before)
    assert "".join(before).split()[-1] == TEXT.split()[-1]


def test_a_peek_painted_in_parts_equals_one_painted_at_once(peek: PeekLines) -> None:
    for at in range(5, len(TEXT), 7):
        peek.show_value(TEXT[max(0, at - 300) : at], at)
        partly = screen(peek)
        peek.update()
        assert partly == screen(peek), TEXT[at - 20 : at]


def test_a_peek_at_another_text_or_width_is_broken_anew(peek: PeekLines) -> None:
    peek.show_value(TEXT[:100], 100)
    peek.show_value("Something else.", 15)
    assert peek._lines == ["Something else."]
    peek.show_value(TEXT[:100], 100)
    before = list(peek._lines)
    peek.resize(200, peek.height())
    assert peek._lines != before
    assert "".join(peek._lines).endswith(TEXT[80:100])


# --- frames


def streaming(words: int, lanes: int) -> Conversation:
    """As many lanes, with so many words of an answer each."""
    return made.conversation(*[((AnswerDelta("word " * words), 1.0),)] * lanes)


def drawn_in(pane: LanesPane, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lanes whose rows are drawn from now on."""
    drawn: list[str] = []
    draw = LaneColumn._draw_rows

    def watched(column: LaneColumn) -> None:
        drawn.append(column.lane.id)
        draw(column)

    monkeypatch.setattr(LaneColumn, "_draw_rows", watched)
    return drawn


def test_a_frame_draws_four_lanes_and_the_next_the_others_with_all_that_came(
    qtbot: QtBot, show: SHOW, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pane_module, "_BUDGET", 1e9)
    pane = show(streaming(1, 8))
    qtbot.waitUntil(lambda: not any(c.stale for c in pane.columns))
    for column in pane.columns:
        column.drawn_at = 0.0
    monkeypatch.setattr(pane_module, "_REST_MS", 10**8)  # no frame but those asked for
    drawn = drawn_in(pane, monkeypatch)
    pane.show_value(made.compared(streaming(2, 8)))
    assert len(drawn) == len(set(drawn)) == 4
    pane.show_value(made.compared(streaming(3, 8)))
    assert sorted(drawn) == [f"l{n}" for n in range(8)]
    texts = [c.view.accessible_text().count("word") for c in pane.columns]
    assert sorted(texts) == [2] * 4 + [3] * 4


def test_lanes_that_change_by_more_than_text_have_a_frame_each(
    qtbot: QtBot, show: SHOW, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pane_module, "_BUDGET", 1e9)
    thinking = made.conversation(*[made.THINKING] * 3)
    pane = show(thinking)
    qtbot.waitUntil(lambda: pane.rests)
    for column in pane.columns:
        column.drawn_at = 0.0
    drawn = drawn_in(pane, monkeypatch)
    pane.show_value(made.compared(made.conversation(*[made.ANSWERING] * 3)))
    assert len(drawn) == 1
    qtbot.waitUntil(lambda: pane.rests)
    assert sorted(drawn) == ["l0", "l1", "l2"]
    assert all("The ball" in c.view.accessible_text() for c in pane.columns)


def test_lanes_that_waited_are_drawn_though_nothing_more_comes(
    qtbot: QtBot, show: SHOW, monkeypatch: pytest.MonkeyPatch
) -> None:
    pane = show(streaming(1, 8))
    qtbot.waitUntil(lambda: not any(c.stale for c in pane.columns))
    pane.show_value(made.compared(streaming(2, 8)))
    qtbot.waitUntil(lambda: not any(c.stale for c in pane.columns))
    assert all(c.view.accessible_text().count("word") == 2 for c in pane.columns)


def test_nothing_is_drawn_where_nothing_is_new(
    qtbot: QtBot, show: SHOW, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = streaming(1, 4)
    pane = show(shown)
    qtbot.waitUntil(lambda: not any(c.stale for c in pane.columns))
    drawn = drawn_in(pane, monkeypatch)
    pane.show_value(made.compared(shown))
    assert drawn == []


def test_what_is_dear_to_draw_is_drawn_less_often(qtbot: QtBot, show: SHOW) -> None:
    pane = show(streaming(1, 1))
    (column,) = pane.columns
    column._costs = (0.004, 0.005)
    assert column.pause == pytest.approx(0.032)
    column._costs = (0.5, 0.0001)  # once is no habit
    assert column.pause < 0.01
    column._costs = (1.0, 1.0)
    assert column.pause == 0.066


def test_the_end_of_a_reply_does_not_wait(qtbot: QtBot, show: SHOW) -> None:
    pane = show(streaming(1, 1))
    (column,) = pane.columns
    column._costs = (9.0, 9.0)
    pane.show_value(made.compared(streaming(2, 1)))
    assert column.stale
    pane.show_value(made.compared(made.conversation(made.PLAIN)))
    assert not column.stale
