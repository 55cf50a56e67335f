"""The identity card: what was asked for, what answered, and what is known of it, each field with how it is known.

Not an asking: the card is made from the reply's own identity, what a local server told of itself, and the registry.
Evidence, strongest first: the metadata of a model file, what the response names, the name that was asked for. What a
model says about itself is never used.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, fields
from typing import Literal, TypeAlias

from sidelight.chat.reply import Identity
from sidelight.models.families import Family, Resolved, by_id, relation, resolve
from sidelight.models.metadata import (
    LocalMetadata,
    looks_like,
    named,
    pick,
    quantisation_in,
    refutes,
    same_shape,
)
from sidelight.models.sayings import Saying, say

__all__ = ["FIELD_TITLES", "Card", "Conflict", "Fact", "Place", "Source", "Verdict", "card", "changed"]

Source: TypeAlias = Literal["reported", "looked up", "guessed", "unknown"]
"""`reported`: the response or the server's own metadata said so; `looked up`: the registry, or our own request and
settings; `guessed`: read off a name that need not be true."""
Verdict: TypeAlias = Literal[
    "confirmed", "echoed", "claimed", "moved alias", "ambiguous", "conflict", "unknown"
]

_ECHOING = frozenset({"llamacpp", "embedded", "lmstudio", "vllm", "sglang", "ollama", "openai-compatible"})
"""Providers whose servers repeat whatever name they are sent, or the one their owner gave."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One field of the card. `value` None is unknown. `note` says more where there is more to say."""

    value: str | int | float | None = None
    source: Source = "unknown"
    note: Saying | None = None

    @property
    def mark(self) -> Saying:
        """How it is known, as a word."""
        return say(f"models.source.{self.source.replace(' ', '_')}")


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two pieces of evidence that do not agree. `expected` is what the name stands for, `found` what was there.

    `family`: another model answered; `metadata`: the file is not what its name says; `alias`: the name has moved.
    """

    kind: Literal["family", "metadata", "alias"]
    expected: str
    found: str
    saying: Saying


@dataclass(frozen=True, slots=True)
class Place:
    """Where a lane asks: the provider's id in the registry of backends, and the host of its address."""

    provider: str
    host: str | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of a reply's model. Parameters in billions, `context` in tokens.

    `family` is the registry's entry it rests on, None where nothing decides. `claim` is one sentence on what the model
    is, `verdict_saying` one on how sure that is.
    """

    requested: Fact
    served: Fact
    host: Fact
    provider: Fact
    fingerprint: Fact
    base: Fact
    teacher: Fact
    parameters_total: Fact
    parameters_active: Fact
    licence: Fact
    quantisation: Fact
    context: Fact
    digest: Fact
    family: Family | None
    claim: Saying
    verdict: Verdict
    verdict_saying: Saying
    conflicts: tuple[Conflict, ...] = ()

    def facts(self) -> tuple[tuple[str, Fact], ...]:
        """The fields in the order they are shown, by name; FIELD_TITLES has their titles."""
        values = ((f.name, getattr(self, f.name)) for f in fields(self))
        return tuple((name, value) for name, value in values if isinstance(value, Fact))


FIELD_TITLES = {
    "requested": "models.field.requested",
    "served": "models.field.served",
    "host": "models.field.host",
    "provider": "models.field.provider",
    "fingerprint": "models.field.fingerprint",
    "base": "models.field.base",
    "teacher": "models.field.teacher",
    "parameters_total": "models.field.parameters_total",
    "parameters_active": "models.field.parameters_active",
    "licence": "models.field.licence",
    "quantisation": "models.field.quantisation",
    "context": "models.field.context",
    "digest": "models.field.digest",
}
"""Codes of `messages` by the name of a field."""


def card(
    reply_identity: Identity,
    *,
    backend: Place,
    metadata: LocalMetadata | None = None,
    asked: float | None = None,
) -> Card:
    """The card of a reply. `asked` is when it was asked (Unix seconds), which decides what a moving name meant."""
    day = None if asked is None else dt.datetime.fromtimestamp(asked, dt.UTC).date()
    requested = _resolve(reply_identity.requested_model, backend, day)
    served = _resolve(reply_identity.served_model, backend, day) if reply_identity.served_model else None
    basis = _basis(requested, served)
    conflicts = _conflicts(requested, served, metadata)
    family, by_metadata = _decide(basis, metadata)
    verdict = _verdict(requested, served, basis, family, metadata, conflicts, by_metadata)
    entry = _Entry.of(family, basis, aside=not by_metadata and served is not None and basis is not served)
    return Card(
        requested=_known(reply_identity.requested_model, "looked up", say("models.note.asked")),
        served=_served(reply_identity, requested, served, backend),
        host=_host(backend, metadata),
        provider=(
            _known(reply_identity.provider, "reported")
            if reply_identity.provider
            else _known(backend.provider, "looked up", say("models.note.settings"))
        ),
        fingerprint=_known(reply_identity.fingerprint, "reported"),
        base=_base(entry, metadata),
        teacher=entry.teacher(),
        parameters_total=_parameters(entry, metadata),
        parameters_active=entry.fact("params_active_b"),
        licence=_licence(entry, metadata),
        quantisation=_quantisation(basis, metadata),
        context=_context(entry, metadata),
        digest=_known(metadata.digest if metadata else None, "reported", say("models.note.metadata")),
        family=family,
        claim=_claim(basis, family, metadata, day),
        verdict=verdict,
        verdict_saying=_verdict_saying(verdict, None if by_metadata else family, day),
        conflicts=conflicts,
    )


def changed(previous: Card, now: Card) -> tuple[Saying, ...]:
    """Warnings where a lane that asks for the same model is served by something else than before."""
    if previous.requested.value != now.requested.value:
        return ()
    warnings = []
    for name, code in (
        ("served", "models.changed.served"),
        ("provider", "models.changed.provider"),
        ("digest", "models.changed.digest"),
        ("quantisation", "models.changed.quantisation"),
        ("fingerprint", "models.changed.fingerprint"),
    ):
        before, after = getattr(previous, name), getattr(now, name)
        if before.source == after.source == "reported" and before.value != after.value:
            warnings.append(say(code, before=str(before.value), now=str(after.value)))
    return tuple(warnings)


def _resolve(model_id: str, backend: Place, day: dt.date | None) -> Resolved:
    return resolve(model_id, host=backend.host, provider=backend.provider, date=day)


def _basis(requested: Resolved, served: Resolved | None) -> Resolved:
    """The name the card rests on: what answered, unless the registry does not know it."""
    if served is None or (served.entry is None and requested.entry is not None):
        return requested
    return served


def _decide(basis: Resolved, metadata: LocalMetadata | None) -> tuple[Family | None, bool]:
    """The family, and whether the metadata decided it."""
    if (
        metadata is None or basis.ambiguity == "changed"
    ):  # a rework carries the name and shape of its original
        return basis.family, False
    by_name = named(metadata)
    own = by_name.family if by_name is not None else None
    if own is not None and not refutes(metadata, own):
        return own, True
    fitting = pick(metadata, basis.candidates) if basis.ambiguity == "shared" else None
    if fitting is not None:
        return fitting, True
    if basis.family is not None and refutes(metadata, basis.family):
        return None, False
    return basis.family, False


def _conflicts(
    requested: Resolved, served: Resolved | None, metadata: LocalMetadata | None
) -> tuple[Conflict, ...]:
    found = []
    if served is not None:
        found.append(_echo_conflict(requested, served))
    moved = _moved(requested) if served is None or served.model_id == requested.model_id else None
    found.append(moved)
    if metadata is not None:
        found.append(_metadata_conflict(requested, metadata))
        if served is not None and relation(requested, served) != "same":
            found.append(_metadata_conflict(served, metadata))
    return tuple(dict.fromkeys(c for c in found if c is not None))


def _echo_conflict(requested: Resolved, served: Resolved) -> Conflict | None:
    """The response names another model than the one asked for."""
    how = relation(requested, served)
    asked, answered = requested.model_id, served.model_id
    moving = requested.alias is not None and requested.entry is not None and requested.entry.kind == "alias"
    if (moving and how == "version") or (requested.alias is not None and how == "other"):
        saying = say("models.conflict.alias", asked=asked, served=answered)
        return Conflict("alias", asked, answered, saying)
    if how != "other":
        return None
    saying = say("models.conflict.family", asked=asked, served=answered)
    return Conflict("family", asked, answered, saying)


def _moved(requested: Resolved) -> Conflict | None:
    """A name of one model that, as documented, is answered by one of another line."""
    meant, entry = requested.family, requested.entry
    if requested.period is None or meant is None or entry is None or entry.kind == "alias":
        return None
    if meant.family == entry.family:
        return None
    saying = say("models.conflict.documented", asked=requested.model_id, meant=meant.name)
    return Conflict("alias", entry.name, meant.name, saying)


def _metadata_conflict(name: Resolved, metadata: LocalMetadata) -> Conflict | None:
    """What the server holds is not what its name says, by shape or by the name inside the file."""
    candidates = (name.family,) if name.family else name.candidates
    if not candidates or name.ambiguity in ("moving", "changed", "size"):
        return None  # the name itself says that it is something else
    expected = " / ".join(f.name for f in candidates)
    inside = named(metadata)
    other = inside.family if inside is not None else None
    if (
        other is not None
        and inside is not None
        and not refutes(metadata, other)
        and all(_unlike(f, other, name, inside) for f in candidates)
    ):
        saying = say("models.conflict.name_inside", asked=name.model_id, inside=metadata.name or "")
        return Conflict("metadata", expected, other.name, saying)
    against = [refutes(metadata, f) for f in candidates]
    if not all(against):
        return None
    shape = _shape(metadata)
    saying = say("models.conflict.shape", asked=name.model_id, found=shape)
    if "shape" not in against:
        saying = say("models.conflict.template", asked=name.model_id)
    return Conflict("metadata", expected, shape, saying)


def _unlike(one: Family, other: Family, name: Resolved, inside: Resolved) -> bool:
    if one.id == other.id:
        return False
    return name.ambiguity == "shared" or relation(name, inside) == "other"


def _shape(metadata: LocalMetadata) -> str:
    """What of the metadata sets it apart, in the words of GGUF: "llama, 32 x 4096, 8.0B, vocabulary 128256"."""
    parts = [metadata.architecture or ""]
    if metadata.blocks and metadata.width:
        parts.append(f"{metadata.blocks} x {metadata.width}")
    if metadata.parameters:
        parts.append(f"{metadata.parameters / 1e9:.1f}B")
    if metadata.vocabulary:
        parts.append(f"vocabulary {metadata.vocabulary}")
    return ", ".join(p for p in parts if p)


def _verdict(
    requested: Resolved,
    served: Resolved | None,
    basis: Resolved,
    family: Family | None,
    metadata: LocalMetadata | None,
    conflicts: tuple[Conflict, ...],
    by_metadata: bool,
) -> Verdict:
    if any(c.kind != "alias" for c in conflicts):
        return "conflict"
    if metadata is not None and family is not None:
        meant = family is basis.family or (basis.ambiguity == "shared" and family in basis.candidates)
        if meant and (by_metadata or looks_like(metadata, family)):
            return "confirmed"
        if by_metadata:
            return "claimed"
    if conflicts or basis.period is not None:
        return "moved alias"
    if basis.ambiguity:
        return "ambiguous"
    if family is None:
        return "unknown"
    if served is not None and relation(requested, served) in ("same", "version"):
        return "echoed"
    return "claimed"


def _verdict_saying(verdict: Verdict, by_shape: Family | None, day: dt.date | None) -> Saying:
    """`by_shape` is the family where nothing but its shape speaks for it: others may have that shape too."""
    match verdict:
        case "confirmed":
            alike = [_short(f.name) for f in same_shape(by_shape)] if by_shape else []
            if alike:
                return say("models.verdict.confirmed_shape", others=", ".join(alike))
            return say("models.verdict.confirmed")
        case "echoed":
            return say("models.verdict.echoed")
        case "claimed":
            return say("models.verdict.claimed")
        case "moved alias":
            if day is None:
                return say("models.verdict.moved_undated")
            return say("models.verdict.moved", date=day.isoformat())
        case "ambiguous":
            return say("models.verdict.ambiguous")
        case "conflict":
            return say("models.verdict.conflict")
        case "unknown":
            return say("models.verdict.unknown")


# --- the fields


def _known(value: str | float | None, source: Source, note: Saying | None = None) -> Fact:
    return Fact() if value is None or value == "" else Fact(value, source, note)


def _served(identity: Identity, requested: Resolved, served: Resolved | None, backend: Place) -> Fact:
    if served is None:
        return Fact(note=say("models.note.not_named"))
    note = None
    if backend.provider in _ECHOING and identity.served_model == identity.requested_model:
        note = say("models.note.echo")
    elif relation(requested, served) in ("version", "unknown"):
        note = say("models.note.other_name")
    return _known(identity.served_model, "reported", note)


def _host(backend: Place, metadata: LocalMetadata | None) -> Fact:
    if metadata is not None and metadata.remote_host:
        return Fact(metadata.remote_host, "reported", say("models.note.relayed", host=backend.host or ""))
    return _known(backend.host, "looked up", say("models.note.settings"))


@dataclass(frozen=True, slots=True)
class _Entry:
    """The registry's entry the card takes facts from, and how far they may be believed."""

    family: Family | None
    source: Source = "looked up"
    note: Saying | None = None

    @classmethod
    def of(cls, family: Family | None, basis: Resolved, *, aside: bool) -> _Entry:
        """`aside`: another name answered, which the registry does not know."""
        if family is None and basis.ambiguity == "changed":
            return cls(basis.candidates[0], "guessed")
        if family is None:
            return cls(None)
        note = say("models.note.line", name=family.name) if _is_line(family) else None
        return cls(family, "guessed" if aside else "looked up", note)

    def fact(self, name: str) -> Fact:
        """A field of the entry."""
        return _known(getattr(self.family, name) if self.family else None, self.source, self.note)

    def teacher(self) -> Fact:
        """The model whose answers it was trained on."""
        taught_by = self.family.distilled_from if self.family else None
        return _known(by_id(taught_by).name if taught_by else None, self.source, self.note)


