"""What a backend is: the protocol all providers keep, what they are asked, and how their failures are told.

Not a client (`net`) and not a dialect (`wire`). An expected failure is an event: `stream` yields `Failed` and ends;
only `models` raises, one exception that carries the same event.

    BackendError            the one exception, with the `Failed` event as its cause in words
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from sidelight.chat.events import Event, Failed
from sidelight.chat.message import Message, Parameters
from sidelight.chat.reply import TraceClaim
from sidelight.secrets import Secret

__all__ = ["About", "Backend", "BackendError", "KeyFor", "Model", "Request"]

KeyFor: TypeAlias = Callable[[str], Awaitable[Secret | None]]
"""Asks for the key that belongs to an origin ("https://api.deepseek.com"); None where there is none."""


class BackendError(Exception):
    """A call that is not a stream failed; `failed` says why."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.kind, failed.message)
        self.failed = failed


@dataclass(frozen=True, slots=True)
class About:
    """Facts of a configured backend. `slots` is how many requests it takes at once, None where that is its own affair."""

    id: str
    title: str
    provider: str
    origin: str
    local: bool = False
    needs_key: bool = True
    slots: int | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """A model a backend offers; None is unknown. `context` counts tokens."""

    id: str
    title: str = ""
    context: int | None = None
    reasoning: bool | None = None
    images: bool | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One question to one model."""

    model: str
    messages: tuple[Message, ...]
    parameters: Parameters


class Backend(Protocol):
    """A place that serves models."""

    @property
    def about(self) -> About:
        """What is known of it without asking."""

    def claim(self, request: Request) -> TraceClaim:
        """What visible raw reasoning of this model may be called."""

    def stream(self, request: Request) -> AsyncGenerator[Event, None]:
        """The events of one reply. Never raises but CancelledError; after cancelling, its connection is closed.

        Ends after the server's stream ended; without a finish mark the last event is `Failed`.
        """

    async def models(self) -> tuple[Model, ...]:
        """What it offers now. Raises BackendError."""
