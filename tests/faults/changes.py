"""C59 to C64: what changes under a stream: the proxy, the server, the network, time."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from tests.faults.client import KEY
from tests.faults.refusals import hurried
from tests.faults.scene import (
    DONE,
    HELLO,
    LONG,
    SHORT,
    STOP,
    End,
    Fault,
    Play,
    Scene,
    Stage,
    complete,
    cut,
    failed,
)
from tests.faults.server import (
    SSE_HEAD,
    ExpectEof,
    FaultServer,
    Fin,
    Rst,
    Seen,
    Step,
    answer,
    by_lane,
    chunk,
    head,
    ok_sse,
)
from tests.faults.stoppable import halves

from sidelight.chat.events import FailureKind as K
from sidelight.chat.reply import ReplyState
from sidelight.settings import NetSetting

FINE = ok_sse(HELLO, STOP, DONE)
DAY = 86_400.0


# --- C59: the proxy


def by_proxy(end: End, url: str, *steps: Step) -> Play:
    """A proxy that does this. The lanes beside are on this machine, which no proxy is asked for."""

    def play(stage: Stage) -> None:
        hurried(stage)
        with FaultServer([list(steps)]) as proxy:
            net = NetSetting(proxy=proxy.url)
            with stage.scene(url, net=net) as scene:
                scene.ask()
                scene.ends(end)
        assert len(proxy.requests) == len(scene.faulty)
        if url.startswith("https:"):
            assert {seen.method for seen in proxy.requests} == {"CONNECT"}
            assert not any(KEY.reveal() in repr(seen) for seen in proxy.requests)

    return play


def no_proxy_there(stage: Stage) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    net = NetSetting(proxy=f"http://127.0.0.1:{port}")
    with stage.scene("https://models.invalid", net=net) as scene:
        scene.ask()
        scene.ends(failed(K.NETWORK, "proxy"))


TUNNEL = "https://models.invalid"
PLAIN = "http://models.invalid"
NO_PROXY = failed(K.NETWORK, "proxy")


# --- C60, C62: the server, the network


def restarted_between(stage: Stage) -> None:
    """Kept connections are dead; nobody notices."""
    first = FaultServer([FINE])
    with stage.scene(first.url) as scene:
        with first:
            scene.ask()
            scene.ends(complete())
        with FaultServer([FINE], port=first.port):
            scene.ask()
            scene.ends(complete())


def restarted_within(stage: Stage) -> None:
    """The streams are cut, their text is kept, and asking again is answered by the new one."""
    first = FaultServer([ok_sse(HELLO, ExpectEof(LONG))])
    with stage.scene(first.url) as scene:
        with first:
            scene.send()
            scene.shows("Hello")
        scene.finish()
        scene.ends(cut("cut", "Hello"))
        with FaultServer([FINE], port=first.port):
            scene.again()
            scene.ends(complete())
        versions = scene.session.conversation.path[-1].versions(scene.faulty[0])
        assert [End.of(v) for v in versions] == [cut("cut", "Hello"), complete()]


def all_sockets_close(stage: Stage) -> None:
    """Every connection is reset and nobody listens; then the network is there again."""
    gone = threading.Event()

    def stream(seen: Seen) -> Iterator[Step]:
        yield SSE_HEAD + chunk(HELLO)
        gone.wait(LONG)
        yield Rst()

    first = FaultServer(stream)
    with stage.scene(first.url) as scene:
        with first:
            scene.send()
            scene.shows("Hello")
            gone.set()
            scene.finish()
            scene.ends(cut("cut", "Hello"))
        scene.again()
        scene.ends(failed(K.NETWORK, "refused"))
        with FaultServer([FINE], port=first.port):
            scene.again()
            scene.ends(complete())


def can_switch() -> bool:
    """Whether this system lets us have a network of our own."""
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        return False
    tried = subprocess.run(
        ["unshare", "-rn", "ip", "link", "set", "lo", "up"], capture_output=True, check=False
    )
    return tried.returncode == 0


def switched(stage: Stage) -> None:
    """In a network of its own, which goes away without a word and comes back."""
    child = [sys.executable, "-m", "tests.faults.changes", str(stage.folder), str(stage.lanes)]
    subprocess.run(["unshare", "-rn", *child], env=_environment(), check=True, timeout=60)


def _switch(folder: Path, lanes: int) -> None:
    _loopback("up")
    first = ok_sse(HELLO, ExpectEof(LONG))
    with pytest.MonkeyPatch.context() as patch, FaultServer(by_lane(first, first, FINE)) as server:
        hurried(stage := Stage(folder, lanes, patch))
        with stage.scene(server.url, met_by=lanes, silence=SHORT) as scene:
            scene.send()
            scene.shows("Hello")
            _loopback("down")
            scene.finish()
            scene.ends(failed(K.TIMEOUT, "silence", "Hello"))
            scene.again()
            scene.ends(failed(K.NETWORK, "connect"))
            _loopback("up")
            scene.again()
            scene.ends(failed(K.TIMEOUT, "silence", "Hello"))
            scene.again()
            scene.ends(complete())


def _loopback(state: str) -> None:
    subprocess.run(["ip", "link", "set", "lo", state], check=True)


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))}


# --- C61: suspend


@contextmanager
def process() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A server of `stoppable.py`, and its address."""
    program = [sys.executable, "-m", "tests.faults.stoppable"]
    with subprocess.Popen(
        program, stdout=subprocess.PIPE, stdin=subprocess.PIPE, env=_environment()
    ) as child:
        assert child.stdout is not None
        try:
            yield child.stdout.readline().decode().strip(), child
        finally:
            child.kill()


