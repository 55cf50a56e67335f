"""What the worker knows, as the window asks for it: with the real worker."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from sidelight.render import later
from sidelight.render.highlight import Colours
from sidelight.render.later import Later
from sidelight.render.maths import Formula, Refused
from sidelight.workers.process import Worker

INK = "#112233"


class Told:
    """Counts what is told, as the window would hear it."""

    def __init__(self) -> None:
        self.times = 0
        self._heard = threading.Event()

    def __call__(self) -> None:
        self.times += 1
        self._heard.set()

    def wait(self) -> None:
        assert self._heard.wait(60)
        self._heard.clear()


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.close()


def formula(known: Later, told: Told, source: str) -> Formula | Refused:
    while (found := known.formula(source, display=False, colour=INK)) is None:
        told.wait()
    return found


def test_a_formula_is_asked_for_once(worker: Worker) -> None:
    told = Told()
    known = Later(worker, told)
    assert known.formula("x^2", display=False, colour=INK) is None  # it does not wait
    assert known.formula("x^2", display=False, colour=INK) is None
    first = formula(known, told, "x^2")
    assert isinstance(first, Formula)
    assert formula(known, told, "x^2") is first
    assert told.times == 1
    assert known.formula("x^2", display=False, colour="#445566") is None


def test_code_is_asked_for_once(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Worker.submit.__kwdefaults__ is not None
    monkeypatch.setitem(Worker.submit.__kwdefaults__, "within", 30.0)
    told = Told()
    known = Later(worker, told)
    assert known.colours("x", "nonsense-nobody-knows") is None
    assert known.colours("x", "") == Colours()
    assert known.colours("def f(): pass", "py") is None
    while (found := known.colours("def f(): pass", "py")) is None:
        told.wait()
    assert found.spans[0] == (0, 3, "keyword")
    assert known.colours("x", "nonsense-nobody-knows") == Colours()


def test_what_takes_too_long_is_said_and_the_rest_comes(worker: Worker) -> None:
    """Code that makes a lexer go back and back (see the notes on hostile text)."""
    told = Told()
    known = Later(worker, told)
    code = "ab\n" * 20_000
    assert known.colours(code, "csharp") is None
    assert isinstance(formula(known, told, "y"), Formula)
    assert known.colours(code, "csharp") == Colours(why="time")


def test_without_a_worker_the_source_stands() -> None:
    told = Told()
    worker = Worker(command=["/nowhere/at/all"])
    known = Later(worker, told)
    assert formula(known, told, "x") == Refused("time")
    worker.close()
    assert formula(known, told, "y") == Refused("time")


def test_the_oldest_is_forgotten(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(later, "_FORMULAS", 2)
    told = Told()
    known = Later(worker, told)
    for source in ("a", "b", "a", "c"):
        assert isinstance(formula(known, told, source), Formula)
    assert known.formula("a", display=False, colour=INK) is not None
    assert known.formula("b", display=False, colour=INK) is None
