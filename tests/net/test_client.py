"""`Http` against a server that misbehaves: what each fault is called, what the clocks do, what is never sent."""

from __future__ import annotations

import asyncio
import gzip
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from tests.faults.client import KEY, opened
from tests.faults.server import (
    END,
    SSE_HEAD,
    ExpectEof,
    FaultServer,
    Fin,
    HalfClose,
    Rst,
    Sleep,
    Step,
    answer,
    chunk,
    head,
    ok_sse,
)

from sidelight.net import NetError, client
from sidelight.net.client import Clocks, Http
from sidelight.settings import NetSetting

TLS = Path(__file__).parent / "tls"
QUICK = Clocks(connect=1.0, first_payload=0.4, silence=0.4)


async def read(http: Http, url: str, clocks: Clocks = QUICK, payload: bool = True) -> bytes:
    """The body as a stream; with `payload` each chunk counts as one."""
    got = b""
    async with http.stream("POST", url, body=b"{}", clocks=clocks) as response:
        async for piece in response.chunks():
            got += piece
            if payload:
                response.payload_seen()
    return got


async def fails(asked: Awaitable[object]) -> NetError:
    """The error of a request that must fail; its text never holds the key."""
    with pytest.raises(NetError) as caught:
        await asked
    assert KEY.reveal() not in str(caught.value) + repr(caught.value)
    return caught.value


async def test_a_stream_and_a_second_one_on_the_same_connection() -> None:
    with FaultServer([ok_sse(b"one", b"two"), answer(200, b"three", "X-Name: v")]) as server:
        async with opened() as http:
            assert await read(http, server.url) == b"onetwo"
            found = await http.fetch("GET", server.url + "/path?q=1")
            assert (found.status, found.body) == (200, b"three")
            assert ("x-name", "v") in found.headers
        assert server.connections == 1
        assert server.requests[1].path == "/path?q=1"


