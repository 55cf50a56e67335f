"""Tells reasoning from answer where both come in one text, by the tags between them. Rules: protocols.md, section 5.

A small state machine over the answer text. It is exact (all text it gives, in order, is the input less the tags it took
away), it does not depend on how the text is cut, and it never trims; that is for the display. It does not know which
model speaks: what a family does (starts inside, thinks between answers) is told to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Literal

from sidelight.backends.wire.code_spans import CodeSpans
from sidelight.chat.events import AnswerDelta, Event, ReasoningDelta, Reclassify

__all__ = ["TAGS", "Tag", "ThinkSplitter"]

_LONGEST_BLANK = 1000
"""Characters of white space after which no opening tag is waited for any more."""


@dataclass(frozen=True, slots=True)
class Tag:
    """What opens a block, what closes it, and what is in it. `implied`: templates write the opening themselves,
    so that the closing may come alone."""

    opening: str
    closings: tuple[str, ...]
    holds: Literal["reasoning", "commentary", "answer"] = "reasoning"
    implied: bool = True


def _named(name: str) -> Tag:
    return Tag(f"<{name}>", (f"</{name}>",))


_NAMES = ("think", "thinking", "reasoning", "thought", "thoughts", "reflection", "seed:think", "mm:think")
TAGS: tuple[Tag, ...] = (
    *(_named(name) for name in _NAMES),
    Tag("[THINK]", ("[/THINK]",)),
    Tag("◁think▷", ("◁/think▷",)),
    Tag("<|START_THINKING|>", ("<|END_THINKING|>",)),
    Tag("<|channel>thought", ("<channel|>",), implied=False),
    # gpt-oss: channels instead of tags; the answer is a block, too
    Tag("<|channel|>analysis<|message|>", ("<|end|>",), implied=False),
    Tag("<|channel|>commentary<|message|>", ("<|end|>", "<|call|>"), "commentary", implied=False),
    Tag("<|channel|>final<|message|>", ("<|return|>", "<|end|>"), "answer", implied=False),
)
_TURN = "<|start|>assistant"
"""Stands before the channel of gpt-oss and says nothing."""


class _Words:
    """A set of words to look for in a text that grows."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = tuple(dict.fromkeys(words))
        self._starts = {word[0] for word in self.words}
        self._longest = max((len(word) for word in self.words), default=0)
        self._pattern = re.compile("|".join(re.escape(w) for w in sorted(self.words, key=len, reverse=True)))

    def find(self, text: str, start: int = 0) -> tuple[int, str] | None:
        """Where the first of them stands, and which."""
        found = self._pattern.search(text, start) if self.words else None
        return (found.start(), found.group()) if found else None

    def held(self, text: str) -> int:
        """From where on the end of the text could be the beginning of one of them."""
        for index in range(max(0, len(text) - self._longest + 1), len(text)):
            if text[index] in self._starts and any(w.startswith(text[index:]) for w in self.words):
                return index
        return len(text)


_OPENINGS = {tag.opening: tag for tag in TAGS}
_AT_START = _Words([*_OPENINGS, _TURN])
_IMPLIED_OPENINGS = frozenset(tag.opening for tag in TAGS if tag.implied)
_IMPLIED_CLOSINGS = frozenset(c for tag in TAGS if tag.implied for c in tag.closings)
_IN_ANSWER = _Words([*_IMPLIED_OPENINGS, *_IMPLIED_CLOSINGS])
_INSIDE = {tag.opening: _Words(tag.closings) for tag in TAGS}
_NO_WORDS = _Words(())


class _State(Enum):
    START = auto()
    INSIDE = auto()
    ANSWER = auto()


