"""The table is whole; and what its streams say does not depend on where they are cut."""

from __future__ import annotations

import pytest
from tests.faults.client import folded
from tests.faults.streams import CUT
from tests.faults.table import TABLE

from sidelight.backends.wire.openai_chat import ChatDecoder
from sidelight.backends.wire.sse import SseReader
from sidelight.backends.wire.think_tags import ThinkSplitter
from sidelight.chat.reply import Reply


def test_every_fault_is_there_in_order() -> None:
    assert [fault.number for fault in TABLE] == list(range(1, 65))
    assert all(fault.ways for fault in TABLE)
    for fault in TABLE:
        names = [name for name, _ in fault.ways]
        assert len(set(names)) == len(names), fault


def read(*pieces: bytes) -> Reply:
    """What a stream says that comes in these pieces."""
    reader, decoder = SseReader(), ChatDecoder(str, tags=ThinkSplitter())
    frames = [frame for piece in pieces for frame in reader.feed(piece)] + reader.flush()
    return folded([*(event for frame in frames for event in decoder.frame(frame)), *decoder.flush()])


@pytest.mark.parametrize("body", CUT, ids=range(len(CUT)))
def test_a_cut_at_any_place_changes_nothing(body: bytes) -> None:
    whole = read(body)
    assert whole.answer_text == CUT[body]
    for place in range(len(body) + 1):
        assert read(body[:place], body[place:]) == whole, place
