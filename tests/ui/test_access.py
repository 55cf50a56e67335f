"""On the way to a model, in the window: servers that run here, keys that are tested, addresses, presets. Real sockets."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot
from tests.faults.server import Scenario, Seen, answer
from tests.local_servers import KINDS, only_at, serving
from tests.ui.house import script, stage

from sidelight import settings as preferences
from sidelight.backends.base import BackendError
from sidelight.chat.message import Parameters
from sidelight.engine.terms import KeyState
from sidelight.settings import BackendSetting, PresetSetting
from sidelight.ui import places
from sidelight.ui.dialogs.access import AddressDialog, KeyDialog
from sidelight.ui.dialogs.lane_settings import LaneSettings
from sidelight.ui.dialogs.presets import NameDialog
from sidelight.ui.widgets.plain import Label


def button(where: QWidget, caption: str) -> QPushButton:
    return next(b for b in where.findChildren(QPushButton) if b.text() == caption and b.isVisibleTo(where))


def words(where: QWidget) -> str:
    return "\n".join(x.text() for x in where.findChildren(Label) if x.isVisibleTo(where))


@pytest.fixture
def look_at(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Look for servers at the ports of these only."""
    return lambda *servers: only_at(monkeypatch, *(server.url for server in servers))


def models_only(answers: dict[str, Scenario]) -> Callable[[Seen], Scenario]:
    """A server that answers questions for its models, and prompts with a script."""

    def choose(seen: Seen) -> Scenario:
        if seen.method == "POST":
            return script()
        return answers.get(seen.headers.get("authorization", ""), answers[""])

    return choose


LIST = answer(
    200, json.dumps({"data": [{"id": "a"}, {"id": "b"}]}).encode(), "content-type: application/json"
)
REFUSED = answer(401, b'{"error":{"message":"Incorrect API key provided"}}', "content-type: application/json")


def test_a_server_that_runs_here_is_one_click_away(
    qtbot: QtBot, tmp_path: Path, look_at: Callable[..., None]
) -> None:
    with serving(KINDS["Ollama"]) as ollama, serving(KINDS["vLLM with a key"]) as vllm:
        look_at(vllm, ollama)
        with stage(qtbot, tmp_path, [script()], lanes=0) as (here, _server):
            welcome = here.window.welcome
            assert "Ollama" not in words(welcome)
            button(welcome, "Look again").click()
            here.until(lambda: "Ollama 0.13.5" in words(welcome) and "1 model" in words(welcome))
            assert "probably vLLM 0.19.1" in words(welcome)
            assert "wants a key" in words(welcome)
            first = button(welcome, "Choose a model…")
            assert first.accessibleDescription().startswith("Ollama 0.13.5, port ")
            first.click()
            picker = here.window.dialogs.picker
            assert picker is not None
            assert picker._places.item(1).text().startswith("Ollama 0.13.5\n")
            here.until(lambda: picker._list.topLevelItemCount() == 1)
            picker._list.setCurrentItem(picker._list.topLevelItem(0))  # type: ignore[arg-type]  # it is there
            button(picker, "Use").click()
            lanes = here.session.conversation.lanes
            assert lanes[0].model == "qwen3:8b"
            kept = preferences.load(tmp_path / "config" / "settings.json").backends
            assert "ollama" in {b.provider for b in kept}


def test_a_server_that_wants_a_key_is_asked_for_one(
    qtbot: QtBot, tmp_path: Path, look_at: Callable[..., None]
) -> None:
    with serving(KINDS["llama.cpp with a key"]) as server:
        look_at(server)
        with stage(qtbot, tmp_path, [script()]) as (here, _server):
            here.session.find_servers()
            here.until(lambda: "wants a key" in words(here.window.welcome))
            found = here.session.servers()[0].setting.id
            row = next(
                b
                for b in here.window.welcome.findChildren(QPushButton)
                if b.accessibleDescription().startswith("llama.cpp")
            )
            row.click()
            (dialog,) = here.window.findChildren(KeyDialog)
            assert dialog._chosen() == found
            dialog.close()


