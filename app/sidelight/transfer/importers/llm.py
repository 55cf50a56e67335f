"""The logs of the command `llm`: a SQLite database, of any age of its schema.

docs/import.md has the schemas and where they are known from. Read only, in the worker process; only tables are read, never
views, which could compute anything. Paths and addresses that stand in it are not followed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sidelight.chat.conversation import Conversation
from sidelight.chat.events import Usage
from sidelight.chat.message import Attachment
from sidelight.chat.reply import Segment, Timing
from sidelight.store.database import Connection, connect_to_read
from sidelight.transfer.importers.container import Container
from sidelight.transfer.importers.item import Aside, Found, LeftOut, found, media_type_of
from sidelight.transfer.importers.limits import (
    LARGEST_ITEM,
    MOST_CONVERSATIONS,
    MOST_MESSAGES,
    Refusal,
)
from sidelight.transfer.importers.reading import (
    count,
    decoded,
    identifier,
    items,
    mapping,
    number,
    text,
    when,
)
from sidelight.transfer.importers.thread import Message, Origin, Passed, Said, Sent, conversation

__all__ = ["FORMAT", "LlmLogs", "tables_of"]

FORMAT = "llm"
_ORIGIN = Origin("llm")
_LENGTH_LIMIT = 0
"""SQLITE_LIMIT_LENGTH: the most bytes of a value or a row."""
_OURS = (
    ("logs", ("id", "chat_id", "prompt", "response")),
    ("responses", ("id", "conversation_id", "prompt", "response")),
    ("turns", ("id", "thread_id", "parent_message_hash", "tip_message_hash")),
)
"""By one of these it is known to be such a database."""
_TURN = """SELECT id, parent_message_hash, tip_message_hash, model, resolved_model, input_tokens, output_tokens, token_details,
 duration_ms, datetime_utc FROM turns WHERE thread_id = ? ORDER BY datetime_utc, id"""


def tables_of(con: Connection) -> dict[str, frozenset[str]]:
    """The columns of each table, by its name. Raises the database's own errors."""
    names = [
        name
        for (name,) in con.execute("SELECT name FROM sqlite_master WHERE type = 'table' LIMIT 1000")
        if isinstance(name, str)
    ]
    select = "SELECT name FROM pragma_table_info(?)"
    return {name: frozenset(str(column) for (column,) in con.execute(select, (name,))) for name in names}


