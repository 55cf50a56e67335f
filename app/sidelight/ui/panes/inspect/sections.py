"""From a reply and what is known of it to the sections of the inspector. Chooses words, looks nothing up.

What is not known is said to be unknown; nothing is left out because it is missing but the clock of what never came.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from sidelight import messages
from sidelight.chat.conversation import ContextRule, Conversation, messages_for
from sidelight.chat.message import Lane
from sidelight.chat.reply import Reply, TraceKind, trace_of
from sidelight.models.identity import FIELD_TITLES, Fact
from sidelight.ui import parameters, wording
from sidelight.ui.evidence import Known
from sidelight.ui.panes.inspect.values import Inspected, Line, Section, Sentence, Timeline, Tone, Tool
from sidelight.ui.panes.inspect.wire import SHOWN, Looked, Wire

__all__ = ["Subject", "as_asked", "inspected"]

_LONGEST = 400
_TONES: dict[str, Tone] = {"reported": "good", "looked up": "muted", "guessed": "warning", "unknown": "muted"}


@dataclass(frozen=True, slots=True)
class Subject:
    """The reply that is looked at, where it stands, and what is known of it. `name` and `backend` are titles.

    `wire` is what went over the wire for it, or for the reply that it is a re-reading of.
    """

    conversation: Conversation
    turn: str
    lane: Lane
    reply: Reply
    known: Known
    name: str
    backend: str
    here: bool = False
    """The engine on this machine answered: nobody bills for it."""
    wire: Looked = None


def as_asked(lane: Lane, reply: Reply) -> Lane:
    """The lane as it was when it was asked for this reply."""
    asked = reply.asked
    if asked is None:
        return lane
    model = reply.identity.requested_model or lane.model
    return replace(lane, backend=asked.backend, model=model, parameters=asked.parameters)


def inspected(subject: Subject) -> Inspected:
    """All sections."""
    return Inspected(
        " · ".join(x for x in (subject.name, subject.backend) if x),
        (
            _identity(subject.reply, subject.known),
            _trace(subject.reply, subject.known),
            _timing(subject.reply, subject.known),
            _tokens(subject),
            _sent(subject),
            _response(subject.reply),
            _stream(subject),
        ),
    )


# --- identity


def _identity(reply: Reply, known: Known) -> Section:
    card = known.card
    sentences = [Sentence(card.claim.text, "strong"), Sentence(_capital(card.verdict_saying.text), "muted")]
    sentences += [Sentence(w, "warning") for w in known.warnings]
    lines, missing = [], []
    answered = reply.timing.first_payload is not None
    for name, fact in card.facts():
        title = messages.text(FIELD_TITLES[name])
        if fact.value is None and (fact.note is None or not answered):
            missing.append(title)
        else:
            lines.append(_fact(title, fact))
    if missing:
        lines.append(Line(_capital(messages.text("models.source.unknown")), ", ".join(missing)))
    return Section("identity", messages.text("ui.details.identity"), tuple(sentences), tuple(lines))


def _fact(title: str, fact: Fact) -> Line:
    note = fact.note.text if fact.note is not None else ""
    if fact.value is None:
        return Line(title, fact.mark.text, note=note)
    value = (
        wording.count(fact.value)
        if isinstance(fact.value, int)
        else f"{fact.value:g}"
        if isinstance(fact.value, float)
        else fact.value
    )
    return Line(title, _short(value), fact.mark.text, _TONES[fact.source], note)


# --- trace


def _trace(reply: Reply, known: Known) -> Section:
    title = messages.text("ui.details.trace")
    if not reply.segments and (not reply.state.is_final or reply.failed is not None) and not reply.usage:
        said = "ui.details.trace.failed" if reply.state.is_final else "ui.details.trace.not_yet"
        return Section("trace", title, (Sentence(messages.text(said), "muted"),))
    trace = trace_of(reply)
    lines = (
        Line(messages.text("ui.details.trace.kind"), wording.badge(reply), note=wording.kind_meaning(trace)),
        Line(messages.text("ui.details.trace.known"), wording.certainty(trace), note=wording.evidence(reply)),
        Line(messages.text("ui.details.trace.elicited"), _yes(trace.elicited)),
        Line(messages.text("ui.details.trace.encrypted"), _yes(trace.partly_encrypted)),
        _visible(known, trace.kind),
    )
    return Section("trace", title, lines=lines)


def _visible(known: Known, kind: TraceKind) -> Line:
    """How much of the trace is shown."""
    label, seen = messages.text("ui.details.visible"), known.visibility
    if kind is TraceKind.NONE and not seen.billed:
        return Line(label, messages.text("ui.details.visible.nothing"))
    if seen.share is None or seen.shown is None or seen.billed is None:
        unknown = messages.text("models.source.unknown")
        if seen.billed is None:
            return Line(label, unknown, note=messages.text("ui.details.visible.uncounted"))
        billed = messages.text("ui.details.visible.billed", n=wording.count(seen.billed))
        return Line(label, unknown, note=billed)
    about = "≈" if seen.estimated else ""
    value = messages.text(
        "ui.details.visible.share",
        percent=f"{about}{100 * seen.share:.0f}",
        shown=f"{about}{wording.count(seen.shown)}",
        billed=wording.count(seen.billed),
    )
    note = messages.text("ui.details.visible.odd") if seen.share > 1 else ""
    return Line(label, value, note=note)


# --- timing


def _timing(reply: Reply, known: Known) -> Section:
    timing = reply.timing
    lines = [
        Line(messages.text("ui.details.time.asked"), _clock(timing.asked_at)),
        Line(messages.text("ui.details.time.sent"), _sent_at(reply)),
    ]
    absent = messages.text("ui.details.time.never" if reply.state.is_final else "ui.details.time.not_yet")
    if reply.reread:  # a recording has no clock
        absent = messages.text("models.source.unknown")
    live = not reply.state.is_final
    for label, at in (
        ("ui.details.time.headers", timing.headers),
        ("ui.details.time.first_byte", timing.first_byte),
    ):
        missed = at is None and timing.first_payload is not None  # older replies have no clock for it
        when = messages.text("models.source.unknown") if missed else absent
        lines.append(Line(messages.text(label), when if at is None else _after(at)))
    for label, at in (
        ("ui.details.time.payload", timing.first_payload),
        ("ui.details.time.first_thought", timing.first_thought),
        ("ui.details.time.last_thought", None if live else timing.last_thought),
        ("ui.details.time.first_answer", timing.first_answer),
        ("ui.details.time.done", timing.done),
    ):
        lines.append(Line(messages.text(label), absent if at is None else _after(at)))
    arrived = known.arrival.saying if reply.state.is_final else None
    sentences = () if arrived is None else (Sentence(_capital(arrived.text)),)
    return Section(
        "timing", messages.text("ui.details.time"), sentences, tuple(lines), timeline=_timeline(reply)
    )


def _timeline(reply: Reply) -> Timeline | None:
    timing = reply.timing
    moments = [
        t
        for t in (
            timing.headers,
            timing.first_byte,
            timing.first_payload,
            timing.first_thought,
            timing.last_thought,
            timing.first_answer,
            timing.done,
        )
        if t is not None
    ]
    end = max(moments, default=0.0)
    if not reply.state.is_final or end < 0.1:
        return None
    thoughts = answer = None
    if timing.first_thought is not None and timing.last_thought is not None:
        thoughts = (timing.first_thought, timing.last_thought)
    if timing.first_answer is not None:
        answer = (timing.first_answer, timing.last_answer or timing.first_answer)
    return Timeline(
        end,
        tuple(moments),
        thoughts,
        answer,
        messages.text("ui.details.time.line", time=wording.seconds(end)),
    )


def _sent_at(reply: Reply) -> str:
    """The clock of everything else begins with it."""
    if reply.asked is not None and reply.notes is None:
        return messages.text(
            "ui.details.time.not_sent" if reply.state.is_final else "ui.details.time.not_yet"
        )
    return messages.text("ui.details.time.zero")


def _after(at: float) -> str:
    """A moment with its tenth, since moments are compared."""
    exact = messages.text("ui.seconds", n=f"{at:.1f}") if 0.05 <= at < 99.5 else wording.seconds(at)
    return messages.text("ui.details.time.after", time=exact)


def _clock(asked_at: float | None) -> str:
    if asked_at is None:
        return messages.text("models.source.unknown")
    return dt.datetime.fromtimestamp(asked_at).astimezone().strftime("%Y-%m-%d %H:%M:%S %z")


# --- tokens and cost


def _tokens(subject: Subject) -> Section:
    reply, known = subject.reply, subject.known
    title, usage, cost = messages.text("ui.details.tokens"), reply.usage, known.cost
    if usage is None:
        said = "ui.details.tokens.none" if reply.state.is_final else "ui.details.tokens.not_yet"
        return Section("tokens", title, (Sentence(messages.text(said), "muted"),))
    seen = known.visibility
    fresh, cached = usage.prompt, usage.cached
    if fresh is not None and cached is not None:
        fresh = max(0, fresh - cached)
    hidden = None if seen.shown is None or seen.billed is None else max(0, seen.billed - seen.shown)
    lines = [
        _amount("ui.details.tokens.prompt", fresh, cost.prompt),
        _amount("ui.details.tokens.cached", cached, cost.cached if cached is not None else None),
        _amount("ui.details.tokens.shown", seen.shown, cost.shown_trace, estimated=seen.estimated),
        _amount("ui.details.tokens.hidden", hidden, cost.hidden_trace, estimated=seen.estimated),
        _amount("ui.details.tokens.answer", _answer_tokens(reply, seen.billed), cost.answer),
        _amount("ui.details.tokens.output", usage.output_total, None),
        _computed(subject),
    ]
    stated = wording.money(cost.reported) if cost.reported is not None else ""
    lines.append(
        Line(
            messages.text("ui.details.cost.stated"),
            stated or messages.text("ui.details.cost.unstated"),
            messages.text("models.source.reported") if stated else "",
            "good",
        )
    )
    return Section("tokens", title, lines=tuple(lines))


def _answer_tokens(reply: Reply, billed: int | None) -> int | None:
    """Output without the trace, where both are counted."""
    usage = reply.usage
    if usage is None or usage.output_total is None:
        return None
    if trace_of(reply).kind is TraceKind.NONE and not billed:
        return usage.output_total
    return None if billed is None else max(0, usage.output_total - billed)


def _amount(label: str, tokens: int | None, money: float | None, *, estimated: bool = False) -> Line:
    about = "≈" if estimated else ""
    if tokens is None:
        return Line(messages.text(label), messages.text("models.source.unknown"))
    parts = [messages.text("ui.details.tokens.n", n=about + wording.count(tokens))]
    if money is not None and tokens:
        parts.append(wording.money(money))
    return Line(messages.text(label), " · ".join(parts))


def _computed(subject: Subject) -> Line:
    cost, label = subject.known.cost, messages.text("ui.details.cost.computed")
    if subject.reply.reread:
        return Line(label, messages.text("ui.details.tokens.reread"))
    if subject.here:
        return Line(label, messages.text("ui.details.cost.here"))
    if cost.total is not None:
        sign = "≤" if cost.at_most else "≈"
        return Line(label, f"{sign} {wording.money(cost.total)}", note=cost.note.text)
    why = messages.text("ui.details.cost.counts" if cost.source else "models.cost.unknown")
    return Line(label, messages.text("models.source.unknown"), note=why)


# --- what it was sent


def _sent(subject: Subject) -> Section:
    reply, title = subject.reply, messages.text("ui.details.sent")
    sentences = _read_again(subject)
    if reply.dropped_turns:
        sentences.append(Sentence(messages.plural("ui.details.sent.dropped", reply.dropped_turns), "warning"))
    if reply.asked is None:
        return _rebuilt(subject, sentences)
    lines = [_wish(wish) for wish in parameters.wishes(reply)] or [_unset()]
    if isinstance(subject.wire, Wire):
        recorded = subject.wire.recorded
        lines.append(Line(messages.text("ui.details.sent.request"), f"{recorded.method} {recorded.url}"))
        lines += [Line(name, _short(value)) for name, value in recorded.headers]
        return Section(
            "sent",
            title,
            tuple(sentences),
            tuple(lines),
            body=subject.wire.body,
            whole=recorded.body,
            tools=("copy",),
        )
    if reply.notes is None:
        said = "ui.details.sent.nothing" if reply.state.is_final else "ui.details.sent.not_yet"
    elif subject.wire == "looking":
        said = "ui.details.sent.looking"
    elif not reply.state.is_final:
        said = "ui.details.sent.not_yet"
    else:
        return _rebuilt(subject, sentences, tuple(lines))
    return Section("sent", title, (*sentences, Sentence(messages.text(said), "muted")), tuple(lines))


def _read_again(subject: Subject) -> list[Sentence]:
    """That a version is another reading of one that was sent for."""
    reply, turn = subject.reply, subject.conversation.turn(subject.turn)
    if not reply.reread or reply.asked is None or turn is None:
        return []
    source = next((r.version for r in turn.replies if r.id == reply.reread), 1)
    rule = parameters.rule_name(reply.asked.parameters.tags)
    return [Sentence(messages.text("ui.details.sent.reread", n=source, rule=rule))]


def _rebuilt(subject: Subject, sentences: list[Sentence], lines: tuple[Line, ...] = ()) -> Section:
    """Where the request itself is not known. `lines` are the parameters, where it is known with which it was asked."""
    lane, reply, conversation = subject.lane, subject.reply, subject.conversation
    sent = messages_for(conversation, lane, subject.turn, reply.dropped_turns)
    above = [Sentence(messages.text("ui.details.sent.rebuilt"), "muted")]
    if reply.asked is None and reply.identity.requested_model not in ("", lane.model):
        above.append(Sentence(messages.text("ui.details.sent.other_model"), "warning"))
    size = sum(len(m.text) for m in sent)
    set_by_hand = tuple(Line(label, _short(value)) for label, value in parameters.given(lane.parameters))
    lines = (
        Line(messages.text("ui.details.sent.history"), _RULES[conversation.rule]()),
        *(lines or set_by_hand or (_unset(),)),
        Line(
            messages.text("ui.details.sent.messages"),
            messages.text("ui.details.sent.size", n=len(sent), characters=wording.count(size)),
        ),
    )
    body = "\n\n".join(f"[{m.role}]\n{m.text}" for m in sent)
    title = messages.text("ui.details.sent")
    return Section("sent", title, (*above, *sentences), lines, body=body, tools=("copy",))


def _wish(wish: parameters.Wish) -> Line:
    tone: Tone = "good" if wish.became == "sent" else "warning"
    return Line(wish.label, _short(wish.value), wish.outcome, tone, _short(wish.note))


def _unset() -> Line:
    return Line(messages.text("ui.details.sent.parameters"), messages.text("ui.lane_settings.unset"))


_RULES = {
    ContextRule.OWN: lambda: messages.text("ui.rule.own"),
    ContextRule.CHOSEN: lambda: messages.text("ui.details.sent.chosen"),
    ContextRule.NONE: lambda: messages.text("ui.rule.none"),
}


# --- what came with it


def _response(reply: Reply) -> Section:
    identity = reply.identity
    unknown = messages.text("models.source.unknown")
    state = Line(messages.text("ui.details.response.state"), _ending(reply))
    if reply.timing.first_payload is None:
        return Section("response", messages.text("ui.details.response"), lines=(state,))
    lines = [
        state,
        Line(messages.text("ui.details.response.id"), _short(identity.response_id or "") or unknown),
        *(Line(_short(name), _short(value)) for name, value in identity.headers),
    ]
    note = () if identity.headers else (Sentence(messages.text("ui.details.response.no_headers"), "muted"),)
    return Section("response", messages.text("ui.details.response"), note, tuple(lines))


def _ending(reply: Reply) -> str:
    """How it stands, with the server's own word for its end."""
    words = [wording.state(reply)]
    if reply.finished is not None:
        words.append(_short(reply.finished.reason_on_wire or reply.finished.reason.value))
    if reply.failed is not None:
        words.append(_short(reply.failed.code or reply.failed.kind.value))
    return " · ".join(words)


