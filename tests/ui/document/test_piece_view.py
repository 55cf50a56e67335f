"""Code, tables and links as a person handles them: pointer, Tab, menu, sideways; offscreen but real."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QWidget
from pytestqt.qtbot import QtBot

from sidelight.render.markdown import parse
from sidelight.ui.document.block_bar import BlockBar
from sidelight.ui.document.find import Match, Query
from sidelight.ui.document.piece_view import PieceView
from sidelight.ui.document.pieces import Piece, pieces_of
from sidelight.ui.document.view import TextRow
from sidelight.ui.widgets.icon import IconButton

CODE = "```python\n" + "x = 1  # " + "long " * 60 + "end\n```\n"
TABLE = "| a | b |\n|---|--:|\n| *x* | 1 |\n"
WIDE = (
    "|"
    + "|".join(f" heading {i} " for i in range(12))
    + "|\n"
    + "|---" * 12
    + "|\n"
    + "| cell " * 11
    + "| last |\n"
)
LINKS = "[one](https://b\u00fccher.example/path) and **[two](https://b.b)**\n"


@pytest.fixture
def view(qtbot: QtBot) -> PieceView:
    made = PieceView()
    qtbot.addWidget(made)
    made.resize(480, 400)
    with qtbot.waitExposed(made):
        made.show()
    made.activateWindow()
    made.setFocus()
    qtbot.waitUntil(made.hasFocus)
    return made


def show(view: PieceView, text: str) -> None:
    view.set_rows([TextRow(f"a{i}", block) for i, block in enumerate(parse(text))])


def piece(view: PieceView, key: str) -> Piece:
    row = view._stack.by_key[key]
    return pieces_of(row, view._document_of(row))[0]


def point_at(view: PieceView, key: str) -> QPoint:
    """Let the pointer go to a piece."""
    at = view._seen(piece(view, key)).center().toPoint()
    QTest.mouseMove(view.viewport(), at)
    view._hover(at)
    return at


def bar_of(view: PieceView) -> BlockBar:
    assert view._bar is not None
    return view._bar


def clipboard() -> str:
    return QGuiApplication.clipboard().text()


def menu_of(view: PieceView) -> QMenu:
    (menu,) = [m for m in view.findChildren(QMenu) if m.isVisible()]
    return menu


def choose(view: PieceView, caption: str) -> None:
    menu = menu_of(view)
    next(a for a in menu.actions() if a.text() == caption).trigger()
    menu.close()


def open_menu(view: PieceView, at: QPoint) -> None:
    reason = QContextMenuEvent.Reason.Mouse
    QApplication.sendEvent(view.viewport(), QContextMenuEvent(reason, at, view.viewport().mapToGlobal(at)))


def test_the_bar_comes_and_goes_with_the_pointer(view: PieceView) -> None:
    show(view, "text\n\n" + CODE + "\n" + TABLE)
    point_at(view, "a1")
    bar = bar_of(view)
    assert bar.isVisible()
    named = [b for b in bar.findChildren(IconButton) if b.isVisible()]
    assert [b.accessibleName() for b in named] == ["Copy the code", "Wrap long lines", "Save the code as…"]
    named[0].click()
    assert clipboard() == "x = 1  # " + "long " * 60 + "end"
    point_at(view, "a2")
    assert [b.accessibleName() for b in bar.findChildren(IconButton) if b.isVisible()] == ["Copy the table"]
    view._hover(QPoint(5, 390))
    assert not bar.isVisible()
    point_at(view, "a1")
    view.set_rows([])
    assert not bar.isVisible()


def test_code_in_pieces_is_copied_and_saved_whole(view: PieceView, qtbot: QtBot) -> None:
    code = "".join(f"line {i} of many\n" for i in range(900))
    show(view, f"```rust\n{code}```\n")
    assert len(view._stack.items) > 1
    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum() // 2)
    row = view._stack.items[view._stack.at(view.verticalScrollBar().value())]
    point_at(view, row.row.key)
    bar = bar_of(view)
    assert 0 <= bar.y() < 40, "it stays in view"
    view._do("copy_code", view._hovered)
    assert clipboard() == code.removesuffix("\n")
    with qtbot.waitSignal(view.save_wished) as saved:
        view._do("save", view._hovered)
    assert saved.args == [code, "code.rs"]


def test_code_that_is_not_wrapped_scrolls_sideways(view: PieceView) -> None:
    show(view, "text\n\n" + CODE)
    row = view._stack.by_key["a1"]
    high = row.height
    point_at(view, "a1")
    view._do("wrap", view._hovered)
    assert row.height < high
    assert view._reach(row) > 500
    wheel(view, view._seen(piece(view, "a1")).center(), QPoint(-240, 0))
    assert view._shift(row) == 120
    wheel(view, view._seen(piece(view, "a1")).center(), QPoint(0, -240), Qt.KeyboardModifier.ShiftModifier)
    assert view._shift(row) == 240
    view.grab()
    view._do("wrap", piece(view, "a1"))
    assert row.height == high
    assert view._shift(row) == 0


def wheel(
    view: PieceView,
    at: QPointF,
    angle: QPoint,
    held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    event = QWheelEvent(
        at, view.viewport().mapToGlobal(at), QPoint(), angle,
        Qt.MouseButton.NoButton, held, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view.viewport(), event)


def test_a_wide_table_is_pulled_by_its_scroller_and_what_is_found_comes_into_sight(view: PieceView) -> None:
    show(view, WIDE)
    row = view._stack.by_key["a0"]
    place = view._place_of(row)
    at = QPoint(round(place.left()) + 5, round(place.bottom()) - 4)
    QTest.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    move = QMouseEvent(
        QEvent.Type.MouseMove, QPointF(at + QPoint(60, 0)), view.viewport().mapToGlobal(QPointF(at + QPoint(60, 0))),
        Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    QApplication.sendEvent(view.viewport(), move)
    pulled = view._shift(row)
    assert 60 < pulled <= view._reach(row)
    QTest.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert view.selected_text() == ""
    view._scroll_sideways(row, 0)
    view.find(Query("last").pattern)
    view.show_match(Match("a0", 0))
    assert view._shift(row) > 300
    begin, _ = view._found(row)[0]
    hit = view._point_at(view._place_in_view(row, begin))
    assert hit is not None
    assert abs(hit.position - begin) <= 1, "what is clicked is what is seen there"


@pytest.mark.parametrize(
    ("caption", "text"),
    [
        ("Copy as Markdown", "| a | b |\n| --- | --: |\n| *x* | 1 |\n"),
        ("Copy as CSV", "a,b\r\nx,1\r\n"),
        ("Copy for a spreadsheet", "a\tb\nx\t1\n"),
    ],
)
def test_a_table_is_copied_by_its_menu(view: PieceView, caption: str, text: str) -> None:
    show(view, TABLE)
    open_menu(view, view._seen(piece(view, "a0")).center().toPoint())
    choose(view, caption)
    assert clipboard().replace("\r\n", "\n") == text.replace("\r\n", "\n")


def test_tab_goes_through_what_is_in_view_and_enter_opens(view: PieceView, qtbot: QtBot) -> None:
    view.follow = False
    show(view, LINKS + "\n" + CODE + "\n" + TABLE + "\n" + "filler text\n\n" * 60 + "[far](https://far.away)")
    opened: list[str] = []
    view.link_clicked.connect(opened.append)
    QTest.keyClick(view, Qt.Key.Key_Tab)
    tip = view._address
    assert tip.isVisible()
    assert tip.accessibleName() == "https://xn--bcher-kva.example/path"
    assert view.accessibleDescription() == "Link: one. https://xn--bcher-kva.example/path"
    QTest.keyClick(view, Qt.Key.Key_Return)
    QTest.keyClick(view, Qt.Key.Key_Tab)
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert opened == ["https://b\u00fccher.example/path", "https://b.b"]
    QTest.keyClick(view, Qt.Key.Key_Tab)
    assert view.accessibleDescription().startswith("Code, python, 1 lines")
    assert not tip.isVisible()
    QTest.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert clipboard().endswith("end")
    QTest.keyClick(view, Qt.Key.Key_Return)
    choose(view, "Wrap long lines")
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert view._shift(view._stack.by_key["a1"]) > 20
    QTest.keyClick(view, Qt.Key.Key_Tab)
    assert view.accessibleDescription().startswith("Table, 1 rows, 2 columns")
    before = view.grab().toImage()
    QTest.keyClick(view, Qt.Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
    assert view._piece is not None
    assert view._piece.code
    assert view.grab().toImage() != before, "the ring is seen"
    assert view.verticalScrollBar().value() == 0


def test_the_focus_leaves_after_what_is_in_view(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    view, edit = PieceView(window), QLineEdit(window)
    view.resize(400, 250)
    edit.move(0, 260)
    window.resize(400, 300)
    window.show()
    show(view, "[a](https://a.a)\n\n" + "filler\n\n" * 60 + "[b](https://b.b)")
    view.verticalScrollBar().setValue(0)
    window.activateWindow()
    view.setFocus()
    qtbot.waitUntil(view.hasFocus)
    QTest.keyClick(view, Qt.Key.Key_Tab)
    assert view.hasFocus()
    QTest.keyClick(view, Qt.Key.Key_Tab)
    assert view._button.hasFocus()
    QTest.keyClick(view._button, Qt.Key.Key_Tab)
    assert edit.hasFocus()
    assert view._link is None
    view.setFocus()
    assert view.hasFocus()


def test_hovering_shows_the_whole_address(view: PieceView) -> None:
    address = "https://a.b/" + "long/" * 60
    show(view, f"[x]({address})")
    view._hover(view._place_in_view(view._stack.by_key["a0"], 0))
    tip = view._address
    assert tip.isVisible()
    assert tip.text().replace("\u200b", "") == address
    assert tip.height() > 3 * tip.fontMetrics().height()
    assert view.rect().contains(tip.geometry())
    view._hover(QPoint(200, 300))
    assert not tip.isVisible()


def test_everything_of_the_bar_has_a_name(view: PieceView, qtbot: QtBot) -> None:
    show(view, CODE)
    point_at(view, "a0")
    bar = bar_of(view)
    assert all(b.accessibleName() and b.toolTip() for b in bar.findChildren(IconButton))
