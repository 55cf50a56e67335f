"""The small parts: eliding, the growing field, the flow layout, icons, the meter, the banner."""

from __future__ import annotations

import time

import pytest
from PySide6.QtCore import QEvent, QMimeData, Qt
from PySide6.QtGui import QImage, QInputMethodEvent, QPalette
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from sidelight.paths import resource
from sidelight.ui.stylesheet import stylesheet
from sidelight.ui.theme import DARK, LIGHT, Palette, qpalette
from sidelight.ui.widgets.attachment import AttachmentCard
from sidelight.ui.widgets.banner import Banner
from sidelight.ui.widgets.flow import FlowLayout
from sidelight.ui.widgets.growing_edit import LARGE, GrowingEdit
from sidelight.ui.widgets.icon import IconButton, app_icon, pixmap
from sidelight.ui.widgets.meter import Meter
from sidelight.ui.widgets.number_box import NumberBox
from sidelight.ui.widgets.plain import ElidedLabel


def test_what_does_not_fit_is_cut_and_becomes_the_tooltip(qtbot: QtBot) -> None:
    label = ElidedLabel("a name that is far too long for its place")
    qtbot.addWidget(label)
    label.resize(80, 20)
    label.grab()
    assert label.toolTip() == label.text()
    label.resize(800, 20)
    label.grab()
    assert label.toolTip() == ""


def test_the_field_grows_with_its_lines_up_to_a_limit(qtbot: QtBot) -> None:
    edit = GrowingEdit(most_lines=5)
    qtbot.addWidget(edit)
    edit.resize(400, 20)
    edit.show()
    heights = []
    for lines in (1, 2, 3, 5, 9):
        edit.setPlainText("\n".join("x" * lines))
        heights.append(edit.height())
    assert heights[0] < heights[1] < heights[2] < heights[3] == heights[4]


