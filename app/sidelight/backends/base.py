"""What a backend is: the protocol all providers keep, what they are asked, and how their failures are told.

Not a client (`net`) and not a dialect (`wire`). An expected failure is an event: `stream` yields `Failed` and ends;
only `models` raises, one exception that carries the same event.

    BackendError            the one exception, with the `Failed` event as its cause in words
    Exchange                what a stream is watched and hurried by
    Prepared                what exactly is sent
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeAlias

from sidelight.chat.events import Event, Failed, Note
from sidelight.chat.message import Message, Parameters
from sidelight.chat.reply import TraceClaim
from sidelight.secrets import Secret

if TYPE_CHECKING:
    from sidelight.models.metadata import LocalMetadata

__all__ = [
    "About",
    "Backend",
    "BackendError",
    "Exchange",
    "KeyFor",
    "Model",
    "Prepared",
    "Request",
]

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
    """One question to one model. `files` holds the content of the messages' attachments by digest."""

    model: str
    messages: tuple[Message, ...]
    parameters: Parameters
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request as it is sent. `body` is JSON text; keys among the headers stay `Secret`."""

    method: str
    url: str
    headers: tuple[tuple[str, str | Secret], ...]
    body: str
    notes: tuple[Note, ...] = ()


class Exchange(Protocol):
    """The one who asks, during one stream: sees what goes over the wire and says how long to wait. Used on its loop."""

    def sent(self, prepared: Prepared) -> None:
        """A request leaves; once more when it is sent again."""

    def received(self, data: bytes) -> None:
        """Bytes of the answer's body have come, an error's too."""

    async def wait(self, seconds: float) -> None:
        """Wait before a request is sent again; ends early when the person does not want to wait."""


class Backend(Protocol):
    """A place that serves models."""

    @property
    def about(self) -> About:
        """What is known of it without asking."""

    def claim(self, request: Request) -> TraceClaim:
        """What visible raw reasoning of this model may be called."""

    def stream(self, request: Request, exchange: Exchange | None = None) -> AsyncGenerator[Event, None]:
        """The events of one reply. Never raises but CancelledError; after cancelling, its connection is closed.

        Ends after the server's stream ended; without a finish mark the last event is `Failed`.
        """

    def reread(self, request: Request, stream: bytes) -> list[Event]:
        """The events of a recorded stream, read as this request's parameters say. No I/O."""

    async def models(self) -> tuple[Model, ...]:
        """What it offers now. Raises BackendError."""

    async def metadata(self, model: str) -> LocalMetadata | None:
        """What the server states of a model beside its name; None where it states nothing. Raises BackendError."""
