"""A llama.cpp server: what is asked for, when thinking is switched, its properties."""

from __future__ import annotations

import json

import pytest
from tests.faults.client import backend, events_of, folded, opened, question
from tests.faults.server import FaultServer, answer, ok_sse

from sidelight.backends.base import BackendError, Model
from sidelight.backends.providers.llamacpp import LlamaCpp, Properties
from sidelight.backends.wire.body import ELICIT
from sidelight.chat.events import Progress

ANSWER = ok_sse(
    b'data: {"choices":[{"delta":{"role":"assistant","content":null}}],"prompt_progress":{"total":9,"cache":0,"processed":4}}\n\n',
    b'data: {"choices":[{"delta":{"reasoning_content":"2+2"}}]}\n\n',
    b'data: {"choices":[{"delta":{"content":"<answer>4</answer>"},"finish_reason":"stop"}]}\n\n',
)


@pytest.mark.parametrize(
    ("name", "elicited", "effort", "kwargs"),
    [
        ("embedded", False, "default", {"enable_thinking": False}),
        ("embedded-2", True, "default", {"enable_thinking": True}),
        ("embedded", True, "off", {"enable_thinking": True}),
        ("mine", False, "default", None),
        ("mine", False, "high", None),
        ("mine", False, "off", {"enable_thinking": False}),
        ("mine", True, "default", {"enable_thinking": True}),
    ],
)
async def test_a_request(name: str, elicited: bool, effort: str, kwargs: dict[str, bool] | None) -> None:
    with FaultServer([ANSWER]) as server:
        async with opened() as http:
            asked = backend(http, server.url, "llamacpp", name=name)
            events = await events_of(asked, question(elicited=elicited, effort=effort))
    sent = json.loads(server.requests[0].body)
    assert sent["return_progress"] is sent["timings_per_token"] is True
    assert sent.get("chat_template_kwargs") == kwargs
    told = any(m["role"] == "system" and ELICIT in m["content"] for m in sent["messages"])
    assert told == (elicited and name == "mine")
    assert Progress("prompt", 4, 9) in events
    reply = folded(events)
    assert (reply.trace_text, reply.answer_text) == ("2+2", "4" if elicited else "<answer>4</answer>")


async def test_properties_and_models() -> None:
    props = {"default_generation_settings": {"n_ctx": 4096}, "total_slots": 4, "model_path": "/m/x.gguf"}
    models = {"data": [{"id": "x", "owned_by": "llamacpp", "meta": {"n_ctx_train": 32768}}], "models": []}
    found: list[object] = [props, models, []]
    answers = [*(answer(200, json.dumps(one).encode()) for one in found), answer(401)]
    with FaultServer(answers) as server:
        async with opened() as http:
            asked = backend(http, server.url, "llamacpp")
            assert isinstance(asked, LlamaCpp)
            assert await asked.properties() == Properties(4096, 4, "/m/x.gguf")
            assert await asked.models() == (Model("x", context=32768),)
            assert await asked.properties() == Properties(None, None, "")
            with pytest.raises(BackendError):
                await asked.properties()
    assert [seen.path for seen in server.requests] == ["/props", "/v1/models", "/props", "/props"]


async def test_slots_are_told() -> None:
    async with opened() as http:
        built = backend(http, "http://127.0.0.1:9", "llamacpp")
        assert isinstance(built, LlamaCpp)
        own = LlamaCpp(built.setting, http, built._key_for, slots=4)
    assert (built.about.slots, own.about.slots) == (None, 4)
