"""PDF: a conversation after another, in each the turns, in each turn the lanes one after another, on pages with numbers.

What is to be on the pages is said here, strip by strip; a child process with Qt sets them (`ui.printing`), so that neither
a window nor a terminal waits, and a fault there ends no more than the export.
"""

from __future__ import annotations

import errno
import queue
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Literal, TypeAlias

import msgspec

from sidelight import messages
from sidelight.chat.conversation import Conversation, Turn
from sidelight.chat.message import Attachment
from sidelight.chat.reply import Reply
from sidelight.paths import child_command
from sidelight.transfer import facts
from sidelight.transfer.source import Source
from sidelight.workers.frames import Answer, Broken, Done, Ready, pack
from sidelight.workers.process import Child

__all__ = [
    "End",
    "Facts",
    "Heading",
    "Markdown",
    "Opening",
    "Picture",
    "Prompt",
    "Quiet",
    "Strip",
    "pieces",
    "strips",
]

_START = 60.0
"""Seconds until the child has Qt ready, on a busy machine with a cold disk."""
_STRIP = 300.0
"""Seconds for a strip, on a busy machine: a megabyte of text with code and formulas takes about one minute."""
_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


class Opening(msgspec.Struct, frozen=True, tag=True):
    """A conversation begins, on a page of its own."""

    title: str


class Heading(msgspec.Struct, frozen=True, tag=True):
    """`level` 2: a turn, 3: a lane, 4: a part of a reply."""

    text: str
    level: int


class Quiet(msgspec.Struct, frozen=True, tag=True):
    """A sentence of ours."""

    text: str


class Facts(msgspec.Struct, frozen=True, tag=True):
    """(title, value), set small."""

    lines: tuple[tuple[str, str], ...]


class Prompt(msgspec.Struct, frozen=True, tag=True):
    """What a person wrote, as it was written."""

    text: str


class Markdown(msgspec.Struct, frozen=True, tag=True):
    """What a model wrote."""

    text: str
    role: Literal["answer", "trace"]


class Picture(msgspec.Struct, frozen=True, tag=True):
    """A file of a prompt: its caption, and its content where that is a picture."""

    caption: str
    content: bytes


class End(msgspec.Struct, frozen=True, tag=True):
    """That is all: the child answers with the file, in pieces, and ends."""


Strip: TypeAlias = Opening | Heading | Quiet | Facts | Prompt | Markdown | Picture | End


def pieces(source: Source, command: Sequence[str] | None = None) -> Iterator[bytes]:
    """The file, after an empty piece for each strip. `command` starts the child; None is this program itself.

    Raises OSError with a sentence where it cannot be set.
    """
    with closing(_Printer(command or child_command("print"))) as printer:
        for strip in strips(source):
            printer.put(strip)
            yield b""
        yield from printer.file()


def strips(source: Source) -> Iterator[Strip]:
    """What is to be on the pages."""
    for conversation in source.conversations():
        yield from _conversation(source, conversation)


def _conversation(source: Source, conversation: Conversation) -> Iterator[Strip]:
    outline = facts.Outline(conversation)
    yield Opening(" ".join(conversation.title.split()) or messages.text("ui.history.untitled"))
    yield _facts(outline.about())
    for turn in conversation.turns:
        yield Heading(outline.title(turn), 2)
        if turn.prompt.text:
            yield Prompt(turn.prompt.text)
        for file in turn.prompt.attachments:
            yield _file(source, file)
        yield from _turn(source, outline, turn)


def _turn(source: Source, outline: facts.Outline, turn: Turn) -> Iterator[Strip]:
    for number, lane, versions in outline.lanes(turn):
        for reply in versions:
            said = [messages.text("transfer.lane", n=number)]
            if len(versions) > 1:
                said.append(messages.text("transfer.version", n=reply.version))
            yield Heading(" · ".join((*said, facts.name(lane, reply))), 3)
            yield Quiet(", ".join((facts.state(reply), *facts.figures(reply))))
            yield from _reply(source, reply)


def _reply(source: Source, reply: Reply) -> Iterator[Strip]:
    if source.options.traces != "out":
        title = facts.trace_title(reply)
        if not reply.trace_text.strip():
            yield Quiet(title)
        elif source.options.traces == "in":
            yield Heading(title, 4)
            yield Markdown(reply.trace_text, "trace")
        else:
            yield Quiet(f"{title} · {messages.text('transfer.trace.out', n=f'{len(reply.trace_text):,}')}")
    spoken = list(facts.parts(reply))
    for part in spoken:
        yield Heading(part.title, 4)
        yield Markdown(part.text, "answer")
    if not spoken:
        yield Quiet(messages.text("transfer.no_answer"))
    yield _facts(facts.lines(reply, source.prices))


def _file(source: Source, file: Attachment) -> Picture:
    content = source.content(file.digest) if file.media_type in _PICTURES else None
    return Picture(f"{file.name} ({facts.attachment(file)})", content or b"")


def _facts(lines: Iterator[facts.Line]) -> Facts:
    return Facts(tuple((line.title, line.value) for line in lines))


class _Printer:
    """The child that sets the pages."""

    def __init__(self, command: Sequence[str]) -> None:
        """Raises OSError."""
        self._child = Child(command, {"QT_QPA_PLATFORM": "offscreen"})
        try:
            self._hear(_START)
        except BaseException:
            self._child.end()
            raise

    def put(self, strip: Strip) -> None:
        """Set one. Raises OSError."""
        try:
            frame = pack(strip)
        except Broken as error:
            raise _failed() from error
        self._child.tell(frame)
        self._hear(_STRIP)

    def file(self) -> Iterator[bytes]:
        """What was set. Raises OSError."""
        self._child.tell(pack(End()))
        while isinstance(answer := self._hear(_STRIP, Done), Done):
            yield answer.value

    def close(self) -> None:
        """End the child."""
        self._child.end()

    def _hear(self, seconds: float, other: type[Done] | type[Ready] = Ready) -> Answer:
        try:
            answer = self._child.hear(seconds)
        except (queue.Empty, Broken, msgspec.DecodeError) as error:
            raise _failed() from error
        if not isinstance(answer, Ready | other):
            raise _failed()
        return answer


def _failed() -> OSError:
    return OSError(errno.EIO, messages.text("transfer.pdf.failed"))
