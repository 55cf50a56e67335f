"""What of a day's replies says what they cost. Not the prices, and not the texts.

All raise sqlite3.Error as it comes; the store's threads turn it into StoreError. A row that cannot be read is "corrupt".
"""

from __future__ import annotations

import sqlite3

import msgspec

from sidelight.chat.events import Usage
from sidelight.chat.reply import Asked, Identity, Reply, ReplyState, Timing
from sidelight.store.codec import Column
from sidelight.store.errors import StoreError

__all__ = ["asked_since"]


class _Facts(msgspec.Struct, frozen=True):
    """What is needed here of the column of that name; all else in it is passed over."""

    identity: Identity = Identity()
    asked: Asked | None = None
    reread: str = ""


_TIMING = Column[Timing](Timing, Timing())
_FACTS = Column["_Facts"](_Facts, _Facts())

_SLACK = 60.0
"""Seconds: a turn is dated a moment before its replies are, and midnight may lie between."""

# Every question moves its conversation in time, which is indexed; when a reply was asked for is not.
_SELECT = (
    "SELECT r.id, r.lane, r.state, r.prompt_tokens, r.cached_tokens, r.output_tokens, r.reasoning_tokens, r.cost,"
    " r.usage_raw, r.timing, r.facts FROM conversations c JOIN turns t ON t.conversation = c.number"
    " JOIN replies r ON r.turn = t.number WHERE c.updated >= ? ORDER BY r.number"
)


def asked_since(con: sqlite3.Connection, since: float) -> tuple[Reply, ...]:
    """The replies that were asked for from `since` (Unix seconds) on, in all conversations, without their text.

    Replies that were read anew from a recording are not among them: nothing was asked for.
    """
    found = []
    for row in con.execute(_SELECT, (since - _SLACK,)):
        identifier, lane, state, prompt, cached, output, reasoning, cost, raw, timing, facts = row
        try:
            when, known = _TIMING.decode(timing), _FACTS.decode(facts)
            if when.asked_at is not None and when.asked_at >= since and not known.reread:
                usage = None if raw is None else Usage(prompt, cached, output, reasoning, cost, raw)
                found.append(
                    Reply(
                        identifier,
                        lane,
                        state=ReplyState(state),
                        usage=usage,
                        timing=when,
                        identity=known.identity,
                        asked=known.asked,
                    )
                )
        except ValueError as error:
            raise StoreError("corrupt", reason=f"reply {identifier}: {error}") from error
    return tuple(found)
