"""Imports are made beside the window: in a thread, over a connection of their own, so that nothing waits for them.

Not what is chosen (`dialogs.importing`) and not what is read (`transfer.importing`).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from PySide6.QtCore import QObject, Signal

from sidelight import messages
from sidelight.store.database import Store, StoreError
from sidelight.transfer.importing import Import, recognised
from sidelight.transfer.report import FileReport
from sidelight.ui.mailbox import Mailbox, Slot

__all__ = ["Looker", "Taker", "Told"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Told:
    """What a file is (transfer.source.<form>); or "", and a sentence that says why nothing can be taken in from it."""

    path: Path
    form: str
    trouble: str


class Looker(QObject):
    """Looks what files are. `told` carries a Told for each, in order; `done` comes after the last."""

    told = Signal(object)
    done = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._box: Mailbox[Told | None] = Mailbox(self._take, self)

    def begin(self, paths: Sequence[Path]) -> None:
        """Begin in a thread."""
        threading.Thread(
            target=_look, args=(tuple(paths), self._box.slot), name="import-look", daemon=True
        ).start()

    def _take(self, told: Told | None) -> None:
        if told is None:
            self.done.emit()
        else:
            self.told.emit(told)


def _look(paths: Sequence[Path], slot: Slot[Told | None]) -> None:
    left = list(paths)
    try:
        with closing(recognised(paths)) as found:
            for path, form, trouble in found:
                left.remove(path)
                slot.put(Told(path, form, trouble))
    except Exception:  # a fault of ours must not leave the dialog waiting
        log.exception("looking at files failed")
        for path in left:
            slot.put(Told(path, "", messages.text("failed.code.fault")))
    slot.put(None)


@dataclass(frozen=True, slots=True)
class _Progress:
    number: int
    fraction: float


@dataclass(frozen=True, slots=True)
class _Report:
    number: int
    report: FileReport


@dataclass(frozen=True, slots=True)
class _End:
    trouble: str


@dataclass(frozen=True, slots=True)
class _Stored:
    conversations: frozenset[str]


_News: TypeAlias = "_Progress | _Report | _Stored | _End"


class Taker(QObject):
    """Takes files in, one after another. `progressed` carries the number of the file and how much of it is done, 0 to 1;
    `stored` the ids of conversations in which there is more than before; `reported` the number of a file and its FileReport;
    `done` comes at the end, with a sentence where nothing could be begun."""

    progressed = Signal(int, float)
    stored = Signal(object)
    reported = Signal(int, object)
    done = Signal(str)

    def __init__(self, database: Path, parent: QObject) -> None:
        super().__init__(parent)
        self._database = database
        self._box: Mailbox[_News] = Mailbox(self._take, self)
        self._work: _Work | None = None

    def begin(self, paths: Sequence[Path]) -> None:
        """Begin in a thread."""
        self._work = work = _Work(self._database, tuple(paths), self._box.slot)
        threading.Thread(target=work.run, name="import", daemon=True).start()

    def stop(self) -> None:
        """Leave off; the reports say so, and `done` still comes."""
        if self._work is not None:
            self._work.importing.stop()

    def _take(self, news: _News) -> None:
        if isinstance(news, _Progress):
            self.progressed.emit(news.number, news.fraction)
        elif isinstance(news, _Report):
            self.reported.emit(news.number, news.report)
        elif isinstance(news, _Stored):
            self.stored.emit(news.conversations)
        else:
            self.done.emit(news.trouble)


class _Work:
    """What the thread does; it knows nothing of the window."""

    def __init__(self, database: Path, paths: Sequence[Path], slot: Slot[_News]) -> None:
        self._database = database
        self._paths = paths
        self._slot = slot
        self._number = 0
        self.importing = Import(tell=self._tell, stored=lambda ids: slot.put(_Stored(frozenset(ids))))

    def run(self) -> None:
        trouble = ""
        try:
            with closing(self.importing), closing(Store.open(self._database)) as store:
                for number, path in enumerate(self._paths):
                    self._number = number
                    self._slot.put(_Report(number, self.importing.take(store, path)))
        except StoreError as error:
            trouble = messages.text(f"store.{error.code}", **error.params)
        except Exception:  # a fault of ours must not leave the dialog waiting
            log.exception("an import failed")
            trouble = messages.text("failed.code.fault")
        self._slot.put(_End(trouble))

    def _tell(self, _form: str, fraction: float) -> None:
        self._slot.put(_Progress(self._number, fraction))
