"""A sample of the kill harness; `make soak` runs it in its full length."""

from __future__ import annotations

from tests.store.kill import FLUSH, RATE, STREAMS, run


def test_a_kill_at_any_moment_costs_one_batch_and_nothing_that_was_finished() -> None:
    report = run(kills=5, seed=20)
    assert (report.corrupt, report.finished_lost) == (0, 0)
    assert report.streams == 5 * STREAMS
    assert report.median_lost <= 75
    # The worst depends on how busy the machine is; even so it is no more than a few batches.
    assert report.worst_lost <= 10 * FLUSH * RATE
