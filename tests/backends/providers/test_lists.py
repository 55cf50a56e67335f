"""Lists of models as each provider gives them: ids, context, whether they think and see."""

from __future__ import annotations

import json

import pytest
from tests.faults.client import KEY, backend, opened, question
from tests.faults.server import FaultServer, Scenario, Seen, answer

from sidelight.backends.base import BackendError, Model, Request

CASES: list[tuple[str, str, object, list[Model]]] = [
    ("openai", "/v1/models", {"data": [{"id": "gpt-9", "owned_by": "openai"}]}, [Model("gpt-9")]),
    ("azure", "/openai/v1/models", {"data": [{"id": "mine"}]}, [Model("mine")]),
    (
        "anthropic",
        "/v1/models?limit=1000",
        {
            "data": [
                {
                    "id": "claude-9",
                    "display_name": "Claude 9",
                    "max_input_tokens": 1000000,
                    "capabilities": {"thinking": {"supported": True}, "image_input": {"supported": True}},
                },
                {"id": "claude-8", "capabilities": 7},
            ],
            "has_more": False,
        },
        [Model("claude-9", "Claude 9", 1000000, True, True), Model("claude-8")],
    ),
    (
        "gemini",
        "/v1beta/models?pageSize=1000",
        {
            "models": [
                {
                    "name": "models/gemini-9",
                    "displayName": "Gemini 9",
                    "inputTokenLimit": 1048576,
                    "supportedGenerationMethods": ["generateContent", "countTokens"],
                    "thinking": True,
                },
                {"name": "models/embedding-1", "supportedGenerationMethods": ["embedContent"]},
            ]
        },
        [Model("gemini-9", "Gemini 9", 1048576, True)],
    ),
    (
        "ollama",
        "/api/tags",
        {
            "models": [
                {
                    "name": "qwen3:14b",
                    "model": "qwen3:14b",
                    "capabilities": ["completion", "thinking", "vision"],
                },
                {"name": "old"},
            ]
        },
        [Model("qwen3:14b", reasoning=True, images=True), Model("old")],
    ),
    (
        "lmstudio",
        "/api/v1/models",
        {
            "models": [
                {
                    "key": "qwen3-8b",
                    "display_name": "Qwen3 8B",
                    "type": "llm",
                    "max_context_length": 40960,
                    "loaded_instances": [{"config": {"context_length": 8192}}],
                    "capabilities": {"vision": False, "reasoning": {"allowed_options": ["off", "on"]}},
                },
                {"key": "nomic", "type": "embedding"},
            ]
        },
        [Model("qwen3-8b", "Qwen3 8B", 8192, True, False)],
    ),
    (
        "openrouter",
        "/v1/models",
        {
            "data": [
                {
                    "id": "z-ai/glm-5",
                    "name": "GLM 5",
                    "context_length": 200000,
                    "supported_parameters": ["reasoning", "seed"],
                    "architecture": {"input_modalities": ["text", "image"]},
                }
            ]
        },
        [Model("z-ai/glm-5", "GLM 5", 200000, True, True)],
    ),
    (
        "groq",
        "/v1/models",
        {"data": [{"id": "qwen/qwen3-32b", "context_window": 131072}]},
        [Model("qwen/qwen3-32b", context=131072)],
    ),
    (
        "mistral",
        "/v1/models",
        {
            "data": [
                {
                    "id": "mistral-medium",
                    "max_context_length": 131072,
                    "capabilities": {"completion_chat": True, "vision": True, "reasoning": True},
                },
                {"id": "mistral-embed", "capabilities": {"completion_chat": False}},
            ]
        },
        [Model("mistral-medium", "", 131072, True, True)],
    ),
    (
        "moonshot",
        "/v1/models",
        {
            "data": [
                {
                    "id": "kimi-k3",
                    "context_length": 262144,
                    "supports_reasoning": True,
                    "supports_image_in": False,
                }
            ]
        },
        [Model("kimi-k3", "", 262144, True, False)],
    ),
    (
        "together",
        "/v1/models",
        [{"id": "a/b", "display_name": "B", "context_length": 4096}],
        [Model("a/b", "B", 4096)],
    ),
    (
        "fireworks",
        "/v1/models",
        {
            "data": [
                {
                    "id": "accounts/fireworks/models/x",
                    "context_length": 9,
                    "supports_chat": True,
                    "supports_image_input": True,
                },
                {"id": "flux", "supports_chat": False},
            ]
        },
        [Model("accounts/fireworks/models/x", "", 9, images=True)],
    ),
    ("perplexity", "/v1/models", {"data": [{"id": "sonar-9"}]}, [Model("sonar-9")]),
    (
        "cohere",
        "/v1/models?endpoint=chat&page_size=1000",
        {"models": [{"name": "command-a", "context_length": 256000}]},
        [Model("command-a", "", 256000)],
    ),
    (
        "vllm",
        "/v1/models",
        {"data": [{"id": "Qwen/Qwen3-8B", "max_model_len": 32768}]},
        [Model("Qwen/Qwen3-8B", context=32768)],
    ),
]


