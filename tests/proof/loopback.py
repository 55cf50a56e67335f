"""A model server on 127.0.0.1 that streams text known beforehand, at a given speed, to as many clients as come.

It behaves well: the one that misbehaves is `tests/faults/server.py`. What it says is a pure function of what it was asked,
so that whoever knows the question knows the whole answer. It keeps when it wrote how much, in monotonic seconds, which
all processes of a machine share.

    with Loopback(lambda asked: Talk("thinking", "answer", rate=1200)) as server:
        ... server.url ... server.asked ... server.written["model", "prompt"]
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

__all__ = ["LANES", "Asked", "Key", "Loopback", "Talk", "prose"]

LANES = 8
Key = tuple[str, str]
"""Model and last prompt: what tells one reply from all others where prompts are unique."""

_WORDS = (
    *("so", "the", "sum", "of", "both", "angles", "is", "fixed", "hence", "wait", "check", "again", "x = 3"),
    *("naïve", "größer", "Füße", "où", "思考", "一步", "推理", "ответ", "да", "δ", "√2", "🙂", "👩‍🚀", "é́"),
)
_AT_ONCE = 64
"""Pieces written in one go where no rate is asked for."""


def prose(seed: str, characters: int) -> str:
    """So many characters of words from several scripts, the same for the same seed."""
    chance = random.Random(seed)
    words = [f"{seed} says:"]
    size = len(words[0])
    while size < characters:
        word = chance.choice(_WORDS) + chance.choice((".\n\n", ", ", *(" ",) * 8))
        words.append(word)
        size += len(word) + 1
    return " ".join(words)[:characters]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `messages` are (role, text)."""

    model: str
    messages: tuple[tuple[str, str], ...]

    @property
    def prompt(self) -> str:
        """The last message of the person."""
        return next(text for role, text in reversed(self.messages) if role == "user")

    @property
    def key(self) -> Key:
        """Model and prompt."""
        return self.model, self.prompt


@dataclass(frozen=True, slots=True)
class Talk:
    """What is answered: a trace, then an answer, `rate` characters a second in pieces of `piece`; 0 is at once."""

    trace: str
    answer: str
    rate: float = 0.0
    piece: int = 6

    def deltas(self) -> Iterator[tuple[str, str]]:
        """(field of the delta, its text)."""
        for field, text in (("reasoning_content", self.trace), ("content", self.answer)):
            for start in range(0, len(text), self.piece):
                yield field, text[start : start + self.piece]


class Loopback:
    """Serves while the `with` block lasts, in a thread of its own."""

    def __init__(self, talk: Callable[[Asked], Talk]) -> None:
        self.asked: list[Asked] = []
        self.written: dict[Key, list[tuple[float, int]]] = {}
        """For each reply: when, and how many characters of it had then been written in all."""
        self.hurry = threading.Event()
        """Set, it makes every talk go on as fast as the client reads."""
        self.port = 0
        self._talk = talk
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: asyncio.Event | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live()), name="loopback")

    @property
    def url(self) -> str:
        """The address to be put into settings."""
        return f"http://127.0.0.1:{self.port}/v1"

    def sent(self, key: Key) -> int:
        """Characters of a reply that were written so far."""
        times = self.written.get(key)
        return times[-1][1] if times else 0

    def __enter__(self) -> Loopback:
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError("the server did not start")
        return self

    def __exit__(self, *exc: object) -> None:
        if self._loop is not None and self._end is not None:
            self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)

    async def _live(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=256)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._end.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                body = await reader.readexactly(_length(head))
                if head.startswith(b"GET"):
                    _write_models(writer)
                else:
                    await self._stream(writer, _asked(body))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client closed, or was killed
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _stream(self, writer: asyncio.StreamWriter, asked: Asked) -> None:
        self.asked.append(asked)
        written = self.written.setdefault(asked.key, [])
        talk = self._talk(asked)
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        start, characters = time.monotonic(), 0
        for number, (field, text) in enumerate(talk.deltas()):
            if talk.rate and not self.hurry.is_set():
                await asyncio.sleep(max(0.0, start + characters / talk.rate - time.monotonic()))
            elif number % _AT_ONCE == 0:
                await asyncio.sleep(0)
            writer.write(_frame({"delta": {field: text}}))
            await writer.drain()
            characters += len(text)
            written.append((time.monotonic(), characters))
        usage = {"prompt_tokens": 9, "completion_tokens": characters // 3}
        writer.write(_frame({"delta": {}, "finish_reason": "stop"}, usage=usage))
        writer.write(_chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name == b"content-length":
            return int(value)
    return 0


def _asked(body: bytes) -> Asked:
    found = json.loads(body)
    return Asked(found["model"], tuple((m["role"], m["content"]) for m in found["messages"]))


def _write_models(writer: asyncio.StreamWriter) -> None:
    body = json.dumps({"data": [{"id": f"stream-{n}"} for n in range(LANES)]}).encode()
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))


def _frame(choice: dict[str, object], **more: object) -> bytes:
    event = {"id": "r1", "model": "served", "choices": [{"index": 0, **choice}], **more}
    return _chunk(b"data: %s\n\n" % json.dumps(event, ensure_ascii=False).encode())


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)
