"""Measures speed: the real window against a server in a process of its own. Prints a report and keeps it, dated.

    make bench                                       everything, 3 to 5 minutes
    python -m benchmarks.bench --only start          start | store | engine | layout | window | search
    python -m benchmarks.bench --save-baseline       remember the ratios, to be compared with from now on

What is measured how, and how far it can be trusted, stands in README.md beside this file.
"""

from __future__ import annotations

import argparse
import bisect
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

if __name__ == "__main__":  # run as a file it does not find its own checkout
    sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

from benchmarks import reporting, traces
from benchmarks.processes import pace
from benchmarks.server import Server, wish
from tests.proof.face import environment, paths_of, write_settings

from sidelight.chat.conversation import Conversation, Turn
from sidelight.chat.events import AnswerDelta, Finished, FinishReason, ReasoningDelta, Stamped, Started
from sidelight.chat.message import Lane, Prompt, new_id
from sidelight.chat.reply import Reply, fold_all
from sidelight.store.conversations import create
from sidelight.store.database import Store

BASELINE = Path(__file__).parent / "baseline.json"
HEARTBEAT = 3.0
PACED = "cpu/1k, in paces"
COSTED = 3
"""Runs of a window of whose CPU the median is taken."""
BURDENED = 5
"""Pairs of starts with a full profile and an empty one."""
BUSY = 1.0
SLOWER = 1.25
"""A ratio that has grown by this much is named."""
ROOT = Path(__file__).resolve().parents[1]

