"""One meaning for the finish reasons of all dialects (protocols.md 2.7)."""

from __future__ import annotations

from collections.abc import Mapping

from sidelight.chat.events import FinishReason

__all__ = ["finish_reason"]

_STOP = ("stop", "eos", "end_turn", "stop_sequence", "completed", "complete")
_LENGTH = (
    "length",
    "max_tokens",
    "model_length",
    "model_context_window_exceeded",
    "incomplete/max_output_tokens",
    "incomplete/max_tokens",
)
_FILTER = (
    "content_filter",
    "sensitive",
    "incomplete/content_filter",
    "safety",
    "image_safety",
    "prohibited_content",
    "blocklist",
    "spii",
    "recitation",
    "error_toxic",
)
_TOOL = ("tool_calls", "tool_call", "tool_use", "function_call", "pause_turn")
_ERROR = ("error", "failed", "network_error", "insufficient_system_resource")
_MEANINGS: Mapping[str, FinishReason] = {
    **dict.fromkeys(_STOP, FinishReason.STOP),
    **dict.fromkeys(_LENGTH, FinishReason.LENGTH),
    **dict.fromkeys(_FILTER, FinishReason.CONTENT_FILTER),
    "refusal": FinishReason.REFUSAL,
    **dict.fromkeys(_TOOL, FinishReason.TOOL),
    **dict.fromkeys(_ERROR, FinishReason.ERROR),
}


def finish_reason(on_wire: str) -> FinishReason:
    """What a server means by its word, in any case."""
    return _MEANINGS.get(on_wire.lower(), FinishReason.UNKNOWN)
