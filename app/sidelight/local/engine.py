"""One llama.cpp server of ours for one model file: started when first asked for, watched, restarted at most once, stopped.

Not a client of it: `backends` speaks to the address given here like to any other llama.cpp server. Everything runs on
the network loop. The server is a child process (`local.child`) that ends with us, however we end.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import platform
import re
import secrets
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from sidelight.local.child import KEY_VARIABLE, Config
from sidelight.local.gguf import GgufHeader, NotGguf, read_header
from sidelight.local.memory import gigabytes, will_fit
from sidelight.paths import child_command, resource
from sidelight.secrets import Secret, without_keys

__all__ = ["Address", "Engine", "EngineError", "Unavailable", "can_elicit", "engine_available"]

_READY_WITHIN = 600.0
"""Seconds for loading; large files come off slow disks."""
_HEALTH_WITHIN = 5.0
_STOP_WITHIN = 1.0
_TAIL = 8_000
"""Bytes kept of what the child said last on stderr."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the engine listens. `slot_context` is what the engine says of each slot, in tokens.

    `can_elicit`: our chat template is in use, so that `enable_thinking` switches an elicited trace on and off.
    `elicited_extra` is a JSON object (text) for the body of a request that wants such a trace: a grammar that sees to it
    that the thought is closed and an answer follows. "" where there is none.
    """

    base_url: str
    key: Secret
    slots: int
    slot_context: int
    can_elicit: bool
    elicited_extra: str


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Why this machine cannot run the engine at all: a code of `messages` with its parameters."""

    code: str
    params: tuple[tuple[str, str], ...] = ()


class EngineError(Exception):
    """The engine did not start, or died too often. `code` names a sentence of `messages`, `params` fill it."""

    def __init__(
        self, code: str, params: Mapping[str, str | int | float] | None = None, stderr_tail: str = ""
    ) -> None:
        super().__init__(code, dict(params or {}))
        self.code = code
        self.params = dict(params or {})
        self.stderr_tail = stderr_tail


class Engine:
    """See the module. `slots` requests run at once, each with `slot_context` tokens; `alias` is the model's name there."""

    def __init__(
        self,
        model: Path,
        *,
        slots: int = 4,
        slot_context: int = 4096,
        alias: str,
        command: Sequence[str] | None = None,
    ) -> None:
        """`command` starts the child; None is this program itself. Nothing happens before `start`."""
        self._model = model.absolute()
        self._slots = slots
        self._slot_context = slot_context
        self._alias = alias
        self._command = tuple(command or child_command("engine"))
        self._running: _Running | None = None
        self._starting: asyncio.Task[_Running] | None = None
        self._doubted = False
        self._restarted = False
        self._tail = _Tail()

    @property
    def pid(self) -> int | None:
        """The process, while it lives."""
        running = self._running
        return running.child.transport.get_pid() if running is not None and running.child.lives else None

    @property
    def stderr_tail(self) -> str:
        """What the engine said last, at most 8,000 bytes; also after its death."""
        return self._tail.text

    @cached_property
    def header(self) -> GgufHeader:
        """The head of the model file; reads it on first use (about 0.1 s). Raises NotGguf and OSError."""
        return read_header(self._model)

    async def start(self, progress: Callable[[str], None] | None = None) -> Address:
        """Where it listens; starts it if need be and waits until the model is loaded.

        Two callers at once share one process, and a caller who gives up does not stop it for the other. `progress` is
        told "loading" if there is anything to wait for. Raises EngineError.
        """
        if self._starting is None:
            running = self._running
            if running is not None and running.child.lives and not self._doubted:
                return running.address
            self._starting = asyncio.create_task(self._bring_up(), name="engine-start")
            self._starting.add_done_callback(self._settle)
        if progress is not None:
            progress("loading")
        return (await asyncio.shield(self._starting)).address

    def died(self) -> None:
        """A request broke off: before the next one is sent, the engine is looked at."""
        self._doubted = True

    async def stop(self) -> None:
        """End the process, within about a second. A later `start` begins anew."""
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.wait([self._starting])
        running, self._running = self._running, None
        if running is not None:
            await running.child.end()
        self._restarted = False
        self._doubted = False

    def _settle(self, task: asyncio.Task[_Running]) -> None:
        self._starting = None
        if not task.cancelled() and task.exception() is None:
            self._running = task.result()

    async def _bring_up(self) -> _Running:
        """The process that runs, if it is sound; else a new one, if that is still allowed."""
        old = self._running
        if old is not None:
            if old.child.lives and await old.is_healthy():
                self._doubted = False
                return old
            code = await old.child.end()
            if self._restarted:
                raise EngineError("local.engine_died", {"exit": code}, self.stderr_tail)
            self._restarted = True
            self._running = None
        config, elicits = await self._plan()
        self._doubted = False
        self._tail.clear()
        return await _launch(self._command, config, elicits, self._tail)

    async def _plan(self) -> tuple[Config, bool]:
        """What the child is told, after everything that can be refused beforehand has been looked at."""
        if (why := engine_available()) is not None:
            raise EngineError(why.code, dict(why.params))
        try:
            header = await asyncio.to_thread(lambda: self.header)
            size = self._model.stat().st_size
        except NotGguf as error:
            raise _not_a_model(error, self._model.name) from error
        except OSError as error:
            reason = error.strerror or str(error)
            raise EngineError(
                "local.model_unreadable", {"file": self._model.name, "reason": reason}
            ) from error
        context = min(self._slot_context, header.context) if header.context else self._slot_context
        fit = will_fit(size, self._slots, context, header.kv_per_token)
        if not fit.ok:
            sizes = {"needed": gigabytes(fit.needed), "available": gigabytes(fit.available)}
            raise EngineError("local.memory_short", sizes)
        elicits = can_elicit(header)
        template = _resource("elicited.jinja") if elicits else None
        config = Config(
            model=str(self._model),
            alias=self._alias,
            slots=self._slots,
            slot_context=context,
            template=template,
        )
        return config, elicits