@pytest.mark.parametrize("tls", [None, TLS / "trusted.pem"], ids=["plain", "tls"])
async def test_a_burst_is_read_at_once_and_a_trickle_once_a_frame(
    tls: Path | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over TLS each step of the server is a record of its own, as a token is."""
    monkeypatch.setattr(client, "_FRAME", 0.03)
    burst: list[Step] = [chunk(b"b") for _ in range(3000)]
    trickle: list[Step] = [step for _ in range(60) for step in (chunk(b"t"), Sleep(0.002))]
    net = NetSetting(ca_file=str(tls or ""))
    with FaultServer([[SSE_HEAD, chunk(b"a"), Sleep(0.01), *burst, *trickle, END]], tls=tls) as server:
        # the usual clocks: what is asked here is how the bytes are read, whatever else the machine does
        async with opened(net) as http, http.stream("POST", server.url, body=b"{}") as response:
            began, pieces = time.monotonic(), []
            async for piece in response.chunks():
                pieces.append(piece)
                response.payload_seen()
    assert b"".join(pieces) == b"a" + b"b" * 3000 + b"t" * 60
    assert time.monotonic() - began < 20.0, "a pause for each chunk would take 90 seconds"
    assert len(pieces) < 60 + 1000, "many at once, though what the server is slow to send comes when it comes"


@pytest.mark.parametrize("payload", [False, True], ids=["before the first payload", "at the end"])
async def test_what_is_waited_for_is_read_when_it_comes(
    payload: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_FRAME", 3600.0)
    before: list[Step] = [] if payload else [chunk(b": wait\n\n"), Sleep(0.02), chunk(b"a"), Sleep(0.02)]
    with FaultServer([[SSE_HEAD, *before, chunk(b"data: 1\n\n") + END]]) as server:
        async with opened() as http:
            got = await read(http, server.url, Clocks(first_payload=60.0, silence=60.0), payload)
    assert got.endswith(b"data: 1\n\n")


async def test_what_every_request_says() -> None:
    with FaultServer([answer(200)]) as server:
        async with opened() as http:
            await http.fetch("GET", server.url, headers={"authorization": KEY, "x-api-key": KEY, "x": "y"})
    sent = server.requests[0].headers
    assert sent["accept-encoding"] == "identity"
    assert sent["user-agent"].startswith("sidelight/")
    assert sent["authorization"] == f"Bearer {KEY.reveal()}"
    assert sent["x-api-key"] == KEY.reveal()
    assert "cookie" not in sent


async def test_cookies_are_not_kept() -> None:
    with FaultServer([answer(200, b"", "set-cookie: id=1; Path=/")]) as server:
        async with opened() as http:
            await http.fetch("GET", server.url)
            await http.fetch("GET", server.url)
    assert all("cookie" not in seen.headers for seen in server.requests)


STEPS: list[tuple[str, list[Step], str]] = [
    ("reset before the first byte", [Rst()], "cut"),
    ("end before the first byte", [Fin()], "cut"),
    ("reset after the head", [SSE_HEAD, Sleep(0.05), Rst()], "cut"),
    ("reset in the middle", [SSE_HEAD, chunk(b"data: 1\n\n"), Sleep(0.05), Rst()], "cut"),
    ("end inside a chunk", [SSE_HEAD, b"ff\r\nabc", Fin()], "cut"),
    ("end before the last chunk", [SSE_HEAD, chunk(b"abc"), Fin()], "cut"),
    ("shorter than its length", [head(200, "content-length: 10"), b"abc", Fin()], "cut"),
    ("half closed, too short", [head(200, "content-length: 10"), b"abc", HalfClose(), ExpectEof()], "cut"),
    ("a bad chunk size", [SSE_HEAD, b"zz\r\nabc\r\n", ExpectEof()], "protocol"),
    ("no HTTP at all", [b"SSH-2.0-OpenSSH_9.2\r\n\r\n", ExpectEof()], "protocol"),
    ("a head without end", [b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 40_000, ExpectEof()], "protocol"),
    ("nothing for ever", [Sleep(5.0)], "timeout"),
    (
        "a head dripped",
        [step for c in b"HTTP/1.1 200 OK\r\n" * 9 for step in (bytes([c]), Sleep(0.1))],
        "timeout",
    ),
    ("nothing after the head", [SSE_HEAD, Sleep(60.0)], "timeout"),
    ("nothing after the start", [SSE_HEAD, chunk(b"abc"), Sleep(60.0)], "timeout"),
    (
        "gzip",
        [head(200, "content-encoding: gzip", "content-length: 21") + gzip.compress(b"x", mtime=0)],
        "protocol",
    ),
    (
        "two thousand codings",
        [head(200, "content-encoding: " + "gzip, " * 2000, "content-length: 0")],
        "protocol",
    ),
]


@pytest.mark.parametrize(("steps", "kind"), [s[1:] for s in STEPS], ids=[s[0] for s in STEPS])
async def test_a_fault_has_a_name(steps: list[Step], kind: str) -> None:
    with FaultServer([steps]) as server:
        async with opened() as http:
            start = time.monotonic()
            assert (await fails(read(http, server.url))).kind == kind
            assert time.monotonic() - start < 20.0, "the server is silent for a minute"


async def test_a_body_without_length_ends_with_its_connection() -> None:
    with FaultServer([[head(200), b"abc", Fin()]]) as server:
        async with opened() as http:
            assert await read(http, server.url) == b"abc"


async def test_which_clock_ran_out() -> None:
    with FaultServer([[Sleep(5.0)], [SSE_HEAD, chunk(b"x"), Sleep(5.0)]]) as server:
        async with opened() as http:
            assert (await fails(read(http, server.url))).message == "first_payload"
            assert (await fails(read(http, server.url))).message == "silence"


async def test_keepalives_feed_no_clock() -> None:
    steps: list[Step] = [SSE_HEAD]
    for _ in range(40):
        steps += [chunk(b": keep-alive\n\n"), Sleep(0.05)]
    with FaultServer([steps]) as server:
        async with opened() as http:
            assert (await fails(read(http, server.url, payload=False))).message == "first_payload"


async def test_payloads_feed_the_silence_clock() -> None:
    steps: list[Step] = [SSE_HEAD]
    for _ in range(8):
        steps += [chunk(b"x"), Sleep(0.15)]
    with FaultServer([[*steps, END]]) as server:
        async with opened() as http:
            assert await read(http, server.url) == b"x" * 8


async def test_a_clock_starts_anew_after_the_machine_slept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop's clock jumps by a minute while nothing runs, as after suspend; the stream goes on."""
    loop = asyncio.get_running_loop()
    real, jump = loop.time, [0.0]
    monkeypatch.setattr(loop, "time", lambda: real() + jump[0])
    said, awake = threading.Event(), threading.Event()

    def scenario() -> Iterator[Step]:
        yield SSE_HEAD
        yield chunk(b"a")
        said.set()
        awake.wait(20)
        yield chunk(b"b")
        yield END

    with FaultServer([scenario()]) as server:
        async with opened() as http:

            async def asleep() -> None:
                await asyncio.to_thread(said.wait, 20)
                await asyncio.sleep(0.1)
                jump[0] = 60.0
                await asyncio.sleep(0.1)
                awake.set()

            sleeper = asyncio.create_task(asleep())
            assert await read(http, server.url) == b"ab"
            await sleeper


async def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    async with opened() as http:
        assert (await fails(http.fetch("GET", f"http://127.0.0.1:{port}"))).kind == "refused"


async def test_no_such_host(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: object, **kwargs: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    async with opened(NetSetting(proxy="none")) as http:
        error = await fails(http.fetch("GET", "http://models.invalid/x?secret=1", clocks=QUICK))
        assert (error.kind, "secret" in error.message) == ("dns", False)


async def test_a_backlog_that_is_full() -> None:
    """Nobody accepts: a connection comes about, or does not; within the clocks either way."""
    clocks = Clocks(connect=0.4, first_payload=1.5)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with opened() as http:
            asked = [fails(http.fetch("GET", url, clocks=clocks)) for _ in range(6)]
            kinds = {error.kind for error in await asyncio.gather(*asked)}
    assert kinds <= {"connect", "timeout", "cut"}
    assert "connect" in kinds or sys.platform != "linux"


@pytest.mark.parametrize(
    ("certificate", "said"),
    [("trusted.pem", "self-signed"), ("other-name.pem", "self-signed"), ("expired.pem", "")],
)
async def test_a_certificate_nobody_vouches_for(certificate: str, said: str) -> None:
    with FaultServer([answer(200, b"x")], tls=TLS / certificate) as server:
        async with opened() as http:
            error = await fails(http.fetch("GET", server.url, headers={"authorization": KEY}))
    assert error.kind == "tls"
    assert said in error.message
    assert server.requests == []


@pytest.mark.parametrize("certificate", ["other-name.pem", "expired.pem"])
async def test_a_certificate_of_the_persons_own_must_be_right_all_the_same(certificate: str) -> None:
    with FaultServer([answer(200, b"x")], tls=TLS / certificate) as server:
        async with opened(NetSetting(ca_file=str(TLS / certificate))) as http:
            assert (await fails(http.fetch("GET", server.url))).kind == "tls"


async def test_a_certificate_of_the_persons_own_is_trusted() -> None:
    with FaultServer([answer(200, b"x")], tls=TLS / "trusted.pem") as server:
        async with opened(NetSetting(ca_file=str(TLS / "trusted.pem"))) as http:
            assert (await http.fetch("GET", server.url)).body == b"x"


async def test_a_file_of_certificates_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    async with opened(NetSetting(ca_file=str(tmp_path / "ca.pem"))) as http:
        for _ in range(2):
            assert (await fails(http.fetch("GET", "https://127.0.0.1:1"))).kind == "tls"


async def test_tls_to_a_plain_port() -> None:
    with FaultServer([answer(200)]) as server:
        async with opened() as http:
            url = server.url.replace("http:", "https:")
            clocks = Clocks(connect=0.4)
            assert (await fails(http.fetch("GET", url, clocks=clocks))).kind in ("connect", "tls")


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("https://evil.example/v1?key=1", "evil.example"),
        ("/elsewhere", "127.0.0.1"),
        ("file:///etc/passwd", "file:"),
        ("//other.example/", "other.example"),
        ("http://[bad", ""),
        ("", "127.0.0.1"),
    ],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_named_and_not_followed(location: str, target: str, status: int) -> None:
    with FaultServer([answer(status, b"", f"location: {location}")]) as server:
        async with opened() as http:
            error = await fails(http.fetch("GET", server.url, headers={"x-api-key": KEY}))
    assert (error.kind, error.message) == ("redirect", target)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://h/x",
        "http://",
        "http://a:b@127.0.0.1/",
        "http://h:99999/",
        "http://\ud800/",
        "http://" + "a" * 70 + ".x/",
    ],
)
async def test_addresses_that_are_none(url: str) -> None:
    async with opened() as http:
        assert (await fails(http.fetch("GET", url, clocks=QUICK))).kind in ("protocol", "dns")


