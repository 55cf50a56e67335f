"""Scrolling through all conversations of a large profile, in the real window, offscreen: how long it stands still at most.

    python -m benchmarks.scrolling

The profile is the one of SIDELIGHT_PROFILE. A page at a time, 50 a second, from the newest to the oldest, while more are read
whenever the end is in sight. Prints one line of JSON, milliseconds.
"""

from __future__ import annotations

import json
import sys
from itertools import pairwise

from benchmarks.window import Meter, played, standing
from PySide6.QtWidgets import QTreeView
from tests.proof.player import Steps, after

from sidelight.main import House

SIZE = (1920, 1080)
BEAT = 1
EVERY = 20


def play(house: House) -> Steps:
    """From the top of the list to its end, and tell."""
    session = house.session
    main_window = yield from standing(house, SIZE)
    yield lambda: bool(session.history())
    yield after(1.0)
    view = main_window.history.findChild(QTreeView)
    assert isinstance(view, QTreeView)
    bar = view.verticalScrollBar()
    meter = Meter(BEAT)
    meter.beat()
    while session.more_history or bar.value() < bar.maximum():
        bar.setValue(bar.value() + bar.pageStep())
        yield lambda: True  # in the player's next turn
        if bar.value() == bar.maximum():
            yield lambda: not session.more_history or bar.value() < bar.maximum()
    meter.stop()
    stalls = sorted(1000 * (b - a) - BEAT for a, b in pairwise(meter.beats))
    told = {
        "listed": len(session.history()),
        "stall p99": stalls[int(0.99 * (len(stalls) - 1))],
        "stall max": stalls[-1],
    }
    print(json.dumps(told), flush=True)


def main() -> int:
    """Scroll. Returns the exit code."""
    return played(play, EVERY)


if __name__ == "__main__":
    sys.exit(main())
