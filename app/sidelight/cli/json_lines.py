"""Steps as one JSON object a line, for programs. Pure; the fields are described in docs/cli.md."""

from __future__ import annotations

import json
from dataclasses import asdict

from sidelight.chat.message import Lane
from sidelight.chat.reply import Reply, trace_of
from sidelight.cli.lanes import spell
from sidelight.cli.steps import Ended, Reclassified, Staged, Step, Wrote
from sidelight.cli.wording import failure

__all__ = ["announce", "close", "line", "write"]

# DEL and the C1 controls pass through json.dumps and can steer a terminal; C0 controls it escapes itself.
_CONTROLS = {code: f"\\u{code:04x}" for code in (0x7F, *range(0x80, 0xA0))}


def write(value: object) -> str:
    """JSON on one line, legible in every script, with all control characters escaped."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).translate(_CONTROLS)


def announce(number: int, lane: Lane) -> str:
    """The line that says which lane a number stands for."""
    return write({"event": "lane", "lane": number, "model": spell(lane)})


def line(number: int, step: Step) -> str:
    """The line of one step."""
    match step:
        case Staged(stage, done, total):
            return write({"event": "stage", "lane": number, "stage": stage, "done": done, "total": total})
        case Wrote(kind, text, segment):
            event = "trace" if kind == "reasoning" else kind
            return write({"event": event, "lane": number, "segment": segment, "text": text})
        case Reclassified():
            return write({"event": "reclassified", "lane": number})
        case Ended(reply):
            return write({"event": "end", "lane": number, **_end(reply)})


def close(conversation: str | None, code: int) -> str:
    """The last line. `conversation` is None where nothing was kept."""
    return write({"event": "done", "conversation": conversation, "exit": code})


def _end(reply: Reply) -> dict[str, object]:
    trace, failed = trace_of(reply), reply.failed
    return {
        "state": reply.state,
        "finish": reply.finished.reason if reply.finished else None,
        "failure": failed and {"kind": failed.kind, "code": failed.code, "text": failure(failed)},
        "trace_kind": trace.kind,
        "trace_certainty": trace.certainty,
        "trace": reply.trace_text,
        "answer": reply.answer_text,
        "usage": reply.usage and {k: v for k, v in asdict(reply.usage).items() if k != "raw"},
        "seconds": {"first_token": reply.timing.first_token, "done": reply.timing.done},
        "served_model": reply.identity.served_model,
    }