def _base(entry: _Entry, metadata: LocalMetadata | None) -> Fact:
    if entry.family is not None or metadata is None:
        return entry.fact("base")
    return _known(metadata.base_model, "reported", say("models.note.metadata"))


def _parameters(entry: _Entry, metadata: LocalMetadata | None) -> Fact:
    if metadata is not None and metadata.parameters:
        return Fact(round(metadata.parameters / 1e9, 2), "reported", say("models.note.metadata"))
    return entry.fact("params_total_b")


def _licence(entry: _Entry, metadata: LocalMetadata | None) -> Fact:
    known = entry.fact("licence")
    if known.value is not None or metadata is None:
        return known
    return _known(metadata.licence, "reported", say("models.note.metadata"))


def _quantisation(basis: Resolved, metadata: LocalMetadata | None) -> Fact:
    """From the metadata; a file's name, or the model's, is only a guess. llama.cpp tells it by the file's name alone."""
    if metadata is not None and metadata.quantisation:
        if metadata.teller == "llamacpp":
            return Fact(metadata.quantisation, "guessed", say("models.note.by_name"))
        return Fact(metadata.quantisation, "reported", say("models.note.metadata"))
    return _known(quantisation_in(basis.model_id), "guessed", say("models.note.by_name"))


def _context(entry: _Entry, metadata: LocalMetadata | None) -> Fact:
    if metadata is not None and metadata.context:
        return Fact(metadata.context, "reported", say("models.note.context_now"))
    if metadata is not None and metadata.context_trained:
        return Fact(metadata.context_trained, "reported", say("models.note.context_trained"))
    return entry.fact("context")


