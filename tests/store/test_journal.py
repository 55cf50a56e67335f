"""The journal: what came is what is folded, whoever died; and nobody's journal is taken while its owner lives."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.store.strategies import (
    asked,
    child_environment,
    count,
    execute,
    journaled,
    opened,
    sealed,
    stored,
    streams,
)

from sidelight.chat.conversation import Turn
from sidelight.chat.events import (
    AnswerDelta,
    Failed,
    FailureKind,
    Finished,
    FinishReason,
    Progress,
    ReasoningDelta,
    Stamped,
    Usage,
)
from sidelight.chat.message import Prompt
from sidelight.chat.reply import Reply, ReplyState, fold_all
from sidelight.store.conversations import add_turn, damaged, load


def test_what_is_loaded_is_the_fold_of_what_came(tmp_path: Path) -> None:
    @settings(deadline=None, max_examples=50)
    @given(lanes=st.lists(streams(), min_size=1, max_size=3), seed=st.integers(0, 2**32))
    def check(lanes: list[list[Stamped]], seed: int) -> None:
        chance = random.Random(seed)
        conversation, turn = asked(store, lanes=len(lanes))
        left = [list(stream) for stream in lanes]
        while any(left):
            batch = []
            for reply, stream in zip(turn.replies, left, strict=True):
                take = chance.randint(0, 8)
                batch.append((reply.id, stream[:take]))
                del stream[:take]
            journaled(store, *batch)
            if chance.random() < 0.1:  # too early, and later again
                sealed(store, turn.replies[0].id)
        expected = tuple(fold_all(r, s) for r, s in zip(turn.replies, lanes, strict=True))
        assert tuple(sealed(store, r.id) for r in turn.replies) == expected
        read = store.read(lambda con: load(con, conversation.id)).result()
        assert read == replace(conversation, turns=(replace(turn, replies=expected),))
        assert (count(store, "deltas"), store.journal.skipped) == (0, 0)

    with opened(tmp_path) as store:
        check()
        assert store.read(damaged).result() == ()


def test_sealing_again_changes_nothing_and_late_events_count(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        _, turn = asked(store)
        reply_id = turn.replies[0].id
        journaled(
            store,
            (
                reply_id,
                [Stamped.now(AnswerDelta("Blue."), 1.0), Stamped.now(Finished(FinishReason.STOP), 1.1)],
            ),
        )
        first = sealed(store, reply_id)
        assert (first.state, first.answer_text) == (ReplyState.COMPLETE, "Blue.")
        assert sealed(store, reply_id) == first
        journaled(store, (reply_id, [Stamped.now(Usage(output_total=3), 1.2)]))
        second = sealed(store, reply_id)
        assert second == replace(first, usage=Usage(output_total=3))


def test_a_damaged_row_costs_only_itself(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        _, turn = asked(store)
        reply_id = turn.replies[0].id
        for text in "abcd":
            journaled(store, (reply_id, [Stamped.now(AnswerDelta(text), 0.1)]))
        for text, blob in (("b", b"garbage"), ("c", b'[["AnswerDelta",0,0,{"text":"forged"}]]')):
            update = f'UPDATE deltas SET events = ? WHERE CAST(events AS TEXT) LIKE \'%"text":"{text}"%\''
            execute(store, update, blob)
        assert (sealed(store, reply_id).answer_text, store.journal.skipped) == ("ad", 2)


def test_what_the_last_run_left_is_cut_off_where_it_has_no_end(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        conversation, turn = asked(store, lanes=5)
        queued, sent, running, done, failed = (r.id for r in turn.replies)
        journaled(
            store,
            (sent, [Stamped.now(Progress("sent"), 0.0)]),
            (running, [Stamped.now(ReasoningDelta("Hm"), 0.5), Stamped.now(AnswerDelta("Blu"), 1.5)]),
            (done, [Stamped.now(AnswerDelta("Blue"), 1.0), Stamped.now(Finished(FinishReason.STOP), 1.1)]),
            (failed, [Stamped.now(Failed(FailureKind.AUTH), 0.2)]),
        )
        assert store.write(store.journal.recover).result() == ()  # our own is left alone
        assert count(store, "deltas") == 9
    with opened(tmp_path) as store:
        recovered = store.write(store.journal.recover, durable=True).result()
        assert recovered == (queued, sent, running, done, failed)
        assert count(store, "deltas") == 0
        read = store.read(lambda con: load(con, conversation.id)).result()
        assert read is not None
        replies = read.turns[0].replies
        cut_off = Failed(FailureKind.CUT_OFF, code="closed")
        assert [r.state for r in replies] == [
            *([ReplyState.INTERRUPTED] * 3),
            ReplyState.COMPLETE,
            ReplyState.FAILED,
        ]
        assert [r.failed for r in replies] == [*([cut_off] * 3), None, Failed(FailureKind.AUTH)]
        assert (replies[2].trace_text, replies[2].answer_text, replies[2].timing.done) == ("Hm", "Blu", 1.5)
        assert store.write(store.journal.recover).result() == ()


def test_rows_of_no_reply_are_swept_and_never_pass_to_another(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        conversation, turn = asked(store)
        journaled(store, (turn.replies[0].id, [Stamped.now(AnswerDelta("theirs"), 0.1)]))
        store.write(lambda con: con.execute("DELETE FROM turns")).result()
        follow = Turn("t", None, Prompt("p"), (Reply("r", conversation.lanes[0].id),))
        store.write(lambda con: add_turn(con, conversation.id, follow)).result()
        assert store.write(lambda con: store.journal.seal(con, "r")).result().answer_text == ""
        store.write(store.journal.recover).result()
        assert count(store, "deltas") == 0


_CHILD = """
import sys, time
from pathlib import Path
from sidelight.chat.events import AnswerDelta, Stamped
from sidelight.store.database import Store
from tests.store.strategies import (
    asked, child_environment, count, execute, journaled, opened, sealed, stored, streams
)
store = Store.open(Path(sys.argv[1]))
_, turn = asked(store, lanes=2)
ids = [r.id for r in turn.replies]
print(*ids, flush=True)
for n in range(int(sys.argv[2])):
    batch = [(i, [Stamped.now(AnswerDelta(f"{n} "), n * 0.01)]) for i in ids]
    store.write(lambda con: store.journal.append(con, batch)).result()
    time.sleep(0.005)
