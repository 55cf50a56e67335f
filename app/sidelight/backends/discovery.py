"""Local servers on loopback: who listens there, told apart by what it answers (protocols.md, section 9).

A port says where to knock, never who answers. Asked are a few addresses by GET, without body, key, cookie, redirect or
proxy; no model is loaded, no prompt sent. Nothing that is found is used here or kept: that is for who asked.

    find           knocks at the usual ports
    recognise      asks one server
    told_apart     says who it is by its answers, without I/O
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

from sidelight.backends import registry
from sidelight.backends.wire.jsontext import JsonObject, at, loads, text
from sidelight.net import NetError, is_loopback, origin_of
from sidelight.net.client import Answer, Clocks, Http

__all__ = ["PORTS", "Found", "find", "recognise", "told_apart"]

PORTS = (11434, 1234, 8080, 8000, 30000, 1337, 4891, 5001, 5000, 12434)
"""Where such servers usually listen, the most likely first."""
_HOSTS = ("127.0.0.1", "[::1]")
_AT_ONCE = 5
"""Servers asked at the same time."""
_CLOCKS = Clocks(connect=0.4, first_payload=1.0, silence=1.0)
_ONE_ANSWER = 1.0
_ALL_ANSWERS = 3.0
"""Seconds for one whole answer, and for all that one server is asked."""
_CAP = 64_000
"""Bytes of one answer."""
_NO_ANSWER = Answer(0, (), b"")
_MODELS = "/v1/models"
_COMPATIBLE = "openai-compatible"
_LONGEST_ID = 500
_LONGEST_VERSION = 60
_MOST_MODELS = 200


@dataclass(frozen=True, slots=True)
class Found:
    """A server on this machine.

    `provider` names a row of the registry, and `base_url` is what a setting of it takes; `title` is what the server
    really is ("LocalAI"). `probably`: something speaks that API, and its name is a guess. `models` are the ids it lists
    without a key. Whatever the server wrote is printable and short.
    """

    provider: str
    title: str
    base_url: str
    certainty: Literal["recognised", "probably"] = "recognised"
    wants_key: bool = False
    loading: bool = False
    version: str = ""
    models: tuple[str, ...] = ()


async def find(http: Http, ports: Sequence[int] = PORTS, *, skip: Collection[str] = ()) -> tuple[Found, ...]:
    """The servers that answer on these ports of 127.0.0.1 and ::1, in their order; one that is on both is named once.

    `skip` are origins that are not asked: our own engine's. Never raises but CancelledError. On a usual machine it takes
    a fraction of a second; with every port held by something that accepts and never answers, a second for each five.
    """
    turn = asyncio.Semaphore(_AT_ONCE)

    async def ask(origin: str) -> Found | None:
        async with turn:
            return await recognise(http, origin)

    origins = [(port, f"http://{host}:{port}") for port in ports for host in _HOSTS]
    async with asyncio.TaskGroup() as group:
        asked = [(port, group.create_task(ask(o))) for port, o in origins if o not in skip]
    servers: dict[tuple[int, Found], Found] = {}
    for port, task in asked:
        if (found := task.result()) is not None:
            servers.setdefault((port, replace(found, base_url="")), found)
    return tuple(servers.values())


async def recognise(http: Http, address: str) -> Found | None:
    """Who listens there; None where nobody does, or nobody we can speak with. At most three seconds.

    Raises ValueError for an address that is not on this machine.
    """
    origin = origin_of(address)
    if not is_loopback(origin):
        raise ValueError("only this machine is searched")
    answers: dict[str, Answer | None] = {}
    try:
        async with asyncio.timeout(_ALL_ANSWERS):
            for paths, test in _TESTS:
                for path in paths:
                    if path not in answers:
                        answers[path] = await _ask(http, origin + path)
                if (found := test(_Heard(origin, answers))) is not None:
                    return found
    except (NetError, TimeoutError):
        return None
    return None


async def _ask(http: Http, url: str) -> Answer | None:
    """The answer to one question, None where it leads elsewhere or is too long. Raises NetError and TimeoutError.

    Whoever does not answer one question in time, or not in HTTP, is not asked another.
    """
    try:
        async with asyncio.timeout(_ONE_ANSWER):
            return await http.fetch("GET", url, clocks=_CLOCKS, cap=_CAP)
    except NetError as error:
        if error.kind in ("redirect", "too_large"):
            return None
        raise


def told_apart(origin: str, answers: Mapping[str, Answer | None]) -> Found | None:
    """Who it is by its answers to paths; a path that is missing or None was not answered."""
    heard = _Heard(origin, answers)
    return next((found for _, test in _TESTS if (found := test(heard)) is not None), None)


class _Heard:
    """What one server has answered so far, as the tests read it."""

    def __init__(self, origin: str, answers: Mapping[str, Answer | None]) -> None:
        self._origin = origin
        self._answers = answers
        self.port = urlsplit(origin).port

    def answer(self, path: str) -> Answer:
        """The answer; one of status 0 where there was none."""
        return self._answers.get(path) or _NO_ANSWER

    def status(self, path: str) -> int:
        """0 where there was no answer."""
        return self.answer(path).status

    def words(self, path: str) -> str:
        """The body as text, whatever the status."""
        return self.answer(path).body.decode("utf-8", "replace")

    def value(self, path: str) -> Any:
        """The JSON value of the body, whatever the status; None where there is none."""
        return loads(self.words(path))

    def told(self, path: str) -> JsonObject:
        """The JSON object of a good answer, an empty one where there is none."""
        return at(self.value(path)) if self.status(path) == 200 else {}

    @property
    def locked(self) -> bool:
        """Whether the list of models wants a key."""
        return self.status(_MODELS) == 401

    @property
    def speaks(self) -> bool:
        """Whether there is a list of models as OpenAI's API has it, be it locked."""
        return self.locked or _is_list(self.told(_MODELS))

    def owned_by(self, name: str) -> bool:
        """Whether a model of the list says so."""
        return any(item.get("owned_by") == name for item in _items(self.told(_MODELS)))

    def found(
        self,
        provider: str,
        title: str = "",
        *,
        models: str = "",
        path: str = "",
        version: object = "",
        guessed: bool = False,
        wants_key: bool = False,
        loading: bool = False,
    ) -> Found:
        """The result of a test. `models` is the path of the list, `path` what the address ends in."""
        listed = (_id(item) for item in _items(self.told(models or _MODELS)))
        return Found(
            provider,
            title or registry.row(provider).title,
            self._origin + path,
            "probably" if guessed else "recognised",
            wants_key or self.locked,
            loading,
            _printable(version),
            tuple(name for name in listed if name)[:_MOST_MODELS],
        )