def asleep(stage: Stage) -> None:
    """The server sleeps when it is about to say more; it says so when it wakes."""
    with process() as (url, server), stage.scene(url) as scene:
        scene.send()
        scene.shows("Hel")
        server.send_signal(signal.SIGSTOP)
        assert server.stdin is not None
        server.stdin.write(b"\n")
        server.stdin.flush()
        nothing_comes(scene, 0.5)
        server.send_signal(signal.SIGCONT)
        scene.finish()
        scene.ends(complete())


def asleep_for_long(stage: Stage) -> None:
    """The silence clock runs out."""
    with process() as (url, server), stage.scene(url, silence=SHORT) as scene:
        scene.send()
        scene.shows("Hel")
        server.send_signal(signal.SIGSTOP)
        scene.finish()
        server.send_signal(signal.SIGCONT)
        scene.ends(failed(K.TIMEOUT, "silence", "Hel"))


def we_sleep(stage: Stage) -> None:
    """The machine sleeps for an hour: every clock that is running starts anew when it wakes."""
    told = threading.Event()
    with FaultServer(lambda seen: halves(told, seen)) as server, stage.scene(server.url) as scene:
        scene.send()
        scene.shows("Hel")
        network = scene.session._network
        assert network is not None
        assert network._loop is not None
        real = network._loop.time
        stage.patch.setattr(network._loop, "time", lambda: real() + 3600.0)
        nothing_comes(scene, 0.2)
        told.set()
        scene.finish()
        scene.ends(complete())


def nothing_comes(scene: Scene, seconds: float) -> None:
    """For so long each lane goes on waiting, in the middle of its answer."""
    until = time.monotonic() + seconds
    scene.until(lambda: time.monotonic() > until)
    assert {End.of(reply) for reply in scene.replies()} == {End(ReplyState.STREAMING, text="Hel")}


# --- C63, C64: clocks on the wall


def wrong_clock(*years: float) -> Play:
    """The clock jumps in the middle of a stream and between turns; order and durations do not follow it."""

    def play(stage: Stage) -> None:
        real, wrong = time.time, [0.0]
        stage.patch.setattr(time, "time", lambda: real() + wrong[0])
        told = threading.Event()
        with FaultServer(lambda seen: halves(told, seen)) as server, stage.scene(server.url) as scene:
            for number, jump in enumerate(years):
                told.clear()
                scene.send(f"Question {number}")
                scene.shows("Hel")
                wrong[0] = jump * 365.25 * DAY
                told.set()
                scene.finish()
                scene.ends(complete())
                for reply in scene.replies():
                    timing = reply.timing
                    assert timing.first_answer is not None
                    assert timing.done is not None
                    assert 0 <= timing.first_answer <= timing.done < LONG
            asked = [turn.prompt.text for turn in scene.session.conversation.path]
            assert asked == [f"Question {number}" for number in range(len(years))]

    return play


