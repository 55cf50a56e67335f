"""The face without a window: ask, models, render, doctor. Never reaches Qt.

It is handed the way to open the house (`__main__` does that), so that it depends on nothing above it. The commands are
imported when one is given: the window looks into this package too, on its way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sidelight.cli.house import OpenHouse

__all__ = ["run"]


def run(arguments: Sequence[str], open_house: OpenHouse) -> int:
    """Do what the arguments say. Returns the exit code."""
    from sidelight.cli import commands

    return commands.run(arguments, open_house)