def test_models_of_a_local_server_say_whether_they_fit(
    qtbot: QtBot, tmp_path: Path, look_at: Callable[..., None]
) -> None:
    shown = {"details": {"parameter_size": "8.2B", "quantization_level": "Q4_K_M"}, "model_info": {}}
    told = answer(200, json.dumps(shown).encode(), "content-type: application/json")
    with serving(KINDS["Ollama"], {"/api/show": told}) as server:
        look_at(server)
        with stage(qtbot, tmp_path, [script()]) as (here, _server):
            here.session.find_servers()
            here.until(lambda: bool(here.session.servers()))
            here.window.add_lane()
            picker = here.window.dialogs.picker
            assert picker is not None
            picker._places.setCurrentRow(1)
            here.until(lambda: picker._list.topLevelItemCount() == 1)
            # The server does not say the shape of the model. The list is filled anew with whatever is learnt.
            here.until(lambda: picker._list.model().index(0, 2).data() == "not known")
            asked = len([seen for seen in server.requests if seen.path == "/api/show"])
            picker.show_value(places.picker_value(here.session))
            qtbot.wait(200)
            assert len([seen for seen in server.requests if seen.path == "/api/show"]) == asked == 1
            picker.close()


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("sk-right-key", "It answers: 2 models."),
        ("sk-wrong-key", "The key was refused. Check the key for this backend."),
    ],
)
def test_a_key_is_tested_by_asking_for_the_models(qtbot: QtBot, tmp_path: Path, key: str, said: str) -> None:
    server_of = models_only({"Bearer sk-right-key": LIST, "": REFUSED})
    with stage(qtbot, tmp_path, server_of) as (here, _server):
        here.window.open_key_dialog("srv")
        (dialog,) = here.window.findChildren(KeyDialog)
        dialog._field.setText(key)
        button(dialog, "Save and test").click()
        here.until(lambda: dialog._outcome.text() == said)
        kept: tuple[KeyState, ...] = ("memory", "keyring")
        assert here.session.key_state("srv") in kept
        dialog.close()
        here.until(lambda: here.window.dialogs.key is None)


def test_a_backend_is_tested_on_its_page(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, models_only({"": LIST})) as (here, server):
        here.window.open_preferences()
        window = here.window.dialogs.preferences
        assert window is not None
        page = window.backends
        (item,) = page._tree.findItems("Test server", Qt.MatchFlag.MatchExactly)
        page._tree.setCurrentItem(item)
        page._test.click()
        here.until(lambda: page._outcome.text() == "Test server: It answers: 2 models.")
        port = server.url.rpartition(":")[2]
        assert [a.origin for a in here.session.backends() if a.id == "srv"] == [f"http://127.0.0.1:{port}"]
        page._edit.click()
        (dialog,) = here.window.findChildren(AddressDialog)
        dialog._address.setText("http://127.0.0.1:9/v1")
        button(dialog, "Save").click()
        here.until(lambda: page._outcome.text().startswith("Test server: The server cannot be reached"))
        assert len(here.session.settings.backends) == 1
        window.close()


def test_what_an_environment_variable_holds_is_named_by_it(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GEMINI_API_KEY", raising=False)
    monkeypatch.setenv("GOOGLE_API_KEY", "sk-any-key-of-mine")
    with stage(qtbot, tmp_path, [script()]) as (here, _server):
        here.until(lambda: here.session.key_state("gemini") == "environment")
        known = {k.about.id: k for k in places.known_backends(here.session)}
        assert known["gemini"].variable == "GOOGLE_API_KEY"
        assert known["srv"].variable == ""


def test_plain_http_is_refused_until_it_is_allowed(qtbot: QtBot, tmp_path: Path) -> None:
    plain = BackendSetting("mine", "openai-compatible", "Mine", "http://192.0.2.1:8000/v1")
    with stage(qtbot, tmp_path, [script()]) as (here, _server):
        settings = here.session.settings
        here.session.change_settings(msgspec.structs.replace(settings, backends=(*settings.backends, plain)))
        here.session.ask_models("mine")
        here.until(lambda: here.session.models("mine") is not None)
        refused = here.session.models("mine")
        assert isinstance(refused, BackendError)
        assert refused.failed.code == "plain_http"
        here.window.open_address_dialog(plain)
        (dialog,) = here.window.findChildren(AddressDialog)
        assert not dialog._allow.isChecked()
        dialog._allow.click()
        button(dialog, "Save").click()
        assert next(b for b in here.session.settings.backends if b.id == "mine").plain_http


def test_presets_are_kept_in_the_settings(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [script()]) as (here, _server):
        lane = here.session.conversation.lanes[0]
        here.window.dialogs.open_lane_settings(lane.id)
        (dialog,) = here.window.findChildren(LaneSettings)
        dialog._seed.setText("7")
        dialog._presets._on_keep()
        (name,) = dialog.findChildren(NameDialog)
        name._name.setText("Same every time")
        button(name, "Save").click()
        dialog.close()
        kept = (PresetSetting("Same every time", Parameters(seed=7)),)
        assert here.session.settings.presets == kept
        assert preferences.load(tmp_path / "config" / "settings.json").presets == kept
        here.window.dialogs.open_lane_settings(here.session.conversation.lanes[1].id)
        dialog = here.window.findChildren(LaneSettings)[-1]
        assert dialog._presets._box.findData("Same every time") > 0
        dialog.close()
