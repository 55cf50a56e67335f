"""Replies as rows of their table: which columns there are, a reply's values for them, and a reply of such values.

Not the statements (`conversations`). The text of a reply stands in three columns, and `segments` says how it is cut.

A long conversation has thousands of replies, and of most nobody asks more than where they stand. So what `kept_replies` gives has
been looked over, but is read out of its row only when it is asked for the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from typing import Any, Literal, TypeAlias

import msgspec

from sidelight.chat.events import Channel, Failed, Finished, Note, Opaque, Phase, Progress, Usage
from sidelight.chat.reply import (
    Asked,
    Identity,
    Reply,
    ReplyState,
    Segment,
    SegmentKind,
    Timing,
    TraceClaim,
    trace_of,
)
from sidelight.store.codec import Column, mended
from sidelight.store.errors import StoreError

__all__ = ["COLUMNS", "READ", "kept_replies", "reply_of", "row_of"]


class _Facts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a reply has beside its text and its numbers, in one column: nothing is searched in it."""

    identity: Identity = Identity()
    claim: TraceClaim = TraceClaim()
    finished: Finished | None = None
    failed: Failed | None = None
    progress: Progress | None = None
    opaque: tuple[Opaque, ...] = ()
    asked: Asked | None = None
    notes: tuple[Note, ...] | None = None
    again_at: float | None = None
    reread: str = ""


_Cut: TypeAlias = tuple[SegmentKind, int, Channel | None, Phase | None, int]
_TextColumn: TypeAlias = Literal["trace", "answer", "commentary"]

_SEGMENTS = Column[tuple[_Cut, ...]](tuple[_Cut, ...], ())
_TIMING = Column[Timing](Timing, Timing())
_FACTS = Column["_Facts"](_Facts, _Facts())
_STATES = {state.value: state for state in ReplyState}

# The order of these names is the order of what the checksum covers: append only.
COLUMNS = (
    *("id", "backend", "model", "lane", "version", "state", "trace", "answer", "commentary", "segments"),
    *("trace_kind", "trace_certainty", "trace_elicited", "trace_encrypted"),
    *("prompt_tokens", "cached_tokens", "output_tokens", "reasoning_tokens", "cost", "usage_raw"),
    *("timing", "facts", "dropped_turns"),
)
# What `load` needs of it; the other columns are there to be searched and counted.
READ = (
    *("id", "lane", "version", "state", "trace", "answer", "commentary", "segments"),
    *("prompt_tokens", "cached_tokens", "output_tokens", "reasoning_tokens", "cost", "usage_raw"),
    *("timing", "facts", "dropped_turns"),
)

_BETWEEN = "\n\n"
"""Between two segments in a text column; the same that `Reply.trace_text` and `answer_text` show."""


def row_of(reply: Reply, backend: str, model: str) -> tuple[object, ...]:
    """The values of a reply in the order of `COLUMNS`; what it was asked of is said apart."""
    segments = [replace(s, text=mended(s.text)) for s in reply.segments]
    texts: dict[_TextColumn, list[str]] = {"trace": [], "answer": [], "commentary": []}
    for s in segments:
        texts[_text_column(s.kind, s.phase)].append(s.text)
    cuts = tuple((s.kind, s.part, s.channel, s.phase, len(s.text)) for s in segments)
    trace = trace_of(reply)
    usage = reply.usage or Usage()
    return (
        reply.id,
        backend,
        model,
        reply.lane,
        reply.version,
        reply.state.value,
        *(_BETWEEN.join(texts[name]) for name in texts),
        _SEGMENTS.encode(cuts),
        trace.kind.value,
        trace.certainty.value,
        int(trace.elicited),
        int(trace.partly_encrypted),
        _count(usage.prompt),
        _count(usage.cached),
        _count(usage.output_total),
        _count(usage.reasoning),
        None if usage.cost is None else float(usage.cost),
        None if reply.usage is None else mended(usage.raw),
        _TIMING.encode(reply.timing),
        _FACTS.encode(
            _Facts(
                reply.identity,
                reply.claim,
                reply.finished,
                reply.failed,
                reply.progress,
                reply.opaque,
                reply.asked,
                reply.notes,
                reply.again_at,
                reply.reread,
            )
        ),
        reply.dropped_turns,
    )


def reply_of(row: Sequence[Any]) -> Reply:
    """The reply of a row of `READ` columns, and one more behind them. Raises StoreError "corrupt"."""
    return Reply(*_said(row))


