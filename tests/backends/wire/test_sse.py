"""Bytes to frames: any cut gives the same, nothing but LF, CRLF and CR ends a line, caps hold."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidelight.backends.wire.frames import Frame, FrameReader
from sidelight.backends.wire.ndjson import NdjsonReader
from sidelight.backends.wire.sse import SseReader

SEPARATORS = "\u2028\u2029\x85\x0b\x0c\x1c\x1d\x1e"
PIECES = st.sampled_from(
    [
        *(b"data: ", b"data:", b"data", b"event: error", b"error: x", b": c", b"id: 1", b"{}"),
        *(b"\n", b"\r", b"\r\n", b"\n\n", b"\xef\xbb\xbf", b"\xff", b"\x00"),
        *(character.encode() for character in "é🧠" + SEPARATORS),
    ]
)
BODIES = st.lists(PIECES | st.binary(max_size=4), max_size=30).map(b"".join)


def read(reader: FrameReader, *pieces: bytes) -> list[Frame]:
    """All frames of a stream that comes in these pieces."""
    return [frame for piece in pieces for frame in reader.feed(piece)] + reader.flush()


@given(BODIES, st.data())
def test_any_cut_gives_the_same(body: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=6)))
    edges = [0, *cuts, len(body)]
    pieces = [body[a:b] for a, b in pairwise(edges)]
    for kind in (SseReader, NdjsonReader):
        assert read(kind(), *pieces) == read(kind(), body)
        assert read(kind(), *(body[i : i + 1] for i in range(len(body)))) == read(kind(), body)


@given(BODIES, st.integers(1, 12), st.data())
def test_any_cut_gives_the_same_under_a_cap(body: bytes, cap: int, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(body)))
    whole, cutted = SseReader(cap), SseReader(cap)
    assert read(whole, body) == read(cutted, body[:cut], body[cut:])
    assert whole.overflow == cutted.overflow


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", codec="utf-8")), min_size=1, max_size=4))
def test_data_arrives_as_it_was_written(lines: list[str]) -> None:
    body = "".join(f"data: {line}\n" for line in lines) + "\n"
    assert read(SseReader(), body.encode()) == [Frame("\n".join(lines))]


@pytest.mark.parametrize("separator", SEPARATORS)
def test_characters_other_readers_cut_at(separator: str) -> None:
    value = json.dumps({"text": f"a{separator}b"}, ensure_ascii=False)
    assert read(SseReader(), f"data: {value}\n\n".encode()) == [Frame(value)]
    assert read(NdjsonReader(), f"{value}\n".encode()) == [Frame(value)]


@pytest.mark.parametrize(
    ("body", "frames"),
    [
        (b"data: a\n\n", [Frame("a")]),
        (b"data:a\n\n", [Frame("a")]),
        (b"data:  a\n\n", [Frame(" a")]),
        (b"data\n\n", [Frame("")]),
        (b"data: a\ndata: b\n\n", [Frame("a\nb")]),
        (b"event: error\ndata: a\n\ndata: b\n\n", [Frame("a", "error"), Frame("b")]),
        (b"event: ping\n\ndata: b\n\n", [Frame("b")]),
        (b": comment\n\n:\n\n", []),
        (b"\xef\xbb\xbfdata: a\n\n", [Frame("a")]),
        (b"data: a\n\n\xef\xbb\xbfdata: b\n\n", [Frame("a")]),
        (b"data: a", [Frame("a")]),
        (b"data: a\r\rdata: b\r\n\r\n", [Frame("a"), Frame("b")]),
        (b"data: a\nerror: b\n\n", [Frame("a"), Frame("b", error_field=True)]),
        (b"data: \xff\n\n", [Frame("\ufffd")]),
        (b"data: a\x00b\n\n", [Frame("a\x00b")]),
        (b"DATA: a\n\n", []),
        (b" data: a\n\n", []),
    ],
)
def test_fields(body: bytes, frames: list[Frame]) -> None:
    assert read(SseReader(), body) == frames


def test_lines_of_json() -> None:
    assert read(NdjsonReader(), b'{"a":1}\r\n\n  \n{"b":2}') == [Frame('{"a":1}'), Frame('{"b":2}')]


@pytest.mark.parametrize("kind", [SseReader, NdjsonReader])
def test_an_event_beyond_the_cap_ends_the_reading(kind: type[SseReader] | type[NdjsonReader]) -> None:
    reader = kind(1000)
    fed = [
        bool(reader.feed(piece)) for piece in (b"data: 1\n\n", b"data: " + b"x" * 2000, b"\n\ndata: 2\n\n")
    ]
    assert fed == [True, False, False]
    assert reader.overflow
    assert not reader.flush()


def test_many_lines_of_one_event_count_together() -> None:
    reader = SseReader(1000)
    assert not reader.feed(b"data: 0123456789\n" * 200)
    assert reader.overflow


def test_a_large_event_in_small_pieces_is_not_slow() -> None:
    """A million pieces of one byte; joining at each would take minutes."""
    reader = SseReader()
    frames = [frame for _ in range(1_000_000) for frame in reader.feed(b"x")]
    assert not frames
    assert not reader.overflow
