"""Kills the real program while eight streams come in over real sockets, at random moments, and counts what is gone.

The way is the whole one: a loopback server in this process, `open_house` in a child, its network thread, recorder and
store. The child tells in memory that outlives it (`Board`) how many characters its network thread has read, at the
moment when they are handed on and not yet written or drawn. `tests/store/kill.py` does the same to the store alone.

    python -m tests.proof.kill KILLS [SEED]
"""

from __future__ import annotations

import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TypeAlias

from tests.proof.face import Face, environment, paths_of, text_of, write_settings
from tests.proof.loopback import LANES, Asked, Key, Loopback, Talk, prose
from tests.store.kill import RATE, Board

from sidelight.chat.conversation import Conversation
from sidelight.chat.events import AnswerDelta, FailureKind, ReasoningDelta, RefusalDelta, Stamped
from sidelight.chat.reply import Reply, ReplyState
from sidelight.engine import terms
from sidelight.store.conversations import damaged, load, summaries
from sidelight.store.database import Store

__all__ = ["Report", "run"]

FIRST_TURN = 300
"""Characters of each reply of the first turn, which is answered at once: it has ended before the kill."""
EARLIEST, LATEST = 0.05, 1.0
"""Seconds after all eight streams of a later turn have begun."""

_Where: TypeAlias = dict[str, tuple[Key, Reply]]


@dataclass(frozen=True, slots=True)
class Report:
    """Characters are counted per kill and stream that was under way.

    `median`, `worst`: read by the client's network thread and not found after recovery. `median_sent`, `worst_sent`: written
    by the server and not found, which holds what was still in sockets. `corrupt`: kills after which the database or a
    row was unsound, or a reply was missing or said what was not sent. `finished_lost`: replies acknowledged as finished
    that are not whole. `unmarked`: partial replies that do not say that they are. `prompts_lost`: prompts the server had
    been asked and the database does not know. `changed`: recovered replies that a later kill changed.
    """

    kills: int
    streams: int
    median: float
    worst: int
    median_sent: float
    worst_sent: int
    corrupt: int
    finished: int
    finished_lost: int
    partial: int
    unmarked: int
    prompts_lost: int
    changed: int
    seconds: float


class _Count:
    """What was found so far."""

    def __init__(self) -> None:
        self.lost: list[int] = []
        self.lost_sent: list[int] = []
        self.corrupt = self.finished = self.finished_lost = 0
        self.partial = self.unmarked = self.prompts_lost = self.changed = 0
        self.known: dict[str, tuple[ReplyState, int]] = {}


