"""Ways to ask the fault server: an `Http` that is checked for leaks, backends on it, replies as folded."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

from tests.proof.canary import KEYS

from sidelight.backends.base import Backend, Request
from sidelight.backends.http_backend import HttpBackend
from sidelight.backends.registry import build
from sidelight.chat.events import Event, Stamped
from sidelight.chat.message import Message, Parameters
from sidelight.chat.reply import Reply, fold_all
from sidelight.net.client import Http
from sidelight.secrets import Secret
from sidelight.settings import BackendSetting, NetSetting

KEY = Secret(KEYS["openai"])
"""Must appear in the authorization header of its own host, and nowhere else."""


def connections(http: Http) -> int:
    """Requests that are not over yet, and connections kept for later ones."""
    return len(http._owners) + len(http._idle)


def descriptors() -> int | None:
    """Open file descriptors of this process, None where the system does not tell."""
    return len(list(Path("/proc/self/fd").iterdir())) if sys.platform == "linux" else None


@asynccontextmanager
async def opened(net: NetSetting | None = None) -> AsyncIterator[Http]:
    """An `Http`, closed at the end; no task may be left then."""
    before = asyncio.all_tasks()
    http = Http(net)
    try:
        yield http
    finally:
        await http.aclose()
    # Generators of httpx that were left in the middle are closed by the loop, in tasks of a few steps.
    left = asyncio.all_tasks() - before
    if left:
        _, left = await asyncio.wait(left, timeout=10.0)
    assert not left
    assert connections(http) == 0


async def key_for(origin: str) -> Secret | None:
    """The canary, for any host."""
    return KEY


async def no_key(origin: str) -> Secret | None:
    """No key."""
    return None


def backend(
    http: Http,
    url: str,
    provider: str = "openai-compatible",
    *,
    silence: float = 5.0,
    first_payload: float = 5.0,
    keyed: bool = True,
    name: str = "fault",
) -> HttpBackend:
    """A backend of a provider, on a server of ours."""
    setting = BackendSetting(name, provider, base_url=url, silence=silence, first_payload=first_payload)
    return build(setting, http, key_for if keyed else no_key)


def question(text: str = "Why?", **parameters: object) -> Request:
    """A request of one user message."""
    return Request("some-model", (Message("user", text),), Parameters(**parameters))  # type: ignore[arg-type]  # by name


async def events_of(asked: Backend, request: Request | None = None) -> list[Event]:
    """All events of one reply."""
    async with aclosing(asked.stream(request or question())) as stream:
        return [event async for event in stream]


def folded(events: list[Event]) -> Reply:
    """The reply that events make; all at time 0."""
    return fold_all(Reply("r", "lane"), [Stamped.now(event, 0.0) for event in events])
