"""Kills a process at each step of a migration, a backup, a restore and a salvage, and looks at what the next start finds.

A step is anything that touches a file of the profile, as Python's audit events tell it, each statement of the
migration and each piece of a copy. `run` kills at every step, or at some of them, each time on a profile of its own.

    python -m tests.store.interrupted            all steps of all actions
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from tests.store.strategies import asked, child_environment, opened

from sidelight.store import migrations, replacing
from sidelight.store.backup import back_up, backups, restore
from sidelight.store.check import check
from sidelight.store.conversations import summaries
from sidelight.store.database import Store
from sidelight.store.salvage import salvage

NOW = 1_800_000_000.0
DAY = 86_400.0
_FULL = 400
"""Steps after which something is wrong with the harness."""


@dataclass(frozen=True, slots=True)
class Report:
    """`kills` of each action; `broken` says what was found that must not be."""

    kills: tuple[tuple[str, int], ...]
    broken: tuple[str, ...]


class _Steps:
    """Counts steps, and ends the process before the one it is told."""

    def __init__(self, folder: Path, last: int) -> None:
        self._folder, self._last = str(folder), last
        self._count = 0

    def step(self) -> None:
        self._count += 1
        if self._count == self._last:
            os.kill(os.getpid(), signal.SIGKILL)

    def heard(self, event: str, args: tuple[Any, ...]) -> None:
        if event in (
            "open",
            "os.rename",
            "os.remove",
            "os.mkdir",
            "os.rmdir",
            "sqlite3.connect",
        ) and self._folder in str(args):
            self.step()

    def go_on(self, _: float) -> bool:
        self.step()
        return True


def _next_version(steps: _Steps) -> migrations.Migration:
    def step(con: sqlite3.Connection) -> None:
        con.set_trace_callback(lambda _: steps.step())
        for n in range(4):
            con.execute(f"CREATE TABLE extra{n} (a)")
            con.execute(f"INSERT INTO extra{n} SELECT randomblob(20000) FROM conversations")
        con.set_trace_callback(None)

    return step


def _child(action: str, folder: Path, last: int) -> None:
    steps = _Steps(folder, last)
    path = folder / "sidelight.db"
    sys.addaudithook(steps.heard)
    if action == "migration":
        with mock.patch.object(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, _next_version(steps))):
            Store.open(path).close()
    elif action == "backup":
        back_up(path, NOW + 40 * DAY, go_on=steps.go_on)
    elif action == "restore":
        restore(path, backups(path)[0].path, NOW, go_on=steps.go_on)
    else:
        salvage(path)


def _profile(folder: Path) -> None:
    """Seven days of copies of two conversations, and then a third one."""
    with opened(folder) as store:
        asked(store, lanes=2)
        asked(store)
        for n in range(8):
            back_up(store.path, NOW + n * DAY)
        asked(store)


def _is_sound(path: Path, count: int, broken: list[str], what: str) -> None:
    found = check(path)
    with closing(sqlite3.connect(path)) as con:
        rows = con.execute("SELECT count(*) FROM conversations").fetchone()[0]
    if not found.sound or not found.whole or rows != count:
        broken.append(f"{what}: {path.name} has {rows} of {count} conversations, {found.damage}")


def _look(action: str, folder: Path, before: set[str], what: str) -> list[str]:
    """What is wrong at the next start."""
    broken: list[str] = []
    path = folder / "sidelight.db"
    with opened(folder) as store:
        count = len(store.read(summaries).result(10))
    gone = before - {b.path.name for b in backups(path, count=False)}
    if action != "backup" and gone:
        broken.append(f"{what}: {gone} are gone")
    if len(backups(path, count=False)) < min(7, len(before)):
        broken.append(f"{what}: too few copies are left")
    broken += [
        f"{what}: {copy}"
        for copy in backups(path)
        if dict(copy.rows).get("conversations", 0) < 2 or not check(copy.path, still=True).sound
    ]
    _is_sound(path, count, broken, what)
    aside = list(folder.glob("replaced-*"))
    if count == 2:
        if action != "restore" or len(aside) != 1 or not replacing.is_held(path):
            broken.append(f"{what}: a conversation is gone")
        else:
            _is_sound(aside[0] / path.name, 3, broken, what)
    elif count != 3 or any(part.iterdir() for part in aside):
        broken.append(f"{what}: {count} conversations")
    back_up(path, NOW + 50 * DAY)  # nothing that was left lies in the way
    restore(path, backups(path)[0].path, NOW + DAY)
    left = {p.name for p in folder.iterdir() if not p.name.startswith(("replaced-", "sidelight.db.v"))}
    if extra := left - {
        "sidelight.db",
        "sidelight.db.made",
        "journals",
        "backups",
        "sidelight.db.salvaged",
        "sidelight.db.salvaging",
    }:
        broken.append(f"{what}: {extra} was left")
    return broken


def run(only: Callable[[int], bool] = lambda step: True) -> Report:
    """Kill at every step for which `only` says so, until an action ends by itself."""
    kills = []
    broken: list[str] = []
    with tempfile.TemporaryDirectory(prefix="interrupted-") as name:
        made = Path(name) / "made"
        made.mkdir()
        _profile(made)
        before = {b.path.name for b in backups(made / "sidelight.db", count=False)}
        for action in ("migration", "backup", "restore", "salvage"):
            killed = 0
            for step in range(1, _FULL):
                if not only(step) and step < 100:
                    continue
                folder = Path(name) / "profile"
                shutil.copytree(made, folder)
                command = [sys.executable, "-m", "tests.store.interrupted", action, str(folder), str(step)]
                ended = subprocess.run(command, env=child_environment(), timeout=60, check=False).returncode
                if ended == 0:
                    shutil.rmtree(folder)
                    break
                killed += ended == -signal.SIGKILL
                what = f"{action}, step {step}"
                if ended != -signal.SIGKILL:
                    broken.append(f"{what}: exit {ended}")
                row = migrations.MIGRATIONS
                if action == "migration":  # by the program that was killed, or its successor
                    row = (*row, _next_version(_Steps(folder, 0)))
                with mock.patch.object(migrations, "MIGRATIONS", row):
                    broken += _look(action, folder, before, what)
                shutil.rmtree(folder)
            kills.append((action, killed))
    return Report(tuple(kills), tuple(broken))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _child(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
    else:
        sys.stdout.write(f"{run()}\n")
