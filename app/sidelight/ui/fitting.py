"""Whether a model fits into this machine's memory, in words: one for a list, and the sentences that explain it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sidelight import messages
from sidelight.engine.terms import Fitting
from sidelight.ui import wording

if TYPE_CHECKING:
    from sidelight.models.fit import Fit

__all__ = ["explained", "in_a_word"]

_WORDS = {
    "fits": "ui.fit.fits",
    "tight": "ui.fit.tight",
    "too large": "ui.fit.too_large",
    "unknown": "ui.fit.unknown",
}


def in_a_word(fitting: Fitting) -> str:
    """The verdict; marked where it rests on an estimate."""
    if fitting.fit is None:
        return messages.text("ui.fit.loaded")
    word = messages.text(_WORDS[fitting.fit.verdict])
    guessed = fitting.fit.estimated and fitting.fit.verdict != "unknown"
    return messages.text("ui.fit.estimated", word=word) if guessed else word


def explained(fitting: Fitting) -> tuple[str, ...]:
    """The verdict in a sentence, then its parts."""
    fit, tokens = fitting.fit, wording.count(fitting.context)
    if fit is None:
        return (messages.text("ui.fit.loaded.hint", tokens=tokens),)
    return fit.saying.text, *_parts(fit, tokens, fitting.slots)


def _parts(fit: Fit, tokens: str, slots: int) -> list[str]:
    parts = []
    if fit.weights is not None:
        size = wording.data_size(fit.weights)
        parts.append(
            messages.text("ui.fit.weights", size=size)
            if slots == 1
            else messages.text("ui.fit.weights_held", size=size)
        )
    if fit.cache is not None:
        size = wording.data_size(fit.cache)
        parts.append(
            messages.text("ui.fit.cache", tokens=tokens, size=size)
            if slots == 1
            else messages.text("ui.fit.cache_each", n=slots, tokens=tokens, size=size)
        )
    if fit.largest_context:
        parts.append(messages.text("ui.fit.largest", tokens=wording.count(fit.largest_context)))
    if fit.estimated and fit.verdict != "unknown":
        parts.append(messages.text("ui.fit.estimated.hint"))
    parts.append(messages.text("ui.fit.card"))
    return parts