def test_enter_sends_and_shift_enter_breaks_the_line(qtbot: QtBot) -> None:
    edit = GrowingEdit()
    qtbot.addWidget(edit)
    sent: list[str] = []
    edit.submitted.connect(lambda: sent.append(edit.toPlainText()))
    qtbot.keyClicks(edit, "one")
    qtbot.keyClick(edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClicks(edit, "two")
    assert edit.toPlainText() == "one\ntwo"
    assert sent == []
    qtbot.keyClick(edit, Qt.Key.Key_Return)
    assert sent == ["one\ntwo"]


def test_with_the_other_setting_only_ctrl_enter_sends(qtbot: QtBot) -> None:
    edit = GrowingEdit()
    edit.enter_sends = False
    qtbot.addWidget(edit)
    with qtbot.assertNotEmitted(edit.submitted):
        qtbot.keyClick(edit, Qt.Key.Key_Return)
    with qtbot.waitSignal(edit.submitted):
        qtbot.keyClick(edit, Qt.Key.Key_Enter, Qt.KeyboardModifier.ControlModifier)


def test_enter_chooses_a_candidate_while_an_input_method_composes(qtbot: QtBot) -> None:
    edit = GrowingEdit()
    qtbot.addWidget(edit)
    edit.show()
    QApplication.sendEvent(edit, QInputMethodEvent("ni", []))
    with qtbot.assertNotEmitted(edit.submitted):
        qtbot.keyClick(edit, Qt.Key.Key_Return)
    commit = QInputMethodEvent("", [])
    commit.setCommitString("你")
    QApplication.sendEvent(edit, commit)
    with qtbot.waitSignal(edit.submitted):
        qtbot.keyClick(edit, Qt.Key.Key_Return)
    assert "你" in edit.toPlainText()


def test_a_huge_paste_is_handed_over_and_freezes_nothing(qtbot: QtBot) -> None:
    edit = GrowingEdit()
    qtbot.addWidget(edit)
    edit.show()
    data = QMimeData()
    data.setText("word " * 1_000_000)
    began = time.thread_time()
    with qtbot.waitSignal(edit.pasted) as heard:
        edit.insertFromMimeData(data)
    assert heard.args is not None
    assert len(heard.args[0]) == 5_000_000
    assert edit.toPlainText() == ""
    assert time.thread_time() - began < 0.5
    data.setText("x" * LARGE)
    edit.insertFromMimeData(data)
    assert len(edit.toPlainText()) == LARGE


def test_pasted_markup_stays_text(qtbot: QtBot) -> None:
    edit = GrowingEdit()
    qtbot.addWidget(edit)
    data = QMimeData()
    data.setHtml("<b>bold</b>")
    data.setText("<b>bold</b>")
    edit.insertFromMimeData(data)
    assert edit.toPlainText() == "<b>bold</b>"


def test_a_flow_goes_on_in_the_next_row(qtbot: QtBot) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    flow = FlowLayout(holder)
    for _ in range(6):
        child = QWidget()
        child.setFixedSize(100, 20)
        flow.addWidget(child)
    assert flow.heightForWidth(700) == 20
    assert flow.heightForWidth(330) == 46
    holder.resize(330, 100)
    holder.show()
    items = [flow.itemAt(i) for i in range(flow.count())]
    tops = {item.geometry().top() for item in items if item is not None}
    assert tops == {0, 26}
    flow.clear()
    assert flow.count() == 0


@pytest.mark.parametrize("path", sorted(resource("icons").glob("*.svg")), ids=lambda p: p.stem)
def test_every_icon_draws_something(qtbot: QtBot, path: object) -> None:
    name = str(getattr(path, "stem", ""))
    image = pixmap(name, "#ff0000", 32, 1.0).toImage().convertToFormat(QImage.Format.Format_ARGB32)
    inked = [
        image.pixelColor(x, y) for x in range(32) for y in range(32) if image.pixelColor(x, y).alpha() > 200
    ]
    assert inked
    if not name.startswith(("app", "arrow", "tick")):
        assert all(c.red() > 200 and c.green() < 60 for c in inked)
    assert not app_icon().isNull()


def test_an_icon_button_says_what_it_does_and_follows_the_theme(qtbot: QtBot) -> None:
    button = IconButton("copy", "Copy <it>")
    qtbot.addWidget(button)
    assert button.accessibleName() == "Copy <it>"
    assert button.icon().isNull()
    button.ensurePolished()  # as before it is shown or measured
    before = button.icon().pixmap(16, 16).toImage()
    button.setPalette(qpalette(DARK))
    after = button.icon().pixmap(16, 16).toImage()
    assert before != after


def test_a_meter_says_its_fraction_in_words(qtbot: QtBot) -> None:
    meter = Meter()
    qtbot.addWidget(meter)
    meter.setPalette(qpalette(LIGHT))
    meter.resize(100, 20)
    meter.show_value(1.7, "170 of 100")
    assert meter.fraction == 1.0
    assert meter.accessibleName() == "170 of 100"
    full = meter.grab().toImage().pixelColor(90, 10)
    assert full == meter.palette().color(QPalette.ColorRole.BrightText)


def test_a_banner_is_there_only_while_it_says_something(qtbot: QtBot) -> None:
    banner = Banner("Dismiss")
    qtbot.addWidget(banner)
    assert banner.isHidden()
    banner.say("The disk is full.", level="error", action="Retry")
    assert not banner.isHidden()
    assert banner.accessibleName() == "The disk is full."
    assert banner.property("level") == "error"
    banner.say("")
    assert banner.isHidden()


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("zoom", [1.0, 2.0, 3.0])
def test_the_style_sheet_is_whole(qtbot: QtBot, palette: Palette, zoom: float) -> None:
    sheet = stylesheet(palette, zoom)
    assert "@" not in sheet
    assert "$" not in sheet
    assert sheet.count("{") == sheet.count("}")
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.setStyleSheet(sheet)  # Qt warns where it cannot read it, and a warning fails the test
    widget.ensurePolished()
    QApplication.sendEvent(widget, QEvent(QEvent.Type.StyleChange))


def test_a_file_is_a_card_that_says_all_and_can_be_removed(qtbot: QtBot) -> None:
    image = QImage(192, 96, QImage.Format.Format_RGB32)
    image.fill(0)
    name = "a picture with a long name <b>.png"
    card = AttachmentCard(name, "1.2 MB", hint="Sent as it is.", remove=f"Remove {name}", thumbnail=image)
    qtbot.addWidget(card)
    card.show()
    assert card.accessibleName() == f"{name}, 1.2 MB"
    assert card.accessibleDescription() == "Sent as it is."
    assert card.toolTip().replace("\u2060", "") == f"{name}\nSent as it is."
    shown = card._picture.pixmap()
    assert shown.width() == 2 * shown.height()
    assert card.width() < 400
    (button,) = card.findChildren(IconButton)
    assert button.accessibleName() == f"Remove {name}"
    with qtbot.waitSignal(card.removed):
        qtbot.keyClick(button, Qt.Key.Key_Space)


def test_a_card_without_a_thumbnail_wears_an_icon_and_may_have_no_button(qtbot: QtBot) -> None:
    card = AttachmentCard("main.py", "600 B")
    qtbot.addWidget(card)
    assert not card._picture.pixmap().isNull()
    assert card.findChildren(IconButton) == []


def test_a_number_is_told_once_it_is_typed_whole_and_stands_off_the_edge(qtbot: QtBot) -> None:
    box = NumberBox(5, 7200, 5, " s")
    qtbot.addWidget(box)
    box.show()
    told: list[int] = []
    box.valueChanged.connect(told.append)
    box.selectAll()
    qtbot.keyClicks(box, "120")
    assert told == []
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert (told, box.text()) == ([120], "120 s")
    assert box.lineEdit().textMargins().left() > 0
