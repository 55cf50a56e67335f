"""What all dialects do to a request before they spell it: attachments, earlier thoughts, history, sampling parameters,
the lane's extra JSON. No I/O.

A file of text is written into its prompt, so that every model can read it; a dialect spells images and nothing else. What an
answer was thought with goes back only where a dialect or provider says how (protocols.md, section 7).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from sidelight.backends.base import Request
from sidelight.backends.wire.jsontext import clean, loads
from sidelight.chat.events import Note, Opaque
from sidelight.chat.message import Attachment, Message, Parameters

__all__ = [
    "ELICIT",
    "BadExtra",
    "base64_of",
    "data_url",
    "encoded",
    "history",
    "instructed",
    "kept_value",
    "sampling",
    "unpacked",
]

ELICIT = (
    "First think the question through, step by step, between <think> and </think>."
    " Then give the answer between <answer> and </answer>."
)
"""Asks a model for a written-out trace where no template of ours can (R1-Zero's way)."""
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
"""Characters no text has; a form feed and an escape are found in some."""


class BadExtra(ValueError):
    """The extra parameters of a lane are no JSON object."""


def instructed(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The messages with the wish for a written-out trace at the end of their system text."""
    first = messages[:1] if messages and messages[0].role == "system" else ()
    system = f"{first[0].text if first else ''}\n\n{ELICIT}".strip()
    return (Message("system", system), *messages[len(first) :])


def unpacked(request: Request, field: str, *, images: bool = True) -> tuple[Request, list[Note]]:
    """The request with all but images written into its prompts, and what became of the attachments.

    Text comes as a named block before the prompt. For what cannot be sent stands a line that says so, since a model that
    knows nothing of a file would make something up. `field` is the dialect's name for an image; `images` is False where
    the model is known to take none.
    """
    notes: list[Note] = []
    messages = tuple(_unpacked(m, request.files, field, images, notes) for m in request.messages)
    return replace(request, messages=messages), list(dict.fromkeys(notes))


def _unpacked(
    message: Message, files: Mapping[str, bytes], field: str, images: bool, notes: list[Note]
) -> Message:
    kept: list[Attachment] = []
    blocks: list[str] = []
    for attached in message.attachments:
        name = " ".join(clean(attached.name).split())
        content = files.get(attached.digest)
        written = None if content is None else _text_in(attached, content)
        if content is None:
            notes.append(Note("files", "ignored", "content_missing"))
        elif written is not None:
            notes.append(Note("files", "sent", "text"))
            blocks.append(_block(name, written))
            continue
        elif attached.is_image and images:
            notes.append(Note("images", "sent", field))
            kept.append(attached)
            continue
        elif attached.is_image:
            notes.append(Note("images", "ignored", "not_by_this_model"))
        else:
            notes.append(Note("files", "ignored", "not_text_or_image"))
        blocks.append(f"[{name}: a file that cannot be shown to you]")
    text = "\n\n".join(part for part in (*blocks, message.text) if part)
    return replace(message, text=text, attachments=tuple(kept))


def _text_in(attached: Attachment, content: bytes) -> str | None:
    """The text of a file that is text, None of any other. What its content is counts, the stated type seldom does."""
    if content.startswith(b"%PDF-") or (attached.is_image and "svg" not in attached.media_type):
        return None
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        found = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        if not attached.media_type.startswith("text/"):
            return None
        found = content.decode("cp1252", "replace")
    return None if _BINARY.search(found) else found


def _block(name: str, written: str) -> str:
    """A file as text: its name, and its content in a fence that is longer than any inside it."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", written)), default=0))
    return f"{name}:\n{fence}\n{written.rstrip()}\n{fence}"


def base64_of(image: Attachment, files: Mapping[str, bytes]) -> str:
    """An image's content as text."""
    return base64.b64encode(files[image.digest]).decode()


def data_url(image: Attachment, files: Mapping[str, bytes]) -> str:
    """An image's type and content as an address."""
    return f"data:{image.media_type};base64,{base64_of(image, files)}"


def kept_value(opaque: Opaque) -> Any:
    """What a provider gave to be kept, as it can be sent: without lone surrogates. None where it cannot be read."""
    try:
        return _cleaned(loads(opaque.value))
    except RecursionError:
        return None


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, dict):
        return {clean(name): _cleaned(item) for name, item in value.items()}
    return value


def history(messages: Sequence[Message]) -> tuple[str, list[Message]]:
    """The system text and the turns, for dialects that keep the two apart."""
    system = "\n\n".join(m.text for m in messages if m.role == "system")
    return clean(system), [m for m in messages if m.role != "system"]


def sampling(
    asked: Parameters, names: Mapping[str, str], ignores: Collection[str] = ()
) -> tuple[dict[str, Any], list[Note]]:
    """The fields of the sampling parameters that are set, and what became of each.

    `names` says how the API spells them and leaves out what it does not have; `ignores` are those this model does not
    listen to, which are not sent: some servers refuse them, the others say nothing.
    """
    wishes = {
        "temperature": asked.temperature,
        "top_p": asked.top_p,
        "max_tokens": asked.max_tokens,
        "seed": asked.seed,
        "stop": [clean(word) for word in asked.stop] or None,
    }
    fields: dict[str, Any] = {}
    notes: list[Note] = []
    for name, value in wishes.items():
        if value is None:
            continue
        if name not in names:
            notes.append(Note(name, "ignored", "not_in_this_api"))
        elif name in ignores:
            notes.append(Note(name, "ignored", "not_by_this_model"))
        else:
            fields[names[name]] = value
            notes.append(Note(name, "sent", names[name]))
    return fields, notes


def encoded(body: Mapping[str, Any], extra: str = "") -> str:
    """The JSON text of a body without what is None; the lane's extra JSON comes last and may say null. Raises BadExtra."""
    whole = {name: value for name, value in body.items() if value is not None}
    if extra.strip():
        more = loads(extra)
        if not isinstance(more, dict):
            raise BadExtra
        whole = _merged(whole, more)
    try:
        return msgspec.json.encode(whole).decode()
    except UnicodeError as error:
        raise BadExtra from error


def _merged(body: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Objects are merged into objects, so that one option more does not take the others away."""
    out = dict(body)
    for name, value in more.items():
        old = out.get(name)
        both = isinstance(old, dict) and isinstance(value, dict)
        out[name] = _merged(old, value) if both else value  # type: ignore[arg-type]  # both are dicts then
    return out
