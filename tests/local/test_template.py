"""Our chat template and its grammar in the real engine: what the model is given, and what the engine makes of the reply."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping
from subprocess import DEVNULL, PIPE
from typing import Any

import pytest
from tests.weights import weights

from sidelight.local.child import KEY_VARIABLE, Config
from sidelight.local.engine import Address, can_elicit
from sidelight.local.gguf import read_header
from sidelight.net.client import Http
from sidelight.paths import child_command, resource
from sidelight.secrets import Secret

pytestmark = [pytest.mark.engine, pytest.mark.one_python]

CHILD = child_command("engine")
SYSTEM = {"role": "system", "content": "Speak like a pirate."}
HELLO = {"role": "user", "content": "Hello!"}


@pytest.fixture(scope="module")
def address() -> Iterator[Address]:
    """One child for all tests of this file, started by hand: no loop lives that long."""
    path = weights("qwen2.5-coder-0.5b-instruct")
    assert can_elicit(read_header(path))
    template, grammar = (
        resource(f"templates/elicited.{kind}").read_text("utf-8") for kind in ("jinja", "gbnf")
    )
    config = Config(model=str(path), alias="qwen", slots=1, slot_context=1024, template=template)
    key = Secret("k" * 32)
    environ = {**os.environ, KEY_VARIABLE: key.reveal()}
    with subprocess.Popen(CHILD, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(json.dumps(config).encode() + b"\n")
        child.stdin.flush()
        base_url = json.loads(child.stdout.readline())["address"]
        yield Address(base_url, key, 1, 1024, True, json.dumps({"grammar": grammar}))
        child.stdin.close()


@pytest.fixture
async def served(address: Address) -> AsyncIterator[Served]:
    http = Http()
    yield Served(http, address)
    await http.aclose()


class Served:
    """The engine as a request sees it."""

    def __init__(self, http: Http, address: Address) -> None:
        self.http = http
        self.address = address

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        headers = {
            "Authorization": f"Bearer {self.address.key.reveal()}",
            "Content-Type": "application/json",
        }
        url = self.address.base_url + path
        answer = await self.http.fetch("POST", url, headers=headers, body=json.dumps(body).encode())
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    async def prompt(self, *messages: Mapping[str, str], **switches: bool) -> str:
        """What the model is given."""
        body = {"messages": messages, "chat_template_kwargs": switches}
        return str((await self.post("/apply-template", body))["prompt"])

    async def ask(self, question: str, **more: Any) -> tuple[str, str]:
        """Trace and answer."""
        body = {"messages": [{"role": "user", "content": question}], "temperature": 0, **more}
        said = (await self.post("/v1/chat/completions", body))["choices"][0]["message"]
        return said.get("reasoning_content") or "", said.get("content") or ""

    @property
    def grammar(self) -> str:
        """The shape of an elicited reply."""
        return str(json.loads(self.address.elicited_extra)["grammar"])

    async def elicited(self, question: str, **more: Any) -> tuple[str, str]:
        """Trace and answer as the app asks for them."""
        return await self.ask(question, **{"max_tokens": 300, "grammar": self.grammar, **more})


async def test_the_prompt_ends_with_the_opened_thought_unless_thinking_is_off(served: Served) -> None:
    """The engine tries the template out to learn what the switch does, and holds to what it then believes."""
    for messages in ((HELLO,), (SYSTEM, HELLO)):
        for switches in ({}, {"enable_thinking": True}):
            assert (await served.prompt(*messages, **switches)).endswith("<|im_start|>assistant\n<think>")
        off = await served.prompt(*messages, enable_thinking=False)
        assert off.endswith("<|im_end|>\n<|im_start|>assistant\n")
        assert "<think>" not in off


async def test_without_thinking_it_is_plain_chatml(served: Served) -> None:
    answer = {"role": "assistant", "content": "Ahoy."}
    assert await served.prompt(SYSTEM, HELLO, answer, HELLO, enable_thinking=False) == (
        "<|im_start|>system\nSpeak like a pirate.<|im_end|>\n"
        "<|im_start|>user\nHello!<|im_end|>\n"
        "<|im_start|>assistant\nAhoy.<|im_end|>\n"
        "<|im_start|>user\nHello!<|im_end|>\n"
        "<|im_start|>assistant\n"
    )


async def test_with_thinking_the_person_s_system_text_comes_first_and_examples_come_before_the_question(
    served: Served,
) -> None:
    prompt = await served.prompt(SYSTEM, HELLO)
    assert prompt.startswith("<|im_start|>system\nSpeak like a pirate.\n\nYou think before you answer")
    assert prompt.count("<|im_start|>system") == 1
    turns = prompt.split("<|im_start|>assistant\n")
    assert all(turn.startswith("<think>The user ") and "</think>\n" in turn for turn in turns[1:-1])
    assert turns[-2].endswith("<|im_start|>user\nHello!<|im_end|>\n")
    assert turns[-1] == "<think>"


async def test_a_thought_of_the_person_s_can_be_gone_on_from(served: Served) -> None:
    """A trailing assistant message is continued by the engine: its thought stays open."""
    started = {"role": "assistant", "content": "", "reasoning_content": "17 - 9 = 8. Then 8 + 4 ="}
    trace, _ = await served.ask("x", messages=[HELLO, started], max_tokens=60)
    assert "12" in trace


async def test_an_elicited_reply_has_a_thought_about_the_question_and_an_answer(served: Served) -> None:
    trace, answer = await served.elicited("How many legs do three spiders have?")
    assert re.match("The user (asks|wants|greets) ", trace)
    assert "spider" in trace
    assert "<" not in trace
    assert answer.strip()
    assert "think>" not in answer


@pytest.mark.parametrize("question", ["Hello!", "Tell me all about the moon.", "Is 3 < 5 in Python?"])
async def test_no_example_turns_up_in_a_reply(served: Served, question: str) -> None:
    said = " ".join(await served.elicited(question)).lower()
    assert not re.search(r"book|shelf|italian|grazie|float|eis\b|double|evening|german", said)


async def test_a_thought_is_ended_at_the_end_of_a_sentence(served: Served) -> None:
    """The model is made to think on and on: the grammar alone ends it."""
    grammar = served.grammar.replace("unit{20,320} | unit{320}", "unit{60}")
    trace, answer = await served.elicited("Tell me all about the moon.", grammar=grammar, max_tokens=150)
    assert 60 < len(trace) < 260
    assert trace.endswith((".", ":", "!", "?"))
    assert answer.strip()


async def test_a_thought_holds_neither_code_nor_runs_of_signs(served: Served) -> None:
    for question in ("Say <=<=<===", "Repeat this: ########", "Write a for loop in C."):
        trace, answer = await served.elicited(question, stop=["</think>"])
        assert trace
        assert not answer
        assert not re.search(r"`|\n|[>=*#_~|^+/\\-]{4}|<=?[^ 0-9=]", trace)


async def test_an_answer_may_hold_tags_of_every_other_kind(served: Served) -> None:
    _, answer = await served.elicited("Write an HTML table with one header cell and one cell.")
    assert "</th>" in answer
    assert "</table>" in answer
    assert "</think>" not in answer


async def test_the_engine_s_own_budget_fires_too(served: Served) -> None:
    """It does so only where nothing stands behind the tag that opens the thought."""
    budget = {"reasoning_budget_tokens": 20, "reasoning_budget_message": " Enough."}
    trace, _ = await served.ask("Tell me all about the moon.", max_tokens=60, **budget)
    assert trace.endswith(" Enough.")


async def test_thinking_off_answers_directly(served: Served) -> None:
    off = {"chat_template_kwargs": {"enable_thinking": False}}
    trace, answer = await served.ask("What is the capital of France?", max_tokens=40, **off)
    assert trace == ""
    assert "Paris" in answer
    assert "<" not in answer
