"""What holds for every test with a window: neither what the offscreen platform cannot do nor a busy machine is a fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from sidelight.render import highlight, maths
from sidelight.workers.process import Worker

HERE = Path(__file__).resolve().parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The offscreen platform warns of size hints, raising and grabbing, which it does not have."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support", extend=True))


@pytest.fixture(autouse=True)
def worker_in_no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may take longer over a job than the worker is given for a bad one; tests/workers holds those deadlines."""
    assert Worker.submit.__kwdefaults__ is not None
    monkeypatch.setitem(Worker.submit.__kwdefaults__, "within", 30.0)
    for job in (maths, highlight):
        monkeypatch.setattr(job, "WITHIN", 30.0)
