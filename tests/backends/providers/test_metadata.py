"""What servers of the person's state of a model, over sockets, and the card that is made of it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from tests.faults.client import backend, opened
from tests.faults.server import FaultServer, Scenario, Seen, Sleep, answer, head
from tests.models.made import DEEPSEEK_TEMPLATE, LLAMA_8B, props, show

from sidelight.chat.reply import Identity
from sidelight.models.identity import Card, Place, card
from sidelight.models.metadata import LocalMetadata

R1_8B = "DeepSeek-R1-Distill-Llama-8B"
SHOW = show(LLAMA_8B, template=DEEPSEEK_TEMPLATE, name=R1_8B)
META = {"n_params": 8_030_261_312, "n_vocab": 128256, "n_ctx_train": 131072, "n_embd": 4096}
WRONG: tuple[Any, ...] = (None, 7, "x", [], [7], {}, {"data": 7}, {"models": [None, {"details": []}]})


def serving(answers: dict[str, Any]) -> FaultServer:
    """A server that has these paths and no others; queries are not looked at."""

    def scenario(seen: Seen) -> Scenario:
        path = seen.path.partition("?")[0]
        return answer(200, json.dumps(answers[path]).encode()) if path in answers else answer(404)

    return FaultServer(scenario)


async def stated(provider: str, model: str, answers: dict[str, Any]) -> LocalMetadata | None:
    with serving(answers) as server:
        async with opened() as http:
            return await backend(http, server.url, provider).metadata(model)


def ollama(model: str) -> dict[str, Any]:
    return {
        "/api/show": SHOW,
        "/api/tags": {
            "models": [
                {"name": "other:1b", "size": 1, "digest": "0"},
                {"name": model, "size": 4_920_000_000, "digest": "28f8fd6cdc67"},
            ]
        },
        "/api/ps": {"models": [{"name": model, "context_length": 16384}]},
    }


def llamacpp(model: str) -> dict[str, Any]:
    return {
        "/props": props(f"/models/{R1_8B}-Q4_K_M.gguf", template=DEEPSEEK_TEMPLATE),
        "/v1/models": {"data": [{"id": model, "meta": META}]},
    }


async def carded(provider: str, model: str, answers: dict[str, Any]) -> Card:
    told = await stated(provider, model, answers)
    identity = Identity(requested_model=model, served_model=model)
    return card(identity, backend=Place(provider, "localhost"), metadata=told)


@pytest.mark.parametrize("model", ["deepseek-r1:7b", "qwen3:8b", "llama3.1:8b"])
async def test_ollama_disagrees(model: str) -> None:
    made = await carded("ollama", model, ollama(model))
    assert made.verdict == "conflict"
    assert [found.kind for found in made.conflicts] == ["metadata"]


async def test_ollama_agrees() -> None:
    made = await carded(
        "ollama", "deepseek-r1:8b-llama-distill-q4_K_M", ollama("deepseek-r1:8b-llama-distill-q4_K_M")
    )
    assert (made.verdict, made.conflicts) == ("confirmed", ())
    assert made.family is not None
    assert made.family.id == "deepseek-r1-distill-llama-8b"
    assert (made.digest.value, made.context.value) == ("28f8fd6cdc67", 16384)
    assert (made.quantisation.value, made.quantisation.source) == ("Q4_K_M", "reported")


@pytest.mark.parametrize("model", ["deepseek-r1", "qwen3-8b", "llama-3.1-8b-instruct"])
async def test_llamacpp_disagrees(model: str) -> None:
    made = await carded("llamacpp", model, llamacpp(model))
    assert made.verdict == "conflict"
    assert [found.kind for found in made.conflicts] == ["metadata"]


async def test_llamacpp_agrees() -> None:
    made = await carded(
        "llamacpp", "deepseek-r1-distill-llama-8b", llamacpp("whatever the only model is called")
    )
    assert (made.verdict, made.conflicts) == ("confirmed", ())
    assert (made.context.value, made.context.source) == (8192, "reported")


async def test_a_server_of_several_models_is_asked_for_one() -> None:
    with serving(llamacpp("a/b:Q4")) as server:
        async with opened() as http:
            await backend(http, server.url, "llamacpp").metadata("a/b:Q4")
    assert {seen.path for seen in server.requests} == {"/props?model=a%2Fb%3AQ4", "/v1/models"}


async def test_ollama_is_asked_anew_each_time() -> None:
    """A name may have been given to another model meanwhile. A name without a tag is the latest."""
    answers = ollama("mine:latest")
    with serving(answers) as server:
        async with opened() as http:
            asked = backend(http, server.url, "ollama")
            first = await asked.metadata("mine")
            answers["/api/show"] = {**SHOW, "remote_host": "https://ollama.com"}
            answers["/api/tags"]["models"][1]["digest"] = "other"
            second = await asked.metadata("mine")
    assert first
    assert second
    assert (first.digest, second.digest) == ("28f8fd6cdc67", "other")
    assert (first.remote_host, second.remote_host) == (None, "https://ollama.com")


LM_NEW = {
    "models": [
        {
            "key": "r1",
            "format": "gguf",
            "architecture": "llama",
            "quantization": {"name": "Q4_K_M", "bits_per_weight": 4},
            "size_bytes": 4_920_000_000,
            "params_string": "8B",
            "loaded_instances": [{"id": "r1", "config": {"context_length": 4096}}],
            "max_context_length": 131072,
        },
        {"key": "other"},
    ]
}
LM_OLD = {
    "data": [
        {
            "id": "r1",
            "compatibility_type": "mlx",
            "arch": "qwen3_moe",
            "quantization": "4bit",
            "loaded_context_length": 4096,
            "max_context_length": 40960,
        },
        {"id": "other"},
    ]
}


@pytest.mark.parametrize(
    ("provider", "answers", "told"),
    [
        (
            "lmstudio",
            {"/api/v1/models": LM_NEW},
            LocalMetadata(
                "lmstudio",
                architecture="llama",
                quantisation="Q4_K_M",
                context=4096,
                context_trained=131072,
                bytes=4_920_000_000,
            ),
        ),
        (
            "lmstudio",
            {"/api/v0/models": LM_OLD},
            LocalMetadata("lmstudio", quantisation="4bit", context=4096, context_trained=40960),
        ),
        (
            "vllm",
            {"/v1/models": {"data": [{"id": "r1", "root": f"deepseek-ai/{R1_8B}", "max_model_len": 32768}]}},
            LocalMetadata("vllm", name=f"deepseek-ai/{R1_8B}", context=32768),
        ),
        (
            "sglang",
            {
                "/v1/models": {"data": [{"id": "r1", "root": "r1", "max_model_len": 32768}]},
                "/get_model_info": {"model_path": f"/data/{R1_8B}/", "is_generation": True},
            },
            LocalMetadata("sglang", name=R1_8B, context=32768),
        ),
        (
            "sglang",
            {"/get_model_info": {"model_path": f"/c/models--deepseek-ai--{R1_8B}/snapshots/6a6f"}},
            LocalMetadata("sglang", name=f"deepseek-ai/{R1_8B}"),
        ),
    ],
)
async def test_other_servers(provider: str, answers: dict[str, Any], told: LocalMetadata) -> None:
    assert await stated(provider, "r1", answers) == told


@pytest.mark.parametrize(
    ("model", "verdict"), [("qwen3-8b", "conflict"), ("deepseek-r1-distill-llama-8b", "confirmed")]
)
async def test_the_path_a_model_was_loaded_from(model: str, verdict: str) -> None:
    answers = {"/v1/models": {"data": [{"id": model, "root": f"deepseek-ai/{R1_8B}"}]}}
    assert (await carded("vllm", model, answers)).verdict == verdict


PATHS = ("/api/show", "/api/tags", "/api/ps", "/props", "/v1/models", "/get_model_info", "/api/v1/models")
LOCAL = ("ollama", "llamacpp", "lmstudio", "vllm", "sglang")


@pytest.mark.parametrize("provider", LOCAL)
async def test_nothing_is_stated(provider: str) -> None:
    assert await stated(provider, "m", {}) is None
    for wrong in WRONG:
        told = await stated(provider, "m", dict.fromkeys(PATHS, wrong))
        assert told is None or told.name is None


@pytest.mark.parametrize("provider", LOCAL)
async def test_a_server_that_hangs_is_left(provider: str) -> None:
    """As the engine does when the reply is over: it stops asking, and no connection stays."""
    with FaultServer(lambda _: [head(200, "content-length: 9"), Sleep(30)]) as server:
        async with opened() as http:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(backend(http, server.url, provider).metadata("m"), 0.3)
    assert server.requests


@pytest.mark.parametrize("provider", ["openai", "ollama-cloud", "openai-compatible", "groq", "anthropic"])
async def test_others_are_not_asked(provider: str) -> None:
    with serving({}) as server:
        async with opened() as http:
            assert await backend(http, server.url, provider).metadata("m") is None
    assert server.requests == []


async def test_without_a_server_or_a_key() -> None:
    async with opened() as http:
        assert await backend(http, "http://127.0.0.1:9", "ollama").metadata("m") is None
        assert await backend(http, "nonsense", "vllm").metadata("m") is None
