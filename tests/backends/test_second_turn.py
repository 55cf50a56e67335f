"""The exact JSON of a second turn in each dialect, with effort off and on: answers go back, traces never do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.faults.client import backend, opened

from sidelight.backends.base import Request
from sidelight.chat.message import Message, Parameters

TURNS = (
    Message("system", "Be brief."),
    Message("user", "2+2?"),
    Message("assistant", "4"),
    Message("user", "And 3+3?"),
)
CHAT = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "2+2?"},
    {"role": "assistant", "content": "4"},
    {"role": "user", "content": "And 3+3?"},
]
USUAL = {"stream": True, "stream_options": {"include_usage": True}}


def items(system: bool = False) -> list[dict[str, Any]]:
    first = [{"role": "system", "content": [{"type": "input_text", "text": "Be brief."}]}] if system else []
    return [
        *first,
        {"role": "user", "content": [{"type": "input_text", "text": "2+2?"}]},
        {"role": "assistant", "content": [{"type": "output_text", "text": "4"}]},
        {"role": "user", "content": [{"type": "input_text", "text": "And 3+3?"}]},
    ]


def openai(effort: str) -> dict[str, Any]:
    return {
        "model": "gpt-5.4",
        "input": items(),
        "instructions": "Be brief.",
        "stream": True,
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "reasoning": {"summary": "auto", "effort": effort},
    }


def xai(effort: str) -> dict[str, Any]:
    return {
        "model": "grok-4.3",
        "input": items(system=True),
        "stream": True,
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "reasoning": {"effort": effort},
    }


def anthropic(**more: Any) -> dict[str, Any]:
    return {
        "model": "claude-sonnet-5",
        "system": "Be brief.",
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "2+2?"}]},
            {"role": "assistant", "content": [{"type": "text", "text": "4"}]},
            {"role": "user", "content": [{"type": "text", "text": "And 3+3?"}]},
        ],
        "stream": True,
        **more,
    }


def gemini(**thinking: Any) -> dict[str, Any]:
    return {
        "contents": [
            {"role": "user", "parts": [{"text": "2+2?"}]},
            {"role": "model", "parts": [{"text": "4"}]},
            {"role": "user", "parts": [{"text": "And 3+3?"}]},
        ],
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "generationConfig": {"thinkingConfig": {"includeThoughts": True, **thinking}},
    }


def chat(model: str, **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": CHAT, **USUAL, **more}


def local(**more: Any) -> dict[str, Any]:
    return {"return_progress": True, "timings_per_token": True, **more}


ADAPTIVE = {"type": "adaptive", "display": "summarized"}
SWITCH_ON, SWITCH_OFF = {"type": "enabled"}, {"type": "disabled"}
KWARGS_ON = {"enable_thinking": True, "thinking": True}
KWARGS_OFF = {"enable_thinking": False, "thinking": False}
CASES: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("openai", "gpt-5.4", openai("none"), openai("high")),
    ("xai", "grok-4.3", xai("none"), xai("high")),
    (
        "anthropic",
        "claude-sonnet-5",
        anthropic(max_tokens=8000, thinking=SWITCH_OFF),
        anthropic(max_tokens=32000, thinking=ADAPTIVE, output_config={"effort": "high"}),
    ),
    ("gemini", "gemini-2.5-flash", gemini(thinkingBudget=0), gemini(thinkingBudget=16384)),
    ("gemini", "gemini-3.8-flash", gemini(thinkingLevel="minimal"), gemini(thinkingLevel="high")),
    (
        "ollama",
        "qwen3:14b",
        {
            "model": "qwen3:14b",
            "messages": CHAT,
            "stream": True,
            "think": False,
            "options": {"num_ctx": 16384},
        },
        {
            "model": "qwen3:14b",
            "messages": CHAT,
            "stream": True,
            "think": True,
            "options": {"num_ctx": 16384},
        },
    ),
    (
        "cohere",
        "command-a-reasoning",
        {"model": "command-a-reasoning", "messages": CHAT, "stream": True, "thinking": SWITCH_OFF},
        {
            "model": "command-a-reasoning",
            "messages": CHAT,
            "stream": True,
            "thinking": {"type": "enabled", "token_budget": 16384},
        },
    ),
    (
        "deepseek",
        "deepseek-v4-pro",
        chat("deepseek-v4-pro", thinking=SWITCH_OFF),
        chat("deepseek-v4-pro", thinking=SWITCH_ON, reasoning_effort="high"),
    ),
    (
        "mistral",
        "mistral-small-latest",
        {
            "model": "mistral-small-latest",
            "messages": CHAT,
            "stream": True,
            "reasoning_effort": "none",
        },
        {
            "model": "mistral-small-latest",
            "messages": CHAT,
            "stream": True,
            "reasoning_effort": "high",
        },
    ),
    (
        "dashscope",
        "qwen3.8-max",
        chat("qwen3.8-max", enable_thinking=False),
        chat("qwen3.8-max", enable_thinking=True, thinking_budget=16384),
    ),
    (
        "moonshot",
        "kimi-k2.6",
        chat("kimi-k2.6", thinking=SWITCH_OFF),
        chat("kimi-k2.6", thinking=SWITCH_ON),
    ),
    ("zai", "glm-4.7", chat("glm-4.7", thinking=SWITCH_OFF), chat("glm-4.7", thinking=SWITCH_ON)),
    (
        "minimax",
        "MiniMax-M3",
        chat("MiniMax-M3", reasoning_split=True, thinking=SWITCH_OFF),
        chat("MiniMax-M3", reasoning_split=True, thinking={"type": "adaptive"}),
    ),
    (
        "openrouter",
        "z-ai/glm-5",
        chat("z-ai/glm-5", reasoning={"effort": "none"}),
        chat("z-ai/glm-5", reasoning={"effort": "high"}),
    ),
    (
        "groq",
        "qwen/qwen3-32b",
        chat("qwen/qwen3-32b", reasoning_format="parsed", reasoning_effort="none"),
        chat("qwen/qwen3-32b", reasoning_format="parsed", reasoning_effort="default"),
    ),
    (
        "cerebras",
        "zai-glm-4.7",
        chat("zai-glm-4.7", reasoning_format="parsed", reasoning_effort="none"),
        chat("zai-glm-4.7", reasoning_format="parsed", reasoning_effort="high"),
    ),
    (
        "together",
        "zai-org/GLM-5",
        chat("zai-org/GLM-5", reasoning={"enabled": False}),
        chat("zai-org/GLM-5", reasoning={"enabled": True}),
    ),
    (
        "fireworks",
        "accounts/fireworks/models/glm-5",
        chat("accounts/fireworks/models/glm-5", reasoning_effort="none"),
        chat("accounts/fireworks/models/glm-5", reasoning_effort="high"),
    ),
    ("perplexity", "sonar", chat("sonar"), chat("sonar")),
    (
        "llamacpp",
        "qwen3",
        chat("qwen3", **local(chat_template_kwargs={"enable_thinking": False})),
        chat("qwen3", **local()),
    ),
    (
        "vllm",
        "Qwen/Qwen3-8B",
        chat("Qwen/Qwen3-8B", chat_template_kwargs=KWARGS_OFF),
        chat("Qwen/Qwen3-8B", chat_template_kwargs=KWARGS_ON),
    ),
    (
        "sglang",
        "Qwen/Qwen3-8B",
        chat("Qwen/Qwen3-8B", chat_template_kwargs=KWARGS_OFF),
        chat("Qwen/Qwen3-8B", chat_template_kwargs=KWARGS_ON),
    ),
    ("lmstudio", "qwen3-8b", chat("qwen3-8b"), chat("qwen3-8b")),
    ("openai-compatible", "any", chat("any"), chat("any")),
]


@pytest.mark.parametrize(("provider", "model", "off", "on"), CASES, ids=lambda case: str(case)[:30])
async def test_a_second_turn(provider: str, model: str, off: dict[str, Any], on: dict[str, Any]) -> None:
    async with opened() as http:
        asked = backend(http, "http://127.0.0.1:9", provider)
        if provider == "ollama":
            asked._shown[model] = {"capabilities": ["completion", "thinking"]}  # type: ignore[attr-defined]  # learnt
        sent = [
            json.loads(asked.prepare(Request(model, TURNS, Parameters(effort=effort))).body)
            for effort in ("off", "high")
        ]
    assert sent == [off, on]
