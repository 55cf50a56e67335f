"""Events without the key of their own request: what a server says back of it is masked before it is shown or stored.

The text of the answer is masked, too. A key in it is the doing of the server that was given it (an echo, a gateway that
shows its headers), and would be stored and exported with it. Not the recording of the bytes (`engine/exchanges`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar

from sidelight.chat.events import (
    AnswerDelta,
    Event,
    Failed,
    Finished,
    ReasoningDelta,
    Reclassify,
    RefusalDelta,
)
from sidelight.secrets import Redactor, Secret, StreamRedactor

__all__ = ["Unkeyed"]

_REAL = 16
"""Characters. A shorter key is a word that a server of one's own was given ("ollama"), and may be what a text is about."""
V = TypeVar("V")


class Unkeyed:
    """The events of one reply in, the same without its key out."""

    def __init__(self, key: Secret | None) -> None:
        self._key = key if key is not None and len(key.reveal()) > _REAL else None
        self._redact = Redactor([self._key] if self._key else [])
        self._text: StreamRedactor | None = None
        self._last: ReasoningDelta | AnswerDelta | RefusalDelta | None = None

    def __call__(self, event: Event) -> Iterator[Event]:
        """What may be told now. The beginning of a key is held back until more of the same text, or its end, has come."""
        match event:
            case _ if self._key is None:
                yield event
            case ReasoningDelta() | AnswerDelta() | RefusalDelta():
                if self._last is None or replace(self._last, text="") != replace(event, text=""):
                    yield from self._held()
                    self._text = StreamRedactor(self._key)
                self._last = event
                assert self._text is not None
                shown = self._text.feed(event.text)
                if shown or not event.text:
                    yield event if shown == event.text else replace(event, text=shown)
            case Reclassify() | Finished() | Failed():
                yield from self._held()
                yield self._masked(event)
            case _:
                yield self._masked(event)

    def _held(self) -> Iterator[Event]:
        if self._last is not None and self._text is not None and (left := self._text.flush()):
            yield replace(self._last, text=left)
        self._last = self._text = None

    def _masked(self, value: V) -> V:
        """A value with every text in it masked; the same one where there is nothing to mask."""
        masked: object = value
        if isinstance(value, str):
            masked = self._redact.exactly(value)
        elif isinstance(value, tuple):
            masked = tuple(map(self._masked, value))
        elif is_dataclass(value) and not isinstance(value, type):
            masked = replace(value, **{f.name: self._masked(getattr(value, f.name)) for f in fields(value)})
        return value if masked == value else masked  # type: ignore[return-value]  # of the same type by construction
