"""What is found on this machine and what is missing, as facts: a code of messages.py, its parameters, and whether all is well.

Asks no model, loads none, and never holds a key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

from sidelight.engine.terms import Fact
from sidelight.keys import Keys
from sidelight.local.engine import engine_available
from sidelight.local.memory import disk_free, gigabytes, memory_available
from sidelight.local.weights import WeightsFolder
from sidelight.paths import Paths
from sidelight.settings import Settings

__all__ = ["facts"]


def facts(paths: Paths, settings: Settings, keys: Keys) -> tuple[Fact, ...]:
    """Everything the doctor knows, in the order in which it is read."""
    return (*_files(paths), *_embedded(paths, settings), *_machine(paths), _keyring(keys))


def _files(paths: Paths) -> Iterator[Fact]:
    yield "engine.doctor.database", {"path": paths.database}, True
    yield "engine.doctor.settings", {"path": paths.settings}, True
    yield "engine.doctor.weights_folder", {"path": paths.weights}, True
    yield "engine.doctor.logs", {"path": paths.logs}, True


def _embedded(paths: Paths, settings: Settings) -> Iterator[Fact]:
    missing = engine_available()
    if missing is not None:
        yield missing.code, dict(missing.params), False
        return
    yield "engine.doctor.engine", {}, True
    installed = WeightsFolder(paths.weights, [Path(p) for p in settings.gguf]).installed()
    if not installed:
        yield "engine.doctor.no_weights", {}, False
    for model in installed:
        yield "engine.doctor.weights", {"id": model.id, "size": gigabytes(model.bytes)}, True


def _machine(paths: Paths) -> Iterator[Fact]:
    memory = memory_available()
    yield "engine.doctor.memory", {"size": gigabytes(memory)}, memory == 0 or memory > 2_000_000_000
    free = disk_free(paths.cache)
    yield "engine.doctor.disk", {"size": gigabytes(free)}, free > 1_000_000_000


def _keyring(keys: Keys) -> Fact:
    asyncio.run(keys.get("https://"))  # any origin will do: the keyring is asked once, as a whole
    trouble = keys.trouble
    return (f"engine.doctor.keyring_{trouble or 'works'}", {}, trouble is None)
