"""Fetching weights from a real server on loopback: resumed, redirected, cancelled, refused."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import os
import re
import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sidelight.local.weights import Weights, WeightsError, WeightsFolder, catalogue, is_verified
from sidelight.net.client import Http

CONTENT = os.urandom(1 << 20) + b"the end"
WEIGHTS = Weights(
    id="small",
    title="Small",
    file="small.gguf",
    bytes=len(CONTENT),
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    licence="MIT",
    hub="someone/small",
    use="tests",
)


@dataclass
class Hub:
    """A server of one file. `cut` ends each connection after so many bytes of body; `asked` is what came."""

    content: bytes = CONTENT
    ranges: bool = True
    status: int = 0
    redirect: str = ""
    cut: int = 0
    slow: float = 0.0
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    url: str = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
            path = head[0].split()[1]
            self.asked.append((path, headers))
            if self.redirect and path.endswith("resolve/main/small.gguf"):
                writer.write(
                    f"HTTP/1.1 302 Found\r\nLocation: {self.redirect}\r\nContent-Length: 0\r\n\r\n".encode()
                )
            else:
                await self._body(writer, int(headers.get("range", "bytes=0-")[6:-1]))
            await writer.drain()
        writer.close()

    async def _body(self, writer: asyncio.StreamWriter, start: int) -> None:
        if self.status:
            writer.write(f"HTTP/1.1 {self.status} No\r\nContent-Length: 0\r\n\r\n".encode())
            return
        total = len(self.content)
        start = start if self.ranges else 0
        status = (
            f"206 Partial Content\r\nContent-Range: bytes {start}-{total - 1}/{total}"
            if self.ranges
            else "200 OK"
        )
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {total - start}\r\n\r\n".encode())
        body = self.content[start : start + self.cut] if self.cut else self.content[start:]
        for at in range(0, len(body), 50_000):
            writer.write(body[at : at + 50_000])
            await writer.drain()
            await asyncio.sleep(self.slow)


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    hub = Hub()
    async with await asyncio.start_server(hub.answer, "127.0.0.1", 0) as server:
        hub.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield hub


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    http = Http()
    yield http
    await http.aclose()


class Folder:
    """A folder of weights with what its fetches reported."""

    def __init__(self, path: Path, http: Http, hub: Hub) -> None:
        self.path = path
        self.weights = WeightsFolder(path, hub=hub.url, pause=0.01)
        self.seen: list[tuple[int, int]] = []
        self._http = http
        self._news = asyncio.Event()

    async def fetch(self, weights: Weights = WEIGHTS) -> Path:
        return await self.weights.fetch(self._http, weights, self._progress)

    async def until_more_than(self, done: int) -> None:
        """Wait until a fetch has reported more than so many bytes."""
        while not self.seen or self.seen[-1][0] <= done:
            self._news.clear()
            await self._news.wait()

    def _progress(self, *counts: int) -> None:
        self.seen.append((counts[0], counts[1]))
        self._news.set()

    @property
    def part(self) -> Path:
        return self.path / "small.gguf.part"

    def names(self) -> set[str]:
        return {path.name for path in self.path.iterdir()} if self.path.exists() else set()


@pytest.fixture
def folder(tmp_path: Path, http: Http, hub: Hub) -> Folder:
    return Folder(tmp_path / "weights", http, hub)


def read(path: Path) -> bytes:
    return path.read_bytes()


async def test_a_file_is_fetched_checked_and_remembered(folder: Folder, hub: Hub) -> None:
    path = await folder.fetch()
    assert read(path) == CONTENT
    assert folder.names() == {"small.gguf", "small.gguf.verified"}
    assert is_verified(path, WEIGHTS.sha256)
    assert folder.seen[0] == (0, len(CONTENT))
    assert folder.seen[-1] == (len(CONTENT), len(CONTENT))
    assert folder.seen == sorted(folder.seen)
    ((where, headers),) = hub.asked
    assert where == "/someone/small/resolve/main/small.gguf"
    assert headers["range"] == "bytes=0-"
    assert not {"authorization", "cookie"} & headers.keys()
    await folder.fetch()
    assert len(hub.asked) == 1
    if os.name == "posix":
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_cut_connections_are_taken_up_where_they_broke(folder: Folder, hub: Hub) -> None:
    hub.cut = 300_000
    assert read(await folder.fetch()) == CONTENT
    starts = [int(re.findall(r"\d+", headers["range"])[0]) for _, headers in hub.asked]
    assert starts == [0, 300_000, 600_000, 900_000]


async def test_a_server_without_ranges_begins_anew(folder: Folder, hub: Hub) -> None:
    folder.path.mkdir()
    folder.part.write_bytes(b"x" * 1000)
    hub.ranges = False
    assert read(await folder.fetch()) == CONTENT


async def test_a_cancelled_fetch_keeps_what_came_and_goes_on_later(folder: Folder, hub: Hub) -> None:
    hub.slow = 0.02
    task = asyncio.create_task(folder.fetch())
    await folder.until_more_than(200_000)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    kept = read(folder.part)
    assert len(kept) > 200_000
    assert kept == CONTENT[: len(kept)]
    hub.slow = 0
    assert read(await folder.fetch()) == CONTENT
    assert hub.asked[-1][1]["range"] == f"bytes={len(kept)}-"


async def test_a_wrong_sum_is_refused_and_the_file_removed(folder: Folder, hub: Hub) -> None:
    hub.content = CONTENT[:-1] + b"!"
    with pytest.raises(WeightsError) as caught:
        await folder.fetch()
    assert (caught.value.code, caught.value.params) == ("local.wrong_sum", {"title": "Small"})
    assert folder.names() == set()


async def test_a_server_that_sends_too_much_is_not_read_to_the_end(folder: Folder, hub: Hub) -> None:
    hub.content = CONTENT + os.urandom(20_000_000)
    with pytest.raises(WeightsError) as caught:
        await folder.fetch()
    assert caught.value.code == "local.wrong_sum"
    assert folder.seen[-1][0] < 4_000_000
    assert folder.names() == set()


async def test_a_full_disk_is_told_with_the_numbers_before_anything_is_asked(
    folder: Folder, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sidelight.local.weights.disk_free", lambda _: 300_000_000)
    with pytest.raises(WeightsError) as caught:
        await folder.fetch(catalogue()[1])
    params = {"needed": 0.6, "free": 0.3, "folder": str(folder.path)}
    assert (caught.value.code, caught.value.params) == ("local.disk_full", params)
    assert hub.asked == []


async def test_a_disk_that_fills_up_meanwhile(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def store(_download: object, _block: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("sidelight.local.weights._Download._store", store)
    with pytest.raises(WeightsError) as caught:
        await folder.fetch()
    assert caught.value.code == "local.disk_full"


async def test_a_redirect_is_followed_within_the_house_without_credentials(folder: Folder, hub: Hub) -> None:
    hub.redirect = f"{hub.url}/store/small?signature=abc"
    assert read(await folder.fetch()) == CONTENT
    assert [path for path, _ in hub.asked] == [
        "/someone/small/resolve/main/small.gguf",
        "/store/small?signature=abc",
    ]


@pytest.mark.parametrize(
    "target", ["http://elsewhere.example/small", "file:///etc/passwd", "/x/resolve/main/small.gguf"]
)
async def test_other_redirects_are_refused(folder: Folder, hub: Hub, target: str) -> None:
    """To a host without TLS, to something that is no web address, and round and round."""
    hub.redirect = target
    with pytest.raises(WeightsError) as caught:
        await folder.fetch()
    assert caught.value.code == "local.fetch_failed"
    assert caught.value.params["kind"] == "redirect"
    assert len(hub.asked) <= 6


@pytest.mark.parametrize("status", [401, 404, 416, 503])
async def test_a_hub_that_refuses(folder: Folder, hub: Hub, status: int) -> None:
    hub.status = status
    with pytest.raises(WeightsError) as caught:
        await folder.fetch()
    assert (caught.value.code, caught.value.params) == ("local.hub_status", {"status": status})


async def test_a_hub_that_is_not_there_is_told_at_once(folder: Folder, hub: Hub) -> None:
    folder.weights = WeightsFolder(folder.path, hub="http://127.0.0.1:9", pause=60)
    with pytest.raises(WeightsError) as caught:
        await folder.fetch()
    assert caught.value.params["kind"] == "refused"


async def test_a_line_that_brings_nothing_more_is_given_up(folder: Folder, hub: Hub) -> None:
    hub.cut = 300_000
    task = asyncio.create_task(folder.fetch())
    await folder.until_more_than(0)
    hub.content = CONTENT[: hub.cut]  # all that the first connection brings
    with pytest.raises(WeightsError) as caught:
        await task
    assert (caught.value.code, caught.value.params["kind"]) == ("local.fetch_failed", "cut")
    assert len(hub.asked) == 1 + 4


async def test_one_file_is_fetched_once_at_a_time(folder: Folder, hub: Hub) -> None:
    hub.slow = 0.02
    first = asyncio.create_task(folder.fetch())
    await folder.until_more_than(-1)
    with pytest.raises(WeightsError) as caught:
        await folder.fetch()
    assert caught.value.code == "local.fetch_running"
    hub.slow = 0
    assert read(await first) == CONTENT


async def test_a_whole_file_without_a_marker_is_checked_not_fetched(folder: Folder, hub: Hub) -> None:
    folder.path.mkdir()
    (folder.path / "small.gguf").write_bytes(CONTENT)
    await folder.fetch()
    assert hub.asked == []
    assert "small.gguf.verified" in folder.names()
    (folder.path / "small.gguf").write_bytes(b"changed behind our back")
    assert not is_verified(folder.path / "small.gguf", WEIGHTS.sha256)
    assert read(await folder.fetch()) == CONTENT


async def test_weights_without_a_hub_cannot_be_fetched(folder: Folder) -> None:
    fixture = next(weights for weights in catalogue() if weights.hub is None)
    with pytest.raises(WeightsError) as caught:
        await folder.fetch(fixture)
    assert caught.value.code == "local.no_hub"


def test_what_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "mine.gguf"
    own.write_bytes(b"GGUF")
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf").write_bytes(b"never checked")
    found = WeightsFolder(folder, [tmp_path / "gone.gguf", own]).installed()
    assert [(x.id, x.title, x.bytes) for x in found] == [(f"file:{own}", "mine", 4)]
    monkeypatch.setattr("sidelight.local.weights.is_verified", lambda *_: True)
    found = WeightsFolder(folder, [own]).installed()
    assert found[0].path == own
    assert [x.id for x in found[1:]] == [weights.id for weights in catalogue()]


def test_the_catalogue_is_whole() -> None:
    entries = catalogue()
    assert len({entry.id for entry in entries}) == len(entries)
    for entry in entries:
        assert re.fullmatch(r"[0-9a-f]{64}", entry.sha256)
        assert re.fullmatch(r"[\w.-]+\.gguf", entry.file)
        assert entry.bytes > 0
        assert entry.hub is None or re.fullmatch(r"[\w.-]+/[\w.-]+", entry.hub)
        assert entry.title
        assert entry.licence
        assert entry.use
