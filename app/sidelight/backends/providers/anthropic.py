"""Anthropic (protocols.md 6.5). Thinking is asked for with its summary, else it is billed and not shown.

How a model is told to think differs by its age: the list of models says it, and where that was not read, its name does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from sidelight.backends.base import KeyFor, Model, Request
from sidelight.backends.effort import Choice, budget, ignored, nearest
from sidelight.backends.http_backend import Headers, HttpBackend
from sidelight.backends.recall import Recall
from sidelight.backends.streaming import Decoder
from sidelight.backends.wire.anthropic_messages import MessagesDecoder, recalled, request_body
from sidelight.backends.wire.body import sampling, unpacked
from sidelight.backends.wire.jsontext import JsonObject, at, count, text
from sidelight.chat.events import Failed, Note
from sidelight.net.client import Http
from sidelight.secrets import Redactor
from sidelight.settings import BackendSetting

__all__ = ["Anthropic"]

_NAMES = {
    "temperature": "temperature",
    "top_p": "top_p",
    "max_tokens": "max_tokens",
    "stop": "stop_sequences",
}
_LEVELS = ("low", "medium", "high", "xhigh", "max")
_ROOM = 8_000
"""Tokens for the answer, beside those for thinking, where the person says no limit: one must be sent."""
_ADAPTIVE_ROOM = 32_000
_SMALLEST_BUDGET = 1024


def _version(model: str) -> tuple[str, float]:
    """The family and the version in an id ("claude-opus-4-7-20260416": opus, 4.7); what cannot be read counts as newest."""
    name = model.lower()
    if new := re.search(r"claude-([a-z]+)-(\d{1,2})(?!\d)(?:[-.](\d)(?!\d))?", name):
        return new[1], float(f"{new[2]}.{new[3] or 0}")
    if old := re.search(r"claude-(\d)(?:[-.](\d)(?!\d))?", name):
        return "", float(f"{old[1]}.{old[2] or 0}")
    return "", 99.0


class Anthropic(HttpBackend):
    """The trace of Claude 3.7 is its own, that of later ones a summary."""

    needs_key = True
    key_header = "x-api-key"
    headers: ClassVar[Mapping[str, str]] = {"anthropic-version": "2023-06-01"}
    list_path = "/models?limit=1000"

    def __init__(self, setting: BackendSetting, http: Http, key_for: KeyFor) -> None:
        """As any HttpBackend."""
        super().__init__(setting, http, key_for)
        self._types: dict[str, frozenset[str]] = {}
        self._levels: dict[str, tuple[str, ...]] = {}
        self._recall = Recall("thinking", recalled)

    def elicits(self, request: Request) -> bool:
        """Not from Claude 5 and later: asked to write its thoughts down it may refuse to answer."""
        return request.parameters.elicited and _version(request.model)[1] < 5

    def url(self, request: Request) -> str:  # noqa: ARG002 - one address for all
        """One address for all models."""
        return f"{self.base}/messages"

    def compose(self, request: Request) -> tuple[Mapping[str, Any], list[Note]]:
        """See HttpBackend."""
        asked = request.parameters
        request, attached = unpacked(request, "image", images=self.sees(request))
        choice = self._choice(request)
        thinks = _thinks(choice)
        request, thoughts = self._recall.settle(request, thinks=thinks)
        deaf = thinks or _version(request.model)[1] >= 4.7
        fields, notes = sampling(asked, _NAMES, ("temperature", "top_p") if deaf else ())
        if asked.effort != "default":
            notes.append(choice.note())
        if asked.elicited and not self.elicits(request):
            notes.append(Note("elicited", "ignored", "would_be_refused"))
        notes += [*attached, *thoughts]
        tokens = count(at(choice.fields, "thinking").get("budget_tokens"))
        room = _ADAPTIVE_ROOM if thinks and tokens is None else _ROOM + (tokens or 0)
        body = request_body(
            request,
            {"max_tokens": room, **fields, **choice.fields},
            instruct=self.instructs(request),
        )
        return body, notes

    def respell(self, request: Request, failed: Failed) -> bool:
        """Thinking blocks are left out where they are refused: newer models bind them to all that stood before."""
        return self._recall.refused(request, failed, thinks=_thinks(self._choice(request)))

    def decoder(self, request: Request, redact: Redactor, headers: Headers) -> Decoder:
        """See HttpBackend."""
        elicited = self.elicits(request)
        return MessagesDecoder(redact, headers=headers, tags=self.tags(request), elicited=elicited)

    def model(self, item: JsonObject) -> Model:
        """The richest list there is; what it says of thinking is remembered."""
        name, able = text(item, "id"), at(item, "capabilities")
        types = _supported(at(able, "thinking").get("types"))
        if types or at(able, "thinking").get("supported") is False:
            # The list says how a model thinks, not always whether that can be switched off.
            off = _types(*_version(name)) & {"disabled"} if types else frozenset()
            self._types[name] = types | off
        if levels := _supported(at(able, "effort")) & {*_LEVELS}:
            self._levels[name] = tuple(levels)
        thinking, images = at(able, "thinking").get("supported"), at(able, "image_input").get("supported")
        return Model(
            name,
            text(item, "display_name"),
            count(item.get("max_input_tokens")),
            thinking if isinstance(thinking, bool) else None,
            images if isinstance(images, bool) else None,
        )

    def _choice(self, request: Request) -> Choice:
        """What is said of thinking: the effort, and that its summary is wanted."""
        effort = request.parameters.effort
        family, version = _version(request.model)
        types = self._types.get(request.model, _types(family, version))
        if not types:
            return ignored("never_thinks")
        # Beside a trace that it writes on request its own stays hidden: the two would be taken for one.
        shown = {"display": "omitted" if self.elicits(request) else "summarized"}
        adaptive = {"type": "adaptive", **shown}
        if effort == "default":
            # Newer ones think unasked, and then leave the summary out unless it is asked for.
            return Choice({"thinking": adaptive} if version >= 4.7 and "adaptive" in types else {})
        if effort == "off" and "disabled" in types:
            return Choice({"thinking": {"type": "disabled"}})
        if "adaptive" not in types:
            return self._budget(request, shown if version >= 4 else {})
        word = nearest(effort, self._levels.get(request.model, _LEVELS))
        fields = {"thinking": adaptive, "output_config": {"effort": word}}
        return Choice(fields, "sent" if word == effort else "clamped")

    def _budget(self, request: Request, shown: Mapping[str, str]) -> Choice:
        """How many tokens older ones may think; always less than the limit of the whole."""
        wanted = max(_SMALLEST_BUDGET, budget(request.parameters))
        limit = request.parameters.max_tokens
        if limit is not None and limit <= _SMALLEST_BUDGET:
            return ignored("max_tokens_too_small")
        tokens = wanted if limit is None else max(_SMALLEST_BUDGET, min(wanted, limit * 3 // 4))
        fields = {"thinking": {"type": "enabled", "budget_tokens": tokens, **shown}}
        return Choice(fields, "sent" if tokens == wanted else "clamped")


def _thinks(choice: Choice) -> bool:
    """Whether it is told to think."""
    return at(choice.fields, "thinking").get("type") in ("enabled", "adaptive")


def _types(family: str, version: float) -> frozenset[str]:
    """Which ways of thinking a model has, by its name."""
    if version < 3.7:
        return frozenset()
    if version < 4.6:
        return frozenset({"enabled", "disabled"})
    always = (family == "opus" and version >= 5.5) or (family == "fable" and version >= 5.1)
    return frozenset({"adaptive"} if always else {"adaptive", "disabled"})


def _supported(value: Any) -> frozenset[str]:
    """Names in a list, or those of an object that are true or say that they are supported."""
    if isinstance(value, list):
        return frozenset(name for name in value if isinstance(name, str))
    found = at(value)
    return frozenset(
        name for name in found if found[name] is True or at(found[name]).get("supported") is True
    )
