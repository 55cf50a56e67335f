"""A sample of the power cuts; `make soak` looks at two thousand images."""

from __future__ import annotations

from tests.store.power import run


def test_a_power_cut_loses_nothing_that_was_said_to_be_saved() -> None:
    report = run(images=60, seed=20)
    assert (report.images, report.unreadable, report.lost) == (60, 0, 0), report.reasons
    assert report.acknowledged > 100


def test_a_store_that_does_not_wait_for_the_disk_would_be_seen() -> None:
    report = run(images=20, seed=20, careless=True)
    assert report.unreadable > 5
    assert report.lost > 20
