"""Kills a process that journals eight streams, at random moments, and counts what the next start does not find.

`run(kills, seed)` is the harness. Its child here is the store alone, fed with synthetic text; whoever has another
child (a real network path) gives its command line: it takes a folder and a seed, keeps its conversations in
`folder/sidelight.db` and tells on the `Board` in `folder/board` what it has read so far.

    python -m tests.store.kill KILLS [SEED]
"""

from __future__ import annotations

import mmap
import random
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from tests.store.strategies import child_environment

from sidelight.chat.conversation import Conversation, Turn
from sidelight.chat.events import AnswerDelta, Event, Finished, FinishReason, ReasoningDelta, Stamped
from sidelight.chat.message import Lane, Prompt, new_id
from sidelight.chat.reply import Reply, ReplyState
from sidelight.store.conversations import add_turn, create, damaged, read_reply
from sidelight.store.database import Store

STREAMS = 8
RATE = 1200
"""Characters a second in each stream."""
FLUSH = 0.05
"""Seconds between two batches of the journal."""

_SLOT = struct.Struct("32sQ")
_COUNT = struct.Struct("Q")
_FINISHED = _SLOT.size * STREAMS
_ROOM = 4000

Command: TypeAlias = Callable[[Path, int], Sequence[str]]
"""Folder and seed -> the command line of a child."""


@dataclass(frozen=True, slots=True)
class Report:
    """Lost characters are per stream and kill: read by the child, and not found afterwards.

    `corrupt` counts starts that found a broken database, a row with a wrong checksum, a reply without its row or with
    text that is not what was streamed; `finished_lost` counts replies that were acknowledged as finished and are not
    whole. `streams` and `finished` say how many were looked at.
    """

    median_lost: float
    worst_lost: int
    corrupt: int
    finished_lost: int
    streams: int
    finished: int


class Board:
    """Memory that outlives its process: for each stream the reply and the characters read, and who has finished."""

    def __init__(self, path: Path, *, anew: bool = False) -> None:
        size = _FINISHED + _COUNT.size + _ROOM * _SLOT.size
        if anew:
            path.write_bytes(bytes(size))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), size)

    def begin(self, stream: int, reply_id: str) -> None:
        """A stream goes on with another reply; its row is on disk."""
        _SLOT.pack_into(self._map, stream * _SLOT.size, reply_id.encode(), 0)

    def read(self, stream: int, characters: int) -> None:
        """So many characters of the stream's reply have been read, trace and answer together."""
        _COUNT.pack_into(self._map, stream * _SLOT.size + 32, characters)

    def finish(self, reply_id: str, characters: int) -> None:
        """The store has acknowledged the end of a reply."""
        (count,) = _COUNT.unpack_from(self._map, _FINISHED)
        _SLOT.pack_into(
            self._map, _FINISHED + _COUNT.size + count * _SLOT.size, reply_id.encode(), characters
        )
        _COUNT.pack_into(self._map, _FINISHED, count + 1)

    def running(self) -> list[tuple[str, int]]:
        """(reply, characters read) of each stream that has begun."""
        slots = [_SLOT.unpack_from(self._map, n * _SLOT.size) for n in range(STREAMS)]
        return [(name.decode(), characters) for name, characters in slots if name[0]]

    def finished(self) -> list[tuple[str, int]]:
        """(reply, characters) of each reply whose end was acknowledged."""
        (count,) = _COUNT.unpack_from(self._map, _FINISHED)
        start = _FINISHED + _COUNT.size
        slots = [_SLOT.unpack_from(self._map, start + n * _SLOT.size) for n in range(count)]
        return [(name.decode(), characters) for name, characters in slots]

    def close(self) -> None:
        """Let go of the memory."""
        self._map.close()


def store_child(folder: Path, seed: int) -> Sequence[str]:
    """The command line of this file's own child."""
    return (sys.executable, "-m", "tests.store.kill", "--child", str(folder), str(seed))


