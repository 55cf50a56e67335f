"""The one loop that turns a request into chat events, for every provider and dialect: send, read frames, decode, end.

It knows no dialect (that is the decoder's) and no connection (that is `net`'s). Everything that can go wrong comes out as
one `Failed`; nothing is raised but CancelledError. A request is sent again only while nothing has come of it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

from sidelight.backends.base import Exchange, Prepared
from sidelight.backends.wire import failures
from sidelight.backends.wire.frames import Frame, FrameReader
from sidelight.backends.wire.lines import EVENT_CAP
from sidelight.backends.wire.sse import SseReader
from sidelight.chat.events import Event, Failed, FailureKind, Progress, Sent, Started, joined
from sidelight.net import NetError, is_loopback
from sidelight.net.client import Clocks, Http, Response
from sidelight.secrets import Redactor

__all__ = ["ANSWER_CAP", "Call", "Decoder", "Unwatched", "converse", "replay"]

ANSWER_CAP = 64_000_000
"""Bytes of one answer on the wire."""
_AFTER_FINISH = 5.0
"""Seconds in which usage, a late error or the end of the stream may follow a finish mark."""
_LAST_BYTES = 0.25
"""Seconds for the end of the body to follow the end of the stream, so that its connection can be used again."""
_LONGEST_WAIT = 60.0
_RETRIES = 2
_POLL = 0.5
_KEPT_HEADERS = ("x-request-id", "request-id", "x-generation-id", "apim-request-id", "server")
_KEPT_FAMILIES = ("x-ratelimit-", "anthropic-ratelimit-")
_MOST_HEADERS = 40


class Decoder(Protocol):
    """A dialect: the frames of one reply to its events."""

    @property
    def finished(self) -> bool:
        """A finish mark or a failure has come."""

    @property
    def done(self) -> bool:
        """Nothing more is expected."""

    def frame(self, frame: Frame) -> list[Event]:
        """What one frame says."""

    def flush(self, why: Failed | None = None) -> list[Event]:
        """What was held back, and a failure where no finish mark came."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request to be streamed, and how to read its answer.

    `decoder` makes a decoder from the headers worth keeping. `mend` gives another call for one a server has
    refused, or None; the other call's is asked when that is refused, too.
    """

    prepared: Prepared
    clocks: Clocks
    redact: Redactor
    decoder: Callable[[tuple[tuple[str, str], ...]], Decoder]
    mend: Callable[[Failed], Call | None] = lambda _: None
    reader: Callable[[], FrameReader] = SseReader


class Unwatched:
    """An `Exchange` that nobody looks at."""

    def sent(self, prepared: Prepared) -> None:
        """See Exchange."""

    def received(self, data: bytes) -> None:
        """See Exchange."""

    async def wait(self, seconds: float) -> None:
        """See Exchange."""
        await asyncio.sleep(seconds)


async def converse(http: Http, call: Call, exchange: Exchange) -> AsyncGenerator[Event, None]:
    """The events of one reply. Ends after the server's stream ended; without a finish mark the last is `Failed`."""
    yield Progress("sent")
    retries = 0
    start = asyncio.get_running_loop().time()
    told: Prepared | None = None
    while True:
        refused: _Refused
        prepared = call.prepared
        exchange.sent(prepared)
        if prepared is not told:
            told = prepared
            yield Sent(prepared.url, prepared.notes)
        try:
            async with http.stream(
                prepared.method,
                prepared.url,
                headers=dict(prepared.headers),
                body=prepared.body.encode(),
                clocks=call.clocks,
            ) as response:
                if 200 <= response.status < 300:
                    yield Progress("headers")
                    async with aclosing(_read(response, call, exchange)) as events:
                        async for event in events:
                            yield event
                    return
                refused = await _refusal(response, call.redact, exchange)
        except NetError as error:
            away = error.kind in ("dns", "refused", "connect") and not is_loopback(prepared.url)
            refused = _Refused(failures.from_net(error), again=away)
        if refused.loading:
            if asyncio.get_running_loop().time() - start > call.clocks.first_payload:
                yield Failed(FailureKind.TIMEOUT, code="first_payload")
                return
            yield Progress("loading")
            await asyncio.sleep(_POLL)
        elif (mended := call.mend(refused.failed)) is not None:
            call = mended
        elif (
            refused.again and retries < _RETRIES and (wait := _wait(refused.failed, retries)) <= _LONGEST_WAIT
        ):
            retries += 1
            yield Progress("again", retries, _RETRIES, seconds=wait, why=refused.failed)
            await exchange.wait(wait)
            yield Progress("sent")
        else:
            yield refused.failed
            return


