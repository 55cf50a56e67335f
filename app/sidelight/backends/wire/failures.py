"""What an error answer means: status, headers and body of any provider to one `Failed`. No I/O. Protocols.md, section 8.

Nothing here is a sentence of ours; the message is what the other side said, as plain text, without keys, at most 2,000
characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from sidelight.backends.wire.jsontext import JsonObject, at, clean, count, loads, number, text
from sidelight.chat.events import Failed, FailureKind
from sidelight.net.errors import NetError

__all__ = [
    "MESSAGE_CAP",
    "from_net",
    "from_payload",
    "from_status",
    "is_error",
    "is_loading",
    "may_retry",
    "plain",
]

MESSAGE_CAP = 2_000
_LONGEST_PAGE = 8_000
"""Characters of an error page that are looked at; the patterns below are then done in milliseconds on anything."""

_Redact = Callable[[str], str]
_Headers = Iterable[tuple[str, str]]

_CONTEXT = re.compile(
    r"context_length_exceeded|exceed_context_size|maximum context length|context window|prompt is too long"
    r"|exceeds the available context|context length (?:is|of) only",
    re.IGNORECASE,
)
_UNKNOWN_MODEL = re.compile(
    r"supported API model names are|model_not_found|model .{1,200} (?:does not exist|not found)",
    re.IGNORECASE,
)
_BAD_KEY = re.compile(
    r"API_KEY_INVALID|invalid_api_key|incorrect api key|invalid api key|authentication_error", re.IGNORECASE
)
_NO_CREDIT = re.compile(
    r"insufficient_quota|insufficient balance|billing_hard_limit|\b1113\b|\b1008\b", re.IGNORECASE
)
_FILTERED = re.compile(
    r"content_filter|data_inspection_failed|content_policy|ResponsibleAIPolicyViolation", re.IGNORECASE
)
_RATE = re.compile(r"rate_limit|RateLimitReached|RESOURCE_EXHAUSTED|too many requests", re.IGNORECASE)
_BUSY = re.compile(r"overloaded|unavailable_error|Loading model|insufficient_system_resource", re.IGNORECASE)
_UNSUPPORTED_INPUT = re.compile(r"image input is not supported|does not support image", re.IGNORECASE)
_MINIMAX = {
    "1002": "rate_limit",
    "1004": "invalid_api_key",
    "1008": "insufficient_quota",
    "1039": "rate_limit",
}
"""What the inner status of a MiniMax answer of HTTP 200 means, in a word the patterns above know."""
_NUMBERS = (
    re.compile(
        r"request \((?P<prompt>\d+) tokens\) exceeds the available context size \((?P<context>\d+) tokens\)"
    ),
    re.compile(
        r"maximum context length is (?P<context>\d+) tokens.{0,80}?requested (?:about )?(?P<prompt>\d+) tokens",
        re.DOTALL,
    ),
    re.compile(r"too long: (?P<prompt>\d+) tokens > (?P<context>\d+) maximum"),
)
_PARAMETER = re.compile(
    r"\b(max_completion_tokens|max_output_tokens|max_tokens|stream_options|include_usage|reasoning_effort|reasoning_format"
    r"|reasoning\.(?:effort|summary)|budget_tokens|thinking_budget|thinking_level|enable_thinking|output_config|top_p"
    r"|chat_template_kwargs|return_progress|timings_per_token)\b|[`'\"](temperature|thinking|seed|stop)[`'\"]"
)
_TAG = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^<>]{0,2000}>", re.IGNORECASE | re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


def from_status(
    status: int, headers: _Headers, body: bytes, redact: _Redact, now: datetime | None = None
) -> Failed:
    """What an answer of status 400 or more says, whatever its content type.

    `now` is for waits given as a date, where the server does not say what its own clock shows. An answer of status 407 is
    of the proxy on the way.
    """
    source = body.decode("utf-8", "replace")
    if status == 407:
        return Failed(FailureKind.NETWORK, plain(redact(source)), "proxy", details=(("status", "407"),))
    payload = loads(source)
    failed = from_payload(payload if payload is not None else source, redact, status)
    wait = _wait(headers, payload, now or datetime.now(UTC))
    return failed if wait is None else replace(failed, retry_after=wait)


def from_payload(payload: Any, redact: _Redact, status: int | None = None) -> Failed:
    """What an error object says that came as a body (with its status) or inside a stream (without)."""
    error = _error_object(payload)
    said = _said(payload, error)
    code = _code(payload, error)
    stated = status or _status_in(error)
    known = _MINIMAX.get(code, "") if at(payload, "base_resp") else ""
    evidence = " ".join([said[:_LONGEST_PAGE], code, text(error, "type", "status"), _reasons(error), known])
    kind = _kind(stated, evidence, bool(at(error, "metadata").get("reasons")))
    details: list[tuple[str, str]] = [("status", str(stated))] if stated else []
    if kind is FailureKind.CONTEXT_LENGTH:
        details += _context_numbers(error, said)
    elif kind is FailureKind.BAD_REQUEST:
        named = text(error, "param") or ((m := _PARAMETER.search(said)) and m.group().strip("`'\"")) or ""
        details += [("parameter", redact(named))] if named else []
    return Failed(kind, plain(redact(said)), redact(code) or None, details=tuple(details))


def from_net(error: NetError) -> Failed:
    """What an error of the network means. The code is its kind, of a timeout the clock that ran out."""
    match error.kind:
        case "cut":
            return Failed(FailureKind.CUT_OFF, error.message, "cut")
        case "timeout":
            return Failed(FailureKind.TIMEOUT, "", error.message)
        case "protocol" | "too_large" | "redirect":
            return Failed(FailureKind.PROTOCOL, error.message, error.kind)
        case "dns" | "refused" | "connect" | "tls" | "proxy":
            return Failed(FailureKind.NETWORK, error.message, error.kind)


def is_error(payload: JsonObject) -> bool:
    """Whether an object in a stream reports a failure instead of bringing text."""
    if payload.get("error"):
        return True
    if "x_groq" in payload and at(payload, "x_groq", "error"):
        return True
    if "base_resp" in payload and at(payload, "base_resp").get("status_code"):
        return True
    return "choices" not in payload and bool(payload.get("object") == "error" or payload.get("detail"))


def is_loading(status: int, body: bytes) -> bool:
    """Whether a server is alive and still reads its model from disk: worth waiting for, and no error."""
    return status == 503 and b"Loading model" in body


def may_retry(failed: Failed, status: int, headers: _Headers) -> bool:
    """Whether the same request may be sent again by us, nothing having come of it yet."""
    if ("x-should-retry", "false") in ((k, v.strip().lower()) for k, v in headers):
        return False
    if status in (408, 409, 425, 429):
        return failed.kind is not FailureKind.QUOTA
    return status >= 500 and failed.kind in (FailureKind.SERVER, FailureKind.OVERLOADED)


def plain(said: str) -> str:
    """Text of a stranger for a plain-text label: no markup, no control or direction characters, capped."""
    if "<" in said and re.search(r"<(?:!doctype|html|head|body)\b", said[:1000], re.IGNORECASE):
        said = _TAG.sub(" ", said[:_LONGEST_PAGE])
    lines = (" ".join(line.split()) for line in _CONTROL.sub(" ", clean(said)).split("\n"))
    return "\n".join(line for line in lines if line)[:MESSAGE_CAP]


def _kind(status: int | None, evidence: str, moderated: bool) -> FailureKind:
    if _CONTEXT.search(evidence) and status in (None, 400, 413, 422, 500):
        return FailureKind.CONTEXT_LENGTH
    if status == 402 or (status in (None, 429) and _NO_CREDIT.search(evidence)):
        return FailureKind.QUOTA
    if moderated or _FILTERED.search(evidence):
        return FailureKind.CONTENT_FILTER
    if status in (401, 403) or (status in (None, 400) and _BAD_KEY.search(evidence)):
        return FailureKind.AUTH
    if status == 429 or (status is None and _RATE.search(evidence)):
        return FailureKind.RATE_LIMIT
    if status == 404 or (status in (None, 400) and _UNKNOWN_MODEL.search(evidence)):
        return FailureKind.MODEL_NOT_FOUND
    if status in (503, 529) or (status in (None, 500) and _BUSY.search(evidence)):
        return FailureKind.OVERLOADED
    if _UNSUPPORTED_INPUT.search(evidence):
        return FailureKind.BAD_REQUEST
    if status == 408:
        return FailureKind.TIMEOUT
    if status is not None and 400 <= status < 500:
        return FailureKind.BAD_REQUEST
    return FailureKind.SERVER


def _error_object(payload: Any) -> JsonObject:
    """The object that describes the error, wherever it lies."""
    top = at(payload)
    for inner in (at(top, "error"), at(top, "x_groq", "error"), at(top, "base_resp")):
        if inner:
            return inner
    return top


def _said(payload: Any, error: JsonObject) -> str:
    if isinstance(payload, str):
        return payload
    if said := text(error, "message", "status_msg", "error", "detail", "title", cap=64_000):
        return said
    found = at(payload)
    detail = found.get("detail") or error.get("detail")
    if isinstance(detail, list):
        parts = [
            text(at(item), "msg", "message") or (item if isinstance(item, str) else "")
            for item in detail[:10]
        ]
        return "\n".join(part for part in parts if part)
    return text(found, "message", "error", "detail", cap=64_000)


def _code(payload: Any, error: JsonObject) -> str:
    for where in (error, at(payload)):
        for name in ("code", "type", "status_code"):
            value = where.get(name)
            if isinstance(value, str) and value:
                return clean(value[:200])
            if (whole := count(value)) is not None:
                return str(whole)
    return ""


def _status_in(error: JsonObject) -> int | None:
    """An HTTP status inside an error object of a stream, as a number or in digits."""
    for name in ("status_code", "code"):
        value = error.get(name)
        whole = int(value) if isinstance(value, str) and re.fullmatch(r"[45]\d\d", value) else count(value)
        if whole is not None and 400 <= whole < 600:
            return whole
    return None


def _reasons(error: JsonObject) -> str:
    details = error.get("details")
    found = details if isinstance(details, list) else []
    return " ".join(text(at(item), "reason") for item in found[:20])


def _context_numbers(error: JsonObject, said: str) -> list[tuple[str, str]]:
    prompt, context = count(error.get("n_prompt_tokens")), count(error.get("n_ctx"))
    if prompt is not None and context is not None:
        return [("prompt", str(prompt)), ("context", str(context))]
    for pattern in _NUMBERS:
        if match := pattern.search(said):
            return [("prompt", match["prompt"]), ("context", match["context"])]
    return []


def _wait(headers: _Headers, payload: Any, now: datetime) -> float | None:
    """Seconds the server asks us to wait; None where it asks nothing that makes sense."""
    fields = {k.lower(): v.strip() for k, v in headers}
    milliseconds = _positive(fields.get("retry-after-ms", ""))
    if milliseconds:
        return milliseconds / 1000
    stated = fields.get("retry-after", "")
    if (seconds := _positive(stated)) is not None:
        return seconds
    if (until := _moment(stated)) is not None:
        return max(0.0, (until - (_moment(fields.get("date", "")) or now)).total_seconds())
    details = at(payload, "error").get("details")
    for item in details if isinstance(details, list) else []:
        if delay := _positive(text(at(item), "retryDelay").removesuffix("s")):
            return delay
    return None


def _moment(date: str) -> datetime | None:
    """A date as HTTP writes it, with its zone."""
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else None


def _positive(digits: str) -> float | None:
    try:
        value = number(float(digits))
    except ValueError:
        return None
    return value if value is not None and value >= 0 else None
