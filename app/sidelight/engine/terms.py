"""The values that the session and the outside exchange. No behaviour, and cheap to import: the first paint needs them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from sidelight.backends.base import About, BackendError, Model, Request
from sidelight.chat.events import Stamped
from sidelight.chat.reply import Reply
from sidelight.settings import BackendSetting

if TYPE_CHECKING:
    from sidelight.backends.discovery import Found
    from sidelight.keys import Trouble
    from sidelight.local.weights import Installed
    from sidelight.models.fit import Fit
    from sidelight.store.database import StoreError

__all__ = [
    "EMBEDDED",
    "Ask",
    "Change",
    "Face",
    "Fact",
    "Fitting",
    "KeyState",
    "Notice",
    "Server",
    "WeightsOffer",
    "store_notice",
]

EMBEDDED = "embedded"
"""The id of the embedded engine's backend."""

Fact: TypeAlias = tuple[str, Mapping[str, object], bool]
"""One thing the doctor found: the code of its sentence, the sentence's parameters, and whether all is well."""

KeyState: TypeAlias = Literal["none", "keyring", "environment", "memory"]


@dataclass(frozen=True, slots=True)
class Ask:
    """One lane's question: the queued reply and what its model is to be sent."""

    reply: Reply
    backend: str
    request: Request


@dataclass(frozen=True, slots=True)
class Server:
    """A local server that was found, and the setting of the backend that asks it; `known`: that is there anyway."""

    found: Found
    setting: BackendSetting
    known: bool


@dataclass(frozen=True, slots=True)
class Fitting:
    """Whether a model fits with `slots` contexts of `context` tokens; `fit` None: its server holds it in memory already."""

    fit: Fit | None
    context: int
    slots: int = 1


@dataclass(frozen=True, slots=True)
class WeightsOffer:
    """Weights that can be fetched, or are here. `bytes` is the whole size, `done` what is here of it."""

    id: str
    title: str
    bytes: int
    source: str
    licence: str
    use: str
    state: Literal["absent", "fetching", "installed", "failed"]
    done: int = 0
    failure: tuple[str, tuple[tuple[str, str], ...]] | None = None


@dataclass(frozen=True, slots=True)
class Face:
    """How the outside speaks to the face; each may be called from the network's thread."""

    event: Callable[[str, Stamped, float], None]
    ended: Callable[[str], None]
    sealed: Callable[[str], None]
    begun: Callable[[str, Sequence[Reply]], None]
    models: Callable[[str, tuple[Model, ...] | BackendError], None]
    backends: Callable[[tuple[About, ...], dict[str, KeyState], Trouble | None], None]
    servers: Callable[[tuple[Server, ...]], None]
    fits: Callable[[str, Mapping[str, Fitting]], None]
    weights: Callable[[tuple[WeightsOffer, ...], tuple[Installed, ...]], None]
    store_trouble: Callable[[StoreError | None], None]


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence for a banner: a code of messages.py with its parameters.

    `action`: the code of what its button says, "" for none; pressed, `Session.act` is called with the notice. `subject`
    is the id of what it is about.
    """

    code: str
    params: tuple[tuple[str, str], ...] = ()
    level: Literal["info", "warning", "error"] = "warning"
    action: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What is new in the session. `conversation` and `reply` name what changed where that is known."""

    kind: Literal[
        "conversation",
        "reply",
        "history",
        "notice",
        "backends",
        "weights",
        "settings",
        "recorded",
        "found",
        "sought",
        "draft",
        "version",
    ]
    conversation: str | None = None
    reply: str | None = None


def store_notice(error: StoreError) -> Notice:
    """What a banner says of a store that could not be opened, read or written."""
    return Notice(f"store.{error.code}", tuple(error.params.items()), "error")
