"""Everything that names httpx: connections, requests, and what its exceptions mean.

The transport is used without httpx's client above it: the client would add redirects, a cookie jar, netrc, proxies of
its own choosing and a log line with each URL, all of which had to be turned off again. Not the clocks and not the
life of a stream; those are in `client`.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Protocol
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass  # noqa: TID251 - only what the system says of proxies

import anyio
import httpx
import truststore

from sidelight.net.errors import NetError, NetErrorKind
from sidelight.net.gathering import Backend, Pace
from sidelight.secrets import Secret

__all__ = [
    "KEEP_ALIVE",
    "TRANSLATED",
    "Line",
    "Stop",
    "new_request",
    "system_proxy",
    "system_trust",
    "translate",
]


class _Closeable(Protocol):
    async def aclose(self) -> None: ...


TRANSLATED = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.StreamError,
    anyio.BrokenResourceError,
    anyio.ClosedResourceError,
    anyio.EndOfStream,
    ssl.SSLError,
    OSError,
    UnicodeError,
    ValueError,
    TypeError,
    AssertionError,
    RecursionError,
    RuntimeError,
)
"""What may come out of httpx and below it for reasons of the network or the server (reliability.md, section 4):
a hostile answer can raise any of these, and a loop that is closing raises RuntimeError."""

KEEP_ALIVE = 30.0
"""Seconds for which a connection that is not used stays open."""
_WRITE_SECONDS = 60.0
_TRUST_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
# anyio loads its half of asyncio at the first connection, which would hold up all streams of the loop for 100 ms.
with contextlib.suppress(ImportError):
    import_module("anyio._backends._asyncio")
_UNFINISHED = (ssl.SSLWantReadError, ssl.SSLWantWriteError)
"""No errors: the step of TLS that was waited for when time ran out."""
_CUT_WORDS = ("closed connection", "disconnected")


def system_trust(ca_file: str = "") -> ssl.SSLContext:
    """Trust as the operating system has it, and one file of certificates more. Slow: 20 to 100 ms, call in a thread.

    Raises NetError("tls") where the file cannot be read.
    """
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca_file:
        try:
            context.load_verify_locations(cafile=ca_file)
        except (OSError, ssl.SSLError) as error:
            raise NetError("tls", "the file of extra certificates cannot be read") from error
    return context


class Stop:
    """A wish to end a request, and where the request stands: what may be cancelled at once, and what may not."""

    def __init__(self) -> None:
        """Not asked yet."""
        self.asked = False
        self.connecting = False
        self.closing = False


class Line:
    """A way to one server (or proxy) on which one request at a time is sent, over at most one open connection.

    httpx shares connections in a pool, and the pool keeps those for ever that a cancel meets at the wrong moment: between
    connecting and sending, while TLS is being agreed on, while closing (encode/httpx#3782 and others). A pool that is
    thrown away as a whole, with the socket remembered beside it, cannot leak; a line that ended well is used again.
    """

    def __init__(self, proxy: str | None, trust: ssl.SSLContext | None) -> None:
        """Without trust it reaches plain http only. Raises NetError("proxy") for a proxy that cannot be used."""
        own = trust if proxy and proxy.startswith("https:") else None
        try:
            self._transport = httpx.AsyncHTTPTransport(
                verify=trust or _TRUST_NOBODY,
                trust_env=False,
                limits=httpx.Limits(max_connections=1, keepalive_expiry=KEEP_ALIVE),
                proxy=httpx.Proxy(proxy, ssl_context=own) if proxy else None,
            )
        except (ValueError, httpx.InvalidURL, ImportError) as error:
            raise NetError("proxy", "this proxy address cannot be used") from error
        self._sockets = Backend()
        # httpx has no word for what httpcore calls `network_backend`.
        self._transport._pool._network_backend = self._sockets  # noqa: SLF001 - see above
        self._proxy = proxy
        self._socket: _Closeable | None = None

    async def send(self, request: httpx.Request, stop: Stop, pace: Pace) -> httpx.Response:
        """The head of the answer. Raises what httpx raises. `pace` is asked before each read.

        Connecting is not to be cancelled (a socket that is just being handed over would be lost): `stop.connecting` says
        when, and a stop asked for meanwhile takes effect at its end. A proxy has the connect clock to open its tunnel, which
        to httpx is a request like any other. Raises NetError("proxy") where it does not.
        """
        seconds = (
            request.extensions["timeout"]["connect"]
            if self._proxy and request.url.scheme == "https"
            else None
        )
        tunnel = asyncio.timeout(None)

        async def trace(name: str, info: dict[str, Any]) -> None:
            if name.endswith("connect_tcp.started"):
                stop.connecting = True
            elif name.endswith(("connect_tcp.complete", "connect_tcp.failed")):
                stop.connecting = False
                self._socket = info.get("return_value")
                if stop.asked:
                    raise NetError("cut", "stopped")
                if seconds is not None:
                    tunnel.reschedule(asyncio.get_running_loop().time() + seconds)
            elif name == "proxy.start_tls.started":
                tunnel.reschedule(None)

        request.extensions["trace"] = trace
        self._sockets.pace = pace
        try:
            async with tunnel:
                return await self._transport.handle_async_request(request)
        except TimeoutError as error:
            if not tunnel.expired():
                raise
            raise NetError("proxy", "the proxy did not answer in time") from error

    @property
    def clean(self) -> bool:
        """Whether nothing has come behind the end of the answer: it would be read as the answer to the next request.

        h11 has taken such bytes into its buffer, where httpx does not look. Where they cannot be looked for, they count as
        there.
        """
        found: Any = next(iter(self._transport._pool.connections), None)  # noqa: SLF001 - see above
        while found is not None and not hasattr(found, "_h11_state"):
            found = getattr(found, "_connection", None)
        return found is not None and not found._h11_state.trailing_data[0]  # noqa: SLF001 - see above

    async def close(self) -> None:
        """Close the connection, whatever state it is in."""
        with contextlib.suppress(*TRANSLATED):
            await self._transport.aclose()
        if self._socket is not None:
            with contextlib.suppress(*TRANSLATED):
                await self._socket.aclose()


def system_proxy(url: str) -> str | None:
    """The proxy that environment or operating system name for a URL, None for a direct way."""
    parts = urlsplit(url)
    if proxy_bypass(parts.hostname or ""):
        return None
    known = getproxies()
    proxy = known.get(parts.scheme) or known.get("all")
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"


def new_request(
    method: str, url: str, headers: Mapping[str, str | Secret], body: bytes | None, connect: float
) -> httpx.Request:
    """The request, with secrets written out; in `authorization` one is a bearer token.

    Only the connect clock is httpx's, the others are ours.
    """
    sent = {k: _revealed(k, v) if isinstance(v, Secret) else v for k, v in headers.items()}
    timeout = {"connect": connect, "read": None, "write": _WRITE_SECONDS, "pool": connect}
    return httpx.Request(method, url, headers=sent, content=body, extensions={"timeout": timeout})


def _revealed(name: str, secret: Secret) -> str:
    return f"Bearer {secret.reveal()}" if name.lower() == "authorization" else secret.reveal()


def translate(error: Exception, url: str, by_proxy: bool) -> NetError:
    """What an exception means. Texts of exceptions are not passed on where they could repeat a header."""
    host = urlsplit(url).hostname or ""
    kind, message = _kind(error)
    if by_proxy and kind in ("dns", "refused", "connect"):
        return NetError("proxy", message)
    return NetError(kind, f"{host}: {message}" if message else host)


def _kind(error: Exception) -> tuple[NetErrorKind, str]:
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, _UNFINISHED):
            return "tls", getattr(cause, "verify_message", "") or (cause.reason or "TLS failed").lower()
        if isinstance(cause, socket.gaierror):
            return "dns", "no such host"
        if isinstance(cause, ConnectionRefusedError):
            return "refused", "connection refused"
    match error:
        case httpx.ProxyError():
            return "proxy", "the proxy refused"
        case httpx.ConnectTimeout():
            return "connect", "no connection in time"
        case httpx.TimeoutException():
            return "timeout", "sending took too long"
        case httpx.ConnectError():
            return "connect", _system_text(causes) or "no connection"
        case httpx.RemoteProtocolError():
            if any(word in str(error) for word in _CUT_WORDS):
                return "cut", "the connection ended too early"
            return "protocol", "not a valid HTTP answer"
        case httpx.NetworkError() | anyio.BrokenResourceError() | anyio.ClosedResourceError() | OSError():
            return "cut", _system_text(causes) or "the connection broke"
        case anyio.EndOfStream() | httpx.StreamError():
            return "cut", "the connection ended too early"
        case RuntimeError() if not isinstance(error, RecursionError):
            return "cut", "the network is shutting down"
        case _:
            return "protocol", type(error).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception, and what it was raised from or during, into exception groups."""
    seen: set[int] = set()
    queue: list[BaseException] = [error]
    while queue:
        one = queue.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, BaseExceptionGroup):
            queue.extend(one.exceptions)
        queue.extend(x for x in (one.__cause__, one.__context__) if x is not None)


def _system_text(causes: list[BaseException]) -> str:
    """What the operating system says, such as "Network is unreachable"."""
    return next((c.strerror for c in causes if isinstance(c, OSError) and c.errno and c.strerror), "")