def _printable(version: object) -> str:
    """A version to be shown, "" where it is no text."""
    return (
        "".join(c for c in version[:_LONGEST_VERSION] if c.isprintable()) if isinstance(version, str) else ""
    )


def _items(listing: JsonObject) -> list[JsonObject]:
    """The entries of a list of models, in any of its forms."""
    data = listing.get("data")
    items = data if isinstance(data, list) else listing.get("models")
    return [at(item) for item in items] if isinstance(items, list) else []


def _is_list(listing: JsonObject) -> bool:
    """Whether this is OpenAI's list, which may be empty."""
    return isinstance(listing.get("data"), list) and (
        listing.get("object") == "list" or any(_id(item) for item in _items(listing))
    )


def _id(item: JsonObject) -> str:
    """The id of a model that can be chatted with, else "". One that would have to be altered to be shown is none."""
    name = next((v for k in ("id", "key", "model", "name") if isinstance(v := item.get(k), str) and v), "")
    embeds = text(item, "type").startswith("embedding")
    return name if name.isprintable() and len(name) <= _LONGEST_ID and not embeds else ""


# The tests, in the order of protocols.md: LocalAI imitates Ollama to the letter, and KoboldCpp has llama.cpp's /props.


def _localai(heard: _Heard) -> Found | None:
    """A list of models is asked of it, too: others answer /readyz with nothing, or anything with a version."""
    version = heard.told("/.well-known/localai.json").get("version")
    ready = heard.status("/readyz") == 200 and not heard.words("/readyz")
    if (version or ready) and heard.speaks:
        return heard.found(_COMPATIBLE, "LocalAI", version=version)
    return None


def _koboldcpp(heard: _Heard) -> Found | None:
    told = heard.told("/api/extra/version")
    if told.get("result") != "KoboldCpp":
        return None
    locked = told.get("protected") is True
    return heard.found(_COMPATIBLE, "KoboldCpp", version=told.get("version"), wants_key=locked)


