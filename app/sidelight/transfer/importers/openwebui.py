"""Open WebUI's export of chats: a list, each a tree of messages that several models may have answered at once.

docs/import.md has the format and where it is known from. A trace stands in the text, in <details type="reasoning">, or in
`output`, which says whether the model's maker sent it as a summary.
"""

from __future__ import annotations

import base64
import binascii
import html
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from sidelight.chat.conversation import Conversation
from sidelight.chat.events import Failed, FailureKind, Usage
from sidelight.chat.message import Attachment
from sidelight.chat.reply import ReplyState, Segment
from sidelight.transfer.importers.item import Aside
from sidelight.transfer.importers.limits import LARGEST_ATTACHMENT
from sidelight.transfer.importers.reading import count, identifier, items, mapping, text, when
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

FORMAT = "openwebui"
_ORIGIN = Origin("openwebui")
_OPENING = '<details type="'
_CLOSING = "</details>"
_THINK, _UNTHINK = "<think>", "</think>"


def fits(item: Mapping[str, Any]) -> bool:
    """A chat with a history of messages."""
    return isinstance(mapping(mapping(item.get("chat")).get("history")).get("messages"), dict)


def convert(item: Mapping[str, Any], aside: Aside) -> Conversation:
    """The conversation. Raises Refusal."""
    chat = mapping(item.get("chat"))
    history = mapping(chat.get("history"))
    entries = {identifier(k): mapping(v) for k, v in mapping(history.get("messages")).items()}
    system = text(mapping(chat.get("params")).get("system")) or text(chat.get("system"))
    lanes = _lanes(entries)
    found = [Message("\x00system", None, Passed(system or None))]
    for key, entry in entries.items():
        parent = identifier(entry.get("parentId"))
        content = _content(entry, lanes.get(key, ""), aside)
        found.append(
            Message(key, parent if parent in entries else "\x00system", content, when(entry.get("timestamp")))
        )
    source = identifier(item.get("id")) or identifier(chat.get("id")) or next(iter(entries), "")
    return conversation(
        _ORIGIN,
        source,
        found,
        title=text(item.get("title")) or text(chat.get("title")),
        created=when(item.get("created_at")) or when(chat.get("timestamp")),
        current=identifier(history.get("currentId")) or None,
    )


