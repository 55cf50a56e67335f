"""The worker with real processes: what jobs do to it, and what is left of it afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from sidelight.workers.process import Worker, WorkerError

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "sidelight", "--child", "worker"]
"""Without -P, so that the jobs of this folder can be imported."""
JOBS = "tests.workers.jobs."
LONG = 60.0
INT = msgspec.msgpack.Decoder(int).decode
STR = msgspec.msgpack.Decoder(str).decode
BYTES = msgspec.msgpack.Decoder(bytes).decode


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    monkeypatch.chdir(ROOT)
    worker = Worker(command=COMMAND)
    yield worker
    worker.close()


def reason(future: Future[Any]) -> str:
    with pytest.raises(WorkerError) as caught:
        future.result(LONG)
    return caught.value.reason


def double(worker: Worker, n: int) -> Future[int]:
    return worker.submit(JOBS + "double", (n,), INT, within=LONG)


def test_nothing_starts_before_the_first_job(worker: Worker) -> None:
    assert worker.pid is None
    assert all(not t.name.startswith("worker") for t in threading.enumerate())
    assert double(worker, 4).result(LONG) == 8
    assert worker.pid is not None


def test_two_hundred_jobs_in_one_process(worker: Worker) -> None:
    futures = [double(worker, n) for n in range(200)]
    assert [f.result(LONG) for f in futures] == [2 * n for n in range(200)]
    pids = {worker.submit(JOBS + "pid", (), INT).result(LONG) for _ in range(3)}
    assert pids == {worker.pid}


def test_submitting_never_waits(worker: Worker) -> None:
    slow = worker.submit(JOBS + "sleep", (1.0,), STR, within=LONG)
    rest = [double(worker, n) for n in range(100)]
    assert not slow.done()
    assert slow.result(LONG) == "awake"
    assert rest[-1].result(LONG) == 198


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        ("spin", "overrun"),
        ("eat", "memory"),
        ("nibble", "memory"),
        ("crash", "crashed"),
        ("leave", "crashed"),
        ("fail", "error"),
        ("recurse", "error"),
        ("odd", "error"),
        ("cannot_be_imported", "error"),
        ("not_there", "error"),
    ],
)
def test_a_bad_job_harms_itself_alone(worker: Worker, job: str, expected: str) -> None:
    before = double(worker, 1)
    # The deadline is for the job that never ends; the others shall not meet it on a busy machine.
    bad = worker.submit(JOBS + job, (), INT, within=0.5 if expected == "overrun" else LONG)
    after = double(worker, 2)
    assert before.result(LONG) == 2
    assert reason(bad) == expected
    assert after.result(LONG) == 4


def test_an_overrun_is_killed_soon(worker: Worker) -> None:
    double(worker, 1).result(LONG)
    pid = worker.pid
    assert pid is not None
    begin = time.monotonic()
    assert reason(worker.submit(JOBS + "spin", (), INT)) == "overrun"
    assert time.monotonic() - begin < 20, "it never ends by itself"
    assert not psutil.pid_exists(pid)


def test_imports_are_not_on_the_clock(worker: Worker) -> None:
    assert worker.submit(JOBS + "slow_to_import", (), INT, within=0.5).result(LONG) == 1


def test_what_a_library_prints_does_not_get_between(worker: Worker) -> None:
    assert worker.submit(JOBS + "chatter", (), INT).result(LONG) == 7
    assert double(worker, 3).result(LONG) == 6


def test_answers_are_of_the_type_asked_for(worker: Worker) -> None:
    assert reason(worker.submit(JOBS + "chatter", (), STR)) == "error"
    assert double(worker, 3).result(LONG) == 6


def test_what_is_too_large_is_an_error_on_both_ways(worker: Worker) -> None:
    assert len(worker.submit(JOBS + "large", (15_000_000,), BYTES, within=LONG).result(LONG)) == 15_000_000
    assert reason(worker.submit(JOBS + "large", (25_000_000,), INT, within=LONG)) == "error"
    assert reason(worker.submit(JOBS + "double", (bytes(25_000_000),), INT)) == "error"
    assert reason(worker.submit(JOBS + "double", (object(),), INT)) == "error"
    assert double(worker, 3).result(LONG) == 6


@pytest.mark.parametrize("said", [b"\xff\xff\xff\xff", b"\x00\x00\x00\x05hello", b"\x00\x00", b""])
def test_garbage_in_place_of_an_answer(said: bytes) -> None:
    script = f"import sys; sys.stdin.buffer.read(4); sys.stdout.buffer.write({said!r}); sys.stdout.flush()"
    worker = Worker(command=[sys.executable, "-c", script])
    # Three processes are given a chance, then no more.
    assert [reason(double(worker, 1)) for _ in range(5)] == ["unavailable"] * 5
    worker.close()


def test_no_program_to_start() -> None:
    worker = Worker(command=["/nowhere/at/all"])
    assert reason(double(worker, 1)) == "unavailable"
    worker.close()


def test_killed_between_two_jobs(worker: Worker) -> None:
    double(worker, 1).result(LONG)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(worker.pid)] if worker.pid else [], timeout=5)
    assert double(worker, 2).result(LONG) == 4


def test_a_waiting_job_can_be_cancelled(worker: Worker) -> None:
    slow = worker.submit(JOBS + "sleep", (0.3,), STR)
    waiting = double(worker, 1)
    assert waiting.cancel()
    assert double(worker, 2).result(LONG) == 4
    assert slow.result(LONG) == "awake"


def test_close_ends_everything(worker: Worker) -> None:
    double(worker, 1).result(LONG)
    pid = worker.pid
    under_way = worker.submit(JOBS + "sleep", (30.0,), INT, within=LONG)
    while not under_way.running():
        time.sleep(0.005)
    waiting = double(worker, 1)
    worker.close()
    worker.close()
    assert pid is not None
    assert not psutil.pid_exists(pid)
    assert reason(under_way) == "crashed"
    for future in (waiting, double(worker, 1)):
        with pytest.raises(CancelledError):
            future.result(LONG)


def test_a_worker_that_was_never_used_closes() -> None:
    Worker().close()


ORPHAN = """
import sys, time, msgspec
from sidelight.workers.process import Worker
worker = Worker(command=[sys.executable, "-m", "sidelight", "--child", "worker"])
worker.submit("tests.workers.jobs.double", (1,), msgspec.msgpack.decode).result(60)
worker.submit(sys.argv[1], (), msgspec.msgpack.decode, within=1.0)
print(worker.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("job", ["double", "spin"])
def test_the_worker_goes_with_its_parent(job: str) -> None:
    """However the parent ends, idle or in the middle of work."""
    parent = subprocess.Popen(
        [sys.executable, "-c", ORPHAN, JOBS + job], stdout=subprocess.PIPE, cwd=ROOT, text=True
    )
    assert parent.stdout is not None
    worker = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    gone, _ = psutil.wait_procs([worker], timeout=15)
    assert gone


def test_the_command_works_as_it_stands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """From a folder that holds another package of our name."""
    (tmp_path / "sidelight.py").write_text("raise SystemExit('the wrong one')")
    monkeypatch.chdir(tmp_path)
    worker = Worker()
    assert worker.submit("os.path.join", (), STR, within=LONG).exception(LONG) is not None
    assert worker.pid is not None
    worker.close()
