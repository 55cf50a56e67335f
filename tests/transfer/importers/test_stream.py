"""JSON cut into parts: the same parts as a parser finds, however the bytes come; and no more than the limits allow."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidelight.transfer.importers import stream
from sidelight.transfer.importers.limits import Refusal
from sidelight.transfer.importers.stream import Part, parts

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


class Dripping:
    """A stream that gives a few bytes at a time."""

    def __init__(self, data: bytes, size: int) -> None:
        self._file = io.BytesIO(data)
        self._size = size

    def read(self, size: int, /) -> bytes:
        return self._file.read(min(size, self._size))


def cut(data: bytes, size: int = 7, unfold: tuple[str, ...] = (), largest: int = 10**6) -> list[Part]:
    return list(parts(Dripping(data, size), unfold, largest))


@given(st.lists(values), st.integers(1, 40), st.sampled_from([None, 1]), st.booleans())
def test_the_elements_of_a_list_are_those_that_a_parser_finds(
    elements: list[Any], size: int, indent: int | None, ascii_only: bool
) -> None:
    data = json.dumps(elements, indent=indent, ensure_ascii=ascii_only).encode()
    found = cut(data, size)
    assert [json.loads(p.raw) for p in found] == elements
    assert [data[p.at : p.at + len(p.raw)] for p in found] == [p.raw for p in found]
    assert {p.key for p in found} <= {None}


@given(st.dictionaries(st.text("ab\u00e9", max_size=3), values), st.lists(values), st.integers(1, 40))
def test_the_members_of_an_object_come_with_their_keys_and_lists_are_unfolded(
    members: dict[str, Any], elements: list[Any], size: int
) -> None:
    whole = {**members, "many": elements}
    found = cut(json.dumps(whole, ensure_ascii=False).encode(), size, ("many",))
    assert [json.loads(p.raw) for p in found if p.key == "many"] == elements
    assert {p.key: json.loads(p.raw) for p in found if p.key != "many"} == members


@pytest.mark.parametrize("data", [b"", b" ", b"[", b"[1", b"[1,", b"[1}", b"[,]", b"[1,]", b"[[1]", b'{"a"}', b'{"a":}',
                                  b"{1:2}", b'["a', b"[1] 2", b'{"a":1,}', b"[}"])  # fmt: skip
def test_what_does_not_fit_together_is_broken(data: bytes) -> None:
    with pytest.raises(Refusal, match="broken"):
        cut(data)


@pytest.mark.parametrize("data", [b"hello", b"<html>", b"\xff\xfe[\x00]\x00", b"null", b'"text"', b"42"])
def test_what_does_not_begin_as_json_does_is_none(data: bytes) -> None:
    with pytest.raises(Refusal, match="not_json"):
        cut(data)


def test_a_mark_of_the_encoding_is_passed_over() -> None:
    assert [p.raw for p in cut(b"\xef\xbb\xbf[1]")] == [b"1"]


@pytest.mark.parametrize(
    ("middle", "wrong"),
    [
        (b'"%s"' % (b"x" * 3000), "large"),
        (b'{"a":"%s"}' % (b"y" * 3000), "large"),
        (b'["%s"]' % (b'\\\\\\"' * 1000), "large"),
        (b"[%s 2]" % (b"1234," * 700), "large"),
        (b"[" * 300 + b"]" * 300, "deep"),
        (b'{"a":' * 300 + b"1" + b"}" * 300, "deep"),
    ],
)
def test_a_part_beyond_the_limits_is_left_out_and_the_others_come(middle: bytes, wrong: str) -> None:
    found = cut(b"[1," + middle + b',{"after":"it"}]', 100, largest=2000)
    assert [(p.raw, p.wrong) for p in found] == [(b"1", ""), (b"", wrong), (b'{"after":"it"}', "")]


def test_too_many_small_values_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MOST_VALUES", 50)
    many = [b"[%s]" % b",".join([b"{}"] * 60), b"[%s]" % b",".join([b'"a"'] * 110)]
    found = cut(b"[%s,%s,3]" % (many[0], many[1]), 1000)
    assert [p.wrong for p in found] == ["values", "values", ""]


def test_levels_without_end_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_HOPELESS", 1000)
    with pytest.raises(Refusal, match="deep"):
        cut(b"[" * 100_000, 4096)


def test_no_more_than_a_part_is_kept_of_what_is_too_large() -> None:
    """The buffer holds the part that is under way and not the file; a part that is too large is not kept at all."""
    read = 0

    class Endless:
        def read(self, size: int, /) -> bytes:
            nonlocal read
            read += size
            return b"[" + b"[1]," * (size // 4) if read == size else b"[1]," * (size // 4)

    found = parts(Endless())
    frame: Any = found.gi_frame  # type: ignore[attr-defined]  # a generator has one
    cutter = frame.f_locals["self"]
    for _ in range(200_000):
        next(found)
    assert len(cutter._buffer) < 4_000_000
