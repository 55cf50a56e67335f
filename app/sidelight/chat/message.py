"""What a person sends and what a model is sent: prompts, lane parameters, messages."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sidelight.chat.events import Opaque

Role: TypeAlias = Literal["system", "user", "assistant"]
Effort: TypeAlias = Literal["default", "off", "low", "medium", "high", "max"]
TagRule: TypeAlias = Literal["auto", "split", "inside", "leave"]
"""How tags such as <think> inside an answer are read: as the backend knows its models; as reasoning wherever they stand;
as reasoning from the first character on, the opening tag being the template's; not at all."""


def new_id() -> str:
    """A fresh identifier for a conversation, turn, lane or reply: 32 hexadecimal digits."""
    return uuid.uuid4().hex


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a prompt. `digest` is the SHA-256 of its content in hexadecimal digits, `size` its bytes.

    The content itself is no part of a conversation's value: the store keeps it under its digest.
    """

    digest: str
    name: str
    media_type: str
    size: int

    @property
    def is_image(self) -> bool:
        """Whether it is sent as a picture."""
        return self.media_type.startswith("image/")


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the person sends in one turn."""

    text: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Thought:
    """What an answer was thought with, for the model that thought it: the trace as shown, and the provider's own values.

    Whether any of it is sent back is the provider's rule (protocols.md, section 7).
    """

    text: str = ""
    opaque: tuple[Opaque, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One entry of the list a model is sent. `attachments` are a prompt's, `thought` is an answer's."""

    role: Role
    text: str
    attachments: tuple[Attachment, ...] = ()
    thought: Thought | None = None


@dataclass(frozen=True, slots=True)
class Parameters:
    """How a lane asks its model. None leaves the model's own default; nothing is sent then.

    `temperature` 0..2, `top_p` 0..1, `max_tokens` counts trace and answer together, `thinking_tokens` is how many of them the
    trace may take and goes before `effort`, `extra` is a JSON object (text) merged into the request body last. `elicited` asks for a written-out trace from a model that has none; `tags` says how
    reasoning tags inside the answer are read.
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
    tags: TagRule = "auto"
    thinking_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """One column: a backend, a model of it, and parameters. The same model may stand in several lanes.

    `backend` is the key of a configured backend ("embedded", "deepseek", or one the person named).
    """

    id: str
    backend: str
    model: str
    parameters: Parameters = Parameters()