# --- the claim


def _claim(
    basis: Resolved, family: Family | None, metadata: LocalMetadata | None, day: dt.date | None
) -> Saying:
    """One sentence on what the model is."""
    asked = basis.model_id
    if family is not None:
        if basis.period is not None and basis.family is family and day is not None:
            return say("models.claim.documented", asked=asked, name=family.name, date=day.isoformat())
        return _what(family, asked)
    if metadata is not None and basis.family is not None:
        return say("models.claim.refuted", asked=asked, name=_short(basis.family.name))
    match basis.ambiguity:
        case "shared":
            names = ", ".join(_short(f.name) for f in basis.candidates)
            return say("models.claim.shared", asked=asked, names=names)
        case "moving":
            names = ", ".join(_short(f.name) for f in basis.candidates)
            if names:
                return say("models.claim.moving", asked=asked, names=names)
            return say("models.claim.moving_elsewhere", asked=asked)
        case "withdrawn":
            start = basis.period.start if basis.period else ""
            return say("models.claim.withdrawn", asked=asked, date=start)
        case "size":
            return say("models.claim.size", asked=asked, name=_short(basis.candidates[0].name))
        case "changed":
            return say("models.claim.changed", asked=asked, name=_short(basis.candidates[0].name))
        case "":
            return say("models.claim.unknown", asked=asked)