@dataclass(slots=True)
class ThinkSplitter:
    """Feed the answer text, get ReasoningDelta, AnswerDelta and at most one Reclassify.

    `starts_inside`: the template has written this opening tag ("<think>"), the text begins with reasoning.
    `interleaved`: a family that thinks again between answers (MiniMax M2, GLM); an opening tag at the start of a line is
    then taken at any time.
    """

    starts_inside: str | None = None
    interleaved: bool = False
    _state: _State = _State.START
    _tag: Tag = TAGS[0]
    _pending: str = ""
    _part: int = -1
    _code: CodeSpans = field(default_factory=CodeSpans)
    _may_reclassify: bool = True
    _at_line_start: bool = True
    _fresh: bool = False
    _field_text: str = ""
    _doubtful: str | None = None

    def __post_init__(self) -> None:
        """Step inside where the family says so."""
        if self.starts_inside:
            self._open(_OPENINGS[self.starts_inside])
            self._fresh = True

    def field_delivered(self, text: str) -> None:
        """A dedicated field has brought reasoning: a lone closing tag is now text, a block may be its copy."""
        if text:
            if self._fresh:
                # The server has split already: what comes as answer is one.
                self._fresh, self._state = False, _State.START
            self._may_reclassify = False
            self._part = max(self._part, 0)
            self._field_text += text

    def feed(self, text: str) -> list[Event]:
        """What is certain now."""
        out: list[Event] = []
        self._pending += text
        while self._pending and self._step(out):
            pass
        return out

    def flush(self) -> list[Event]:
        """At the end of the text: what was held back. A block that never closed is reasoning to its end."""
        out: list[Event] = []
        rest, self._pending = self._pending, ""
        self._give(rest, out)
        self._settle(out)
        return out

    def _step(self, out: list[Event]) -> bool:
        """One step; False when more text is needed."""
        match self._state:
            case _State.START:
                return self._start(out)
            case _State.INSIDE:
                return self._inside(out)
            case _State.ANSWER:
                return self._answer(out)

    def _start(self, out: list[Event]) -> bool:
        """Nothing but white space and closed blocks so far. White space is held: it belongs to what follows."""
        body = self._pending.lstrip()
        blank = self._pending[: len(self._pending) - len(body)]
        if len(blank) > _LONGEST_BLANK:
            self._state = _State.ANSWER
            return True
        if not body:
            return False
        found = _AT_START.find(body)
        if found is not None and found[0] == 0:
            self._pending = body[len(found[1]) :]
            if found[1] == _TURN:
                self._pending = blank + self._pending
            else:
                self._open(_OPENINGS[found[1]])
                self._give(blank, out)
            return True
        if _AT_START.held(body) == 0:
            return False
        self._state = _State.ANSWER
        return True

    def _open(self, tag: Tag) -> None:
        self._state, self._tag = _State.INSIDE, tag
        self._may_reclassify = False
        if tag.holds == "reasoning":
            self._part += 1
            self._doubtful = "" if self._field_text else None

    def _inside(self, out: list[Event]) -> bool:
        if self._fresh:
            # The family starts inside, and this time the model has written the opening tag itself.
            body = self._pending.lstrip()
            if self._tag.opening.startswith(body[: len(self._tag.opening)]):
                if len(body) < len(self._tag.opening):
                    return False
                self._pending = self._pending.replace(self._tag.opening, "", 1)
            self._fresh = False
            return True
        words = _INSIDE[self._tag.opening]
        found = words.find(self._pending)
        if found is None:
            return self._give_but(words.held(self._pending), out)
        self._give(self._pending[: found[0]], out)
        self._settle(out)
        self._pending = self._pending[found[0] + len(found[1]) :]
        self._state = _State.START
        return True

    def _answer(self, out: list[Event]) -> bool:
        words = _IN_ANSWER if self._may_reclassify else (_AT_START if self.interleaved else _NO_WORDS)
        found = words.find(self._pending)
        if found is None:
            return self._give_but(words.held(self._pending), out)
        where, word = found
        self._give(self._pending[:where], out)
        self._pending = self._pending[where:]
        if self._code.inside:
            self._give_word(word, out)
        elif word in _IMPLIED_CLOSINGS:
            # Only reached while nothing has opened a block: the template had written the opening tag.
            out.append(Reclassify())
            self._pending = self._pending[len(word) :]
            self._may_reclassify, self._state = False, _State.START
            self._part = 0
        elif self.interleaved and self._at_line_start and word in _OPENINGS:
            self._pending = self._pending[len(word) :]
            self._open(_OPENINGS[word])
        else:
            # An opening tag in running text: somebody writes about tags, so a closing one is text as well.
            self._may_reclassify = self._may_reclassify and word not in _IMPLIED_OPENINGS
            self._give_word(word, out)
        return True

    def _give_word(self, word: str, out: list[Event]) -> None:
        self._pending = self._pending[len(word) :]
        self._give(word, out)

    def _give_but(self, end: int, out: list[Event]) -> bool:
        """Give the text up to `end` and wait for more."""
        text, self._pending = self._pending[:end], self._pending[end:]
        self._give(text, out)
        return False

    def _give(self, text: str, out: list[Event]) -> None:
        if not text:
            return
        if self._state is not _State.INSIDE:
            if self._may_reclassify or self.interleaved:
                self._code.feed(text)
                self._at_line_start = text.endswith("\n")
            out.append(AnswerDelta(text))
        elif self._tag.holds == "answer":
            out.append(AnswerDelta(text))
        elif self._tag.holds == "commentary":
            out.append(AnswerDelta(text, phase="commentary"))
        elif self._doubtful is not None:
            self._doubtful += text
        else:
            out.append(ReasoningDelta(text, self._part))

    def _settle(self, out: list[Event]) -> None:
        """At the end of a block that may be a copy of what the field brought: drop the copy, keep anything else."""
        doubtful, self._doubtful = self._doubtful, None
        if doubtful and doubtful.strip() != self._field_text.strip():
            out.append(ReasoningDelta(doubtful, self._part))