def another_zone(stage: Stage) -> None:
    """Summer time begins between the two halves of an answer."""
    if not hasattr(time, "tzset"):
        return
    before = os.environ.get("TZ")
    try:
        for zone in ("CET-1CEST,M3.5.0,M10.5.0", "UTC-14", "UTC+12"):
            os.environ["TZ"] = zone
            time.tzset()
            wrong_clock(0.0)(Stage(stage.folder / zone[:6], stage.lanes, stage.patch))
    finally:
        os.environ.pop("TZ")
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()


def date(moment: datetime) -> str:
    """As HTTP writes it."""
    return format_datetime(moment, usegmt=True)


def retry_date(*fields: Callable[[datetime], str], least: float, most: float = LONG) -> Play:
    """A wait given as a date is waited for; between `least` and `most` seconds of it."""

    def play(stage: Stage) -> None:
        refusal = answer(429, b"", *(f(datetime.now(UTC)) for f in fields))
        with FaultServer(by_lane(refusal, FINE)) as server, stage.scene(server.url) as scene:
            scene.ask()
            scene.ends(complete())
        for lane in scene.faulty:
            first, second = (seen.at for seen in server.requests if seen.model == lane)
            assert least <= second - first <= most

    return play


def after(**delta: float) -> Callable[[datetime], str]:
    return lambda now: f"retry-after: {date(now + timedelta(**delta))}"


def dated(**delta: float) -> Callable[[datetime], str]:
    return lambda now: f"date: {date(now + timedelta(**delta))}"


SUSPENDS = hasattr(signal, "SIGSTOP")

CHANGES = (
    Fault(
        59,
        "the proxy",
        (
            ("is not there", no_proxy_there),
            ("refuses", by_proxy(NO_PROXY, TUNNEL, *answer(403))),
            ("wants a password", by_proxy(NO_PROXY, TUNNEL, *answer(407))),
            ("wants a password, plainly", by_proxy(NO_PROXY, PLAIN, *answer(407, b"<html>Log in"))),
            ("cannot reach it", by_proxy(NO_PROXY, TUNNEL, *answer(502))),
            ("cuts CONNECT", by_proxy(cut("cut"), TUNNEL, Rst())),
            ("ends CONNECT", by_proxy(cut("cut"), TUNNEL, head(200)[:10], Fin())),
            ("is silent", by_proxy(NO_PROXY, TUNNEL, ExpectEof(LONG))),
            ("cuts the tunnel", by_proxy(NO_PROXY, TUNNEL, head(200), Rst())),
        ),
    ),
    Fault(
        60,
        "the server is another",
        (("between turns", restarted_between), ("within an answer", restarted_within)),
    ),
    Fault(
        61,
        "suspend",
        (
            *((("for a while", asleep), ("for long", asleep_for_long)) if SUSPENDS else ()),
            ("of this machine", we_sleep),
        ),
    ),
    Fault(
        62,
        "the network is another",
        (
            ("all sockets close", all_sockets_close),
            *((("no packet comes through", switched),) if can_switch() else ()),
        ),
    ),
    Fault(
        63,
        "the clock is wrong",
        (
            ("ten years on, ten back", wrong_clock(10, -10, 0)),
            ("summer time", another_zone),
            (
                "ten years behind the server",
                retry_date(after(days=3650, seconds=1), dated(days=3650), least=1.0),
            ),
        ),
    ),
    Fault(
        64,
        "Retry-After in the past",
        (
            ("an hour", retry_date(after(hours=-1), least=0.0, most=5.0)),
            (
                "ten years, of a server that is behind",
                retry_date(after(days=-3650, seconds=1), dated(days=-3650), least=1.0),
            ),
            ("1970", retry_date(lambda _: "retry-after: Thu, 01 Jan 1970 00:00:00 GMT", least=0.0, most=5.0)),
        ),
    ),
)

if __name__ == "__main__":
    _switch(Path(sys.argv[1]), int(sys.argv[2]))
