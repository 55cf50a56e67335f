"""Takes `<answer>` and `</answer>` out of the answer of an elicited reply.

R1-Zero's prompt asks for them, and so do many templates in its way. Only the first pair goes, and its text stays exact; a
reply without them is left alone. Not a parser of tags in general.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sidelight.chat.events import AnswerDelta, Event, Reclassify

__all__ = ["AnswerTags"]

_OPENING, _CLOSING = "<answer>", "</answer>"


class AnswerTags:
    """Feed events, get them back with the tags taken out of the answer; text that could be a tag is held back."""

    def __init__(self) -> None:
        """Look for the opening tag first."""
        self._left = [_OPENING, _CLOSING]
        self._held = ""

    def __call__(self, events: Iterable[Event]) -> list[Event]:
        """The events without the tags."""
        out: list[Event] = []
        for event in events:
            if isinstance(event, AnswerDelta) and event.phase is None and self._left:
                if text := self._strip(event.text):
                    out.append(replace(event, text=text))
            else:
                if isinstance(event, Reclassify):
                    out += self.flush()
                out.append(event)
        return out

    def flush(self) -> list[Event]:
        """At the end of the answer: what was held back."""
        text, self._held = self._held, ""
        return [AnswerDelta(text)] if text else []

    def _strip(self, piece: str) -> str:
        text, out = self._held + piece, ""
        self._held = ""
        while self._left:
            tag = self._left[0]
            before, found, text = text.partition(tag)
            out += before
            if not found:
                keep = next(n for n in range(len(tag) - 1, -1, -1) if out.endswith(tag[:n]))
                cut = len(out) - keep
                self._held = out[cut:]
                return out[:cut]
            self._left.pop(0)
        return out + text
