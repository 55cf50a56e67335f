"""Markdown: every text of a person or a model stands in a fence that is longer than any within it, exactly as it was
written; what stands outside is ours. So nothing a model wrote can pass for a heading, a trace or a figure of this file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count

from sidelight import messages
from sidelight.chat.conversation import Turn
from sidelight.chat.message import Lane
from sidelight.chat.reply import Reply
from sidelight.render.markdown import normal
from sidelight.transfer import facts
from sidelight.transfer.source import Source

__all__ = ["escaped", "fence", "pieces", "span"]

_TICKS = re.compile("`+")
_MARKUP = re.compile(r"([\\`*\[\]<>#|~$&!]|(?<![^\W_])_|_(?![^\W_]))")
"""What could be read as markup within a line; a low line between letters cannot."""


def pieces(source: Source) -> Iterator[str]:
    """A heading for each conversation, one below it for each turn, and below that one for each lane."""
    yield f"{messages.text('transfer.about.md')}\n"
    for conversation in source.conversations():
        title = conversation.title or messages.text("ui.history.untitled")
        yield f"\n# {escaped(title)}\n\n"
        outline = facts.Outline(conversation)
        yield _listed(outline.about())
        for turn in conversation.turns:
            yield f"\n## {outline.title(turn)}\n\n"
            yield from _turn(source, outline, turn)


def fence(text: str) -> str:
    """A text as a block of its own, exactly but for how lines end. A line end stands between it and the closing mark."""
    text = normal(text)
    longest = max(map(len, _TICKS.findall(text)), default=0)
    marks = "`" * max(3, longest + 1)
    return f"{marks}markdown\n{text}\n{marks}\n"


def span(text: str) -> str:
    """A stranger's words within a line of ours, as code: characters that can be printed."""
    line = _one_line(text)
    taken = set(map(len, _TICKS.findall(line)))
    marks = "`" * next(n for n in count(1) if n not in taken)
    pad = " " if line.startswith("`") or line.endswith("`") or not line else ""
    return f"{marks}{pad}{line}{pad}{marks}"


def escaped(text: str) -> str:
    """Words within a line of ours, in which no markup is read."""
    return _MARKUP.sub(r"\\\1", _one_line(text))


def _one_line(text: str) -> str:
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(text.split())


def _listed(lines: Iterator[facts.Line]) -> str:
    return "".join(f"- {line.title}: {escaped(line.value)}\n" for line in lines)


def _turn(source: Source, outline: facts.Outline, turn: Turn) -> Iterator[str]:
    if turn.prompt.text:
        yield fence(turn.prompt.text)
    if turn.prompt.attachments:
        yield "\n"
    for file in turn.prompt.attachments:
        yield f"- {messages.text('transfer.attached')}: {span(file.name)} ({escaped(facts.attachment(file))})\n"
    for number, lane, versions in outline.lanes(turn):
        for reply in versions:
            yield from _reply(source, number, lane, reply, len(versions))


def _reply(source: Source, number: int, lane: Lane | None, reply: Reply, versions: int) -> Iterator[str]:
    title = messages.text("transfer.lane", n=number)
    if versions > 1:
        title += ", " + messages.text("transfer.version", n=reply.version)
    yield f"\n### {title}: {span(facts.name(lane, reply))}\n\n"
    yield _listed(facts.lines(reply, source.prices))
    if reply.trace_text.strip():
        yield from _trace(source, reply)
    spoken = list(facts.parts(reply))
    for part in spoken:
        yield f"\n#### {part.title}\n\n{fence(part.text)}"
    if not spoken:
        yield f"\n{messages.text('transfer.no_answer')}\n"


def _trace(source: Source, reply: Reply) -> Iterator[str]:
    title = facts.trace_title(reply)
    match source.options.traces:
        case "in":
            yield f"\n#### {title}\n\n{fence(reply.trace_text)}"
        case "folded":
            yield f"\n<details>\n<summary>{title}</summary>\n\n{fence(reply.trace_text)}\n</details>\n"
        case "out":
            yield f"\n{messages.text('transfer.trace.out', n=f'{len(reply.trace_text):,}')}\n"
