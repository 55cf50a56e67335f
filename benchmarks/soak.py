"""The long counts that the test suite only samples: kills, stops, fuzz, power cuts, flipped bits. Prints a report and keeps it, dated.

    make soak                                  200 kills, 1,600 stops, 20,000 examples of each property, 2,000 power cuts,
                                               1,000 flipped bits, a file of 500 MB: about 20 minutes
    python -m benchmarks.soak --kills 1000 --only kills

Ends with 1 where a goal is missed.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

if __name__ == "__main__":  # run as a file it does not find its own checkout
    sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

from benchmarks import durability, reporting
from tests.proof import cancel, fuzz, kill
from tests.store import flips, interrupted, power

MEDIAN_GOAL = 75
"""Characters a stream may lose to a kill, in the median."""
STOP_GOAL = 50
"""Milliseconds until a server sees a stop."""
RESTORE_GOAL = 5.0
"""Seconds to restore a copy of 500 MB."""


@dataclass
class Soak:
    """What was counted: lines of the report, figures, and goals missed."""

    lines: list[str] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)

    def goal(self, name: str, value: float, limit: float) -> tuple[str, float, float, str]:
        """A row of a table; remembers a miss."""
        met = value <= limit
        if not met:
            self.missed.append(name)
        return name, value, limit, "yes" if met else "NO"


def main() -> int:
    """Count and report. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--stops", type=int, default=1600)
    parser.add_argument("--examples", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--flips", type=int, default=1000)
    parser.add_argument("--megabytes", type=int, default=500)
    parser.add_argument(
        "--only", choices=("kills", "stops", "fuzz", "power", "flips", "interrupted", "durability")
    )
    asked = parser.parse_args()
    soak = Soak()
    if asked.only in (None, "kills"):
        _kills(soak, asked.kills, asked.seed)
    if asked.only in (None, "stops"):
        _stops(soak, asked.stops, asked.seed)
    if asked.only in (None, "fuzz"):
        _fuzz(soak, asked.examples)
    if asked.only in (None, "power"):
        _power(soak, asked.images, asked.seed)
    if asked.only in (None, "flips"):
        _flips(soak, asked.flips, asked.seed)
    if asked.only in (None, "interrupted"):
        _interrupted(soak)
    if asked.only in (None, "durability"):
        _durability(soak, asked.megabytes)
    verdict = f"Goals missed: {', '.join(soak.missed)}." if soak.missed else "All goals are met."
    text = "\n\n".join(
        [f"# Soak, {time.strftime('%Y-%m-%d %H:%M')}, seed {asked.seed}", *soak.lines, verdict]
    )
    path, _ = reporting.write("soak", text, {"seed": asked.seed, "missed": soak.missed, **soak.data})
    print(f"\n{text}\n\nKept in {path.parent.name}/{path.name}")
    return 1 if soak.missed else 0


def _kills(soak: Soak, kills: int, seed: int) -> None:
    report = kill.run(kills, seed, _say)
    soak.data["kills"] = asdict(report)
    rows = [
        soak.goal("characters read and lost, median", report.median, MEDIAN_GOAL),
        ("characters read and lost, worst", report.worst, None, ""),
        ("characters sent and lost, median", report.median_sent, None, ""),
        ("characters sent and lost, worst", report.worst_sent, None, ""),
        soak.goal("kills after which anything was corrupt", report.corrupt, 0),
        soak.goal("finished replies lost", report.finished_lost, 0),
        soak.goal("prompts lost that a server had been asked", report.prompts_lost, 0),
        soak.goal("partial replies not marked as interrupted", report.unmarked, 0),
        soak.goal("recovered replies that a later kill changed", report.changed, 0),
    ]
    soak.lines.append(
        f"## {report.kills} kills of the program while 8 lanes stream 1,200 characters/s each\n\n"
        f"{report.streams} streams were under way when they were killed, {report.finished} replies had been"
        f" acknowledged as finished, {report.partial} were recovered in part; {report.seconds:.0f} s.\n\n"
        + reporting.table(("", "found", "goal", "met"), rows)
    )


def _stops(soak: Soak, stops: int, seed: int) -> None:
    report = cancel.run(max(1, stops // 8), seed)
    soak.data["stops"] = asdict(report)
    before, after = asdict(report.before), asdict(report.after)
    rows = [
        ("server sees it, median ms", report.median, None, ""),
        soak.goal("server sees it, 95 of 100, ms", report.p95, STOP_GOAL),
        ("server sees it, worst ms (other load counts)", report.worst, None, ""),
        soak.goal("computed until the last of 8 was seen, worst ms", report.worst_cpu, STOP_GOAL),
        soak.goal("never seen", report.unseen, 0),
        soak.goal("replies not marked as stopped", report.unmarked, 0),
        *(
            soak.goal(f"more {name} than before", after[name] - before[name], 0)
            for name in after
            if after[name] is not None
        ),
    ]
    soak.lines.append(
        f"## {report.stops} stops of 8 lanes at a time, half of them twice\n\n"
        + reporting.table(("", "found", "goal", "met"), rows)
    )


def _fuzz(soak: Soak, examples: int) -> None:
    reports = fuzz.run(examples, _say)
    soak.data["fuzz"] = [asdict(report) for report in reports]
    soak.missed += [report.name for report in reports if report.broken]
    rows = [(r.name, r.examples, r.seconds, r.broken or "nothing") for r in reports]
    soak.lines.append(
        "## Fuzz of the wire readers\n\n" + reporting.table(("property", "examples", "s", "found"), rows)
    )


def _power(soak: Soak, images: int, seed: int) -> None:
    report = power.run(images, seed)
    soak.data["power"] = asdict(report)
    rows = [
        soak.goal("images that could not be read, or held damage", report.unreadable, 0),
        soak.goal("replies lost that were acknowledged as saved", report.lost, 0),
        ("acknowledged replies looked for", report.acknowledged, None, ""),
    ]
    soak.lines.append(
        f"## {report.images} power cuts: unsynced writes dropped, torn, out of order\n\n"
        + reporting.table(("", "found", "goal", "met"), rows)
    )


def _flips(soak: Soak, count: int, seed: int) -> None:
    report = flips.run(count, seed)
    soak.data["flips"] = asdict(report)
    rows = [
        soak.goal("missed by the check", len(report.missed), 0),
        ("found at the start already", report.at_start, None, ""),
        ("flips besides that matter to nothing", report.idle, None, ""),
    ]
    soak.lines.append(
        f"## {report.flips} flipped bits that matter\n\n"
        + reporting.table(("", "found", "goal", "met"), rows)
    )


def _interrupted(soak: Soak) -> None:
    report = interrupted.run()
    soak.data["interrupted"] = asdict(report)
    rows = [
        *((f"kills in a {action}", kills, None, "") for action, kills in report.kills),
        soak.goal("unsound starts, or anything lost", len(report.broken), 0),
    ]
    soak.lines.append(
        "## A kill at each step of a migration, a backup, a restore, a salvage\n\n"
        + reporting.table(("", "found", "goal", "met"), rows)
    )


def _durability(soak: Soak, megabytes: int) -> None:
    figures = durability.measure(megabytes)
    soak.data["durability"] = asdict(figures)
    rows = [
        ("sample at a start, s", figures.sample, None, ""),
        ("whole check, s", figures.check, None, ""),
        ("backup, checked, in the background, s", figures.backup, None, ""),
        soak.goal("restore, s", figures.restore, RESTORE_GOAL),
        ("slowest batch of the journal alone, s", figures.write_alone, None, ""),
        ("slowest batch while a backup is made, s", figures.write_while_backed_up, None, ""),
        ("slowest batch while all is checked, s", figures.write_while_checked, None, ""),
    ]
    soak.lines.append(
        f"## A database of {figures.megabytes:.0f} MB, {figures.rows:,} rows\n\n"
        + reporting.table(("", "found", "goal", "met"), rows)
    )


def _say(sentence: str) -> None:
    print(sentence, flush=True)


if __name__ == "__main__":
    sys.exit(main())
