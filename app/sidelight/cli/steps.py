"""What happened to a reply between two looks at it. Pure: two replies in, steps out.

The session folds events away before a face sees them, so the terminal reads the difference. Segments only grow, in
place; the one exception is a reclassified answer, which becomes a trace without moving.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from sidelight.chat.events import Stage
from sidelight.chat.reply import Reply, Segment, SegmentKind

__all__ = ["Ended", "Reclassified", "Staged", "Step", "Wrote", "steps"]


@dataclass(frozen=True, slots=True)
class Staged:
    """It waits, loads or reads the prompt; `done` and `total` are prompt tokens, None where unknown."""

    stage: Stage
    done: int | None
    total: int | None


@dataclass(frozen=True, slots=True)
class Wrote:
    """More text of one kind; `segment` tells runs of text apart, counted from 0 within the reply."""

    kind: SegmentKind
    text: str
    segment: int


@dataclass(frozen=True, slots=True)
class Reclassified:
    """All answer text so far was trace."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The reply is final."""

    reply: Reply


Step: TypeAlias = Staged | Wrote | Reclassified | Ended


def steps(before: Reply | None, after: Reply) -> tuple[Step, ...]:
    """The steps from `before` (None: nothing seen yet) to `after`, which are two states of one reply."""
    return tuple(_between(before or Reply(after.id, after.lane), after))


def _between(before: Reply, after: Reply) -> Iterator[Step]:
    if after.progress is not None and after.progress != before.progress:
        yield Staged(after.progress.stage, after.progress.done, after.progress.total)
    pairs = list(zip(before.segments, after.segments, strict=False))
    if any(old.kind == "answer" and new.kind == "reasoning" for old, new in pairs):
        yield Reclassified()
    seen = [len(old.text) for old in before.segments]
    for index, segment in enumerate(after.segments):
        text = _unseen(segment, seen[index] if index < len(seen) else 0)
        if text:
            yield Wrote(segment.kind, text, index)
    if after.state.is_final and not before.state.is_final:
        yield Ended(after)


def _unseen(segment: Segment, seen: int) -> str:
    return segment.text[seen:]
