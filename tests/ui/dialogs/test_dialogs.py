"""The dialogs: what they show, what they refuse and why, and the wish that leaves them."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QMessageBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from sidelight.backends import registry
from sidelight.backends.base import About, BackendError, Model
from sidelight.chat.events import Failed, FailureKind
from sidelight.chat.message import Lane, Parameters
from sidelight.engine.terms import Fitting, KeyState, WeightsOffer
from sidelight.models.fit import Fit
from sidelight.secrets import Secret
from sidelight.settings import BackendSetting, PresetSetting
from sidelight.ui.dialogs.access import AddressDialog, KeyDialog, KnownBackend, Listed, problem_of_address
from sidelight.ui.dialogs.keys import KeyList
from sidelight.ui.dialogs.lane_settings import LaneSettings, read_extra
from sidelight.ui.dialogs.model_picker import ModelPicker, PickerValue
from sidelight.ui.dialogs.palette import Choice, CommandPalette, matching
from sidelight.ui.dialogs.presets import NameDialog, PresetRow
from sidelight.ui.servers import FoundServer

EMBEDDED = About("embedded", "", "llamacpp", "", local=True, needs_key=False, slots=4)
HOSTED = About("hosted", "Hosted", "openai-compatible", "https://api.example")
SERVER = About("server", "Server", "llamacpp", "http://127.0.0.1:8080", local=True, needs_key=False)
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


def picker_value(server: tuple[Model, ...] | BackendError | None = None, **more: Any) -> PickerValue:
    embedded = (Model("small", "Small <i>", 4096), Model("other", "Other"))
    models = {"embedded": embedded, "server": server}
    return PickerValue(BACKENDS, {"hosted": "none"}, models, (OFFER,), **more)


def go_to(picker: ModelPicker, title: str) -> None:
    """Choose the place of this title."""
    (item,) = picker._places.findItems(title, Qt.MatchFlag.MatchStartsWith)
    picker._places.setCurrentItem(item)


def places(picker: ModelPicker) -> list[str]:
    return [picker._places.item(row).text() for row in range(picker._places.count())]


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
    go_to(picker, "Server")
    picker.show_value(picker_value())
    go_to(picker, "Hosted")
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


FOUND = FoundServer("server", "llama.cpp b1", "port 8080 · 1 model", "ready")


def test_what_was_found_stands_first_and_what_was_not_last(parent: QWidget) -> None:
    picker = ModelPicker("", "", parent)
    picker.show_value(picker_value())
    assert places(picker) == ["On this machine", "This machine", "Elsewhere", "Server", "Hosted"]
    picker.show_value(picker_value(absent=frozenset({"server"})))
    assert places(picker)[-2:] == ["Not found here", "Server"]
    picker.show_value(picker_value(servers=(FOUND,)))
    assert places(picker)[:3] == ["On this machine", "llama.cpp b1\nport 8080 · 1 model", "This machine"]
    assert picker._backend == "embedded"  # news take nobody elsewhere
    picker.close()


def test_headings_are_passed_over_by_the_keys(qtbot: QtBot, parent: QWidget) -> None:
    picker = ModelPicker("embedded", "", parent)
    picker.show_value(picker_value())
    picker.show()
    qtbot.keyClick(picker._places, Qt.Key.Key_Down)
    assert picker._backend == "server"
    qtbot.keyClick(picker._places, Qt.Key.Key_Up)
    assert picker._backend == "embedded"
    picker.close()


def test_looking_again_is_said_until_there_are_news(qtbot: QtBot, parent: QWidget) -> None:
    picker = ModelPicker("embedded", "", parent)
    picker.show_value(picker_value())
    with qtbot.waitSignal(picker.servers_wanted):
        button(picker, "Look again").click()
    assert not button(picker, "Looking…").isEnabled()
    picker.show_value(picker_value())
    assert button(picker, "Look again").isEnabled()
    picker.close()


GB = 10**9
TIGHT = Fitting(Fit("tight", 5 * GB, 2 * GB, 8 * GB, 8 * GB, 20_480, estimated=True), 16_384)


def test_whether_models_fit_is_asked_of_those_in_sight_only(qtbot: QtBot, parent: QWidget) -> None:
    models = tuple(Model(f"model-{n}") for n in range(300))
    picker = ModelPicker("server", "", parent)
    asked: list[str] = []
    picker.fits_wanted.connect(lambda backend, ids: asked.extend(f"{backend}/{i}" for i in ids))
    picker.show_value(picker_value(models))
    picker.show()
    qtbot.waitUntil(lambda: bool(asked))
    first = len(asked)
    assert asked[0] == "server/model-0"
    assert first < 40
    picker._list.scrollToBottom()
    qtbot.waitUntil(lambda: asked[-1] == "server/model-299")
    assert len(asked) < 80
    picker.show_value(picker_value(models, fits={"server": {"model-0": TIGHT}}))
    qtbot.wait(200)
    assert len(asked) == len(set(asked))
    picker.close()


def test_whether_a_model_fits_is_a_word_and_its_parts(parent: QWidget) -> None:
    picker = ModelPicker("server", "a", parent)
    held = Fitting(None, 8192)
    fits = {"server": {"a": TIGHT, "b": held}}
    picker.show_value(picker_value((Model("a"), Model("b"), Model("c")), fits=fits))
    items = [picker._list.topLevelItem(i) for i in range(3)]
    assert [i.text(2) for i in items if i is not None] == ["barely fits, estimated", "in memory", ""]
    said = picker._fit.text()
    for part in ("needs 8.0 GB of 8.0 GB", "Weights: 5.0 GB", "16,384 tokens: 2.0 GB", "20,480 tokens"):
        assert part in said
    assert items[0] is not None
    assert "estimated from the number" in items[0].toolTip(2)
    picker._list.setCurrentItem(items[1])  # type: ignore[arg-type]  # it is there
    assert picker._fit.text() == "Its server holds it in memory already, with room for 8,192 tokens."
    go_to(picker, "Hosted")
    assert picker._list.isColumnHidden(2)
    picker.close()


def test_weights_to_fetch_say_whether_they_will_fit(parent: QWidget) -> None:
    picker = ModelPicker("embedded", "", parent)
    fit = Fitting(Fit("too large", 9 * GB, GB, 10 * GB, 8 * GB, 0), 4096, 4)
    picker.show_value(picker_value(fits={"embedded": {"w": fit}}))
    assert picker._offers.rows["w"]._facts.text().endswith("· too large")
    assert "4 × 4,096 tokens: 1.0 GB" in picker._offers.rows["w"]._facts.toolTip()
    picker.close()


# --- parameters of a lane


def test_what_is_typed_becomes_the_lanes_parameters(qtbot: QtBot, parent: QWidget) -> None:
    lane = Lane("l", "embedded", "m", Parameters(system="be brief", temperature=0.5))
    dialog = LaneSettings(lane, "Model", parent=parent)
    assert dialog._system.toPlainText() == "be brief"
    assert dialog._temperature.text() == "0.5"
    dialog._temperature.setText("")
    dialog._top_p.setText("0,9")
    dialog._max_tokens.setText("512")
    dialog._stop.setText("END, ###")
    dialog._seed.setText("0")
    dialog._thinking.setText("2000")
    dialog._extra.setPlainText('{"top_k": 40}')
    dialog._effort.setCurrentIndex(dialog._effort.findData("high"))
    dialog._elicited.setChecked(True)
    dialog._tags.setCurrentIndex(dialog._tags.findData("inside"))
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
        thinking_tokens=2000,
        elicited=True,
        tags="inside",
    )


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("_temperature", "3", "Temperature: a number from 0 to 2"),
        ("_temperature", "nan", "Temperature: a number from 0 to 2"),
        ("_top_p", "x", "Top-p: a number from 0 to 1"),
        ("_max_tokens", "0", "Most tokens: a whole number from 1"),
        ("_max_tokens", "1.5", "Most tokens: a whole number from 1"),
        ("_thinking", "many", "Thinking tokens: a whole number from 0"),
        ("_seed", "-1", "Seed: a whole number from 0"),
        ("_extra", "{", "cannot be read"),
        ("_extra", "[1]", "must be an object: {…}"),
    ],
)
def test_what_cannot_be_is_said_and_the_dialog_stays(
    qtbot: QtBot, parent: QWidget, field: str, typed: str, said: str
) -> None:
    dialog = LaneSettings(Lane("l", "b", "m"), "Model", parent=parent)
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


CAREFUL = PresetSetting("Careful", Parameters(temperature=0.1, system="Check twice.", tags="split"))
WILD = PresetSetting("Wild", Parameters(temperature=1.5))


def typed_name(row: QWidget, name: str) -> None:
    """Answer the dialog that asks for a name."""
    dialog = row.findChildren(NameDialog)[-1]
    dialog._name.setText(name)
    button(dialog, "Save").click()


def test_a_preset_fills_the_fields(qtbot: QtBot, parent: QWidget) -> None:
    dialog = LaneSettings(Lane("l", "b", "m", WILD.parameters), "Model", (CAREFUL, WILD), parent)
    assert dialog._presets._box.currentText() == "Wild"
    dialog._presets._box.setCurrentIndex(dialog._presets._box.findData("Careful"))
    dialog._presets._box.activated.emit(0)
    assert dialog._system.toPlainText() == "Check twice."
    with qtbot.waitSignal(dialog.changed) as heard:
        button(dialog, "Save").click()
    assert heard.args is not None
    assert heard.args[0].parameters == CAREFUL.parameters


def test_what_is_typed_is_kept_by_a_name(parent: QWidget) -> None:
    dialog = LaneSettings(Lane("l", "b", "m"), "Model", (WILD,), parent)
    told: list[tuple[PresetSetting, ...]] = []
    dialog.presets_changed.connect(told.append)
    dialog._temperature.setText("0.1")
    dialog._presets._on_keep()
    typed_name(dialog._presets, "  Calm   one ")
    calm = PresetSetting("Calm one", Parameters(temperature=0.1))
    assert told == [(calm, WILD)]
    assert dialog._presets._box.currentText() == "Calm one"
    dialog._temperature.setText("9")
    dialog._presets._on_keep()
    assert "Temperature" in dialog.trouble.text()
    assert len(told) == 1
    dialog.close()


def test_a_preset_of_the_same_name_is_replaced_and_that_is_said(parent: QWidget) -> None:
    row = PresetRow((CAREFUL, WILD), lambda: Parameters(seed=1), parent)
    told: list[tuple[PresetSetting, ...]] = []
    row.changed.connect(told.append)
    row._on_keep()
    dialog = row.findChild(NameDialog)
    assert dialog is not None
    assert dialog._note.text() == ""
    dialog._name.setText("Wild")
    assert "replaced" in dialog._note.text()
    typed_name(row, "Wild")
    assert told == [(CAREFUL, PresetSetting("Wild", Parameters(seed=1)))]


def test_a_preset_is_renamed_and_deleted_only_after_a_question(parent: QWidget) -> None:
    row = PresetRow((CAREFUL, WILD), Parameters, parent)
    told: list[tuple[PresetSetting, ...]] = []
    row.changed.connect(told.append)
    assert not row._rename.isEnabled()
    row.show_typed(CAREFUL.parameters)
    row._on_rename()
    typed_name(row, "")
    assert row.findChildren(NameDialog)[-1].trouble.text() == "Give it a name."
    typed_name(row, "Very careful")
    assert [p.name for p in told[-1]] == ["Very careful", "Wild"]
    row._on_delete()
    (question,) = row.findChildren(QMessageBox)
    assert "Very careful" in question.text()
    assert len(told) == 1
    next(b for b in question.buttons() if b.text() == "Delete").click()
    assert told[-1] == (WILD,)


# --- keys and addresses


def known(key: KeyState = "none", models: Listed = None, variable: str = "") -> KnownBackend:
    return KnownBackend(HOSTED, "Hosted", key, variable, models)


def test_a_test_keeps_what_was_typed_asks_and_says_what_came_of_it(qtbot: QtBot, parent: QWidget) -> None:
    dialog = KeyDialog((known(),), "hosted", parent)
    dialog.show()
    dialog._field.setText("sk-abc123456")
    with qtbot.waitSignal(dialog.given) as heard, qtbot.assertNotEmitted(dialog.test_wanted):
        button(dialog, "Save and test").click()
    assert heard.args == ["hosted", Secret("sk-abc123456")]
    assert dialog._outcome.text() == "Asking for its models…"
    dialog.show_value((known("memory", (Model("a"), Model("b"))),))
    assert dialog._outcome.text() == "It answers: 2 models."
    assert dialog._state.text() == "A key is kept only until Sidelight ends."
    assert dialog._state.property("role") == "warning"
    with qtbot.waitSignal(dialog.test_wanted):
        button(dialog, "Test").click()
    refused = BackendError(Failed(FailureKind.AUTH, "x"))
    dialog.show_value((known("memory", refused),))
    assert dialog._outcome.text() == "The key was refused. Check the key for this backend."
    with qtbot.assertNotEmitted(dialog.forgotten):  # empty only because it was tested
        button(dialog, "Save").click()


def test_a_key_of_the_environment_is_named(parent: QWidget) -> None:
    dialog = KeyDialog((known("environment", variable="SOME_KEY"),), "", parent)
    assert dialog._state.text() == "The key is read from SOME_KEY in the environment."
    dialog.close()


def test_a_key_is_typed_unseen_and_leaves_as_a_secret(qtbot: QtBot, parent: QWidget) -> None:
    dialog = KeyDialog((known(), KnownBackend(SERVER, "Server", "none")), "hosted", parent)
    assert dialog._field.echoMode() is QLineEdit.EchoMode.Password
    dialog._field.setText(" sk-abc123456 ")
    with qtbot.waitSignal(dialog.given) as heard:
        button(dialog, "Save").click()
    assert heard.args == ["hosted", Secret("sk-abc123456")]
    assert dialog._field.text() == ""


def test_a_key_that_cannot_be_one_is_refused(qtbot: QtBot, parent: QWidget) -> None:
    dialog = KeyDialog((known(),), "", parent)
    with qtbot.assertNotEmitted(dialog.given):
        button(dialog, "Save").click()
        assert dialog.trouble.text() == "Paste a key first."
        dialog._field.setText("two words")
        button(dialog, "Save").click()
    assert "cannot be a key" in dialog.trouble.text()
    assert "two words" not in dialog.trouble.text()
    dialog.close()


def test_an_empty_field_forgets_a_key_that_is_kept(qtbot: QtBot, parent: QWidget) -> None:
    dialog = KeyDialog((known("keyring"),), "hosted", parent)
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
    dialog = AddressDialog(parent=parent)
    kinds = [dialog._kind.itemData(place) for place in range(dialog._kind.count())]
    assert kinds[0] == "openai-compatible"
    assert set(kinds) == {r.provider for r in registry.ROWS if r.local or not r.base_url}
    dialog.close()


def test_a_server_is_added_by_its_address(qtbot: QtBot, parent: QWidget) -> None:
    dialog = AddressDialog(parent=parent)
    dialog._address.setText("http://127.0.0.1:8000/v1/")
    assert dialog._note.isHidden()
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


def test_an_address_that_can_be_read_on_the_way_needs_a_yes(qtbot: QtBot, parent: QWidget) -> None:
    dialog = AddressDialog(parent=parent)
    dialog.show()
    dialog._address.setText("http://192.168.1.20:8000/v1")
    assert "can be read on the way" in dialog._note.text()
    assert dialog._note.isVisible()
    assert not dialog._allow.isChecked()
    with qtbot.assertNotEmitted(dialog.given):
        button(dialog, "Add").click()
    assert dialog.trouble.text() == "Write https://, or allow it first."
    dialog._allow.click()
    dialog._address.setText("http://192.168.1.21:8000/v1")
    assert not dialog._allow.isChecked()  # a yes is for one address
    dialog._allow.click()
    with qtbot.waitSignal(dialog.given) as heard:
        button(dialog, "Add").click()
    assert heard.args is not None
    assert heard.args[0].plain_http


def test_a_backend_gets_another_address_and_the_usual_one_back(qtbot: QtBot, parent: QWidget) -> None:
    setting = BackendSetting("openai", "openai", "OpenAI", "https://proxy.example/v1", plain_http=True)
    dialog = AddressDialog(setting, parent)
    assert not dialog._kind.isEnabled()
    assert dialog._address.placeholderText() == "https://api.openai.com/v1"
    dialog._address.setText("")
    dialog._silence.setValue(60)
    with qtbot.waitSignal(dialog.given) as heard:
        button(dialog, "Save").click()
    assert heard.args == [
        BackendSetting("openai", "openai", "OpenAI", "https://api.openai.com/v1", silence=60.0)
    ]


def test_a_dialog_grows_with_what_it_says(qtbot: QtBot, parent: QWidget) -> None:
    dialog = AddressDialog(parent=parent)
    dialog.show()
    before = dialog.height()
    dialog._address.setText("http://192.168.1.20:8000/v1")
    qtbot.waitUntil(lambda: dialog.height() > before)
    qtbot.waitUntil(lambda: dialog._note.geometry().top() > dialog._title.geometry().bottom())
    dialog.close()


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
