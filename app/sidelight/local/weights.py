"""Model files for the embedded engine: which there are, which lie on this disk, and fetching one from its hub.

Not the engine, and no trust in where bytes come from: a file counts only when its SHA-256 is the one of the catalogue.
A marker beside the file remembers that it was checked (name, size, time of change, sum), so that a start hashes nothing.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from sidelight.local.memory import disk_free, gigabytes
from sidelight.net.client import Clocks, Http, Response
from sidelight.net.errors import NetError
from sidelight.paths import resource

__all__ = [
    "HUB",
    "Installed",
    "Weights",
    "WeightsError",
    "WeightsFolder",
    "catalogue",
    "is_verified",
    "mark_verified",
    "sha256_of",
]

HUB = "https://huggingface.co"
_BLOCK = 1 << 18
_SPARE = 64_000_000
"""Bytes of disk that are left alone."""
_TRIES = 4
"""Attempts in a row that bring no byte before a fetch is given up."""
_REDIRECTS = 5
_CLOCKS = Clocks(first_payload=60.0, silence=60.0)


@dataclass(frozen=True, slots=True)
class Weights:
    """An entry of the catalogue. `bytes` and `sha256` are those of the whole file; `hub` is its repository or None.

    `shape` is what its head will say, by the names of `models.metadata.LocalMetadata`; empty where nobody has looked.
    """

    id: str
    title: str
    file: str
    bytes: int
    sha256: str
    licence: str
    hub: str | None
    use: str
    shape: Mapping[str, int] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Installed:
    """A model file that can be run now. `id` is that of the catalogue, or "file:" and the path of a person's own."""

    id: str
    title: str
    path: Path
    bytes: int


class WeightsError(Exception):
    """Weights could not be had. `code` names a sentence of `messages`, `params` fill it (sizes in gigabytes)."""

    def __init__(self, code: str, **params: str | int | float) -> None:
        super().__init__(code, params)
        self.code = code
        self.params: Mapping[str, str | int | float] = params


def catalogue() -> tuple[Weights, ...]:
    """The weights whose sum is known, in the order of the catalogue. Only those with a `hub` can be fetched by the app."""
    entries = json.loads(resource("local_models.json").read_text("utf-8"))["models"]
    names = ("id", "title", "file", "bytes", "sha256", "licence", "hub", "use")
    return tuple(
        Weights(**{name: entry[name] for name in names}, shape=entry.get("shape", {}))
        for entry in entries
        if entry["sha256"]
    )


class WeightsFolder:
    """The folder of fetched weights, beside the model files a person named (`own`), which always come first."""

    def __init__(self, folder: Path, own: Sequence[Path] = (), *, hub: str = HUB, pause: float = 1.0) -> None:
        """`pause` is how many seconds a fetch waits after its connection was cut; it doubles with each try in vain."""
        self._folder = folder
        self._own = tuple(own)
        self._hub = hub
        self._pause = pause

    def installed(self) -> tuple[Installed, ...]:
        """What can be run now. Reads no weights: a few calls of stat and small marker files."""
        own = [
            Installed(f"file:{path}", path.stem, path, path.stat().st_size)
            for path in self._own
            if path.is_file()
        ]
        fetched = [
            Installed(weights.id, weights.title, path, weights.bytes)
            for weights in catalogue()
            if is_verified(path := self._folder / weights.file, weights.sha256)
        ]
        return (*own, *fetched)

    async def fetch(self, http: Http, weights: Weights, progress: Callable[[int, int], None]) -> Path:
        """Bring a file of the catalogue here and check it; goes on where an earlier attempt stopped.

        `progress` is told bytes done and bytes in all. Cancelling keeps what has come. Raises WeightsError.
        """
        path = self._folder / weights.file
        if await asyncio.to_thread(_accept, path, weights):
            progress(weights.bytes, weights.bytes)
            return path
        if weights.hub is None:
            raise WeightsError("local.no_hub", title=weights.title)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        try:
            with _exclusive(part, weights) as file, ThreadPoolExecutor(1, "weights") as thread:
                download = _Download(http, weights, f"{self._hub}/{weights.hub}", file, thread, progress)
                await download.resume()
                _require_disk(self._folder, weights.bytes - download.done)
                await download.run(self._pause)
            if not download.is_right:
                part.unlink()
                raise WeightsError("local.wrong_sum", title=weights.title)
            await asyncio.to_thread(_install, part, path, weights.sha256)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise _disk_full(self._folder, weights.bytes) from error
            raise WeightsError("local.disk_failed", reason=error.strerror or str(error)) from error
        return path


