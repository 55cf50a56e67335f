"""One scale of effort for all models: what off, low, medium, high or max becomes where only some of it is known.

What a model takes is said by its provider; here is only the arithmetic between the two, and what is told of it. "default" sends
nothing and does not come here. A budget of tokens is a level for those that know levels, and the other way round.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sidelight.backends.base import Request
from sidelight.backends.wire.jsontext import dump
from sidelight.chat.events import Note, Outcome
from sidelight.chat.message import Effort, Parameters

__all__ = [
    "BUDGETS",
    "Choice",
    "budget",
    "budget_notes",
    "by_template",
    "ignored",
    "level",
    "levelled",
    "nearest",
    "switch",
]

BUDGETS: Mapping[Effort, int] = {"low": 2048, "medium": 8192, "high": 16384, "max": 24576}
"""Tokens of thought, where a model is told a budget in place of a level."""

_LADDER = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_WORDS: Mapping[str, str] = {"off": "none", "low": "low", "medium": "medium", "high": "high", "max": "max"}


@dataclass(frozen=True, slots=True)
class Choice:
    """What is sent for an effort, and what is said about it; `why` is a word of docs/backends.md where nothing is sent."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    outcome: Outcome = "sent"
    why: str = ""

    def note(self) -> Note:
        """What became of the wish."""
        return Note("effort", self.outcome, self.why or dump(self.fields))


def budget(asked: Parameters) -> int:
    """Tokens of thought that are wished for, by their number or by the level; 0 where thinking is to be off."""
    return BUDGETS.get(asked.effort, 0) if asked.thinking_tokens is None else asked.thinking_tokens


def levelled(request: Request) -> Request:
    """The request with the level that a wish for a number of tokens comes to, where there is one."""
    tokens = request.parameters.thinking_tokens
    if tokens is None:
        return request
    fitting: Effort = next((name for name, most in BUDGETS.items() if tokens <= most), "max")
    effort: Effort = fitting if tokens else "off"
    return replace(request, parameters=replace(request.parameters, effort=effort))


def budget_notes(notes: Iterable[Note], asked: Parameters) -> tuple[Note, ...]:
    """The notes, with what became of a number of tokens: sent where it stands in what was sent, else a level in its place."""
    tokens = asked.thinking_tokens
    if not tokens:
        return tuple(notes)
    return tuple(
        replace(note, outcome="clamped")
        if note.parameter == "effort"
        and note.outcome == "sent"
        and str(tokens) not in re.findall(r"\d+", note.detail)
        else note
        for note in notes
    )


def ignored(why: str) -> Choice:
    """Nothing is sent."""
    return Choice(outcome="ignored", why=why)


def nearest(effort: Effort, takes: Sequence[str]) -> str:
    """The level to send: the same, else the next higher one the model takes, else its highest."""
    wanted = _LADDER.index(_WORDS[effort])
    known = sorted(takes, key=_LADDER.index)
    return next((name for name in known if _LADDER.index(name) >= wanted), known[-1])


def level(effort: Effort, takes: Sequence[str], name: str = "reasoning_effort") -> Choice:
    """A field with a level in it."""
    word = nearest(effort, takes)
    return Choice({name: word}, "sent" if word == _WORDS[effort] else "clamped")


def by_template(effort: Effort, model: str) -> Choice:
    """For servers of open models (vLLM, SGLang): gpt-oss takes levels; others are on or off by their chat template, which
    has one of two names for it and does not mind the other."""
    if "gpt-oss" in model.lower():
        return level(effort, ("low", "medium", "high"))
    on, off = ({"chat_template_kwargs": {"enable_thinking": s, "thinking": s}} for s in (True, False))
    return switch(effort, on, off)


def switch(effort: Effort, on: Mapping[str, Any], off: Mapping[str, Any]) -> Choice:
    """For models that think or do not, and know no more than that."""
    return Choice(off, "sent") if effort == "off" else Choice(on, "clamped")
