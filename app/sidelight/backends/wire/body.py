"""What all dialects do to a request before they spell it: history, sampling parameters, the lane's extra JSON. No I/O.

What is sent of earlier turns is their answers and nothing else: that is legal everywhere (protocols.md, section 7).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from sidelight.backends.wire.jsontext import clean, loads
from sidelight.chat.events import Note
from sidelight.chat.message import Message, Parameters

__all__ = ["ELICIT", "BadExtra", "encoded", "history", "instructed", "sampling"]

ELICIT = (
    "First think the question through, step by step, between <think> and </think>."
    " Then give the answer between <answer> and </answer>."
)
"""Asks a model for a written-out trace where no template of ours can (R1-Zero's way)."""


class BadExtra(ValueError):
    """The extra parameters of a lane are no JSON object."""


def instructed(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The messages with the wish for a written-out trace at the end of their system text."""
    first = messages[:1] if messages and messages[0].role == "system" else ()
    system = f"{first[0].text if first else ''}\n\n{ELICIT}".strip()
    return (Message("system", system), *messages[len(first) :])


def history(messages: Sequence[Message]) -> tuple[str, list[Message]]:
    """The system text and the turns, for dialects that keep the two apart."""
    system = "\n\n".join(m.text for m in messages if m.role == "system")
    return clean(system), [m for m in messages if m.role != "system"]


def sampling(
    asked: Parameters, names: Mapping[str, str], ignores: Collection[str] = ()
) -> tuple[dict[str, Any], list[Note]]:
    """The fields of the sampling parameters that are set, and what became of each.

    `names` says how the API spells them and leaves out what it does not have; `ignores` are those this model does not
    listen to, which are not sent: some servers refuse them, the others say nothing.
    """
    wishes = {
        "temperature": asked.temperature,
        "top_p": asked.top_p,
        "max_tokens": asked.max_tokens,
        "seed": asked.seed,
        "stop": [clean(word) for word in asked.stop] or None,
    }
    fields: dict[str, Any] = {}
    notes: list[Note] = []
    for name, value in wishes.items():
        if value is None:
            continue
        if name not in names:
            notes.append(Note(name, "ignored", "not_in_this_api"))
        elif name in ignores:
            notes.append(Note(name, "ignored", "not_by_this_model"))
        else:
            fields[names[name]] = value
            notes.append(Note(name, "sent", names[name]))
    return fields, notes


def encoded(body: Mapping[str, Any], extra: str = "") -> str:
    """The JSON text of a body without what is None; the lane's extra JSON comes last and may say null. Raises BadExtra."""
    whole = {name: value for name, value in body.items() if value is not None}
    if extra.strip():
        more = loads(extra)
        if not isinstance(more, dict):
            raise BadExtra
        whole = _merged(whole, more)
    try:
        return msgspec.json.encode(whole).decode()
    except UnicodeError as error:
        raise BadExtra from error


def _merged(body: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Objects are merged into objects, so that one option more does not take the others away."""
    out = dict(body)
    for name, value in more.items():
        old = out.get(name)
        both = isinstance(old, dict) and isinstance(value, dict)
        out[name] = _merged(old, value) if both else value  # type: ignore[arg-type]  # both are dicts then
    return out
