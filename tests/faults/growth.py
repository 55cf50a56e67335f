"""How much memory an answer takes: one lane of a whole session in a process of its own, that has answered once before.

What is measured is the resident size less the size before the answer: for a `lane` until the answer is written whole, for a
`text` until it is all shown and journaled (written whole, it is in memory a few times more, in the store's thread). By `drain`
the events are dropped as they come from the backend, so that nobody holds their text.

    python -m tests.faults.growth URL lane|text|drain CAP
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import json
import subprocess
import sys
import tempfile
import threading
from contextlib import aclosing
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
from tests.faults.client import backend, events_of, opened, question
from tests.faults.scene import End, Stage

from sidelight.backends import streaming
from sidelight.chat.events import AnswerDelta, Failed
from sidelight.chat.reply import Reply
from sidelight.store.database import Connection
from sidelight.store.journal import Journal

__all__ = ["Growth", "measured"]


@dataclass(frozen=True)
class Growth:
    """Bytes by which the process grew at most and for good, characters of the answer, and the code of the failure."""

    bytes: int
    held: int
    text: int
    code: str | None


def measured(url: str, how: str, cap: int = streaming.ANSWER_CAP) -> Growth:
    """What the second answer of a server takes; the first one is read to warm up. Linux only."""
    program = [sys.executable, "-m", "tests.faults.growth", url, how, str(cap)]
    environment = {"PYTHONPATH": ":".join(sys.path), "PATH": ""}
    done = subprocess.run(program, env=environment, check=True, capture_output=True, text=True, timeout=120)
    return Growth(**json.loads(done.stdout))


class _Peak:
    """From here on the highest resident size."""

    def __init__(self) -> None:
        gc.collect()
        Path("/proc/self/clear_refs").write_text("5")
        self._before = _kilobytes("VmRSS")

    def growth(self) -> tuple[int, int]:
        """Bytes at most, and bytes that are still there."""
        most = _kilobytes("VmHWM")
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)  # what is free, though not given back yet, is not held
        return (most - self._before) * 1024, (_kilobytes("VmRSS") - self._before) * 1024


def _kilobytes(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def _lane(url: str, how: str) -> Growth:
    with (
        tempfile.TemporaryDirectory(prefix="growth-") as folder,
        Stage(Path(folder), 1, pytest.MonkeyPatch()).scene(url) as scene,
    ):
        scene.ask()
        journaled, measured = threading.Event(), threading.Event()
        if how == "text":
            _hold_seal(journaled, measured)
        peak = _Peak()
        scene.send()
        scene.until(lambda: scene.replies()[0].state.is_final)
        if how == "text":
            assert journaled.wait(60)
        shown = peak.growth()
        measured.set()
        scene.finish()
        grown = shown if how == "text" else peak.growth()
        end = End.of(scene.replies()[0])
        return Growth(*grown, len(end.text), end.code)


def _hold_seal(journaled: threading.Event, go_on: threading.Event) -> None:
    """The store's thread stops once all of a reply is journaled, and before it writes it whole."""
    seal = Journal.seal

    def held(self: Journal, con: Connection, reply_id: str) -> Reply:
        journaled.set()
        go_on.wait(60)
        return seal(self, con, reply_id)

    Journal.seal = held  # type: ignore[method-assign]  # in a process of its own


async def _drain(url: str) -> Growth:
    async with opened() as http:
        asked = backend(http, url, silence=60, first_payload=60)
        await events_of(asked)
        peak, text, code = _Peak(), 0, None
        async with aclosing(asked.stream(question())) as events:
            async for event in events:
                if isinstance(event, AnswerDelta):
                    text += len(event.text)
                if isinstance(event, Failed):
                    code = event.code
        return Growth(*peak.growth(), text, code)


if __name__ == "__main__":
    streaming.ANSWER_CAP = int(sys.argv[3])
    url, how = sys.argv[1:3]
    found = asyncio.run(_drain(url)) if how == "drain" else _lane(url, how)
    sys.stdout.write(json.dumps(asdict(found)))
