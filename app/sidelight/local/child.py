"""What `sidelight --child engine` does: serve one model file on loopback until whoever started it is gone.

A process of its own, since a crash in llama.cpp must not take the window along. It reads one JSON line on stdin (see
`Config`), has its key in the environment variable SIDELIGHT_ENGINE_KEY, and prints one JSON line on stdout: {"ready":
true, "address": "http://127.0.0.1:PORT"} or {"error": what went wrong}. Everything else it says goes to stderr. Its stdin is
held open by the parent: the end of it, for whatever reason and on every system, ends this process at once.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any, TypedDict

__all__ = ["KEY_VARIABLE", "Config", "run"]

KEY_VARIABLE = "SIDELIGHT_ENGINE_KEY"
_BATCH = 512
"""Tokens read at once. With 2048 a cancelled request holds its slot until a long prompt is read: 19 s against 1.8 s."""
_CACHE_MIB = 256
_PARENT_ORIGIN = "http://127.0.0.1"
"""The only origin a page may have to be answered. No page has it: pages in a browser are kept out."""


class Config(TypedDict):
    """The first line on stdin. `template` replaces the model's own chat template; None keeps it."""

    model: str
    alias: str
    slots: int
    slot_context: int
    template: str | None


def run() -> None:
    """Serve until stdin ends. Never returns: the process ends with 0 then, or with 1 when the engine did not start."""
    _leave_no_core_dump()
    # The descriptors themselves: in a windowed frozen app sys.stdin and sys.stdout may be None.
    answers = os.dup(1)
    os.dup2(2, 1)  # llama.cpp may print; the answer line must stand alone
    stdin = os.fdopen(0, "rb", buffering=0, closefd=False)
    line = stdin.readline(1_000_000)
    if not line:
        os._exit(0)
    _end_with_stdin()
    try:
        server = _serve(json.loads(line), os.environ.pop(KEY_VARIABLE))
    except Exception as error:  # the edge of this process: the parent gets every reason as a value
        _say(answers, {"error": f"{type(error).__name__}: {error}"})
        os._exit(1)
    _say(answers, {"ready": True, "address": server.listening_address})
    threading.Event().wait()


def _serve(config: Config, key: str) -> Any:
    import xllamacpp  # type: ignore[import-untyped]  # an extension module that ships no types

    parameters = xllamacpp.CommonParams()
    parameters.model.path = config["model"]
    parameters.model_alias = {config["alias"]}
    parameters.n_parallel = config["slots"]
    parameters.n_ctx = config["slots"] * config["slot_context"]
    parameters.n_batch = parameters.n_ubatch = _BATCH
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = max(1, _cores() - 1)
    parameters.cache_ram_mib = _CACHE_MIB
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.api_keys = [key]
    parameters.ui = False
    parameters.offline = True
    parameters.verbosity = 1
    parameters.endpoint_props = False  # forbids changing them; reading /props stays possible
    if not config["alias"].startswith("file:"):  # a person's own file keeps the engine's own defaults
        _calm(parameters.sampling)
    if config["template"] is not None:
        parameters.chat_template = config["template"]
    _close_to_pages(parameters)
    return xllamacpp.Server(parameters)


def _calm(sampling: Any) -> None:
    """What holds for our small models where a request says nothing. They lose the thread at the engine's own 0.8, and
    some say one sentence for ever: DRY holds back what was just said, from 32 tokens on. It is kept that loose and short
    of memory because an answer repeats what the thought has found: held back from that, they write noise.
    """
    sampling.temp = 0.3
    sampling.dry_multiplier = 0.8
    sampling.dry_allowed_length = 32
    sampling.dry_penalty_last_n = 128


def _close_to_pages(parameters: Any) -> None:
    """No page of a browser may read us: by default the engine mirrors any origin. The name of the setting is young."""
    if not hasattr(parameters, "cors_origins"):
        raise RuntimeError("this xllamacpp has no cors_origins")
    parameters.cors_origins = _PARENT_ORIGIN
    if hasattr(parameters, "cors_credentials"):
        parameters.cors_credentials = False


def _cores() -> int:
    """Cores this process may use; the window needs one of them."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _say(descriptor: int, answer: dict[str, object]) -> None:
    os.write(descriptor, json.dumps(answer).encode() + b"\n")


def _end_with_stdin() -> None:
    """End this process when stdin does. Its only line has been read, so whatever comes now is the end.

    A thread reads on. But loading a model holds the interpreter's lock for seconds, and no thread of Python runs then:
    where the system can send a signal for it, the C library's own _exit is the handler, which needs no Python.
    """
    if sys.platform != "win32":
        import ctypes
        import fcntl
        import signal

        libc = ctypes.CDLL(None)
        libc.signal(int(signal.SIGIO), ctypes.cast(libc["_exit"], ctypes.c_void_p))
        fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)
    threading.Thread(target=_read_to_the_end, name="stdin", daemon=True).start()


def _read_to_the_end() -> None:
    while os.read(0, 4096):
        pass
    os._exit(0)


def _leave_no_core_dump() -> None:
    """A dump would hold the key and what was said."""
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.kernel32.SetErrorMode(0x0001 | 0x0002)  # no dialog of the system about a crash, either
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if Path("/proc/self/status").exists():
        import ctypes

        # A dump that is piped to a program ignores the limit above; PR_SET_DUMPABLE (4) does not.
        ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)
