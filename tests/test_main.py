"""The house as a whole: it opens whatever the profile looks like, and its log holds no key."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.proof.canary import KEYS

from sidelight.backends import registry
from sidelight.main import _keys, open_house
from sidelight.paths import Paths
from sidelight.secrets import Redactor, Secret

CANARY = KEYS["odd"]


def profile(folder: Path) -> Paths:
    return Paths(folder / "data", folder / "config", folder / "cache", folder / "logs")


def test_the_log_goes_to_the_profile_without_keys(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # No handler but ours may hear what is logged here: pytest's own would keep the key.
    monkeypatch.setattr(logging.getLogger("sidelight"), "propagate", False)
    house = open_house(profile(tmp_path))
    house.session.start()
    house.session.set_key("deepseek", Secret(CANARY))
    deadline = time.monotonic() + 10
    while house.session.key_state("deepseek") == "none" and time.monotonic() < deadline:
        house.session.drain()
        time.sleep(0.005)
    try:
        raise ValueError(f"a traceback with {CANARY}")
    except ValueError:
        logging.getLogger("sidelight.somewhere").exception(
            "went wrong with %s and %s", CANARY, "sk-" + "x" * 24
        )
    house.close()
    written = (tmp_path / "logs" / "sidelight.log").read_text(encoding="utf-8")
    assert "sidelight.somewhere went wrong with *** and ***" in written
    assert "a traceback with ***" in written
    assert CANARY not in capsys.readouterr().err
    assert not logging.getLogger("sidelight").handlers


def test_what_is_not_logged_makes_no_file(tmp_path: Path) -> None:
    open_house(profile(tmp_path)).close()
    assert list((tmp_path / "logs").iterdir()) == []


@pytest.mark.parametrize("content", [b"not a database, but long enough to look like one" * 100, b""])
def test_a_broken_file_of_conversations_is_said_and_left_alone(tmp_path: Path, content: bytes) -> None:
    paths = profile(tmp_path)
    open_house(paths).close()
    paths.database.write_bytes(content)
    house = open_house(paths)
    (notice,) = house.session.notices
    assert notice.code == ("store.corrupt" if content else "store.missing")
    assert dict(notice.params)["path"] == str(paths.database)
    house.close()
    assert paths.database.read_bytes() == content


def test_a_profile_that_cannot_be_made_opens_in_memory(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    house = open_house(profile(tmp_path))
    assert [n.code for n in house.session.notices] == ["store.io"]
    house.close()


def test_variables_of_a_provider_without_an_address_belong_to_no_origin(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    typed = registry.Row("mine", "Mine", "mine:Mine", "", ("AZURE_OPENAI_API_KEY",))
    monkeypatch.setattr(registry, "ROWS", (typed, *registry.ROWS))
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", CANARY)
    keys = _keys(Redactor())
    assert keys.state("https://api.openai.com") == "environment"
    assert CANARY not in {key.reveal() for key in keys.known()}


def test_a_folder_named_on_the_command_line_is_the_profile(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sidelight", "--profile", "mine", "doctor", "--json"]
    around = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1] / "app")}
    around.pop("SIDELIGHT_PROFILE", None)
    around["HOME"] = str(tmp_path / "home")
    done = subprocess.run(
        command, cwd=tmp_path, env=around, capture_output=True, text=True, timeout=60, check=False
    )
    assert str(tmp_path / "mine") in done.stdout, done.stderr
    assert not (tmp_path / "home" / ".local").exists()


def test_a_profile_without_a_folder_is_asked_for() -> None:
    command = [sys.executable, "-m", "sidelight", "--profile"]
    around = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1] / "app")}
    done = subprocess.run(command, env=around, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (2, "sidelight --profile: which folder?\n")
