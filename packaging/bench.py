# ruff: noqa: S603 - every command is spelled here, and the tools are those of the path
"""`make bench-package`: size, start and memory of the frozen program against ceilings; a dated report in benchmarks/reports/.

    bench.py [--program DIR] [--deb FILE] [--runs 7] [--check]

The first paint is seen from outside: Qt itself says on stderr when a window's pixels are handed over (QT_LOGGING_RULES), and the
clock runs from before the process was made. In turn with it an empty PySide6 window is measured, run from source, so that a
busy machine shows: the ratio is worth more than the seconds. Cold: every file the program maps is dropped from the page cache
before the start (files that other programs map as well stay). Needs Linux and Xvfb. `--check` fails where a size is over its
ceiling, or a time or memory over twice that: machines that run this are shared.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from identity import ROOT

sys.path.append(str(ROOT))
from benchmarks import reporting
from check_deb import display

CEILINGS = {"installed_mb": 105.0, "deb_mb": 34.0, "warm_s": 0.30, "cold_s": 0.60, "rss_mb": 85.0}
"""Of the program without the built-in engine, on a quiet machine. Times are medians."""
_SIZES = ("installed_mb", "deb_mb")
_EMPTY = """
import sys
from PySide6.QtWidgets import QApplication, QMainWindow
app = QApplication(sys.argv[:1])
window = QMainWindow()
window.resize(1000, 700)
window.show()
app.exec()
"""


@dataclass(frozen=True, slots=True)
class Start:
    """One start: seconds to the first paint, memory then in MB, and the files that were mapped."""

    seconds: float
    rss_mb: float
    mapped: frozenset[Path]


def main() -> int:
    """Measure and report. Returns 1 where `--check` finds too much."""
    told = argparse.ArgumentParser(prog="bench.py", description=__doc__)
    told.add_argument("--program", type=Path, default=ROOT / "build/package/tree/sidelight")
    told.add_argument("--deb", type=Path)
    told.add_argument("--runs", type=int, default=7)
    told.add_argument("--check", action="store_true")
    told.add_argument("--reports", type=Path, default=reporting.FOLDER)
    asked = told.parse_args()
    with display() as name:
        warm, cold, empty = _starts(asked.program, name, asked.runs)
    figures = {
        "installed_mb": size(asked.program) / 1e6,
        "warm_s": statistics.median(s.seconds for s in warm),
        "cold_s": statistics.median(s.seconds for s in cold),
        "rss_mb": statistics.median(s.rss_mb for s in warm),
    }
    deb = asked.deb or next(iter(sorted((ROOT / "dist").glob("sidelight_*.deb"))), None)
    if deb is not None:
        figures["deb_mb"] = deb.stat().st_size / 1e6
    bare = statistics.median(s.seconds for s in empty)
    spread = {"warm_s": warm, "cold_s": cold}
    rows = [(n, round(v, 3), CEILINGS[n], _spread(spread.get(n, []))) for n, v in figures.items()]
    text = (
        f"# Package\n\nMedians of {asked.runs}. An empty PySide6 window from source, in turn with these: {bare:.3f} s "
        f"({_spread(empty)}); warm to that: {figures['warm_s'] / bare:.2f}.\n\n"
    )
    text += reporting.table(("figure", "measured", "ceiling", "from to"), rows)
    sys.stdout.write(text + "\n")
    reporting.write(
        "package", text, {"figures": figures, "empty_s": bare, "ceilings": CEILINGS}, asked.reports
    )
    over = [n for n, v in figures.items() if v > CEILINGS[n] * (1 if n in _SIZES else 2)]
    if asked.check and over:
        sys.stderr.write(f"over the ceiling: {', '.join(over)}\n")
        return 1
    return 0


def size(folder: Path) -> int:
    """Bytes of all files."""
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file() and not f.is_symlink())


def _spread(starts: list[Start]) -> str:
    return f"{min(s.seconds for s in starts):.3f} to {max(s.seconds for s in starts):.3f}" if starts else ""


def _starts(program: Path, name: str, runs: int) -> tuple[list[Start], list[Start], list[Start]]:
    warm: list[Start] = []
    cold: list[Start] = []
    empty: list[Start] = []
    with tempfile.TemporaryDirectory() as profile:
        env = {**os.environ, "DISPLAY": name, "SIDELIGHT_PROFILE": profile}
        env.pop("QT_QPA_PLATFORM", None)
        command = [str(program / "sidelight")]
        first = start(command, env)  # makes the profile, and tells which files are mapped
        for _ in range(runs):
            empty.append(start([sys.executable, "-c", _EMPTY], env))
            warm.append(start(command, env))
            forget([*first.mapped, *(f for f in program.rglob("*") if f.is_file())])
            cold.append(start(command, env))
    return warm, cold, empty


def start(command: list[str], env: dict[str, str]) -> Start:
    """Start a program, wait for its first paint, end it. Raises RuntimeError where none comes within a minute."""
    env = {**env, "QT_LOGGING_RULES": "qt.widgets.painting.info=true"}
    began = time.monotonic()
    running = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert running.stderr is not None
    try:
        for line in running.stderr:
            if b"Flushing" in line:
                seconds = time.monotonic() - began
                status = Path(f"/proc/{running.pid}/status").read_text(encoding="ascii")
                kilobytes = next(int(x.split()[1]) for x in status.splitlines() if x.startswith("VmRSS"))
                maps = Path(f"/proc/{running.pid}/maps").read_text(encoding="utf-8")
                files = {
                    Path(x.split(maxsplit=5)[5]) for x in maps.splitlines() if len(x.split(maxsplit=5)) == 6
                }
                return Start(seconds, kilobytes * 1024 / 1e6, frozenset(f for f in files if f.is_file()))
            if time.monotonic() - began > 60:
                break
        raise RuntimeError(f"{command[0]} painted nothing")
    finally:
        running.kill()
        running.stderr.close()
        running.wait()


def forget(files: Iterable[Path]) -> None:
    """Drop files from the page cache, as far as nobody else maps them."""
    os.sync()
    for file in files:
        descriptor = os.open(file, os.O_RDONLY)
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


if __name__ == "__main__":
    sys.exit(main())