# --- what came, as it came


def _stream(subject: Subject) -> Section:
    reply, wire, title = subject.reply, subject.wire, messages.text("ui.details.stream")
    if not isinstance(wire, Wire) or wire.damaged:
        return Section("stream", title, (Sentence(messages.text(_no_stream(reply, wire)), "muted"),))
    recorded, size = wire.recorded, wording.data_size(wire.size)
    sentences = []
    if not recorded.whole:
        sentences.append(Sentence(messages.text("ui.details.stream.half", size=size), "warning"))
    if wire.size > SHOWN:
        shown = f"{SHOWN // 1000} kB"
        sentences.append(Sentence(messages.text("ui.details.stream.cut", shown=shown, size=size), "muted"))
    elif recorded.whole and wire.size:
        sentences.append(Sentence(messages.text("ui.details.stream.all", size=size), "muted"))
    if not wire.size:
        return Section("stream", title, (Sentence(messages.text("ui.details.stream.empty"), "muted"),))
    tools: tuple[Tool, ...] = ("copy_stream", "save_stream")
    if reply.asked is not None and reply.timing.first_payload is not None:
        tools = (*tools, "reread")
    return Section("stream", title, tuple(sentences), body=wire.stream, tools=tools)


def _no_stream(reply: Reply, wire: Looked) -> str:
    if isinstance(wire, Wire):
        return "ui.details.stream.damaged"
    if not reply.state.is_final:
        return "ui.details.stream.not_yet"
    if reply.asked is not None and reply.notes is None:
        return "ui.details.stream.unsent"
    return "ui.details.sent.looking" if wire == "looking" else "ui.details.stream.none"


def _yes(value: bool) -> str:
    return messages.text("ui.details.yes") if value else messages.text("ui.details.no")


def _capital(sentence: str) -> str:
    """Our own words at the beginning of a line; never a model's name."""
    return sentence[:1].upper() + sentence[1:]


def _short(value: str) -> str:
    """One line of a bounded length: names and headers are strangers' text."""
    line = " ".join(value[: 4 * _LONGEST].split())
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "…"
