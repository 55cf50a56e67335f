"""The exact JSON of a second turn at each provider: effort off and on, with a thought behind the answer, with an image.

And what happens when a thought is refused, and that what goes back is what had come.
"""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from tests.faults.client import backend, events_of, folded, opened
from tests.faults.server import FaultServer, answer, ok_sse

from sidelight.backends.base import Request
from sidelight.backends.http_backend import HttpBackend
from sidelight.backends.registry import ROWS
from sidelight.chat.events import Note, Opaque
from sidelight.chat.message import Attachment, Message, Parameters, Thought

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


NAMES = [f"{provider}/{model}" for provider, model, _, _ in CASES]
each_provider = pytest.mark.parametrize(("provider", "model", "off", "on"), CASES, ids=NAMES)

THOUGHT = Thought(
    "Two and two.",
    (
        Opaque("signature", '{"type":"thinking","thinking":"Two and two.","signature":"s1"}'),
        Opaque("redacted", '{"type":"redacted_thinking","data":"r1"}'),
        Opaque("encrypted", '{"id":"rs_1","type":"reasoning","summary":[],"encrypted_content":"e1"}'),
        Opaque("signature", '{"part":{"text":"","thoughtSignature":"g1"},"after":1}'),
        Opaque("signature", '[{"type":"reasoning.text","text":"Two","signature":"o1","index":0}]'),
        Opaque("encrypted", '[{"type":"reasoning.encrypted","data":"o2","index":1}]'),
    ),
)
"""Values of all vendors: each may send its own back and no other's."""
REASONING = {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "e1"}
ITEMS: list[dict[str, Any]] = [
    REASONING,
    {"role": "assistant", "content": [{"type": "output_text", "text": "4"}]},
]
RECALLED: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "openai": ("encrypted_content", ITEMS),
    "xai": ("encrypted_content", ITEMS),
    "anthropic": (
        "thinking",
        [
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "Two and two.", "signature": "s1"},
                    {"type": "redacted_thinking", "data": "r1"},
                    {"type": "text", "text": "4"},
                ],
            }
        ],
    ),
    "gemini": (
        "thoughtSignature",
        [{"role": "model", "parts": [{"text": "4"}, {"text": "", "thoughtSignature": "g1"}]}],
    ),
    "mistral": (
        "thinking",
        [
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "Two and two."}]},
                    {"type": "text", "text": "4"},
                ],
            }
        ],
    ),
    "minimax": (
        "reasoning_details",
        [
            {
                "role": "assistant",
                "content": "4",
                "reasoning_details": [{"type": "reasoning.text", "text": "Two and two."}],
            }
        ],
    ),
    "openrouter": (
        "reasoning_details",
        [
            {
                "role": "assistant",
                "content": "4",
                "reasoning_details": [
                    {"type": "reasoning.text", "text": "Two", "signature": "o1", "index": 0},
                    {"type": "reasoning.encrypted", "data": "o2", "index": 1},
                ],
            }
        ],
    ),
}
"""Who gets thoughts back: in which field, and the answer with them. All others get the answer alone."""

PNG = Attachment("d1", "sum.png", "image/png", 3)
URL = "data:image/png;base64,UE5H"
CHAT_IMAGE = {
    "role": "user",
    "content": [{"type": "text", "text": "2+2?"}, {"type": "image_url", "image_url": {"url": URL}}],
}
INPUT_IMAGE = {
    "role": "user",
    "content": [{"type": "input_text", "text": "2+2?"}, {"type": "input_image", "image_url": URL}],
}
IMAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "openai": ("input_image", INPUT_IMAGE),
    "xai": ("input_image", INPUT_IMAGE),
    "anthropic": (
        "image",
        {
            "role": "user",
            "content": [
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "UE5H"}},
                {"type": "text", "text": "2+2?"},
            ],
        },
    ),
    "gemini": (
        "inlineData",
        {
            "role": "user",
            "parts": [{"inlineData": {"mimeType": "image/png", "data": "UE5H"}}, {"text": "2+2?"}],
        },
    ),
    "ollama": ("images", {"role": "user", "content": "2+2?", "images": ["UE5H"]}),
}
"""How an image stands in its prompt; all others speak chat-completions."""


def asking(model: str, effort: str, *, thought: Thought | None = None, image: bool = False) -> Request:
    messages = tuple(
        replace(
            message,
            attachments=(PNG,) if image and message.text == "2+2?" else (),
            thought=thought if message.role == "assistant" else None,
        )
        for message in TURNS
    )
    return Request(model, messages, Parameters(effort=effort), {"d1": b"PNG"})  # type: ignore[arg-type]  # a word of the scale


