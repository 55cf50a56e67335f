"""A value of the wrong type is as good as absent: hand-written streams with one value changed, in every dialect."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest
from tests.wire.streams import DIALECTS, decoded, frames, streams

from sidelight.backends.wire.jsontext import loads
from sidelight.chat.events import Event, Stamped
from sidelight.chat.reply import Reply, fold_all

WRONG: tuple[Any, ...] = (None, True, -7, 1.5, 10**30, "x", "", [], [[]], [None, 7, {}], {}, {"a": {"b": []}})
CHANGES = 600
"""Of each dialect, at places and by values drawn with a seed."""


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """All paths in a JSON value, its own first."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ())
    for name, item in inner:
        yield from places(item, (*path, name))


def changed(value: Any, path: tuple[Any, ...], wrong: Any) -> Any:
    if not path:
        return wrong
    whole = copy.deepcopy(value)
    at = whole
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = wrong
    return whole


def payloads(dialect: str) -> list[list[Any]]:
    """The JSON values of each stream of a dialect."""
    found: list[list[Any]] = []
    for stream in streams(dialect):
        values = [loads(frame.data) for frame in frames([stream.body], dialect)]
        if readable := [value for value in values if value is not None]:
            found.append(readable)
    return found


def as_bytes(dialect: str, values: list[Any]) -> bytes:
    lines = [json.dumps(value).encode() for value in values]
    return (
        b"".join(line + b"\n" for line in lines)
        if dialect == "ollama"
        else b"".join(b"data: " + line + b"\n\n" for line in lines)
    )


def sound(event: Event) -> bool:
    """Whether the fields of an event are of the types it states."""
    told: dict[str, Any] = {field.name: getattr(event, field.name) for field in fields(event)}
    texts = [told[name] for name in ("text", "value", "raw", "reason_on_wire", "message") if name in told]
    counts = [
        told[name]
        for name in ("prompt", "cached", "output_total", "reasoning", "part", "done", "total")
        if told.get(name) is not None
    ]
    names = [
        told[name]
        for name in ("response_id", "served_model", "provider", "fingerprint")
        if told.get(name) is not None
    ]
    return (
        all(isinstance(text, str) and text.encode() is not None for text in texts)
        and all(type(count) is int and count >= 0 for count in counts)
        and all(isinstance(name, str) and name for name in names)
    )


@pytest.mark.parametrize("dialect", DIALECTS)
def test_nothing_raises_and_all_is_sound(dialect: str) -> None:
    chance = random.Random(11)
    known = payloads(dialect)
    for _ in range(CHANGES):
        values = list(chance.choice(known))
        index = chance.randrange(len(values))
        path = chance.choice(list(places(values[index])))
        values[index] = changed(values[index], path, chance.choice(WRONG))
        for cumulative in (False, True) if dialect == "openai_chat" else (False,):
            events = decoded([as_bytes(dialect, values)], dialect, cumulative=cumulative)
            assert all(sound(event) for event in events), (path, values)
            reply = fold_all(Reply("r", "lane"), [Stamped.now(event, 0.0) for event in events])
            assert reply.finished or reply.failed
