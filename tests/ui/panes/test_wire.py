"""What is shown of a recording: long pictures named by their size, streams cut at a letter, damage said."""

from __future__ import annotations

import base64
import json
import os
import zlib

from sidelight.store.exchanges import Recorded
from sidelight.ui.panes.inspect.wire import SHOWN, readable, shown_body, wire_of


def recorded(stream: bytes = b"", body: str = "{}", *, whole: bool = True) -> Recorded:
    """A recording of these bytes."""
    packed = zlib.compress(stream) if stream else b""
    return Recorded("POST", "https://x.example/v1", (("authorization", "***"),), body, packed, whole)


def test_pictures_are_named_by_their_size_and_everything_else_stands_there() -> None:
    picture = base64.b64encode(os.urandom(900_000)).decode()
    body = json.dumps({"a": "x" * 300, "image": {"url": f"data:image/png;base64,{picture}"}})
    shown = shown_body(body)
    assert len(shown) < 500
    assert f"data:image/png;base64,{picture[:24]}… 1.2 MB of base64 …" in shown
    assert "x" * 300 in shown
    assert '\n  "image": {\n    "url"' in shown


def test_a_body_that_is_no_json_is_shown_as_it_is() -> None:
    assert shown_body("not {json") == "not {json"


def test_a_stream_is_shown_from_its_beginning_and_its_size_is_known() -> None:
    stream = b"data: x\n" * 20_000
    wire = wire_of(recorded(stream))
    assert (wire.size, wire.stream) == (160_000, stream[:SHOWN].decode())
    assert wire_of(recorded()).size == 0


def test_a_letter_cut_in_two_is_left_out_and_what_is_no_letter_is_marked() -> None:
    assert readable("fünf".encode()[:2]) == "f"
    assert readable(b"a\xffb\0c\r\nd") == "a\ufffdb\ufffdc\nd"


def test_a_stream_that_cannot_be_unpacked_is_said_to_be_damaged() -> None:
    broken = Recorded("POST", "https://x.example", (), "{}", b"no zlib")
    assert wire_of(broken).damaged
