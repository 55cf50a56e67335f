"""Joining chunks changes nothing but how many there are: h11 reads the same answer, with them joined or as they came."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import h11
import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidelight.net.gathering import Chunks

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
INTERIM = b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"
HEADS = (
    HEAD,
    INTERIM + INTERIM + HEAD,
    b"HTTP/1.1 200 OK\ntransfer-encoding: CHUNKED\n\n",
    b"HTTP/1.1 429 No\r\nx: transfer-encoding: chunked\r\ntransfer-encoding:chunked \r\n\r\n",
    b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n",
    b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\ntransfer-encoding: chunked\r\n\r\n",
    b"HTTP/1.1 204 No\r\ntransfer-encoding: chunked\r\n\r\n",
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n folded\r\n\r\n",
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
    b"HTTP/1.0 200 OK\r\n\r\n",
    b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
)
ENDS = (
    b"0\r\n\r\n",
    b"0\r\nx: trailer\r\n\r\n",
    b"0\r\n\r\nHTTP/1.1 200 behind the end",
    b"",
    b"5\r\nhel",
    b"zz\r\nabc\r\n",
    b"-1\r\nabc\r\n",
    b"3;a=b\r\nabc\r\n0\r\n\r\n",
    b"0000000000000000000000003\r\nabc\r\n0\r\n\r\n",
    b"3 \r\nabc\r\n0\r\n\r\n",
    b"3\nabc\n0\n\n",
)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def read(pieces: Iterator[bytes]) -> tuple[object, ...]:
    """What h11 makes of bytes: status, body, whether it ended, whether more came behind the end; or the error."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="POST", target="/", headers=[("host", "h")]))
    connection.send(h11.EndOfMessage())
    status, body, ended = 0, b"", False
    trailers: tuple[tuple[bytes, bytes], ...] = ()
    try:
        for piece in pieces:
            connection.receive_data(piece)
            while (event := connection.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
                match event:
                    case h11.Response():
                        status = event.status_code
                    case h11.Data():
                        body += event.data
                    case h11.EndOfMessage():
                        ended, trailers = True, tuple(event.headers)
                    case h11.ConnectionClosed():
                        break
                    case _:
                        pass
    except (h11.RemoteProtocolError, httpcore.RemoteProtocolError):
        return status, body, "protocol"
    return status, body, ended, trailers, bool(connection.trailing_data[0])


def as_it_came(pieces: Sequence[bytes]) -> Iterator[bytes]:
    yield from pieces
    yield b""


def joined(pieces: Sequence[bytes]) -> Iterator[bytes]:
    chunks = Chunks()
    yield from (found for piece in pieces if (found := chunks.feed(piece)))
    yield b""


@given(
    st.sampled_from(HEADS),
    st.lists(st.binary(min_size=1, max_size=40), max_size=12),
    st.sampled_from(ENDS),
    st.lists(st.integers(0, 700), max_size=30),
)
def test_the_answer_is_the_same_however_it_is_cut(
    head: bytes, parts: list[bytes], end: bytes, cuts: list[int]
) -> None:
    whole = head + b"".join(map(chunk, parts)) + end
    places = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    pieces = [whole[a:b] for a, b in pairwise(places)]
    assert read(joined(pieces)) == read(as_it_came(pieces))


@pytest.mark.parametrize("end", [b"x\n", b"\rx", b"0\r\n\r\n"])
def test_a_chunk_that_is_longer_than_its_size(end: bytes) -> None:
    for cut in range(len(HEAD), len(HEAD) + 8):
        whole = HEAD + b"3\r\nabc" + end
        assert read(joined([whole[:cut], whole[cut:]]))[-1] == "protocol"


def test_chunks_of_one_buffer_are_one() -> None:
    chunks = Chunks()
    parts = [b"a" * n for n in range(1, 30)]
    assert chunks.feed(HEAD + b"".join(map(chunk, parts)) + b"1") == HEAD + chunk(b"".join(parts))
    assert chunks.feed(b"") == b""
    assert chunks.feed(b"0\r\n") == b""
    assert chunks.feed(b"b" * 10) == chunk(b"b" * 10), "the beginning of a chunk goes on at once"
    assert chunks.feed(b"b" * 6 + b"\r\n0\r\n\r\n") == chunk(b"b" * 6) + b"0\r\n\r\n"
