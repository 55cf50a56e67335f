"""The file of conversations as a thing of its own: how it opens, what there is of it and of its backups, what is done for it.

Not the checks, copies and salvage themselves (`store`), and not what stands in the file (`session`). Work is done in a
thread beside the face, one thing at a time. What needs the file closed (`Reopening`) is carried out between the end of
one session and the beginning of the next.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal, TypeAlias

from sidelight.chat.conversation import Conversation
from sidelight.engine.terms import Notice, store_notice
from sidelight.store import attachments, conversations, replacing
from sidelight.store.backup import Backup, back_up, backups, begin_anew, restore, save_copy
from sidelight.store.check import Checked, GoOn, always, check
from sidelight.store.database import Connection, Store, StoreError
from sidelight.store.errors import translated
from sidelight.store.salvage import Salvaged, StoppedError, salvage, salvaged_of

__all__ = [
    "Doing",
    "Done",
    "Kept",
    "Put",
    "Reopening",
    "Safekeeping",
    "Standing",
    "carry_out",
    "open_to_read",
    "put_away",
]

log = logging.getLogger(__name__)
Work: TypeAlias = Literal["back_up", "check", "copy", "let_go", "look", "put_away", "salvage"]
_STEP = 0.01
"""The share of a work that is worth telling."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the file stands for a session: open, open to be read only, or not at all, and what there was to say of it."""

    how: Literal["open", "read_only", "memory"] = "open"
    notice: Notice | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What there is: bytes of the file with its log (None: there is no file), and its backups, newest first.

    `held`: automatic backups wait for a person's word. `salvaged`: something that was read out of a damaged file waits
    to be put in its place. `trouble` is what stood in the way of looking.
    """

    size: int | None = None
    backups: tuple[Backup, ...] = ()
    held: bool = False
    salvaged: bool = False
    trouble: StoreError | None = None


@dataclass(frozen=True, slots=True)
class Put:
    """What was in memory alone is in the file now: so many conversations."""

    conversations: int


@dataclass(frozen=True, slots=True)
class Doing:
    """What is under way, and how far (0 to 1)."""

    work: Work
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Done:
    """What came of the work that ended last; None: it was stopped, or there is nothing to say."""

    work: Work
    result: Checked | Backup | Salvaged | Put | StoreError | None


@dataclass(frozen=True, slots=True)
class Reopening:
    """What is to be done while nobody has the file open, before the next session begins.

    "again" and "read_only" only open it; "restore" and "salvaged" put `source` in its place, "anew" an empty one.
    """

    kind: Literal["again", "anew", "read_only", "restore", "salvaged"]
    source: Path | None = None


class Safekeeping:
    """Lives in the face's thread, where `changed` is called after each piece of news; nothing here waits."""

    def __init__(
        self,
        path: Path,
        put: Callable[[Callable[[], None]], None],
        *,
        journals: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`put` brings a call into the face's thread, from any. `journals` as in `Store.open`."""
        self.path = path
        self.changed: Callable[[], None] = lambda: None
        self._put = put
        self._journals = path.with_name("journals") if journals is None else journals
        self._clock = clock
        self._kept: Kept | None = None
        self._doing: Doing | None = None
        self._done: Done | None = None
        self._ended = threading.Event()
        self._thread = ThreadPoolExecutor(1, "safekeeping")

    @property
    def kept(self) -> Kept | None:
        """What there is, as last looked at; None where nobody looked yet."""
        return self._kept

    @property
    def doing(self) -> Doing | None:
        """What is under way; nothing else begins until it ends."""
        return self._doing

    @property
    def done(self) -> Done | None:
        """What came of the last work."""
        return self._done

    def look(self) -> None:
        """See what there is."""
        self._begin("look", lambda _go_on: None)

    def check(self) -> None:
        """Look at every row of the file."""
        self._begin("check", lambda go_on: check(self.path, go_on=go_on))

    def back_up(self) -> None:
        """Make a backup. Older ones go as they do with automatic ones, so not while those wait for a person's word."""
        self._begin("back_up", lambda go_on: back_up(self.path, self._clock(), go_on=go_on))

    def let_go(self) -> None:
        """Automatic backups go on."""
        self._begin("let_go", lambda _go_on: replacing.let_go(self.path))

    def save_copy(self, target: Path) -> None:
        """Copy the file to any other place."""
        self._begin("copy", lambda go_on: save_copy(self.path, target, self._clock(), go_on=go_on))

    def salvage(self) -> None:
        """Read what can be read of a damaged file into another one, which `Reopening` puts in its place."""
        self._begin("salvage", lambda go_on: salvage(self.path, go_on=go_on))

    def put_away(self, kept: tuple[Conversation, ...], contents: Callable[[], Mapping[str, bytes]]) -> None:
        """Try the file again and write what is in memory alone into it; `contents` of its files is asked for in the thread.

        Nothing of it may be under way. After that a new session is to be begun ("again").
        """
        self._begin("put_away", lambda _go_on: self._put_in(kept, contents()))

    def stop(self) -> None:
        """Leave off what is under way."""
        self._ended.set()

    def close(self) -> None:
        """Leave off, and wait for that. Nothing is told any more."""
        self.changed = lambda: None
        self._ended.set()
        self._thread.shutdown()

    def _begin(self, work: Work, job: Callable[[GoOn], Checked | Backup | Salvaged | Put | None]) -> None:
        if self._doing is not None:
            return
        self._doing = Doing(work)
        self._ended.clear()
        self._thread.submit(self._run, work, job)
        self.changed()

    def _run(self, work: Work, job: Callable[[GoOn], Checked | Backup | Salvaged | Put | None]) -> None:
        result: Checked | Backup | Salvaged | Put | StoreError | None
        try:
            result = job(_Told(self._ended, lambda share: self._put(lambda: self._on_share(share))))
        except StoppedError:
            result = None
        except (StoreError, OSError) as error:
            result = translated(error, self.path)
        except Exception as error:  # a fault of ours must not leave the person waiting
            log.exception("%s failed", work)
            result = StoreError("io", path=str(self.path), reason=type(error).__name__)
        if self._ended.is_set() and isinstance(result, Checked) and not result.whole and result.sound:
            result = None
        kept = _look(self.path)
        self._put(lambda: self._on_done(work, result, kept))

    def _on_share(self, share: float) -> None:
        if self._doing is not None:
            self._doing = replace(self._doing, share=share)
            self.changed()

    def _on_done(
        self, work: Work, result: Checked | Backup | Salvaged | Put | StoreError | None, kept: Kept
    ) -> None:
        self._kept, self._doing = kept, None
        if work != "look":
            self._done = Done(work, result)
        self.changed()

    def _put_in(self, kept: tuple[Conversation, ...], contents: Mapping[str, bytes]) -> Put:
        store = Store.open(self.path, self._journals)
        try:
            store.write(partial(put_away, kept=kept, contents=contents), durable=True).result()
        finally:
            store.close()
        return Put(len(kept))


class _Told:
    """Asked by a work whether to go on; tells how far it is where that is news."""

    def __init__(self, ended: threading.Event, tell: Callable[[float], None]) -> None:
        self._ended, self._tell, self._last = ended, tell, 0.0

    def __call__(self, share: float) -> bool:
        if share - self._last >= _STEP:
            self._last = share
            self._tell(share)
        return not self._ended.is_set()


def put_away(con: Connection, kept: Iterable[Conversation], contents: Mapping[str, bytes]) -> None:
    """Store conversations that were in memory alone; of one that is stored already, what is new in it."""
    attachments.add(con, contents)
    for conversation in kept:
        stored = conversations.load(con, conversation.id)
        if stored is None:
            conversations.create(con, conversation)
            continue
        for turn in conversation.turns:
            before = stored.turn(turn.id)
            if before is None:
                conversations.add_turn(con, conversation.id, turn)
                continue
            known = {reply.id for reply in before.replies}
            for reply in turn.replies:
                if reply.id not in known:
                    conversations.add_reply(con, turn.id, reply)


def open_to_read(path: Path, *, wished: bool) -> tuple[Store | None, Notice]:
    """Open a file to be read only, by wish or because it cannot be written, and what there is to say of that.

    Never raises for a broken one: then there is no store.
    """
    try:
        store = Store.open(path, read_only=True)
    except StoreError as error:
        return None, store_notice(error if wished else StoreError("readonly", path=str(path)))
    code = "engine.read_only" if wished else "store.readonly"
    return store, Notice(code, (("path", str(path)),), "warning" if wished else "error")


def carry_out(
    wish: Reopening, path: Path, journals: Path, now: float, *, go_on: GoOn = always
) -> Notice | None:
    """Do what needs the file closed; what there is to say of it. Never raises: then all is as it was, and that is said.

    `now` is Unix seconds.
    """
    try:
        match wish.kind:
            case "anew":
                return _info("engine.begun_anew", begin_anew(path, now, journals=journals))
            case "restore" | "salvaged":
                assert wish.source is not None
                restored = restore(path, wish.source, now, journals=journals, go_on=go_on)
                if restored is None:
                    return None
                if wish.kind == "salvaged":
                    salvaged_of(path).unlink(missing_ok=True)
                    return _info("engine.salvaged", restored.aside)
                return _info("engine.restored", restored.aside)
            case "again" | "read_only":
                return None
    except (StoreError, OSError) as error:
        told = translated(error, path)
        known = ("corrupt", "full", "locked", "missing", "newer", "readonly")
        code = told.code if told.code in known else "other"
        return Notice(f"engine.not_replaced.{code}", tuple(told.params.items()), "error")


def _info(code: str, aside: Path) -> Notice:
    return Notice(code, (("path", str(aside)),), "info")


def _look(path: Path) -> Kept:
    try:
        made = backups(path)
        files = [file for file in replacing.files_of(path)[:2] if file.exists()]
        size = sum(file.stat().st_size for file in files) if path.exists() else None
        return Kept(size, made, replacing.is_held(path), salvaged_of(path).exists())
    except (StoreError, OSError) as error:
        return Kept(trouble=translated(error, path))
