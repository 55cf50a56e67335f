"""`Http`: one request, one stream of bytes, three clocks. httpx is imported when an `Http` is made, not before.

Each stream has one owner task, the only one that ever touches httpx: a cancel that arrives while httpx connects or
closes makes it forget that connection for ever. So the asking task may be cancelled as often as one likes; the owner is
cancelled once at most, never in such a moment, and closes in peace. Not a dialect, and no retries: those are in `backends`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urljoin, urlsplit

from sidelight import __version__
from sidelight.net.address import is_loopback, origin_of
from sidelight.net.errors import NetError
from sidelight.secrets import Secret
from sidelight.settings import NetSetting

if TYPE_CHECKING:
    import ssl

    from sidelight.net.transport import Line, Stop

__all__ = ["Answer", "Clocks", "Http", "Response"]

_WINDOW = 256_000
"""Bytes the owner reads ahead of the one who asked."""
_FRAME = 1 / 60
_FULL_RATE_STREAMS = 4
"""Seconds between two reads of a stream that has begun to say something: a frame of the screen, two where more than four
streams are shown. Nothing faster can be seen, and a read costs as much as forty tokens. All streams are read at the same
moments, so that the loop wakes once for all. What comes meanwhile waits with the operating system, unread."""
_PATIENCE = 0.5
"""Seconds that closing waits for requests that are just connecting."""
_PAGE_WITHIN = 3.0
"""Seconds for the body of an error page."""
_Way: TypeAlias = tuple[str | None, str]
"""A proxy or None, and the origin behind it."""
_JUMP = 2.0
"""Seconds a timer may be late; later than that the machine slept, and the clock starts anew."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """Seconds: until there is a connection, until the first payload, and between payloads."""

    connect: float = 10.0
    first_payload: float = 900.0
    silence: float = 120.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole small answer. Names of headers are in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class _Pipe:
    """What the owner of a stream hands to the one who asked, and the clocks of the one who waits."""

    def __init__(self, clocks: Clocks) -> None:
        self.status = 0
        self.headers: tuple[tuple[str, str], ...] = ()
        self._clocks = clocks
        self._clock = "first_payload"
        self._since = asyncio.get_running_loop().time()
        self._pieces: list[bytes] = []
        self._size = 0
        self._ended = False
        self._error: NetError | None = None
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._waits = self._expired = False

    # The owner's side.

    def open(self, status: int, headers: tuple[tuple[str, str], ...]) -> None:
        """The head has come."""
        self.status, self.headers = status, headers
        self._news.set()

    async def put(self, chunk: bytes) -> None:
        """Bytes have come; waits while too many lie here unread."""
        self._pieces.append(chunk)
        self._size += len(chunk)
        self._news.set()
        if self._size > _WINDOW:
            self._room.clear()
            await self._room.wait()

    def end(self, error: NetError | None) -> None:
        """Nothing more comes; only the first call counts."""
        self._drop_timer()
        if not self._ended:
            self._ended, self._error = True, error
            self._news.set()

    @property
    def flows(self) -> bool:
        """Whether a payload has been seen."""
        return self._clock == "silence"

    # The asking side.

    async def head(self) -> None:
        """Wait for status and headers. Raises NetError."""
        while not self.status:
            if self._error is not None:
                raise self._error
            await self._wait()

    async def take(self) -> bytes:
        """All bytes that lie here, else the next that come; none at the end of the body. Raises NetError."""
        while True:
            if self._pieces:
                data = b"".join(self._pieces)
                self._pieces.clear()
                self._size = 0
                self._room.set()
                return data
            if self._error is not None:
                raise self._error
            if self._ended:
                return b""
            await self._wait()

    def payload_seen(self) -> None:
        """Start the silence clock anew."""
        if self._clock != "silence":
            self._clock = "silence"
            self._drop_timer()  # the other clock may have been the longer one
        self._since = asyncio.get_running_loop().time()

    async def _wait(self) -> None:
        """Until there is news. Raises NetError where a clock runs out first: it stands still while nobody waits."""
        self._news.clear()
        self._waits = True
        if self._timer is None:
            self._set_timer()
        try:
            await self._news.wait()
        finally:
            self._waits = False
        if self._expired:
            self._expired = False
            raise NetError("timeout", self._clock)

    @property
    def _deadline(self) -> float:
        seconds = self._clocks.silence if self._clock == "silence" else self._clocks.first_payload
        return self._since + seconds

    def _set_timer(self) -> None:
        self._timer = asyncio.get_running_loop().call_at(self._deadline, self._ring)

    def _drop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        """One timer for many waits: it rings at the deadline that was known when it was set, and is set anew if need be."""
        self._timer = None
        if not self._waits or self._news.is_set():
            return
        now = asyncio.get_running_loop().time()
        if 0 <= now - self._deadline < _JUMP:
            self._expired = True
            self._news.set()
            return
        if now > self._deadline:
            self._since = now
        self._set_timer()


class Response:
    """An answer being read. Names of headers are in lower case.

    The first-payload clock runs from the request on until `payload_seen` is called for the first time, then the
    silence clock between calls; bytes alone feed neither, so keep-alives hold no dead stream open.
    """

    def __init__(self, pipe: _Pipe) -> None:
        self._pipe = pipe
        self.status = pipe.status
        self.headers = pipe.headers

    def header(self, name: str) -> str:
        """The first header of this name (in lower case), "" where there is none."""
        return next((v for k, v in self.headers if k == name), "")

    def payload_seen(self) -> None:
        """Something that is no keep-alive was read: the silence clock starts anew."""
        self._pipe.payload_seen()

    async def chunks(self, cap: int | None = None) -> AsyncGenerator[bytes, None]:
        """The bytes of the body as they come, joined where several waited. Raises NetError.

        A body that ends before its stated length or by a reset is "cut"; one of more than `cap` bytes is "too_large",
        once so many have been given.
        """
        if self.header("content-encoding").strip().lower() not in ("", "identity"):
            raise NetError("protocol", "a compressed answer was not asked for")
        total = 0
        while data := await self._pipe.take():
            total += len(data)
            if cap is not None and total > cap:
                if within := data[: cap - total]:
                    yield within
                raise NetError("too_large", f"more than {cap} bytes")
            yield data

    async def body(self, cap: int = 64_000) -> bytes:
        """The start of the body, at most `cap` bytes; what came so far where it broke off. For error pages.

        It is given three seconds: the status has said already that there is no answer to wait for.
        """
        found = b""
        async with contextlib.aclosing(self.chunks()) as chunks:
            with contextlib.suppress(NetError, TimeoutError):
                async with asyncio.timeout(_PAGE_WITHIN):
                    while len(found) < cap and (chunk := await anext(chunks, b"")):
                        found += chunk
        return found[:cap]


class Http:
    """The one client of the process. Made anywhere, used on the network loop only."""

    def __init__(self, net: NetSetting | None = None) -> None:
        """Import httpx, which takes about 100 ms: not before the first paint."""
        from sidelight.net import transport

        self._httpx = transport
        self._net = net or NetSetting()
        self._trust: asyncio.Future[ssl.SSLContext] | None = None
        self._owners: dict[asyncio.Task[None], Stop] = {}
        self._flowing: set[_Pipe] = set()
        self._idle: dict[Line, tuple[_Way, float]] = {}
        """Lines that can be used again: where they lead, and since when (loop time) they are free."""

    @contextlib.asynccontextmanager
    async def stream(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str | Secret] | None = None,
        body: bytes | None = None,
        clocks: Clocks | None = None,
    ) -> AsyncGenerator[Response, None]:
        """Send a request; inside, the status and headers are there and the body is being read. Raises NetError.

        Leaving the block, by an exception or a cancel too, closes the connection unless the body was read to its end.
        """
        clocks = clocks or Clocks()
        pipe, stop = _Pipe(clocks), self._httpx.Stop()
        owner = asyncio.create_task(self._own(method, url, headers or {}, body, clocks, pipe, stop))
        self._owners[owner] = stop
        owner.add_done_callback(self._owners.pop)
        try:
            await pipe.head()
            response = Response(pipe)
            if 300 <= response.status < 400:
                raise NetError("redirect", *_target(url, response.header("location")))
            yield response
        finally:
            if _end(owner, stop):
                await asyncio.wait([owner])

    async def fetch(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str | Secret] | None = None,
        body: bytes | None = None,
        clocks: Clocks | None = None,
        cap: int = 4_000_000,
    ) -> Answer:
        """The whole answer, whatever its status. Raises NetError, "too_large" beyond `cap` bytes.

        It is small, so that its first-payload clock is the clock of all of it.
        """
        async with self.stream(method, url, headers=headers, body=body, clocks=clocks) as response:
            body = b"".join([chunk async for chunk in response.chunks(cap)])
            return Answer(response.status, response.headers, body)

    async def aclose(self) -> None:
        """End every stream and close every connection. May be called again."""
        for owner, stop in self._owners.items():
            _end(owner, stop)
        if self._owners:
            _, connecting = await asyncio.wait(list(self._owners), timeout=_PATIENCE)
            for owner in connecting:
                owner.cancel()
        if self._trust is not None:
            await asyncio.wait([self._trust])
        await self._close_idle(0.0)

    async def _own(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str | Secret],
        body: bytes | None,
        clocks: Clocks,
        pipe: _Pipe,
        stop: Stop,
    ) -> None:
        """The life of one request, in a task of its own. Never raises but CancelledError."""
        line: Line | None = None
        way: _Way = (None, "")
        end: NetError | None = NetError("cut", "closed")
        try:
            origin = _checked(url)
            way = (self._proxy_for(url), origin)
            line = await self._line(way)
            common = {"user-agent": f"sidelight/{__version__}", "accept-encoding": "identity"}
            request = self._httpx.new_request(method, url, {**common, **headers}, body, clocks.connect)
            answer = await line.send(request, stop, lambda: self._pace(pipe))
            pipe.open(answer.status_code, tuple((k.lower(), v) for k, v in answer.headers.multi_items()))
            async for chunk in answer.aiter_raw():
                await pipe.put(chunk)
            end = None
        except NetError as error:
            end = error
        except self._httpx.TRANSLATED as error:
            end = self._httpx.translate(error, url, by_proxy=way[0] is not None)
        finally:
            stop.closing = True
            self._flowing.discard(pipe)
            if line is not None and end is None and line.clean:
                self._idle[line] = (way, asyncio.get_running_loop().time())
            elif line is not None:
                await line.close()
            pipe.end(end)

    async def _pace(self, pipe: _Pipe) -> None:
        """Wait until a stream may be read: at once until it has begun to say something, then at the next frame."""
        if not pipe.flows:
            return
        self._flowing.add(pipe)
        frame = _FRAME if len(self._flowing) <= _FULL_RATE_STREAMS else 2 * _FRAME
        await asyncio.sleep(frame - asyncio.get_running_loop().time() % frame)

    async def _line(self, way: _Way) -> Line:
        """A line that is free and leads there, else a new one. Those free for long are closed on the way."""
        await self._close_idle(self._httpx.KEEP_ALIVE)
        for line, (leads, _) in self._idle.items():
            if leads == way:
                del self._idle[line]
                return line
        proxy, origin = way
        secure = origin.startswith("https:") or (proxy or "").startswith("https:")
        return self._httpx.Line(proxy, await self._system_trust() if secure else None)

    async def _close_idle(self, seconds: float) -> None:
        """Close the lines that have been free for so long."""
        now = asyncio.get_running_loop().time()
        for line in [line for line, (_, since) in self._idle.items() if now - since >= seconds]:
            if self._idle.pop(line, None) is not None:
                await asyncio.shield(asyncio.create_task(line.close()))

    def _proxy_for(self, url: str) -> str | None:
        """The proxy a URL goes through; this machine is always reached directly. Read anew each time."""
        if is_loopback(url) or self._net.proxy == "none":
            return None
        if self._net.proxy:
            return self._net.proxy
        return self._httpx.system_proxy(url)

    async def _system_trust(self) -> ssl.SSLContext:
        if self._trust is None:
            self._trust = asyncio.ensure_future(
                asyncio.to_thread(self._httpx.system_trust, self._net.ca_file)
            )
        try:
            return await asyncio.shield(self._trust)
        except NetError:
            self._trust = None
            raise


def _end(owner: asyncio.Task[None], stop: Stop) -> bool:
    """End a request at once where that is safe, and say whether it ends now; else it ends when it has connected."""
    stop.asked = True
    if not (stop.connecting or stop.closing):
        owner.cancel()
    return not stop.connecting


def _checked(url: str) -> str:
    """The origin of an address. Raises NetError for what is not http or https.

    Nor is one with a password sent: it would end up in settings and logs.
    """
    try:
        origin = origin_of(url)
    except ValueError as error:
        raise NetError("protocol", "not an http or https address") from error
    if "@" in urlsplit(url).netloc:
        raise NetError("protocol", "an address with a user name or password is not used")
    return origin


def _target(url: str, location: str) -> tuple[str, str]:
    """The host a redirect points at, or its scheme where it has no host; and the whole address. Empty for nonsense."""
    try:
        whole = urljoin(url, location)
        parts = urlsplit(whole)
        return parts.hostname or f"{parts.scheme}:", whole
    except ValueError:
        return "", ""
