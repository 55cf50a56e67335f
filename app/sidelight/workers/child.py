"""What `sidelight --child worker` does: one job after another, until whoever started it is gone.

It ends when stdin does. While it works it cannot see that, so that every job also has a fuse in this process, which no
job can hold up. Address space is capped where the system has a cap for it (Linux); elsewhere the deadline alone bounds
what a job can take.
"""

from __future__ import annotations

import faulthandler
import importlib
import os
import sys
from collections.abc import Callable
from typing import Any, TextIO

import msgspec

from sidelight.workers.frames import Begun, Done, Failed, Job, Limits, Ready, pack, read_frame

__all__ = ["PREPARE", "run"]

PREPARE = 20.0
"""Seconds a job has for its imports, on a busy machine with a cold disk."""
_NICE = 5
"""The window goes first."""


def run() -> None:
    """Serve until stdin ends. Never returns."""
    # The descriptors themselves: in a windowed frozen app sys.stdin and sys.stdout may be None.
    answers = os.dup(1)
    os.dup2(2, 1)  # a library may print; the answers must stand alone
    stdin = os.fdopen(0, "rb", closefd=False)
    first = read_frame(stdin)
    if first is None:
        os._exit(0)
    _limit(msgspec.msgpack.decode(first, type=Limits))
    _write(answers, pack(Ready()))
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123 - a device, not a path
        served = _Server(answers, nowhere)
        while (frame := read_frame(stdin)) is not None:
            served.job(msgspec.msgpack.decode(frame, type=Job))
    os._exit(0)


class _Server:
    """Does jobs; keeps what was got ready for them."""

    def __init__(self, answers: int, nowhere: TextIO) -> None:
        self._answers = answers
        self._nowhere = nowhere
        self._ready: dict[str, Callable[..., Any]] = {}

    def job(self, job: Job) -> None:
        """Answer one job. Ends the process where memory ran out, since nothing is sure after that."""
        try:
            self._fuse(PREPARE)
            if job.path not in self._ready:
                module, _, name = job.path.rpartition(".")
                self._ready[job.path] = getattr(importlib.import_module(module), name)()
            _write(self._answers, pack(Begun()))
            self._fuse(2 * job.seconds + 1)
            value = self._ready[job.path](*job.arguments)
            answer = pack(Done(msgspec.msgpack.encode(value)))
        except MemoryError:
            _write(self._answers, pack(Failed("memory", "")))
            os._exit(1)
        except Exception as error:  # the edge of this process: the parent gets every reason as a value
            answer = pack(Failed("error", f"{type(error).__name__}: {error}"[:500]))
        faulthandler.cancel_dump_traceback_later()
        _write(self._answers, answer)

    def _fuse(self, seconds: float) -> None:
        """End the process then, unless told otherwise. A thread of C does it, which asks no Python."""
        faulthandler.dump_traceback_later(seconds, exit=True, file=self._nowhere)


def _limit(limits: Limits) -> None:
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.kernel32.SetErrorMode(0x0001 | 0x0002)  # no dialog of the system about a crash
        return
    import resource

    os.nice(_NICE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
