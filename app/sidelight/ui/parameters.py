"""What a lane asked of its model beside the prompt, and what became of each wish, in words. No Qt, no looking up.

A backend notes what it did with the wishes that its API may not know (`chat.events.Note`); system prompt and extra JSON go out
as they are, so of them nothing is noted.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sidelight import messages
from sidelight.chat.events import Note, Outcome
from sidelight.chat.message import Parameters, TagRule
from sidelight.chat.reply import Reply

__all__ = ["Wish", "given", "rule_name", "taken", "wishes"]

_LABELS = {
    "system": "ui.lane_settings.system",
    "effort": "ui.lane_settings.effort",
    "elicited": "ui.sent.elicited",
    "temperature": "ui.lane_settings.temperature",
    "top_p": "ui.lane_settings.top_p",
    "max_tokens": "ui.lane_settings.max_tokens",
    "seed": "ui.lane_settings.seed",
    "stop": "ui.lane_settings.stop",
    "extra": "ui.lane_settings.extra",
    "images": "ui.sent.images",
    "files": "ui.sent.files",
}
_OUTCOMES: dict[Outcome, str] = {
    "sent": "ui.sent.sent",
    "clamped": "ui.sent.clamped",
    "ignored": "ui.sent.ignored",
    "refused by the server": "ui.sent.refused",
}
_REASONS = {
    "always_thinks": "ui.sent.why.always_thinks",
    "content_missing": "ui.sent.why.content_missing",
    "max_tokens_too_small": "ui.sent.why.max_tokens_too_small",
    "never_thinks": "ui.sent.why.never_thinks",
    "not_adjustable": "ui.sent.why.not_adjustable",
    "not_by_this_model": "ui.sent.why.not_by_this_model",
    "not_in_this_api": "ui.sent.why.not_in_this_api",
    "not_text_or_image": "ui.sent.why.not_text_or_image",
    "server_default": "ui.sent.why.server_default",
    "unknown_model": "ui.sent.why.unknown_model",
    "unknown_server": "ui.sent.why.unknown_server",
    "would_be_refused": "ui.sent.why.would_be_refused",
}
"""The words of docs/backends.md."""
_RULES: dict[TagRule, str] = {
    "auto": "ui.tags.auto",
    "split": "ui.tags.split",
    "inside": "ui.tags.inside",
    "leave": "ui.tags.leave",
}

Became: TypeAlias = Literal["sent", "changed", "left out", "unsent"]


@dataclass(frozen=True, slots=True)
class Wish:
    """One wish: its name and value for a person; what became of it, in a word (`outcome`) and a sentence (`note`)."""

    label: str
    value: str
    became: Became = "unsent"
    outcome: str = ""
    note: str = ""


def rule_name(rule: TagRule) -> str:
    """A tag rule in a few words."""
    return messages.text(_RULES[rule])


def given(parameters: Parameters) -> tuple[tuple[str, str], ...]:
    """What was set by hand: name and value."""
    return tuple((_label(name), value) for name, value in _values(parameters).items())


def wishes(reply: Reply) -> tuple[Wish, ...]:
    """What was asked of the model, and what became of it; then attachments, and what the server refused though nobody had
    asked for it."""
    if reply.asked is None:
        return ()
    values = _values(reply.asked.parameters)
    if reply.notes is None:
        return tuple(Wish(_label(name), value) for name, value in values.items())
    noted = {note.parameter: note for note in reply.notes}
    asked = [_wish(name, value, noted.get(name)) for name, value in values.items()]
    for note in reply.notes:
        if note.parameter not in values:
            value = "ui.sent.attached" if note.parameter in _LABELS else "ui.sent.unasked"
            asked.append(_wish(note.parameter, messages.text(value), note))
    return tuple(asked)


def taken(reply: Reply) -> tuple[str, str, bool]:
    """For a lane: what was not sent as it was set, in a line; all of it, for a tooltip; whether something was left out.

    The line is "" where nothing was set, or nothing sent yet.
    """
    found = [wish for wish in wishes(reply) if wish.became != "unsent"]
    if not found:
        return "", "", False
    odd: dict[str, list[str]] = {}
    for wish in sorted(found, key=lambda w: w.became != "left out"):
        if wish.became != "sent":
            odd.setdefault(wish.outcome, []).append(wish.label)
    marks = (messages.text("ui.sent.mark", names=", ".join(odd[word]), outcome=word) for word in odd)
    everything = "\n".join(
        ". ".join(x for x in (f"{w.label}: {_cut(w.value)} ({w.outcome})", w.note) if x) for w in found
    )
    left_out = any(wish.became == "left out" for wish in found)
    return " · ".join(marks) or messages.text("ui.sent.as_set"), everything, left_out


def _cut(value: str) -> str:
    line = " ".join(value[:400].split())
    return line if len(line) <= 80 else line[:80] + "…"


def _wish(name: str, value: str, note: Note | None) -> Wish:
    label = _label(name)
    if note is None:
        return Wish(label, value, "sent", messages.text("ui.sent.sent"))
    outcome = messages.text(_OUTCOMES[note.outcome])
    if note.outcome in ("sent", "clamped"):
        spelled = note.detail not in ("", name)
        said = messages.text("ui.sent.spelled", what=note.detail) if spelled else ""
        return Wish(label, value, "sent" if note.outcome == "sent" else "changed", outcome, said)
    reason = "ui.sent.why.images" if name == "images" else _REASONS.get(note.detail)
    why = messages.text(reason) if reason is not None else note.detail
    return Wish(label, value, "left out", outcome, why)


def _label(name: str) -> str:
    """Our name of a parameter; a field that only an API knows keeps its own."""
    return messages.text(_LABELS[name]) if name in _LABELS else name


def _values(parameters: Parameters) -> dict[str, str]:
    values: dict[str, str] = {}
    if parameters.system.strip():
        values["system"] = parameters.system
    if parameters.effort != "default":
        values["effort"] = messages.text(f"ui.effort.{parameters.effort}")
    if parameters.elicited:
        values["elicited"] = messages.text("ui.details.yes")
    for name, number in (("temperature", parameters.temperature), ("top_p", parameters.top_p)):
        if number is not None:
            values[name] = f"{number:g}"
    for name, whole in (("max_tokens", parameters.max_tokens), ("seed", parameters.seed)):
        if whole is not None:
            values[name] = str(whole)
    if parameters.stop:
        values["stop"] = json.dumps(parameters.stop, ensure_ascii=False)[1:-1]
    if parameters.extra.strip():
        values["extra"] = parameters.extra
    return values
