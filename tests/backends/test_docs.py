"""The made-up vendor of docs/backends.md is run as it stands there."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from tests.faults.client import KEY, backend, events_of, folded, opened, question
from tests.faults.server import FaultServer, Scenario, Seen, answer, ok_sse

from sidelight.backends import registry
from sidelight.chat.events import Note

DOC = Path(__file__).parents[2] / "docs" / "backends.md"
ANSWER = ok_sse(
    b'data: {"id":"a1","model":"acme-large-2","choices":[{"delta":{"reasoning_content":"Two."}}]}\n\n',
    b'data: {"choices":[{"delta":{"content":"4"},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":9,"completion_tokens":7}}\n\n',
    b"data: [DONE]\n\n",
)


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch) -> str:
    """The vendor's file and row, taken from the page and put in their places."""
    source, line = re.findall(r"```python\n(.*?)```", DOC.read_text("utf-8"), re.DOTALL)
    module = ModuleType("sidelight.backends.providers.acme")
    exec(compile(source, "acme.py", "exec"), module.__dict__)
    row: registry.Row = eval(line, {"Row": registry.Row})
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(registry, "ROWS", (*registry.ROWS, row))
    assert len(source.splitlines()) <= 60
    assert len(line.strip().splitlines()) == 1
    return row.provider


async def test_the_made_up_vendor(acme: str) -> None:
    def scenario(seen: Seen) -> Scenario:
        if seen.method == "GET":
            return answer(200, b'{"data":[{"id":"acme-large","context_length":4096}]}')
        return ANSWER

    with FaultServer(scenario) as server:
        async with opened() as http:
            asked = backend(http, server.url, acme)
            reply = folded(await events_of(asked, question(effort="max")))
            listed = await asked.models()
            notes = asked.prepare(question(effort="max")).notes
    sent = json.loads(server.requests[0].body)
    assert (sent["show_reasoning"], sent["reasoning_effort"]) == (True, "high")
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY.reveal()}"
    assert notes == (Note("effort", "clamped", '{"reasoning_effort":"high"}'),)
    assert (reply.trace_text, reply.answer_text) == ("Two.", "4")
    assert (reply.identity.served_model, [m.id for m in listed]) == ("acme-large-2", ["acme-large"])
    assert "acme" in [s.id for s in registry.default_settings()]


def test_every_word_is_explained() -> None:
    """Each word a note may carry stands in the table."""
    page = DOC.read_text("utf-8")
    sources = Path(registry.__file__).parent.rglob("*.py")
    words = {
        word
        for path in sources
        for word in re.findall(r'ignored\("(\w+)"\)|, "ignored", "(\w+)"\)', path.read_text("utf-8"))
        for word in word
        if word
    }
    assert len(words) >= 10
    assert all(f"`{word}`" in page for word in words)