def _what(family: Family, asked: str) -> Saying:
    """What the registry says of a family. Whether it is "R1" is what people most often get wrong."""
    name = _short(family.name)
    if family.distilled_from is not None and family.base is not None:
        teacher = _short(by_id(family.distilled_from).name)
        return say("models.claim.distilled", name=name, base=_line(family.base), teacher=teacher)
    if family.kind == "merge":
        return say("models.claim.merge", name=name, vendor=family.vendor)
    if family.kind == "finetune" and family.base is not None:
        return say("models.claim.finetune", name=name, base=_short(family.base), vendor=family.vendor)
    if family.id == "deepseek-r1":
        return say("models.claim.r1", name=name, total=f"{family.params_total_b:g}")
    if _is_line(family):
        return say("models.claim.line", asked=asked, name=name, vendor=family.vendor)
    if family.kind == "update":
        return say("models.claim.update", name=name, vendor=family.vendor)
    return say("models.claim.original", name=name, vendor=family.vendor)


def _is_line(family: Family) -> bool:
    """Whether the entry stands for several models, as its name shows: "GPT-5 / 5.1", "Gemini 3.x", "Qwen3 (...)"."""
    return family.id != "deepseek-r1" and re.search(r" / |\(|\.x\b| and ", family.name) is not None


def _short(name: str) -> str:
    """As people say it: "R1-Distill-Qwen-7B"."""
    return re.sub(r"^DeepSeek-(?=R1)|\s*\(January 2025\)$", "", name)


def _line(base: str) -> str:
    """The line of a base model, without its size: "Qwen2.5-Math" of "Qwen2.5-Math-7B"."""
    return re.sub(r"-\d+(?:\.\d+)?B\b|-Base$", "", base)
