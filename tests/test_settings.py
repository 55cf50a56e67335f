"""Preferences: what is written is read, and no file whatever stops the start."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidelight.chat.message import Parameters
from sidelight.settings import BackendSetting, LaneSetting, NetSetting, PresetSetting, Settings, load, save

FULL = Settings(
    theme="dark",
    zoom=150,
    language="de",
    thinking="open_then_close",
    enter_sends=False,
    backends=(BackendSetting("mine", "openai", "Mine", "http://localhost:1", 5.0, 6.0, True),),
    lanes=(LaneSetting("mine", "m", "Be brief.", 0.5, 0.9, 100, "low", ("END",), 7, '{"a":1}', True),),
    presets=(PresetSetting("Calm", Parameters("Be brief.", 0.1, stop=("END",), tags="split")),),
    gguf=("/models/a.gguf",),
    slot_context=8192,
    net=NetSetting("none", "/ca.pem"),
    window="AAAA",
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config" / "settings.json"


def write(file: Path, content: bytes) -> Path:
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content)
    return file


def bad_copy(file: Path) -> Path:
    return file.with_suffix(".json.bad")


def test_what_is_saved_is_loaded(file: Path) -> None:
    for settings in (FULL, Settings()):
        save(file, settings)
        assert load(file) == settings


def test_a_missing_file_gives_the_defaults_and_makes_nothing(file: Path) -> None:
    assert load(file) == Settings()
    assert not file.parent.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"theme": "da',
        b"\x00" * 4096,
        b"\xff\xfe{}",
        b" " * 10_000_000,
        b"[" * 200_000,
    ],
    ids=["empty", "half-written", "zeros", "not UTF-8", "10 MB", "nested"],
)
def test_a_broken_file_is_kept_beside(file: Path, content: bytes) -> None:
    write(file, content)
    assert load(file) == Settings()
    assert bad_copy(file).read_bytes() == content
    assert not file.exists()


@pytest.mark.parametrize("content", [b"[]", b"null", b'"dark"', b"1e400"])
def test_a_file_of_another_shape_gives_the_defaults(file: Path, content: bytes) -> None:
    assert load(write(file, content)) == Settings()


def test_one_wrong_value_costs_one_default(file: Path) -> None:
    content = {"theme": "purple", "zoom": "big", "language": "de", "lanes": [{"backend": 1}], "net": None}
    assert load(write(file, json.dumps(content).encode())) == Settings(language="de")


def test_a_newer_file_is_read_as_far_as_it_is_known(file: Path) -> None:
    content = {"theme": "dark", "telepathy": {"on": True}, "net": {"proxy": "none", "quantum": 1}}
    assert load(write(file, json.dumps(content).encode())) == Settings(theme="dark", net=NetSetting("none"))


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(Settings.__struct_fields__), _json))
def test_any_values_load(tmp_path_factory: pytest.TempPathFactory, content: dict[str, Any]) -> None:
    file = write(tmp_path_factory.getbasetemp() / "any" / "settings.json", json.dumps(content).encode())
    assert isinstance(load(file), Settings)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_file_and_folder_are_for_their_owner_alone(file: Path) -> None:
    save(file, FULL)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_save_that_fails_leaves_the_old_file_and_no_rest(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(file, FULL)

    def full_disk(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        save(file, Settings())
    monkeypatch.undo()
    assert load(file) == FULL
    assert [p.name for p in file.parent.iterdir()] == [file.name]


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_FSIZE as on Linux")
def test_a_real_limit_on_file_size_leaves_the_old_file(file: Path) -> None:
    save(file, FULL)
    code = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from sidelight.settings import Settings, save\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))\n"
        "try: save(Path(sys.argv[1]), Settings())\n"
        "except OSError as error: print(type(error).__name__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(file)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "OSError"
    assert load(file) == FULL


def test_the_file_is_made_for_people_to_read(file: Path) -> None:
    save(file, FULL)
    assert '\n  "theme": "dark"' in file.read_text(encoding="utf-8")
