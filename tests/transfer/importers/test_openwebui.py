"""Open WebUI's chats: folded traces of every age, several models at once, pictures within the export."""

from __future__ import annotations

import base64

import pytest
from tests.transfer.importers.sources import PNG, converted, openwebui, openwebui_message, replies

from sidelight.chat.conversation import ContextRule
from sidelight.chat.reply import Certainty, ReplyState, Trace, TraceKind, trace_of
from sidelight.transfer.importers import openwebui as form
from sidelight.transfer.importers.item import Aside, Lack

RAW = (
    '<details type="reasoning" done="true" duration="3">\n<summary>Thought for 3 seconds</summary>\n'
    "> I look at <b>light</b>.\n>\n> And at air </details> too.\n</details>\nIt scatters."
)
ESCAPED = (
    'First.\n<details type="reasoning" done="true" duration="3">\n<summary>Thought for 3 seconds</summary>\n'
    "&gt; I look at &lt;b&gt;light&lt;/b&gt;.\n&gt; \n&gt; And at air &lt;/details&gt; too.\n</details>\nIt scatters."
)
OLD = "<think>\nI look at <b>light</b>.\n\nAnd at air </details> too.\n</think>\n\nIt scatters."
TRACE = "I look at <b>light</b>.\n\nAnd at air </details> too."


@pytest.mark.parametrize(
    ("content", "answer"), [(RAW, "It scatters."), (ESCAPED, "First.\n\nIt scatters."), (OLD, "It scatters.")]
)
def test_a_folded_trace_is_taken_apart(content: str, answer: str) -> None:
    made = converted(
        form,
        openwebui(
            openwebui_message("u1", None, "user", "Why?", models=["qwen3:8b"]),
            openwebui_message("a1", "u1", "assistant", content, model="qwen3:8b", done=True),
        ),
    )
    (reply,) = replies(made)
    assert reply.trace_text == TRACE
    assert reply.answer_text == answer
    assert trace_of(reply) == Trace(TraceKind.FULL, Certainty.BY_FAMILY)


def test_of_a_model_nobody_knows_the_trace_is_what_it_seems() -> None:
    made = converted(
        form,
        openwebui(
            openwebui_message("u1", None, "user", "Why?"),
            openwebui_message("a1", "u1", "assistant", RAW, model="house-model"),
        ),
    )
    (reply,) = replies(made)
    assert trace_of(reply) == Trace(TraceKind.FULL, Certainty.GUESSED)


def test_newer_messages_say_whether_a_trace_is_a_summary() -> None:
    def output(**reasoning: object) -> list[dict[str, object]]:
        return [
            {"type": "reasoning", "status": "completed", **reasoning},
            {"type": "function_call", "name": "search"},
            {"type": "message", "content": [{"type": "output_text", "text": "It scatters."}]},
        ]

    text = [{"type": "summary_text", "text": "Light."}]
    made = converted(
        form,
        openwebui(
            openwebui_message("u1", None, "user", "Why?"),
            openwebui_message("a1", "u1", "assistant", "shown", model="m", output=output(summary=text)),
            openwebui_message("u2", "a1", "user", "And?"),
            openwebui_message(
                "a2", "u2", "assistant", "shown", model="m", output=output(content=text, summary=None)
            ),
        ),
        aside := Aside(),
    )
    one, other = replies(made)
    assert (one.trace_text, one.answer_text) == ("Light.", "It scatters.")
    assert trace_of(one) == Trace(TraceKind.SUMMARY, Certainty.REPORTED)
    assert trace_of(other) == Trace(TraceKind.FULL, Certainty.GUESSED)
    assert aside.lacks.count(Lack("tool")) == 2


