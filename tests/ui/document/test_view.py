"""The block view as a person meets it: rows, scrolling, selecting, searching, links; offscreen but real."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import cast

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QMouseEvent, QPaintEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from sidelight.render.markdown import parse
from sidelight.ui.document.find import Match, Query
from sidelight.ui.document.letters import Role
from sidelight.ui.document.rows import Item
from sidelight.ui.document.view import BlockView, Row, TextRow, WidgetRow
from sidelight.ui.theme import DARK, LIGHT


def text_rows(text: str, prefix: str = "a") -> list[Row]:
    return [TextRow(f"{prefix}{i}", block) for i, block in enumerate(parse(text))]


def numbered(count: int, prefix: str = "a") -> list[Row]:
    paragraph = "number {} of many, with enough words in it that the line has to wrap at least once or so."
    return [TextRow(f"{prefix}{i}", block) for i in range(count) for block in parse(paragraph.format(i))]


@pytest.fixture
def view(qtbot: QtBot) -> BlockView:
    made = BlockView()
    qtbot.addWidget(made)
    made.resize(480, 400)
    with qtbot.waitExposed(made):
        made.show()
    return made


def item(view: BlockView, key: str) -> Item:
    return view._stack.by_key[key]


def place(view: BlockView, key: str, position: int) -> QPoint:
    """Where a character of a row stands in the viewport."""
    row = item(view, key)
    document = view._document_of(row)
    block = document.findBlock(position)
    line = block.layout().lineForTextPosition(position - block.position())
    rect = document.documentLayout().blockBoundingRect(block)
    x, _ = cast("tuple[float, int]", line.cursorToX(position - block.position()))
    y = view._stack.top(row.index) + row.above - view.verticalScrollBar().value()
    left = view._column()[0] + view._inset(row)
    return QPoint(round(left + rect.left() + x) + 1, round(y + rect.top() + line.y() + line.height() / 2))


def seen_top(view: BlockView) -> tuple[str, int]:
    """The first visible row and how far it is scrolled out."""
    y = view.verticalScrollBar().value()
    first = view._stack.items[view._stack.at(y)]
    return first.row.key, y - round(view._stack.top(first.index))


def wheel(view: BlockView, pixels: int) -> None:
    at = QPointF(100, 100)
    event = QWheelEvent(
        at, view.viewport().mapToGlobal(at), QPoint(0, pixels), QPoint(0, pixels),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view.viewport(), event)


# --- rows


def test_unchanged_rows_keep_their_documents(view: BlockView) -> None:
    rows = text_rows("one\n\ntwo\n\nthree")
    view.set_rows(rows)
    before = [item(view, r.key).document for r in rows]
    assert all(before)
    view.set_rows([*rows[:2], *text_rows("three and more", "b"), *numbered(2, "c")])
    assert [item(view, r.key).document for r in rows[:2]] == before[:2]
    assert "a2" not in view._stack.by_key


def test_equal_blocks_count_as_unchanged(view: BlockView) -> None:
    view.set_rows(text_rows("one\n\ntwo"))
    before = item(view, "a1").document
    view.set_rows(text_rows("one\n\ntwo"))
    assert item(view, "a1").document is before


def test_a_changed_role_is_another_look(view: BlockView) -> None:
    (block,) = parse("text")
    view.set_rows([TextRow("a", block, "answer")])
    before = item(view, "a").document
    view.set_rows([TextRow("a", block, "trace")])
    assert item(view, "a").document is not before


def test_only_what_is_near_is_alive(view: BlockView) -> None:
    rows = numbered(5000)
    begin = time.thread_time()
    view.set_rows(rows)
    assert time.thread_time() - begin < 1.0
    assert 0 < view.live_documents <= 40
    bar = view.verticalScrollBar()
    for value in range(0, bar.maximum(), bar.maximum() // 60):
        bar.setValue(value)
        assert view.live_documents <= 40


def test_appending_costs_the_same_whatever_is_above(view: BlockView) -> None:
    def cost(above: int) -> float:
        rows = numbered(above)
        view.set_rows(rows)
        best = 1.0
        for i in range(30):
            grown = [*rows, TextRow("tail", parse("more and more " * (i + 1))[0])]
            begin = time.thread_time()
            view.set_rows(grown, unchanged=above)
            best = min(best, time.thread_time() - begin)
        return best

    assert cost(5000) < 3 * cost(50) + 0.002


def heights(view: BlockView) -> list[int]:
    """What is painted from now on, in pixels from top to bottom each time."""
    painted: list[int] = []

    class Watch(QObject):
        def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
            if isinstance(event, QPaintEvent):
                painted.append(event.rect().height())
            return False

    view.viewport().installEventFilter(Watch(view))
    return painted


def test_text_that_grows_keeps_its_document_and_one_line_is_painted(view: BlockView) -> None:
    text = "many words that wrap, " * 30
    view.set_rows([*numbered(40), *text_rows(text, "tail")])
    QApplication.processEvents()
    document = item(view, "tail0").document
    painted = heights(view)
    view.set_rows([*numbered(40), *text_rows(text + " b", "tail")])
    QApplication.processEvents()
    assert item(view, "tail0").document is document
    assert painted
    assert max(painted) < 5 * view._stack.unit


def test_the_very_same_rows_paint_nothing(view: BlockView) -> None:
    rows = numbered(3)
    view.set_rows(rows)
    QApplication.processEvents()
    painted = heights(view)
    view.set_rows(list(rows), unchanged=3)
    view.set_rows(list(rows))
    QApplication.processEvents()
    assert painted == []


def test_no_rows_at_all(view: BlockView) -> None:
    view.set_rows(numbered(3))
    view.set_rows([])
    view.select_all()
    assert view.selected_text() == ""
    view.find(re.compile("x"))
    assert not view.show_match(Match("a0", 0))
    assert view.first_key() == ""
    view.grab()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton)
    assert view.at_end


def test_palette_and_zoom_change_every_row(view: BlockView) -> None:
    view.set_rows(numbered(100))
    height = view._stack.total
    view.set_palette_and_zoom(DARK, 2.0)
    assert view._stack.total > 1.5 * height
    assert view.grab().toImage().pixelColor(2, 2).name() == DARK.surface
    view.set_palette_and_zoom(LIGHT, 1.0)
    assert view.grab().toImage().pixelColor(2, 2).name() == LIGHT.surface


# --- widgets


def widget_rows(made: list[str]) -> list[Row]:
    def maker(key: str) -> Callable[[QWidget], QWidget]:
        def make(parent: QWidget) -> QWidget:
            made.append(key)
            return QPushButton(key, parent)

        return make

    rows: list[Row] = []
    for i in range(60):
        rows.append(WidgetRow(f"w{i}", maker(f"w{i}"), 1))
        rows.extend(numbered(8, f"t{i}."))
    return rows


def test_widgets_exist_only_near_the_viewport(view: BlockView, qtbot: QtBot) -> None:
    made: list[str] = []
    view.follow = False
    view.set_rows(widget_rows(made))
    assert made[0] == "w0"
    assert len(made) < 8
    first = item(view, "w0").widget
    assert first is not None
    assert first.isVisible()
    view.to_end()
    assert "w59" in made
    assert item(view, "w0").widget is None
    qtbot.wait(0)
    view.verticalScrollBar().setValue(0)
    assert made.count("w0") == 2


def test_a_widget_is_made_anew_when_its_token_changes(view: BlockView) -> None:
    made: list[int] = []

    def row(token: int) -> WidgetRow:
        def make(parent: QWidget) -> QWidget:
            made.append(token)
            return QLabel(str(token), parent)

        return WidgetRow("w", make, token)

    view.set_rows([row(1)])
    view.set_rows([row(1)])
    assert made == [1]
    view.set_rows([row(2)])
    assert made == [1, 2]


def test_a_widget_that_grows_moves_what_is_below(view: BlockView, qtbot: QtBot) -> None:
    box = QWidget()
    layout = QVBoxLayout(box)
    layout.addWidget(QLabel("one"))

    def make(parent: QWidget) -> QWidget:
        box.setParent(parent)
        return box

    view.set_rows([WidgetRow("w", make, 1), *numbered(2)])
    before = view._stack.top(1)
    layout.addWidget(QLabel("two\ntwo\ntwo"))
    qtbot.waitUntil(lambda: view._stack.top(1) > before + 20)


def test_a_widget_with_the_focus_is_not_destroyed(view: BlockView, qtbot: QtBot) -> None:
    view.follow = False
    view.set_rows([WidgetRow("w", lambda parent: QLineEdit(parent), 1), *numbered(300)])
    edit = item(view, "w").widget
    assert edit is not None
    view.activateWindow()
    edit.setFocus()
    qtbot.waitUntil(edit.hasFocus)
    view.verticalScrollBar().setValue(5000)
    assert item(view, "w").widget is edit


# --- following and keeping the place


def test_following_the_end(view: BlockView) -> None:
    view.set_rows(numbered(50))
    bar = view.verticalScrollBar()
    assert view.follow
    assert bar.value() == bar.maximum() > 0
    view.set_rows(numbered(60))
    assert bar.value() == bar.maximum()


def test_any_scroll_up_stops_following_and_the_button_brings_it_back(view: BlockView, qtbot: QtBot) -> None:
    view.set_rows(numbered(50))
    bar = view.verticalScrollBar()
    wheel(view, 10)
    assert (view.follow, view.at_end) == (False, True)
    value = bar.value()
    view.set_rows(numbered(60))
    assert bar.value() == value
    assert (view.follow, view.at_end) == (False, False)
    assert view._button.isVisible()
    QTest.mouseClick(view._button, Qt.MouseButton.LeftButton)
    assert (view.follow, view.at_end) == (True, True)
    assert bar.value() == bar.maximum()
    assert not view._button.isVisible()


def test_scrolling_down_to_within_48_pixels_follows_again(view: BlockView) -> None:
    view.set_rows(numbered(50))
    bar = view.verticalScrollBar()
    bar.setValue(bar.maximum() - 300)
    assert not view.follow
    bar.setValue(bar.maximum() - 100)
    assert not view.follow
    bar.setValue(bar.maximum() - 40)
    assert view.follow


def test_at_end_is_told(view: BlockView, qtbot: QtBot) -> None:
    view.set_rows(numbered(50))
    with qtbot.waitSignal(view.at_end_changed) as told:
        view.verticalScrollBar().setValue(0)
    assert told.args == [False]
    with qtbot.waitSignal(view.at_end_changed) as told:
        view.to_end()
    assert told.args == [True]


def test_the_reading_place_does_not_jump(view: BlockView) -> None:
    """Guessed heights above become exact, the width changes, rows come and go: the first visible row stays."""
    rows = numbered(400)
    view.set_rows(rows)
    view.scroll_to_row("a200")
    place_before = seen_top(view)
    view.set_rows([*rows, *numbered(50, "b")])
    assert seen_top(view) == place_before
    view.set_rows([*numbered(30, "c"), *rows])
    assert seen_top(view) == place_before
    view.resize(700, 400)
    assert seen_top(view)[0] == place_before[0]
    view.set_rows(rows[150:])
    assert seen_top(view)[0] == place_before[0]


def test_scrolling_up_through_guessed_heights_is_even(view: BlockView) -> None:
    """Each step moves what is seen by exactly the step, although rows above turn out taller than guessed."""
    blocks = parse("\n\n".join(f"- item {i}\n" * (i % 7 + 1) + f"\n```\ncode {i}\n```" for i in range(200)))
    view.set_rows([TextRow(str(i), b) for i, b in enumerate(blocks)])
    for _ in range(100):
        y = view.verticalScrollBar().value()
        middle = view._stack.items[view._stack.at(y + 200)]
        before = view._stack.top(middle.index) - y
        wheel(view, 30)
        after = view._stack.top(middle.index) - view.verticalScrollBar().value()
        assert after - before == pytest.approx(30, abs=1)


def test_when_the_place_is_gone_the_next_row_takes_it(view: BlockView) -> None:
    rows = numbered(100)
    view.set_rows(rows)
    view.scroll_to_row("a50")
    view.set_rows([*rows[:40], *rows[70:]])
    assert seen_top(view)[0] in ("a39", "a70")


# --- selecting and copying


def test_selecting_across_rows_with_the_mouse(view: BlockView, qtbot: QtBot) -> None:
    view.set_rows(text_rows("first *paragraph*\n\n- item\n\nlast words"))
    QTest.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=place(view, "a0", 6))
    _drag(view, place(view, "a2", 4))
    QTest.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=place(view, "a2", 4))
    assert view.selected_text() == "paragraph\n\n- item\n\nlast"
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "paragraph\n\n- item\n\nlast"


def _drag(view: BlockView, to: QPoint) -> None:
    event = QMouseEvent(
        QEvent.Type.MouseMove, QPointF(to), view.viewport().mapToGlobal(QPointF(to)),
        Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    QApplication.sendEvent(view.viewport(), event)


def test_selecting_backwards_gives_the_same_text(view: BlockView, qtbot: QtBot) -> None:
    view.set_rows(text_rows("one two\n\nthree four"))
    QTest.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=place(view, "a1", 5))
    _drag(view, place(view, "a0", 4))
    assert view.selected_text() == "two\n\nthree"


def test_double_and_triple_click(view: BlockView, qtbot: QtBot) -> None:
    view.set_rows(text_rows("one two three\n\nfour"))
    where = place(view, "a0", 5)
    viewport = view.viewport()
    QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=where)
    QTest.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=where)
    assert view.selected_text() == "two"
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=where)
    assert view.selected_text() == "one two three"
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=where)


def test_shift_click_and_shift_keys_extend(view: BlockView, qtbot: QtBot) -> None:
    view.set_rows(text_rows("one two\n\nthree"))
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place(view, "a0", 0))
    QTest.mouseClick(
        view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, place(view, "a0", 3)
    )
    assert view.selected_text() == "one"
    view.setFocus()
    shift = Qt.KeyboardModifier.ShiftModifier
    for _ in range(4):
        QTest.keyClick(view, Qt.Key.Key_Right, shift)
    assert view.selected_text() == "one two"
    for _ in range(3):
        QTest.keyClick(view, Qt.Key.Key_Right, shift)
    assert view.selected_text() == "one two\n\nth"
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert view.selected_text() == ""


def test_select_all_and_copy_of_many_rows(view: BlockView, qtbot: QtBot) -> None:
    view.set_rows([*numbered(3000), WidgetRow("w", lambda parent: QLabel("no", parent))])
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert view.live_documents <= 45
    text = view.selected_text()
    assert text == view.accessible_text()
    assert text.count("\n\n") == 2999
    assert text.startswith("number 0 of many")


def test_code_in_pieces_is_copied_as_one(view: BlockView) -> None:
    code = "".join(f"line {i}\n" for i in range(1000))
    view.set_rows(text_rows(f"before\n\n```\n{code}```\n\nafter"))
    view.select_all()
    assert view.selected_text() == f"before\n\n{code}\nafter"


def test_drawing_beyond_the_edge_scrolls(
    view: BlockView, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    view.follow = False
    view.set_rows(numbered(200))
    QTest.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=place(view, "a0", 0))
    below = QPoint(100, view.viewport().height() + 60)
    monkeypatch.setattr(view, "_pointer", lambda: below)
    _drag(view, below)
    qtbot.waitUntil(lambda: view.verticalScrollBar().value() > 100)
    assert len(view.selected_text()) > 500
    QTest.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(100, 50))
    assert not view._drag.isActive()


def test_a_selection_outlives_growth_of_its_row(view: BlockView) -> None:
    view.set_rows(text_rows("one two"))
    view.select_all()
    view.set_rows(text_rows("one two three"))
    assert view.selected_text() == "one two"
    view.set_rows([])
    assert view.selected_text() == ""


# --- searching


def test_what_is_found_is_marked_and_shown(view: BlockView) -> None:
    rows = [
        *numbered(300),
        *text_rows("a *nee*dle, a Needle and 🎉 needle\n\n| n |\n|---|\n| needle |\n", "z"),
    ]
    view.set_rows(rows)
    view.verticalScrollBar().setValue(0)
    view.find(Query("needle").pattern)
    assert view.first_key() == "a0"
    assert view.show_match(Match("z1", 0))
    assert view.show_match(Match("z0", 2))
    assert not view.follow
    row = item(view, "z0")
    y = view._stack.top(row.index) - view.verticalScrollBar().value()
    assert 0 <= y < 400
    begin, end = view._found(row)[2]
    assert (
        view._document_of(row).toPlainText().encode("utf-16-le")[2 * begin : 2 * end].decode("utf-16-le")
        == "needle"
    )
    assert {LIGHT.mark, LIGHT.mark_current} <= _colours(view, round(y), 40)
    assert not view.show_match(None)
    assert LIGHT.mark_current not in _colours(view, round(y), 40)
    view.find(None)
    assert LIGHT.mark not in _colours(view, round(y), 40)


def _colours(view: BlockView, top: int, height: int) -> set[str]:
    picture = view.grab().toImage()
    return {picture.pixelColor(x, y).name() for x in range(460) for y in range(top, top + height)}


# --- links and keys


def test_a_link_is_clicked(view: BlockView, qtbot: QtBot) -> None:
    view.set_rows(text_rows("see [here](https://a.b/c) now"))
    with qtbot.waitSignal(view.link_clicked) as clicked:
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place(view, "a0", 6))
    assert clicked.args == ["https://a.b/c"]
    with qtbot.assertNotEmitted(view.link_clicked):
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place(view, "a0", 1))


def test_more_of_a_message_is_asked_for(view: BlockView, qtbot: QtBot) -> None:
    blocks = parse("words in here. " * 20_000)
    view.set_rows([TextRow(f"a{i}", b) for i, b in enumerate(blocks)])
    with qtbot.waitSignal(view.more_clicked) as asked:
        row = item(view, f"a{len(blocks) - 1}")
        end = view._document_of(row).characterCount() - 3
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place(view, row.row.key, end))
    assert asked.args == [row.row.key]


def test_keys_scroll(view: BlockView, qtbot: QtBot) -> None:
    view.set_rows(numbered(200))
    view.setFocus()
    bar = view.verticalScrollBar()
    QTest.keyClick(view, Qt.Key.Key_Home)
    assert bar.value() == 0
    QTest.keyClick(view, Qt.Key.Key_PageDown)
    page = bar.value()
    assert 250 < page < 400
    QTest.keyClick(view, Qt.Key.Key_Up)
    assert bar.value() < page
    QTest.keyClick(view, Qt.Key.Key_Space)
    QTest.keyClick(view, Qt.Key.Key_End)
    assert bar.value() == bar.maximum()


def test_screen_readers_are_told_what_is_seen(view: BlockView, qtbot: QtBot) -> None:
    view.set_rows(text_rows("# Title\n\nsome text"))
    qtbot.waitUntil(lambda: view.accessibleDescription() == "Title\n\nsome text")
    assert view.accessible_text() == "Title\n\nsome text"


def test_the_first_screen_of_a_long_hostile_message_is_quick(view: BlockView) -> None:
    text = "a\n\n" * 100_000
    begin = time.thread_time()
    view.set_rows([TextRow(str(i), b) for i, b in enumerate(parse(text))])
    view.grab()
    assert time.thread_time() - begin < 0.5


def test_what_was_moved_and_partly_painted_equals_a_full_repaint(view: BlockView) -> None:
    """Scrolling moves pixels and growing paints only what changed; neither may leave anything behind."""

    def screen() -> QImage:
        QApplication.processEvents()
        return view.screen().grabWindow(view.winId()).toImage()

    def check() -> None:
        partly = screen()
        view.viewport().update()
        assert partly == screen()

    rows = [*text_rows("prompt\n\nwith two parts", "p"), *numbered(40)]
    rows[:2] = [TextRow(r.key, r.block, "prompt") for r in rows[:2] if isinstance(r, TextRow)]
    view.set_rows(rows)
    assert len({screen().pixelColor(40, y).name() for y in range(0, 400, 3)}) > 1, "nothing was grabbed"
    for pixels in (30, 95, -20, 260, 700, -35, -399):
        wheel(view, pixels)
        check()
    view.to_end()
    text = "# More\n\nand *more* of it\n- a\n- b\n\n```py\ncode()\nmore()\n```\n\n| a |\n|---|\n| b |\n\nend"
    text += (
        " of it, which **wraps and goes on** until its lines are many, " * 5 + "\n\n> said\n> again and again"
    )
    roles: tuple[tuple[Role, int], ...] = (("answer", 5), ("trace", 9), ("prompt", 9))
    for role, step in roles:
        for at in range(5, len(text), step):
            grown = [TextRow(f"{role}{n}", block, role) for n, block in enumerate(parse(text[:at]))]
            view.set_rows([*rows, *grown])
            check()
        view.set_rows([*rows, *(TextRow(f"{role}{n}", b, role) for n, b in enumerate(parse(text)[:2]))])
        check()


def test_widgets_move_with_the_text_and_are_not_painted_anew_for_it(view: BlockView) -> None:
    rows = [*numbered(40), WidgetRow("w", lambda parent: QPushButton("between", parent))]
    text = "many words that wrap, " * 60
    painted = heights(view)
    for at in range(20, 700, 15):
        view.set_rows([*rows, *text_rows(text[:at], "tail")])
        QApplication.processEvents()
        moved, painted[:] = max(painted, default=0), []
        partly = view.screen().grabWindow(view.winId()).toImage()
        view.viewport().update()
        QApplication.processEvents()
        assert partly == view.screen().grabWindow(view.winId()).toImage()
        painted.clear()
        assert at < 40 or moved < 6 * view._stack.unit
