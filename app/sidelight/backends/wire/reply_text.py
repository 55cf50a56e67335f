"""The text of one reply on its way from a dialect to events: halves of surrogates joined, tags read where wanted.

For all dialects; what is reasoning and what is answer the dialect says, or else the tags inside the answer.
"""

from __future__ import annotations

from sidelight.backends.wire.answer_tags import AnswerTags
from sidelight.backends.wire.jsontext import SurrogateJoiner
from sidelight.backends.wire.think_tags import ThinkSplitter
from sidelight.chat.events import AnswerDelta, Channel, Event, Phase, ReasoningDelta, RefusalDelta

__all__ = ["ReplyText"]


class ReplyText:
    """Feed pieces of text, get events; `flush` gives what was held back."""

    def __init__(self, tags: ThinkSplitter | None = None, *, elicited: bool = False) -> None:
        """`tags` splits reasoning out of the answer, None where a tag is the user's topic; `elicited` strips answer tags."""
        self._tags = tags
        self._answer_tags = AnswerTags() if elicited else None
        self._reasoning = SurrogateJoiner()
        self._answer = SurrogateJoiner()
        self._refusal = SurrogateJoiner()
        self.came = False
        """Whether there was any text at all."""

    def reasoning(self, piece: str, part: int = 0, channel: Channel = "raw") -> list[Event]:
        """A piece of the trace, from a place of its own."""
        return self._thought(self._reasoning(piece), part, channel)

    def answer(self, piece: str, part: int = 0, phase: Phase | None = None) -> list[Event]:
        """A piece of the answer, which may hold tags."""
        return self._said(self._answer(piece), part, phase)

    def refusal(self, piece: str) -> list[Event]:
        """A piece of a refusal."""
        piece = self._refusal(piece)
        self.came = self.came or bool(piece)
        return [RefusalDelta(piece)] if piece else []

    def flush(self) -> list[Event]:
        """At the end of the text."""
        out = self._thought(self._reasoning.flush(), 0, "raw")
        out += self._said(self._answer.flush(), 0, None)
        rest = self._tags.flush() if self._tags is not None else []
        out += self._answer_tags(rest) + self._answer_tags.flush() if self._answer_tags is not None else rest
        if refusal := self._refusal.flush():
            out.append(RefusalDelta(refusal))
        return out

    def _thought(self, piece: str, part: int, channel: Channel) -> list[Event]:
        if not piece:
            return []
        self.came = True
        if self._tags is not None:
            self._tags.field_delivered(piece)
        return [ReasoningDelta(piece, part, channel)]

    def _said(self, piece: str, part: int, phase: Phase | None) -> list[Event]:
        if not piece:
            return []
        self.came = True
        events: list[Event] = [AnswerDelta(piece, part, phase)]
        if self._tags is not None:
            events = self._tags.feed(piece)
        return self._answer_tags(events) if self._answer_tags is not None else events
