"""Claude's data export: conversations.json, each conversation a list of messages made of blocks.

docs/import.md has the format and where it is known from. It names no model, so that nothing says whether thoughts are the
model's own words or a summary of them: they are taken for a summary, as its makers show them today.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sidelight.chat.conversation import Conversation
from sidelight.chat.message import Attachment
from sidelight.chat.reply import Certainty, Segment, TraceClaim, TraceKind
from sidelight.transfer.importers.item import Aside
from sidelight.transfer.importers.reading import identifier, items, mapping, text, when
from sidelight.transfer.importers.thread import Message, Origin, Passed, Said, Sent, conversation

__all__ = ["FORMAT", "convert", "fits"]

FORMAT = "claude"
_ORIGIN = Origin("claude", TraceClaim(TraceKind.SUMMARY, Certainty.GUESSED))
_TOOLS = ("tool_use", "tool_result")


def fits(item: Mapping[str, Any]) -> bool:
    """Messages under the name that only Claude gives them."""
    return isinstance(item.get("chat_messages"), list)


def convert(item: Mapping[str, Any], aside: Aside) -> Conversation:
    """The conversation. Raises Refusal."""
    found = []
    before: str | None = None
    model = identifier(item.get("model"))
    for number, entry in enumerate(map(mapping, items(item.get("chat_messages")))):
        own = identifier(entry.get("uuid")) or f"number {number}"
        # Older exports do not say what a message follows: it stands behind it.
        parent = identifier(entry.get("parent_message_uuid")) if "parent_message_uuid" in entry else before
        found.append(
            Message(own, parent or None, _content(entry, model, aside), when(entry.get("created_at")))
        )
        before = own
    made = conversation(
        _ORIGIN,
        identifier(item.get("uuid")) or (found[0].id if found else ""),
        found,
        title=text(item.get("name")),
        created=when(item.get("created_at")),
        current=identifier(item.get("current_leaf_message_uuid")) or None,
    )
    if not any(r.asked and r.asked.parameters.system for t in made.turns for r in t.replies):
        aside.lack("system")
    return made


def _content(entry: Mapping[str, Any], model: str, aside: Aside) -> Sent | Said | Passed:
    blocks = [mapping(x) for x in items(entry.get("content"))]
    match identifier(entry.get("sender")):
        case "human":
            words = "\n\n".join(
                x for x in (text(b.get("text")) for b in blocks if b.get("type") == "text") if x
            )
            return Sent(words or text(entry.get("text")), tuple(_files(entry, aside)))
        case "assistant":
            segments = tuple(_segments(blocks, aside))
            if not any(s.kind == "answer" for s in segments) and not blocks:
                segments = (*segments, Segment("answer", text(entry.get("text"))))
            return Said(segments, identifier(entry.get("model")) or model)
        case other:
            if entry:
                aside.lack("kind", other)
            return Passed()


def _segments(blocks: list[Mapping[str, Any]], aside: Aside) -> Iterator[Segment]:
    for block in blocks:
        match identifier(block.get("type")):
            case "text":
                yield Segment("answer", text(block.get("text")))
            case "thinking":
                yield Segment("reasoning", text(block.get("thinking")))
            case kind if kind in _TOOLS:
                aside.lack("tool")
            case "token_budget":
                pass
            case kind:
                aside.lack("kind", kind)


def _files(entry: Mapping[str, Any], aside: Aside) -> Iterator[Attachment]:
    """Files of a prompt: of some the export has the text that was read from them, of the others the name alone."""
    for one in map(mapping, items(entry.get("attachments"))):
        name = identifier(one.get("file_name")) or "attachment.txt"
        content = text(one.get("extracted_content"))
        found = aside.attach(name, content.encode(), "text/plain")
        if found is not None:
            yield found
    told = {identifier(x.get("file_name")) for x in map(mapping, items(entry.get("attachments")))}
    for one in map(mapping, items(entry.get("files"))):
        name = identifier(one.get("file_name")) or identifier(one.get("file_uuid"))
        if name not in told:
            aside.lack("file", name)