def _lanes(entries: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The lane of each answer, where any prompt was answered by several models at once; else none is needed.

    A lane is a model, and where one was asked twice at once, each time. They stand in the order of the columns they had.
    """
    columns: dict[str, tuple[int, str, int]] = {}
    several = False
    by_prompt: dict[str, list[str]] = {}
    for key, entry in entries.items():
        if entry.get("role") == "assistant":
            by_prompt.setdefault(identifier(entry.get("parentId")), []).append(key)
    for prompt, answers in by_prompt.items():
        asked = [identifier(m) for m in items(entries.get(prompt, {}).get("models"))]
        twice = len(set(asked)) < len(asked)
        for key in answers:
            model = _model(entries[key])
            column = count(entries[key].get("modelIdx"))
            if column is None:
                column = asked.index(model) if model in asked else 0
            columns[key] = (column, model, column if twice else -1)
        several = several or len({(model, which) for _, model, which in (columns[k] for k in answers)}) > 1
    if not several:
        return {}
    first: dict[tuple[str, int], int] = {}
    for column, model, which in columns.values():
        first[model, which] = min(column, first.get((model, which), column))
    return {key: f"{first[model, which]:09d} {model} {which}" for key, (_, model, which) in columns.items()}


def _model(entry: Mapping[str, Any]) -> str:
    return identifier(entry.get("model")) or identifier(entry.get("modelName"))


def _content(entry: Mapping[str, Any], lane: str, aside: Aside) -> Sent | Said | Passed:
    match identifier(entry.get("role")):
        case "user":
            return Sent(text(entry.get("content")), tuple(_files(entry, aside)))
        case "assistant":
            output = [mapping(x) for x in items(entry.get("output"))]
            words = text(entry.get("content"))
            segments = tuple(_from_output(output, aside) if output else _from_text(words, aside))
            for file in map(mapping, items(entry.get("files"))):
                aside.lack("made", identifier(file.get("name")) or identifier(file.get("type")))
            return Said(segments, _model(entry), _end(entry), lane, _usage(entry))
        case "system":
            return Passed(text(entry.get("content")) or None)
        case other:
            aside.lack("kind", other)
            return Passed()


def _from_output(output: Sequence[Mapping[str, Any]], aside: Aside) -> Iterator[Segment]:
    """The items of a newer message, shaped like those of the Responses API."""
    for item in output:
        match identifier(item.get("type")):
            case "message":
                yield Segment("answer", _parts(item.get("content")))
            case "reasoning":
                summary = _parts(item.get("summary"))
                if summary:
                    yield Segment("reasoning", summary, channel="summary")
                else:
                    yield Segment("reasoning", _parts(item.get("content")))
            case _:
                aside.lack("tool")


def _parts(value: object) -> str:
    return "".join(text(p.get("text")) for p in map(mapping, items(value)))


def _from_text(words: str, aside: Aside) -> Iterator[Segment]:
    """The answer and what is folded into it. A block ends at a line that begins with its closing tag."""
    if words.lstrip().startswith(_THINK):
        before, closing, after = words.lstrip()[len(_THINK) :].partition(_UNTHINK)
        if closing:
            yield Segment("reasoning", before.strip("\n"))
            words = after.lstrip("\n")
    said: list[str] = []
    at = 0
    while (opening := words.find(_OPENING, at)) >= 0:
        end = _closing(words, opening)
        if end < 0:
            break
        said.append(words[at:opening])
        kind, folded = _block(words[opening : end - len(_CLOSING)])
        if kind == "reasoning":
            yield from _answer(said)
            said.clear()
            yield Segment("reasoning", folded)
        elif kind == "tool":
            aside.lack("tool")
        else:
            said.append(words[opening:end])
        at = end
    said.append(words[at:])
    yield from _answer(said)


def _answer(said: Sequence[str]) -> Iterator[Segment]:
    words = "".join(said).strip("\n")
    if words.strip():
        yield Segment("answer", words)


def _closing(words: str, at: int) -> int:
    """Where the block that begins at `at` ends, -1 nowhere."""
    found = words.find("\n" + _CLOSING, at)
    return found + 1 + len(_CLOSING) if found >= 0 else -1


def _block(block: str) -> tuple[Literal["reasoning", "tool", "other"], str]:
    """What a folded block is, and what is in it without the marks of a quotation."""
    tag, _, inside = block.partition(">")
    kind = tag[len(_OPENING) :].partition('"')[0]
    if kind in ("tool_calls", "code_interpreter"):
        return "tool", ""
    if kind != "reasoning":
        return "other", ""
    _, _, folded = inside.partition("</summary>")
    lines = folded.strip("\n").split("\n")
    if any(line.startswith("&gt;") for line in lines):  # newer versions escape the whole
        lines = html.unescape("\n".join(lines)).split("\n")
    return "reasoning", "\n".join(
        line.removeprefix("> ") if line.startswith("> ") else line.removeprefix(">") for line in lines
    )


def _files(entry: Mapping[str, Any], aside: Aside) -> Iterator[Attachment]:
    """Pictures that stand in the export, and texts that were read from files; the others are names alone."""
    for file in map(mapping, items(entry.get("files"))):
        inner = mapping(file.get("file"))
        name = (
            identifier(file.get("name")) or identifier(inner.get("filename")) or identifier(file.get("type"))
        )
        url = file.get("url")
        words = text(mapping(inner.get("data")).get("content"))
        if isinstance(url, str) and url.startswith("data:"):
            found = aside.picture(name, _inline(url))
        elif words:
            found = aside.attach(name, words.encode(), "text/plain")
        else:
            aside.lack("file", name)
            continue
        if found is not None:
            yield found


def _inline(url: str) -> bytes | None:
    head, _, data = url.partition(",")
    if not head.endswith(";base64") or len(data) > LARGEST_ATTACHMENT * 4 // 3 + 4:
        return None
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return None


def _usage(entry: Mapping[str, Any]) -> Usage | None:
    told = mapping(entry.get("usage")) or mapping(entry.get("info"))
    prompt = next(
        (
            n
            for k in ("prompt_tokens", "input_tokens", "prompt_eval_count")
            if (n := count(told.get(k))) is not None
        ),
        None,
    )
    output = next(
        (
            n
            for k in ("completion_tokens", "output_tokens", "eval_count")
            if (n := count(told.get(k))) is not None
        ),
        None,
    )
    return None if prompt is None and output is None else Usage(prompt=prompt, output_total=output)


def _end(entry: Mapping[str, Any]) -> End:
    error = entry.get("error")
    if error:
        message = text(mapping(error).get("content")) or text(error)
        return End(ReplyState.FAILED, failed=Failed(FailureKind.SERVER, message[:2000]))
    return CUT_OFF if entry.get("done") is False else DONE
