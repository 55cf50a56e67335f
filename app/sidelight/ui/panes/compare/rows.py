"""The rows of one lane: for each turn its prompt, the line above the trace, trace and answer by block, and the cards.

Finished texts are parsed once; a text that grows is fed only what is new. What a person did by hand in this lane (traces
opened or closed, an older version looked at) lives here and nowhere else.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import is_
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from sidelight import messages
from sidelight.chat.conversation import Turn
from sidelight.chat.events import FailureKind, FinishReason
from sidelight.chat.reply import Reply, ReplyState
from sidelight.render.blocks import Block, Break, Inline, Paragraph, Text
from sidelight.render.markdown import normal, parse, parse_piece
from sidelight.render.stream import BlockStream
from sidelight.render.unclosed import in_fence
from sidelight.settings import ThinkingMode
from sidelight.ui import wording
from sidelight.ui.document.letters import Role
from sidelight.ui.document.view import Row, TextRow, WidgetRow
from sidelight.ui.panes.compare.cards import FailureCard, Files, Note, VersionBar
from sidelight.ui.panes.compare.prompt_bar import PromptBar, PromptBarValue
from sidelight.ui.panes.compare.thinking import CloseBar, Thinking, ThinkingValue
from sidelight.ui.panes.compare.values import Disclosure, disclosure, is_thinking, shown_reply

__all__ = ["LaneRows"]

_PROMPT_SHOWN = 8_000
_LONG_TRACE = 1_200
_READING = 0.006
"""Seconds in which finished texts are read at a time."""
_SLICE = 2_000
"""Characters of a long text that are read in one go."""
_LONG, _SEEN = 8_000, 2_500
"""Characters of a text of which the end is shown before all of it is read, and those of that end."""
_BEGIN = re.compile(r"\n\n(?=[^\s\d>|*+~`:-])")
"""Where a block begins that does not go on from the one before."""
_FENCES = re.compile(r"^.*(?:```|~~~).*$", re.MULTILINE)
_PEEKED = 600
"""Characters from the end of a trace that its peek may need."""


@dataclass(slots=True)
class _Shown:
    """The rows of one text, as far as they are made, and what they were made of."""

    text: str = ""
    final: bool = False
    rows: tuple[TextRow, ...] = ()
    settled: int = 0
    pages: int = 1
    stream: BlockStream | None = None


@dataclass(slots=True)
class _Turn:
    """The rows of one turn and what they were made of (`reply` is held so that its identity stays its own)."""

    made_of: tuple[object, ...]
    reply: Reply | None
    rows: list[Row]


class LaneRows(QObject):
    """Makes rows out of turns. `changed`: something was done by hand, ask for the rows again.

    `acted` carries a turn's id and what to do: "retry", "ask", a wish of `PromptBar`, or a `FailureWords.wish`.
    """

    changed = Signal()
    acted = Signal(str, str)
    closed_at_end = Signal(str)
    """A trace was closed at its end; carries the key of the row to go to."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.reading = False
        """There is more to be read: the rows made last are not all, or not all new. Build again, soon."""
        self._deadline = 0.0
        self._has_read = False
        self._by_hand: dict[str, bool] = {}
        self._versions: dict[str, int] = {}
        self._pages: dict[str, int] = {}
        self._turns: dict[str, _Turn] = {}
        self._texts: dict[str, _Shown] = {}
        self._widgets: dict[str, WidgetRow] = {}
        self._rows: list[Row] = []
        self._branches: Mapping[str, tuple[str, ...]] = {}
        self._several = False
        self._built: tuple[Sequence[Turn], str, ThinkingMode] | None = None
        """What `_rows` were made of; None where that must be looked at anew."""
        self._heads: dict[str, Thinking] = {}
        self._head_values: dict[str, ThinkingValue] = {}
        self._heads_made_of: dict[str, tuple[object, ...]] = {}

    def _changed(self) -> None:
        self._built = None
        self.changed.emit()

    def show_branches(self, branches: Mapping[str, tuple[str, ...]], *, several: bool) -> None:
        """The siblings of each turn that has some. `several`: there are lanes beside this one, which could take an answer over."""
        if (branches, several) != (self._branches, self._several):
            self._branches, self._several = branches, several
            self._built = None

    # --- what was done by hand

    def shown(self, turn: Turn, lane: str) -> Reply | None:
        """The reply of the lane that is looked at in this turn."""
        return shown_reply(turn, lane, self._versions.get(turn.id))

    def open_all(self, turns: Sequence[Turn], lane: str, opened: bool) -> None:
        """Open or close all traces of the lane by hand."""
        for turn in turns:
            for reply in turn.versions(lane):
                self._by_hand[reply.id] = opened
        self._changed()

    def open_trace(self, reply_id: str) -> None:
        """Open the trace of one reply by hand."""
        self._toggle(reply_id, True)

    def any_open(self, turns: Sequence[Turn], lane: str, mode: ThinkingMode) -> bool:
        """Whether some trace that is looked at stands open."""
        replies = (self.shown(t, lane) for t in turns)
        return any(
            r is not None and bool(r.trace_text.strip()) and self._disclosure(r, mode) == "open"
            for r in replies
        )

    def forget_others(self, turns: Sequence[Turn], lane: str) -> None:
        """Drop what is kept of replies that are not in these turns."""
        if not (self._turns or self._texts or self._widgets or self._heads):
            return
        here = {t.id for t in turns} | {r.id for t in turns for r in t.versions(lane)}
        kept: tuple[dict[str, Any], ...] = (
            self._turns,
            self._texts,
            self._widgets,
            self._heads,
            self._head_values,
            self._heads_made_of,
        )
        for things in kept:
            for key in [k for k in things if k.split(".", 1)[0] not in here]:
                del things[key]

    def forget(self) -> None:
        """Drop everything: another lane comes."""
        self.forget_others((), "")
        self._by_hand, self._versions, self._pages = {}, {}, {}
        self._rows, self._built, self._branches, self.reading = [], None, {}, False

    def newest_version(self, turn_id: str) -> None:
        """Look at the newest version again."""
        self._built = None
        self._versions.pop(turn_id, None)

    def show_more(self, row: str) -> None:
        """Lay out more of a text that was too long to be shown at once; `row` is the key of its last row."""
        key = row.rsplit(".", 1)[0]
        self._pages[key] = self._pages.get(key, 1) + 1
        self._changed()

    # --- rows

    def build(
        self,
        turns: Sequence[Turn],
        lane: str,
        mode: ThinkingMode,
        elapsed: Callable[[str], float | None],
    ) -> list[Row]:
        """The rows of the lane, newest turn first for as long as reading may take; then `reading` is set.

        Of a turn that was not read yet only the end is there, and those before it are left out; one that changed looks as it
        did. The rows of a turn in which nothing changed are the ones of the last time. `elapsed` gives the seconds of a live
        reply.
        """
        self.reading = False
        if self._only_thought(turns, lane, mode, elapsed):
            return self._rows
        self._deadline, self._has_read = time.monotonic() + _READING, False
        found: list[list[Row]] = []
        first = turns[0].id if turns else ""
        for turn in reversed(turns):
            reply = self.shown(turn, lane)
            versions = turn.versions(lane)
            by_hand = self._by_hand.get(reply.id) if reply is not None else None
            made_of = (
                id(reply),
                len(versions),
                mode,
                by_hand,
                first == turn.id,
                sum(self._pages.values()),
                self._branches.get(turn.id),
                turn.chosen,
                self._several,
            )
            kept = self._turns.get(turn.id)
            if kept is None or kept.made_of != made_of or kept.reply is not reply:
                self.reading = self.reading or self._is_late()
                if not self.reading:
                    fresh = self._turn(turn, reply, versions, mode, elapsed, first == turn.id)
                    self._has_read = True
                    if self._all_read():
                        kept = self._turns[turn.id] = _Turn(made_of, reply, fresh)
                    elif kept is None and reply is not None:
                        found.append(self._end_of_turn(turn, reply, first == turn.id))
            if kept is None:
                break
            found.append(kept.rows)
        rows = list(chain.from_iterable(reversed(found)))
        if len(rows) != len(self._rows) or not all(map(is_, rows, self._rows)):
            self._rows = rows
        self._built = None if self.reading else (turns, lane, mode)
        return self._rows

    def _all_read(self) -> bool:
        return not self.reading

    def _end_of_turn(self, turn: Turn, reply: Reply, first: bool) -> list[Row]:
        """What can be seen already of a turn that is being read."""
        shown = self._texts.get(f"{reply.id}.answer")
        if shown is None or not shown.rows:
            return []
        return [*shown.rows, *self._ending(turn, reply, first)]

    def _only_thought(
        self, turns: Sequence[Turn], lane: str, mode: ThinkingMode, elapsed: Callable[[str], float | None]
    ) -> bool:
        """Whether all that is new is more of a trace that is not open, in the newest turn; it is shown then."""
        if self._built is None or not turns:
            return False
        before, *rest = self._built
        if rest != [lane, mode] or len(before) != len(turns) or not all(map(is_, before[:-1], turns[:-1])):
            return False
        old, new = self.shown(before[-1], lane), self.shown(turns[-1], lane)
        if old is None or new is None or not _thinks_on(old, new):
            return False
        if self._disclosure(new, mode) == "open":
            return False
        self._built = (turns, lane, mode)
        value = self._head_values.get(new.id)
        if value is not None:
            self._show_head(new, new.trace_text, elapsed(new.id), value.disclosure)
        return value is not None

    def _turn(
        self,
        turn: Turn,
        reply: Reply | None,
        versions: tuple[Reply, ...],
        mode: ThinkingMode,
        elapsed: Callable[[str], float | None],
        first: bool,
    ) -> list[Row]:
        rows: list[Row] = [self._prompt(turn), *self._files(turn), self._prompt_bar(turn, reply)]
        if reply is None:
            return [*rows, self._not_asked(turn)]
        if len(versions) > 1:
            rows.append(self._version_bar(turn, reply, versions))
        rows += self._thinking(reply, mode, elapsed(reply.id))
        rows += self._text_rows(reply.id, "answer", reply.answer_text, reply.state.is_final)
        rows += self._ending(turn, reply, first)
        return rows

    def texts(self, turns: Sequence[Turn], lane: str) -> tuple[list[TextRow], bool]:
        """Every row of text in reading order, those of closed traces too, and whether that is all.

        Where it is not, there was too little time to read everything: ask again.
        """
        drawing, self.reading = self.reading, False
        self._deadline, self._has_read = time.monotonic() + _READING, False
        rows: list[TextRow] = []
        for turn in turns:
            rows.append(self._prompt(turn))
            if (reply := self.shown(turn, lane)) is not None:
                rows += self._text_rows(reply.id, "trace", reply.trace_text, not is_thinking(reply))
                rows += self._text_rows(reply.id, "answer", reply.answer_text, reply.state.is_final)
        whole, self.reading = not self.reading, drawing
        return rows, whole

    def tick(self, reply: Reply, elapsed: float | None) -> None:
        """Move the clock of a live reply."""
        value = self._head_values.get(reply.id)
        if value is not None and value.live:
            self._show_head(reply, reply.trace_text, elapsed, value.disclosure)

    def _widget(self, key: str, make: Callable[[QWidget], QWidget], token: object = None) -> WidgetRow:
        """A row with a widget; the very same row while it shows the same."""
        row = self._widgets.get(key)
        if row is None or row.token != token:
            row = self._widgets[key] = WidgetRow(key, make, token)
        return row

    def _files(self, turn: Turn) -> list[Row]:
        files = turn.prompt.attachments
        return [self._widget(f"{turn.id}.files", lambda parent: Files(files, parent))] if files else []

    def _prompt(self, turn: Turn) -> TextRow:
        key = f"{turn.id}.prompt"
        shown = self._texts.get(key)
        if shown is None:
            said = turn.prompt.text
            if len(said) > _PROMPT_SHOWN:
                size = wording.data_size(len(said.encode()))
                said = said[:_PROMPT_SHOWN].rstrip() + "\n\n" + messages.text("ui.prompt.cut", size=size)
            shown = self._texts[key] = _Shown(rows=(TextRow(key, _as_written(said), "prompt"),))
        return shown.rows[0]

    def _prompt_bar(self, turn: Turn, reply: Reply | None) -> Row:
        answered = self._several and reply is not None and bool(reply.answer_text) and reply.state.is_final
        chosen = turn.chosen == reply.lane if answered and reply is not None else None
        value = PromptBarValue(turn.id, self._branches.get(turn.id, ()), chosen)

        def make(parent: QWidget) -> QWidget:
            bar = PromptBar(value, parent)
            bar.wished.connect(self.acted)
            return bar

        return self._widget(f"{turn.id}.bar", make, value)

    def _not_asked(self, turn: Turn) -> Row:
        def make(parent: QWidget) -> QWidget:
            note = Note(messages.text("ui.lane.not_asked"), messages.text("ui.lane.ask"), parent)
            note.acted.connect(lambda: self.acted.emit(turn.id, "ask"))
            return note

        return self._widget(f"{turn.id}.not_asked", make)

    def _version_bar(self, turn: Turn, reply: Reply, versions: tuple[Reply, ...]) -> Row:
        place = next(i for i, r in enumerate(versions) if r.id == reply.id)

        def choose(index: int) -> None:
            self._versions[turn.id] = versions[index].version
            self._changed()

        remark = messages.text("ui.version.reread") if reply.reread else ""

        def make(parent: QWidget) -> QWidget:
            bar = VersionBar(place, len(versions), parent, remark)
            bar.chosen.connect(choose)
            return bar

        return self._widget(f"{turn.id}.versions", make, (place, len(versions), remark))

    # --- the trace

    def _disclosure(self, reply: Reply, mode: ThinkingMode) -> Disclosure:
        return disclosure(mode, self._by_hand.get(reply.id), is_thinking(reply))

    def _thinking(self, reply: Reply, mode: ThinkingMode, elapsed: float | None) -> list[Row]:
        trace = reply.trace_text
        has_trace = not _is_blank(trace)
        if reply.failed is not None and not has_trace and not reply.answer_text:
            return []  # nothing came: whether there would have been a trace is not known
        degree = self._disclosure(reply, mode)
        self._show_head(reply, trace, elapsed, degree)
        head = f"{reply.id}.head"

        def make(parent: QWidget) -> QWidget:
            widget = Thinking(parent)
            widget.show_value(self._head_values[reply.id])
            widget.toggled.connect(lambda opened: self._toggle(reply.id, opened))
            self._heads[reply.id] = widget
            return widget

        rows: list[Row] = [self._widget(head, make, (has_trace, degree))]
        if has_trace and degree == "open":
            rows += self._text_rows(reply.id, "trace", trace, not is_thinking(reply))
            if len(trace) > _LONG_TRACE:
                rows.append(
                    self._widget(f"{reply.id}.close", lambda parent: self._close_bar(reply.id, parent))
                )
        return rows

    def _show_head(self, reply: Reply, trace: str, elapsed: float | None, degree: Disclosure) -> None:
        made_of = (len(trace), elapsed, degree, reply.state, reply.usage, reply.timing.first_answer)
        before = self._heads_made_of.get(reply.id)
        if before == made_of:
            return
        self._heads_made_of[reply.id] = made_of
        grown = before is not None and before[1:] == made_of[1:]
        value = ThinkingValue(
            self._head_values[reply.id].title if grown else wording.thinking_title(reply, elapsed),
            degree,
            not _is_blank(trace),
            live=not reply.state.is_final,
            last=trace[-_PEEKED:] if degree == "peek" else "",
            length=len(trace) if degree == "peek" else 0,
        )
        self._head_values[reply.id] = value
        widget = self._heads.get(reply.id)
        if widget is not None and isValid(widget):  # the view destroys what is far away
            widget.show_value(value)

    def _toggle(self, reply_id: str, opened: bool) -> None:
        self._by_hand[reply_id] = opened
        self._changed()

    def _close_bar(self, reply_id: str, parent: QWidget) -> QWidget:
        def close() -> None:
            self._toggle(reply_id, False)
            self.closed_at_end.emit(f"{reply_id}.head")

        bar = CloseBar(parent)
        bar.closed.connect(close)
        return bar

    # --- texts

    def _text_rows(self, reply_id: str, role: Role, whole: str, final: bool) -> list[TextRow]:
        key = f"{reply_id}.{role}"
        if _is_blank(whole):
            return []
        shown = self._texts.setdefault(key, _Shown())
        self._update(shown, key, role, whole, final)
        return list(shown.rows)

    def _update(self, shown: _Shown, key: str, role: Role, whole: str, final: bool) -> None:
        """Bring the rows of one text up to date; rows of finished blocks stay the very same objects."""
        pages = self._pages.get(key, 1)
        if (shown.final, shown.pages, len(shown.text)) == (final, pages, len(whole)) and shown.text == whole:
            return
        if final:
            if pages > 1:
                blocks = parse(whole, pages)
            elif shown.stream is None and len(whole) > _LONG and not shown.rows:
                shown.rows = self._end_of(key, role, whole)
                shown.stream, shown.text = BlockStream(), ""
                self.reading = self._has_read = True
                return
            elif self._read_on(shown, whole):
                assert shown.stream is not None
                known = {row.block: row.block for row in shown.rows}
                blocks = tuple(known.get(block, block) for block in shown.stream.finish())
            else:
                return
            shown.rows = self._with_rows(shown.rows, key, role, blocks)
            shown.stream = None
        else:
            if shown.stream is None:
                shown.stream, shown.text, shown.settled = BlockStream(), "", 0
            if not self._feed(shown.stream, shown.text, whole):
                shown.settled = 0
            finished = shown.stream.finished
            fresh = [*finished[shown.settled :], *shown.stream.tail]
            shown.rows = shown.rows[: shown.settled] + self._with_rows(
                shown.rows[shown.settled :], key, role, fresh, first=shown.settled
            )
            shown.settled = len(finished)
        shown.text, shown.final, shown.pages = whole, final, pages

    @staticmethod
    def _end_of(key: str, role: Role, whole: str) -> tuple[TextRow, ...]:
        """The end of a long text, to be seen until all of it is read, which may show that it is to be read otherwise."""
        whole = normal(whole)
        begin = _BEGIN.search(whole, len(whole) - _SEEN)
        if begin is None or in_fence("\n".join(_FENCES.findall(whole, 0, begin.end()))):
            return ()
        line = whole.count("\n", 0, begin.end())
        pieces = parse_piece(whole[begin.end() :], {}, line)
        return tuple(TextRow(f"{key}.end{n}", piece.block, role) for n, piece in enumerate(pieces))

    def _read_on(self, shown: _Shown, whole: str) -> bool:
        """Read a text that is whole, as far as time allows; whether to its end."""
        if shown.stream is None:
            shown.stream, shown.text = BlockStream(), ""
        if not whole.startswith(shown.text):
            shown.stream.replace(whole)
            return True
        for place in range(len(shown.text), len(whole), _SLICE):
            if self._is_late():
                self.reading = True
                return False
            shown.stream.feed(whole[place : place + _SLICE])
            shown.text = whole[: place + _SLICE]
            self._has_read = True
        if len(whole) > _LONG and self._is_late():  # then it is laid out the next time
            self.reading = True
            return False
        return True

    def _is_late(self) -> bool:
        """Whether enough was read for now; something always is, however little time there is."""
        return self._has_read and time.monotonic() > self._deadline

    @staticmethod
    def _feed(stream: BlockStream, before: str, whole: str) -> bool:
        """Feed what is new; False where the text did not grow but changed, and all of it was read again."""
        if whole.startswith(before):
            if len(whole) > len(before):
                stream.feed(whole[len(before) :])
            return True
        stream.replace(whole)
        return False

    @staticmethod
    def _with_rows(
        old: tuple[TextRow, ...], key: str, role: Role, blocks: Sequence[Block], first: int = 0
    ) -> tuple[TextRow, ...]:
        """Rows for blocks; where a block is the one that stood there, its row stays."""
        made: list[TextRow] = []
        for index, block in enumerate(blocks):
            if index < len(old) and (old[index].block is block or old[index].block == block):
                made.append(old[index])
            else:
                made.append(TextRow(f"{key}.{first + index}", block, role))
        return tuple(made)

    # --- how it ended

    def _ending(self, turn: Turn, reply: Reply, first: bool) -> list[Row]:
        key = f"{reply.id}.end"
        if reply.failed is not None:
            return [self._failure(key, turn, reply, first)]
        if reply.thought_only:
            return [self._note(key, messages.text("ui.note.thought_only"))]
        reason = reply.finished.reason if reply.finished is not None else None
        if reply.state is ReplyState.COMPLETE and not reply.answer_text.strip():
            return [self._note(key, messages.text("ui.note.empty"))]
        match reason:
            case FinishReason.LENGTH:
                return [self._note(key, messages.text("ui.note.length"))]
            case FinishReason.CONTENT_FILTER:
                return [self._note(key, messages.text("ui.note.filtered"))]
            case FinishReason.REFUSAL:
                return [self._note(key, messages.text("ui.note.refused"))]
            case _:
                return []

    def _note(self, key: str, sentence: str) -> Row:
        return self._widget(key, lambda parent: Note(sentence, parent=parent), sentence)

    def _failure(self, key: str, turn: Turn, reply: Reply, first: bool) -> Row:
        assert reply.failed is not None
        words = wording.failure(reply.failed)
        actions = [("retry", messages.text("ui.retry"))]
        if words.wish and not (words.wish == "drop_oldest" and first):
            actions.insert(0, (words.wish, messages.text(_CAPTIONS[words.wish])))
        level = "info" if reply.failed.kind is FailureKind.STOPPED else "error"

        def make(parent: QWidget) -> QWidget:
            card = FailureCard(words, tuple(actions), level, parent)
            card.acted.connect(lambda what: self.acted.emit(turn.id, what))
            return card

        return self._widget(key, make, (words, tuple(actions)))


_CAPTIONS = {
    "drop_oldest": "ui.drop_oldest",
    "key": "ui.set_key",
    "model": "ui.choose_model",
    "preferences": "ui.preferences",
    "settings": "ui.lane.settings",
}


def _thinks_on(old: Reply, new: Reply) -> bool:
    """Whether a reply differs from before by more thoughts alone."""
    return (
        (old.id, old.state, old.usage, old.failed) == (new.id, new.state, new.usage, new.failed)
        and is_thinking(new)
        and is_thinking(old)
        and len(old.segments) == len(new.segments)
        and not _is_blank(old.trace_text)
    )


def _is_blank(text: str) -> bool:
    return not text or text.isspace()


def _as_written(said: str) -> Paragraph:
    """A prompt is shown as it was typed, not as Markdown."""
    inlines: list[Inline] = []
    for line in said.splitlines():
        inlines += [Text(line), Break()]
    return Paragraph(tuple(inlines[:-1]))