def with_turn(body: dict[str, Any], role: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    """A body with the first message of a role replaced."""
    whole = deepcopy(body)
    name = next(name for name in ("messages", "input", "contents") if name in whole)
    roles = [item.get("role") for item in whole[name]]
    index = roles.index("model" if role == "assistant" and "model" in roles else role)
    whole[name][index : index + 1] = items
    return whole


def learnt(asked: HttpBackend, model: str, *able: str) -> None:
    """What an Ollama would have said of its model."""
    if asked.about.provider == "ollama":
        asked._shown[model] = {"capabilities": ["completion", "thinking", *able]}  # type: ignore[attr-defined]  # as if asked


@each_provider
async def test_answers_only(provider: str, model: str, off: dict[str, Any], on: dict[str, Any]) -> None:
    async with opened() as http:
        asked = backend(http, "http://127.0.0.1:9", provider)
        learnt(asked, model)
        sent = [json.loads(asked.prepare(asking(model, effort)).body) for effort in ("off", "high")]
    assert sent == [off, on]


@each_provider
async def test_with_a_thought(provider: str, model: str, off: dict[str, Any], on: dict[str, Any]) -> None:
    async with opened() as http:
        asked = backend(http, "http://127.0.0.1:9", provider)
        learnt(asked, model)
        prepared = [asked.prepare(asking(model, effort, thought=THOUGHT)) for effort in ("off", "high")]
    field, items = RECALLED.get(provider, ("", []))
    told = [[note for note in one.notes if note.parameter == "thoughts"] for one in prepared]
    assert told == [[], [Note("thoughts", "sent", field)] if field else []]
    expected = with_turn(on, "assistant", items) if field else on
    assert [json.loads(one.body) for one in prepared] == [off, expected]


@each_provider
async def test_with_an_image(provider: str, model: str, off: dict[str, Any], on: dict[str, Any]) -> None:
    async with opened() as http:
        asked = backend(http, "http://127.0.0.1:9", provider)
        learnt(asked, model, "vision")
        prepared = [asked.prepare(asking(model, effort, image=True)) for effort in ("off", "high")]
    field, message = IMAGES.get(provider, ("image_url", CHAT_IMAGE))
    assert all(Note("images", "sent", field) in one.notes for one in prepared)
    expected = [with_turn(body, "user", [message]) for body in (off, on)]
    assert [json.loads(one.body) for one in prepared] == expected


@each_provider
async def test_with_a_file_of_text(
    provider: str, model: str, off: dict[str, Any], on: dict[str, Any]
) -> None:
    file = Attachment("d2", "sum.py", "text/x-python", 5)
    first = Message("user", "2+2?", (file,))
    messages = tuple(first if message.text == "2+2?" else message for message in TURNS)
    async with opened() as http:
        asked = backend(http, "http://127.0.0.1:9", provider)
        learnt(asked, model)
        prepared = asked.prepare(Request(model, messages, Parameters(effort="high"), {"d2": b"2 + 2"}))
    assert Note("files", "sent", "text") in prepared.notes
    written = json.dumps("sum.py:\n```\n2 + 2\n```\n\n2+2?")
    assert json.loads(prepared.body) == json.loads(json.dumps(on).replace('"2+2?"', written))


def test_no_provider_is_left_out() -> None:
    """Azure is OpenAI's class, and Ollama's cloud Ollama's."""
    assert {row.provider for row in ROWS} - {case[0] for case in CASES} == {"azure", "ollama-cloud"}


async def test_always_thinking_claude_gets_its_thoughts_back_with_effort_off() -> None:
    async with opened() as http:
        asked = backend(http, "http://127.0.0.1:9", "anthropic")
        body = json.loads(asked.prepare(asking("claude-opus-5-5", "off", thought=THOUGHT)).body)
        older = json.loads(asked.prepare(asking("claude-sonnet-4-5", "default", thought=THOUGHT)).body)
    assert body["messages"][1] == RECALLED["anthropic"][1][0]
    assert [block["type"] for block in older["messages"][1]["content"]] == ["text"]


# --- refused, and sent once again without

OK = {
    "anthropic": b'data: {"type":"message_delta","delta":{"stop_reason":"end_turn"}}\n\n',
    "gemini": b'data: {"candidates":[{"finishReason":"STOP"}]}\r\n\r\n',
    "openai": b'data: {"type":"response.completed","response":{}}\n\n',
    "openrouter": b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n',
}
REFUSALS = [
    (
        "anthropic",
        "claude-sonnet-5",
        "messages.1.content.0: Invalid `signature` in `thinking` block. The block is bound to a different conversation.",
    ),
    ("gemini", "gemini-3.8-flash", "Corrupted thought signature."),
    (
        "openai",
        "gpt-5.4",
        "Item 'rs_1' of type 'reasoning' was provided without its required following item.",
    ),
    ("openai", "gpt-5.4", "The encrypted content e1 could not be verified."),
    ("openrouter", "z-ai/glm-5", "Invalid reasoning_details."),
]


@pytest.mark.parametrize(("provider", "model", "said"), REFUSALS)
async def test_a_refused_thought(provider: str, model: str, said: str) -> None:
    refusal = json.dumps({"error": {"message": said}}).encode()
    with FaultServer([answer(400, refusal), ok_sse(OK[provider])]) as server:
        async with opened() as http:
            asked = backend(http, server.url, provider)
            request = asking(model, "high", thought=THOUGHT)
            reply = folded(await events_of(asked, request))
            again = folded(await events_of(asked, request))
            plain = asked.prepare(asking(model, "high"))
    assert reply.finished
    assert not reply.failed
    bodies = [json.loads(seen.body) for seen in server.requests]
    case = next(on for name, known, _, on in CASES if (name, known) == (provider, model))
    assert bodies == [with_turn(case, "assistant", RECALLED[provider][1]), case, case]
    refused = Note("thoughts", "refused by the server")
    assert refused in (reply.notes or ())
    assert refused in (again.notes or ())
    assert refused not in plain.notes


async def test_a_refusal_of_something_else_is_told() -> None:
    refusal = b'{"error":{"message":"temperature: out of range"}}'
    with FaultServer([answer(400, refusal)]) as server:
        async with opened() as http:
            asked = backend(http, server.url, "anthropic")
            reply = folded(await events_of(asked, asking("claude-sonnet-5", "high", thought=THOUGHT)))
    assert len(server.requests) == 1
    assert reply.failed
    assert reply.failed.message == "temperature: out of range"


# --- what came goes back


def sse(*payloads: dict[str, Any]) -> list[Any]:
    return ok_sse(*(b"data: " + json.dumps(payload).encode() + b"\n\n" for payload in payloads))


def gemini_parts(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"candidates": [{"content": {"parts": list(parts)}, **more}]}


def details(*items: dict[str, Any]) -> dict[str, Any]:
    return {"choices": [{"delta": {"content": "", "reasoning_details": list(items)}}]}


ENCRYPTED: dict[str, Any] = {
    "id": "rs_9",
    "type": "reasoning",
    "summary": [],
    "encrypted_content": "e9",
    "status": None,
}
CLAUDE = {"type": "reasoning.text", "format": "anthropic-claude-v1", "index": 0}
GROK = {"type": "reasoning.summary", "format": "xai-responses-v1", "index": 0}
BLOB = {"type": "reasoning.encrypted", "data": "o9", "format": "xai-responses-v1", "index": 1}
CAME: list[tuple[str, str, list[Any], list[dict[str, Any]]]] = [
    (
        "anthropic",
        "claude-sonnet-5",
        sse(
            {
                "type": "content_block_start",
                "index": 0,
                "content_block": {"type": "thinking", "thinking": ""},
            },
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "thinking_delta", "thinking": "Two, "},
            },
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "thinking_delta", "thinking": "two."},
            },
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "signature_delta", "signature": "s9"},
            },
            {"type": "content_block_stop", "index": 0},
            {
                "type": "content_block_start",
                "index": 1,
                "content_block": {"type": "redacted_thinking", "data": "r9"},
            },
            {"type": "content_block_stop", "index": 1},
            {"type": "content_block_delta", "index": 2, "delta": {"type": "text_delta", "text": "It is 4."}},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
        ),
        [
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "Two, two.", "signature": "s9"},
                    {"type": "redacted_thinking", "data": "r9"},
                    {"type": "text", "text": "It is 4."},
                ],
            }
        ],
    ),
    (
        "gemini",
        "gemini-2.5-flash",
        sse(
            gemini_parts({"text": "Two.", "thought": True}),
            gemini_parts({"text": "It "}),
            gemini_parts({"text": "is ", "thoughtSignature": "g9"}),
            gemini_parts({"text": "4."}, finishReason="STOP"),
        ),
        [
            {
                "role": "model",
                "parts": [{"text": "It "}, {"text": "is ", "thoughtSignature": "g9"}, {"text": "4."}],
            }
        ],
    ),
    (
        "openai",
        "gpt-5.4",
        sse(
            {"type": "response.output_item.done", "output_index": 0, "item": ENCRYPTED},
            {"type": "response.output_text.delta", "output_index": 1, "delta": "It is 4."},
            {"type": "response.completed", "response": {}},
        ),
        [ENCRYPTED, {"role": "assistant", "content": [{"type": "output_text", "text": "It is 4."}]}],
    ),
    (
        "openrouter",
        "anthropic/claude-sonnet-4.5",
        sse(
            details({**CLAUDE, "text": "Two, ", "signature": ""}),
            details({**CLAUDE, "text": "two."}),
            details({**CLAUDE, "signature": "o9"}),
            {"choices": [{"delta": {"content": "It is 4."}, "finish_reason": "stop"}]},
        ),
        [
            {
                "role": "assistant",
                "content": "It is 4.",
                "reasoning_details": [{**CLAUDE, "text": "Two, two.", "signature": "o9"}],
            }
        ],
    ),
    (
        "openrouter",
        "x-ai/grok-4.1-fast",
        sse(
            details({**GROK, "summary": "Two, "}),
            details({**GROK, "summary": "two."}),
            {"choices": [{"delta": {"content": "It is 4."}}]},
            details(BLOB),
            {"choices": [{"delta": {}, "finish_reason": "stop"}]},
        ),
        [
            {
                "role": "assistant",
                "content": "It is 4.",
                "reasoning_details": [{**GROK, "summary": "Two, two."}, BLOB],
            }
        ],
    ),
]