Figures = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One measurement of the window: tokens a lane, tokens a second, and tokens that each lane holds before."""

    name: str
    lanes: int
    rate: float
    tokens: int
    there: int = 0
    kind: str = "talk"


WINDOW = (
    Scenario("8 x 200", 8, 200, 1200),
    Scenario("8 x 200, 20,000 there", 8, 200, 1200, 20_000),
    Scenario("8 x 200, 100,000 there", 8, 200, 1200, 100_000),
    Scenario("4 x 200, 20,000 there", 4, 200, 1200, 20_000),
    Scenario("8 x 1,000", 8, 1000, 5000),
    Scenario("4 x 1,000, one line", 4, 1000, 8000, kind="line"),
)
ENGINE = (Scenario("8 x 200", 8, 200, 1600), Scenario("8 at once", 8, 0, 20_000))

GOALS: Sequence[tuple[str, str, str, float]] = (
    ("search: a word", "p99", "newest 50 with a word p99, ms", 5),
    ("search: a phrase", "p99", "newest 50 with a phrase p99, ms", 5),
    ("search: as typed, three letters", "p99", "newest 50 as typed p99, ms", 70),
    ("many: the list", "stall max", "scrolling the list, longest stall, ms", 35),
    ("many: start", "usable, more", "usable, later than with an empty profile, ms", 100),
    ("many: start", "all there, more", "all there, later than with an empty profile, ms", 100),
    ("8 x 200, 20,000 there", "stall p99", "GUI stall p99, ms", 12),
    ("8 x 200, 20,000 there", "stall max", "GUI stall max, ms", 30),
    ("8 x 200, 20,000 there", "frame p99", "frame gap p99, ms", 20),
    ("8 x 200, 20,000 there", "paint p50", "byte to paint p50 at 30 Hz, ms", 33),
    ("8 x 200, 20,000 there", "paint p99", "byte to paint p99 at 30 Hz, ms", 66),
    ("8 x 200", "cpu/1k", "CPU per 1,000 tokens at 30 Hz, s", 0.16),
    ("8 x 200, 20,000 there", "cpu/1k", "the same with 20,000 there, s", 0.16),
    ("8 x 200, 100,000 there", "cpu/1k", "the same with 100,000 there, s", 0.16),
    ("8 x 200, 20,000 there", "rss", "memory, MB", 180),
    ("4 x 200, 20,000 there", "frame p99", "frame gap p99 at 60 Hz, ms", 20),
    ("4 x 200, 20,000 there", "paint p50", "byte to paint p50 at 60 Hz, ms", 14),
    ("4 x 200, 20,000 there", "paint p99", "byte to paint p99 at 60 Hz, ms", 30),
    ("4 x 200, 20,000 there", "cpu/1k", "CPU per 1,000 tokens at 60 Hz, s", 0.3),
    ("4 x 200, 20,000 there", "opened", "opening, first screen, ms", 100),
    ("4 x 200, 20,000 there", "open stall", "opening, longest stall, ms", 16),
    ("8 x 200", "last byte", "all shown after the last byte, ms", 200),
    ("8 x 1,000", "stall p99", "GUI stall p99 at 8 x 1,000, ms", 22),
    ("4 x 1,000, one line", "stall p99", "GUI stall p99 with one long line, ms", 16),
    ("opening", "CPU", "2,000 turns in four lanes, to first paint, ms of CPU", 100),
    ("layout", "worst block", "the worst hostile block, laid out, ms of CPU", 250),
    ("start", "first paint", "first paint, ms", 220),
    ("start", "usable", "composer usable, ms", 300),
    ("start", "first paint, ratio", "first paint, times an empty window", 1.3),
    ("start", "usable, ratio", "usable, times an empty window", 1.8),
)


def main() -> int:
    """Measure and report. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", choices=("start", "store", "engine", "layout", "window", "search"))
    parser.add_argument("--starts", type=int, default=7, help="pairs of starts")
    parser.add_argument("--repeats", type=int, default=1, help="of each scenario; the report has medians")
    parser.add_argument(
        "--messages", type=int, default=50_000, help="in which is searched; 1000000 takes long"
    )
    parser.add_argument("--save-baseline", action="store_true")
    asked = parser.parse_args()
    found: dict[str, Figures] = {}
    texts = [f"# Speed, {time.strftime('%Y-%m-%d %H:%M')}"]
    if busy() > BUSY:
        texts.append(
            f"**The machine is busy** ({busy():.1f} runnable processes on {os.cpu_count()} cores before the start):"
            " wall-clock figures below are too high, and say little."
        )
    if asked.only in (None, "start"):
        found["start"] = starts(asked.starts)
        texts.append(_one("Cold start", found["start"]))
    if asked.only in (None, "store"):
        found["store"] = stored()
        texts.append(_one("The store (milliseconds of CPU)", found["store"]))
        found["opening"] = opening()
        texts.append(_one("Opening 2,000 turns in four lanes (milliseconds of CPU)", found["opening"]))
    if asked.only in (None, "layout"):
        found["layout"] = laid_out()
        texts.append(_one("Layout of the hostile corpus (milliseconds of CPU)", found["layout"]))
    if asked.only in (None, "search"):
        found |= (rows := searched(asked.messages))
        texts.append(_searched(asked.messages, rows))
    with Server() as server:
        if asked.only in (None, "engine"):
            rows = {s.name: measured(engine, server, s, asked.repeats) for s in ENGINE}
            found |= {f"engine {name}": figures for name, figures in rows.items()}
            texts.append(_many("Engine and store, no window", rows))
        if asked.only in (None, "window"):
            rows = {s.name: measured(window, server, s, asked.repeats) for s in WINDOW}
            found |= rows
            texts.append(_many("The window (milliseconds, MB; cpu/1k in seconds)", rows))
    ratios = _ratios(found)
    texts += [_goals(found), _compared(ratios)]
    text = "\n\n".join(texts)
    path, _ = reporting.write("bench", text, {"figures": found, "ratios": ratios})
    print(f"\n{text}\n\nKept in {path.parent.name}/{path.name}")
    if asked.save_baseline:
        known = _baseline() | ratios
        BASELINE.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    return 0


# --- measuring


def starts(pairs: int) -> Figures:
    """Medians over pairs of starts, the app's and an empty window's by turns; the very first pair only warms the disk."""
    with tempfile.TemporaryDirectory() as folder:
        both = [
            {
                kind: _child(Path(folder), "coldstart", kind, str(time.monotonic()), compiled=True)
                for kind in ("app", "empty")
            }
            for _ in range(pairs + 1)
        ][1:]
    if any(pair["app"]["typed"] != "a" for pair in both):
        raise RuntimeError("the letter that was typed did not arrive: nothing was measured")
    figures: Figures = {}
    for name, key in (("first paint", "first_paint"), ("usable", "usable")):
        figures[name] = 1000 * statistics.median(pair["app"][key] for pair in both)
        figures[f"{name}, empty window"] = 1000 * statistics.median(pair["empty"][key] for pair in both)
        figures[f"{name}, ratio"] = statistics.median(pair["app"][key] / pair["empty"][key] for pair in both)
        cpu = f"{key}_cpu"
        figures[f"{name}, ratio of CPU"] = statistics.median(
            pair["app"][cpu] / pair["empty"][cpu] for pair in both
        )
    for name, key in (("all there", "whole"), ("all there, CPU", "whole_cpu")):
        figures[name] = 1000 * statistics.median(pair["app"][key] for pair in both)
    last = both[-1]
    figures["modules at first paint"] = last["app"]["modules"]
    figures["modules, empty window"] = last["empty"]["modules"]
    for name in last["app"]["heavy"]:
        figures[f"{name} is there at first paint"] = 1
    return figures


