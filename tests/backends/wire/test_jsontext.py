"""The gate for JSON and text of strangers."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidelight.backends.wire.jsontext import SurrogateJoiner, at, clean, count, dump, loads, number, text


@pytest.mark.parametrize(
    "source",
    ["", "x", "{", "[" * 1_000_000, '{"a":' * 100_000, "\ufeff{}", '{"a":1}x', "\x00", '{"a":1,}'],
)
def test_what_is_no_json_is_none(source: str) -> None:
    assert loads(source) is None


def test_numbers_nobody_can_mean_are_none() -> None:
    source = (
        '{"a":NaN,"b":1e400,"c":-Infinity,"d":' + "9" * 5000 + ',"e":"\\ud83e","f":1.5,"a2":{"a":1,"a":2}}'
    )
    found = loads(source)
    assert found == {"a": None, "b": None, "c": None, "d": None, "e": "\ud83e", "f": 1.5, "a2": {"a": 2}}


def test_the_readers_take_what_is_there() -> None:
    value = {"a": {"b": {"c": "x"}}, "n": 3, "f": 2.5, "t": True, "s": "", "l": [1]}
    assert at(value, "a", "b") == {"c": "x"}
    assert at(value, "a", "x", "c") == at(value, "l") == at(None) == at([1]) == {}
    assert text(value, "s", "n", "a") == ""
    assert text(at(value, "a", "b"), "x", "c") == "x"
    assert text({"x": "ab\ud800"}, "x", cap=2) == "ab"
    assert [count(v) for v in (3, 3.0, 2.5, -1, True, "3", None, 10**400, float("inf"))] == [3, 3] + [
        None
    ] * 7
    assert [number(v) for v in (1, 0.5, True, "1", float("nan"))] == [1.0, 0.5, None, None, None]


@given(st.text(st.characters(), max_size=20), st.data())
def test_text_in_pieces_is_clean_and_the_same(value: str, data: st.DataObject) -> None:
    """Pairs cut anywhere between their halves come together again; what is left alone is U+FFFD."""
    halves = value.encode("utf-16-le", "surrogatepass")
    units = [halves[i : i + 2].decode("utf-16-le", "surrogatepass") for i in range(0, len(halves), 2)]
    join = SurrogateJoiner()
    out = "".join(join(unit) for unit in units) + join.flush()
    out.encode()
    assert out == clean("".join(units))
    cut = data.draw(st.integers(0, len(units)))
    other = SurrogateJoiner()
    assert other("".join(units[:cut])) + other("".join(units[cut:])) + other.flush() == out


def test_text_without_surrogates_is_left_alone() -> None:
    assert clean("a🧠é\u2028") == "a🧠é\u2028"


def test_dump_writes_json_or_nothing() -> None:
    assert json.loads(dump({"a": "\ud800é"})) == {"a": "\ud800é"}
    assert dump({"a": "\ud800"}).isascii()
    assert dump({"a": "x" * 100}, cap=50) == dump(float("nan")) == dump({1, 2}) == ""
