"""Chat values in words: durations, sizes, states, trace badges, failures. No Qt, no logic but the choice of a sentence."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sidelight import messages
from sidelight.chat.events import Failed, FailureKind, Progress
from sidelight.chat.reply import Certainty, Reply, ReplyState, Trace, TraceKind, trace_of
from sidelight.models.visibility import arrival

if TYPE_CHECKING:
    from sidelight.models.prices import Cost

__all__ = [
    "FailureWords",
    "again",
    "badge",
    "certainty",
    "cost_mark",
    "count",
    "data_size",
    "evidence",
    "failure",
    "kind_meaning",
    "money",
    "seconds",
    "state",
    "thinking_title",
    "unlike",
]

_PARAMETER = 60
"""Characters of the parameter that a server names."""


def seconds(value: float) -> str:
    """A length of time as people read a clock: "0.4 s", "12 s", "3 min 05 s"; what is too short to tell is said to be."""
    if value < 0.05:
        return messages.text("ui.seconds", n="<0.1")
    if value < 9.95:
        return messages.text("ui.seconds", n=f"{value:.1f}")
    if value < 99.5:
        return messages.text("ui.seconds", n=f"{value:.0f}")
    minutes, rest = divmod(round(value), 60)
    return messages.text("ui.minutes", m=minutes, s=f"{rest:02d}")


def count(value: int) -> str:
    """A number with its thousands apart."""
    return f"{value:,}"


def money(dollars: float) -> str:
    """US dollars, with two digits that count where it is little: "$0.0012", "$0.00031", "$1.25"."""
    if dollars <= 0:
        return "$0"
    if dollars >= 0.995:
        return f"${dollars:,.2f}"
    return f"${dollars:.{max(4, 1 - math.floor(math.log10(dollars)))}f}"


def cost_mark(cost: Cost) -> str:
    """What a reply cost: as the provider states it, else computed and marked so; "" where it is not known."""
    if cost.reported is not None:
        return money(cost.reported)
    if cost.total is None:
        return ""
    about = "≤" if cost.at_most else "≈"
    return (about if cost.total else "") + money(cost.total)


def data_size(value: float) -> str:
    """Bytes in the units that shops and downloads use (1 kB = 1,000 bytes)."""
    for unit, divisor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if value >= divisor:
            scaled = value / divisor
            return f"{scaled:.1f} {unit}" if scaled < 99.5 else f"{scaled:.0f} {unit}"
    return f"{value:.0f} B"


def billed(reply: Reply) -> int | None:
    """Reasoning tokens that were billed, where any were."""
    return (reply.usage.reasoning or None) if reply.usage else None


def badge(reply: Reply) -> str:
    """What the trace may be called, in at most a few words."""
    trace = trace_of(reply)
    match trace.kind:
        case TraceKind.FULL:
            return messages.text("ui.trace.full")
        case TraceKind.SUMMARY:
            return messages.text("trace.summary")
        case TraceKind.REDACTED:
            return messages.text("trace.redacted")
        case TraceKind.HIDDEN:
            tokens = billed(reply)
            if tokens is None:
                return messages.text("trace.hidden")
            return messages.text("ui.trace.hidden_billed", n=count(tokens))
        case TraceKind.ELICITED:
            return messages.text("trace.elicited")
        case TraceKind.NONE:
            return messages.text("ui.trace.none")


_HINTS = {
    TraceKind.FULL: "ui.trace.full.hint",
    TraceKind.SUMMARY: "ui.trace.summary.hint",
    TraceKind.REDACTED: "ui.trace.redacted.hint",
    TraceKind.HIDDEN: "ui.trace.hidden.hint",
    TraceKind.ELICITED: "ui.trace.elicited.hint",
    TraceKind.NONE: "ui.trace.none.hint",
}
_CERTAINTY = {
    Certainty.REPORTED: "ui.trace.reported",
    Certainty.BY_FAMILY: "ui.trace.by_family",
    Certainty.GUESSED: "ui.trace.guessed",
}


def kind_meaning(trace: Trace) -> str:
    """What the kind of a trace means."""
    return messages.text(_HINTS[trace.kind])


def certainty(trace: Trace) -> str:
    """How the kind is known, in a few words."""
    return messages.text(_CERTAINTY[trace.certainty])


def evidence(reply: Reply) -> str:
    """Why the trace is called what it is called: what came, or what is known, in one sentence."""
    trace = trace_of(reply)
    match trace.kind:
        case TraceKind.REDACTED:
            return messages.text("ui.evidence.redacted")
        case TraceKind.HIDDEN if trace.elicited and reply.trace_text.strip():
            return messages.text("ui.evidence.hidden_elicited")
        case TraceKind.HIDDEN:
            tokens = billed(reply)
            if tokens is None:
                return messages.text("ui.evidence.hidden")
            return messages.text("ui.evidence.hidden_billed", n=count(tokens))
        case TraceKind.ELICITED:
            return messages.text("ui.evidence.elicited")
        case TraceKind.NONE:
            return messages.text("ui.evidence.none")
        case TraceKind.SUMMARY | TraceKind.FULL:
            sentence = messages.text(_EVIDENCE[trace.kind, trace.certainty])
            return messages.text("ui.evidence.partly", why=sentence) if trace.partly_encrypted else sentence


_EVIDENCE = {
    (TraceKind.FULL, Certainty.REPORTED): "ui.evidence.full.reported",
    (TraceKind.FULL, Certainty.BY_FAMILY): "ui.evidence.full.by_family",
    (TraceKind.FULL, Certainty.GUESSED): "ui.evidence.full.guessed",
    (TraceKind.SUMMARY, Certainty.REPORTED): "ui.evidence.summary.reported",
    (TraceKind.SUMMARY, Certainty.BY_FAMILY): "ui.evidence.summary.by_family",
    (TraceKind.SUMMARY, Certainty.GUESSED): "ui.evidence.summary.guessed",
}


def unlike(replies: Iterable[Reply]) -> str:
    """A note where traces of unlike kinds stand side by side; "" where all are of one kind. No trace is no kind."""
    kinds = {trace_of(r).kind: None for r in replies if r.state is not ReplyState.FAILED}
    kinds.pop(TraceKind.NONE, None)
    if len(kinds) < 2:
        return ""
    return messages.text("ui.unlike", kinds=", ".join(messages.text(f"trace.{kind}") for kind in kinds))


_STATES = {
    ReplyState.QUEUED: "state.queued",
    ReplyState.WAITING: "state.waiting",
    ReplyState.COMPLETE: "state.complete",
    ReplyState.INTERRUPTED: "state.interrupted",
    ReplyState.FAILED: "state.failed",
}


def state(reply: Reply) -> str:
    """Where a reply stands, in a word or two."""
    if reply.state is ReplyState.STREAMING:
        thinking = reply.timing.first_answer is None
        return messages.text("ui.state.thinking") if thinking else messages.text("ui.state.answering")
    if reply.state is ReplyState.WAITING and reply.progress is not None:
        return progress(reply.progress)
    return messages.text(_STATES[reply.state])


def progress(step: Progress) -> str:
    """What happens before the first token."""
    match step.stage:
        case "queued":
            return messages.text("state.queued")
        case "sent" | "headers" | "bytes":
            return messages.text("state.waiting")
        case "loading":
            return messages.text("ui.state.loading")
        case "again":
            return messages.text("ui.state.again")
        case "prompt":
            if step.done is None or not step.total:
                return messages.text("ui.state.reading")
            return messages.text("ui.state.reading_part", percent=round(100 * step.done / step.total))


def thinking_title(reply: Reply, elapsed: float | None) -> str:
    """The line above a trace: what kind it is and how long it took; why there is none, where there is none."""
    if not reply.trace_text.strip():
        if not reply.state.is_final:
            return (
                state(reply) if reply.timing.first_answer is None else messages.text("ui.thinking.none_yet")
            )
        tokens = billed(reply)
        if tokens is not None:
            return messages.text("ui.thinking.none_billed", n=count(tokens))
        return messages.text("ui.thinking.none")
    if not reply.state.is_final and reply.timing.first_answer is None:
        began = reply.timing.first_thought or 0.0
        return messages.text("ui.thinking.live", time=seconds(max(0.0, (elapsed or began) - began)))
    kind, came = badge(reply), arrival(reply.timing)
    if came.kind == "at once":
        return messages.text("ui.thinking.at_once_after", time=seconds(came.seconds or 0.0), kind=kind)
    if came.kind == "brief":
        return messages.text("ui.thinking.at_once", kind=kind)
    if came.seconds is None:
        return messages.text("ui.thinking.done_untimed", kind=kind)
    return messages.text("ui.thinking.done", time=seconds(came.seconds), kind=kind)


@dataclass(frozen=True, slots=True)
class FailureWords:
    """A failure for a person: what happened, what to do now, and what the other side said of it.

    `wish` is what the step needs, beside asking again: "key", "model", "settings" (the lane's), "preferences",
    "drop_oldest", or "".
    """

    cause: str
    step: str
    said: str = ""
    wish: str = ""


_KINDS: dict[FailureKind, tuple[str, str]] = {
    FailureKind.AUTH: ("failed.auth", ""),
    FailureKind.QUOTA: ("failed.quota", "ui.step.quota"),
    FailureKind.RATE_LIMIT: ("failed.rate_limit", ""),
    FailureKind.CONTEXT_LENGTH: ("failed.context_length", "ui.step.context_length"),
    FailureKind.MODEL_NOT_FOUND: ("failed.model_not_found", "ui.step.model_not_found"),
    FailureKind.BAD_REQUEST: ("failed.bad_request", "ui.step.bad_request"),
    FailureKind.CONTENT_FILTER: ("failed.content_filter", "ui.step.content_filter"),
    FailureKind.OVERLOADED: ("failed.overloaded", ""),
    FailureKind.SERVER: ("failed.server", "ui.step.server"),
    FailureKind.NETWORK: ("failed.network", "ui.step.network"),
    FailureKind.TIMEOUT: ("failed.timeout", "ui.step.timeout"),
    FailureKind.CUT_OFF: ("failed.cut_off", "ui.step.cut_off"),
    FailureKind.PROTOCOL: ("failed.protocol", "ui.step.server"),
    FailureKind.STOPPED: ("failed.stopped", ""),
}
"""The branches of docs/errors.md: what happened, and what to do; "" where the first sentence says both."""

_LEAVES: dict[tuple[FailureKind, str], tuple[str, str]] = {
    (FailureKind.AUTH, "no_key"): ("failed.code.no_key", ""),
    (FailureKind.BAD_REQUEST, "attachment_missing"): (
        "failed.code.attachment_missing",
        "ui.step.attachment_missing",
    ),
    (FailureKind.BAD_REQUEST, "backend_unknown"): ("failed.code.backend_unknown", "ui.step.backend_unknown"),
    (FailureKind.BAD_REQUEST, "bad_address"): ("failed.code.bad_address", "ui.step.bad_address"),
    (FailureKind.BAD_REQUEST, "extra_json"): ("failed.code.extra_json", "ui.step.extra_json"),
    (FailureKind.BAD_REQUEST, "images_refused"): ("failed.code.images_refused", "ui.step.images_refused"),
    (FailureKind.BAD_REQUEST, "plain_http"): ("failed.code.plain_http", "ui.step.plain_http"),
    (FailureKind.NETWORK, "connect"): ("failed.code.connect", "ui.step.address"),
    (FailureKind.NETWORK, "dns"): ("failed.code.dns", "ui.step.address"),
    (FailureKind.NETWORK, "proxy"): ("failed.code.proxy", "ui.step.proxy"),
    (FailureKind.NETWORK, "refused"): ("failed.code.refused", "ui.step.refused"),
    (FailureKind.NETWORK, "tls"): ("failed.code.tls", "ui.step.tls"),
    (FailureKind.TIMEOUT, "first_payload"): ("failed.code.first_payload", "ui.step.timeout"),
    (FailureKind.TIMEOUT, "silence"): ("failed.code.silence", "ui.step.timeout"),
    (FailureKind.CUT_OFF, "closed"): ("failed.code.closed", "ui.step.cut_off"),
    (FailureKind.CUT_OFF, "cut"): ("failed.code.cut", "ui.step.cut_off"),
    (FailureKind.CUT_OFF, "eof"): ("failed.code.eof", "ui.step.cut_off"),
    (FailureKind.PROTOCOL, "fault"): ("failed.code.fault", "ui.step.fault"),
    (FailureKind.PROTOCOL, "not_a_stream"): ("failed.code.not_a_stream", "ui.step.not_a_stream"),
    (FailureKind.PROTOCOL, "protocol"): ("failed.code.protocol", "ui.step.server"),
    (FailureKind.PROTOCOL, "redirect"): ("failed.code.redirect", "ui.step.redirect"),
    (FailureKind.PROTOCOL, "too_large"): ("failed.code.too_large", "ui.step.too_large"),
}
"""What a code of ours says beyond its kind. A server's own code may look alike; its kind is then another."""

_LOCAL_STEPS: dict[str, str] = {
    "local.engine_failed": "ui.step.local",
    "local.engine_slow": "ui.step.local",
    "local.model_unreadable": "ui.step.local",
    "local.not_gguf": "ui.step.model_not_found",
}
_WISHES: dict[str, str] = {
    "failed.auth": "key",
    "failed.code.no_key": "key",
    "ui.step.backend_unknown": "model",
    "ui.step.bad_address": "preferences",
    "ui.step.bad_request": "settings",
    "ui.step.context_length": "drop_oldest",
    "ui.step.extra_json": "settings",
    "ui.step.images_refused": "model",
    "ui.step.local": "model",
    "ui.step.model_not_found": "model",
    "ui.step.plain_http": "preferences",
    "ui.step.proxy": "preferences",
    "ui.step.quota": "key",
    "ui.step.tls": "preferences",
}
"""By the sentence that says what to do."""


def failure(failed: Failed) -> FailureWords:
    """A failure in words. A code of ours says more than its kind does."""
    details = dict(failed.details)
    code = failed.code or ""
    said, next_step = _LEAVES.get((failed.kind, code), _KINDS[failed.kind])
    cause, wish = messages.text(said), _WISHES.get(next_step or said, "")
    if local := _local(code, details):
        cause, next_step = local, _LOCAL_STEPS.get(code, "")
        wish = _WISHES.get(next_step, wish)
    elif failed.kind is FailureKind.CONTEXT_LENGTH and "prompt" in details and "context" in details:
        cause = messages.text("ui.failed.context", prompt=details["prompt"], context=details["context"])
    elif said == "failed.bad_request" and details.get("parameter"):
        cause = messages.text("ui.failed.parameter", parameter=details["parameter"][:_PARAMETER])
    elif details.get("unreadable"):
        cause += " " + messages.plural("ui.failed.unreadable", int(details["unreadable"]))
    step = messages.text(next_step) if next_step else ""
    if failed.retry_after is not None:
        step = messages.text("ui.failed.wait", time=seconds(failed.retry_after)) + " " + step
    return FailureWords(cause, step.strip(), failed.message, wish)


def _local(code: str, details: dict[str, str]) -> str:
    """The sentence that the engine on this machine has brought along; "" for a code that is a server's own."""
    if not code.startswith("local.") or code not in messages.CATALOGUE:
        return ""
    try:
        return messages.text(code, **details)
    except KeyError:
        return ""


_REASONS: dict[FailureKind, str] = {
    FailureKind.RATE_LIMIT: "ui.again.rate_limit",
    FailureKind.OVERLOADED: "ui.again.overloaded",
    FailureKind.SERVER: "ui.again.server",
    FailureKind.NETWORK: "ui.again.network",
    FailureKind.TIMEOUT: "ui.again.timeout",
}


def again(reply: Reply, elapsed: float | None) -> str:
    """Why a reply waits to be asked again, and when it will be. `elapsed` as its clock has it."""
    step = reply.progress
    assert step is not None
    kind = step.why.kind if step.why is not None else None
    why = messages.text(_REASONS.get(kind, "ui.again.refused") if kind else "ui.again.refused")
    left = max(0.0, (reply.again_at or 0.0) - (elapsed or 0.0))
    tried = step.done or 0
    total = (step.total or tried) + 1
    return messages.text("ui.again.when", why=why, time=countdown(left), n=tried + 1, total=total)


def countdown(left: float) -> str:
    """Seconds to go, in whole ones."""
    return messages.text("ui.seconds", n=math.ceil(left)) if left < 99.5 else seconds(left)
