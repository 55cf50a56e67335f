"""What it takes to open a long stored conversation in the real window, offscreen: 2,000 turns in four lanes.

    python -m benchmarks.opening [TIMES]

The profile is the one of SIDELIGHT_PROFILE, which is to be an empty one. Prints one line of JSON, medians in milliseconds. From
`session.open` until the end of the first update of the window in which every lane in sight has text: the CPU of each thread that
has a part in it (the window's, the network's, the store's readers), of all of them, and the time that went by. The very first
opening is told apart: modules are imported by it.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path

from benchmarks.window import Watched, played, standing
from tests.proof.face import paths_of, write_settings
from tests.proof.player import Steps, after

from sidelight.chat.conversation import Conversation, Turn
from sidelight.chat.events import (
    AnswerDelta,
    Event,
    Finished,
    FinishReason,
    ReasoningDelta,
    Stamped,
    Started,
    Usage,
)
from sidelight.chat.message import Lane, Prompt, new_id
from sidelight.chat.reply import Asked, Identity, Reply, fold_all
from sidelight.engine.session import Session
from sidelight.main import House
from sidelight.store.conversations import create
from sidelight.store.database import Store
from sidelight.ui.panes.compare.pane import LanesPane

TURNS = 2000
LANES = 4
TIMES = 7
REST = 1.5
SIZE = (1920, 1080)


def filled(profile: Path, count: int) -> str:
    """Store a conversation of so many turns; its id."""
    lanes = tuple(Lane(new_id(), f"stream-{n}", f"stream-{n}") for n in range(LANES))
    turns: list[Turn] = []
    for n in range(count):
        turn = Turn(
            new_id(),
            turns[-1].id if turns else None,
            Prompt(f"Question {n}: why?"),
            tuple(_reply(n, lane) for lane in lanes),
            time.time(),
        )
        turns.append(turn)
    made = Conversation(new_id(), "Long", lanes, tuple(turns), turns[-1].id, created=time.time())
    paths = paths_of(profile)
    with closing(Store.open(paths.database, paths.data / "journals")) as store:
        store.write(lambda con: create(con, made)).result()
    return made.id


def _reply(n: int, lane: Lane) -> Reply:
    """As a server of these days gives it, with all that is told beside the text."""
    events: tuple[Event, ...] = (
        Started(new_id(), f"{lane.model}-2026-01", "Some", "fp_1", (("x-request-id", new_id()),)),
        ReasoningDelta("thought " * 60),
        AnswerDelta(f"word **{n}** " * 30),
        Usage(900, 0, 200, 80, 0.001, '{"prompt_tokens":900,"completion_tokens":200}'),
        Finished(FinishReason.STOP, "stop"),
    )
    asked = Reply(
        new_id(),
        lane.id,
        identity=Identity(lane.model),
        asked=Asked(lane.backend, "openai", "localhost:8000"),
    )
    return fold_all(asked, [Stamped.now(event, 0.1 * place) for place, event in enumerate(events)])


def play(house: House, long: str, short: str, times: int) -> Steps:
    """Open the long one again and again, from the short one, which has other lanes."""
    session = house.session
    main_window = yield from standing(house, SIZE)
    runs, shorts = [], []
    for _ in range(times + 1):
        shorts.append((yield from _opened(main_window, session, short)))
        runs.append((yield from _opened(main_window, session, long)))
    names = {name for run in runs[1:] for name, value in run.items() if value > 0.0005}
    told = {"first opening, CPU": 1000 * runs[0]["CPU"]}
    told |= {name: 1000 * statistics.median(run.get(name, 0.0) for run in runs[1:]) for name in sorted(names)}
    told["the short one, CPU"] = 1000 * statistics.median(run["CPU"] for run in shorts[1:])
    print(json.dumps(told), flush=True)


def _opened(
    main_window: Watched, session: Session, conversation: str
) -> Generator[Callable[[], bool], None, dict[str, float]]:
    """Open a conversation, and wait until it rests; what it took to its first paint, in seconds."""
    seen: list[tuple[float, dict[str, float]]] = []

    def tell() -> None:
        pane = main_window.findChild(LanesPane)
        columns = [c for c in pane.columns if not c.visibleRegion().isEmpty()] if pane is not None else []
        if seen or session.conversation.id != conversation or not columns:
            return
        if all(column.view.first_key() for column in columns):
            seen.append((time.monotonic(), _spent()))

    main_window.drawn = tell
    before, began = _spent(), time.monotonic()
    session.open(conversation)
    yield lambda: bool(seen)
    main_window.drawn = None
    at, spent = seen[0]
    yield after(REST)
    cost = {name: value - before.get(name, 0.0) for name, value in spent.items()}
    return {"by the clock": at - began, "CPU": sum(cost.values()), **cost}


def _spent() -> dict[str, float]:
    """Seconds of CPU of each of Python's threads so far; of the whole process where the system does not tell them apart."""
    found: dict[str, float] = {}
    for thread in threading.enumerate():
        told = Path(f"/proc/self/task/{thread.native_id}/schedstat")
        if not told.exists():
            return {"process": time.process_time()}
        name = thread.name.rsplit("_", 1)[0]
        found[name] = found.get(name, 0.0) + int(told.read_text().split()[0]) / 1e9
    return found


def main() -> int:
    """Measure. Returns the exit code."""
    profile = Path(os.environ["SIDELIGHT_PROFILE"])
    write_settings(profile, "http://127.0.0.1:9", LANES)
    long, short = filled(profile, TURNS), filled(profile, 2)
    times = int(sys.argv[1]) if len(sys.argv) > 1 else TIMES
    return played(lambda house: play(house, long, short, times), interval=10)


if __name__ == "__main__":
    sys.exit(main())
