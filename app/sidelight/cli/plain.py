"""Steps as lines of a terminal: a number per lane, traces marked, nothing a model wrote can steer the terminal.

`Plain` keeps the unfinished line of each lane, because lanes that stream at once can only take turns by the line. It
prints nothing itself. Answers and traces are `out`; what is said about them is `notes` (standard error).
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field

from sidelight import messages
from sidelight.chat.message import Lane
from sidelight.chat.reply import Reply, ReplyState, SegmentKind
from sidelight.cli.lanes import spell
from sidelight.cli.steps import Ended, Reclassified, Staged, Step, Wrote
from sidelight.cli.wording import failure, summary

__all__ = ["Plain", "Said", "visible"]

_DIM, _COLOURS, _END = "\x1b[2m", ("36", "33", "35", "32", "34", "31"), "\x1b[0m"
_SHORTEST_WIDTH = 40

# Control characters as their pictures, DEL and C1 and the marks that turn text around as one sign: a model's text must
# not move the cursor, set the title, fill the clipboard (OSC 52) or show one thing and mean another.
_STEERING = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"}
_STEERING |= dict.fromkeys((0x7F, *range(0x80, 0xA0)), "\ufffd")
_STEERING |= dict.fromkeys((0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)), "\ufffd")


def visible(text: str) -> str:
    """The text with everything that could steer a terminal made visible; line ends and tabs stay."""
    return text.replace("\r\n", "\n").translate(_STEERING)


@dataclass(frozen=True, slots=True)
class Said:
    """What to print: lines for standard output and lines for standard error, without their line ends."""

    out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Open:
    """The line a lane is in the middle of."""

    kind: SegmentKind = "answer"
    segment: int = -1
    text: str = ""
    stage: str = ""


@dataclass
class Plain:
    """The printer of one question. `width` is the terminal's in columns, None where lines are not to be wrapped."""

    lanes: Sequence[Lane]
    colours: bool = False
    width: int | None = None
    _open: dict[int, _Open] = field(default_factory=dict, init=False)

    def announce(self) -> Said:
        """Which lane a number stands for; nothing where there is only one."""
        if len(self.lanes) < 2:
            return Said()
        return Said(notes=tuple(f"{self._number(n)} = {spell(x)}" for n, x in enumerate(self.lanes, 1)))

    def step(self, number: int, step: Step) -> Said:
        """The lines that one step of a lane completes."""
        open_line = self._open.setdefault(number, _Open())
        match step:
            case Staged(stage, _, total):
                return self._staged(number, open_line, stage, total)
            case Wrote():
                return Said(out=self._wrote(number, open_line, step))
            case Reclassified():
                rest = self._finish(number, open_line)
                return Said(rest, (self._note(number, messages.text("cli.reclassified")),))
            case Ended(reply):
                return Said(self._finish(number, open_line), self._ended(number, reply))

    def _staged(self, number: int, line: _Open, stage: str, total: int | None) -> Said:
        if stage == line.stage:
            return Said()
        line.stage = stage
        match stage:
            case "queued":
                sentence = messages.text("cli.stage.queued")
            case "loading":
                sentence = messages.text("cli.stage.loading")
            case "prompt" if total:
                sentence = messages.text("cli.stage.prompt", total=total)
            case _:
                return Said()
        return Said(notes=(self._note(number, sentence),))

    def _wrote(self, number: int, line: _Open, step: Wrote) -> tuple[str, ...]:
        done: tuple[str, ...] = ()
        if (line.kind, line.segment) != (step.kind, step.segment):
            done = self._finish(number, line)
            line.kind, line.segment = step.kind, step.segment
        *whole, line.text = (line.text + step.text).split("\n")
        lines = [x for text in whole for x in self._wrap(text)]
        if self.width is not None and len(line.text) > self.width:
            *full, line.text = self._wrap(line.text)
            lines += full
        return (*done, *(self._print(number, line.kind, x) for x in lines))

    def _finish(self, number: int, line: _Open) -> tuple[str, ...]:
        """The unfinished line, as it stands."""
        text, line.text = line.text, ""
        return tuple(self._print(number, line.kind, x) for x in self._wrap(text)) if text else ()

    def _wrap(self, text: str) -> list[str]:
        if self.width is None or len(text) <= self.width:
            return [text]
        room = max(_SHORTEST_WIDTH, self.width - 4)
        return textwrap.wrap(text, room, replace_whitespace=False, drop_whitespace=False) or [""]

    def _print(self, number: int, kind: SegmentKind, text: str) -> str:
        mark = "~ " if kind == "reasoning" else ("! " if kind == "refusal" else "")
        if len(self.lanes) > 1:
            mark = self._number(number) + (" " + mark if mark else " | ")
        shown = visible(text)
        if self.colours and kind == "reasoning":
            shown = f"{_DIM}{shown}{_END}"
        return mark + shown

    def _ended(self, number: int, reply: Reply) -> tuple[str, ...]:
        notes = [summary(reply)]
        if reply.failed is not None and reply.state is not ReplyState.COMPLETE:
            notes.append(visible(failure(reply.failed)))
        if reply.thought_only:
            notes.append(messages.text("cli.thought_only"))
        return tuple(self._note(number, x) for x in notes)

    def _note(self, number: int, sentence: str) -> str:
        return f"{self._number(number)} = {sentence}" if len(self.lanes) > 1 else f"= {sentence}"

    def _number(self, number: int) -> str:
        if not self.colours:
            return str(number)
        return f"\x1b[{_COLOURS[(number - 1) % len(_COLOURS)]}m{number}{_END}"
