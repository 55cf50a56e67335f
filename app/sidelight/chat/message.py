"""What a person sends and what a model is sent: prompts, lane parameters, messages."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Literal, TypeAlias

Role: TypeAlias = Literal["system", "user", "assistant"]
Effort: TypeAlias = Literal["default", "off", "low", "medium", "high", "max"]


def new_id() -> str:
    """A fresh identifier for a conversation, turn, lane or reply: 32 hexadecimal digits."""
    return uuid.uuid4().hex


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the person sends in one turn."""

    text: str


@dataclass(frozen=True, slots=True)
class Message:
    """One entry of the list a model is sent."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Parameters:
    """How a lane asks its model. None leaves the model's own default; nothing is sent then.

    `temperature` 0..2, `top_p` 0..1, `max_tokens` counts trace and answer together, `extra` is a JSON object (text)
    merged into the request body last. `elicited` asks for a written-out trace from a model that has none.
    """

    system: str = ""
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    effort: Effort = "default"
    stop: tuple[str, ...] = ()
    seed: int | None = None
    extra: str = ""
    elicited: bool = False


@dataclass(frozen=True, slots=True)
class Lane:
    """One column: a backend, a model of it, and parameters. The same model may stand in several lanes.

    `backend` is the key of a configured backend ("embedded", "deepseek", or one the person named).
    """

    id: str
    backend: str
    model: str
    parameters: Parameters = Parameters()
