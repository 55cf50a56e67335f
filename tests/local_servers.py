"""Servers as they may run beside Sidelight: made ones on real sockets, each after the answers of a real one, and a real one.

KINDS          what each kind answers, and what it must be recognised as
serving        such a server, on a port of its own
llama_server   llama.cpp's own server, started as somebody else would
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.faults.server import FaultServer, Scenario, Seen, answer

from sidelight.backends import discovery
from sidelight.backends.discovery import Found
from sidelight.net.client import Clocks

_FIND = discovery.find

__all__ = ["KINDS", "Kind", "Says", "llama_server", "openai_list", "serving"]


@dataclass(frozen=True)
class Says:
    """One answer: JSON, or text as it is."""

    body: Any
    status: int = 200
    headers: tuple[str, ...] = ()

    @property
    def data(self) -> bytes:
        """The bytes of the body."""
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Kind:
    """A server: its answers by path, the one to all other paths, and what it is, with the path behind its origin."""

    answers: Mapping[str, Says]
    otherwise: Says
    found: Found | None
    port: int | None = None
    """Where it must listen to be recognised; None anywhere."""

    def says(self, path: str) -> Says:
        """The answer to a path."""
        return self.answers.get(path, self.otherwise)


NOT_FOUND = Says({"detail": "Not Found"}, 404)
UNAUTHORIZED = Says({"error": "Unauthorized"}, 401)
HTML = Says("<!doctype html><title>My shop</title>", headers=("content-type: text/html",))


def openai_list(*ids: str, **more: object) -> Says:
    """OpenAI's list of models."""
    return Says({"object": "list", "data": [{"id": i, "object": "model", **more} for i in ids]})


def _error(status: int, message: str, kind: str, *headers: str) -> Says:
    """As llama.cpp writes it."""
    return Says({"error": {"message": message, "type": kind, "code": status}}, status, headers)


_LLAMACPP_NOT_FOUND = _error(404, "File Not Found", "not_found_error", "server: llama.cpp")
_LLAMACPP_LOCKED = _error(401, "Invalid API Key", "authentication_error")
_LLAMACPP_LIST = Says(
    {
        "models": [{"name": "qwen3.gguf", "model": "qwen3.gguf", "capabilities": ["completion"]}],
        "object": "list",
        "data": [
            {"id": "qwen3.gguf", "object": "model", "owned_by": "llamacpp", "meta": {"n_ctx_train": 40960}}
        ],
    }
)
_OLLAMA = {
    "/": Says("Ollama is running"),
    "/api/version": Says({"version": "0.13.5"}),
    "/api/tags": Says({"models": [{"name": "qwen3:8b", "model": "qwen3:8b", "size": 5_200_000_000}]}),
    "/v1/models": openai_list("qwen3:8b", owned_by="library"),
}
_LOCALAI = {
    "/readyz": Says(""),
    "/v1/models": openai_list("gemma-3"),
    "/api/version": Says({"version": "0.9.0"}),
    "/": Says("Ollama is running"),
    "/api/tags": Says({"models": [{"name": "gemma-3:latest", "model": "gemma-3:latest"}]}),
}
_OPENAI = "openai-compatible"

