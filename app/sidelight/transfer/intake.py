"""Conversations into a profile: what is there already stays as it is, and what is new is added to it.

A batch is one short transaction, so that a window that is open meanwhile goes on writing. Ids decide what is there; taken again,
or ended in the middle and begun anew, a file adds nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from sidelight.chat.conversation import Conversation, Turn
from sidelight.chat.message import Attachment
from sidelight.chat.reply import Reply
from sidelight.store import attachments, conversations, exchanges, order
from sidelight.store.database import Connection, Store, StoreError
from sidelight.store.exchanges import Recorded
from sidelight.store.order import Place

__all__ = ["Came", "Coming", "Fate", "take"]

Fate: TypeAlias = Literal["taken", "grown", "here", "trashed", "clash"]
"""It was new; new turns or answers were added to it; there was nothing new in it; it is in the trash, and was left there; its
ids belong to something else in this profile."""
_FROM_AN_EXPORT = "-export"


@dataclass(frozen=True, slots=True)
class Coming:
    """A conversation to be taken, what was recorded for its replies, by their ids, and its pins and tags."""

    conversation: Conversation
    recorded: Mapping[str, Recorded]
    place: Place = field(default_factory=Place)


@dataclass(frozen=True, slots=True)
class Came:
    """What became of a conversation; `lost` counts files of its new prompts whose content is nowhere to be had."""

    fate: Fate
    lost: int = 0


def take(store: Store, batch: Sequence[Coming], content: Callable[[str], bytes | None]) -> list[Came]:
    """Store what is new of each, in one transaction. `content` gives a file by its digest, None where it has none.

    Raises StoreError, and then nothing of the batch was stored.
    """
    wanted = {a.digest for coming in batch for t in coming.conversation.turns for a in t.prompt.attachments}
    kept = store.read(lambda con: _kept(con, wanted)).result()
    files = {digest: found for digest in sorted(wanted - kept) if (found := content(digest)) is not None}
    there = kept | files.keys()
    return store.write(lambda con: _take_all(con, batch, files, there), durable=True).result()


def _kept(con: Connection, digests: Iterable[str]) -> set[str]:
    """Which files the profile has already, whole."""
    found = set()
    for digest in digests:
        try:
            attachments.contents(con, [digest])
        except StoreError:
            continue
        found.add(digest)
    return found


def _take_all(
    con: Connection, batch: Sequence[Coming], files: Mapping[str, bytes], there: Collection[str]
) -> list[Came]:
    trashed = {summary.id for summary in conversations.trash(con)}
    attachments.add(con, files)
    came = [_take(con, coming, there, trashed) for coming in batch]
    attachments.drop_unused(con)
    return came


def _take(con: Connection, coming: Coming, there: Collection[str], trashed: Collection[str]) -> Came:
    if coming.conversation.id in trashed:
        return Came("trashed")
    conversation, lost = _with_files(coming.conversation, there)
    con.execute("SAVEPOINT conversation")
    try:
        known = conversations.load(con, conversation.id)
        if known is None:
            conversations.create(con, conversation)
            if coming.place.pinned is not None:
                order.set_pinned(con, conversation.id, coming.place.pinned)
            order.set_tags(con, conversation.id, coming.place.tags)
            new = {r.id for t in conversation.turns for r in t.replies}
            fate: Fate = "taken"
        else:
            new, grown = _add(con, known, conversation)
            fate = "grown" if grown else "here"
        for reply_id in new & coming.recorded.keys():
            exchanges.write(con, reply_id, coming.recorded[reply_id])
    except con.IntegrityError:
        con.execute("ROLLBACK TO conversation")
        return Came("clash")
    finally:
        con.execute("RELEASE conversation")
    return Came(fate, lost if fate != "here" else 0)


def _with_files(conversation: Conversation, there: Collection[str]) -> tuple[Conversation, int]:
    """The conversation without the files whose content is not to be had, and how many those are."""
    turns, lost = [], 0
    for turn in conversation.turns:
        kept: tuple[Attachment, ...] = tuple(a for a in turn.prompt.attachments if a.digest in there)
        lost += len(turn.prompt.attachments) - len(kept)
        turns.append(replace(turn, prompt=replace(turn.prompt, attachments=kept)))
    return replace(conversation, turns=tuple(turns)), lost


def _add(con: Connection, known: Conversation, coming: Conversation) -> tuple[set[str], bool]:
    """Add turns and replies that are not there yet; the ids of the new replies, and whether anything was added."""
    turns = {t.id: t for t in known.turns}
    new_turns = [t for t in coming.turns if t.id not in turns]
    new_replies = [r for t in coming.turns if t.id in turns for r in _new(turns[t.id], t)]
    better = [r for t in coming.turns if t.id in turns for r in _better(turns[t.id], t)]
    if not (new_turns or new_replies or better):
        return set(), False
    lanes = {lane.id for lane in known.lanes}
    conversations.set_lanes(con, known.id, (*known.lanes, *(x for x in coming.lanes if x.id not in lanes)))
    where = {r.id: t.id for t in coming.turns for r in t.replies}
    for reply in new_replies:
        conversations.add_reply(con, where[reply.id], reply)
    for reply in better:
        conversations.write_reply(con, reply)
    for turn in new_turns:
        conversations.add_turn(con, known.id, turn)
    # Adding moves what is shown, and when it was last used; both are the person's, unless the branch shown is the source's.
    goes_on = known.leaf is None or known.leaf in {t.id for t in coming.turns}
    newest = max((known.created, *(t.created for t in (*known.turns, *new_turns))))
    conversations.change(con, known.id, leaf=coming.leaf if goes_on else known.leaf, updated=float(newest))
    return {r.id for t in new_turns for r in t.replies} | {r.id for r in new_replies}, True


def _new(known: Turn, coming: Turn) -> list[Reply]:
    """Replies that a turn has not yet, numbered behind the versions that it has."""
    ids = {r.id for r in known.replies}
    versions = {r.lane: max(x.version for x in known.versions(r.lane)) for r in known.replies}
    found = []
    for reply in coming.replies:
        if reply.id not in ids:
            versions[reply.lane] = versions.get(reply.lane, 0) + 1
            found.append(replace(reply, version=versions[reply.lane]))
    return found


def _better(known: Turn, coming: Turn) -> list[Reply]:
    """Replies of another program's that a newer export of it has otherwise: it was still being written, or went on."""
    before = {r.id: r for r in known.replies}
    found = []
    for reply in coming.replies:
        old = before.get(reply.id)
        if old is None or reply.asked is None or not reply.asked.backend.endswith(_FROM_AN_EXPORT):
            continue
        new = replace(reply, version=old.version)
        if new != old:
            found.append(new)
    return found