async def test_caps() -> None:
    with FaultServer([answer(200, b"x" * 5000)]) as server:
        async with opened() as http:
            assert (await fails(http.fetch("GET", server.url, cap=4999))).kind == "too_large"
            assert len((await http.fetch("GET", server.url, cap=5000)).body) == 5000
            async with http.stream("GET", server.url) as response:
                assert len(await response.body(cap=100)) == 100


async def test_a_small_answer_has_one_clock() -> None:
    """A byte now and then holds no question open: whoever asks for a list wants all of it soon."""
    drip: list[Step] = [b"x", Sleep(0.1)]
    drips = [head(200, "content-length: 1000"), *drip * 100]
    with FaultServer([drips]) as server:
        async with opened() as http:
            asked = http.fetch("GET", server.url, clocks=Clocks(first_payload=0.4, silence=30))
            assert (await fails(asked)).message == "first_payload"


async def test_what_came_before_the_cap_is_given() -> None:
    with FaultServer([answer(200, b"x" * 5000)]) as server:
        async with opened() as http, http.stream("GET", server.url) as response:
            chunks = response.chunks(100)
            assert await anext(chunks) == b"x" * 100
            assert (await fails(anext(chunks))).kind == "too_large"


async def test_a_reader_that_is_slow_holds_the_server_back() -> None:
    sent = []

    def endless(seen: object) -> object:
        yield SSE_HEAD
        while True:
            sent.append(1)
            yield chunk(b"x" * 100_000)

    with FaultServer(endless) as server:  # type: ignore[arg-type]  # a generator of steps
        async with opened() as http, http.stream("GET", server.url) as response:
            chunks = response.chunks()
            await anext(chunks)
            before = 0
            while before < len(sent) < 200:
                before = len(sent)
                await asyncio.sleep(0.3)
            assert len(sent) == before < 200


