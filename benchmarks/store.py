"""What the journal and the store cost: a batch of eight lanes, sealing a long reply, loading a long conversation.

python -m benchmarks.store        prints one line of JSON: milliseconds of CPU
"""

from __future__ import annotations

import json
import os
import statistics
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from sidelight.chat.conversation import Conversation, Turn
from sidelight.chat.events import AnswerDelta, Finished, FinishReason, ReasoningDelta, Stamped
from sidelight.chat.message import Lane, Prompt
from sidelight.chat.reply import Reply, fold_all
from sidelight.paths import standard_paths
from sidelight.store.conversations import add_turn, create, load
from sidelight.store.database import Store

BATCHES = 600
TURNS = 2000


def words(batch: int) -> list[Stamped]:
    """Ten events, as 50 ms of one lane bring them."""
    return [Stamped.now(ReasoningDelta("token "), batch * 0.05 + k * 0.005) for k in range(10)]


def main() -> None:
    """Measure on the profile of SIDELIGHT_PROFILE, which is to be an empty one."""
    paths = standard_paths(os.environ)
    with closing(Store.open(paths.database, Path(paths.data) / "journals")) as store:
        lanes = tuple(Lane(f"lane{n}", "b", "m") for n in range(8))
        replies = tuple(Reply(f"reply{n}", lane.id) for n, lane in enumerate(lanes))
        conversation = Conversation("c", "", lanes)
        turn = Turn("t", None, Prompt("p"), replies)
        store.write(lambda con: create(con, conversation)).result()
        store.write(lambda con: add_turn(con, "c", turn)).result()
        batches = []
        for n in range(BATCHES):
            batch = [(reply.id, words(n)) for reply in replies]
            began = time.process_time()
            store.write(lambda con, batch=batch: store.journal.append(con, batch)).result()  # type: ignore[misc]
            batches.append(time.process_time() - began)
        began = time.process_time()
        store.write(lambda con: store.journal.seal(con, replies[0].id), durable=True).result()
        sealed = time.process_time() - began
        told = {"batch of 8 lanes": statistics.median(batches), "seal 6,000 events": sealed}
        for count in (1, 2, 4):
            told[f"load 2,000 turns, lanes {count}"] = loading(store, conversation, count)
    print(json.dumps({name: 1000 * value for name, value in told.items()}), flush=True)


def loading(store: Store, conversation: Conversation, lanes: int) -> float:
    """Seconds of CPU to read a conversation of 2,000 turns."""
    events = [
        Stamped.now(ReasoningDelta("thought " * 60), 1.0),
        Stamped.now(AnswerDelta("word " * 60), 2.0),
        Stamped.now(Finished(FinishReason.STOP), 2.0),
    ]
    turns = []
    for n in range(TURNS):
        row = tuple(
            fold_all(Reply(f"r{lanes}-{n}-{k}", lane.id), events)
            for k, lane in enumerate(conversation.lanes[:lanes])
        )
        turns.append(Turn(f"t{lanes}-{n}", None, Prompt("p"), row))
    long = replace(conversation, id=f"long{lanes}", turns=tuple(turns))
    # lanes are told apart by their ids over the whole file
    named = {lane.id: f"{lane.id}-{lanes}" for lane in long.lanes}
    long = replace(
        long,
        lanes=tuple(replace(lane, id=named[lane.id]) for lane in long.lanes),
        turns=tuple(
            replace(t, replies=tuple(replace(r, lane=named[r.lane]) for r in t.replies)) for t in long.turns
        ),
    )
    store.write(lambda con: create(con, long)).result()
    began = time.process_time()
    loaded = store.read(lambda con: load(con, long.id)).result()
    spent = time.process_time() - began
    assert loaded is not None
    assert len(loaded.turns) == TURNS
    return spent


if __name__ == "__main__":
    main()
