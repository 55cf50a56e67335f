"""ChatGPT's data export: conversations.json, each conversation a tree of messages under `mapping`.

docs/import.md has the format and where it is known from. What ChatGPT shows of a model's thoughts are summaries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sidelight.chat.conversation import Conversation
from sidelight.chat.events import Failed, FailureKind, Finished, FinishReason
from sidelight.chat.message import Attachment
from sidelight.chat.reply import Certainty, ReplyState, Segment, TraceClaim, TraceKind
from sidelight.transfer.importers.item import Aside
from sidelight.transfer.importers.reading import identifier, items, joined, mapping, text, when
from sidelight.transfer.importers.thread import (
    CUT_OFF,
    DONE,
    End,
    Message,
    Origin,
    Passed,
    Said,
    Sent,
    conversation,
)

__all__ = ["FORMAT", "convert", "fits"]

FORMAT = "chatgpt"
_ORIGIN = Origin("chatgpt", TraceClaim(TraceKind.SUMMARY, Certainty.BY_FAMILY))
_FINISHES = {
    "stop": FinishReason.STOP,
    "max_tokens": FinishReason.LENGTH,
    "content_filter": FinishReason.CONTENT_FILTER,
}
_POINTERS = ("file-service://", "sediment://")


def fits(item: Mapping[str, Any]) -> bool:
    """A tree of messages; DeepSeek has one too, and dates its conversations otherwise."""
    return isinstance(item.get("mapping"), dict) and "inserted_at" not in item


def convert(item: Mapping[str, Any], aside: Aside) -> Conversation:
    """The conversation. Raises Refusal."""
    nodes = mapping(item.get("mapping"))
    source = identifier(item.get("conversation_id")) or identifier(item.get("id"))
    if not source:  # such exports are not known of; its first messages are its own all the same
        source = "\x00".join(sorted(map(str, nodes))[:3])
    made = conversation(
        _ORIGIN,
        source,
        (_message(key, mapping(node), aside) for key, node in nodes.items()),
        title=text(item.get("title")),
        created=when(item.get("create_time")),
        current=identifier(item.get("current_node")) or None,
    )
    if not any(r.asked and r.asked.parameters.system for t in made.turns for r in t.replies):
        aside.lack("system")
    return made


def _message(key: str, node: Mapping[str, Any], aside: Aside) -> Message:
    message = mapping(node.get("message"))
    parent = identifier(node.get("parent")) or None
    return Message(identifier(key), parent, _content(message, aside), when(message.get("create_time")))


def _content(message: Mapping[str, Any], aside: Aside) -> Sent | Said | Passed:
    content = mapping(message.get("content"))
    kind = identifier(content.get("content_type"))
    if kind in ("user_editable_context", "model_editable_context"):
        return Passed(_instructions(content) or None)
    role = identifier(mapping(message.get("author")).get("role"))
    metadata = mapping(message.get("metadata"))
    hidden = metadata.get("is_visually_hidden_from_conversation") is True or message.get("weight") == 0
    match role:
        case "system":
            return Passed(joined(content.get("parts")) or None)
        case "user" if not hidden:
            return Sent(_asked(content), tuple(_files(content, metadata, aside)))
        case "assistant" if not hidden:
            return _said(message, content, kind, aside)
        case "tool":
            _tool(content, aside)
        case "user" | "assistant" if content:
            aside.lack("hidden")
    return Passed()


def _instructions(content: Mapping[str, Any]) -> str:
    """What the person told every conversation."""
    told = (text(content.get(key)) for key in ("user_profile", "user_instructions", "model_set_context"))
    return "\n\n".join(x for x in told if x)


def _asked(content: Mapping[str, Any]) -> str:
    """The words of a prompt; what was spoken is there as it was understood."""
    found = (text(part) or text(mapping(part).get("text")) for part in items(content.get("parts")))
    return "\n".join(x for x in found if x) or text(content.get("text"))


def _files(content: Mapping[str, Any], metadata: Mapping[str, Any], aside: Aside) -> Iterator[Attachment]:
    """Pictures and other files of a prompt, as far as the archive has them."""
    named = {}
    for entry in map(mapping, items(metadata.get("attachments"))):
        name = identifier(entry.get("name")) or identifier(entry.get("id"))
        named[identifier(entry.get("id"))] = name
    for part in map(mapping, items(content.get("parts"))):
        pointer = identifier(part.get("asset_pointer"))
        if pointer:
            known = _pointed(pointer)
            found = aside.picture(named.pop(known, "") or known, aside.member(known))
            if found is not None:
                yield found
    for name in named.values():
        aside.lack("file", name)


def _pointed(pointer: str) -> str:
    """What the name of a file in the archive begins with."""
    for scheme in _POINTERS:
        pointer = pointer.removeprefix(scheme)
    return pointer.split("#")[0]


def _said(message: Mapping[str, Any], content: Mapping[str, Any], kind: str, aside: Aside) -> Said | Passed:
    metadata = mapping(message.get("metadata"))
    segments = tuple(_segments(message, content, kind, aside))
    model = identifier(metadata.get("model_slug"))
    return Said(segments, model, _end(message, metadata))


def _segments(
    message: Mapping[str, Any], content: Mapping[str, Any], kind: str, aside: Aside
) -> Iterator[Segment]:
    to_tool = identifier(message.get("recipient")) not in ("", "all")
    working = to_tool or message.get("channel") == "commentary"
    match kind:
        case "thoughts":
            for thought in map(mapping, items(content.get("thoughts"))):
                told = [x for x in (text(thought.get("summary")), text(thought.get("content"))) if x]
                yield Segment("reasoning", "\n\n".join(told), channel="summary")
        case "reasoning_recap":
            yield Segment("reasoning", text(content.get("content")), channel="summary")
        case "code":
            language = identifier(content.get("language"))
            code = _fenced(text(content.get("text")), "" if language == "unknown" else language)
            yield Segment("answer", code, phase="commentary" if working else None)
        case "text" | "multimodal_text":
            for part in items(content.get("parts")):
                if isinstance(part, dict) and not text(part.get("text")):
                    aside.lack("made", _pointed(identifier(part.get("asset_pointer"))))
            said = _asked(content)
            if message.get("channel") == "analysis":
                yield Segment("reasoning", said)
            else:
                yield Segment("answer", said, phase="commentary" if working else None)
        case _:
            aside.lack("kind", kind)


def _fenced(code: str, language: str) -> str:
    """Code as Markdown, in a fence longer than any within it."""
    if not code.strip():
        return ""
    fence = "```"
    while fence in code:
        fence += "`"
    return f"{fence}{language}\n{code}\n{fence}"


def _tool(content: Mapping[str, Any], aside: Aside) -> None:
    pictures = [p for p in map(mapping, items(content.get("parts"))) if p.get("asset_pointer")]
    for picture in pictures:
        aside.lack("made", _pointed(identifier(picture.get("asset_pointer"))))
    if not pictures and content:
        aside.lack("tool")


def _end(message: Mapping[str, Any], metadata: Mapping[str, Any]) -> End:
    details = mapping(metadata.get("finish_details"))
    why, status = identifier(details.get("type")), identifier(message.get("status"))
    if why == "interrupted":
        return End(ReplyState.INTERRUPTED, failed=Failed(FailureKind.STOPPED))
    if status == "in_progress":
        return CUT_OFF
    if status == "error":
        return End(ReplyState.FAILED, failed=Failed(FailureKind.SERVER))
    if why:
        return End(ReplyState.COMPLETE, Finished(_FINISHES.get(why, FinishReason.UNKNOWN), why))
    return DONE
