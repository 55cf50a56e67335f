"""Perplexity (protocols.md 6.23): answers with a web search before them. Most show no trace.

An answer refers to what was found as [1], [2]; the list of it comes beside the answer and is shown as its last part.
"""

from __future__ import annotations

from typing import Any

from sidelight.backends.base import Model, Request
from sidelight.backends.chat_completions import ChatCompletions
from sidelight.backends.effort import Choice, ignored, level
from sidelight.backends.http_backend import Headers
from sidelight.backends.streaming import Decoder
from sidelight.backends.wire.jsontext import JsonObject, at, clean, text
from sidelight.backends.wire.openai_chat import ChatDecoder
from sidelight.chat.events import AnswerDelta, Event, Failed
from sidelight.secrets import Redactor

__all__ = ["Perplexity"]

_MOST_SOURCES = 100
_KNOWN = ("sonar", "sonar-pro", "sonar-reasoning-pro", "sonar-deep-research")


class Perplexity(ChatCompletions):
    """Its address has no /v1."""

    needs_key = True
    version = ""

    def effort(self, request: Request) -> Choice:
        """For deep research only."""
        if "deep-research" in request.model:
            return level(request.parameters.effort, ("low", "medium", "high"))
        return ignored("not_adjustable")

    def decoder(self, request: Request, redact: Redactor, headers: Headers) -> Decoder:
        """With its sources."""
        elicited = self.elicits(request)
        return _SearchDecoder(redact, headers=headers, tags=self.tags(request), elicited=elicited)

    async def models(self) -> tuple[Model, ...]:
        """What it lists, or where it has no list, those that are known. Raises BackendError for a wrong key."""
        answer = await self._get(f"{self.base}/v1/models")
        return (self._listed(answer) if answer.status == 200 else ()) or tuple(Model(name) for name in _KNOWN)


class _SearchDecoder(ChatDecoder):
    """Each chunk repeats all that was found so far; the last one counts."""

    _found: Any = None

    def payload(self, payload: JsonObject, name: str) -> list[Event]:
        self._found = payload.get("search_results") or payload.get("citations") or self._found
        return super().payload(payload, name)

    def flush(self, why: Failed | None = None) -> list[Event]:
        sources = ((number, _source(item)) for number, item in enumerate(self._list(), 1))
        numbered = "\n".join(f"{number}. {line}" for number, line in sources if line)
        told: list[Event] = [AnswerDelta(numbered, 1)] if numbered and self.text.came else []
        return [*self.text.flush(), *told, *super().flush(why)]

    def _list(self) -> list[Any]:
        return self._found[:_MOST_SOURCES] if isinstance(self._found, list) else []


def _source(item: Any) -> str:
    """A page that was found: its title and address. An older list has addresses only."""
    address = text(item, "url", cap=2000) if isinstance(item, dict) else item
    if not isinstance(address, str) or not address.startswith(("https://", "http://")):
        return ""
    title = " ".join(text(at(item), "title").split())
    return f"{title}: {clean(address)}" if title else clean(address)