@pytest.mark.parametrize(("provider", "path", "body", "models"), CASES, ids=[case[0] for case in CASES])
async def test_a_list(provider: str, path: str, body: object, models: list[Model]) -> None:
    with FaultServer([answer(200, json.dumps(body).encode())]) as server:
        async with opened() as http:
            assert list(await backend(http, server.url, provider).models()) == models
    seen = server.requests[0]
    assert (seen.method, seen.path) == ("GET", path)
    assert sum(KEY.reveal() in value for value in seen.headers.values()) == 1
    assert provider != "anthropic" or seen.headers["anthropic-version"] == "2023-06-01"


async def test_perplexity_without_a_list() -> None:
    with FaultServer([answer(404), answer(401)]) as server:
        async with opened() as http:
            asked = backend(http, server.url, "perplexity")
            assert "sonar-reasoning-pro" in [m.id for m in await asked.models()]
            with pytest.raises(BackendError):
                await asked.models()


@pytest.mark.parametrize("path", ["/api/v0/models", "/v1/models"])
async def test_older_lists_of_lm_studio(path: str) -> None:
    old = {"data": [{"id": "a", "type": "vlm", "max_context_length": 8}, {"id": "e", "type": "embeddings"}]}

    def scenario(seen: Seen) -> Scenario:
        return answer(200, json.dumps(old).encode()) if seen.path == path else answer(404)

    with FaultServer(scenario) as server:
        async with opened() as http:
            found = await backend(http, server.url, "lmstudio").models()
    assert found == (Model("a", "", 8, None, True),)


async def test_what_anthropic_says_of_a_model_counts_more_than_its_name() -> None:
    able = {
        "thinking": {
            "supported": True,
            "types": {"enabled": {"supported": True}, "adaptive": {"supported": False}},
        },
        "effort": {"supported": True, "low": {"supported": True}, "high": {"supported": True}},
    }
    other = {"thinking": {"types": ["adaptive"]}, "effort": {"low": True, "high": True, "max": False}}
    listed = {
        "data": [{"id": "claude-new-9", "capabilities": able}, {"id": "claude-old-3", "capabilities": other}]
    }
    asking = question(effort="max")
    with FaultServer([answer(200, json.dumps(listed).encode())]) as server:
        async with opened() as http:
            asked = backend(http, server.url, "anthropic")
            await asked.models()
            by_budget, by_level = (
                asked.prepare(Request(name, asking.messages, asking.parameters))
                for name in ("claude-new-9", "claude-old-3")
            )
    assert json.loads(by_budget.body)["thinking"]["budget_tokens"] == 24576
    assert json.loads(by_level.body)["output_config"] == {"effort": "high"}
    assert by_level.notes[0].outcome == "clamped"


@pytest.mark.parametrize(
    ("thinking", "off"),
    [
        ({"supported": False}, None),
        ({"supported": True, "types": {"enabled": {"supported": True}}}, {"type": "disabled"}),
        ({"supported": True, "types": {"adaptive": {"supported": True}}}, {"type": "disabled"}),
    ],
)
async def test_off_where_the_list_does_not_speak_of_it(
    thinking: dict[str, object], off: dict[str, str] | None
) -> None:
    listed = {"data": [{"id": "claude-sonnet-9", "capabilities": {"thinking": thinking}}]}
    asking = question(effort="off")
    with FaultServer([answer(200, json.dumps(listed).encode())]) as server:
        async with opened() as http:
            asked = backend(http, server.url, "anthropic")
            await asked.models()
            sent = asked.prepare(Request("claude-sonnet-9", asking.messages, asking.parameters))
    assert json.loads(sent.body).get("thinking") == off
