"""Stop, through the whole engine: the server sees it at once and nothing is left of it; `make soak` counts more."""

from __future__ import annotations

from tests.proof.cancel import run

ROUNDS = 25


def test_two_hundred_stops_cost_no_more_than_50_ms_each_and_leave_nothing() -> None:
    report = run(ROUNDS, seed=5)
    assert report.stops == 200
    assert (report.unseen, report.unmarked) == (0, 0)
    assert report.after == report.before
    assert (report.after.owners, report.after.connections, report.after.running) == (0, 0, 0)
    # How long it took is the machine's as much as ours, and gated by the soak: here only what was computed is.
    assert report.worst_cpu <= 50
