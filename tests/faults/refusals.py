"""C1 to C20: no connection, a refusal, an answer that is none."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
from tests.faults.client import KEY
from tests.faults.scene import (
    DONE,
    HELLO,
    SHORT,
    STOP,
    End,
    Fault,
    Play,
    Stage,
    complete,
    cut,
    failed,
    served,
)
from tests.faults.server import (
    FaultServer,
    Rst,
    Sleep,
    Step,
    answer,
    by_lane,
    head,
    ok_sse,
)

from sidelight.backends.wire.failures import MESSAGE_CAP
from sidelight.chat.events import FailureKind as K
from sidelight.chat.reply import ReplyState
from sidelight.net import client, transport
from sidelight.settings import NetSetting

TLS = Path(__file__).parents[1] / "net" / "tls"
FINE = ok_sse(HELLO, STOP, DONE)
ONCE = "x-should-retry: false"
"""Said with a refusal, it makes the first one the last."""


# --- C1 to C4: no connection


def no_such_host(stage: Stage) -> None:
    """Asked for three times: a network that is just coming up knows no names."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def lookup(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host not in ("models.invalid", b"models.invalid"):
            return real(host, *args, **kwargs)
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    stage.patch.setattr(socket, "getaddrinfo", lookup)
    with stage.scene("https://models.invalid") as scene:
        scene.ask()
        scene.ends(failed(K.NETWORK, "dns"))
    assert len(asked) == 3 * len(scene.faulty)


def nobody_listens(stage: Stage) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with stage.scene(f"http://127.0.0.1:{port}") as scene:
        scene.ask()
        scene.ends(failed(K.NETWORK, "refused"))