class LlmLogs:
    """See the module and `item.FileFormat`."""

    def __init__(self, container: Container) -> None:
        """Raises Refusal where it is no such database."""
        self._container = container
        wal = container.path.with_name(f"{container.path.name}-wal")
        # Beside a log of changes it may be in use, and they are part of it.
        still = not (wal.exists() and wal.stat().st_size)
        self._con = connect_to_read(container.path, still=still)
        self._done = self._total = 0
        self._contents: dict[str, bytes] = {}
        try:
            self._con.setlimit(_LENGTH_LIMIT, LARGEST_ITEM)
            self._tables = tables_of(self._con)
            if not any(self._has(table, *columns) for table, columns in _OURS):
                raise Refusal("database_foreign")
        except self._con.Error as error:
            self._con.close()
            raise Refusal("database_broken", reason=str(error)) from error
        except Refusal:
            self._con.close()
            raise

    @property
    def fraction(self) -> float:
        return self._done / max(1, self._total)

    def look_over(self) -> Iterator[None]:
        return iter(())

    def conversations(self) -> Iterator[Found | LeftOut]:
        try:
            names = self._names()
            self._total = len(names)
            for key, name in names.items():
                self._done += 1
                yield self._one(key, name)
        except self._con.Error as error:
            raise Refusal("database_broken", reason=str(error)) from error

    def content(self, digest: str) -> bytes | None:
        return self._contents.get(digest)

    def forget(self) -> None:
        """The contents of what came before are not asked for any more."""
        self._contents.clear()

    def close(self) -> None:
        self._con.close()
        self._container.close()

    def _has(self, table: str, *columns: str) -> bool:
        return set(columns) <= self._tables.get(table, frozenset())

    def _rows(self, select: str, *values: object, most: int = MOST_MESSAGES) -> list[dict[str, Any]]:
        """Rows by the names of their columns."""
        cursor = self._con.execute(" ".join((select, "LIMIT", str(most + 1))), values)
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor]
        if len(rows) > most:
            raise Refusal("messages", most=f"{most:,}")
        return rows

    def _names(self) -> dict[str, str]:
        """The conversations there are, with their names: those of all ages of the schema."""
        names: dict[str, str] = {}
        selects = []
        if self._has("logs", "id", "chat_id"):
            selects.append("SELECT 'log ' || coalesce(chat_id, id) AS id, '' AS name FROM logs GROUP BY 1")
        if self._has("responses", "id", "conversation_id"):
            selects.append(
                "SELECT coalesce(conversation_id, id) AS id, '' AS name FROM responses GROUP BY 1 ORDER BY min(rowid)"
            )
        if self._has("conversations", "id", "name"):
            selects.append("SELECT id, name FROM conversations")
        if self._has("threads", "id", "name") and self._has("turns", "thread_id", "tip_message_hash"):
            selects.append("SELECT id, name FROM threads")
        for select in selects:
            for row in self._rows(select, most=MOST_CONVERSATIONS):
                key = identifier(row["id"])
                if key:
                    names[key] = identifier(row["name"]) or names.get(key, "")
        return names

    def _one(self, key: str, name: str) -> Found | LeftOut:
        aside = Aside()
        try:
            made = found(self._converted(key, name, aside), aside)
        except Refusal as refusal:
            return LeftOut(name or key, refusal.code, refusal.params)
        except self._con.DataError:  # a value beyond the limit
            return LeftOut(name or key, "large")
        self._contents |= aside.contents
        return made

    def _converted(self, key: str, name: str, aside: Aside) -> Conversation:
        messages: list[Message] = []
        if key.startswith("log "):
            where = "FROM logs WHERE CAST(coalesce(chat_id, id) AS TEXT) = ? ORDER BY id"
            for row in self._rows(f"SELECT * {where}", key.removeprefix("log ")):
                self._answered(messages, row, aside)
        else:
            if self._has("responses", "id", "conversation_id"):
                where = "FROM responses WHERE coalesce(conversation_id, id) = ? ORDER BY rowid"
                for row in self._rows(f"SELECT * {where}", key):
                    self._answered(messages, row, aside)
            if self._has("turns", "thread_id", "tip_message_hash"):
                messages = self._grown(key, messages, aside)
        return conversation(_ORIGIN, key, messages, title=name)

    # --- before 0.32: a row for each question and its answer

    def _answered(self, messages: list[Message], row: Mapping[str, Any], aside: Aside) -> None:
        """A prompt and what was answered. One without words follows what tools gave, and carries the reply on."""
        own = identifier(row.get("id"))
        at = when(row.get("datetime_utc") or row.get("timestamp_utc") or row.get("timestamp"))
        system = "\n".join(
            x for x in (*self._fragments("system_fragments", own), text(row.get("system"))) if x
        )
        words = "\n".join(
            x for x in (*self._fragments("prompt_fragments", own), text(row.get("prompt"))) if x
        )
        files = tuple(self._files(own, aside))
        raw = mapping(_json(row.get("response_json")))
        self._tools(own, aside)
        self._put(messages, f"{own} system", Passed(system or None), at)
        if words or files or not any(isinstance(m.content, Sent) for m in messages):
            self._put(messages, f"{own} prompt", Sent(words, files), at)
        segments = (
            Segment("reasoning", text(row.get("reasoning"))),
            Segment("answer", text(row.get("response"))),
        )
        model = (
            identifier(row.get("resolved_model"))
            or identifier(raw.get("model"))
            or identifier(row.get("model"))
        )
        self._put(messages, own, Said(segments, model, usage=_usage(row), timing=_timing(row)), at)

    def _put(self, messages: list[Message], own: str, content: Sent | Said | Passed, at: float) -> None:
        messages.append(Message(own, messages[-1].id if messages else None, content, at))

    def _fragments(self, table: str, response: str) -> list[str]:
        if not (
            self._has(table, "response_id", "fragment_id", "order") and self._has("fragments", "content")
        ):
            return []
        select = " ".join(
            (
                "SELECT f.content FROM",
                table,
                "t JOIN fragments f ON f.id = t.fragment_id WHERE t.response_id = ?",
            )
        )
        return [text(row["content"]) for row in self._rows(f'{select} ORDER BY t."order"', response)]

    def _tools(self, response: str, aside: Aside) -> None:
        for table in ("tool_calls", "tool_results"):
            if self._has(table, "response_id"):
                select = " ".join(("SELECT 1 FROM", table, "WHERE response_id = ?"))
                for _ in self._rows(select, response):
                    aside.lack("tool")

    def _files(self, response: str, aside: Aside) -> Iterator[Attachment]:
        if not self._has("prompt_attachments", "response_id", "attachment_id", "order"):
            return
        select = (
            "SELECT a.id, a.type, a.path, a.url, a.content FROM prompt_attachments p JOIN attachments a"
            ' ON a.id = p.attachment_id WHERE p.response_id = ? ORDER BY p."order"'
        )
        for row in self._rows(select, response):
            yield from _file(row, aside)

    # --- from 0.32 on: messages that stand in a tree, and turns that say which of them one call of a model gave

    def _grown(self, key: str, before: list[Message], aside: Aside) -> list[Message]:
        """The messages of a thread. `before` are those of its earlier days, which its history repeats: they keep their ids."""
        turns = self._rows(_TURN, key)
        if not turns:
            return before
        rows: dict[object, dict[str, Any]] = {}
        given: dict[object, tuple[dict[str, Any], bool]] = {}
        for turn in turns:
            own = self._chain(turn["tip_message_hash"], turn["parent_message_hash"], rows)
            self._chain(turn["parent_message_hash"], None, rows)
            given |= {one: (turn, one == turn["tip_message_hash"]) for one in own}
        messages = {one: self._message(row, *given.get(one, ({}, False)), aside) for one, row in rows.items()}
        names = _same(messages, before)
        new = (m for m in messages.values() if m.id not in names)
        return [*before, *(replace(m, parent=names.get(m.parent or "", m.parent)) for m in new)]

    def _chain(self, tip: object, parent: object, rows: dict[object, dict[str, Any]]) -> list[object]:
        """The messages from behind `parent` up to `tip`, put into `rows`; it ends where they are known already."""
        chain: list[object] = []
        while tip is not None and tip != parent and tip not in rows:
            found_rows = self._rows(
                "SELECT hash, parent_hash, role FROM messages WHERE hash = ?", tip, most=1
            )
            if not found_rows:
                break
            if len(rows) >= MOST_MESSAGES:
                raise Refusal("messages", most=f"{MOST_MESSAGES:,}")
            rows[tip] = found_rows[0]
            chain.append(tip)
            tip = found_rows[0]["parent_hash"]
        return chain

    def _message(self, row: Mapping[str, Any], turn: Mapping[str, Any], last: bool, aside: Aside) -> Message:
        """A message of the tree; what is told of a call belongs to the last message that it gave."""
        parts = self._parts(row["hash"])
        at = when(turn.get("datetime_utc"))
        content: Sent | Said | Passed = Passed()
        match identifier(row["role"]):
            case "system":
                content = Passed(self._words(parts, aside) or None)
            case "user":
                words, files = self._words(parts, aside), tuple(self._part_files(parts, aside))
                content = Sent(words, files) if words or files else Passed()
            case "assistant":
                model = identifier(turn.get("resolved_model")) or identifier(turn.get("model"))
                usage, timing = (_usage(turn), _timing(turn)) if last else (None, Timing())
                content = Said(tuple(self._segments(parts, aside)), model, usage=usage, timing=timing)
            case _:
                self._words(parts, aside)
        return Message(identifier(row["hash"]), identifier(row["parent_hash"]) or None, content, at)

    def _parts(self, message: object) -> list[dict[str, Any]]:
        rows = self._rows(
            "SELECT id, type, text, payload FROM parts WHERE message_hash = ? ORDER BY position", message
        )
        return [{**row, "payload": mapping(_json(row["payload"]))} for row in rows]

    def _words(self, parts: Sequence[Mapping[str, Any]], aside: Aside) -> str:
        for part in parts:
            if part["type"] in ("tool_call", "tool_result"):
                aside.lack("tool")
        return "".join(self._text(part) for part in parts if part["type"] == "text")

    def _segments(self, parts: Sequence[Mapping[str, Any]], aside: Aside) -> Iterator[Segment]:
        for part in parts:
            match part["type"]:
                case "text":
                    yield Segment("answer", self._text(part))
                case "reasoning":
                    yield Segment("reasoning", self._text(part))
                case "attachment":
                    aside.lack("made")
                case _:
                    aside.lack("tool")

    def _text(self, part: Mapping[str, Any]) -> str:
        """The text of a part; what it borrows from fragments is put in again."""
        if part["text"] is not None:
            return text(part["text"])
        told = []
        for piece in map(mapping, items(part["payload"].get("text_ref"))):
            fragment = count(piece.get("fragment"))
            if fragment is not None and self._has("fragments", "id", "content"):
                rows = self._rows("SELECT content FROM fragments WHERE id = ?", fragment, most=1)
                told += [text(row["content"]) for row in rows]
            told.append(text(piece.get("literal")))
        return text("".join(told))

    def _part_files(self, parts: Sequence[Mapping[str, Any]], aside: Aside) -> Iterator[Attachment]:
        if not self._has("part_attachments", "part_id", "attachment_id", "order"):
            return
        select = (
            "SELECT a.id, a.type, a.path, a.url, a.content FROM part_attachments p JOIN attachments a"
            ' ON a.id = p.attachment_id WHERE p.part_id = ? ORDER BY p."order"'
        )
        for part in parts:
            if part["type"] == "attachment":
                for row in self._rows(select, part["id"]):
                    yield from _file(row, aside)