KINDS: dict[str, Kind] = {
    "LocalAI that imitates Ollama": Kind(
        {**_LOCALAI, "/.well-known/localai.json": Says({"version": "v3.9.0", "endpoints": {}})},
        NOT_FOUND,
        Found(_OPENAI, "LocalAI", "", version="v3.9.0", models=("gemma-3",)),
    ),
    "older LocalAI": Kind(_LOCALAI, NOT_FOUND, Found(_OPENAI, "LocalAI", "", models=("gemma-3",))),
    "LocalAI with a key": Kind(
        {"/.well-known/localai.json": Says({"version": "v3.9.0"}), "/readyz": Says("")},
        UNAUTHORIZED,
        Found(_OPENAI, "LocalAI", "", version="v3.9.0", wants_key=True),
    ),
    "KoboldCpp": Kind(
        {
            "/api/extra/version": Says({"result": "KoboldCpp", "version": "1.103", "protected": False}),
            "/props": Says({"default_generation_settings": {"n_ctx": 8192}, "total_slots": 1}),
            "/v1/models": openai_list("koboldcpp/mistral-7b"),
            "/api/tags": Says({"models": []}),
        },
        NOT_FOUND,
        Found(_OPENAI, "KoboldCpp", "", version="1.103", models=("koboldcpp/mistral-7b",)),
    ),
    "KoboldCpp with a password": Kind(
        {
            "/api/extra/version": Says({"result": "KoboldCpp", "version": "1.103", "protected": True}),
            "/v1/models": openai_list("koboldcpp/mistral-7b"),
        },
        NOT_FOUND,
        Found(_OPENAI, "KoboldCpp", "", version="1.103", models=("koboldcpp/mistral-7b",), wants_key=True),
    ),
    "llama.cpp that answers /api/tags": Kind(
        {
            "/props": Says(
                {
                    "default_generation_settings": {"n_ctx": 4096},
                    "total_slots": 4,
                    "build_info": "b10434-7e4c0a9",
                }
            ),
            "/v1/models": _LLAMACPP_LIST,
            "/api/tags": Says({"models": [{"name": "qwen3.gguf", "model": "qwen3.gguf"}]}),
        },
        _LLAMACPP_NOT_FOUND,
        Found("llamacpp", "llama.cpp", "", version="b10434-7e4c0a9", models=("qwen3.gguf",)),
    ),
    "llama.cpp with a key": Kind(
        {},
        _LLAMACPP_LOCKED,
        Found("llamacpp", "llama.cpp", "", wants_key=True),
    ),
    "llama.cpp with a key and an open list": Kind(
        {"/v1/models": _LLAMACPP_LIST},
        _LLAMACPP_LOCKED,
        Found("llamacpp", "llama.cpp", "", wants_key=True, models=("qwen3.gguf",)),
    ),
    "llama.cpp that is loading": Kind(
        {},
        _error(503, "Loading model", "unavailable_error"),
        Found("llamacpp", "llama.cpp", "", loading=True),
    ),
    "llama.cpp by its header": Kind({}, _LLAMACPP_NOT_FOUND, Found("llamacpp", "llama.cpp", "")),
    "llama.cpp by its list": Kind(
        {"/v1/models": _LLAMACPP_LIST},
        NOT_FOUND,
        Found("llamacpp", "llama.cpp", "", models=("qwen3.gguf",)),
    ),
    "LM Studio": Kind(
        {
            "/api/v1/models": Says(
                {
                    "models": [
                        {"type": "llm", "key": "qwen/qwen3-8b", "max_context_length": 32768},
                        {"type": "embedding", "key": "nomic-embed"},
                    ]
                }
            ),
            "/v1/models": openai_list("qwen/qwen3-8b", "nomic-embed"),
        },
        Says({"error": "Unexpected endpoint or method."}),
        Found("lmstudio", "LM Studio", "", models=("qwen/qwen3-8b",)),
    ),
    "older LM Studio": Kind(
        {
            "/api/v0/models": Says(
                {
                    "object": "list",
                    "data": [
                        {"id": "qwen3-8b", "type": "llm", "compatibility_type": "gguf", "state": "loaded"}
                    ],
                }
            ),
            "/v1/models": openai_list("qwen3-8b"),
        },
        Says({"error": "Unexpected endpoint or method."}),
        Found("lmstudio", "LM Studio", "", models=("qwen3-8b",)),
    ),
    "Ollama": Kind(
        _OLLAMA,
        Says("404 page not found", 404),
        Found("ollama", "Ollama", "", version="0.13.5", models=("qwen3:8b",)),
    ),
    "SGLang": Kind(
        {
            "/get_model_info": Says({"model_path": "Qwen/Qwen3-8B", "is_generation": True}),
            "/v1/models": openai_list("Qwen/Qwen3-8B", owned_by="sglang", max_model_len=40960),
        },
        NOT_FOUND,
        Found("sglang", "SGLang", "", models=("Qwen/Qwen3-8B",)),
    ),
    "vLLM": Kind(
        {
            "/version": Says({"version": "0.19.1"}),
            "/health": Says(""),
            "/v1/models": openai_list("Qwen/Qwen3-8B", owned_by="vllm", max_model_len=40960),
        },
        NOT_FOUND,
        Found("vllm", "vLLM", "", version="0.19.1", models=("Qwen/Qwen3-8B",)),
    ),
    "vLLM with a key": Kind(
        {
            "/version": Says({"version": "0.19.1"}),
            "/v1/models": UNAUTHORIZED,
            "/v1/model": UNAUTHORIZED,
            "/v1/internal/model/info": UNAUTHORIZED,
        },
        NOT_FOUND,
        Found("vllm", "vLLM", "", version="0.19.1", certainty="probably", wants_key=True),
    ),
    "text-generation-webui": Kind(
        {
            "/v1/internal/model/info": Says({"model_name": "None", "lora_names": []}),
            "/v1/models": openai_list("mistral-7b"),
        },
        NOT_FOUND,
        Found(_OPENAI, "text-generation-webui", "", models=("mistral-7b",)),
    ),
    "TabbyAPI": Kind(
        {
            "/v1/internal/model/info": Says({"id": "llama-exl2", "object": "model"}),
            "/v1/models": openai_list("llama-exl2", owned_by="tabbyAPI"),
        },
        NOT_FOUND,
        Found(_OPENAI, "TabbyAPI", "", models=("llama-exl2",)),
    ),
    "TabbyAPI with a key": Kind(
        {"/v1/model": UNAUTHORIZED, "/v1/models": UNAUTHORIZED},
        NOT_FOUND,
        Found(_OPENAI, "TabbyAPI", "", wants_key=True),
    ),
    "Jan": Kind(
        {
            "/openapi.json": Says({"openapi": "3.0.0", "info": {"title": "Jan API Server Endpoints"}}),
            "/v1/models": Says("Invalid or missing authorization token", 401),
        },
        NOT_FOUND,
        Found(_OPENAI, "Jan", "", wants_key=True),
    ),
    "Jan by its port": Kind(
        {},
        Says("Invalid or missing authorization token", 401),
        Found(_OPENAI, "Jan", "", certainty="probably", wants_key=True),
        port=1337,
    ),
    "Docker Model Runner": Kind(
        {"/engines/v1/models": openai_list("ai/smollm2", owned_by="docker")},
        NOT_FOUND,
        Found(_OPENAI, "Docker Model Runner", "/engines/v1", certainty="probably", models=("ai/smollm2",)),
    ),
    "GPT4All": Kind(
        {"/v1/models": openai_list("Llama 3 8B Instruct")},
        NOT_FOUND,
        Found(_OPENAI, "GPT4All", "", certainty="probably", models=("Llama 3 8B Instruct",)),
        port=4891,
    ),
    "mlx_lm.server": Kind(
        {"/v1/models": openai_list("mlx-community/Qwen3-8B-4bit")},
        NOT_FOUND,
        Found(_OPENAI, "mlx_lm.server", "", certainty="probably", models=("mlx-community/Qwen3-8B-4bit",)),
    ),
    "any server with the list": Kind(
        {"/v1/models": openai_list("some-model")},
        NOT_FOUND,
        Found(_OPENAI, "OpenAI-compatible", "", models=("some-model",)),
    ),
    "any server with a key": Kind(
        {},
        UNAUTHORIZED,
        Found(_OPENAI, "OpenAI-compatible", "", certainty="probably", wants_key=True),
    ),
    "any server that is loading": Kind(
        {"/v1/models": Says({"error": {"message": "starting"}}, 503)},
        NOT_FOUND,
        Found(_OPENAI, "OpenAI-compatible", "", certainty="probably", loading=True),
    ),
    "a site that has no such pages": Kind({"/": HTML}, Says("<h1>Not found</h1>", 404), None),
    "a dev server with one page for everything": Kind({}, HTML, None),
    "a service that is well and says nothing": Kind({}, Says(""), None),
    "a service with a version": Kind({}, Says({"version": "1.2.3"}), None),
    "a service with data of its own": Kind({}, Says({"data": [{"id": 7}], "models": "none"}), None),
    "a service that lists nothing": Kind({}, Says([]), None),
    "a site behind a password": Kind(
        {}, Says("<h1>Log in</h1>", 401, ('www-authenticate: Basic realm="x"',)), None
    ),
    "a site that is down": Kind({}, Says("<h1>Bad gateway</h1>", 503), None),
    "a port that forbids": Kind({}, Says("", 403, ("server: AirTunes/870",)), None),
}


