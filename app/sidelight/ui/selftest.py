"""`sidelight --self-test`: every part that an installed program brings along is loaded and used once.

For whoever builds or installs the program, not for tests of what it does: a check (`selftest_parts`) finds a part that is
missing or does not fit. It prints one JSON object. A check is `true`, `false`, or `null` where this machine gives nothing to
try it with (no keyring, no model file); only `false` fails. Nothing of a person's profile is read but the folder of weights.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from sidelight import __version__
from sidelight.ui.selftest_parts import CHECKS, Bench, Check, NotHere, OpenHouse

__all__ = ["open_display", "run"]


def run(arguments: Sequence[str], open_house: OpenHouse) -> int:
    """Do all checks and print what came of them. Returns 0 where none failed."""
    parser = argparse.ArgumentParser(
        prog="sidelight --self-test", description="Use every part of the program once."
    )
    parser.add_argument("--model", type=Path, metavar="FILE.gguf", help="start the built-in engine with it")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="sidelight-self-test-") as folder:
        bench = Bench(Path(folder), open_house, asked.model)
        checks = [_tried(name, check, bench) for name, check in CHECKS.items()]
    well = all(check["ok"] is not False for check in checks)
    frozen = bool(getattr(sys, "frozen", False))
    system = f"{platform.system()} {platform.machine()}"
    told = {"version": __version__, "frozen": frozen, "python": platform.python_version(), "system": system}
    sys.stdout.write(json.dumps({**told, "ok": well, "checks": checks}, indent=1) + "\n")
    return 0 if well else 1


def open_display() -> int:
    """What `sidelight --child display` does: try to open a window system. Qt ends the process where there is none."""
    from PySide6.QtWidgets import QApplication

    QApplication(sys.argv[:1])
    return 0


def _tried(name: str, check: Check, bench: Bench) -> dict[str, object]:
    began = time.monotonic()
    ok: bool | None = True
    try:
        detail = check(bench)
    except NotHere as missing:
        ok, detail = None, str(missing)
    except Exception as error:  # the edge of the self-test: whatever a part raises is what was asked for
        where = traceback.extract_tb(error.__traceback__)[-1]
        ok, detail = False, f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"
    return {"name": name, "ok": ok, "seconds": round(time.monotonic() - began, 3), "detail": detail}
