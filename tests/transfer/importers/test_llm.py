"""The logs of llm: three ages of its schema, and a conversation that lived through two of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.transfer.importers.sources import (
    LLM_FIRST,
    LLM_LATER,
    LLM_OLDEST,
    LLM_TREE,
    PNG,
    database,
    replies,
    told,
)

from sidelight.chat.conversation import Conversation
from sidelight.chat.reply import Certainty, TraceKind, trace_of
from sidelight.transfer.formats.json import checked
from sidelight.transfer.importers import registry
from sidelight.transfer.importers.container import Container
from sidelight.transfer.importers.item import Found, Lack, LeftOut
from sidelight.transfer.importers.limits import Refusal
from sidelight.transfer.importers.llm import LlmLogs

Rows = Mapping[str, Sequence[Mapping[str, object]]]


def read(path: Path) -> tuple[dict[str, Conversation], list[Lack], dict[str, bytes], list[LeftOut]]:
    with closing(LlmLogs(Container(path))) as logs:
        made: dict[str, Conversation] = {}
        lacks: list[Lack] = []
        contents: dict[str, bytes] = {}
        left: list[LeftOut] = []
        for item in logs.conversations():
            if isinstance(item, LeftOut):
                left.append(item)
                continue
            assert isinstance(item, Found)
            conversation, _ = checked(item.conversation)
            made[conversation.title] = conversation
            lacks += item.lacks
            for turn in conversation.turns:
                for file in turn.prompt.attachments:
                    content = logs.content(file.digest)
                    assert content is not None
                    contents[file.digest] = content
        assert logs.fraction == 1.0 or not made
    return made, lacks, contents, left


def response(
    key: str, prompt: str, answer: str, chat: str | None = "c1", **more: object
) -> dict[str, object]:
    return {
        "id": key,
        "model": "gpt-4o-mini",
        "prompt": prompt,
        "response": answer,
        "conversation_id": chat,
        "duration_ms": 1500,
        "datetime_utc": "2025-03-01T10:00:00.000000+00:00",
        **more,
    }


def test_the_first_schema(tmp_path: Path) -> None:
    rows: Rows = {
        "conversations": [{"id": "c1", "name": "Sky", "model": "gpt-4o-mini"}],
        "responses": [
            response(
                "r1",
                "Why?",
                "Light.",
                system="Be brief.",
                response_json=json.dumps({"model": "gpt-4o-mini-2024"}),
            ),
            response("r2", "And?", "Air."),
            response("r3", "Alone", "Yes.", None),
        ],
    }
    made, _, _, left = read(database(tmp_path / "logs.db", LLM_FIRST, rows))
    assert left == []
    assert told(made["Sky"]) == [("Why?", ["Light."]), ("And?", ["Air."])]
    assert told(made["Alone"]) == [("Alone", ["Yes."])]
    first, second = replies(made["Sky"])
    assert [r.identity.served_model for r in (first, second)] == ["gpt-4o-mini-2024", "gpt-4o-mini"]
    assert [r.asked.parameters.system for r in (first, second) if r.asked] == ["Be brief.", "Be brief."]
    assert first.timing.done == 1.5
    assert made["Sky"].created == 1_740_823_200.0


def test_later_columns_and_tables(tmp_path: Path) -> None:
    rows: dict[str, list[dict[str, object]]] = {
        "conversations": [{"id": "c1", "name": "Sky", "model": "o3"}],
        "responses": [
            response(
                "r1", "What is this?", "", resolved_model="o3-2025", reasoning="I look.", input_tokens=5
            ),
            response("r2", "", "A picture.", output_tokens=7, token_details='{"a":1}'),
        ],
        "attachments": [
            {"id": "a1", "type": "image/png", "path": None, "url": None, "content": PNG},
            {
                "id": "a2",
                "type": "application/pdf",
                "path": "/home/me/../x/notes.pdf",
                "url": None,
                "content": None,
            },
        ],
        "prompt_attachments": [
            {"response_id": "r1", "attachment_id": "a1", "order": 0},
            {"response_id": "r1", "attachment_id": "a2", "order": 1},
        ],
        "fragments": [{"id": 1, "hash": "h", "content": "A long novel."}],
        "prompt_fragments": [{"response_id": "r1", "fragment_id": 1, "order": 0}],
        "tool_calls": [{"response_id": "r1", "name": "look", "arguments": "{}"}],
        "tool_results": [{"response_id": "r2", "name": "look", "output": "x"}],
    }
    made, lacks, contents, _ = read(database(tmp_path / "logs.db", LLM_FIRST + LLM_LATER, rows))
    assert told(made["Sky"]) == [("A long novel.\nWhat is this?", ["A picture."])]
    (reply,) = replies(made["Sky"])  # what followed the tool is the same reply
    assert reply.trace_text == "I look."
    assert trace_of(reply).kind is TraceKind.SUMMARY
    assert trace_of(reply).certainty is Certainty.BY_FAMILY
    assert reply.usage is not None
    assert reply.usage.output_total == 7
    assert list(contents.values()) == [PNG]
    assert Lack("file", "notes.pdf") in lacks
    assert lacks.count(Lack("tool")) == 2


def test_before_there_were_conversations(tmp_path: Path) -> None:
    rows = {
        "logs": [
            {"id": 1, "model": "gpt-3.5-turbo", "prompt": "Why?", "response": "Light.", "chat_id": None, "datetime_utc": "2023-05-01 10:00:00"},
            {"id": 2, "model": "gpt-3.5-turbo", "prompt": "And?", "response": "Air.", "chat_id": 1, "datetime_utc": "2023-05-01 10:01:00"},
            {"id": 3, "model": "gpt-4", "prompt": "Alone", "response": "Yes.", "chat_id": None, "datetime_utc": None},
        ]
    }  # fmt: skip
    made, _, _, _ = read(database(tmp_path / "logs.db", LLM_OLDEST, rows))
    assert told(made["Why?"]) == [("Why?", ["Light."]), ("And?", ["Air."])]
    assert told(made["Alone"]) == [("Alone", ["Yes."])]


def message(key: str, parent: str | None, role: str) -> dict[str, object]:
    return {"hash": key, "parent_hash": parent, "role": role}


def part(
    owner: str, words: str | None, kind: str = "text", place: int = 0, **payload: Any
) -> dict[str, object]:
    return {
        "message_hash": owner,
        "position": place,
        "type": kind,
        "text": words,
        "payload": json.dumps(payload) if payload else None,
    }


def tree() -> dict[str, list[dict[str, object]]]:
    """Two turns of one thread, and another thread that forks after the first; as 0.32 logs them."""

    def turn(key: str, thread: str, parent: str, tip: str, minute: int) -> dict[str, object]:
        return {
            "id": key,
            "thread_id": thread,
            "parent_message_hash": parent,
            "tip_message_hash": tip,
            "model": "gpt-5.6",
            "resolved_model": f"gpt-5.6-{key}",
            "output_tokens": 9,
            "datetime_utc": f"2026-08-10T10:0{minute}:00+00:00",
        }

    return {
        "threads": [
            {"id": "c1", "name": "Sky", "tip_message_hash": "m4"},
            {"id": "c2", "name": "Fork", "tip_message_hash": "m6", "forked_from": "c1"},
        ],
        "turns": [
            turn("t1", "c1", "m1", "m2", 1),
            turn("t2", "c1", "m3", "m4", 2),
            turn("t3", "c2", "m5", "m6", 3),
        ],
        "messages": [
            message("m0", None, "system"),
            message("m1", "m0", "user"),
            message("m2", "m1", "assistant"),
            message("m3", "m2", "user"),
            message("m4", "m3", "assistant"),
            message("m5", "m2", "user"),
            message("m6", "m5", "assistant"),
        ],
        "parts": [
            part("m0", "Be brief."),
            part("m1", None, text_ref=[{"fragment": 1}, {"literal": "\nWhy?"}]),
            part("m2", "I look.", "reasoning"),
            part("m2", "Light.", place=1),
            part("m3", "And?"),
            part("m4", "Air."),
            part("m5", "Or?"),
            part("m6", "Dust."),
        ],
        "fragments": [{"id": 1, "hash": "h", "content": "A novel."}],
    }


def test_the_tree_of_messages_of_newer_logs(tmp_path: Path) -> None:
    made, _, _, left = read(database(tmp_path / "logs.db", LLM_FIRST + LLM_LATER + LLM_TREE, tree()))
    assert left == []
    assert told(made["Sky"]) == [("A novel.\nWhy?", ["Light."]), ("And?", ["Air."])]
    assert told(made["Fork"]) == [("A novel.\nWhy?", ["Light."]), ("Or?", ["Dust."])]
    first, second = replies(made["Sky"])
    assert first.trace_text == "I look."
    assert [r.identity.served_model for r in (first, second)] == ["gpt-5.6-t1", "gpt-5.6-t2"]
    assert [r.usage.output_total for r in (first, second) if r.usage] == [9, 9]
    assert all(r.asked and r.asked.parameters.system == "Be brief." for r in (first, second))
    # Of another thread's history nothing is told but the words.
    assert [r.identity.served_model for r in replies(made["Fork"])] == [None, "gpt-5.6-t3"]


def test_a_conversation_that_began_in_older_logs_and_went_on_in_newer_ones_is_one(tmp_path: Path) -> None:
    rows: Rows = tree()
    older: Rows = {
        "conversations": [{"id": "c1", "name": "Sky", "model": "gpt-4o"}],
        "responses": [
            response("r1", "A novel.\nWhy?", "Light.", resolved_model="gpt-4o-old", system="Be brief.")
        ],
    }
    rows = {**rows, "turns": rows["turns"][1:2]}
    script = LLM_FIRST + LLM_LATER + LLM_TREE
    before, _, _, _ = read(database(tmp_path / "before.db", script, older))
    after, _, _, _ = read(database(tmp_path / "after.db", script, {**rows, **older}))
    assert told(after["Sky"]) == [("A novel.\nWhy?", ["Light."]), ("And?", ["Air."])]
    assert after["Sky"].id == before["Sky"].id
    assert after["Sky"].turns[0] == before["Sky"].turns[0]
    assert [r.identity.served_model for r in replies(after["Sky"])] == ["gpt-4o-old", "gpt-5.6-t2"]


def test_a_circle_of_messages_ends(tmp_path: Path) -> None:
    rows = tree()
    rows["messages"][0]["parent_hash"] = "m2"
    made, _, _, _ = read(database(tmp_path / "logs.db", LLM_FIRST + LLM_LATER + LLM_TREE, rows))
    assert {t.prompt.text for t in made["Sky"].turns} == {"", "A novel.\nWhy?", "And?"}


def test_views_are_not_read(tmp_path: Path) -> None:
    """A view can compute without end."""
    endless = """
    CREATE VIEW responses AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n)
     SELECT id, '' AS conversation_id FROM n;
    CREATE TABLE other (x);
    """
    with pytest.raises(Refusal, match="database_foreign"):
        LlmLogs(Container(database(tmp_path / "logs.db", endless)))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"SQLite format 3\x00" + bytes(100), "database_broken"),
        (b"SQLite format 3\x00" + b"\xff" * 5000, "database_broken"),
    ],
)
def test_what_is_no_database_after_all(tmp_path: Path, content: bytes, code: str) -> None:
    (tmp_path / "logs.db").write_bytes(content)
    with pytest.raises(Refusal, match=code):
        registry.opened(tmp_path / "logs.db", tmp_path)


def test_texts_of_the_wrong_kind_and_no_text_at_all(tmp_path: Path) -> None:
    rows = {
        "conversations": [{"id": 7, "name": b"\xff", "model": 3}],
        "responses": [
            response("r1", "Why?", "Light.", 7),  # type: ignore[arg-type]
            {"id": "r2", "conversation_id": 7, "prompt": 5, "response": b"\xff\x00", "datetime_utc": 1e300, "duration_ms": "x"},
        ],
    }  # fmt: skip
    made, _, _, left = read(database(tmp_path / "logs.db", LLM_FIRST, rows))
    assert left == []
    assert told(made["Why?"]) == [("Why?", ["Light."]), ("5", [""])]