def _llamacpp(heard: _Heard) -> Found | None:
    """With a key everything is 401, and until the model is there everything is 503."""
    status, told = heard.status("/props"), heard.told("/props")
    error = text(at(heard.value("/props"), "error"), "type")
    if (
        "build_info" in told
        or "default_generation_settings" in told
        or (status, error) in ((401, "authentication_error"), (503, "unavailable_error"))
        or ("server", "llama.cpp") in heard.answer("/props").headers
        or heard.owned_by("llamacpp")
    ):
        version = told.get("build_info")
        return heard.found("llamacpp", version=version, wants_key=status == 401, loading=status == 503)
    return None


def _lmstudio(heard: _Heard) -> Found | None:
    new, old = "/api/v1/models", "/api/v0/models"
    if any(text(item, "key") for item in _items(heard.told(new))):
        return heard.found("lmstudio", models=new)
    if any({"compatibility_type", "max_context_length"} & item.keys() for item in _items(heard.told(old))):
        return heard.found("lmstudio", models=old)
    return None


def _ollama(heard: _Heard) -> Found | None:
    version = text(heard.told("/api/version"), "version")
    if version and heard.words("/").startswith("Ollama is running"):
        return heard.found("ollama", models="/api/tags", version=version)
    return None


def _sglang(heard: _Heard) -> Found | None:
    return heard.found("sglang") if text(heard.told("/get_model_info"), "model_path") else None


def _vllm(heard: _Heard) -> Found | None:
    """With a key its list is locked and its version is not."""
    version = text(heard.told("/version"), "version")
    if version and (heard.locked or heard.owned_by("vllm")):
        return heard.found("vllm", version=version, guessed=heard.locked)
    return None


def _text_generation_webui(heard: _Heard) -> Found | None:
    named = text(heard.told("/v1/internal/model/info"), "model_name")
    return heard.found(_COMPATIBLE, "text-generation-webui") if named else None


def _tabbyapi(heard: _Heard) -> Found | None:
    """A locked /v1/model says so only where other addresses are not locked: whole servers are, and all below /v1."""
    inner, own = "/v1/internal/model/info", "/v1/model"
    locked = heard.status(own) == 401 and heard.status(inner) == 404
    if locked or (heard.speaks and (text(heard.told(inner), "id") or text(heard.told(own), "id"))):
        return heard.found(_COMPATIBLE, "TabbyAPI", wants_key=locked)
    return None


def _jan(heard: _Heard) -> Found | None:
    if text(at(heard.told("/openapi.json"), "info"), "title") == "Jan API Server Endpoints":
        return heard.found(_COMPATIBLE, "Jan")
    return heard.found(_COMPATIBLE, "Jan", guessed=True) if heard.port == 1337 and heard.locked else None


def _docker(heard: _Heard) -> Found | None:
    path = "/engines/v1"
    if _is_list(heard.told(f"{path}/models")):
        return heard.found(
            _COMPATIBLE, "Docker Model Runner", models=f"{path}/models", path=path, guessed=True
        )
    return None


def _compatible(heard: _Heard) -> Found | None:
    """Anything else that has the list. Locked or loading it must at least say so in JSON."""
    if _is_list(told := heard.told(_MODELS)):
        if heard.port == 4891:
            return heard.found(_COMPATIBLE, "GPT4All", guessed=True)
        if any(_id(item).startswith("mlx-community/") for item in _items(told)):
            return heard.found(_COMPATIBLE, "mlx_lm.server", guessed=True)
        return heard.found(_COMPATIBLE)
    if heard.status(_MODELS) in (401, 503) and isinstance(heard.value(_MODELS), dict):
        return heard.found(_COMPATIBLE, guessed=True, loading=heard.status(_MODELS) == 503)
    return None


_Test: TypeAlias = Callable[[_Heard], Found | None]
_TESTS: tuple[tuple[tuple[str, ...], _Test], ...] = (
    (("/.well-known/localai.json", "/readyz", _MODELS), _localai),
    (("/api/extra/version",), _koboldcpp),
    (("/props",), _llamacpp),
    (("/api/v1/models", "/api/v0/models"), _lmstudio),
    (("/api/version", "/", "/api/tags"), _ollama),
    (("/get_model_info",), _sglang),
    (("/version",), _vllm),
    (("/v1/internal/model/info",), _text_generation_webui),
    (("/v1/model",), _tabbyapi),
    (("/openapi.json",), _jan),
    (("/engines/v1/models",), _docker),
    ((), _compatible),
)
"""What is asked for a test, and the test. The first that knows the server ends the questions."""
