"""What checks, copies and the way back cost with a large file, and what a writer notices of them.

python -m benchmarks.durability [MEGABYTES]        prints one line of JSON: seconds
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from unittest import mock

from sidelight.chat.conversation import Conversation, Turn
from sidelight.chat.events import AnswerDelta, Finished, FinishReason, ReasoningDelta, Stamped
from sidelight.chat.message import Lane, Prompt
from sidelight.chat.reply import Reply, fold_all
from sidelight.store import words as index
from sidelight.store.backup import back_up, restore
from sidelight.store.check import check, sample
from sidelight.store.conversations import create
from sidelight.store.database import Store

NOW = 1_800_000_000.0
TURNS = 200
"""Turns in one conversation, of two lanes each."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds, but `megabytes` and `rows`. `write_*`: one batch of the journal, 20 a second; worst of each time."""

    megabytes: float
    rows: int
    sample: float
    check: float
    backup: float
    restore: float
    write_alone: float
    write_while_backed_up: float
    write_while_checked: float


def measure(megabytes: float) -> Figures:
    """Measure with a file of about this size, without an index of words (which is copied like all else)."""
    with tempfile.TemporaryDirectory(prefix="durability-") as name:
        folder = Path(name)
        path = folder / "sidelight.db"
        _fill(path, megabytes * 1e6)
        with closing(Store.open(path)) as store:
            sampled = sample(path)
            alone, _ = _beside(store, lambda: time.sleep(3))
            backing, backup = _beside(store, lambda: back_up(path, NOW))
            checking, _ = _beside(store, lambda: check(path))
        size = path.stat().st_size / 1e6
        began = time.monotonic()
        found = check(path, still=True)
        checked = time.monotonic() - began
        assert found.sound
        copy = next((folder / "backups").glob("*.db"))
        began = time.monotonic()
        restore(path, copy, NOW)
        back = time.monotonic() - began
        return Figures(size, found.there, sampled.seconds, checked, backup, back, alone, backing, checking)


def _fill(path: Path, size: float) -> None:
    chance = random.Random(1)
    words = [f"word{n}" for n in range(5000)]
    lanes = (Lane("one", "b", "m"), Lane("two", "b", "m"))
    with (
        closing(Store.open(path)) as store,
        mock.patch.object(index, "add_reply"),
        mock.patch.object(index, "add_prompt"),
    ):
        number = 0
        while path.stat().st_size < size:
            number += 1
            turns = []
            for n in range(TURNS):
                thought, answer = " ".join(chance.choices(words, k=60)), " ".join(chance.choices(words, k=60))
                events = [
                    Stamped.now(ReasoningDelta(thought), 0.1),
                    Stamped.now(AnswerDelta(answer), 0.2),
                    Stamped.now(Finished(FinishReason.STOP), 0.3),
                ]
                row = tuple(fold_all(Reply(f"{number}-{n}-{lane.id}", lane.id), events) for lane in lanes)
                turns.append(Turn(f"{number}-{n}", None, Prompt(answer[:80]), row, float(n)))
            conversation = Conversation(f"c{number}", "", lanes, tuple(turns))
            store.write(lambda con, c=conversation: create(con, c)).result()  # type: ignore[misc]


def _beside(store: Store, work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the slowest batch while the work goes on, and seconds that this took."""
    done = threading.Event()

    def do() -> None:
        try:
            work()
        finally:
            done.set()

    with mock.patch.object(index, "add_prompt"):
        lane = Lane(f"lane{time.monotonic()}", "b", "m")
        reply = Reply(f"r{time.monotonic()}", lane.id)
        turn = Turn(f"t{time.monotonic()}", None, Prompt("p"), (reply,))
        store.write(lambda con: create(con, Conversation(turn.id, "", (lane,), (turn,)))).result()
    thread = threading.Thread(target=do)
    began = time.monotonic()
    thread.start()
    worst = 0.0
    while not done.wait(0.05):
        batch = [(reply.id, [Stamped.now(AnswerDelta("token " * 10), 0.1)])]
        asked = time.monotonic()
        store.write(lambda con, b=batch: store.journal.append(con, b)).result()  # type: ignore[misc]
        worst = max(worst, time.monotonic() - asked)
    thread.join()
    return worst, time.monotonic() - began


if __name__ == "__main__":
    print(json.dumps(asdict(measure(float((sys.argv[1:] or ["500"])[0])))), flush=True)
