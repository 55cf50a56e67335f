"""The face without a window: ask, models, render, doctor. Never reaches Qt.

It is handed the way to open the house (`__main__` does that), so that it depends on nothing above it.
"""

from __future__ import annotations

from sidelight.cli.commands import run

__all__ = ["run"]
