"""Will it fit: known file sizes and cache sizes within a tenth (E25), verdicts at known limits."""

from __future__ import annotations

import pytest
from tests.models.made import LLAMA_8B, QWEN3_8B, R1_LATENT

from sidelight.models.families import by_id
from sidelight.models.fit import Cache, Fit, cache_of, fits, weights_bytes
from sidelight.models.metadata import LocalMetadata, from_gguf

GIB = 2**30


# Sizes of files as their makers list them: the distillations and R1 at four bits, and the dynamic ones of R1.
@pytest.mark.parametrize(
    ("family", "quantisation", "gigabytes"),
    [
        ("deepseek-r1-distill-qwen-7b", "Q4_K_M", 4.68),
        ("deepseek-r1-0528-qwen3-8b", "Q4_K_M", 5.2),
        ("deepseek-r1-distill-qwen-14b", "Q4_K_M", 8.99),
        ("deepseek-r1-distill-qwen-32b", "Q4_K_M", 19.9),
        ("deepseek-r1-distill-llama-70b", "Q4_K_M", 42.8),
        ("deepseek-r1", "Q4_K_M", 405.0),
        ("deepseek-r1", "IQ1_S", 131.0),
        ("deepseek-r1", "IQ1_M", 158.0),
        ("deepseek-r1", "IQ2_XXS", 183.0),
    ],
)
def test_file_sizes(family: str, quantisation: str, gigabytes: float) -> None:
    total = by_id(family).params_total_b
    assert total is not None
    size = weights_bytes(total * 1e9, quantisation)
    assert size is not None
    assert size == pytest.approx(gigabytes * 1e9, rel=0.1)


@pytest.mark.parametrize(
    ("family", "per_token", "gib"),
    [
        ("deepseek-r1-distill-qwen-1.5b", 28_672, 0.88),
        ("deepseek-r1-distill-qwen-7b", 57_344, 1.75),
        ("deepseek-r1-distill-llama-8b", 131_072, 4.0),
        ("deepseek-r1-0528-qwen3-8b", 147_456, 4.5),
        ("deepseek-r1-distill-qwen-14b", 196_608, 6.0),
        ("deepseek-r1-distill-qwen-32b", 262_144, 8.0),
        ("deepseek-r1-distill-llama-70b", 327_680, 10.0),
        ("gpt-oss-20b", 49_152, 1.5),
        ("deepseek-r1", 70_272, 2.14),
    ],
)
def test_cache_of_a_family(family: str, per_token: int, gib: float) -> None:
    cache = cache_of(None, by_id(family))
    assert cache is not None
    assert cache.per_token == per_token
    assert cache.per_token * 32768 / GIB == pytest.approx(gib, rel=0.01)


def test_cache_of_metadata() -> None:
    assert cache_of(from_gguf(LLAMA_8B)) == Cache(131_072, 131_072)
    assert cache_of(from_gguf(QWEN3_8B)) == Cache(147_456, 147_456)
    assert cache_of(from_gguf(R1_LATENT)) == Cache(70_272, 4_997_120)
    assert cache_of(None, by_id("deepseek-r1")) == Cache(70_272, 4_997_120)
    # A converter that keeps the compressed form writes one head and the lengths of a head apart.
    newer = {
        **R1_LATENT,
        "deepseek2.attention.head_count_kv": 1,
        "deepseek2.attention.key_length": 576,
        "deepseek2.attention.value_length": 512,
        "deepseek2.attention.key_length_mla": 192,
        "deepseek2.attention.value_length_mla": 128,
    }
    assert cache_of(from_gguf(newer)) == Cache(70_272, 4_997_120)
    window = cache_of(from_gguf({**LLAMA_8B, "llama.attention.sliding_window": 128}))
    assert window is not None
    assert window.at_most
    assert cache_of(LocalMetadata("llamacpp"), by_id("qwen3")) is None


@pytest.mark.parametrize(
    ("family", "context", "verdict", "gib"),
    [
        ("deepseek-r1-distill-qwen-14b", 32768, "fits", 15.2),
        ("deepseek-r1-distill-qwen-32b", 32768, "too large", 27.5),
        ("deepseek-r1-distill-qwen-32b", 8192, "fits", 21.3),
        ("deepseek-r1-distill-qwen-32b", 12288, "tight", 22.4),
        ("deepseek-r1", 32768, "too large", 382.0),
    ],
)
def test_a_card_of_24_gib(family: str, context: int, verdict: str, gib: float) -> None:
    fit = fits(context, 24 * GIB, family=by_id(family), quantisation="Q4_K_M")
    assert fit.verdict == verdict
    assert fit.needed is not None
    assert fit.needed / GIB == pytest.approx(gib, rel=0.02)
    assert fit.estimated
    assert fit.largest_context is not None
    assert (fit.largest_context >= context) == (verdict != "too large")


def test_the_file_s_own_size_beats_the_formula() -> None:
    told = LocalMetadata("ollama", blocks=32, width=4096, heads=32, kv_heads=256, bytes=5_000_000_000)
    fit = fits(4096, 8 * GIB, metadata=told, family=by_id("deepseek-r1"))
    assert (fit.weights, fit.cache, fit.estimated) == (5_000_000_000, 131_072 * 4096, False)
    assert fits(4096, 8 * GIB, metadata=told, slots=4).cache == 4 * 131_072 * 4096


def test_a_quantisation_by_another_name() -> None:
    assert weights_bytes(8e9, "MXFP4_MOE") == weights_bytes(8e9, "MXFP4") == 4_250_000_000
    assert weights_bytes(8e9, "Q9_K") is None


def test_expanded_latent_attention_needs_far_more() -> None:
    compressed, whole = (
        fits(32768, 500 * GIB, family=by_id("deepseek-r1"), quantisation="Q4_K_M", expanded=e)
        for e in (False, True)
    )
    assert whole.cache is not None
    assert whole.cache / GIB == pytest.approx(152, rel=0.01)
    assert (compressed.verdict, whole.verdict) == ("fits", "too large")


@pytest.mark.parametrize(
    "fit",
    [
        fits(4096, 8 * GIB, family=by_id("claude-5"), quantisation="Q4_K_M"),
        fits(4096, 8 * GIB, family=by_id("deepseek-r1"), quantisation="Q9"),
        fits(4096, 0, family=by_id("deepseek-r1"), quantisation="Q4_K_M"),
        fits(4096, None, family=by_id("deepseek-r1"), quantisation="Q4_K_M"),
    ],
)
def test_what_is_not_known(fit: Fit) -> None:
    assert fit.verdict == "unknown"
    assert fit.saying.text == "Whether it fits is not known."


def test_words() -> None:
    fit = fits(32768, 24 * GIB, family=by_id("deepseek-r1-distill-qwen-14b"), quantisation="Q4_K_M")
    assert fit.saying.text == "Fits: needs 16.3 GB of 25.8 GB."
