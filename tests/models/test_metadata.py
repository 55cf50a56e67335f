"""What servers and files tell, read without trust."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.models.made import DEEPSEEK_TEMPLATE, LLAMA_8B, QWEN3_8B, R1_LATENT, props, show

from sidelight.models.families import by_id
from sidelight.models.metadata import (
    LocalMetadata,
    from_gguf,
    from_llamacpp,
    from_ollama,
    looks_like,
    pick,
    quantisation_in,
    refutes,
    same_shape,
)

PAIR = [by_id("deepseek-r1-distill-llama-8b"), by_id("deepseek-r1-0528-qwen3-8b")]


def test_ollama() -> None:
    told = from_ollama(
        show(QWEN3_8B, template=DEEPSEEK_TEMPLATE),
        tag={"size": 5_225_376_047, "digest": "6995872bfe4c"},
        running={"context_length": 4096},
    )
    assert told == LocalMetadata(
        "ollama",
        architecture="qwen3",
        blocks=36,
        width=4096,
        heads=32,
        kv_heads=8 * 36,
        key_length=128,
        value_length=128,
        vocabulary=151936,
        parameters=8_190_735_360,
        quantisation="Q4_K_M",
        context=4096,
        context_trained=131072,
        bytes=5_225_376_047,
        digest="6995872bfe4c",
        template=DEEPSEEK_TEMPLATE,
        licence="MIT License",
    )


def test_an_old_ollama_tells_less() -> None:
    told = from_ollama(
        {"details": {"family": "llama", "parameter_size": "8.0B", "quantization_level": "Q4_0"}}
    )
    assert (told.architecture, told.parameters, told.quantisation) == ("llama", 8_000_000_000, "Q4_0")


def test_llamacpp() -> None:
    model = {
        "meta": {"n_ctx_train": 131072, "n_params": 7_615_616_512, "size": 4_677_120_000, "n_vocab": 152064}
    }
    told = from_llamacpp(props(r"C:\models\DeepSeek-R1-Distill-Qwen-7B-Q4_K_M.gguf"), model=model)
    assert told.name == "DeepSeek-R1-Distill-Qwen-7B-Q4_K_M"
    assert told.quantisation == "Q4_K_M"
    assert (told.context, told.context_trained, told.bytes) == (8192, 131072, 4_677_120_000)


def test_gguf_with_heads_that_differ_by_layer() -> None:
    told = from_gguf({**LLAMA_8B, "llama.attention.head_count_kv": [8, 0, 8, 0]}, size=1)
    assert told.kv_heads == 16
    assert told.quantisation == "Q4_K_M"
    assert from_gguf(R1_LATENT).mla_rank == 576
    parts = {"general.basename": "Qwen3", "general.size_label": "8B", "general.finetune": "Thinking"}
    assert from_gguf(parts).name == "Qwen3-8B-Thinking"


def test_the_shape_decides_between_two_8b_models() -> None:
    assert pick(from_gguf(LLAMA_8B), PAIR) == PAIR[0]
    assert pick(from_gguf(QWEN3_8B), PAIR) == PAIR[1]
    assert pick(from_gguf(R1_LATENT), PAIR) is None


def test_refuting() -> None:
    llama = from_gguf(LLAMA_8B)
    assert refutes(llama, by_id("deepseek-r1-distill-qwen-7b"))
    assert refutes(llama, by_id("qwen3"))
    assert refutes(llama, by_id("deepseek-r1"))
    assert not refutes(llama, by_id("llama-3"))
    assert not refutes(from_ollama({}), by_id("deepseek-r1"))
    assert not looks_like(llama, by_id("llama-3"))  # of which no shape is known
    template = from_ollama(show(LLAMA_8B, template=DEEPSEEK_TEMPLATE))
    assert refutes(template, by_id("llama-3"))
    assert not refutes(template, PAIR[0])
    assert not refutes(LocalMetadata("ollama", architecture="mllama"), by_id("llama-3"))
    assert not refutes(LocalMetadata("ollama", architecture="qwen3moe"), by_id("qwen3"))
    oss = LocalMetadata("ollama", architecture="gptoss", blocks=24, width=2880)
    assert looks_like(oss, by_id("gpt-oss-20b"))


def test_a_shape_that_several_models_have() -> None:
    assert by_id("qwq-32b") in same_shape(by_id("deepseek-r1-distill-qwen-32b"))
    assert same_shape(by_id("qwen3")) == ()


@pytest.mark.parametrize(
    ("name", "quantisation"),
    [
        ("deepseek-r1:7b-qwen-distill-q4_K_M", "Q4_K_M"),
        ("Model-IQ2_XXS.gguf", "IQ2_XXS"),
        ("Model-Q8_0", "Q8_0"),
        ("model-fp16", "F16"),
        ("DeepSeek-R1-UD-Q2_K_XL-00001-of-00005", "Q2_K_XL"),
        ("qwen3-8b", None),
        ("q4", None),
    ],
)
def test_quantisation_in_a_name(name: str, quantisation: str | None) -> None:
    assert quantisation_in(name) == quantisation


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(
    [
        "details",
        "model_info",
        "template",
        "license",
        "meta",
        "model_path",
        "default_generation_settings",
        "general.architecture",
        "general.file_type",
        "None.block_count",
        "size",
        "digest",
        "remote_host",
    ]
)


@given(st.dictionaries(KEYS, JSON, max_size=8))
def test_a_stranger_s_json_raises_nothing(answer: dict[str, Any]) -> None:
    for told in (
        from_ollama(answer, tag=answer, running=answer),
        from_llamacpp(answer, model=answer),
        from_gguf(answer),
    ):
        refutes(told, by_id("deepseek-r1"))
