"""Stop, through the whole engine: the server sees it and nothing is left of it; how soon is counted by `make soak`."""

from __future__ import annotations

from dataclasses import replace

from tests.proof.cancel import run

ROUNDS = 25


def test_two_hundred_stops_are_seen_and_leave_nothing() -> None:
    report = run(ROUNDS, seed=5)
    assert report.stops == 200
    assert (report.unseen, report.unmarked) == (0, 0)
    assert replace(report.after, descriptors=None) == replace(report.before, descriptors=None)
    # fewer: what an earlier test left has been closed meanwhile
    assert (report.after.descriptors or 0) <= (report.before.descriptors or 0)
    assert (report.after.owners, report.after.connections, report.after.running) == (0, 0, 0)