def text_of(reply_id: str, start: int, end: int) -> str:
    """What the synthetic stream of a reply says between two places."""
    return (reply_id * (end // len(reply_id) + 1))[start:end]


def run(kills: int, seed: int, command: Command = store_child) -> Report:
    """Kill so many children one after another on one database, and look each time at what is there."""
    chance = random.Random(seed)
    lost: list[int] = []
    corrupt = finished_lost = finished = 0
    with tempfile.TemporaryDirectory(prefix="kill-") as name:
        folder = Path(name)
        for n in range(kills):
            board = Board(folder / "board", anew=True)
            _kill_one(command(folder, seed + n), board, chance)
            with_loss, broken, gone = _look(folder / "sidelight.db", board)
            lost += with_loss
            corrupt += broken
            finished_lost += gone
            finished += len(board.finished())
            board.close()
    return Report(statistics.median(lost), max(lost), corrupt, finished_lost, len(lost), finished)


def _kill_one(command: Sequence[str], board: Board, chance: random.Random) -> None:
    with subprocess.Popen(command, env=child_environment()) as child:
        try:
            give_up = time.monotonic() + 60
            while len(board.running()) < STREAMS:
                if child.poll() is not None or time.monotonic() > give_up:
                    raise RuntimeError("the child did not begin its streams")
                time.sleep(0.01)
            time.sleep(chance.uniform(0.05, 1.5))
            if child.poll() is not None:
                raise RuntimeError("the child ended by itself")
        finally:
            child.kill()


def _look(path: Path, board: Board) -> tuple[list[int], int, int]:
    """Lost characters of each stream, whether anything is corrupt (0 or 1), and how many finished replies are not whole."""
    store = Store.open(path)
    try:
        store.write(store.journal.recover, durable=True).result(60)
        sound = store.read(lambda con: con.execute("PRAGMA integrity_check").fetchall()).result(60) == [
            ("ok",)
        ]
        sound = sound and not store.read(damaged).result(60)
        lost = []
        for reply_id, characters in board.running():
            text = _text(_reply(store, reply_id))
            sound = sound and text == text_of(reply_id, 0, len(text))
            lost.append(max(0, characters - len(text)))
        gone = 0
        for reply_id, characters in board.finished():
            reply = _reply(store, reply_id)
            whole = (
                reply is not None and reply.state is ReplyState.COMPLETE and len(_text(reply)) == characters
            )
            gone += not whole
        return lost, int(not sound), gone
    finally:
        store.close()


def _reply(store: Store, reply_id: str) -> Reply | None:
    return store.read(lambda con: read_reply(con, reply_id)).result(60)


def _text(reply: Reply | None) -> str:
    return "" if reply is None else reply.trace_text + reply.answer_text


class _Stream:
    """One synthetic stream: a third of each reply is trace, the rest answer, then the next reply begins."""

    def __init__(self, index: int, store: Store, board: Board, chance: random.Random) -> None:
        self._index, self._store, self._board, self._chance = index, store, board, chance
        self._lane = Lane(new_id(), "synthetic", "letters")
        self._conversation = Conversation(new_id(), f"Stream {index}", (self._lane,), created=time.time())
        store.write(lambda con: create(con, self._conversation)).result()
        self._next()

    def _next(self) -> None:
        reply = Reply(new_id(), self._lane.id)
        turn = Turn(new_id(), None, Prompt("Write letters."), (reply,), time.time())
        self._store.write(lambda con: add_turn(con, self._conversation.id, turn), durable=True).result()
        self.reply_id = reply.id
        self._length = self._chance.randrange(200, 2400)
        self._read = self._given = 0
        self._board.begin(self._index, reply.id)
        self._began = time.monotonic()

    def read(self) -> None:
        """Receive what has come since."""
        self._read = min(self._length, int(RATE * (time.monotonic() - self._began)))
        self._board.read(self._index, self._read)

    def take(self) -> list[Stamped]:
        """The events since the last time."""
        turn_at = self._length // 3
        events: list[Event] = []
        if self._given < min(self._read, turn_at):
            end = min(self._read, turn_at)
            events.append(ReasoningDelta(text_of(self.reply_id, self._given, end)))
            self._given = end
        if self._given < self._read:
            events.append(AnswerDelta(text_of(self.reply_id, self._given, self._read)))
            self._given = self._read
        if self._given == self._length:
            events.append(Finished(FinishReason.STOP, "stop"))
        at = time.monotonic() - self._began
        return [Stamped.now(event, at) for event in events]

    def go_on(self) -> None:
        """Where the reply is whole: seal it, tell when that is acknowledged, and begin the next."""
        if self._given == self._length:
            reply_id, length = self.reply_id, self._length
            self._store.write(lambda con: self._store.journal.seal(con, reply_id), durable=True).result()
            self._board.finish(reply_id, length)
            self._next()


def _append(store: Store, batch: Sequence[tuple[str, list[Stamped]]]) -> None:
    store.write(lambda con: store.journal.append(con, batch))


def _child(folder: Path, seed: int) -> None:
    store = Store.open(folder / "sidelight.db")
    board = Board(folder / "board")
    chance = random.Random(seed)
    streams = [_Stream(n, store, board, chance) for n in range(STREAMS)]
    due = time.monotonic() + FLUSH
    while True:
        time.sleep(0.005)
        for stream in streams:
            stream.read()
        if time.monotonic() >= due:
            due = time.monotonic() + FLUSH
            batch = [(stream.reply_id, stream.take()) for stream in streams]
            _append(store, batch)
            for stream in streams:
                stream.go_on()


if __name__ == "__main__":
    if sys.argv[1] == "--child":
        _child(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        sys.stdout.write(f"{run(int(sys.argv[1]), int((sys.argv[2:] or ['1'])[0]))}\n")
