"""What went over the wire for a reply: the request with its keys masked, and the answer's bytes. One row a reply.

Not the journal (that keeps events) and not the masking (the engine hands in what may be kept). Bytes are compressed by zlib;
a row whose checksum does not fit is "corrupt".
"""

from __future__ import annotations

import sqlite3
import zlib
from dataclasses import dataclass

import msgspec

from sidelight.store.codec import checksum
from sidelight.store.errors import StoreError

__all__ = ["Recorded", "read", "write"]


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request and its answer. `headers` have their keys masked; `stream` is the answer's body compressed by zlib.

    `whole`: all of the body is there; else its beginning, as far as the cap went.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: str
    stream: bytes
    whole: bool = True

    def unpacked(self) -> bytes:
        """The answer's body as it came. Raises StoreError "corrupt"."""
        try:
            return zlib.decompress(self.stream) if self.stream else b""
        except zlib.error as error:
            raise StoreError("corrupt", reason=f"recorded stream: {error}") from error


class _Request(msgspec.Struct, frozen=True):
    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: str


def write(con: sqlite3.Connection, reply_id: str, recorded: Recorded) -> None:
    """Keep what a reply's last request and answer were. Raises StoreError "refused" where the reply is gone."""
    found = con.execute("SELECT number FROM replies WHERE id = ?", (reply_id,)).fetchone()
    if found is None:
        raise StoreError("refused", reason=f"no reply {reply_id}")
    request = _Request(recorded.method, recorded.url, recorded.headers, recorded.body)
    row = (found[0], zlib.compress(msgspec.json.encode(request)), recorded.stream, int(recorded.whole))
    con.execute(
        "INSERT OR REPLACE INTO exchanges (reply, request, stream, whole, checksum) VALUES (?, ?, ?, ?, ?)",
        (*row, checksum(row)),
    )


def read(con: sqlite3.Connection, reply_id: str) -> Recorded | None:
    """What went over the wire for a reply, None where nothing is kept. Raises StoreError "corrupt"."""
    row = con.execute(
        "SELECT e.reply, e.request, e.stream, e.whole, e.checksum FROM replies r JOIN exchanges e ON e.reply = r.number"
        " WHERE r.id = ?",
        (reply_id,),
    ).fetchone()
    if row is None:
        return None
    *content, stored = row
    try:
        if checksum(content) != stored:
            raise ValueError("its checksum does not fit")
        request = msgspec.json.decode(zlib.decompress(content[1]), type=_Request)
    except (ValueError, zlib.error) as error:
        raise StoreError("corrupt", reason=f"exchange of reply {reply_id}: {error}") from error
    return Recorded(request.method, request.url, request.headers, request.body, content[2], bool(content[3]))
