"""How a connection is read: many small chunks as one, and not before its owner's pace allows.

Stands between httpcore and the sockets, where httpcore has a door for it. Parsing a chunk of HTTP costs more than all that
is done with the token in it, and models send a chunk a token: so chunks that lie in one buffer go on as one, whose
bytes are the same. Not a parser: what is not plain is passed on as it came, for h11 to judge.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeAlias

import httpcore

__all__ = ["Backend", "Chunks", "Pace"]

Pace: TypeAlias = Callable[[], Awaitable[None]]
"""Waits until a connection may be read again. Bytes that come meanwhile wait with the operating system."""

_HEAD_END = re.compile(rb"\n\r?\n")
"""Where h11 takes a head to end, too."""
_CHUNKED = re.compile(rb"\ntransfer-encoding:[ \t]*chunked[ \t]*\r?\n", re.IGNORECASE)
_INTERIM = re.compile(rb"HTTP/\d\.\d 1\d\d")
_BODILESS = re.compile(rb"HTTP/\d\.\d (?:204|304)")
_LONGEST_HEAD = 100_000
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})\r\n")
_RECORDS = 65_536
"""Bytes of a handshake that are read at a time."""
_BEGUN = re.compile(rb"[0-9A-Fa-f]{0,16}\r?\Z")


class Chunks:
    """The bytes of one answer in, the same answer out, with chunks joined where several came at once."""

    def __init__(self) -> None:
        """Before the head."""
        self._head: bytearray | None = bytearray()
        self._plain = False
        """The rest is passed on as it comes."""
        self._rest = b""
        """The beginning of a line between two chunks."""
        self._left = 0
        """Bytes that the chunk under way still has."""
        self._inside = False
        """In a chunk, or before the line end that closes it."""

    def feed(self, data: bytes) -> bytes:
        """What can be passed on; nothing where only a part of a line has come. Raises httpcore.RemoteProtocolError."""
        if self._plain:
            return data
        if self._head is None:
            return self._join(data)
        known = len(self._head)
        self._head += data
        start = 0
        while (end := _HEAD_END.search(self._head, start)) is not None:
            if _INTERIM.match(self._head, start) is None:
                chunked = _CHUNKED.search(self._head, start, end.end())
                self._plain = chunked is None or _BODILESS.match(self._head, start) is not None
                self._head = None
                body = end.end() - known
                return data if self._plain else data[:body] + self._join(data[body:])
            start = end.end()
        self._plain = len(self._head) > _LONGEST_HEAD
        return data

    def _join(self, data: bytes) -> bytes:
        data, self._rest = self._rest + data, b""
        pieces: list[bytes] = []
        at, end, as_it_came = 0, len(data), b""
        while at < end:
            if self._inside:
                piece = data[at : at + self._left]
                pieces.append(piece)
                at += len(piece)
                self._left -= len(piece)
                if self._left or at == end:
                    break
                if data[at : at + 2] != b"\r\n":
                    if data[at:] != b"\r":
                        raise httpcore.RemoteProtocolError("a chunk is longer than its size")
                    self._rest = b"\r"
                    break
                at += 2
                self._inside = False
            elif (size := _SIZE.match(data, at)) is not None and (left := int(size[1], 16)):
                self._left, self._inside = left, True
                at = size.end()
            elif size is None and _BEGUN.match(data, at):
                self._rest = data[at:]
                break
            else:  # the last chunk, one with an extension, or none at all
                self._plain, as_it_came = True, data[at:]
                break
        whole = b"".join(pieces)
        return b"%x\r\n%b\r\n%b" % (len(whole), whole, as_it_came) if whole else as_it_came


class Backend(httpcore.AsyncNetworkBackend):
    """httpcore's own way to connect. `pace` is asked before each read of a socket; None reads at once."""

    def __init__(self) -> None:
        """Without a pace."""
        self.pace: Pace | None = None
        self._way = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """See httpcore."""
        return _Plain(await self._way.connect_tcp(host, port, timeout, local_address, socket_options), self)

    async def sleep(self, seconds: float) -> None:
        """See httpcore."""
        await self._way.sleep(seconds)


class _Stream(httpcore.AsyncNetworkStream):
    """One connection: `below` carries its bytes, `more` reads them."""

    def __init__(self, below: httpcore.AsyncNetworkStream) -> None:
        self._below = below
        self._chunks = Chunks()

    async def more(self, max_bytes: int) -> bytes:
        """All that lies there, or else the next that comes; none at the end."""
        raise NotImplementedError

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002, ASYNC109 - the clocks are ours
        """See httpcore."""
        while data := await self.more(max_bytes):
            if found := self._chunks.feed(data):
                return found
        return b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - httpcore's
        """See httpcore. What is read next is the answer to what is written."""
        self._chunks = Chunks()
        await self._below.write(buffer, timeout)

    async def aclose(self) -> None:
        """See httpcore."""
        await self._below.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's
    ) -> httpcore.AsyncNetworkStream:
        """See httpcore."""
        try:
            stream = _Tls(self, ssl_context, server_hostname)
            async with asyncio.timeout(timeout):
                await stream.shake_hands()
        except Exception as error:
            await self.aclose()
            if isinstance(error, TimeoutError):
                raise httpcore.ConnectTimeout(str(error)) from error
            if isinstance(error, ssl.SSLError | httpcore.NetworkError):
                raise httpcore.ConnectError(str(error)) from error
            raise
        return stream

    def get_extra_info(self, info: str) -> Any:
        """See httpcore."""
        return self._below.get_extra_info(info)


class _Plain(_Stream):
    """A socket, read at the pace of its owner."""

    def __init__(self, below: httpcore.AsyncNetworkStream, backend: Backend) -> None:
        super().__init__(below)
        self._backend = backend
        self._full = False
        """The last read brought as much as it could: more lies there."""

    async def more(self, max_bytes: int) -> bytes:
        """See _Stream."""
        if self._backend.pace is not None and not self._full:
            await self._backend.pace()
        data = await self._below.read(max_bytes)
        self._full = len(data) >= max_bytes
        return data


class _Tls(_Stream):
    """TLS over a connection. Reads all records that have come, where anyio's reads one: a server sends one a token."""

    def __init__(self, below: _Stream, context: ssl.SSLContext, hostname: str | None) -> None:
        super().__init__(below)
        self._stream = below
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=hostname)

    async def shake_hands(self) -> None:
        """Agree on keys. Raises ssl.SSLError where the other side cannot be trusted."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._send()
                await self._receive(_RECORDS)
            else:
                await self._send()
                return

    async def more(self, max_bytes: int) -> bytes:
        """See _Stream. The end of the connection is the end, whether TLS was told or not: HTTP knows what is missing."""
        pieces: list[bytes] = []
        while True:
            try:
                piece = self._tls.read(max_bytes)
            except ssl.SSLWantReadError:
                await self._send()
                if pieces:
                    break
                await self._receive(max_bytes)
            except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
                break
            else:
                if not piece:
                    break
                pieces.append(piece)
        return b"".join(pieces)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - httpcore's
        """See httpcore."""
        self._chunks = Chunks()
        self._tls.write(buffer)
        await self._send(timeout)

    def get_extra_info(self, info: str) -> Any:
        """See httpcore."""
        return self._tls if info == "ssl_object" else super().get_extra_info(info)

    async def _send(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - httpcore's
        if data := self._outgoing.read():
            await self._below.write(data, timeout)

    async def _receive(self, max_bytes: int) -> None:
        if data := await self._stream.more(max_bytes):
            self._incoming.write(data)
        else:
            self._incoming.write_eof()