async def test_an_error_page_is_read_even_when_it_breaks_off() -> None:
    with FaultServer([[head(500, "content-length: 10"), b"abc", Fin()]]) as server:
        async with opened() as http, http.stream("GET", server.url) as response:
            assert (response.status, await response.body()) == (500, b"abc")


async def test_this_machine_is_reached_directly_whatever_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    with FaultServer([answer(200, b"x")]) as server:
        for net in (NetSetting(), NetSetting(proxy="http://127.0.0.1:1")):
            async with opened(net) as http:
                assert (await http.fetch("GET", server.url)).body == b"x"


async def test_a_proxy_of_the_system_and_one_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultServer([answer(200, b"by proxy")]) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        for name in ("no_proxy", "NO_PROXY", "HTTP_PROXY"):
            monkeypatch.delenv(name, raising=False)
        for net in (NetSetting(), NetSetting(proxy=proxy.url)):
            async with opened(net) as http:
                assert (await http.fetch("GET", "http://models.invalid/x")).body == b"by proxy"
        monkeypatch.setenv("no_proxy", "models.invalid")
        async with opened() as http:
            assert (await fails(http.fetch("GET", "http://models.invalid/x", clocks=QUICK))).kind == "dns"
    assert [seen.path for seen in proxy.requests] == ["http://models.invalid/x"] * 2


def _proxies() -> list[tuple[str, Callable[[], list[Step]]]]:
    return [
        ("407", lambda: answer(407)),
        ("502", lambda: answer(502)),
        ("cut", lambda: [Rst()]),
    ]


@pytest.mark.parametrize(("name", "steps"), _proxies())
async def test_a_proxy_that_will_not_connect(name: str, steps: Callable[[], list[Step]]) -> None:
    with FaultServer([steps()]) as proxy:
        async with opened(NetSetting(proxy=proxy.url)) as http:
            asked = http.fetch(
                "GET", "https://models.invalid/x", headers={"authorization": KEY}, clocks=QUICK
            )
            assert (await fails(asked)).kind == ("cut" if name == "cut" else "proxy")
    assert "authorization" not in proxy.requests[0].headers
    assert proxy.requests[0].method == "CONNECT"


async def test_a_proxy_that_is_not_there() -> None:
    async with opened(NetSetting(proxy="http://127.0.0.1:1")) as http:
        assert (await fails(http.fetch("GET", "http://models.invalid/", clocks=QUICK))).kind == "proxy"


@pytest.mark.parametrize("proxy", ["nonsense://x", "http://[bad", "socks5://127.0.0.1:1"])
async def test_a_proxy_that_cannot_be_used(proxy: str) -> None:
    async with opened(NetSetting(proxy=proxy)) as http:
        assert (await fails(http.fetch("GET", "http://models.invalid/", clocks=QUICK))).kind == "proxy"


async def test_a_server_that_was_restarted_on_the_same_port() -> None:
    first = FaultServer([answer(200, b"1")])
    async with opened() as http:
        with first:
            assert (await http.fetch("GET", first.url)).body == b"1"
        with socket.create_server(("127.0.0.1", first.port)) as listener:
            asked = asyncio.create_task(http.fetch("GET", first.url))
            connection, _ = await asyncio.to_thread(listener.accept)
            with connection:
                await asyncio.to_thread(connection.recv, 65536)
                connection.sendall(head(200, "content-length: 1") + b"2")
                assert (await asked).body == b"2"


async def test_closing_ends_what_streams() -> None:
    with FaultServer([[SSE_HEAD, chunk(b"x"), ExpectEof()]]) as server:
        async with opened() as http, http.stream("GET", server.url) as response:
            chunks = response.chunks()
            assert await anext(chunks) == b"x"
            await http.aclose()
            assert (await fails(anext(chunks))).kind == "cut"
            assert await asyncio.to_thread(server.wait_eof)


def test_the_packages_import_without_httpx() -> None:
    program = (
        "import sys, sidelight.net, sidelight.net.client, sidelight.backends.registry as r;"
        "assert not {'httpx', 'anyio', 'truststore'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
