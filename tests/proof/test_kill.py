"""A sample of the kills; `make soak` counts many more."""

from __future__ import annotations

from tests.proof.kill import run
from tests.proof.loopback import LANES
from tests.store.kill import FLUSH, RATE

KILLS = 20


def test_a_kill_while_eight_lanes_stream_costs_one_batch_and_nothing_that_was_finished() -> None:
    report = run(KILLS, seed=2)
    assert (report.corrupt, report.finished_lost, report.prompts_lost, report.changed) == (0, 0, 0, 0)
    assert report.unmarked == 0, "partial replies say that they are"
    assert report.finished >= KILLS * LANES, "each kill comes after a whole turn"
    assert report.streams >= KILLS * LANES / 2
    assert report.median <= 75
    # The worst depends on how busy the machine is; even so it is no more than a few batches.
    assert report.worst <= 10 * FLUSH * RATE
