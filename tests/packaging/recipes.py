"""How tests reach the scripts of packaging/, which are no package: they stand on the path while one is imported."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

__all__ = ["PACKAGING", "ROOT", "script"]

ROOT = Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"


def script(name: str) -> ModuleType:
    """The module packaging/<name>.py, such as "trim" or "windows/installer"."""
    folder, _, module = name.rpartition("/")
    paths = [str(PACKAGING), str(PACKAGING / folder)]
    sys.path[:0] = paths
    try:
        return importlib.import_module(module)
    finally:
        for path in paths:
            sys.path.remove(path)
