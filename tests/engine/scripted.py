"""A backend that says what a test wrote down, for the logic of the engine alone. Wire, sockets and servers are tested elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

from sidelight.backends.base import About, Exchange, Model, Request
from sidelight.chat.events import AnswerDelta, Event, Finished, FinishReason, ReasoningDelta, Started, Usage
from sidelight.chat.reply import TraceClaim
from sidelight.models.metadata import LocalMetadata

ANSWER: tuple[Event, ...] = (
    Started(served_model="served-1"),
    ReasoningDelta("think "),
    ReasoningDelta("more"),
    AnswerDelta("an "),
    AnswerDelta("answer"),
    Finished(FinishReason.STOP, "stop"),
    Usage(prompt=10, output_total=4, reasoning=2),
)


class Scripted:
    """Says `script`, with `pause` seconds before each event; `opened` and `closed` count its streams."""

    def __init__(
        self,
        script: Sequence[Event | BaseException] = ANSWER,
        *,
        pause: float = 0.0,
        slots: int | None = None,
    ) -> None:
        self.script = tuple(script)
        self.pause = pause
        self.opened = 0
        self.closed = 0
        self.most_at_once = 0
        self.requests: list[Request] = []
        self._about = About(
            "scripted", "Scripted", "scripted", "http://127.0.0.1:1", needs_key=False, slots=slots
        )

    @property
    def about(self) -> About:
        return self._about

    def claim(self, request: Request) -> TraceClaim:
        return TraceClaim()

    async def models(self) -> tuple[Model, ...]:
        return (Model("m"),)

    async def metadata(self, model: str) -> LocalMetadata | None:
        return None

    def reread(self, request: Request, stream: bytes) -> list[Event]:
        return [AnswerDelta(f"{stream.decode()}, {request.parameters.tags}"), Finished(FinishReason.STOP)]

    async def stream(self, request: Request, exchange: Exchange | None = None) -> AsyncGenerator[Event, None]:
        self.opened += 1
        self.most_at_once = max(self.most_at_once, self.opened - self.closed)
        self.requests.append(request)
        try:
            for event in self.script:
                await asyncio.sleep(self.pause)
                if isinstance(event, BaseException):
                    raise event
                yield event
        finally:
            self.closed += 1
