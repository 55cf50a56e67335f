"""How much memory and disk this machine has left, and whether a model will fit.

Not a promise: other programs take memory meanwhile. Everything is in bytes, but what a person reads (`gigabytes`).
"""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Fit", "disk_free", "engine_takes", "gigabytes", "memory_available", "will_fit"]

_REPACK = 2.1
"""llama.cpp keeps a second copy of the weights, rearranged for the CPU: 1.1 GB of weights were seen to take 2.0 GB."""
_BASE = 150_000_000
"""The engine itself: its code, its compute buffers and its cache of prompts."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Whether a model fits: bytes it needs, bytes there are; `available` is 0 where it could not be told."""

    ok: bool
    needed: int
    available: int


def engine_takes(weights_bytes: int) -> int:
    """Bytes our engine takes for weights of this size, before any context."""
    return int(weights_bytes * _REPACK) + _BASE


def will_fit(
    weights_bytes: int, slots: int, context: int, kv_per_token: int, available: int | None = None
) -> Fit:
    """Whether weights of this size and the cache of `slots` x `context` tokens fit into `available` bytes (now's if None)."""
    there = memory_available() if available is None else available
    needed = engine_takes(weights_bytes) + slots * context * kv_per_token
    return Fit(there == 0 or needed <= there, needed, there)


def gigabytes(size: int) -> float:
    """Bytes as the number a person reads: 10^9 bytes, one decimal, never rounded down to nothing."""
    return max(0.1, round(size / 1e9, 1)) if size > 0 else 0.0


def disk_free(path: Path) -> int:
    """Bytes free for us where `path` is or would be made. Raises OSError."""
    at = path.absolute()
    while not at.exists():
        at = at.parent
    return shutil.disk_usage(at).free


def memory_available() -> int:
    """Bytes a new program may take without the machine swapping; 0 where that cannot be told."""
    if sys.platform == "win32":
        return _available_windows()
    if sys.platform == "darwin":
        return _available_macos()
    return _available_linux(Path("/proc/meminfo"), Path("/sys/fs/cgroup"))


def _available_linux(meminfo: Path, cgroup: Path) -> int:
    """What the kernel estimates, or what is left of this container's own limit where that is less."""
    available = 0
    for line in _lines(meminfo):
        if line.startswith("MemAvailable:"):
            available = int(line.split()[1]) * 1024
    limit = "".join(_lines(cgroup / "memory.max")).strip()
    if not limit.isdecimal():
        return available
    used = int("".join(_lines(cgroup / "memory.current")) or 0)
    # Cached files count as used there, although they give way.
    cached = sum(
        int(line.split()[1])
        for line in _lines(cgroup / "memory.stat")
        if line.startswith(("inactive_file ", "active_file "))
    )
    return min(available, max(0, int(limit) - used + cached))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("ascii").splitlines()
    except OSError:
        return []


def _available_macos() -> int:
    """From the counts of the `vm_stat` command: pages that are free, or would be at once."""
    try:
        told = subprocess.run(["/usr/bin/vm_stat"], capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return 0
    return _pages_of(told.stdout)


def _pages_of(vm_stat: str) -> int:
    size = re.search(r"page size of (\d+) bytes", vm_stat)
    counts = re.findall(r"^Pages (?:free|inactive|speculative|purgeable):\s+(\d+)\.", vm_stat, re.MULTILINE)
    return int(size[1]) * sum(map(int, counts)) if size else 0


def _available_windows() -> int:
    if sys.platform == "win32":
        status = _MemoryStatus()
        status.length = ctypes.sizeof(status)
        if ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
            return int(status.available)
    return 0


class _MemoryStatus(ctypes.Structure):
    """MEMORYSTATUSEX of the Windows API."""

    _fields_ = (
        ("length", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        ("total", ctypes.c_uint64),
        ("available", ctypes.c_uint64),
        ("total_page_file", ctypes.c_uint64),
        ("available_page_file", ctypes.c_uint64),
        ("total_virtual", ctypes.c_uint64),
        ("available_virtual", ctypes.c_uint64),
        ("available_extended_virtual", ctypes.c_uint64),
    )