print("written", flush=True)
sys.stdin.read()
if len(sys.argv) > 3:
    for i in ids:
        store.write(lambda con: store.journal.seal(con, i)).result()
    store.close()
"""


def _child(path: Path, appends: int, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(path), str(appends), *more],
        env=child_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_living_process_is_left_alone_and_a_killed_one_is_recovered(tmp_path: Path) -> None:
    with opened(tmp_path) as store, _child(store.path, 10) as child:
        assert child.stdout is not None
        ids = child.stdout.readline().split()
        assert child.stdout.readline() == "written\n"
        before = count(store, "deltas")
        assert store.write(store.journal.recover).result() == ()
        assert count(store, "deltas") == before
        child.kill()
        child.wait(10)
        assert store.write(store.journal.recover).result() == tuple(ids)
        text = "".join(f"{n} " for n in range(10))
        for reply_id in ids:
            reply = stored(store, reply_id)
            assert reply is not None
            assert (reply.state, reply.answer_text) == (ReplyState.INTERRUPTED, text)
        assert [f.stem for f in (tmp_path / "journals").glob("*.lock")] == [store.journal.owner]


def test_two_processes_append_at_once_and_neither_disturbs_the_other(tmp_path: Path) -> None:
    with opened(tmp_path) as store, _child(store.path, 150, "seal") as child:
        assert child.stdout is not None
        theirs = child.stdout.readline().split()
        _, turn = asked(store, lanes=2)
        for n in range(150):
            journaled(store, *((r.id, [Stamped.now(AnswerDelta(f"{n}."), n * 0.01)]) for r in turn.replies))
            if n % 20 == 0:
                assert store.write(store.journal.recover).result() == ()
            time.sleep(0.002)
        assert child.communicate(timeout=60)[0] == "written\n"
        assert child.returncode == 0
        for reply in turn.replies:
            assert sealed(store, reply.id).answer_text == "".join(f"{n}." for n in range(150))
        for reply_id in theirs:
            other = stored(store, reply_id)
            assert other is not None
            assert other.answer_text == "".join(f"{n} " for n in range(150))
        assert count(store, "deltas") == 0


def test_two_stores_of_one_process_hold_two_journals(tmp_path: Path) -> None:
    with opened(tmp_path) as one, opened(tmp_path) as other:
        _, turn = asked(one)
        assert other.write(other.journal.recover).result() == ()
        journaled(one, (turn.replies[0].id, [Stamped.now(AnswerDelta("a"), 0.1)]))
        assert one.write(lambda con: one.journal.seal(con, turn.replies[0].id)).result().answer_text == "a"
