"""Will a model fit into memory: weights and key-value cache for a context, against what is free.

Not the measuring of memory (`local.memory`), and an estimate: a file's own size beats every formula here. Sizes in
bytes, contexts in tokens. Arithmetic and constants after the model cards of DeepSeek-R1 and the llama.cpp project.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sidelight.models.families import Family, registry
from sidelight.models.metadata import LocalMetadata
from sidelight.models.sayings import Saying, say

__all__ = ["Cache", "Fit", "cache_of", "fits", "weights_bytes"]

_ELEMENT = 2
"""Bytes of a number in a 16-bit cache."""
_OVERHEAD = round(0.8 * 2**30)
"""What a runtime takes beside weights and cache: its code and compute buffers."""
_TIGHT = 0.9
_ROUND = 1024
# Whole-file averages of mixed types: Q4_K_M over the R1 distillations, the others from the table of Llama 2 13B in
# llama.cpp's quantize README.
_MIXED_BITS = {
    "Q2_K": 3.34, "Q3_K_S": 3.48, "Q3_K_M": 3.89, "Q3_K_L": 4.26, "Q4_K_S": 4.56, "Q4_K_M": 4.85,
    "Q5_K_S": 5.51, "Q5_K_M": 5.67,
}  # fmt: skip
# Multi-head latent attention of deepseek2: compressed rank, rotary part, key and value length of a head.
_LATENT = {"deepseek2": (512, 64, 192, 128)}


@dataclass(frozen=True, slots=True)
class Cache:
    """Bytes of key-value cache a token of context takes over all layers.

    `expanded` is what a runtime takes that does not keep the compressed form (else equal); `at_most` says that layers
    with a short window make it less.
    """

    per_token: int
    expanded: int
    at_most: bool = False


@dataclass(frozen=True, slots=True)
class Fit:
    """A verdict and its parts in bytes; `needed` is their sum. None is not known, then the verdict is `unknown`.

    `tight`: over nine tenths of what is there. `largest_context` is the most tokens that fit, in whole kibi-tokens,
    0 if the weights alone do not. `estimated`: the weights are computed from a parameter count, not a file's size.
    """

    verdict: Literal["fits", "tight", "too large", "unknown"]
    weights: int | None
    cache: int | None
    needed: int | None
    available: int | None
    largest_context: int | None = None
    estimated: bool = False

    @property
    def saying(self) -> Saying:
        """The verdict for the picker, in units of 10^9 bytes."""
        needed, available = (f"{(size or 0) / 1e9:.1f}" for size in (self.needed, self.available))
        match self.verdict:
            case "fits":
                return say("models.fit.fits", needed=needed, available=available)
            case "tight":
                return say("models.fit.tight", needed=needed, available=available)
            case "too large":
                return say("models.fit.too_large", needed=needed, available=available)
            case "unknown":
                return say("models.fit.unknown")


def weights_bytes(parameters: float, quantisation: str) -> int | None:
    """Bytes of a file with so many weights; None for a quantisation that is not known."""
    bits = _MIXED_BITS.get(quantisation) or registry().bits_per_weight.get(quantisation.removesuffix("_MOE"))
    return None if bits is None else round(parameters * bits / 8)


def cache_of(metadata: LocalMetadata | None, family: Family | None = None) -> Cache | None:
    """From the metadata, else from what is known of the family; None where neither tells."""
    return (_cache_of_metadata(metadata) if metadata else None) or (
        _cache_of_family(family) if family else None
    )


def fits(
    context: int,
    available: int | None,
    *,
    metadata: LocalMetadata | None = None,
    family: Family | None = None,
    quantisation: str | None = None,
    slots: int = 1,
    expanded: bool = False,
    overhead: int = _OVERHEAD,
) -> Fit:
    """Whether weights and the cache of `slots` times `context` tokens fit into `available` bytes (0 and None: not known).

    Weights are the file's size where the metadata has it, else parameters times the bits of the quantisation (the
    metadata's own, or the one asked about). `overhead` is what the runtime takes beside the two.
    """
    weights, estimated = _weights(metadata, family, quantisation)
    cache = cache_of(metadata, family)
    per_token = None if cache is None else (cache.expanded if expanded else cache.per_token) * slots
    if weights is None or per_token is None:
        return Fit("unknown", weights, None, None, available or None, estimated=estimated)
    needed = weights + per_token * context + overhead
    if not available:
        return Fit("unknown", weights, per_token * context, needed, None, estimated=estimated)
    room = max(0, available - weights - overhead)
    largest = room // per_token // _ROUND * _ROUND if per_token else context
    verdict: Literal["fits", "tight", "too large"] = "fits" if needed <= _TIGHT * available else "tight"
    if needed > available:
        verdict = "too large"
    return Fit(verdict, weights, per_token * context, needed, available, largest, estimated)


def _weights(
    metadata: LocalMetadata | None, family: Family | None, quantisation: str | None
) -> tuple[int | None, bool]:
    """Bytes, and whether they are computed."""
    if metadata and metadata.bytes:
        return metadata.bytes, False
    parameters: float | None = metadata.parameters if metadata else None
    if parameters is None and family and family.params_total_b:
        parameters = family.params_total_b * 1e9
    kind = (metadata.quantisation if metadata else None) or quantisation
    return (weights_bytes(parameters, kind) if parameters and kind else None), True


def _cache_of_metadata(metadata: LocalMetadata) -> Cache | None:
    if metadata.blocks is None or metadata.heads is None:
        return None
    head = (metadata.width or 0) // metadata.heads
    pair = (metadata.key_length or head) + (metadata.value_length or head)
    if metadata.mla_rank:
        return _latent(metadata.blocks, metadata.mla_rank, metadata.heads * pair)
    heads = metadata.kv_heads if metadata.kv_heads is not None else metadata.blocks * metadata.heads
    whole = heads * pair * _ELEMENT
    return Cache(whole, whole, metadata.sliding_window is not None) if whole else None


def _cache_of_family(family: Family) -> Cache | None:
    shape = family.gguf
    if shape is None or shape.block_count is None:
        return None
    if shape.arch in _LATENT:
        rank, rotary, key, value = _LATENT[shape.arch]
        heads = shape.head_count or 0
        return _latent(shape.block_count, rank + rotary, heads * (key + value))
    if shape.head_count_kv is None or shape.head_dim is None:
        return None
    whole = 2 * shape.block_count * shape.head_count_kv * shape.head_dim * _ELEMENT
    return Cache(whole, whole, shape.arch == "gpt-oss")


def _latent(blocks: int, rank: int, expanded: int) -> Cache:
    compressed = rank * blocks * _ELEMENT
    return Cache(compressed, max(compressed, expanded * blocks * _ELEMENT))
