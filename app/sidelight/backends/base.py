"""What a backend is: the protocol all providers keep, what they are asked, and how their failures are told.

Not a client (`net`) and not a dialect (`wire`). An expected failure is an event: `stream` yields `Failed` and ends;
only `models` raises, one exception that carries the same event.

    BackendError            the one exception, with the `Failed` event as its cause in words
    Prepared, Note          what exactly is sent, and what became of each parameter
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from sidelight.chat.events import Event, Failed
from sidelight.chat.message import Message, Parameters
from sidelight.chat.reply import TraceClaim
from sidelight.secrets import Secret

__all__ = [
    "About",
    "Backend",
    "BackendError",
    "Inspectable",
    "KeyFor",
    "Model",
    "Note",
    "Outcome",
    "Prepared",
    "Request",
]

KeyFor: TypeAlias = Callable[[str], Awaitable[Secret | None]]
"""Asks for the key that belongs to an origin ("https://api.deepseek.com"); None where there is none."""


Outcome: TypeAlias = Literal["sent", "clamped", "ignored", "refused by the server"]
"""What became of a parameter: sent as asked; sent as the nearest the model takes; left out, since the model or its API
does not listen to it; left out, since the server had refused it."""


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


@dataclass(frozen=True, slots=True)
class Note:
    """What became of one parameter that was asked for.

    `detail` is for a person who knows the API: what was sent ('{"reasoning_effort":"high"}', or the name of the field), and
    where nothing was, one of the words of docs/backends.md ("always_thinks").
    """

    parameter: str
    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request as it is sent. `body` is JSON text; keys among the headers stay `Secret`."""

    method: str
    url: str
    headers: tuple[tuple[str, str | Secret], ...]
    body: str
    notes: tuple[Note, ...] = ()


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


class Inspectable(Backend, Protocol):
    """A backend that can show what it sends."""

    def prepare(self, request: Request, key: Secret | None = None) -> Prepared:
        """Exactly what `stream` sends for this request now; without `key` the header for it is missing.

        No I/O. After a stream it shows what was sent last: what a server has refused is left out and noted. Raises
        ValueError where the extra parameters are no JSON object.
        """
