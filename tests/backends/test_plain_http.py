"""Nothing is sent to an address that can be read on the way, unless the person said that it may be."""

from __future__ import annotations

import sys

import msgspec
import pytest
from tests.faults.client import events_of, key_for, opened
from tests.faults.server import FaultServer, answer

from sidelight.backends.base import BackendError, Model
from sidelight.backends.registry import ROWS, build
from sidelight.chat.events import Failed, FailureKind
from sidelight.net import is_plain
from sidelight.settings import BackendSetting

PLAIN = "http://192.0.2.1:8000/v1"
"""An address that is nobody's, which no test may wait for."""


@pytest.mark.parametrize("provider", [row.provider for row in ROWS])
async def test_nothing_leaves_before_the_person_has_agreed(provider: str) -> None:
    async with opened() as http:
        backend = build(BackendSetting("x", provider, base_url=PLAIN), http, key_for)
        refused = Failed(FailureKind.BAD_REQUEST, code="plain_http")
        assert await events_of(backend) == [refused]
        with pytest.raises(BackendError) as caught:
            await backend.models()
        assert caught.value.failed == refused
        assert await backend.metadata("m") is None


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere 0.0.0.0 does not lead to this machine")
async def test_an_address_that_was_agreed_to_is_asked() -> None:
    with FaultServer(lambda _seen: answer(200, b'{"data":[{"id":"m"}]}')) as server:
        address = server.url.replace("127.0.0.1", "0.0.0.0")
        assert is_plain(address)
        setting = BackendSetting("x", "openai-compatible", base_url=address)
        async with opened() as http:
            with pytest.raises(BackendError):
                await build(setting, http, key_for).models()
            assert server.requests == []
            agreed = msgspec.structs.replace(setting, plain_http=True)
            assert await build(agreed, http, key_for).models() == (Model("m"),)


async def test_this_machine_and_https_need_no_agreement() -> None:
    with FaultServer(lambda _seen: answer(200, b'{"data":[{"id":"m"}]}')) as server:
        async with opened() as http:
            backend = build(BackendSetting("x", "openai-compatible", base_url=server.url), http, key_for)
            assert await backend.models() == (Model("m"),)
    assert not is_plain("https://192.0.2.1/v1")
