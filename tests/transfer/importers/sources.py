"""Small exports in the shapes that the programs write, made up for these tests; docs/import.md says where the shapes are from."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from sidelight.chat.conversation import Conversation
from sidelight.chat.reply import Reply
from sidelight.transfer.importers.item import Aside, ItemFormat

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def chatgpt_node(
    key: str,
    parent: str | None,
    role: str = "",
    content: Mapping[str, Any] | str | None = None,
    *,
    at: float = 1_700_000_000.0,
    metadata: Mapping[str, Any] | None = None,
    **message: Any,
) -> dict[str, Any]:
    """A node of `mapping`; without a role one that has no message."""
    if not role:
        return {"id": key, "parent": parent, "children": [], "message": None}
    if isinstance(content, str):
        content = {"content_type": "text", "parts": [content]}
    return {
        "id": key,
        "parent": parent,
        "children": [],
        "message": {
            "id": key,
            "author": {"role": role, "name": None, "metadata": {}},
            "create_time": at,
            "content": content,
            "status": "finished_successfully",
            "end_turn": True,
            "weight": 1.0,
            "recipient": "all",
            "metadata": dict(metadata or {}),
            **message,
        },
    }


def chatgpt(*nodes: Mapping[str, Any], current: str | None = None, **fields: Any) -> dict[str, Any]:
    """A conversation of conversations.json."""
    return {
        "id": "chat-1",
        "conversation_id": "chat-1",
        "title": "Sky",
        "create_time": 1_699_999_999.5,
        "update_time": 1_700_000_100.0,
        "current_node": current or nodes[-1]["id"],
        "mapping": {node["id"]: node for node in nodes},
        **fields,
    }


def chatgpt_plain() -> dict[str, Any]:
    """One question, one answer."""
    return chatgpt(
        chatgpt_node("root", None),
        chatgpt_node("u1", "root", "user", "Why is the sky blue?"),
        chatgpt_node("a1", "u1", "assistant", "It scatters.", metadata={"model_slug": "gpt-4o"}),
    )


def claude_message(
    key: str, sender: str, *blocks: Mapping[str, Any], words: str = "", **fields: Any
) -> dict[str, Any]:
    """A message of `chat_messages`."""
    return {
        "uuid": key,
        "text": words,
        "content": list(blocks),
        "sender": sender,
        "created_at": "2025-11-02T10:00:00.123456Z",
        "updated_at": "2025-11-02T10:00:00.123456Z",
        "attachments": [],
        "files": [],
        **fields,
    }


def said(words: str) -> dict[str, Any]:
    """A block of text."""
    return {"type": "text", "text": words, "start_timestamp": None, "citations": []}


def claude(*messages: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """A conversation of Claude's conversations.json."""
    return {
        "uuid": "claude-1",
        "name": "Sky",
        "created_at": "2025-11-02T09:59:59Z",
        "updated_at": "2025-11-02T10:05:00Z",
        "account": {"uuid": "me"},
        "chat_messages": list(messages),
        **fields,
    }


