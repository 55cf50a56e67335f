"""One scale of effort: what each provider sends for it, model by model, and what it says became of the wish."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.faults.client import backend, opened

from sidelight.backends.base import Request
from sidelight.backends.effort import nearest
from sidelight.backends.registry import ROWS
from sidelight.chat.events import Note
from sidelight.chat.message import Message, Parameters

ASKED = (Message("user", "Why?"),)
SUMMARISED: dict[str, Any] = {"display": "summarized"}
ADAPTIVE = {"type": "adaptive", **SUMMARISED}
KWARGS_ON = {"chat_template_kwargs": {"enable_thinking": True, "thinking": True}}
KWARGS_OFF = {"chat_template_kwargs": {"enable_thinking": False, "thinking": False}}
ON, OFF = {"thinking": {"type": "enabled"}}, {"thinking": {"type": "disabled"}}


async def sent(provider: str, model: str, **parameters: Any) -> tuple[dict[str, Any], tuple[Note, ...]]:
    """The body without what every request has, and the notes."""
    async with opened() as http:
        asked = backend(http, "http://127.0.0.1:9", provider)
        prepared = asked.prepare(Request(model, ASKED, Parameters(**parameters)))
    body = json.loads(prepared.body)
    usual = ("model", "messages", "input", "contents", "stream", "stream_options", "store", "include")
    return {k: v for k, v in body.items() if k not in usual}, prepared.notes


def level(word: str) -> dict[str, Any]:
    return {"reasoning_effort": word}


def summary(**more: str) -> dict[str, Any]:
    return {"reasoning": {"summary": "auto", **more}}


def thinking(**more: Any) -> dict[str, Any]:
    return {"generationConfig": {"thinkingConfig": {"includeThoughts": True, **more}}}


def budget(tokens: int, room: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "thinking": {"type": "enabled", "budget_tokens": tokens, **more},
        "max_tokens": room or tokens + 8000,
    }


def adaptive(word: str) -> dict[str, Any]:
    return {"thinking": ADAPTIVE, "output_config": {"effort": word}, "max_tokens": 32000}


CASES: list[tuple[str, str, str, dict[str, Any], str | None]] = [
    # OpenAI: a summary is always asked for where a model thinks
    ("openai", "gpt-5", "default", summary(), None),
    ("openai", "gpt-5", "off", summary(effort="minimal"), "clamped"),
    ("openai", "gpt-5", "max", summary(effort="high"), "clamped"),
    ("openai", "gpt-5.1", "off", summary(effort="none"), "sent"),
    ("openai", "gpt-5.4", "max", summary(effort="xhigh"), "clamped"),
    ("openai", "gpt-5.6-sol", "max", summary(effort="max"), "sent"),
    ("openai", "gpt-6-astra", "off", summary(effort="low"), "clamped"),
    ("openai", "gpt-6.1-sol", "medium", summary(effort="medium"), "sent"),
    ("openai", "o3-mini", "off", summary(effort="low"), "clamped"),
    ("openai", "gpt-4o", "high", {}, "ignored"),
    ("openai", "gpt-5-chat-latest", "high", {}, "ignored"),
    ("openai", "ft:who-knows", "default", {}, None),
    ("openai", "ft:who-knows", "high", {"reasoning": {"effort": "high"}}, "sent"),
    ("azure", "gpt-5-mini", "low", summary(effort="low"), "sent"),
    ("azure", "my-deployment", "low", {"reasoning": {"effort": "low"}}, "sent"),
    # Anthropic: by age
    ("anthropic", "claude-3-5-haiku-20241022", "high", {"max_tokens": 8000}, "ignored"),
    ("anthropic", "claude-3-7-sonnet-20250219", "low", budget(2048), "sent"),
    ("anthropic", "claude-sonnet-4-20250514", "default", {"max_tokens": 8000}, None),
    ("anthropic", "claude-sonnet-4-20250514", "high", budget(16384, **SUMMARISED), "sent"),
    ("anthropic", "claude-haiku-4-5-20251001", "off", {**OFF, "max_tokens": 8000}, "sent"),
    ("anthropic", "claude-opus-4-6", "default", {"max_tokens": 8000}, None),
    ("anthropic", "claude-opus-4-6", "medium", adaptive("medium"), "sent"),
    ("anthropic", "claude-opus-4-7", "default", {"thinking": ADAPTIVE, "max_tokens": 32000}, None),
    ("anthropic", "claude-sonnet-5", "max", adaptive("max"), "sent"),
    ("anthropic", "claude-sonnet-5", "off", {**OFF, "max_tokens": 8000}, "sent"),
    ("anthropic", "claude-opus-5-5", "off", adaptive("low"), "clamped"),
    ("anthropic", "claude-fable-5-1-20261001", "off", adaptive("low"), "clamped"),
    ("anthropic", "claude-somebody-new", "high", adaptive("high"), "sent"),
    # Gemini: thoughts are always asked for
    ("gemini", "gemini-2.5-pro", "default", thinking(), None),
    ("gemini", "gemini-2.5-pro", "off", thinking(thinkingBudget=128), "clamped"),
    ("gemini", "gemini-2.5-pro", "max", thinking(thinkingBudget=32768), "sent"),
    ("gemini", "gemini-2.5-flash", "off", thinking(thinkingBudget=0), "sent"),
    ("gemini", "gemini-2.5-flash-lite", "low", thinking(thinkingBudget=2048), "sent"),
    ("gemini", "gemini-3.8-flash", "off", thinking(thinkingLevel="minimal"), "clamped"),
    ("gemini", "gemini-3.1-pro", "off", thinking(thinkingLevel="low"), "clamped"),
    ("gemini", "gemini-3.5-flash", "medium", thinking(thinkingLevel="medium"), "sent"),
    ("gemini", "gemini-2.0-flash", "high", {}, "ignored"),
    # xAI shows a summary unasked
    ("xai", "grok-4.7", "off", {"reasoning": {"effort": "low"}}, "clamped"),
    ("xai", "grok-4.3", "off", {"reasoning": {"effort": "none"}}, "sent"),
    ("xai", "grok-4.5", "max", {"reasoning": {"effort": "xhigh"}}, "clamped"),
    ("xai", "grok-4-fast", "high", {}, "ignored"),
    ("xai", "grok-3-mini", "medium", {"reasoning": {"effort": "high"}}, "clamped"),
    # chat-completions
    ("deepseek", "deepseek-v4-pro", "off", OFF, "sent"),
    ("deepseek", "deepseek-v4-pro", "medium", {**ON, **level("high")}, "clamped"),
    ("deepseek", "deepseek-v4-pro", "max", {**ON, **level("max")}, "sent"),
    ("openrouter", "openai/gpt-5", "off", {"reasoning": {"effort": "none"}}, "sent"),
    ("openrouter", "openai/gpt-5", "max", {"reasoning": {"effort": "max"}}, "sent"),
    ("groq", "openai/gpt-oss-120b", "off", level("low"), "clamped"),
    ("groq", "qwen/qwen3-32b", "off", {"reasoning_format": "parsed", **level("none")}, "sent"),
    ("groq", "qwen/qwen3-32b", "high", {"reasoning_format": "parsed", **level("default")}, "clamped"),
    ("groq", "llama-3.3-70b-versatile", "high", {"reasoning_format": "parsed"}, "ignored"),
    ("mistral", "mistral-small-latest", "off", level("none"), "sent"),
    ("mistral", "mistral-medium-3.5", "low", level("high"), "clamped"),
    ("mistral", "magistral-medium-latest", "off", {}, "ignored"),
    ("mistral", "codestral-latest", "high", {}, "ignored"),
    ("dashscope", "qwen3.8-max", "off", {"enable_thinking": False}, "sent"),
    ("dashscope", "qwen3.8-max", "low", {"enable_thinking": True, "thinking_budget": 2048}, "sent"),
    ("dashscope", "qwen3.8-max", "max", {"enable_thinking": True}, "sent"),
    ("dashscope", "qwq-plus", "off", {}, "ignored"),
    ("moonshot", "kimi-k3", "off", level("low"), "clamped"),
    ("moonshot", "kimi-k3", "max", level("max"), "sent"),
    ("moonshot", "kimi-k2.6", "off", OFF, "sent"),
    ("moonshot", "kimi-k2.6", "high", ON, "clamped"),
    ("moonshot", "kimi-k2.7-code", "off", {}, "ignored"),
    ("moonshot", "moonshot-v1-8k", "high", {}, "ignored"),
    ("zai", "glm-5.3", "off", level("low"), "clamped"),
    ("zai", "glm-5.2", "off", OFF, "sent"),
    ("zai", "glm-5.2", "max", {**ON, **level("max")}, "sent"),
    ("zai", "glm-4.7", "high", ON, "clamped"),
    ("minimax", "MiniMax-M2.5", "off", {"reasoning_split": True}, "ignored"),
    ("minimax", "MiniMax-M3", "off", {"reasoning_split": True, **OFF}, "sent"),
    ("cerebras", "gpt-oss-120b", "off", {"reasoning_format": "parsed", **level("low")}, "clamped"),
    ("cerebras", "zai-glm-4.6", "off", {"reasoning_format": "parsed", **level("none")}, "sent"),
    ("together", "openai/gpt-oss-20b", "max", level("high"), "clamped"),
    ("together", "deepseek-ai/DeepSeek-V3.1", "off", {"reasoning": {"enabled": False}}, "sent"),
    ("together", "deepseek-ai/DeepSeek-R1", "off", {}, "ignored"),
    ("together", "meta-llama/Llama-3.3-70B", "high", {}, "ignored"),
    ("fireworks", "accounts/fireworks/models/glm-5", "off", level("none"), "sent"),
    ("fireworks", "accounts/fireworks/models/gpt-oss-120b", "max", level("high"), "clamped"),
    ("perplexity", "sonar-deep-research", "off", level("low"), "clamped"),
    ("perplexity", "sonar", "high", {}, "ignored"),
    ("vllm", "Qwen/Qwen3-8B", "off", KWARGS_OFF, "sent"),
    ("vllm", "Qwen/Qwen3-8B", "high", KWARGS_ON, "clamped"),
    ("vllm", "openai/gpt-oss-20b", "medium", level("medium"), "sent"),
    ("sglang", "Qwen/Qwen3-8B", "off", KWARGS_OFF, "sent"),
    ("lmstudio", "openai/gpt-oss-20b", "low", level("low"), "sent"),
    ("lmstudio", "qwen3-8b", "off", {}, "ignored"),
    ("cohere", "command-a-reasoning-08-2025", "off", OFF, "sent"),
    ("cohere", "command-a-03-2025", "high", {}, "ignored"),
    ("openai-compatible", "any", "high", {}, "ignored"),
    ("ollama", "qwen3", "high", {"options": {"num_ctx": 16384}}, "ignored"),
]


@pytest.mark.parametrize(("provider", "model", "effort", "fields", "outcome"), CASES)
async def test_what_is_sent(
    provider: str, model: str, effort: str, fields: dict[str, Any], outcome: str | None
) -> None:
    body, notes = await sent(provider, model, effort=effort)
    assert body == fields
    told = {note.parameter: note for note in notes}
    assert (told["effort"].outcome if "effort" in told else None) == outcome
    assert "effort" not in told or told["effort"].detail


def test_every_provider_is_in_the_table() -> None:
    others = {"llamacpp", "ollama-cloud"}
    assert {case[0] for case in CASES} | others == {row.provider for row in ROWS}


@pytest.mark.parametrize("provider", [row.provider for row in ROWS])
async def test_the_default_sends_nothing_of_effort(provider: str) -> None:
    body, notes = await sent(provider, "some-model")
    assert notes == ()
    assert not {"reasoning_effort", "thinking", "think", "effort"} & set(body) or provider == "anthropic"


@pytest.mark.parametrize("provider", [row.provider for row in ROWS])
async def test_every_parameter_is_accounted_for(provider: str) -> None:
    asked = {"temperature": 0.5, "top_p": 0.9, "max_tokens": 5000, "seed": 3, "stop": ("END",)}
    body, notes = await sent(provider, "some-model", **asked)
    assert [n.parameter for n in notes] == ["temperature", "top_p", "max_tokens", "seed", "stop"]
    flat = {**body, **body.get("options", {}), **body.get("generationConfig", {})}
    for note in notes:
        value = asked[note.parameter]
        if note.outcome == "sent":
            assert flat[note.detail] == (["END"] if note.parameter == "stop" else value)
        else:
            assert note.outcome == "ignored"
            assert note.detail in ("not_in_this_api", "not_by_this_model")


@pytest.mark.parametrize(
    ("provider", "model", "effort", "ignored"),
    [
        ("openai", "gpt-5.4", "high", {"temperature", "top_p", "seed", "stop"}),
        ("openai", "gpt-5.4", "off", {"seed", "stop"}),
        ("openai", "gpt-4o", "default", {"seed", "stop"}),
        ("anthropic", "claude-sonnet-4-5", "high", {"temperature", "top_p", "seed"}),
        ("anthropic", "claude-sonnet-4-5", "off", {"seed"}),
        ("anthropic", "claude-opus-4-7", "off", {"temperature", "top_p", "seed"}),
        ("deepseek", "deepseek-v4-pro", "default", {"temperature", "top_p"}),
        ("deepseek", "deepseek-v4-pro", "off", set()),
        ("moonshot", "kimi-k3", "default", {"temperature", "top_p"}),
        ("moonshot", "moonshot-v1-8k", "default", set()),
        ("gemini", "gemini-3.8-flash", "high", set()),
        ("cohere", "command-a-03-2025", "default", set()),
    ],
)
async def test_what_a_model_does_not_listen_to(
    provider: str, model: str, effort: str, ignored: set[str]
) -> None:
    asked = {"temperature": 0.5, "top_p": 0.9, "max_tokens": 50_000, "seed": 3, "stop": ("END",)}
    body, notes = await sent(provider, model, effort=effort, **asked)
    assert {n.parameter for n in notes if n.outcome == "ignored"} == ignored
    assert ("temperature" in str(body)) == ("temperature" not in ignored)


@pytest.mark.parametrize(
    ("limit", "tokens", "outcome"),
    [(50_000, 16384, "sent"), (8000, 6000, "clamped"), (1100, 1024, "clamped"), (1024, None, "ignored")],
)
async def test_a_budget_is_less_than_the_limit(limit: int, tokens: int | None, outcome: str) -> None:
    body, notes = await sent("anthropic", "claude-sonnet-4-5", effort="high", max_tokens=limit)
    assert body.get("thinking", {}).get("budget_tokens") == tokens
    assert body["max_tokens"] == limit
    assert notes[-1].outcome == outcome


def test_the_nearest_level() -> None:
    assert nearest("off", ("high", "low")) == "low"
    assert nearest("medium", ("low", "high")) == "high"
    assert nearest("max", ("low", "xhigh")) == "xhigh"
    assert nearest("low", ("none", "minimal")) == "minimal"


@pytest.mark.parametrize(
    ("provider", "model", "tokens", "expected", "outcome"),
    [
        ("anthropic", "claude-sonnet-4-5", 3000, budget(3000, **SUMMARISED), "sent"),
        ("anthropic", "claude-sonnet-4-5", 500, budget(1024, **SUMMARISED), "clamped"),
        ("anthropic", "claude-opus-5-5", 3000, adaptive("medium"), "clamped"),
        ("gemini", "gemini-2.5-flash", 3000, thinking(thinkingBudget=3000), "sent"),
        ("gemini", "gemini-2.5-flash", 90_000, thinking(thinkingBudget=24576), "clamped"),
        ("gemini", "gemini-2.5-flash", 0, thinking(thinkingBudget=0), "sent"),
        ("gemini", "gemini-3.8-flash", 3000, thinking(thinkingLevel="medium"), "clamped"),
        ("dashscope", "qwen3-max", 30_000, {"enable_thinking": True, "thinking_budget": 30_000}, "sent"),
        ("openrouter", "deepseek/deepseek-r1", 3000, {"reasoning": {"max_tokens": 3000}}, "sent"),
        ("vllm", "Qwen/Qwen3-8B", 3000, {**KWARGS_ON, "thinking_token_budget": 3000}, "sent"),
        ("openai", "gpt-5.4", 3000, summary(effort="medium"), "clamped"),
        ("openai", "gpt-5.4", 0, summary(effort="none"), "sent"),
        ("deepseek", "deepseek-v4-pro", 50_000, {**ON, **level("max")}, "clamped"),
    ],
)
async def test_a_number_of_tokens(
    provider: str, model: str, tokens: int, expected: dict[str, Any], outcome: str
) -> None:
    body, notes = await sent(provider, model, thinking_tokens=tokens, effort="low")
    assert body == expected
    assert [(n.parameter, n.outcome) for n in notes] == [("effort", outcome)]
