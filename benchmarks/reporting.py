"""Reports of measurements: a dated pair of files, Markdown for people and JSON for programs, with the machine they were made on.

Knows nothing of what is measured.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["FOLDER", "machine", "table", "write"]

FOLDER = Path(__file__).parent / "reports"


def machine() -> dict[str, Any]:
    """What a figure depends on: system, processor, versions, and how busy the machine was."""
    return {
        "system": platform.system() + " " + platform.release().split("-")[0],
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "commit": _commit(),
        "load": [round(x, 2) for x in os.getloadavg()] if hasattr(os, "getloadavg") else None,
    }


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table; numbers stand at the right."""
    cells = [[_cell(x) for x in row] for row in rows]
    wide = [max(len(r[i]) for r in [list(heads), *cells]) for i in range(len(heads))]
    right = [
        all(isinstance(row[i], int | float) or row[i] is None for row in rows) for i in range(len(heads))
    ]

    def line(row: Sequence[str]) -> str:
        padded = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, wide, right, strict=True)]
        return f"| {' | '.join(padded)} |"

    rule = [f"{'-' * (w - 1)}:" if r else "-" * w for w, r in zip(wide, right, strict=True)]
    return "\n".join([line(heads), line(rule), *(line(row) for row in cells)])


def write(name: str, text: str, data: Mapping[str, Any], folder: Path = FOLDER) -> tuple[Path, Path]:
    """Write `<name>-<date>-<time>.md` and `.json`, the machine in both; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / f"{name}-{time.strftime('%Y-%m-%d-%H%M')}"
    facts = machine()
    said = ", ".join(f"{k} {v}" for k, v in facts.items() if v is not None)
    markdown = stem.with_suffix(".md")
    markdown.write_text(f"{text.rstrip()}\n\nMachine: {said}.\n", encoding="utf-8")
    kept = stem.with_suffix(".json")
    kept.write_text(json.dumps({"machine": facts, **data}, indent=1) + "\n", encoding="utf-8")
    return markdown, kept


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return str(value)


def _processor() -> str:
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _commit() -> str | None:
    found = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip() or None
