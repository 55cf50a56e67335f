"""Flips single bits of a database and counts how many of those that matter the check does not find.

A flip matters where anything that is kept reads differently, cannot be read, or SQLite's own check complains. It does not
where nothing uses the bit (free room in pages, counters that SQLite sets anew, the process that a journal's row
belonged to), nor in the index of words, which is made anew from the texts.

    python -m tests.store.flips FLIPS [SEED]
"""

from __future__ import annotations

import hashlib
import random
import sqlite3
import sys
import tempfile
import zlib
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.store.strategies import asked

from sidelight.chat.conversation import Turn
from sidelight.chat.events import AnswerDelta, Finished, FinishReason, ReasoningDelta, Stamped, Usage
from sidelight.chat.message import Attachment, Prompt, new_id
from sidelight.chat.reply import Reply
from sidelight.store import attachments, drafts, exchanges, order
from sidelight.store.check import COVERED, check, sample
from sidelight.store.conversations import add_turn
from sidelight.store.database import Store
from sidelight.store.migrations import schema_of


@dataclass(frozen=True, slots=True)
class Report:
    """`at_start`: found by the sample of a start already. `missed` says where, as (byte, bit). `idle`: flips drawn besides
    that matter to nothing."""

    flips: int
    at_start: int
    found: int
    idle: int
    missed: tuple[tuple[int, int], ...]


def run(flips: int, seed: int) -> Report:
    """Draw bits until so many of them matter."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="flips-") as name:
        path = fill(Path(name), chance)
        sound = path.read_bytes()
        kept = _kept(path)
        mattered = at_start = found = idle = 0
        missed = []
        while mattered < flips:
            at, bit = chance.randrange(len(sound)), chance.randrange(8)
            with path.open("r+b") as file:
                file.seek(at)
                file.write(bytes([sound[at] ^ (1 << bit)]))
            if _kept(path) == kept:
                idle += 1
            else:
                mattered += 1
                at_start += not sample(path, 30).sound
                if check(path, still=True).sound:
                    missed.append((at, bit))
                else:
                    found += 1
            with path.open("r+b") as file:
                file.seek(at)
                file.write(sound[at : at + 1])
            for side in ("-wal", "-shm"):
                path.with_name(path.name + side).unlink(missing_ok=True)
    return Report(mattered, at_start, found, idle, tuple(missed))


def fill(folder: Path, chance: random.Random, conversations: int = 25) -> Path:
    """A closed database with something in every table, replies under way included."""

    def text(words: int) -> str:
        return " ".join(f"{chance.randrange(10**6)} wäre 天空" for _ in range(words))

    with closing(Store.open(folder / "sidelight.db")) as store:
        for _ in range(conversations):
            conversation, turn = asked(store, lanes=2)
            content = chance.randbytes(chance.randrange(50, 5000))
            file = Attachment(hashlib.sha256(content).hexdigest(), "a.txt", "text/plain", len(content))
            follow = Turn(
                new_id(),
                turn.id,
                Prompt(text(10), (file,)),
                (Reply(new_id(), conversation.lanes[0].id),),
                5.0,
            )
            store.write(lambda con, c=content, f=file: attachments.add(con, {f.digest: c}))  # type: ignore[misc]
            store.write(lambda con, i=conversation.id, t=follow: add_turn(con, i, t)).result(10)  # type: ignore[misc]
            first, second = turn.replies
            batch = [
                (r.id, [Stamped.now(ReasoningDelta(text(20)), 0.1), Stamped.now(AnswerDelta(text(20)), 0.2)])
                for r in (first, second, *follow.replies)
            ]
            end = [
                Stamped.now(Usage(5, 1, 40, 30, 0.25, "{}"), 0.3),
                Stamped.now(Finished(FinishReason.STOP), 0.4),
            ]
            store.write(lambda con, b=batch: store.journal.append(con, b))  # type: ignore[misc]
            store.write(lambda con, i=first.id, e=end: store.journal.append(con, [(i, e)]))  # type: ignore[misc]
            store.write(lambda con, i=first.id: store.journal.seal(con, i)).result(10)  # type: ignore[misc]
            recorded = exchanges.Recorded(
                "POST", "http://x/", (("a", "b"),), text(30), zlib.compress(chance.randbytes(300))
            )
            store.write(lambda con, i=first.id, r=recorded: exchanges.write(con, i, r)).result(10)  # type: ignore[misc]
            store.write(lambda con, i=conversation.id: order.set_pinned(con, i, 1e9 * chance.random()))  # type: ignore[misc]
            store.write(lambda con, i=conversation.id: order.put_in_trash(con, i, 1e9 * chance.random()))  # type: ignore[misc]
            names = text(1).split()
            store.write(lambda con, i=conversation.id, n=names: order.set_tags(con, i, n))  # type: ignore[misc]
            typed = text(10)
            store.write(
                lambda con, i=conversation.id, f=file, t=typed: drafts.keep(con, i, t, (f,), {}, 6.0)  # type: ignore[misc]
            ).result(10)
    return store.path


def _kept(path: Path) -> object:
    """All that a person would miss, as a value; None where it cannot be read as it was."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)) as con:
            con.text_factory = bytes
            if con.execute("PRAGMA integrity_check").fetchall() != [(b"ok",)]:
                return None
            marks = [
                con.execute(f"PRAGMA {name}").fetchone()
                for name in ("application_id", "user_version", "encoding")
            ]
            rows = [con.execute(f"SELECT * FROM {table}").fetchall() for table in (*COVERED, "contents")]
            journal = con.execute(
                "SELECT reply, events, checksum FROM deltas WHERE length(events) > 2 ORDER BY number"
            )
            con.text_factory = str
            return marks, rows, journal.fetchall(), schema_of(con)
    except (sqlite3.Error, UnicodeDecodeError):  # the latter for the name of a column
        return None


if __name__ == "__main__":
    sys.stdout.write(f"{run(int(sys.argv[1]), int((sys.argv[2:] or ['1'])[0]))}\n")