class _Download:
    """One file on its way: `done` bytes of it are on disk and in the running sum. Disk and sum belong to `thread`."""

    def __init__(
        self,
        http: Http,
        weights: Weights,
        repository: str,
        file: BinaryIO,
        thread: ThreadPoolExecutor,
        progress: Callable[[int, int], None],
    ) -> None:
        self.done = 0
        self._http = http
        self._weights = weights
        self._url = f"{repository}/resolve/main/{weights.file}"
        self._file = file
        self._thread = thread
        self._progress = progress
        self._sum = hashlib.sha256()

    @property
    def is_right(self) -> bool:
        """All bytes came and their sum is that of the catalogue."""
        return self.done == self._weights.bytes and self._sum.hexdigest() == self._weights.sha256

    async def resume(self) -> None:
        """Take what an earlier attempt left; a file that is too long is begun anew."""
        while await self._in_thread(self._read_back):
            pass
        if self.done > self._weights.bytes:
            await self._in_thread(self._restart)
        self._progress(self.done, self._weights.bytes)

    async def run(self, pause: float) -> None:
        """Ask until all is here. A cut connection is taken up again, as long as each few tries bring something."""
        began, in_vain = self.done, 0
        while self.done < self._weights.bytes:
            before = self.done
            try:
                await self._ask()
            except NetError as error:
                in_vain = 0 if self.done > before else in_vain + 1
                if error.kind == "redirect" or self.done == began or in_vain == _TRIES:
                    raise WeightsError("local.fetch_failed", kind=error.kind, reason=error.message) from error
            else:
                in_vain = 0 if self.done > before else in_vain + 1
                if in_vain == _TRIES:
                    raise WeightsError("local.fetch_failed", kind="cut", reason="")
            if self.done < self._weights.bytes:
                await asyncio.sleep(pause * 2**in_vain)

    async def _ask(self) -> None:
        """One request, through the hub's redirects. They are followed here, in the open: no header but Range is sent."""
        url = self._url
        for _ in range(_REDIRECTS + 1):
            headers = {"Range": f"bytes={self.done}-"}
            try:
                async with self._http.stream("GET", url, headers=headers, clocks=_CLOCKS) as response:
                    await self._take(response)
                    return
            except NetError as error:
                if error.kind != "redirect" or not self._may_follow(error.location):
                    raise
                url = error.location
        raise NetError("redirect", urlsplit(url).hostname or "")

    def _may_follow(self, url: str) -> bool:
        """To https only; a hub without TLS (a mirror in the house) may redirect within its own host."""
        hub, target = urlsplit(self._url), urlsplit(url)
        return target.scheme == "https" or (
            hub.scheme == target.scheme == "http" and hub.hostname == target.hostname
        )

    async def _take(self, response: Response) -> None:
        if response.status == 200:
            await self._in_thread(self._restart)
        elif response.status != 206 or not response.header("content-range").startswith(f"bytes {self.done}-"):
            raise WeightsError("local.hub_status", status=response.status)
        held = bytearray()
        try:
            async for chunk in response.chunks():
                response.payload_seen()
                held += chunk
                if len(held) >= _BLOCK:
                    block = bytes(held)
                    held.clear()
                    await self._in_thread(self._store, block)
                    self._progress(self.done, self._weights.bytes)
                if self.done > self._weights.bytes:
                    return
        finally:
            # Also when cancelled: what has come is kept. Waits for one short write at most.
            self._thread.submit(self._store, bytes(held)).result()
            self._progress(self.done, self._weights.bytes)

    async def _in_thread(self, job: Callable[..., bool], *arguments: object) -> bool:
        # Shielded: a block that was handed over must be written, or the next one would stand in its place.
        return await asyncio.shield(asyncio.wrap_future(self._thread.submit(job, *arguments)))

    def _read_back(self) -> bool:
        """Some more of what is on disk, False at its end; in pieces, since leaving waits for the thread."""
        block = self._file.read(16 * _BLOCK)
        self._sum.update(block)
        self.done += len(block)
        return bool(block)

    def _restart(self) -> bool:
        self._file.seek(0)
        self._file.truncate()
        self._sum = hashlib.sha256()
        self.done = 0
        return True

    def _store(self, block: bytes) -> bool:
        rest = memoryview(block)
        while rest:
            rest = rest[self._file.write(rest) :]
        self._sum.update(block)
        self.done += len(block)
        return True


def sha256_of(path: Path) -> str:
    """The sum of a file, in hexadecimal. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def mark_verified(path: Path, sha256: str) -> None:
    """Remember beside the file that its sum was found to be this one. Raises OSError."""
    _marker(path).write_text(json.dumps(_fingerprint(path, sha256)), "utf-8")


def is_verified(path: Path, sha256: str) -> bool:
    """Whether the file was found to have this sum and has not changed since, going by name, size and time of change."""
    try:
        known = json.loads(_marker(path).read_text("utf-8"))
        return bool(known == _fingerprint(path, sha256))
    except (OSError, ValueError):
        return False


def _marker(path: Path) -> Path:
    return path.with_name(path.name + ".verified")


def _fingerprint(path: Path, sha256: str) -> dict[str, str | int]:
    facts = path.stat()
    return {"name": path.name, "bytes": facts.st_size, "changed_ns": facts.st_mtime_ns, "sha256": sha256}


def _accept(path: Path, weights: Weights) -> bool:
    """Whether the whole file is there and right. One that is wrong is removed: nothing may run it."""
    if not path.is_file():
        return False
    if is_verified(path, weights.sha256):
        return True
    if path.stat().st_size != weights.bytes or sha256_of(path) != weights.sha256:
        path.unlink()
        return False
    mark_verified(path, weights.sha256)
    return True


def _install(part: Path, path: Path, sha256: str) -> None:
    with part.open("r+b") as file:
        os.fsync(file.fileno())
    part.replace(path)
    mark_verified(path, sha256)


def _require_disk(folder: Path, needed: int) -> None:
    if disk_free(folder) < needed + _SPARE:
        raise _disk_full(folder, needed)


def _disk_full(folder: Path, needed: int) -> WeightsError:
    free = gigabytes(disk_free(folder))
    return WeightsError("local.disk_full", needed=gigabytes(needed + _SPARE), free=free, folder=str(folder))


@contextmanager
def _exclusive(path: Path, weights: Weights) -> Iterator[BinaryIO]:
    """The unfinished file, open for one fetch of one process; a second one would mix up their bytes."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0) as file:
        try:
            if sys.platform == "win32":
                import msvcrt

                file.seek(1 << 40)
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
                file.seek(0)
            else:
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise WeightsError("local.fetch_running", title=weights.title) from error
        yield file
