"""What the visible trace of a model may be called, by the family its name belongs to (protocols.md, section 4).

A field named `reasoning` proves nothing: a gateway puts a provider's summary there, too. What is known of families is in
`models`; for names it does not know, or does not know this of, the maker decides.
"""

from __future__ import annotations

import re

from sidelight.chat.reply import Certainty, TraceClaim, TraceKind
from sidelight.models.families import resolve

__all__ = ["claim_by_family"]

_FULL = TraceClaim(TraceKind.FULL, Certainty.BY_FAMILY)
_SUMMARY = TraceClaim(TraceKind.SUMMARY, Certainty.BY_FAMILY)

_OPEN = re.compile(
    r"deepseek|qwen|qwq|glm|kimi|minimax|magistral|ministral|mistral|gpt-?oss|nemotron|gemma|granite|phi-?\d"
    r"|seed-?oss|smollm|olmo|ernie|hunyuan|command-(?:a|r)|exaone|falcon|mimo|step-?\d|longcat"
)
"""Makers whose weights are public: what their models say while thinking is theirs."""
_SUMMARISED = re.compile(r"(?:^|/)~?(?:claude|gemini|gpt-(?!oss)|chatgpt|o[134](?:-|$)|grok(?!-3-mini))")
"""Makers who show a summary, whatever the host calls it; grok-3-mini alone showed its own."""
_GROK_3_MINI = re.compile(r"(?:^|/)grok-3-mini")


def claim_by_family(model: str, *, hosted: bool = True) -> TraceClaim:
    """The claim for a model of this id. On a server of the person's own (`hosted` false) a closed model cannot run, so
    that its name there is part of another's ("claude-style-qwen")."""
    name = model.lower()
    entry = resolve(model).entry
    if entry is not None and (hosted or entry.open_weights):
        if entry.trace == "full":
            return _FULL
        if entry.trace == "summary":
            return _SUMMARY
    if hosted and _SUMMARISED.search(name):
        return _SUMMARY
    known = _OPEN.search(name) or (hosted and _GROK_3_MINI.search(name))
    return _FULL if known else TraceClaim(TraceKind.FULL, Certainty.GUESSED)
