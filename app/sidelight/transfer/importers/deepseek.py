"""DeepSeek's data export: conversations.json, a tree of messages under `mapping`, each made of fragments.

docs/import.md has the format and where it is known from. DeepSeek shows its models' own thoughts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sidelight.backends.families import claim_by_family
from sidelight.chat.conversation import Conversation
from sidelight.chat.reply import Segment
from sidelight.transfer.importers.item import Aside
from sidelight.transfer.importers.reading import identifier, items, mapping, text, when
from sidelight.transfer.importers.thread import (
    CUT_OFF,
    DONE,
    Message,
    Origin,
    Passed,
    Said,
    Sent,
    conversation,
)

__all__ = ["FORMAT", "convert", "fits"]

FORMAT = "deepseek"
_ORIGIN = Origin("deepseek", claim_by_family("deepseek"))
_UNDER_WAY = frozenset({"WIP", "INCOMPLETE", "PENDING", "STREAMING"})


def fits(item: Mapping[str, Any]) -> bool:
    """A tree of messages, and the name that only DeepSeek gives to when it began."""
    return isinstance(item.get("mapping"), dict) and "inserted_at" in item


def convert(item: Mapping[str, Any], aside: Aside) -> Conversation:
    """The conversation. Raises Refusal."""
    nodes = {identifier(key): mapping(node) for key, node in mapping(item.get("mapping")).items()}
    asked = _who_asked(nodes)
    made = conversation(
        _ORIGIN,
        identifier(item.get("id")) or f"{item.get('inserted_at')}",
        (_message(key, node, asked.get(key, False), aside) for key, node in nodes.items()),
        title=text(item.get("title")),
        created=when(item.get("inserted_at")),
        current=identifier(item.get("current_message_id")) or None,
    )
    if not any(r.asked and r.asked.parameters.system for t in made.turns for r in t.replies):
        aside.lack("system")
    return made


def _who_asked(nodes: Mapping[str, Mapping[str, Any]]) -> dict[str, bool]:
    """Which messages without fragments and without a role are the person's: those at an odd place below the root."""
    found: dict[str, bool] = {}
    for key in nodes:
        path: list[str] = []
        at = key
        while at in nodes and at not in found and len(path) <= len(nodes):  # circles end, too
            path.append(at)
            at = identifier(nodes[at].get("parent"))
        above = found.get(at, False)
        for one in reversed(path):
            above = not above if nodes[one].get("message") else False
            found[one] = above
    return found


def _message(key: str, node: Mapping[str, Any], asked: bool, aside: Aside) -> Message:
    message = mapping(node.get("message"))
    content = _content(message, asked, aside) if message else Passed()
    return Message(key, identifier(node.get("parent")) or None, content, when(message.get("inserted_at")))


def _content(message: Mapping[str, Any], asked: bool, aside: Aside) -> Sent | Said:
    fragments = [mapping(x) for x in items(message.get("fragments"))]
    role = identifier(message.get("role")).upper()
    if fragments:
        asked = any(f.get("type") == "REQUEST" for f in fragments)
    elif role:
        asked = role == "USER"
    elif message.get("reasoning_content"):
        asked = False
    if asked:
        for file in map(mapping, items(message.get("files"))):
            aside.lack("file", identifier(file.get("file_name")) or identifier(file.get("name")))
        words = "\n\n".join(
            x for x in (text(f.get("content")) for f in fragments if f.get("type") == "REQUEST") if x
        )
        return Sent(words or text(message.get("content")))
    segments = tuple(_segments(fragments, aside) if fragments else _plain(message))
    end = CUT_OFF if identifier(message.get("status")).upper() in _UNDER_WAY else DONE
    return Said(segments, identifier(message.get("model")), end)


def _segments(fragments: list[Mapping[str, Any]], aside: Aside) -> Iterator[Segment]:
    for fragment in fragments:
        match identifier(fragment.get("type")):
            case "THINK":
                yield Segment("reasoning", text(fragment.get("content")))
            case "RESPONSE":
                yield Segment("answer", text(fragment.get("content")))
            case _:
                aside.lack("tool")


def _plain(message: Mapping[str, Any]) -> Iterator[Segment]:
    """As it was before there were fragments."""
    yield Segment(
        "reasoning", text(message.get("reasoning_content")) or text(message.get("thinking_content"))
    )
    yield Segment("answer", text(message.get("content")))
