"""Jobs of the worst kind, run in a real worker by tests/workers/test_process.py."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any

BOMB = [0]


def double() -> Callable[[int], int]:
    return lambda n: 2 * n


def pid() -> Callable[[], int]:
    return os.getpid


def sleep() -> Callable[[float], str]:
    def job(seconds: float) -> str:
        time.sleep(seconds)
        return "awake"

    return job


def spin() -> Callable[[], int]:
    """Holds the interpreter's lock in one call of C, so that no thread of Python runs."""
    return lambda: sum(range(10**12))


def eat() -> Callable[[], int]:
    return lambda: len(BOMB * 10**9)


def nibble() -> Callable[[], int]:
    def job() -> int:
        kept: list[bytes] = []
        while True:
            kept.append(bytes(1_000_000))

    return job


def crash() -> Callable[[], None]:
    return os.abort


def leave() -> Callable[[], Any]:
    return lambda: sys.exit(0)


def fail() -> Callable[[], None]:
    def job() -> None:
        raise ValueError("so it is")

    return job


def recurse() -> Callable[[], int]:
    def job() -> int:
        return job() + 1

    return job


def odd() -> Callable[[], object]:
    """What msgpack cannot hold."""
    return object


def large() -> Callable[[int], bytes]:
    return bytes


def chatter() -> Callable[[], int]:
    def job() -> int:
        print("\x00\x00\x00\x05hello", flush=True)
        os.write(1, b"\xff" * 100)
        return 7

    return job


def slow_to_import() -> Callable[[], int]:
    time.sleep(1.0)
    return lambda: 1


def cannot_be_imported() -> Callable[[], int]:
    raise ImportError("no such library")
