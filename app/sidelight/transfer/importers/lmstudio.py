"""LM Studio's conversations as it keeps them: one file each, messages in versions, answers in steps.

docs/import.md has the format and where it is known from. What its models think comes from their own stream; they run where LM
Studio runs. A file has no id in it: its first moment and its first words are what it is known by.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sidelight.chat.conversation import Conversation
from sidelight.chat.events import Failed, FailureKind, Finished, FinishReason, Usage
from sidelight.chat.reply import ReplyState, Segment, Timing
from sidelight.transfer.importers.item import Aside
from sidelight.transfer.importers.reading import count, identifier, items, mapping, number, text, when
from sidelight.transfer.importers.thread import DONE, End, Message, Origin, Passed, Said, Sent, conversation

__all__ = ["FORMAT", "convert", "fits"]

FORMAT = "lmstudio"
_ORIGIN = Origin("lmstudio", hosted=False, place="localhost")
_SYSTEM = "llm.prediction.systemPrompt"
_FINISHES = {
    "eosFound": FinishReason.STOP,
    "stopStringFound": FinishReason.STOP,
    "maxPredictedTokensReached": FinishReason.LENGTH,
    "contextLengthReached": FinishReason.LENGTH,
    "toolCalls": FinishReason.TOOL,
}
_STOPPED = {"userStopped": FailureKind.STOPPED, "modelUnloaded": FailureKind.CUT_OFF}


def fits(item: Mapping[str, Any]) -> bool:
    """Messages that come in versions."""
    messages = item.get("messages")
    return isinstance(messages, list) and any(isinstance(mapping(m).get("versions"), list) for m in messages)


def convert(item: Mapping[str, Any], aside: Aside) -> Conversation:
    """The conversation. Raises Refusal."""
    began = when(item.get("createdAt"))
    system = text(item.get("systemPrompt")) or _configured(item)
    found = [Message("system", None, Passed(system or None))]
    before = "system"
    for place, entry in enumerate(map(mapping, items(item.get("messages")))):
        versions = [mapping(v) for v in items(entry.get("versions"))]
        chosen = count(entry.get("currentlySelected")) or 0
        for index, version in enumerate(versions):
            own = f"{place}.{index}"
            content = _content(version, aside)
            found.append(Message(own, before, content, _at(version) or began))
        if versions:
            before = f"{place}.{min(chosen, len(versions) - 1)}"
    first = next((m.content.text for m in found if isinstance(m.content, Sent)), "")
    source = f"{item.get('createdAt')} {hashlib.sha256(first.encode()).hexdigest()}"
    return conversation(_ORIGIN, source, found, title=text(item.get("name")), created=began, current=before)


def _configured(item: Mapping[str, Any]) -> str:
    """The system prompt as newer files have it, among the settings of the chat."""
    fields = items(mapping(item.get("perChatPredictionConfig")).get("fields"))
    return next((text(f.get("value")) for f in map(mapping, fields) if f.get("key") == _SYSTEM), "")


def _at(version: Mapping[str, Any]) -> float:
    """When a version was made: a step is named by milliseconds and a random number."""
    for step in map(mapping, items(version.get("steps"))):
        moment = identifier(step.get("stepIdentifier")).split("-")[0]
        if moment.isdecimal() and len(moment) == 13:
            return when(int(moment))
    return 0.0


def _content(version: Mapping[str, Any], aside: Aside) -> Sent | Said | Passed:
    steps = [mapping(s) for s in items(version.get("steps"))]
    match identifier(version.get("role")):
        case "user":
            parts = [mapping(p) for p in items(version.get("content"))]
            for part in parts:
                if part.get("type") == "file":
                    aside.lack("file", identifier(part.get("fileIdentifier")))
            return Sent(_words(parts) or text(version.get("content")))
        case "assistant":
            if not steps:
                parts = [mapping(p) for p in items(version.get("content"))]
                words = _words(parts) or text(version.get("content"))
                return Said((Segment("answer", words),), _sender(version))
            return _stepped(version, steps, aside)
        case "system":
            return Passed(_words([mapping(p) for p in items(version.get("content"))]) or None)
        case other:
            aside.lack("kind", other)
            return Passed()


def _sender(version: Mapping[str, Any]) -> str:
    return identifier(mapping(version.get("senderInfo")).get("senderName"))


def _stepped(version: Mapping[str, Any], steps: Sequence[Mapping[str, Any]], aside: Aside) -> Said:
    infos = [mapping(s.get("genInfo")) for s in steps if s.get("genInfo")]
    info = infos[-1] if infos else {}
    segments = tuple(_segments(steps, aside))
    stats = mapping(info.get("stats"))
    model = identifier(info.get("identifier")) or identifier(info.get("indexedModelIdentifier"))
    return Said(
        segments, model or _sender(version), _end(stats), usage=_usage(stats), timing=_timing(stats, segments)
    )


def _segments(steps: Sequence[Mapping[str, Any]], aside: Aside) -> Iterator[Segment]:
    for step in steps:
        if step.get("type") != "contentBlock":
            continue
        parts = [mapping(p) for p in items(step.get("content"))]
        thinking = mapping(step.get("style")).get("type") == "thinking"
        yield Segment("reasoning" if thinking else "answer", _words(parts))
        if any(p.get("type") in ("toolCallRequest", "toolCallResult") for p in parts):
            aside.lack("tool")


def _words(parts: Sequence[Mapping[str, Any]]) -> str:
    return "".join(text(p.get("text")) for p in parts if p.get("type") == "text")


def _usage(stats: Mapping[str, Any]) -> Usage | None:
    prompt, output = count(stats.get("promptTokensCount")), count(stats.get("predictedTokensCount"))
    return None if prompt is None and output is None else Usage(prompt=prompt, output_total=output)


def _timing(stats: Mapping[str, Any], segments: Sequence[Segment]) -> Timing:
    """As LM Studio measured it; when its first token came is when the first thing of the reply came."""
    first, done = number(stats.get("timeToFirstTokenSec")), number(stats.get("totalTimeSec"))
    said = next((s.kind for s in segments if s.text), "")
    return Timing(
        first_thought=first if said == "reasoning" else None,
        first_answer=first if said == "answer" else None,
        done=done,
    )


def _end(stats: Mapping[str, Any]) -> End:
    why = identifier(stats.get("stopReason"))
    if why in _STOPPED:
        return End(ReplyState.INTERRUPTED, failed=Failed(_STOPPED[why]))
    if why == "failed":
        return End(ReplyState.FAILED, failed=Failed(FailureKind.SERVER))
    return End(ReplyState.COMPLETE, Finished(_FINISHES.get(why, FinishReason.UNKNOWN), why)) if why else DONE