def _not_a_model(error: NotGguf, name: str) -> EngineError:
    if error.reason == "not_gguf":
        return EngineError("local.not_gguf", {"file": name})
    megabytes = {"found": round(error.found / 1e6, 1), "expected": round(error.expected / 1e6, 1)}
    return EngineError("local.gguf_truncated", {"file": name, **megabytes})


class _Tail:
    """The last bytes of a stream."""

    def __init__(self) -> None:
        self._kept = b""

    @property
    def text(self) -> str:
        """As text, without a first line that was cut."""
        return self._kept.decode("utf-8", "replace").strip()

    def add(self, data: bytes) -> None:
        """Take more; the oldest gives way."""
        self._kept = (self._kept + data)[-_TAIL:]

    def clear(self) -> None:
        """Begin anew."""
        self._kept = b""


class _Child(asyncio.SubprocessProtocol):
    """The process as it is seen from here: its one answer, the tail of what it says, its end."""

    def __init__(self, tail: _Tail) -> None:
        loop = asyncio.get_running_loop()
        self.answer: asyncio.Future[bytes] = loop.create_future()
        self._tail = tail
        self._line = b""
        self._gone = loop.create_future()
        self._transport: asyncio.SubprocessTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It was started."""
        assert isinstance(transport, asyncio.SubprocessTransport)
        self._transport = transport

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """It said something."""
        if fd == 2:
            self._tail.add(data)
        elif not self.answer.done():
            self._line += data
            if b"\n" in self._line:
                self.answer.set_result(self._line)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the name asyncio gives it
        """It has ended and its pipes are read to their ends."""
        if not self.answer.done():
            self.answer.set_result(b"")
        self._gone.set_result(None)

    @property
    def transport(self) -> asyncio.SubprocessTransport:
        """The process itself."""
        assert self._transport is not None
        return self._transport

    @property
    def lives(self) -> bool:
        """It has not ended, as far as the loop was told."""
        return self.transport.get_returncode() is None

    def tell(self, line: bytes) -> None:
        """Write to its stdin."""
        self._stdin.write(line)

    async def end(self) -> int:
        """Close stdin, at which it ends; kill it if it does not. Gives its exit code."""
        self._stdin.close()
        try:
            async with asyncio.timeout(_STOP_WITHIN):
                await asyncio.shield(self._gone)
        except TimeoutError:
            with suppress(ProcessLookupError):
                self.transport.kill()
            await self._gone
        self.transport.close()
        code = self.transport.get_returncode()
        assert code is not None
        return code

    @property
    def _stdin(self) -> asyncio.WriteTransport:
        pipe = self.transport.get_pipe_transport(0)
        assert isinstance(pipe, asyncio.WriteTransport)
        return pipe


@dataclass(frozen=True, slots=True)
class _Running:
    """A child that said it is ready."""

    child: _Child
    address: Address

    async def is_healthy(self) -> bool:
        """It answers on /health within a few seconds."""
        try:
            async with asyncio.timeout(_HEALTH_WITHIN):
                status, _ = await _get(self.address.base_url, "/health", self.address.key)
        except (OSError, TimeoutError, ValueError):
            return False
        return status == 200


async def _launch(command: Sequence[str], config: Config, elicits: bool, tail: _Tail) -> _Running:
    """Start the child and wait until it has loaded the model; it is gone again when this raises."""
    key = Secret(secrets.token_urlsafe(32))
    try:
        _, child = await asyncio.get_running_loop().subprocess_exec(
            lambda: _Child(tail),
            *command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**without_keys(os.environ), KEY_VARIABLE: key.reveal()},
            # Away from the terminal: Ctrl+C there is meant for us, and we end the child in good order.
            start_new_session=os.name == "posix",
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError as error:
        raise EngineError("local.engine_failed", {"reason": error.strerror or str(error)}) from error
    try:
        child.tell(json.dumps(config).encode() + b"\n")
        async with asyncio.timeout(_READY_WITHIN):
            base_url = _address_in(await asyncio.shield(child.answer))
            slot_context = await _loaded(base_url, key)
    except (EngineError, OSError, TimeoutError, ValueError, KeyError) as error:
        raise _start_failure(error, await child.end(), tail.text) from error
    except asyncio.CancelledError:
        await child.end()
        raise
    extra = json.dumps({"grammar": _resource("elicited.gbnf")}) if elicits else ""
    return _Running(child, Address(base_url, key, config["slots"], slot_context, elicits, extra))


def _address_in(line: bytes) -> str:
    answer = json.loads(line) if line else {"error": ""}
    if "error" in answer:
        raise EngineError("local.engine_failed", {"reason": str(answer["error"])})
    return str(answer["address"])


async def _loaded(base_url: str, key: Secret) -> int:
    """Wait until /health says that the model is loaded; gives the context of a slot, in tokens."""
    while (await _get(base_url, "/health", key))[0] == 503:  # noqa: ASYNC110 - a process sets no event of ours
        await asyncio.sleep(0.05)
    _, body = await _get(base_url, "/props", key)
    return int(json.loads(body)["default_generation_settings"]["n_ctx"])


def _start_failure(error: BaseException, exit_code: int, tail: str) -> EngineError:
    """Why it did not start, in the engine's own words where it said any."""
    if exit_code == -4 or exit_code & 0xFFFFFFFF == 0xC000001D:  # SIGILL, STATUS_ILLEGAL_INSTRUCTION
        return EngineError("local.no_avx2", {"missing": "AVX2"}, tail)
    if isinstance(error, TimeoutError):
        return EngineError("local.engine_slow", {"seconds": int(_READY_WITHIN)}, tail)
    told = error.params["reason"] if isinstance(error, EngineError) else str(error)
    reason = _reason(tail) or told or f"exit {exit_code}"
    return EngineError("local.engine_failed", {"reason": reason}, tail)


