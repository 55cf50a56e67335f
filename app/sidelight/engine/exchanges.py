"""What goes over the wire for a reply, watched while it goes: the last request and the answer's bytes, with keys masked.

Not the events (`recorder`). Bytes are compressed as they come, a block of whole lines at a time, since a key that a server
echoes stands within one line. On the network's loop; a stream that is killed with the process leaves no recording.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping

from sidelight.backends.base import Prepared
from sidelight.secrets import MASK, Secret
from sidelight.store.exchanges import Recorded

__all__ = ["STREAM_CAP", "InMemory", "Watch"]

STREAM_CAP = 16_000_000
"""Bytes of an answer that are kept, before compression."""
_BLOCK = 64_000
_LEVEL = 3
_IN_MEMORY = 64


class Watch:
    """One reply's `Exchange`."""

    def __init__(self, redact: Callable[[str], str], files: Mapping[str, bytes] | None = None) -> None:
        """`redact` masks every key in sight. `files` are attachments by digest: they are stored once, not in each request."""
        self._redact = redact
        self._files = files or {}
        self._hurry = asyncio.Event()
        self._prepared: Prepared | None = None
        self._begin()

    def _begin(self) -> None:
        self._pending = bytearray()
        self._packer = zlib.compressobj(_LEVEL)
        self._packed: list[bytes] = []
        self._size = 0

    def sent(self, prepared: Prepared) -> None:
        """A request leaves: what was kept of the one before is dropped."""
        self._prepared = prepared
        self._hurry.clear()
        self._begin()

    def received(self, data: bytes) -> None:
        """Keep bytes of the answer, as far as the cap goes."""
        room = max(0, STREAM_CAP - self._size)
        self._size += len(data)
        self._pending += data[:room]
        if len(self._pending) >= _BLOCK:
            end = self._pending.rfind(b"\n") + 1 or len(self._pending)
            self._pack(end)

    async def wait(self, seconds: float) -> None:
        """Wait, unless the person does not want to."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._hurry.wait()

    def hurry(self) -> None:
        """End a wait now."""
        self._hurry.set()

    def recorded(self) -> Recorded | None:
        """What is kept; None where nothing was sent. Call once, at the end."""
        if self._prepared is None:
            return None
        prepared = self._prepared
        self._pack(len(self._pending))
        stream = b"".join((*self._packed, self._packer.flush()))
        headers = tuple(
            (name, MASK if isinstance(value, Secret) else self._redact(value))
            for name, value in prepared.headers
        )
        return Recorded(
            prepared.method,
            self._redact(prepared.url),
            headers,
            self._redact(self._without_files(prepared.body)),
            stream if self._size else b"",
            whole=self._size <= STREAM_CAP,
        )

    def _without_files(self, body: str) -> str:
        for digest, content in self._files.items():
            body = body.replace(base64.b64encode(content).decode(), f"<base64 of the file {digest}>")
        return body

    def _pack(self, end: int) -> None:
        """Compress the pending bytes up to `end`. Latin-1 gives each byte a character and takes it back."""
        text = self._redact(self._pending[:end].decode("latin-1"))
        del self._pending[:end]
        self._packed.append(self._packer.compress(text.encode("latin-1")))


class InMemory:
    """Recordings of replies that are not on disk yet, or never will be; the newest 64."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Recorded] = OrderedDict()

    def keep(self, reply_id: str, recorded: Recorded) -> None:
        """Keep one, forget the oldest beyond the number."""
        self._kept[reply_id] = recorded
        while len(self._kept) > _IN_MEMORY:
            self._kept.popitem(last=False)

    def drop(self, reply_id: str) -> None:
        """Forget one."""
        self._kept.pop(reply_id, None)

    def get(self, reply_id: str) -> Recorded | None:
        """The recording of a reply."""
        return self._kept.get(reply_id)
