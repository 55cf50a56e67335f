"""Stops eight lanes over and over through the whole engine, and counts when the server saw it and what is left.

The server waits without a head for some lanes, after the head for some, and streams to the others; every second round
is stopped twice. `run(rounds, seed)`; there are eight stops in a round.

    python -m tests.proof.cancel ROUNDS [SEED]
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import random
import statistics
import sys
import tempfile
import threading
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.faults.client import connections, descriptors
from tests.faults.server import SSE_HEAD, ExpectEof, FaultServer, Scenario, Seen, chunk, paced_sse
from tests.proof.face import Face, write_settings
from tests.proof.loopback import LANES

from sidelight.chat.events import FailureKind
from sidelight.chat.reply import Reply, ReplyState
from sidelight.engine.outside import Outside

__all__ = ["Report", "run"]

_EVENT = b'data: {"choices":[{"delta":{"content":"word "}}]}\n\n'


@dataclass(frozen=True, slots=True)
class Left:
    """What a process holds: descriptors (None where the system does not tell), tasks and connections of the network."""

    descriptors: int | None
    threads: int
    tasks: int
    owners: int
    connections: int
    running: int


@dataclass(frozen=True, slots=True)
class Report:
    """Milliseconds from the wish to the end that the server saw, and what was held before and afterwards.

    `worst_cpu` is what client and server together computed until the last of eight ends was seen; unlike the others it
    does not depend on what else the machine does. `unseen` counts stops the server never saw; `unmarked` replies that do
    not say that they were stopped.
    """

    stops: int
    median: float
    p95: float
    worst: float
    worst_cpu: float
    unseen: int
    unmarked: int
    before: Left
    after: Left
    seconds: float


def run(rounds: int, seed: int) -> Report:
    """Stop so many rounds of eight lanes."""
    began, chance = time.monotonic(), random.Random(seed)
    late: list[float] = []
    worst_cpu, unmarked = 0.0, 0
    with tempfile.TemporaryDirectory(prefix="cancel-") as name, FaultServer(_play) as server:
        profile = Path(name)
        # One that is asked nothing beside its stream: each connection here is a lane's.
        write_settings(profile, server.url, providers=["openai-compatible"])
        with closing(Face(profile)) as face:
            _round(face, server, chance, twice=False)  # the first one imports and opens what stays
            before = _settled(face)
            for n in range(rounds):
                seen, cpu = _round(face, server, chance, twice=bool(n % 2))
                late += seen
                worst_cpu = max(worst_cpu, cpu)
                unmarked += sum(not _stopped(reply) for reply in face.replies)
            after = _settled(face)
    return Report(
        rounds * LANES,
        round(1000 * statistics.median(late), 1),
        round(1000 * statistics.quantiles(late, n=20)[-1], 1),
        round(1000 * max(late), 1),
        round(1000 * worst_cpu, 1),
        rounds * LANES - len(late),
        unmarked,
        before,
        after,
        round(time.monotonic() - began, 1),
    )


def _stopped(reply: Reply) -> bool:
    failed = reply.failed
    return reply.state is ReplyState.INTERRUPTED and failed is not None and failed.kind is FailureKind.STOPPED


def _play(seen: Seen) -> Scenario:
    stream = int(json.loads(seen.body)["model"].rpartition("-")[2])
    match stream % 4:
        case 0:
            return [ExpectEof(30)]
        case 1:
            return [SSE_HEAD, chunk(b": wait\n\n"), ExpectEof(30)]
        case _:
            return paced_sse(itertools.repeat(_EVENT), 200)


def _round(
    face: Face, server: FaultServer, chance: random.Random, *, twice: bool
) -> tuple[list[float], float]:
    """Ask, stop at a random moment, wait until all is over: seconds until each end was seen, and seconds of CPU."""
    asked, ended = len(server.requests), len(server.eof)
    face.session.new()
    face.session.send("Go on.")
    face.until(lambda: len(server.requests) == asked + LANES)
    until = time.monotonic() + chance.choice((0.0, 0.002, 0.02, 0.1)) * chance.random()
    face.until(lambda: time.monotonic() >= until)
    at, cpu = time.monotonic(), time.process_time()
    face.session.stop()
    if twice:
        time.sleep(chance.choice((0.0, 0.001, 0.004)))
        face.session.stop()
    deadline = at + 5
    while len(server.eof) < ended + LANES and time.monotonic() < deadline:
        time.sleep(0.001)
    cpu = time.process_time() - cpu
    face.until(face.ended)
    return [end - at for end in server.eof[ended:]], cpu


def _settled(face: Face) -> Left:
    """What is held once the last tasks have taken their last step: the same for half a second, for five at most."""
    deadline = time.monotonic() + 5
    left, since = _left(face), time.monotonic()
    while time.monotonic() < min(since + 0.5, deadline):
        time.sleep(0.02)
        if (now := _left(face)) != left:
            left, since = now, time.monotonic()
    return left


BESIDE = ("Searching.index", "coroutine object tidy")
"""The tasks that begin and end beside all requests, after the start."""


def _left(face: Face) -> Left:
    network = face.session._network
    assert network is not None

    async def count(outside: Outside) -> tuple[int, int, int, int]:
        if outside._tasks:  # what tells of an end is a step behind it
            await asyncio.wait(tuple(outside._tasks), timeout=5)
        http = outside._http
        return (
            sum(not any(name in repr(task.get_coro()) for name in BESIDE) for task in asyncio.all_tasks()),
            len(http._owners),
            connections(http),
            len(outside._fanout.running),
        )

    tasks, owners, open_connections, running = network.run(count).result(10)
    gc.collect()
    return Left(descriptors(), threading.active_count(), tasks, owners, open_connections, running)


if __name__ == "__main__":
    found = run(int(sys.argv[1]), int((sys.argv[2:] or ["1"])[0]))
    sys.stdout.writelines(f"{name:12} {value}\n" for name, value in asdict(found).items())