def _reason(tail: str) -> str:
    """The first line of the engine's that names an error; the later ones only say that therefore all is lost."""
    found = re.search(r"error loading model[^:\n]*: ([^\n]+)", tail) or re.search(r"\berror: ([^\n]+)", tail)
    return found[1].strip() if found else ""


async def _get(base_url: str, path: str, key: Secret) -> tuple[int, bytes]:
    """A small answer of our own child on loopback: status and body. Raises OSError and ValueError."""
    host, port = urlsplit(base_url).hostname, urlsplit(base_url).port
    reader, writer = await asyncio.open_connection(host, port)
    try:
        request = f"GET {path} HTTP/1.0\r\nHost: {host}\r\nAuthorization: Bearer {key.reveal()}\r\n\r\n"
        writer.write(request.encode("ascii"))
        head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
        return int(head.split(b" ", 2)[1]), body
    except IndexError as error:
        raise ValueError("no answer") from error
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def _resource(name: str) -> str:
    return resource(f"templates/{name}").read_text("utf-8")


def can_elicit(header: GgufHeader) -> bool:
    """Whether our template may stand in for the model's own: a ChatML model that is no trained reasoner itself."""
    reasons = "<think>" in header.template or "enable_thinking" in header.template
    named = re.search(r"\b(r1|qwq|think\w*|reason\w*)\b", re.sub(r"[_\W]+", " ", header.name.lower()))
    return "<|im_start|>" in header.template and not reasons and named is None


def engine_available() -> Unavailable | None:
    """Why this machine cannot run the engine; None when it can, as far as can be told."""
    return _why_not(
        sys.platform,
        platform.machine(),
        str(sysconfig.get_config_var("SOABI") or ""),
        _cpu_flags(Path("/proc/cpuinfo")),
        installed=importlib.util.find_spec("xllamacpp") is not None,
    )


def _why_not(
    system: str, machine: str, abi: str, flags: frozenset[str], *, installed: bool
) -> Unavailable | None:
    """`flags` are those of the processor; empty is unknown, which is let pass: the child finds out."""
    if system == "win32" and machine.lower() in ("arm64", "aarch64"):
        return Unavailable("local.no_engine_here", (("system", "Windows on ARM"),))
    if "musl" in abi:
        return Unavailable("local.no_engine_here", (("system", "Linux with musl"),))
    if not installed:
        return Unavailable("local.no_package")
    missing = _COMPILED_FOR - flags
    if system == "linux" and machine == "x86_64" and flags and missing:
        return Unavailable("local.no_avx2", (("missing", ", ".join(sorted(missing)).upper()),))
    return None


_COMPILED_FOR = frozenset({"avx2", "fma", "f16c", "bmi2"})
"""What the wheel for x86-64 uses without asking, by its own get_system_info()."""


def _cpu_flags(cpuinfo: Path) -> frozenset[str]:
    try:
        found = re.search(r"^flags\s*:(.*)$", cpuinfo.read_text("utf-8", "replace"), re.MULTILINE)
    except OSError:
        return frozenset()
    return frozenset(found[1].split()) if found else frozenset()
