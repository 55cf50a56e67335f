"""A key is sent to its own origin alone: no way in which a server may point elsewhere makes us go there, with it or without.

The other origin is a server that listens, and counts who comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import httpx
import pytest
from tests.faults.client import events_of, folded, opened, question
from tests.faults.server import FaultServer, Scenario, answer
from tests.proof.canary import KEYS

from sidelight.backends.base import BackendError
from sidelight.backends.registry import build
from sidelight.net import NetError, origin_of
from sidelight.secrets import Secret
from sidelight.settings import BackendSetting

FORMS = {
    "authorization": "openai-compatible",
    "x-api-key": "anthropic",
    "x-goog-api-key": "gemini",
    "api-key": "azure",
}
"""The headers that carry keys, and a provider that uses each."""


def _page(tag: str) -> bytes:
    return f"<!doctype html><html><head>{tag}</head><body>Moved.</body></html>".encode()


KINDS: dict[str, Callable[[str], Scenario]] = {
    "301": lambda to: answer(301, b"", f"location: {to}/moved"),
    "302": lambda to: answer(302, b"", f"location: {to}/found"),
    "303": lambda to: answer(303, b"", f"location: {to}/see-other"),
    "307": lambda to: answer(307, b"", f"location: {to}/again"),
    "308": lambda to: answer(308, b"", f"location: {to}/for-good"),
    "300, choices": lambda to: answer(
        300, f'<a href="{to}/a">a</a>'.encode(), f"location: {to}/a", f'link: <{to}/b>; rel="alternate"'
    ),
    "305, use proxy": lambda to: answer(305, b"", f"location: {to}"),
    "no scheme": lambda to: answer(307, b"", f"location: //{urlsplit(to).netloc}/again"),
    "own host as user name": lambda to: answer(
        308, b"", f"location: http://127.0.0.1:1@{urlsplit(to).netloc}/again"
    ),
    "refresh and alternatives": lambda to: answer(
        200,
        _page(f'<meta http-equiv="refresh" content="0; url={to}/page"><base href="{to}">'),
        "content-type: text/html",
        f"refresh: 0; url={to}/header",
        f"content-location: {to}/content",
        f'alt-svc: http/1.1="{urlsplit(to).netloc}"; ma=60',
        f'link: <{to}/next>; rel="canonical"',
    ),
    "401 of elsewhere": lambda to: answer(
        401, b"{}", f'www-authenticate: Bearer realm="{to}/token", authorization_uri="{to}/authorize"'
    ),
    "407 of elsewhere": lambda to: answer(407, b"{}", f'proxy-authenticate: Basic realm="{to}"'),
}
"""Ways to point at another origin, each with its address."""


@pytest.fixture
def elsewhere() -> Iterator[FaultServer]:
    with FaultServer([answer(200, b'{"data": [{"id": "caught"}]}')]) as server:
        yield server


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("header", FORMS)
async def test_no_redirect_is_followed(header: str, kind: str, elsewhere: FaultServer) -> None:
    key = Secret(KEYS["openai"])
    with FaultServer(lambda seen: KINDS[kind](elsewhere.url)) as own:

        async def key_for(origin: str) -> Secret | None:
            return key if origin == own.url else None

        async with opened() as http:
            setting = BackendSetting("own", FORMS[header], base_url=own.url)
            asked = build(setting, http, key_for)
            reply = folded(await events_of(asked, question()))
            with suppress(BackendError):
                await asked.models()
            # A second time, in case something was learnt of the first.
            await events_of(asked, question())
    assert reply.failed is not None
    assert len(own.requests) >= 3
    assert {seen.method for seen in own.requests} == {"GET", "POST"}
    assert all(key.reveal() in seen.headers[header] for seen in own.requests)
    assert not any(key.reveal() in f"{seen.path} {seen.body!r}" for seen in own.requests)
    assert elsewhere.connections == 0


async def test_the_other_origin_would_have_been_seen(elsewhere: FaultServer) -> None:
    """The test above can fail: a client that follows does arrive."""
    with FaultServer([KINDS["307"](elsewhere.url)]) as own:
        async with httpx.AsyncClient(follow_redirects=True, trust_env=False) as client:
            await client.get(own.url, headers={"x-api-key": KEYS["openai"]})
    assert elsewhere.requests[0].headers["x-api-key"] == KEYS["openai"]


ADDRESSES = [
    "http://own.example",
    "HTTP://OWN.example:80/v1",
    "http://own.example./",
    "http://own.example:443/",
    "https://own.example/",
    "http://own.example@evil.example/",
    "http://own.example:80@evil.example/",
    "http://evil.example/http://own.example/",
    "http://evil.example?@own.example/",
    "http://evil.example#@own.example/",
    "http://own.example\\@evil.example/",
    "http://evil.example\\@own.example/",
    "http://own.example\t.evil.example/",
    "http://own.example\n.evil.example/",
    "http://own。example/",
    "http://ｏｗｎ.example/",
    "http://own.example%2eevil.example/",
    "http://оwn.example/",
    "http://xn--wn-emc.example/",
    "http://[::ffff:127.0.0.1]/",
    "http://127.1/",
    "http://0x7f000001/",
    "http:///own.example",
    "http:own.example",
    "//own.example",
    "http://own.example:080/",
    "http://own.example:/",
    "http://own.example:99999/",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_origin_asked_for_a_key_is_the_one_that_is_connected_to(address: str) -> None:
    """What `origin_of` makes of an address, by which keys are found, and where httpx would go, are one host or none."""
    try:
        origin = origin_of(address)
    except ValueError:
        return
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        return
    assert _place(url) == _place(httpx.URL(origin))
    if origin == "http://own.example":
        assert url.raw_host == b"own.example"


def _place(url: httpx.URL) -> tuple[str, bytes, int]:
    return url.scheme, url.raw_host, url.port or {"http": 80, "https": 443}[url.scheme]


@pytest.mark.parametrize("address", ["http://own.example@127.0.0.1:1/", "http://user:word@127.0.0.1:1/"])
async def test_an_address_with_a_user_name_is_not_asked(address: str) -> None:
    async with opened() as http:
        with pytest.raises(NetError) as caught:
            await http.fetch("GET", address, headers={"x-api-key": Secret(KEYS["openai"])})
    assert caught.value.kind == "protocol"