def replay(reader: FrameReader, decoder: Decoder, data: bytes, redact: Redactor) -> list[Event]:
    """The events of a whole recorded answer, as they came when it was not recorded yet."""
    frames = reader.feed(data)
    events = [event for frame in frames for event in decoder.frame(frame)]
    return events + _ending(reader, decoder, None, b"" if frames else data, redact)


@dataclass(frozen=True, slots=True)
class _Refused:
    """An answer that is no stream: why, whether the same request may be sent again, whether the server still starts."""

    failed: Failed
    again: bool = False
    loading: bool = False


async def _refusal(response: Response, redact: Redactor, exchange: Exchange) -> _Refused:
    body = await response.body()
    exchange.received(body)
    failed = failures.from_status(response.status, response.headers, body, redact)
    again = failures.may_retry(failed, response.status, response.headers)
    return _Refused(failed, again, failures.is_loading(response.status, body))


def _wait(failed: Failed, retries: int) -> float:
    """Seconds before sending again: what the server asked for, else half a second and doubling; both with jitter."""
    jitter = random.uniform(0.0, 0.5)  # noqa: S311 - spreads retries, guards nothing
    return (failed.retry_after if failed.retry_after is not None else 0.5 * 2**retries) + jitter


async def _read(response: Response, call: Call, exchange: Exchange) -> AsyncGenerator[Event, None]:
    """The events of an answer of status 200. Never raises NetError."""
    decoder = call.decoder(_kept(response.headers))
    reader = call.reader()
    came, frames_seen, start, why = False, False, bytearray(), None
    async with aclosing(response.chunks(ANSWER_CAP)) as chunks:
        patience = _Patience()
        try:
            while not (decoder.done or reader.overflow) and (data := await patience.next(chunks, decoder)):
                exchange.received(data)
                if not came:
                    came = True
                    yield Progress("bytes")
                frames = reader.feed(data)
                frames_seen = frames_seen or bool(frames)
                if not frames_seen and len(start) < EVENT_CAP:
                    start += data
                told = joined(event for frame in frames for event in decoder.frame(frame))
                # A ping, or that there is a reply at all, is no sign that anything comes of it.
                if any(not isinstance(event, Started) for event in told):
                    response.payload_seen()
                for event in told:
                    yield event
        except NetError as error:
            why = failures.from_net(error)
        except TimeoutError:
            pass  # The finish mark is there and nothing follows.
        for event in _ending(reader, decoder, why, b"" if frames_seen else bytes(start), call.redact):
            yield event
        if decoder.done:
            await _drain(chunks)


def _kept(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """What names the request for a bug report, and what is left of the rate limit."""
    kept = ((k, v[:200]) for k, v in headers if k in _KEPT_HEADERS or k.startswith(_KEPT_FAMILIES))
    return tuple(kept)[:_MOST_HEADERS]


def _ending(
    reader: FrameReader, decoder: Decoder, why: Failed | None, start: bytes, redact: Redactor
) -> list[Event]:
    """What the end of the bytes brings. `start` is what came where no frame ever did."""
    if reader.overflow:
        return decoder.flush(Failed(FailureKind.PROTOCOL, code="too_large"))
    frames = reader.flush() if why is None else []
    if why is None and not frames and start:
        frames, why = _whole(start, redact)
    out = [event for frame in frames for event in decoder.frame(frame)]
    return out + decoder.flush(why)


class _Patience:
    """After the finish mark there is a short time for all that may follow it, keep-alives or not."""

    def __init__(self) -> None:
        self._until: float | None = None

    async def next(self, chunks: AsyncIterator[bytes], decoder: Decoder) -> bytes:
        """The next bytes, none at the end. Raises NetError, and TimeoutError when that time is over."""
        if not decoder.finished:
            return await anext(chunks, b"")
        if self._until is None:
            self._until = asyncio.get_running_loop().time() + _AFTER_FINISH
        async with asyncio.timeout_at(self._until):
            return await anext(chunks, b"")


async def _drain(chunks: AsyncIterator[bytes]) -> None:
    try:
        async with asyncio.timeout(_LAST_BYTES):
            async for _ in chunks:
                pass
    except (NetError, TimeoutError):
        return


def _whole(body: bytes, redact: Redactor) -> tuple[list[Frame], Failed | None]:
    """An answer without a single frame: a server that does not stream, or a page that is no answer at all."""
    text = body.decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    if text.startswith(("{", "[")):
        return [Frame(text)], None
    if text.startswith("<"):
        return [], Failed(
            FailureKind.PROTOCOL, failures.plain(redact(text[: 4 * failures.MESSAGE_CAP])), "not_a_stream"
        )
    return [], None
