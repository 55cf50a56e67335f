"""Exports are made beside the window: in a thread, over a connection of their own, so that nothing waits for them.

Not what is chosen (`dialogs.export`) and not what is written (`transfer`).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Signal

from sidelight import messages
from sidelight.chat.conversation import Conversation
from sidelight.store.database import Store, StoreError
from sidelight.transfer import export
from sidelight.transfer.registry import Format, by_id
from sidelight.transfer.source import Options, Source
from sidelight.ui import wording
from sidelight.ui.mailbox import Mailbox, Slot
from sidelight.workers.process import Worker

__all__ = ["Copier", "Order", "Place", "Writer"]

log = logging.getLogger(__name__)
P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a profile keeps its conversations, and the person's own prices.

    `unsaved`: conversations that are in memory alone, since the file cannot be written; `contents` of the files of their
    prompts is asked for in the thread.
    """

    database: Path
    prices: Path | None
    unsaved: tuple[Conversation, ...] = ()
    contents: Callable[[], Mapping[str, bytes]] = dict


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be written. `wanted` are ids, None for all; `shown` is taken as it is in memory."""

    form: Format
    wanted: tuple[str, ...] | None
    shown: Conversation
    options: Options
    path: Path


class _Stopped(Exception):
    pass


@dataclass(frozen=True, slots=True)
class _Progress:
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class _End:
    said: str
    well: bool


class Writer(QObject):
    """Writes one order. `progressed` carries how many conversations are done, and of how many; `done` a sentence, and
    whether all went well."""

    progressed = Signal(int, int)
    done = Signal(str, bool)

    def __init__(self, place: Place, parent: QObject) -> None:
        super().__init__(parent)
        self._place = place
        self._stop = threading.Event()
        self._box: Mailbox[_Progress | _End] = Mailbox(self._take, self)

    def begin(self, order: Order) -> None:
        """Begin in a thread."""
        work = _Work(self._place, order, self._stop, self._box.slot).run
        threading.Thread(target=work, name="export", daemon=True).start()

    def stop(self) -> None:
        """Leave off; `done` says so."""
        self._stop.set()

    def _take(self, news: _Progress | _End) -> None:
        if isinstance(news, _Progress):
            self.progressed.emit(news.done, news.total)
        else:
            self.done.emit(news.said, news.well)


class _Work:
    """What the thread does; it knows nothing of the window."""

    def __init__(
        self, place: Place, order: Order, stop: threading.Event, slot: Slot[_Progress | _End]
    ) -> None:
        self._place = place
        self._order = order
        self._stop = stop
        self._slot = slot

    def run(self) -> None:
        said, well = "", False
        try:
            said, well = self._written(self._order)
        except _Stopped:
            said = messages.text("ui.export.stopped")
        except StoreError as error:
            said = messages.text(f"store.{error.code}", **error.params)
        except OSError as error:
            reason = error.strerror or str(error)
            said = messages.text("ui.details.save.failed", path=self._order.path, reason=reason)
        except Exception:  # a fault of ours must not leave the dialog waiting
            log.exception("an export failed")
            said = messages.text("failed.code.fault")
        self._slot.put(_End(said, well))

    def _written(self, order: Order) -> tuple[str, bool]:
        alone = order.wanted == (order.shown.id,)
        with ExitStack() as stack:
            store = self._opened(stack, needed=not (alone or self._place.unsaved))
            ids = order.wanted or () if alone else self._ids(store)
            total = len(ids)
            source = _Source(
                self._place,
                ids,
                order.options,
                store=store,
                shown=order.shown,
                own_prices=self._place.prices,
                worker=stack.enter_context(closing(Worker())),
                tell=lambda done: self._slot.put(_Progress(done, total)),
            )
            size = export.write(order.path, self._watched(order.form.pieces(source)))
        said = messages.text("ui.export.done", path=order.path, size=wording.data_size(size))
        if source.unread:
            said += " " + messages.plural("transfer.unread", source.unread)
        return said, not source.unread

    def _ids(self, store: Store | None) -> tuple[str, ...]:
        """What is wanted and there, in the file or in memory alone."""
        wanted = self._order.wanted
        kept = () if store is None else export.in_order(store, wanted)
        more = (c.id for c in self._place.unsaved if wanted is None or c.id in wanted)
        return (*kept, *(i for i in more if i not in kept))

    def _opened(self, stack: ExitStack, *, needed: bool) -> Store | None:
        """The store; None where the one conversation that is in memory can do without it."""
        try:
            return stack.enter_context(closing(Store.open(self._place.database, read_only=True)))
        except StoreError:
            if needed:
                raise
            return None

    def _watched(self, pieces: Iterator[P]) -> Iterator[P]:
        for piece in pieces:
            if self._stop.is_set():
                raise _Stopped
            yield piece


class _Source(Source):
    """One that looks into memory first."""

    def __init__(self, place: Place, ids: tuple[str, ...], options: Options, **more: Any) -> None:
        super().__init__(ids, options, **more)
        self._unsaved = {c.id: c for c in place.unsaved}
        self._contents = place.contents() if self._unsaved else {}

    def content(self, digest: str) -> bytes | None:
        found = self._contents.get(digest)
        return super().content(digest) if found is None else found

    def _conversation(self, identifier: str) -> Conversation | None:
        return self._unsaved.get(identifier) or super()._conversation(identifier)


class Copier(QObject):
    """Makes the Markdown of one conversation, traces folded, and is gone. `done` carries it."""

    done = Signal(str)

    def begin(self, conversation: Conversation, own_prices: Path | None) -> None:
        """Begin in a thread."""
        slot = Mailbox(self.done.emit, self).slot
        self.done.connect(self.deleteLater)
        work = partial(_copied, conversation, own_prices, slot)
        threading.Thread(target=work, name="export", daemon=True).start()


def _copied(conversation: Conversation, own_prices: Path | None, slot: Slot[str]) -> None:
    source = Source([conversation.id], shown=conversation, own_prices=own_prices)
    slot.put(by_id("md").text(source))