def deepseek_node(key: str, parent: str | None, message: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A node of DeepSeek's `mapping`."""
    return {"id": key, "parent": parent, "children": [], "message": dict(message) if message else None}


def fragments(*pairs: tuple[str, str], model: str = "deepseek-reasoner") -> dict[str, Any]:
    """A message of today's form."""
    return {
        "files": [],
        "model": model,
        "inserted_at": "2025-03-30T04:49:37.018000+08:00",
        "fragments": [{"type": kind, "content": words} for kind, words in pairs],
    }


def deepseek(*nodes: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """A conversation of DeepSeek's conversations.json."""
    return {
        "id": "deep-1",
        "title": "Sky",
        "inserted_at": "2025-03-30T04:49:36.505000+08:00",
        "updated_at": "2025-03-30T04:50:29.156000+08:00",
        "mapping": {node["id"]: node for node in nodes},
        **fields,
    }


def openwebui_message(key: str, parent: str | None, role: str, content: str, **fields: Any) -> dict[str, Any]:
    """A message of a chat's history."""
    return {
        "id": key,
        "parentId": parent,
        "childrenIds": [],
        "role": role,
        "content": content,
        "timestamp": 1_760_000_000,
        **fields,
    }


def openwebui(*messages: Mapping[str, Any], current: str | None = None, **chat: Any) -> dict[str, Any]:
    """A chat of the export."""
    return {
        "id": "web-1",
        "user_id": "me",
        "title": "Sky",
        "created_at": 1_759_999_999,
        "updated_at": 1_760_000_100,
        "archived": False,
        "meta": {"tags": []},
        "chat": {
            "title": "Sky",
            "models": ["m1"],
            "history": {
                "messages": {m["id"]: m for m in messages},
                "currentId": current or messages[-1]["id"],
            },
            "messages": list(messages),
            **chat,
        },
    }


def lmstudio_user(words: str, *more: Mapping[str, Any]) -> dict[str, Any]:
    """A prompt as LM Studio keeps it."""
    content = [{"type": "text", "text": words}, *more]
    return {
        "versions": [{"type": "singleStep", "role": "user", "content": content}],
        "currentlySelected": 0,
    }


def lmstudio_step(
    words: str, *, thinking: bool = False, info: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """A step of an answer."""
    step: dict[str, Any] = {
        "type": "contentBlock",
        "stepIdentifier": "1760000001000-0.5",
        "content": [{"type": "text", "text": words}],
    }
    if thinking:
        step["style"] = {"type": "thinking", "ended": True, "title": "Thought for 2 seconds"}
    if info:
        step["genInfo"] = dict(info)
    return step


def lmstudio_answer(*versions: Sequence[Mapping[str, Any]], selected: int = 0) -> dict[str, Any]:
    """An answer in versions, each of steps."""
    return {
        "versions": [
            {
                "type": "multiStep",
                "role": "assistant",
                "senderInfo": {"senderName": "qwen/qwen3-8b"},
                "steps": [*steps, {"type": "debugInfoBlock", "debugInfo": "x"}],
            }
            for steps in versions
        ],
        "currentlySelected": selected,
    }


def lmstudio(*messages: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """A conversation file."""
    return {
        "name": "Sky",
        "pinned": False,
        "createdAt": 1_760_000_000_000,
        "tokenCount": 20,
        "systemPrompt": "",
        "messages": list(messages),
        "lastUsedModel": {"identifier": "qwen/qwen3-8b"},
        **fields,
    }


LLM_OLDEST = """
CREATE TABLE logs (id INTEGER PRIMARY KEY, model TEXT, prompt TEXT, system TEXT, prompt_json TEXT, options_json TEXT,
 response TEXT, response_json TEXT, reply_to_id INTEGER, chat_id INTEGER, duration_ms INTEGER, datetime_utc TEXT);
"""
LLM_FIRST = """
CREATE TABLE conversations (id TEXT PRIMARY KEY, name TEXT, model TEXT);
CREATE TABLE responses (id TEXT PRIMARY KEY, model TEXT, prompt TEXT, system TEXT, prompt_json TEXT, options_json TEXT,
 response TEXT, response_json TEXT, conversation_id TEXT REFERENCES conversations(id), duration_ms INTEGER, datetime_utc TEXT);
"""
LLM_LATER = """
ALTER TABLE responses ADD COLUMN input_tokens INTEGER;
ALTER TABLE responses ADD COLUMN output_tokens INTEGER;
ALTER TABLE responses ADD COLUMN token_details TEXT;
ALTER TABLE responses ADD COLUMN resolved_model TEXT;
ALTER TABLE responses ADD COLUMN reasoning TEXT;
CREATE TABLE attachments (id TEXT PRIMARY KEY, type TEXT, path TEXT, url TEXT, content BLOB);
CREATE TABLE prompt_attachments (response_id TEXT, attachment_id TEXT, "order" INTEGER);
CREATE TABLE fragments (id INTEGER PRIMARY KEY, hash TEXT, content TEXT, datetime_utc TEXT, source TEXT);
CREATE TABLE prompt_fragments (response_id TEXT, fragment_id INTEGER, "order" INTEGER);
CREATE TABLE system_fragments (response_id TEXT, fragment_id INTEGER, "order" INTEGER);
CREATE TABLE tool_calls (id INTEGER PRIMARY KEY, response_id TEXT, tool_id INTEGER, name TEXT, arguments TEXT);
CREATE TABLE tool_results (id INTEGER PRIMARY KEY, response_id TEXT, tool_id INTEGER, name TEXT, output TEXT);
"""
LLM_TREE = """
CREATE TABLE messages (hash TEXT PRIMARY KEY, parent_hash TEXT, role TEXT, provider_metadata TEXT);
CREATE TABLE parts (id INTEGER PRIMARY KEY, message_hash TEXT, position INTEGER, type TEXT, tool_name TEXT, text TEXT, payload TEXT);
CREATE TABLE part_attachments (part_id INTEGER, attachment_id TEXT, "order" INTEGER);
CREATE TABLE threads (id TEXT PRIMARY KEY, name TEXT, tip_message_hash TEXT, forked_from TEXT, datetime_utc TEXT);
CREATE TABLE turns (id TEXT PRIMARY KEY, thread_id TEXT, parent_message_hash TEXT, tip_message_hash TEXT, model TEXT,
 resolved_model TEXT, options_json TEXT, schema_id TEXT, input_tokens INTEGER, output_tokens INTEGER, token_details TEXT,
 duration_ms INTEGER, datetime_utc TEXT, response_json TEXT);
"""


def database(path: Path, script: str, rows: Mapping[str, Sequence[Mapping[str, object]]] = {}) -> Path:
    """A database of these tables and rows."""
    with closing(sqlite3.connect(path)) as con:
        con.executescript(script)
        for table, values in rows.items():
            for row in values:
                names = ", ".join(f'"{name}"' for name in row)
                marks = ", ".join("?" * len(row))
                con.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(row.values()))
        con.commit()
    return path


def converted(form: ItemFormat, item: Mapping[str, Any], aside: Aside | None = None) -> Conversation:
    """An item as it would come out of a file."""
    value = json.loads(json.dumps(item))
    assert form.fits(value)
    return form.convert(value, aside if aside is not None else Aside())


def told(conversation: Conversation) -> list[tuple[str, list[str]]]:
    """The shown branch: each prompt, and its answers."""
    return [(t.prompt.text, [r.answer_text for r in t.replies]) for t in conversation.path]


def replies(conversation: Conversation) -> Iterator[Reply]:
    """All of them, in order."""
    return (r for t in conversation.turns for r in t.replies)