@contextlib.contextmanager
def serving(kind: Kind, instead: Mapping[str, Scenario] | None = None) -> Iterator[FaultServer]:
    """A server of this kind; `instead` are scenarios to play at some paths in place of its answers."""

    def choose(seen: Seen) -> Scenario:
        said = kind.says(seen.path)
        return (instead or {}).get(seen.path) or answer(said.status, said.data, *said.headers)

    with FaultServer(choose) as server:
        yield server


_SERVE = """
import sys, xllamacpp
parameters = xllamacpp.CommonParams()
parameters.model.path = sys.argv[1]
parameters.hostnames = ["127.0.0.1"]
parameters.port = 0
parameters.n_ctx = 1024
parameters.n_parallel = 1
parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
parameters.offline = True
server = xllamacpp.Server(parameters)
print(server.listening_address, file=sys.__stdout__, flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def llama_server(model: Path) -> Iterator[str]:
    """llama.cpp's own server with this model file, as its package starts it: no key, no template of ours.

    Gives its address. It is a process of its own that knows nothing of Sidelight, and it has ended afterwards; its
    stdin ends with this process, and it with that.
    """
    command = [sys.executable, "-I", "-c", _SERVE, str(model)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            assert address, "the server did not start"
            yield address
        finally:
            process.kill()


def only_at(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Look for servers at the ports of these alone, and give them the time that a busy machine needs to answer."""
    ports = [int(address.rpartition(":")[2]) for address in addresses]
    patient = Clocks(connect=10.0, first_payload=10.0, silence=10.0)
    monkeypatch.setattr(discovery, "_CLOCKS", patient)
    monkeypatch.setattr(discovery, "_ONE_ANSWER", 10.0)
    monkeypatch.setattr(discovery, "_ALL_ANSWERS", 20.0)
    monkeypatch.setattr(discovery, "find", partial(_FIND, ports=ports))
