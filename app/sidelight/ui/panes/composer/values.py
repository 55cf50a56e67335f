"""What the composer is shown, and what it keeps of each conversation. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sidelight.ui.attaching import Attached

__all__ = ["Chip", "ComposerValue", "Draft"]


@dataclass(frozen=True, slots=True)
class Chip:
    """A lane as the composer names it. `sees` is False where its model is known to take no images."""

    lane: str
    name: str
    hint: str
    sees: bool = True


@dataclass(frozen=True, slots=True)
class ComposerValue:
    """`conversation` keeps drafts apart."""

    conversation: str
    chips: tuple[Chip, ...]
    streaming: bool
    enter_sends: bool = True


@dataclass(frozen=True, slots=True)
class Draft:
    """What was written for a conversation, and not sent yet."""

    text: str = ""
    pasted: tuple[str, ...] = ()
    files: tuple[Attached, ...] = ()
