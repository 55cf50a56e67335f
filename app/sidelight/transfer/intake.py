"""A file of ours back into a profile: all that is new in it in one transaction, or nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from sidelight.chat.conversation import Conversation
from sidelight.chat.message import Attachment
from sidelight.store import attachments, conversations, exchanges
from sidelight.store.database import Connection, Store, StoreError
from sidelight.transfer.formats import json
from sidelight.transfer.formats.json import File, Unreadable

__all__ = ["Taken", "Unreadable", "read", "take"]


@dataclass(frozen=True, slots=True)
class Taken:
    """Conversations that were taken, and that were here already and so left as they are; `lost` counts files of prompts whose
    content came with neither."""

    taken: int
    here: int
    lost: int


def read(path: Path) -> File:
    """Read a file and look all of it over. Raises OSError and Unreadable."""
    if not path.is_file():
        raise Unreadable("no_file")
    with path.open("rb") as file:
        return File(file.read(json.LARGEST + 1))


def take(store: Store, file: File) -> Taken:
    """Store what is not here yet. Raises StoreError, and then nothing was stored."""
    return store.write(lambda con: _take(con, file), durable=True).result()


def _take(con: Connection, file: File) -> Taken:
    known = {summary.id for summary in conversations.summaries(con, limit=-1)}
    taken = here = lost = 0
    for conversation, recorded in file.conversations():
        if conversation.id in known:
            here += 1
            continue
        kept = _with_files(con, file, conversation)
        lost += _files(conversation) - _files(kept)
        conversations.create(con, kept)
        for reply_id, exchange in recorded.items():
            exchanges.write(con, reply_id, exchange)
        taken += 1
    return Taken(taken, here, lost)


def _files(conversation: Conversation) -> int:
    return sum(len(t.prompt.attachments) for t in conversation.turns)


def _with_files(con: Connection, file: File, conversation: Conversation) -> Conversation:
    """The conversation without the files whose content is not to be had; the others' contents are stored."""
    turns = []
    for turn in conversation.turns:
        kept = tuple(a for a in turn.prompt.attachments if _keep(con, file, a))
        turns.append(replace(turn, prompt=replace(turn.prompt, attachments=kept)))
    return replace(conversation, turns=tuple(turns))


def _keep(con: Connection, file: File, attachment: Attachment) -> bool:
    content = file.content(attachment.digest)
    if content is not None:
        attachments.add(con, {attachment.digest: content})
        return True
    try:
        attachments.contents(con, [attachment.digest])
    except StoreError:
        return False
    return True
