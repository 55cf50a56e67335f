"""C21 to C49: the connection ends, time passes, bytes and values are not what they should be."""

from __future__ import annotations

import copy
import functools
import gzip
import json
from collections.abc import Iterator
from typing import Any

from tests.faults.scene import (
    DONE,
    HELLO,
    LONG,
    SHORT,
    STOP,
    Fault,
    Play,
    Stage,
    complete,
    cut,
    failed,
    said,
    served,
)
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
    by_lane,
    chunk,
    head,
    ok_sse,
)

from sidelight.chat.events import FailureKind as K

FINE = HELLO + STOP + DONE
SOON = Sleep(0.05)
"""Lets the client read what was sent before."""
PINGS: list[Step] = [step for _ in range(100) for step in (b": ping\n\n", Sleep(0.05))]


def times_out(clock: str, text: str, *steps: Step) -> Play:
    """A clock of ours runs out; the other one is long."""
    return served(failed(K.TIMEOUT, clock, text), ok_sse(*steps), **{clock: SHORT})


# --- C31 to C36: codings and framing


@functools.cache
def bomb(times: int) -> bytes:
    """30 MB of an event, compressed so many times."""
    whole = b"data: " + bytes(30_000_000) + b"\n\n"
    for _ in range(times):
        whole = gzip.compress(whole, 1)
    return whole


def coded(coding: str, body: bytes) -> Play:
    """A coding nobody asked for is refused before anything is made of it."""
    return served(failed(K.PROTOCOL, "protocol"), [head(200, f"content-encoding: {coding}"), body, Fin()])


def bombed(times: int) -> Play:
    """A bomb, which takes a while to make: not before it is played."""
    return lambda stage: coded(", ".join(["gzip"] * times), bomb(times))(stage)


def garbage_after(stage: Stage) -> None:
    """What follows the body is no answer to the next request."""
    with (
        FaultServer(by_lane([*ok_sse(FINE), b"HTTP/1.1 200 X\r\ncontent-length: 3\r\n\r\nbad"])) as server,
        stage.scene(server.url) as scene,
    ):
        for _ in range(3):
            scene.ask()
            scene.ends(complete())


# --- C37 to C44: bytes


CUT: dict[bytes, str] = {}
"""Streams whose answer does not depend on how they are cut, with that answer: `test_splits.py` cuts them at each place."""


def cuts(body: bytes, text: str = "Hello") -> tuple[tuple[str, Play], ...]:
    """A stream as one piece, and byte by byte."""
    CUT[body] = text
    pieces = [step for byte in body for step in (chunk(bytes([byte])), Sleep(0.0005))]
    return (
        ("whole", served(complete(text), ok_sse(body))),
        ("byte by byte", served(complete(text), [SSE_HEAD, *pieces, END])),
    )


def ended_by(*ends: bytes) -> bytes:
    """The lines of a stream with other ends, in turn."""
    lines = FINE.split(b"\n")[:-1]
    return b"".join(line + ends[n % len(ends)] for n, line in enumerate(lines))


EMPTY: list[Step] = [b"data: {}\n\n", Sleep(0.05)]
PINGED: list[Step] = [b'data: {"id":"x","model":"m"}\n\n', *EMPTY * 100]
SEPARATORS = "\u2028\u2029\x85\x0b\x0c\x1c\x1d\x1e"


def raw(text: str) -> bytes:
    """An event whose string has these characters as they are, unescaped."""
    return b'data: {"choices":[{"delta":{"content":"%s"}}]}\n\n' % text.encode("utf-8", "surrogatepass")


def escaped(*texts: str) -> bytes:
    """Events whose strings are written so, escapes and all."""
    return b"".join(b'data: {"choices":[{"delta":{"content":"%s"}}]}\n\n' % t.encode() for t in texts)


# --- C45 to C49: values


def amid(*events: str) -> bytes:
    """Events that mean nothing, between two halves of an answer."""
    return said("Hel") + b"".join(b"data: %s\n\n" % e.encode() for e in events) + said("lo") + STOP + DONE


CHUNK: dict[str, Any] = {
    "id": "x",
    "object": "chat.completion.chunk",
    "model": "m",
    "provider": "p",
    "system_fingerprint": "f",
    "choices": [
        {
            "index": 0,
            "delta": {
                "role": "assistant",
                "content": "",
                "reasoning_content": "",
                "reasoning_details": [{"type": "reasoning.text", "text": "", "signature": "", "data": ""}],
                "refusal": "",
            },
            "finish_reason": None,
            "logprobs": None,
        }
    ],
    "usage": {
        "prompt_tokens": 1,
        "completion_tokens": 1,
        "total_tokens": 2,
        "cost": 0.1,
        "completion_tokens_details": {"reasoning_tokens": 1},
        "prompt_tokens_details": {"cached_tokens": 1},
    },
    "timings": {"prompt_n": 1, "predicted_n": 1},
    "prompt_progress": {"processed": 1, "total": 2},
    "x_groq": {"usage": {"prompt_tokens": 1}},
    "error": None,
    "base_resp": {"status_code": 0, "status_msg": ""},
}
WRONG: tuple[Any, ...] = (None, True, 7, -1.5, 10**30, [], [[]], {}, {"a": {"b": []}})