def busy() -> float:
    """Processes that wanted to run in the last minute; 0 where the system does not tell."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def measured(
    measure: Callable[[Server, Scenario], Figures], server: Server, scenario: Scenario, repeats: int
) -> Figures:
    """Medians of so many measurements."""
    runs = [measure(server, scenario) for _ in range(repeats)]
    print(f"{scenario.name}: measured", flush=True)
    medians: Figures = {}
    for name in runs[0]:
        values = [value for run in runs if (value := run[name]) is not None]
        medians[name] = statistics.median(values) if values else None
    return medians


def paced(run: Callable[[], tuple[float, dict[str, Any]]]) -> tuple[dict[str, Any], Figures]:
    """What a run told, and its CPU for 1,000 tokens: in seconds, and in terms of this machine's pace at that time.

    `run` gives how many tokens its "cpu" was for.
    """
    before = pace()
    tokens, told = run()
    cost = told["cpu"] / tokens * 1000
    return told, {"cpu/1k": cost, PACED: cost / ((before + pace()) / 2)}


def stored() -> Figures:
    """What the journal and a long conversation cost; see store.py."""
    with tempfile.TemporaryDirectory() as folder:
        return _child(Path(folder), "store")


def opening() -> Figures:
    """What it takes to show a long conversation, by thread; see opening.py."""
    with tempfile.TemporaryDirectory() as folder:
        return _child(Path(folder), "opening")


def laid_out() -> Figures:
    """What the blocks of the hostile corpus cost; see layout.py."""
    with tempfile.TemporaryDirectory() as folder:
        told = _child(Path(folder), "layout")
    return {
        "blocks": told["blocks"],
        "worst block": 1000 * told["layout"],
        "worst block, painted": 1000 * told["paint"],
        "all blocks": 1000 * told["all"],
    }


def engine(server: Server, scenario: Scenario) -> Figures:
    """Engine and store alone."""

    def run() -> tuple[float, dict[str, Any]]:
        with tempfile.TemporaryDirectory() as folder:
            write_settings(Path(folder), server.url, scenario.lanes)
            told = _child(Path(folder), "engine", wish(scenario.tokens, scenario.rate))
        server.written()
        _check(told)
        return told["characters"] / traces.TOKEN, told

    told, cost = paced(run)
    tokens = told["characters"] / traces.TOKEN
    return {
        "tokens": round(tokens),
        "events/s": tokens / told["seconds"],
        **cost,
        "rss": told["rss"],
        "pss": told["pss"],
    }


def window(server: Server, scenario: Scenario) -> Figures:
    """The window: once with a heartbeat, for how it stands still, and some times without, for what it costs."""

    def run() -> tuple[float, dict[str, Any]]:
        told, _ = _play(server, scenario, 0.0)
        return told["cpu_characters"] / traces.TOKEN, told

    told, written = _play(server, scenario, HEARTBEAT)
    figures = _timed(told, written)
    runs = [paced(run) for _ in range(COSTED)]
    for name in ("cpu/1k", PACED):
        figures[name] = statistics.median(cost[name] or 0.0 for _, cost in runs)
    told, _ = runs[-1]
    return figures | {"rss": told["rss"], "pss": told["pss"], "in sight": told["lanes_in_sight"]}


def _play(server: Server, scenario: Scenario, heartbeat: float) -> tuple[dict[str, Any], dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        profile = Path(folder)
        write_settings(profile, server.url, scenario.lanes)
        asked = wish(scenario.tokens, scenario.rate, kind=scenario.kind)
        more = ["--open", _fill(profile, scenario)] if scenario.there else []
        told = _child(profile, "window", asked, "--heartbeat", str(heartbeat), *more)
    _check(told)
    return told, server.written()


def _timed(told: dict[str, Any], written: dict[str, list[tuple[float, int]]]) -> Figures:
    """Stalls, frames and latencies of a run, from one second after the prompt to the last byte; milliseconds."""
    warm, last = told["warm_at"], max(times[-1][0] for times in written.values())
    beats, cpu = told["beats"], told["beat_cpu"]
    stalls, stalls_cpu, first = [], [], 0.0
    for n in range(1, len(beats)):
        gap = max(0.0, beats[n] - beats[n - 1] - HEARTBEAT / 1000)
        if beats[n - 1] < warm:
            first = max(first, gap)
        elif beats[n - 1] <= last:
            stalls.append(gap)
            stalls_cpu.append(cpu[n] - cpu[n - 1])
    updates = [t for t in told["updates"] if warm <= t <= last]
    frames = [b - a for a, b in pairwise(updates)]
    paints = [
        late for model, shown in told["shown"].items() for late in _latencies(written[model], shown, warm)
    ]
    shown_at = max(shown[-1][0] for shown in told["shown"].values())
    figures = {
        "stall p99": _quantile(stalls, 0.99),
        "stall max": max(stalls, default=0.0),
        "stall cpu p99": _quantile(stalls_cpu, 0.99),
        "stall cpu max": max(stalls_cpu, default=0.0),
        "first stall": first,
        "frame p50": _quantile(frames, 0.5),
        "frame p99": _quantile(frames, 0.99),
        "paint p50": _quantile(paints, 0.5),
        "paint p99": _quantile(paints, 0.99),
        "last byte": max(0.0, shown_at - last),
        "opened": told.get("opened"),
        "opened whole": told.get("opened_whole"),
        "open stall": told.get("open_stall"),
    }
    return {name: None if value is None else 1000 * value for name, value in figures.items()}


def _latencies(
    written: Sequence[Sequence[float]], shown: Sequence[Sequence[float]], warm: float
) -> list[float]:
    """Seconds from when a piece was written until the first update of the window that had it."""
    sizes = [size for _, size in shown]
    found = []
    for at, size in written:
        place = bisect.bisect_left(sizes, size)
        if at >= warm and place < len(shown):
            found.append(shown[place][0] - at)
    return found


def _fill(profile: Path, scenario: Scenario) -> str:
    """Store a conversation in which every lane has so many tokens; its id."""
    names = [f"stream-{n}" for n in range(scenario.lanes)]
    lanes = tuple(Lane(new_id(), name, name) for name in names)
    replies = []
    for lane in lanes:
        trace, answer = traces.talk(f"there/{lane.model}", scenario.there)
        events = (Started(), ReasoningDelta(trace), AnswerDelta(answer), Finished(FinishReason.STOP, "stop"))
        replies.append(fold_all(Reply(new_id(), lane.id), [Stamped.now(e, 1.0) for e in events]))
    turn = Turn(new_id(), None, Prompt("Before."), tuple(replies), time.time())
    there = Conversation(new_id(), "Before", lanes, (turn,), turn.id, created=time.time())
    paths = paths_of(profile)
    store = Store.open(paths.database, paths.data / "journals")
    store.write(lambda con: create(con, there)).result(60)
    store.close()
    return there.id


def searched(messages: int) -> dict[str, Figures]:
    """What finding words costs in a profile made for it, by kind of query, and what else costs more with so many messages."""
    with tempfile.TemporaryDirectory() as folder:
        told = _child(Path(folder), "search", str(messages), timeout=180 + messages / 500)
        found: dict[str, Figures] = {f"search: {kind}": row for kind, row in told["search, ms"].items()}
        found["many: the list"] = dict(_child(Path(folder), "scrolling"))
        found["many: start"] = _burdened(Path(folder))
    return found


def _burdened(full: Path) -> Figures:
    """Medians of starts with a full profile and an empty one, by turns, and of the difference; the first pair only warms."""
    with tempfile.TemporaryDirectory() as folder:
        pairs = [
            [
                _child(profile, "coldstart", "app", str(time.monotonic()), compiled=True)
                for profile in (full, Path(folder))
            ]
            for _ in range(BURDENED + 1)
        ][1:]
    found: Figures = {}
    for name, key in (("usable", "usable"), ("all there", "whole"), ("all there, CPU", "whole_cpu")):
        for place, which in enumerate(("full", "empty")):
            found[f"{name}, {which}"] = 1000 * statistics.median(pair[place][key] for pair in pairs)
        found[f"{name}, more"] = 1000 * statistics.median(one[key] - other[key] for one, other in pairs)
    return found


def _child(
    profile: Path, module: str, *arguments: str, compiled: bool = False, timeout: float = 180
) -> dict[str, Any]:
    """Run a module of this folder on a profile; what it told.

    `compiled`: modules are compiled once for the profile, as in an installed program, whatever the environment says.
    """
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    around = environment(profile)
    if compiled:
        around.pop("PYTHONDONTWRITEBYTECODE", None)
        around["PYTHONPYCACHEPREFIX"] = str(profile / "compiled")
    done = subprocess.run(
        command, env=around, cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False
    )
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        raise RuntimeError(f"{module} ended with {done.returncode}: {done.stderr[-2000:]}")
    told: dict[str, Any] = json.loads(lines[-1])
    return told


def _check(told: dict[str, Any]) -> None:
    """Figures of a run in which something failed are worth nothing."""
    if told["states"] != ["complete"]:
        raise RuntimeError(f"not every reply was completed: {told['states']}")


def _quantile(values: Sequence[float], share: float) -> float | None:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else None


# --- reporting


def _ratios(found: dict[str, Figures]) -> dict[str, float]:
    """Figures that another machine gives much the same: quotients of CPU times taken side by side."""
    ratios: dict[str, float | None] = {}
    for name in (*(f"engine {s.name}" for s in ENGINE), *(s.name for s in WINDOW)):
        ratios[f"{name}: CPU per 1,000 tokens, in paces"] = found.get(name, {}).get(PACED)
    plain = found.get("8 x 200", {})
    for size in ("20,000", "100,000"):
        there = found.get(f"8 x 200, {size} there", {})
        ratios[f"CPU per 1,000 tokens, {size} there / none"] = _divided(there.get(PACED), plain.get(PACED))
    for name in ("first paint", "usable"):
        ratios[f"start: CPU until {name} / empty window's"] = found.get("start", {}).get(
            f"{name}, ratio of CPU"
        )
    return {name: round(value, 4) for name, value in ratios.items() if value is not None}


def _divided(one: float | None, other: float | None) -> float | None:
    return None if one is None or not other else one / other


def _compared(ratios: dict[str, float]) -> str:
    known = _baseline()
    rows = []
    for name, value in ratios.items():
        before = known.get(name)
        change = value / before if before else None
        word = (
            ""
            if change is None
            else "SLOWER"
            if change > SLOWER
            else "faster"
            if change < 1 / SLOWER
            else "same"
        )
        rows.append((name, value, before, change, word))
    return "## Ratios, against the baseline\n\n" + reporting.table(
        ("", "now", "baseline", "change", ""), rows
    )


def _goals(found: dict[str, Figures]) -> str:
    rows = []
    for row, figure, name, goal in GOALS:
        value = found.get(row, {}).get(figure)
        if value is not None:
            rows.append((name, row, float(value), goal, "yes" if value <= goal else "NO"))
    return "## Goals\n\n" + reporting.table(("", "measured with", "found", "goal", "met"), rows)


def _one(title: str, figures: Figures) -> str:
    return f"## {title}\n\n" + reporting.table(("", "found"), list(figures.items()))


def _searched(messages: int, rows: dict[str, Figures]) -> str:
    heads = list(next(iter(rows.values())))
    lines = [
        (name.removeprefix("search: "), *figures.values())
        for name, figures in rows.items()
        if name.startswith("search: ")
    ]
    texts = [
        f"## Finding words in {messages:,} messages (milliseconds)\n\n"
        + reporting.table(("", *heads), lines),
        _one(f"Scrolling the list of {messages:,} messages (milliseconds)", rows["many: the list"]),
        _one(f"Starting with {messages:,} messages (milliseconds)", rows["many: start"]),
    ]
    return "\n\n".join(texts)


def _many(title: str, rows: dict[str, Figures]) -> str:
    figures = list(next(iter(rows.values())))
    lines = [(figure, *(row[figure] for row in rows.values())) for figure in figures]
    return f"## {title}\n\n" + reporting.table(("", *rows), lines)


def _baseline() -> dict[str, float]:
    if not BASELINE.exists():
        return {}
    known: dict[str, float] = json.loads(BASELINE.read_text(encoding="utf-8"))
    return known


if __name__ == "__main__":
    sys.exit(main())
