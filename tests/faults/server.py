"""A server that misbehaves on purpose: raw sockets on 127.0.0.1, threads, standard library only.

Each request that comes is answered by a scenario: a list of bytes and of steps (`Sleep`, `Rst`, `Fin`, `HalfClose`,
`ExpectEof`). The first request plays the first scenario, the last scenario plays for all later ones; a function may
choose instead (`by_lane`). What was asked and when each connection was seen to end is kept, in monotonic seconds.

    with FaultServer([ok_sse(b'data: {"x":1}\\n\\n', Rst())]) as server:
        ... server.url ... server.requests[0].headers ... server.wait_eof()
"""

from __future__ import annotations

import contextlib
import json
import select
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias


@dataclass(frozen=True)
class Sleep:
    """Wait; ends early, and the scenario with it, when the client closes."""

    seconds: float


@dataclass(frozen=True)
class Rst:
    """End the connection by a reset."""


@dataclass(frozen=True)
class Fin:
    """End the connection properly."""


@dataclass(frozen=True)
class HalfClose:
    """Send FIN, go on reading."""


@dataclass(frozen=True)
class ExpectEof:
    """Wait until the client closes, at most so many seconds."""

    seconds: float = 10.0


Step: TypeAlias = bytes | Sleep | Rst | Fin | HalfClose | ExpectEof
Scenario: TypeAlias = Iterable[Step]


@dataclass
class Seen:
    """One request as it came. Names of headers are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)

    @property
    def model(self) -> str:
        """The model that was asked for."""
        return str(json.loads(self.body)["model"])


def head(status: int = 200, *fields: str, reason: str = "X") -> bytes:
    """A status line and header fields ("name: value")."""
    return "\r\n".join([f"HTTP/1.1 {status} {reason}", *fields, "", ""]).encode("latin-1")


def answer(status: int, body: bytes = b"", *fields: str) -> list[Step]:
    """A whole answer with its length."""
    return [head(status, f"content-length: {len(body)}", *fields) + body]


def chunk(data: bytes) -> bytes:
    """One piece of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


END = b"0\r\n\r\n"
SSE_HEAD = head(200, "content-type: text/event-stream", "transfer-encoding: chunked")


def ok_sse(*steps: Step, end: bool = True) -> list[Step]:
    """A chunked event stream of 200; bytes are put into chunks. With `end` the body is ended properly."""
    return [SSE_HEAD, *(chunk(s) if isinstance(s, bytes) else s for s in steps), *([END] if end else [])]


def paced_sse(events: Iterable[bytes], per_second: float, end: bool = True) -> Iterator[Step]:
    """An event stream at a given rate, without drift. Events may be endless."""
    yield SSE_HEAD
    start = time.monotonic()
    for count, event in enumerate(events):
        yield Sleep(max(0.0, start + count / per_second - time.monotonic()))
        yield chunk(event)
    if end:
        yield END


class FaultServer:
    """Listens on a port of its own while the `with` block lasts."""

    def __init__(
        self,
        scenarios: Sequence[Scenario] | Callable[[Seen], Scenario],
        *,
        tls: Path | None = None,
        port: int = 0,
        deaf: bool = False,
    ) -> None:
        """Answer by these scenarios in turn, or by what a function makes of the request.

        With `tls`, a file of certificate and key, it speaks TLS. `port` 0 is any that is free. A `deaf` one answers the first
        bytes that come, whatever they say.
        """
        self._deaf = deaf
        self._tls: ssl.SSLContext | None = None
        if tls is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(tls)
        self._scenarios = scenarios
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()
        self._socket = socket.create_server(("127.0.0.1", port), backlog=256)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.requests: list[Seen] = []
        self.eof: list[float] = []
        self.connections = 0

    def __enter__(self) -> FaultServer:
        self._threads.append(threading.Thread(target=self._accept, name="faults", daemon=True))
        self._threads[0].start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=10)

    def wait_eof(self, count: int = 1, seconds: float = 20.0) -> list[float]:
        """When the first `count` connections were seen to be closed by the client. Raises AssertionError."""
        until = time.monotonic() + seconds
        while len(self.eof) < count:
            assert time.monotonic() < until, f"{len(self.eof)} of {count} connections were closed"
            time.sleep(0.002)
        return self.eof[:count]

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open.add(connection)
                self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,), name="faults", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            while not self._stop.is_set():
                seen = _read_bytes(connection) if self._deaf else _read_request(connection)
                if seen is None:
                    self.eof.append(time.monotonic())
                    return
                if not self._play(connection, self._choose(seen)):
                    return
        except (ConnectionError, BrokenPipeError):
            self.eof.append(time.monotonic())
        except ssl.SSLError:
            self.eof.append(time.monotonic())
        except OSError:
            if not self._stop.is_set():
                raise
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def _choose(self, seen: Seen) -> Scenario:
        with self._lock:
            self.requests.append(seen)
            if callable(self._scenarios):
                return self._scenarios(seen)
            return self._scenarios[min(len(self.requests), len(self._scenarios)) - 1]

    def _play(self, connection: socket.socket, scenario: Scenario) -> bool:
        """Whether the connection may serve another request."""
        for step in scenario:
            match step:
                case bytes():
                    connection.sendall(step)
                case Sleep(seconds):
                    if self._closed_within(connection, seconds):
                        return False
                case ExpectEof(seconds):
                    self._closed_within(connection, seconds)
                    return False
                case Rst():
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return False
                case Fin():
                    return False
                case HalfClose():
                    connection.shutdown(socket.SHUT_WR)
        return True

    def _closed_within(self, connection: socket.socket, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while not self._stop.is_set():
            left = until - time.monotonic()
            ready, _, _ = select.select([connection], [], [], max(0.0, min(left, 0.2)))
            if ready:
                try:
                    ended = not connection.recv(65536)
                except ConnectionError:
                    ended = True
                if ended:
                    self.eof.append(time.monotonic())
                    return True
            if left <= 0:
                return False
        return True


def by_lane(*scenarios: Scenario | Callable[[], Scenario]) -> Callable[[Seen], Scenario]:
    """What a server plays to several lanes at once: to each, told by its model, these in turn, and the last for all later ones.

    One that can be played once only (an endless one) is given as a function that makes it.
    """
    asked: Counter[str] = Counter()

    def choose(seen: Seen) -> Scenario:
        scenario = scenarios[min(asked[seen.model], len(scenarios) - 1)]
        asked[seen.model] += 1
        return scenario() if callable(scenario) else scenario

    return choose


def _read_bytes(connection: socket.socket) -> Seen | None:
    """The first bytes of a client, whatever they are."""
    data = connection.recv(65536)
    return Seen("", "", {}, data) if data else None


def _read_request(connection: socket.socket) -> Seen | None:
    """The next request, or None when the client closed first."""
    data = b""
    while b"\r\n\r\n" not in data:
        try:
            more = connection.recv(65536)
        except ConnectionError:
            return None
        if not more:
            return None
        data += more
    raw, _, body = data.partition(b"\r\n\r\n")
    first, *lines = raw.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        more = connection.recv(65536)
        if not more:
            return None
        body += more
    return Seen(method, path, headers, body)