def mutations(value: Any = CHUNK, path: tuple[Any, ...] = ()) -> Iterator[str]:
    """A chunk with each of its values replaced by each wrong one; but for what says that something failed."""
    inner = value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ())
    for name, item in inner:
        if name in ("error", "status_code"):
            continue
        for wrong in WRONG:
            whole = copy.deepcopy(CHUNK)
            at: Any = whole
            for step in path:
                at = at[step]
            at[name] = wrong
            yield json.dumps(whole)
        yield from mutations(item, (*path, name))


def deep(opening: str) -> str:
    return '{"choices":[{"delta":{"content":"lost"},"x":' + opening * 600_000


STREAMS = (
    Fault(
        21,
        "reset before the first byte",
        (("reset", served(cut("cut"), [Rst()])), ("end", served(cut("cut"), [Fin()]))),
    ),
    Fault(
        22,
        "reset after the head",
        (
            ("reset", served(cut("cut"), [SSE_HEAD, SOON, Rst()])),
            ("in the head", served(cut("cut"), [SSE_HEAD[:20], SOON, Rst()])),
        ),
    ),
    Fault(
        23,
        "reset in an event",
        (("reset", served(cut("cut", "Hello"), ok_sse(HELLO, b'data: {"cho', SOON, Rst()))),),
    ),
    Fault(
        24,
        "reset after the finish mark",
        (
            ("reset", served(complete(), ok_sse(HELLO, STOP, SOON, Rst()))),
            ("end", served(complete(), ok_sse(HELLO, STOP, Fin()))),
            ("a mark without a reason", served(cut("eof", "Hello"), ok_sse(HELLO, DONE))),
        ),
    ),
    Fault(
        25,
        "end inside a chunk",
        (
            ("end", served(cut("cut", "Hello"), [SSE_HEAD, chunk(HELLO), b"ff\r\ndata", Fin()])),
            (
                "half closed",
                served(cut("cut", "Hello"), [SSE_HEAD, chunk(HELLO), b"f", HalfClose(), ExpectEof()]),
            ),
            (
                "shorter than its length",
                served(cut("cut", "Hello"), [head(200, "content-length: 999"), HELLO, Fin()]),
            ),
        ),
    ),
    Fault(
        26,
        "closed instead of a length",
        (
            ("without a mark", served(cut("eof", "Hello"), [head(200), HELLO, Fin()])),
            ("with a mark", served(complete(), [head(200), FINE, Fin()])),
            ("chunked, without a mark", served(cut("eof", "Hello"), ok_sse(HELLO))),
        ),
    ),
    Fault(
        27,
        "silent before the head",
        (("silent", served(failed(K.TIMEOUT, "first_payload"), [ExpectEof(LONG)], first_payload=SHORT)),),
    ),
    Fault(28, "silent after the head", (("silent", times_out("first_payload", "", ExpectEof(LONG))),)),
    Fault(29, "silent after an event", (("silent", times_out("silence", "Hello", HELLO, ExpectEof(LONG))),)),
    Fault(
        30,
        "keep-alives for ever",
        (
            ("at first", times_out("first_payload", "", *PINGS)),
            ("after an event", times_out("silence", "Hello", HELLO, *PINGS)),
            ("then an answer", served(complete(), ok_sse(*PINGS[:8], FINE))),
            ("pings that are events", times_out("first_payload", "", *PINGED)),
        ),
    ),
    Fault(31, "gzip cut short", (("half", coded("gzip", gzip.compress(FINE)[:20])),)),
    Fault(
        32,
        "gzip that is none",
        (
            ("plain text", coded("gzip", FINE)),
            ("another", coded("br", gzip.compress(FINE))),
            ("real", coded("gzip", gzip.compress(FINE))),
            (
                "of the transfer",
                served(
                    failed(K.PROTOCOL, "protocol"),
                    [head(200, "transfer-encoding: gzip, chunked"), chunk(gzip.compress(FINE)), END],
                ),
            ),
            (
                "identity by name",
                served(complete(), [head(200, "content-encoding: identity"), FINE, Fin()]),
            ),
        ),
    ),
    Fault(
        33,
        "gzip bomb",
        tuple((f"x{times}", bombed(times)) for times in (1, 2, 4)),
    ),
    Fault(
        34,
        "2,000 codings",
        (
            ("in a line", coded("gzip, " * 2000, FINE)),
            (
                "in as many lines",
                served(
                    failed(K.PROTOCOL, "protocol"),
                    [head(200, *["content-encoding: gzip"] * 2000), FINE, Fin()],
                ),
            ),
        ),
    ),
    Fault(
        35,
        "bad framing",
        (
            *(
                (
                    f"a chunk of size {size!r}",
                    served(
                        failed(K.PROTOCOL, "protocol", "Hello"),
                        [SSE_HEAD, chunk(HELLO), size, ExpectEof()],
                    ),
                )
                for size in (b"-5\r\n", b"zz\r\n", b"f" * 30 + b"\r\n")
            ),
            (
                "two lengths",
                served(
                    failed(K.PROTOCOL, "protocol"),
                    [head(200, "content-length: 3", "content-length: 5"), HELLO],
                ),
            ),
            (
                "a head without end",
                served(
                    failed(K.PROTOCOL, "protocol"),
                    [b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 40_000, ExpectEof()],
                ),
            ),
            (
                "another protocol",
                served(failed(K.PROTOCOL, "protocol"), [b"SSH-2.0-OpenSSH_9.2\r\n\r\n", ExpectEof()]),
            ),
        ),
    ),
    Fault(
        36,
        "garbage after the body",
        (
            ("an answer to nothing", garbage_after),
            ("no HTTP", served(complete(), [*ok_sse(FINE), b"HTTP/9 garbage", Fin()])),
        ),
    ),
    Fault(37, "[DONE] twice", cuts(HELLO + STOP + DONE + DONE)),
    Fault(38, "data after [DONE]", cuts(HELLO + STOP + DONE + said(" again"))),
    Fault(
        39,
        "line ends",
        tuple(
            (f"{name}, {way}", play)
            for name, ends in (
                ("CR", [b"\r"]),
                ("CRLF", [b"\r\n"]),
                ("mixed", [b"\r\n", b"\n", b"\r"]),
                ("no last one", [b"\n"]),
            )
            for way, play in cuts(ended_by(*ends)[: -1 if name == "no last one" else None])
        ),
    ),
    Fault(40, "BOM", cuts(b"\xef\xbb\xbf" + FINE)),
    Fault(41, "UTF-8 cut anywhere", cuts(raw("é 思 🧠 👩‍🚀") + STOP, "é 思 🧠 👩‍🚀")),
    Fault(
        42,
        "invalid UTF-8",
        (
            *cuts(
                HELLO.replace(b"Hello", b"H\xff\xc3(\xed\xa0\x80o") + STOP,
                "H\ufffd\ufffd(\ufffd\ufffd\ufffdo",
            ),
            (
                "a hostile charset",
                served(
                    complete(), [head(200, "content-type: text/event-stream; charset=rot13"), FINE, Fin()]
                ),
            ),
        ),
    ),
    Fault(
        43,
        "separators of other readers",
        cuts(raw(f"a{'b'.join(SEPARATORS)}c") + STOP, f"a{'b'.join(SEPARATORS)}c"),
    ),
    Fault(44, "NUL", cuts(raw("a\x00b") + escaped("\\u0000c") + STOP, "a\x00b\x00c")),
    Fault(
        45, "lone surrogates", cuts(escaped("a\\ud800b", "\\udc00c\\ud83d") + STOP, "a\ufffdb\ufffdc\ufffd")
    ),
    Fault(46, "a pair over two deltas", cuts(escaped("a\\ud83d", "\\ude00b") + STOP, "a😀b")),
    Fault(
        47,
        "numbers nobody can mean",
        (
            ("of 5,000 digits", served(complete(), ok_sse(amid('{"created":%s}' % ("9" * 5000))))),
            *cuts(
                b"".join(
                    b'data: {"choices":[{"delta":{"content":"%d"}}],"usage":{"prompt_tokens":%s,"cost":%s}}\n\n'
                    % (n, odd, odd)
                    for n, odd in enumerate((b"NaN", b"-Infinity", b"1e400", b"9" * 30, b"-1", b"1.5"))
                )
                + STOP,
                "012345",
            ),
        ),
    ),
    Fault(
        48,
        "very deep",
        (
            ("lists", served(complete(), ok_sse(amid(deep("["))))),
            ("objects", served(complete(), ok_sse(amid(deep('{"a":'))))),
            ("as the body", served(cut("eof"), answer(200, b"[" * 1_000_000))),
            ("as an error", served(failed(K.BAD_REQUEST), answer(400, b'{"error":' * 1_000_000))),
        ),
    ),
    Fault(
        49,
        "wrong types",
        (
            ("at every path of a chunk", served(complete(), ok_sse(amid(*mutations())))),
            (
                "instead of a chunk",
                served(
                    complete(), ok_sse(amid("7", '"x"', "null", "true", "[]", "[[]]", "{}", "", "x", "{"))
                ),
            ),
        ),
    ),
)
