"""OpenAI's models, at OpenAI and at Azure (protocols.md 6.1 to 6.3): Responses, which alone shows summaries; Chat Completions
where a model is refused there.

Which effort a model takes is known by its name only, since the list of models says nothing of it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from sidelight.backends.base import KeyFor, Request
from sidelight.backends.chat_completions import ChatCompletions
from sidelight.backends.effort import Choice, ignored, level
from sidelight.backends.http_backend import Headers
from sidelight.backends.responses import Responses
from sidelight.backends.streaming import Decoder
from sidelight.backends.wire.openai_chat import ChatDecoder
from sidelight.chat.events import Failed, FailureKind, Note
from sidelight.net.client import Http
from sidelight.secrets import Redactor
from sidelight.settings import BackendSetting

__all__ = ["ResponsesOrChat"]

_NEVER_THINKS = re.compile(r"gpt-5-chat|chatgpt|gpt-[34]")
_LEVELS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = tuple(
    (re.compile(pattern), tuple(levels.split()))
    for pattern, levels in (
        (r"gpt-oss|\bo[134]\b", "low medium high"),
        (r"gpt-6-astra|gpt-6\.1-sol", "low medium high xhigh max"),
        (r"gpt-(?:5\.[6-9]|[6-9])", "none low medium high xhigh max"),
        (r"gpt-5\.[2-5]", "none low medium high xhigh"),
        (r"gpt-5\.1", "none low medium high"),
        (r"gpt-5", "minimal low medium high"),
    )
)
_UNKNOWN = ("none", "minimal", "low", "medium", "high", "xhigh", "max")


def _levels(model: str) -> tuple[str, ...]:
    """The levels a model takes; none where it never thinks, all where nothing is known of it."""
    if _NEVER_THINKS.search(model):
        return ()
    return next((levels for pattern, levels in _LEVELS if pattern.search(model)), _UNKNOWN)


def _ignores(request: Request) -> Collection[str]:
    """While it thinks it refuses sampling parameters."""
    levels = _levels(request.model)
    quiet = not levels or levels == _UNKNOWN or (request.parameters.effort == "off" and "none" in levels)
    return () if quiet else ("temperature", "top_p")


class _Chat(ChatCompletions):
    """The older way. It never shows a trace of OpenAI's own models."""

    token_limit = "max_completion_tokens"  # noqa: S105 - the name of a field

    def effort(self, request: Request) -> Choice:
        levels = _levels(request.model)
        return level(request.parameters.effort, levels) if levels else ignored("never_thinks")

    def ignores(self, request: Request) -> Collection[str]:
        return _ignores(request)


class ResponsesOrChat(Responses):
    """Summaries are asked for always, and given to verified organisations only."""

    def __init__(self, setting: BackendSetting, http: Http, key_for: KeyFor) -> None:
        """As any HttpBackend."""
        super().__init__(setting, http, key_for)
        self._chat = _Chat(setting, http, key_for)
        self._chat_only: set[str] = set()

    def asks_for(self, request: Request) -> Mapping[str, Any]:
        """A summary from those that think; the encrypted item is evidence of a hidden trace."""
        if _levels(request.model) in ((), _UNKNOWN):
            return {}
        return {**super().asks_for(request), "reasoning": {"summary": "auto"}}

    def effort(self, request: Request) -> Choice:
        """By the name of the model."""
        levels = _levels(request.model)
        return level(request.parameters.effort, levels, "effort") if levels else ignored("never_thinks")

    def ignores(self, request: Request) -> Collection[str]:
        """By the name of the model."""
        return _ignores(request)

    def url(self, request: Request) -> str:
        """The way this model takes."""
        return self._chat.url(request) if request.model in self._chat_only else super().url(request)

    def compose(self, request: Request) -> tuple[Mapping[str, Any], list[Note]]:
        """In the way this model takes."""
        return self._chat.compose(request) if request.model in self._chat_only else super().compose(request)

    def decoder(self, request: Request, redact: Redactor, headers: Headers) -> Decoder:
        """Of the way this model takes."""
        if request.model in self._chat_only:
            elicited = self.elicits(request)
            return ChatDecoder(redact, headers=headers, tags=self.tags(request), elicited=elicited)
        return super().decoder(request, redact, headers)

    def respell(self, request: Request, failed: Failed) -> bool:
        """Where Responses is refused as such, Chat Completions is used for this model from then on."""
        if request.model in self._chat_only:
            return self._chat.respell(request, failed)
        if super().respell(request, failed):
            return True
        if not _refuses_responses(failed):
            return False
        self._chat_only.add(request.model)
        return True


def _refuses_responses(failed: Failed) -> bool:
    """Whether it is the way that was refused and not the model: it names the other, or knows no such address."""
    said = failed.message.lower()
    if failed.kind not in (FailureKind.BAD_REQUEST, FailureKind.MODEL_NOT_FOUND):
        return False
    if "chat/completions" in said or "responses api" in said or "chat completions" in said:
        return True
    missing = dict(failed.details).get("status") in ("404", "405")
    return missing and "model" not in said and "deployment" not in said
