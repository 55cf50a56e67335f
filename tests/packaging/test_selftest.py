"""`sidelight --self-test`: it uses every part, and says so truthfully."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sidelight.main import open_house
from sidelight.ui import selftest, selftest_parts


def test_all_parts_of_this_checkout_work(tmp_path: Path) -> None:
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "SIDELIGHT_PROFILE": str(tmp_path)}
    env.pop("DBUS_SESSION_BUS_ADDRESS", None)
    command = [sys.executable, "-P", "-m", "sidelight", "--self-test"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=240)
    told = json.loads(done.stdout)
    assert [check["name"] for check in told["checks"]] == list(selftest_parts.CHECKS)
    assert [check for check in told["checks"] if check["ok"] is False] == []
    assert done.returncode == 0
    assert told["ok"] is True
    # No keyring in this session and no model file in this profile: that is said, not passed over.
    untried = {check["name"]: check["detail"] for check in told["checks"] if check["ok"] is None}
    assert untried.keys() <= {"keyring", "engine"}
    assert not any(tmp_path.rglob("*.db")), "the person's profile is not touched"


def test_a_part_that_fails_fails_the_whole(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_bench: selftest_parts.Bench) -> str:
        raise OSError("libnothing.so.1: cannot open shared object file")

    def missing(_bench: selftest_parts.Bench) -> str:
        raise selftest_parts.NotHere("no such thing here")

    monkeypatch.setattr(selftest, "CHECKS", {"fine": lambda _: "well", "gone": missing, "broken": broken})
    assert selftest.run([], open_house) == 1
    told = json.loads(capsys.readouterr().out)
    assert [check["ok"] for check in told["checks"]] == [True, None, False]
    assert "libnothing.so.1" in told["checks"][2]["detail"]
    assert told["ok"] is False
    monkeypatch.setattr(selftest, "CHECKS", {"gone": missing})
    assert selftest.run([], open_house) == 0


def test_the_version_needs_no_window_system() -> None:
    code = """
import sys
sys.argv[1:] = ["--version"]
from sidelight.__main__ import main
main()
print([m for m in sys.modules if m.startswith(("PySide6", "sidelight.ui", "httpx"))])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[1] == "[]"


@pytest.mark.parametrize(("platform", "code"), [("offscreen", 0), ("nowhere", -6)])
def test_a_child_tries_the_window_system(platform: str, code: int) -> None:
    command = [sys.executable, "-P", "-m", "sidelight", "--child", "display"]
    env = {**os.environ, "QT_QPA_PLATFORM": platform}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == code
