"""A sample of the steps; `make soak` kills at each of them."""

from __future__ import annotations

import os

import pytest
from tests.store.interrupted import run


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_killed_at_a_step_the_next_start_is_sound_and_nothing_is_lost() -> None:
    report = run(lambda step: step % 6 == 5)
    assert report.broken == ()
    kills = dict(report.kills)
    assert set(kills) == {"migration", "backup", "restore", "salvage"}
    assert min(kills.values()) >= 2
    assert kills["restore"] >= 5
