"""The dialogs: what they show, what they refuse and why, and the wish that leaves them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from sidelight.backends import registry
from sidelight.backends.base import About, BackendError, Model
from sidelight.chat.events import Failed, FailureKind
from sidelight.chat.message import Lane, Parameters
from sidelight.engine.terms import WeightsOffer
from sidelight.secrets import Secret
from sidelight.settings import BackendSetting
from sidelight.ui.dialogs.access import AddressDialog, KeyDialog, problem_of_address
from sidelight.ui.dialogs.keys import KeyList
from sidelight.ui.dialogs.lane_settings import LaneSettings, read_extra
from sidelight.ui.dialogs.model_picker import ModelPicker, PickerValue
from sidelight.ui.dialogs.palette import Choice, CommandPalette, matching

EMBEDDED = About("embedded", "", "llamacpp", "", local=True, needs_key=False, slots=4)
HOSTED = About("hosted", "Hosted", "openai-compatible", "https://api.example")
SERVER = About("server", "Server", "llamacpp", "http://127.0.0.1:8080", needs_key=False)
BACKENDS = ((EMBEDDED, "This machine"), (HOSTED, "Hosted"), (SERVER, "Server"))
OFFER = WeightsOffer("w", "Small", 491_400_064, "Maker/Small", "MIT", "x", "absent")


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.show()
    return widget


def button(dialog: QWidget, caption: str) -> QPushButton:
    return next(b for b in dialog.findChildren(QPushButton) if b.text() == caption)


def picker_value(server: tuple[Model, ...] | BackendError | None = None) -> PickerValue:
    embedded = (Model("small", "Small <i>", 4096), Model("other", "Other"))
    return PickerValue(BACKENDS, {"hosted": "none"}, {"embedded": embedded, "server": server}, (OFFER,))


# --- picking a model


def test_the_picker_lists_models_and_offers_weights(qtbot: QtBot, parent: QWidget) -> None:
    picker = ModelPicker("embedded", "other", parent)
    picker.show_value(picker_value())
    picker.show()
    items = [picker._list.topLevelItem(i) for i in range(picker._list.topLevelItemCount())]
    assert [i.text(0) for i in items if i is not None] == ["Small <i>", "Other"]
    assert items[0] is not None
    assert items[0].text(1) == "4,096"
    with qtbot.waitSignal(picker.fetch_wanted) as heard:
        button(picker, "Fetch 491 MB").click()
    assert heard.args == ["w"]
    with qtbot.waitSignal(picker.chosen) as heard:
        button(picker, "Use").click()
    assert heard.args == ["embedded", "other"]


def test_searching_narrows_the_list(parent: QWidget) -> None:
    picker = ModelPicker("embedded", "", parent)
    picker.show_value(picker_value())
    picker._search.setText("SMALL")
    assert picker._list.topLevelItemCount() == 1
    picker.close()


def test_a_backend_is_asked_once_and_without_a_key_not_at_all(qtbot: QtBot, parent: QWidget) -> None:
    picker = ModelPicker("embedded", "", parent)
    asked: list[str] = []
    picker.models_wanted.connect(asked.append)
    picker.show_value(picker_value())
    picker._places.setCurrentRow(2)
    picker.show_value(picker_value())
    picker._places.setCurrentRow(1)
    assert asked == ["embedded", "server"]
    assert picker._note.text() == "It needs a key before it lists its models."
    with qtbot.waitSignal(picker.key_wanted) as heard:
        picker._key.click()
    assert heard.args == ["hosted"]
    picker.close()


def test_a_failed_list_says_why_and_a_name_can_be_typed(qtbot: QtBot, parent: QWidget) -> None:
    picker = ModelPicker("server", "", parent)
    error = BackendError(Failed(FailureKind.NETWORK, "refused"))
    picker.show_value(picker_value(server=error))
    assert "cannot be reached" in picker._note.text()
    assert not button(picker, "Use").isEnabled()
    picker._typed.setText(" my-model ")
    with qtbot.waitSignal(picker.chosen) as heard:
        button(picker, "Use").click()
    assert heard.args == ["server", "my-model"]


def test_news_keep_what_is_selected(parent: QWidget) -> None:
    picker = ModelPicker("embedded", "", parent)
    picker.show_value(picker_value())
    picker._list.setCurrentItem(picker._list.topLevelItem(1))  # type: ignore[arg-type]  # it is there
    picker.show_value(picker_value())
    assert picker._selected() == "other"
    picker.close()


# --- parameters of a lane


def test_what_is_typed_becomes_the_lanes_parameters(qtbot: QtBot, parent: QWidget) -> None:
    lane = Lane("l", "embedded", "m", Parameters(system="be brief", temperature=0.5))
    dialog = LaneSettings(lane, "Model", can_elicit=True, parent=parent)
    assert dialog._system.toPlainText() == "be brief"
    assert dialog._temperature.text() == "0.5"
    dialog._temperature.setText("")
    dialog._top_p.setText("0,9")
    dialog._max_tokens.setText("512")
    dialog._stop.setText("END, ###")
    dialog._seed.setText("0")
    dialog._extra.setPlainText('{"top_k": 40}')
    dialog._effort.setCurrentIndex(dialog._effort.findData("high"))
    dialog._elicited.setChecked(True)
    with qtbot.waitSignal(dialog.changed) as heard:
        button(dialog, "Save").click()
    assert heard.args is not None
    assert heard.args[0].parameters == Parameters(
        system="be brief",
        top_p=0.9,
        max_tokens=512,
        stop=("END", "###"),
        seed=0,
        extra='{"top_k": 40}',
        effort="high",
        elicited=True,
    )


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("_temperature", "3", "Temperature: a number from 0 to 2"),
        ("_temperature", "nan", "Temperature: a number from 0 to 2"),
        ("_top_p", "x", "Top-p: a number from 0 to 1"),
        ("_max_tokens", "0", "Most tokens: a whole number from 1"),
        ("_max_tokens", "1.5", "Most tokens: a whole number from 1"),
        ("_seed", "-1", "Seed: a whole number from 0"),
        ("_extra", "{", "cannot be read"),
        ("_extra", "[1]", "must be an object: {…}"),
    ],
)
def test_what_cannot_be_is_said_and_the_dialog_stays(
    qtbot: QtBot, parent: QWidget, field: str, typed: str, said: str
) -> None:
    dialog = LaneSettings(Lane("l", "b", "m"), "Model", can_elicit=False, parent=parent)
    dialog.show()
    widget = getattr(dialog, field)
    widget.setText(typed) if isinstance(widget, QLineEdit) else widget.setPlainText(typed)
    with qtbot.assertNotEmitted(dialog.changed):
        button(dialog, "Save").click()
    assert said in dialog.trouble.text()
    assert dialog.isVisible()
    dialog.close()


def test_deep_json_is_refused_like_any_other_broken_one() -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        read_extra("[" * 100_000)


def test_eliciting_is_offered_only_where_it_is_possible(parent: QWidget) -> None:
    dialog = LaneSettings(Lane("l", "b", "m"), "Model", can_elicit=False, parent=parent)
    assert dialog._elicited.isHidden()
    dialog.close()


# --- keys and addresses


def test_a_key_is_typed_unseen_and_leaves_as_a_secret(qtbot: QtBot, parent: QWidget) -> None:
    dialog = KeyDialog(((HOSTED, "Hosted"), (SERVER, "Server")), {"hosted": "none"}, "hosted", parent)
    assert dialog._field.echoMode() is QLineEdit.EchoMode.Password
    dialog._field.setText(" sk-abc123456 ")
    with qtbot.waitSignal(dialog.given) as heard:
        button(dialog, "Save").click()
    assert heard.args == ["hosted", Secret("sk-abc123456")]
    assert dialog._field.text() == ""


def test_a_key_that_cannot_be_one_is_refused(qtbot: QtBot, parent: QWidget) -> None:
    dialog = KeyDialog(((HOSTED, "Hosted"),), {"hosted": "none"}, "", parent)
    with qtbot.assertNotEmitted(dialog.given):
        button(dialog, "Save").click()
        assert dialog.trouble.text() == "Paste a key first."
        dialog._field.setText("two words")
        button(dialog, "Save").click()
    assert "cannot be a key" in dialog.trouble.text()
    assert "two words" not in dialog.trouble.text()
    dialog.close()


def test_an_empty_field_forgets_a_key_that_is_kept(qtbot: QtBot, parent: QWidget) -> None:
    dialog = KeyDialog(((HOSTED, "Hosted"),), {"hosted": "keyring"}, "hosted", parent)
    assert dialog._state.text() == "A key is kept in the system keyring."
    with qtbot.waitSignal(dialog.forgotten) as heard:
        button(dialog, "Save").click()
    assert heard.args == ["hosted"]


@pytest.mark.parametrize(
    ("typed", "fine"),
    [
        ("http://127.0.0.1:8080", True),
        ("https://api.example/v1", True),
        ("http://[::1]:9/v1", True),
        ("", False),
        ("api.example/v1", False),
        ("ftp://x", False),
        ("http://", False),
        ("http://user:pw@host/", False),
        ("http://host:99999", False),
        ("http://host/?key=1", False),
        ("http://[bad", False),
    ],
)
def test_addresses(typed: str, fine: bool) -> None:
    assert (problem_of_address(typed) == "") is fine


def test_what_a_server_may_speak_is_in_the_registry(parent: QWidget) -> None:
    dialog = AddressDialog(parent)
    for place in range(dialog._kind.count()):
        assert registry.row(dialog._kind.itemData(place)).provider == dialog._kind.itemData(place)
    dialog.close()


def test_a_server_is_added_by_its_address(qtbot: QtBot, parent: QWidget) -> None:
    dialog = AddressDialog(parent)
    dialog._address.setText("http://192.168.1.20:8000/v1/")
    assert "not encrypted" in dialog._note.text()
    dialog._address.setText("http://127.0.0.1:8000/v1/")
    assert dialog._note.text() == ""
    with qtbot.waitSignal(dialog.given) as heard:
        button(dialog, "Add").click()
    assert heard.args is not None
    setting = heard.args[0]
    assert isinstance(setting, BackendSetting)
    assert (setting.provider, setting.base_url, setting.title) == (
        "openai-compatible",
        "http://127.0.0.1:8000/v1",
        "127.0.0.1:8000",
    )


# --- palette and keys


def test_the_palette_finds_by_words() -> None:
    choices = [Choice("command", "a", "Add a lane"), Choice("command", "b", "Lane settings")]
    assert [c.id for c in matching(choices, "lane")] == ["b", "a"]
    assert [c.id for c in matching(choices, "LANE add")] == ["a"]
    assert matching(choices, "zzz") == []


def test_the_palette_is_used_by_keys_alone(qtbot: QtBot, parent: QWidget) -> None:
    choices = [Choice("command", str(i), f"Command {i}") for i in range(5)]
    palette = CommandPalette(choices, parent)
    palette.show()
    qtbot.keyClicks(palette._field, "command")
    qtbot.keyClick(palette._field, Qt.Key.Key_Down)
    qtbot.keyClick(palette._field, Qt.Key.Key_Down)
    qtbot.keyClick(palette._field, Qt.Key.Key_Up)
    with qtbot.waitSignal(palette.chosen) as heard:
        qtbot.keyClick(palette._field, Qt.Key.Key_Return)
    assert heard.args == ["command", "1"]


def test_the_list_of_keys_is_whole(parent: QWidget) -> None:
    dialog = KeyList(parent)
    dialog.show()
    dialog.close()
