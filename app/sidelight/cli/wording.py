"""A reply's end in words. Pure; the sentences themselves stand in `messages`."""

from __future__ import annotations

import contextlib

from sidelight import messages
from sidelight.chat.events import Failed
from sidelight.chat.reply import Reply, TraceKind, trace_of

__all__ = ["failure", "summary"]


def failure(failed: Failed) -> str:
    """Why a reply failed: our sentence for its code, else for its kind, how long to wait, and what the server said."""
    sentence = _sentence(failed)
    if failed.retry_after is not None:
        sentence = messages.text("cli.wait", sentence=sentence, seconds=failed.retry_after)
    if failed.message:
        sentence = messages.text("cli.server_says", sentence=sentence, message=failed.message)
    return sentence


def _sentence(failed: Failed) -> str:
    """Codes of the embedded engine are sentences of its own, others of ours are below failed.code.

    A server's own code may read like one of ours; it has not what our sentence needs.
    """
    code = failed.code or ""
    if code.startswith("local.") and code in messages.CATALOGUE:
        with contextlib.suppress(KeyError):
            return messages.text(code, **dict(failed.details))
    if f"failed.code.{code}" in messages.CATALOGUE:
        return messages.text(f"failed.code.{code}")
    return messages.text(f"failed.{failed.kind}")


def summary(reply: Reply) -> str:
    """State, time, tokens and kind of trace of a reply that ended, in one line."""
    state = messages.text(f"state.{reply.state}")
    parts = [state]
    if reply.timing.done is not None:
        parts = [messages.text("cli.summary.end", state=state, seconds=reply.timing.done)]
    if reply.timing.first_token is not None:
        parts.append(messages.text("cli.summary.first", seconds=reply.timing.first_token))
    if reply.usage is not None and reply.usage.output_total is not None:
        parts.append(messages.text("cli.summary.tokens", count=reply.usage.output_total))
        if reply.usage.reasoning:
            parts.append(messages.text("cli.summary.trace_tokens", count=reply.usage.reasoning))
    kind = trace_of(reply).kind
    if kind is not TraceKind.NONE:
        parts.append(messages.text("cli.summary.trace", kind=messages.text(f"trace.{kind}")))
    return ", ".join(parts)
