"""A sample of the bits; `make soak` flips a thousand that matter."""

from __future__ import annotations

from tests.store.flips import run


def test_no_flipped_bit_that_matters_is_missed() -> None:
    report = run(flips=60, seed=20)
    assert (report.flips, report.found, report.missed) == (60, 60, ())
    assert report.at_start > 40
    assert report.idle > 0
