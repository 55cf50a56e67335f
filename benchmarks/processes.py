"""What a process holds and how fast this machine computes: figures that do not need the app."""

from __future__ import annotations

import json
import re
import statistics
import time
from pathlib import Path

__all__ = ["memory", "pace"]


def memory() -> dict[str, float | None]:
    """Megabytes of this process: resident, and its own share of what it shares; None where the system does not tell."""
    told: dict[str, float | None] = {"rss": None, "pss": None}
    rollup = Path("/proc/self/smaps_rollup")
    if rollup.exists():
        text = rollup.read_text()
        for name in told:
            found = re.search(rf"^{name.capitalize()}:\s+(\d+) kB", text, re.MULTILINE)
            told[name] = int(found[1]) / 1000 if found else None
    return told


def pace() -> float:
    """Seconds of CPU that a fixed piece of work takes here and now, the median of five.

    CPU time is no constant of a program: it grows where caches and cores are shared with others. So a figure is divided
    by what this took just before and after.
    """
    return statistics.median(_work() for _ in range(5))


def _work() -> float:
    began = time.process_time()
    frames = [json.dumps({"n": n, "delta": {"content": f"word {n} "}}) for n in range(20_000)]
    text = "".join(json.loads(frame)["delta"]["content"] for frame in frames)
    words: dict[str, int] = {}
    for word in text.split():
        words[word] = words.get(word, 0) + 1
    return time.process_time() - began
