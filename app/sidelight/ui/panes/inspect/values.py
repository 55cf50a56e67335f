"""What the inspector shows, as values: sections of plain lines, a line of time, the messages. No Qt, no looking up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from sidelight.chat.reply import Reply

__all__ = ["Inspected", "Line", "Section", "Sentence", "Timeline", "Tone", "Tool", "stage"]

Tone: TypeAlias = Literal["strong", "plain", "muted", "good", "warning"]
SectionId: TypeAlias = Literal["identity", "trace", "timing", "tokens", "sent", "response", "stream"]
Tool: TypeAlias = Literal["copy", "copy_stream", "save_stream", "reread"]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence above the lines of a section."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Line:
    """A field and its value; `mark` says in a word how it is known, `note` what more there is to say."""

    label: str
    value: str
    mark: str = ""
    tone: Tone = "muted"
    note: str = ""

    @property
    def text(self) -> str:
        """As copied."""
        mark = f" ({self.mark})" if self.mark else ""
        note = f" - {self.note}" if self.note else ""
        return f"{self.label}: {self.value}{mark}{note}"


@dataclass(frozen=True, slots=True)
class Timeline:
    """Seconds since the request was sent. `thoughts` and `answer` are stretches, `marks` moments; `meaning` says all."""

    end: float
    marks: tuple[float, ...] = ()
    thoughts: tuple[float, float] | None = None
    answer: tuple[float, float] | None = None
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the inspector. `body` is a longer text below, in a box of its own; `whole` is what "copy" takes where
    `body` is shortened. `tools` stand below the box.
    """

    id: SectionId
    title: str
    sentences: tuple[Sentence, ...] = ()
    lines: tuple[Line, ...] = ()
    timeline: Timeline | None = None
    body: str = ""
    whole: str = ""
    tools: tuple[Tool, ...] = ()

    @property
    def text(self) -> str:
        """As copied."""
        parts = [self.title, *(s.text for s in self.sentences), *(x.text for x in self.lines)]
        return "\n".join([*parts, self.body] if self.body else parts)


@dataclass(frozen=True, slots=True)
class Inspected:
    """All that is shown of one reply. `lane` is what its lane is called."""

    lane: str
    sections: tuple[Section, ...]

    @property
    def text(self) -> str:
        """As copied."""
        return "\n\n".join([self.lane, *(s.text for s in self.sections)]) + "\n"


def stage(reply: Reply) -> object:
    """What of a reply decides how its details look: all of it once it has ended, before that only what comes once."""
    if reply.state.is_final:
        return reply
    timing = reply.timing
    began = (
        timing.headers,
        timing.first_byte,
        timing.first_payload,
        timing.first_thought,
        timing.first_answer,
    )
    return (reply.id, reply.state, reply.identity, reply.usage, reply.notes, began)
