"""Where tests find model files: the folder in SIDELIGHT_WEIGHTS, else .cache/weights of the checkout (`make weights`)."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

from sidelight.local.weights import catalogue

__all__ = ["weights"]


def weights(weights_id: str) -> Path:
    """The file of these weights; the test that asks is skipped where it, or the engine to run it, is not here."""
    if importlib.util.find_spec("xllamacpp") is None:
        pytest.skip("the embedded engine is not installed (extra `local`)")
    file = next(entry.file for entry in catalogue() if entry.id == weights_id)
    default = Path(__file__).resolve().parent.parent / ".cache" / "weights"
    path = Path(os.environ.get("SIDELIGHT_WEIGHTS") or default) / file
    if not path.is_file():
        pytest.skip(f"{file} is not in {path.parent}: run `make weights`")
    return path
