"""The whole app as a person meets it: the real window asks the real engine, is killed in mid-answer, and is opened again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.weights import weights

PROMPT = "Write a long story about a lighthouse keeper and the sea."
Lanes = list[dict[str, Any]]


@contextmanager
def started(profile: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The window in a process of its own, killed on the way out if it still lives."""
    environment = {**os.environ, "SIDELIGHT_PROFILE": str(profile), "QT_QPA_PLATFORM": "offscreen"}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.proof.window", *arguments],
        cwd=Path(__file__).resolve().parents[2],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def alive(profile: Path) -> bool:
    """Whether an engine child of this profile still runs: its command line names no secret, its environment the profile."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            child = b"--child" in (process / "cmdline").read_bytes()
            if child and str(profile).encode() in (process / "environ").read_bytes():
                return True
        except OSError:
            continue
    return False


def half_answered(window: subprocess.Popen[str], deadline: float) -> Lanes:
    """What the lanes show once one has answered a few lines and the other shows a trace."""
    assert window.stdout is not None
    for line in window.stdout:
        told = json.loads(line)
        seen: Lanes = told["lanes"]
        if (
            len(seen) == 2
            and len(seen[0]["text"]) > len(PROMPT) + 80
            and "elicited by a prompt" in seen[1]["labels"]
        ):
            return seen
        assert time.monotonic() < deadline, f"two lanes did not answer in time: {told}"
    pytest.fail("the window ended by itself")


@pytest.mark.engine
def test_a_window_killed_in_mid_answer_shows_what_came_when_it_opens_again(tmp_path: Path) -> None:
    model = weights("qwen2.5-coder-0.5b-instruct")
    folder = tmp_path / "cache" / "weights"
    folder.mkdir(parents=True)
    for name in (model.name, f"{model.name}.verified"):
        (folder / name).symlink_to(model.with_name(name))

    deadline = time.monotonic() + 120
    with started(tmp_path, "ask", PROMPT) as window:
        seen = half_answered(window, deadline)
    while alive(tmp_path):
        assert time.monotonic() < deadline + 5, "the engine outlived the window"
        time.sleep(0.02)

    with started(tmp_path, "look") as window:
        told, _ = window.communicate(timeout=60)
        assert window.returncode == 0
    lanes: Lanes = json.loads(told.splitlines()[-1])["lanes"]
    assert len(lanes) == 2
    for before, after in zip(seen, lanes, strict=True):
        shown = " ".join(after["text"].split())
        assert PROMPT in shown
        words = " ".join(before["text"].split())
        assert words[:-12] in shown or len(shown) >= len(words), (words, shown)
        assert any("nterrupted" in label for label in after["labels"]), after["labels"]