def talk(asked: Asked) -> Talk:
    """What the server answers; a function of model and prompt alone."""
    seed = "/".join(asked.key)
    first = asked.prompt.endswith(" 0")
    length = FIRST_TURN if first else random.Random(seed).randrange(300, 2400)
    text = prose(seed, length)
    return Talk(text[: length // 3], text[length // 3 :], 0.0 if first else RATE)


def run(kills: int, seed: int, say: Callable[[str], object] = lambda _: None) -> Report:
    """Kill so many processes one after another on one profile. `say` is told how far it is, every 20 kills."""
    began, chance, count = time.monotonic(), random.Random(seed), _Count()
    with tempfile.TemporaryDirectory(prefix="kill-") as name, Loopback(talk) as server:
        profile = Path(name)
        write_settings(profile, server.url)
        for n in range(kills):
            board = Board(profile / "board", anew=True)
            _kill_one(profile, f"{seed}.{n}", server, board, chance)
            _look(profile, board, server, count)
            board.close()
            server.asked.clear()
            server.written.clear()
            if (n + 1) % 20 == 0:
                say(f"{n + 1} of {kills} kills, median {statistics.median(count.lost)}")
        _look_again(profile, count)
    return Report(
        kills,
        len(count.lost),
        statistics.median(count.lost),
        max(count.lost),
        statistics.median(count.lost_sent),
        max(count.lost_sent),
        count.corrupt,
        count.finished,
        count.finished_lost,
        count.partial,
        count.unmarked,
        count.prompts_lost,
        count.changed,
        round(time.monotonic() - began, 1),
    )


def _kill_one(profile: Path, name: str, server: Loopback, board: Board, chance: random.Random) -> None:
    command = (sys.executable, "-m", "tests.proof.kill", "--child", str(profile), name)
    with subprocess.Popen(command, env=environment(profile)) as child:
        try:
            give_up = time.monotonic() + 60
            while len([a for a in server.asked if not a.prompt.endswith(" 0")]) < LANES:
                if child.poll() is not None or time.monotonic() > give_up:
                    raise RuntimeError("the child did not begin its streams")
                time.sleep(0.005)
            time.sleep(chance.uniform(EARLIEST, LATEST))
            if child.poll() is not None:
                raise RuntimeError("the child ended by itself")
        finally:
            child.kill()
    assert board.running()


def _look(profile: Path, board: Board, server: Loopback, count: _Count) -> None:
    """Recover as the next start does, and compare with what was read and sent."""
    paths = paths_of(profile)
    sent = {asked.key: server.sent(asked.key) for asked in server.asked}
    store = Store.open(paths.database, paths.data / "journals")
    try:
        store.write(store.journal.recover, durable=True).result(60)
        sound = _sound(store)
        newest = store.read(lambda con: load(con, summaries(con, 1)[0].id)).result(60)
    finally:
        store.close()
    assert newest is not None
    found = _replies(newest)
    acknowledged = {reply_id for reply_id, _ in board.finished()}
    for reply_id, characters in board.running():
        if reply_id in acknowledged:
            continue  # its stream had ended and stood still: that it lost nothing would flatter the median
        key, reply = found.get(reply_id, (None, None))
        sound = sound and reply is not None
        length = len(text_of(reply)) if reply is not None else 0
        count.lost.append(max(0, characters - length))
        count.lost_sent.append(max(0, (sent.get(key, 0) if key else characters) - length))
    for reply_id in acknowledged:
        count.finished += 1
        count.finished_lost += reply_id not in found or not _whole(*found[reply_id])
    prompts = {turn.prompt.text for turn in newest.turns}
    count.prompts_lost += len({prompt for _, prompt in sent} - prompts)
    for key, reply in found.values():
        sound = sound and _is_what_was_sent(key, reply)
        if reply.state is not ReplyState.COMPLETE:
            count.partial += 1
            count.unmarked += not _marked(reply)
    count.known.update({i: (r.state, len(text_of(r))) for i, (_, r) in found.items()})
    count.corrupt += not sound


def _look_again(profile: Path, count: _Count) -> None:
    """All conversations of all kills still stand as they were recovered."""
    paths = paths_of(profile)
    store = Store.open(paths.database, paths.data / "journals")
    try:
        conversations = store.read(
            lambda con: [load(con, row[0]) for row in con.execute("SELECT id FROM conversations").fetchall()]
        ).result(60)
    finally:
        store.close()
    stand = {
        i: (r.state, len(text_of(r)))
        for conversation in conversations
        if conversation is not None
        for i, (_, r) in _replies(conversation).items()
    }
    count.changed = sum(stand.get(i) != before for i, before in count.known.items())


def _sound(store: Store) -> bool:
    """All that SQLite can say of the file, and the checksums of our own."""

    def check(con: sqlite3.Connection) -> bool:
        return (
            con.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            and con.execute("PRAGMA quick_check").fetchall() == [("ok",)]
            and con.execute("PRAGMA foreign_key_check").fetchall() == []
            and con.execute("SELECT count(*) FROM deltas").fetchone() == (0,)
            and damaged(con) == ()
        )

    return store.read(check).result(60)


def _replies(conversation: Conversation) -> _Where:
    models = {lane.id: lane.model for lane in conversation.lanes}
    return {
        reply.id: ((models[reply.lane], turn.prompt.text), reply)
        for turn in conversation.turns
        for reply in turn.replies
    }


def _is_what_was_sent(key: Key, reply: Reply) -> bool:
    told = _talk_of(key)
    if reply.answer_text:
        return reply.trace_text == told.trace and told.answer.startswith(reply.answer_text)
    return told.trace.startswith(reply.trace_text)


def _whole(key: Key, reply: Reply) -> bool:
    told = _talk_of(key)
    state = reply.state is ReplyState.COMPLETE
    return state and (reply.trace_text, reply.answer_text) == (told.trace, told.answer)


def _marked(reply: Reply) -> bool:
    failed = reply.failed
    return (
        reply.state is ReplyState.INTERRUPTED
        and failed is not None
        and (failed.kind, failed.code) == (FailureKind.CUT_OFF, "closed")
    )


def _talk_of(key: Key) -> Talk:
    model, prompt = key
    return talk(Asked(model, (("user", prompt),)))


# --- the child


class _Told:
    """Writes on the board what the network's thread hands on, before anybody else has it."""

    def __init__(self, board: Board, face: terms.Face) -> None:
        self._board = board
        self._face = face
        self._streams: dict[str, int] = {}
        self._begun: set[str] = set()
        self._read: dict[str, int] = {}

    def face(self) -> terms.Face:
        """The session's own face, with an eye on it."""
        return replace(self._face, event=self._event, begun=self._on_begun, sealed=self._sealed)

    def _on_begun(self, turn_id: str, replies: Sequence[Reply]) -> None:
        self._streams |= {r.id: int(r.identity.requested_model.rpartition("-")[2]) for r in replies}
        self._face.begun(turn_id, replies)

    def _event(self, reply_id: str, stamped: Stamped, sent: float) -> None:
        stream = self._streams[reply_id]
        if reply_id not in self._begun:
            self._begun.add(reply_id)
            self._board.begin(stream, reply_id)
        if isinstance(stamped.event, ReasoningDelta | AnswerDelta | RefusalDelta):
            self._read[reply_id] = self._read.get(reply_id, 0) + len(stamped.event.text)
            self._board.read(stream, self._read[reply_id])
        self._face.event(reply_id, stamped, sent)

    def _sealed(self, reply_id: str) -> None:
        self._board.finish(reply_id, self._read.get(reply_id, 0))
        self._face.sealed(reply_id)


def _child(profile: Path, name: str) -> None:
    """Ask turn after turn until killed."""
    board = Board(profile / "board")
    face = Face(profile, lambda face: _Told(board, face).face())
    face.session.new()
    turn = 0
    while True:
        face.session.send(f"kill {name} turn {turn}")
        face.until(face.ended, 120)
        turn += 1


if __name__ == "__main__":
    if sys.argv[1] == "--child":
        _child(Path(sys.argv[2]), sys.argv[3])
    else:
        found = run(int(sys.argv[1]), int((sys.argv[2:] or ["1"])[0]), print)
        sys.stdout.writelines(f"{name:14} {value}\n" for name, value in asdict(found).items())
