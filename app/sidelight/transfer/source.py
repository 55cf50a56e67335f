"""What an export is made of: conversations one after another, and what belongs to them, read from the store as asked for.

Not the formats. Used once, in one thread that may wait.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias, TypeVar

import msgspec

from sidelight.chat.conversation import Conversation, with_replies
from sidelight.chat.events import Failed, FailureKind, Stamped
from sidelight.chat.reply import Reply, ReplyState, fold
from sidelight.models import prices
from sidelight.models.prices import Prices, UnreadablePrices
from sidelight.render import maths
from sidelight.render.maths import Formula, Refused
from sidelight.store import attachments, conversations, exchanges
from sidelight.store.database import Connection, Store, StoreError
from sidelight.store.exchanges import Recorded
from sidelight.store.order import Place, place_of
from sidelight.workers.process import Worker, WorkerError

__all__ = ["Options", "Source", "Traces", "settled"]

T = TypeVar("T")
Traces: TypeAlias = Literal["in", "folded", "out"]
_TYPESET: Callable[[bytes], Formula | Refused] = msgspec.msgpack.Decoder(Formula | Refused).decode
_INK = "#000000"


@dataclass(frozen=True, slots=True)
class Options:
    """`traces`: shown, shown folded, or left out. `exchanges`: what went over the wire goes along (JSON only)."""

    traces: Traces = "folded"
    exchanges: bool = False


class Source:
    """`unread` counts conversations, files and recordings that are damaged, or gone by now, and so are left out."""

    def __init__(
        self,
        ids: Sequence[str],
        options: Options = Options(),
        *,
        store: Store | None = None,
        shown: Conversation | None = None,
        own_prices: Path | None = None,
        worker: Worker | None = None,
        tell: Callable[[int], None] = lambda _done: None,
    ) -> None:
        """`shown` is taken as it is in memory where its id is asked for; all others are read from `store`.

        `own_prices` is the person's price file. `worker` typesets formulas; without it their source is shown. `tell` is
        called with the number of conversations that are done.
        """
        self.ids = tuple(ids)
        self.options = options
        self.unread = 0
        self.prices = _prices(own_prices)
        self._store = store
        self._shown = shown
        self._worker = worker
        self._tell = tell

    def conversations(self) -> Iterator[Conversation]:
        """Those asked for, in that order. Raises StoreError where the store itself cannot be read."""
        for done, identifier in enumerate(self.ids):
            self._tell(done)
            conversation = self._conversation(identifier)
            self.unread += conversation is None
            if conversation is not None:
                yield settled(conversation)
        self._tell(len(self.ids))

    def content(self, digest: str) -> bytes | None:
        """A file's content; None where it is not to be had."""
        found = self._read(lambda con: attachments.contents(con, [digest])[digest])
        self.unread += found is None
        return found

    def recorded(self, reply_id: str) -> Recorded | None:
        """What went over the wire for a reply, where that is wanted and kept."""
        return self._read(lambda con: exchanges.read(con, reply_id)) if self.options.exchanges else None

    def place(self, conversation_id: str) -> Place:
        """Pins and tags of a conversation, where they are kept."""
        return self._read(lambda con: place_of(con, conversation_id)) or Place()

    def formula(self, source: str, display: bool) -> Formula | None:
        """A picture of LaTeX in the colour of the text around it; None where there is none."""
        if self._worker is None:
            return None
        asked = self._worker.submit(maths.JOB, (source, display, _INK), _TYPESET, within=maths.WITHIN)
        try:
            made = asked.result()
        except (WorkerError, CancelledError):
            return None
        if isinstance(made, Refused):
            return None
        return msgspec.structs.replace(made, svg=made.svg.replace(f'"{_INK}"', '"currentColor"'))

    def _conversation(self, identifier: str) -> Conversation | None:
        if self._shown is not None and self._shown.id == identifier:
            return self._shown
        return self._read(lambda con: conversations.load(con, identifier))

    def _read(self, job: Callable[[Connection], T | None]) -> T | None:
        """What a job of the store gives; None where what it reads is damaged, or where there is no store."""
        if self._store is None:
            return None
        try:
            return self._store.read(job).result()
        except StoreError as error:
            if error.code != "corrupt":
                raise
            return None


def _prices(own: Path | None) -> Prices:
    """With those of the person, unless they cannot be read: that is said where money is shown, and stops no export."""
    try:
        return prices.load(own)
    except UnreadablePrices:
        return prices.load()


def settled(conversation: Conversation) -> Conversation:
    """The conversation with every reply in a final state: what is under way counts as interrupted where it stands."""
    for turn in conversation.turns:
        running = {r.id: _interrupted(r) for r in turn.replies if not r.state.is_final}
        if running:
            conversation = with_replies(conversation, turn.id, running)
    return conversation


def _interrupted(reply: Reply) -> Reply:
    timing = reply.timing
    known = (timing.first_payload, timing.last_thought, timing.last_answer)
    at = max((t for t in known if t is not None), default=0.0)
    cut = fold(reply, Stamped.now(Failed(FailureKind.CUT_OFF, code="closed"), at))
    # A file may say that a reply has an end and is not at it.
    return cut if cut.state.is_final else replace(cut, state=ReplyState.INTERRUPTED)
