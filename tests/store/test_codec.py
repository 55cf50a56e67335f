"""Events as JSON and back: every class, strangers among them, and text that is no Unicode."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest
from hypothesis import given
from tests.store.strategies import streams

from sidelight.chat.events import AnswerDelta, Event, Failed, FailureKind, Finished, FinishReason, Stamped
from sidelight.chat.reply import Timing
from sidelight.store.codec import Column, checksum, decode_events, encode_events, mended


@given(streams())
def test_every_stream_comes_back_as_it_went(stream: list[Stamped]) -> None:
    assert decode_events(encode_events(stream)) == (stream, 0)


@pytest.mark.parametrize("kind", get_args(Event))
def test_every_class_of_event_is_known(kind: type) -> None:
    needed = {"text": "x", "stage": "sent", "kind": "auth", "value": "{}", "reason": "stop"}
    needed |= {"url": "http://x", "metadata": "{}"}
    if kind.__name__ == "Opaque":
        needed["kind"] = "signature"
    fields = {name: value for name, value in needed.items() if name in kind.__dataclass_fields__}  # type: ignore[attr-defined]  # every event is a dataclass
    read, skipped = decode_events(msgspec.json.encode([[kind.__name__, 1.0, 2.0, fields]]))
    assert skipped == 0
    assert isinstance(read[0].event, kind)
    assert (read[0].at, read[0].until) == (1.0, 2.0)


def test_unknown_fields_are_passed_over_and_unknown_events_are_counted() -> None:
    blob = msgspec.json.encode(
        [
            ["AnswerDelta", 0, 0, {"text": "a", "colour": "red"}],
            ["ImageDelta", 0, 0, {"url": "x"}],
            ["Finished", 1, 1, {"reason": "bored"}],
            ["Finished", 1, 1, {"reason": "stop"}],
        ]
    )
    read, skipped = decode_events(blob)
    assert [s.event for s in read] == [AnswerDelta("a"), Finished(FinishReason.STOP)]
    assert skipped == 2


@pytest.mark.parametrize("blob", [b"", b"[", b"{}", b'[["AnswerDelta"]]', b"\xff"])
def test_what_is_no_row_is_said(blob: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_events(blob)


def test_half_a_surrogate_pair_is_mended_and_a_split_pair_joined() -> None:
    assert mended("a\ud800b") == "a\ufffdb"
    assert mended("\ud83d\ude00") == "\U0001f600"
    assert mended("\ufeffplain") == "\ufeffplain"
    failed = Failed(FailureKind.SERVER, "\udc00", details=(("n", "\ud800"),))
    (read,), skipped = decode_events(encode_events([Stamped.now(failed, 0.0)]))
    assert (read.event, skipped) == (Failed(FailureKind.SERVER, "\ufffd", details=(("n", "\ufffd"),)), 0)


def test_a_number_that_json_has_not_is_unknown_afterwards() -> None:
    (read,), _ = decode_events(
        encode_events([Stamped.now(Failed(FailureKind.QUOTA, retry_after=float("nan")), 0.0)])
    )
    assert isinstance(read.event, Failed)
    assert read.event.retry_after is None


def test_a_column_holds_nothing_for_the_usual_value() -> None:
    column = Column[Timing](Timing, Timing())
    assert column.encode(Timing()) is None
    assert column.decode(None) == Timing()
    assert column.decode(column.encode(Timing(done=1.5))) == Timing(done=1.5)
    assert column.decode('{"done": 2, "later": true}') == Timing(done=2)


def test_a_checksum_tells_one_flipped_bit() -> None:
    assert checksum(("text", 1, None, 0.5)) == checksum(["text", 1, None, 0.5])
    assert checksum(("text", 1)) != checksum(("tdxt", 1))
