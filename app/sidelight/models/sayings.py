"""A sentence for a person as a value: its code and what fills it. Not the sentence itself: `messages` has that."""

from __future__ import annotations

from dataclasses import dataclass

from sidelight import messages

__all__ = ["Saying", "say"]


@dataclass(frozen=True, slots=True)
class Saying:
    """A code of `messages.CATALOGUE` and its parameters by name; comparable, so that tests and faces can tell them apart."""

    code: str
    params: tuple[tuple[str, str | int | float], ...] = ()

    @property
    def text(self) -> str:
        """The sentence in the language in use."""
        return messages.text(self.code, **dict(self.params))


def say(code: str, **params: str | int | float) -> Saying:
    """A saying with its parameters."""
    return Saying(code, tuple(params.items()))
