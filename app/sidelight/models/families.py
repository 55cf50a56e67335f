"""Which model family an id means: `resources/model_families.json` and the rules that stand in it.

Not a proof: an id is what somebody calls a model. Where a name has moved, the date decides; where a name is shared by
several models, or contradicts itself, that is said and nothing is picked.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias

import msgspec

from sidelight.paths import resource

__all__ = [
    "Alias",
    "Family",
    "Period",
    "Registry",
    "Resolved",
    "Shape",
    "by_id",
    "normalise",
    "registry",
    "relation",
    "resolve",
]

Kind: TypeAlias = Literal[
    "original", "update", "variant", "distill", "finetune", "merge", "specialist", "alias", "ambiguous"
]
Ambiguity: TypeAlias = Literal["", "shared", "moving", "withdrawn", "size", "changed"]
"""Why an id does not tell its model. `shared`: one of `candidates`; `moving`: a name whose meaning changes, and when
or where is not known; `withdrawn`: the name is no longer served; `size`: it states a size that is not the family's;
`changed`: somebody else's rework of the family, of which no more is known."""
Confidence: TypeAlias = Literal["claimed", "documented", "ambiguous", "unknown"]
Relation: TypeAlias = Literal["same", "version", "other", "unknown"]


class Shape(msgspec.Struct, frozen=True):
    """What the GGUF metadata of a family holds; None is not known. `arch` is part of general.architecture."""

    arch: str
    block_count: int | None = None
    embedding_length: int | None = None
    head_count: int | None = None
    head_count_kv: int | None = None
    head_dim: int | None = None
    vocab: int | None = None


class Family(msgspec.Struct, frozen=True):
    """One entry of the registry; None is not verified. Parameters in billions, `context` and `max_output` in tokens.

    `family` is the line it belongs to ("deepseek-r1-distill"), `distilled_from` the id of its teacher's entry, and
    `candidates` the entries an ambiguous id may mean.
    """

    id: str
    name: str
    vendor: str
    family: str
    kind: Kind
    patterns: tuple[str, ...]
    released: str | None = None
    base: str | None = None
    distilled_from: str | None = None
    params_total_b: float | None = None
    params_active_b: float | None = None
    moe: bool | None = None
    context: int | None = None
    max_output: int | None = None
    thinking: str | None = None
    trace: Literal["full", "summary", "hidden", "none"] | None = None
    trace_where: str | None = None
    licence: str | None = None
    open_weights: bool | None = None
    gguf: Shape | None = None
    r1_claim: str | None = None
    note: str | None = None
    candidates: tuple[str, ...] = ()


class Period(msgspec.Struct, frozen=True):
    """What a name meant from a day on (included) to a day (excluded, None: until now). `meaning` None: withdrawn."""

    start: str = msgspec.field(name="from")
    to: str | None = None
    meaning: str | None = msgspec.field(name="is", default=None)
    mode: str | None = None

    def holds(self, day: dt.date) -> bool:
        """Whether the day lies in it. A month without a day begins on its first."""
        return _day(self.start) <= day and (self.to is None or day < _day(self.to))


class Alias(msgspec.Struct, frozen=True):
    """A name whose meaning moved, on one host."""

    id: str
    host: str
    timeline: tuple[Period, ...]


class Registry(msgspec.Struct, frozen=True):
    """The file. `gguf_file_type` maps general.file_type to a name, `bits_per_weight` a plain block type to its bits."""

    updated: str
    families: tuple[Family, ...]
    aliases: tuple[Alias, ...]
    gguf_file_type: dict[str, str]
    bits_per_weight: dict[str, float]


@dataclass(frozen=True, slots=True)
class Resolved:
    """What an id means. `entry` is what its pattern found, `family` what it stands for: None where that is not told.

    `period` is the stretch of an alias's timeline that decided; then the confidence is `documented`.
    """

    model_id: str
    entry: Family | None = None
    family: Family | None = None
    alias: Alias | None = None
    period: Period | None = None
    candidates: tuple[Family, ...] = ()
    ambiguity: Ambiguity = ""
    confidence: Confidence = "unknown"


_CHANGED = re.compile(
    r"abliterat|uncensor|decensor|heretic|fine-?tun|(?<![a-z])(?:fuse|(?:lora|merged?)(?![a-z]))"
)
"""Words by which people mark their rework of somebody's model."""
_SIZE = re.compile(r"(?<![a-z0-9.])(?:(\d+)-)?(\d+(?:\.\d+)?)b(?![a-z0-9])")
"""A stated size such as "8b" or "1.5b"; "1-5b" may mean either 5 or 1.5."""
_SIZE_TOLERANCE = 1.25
_BUILD = re.compile(r"[-:@.]?(?:(?:v|exp-|preview-|build-)?[0-9][0-9.-]*|latest|preview|exp|free|thinking)")
"""What may follow a name without making it another model: a date, a build, a tag."""


@cache
def registry() -> Registry:
    """The file, read at first use (about 5 ms)."""
    return msgspec.json.decode(resource("model_families.json").read_bytes(), type=Registry)


def by_id(family_id: str) -> Family:
    """The entry with this id. Raises KeyError."""
    return _by_id()[family_id]