def _same(messages: Mapping[object, Message], before: Sequence[Message]) -> dict[str, str]:
    """Which messages of a tree repeat earlier ones, from its beginning on: the ids of those, by the ids in the tree."""
    children: dict[str | None, list[Message]] = {}
    for message in messages.values():
        children.setdefault(message.parent, []).append(message)
    names: dict[str, str] = {}
    at: str | None = None
    for old in before:
        if isinstance(old.content, Passed):
            continue
        following = [m for m in children.get(at, ()) if not isinstance(m.content, Passed)]
        following += [
            m for p in children.get(at, ()) if isinstance(p.content, Passed) for m in children.get(p.id, ())
        ]
        same = next((m for m in following if _words_of(m) == _words_of(old)), None)
        if same is None:
            break
        names[same.id] = old.id
        at = same.id
    return names


def _words_of(message: Message) -> tuple[bool, str]:
    match message.content:
        case Sent(words):
            return True, words.strip()
        case Said(segments):
            return False, "".join(s.text for s in segments if s.kind == "answer").strip()
        case Passed():
            return False, ""


def _file(row: Mapping[str, Any], aside: Aside) -> Iterator[Attachment]:
    """A file whose content stands in the logs; of one that was named by a path or an address, nothing more is known."""
    content = row["content"]
    name = identifier(row["path"]).replace("\\", "/").rsplit("/", 1)[-1]
    if not isinstance(content, bytes) or not content:
        aside.lack("file", name or identifier(row["url"]) or identifier(row["id"]))
        return
    kind = media_type_of(content) or identifier(row["type"]) or "application/octet-stream"
    made = aside.attach(name or hashlib.sha256(content).hexdigest()[:12], content, kind)
    if made is not None:
        yield made


def _json(value: object) -> object:
    if not isinstance(value, str) or len(value) > LARGEST_ITEM:
        return None
    try:
        return decoded(value.encode("utf-8", "surrogatepass"))
    except Refusal:
        return None


def _usage(row: Mapping[str, Any]) -> Usage | None:
    prompt, output = count(row.get("input_tokens")), count(row.get("output_tokens"))
    if prompt is None and output is None:
        return None
    return Usage(prompt=prompt, output_total=output, raw=text(row.get("token_details")))


def _timing(row: Mapping[str, Any]) -> Timing:
    milliseconds = number(row.get("duration_ms"))
    return Timing(done=None if milliseconds is None or milliseconds < 0 else milliseconds / 1000)
