"""Files taken in: asks the worker process for what is in them, looks at what it says as at anything from outside, and stores it.

Not the formats (`importers`) and not the rows (`intake`). Runs in a thread that may wait. What is shown of it is a `FileReport`.
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
import threading
from collections.abc import Callable, Collection, Generator, Iterable, Mapping
from concurrent.futures import CancelledError
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

import msgspec

from sidelight import messages
from sidelight.store.database import Store, StoreError
from sidelight.transfer.formats import json
from sidelight.transfer.formats.json import Unreadable
from sidelight.transfer.importers import backup, own_json
from sidelight.transfer.importers.item import Found, Lack, LeftOut
from sidelight.transfer.importers.job import PATH, Answer, Batch, Content, Looked, Opened, Piece, Refused
from sidelight.transfer.intake import Coming, take
from sidelight.transfer.report import FileReport, refused
from sidelight.workers.process import Worker, WorkerError

__all__ = ["MEMORY", "Import", "recognised"]

log = logging.getLogger(__name__)

T = TypeVar("T", Opened, Looked, Batch, Content)
MEMORY = 1_200_000_000
"""Bytes of address space of the child: a conversation at the limits takes less than half."""
_STEP = 60.0
"""Seconds of one step. It gives what it has after half a second; longer takes only one conversation at the limits."""
_WHOLE = 1800.0
"""Seconds of looking over a database, which is one step: as long as reading it takes."""
_LARGEST_ANSWER = 400_000_000
_LOOKED_OVER = (own_json.FORMAT, backup.FORMAT)
_LOST = Lack("lost")
_PIECE: Callable[[bytes], Piece] = msgspec.msgpack.Decoder(Piece).decode
_ANSWER: Callable[[bytes], Answer] = msgspec.msgpack.Decoder(Answer).decode


class _Ended(Exception):
    """Nothing more comes of a file; `code` and `params` name the sentence."""

    def __init__(self, code: str, params: Mapping[str, object] = {}) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params


class Import:
    """One import, of any number of files. `stop` may be called from any thread; all else from one, which closes it."""

    def __init__(
        self,
        *,
        tell: Callable[[str, float], None] = lambda _form, _fraction: None,
        stored: Callable[[Collection[str]], None] = lambda _conversations: None,
    ) -> None:
        """`tell` is called with what the present file is and how much of it is done, 0 to 1; `stored` with the ids of
        conversations in which there is more than before, as soon as it is on disk.
        """
        self._tell = tell
        self._stored = stored
        self._stop = threading.Event()
        self._worker = Worker(memory=MEMORY)

    def stop(self) -> None:
        """Leave off; what was stored stays. The file that was under way says so in its report."""
        self._stop.set()
        self._worker.close()

    def close(self) -> None:
        """End the worker process."""
        self._worker.close()

    @property
    def stopped(self) -> bool:
        """Whether it was."""
        return self._stop.is_set()

    def take(self, store: Store, path: Path) -> FileReport:
        """Take a file in. Never raises for what is wrong with it, or with the store: the report says it."""
        report = FileReport(path.name)
        try:
            with tempfile.TemporaryDirectory(prefix="sidelight-", ignore_cleanup_errors=True) as scratch:
                child = _Child(self._worker)
                try:
                    self._take(store, child, path, scratch, report)
                finally:
                    if report.form == backup.FORMAT and not self.stopped:
                        child.close()  # a copy that is open cannot be removed everywhere
        except _Ended as end:
            report.trouble = (end.code, end.params)
        except StoreError as error:
            report.trouble = (f"store.{error.code}", error.params)
        except OSError as error:  # no folder for a copy
            report.trouble = ("transfer.refused.io", {"reason": error.strerror or str(error)})
        if self.stopped:
            report.trouble, report.stopped = None, True
        return report

    def _take(self, store: Store, child: _Child, path: Path, scratch: str, report: FileReport) -> None:
        report.form = child.open(path, scratch)
        self._tell(report.form, 0.0)
        while not (looked := child.look(report.form)).done:
            self._tell(report.form, looked.fraction / 2)
        half = 0.5 if report.form in _LOOKED_OVER else 0.0
        while True:
            batch = child.next()
            self._store(store, child, batch, report)
            self._tell(report.form, half + (1 - half) * batch.fraction)
            if batch.done:
                return

    def _store(self, store: Store, child: _Child, batch: Batch, report: FileReport) -> None:
        """Check a batch and store it."""
        coming: list[Coming] = []
        found: list[Found] = []
        for item in batch.items:
            if isinstance(item, LeftOut):
                report.leave_out(item)
                continue
            try:
                conversation, recorded = json.checked(item.conversation)
                place = json.place_of(item.conversation)
            except Unreadable as error:
                params = {name: str(value) for name, value in error.params.items()}
                report.leave_out(LeftOut(f"{len(coming) + 1}", error.code, params))
                continue
            coming.append(Coming(conversation, recorded, place))
            found.append(item)
        if not coming or self._stop.is_set():
            return
        fates = take(store, coming, child.content)
        self._stored(
            {
                one.conversation.id
                for one, came in zip(coming, fates, strict=True)
                if came.fate in ("taken", "grown")
            }
        )
        for one, item, came in zip(coming, found, fates, strict=True):
            title = one.conversation.title
            report.came(came.fate, title)
            if came.fate in ("taken", "grown"):
                report.lack(title, item.lacks)
                report.lack(title, [_LOST] * came.lost)


def recognised(paths: Iterable[Path]) -> Generator[tuple[Path, str, str], None, None]:
    """What each file is (transfer.source.<id>); or "", and the sentence that says why nothing can be taken in from it."""
    with (
        tempfile.TemporaryDirectory(prefix="sidelight-") as scratch,
        closing(Worker(memory=MEMORY)) as worker,
    ):
        child = _Child(worker)
        for path in paths:
            try:
                yield path, child.open(path, scratch), ""
            except _Ended as end:
                yield path, "", messages.text(end.code, **end.params)


class _Child:
    """The worker process, asked one thing after another. All raise _Ended."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def open(self, path: Path, scratch: str) -> str:
        """What the file is."""
        return self._want(Opened, "open", str(path.absolute()), scratch).form

    def look(self, form: str) -> Looked:
        """Look over some more of it."""
        return self._want(Looked, "look", within=_WHOLE if form == backup.FORMAT else None)

    def next(self) -> Batch:
        """The next conversations."""
        return self._want(Batch, "next")

    def content(self, digest: str) -> bytes | None:
        """A file of a prompt, whose content is what its digest says."""
        found = self._want(Content, "content", digest).content
        right = found is not None and hashlib.sha256(found).hexdigest() == digest
        return found if right else None

    def close(self) -> None:
        """Let go of the file. Never raises: a process that has ended has let go of it."""
        with suppress(_Ended):
            self._want(Content, "close")

    def _want(self, kind: type[T], *wish: str, within: float | None = None) -> T:
        answer = self._ask(*wish, within=_STEP if within is None else within)
        if isinstance(answer, Refused):
            raise _Ended(*refused(answer.code, answer.params))
        if not isinstance(answer, kind):
            log.info("the worker gave %s for %s", type(answer).__name__, wish[0])
            raise _Ended("transfer.refused.worker_error")
        return answer

    def _ask(self, *wish: str, within: float) -> Answer:
        data = bytearray()
        try:
            piece = self._worker.submit(PATH, wish, _PIECE, within=within).result()
            data += piece.data
            while piece.more and len(data) < _LARGEST_ANSWER:
                piece = self._worker.submit(PATH, ("more",), _PIECE, within=within).result()
                data += piece.data
            return _ANSWER(bytes(data))
        except CancelledError as error:
            raise _Ended("transfer.refused.worker_crashed") from error
        except WorkerError as error:
            log.info("import: %s: %s %s", wish[0], error.reason, error.detail)
            raise _Ended(f"transfer.refused.worker_{error.reason}") from error
        except msgspec.DecodeError as error:
            log.info("import: %s: %s", wish[0], error)
            raise _Ended("transfer.refused.worker_error") from error