def normalise(model_id: str) -> str:
    """The spelling patterns are written for, as the file's `normalise` says."""
    text = model_id.lower().replace("_", "-")
    return re.sub(r"(?<=\d)p(?=\d)", ".", text).replace(" ", "-")


def resolve(
    model_id: str,
    *,
    host: str | None = None,
    provider: str | None = None,
    date: dt.date | None = None,
) -> Resolved:
    """What `model_id` means on this host, asked on this day (UTC)."""
    name = normalise(model_id)
    entry = _entry(name, provider == "ollama")
    alias = _alias(name, host, provider)
    if alias is not None and date is not None:
        period = next((p for p in alias.timeline if p.holds(date)), None)
        if period is not None and period.meaning is None:
            return Resolved(
                model_id, entry, None, alias, period, ambiguity="withdrawn", confidence="documented"
            )
        if period is not None and period.meaning is not None:
            return Resolved(model_id, entry, by_id(period.meaning), alias, period, confidence="documented")
    if entry is None:
        return Resolved(model_id)
    if entry.kind == "alias":
        meanings = dict.fromkeys(p.meaning for p in alias.timeline if p.meaning) if alias else {}
        return Resolved(
            model_id,
            entry,
            alias=alias,
            candidates=tuple(map(by_id, meanings)),
            ambiguity="moving",
            confidence="ambiguous",
        )
    if entry.kind == "ambiguous":
        candidates = tuple(map(by_id, entry.candidates))
        return Resolved(model_id, entry, candidates=candidates, ambiguity="shared", confidence="ambiguous")
    if _size_refuted(name, entry):
        return Resolved(model_id, entry, candidates=(entry,), ambiguity="size", confidence="ambiguous")
    if _changed(name, entry):
        return Resolved(model_id, entry, candidates=(entry,), ambiguity="changed", confidence="ambiguous")
    return Resolved(model_id, entry, entry, alias, confidence="claimed")


def relation(requested: Resolved, served: Resolved) -> Relation:
    """How what answered stands to what was asked for.

    `same`: the same name, or it with a date or build; `version`: another name of the same line that nothing known sets
    apart; `other`: another model; `unknown`: the registry lacks one of them.
    """
    asked, answered = _bare(requested.model_id), _bare(served.model_id)
    if asked == answered:
        return "same"
    one, other = requested.entry, served.entry
    if one is None or other is None:
        return "unknown"
    if one.id == other.id:
        longer, shorter = max(asked, answered, key=len), min(asked, answered, key=len)
        dated = longer.startswith(shorter) and _BUILD.fullmatch(longer[len(shorter) :])
        return "same" if dated else "version"
    if one.kind == "alias":
        return "version" if one.vendor == other.vendor else "other"
    if one.family != other.family or _apart(one, other):
        return "other"
    return "version"


def _apart(one: Family, other: Family) -> bool:
    """Whether two entries of one line are different models by what is known of them, not builds of one."""
    if one.base and other.base and one.base != other.base:
        return True
    sizes = sorted(s for s in (one.params_total_b, other.params_total_b) if s)
    return len(sizes) == 2 and sizes[1] > 1.1 * sizes[0]


def _bare(model_id: str) -> str:
    """A name without the folders before it and the host's tag behind it."""
    return normalise(model_id).rpartition("/")[2].removesuffix(":free").removesuffix("-latest")


@cache
def _by_id() -> dict[str, Family]:
    return {f.id: f for f in registry().families}


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], bool, Family], ...]:
    """All patterns in the order of the file, with whether they hold for Ollama hosts only."""
    return tuple(
        (re.compile(p.removesuffix("@ollama")), p.endswith("@ollama"), f)
        for f in registry().families
        for p in f.patterns
    )


def _entry(name: str, ollama: bool) -> Family | None:
    return next((f for p, only, f in _patterns() if (ollama or not only) and p.search(name)), None)


def _alias(name: str, host: str | None, provider: str | None) -> Alias | None:
    """The timeline of this very name on this host; without a host, on the provider's own."""
    for alias in registry().aliases:
        here = host == alias.host if host else provider is not None and provider in alias.host.split(".")
        if here and name.rpartition("/")[2] == alias.id:
            return alias
    return None


def _size_refuted(name: str, entry: Family) -> bool:
    """Whether the id states sizes and none is the family's: "deepseek-r1-...:8b" is not the 671B model."""
    total = entry.params_total_b
    if total is None:
        return False
    sizes = [
        size
        for whole, part in _SIZE.findall(name)
        for size in (float(part), float(f"{whole}.{part.replace('.', '')}") if whole else 0.0)
        if size
    ]
    return bool(sizes) and not any(
        total / _SIZE_TOLERANCE <= size <= total * _SIZE_TOLERANCE for size in sizes
    )


def _changed(name: str, entry: Family) -> bool:
    if entry.kind in ("merge", "finetune"):
        return False
    unsigned = entry.family == "deepseek-r1-distill" and "r1" not in name and "deepseek" not in name
    return unsigned or bool(_CHANGED.search(name))


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text if len(text) == 10 else f"{text}-01")