@pytest.mark.parametrize(("provider", "model", "stream", "items"), CAME, ids=lambda case: str(case)[:30])
async def test_what_came_goes_back(
    provider: str, model: str, stream: list[Any], items: list[dict[str, Any]]
) -> None:
    asked_first = Request(model, (Message("user", "2+2?"),), Parameters(effort="high"))
    with FaultServer([stream]) as server:
        async with opened() as http:
            asked = backend(http, server.url, provider)
            reply = folded(await events_of(asked, asked_first))
            before = Message("assistant", reply.answer_text, thought=Thought(reply.trace_text, reply.opaque))
            later = (*asked_first.messages, before, Message("user", "And 3+3?"))
            sent = json.loads(asked.prepare(replace(asked_first, messages=later)).body)
    assert reply.answer_text == "It is 4."
    turns = next(sent[name] for name in ("messages", "input", "contents") if name in sent)
    assert turns[1:-1] == items


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("It is 4.", '{"part":{"text":"was ","thoughtSignature":"g"},"after":3}'),
        ("It is 4.", '{"part":{"text":"is ","thoughtSignature":"g"},"after":"3"}'),
        ("It is 4.", '{"part":[],"after":3}'),
        ("It is 4.", "[7]"),
        ("It is 4.", "no JSON"),
    ],
)
async def test_a_signature_without_its_part_stays_here(text: str, value: str) -> None:
    """An answer that was read by another tag rule, or a value that is none of ours."""
    before = Message("assistant", text, thought=Thought("", (Opaque("signature", value),)))
    messages = (Message("user", "2+2?"), before, Message("user", "And 3+3?"))
    async with opened() as http:
        asked = backend(http, "http://127.0.0.1:9", "gemini")
        body = json.loads(asked.prepare(Request("gemini-3.8-flash", messages, Parameters())).body)
    assert body["contents"][1]["parts"] == [{"text": "It is 4."}]


@pytest.mark.parametrize(("provider", "model"), [("anthropic", "claude-sonnet-5"), ("openai", "gpt-5.4")])
async def test_half_a_character_in_a_thought_can_be_sent(provider: str, model: str) -> None:
    values = (
        '{"type":"thinking","thinking":"\\ud800","signature":"s"}',
        '{"type":"reasoning","id":"\\ud800"}',
    )
    thought = Thought("", tuple(Opaque("signature", value) for value in values))
    async with opened() as http:
        body = (
            backend(http, "http://127.0.0.1:9", provider).prepare(asking(model, "high", thought=thought)).body
        )
    assert "\ufffd" in body