def test_models_that_were_asked_at_once_are_lanes_and_the_next_prompt_follows_one() -> None:
    made = converted(
        form,
        openwebui(
            openwebui_message("u1", None, "user", "Why?", models=["b", "a"]),
            openwebui_message("r2", "u1", "assistant", "A1", model="a", modelIdx=1),
            openwebui_message("r1", "u1", "assistant", "B1", model="b", modelIdx=0),
            openwebui_message("u2", "r2", "user", "And?", models=["a"]),
            openwebui_message("r3", "u2", "assistant", "A2", model="a", modelIdx=0),
        ),
    )
    assert [x.model for x in made.lanes] == ["a", "b"] or [x.model for x in made.lanes] == ["b", "a"]
    assert made.rule is ContextRule.CHOSEN
    first, second = made.path
    lane = {x.model: x.id for x in made.lanes}
    assert {r.lane: r.answer_text for r in first.replies} == {lane["a"]: "A1", lane["b"]: "B1"}
    assert first.chosen == lane["a"]
    assert [r.lane for r in second.replies] == [lane["a"]]
    assert {r.version for r in replies(made)} == {1}


def test_one_model_asked_twice_at_once_has_two_lanes() -> None:
    made = converted(
        form,
        openwebui(
            openwebui_message("u1", None, "user", "Why?", models=["a", "a"]),
            openwebui_message("r1", "u1", "assistant", "1", model="a", modelIdx=0),
            openwebui_message("r2", "u1", "assistant", "2", model="a", modelIdx=1),
        ),
    )
    assert [x.model for x in made.lanes] == ["a", "a"]
    assert {r.lane for r in replies(made)} == {x.id for x in made.lanes}


def test_an_answer_given_anew_by_one_model_is_a_version() -> None:
    made = converted(
        form,
        openwebui(
            openwebui_message("u1", None, "user", "Why?", models=["a"]),
            openwebui_message("r1", "u1", "assistant", "1", model="a", modelIdx=0),
            openwebui_message("r2", "u1", "assistant", "2", model="a", modelIdx=0),
        ),
    )
    assert len(made.lanes) == 1
    assert [(r.version, r.answer_text) for r in replies(made)] == [(1, "1"), (2, "2")]


def test_files_system_prompt_usage_and_ends() -> None:
    files = [
        {
            "type": "image",
            "url": "data:image/png;base64," + base64.b64encode(PNG).decode(),
            "name": "sky.png",
        },
        {"type": "file", "file": {"filename": "notes.txt", "data": {"content": "my notes"}}},
        {"type": "file", "name": "lost.pdf", "file": {"filename": "lost.pdf"}},
        {"type": "image", "url": "data:image/png;base64,%%%", "name": "broken.png"},
        {"type": "image", "url": "https://example.com/x.png", "name": "far.png"},
    ]
    usage = {"prompt_tokens": 7, "completion_tokens": 9}
    made = converted(
        form,
        openwebui(
            openwebui_message("u1", None, "user", "Why?", files=files),
            openwebui_message("a1", "u1", "assistant", "1", model="m", usage=usage),
            openwebui_message("a2", "u1", "assistant", "2", model="m", done=False),
            openwebui_message("a3", "u1", "assistant", "", model="m", error={"content": "Out of memory"}),
            params={"system": "Be brief."},
        ),
        aside := Aside(),
    )
    assert sorted(aside.contents.values()) == sorted([PNG, b"my notes"])
    assert [x for x in aside.lacks if x.code == "file"] == [
        Lack("file", "lost.pdf"),
        Lack("file", "broken.png"),
        Lack("file", "far.png"),
    ]
    found = {r.answer_text: r for r in replies(made)}
    assert found["1"].usage is not None
    assert (found["1"].usage.prompt, found["1"].usage.output_total) == (7, 9)
    assert found["2"].state is ReplyState.INTERRUPTED
    failed = found[""].failed
    assert failed is not None
    assert failed.message == "Out of memory"
    assert all(r.asked and r.asked.parameters.system == "Be brief." for r in replies(made))
    assert all(x.parameters.system == "" for x in made.lanes)