def _said(row: Sequence[Any]) -> tuple[Any, ...]:
    """What a row says, in the order of a reply's fields."""
    identifier, lane, version, state, trace, answer, commentary, cuts = row[:8]
    prompt, cached, output, reasoning, cost, raw, timing, facts, dropped, _ = row[8:]
    try:
        known = _FACTS.decode(facts)
        return (
            identifier,
            lane,
            version,
            _STATES[state],
            _cut(_SEGMENTS.decode(cuts), {"trace": trace, "answer": answer, "commentary": commentary}),
            known.opaque,
            None if raw is None else Usage(prompt, cached, output, reasoning, cost, raw),
            known.finished,
            known.failed,
            _TIMING.decode(timing),
            known.identity,
            known.progress,
            known.claim,
            dropped,
            known.asked,
            known.notes,
            known.again_at,
            known.reread,
        )
    except (ValueError, KeyError) as error:
        raise StoreError("corrupt", reason=f"reply {identifier}: {error}") from error


class _Kept(Reply):
    """A reply that still is its row. The first to ask for more than where it stands makes it what it says: a `Reply`.

    Any thread may be that, and several at once: each sets the same values, the row's own place last.
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, _Kept):
            mine, others = _ROW.__get__(self), _ROW.__get__(other)
            if not isinstance(mine, str) and mine == others:
                return True  # of the same row, where nobody needs to read it
            _read(other)
        return _read(self) == other

    def __hash__(self) -> int:
        return hash(_read(self))

    def __repr__(self) -> str:
        return repr(_read(self))

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _read(self).__reduce_ex__(protocol)


_PLACES = {field.name: vars(Reply)[field.name] for field in fields(Reply)}
"""The descriptors of a reply's slots: they set what is frozen, and see through the properties of `_Kept`."""
_ROW = _PLACES["reread"]
"""Where the row is kept until it is read; what belongs there is a text, and comes last."""
_PUT = tuple(place.__set__ for place in _PLACES.values())


def _when_asked(name: str) -> property:
    return property(lambda kept: getattr(_read(kept), name))


for _name in _PLACES.keys() - set(READ[:4]):
    setattr(_Kept, _name, _when_asked(_name))


def kept_replies(rows: Iterable[Sequence[Any]]) -> dict[int, list[Reply]]:
    """The replies of such rows, each read when it is asked for more than where it stands, by what is behind their columns.

    Raises StoreError "corrupt" like `reply_of`, and as soon.
    """
    found: dict[int, list[Reply]] = {}
    cut, timed, known = _SEGMENTS.look_over, _TIMING.look_over, _FACTS.look_over
    cuts: set[str | None] = {None}
    new, (set_id, set_lane, set_version, set_state), set_row = object.__new__, _SET_AT_ONCE, _ROW.__set__
    for row in rows:
        try:
            if row[_CUTS] not in cuts:
                cut(row[_CUTS])
                cuts.add(row[_CUTS])
            if row[_TIMES] is not None:
                timed(row[_TIMES])
            if row[_KNOWN] is not None:
                known(row[_KNOWN])
            state = _STATES[row[3]]
        except (ValueError, KeyError) as error:
            raise StoreError("corrupt", reason=f"reply {row[0]}: {error}") from error
        kept = new(_Kept)
        set_id(kept, row[0])
        set_lane(kept, row[1])
        set_version(kept, row[2])
        set_state(kept, state)
        set_row(kept, row)
        found.setdefault(row[-1], []).append(kept)
    return found


_CUTS, _TIMES, _KNOWN = map(READ.index, ("segments", "timing", "facts"))
_SET_AT_ONCE = tuple(_PLACES[name].__set__ for name in READ[:4])


def _read(kept: Reply) -> Reply:
    """Make a kept reply what its row says; itself."""
    row = _ROW.__get__(kept)
    if not isinstance(row, str):  # nobody else was faster
        for put, value in zip(_PUT, _said(row), strict=True):
            put(kept, value)
    object.__setattr__(kept, "__class__", Reply)
    return kept


def _cut(cuts: Sequence[_Cut], texts: dict[_TextColumn, str]) -> tuple[Segment, ...]:
    starts: dict[_TextColumn, int] = {}
    segments = []
    for kind, part, channel, phase, length in cuts:
        column = _text_column(kind, phase)
        start = starts.get(column, 0)
        segments.append(Segment(kind, texts[column][start : start + length], part, channel, phase))
        starts[column] = start + length + len(_BETWEEN)
    return tuple(segments)


def _text_column(kind: SegmentKind, phase: Phase | None) -> _TextColumn:
    if kind == "reasoning":
        return "trace"
    return "commentary" if phase == "commentary" else "answer"


def _count(tokens: int | None) -> int | None:
    """A number that fits SQLite's 64 bits; one that does not is a server's nonsense, and so unknown."""
    return tokens if tokens is not None and abs(tokens) < 2**63 else None