@contextmanager
def full_backlog() -> Iterator[str]:
    """The address of a listener whose queue is full: what else comes is left without an answer."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            one = stack.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def hurried(stage: Stage, seconds: float = SHORT) -> None:
    """Shorten the connect clock, which is no setting."""
    real = transport.new_request

    def request(method: str, url: str, headers: Any, body: bytes | None, connect: float) -> httpx.Request:
        return real(method, url, headers, body, min(connect, seconds))

    stage.patch.setattr(transport, "new_request", request)


def connect_stalls(stage: Stage) -> None:
    hurried(stage)
    with full_backlog() as url, stage.scene(url) as scene:
        scene.ask()
        scene.ends(failed(K.NETWORK, "connect"))


def tls(certificate: str, trusted: str = "") -> Play:
    """A certificate that is not good enough, though the person vouches for one."""

    def play(stage: Stage) -> None:
        net = NetSetting(proxy="none", ca_file=str(TLS / trusted) if trusted else "")
        with (
            FaultServer([FINE], tls=TLS / certificate) as server,
            stage.scene(server.url, net=net) as scene,
        ):
            scene.ask()
            scene.ends(failed(K.NETWORK, "tls"))
        assert server.requests == []

    return play


def tls_to_a_plain_port(code: str, *steps: Step) -> Play:
    """With steps the port says something to what it does not understand, else nothing."""

    def play(stage: Stage) -> None:
        hurried(stage, 5.0 if steps else SHORT)
        with (
            FaultServer([list(steps)], deaf=bool(steps)) as server,
            stage.scene(server.url.replace("http:", "https:")) as scene,
        ):
            scene.ask()
            scene.ends(failed(K.NETWORK, code))

    return play


# --- C5 to C16: refusals

BODIES: dict[str, bytes] = {
    "JSON": json.dumps({"error": {"message": f"No, not with {KEY.reveal()}", "type": "some_error"}}).encode(),
    "HTML": b"<!doctype html><title>No</title><script>alert(1)</script><p>Bearer %s" % KEY.reveal().encode(),
    "nothing": b"",
    "10 MB": b'{"error":{"message":"' + b"no, " * 2_500_000 + b'","type":"some_error"}}',
    "no UTF-8": b"\xff\xfe N\xf6, nicht mit \x80 " + KEY.reveal().encode(),
}


def refused(
    status: int,
    kind: K,
    *fields: str,
    wait: Callable[[float | None], bool] = lambda wait: wait is None,
    bodies: Sequence[str] = ("JSON",),
) -> Play:
    """A refusal with each of these bodies, asked for once: told as what it is, with the wait it asks for."""

    def play(stage: Stage) -> None:
        refusals = [answer(status, BODIES[body], *fields) for body in bodies]
        with FaultServer(by_lane(*refusals)) as server, stage.scene(server.url) as scene:
            for body in bodies:
                scene.ask()
                scene.ends(failed(kind, "some_error" if body == "JSON" else None))
                for reply in scene.replies():
                    assert reply.failed is not None
                    assert ("status", str(status)) in reply.failed.details
                    assert wait(reply.failed.retry_after), reply.failed
                    message = reply.failed.message
                    assert len(message) <= MESSAGE_CAP
                    assert "<" not in message
                    assert bool(message) == (body != "nothing")
        assert len(server.requests) == len(scene.faulty) * len(bodies)

    return play


def never_again(status: int, kind: K) -> tuple[tuple[str, Play], ...]:
    """A refusal that asking again cannot help."""
    return (
        ("each body", refused(status, kind, bodies=tuple(BODIES))),
        ("retry is forbidden", refused(status, kind, ONCE)),
    )


def again(status: int, kind: K) -> tuple[tuple[str, Play], ...]:
    """A refusal that may pass: asked again twice, with the wait it asks for."""
    no = answer(status, BODIES["JSON"], "retry-after: 0")
    return (
        ("each body", refused(status, kind, ONCE, bodies=tuple(BODIES))),
        ("twice, then an answer", served(complete(), no, no, FINE)),
    )


def date(seconds: float) -> str:
    """So long from now, as HTTP writes it."""
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


def honoured(stage: Stage) -> None:
    """The wait is waited for, in each lane."""
    no = answer(429, b"", "retry-after: 1")
    with FaultServer(by_lane(no, FINE)) as server, stage.scene(server.url) as scene:
        scene.ask()
        scene.ends(complete())
    for lane in scene.faulty:
        first, second = (seen.at for seen in server.requests if seen.model == lane)
        assert second - first >= 1.0


TOO_MANY = (
    *again(429, K.RATE_LIMIT),
    (
        "three times",
        served(failed(K.RATE_LIMIT, "some_error"), *[answer(429, BODIES["JSON"], "retry-after: 0")] * 3),
    ),
    ("Retry-After is waited for", honoured),
    *(
        (f"Retry-After {name}", refused(429, K.RATE_LIMIT, f"retry-after: {value}", *more, wait=wait))
        for name, value, wait, *more in (
            ("in seconds", "7", lambda wait: wait == 7, ONCE),
            ("as a date", date(3000), lambda wait: 2000 < wait <= 3000),
            ("of garbage", "soon", lambda wait: wait is None, ONCE),
            ("of a negative number", "-5", lambda wait: wait is None, ONCE),
            ("of a number too large", "9" * 400, lambda wait: wait is None, ONCE),
            ("of thirty years", "1000000000", lambda wait: wait == 1e9),
        )
    ),
)


def loads_first(stage: Stage) -> None:
    """A server that reads its model from disk is waited for, which is no asking again."""
    loading = answer(503, b'{"error":{"message":"Loading model","type":"unavailable_error"}}')
    with FaultServer(by_lane(loading, loading, FINE)) as server, stage.scene(server.url) as scene:
        scene.ask()
        scene.ends(complete())
    assert len(server.requests) == 3 * len(scene.faulty)


def stays_open(status: int, kind: K) -> tuple[str, Play]:
    """A refusal whose body never ends is told soon: what matters of it was in its head."""
    drip: list[Step] = [b"no, ", Sleep(0.1)]
    drips: list[Step] = [head(status, "content-length: 1000", ONCE), *drip * 200]

    def play(stage: Stage) -> None:
        stage.patch.setattr(client, "_PAGE_WITHIN", 0.3)
        served(failed(kind), drips)(stage)

    return "a body without end", play


# --- C17 to C20: answers that are none

ERROR = b'{"error":{"message":"No","type":"some_error","code":401}}'


def elsewhere(status: int) -> Play:
    """Another host is named; it is not asked."""

    def play(stage: Stage) -> None:
        with FaultServer([FINE]) as other:
            target = other.url.replace("127.0.0.1", "localhost")
            served(failed(K.PROTOCOL, "redirect"), answer(status, b"", f"location: {target}/v1"))(stage)
        assert other.connections == 0

    return play


def redirects(location: str) -> Play:
    return served(failed(K.PROTOCOL, "redirect"), answer(307, b"", f"location: {location}"))


REFUSALS = (
    Fault(1, "no such host", (("getaddrinfo fails", no_such_host),)),
    Fault(2, "refused", (("a closed port", nobody_listens),)),
    Fault(3, "connect stalls", (("a full backlog", connect_stalls),)),
    Fault(
        4,
        "TLS",
        (
            ("a plain port that is silent", tls_to_a_plain_port("connect")),
            ("a plain port that answers", tls_to_a_plain_port("tls", *answer(400))),
            ("a plain port that resets", tls_to_a_plain_port("connect", Rst())),
            ("of another name", tls("other-name.pem", "other-name.pem")),
            ("expired", tls("expired.pem", "expired.pem")),
            ("self-signed", tls("trusted.pem")),
        ),
    ),
    Fault(5, "400", never_again(400, K.BAD_REQUEST)),
    Fault(6, "401", (*never_again(401, K.AUTH), stays_open(401, K.AUTH))),
    Fault(7, "403", never_again(403, K.AUTH)),
    Fault(8, "404", never_again(404, K.MODEL_NOT_FOUND)),
    Fault(9, "408", again(408, K.TIMEOUT)),
    Fault(10, "413", never_again(413, K.BAD_REQUEST)),
    Fault(11, "422", never_again(422, K.BAD_REQUEST)),
    Fault(12, "429", TOO_MANY),
    Fault(13, "500", again(500, K.SERVER)),
    Fault(14, "502", again(502, K.SERVER)),
    Fault(15, "503", (*again(503, K.OVERLOADED), ("the model loads", loads_first))),
    Fault(16, "529", again(529, K.OVERLOADED)),
    Fault(
        17,
        "200 with a page",
        (
            (
                "HTML",
                served(
                    failed(K.PROTOCOL, "not_a_stream"),
                    answer(200, b"<!doctype html><p>Log in", "content-type: text/html"),
                ),
            ),
            ("plain text", served(cut("eof"), answer(200, b"hello there", "content-type: text/plain"))),
            ("nothing", served(cut("eof"), answer(200))),
            (
                "a whole completion",
                served(
                    complete(),
                    answer(200, b'\n {"choices":[{"message":{"content":"Hello"},"finish_reason":"stop"}]}'),
                ),
            ),
        ),
    ),
    Fault(
        18,
        "200 with an error",
        (
            ("as the body", served(failed(K.AUTH, "401"), answer(200, ERROR))),
            (
                "in the stream",
                served(failed(K.AUTH, "401", "Hello"), ok_sse(HELLO, b"data: " + ERROR + b"\n\n", DONE)),
            ),
            (
                "of that name",
                served(
                    failed(K.AUTH, "401", "Hello"),
                    ok_sse(HELLO, b"event: error\ndata: " + ERROR + b"\n\n"),
                ),
            ),
            (
                "in a field of that name",
                served(failed(K.AUTH, "401", "Hello"), ok_sse(HELLO, b"error: " + ERROR + b"\n\n")),
            ),
            (
                "after the finish mark",
                served(
                    End(ReplyState.COMPLETE, K.SERVER, None, "Hello"),
                    ok_sse(HELLO, STOP, b'data: {"error":{"message":"late"}}\n\n'),
                ),
            ),
        ),
    ),
    Fault(19, "204", (("no content", served(cut("eof"), [head(204)])),)),
    Fault(
        20,
        "3xx",
        (
            *((f"{status} to another host", elsewhere(status)) for status in (301, 302, 303, 307, 308)),
            ("to a file", redirects("file:///etc/passwd")),
            ("to itself", redirects("/v1/chat/completions")),
            ("to nonsense", redirects("http://[bad")),
        ),
    ),
)
