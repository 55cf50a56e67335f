"""Google Gemini by its own API (protocols.md 6.6). Thoughts must be asked for and are summaries, always."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sidelight.backends.base import KeyFor, Model, Request
from sidelight.backends.effort import Choice, budget, ignored, nearest
from sidelight.backends.http_backend import Headers, HttpBackend
from sidelight.backends.recall import Recall
from sidelight.backends.streaming import Decoder
from sidelight.backends.wire.body import sampling, unpacked
from sidelight.backends.wire.gemini import GeminiDecoder, recalled, request_body
from sidelight.backends.wire.jsontext import JsonObject, count, text
from sidelight.chat.events import Failed, Note
from sidelight.chat.reply import Certainty, TraceClaim, TraceKind
from sidelight.net.client import Http
from sidelight.secrets import Redactor
from sidelight.settings import BackendSetting

__all__ = ["Gemini"]

_NAMES = {
    "temperature": "temperature",
    "top_p": "topP",
    "max_tokens": "maxOutputTokens",
    "seed": "seed",
    "stop": "stopSequences",
}
_NO_THOUGHTS = re.compile(r"gemini-(?:1|2\.0)|gemma|-image|-tts|imagen|embedding|learnlm")
_BY_BUDGET: tuple[tuple[re.Pattern[str], tuple[int, int], bool], ...] = (
    (re.compile(r"gemini-2\.5-pro"), (128, 32768), False),
    (re.compile(r"gemini-2\.5-flash-lite"), (512, 24576), True),
    (re.compile(r"gemini-2\.5"), (1, 24576), True),
)
"""The smallest and the largest budget of those that take one, and whether they can be off."""
_NO_MINIMAL = re.compile(r"gemini-(?:3(?:\.1)?-pro|3\.7-flash)")


class Gemini(HttpBackend):
    """The key goes into a header, never into the address, which ends up in logs."""

    needs_key = True
    version = "/v1beta"
    key_header = "x-goog-api-key"
    list_path = "/models?pageSize=1000"

    def __init__(self, setting: BackendSetting, http: Http, key_for: KeyFor) -> None:
        """As any HttpBackend."""
        super().__init__(setting, http, key_for)
        self._recall = Recall("thoughtSignature", recalled)

    def claim(self, request: Request) -> TraceClaim:
        """Documented to be summaries for all of its own models, whatever their names."""
        if self.elicits(request) or "gemma" in request.model:
            return super().claim(request)
        return TraceClaim(TraceKind.SUMMARY, Certainty.BY_FAMILY)

    def url(self, request: Request) -> str:
        """The model stands in the address."""
        return f"{self.base}/models/{_path_of(request.model)}:streamGenerateContent?alt=sse"

    def compose(self, request: Request) -> tuple[Mapping[str, Any], list[Note]]:
        """See HttpBackend."""
        request, attached = unpacked(request, "inlineData", images=self.sees(request))
        request, thoughts = self._recall.settle(request, thinks=request.parameters.effort != "off")
        config, notes = sampling(request.parameters, _NAMES)
        # Beside a trace that it writes on request its own stays hidden: the two would be taken for one.
        shown = not self.elicits(request) and not _NO_THOUGHTS.search(request.model)
        thinking: Mapping[str, Any] = {"includeThoughts": True} if shown else {}
        if request.parameters.effort != "default":
            choice = _choice(request)
            notes.append(choice.note())
            thinking = {**thinking, **choice.fields}
        if thinking:
            config["thinkingConfig"] = thinking
        notes += [*attached, *thoughts]
        return request_body(request, config, instruct=self.instructs(request)), notes

    def respell(self, request: Request, failed: Failed) -> bool:
        """Signatures are left out where they are refused."""
        return self._recall.refused(request, failed, thinks=request.parameters.effort != "off")

    def decoder(self, request: Request, redact: Redactor, headers: Headers) -> Decoder:
        """See HttpBackend."""
        elicited = self.elicits(request)
        return GeminiDecoder(redact, headers=headers, tags=self.tags(request), elicited=elicited)

    def model(self, item: JsonObject) -> Model:
        """Only those that answer."""
        methods, thinking = item.get("supportedGenerationMethods"), item.get("thinking")
        if isinstance(methods, list) and "generateContent" not in methods:
            return Model("")
        name = text(item, "name").removeprefix("models/")
        reasoning = thinking if isinstance(thinking, bool) else None
        return Model(name, text(item, "displayName"), count(item.get("inputTokenLimit")), reasoning)


def _choice(request: Request) -> Choice:
    """A level for Gemini 3 and later, a budget for 2.5; never both."""
    effort, model = request.parameters.effort, request.model
    if _NO_THOUGHTS.search(model):
        return ignored("never_thinks")
    known = next(((limits, off) for name, limits, off in _BY_BUDGET if name.search(model)), None)
    if known is None:
        levels = (
            ("low", "medium", "high") if _NO_MINIMAL.search(model) else ("minimal", "low", "medium", "high")
        )
        word = nearest(effort, levels)
        return Choice({"thinkingLevel": word}, "sent" if word == effort else "clamped")
    (smallest, largest), can_be_off = known
    if effort == "off" and can_be_off:
        return Choice({"thinkingBudget": 0})
    most = effort == "max" and request.parameters.thinking_tokens is None
    wanted = largest if most else budget(request.parameters)
    sent = min(largest, max(smallest, wanted))
    return Choice({"thinkingBudget": sent}, "sent" if sent == wanted else "clamped")


def _path_of(model: str) -> str:
    """The id as a part of an address; nothing in it may lead elsewhere."""
    return re.sub(
        r"[^A-Za-z0-9._\-]",
        lambda m: "".join(f"%{b:02X}" for b in m[0].encode("utf-8", "replace")),
        model.removeprefix("models/"),
    )
