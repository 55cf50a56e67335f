"""What holds for every test: no window on the screen, a profile of its own, and nothing left behind.

No test fails because the machine is busy: what must happen in a window has half a minute for it, and the examples that
Hypothesis makes are the same in every run and have no deadline. `make test ARGS=--hypothesis-profile=new` makes new ones.

A thread or task that outlives its test, or a log record of level WARNING that the test did not announce with
`@pytest.mark.logs(pattern)`, fails the test. So does a key (each test has some) in a file that it wrote, or in what it or a
child process of it printed or logged.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import inspect
import itertools
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Coroutine, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as examples
from tests.proof import canary

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

# Before anything imports Qt.
os.environ["QT_QPA_PLATFORM"] = os.environ.get("SIDELIGHT_TEST_PLATFORM", "offscreen")

# Before a test module says what it wishes beside.
_calm = examples(deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
examples.register_profile("same", _calm, derandomize=True)
examples.register_profile("new", _calm)
examples.load_profile("same")

_GRACE = 10.0
"""Seconds that threads and tasks have to end after their test."""

_LONG = (
    "local/test_template.py",
    "faults/test_growth.py",
    "proof/test_kill.py",
    "render/test_hostile.py",
    "proof/test_end_to_end.py",
    "faults/test_refusals.py",
    "proof/test_isolation.py",
    "proof/test_keyring_start.py",
    "faults/test_streams.py",
    "proof/test_frozen_face.py",
    "transfer/test_json.py",
    "faults/test_changes.py",
    "ui/test_reopening.py",
    "cli/test_ask.py",
    "faults/test_sizes.py",
    "store/test_faults.py",
    "proof/test_full_disk.py",
    "ui/document/test_pictures.py",
    "local/test_engine.py",
    "store/test_kill.py",
    "store/test_interrupted.py",
    "ui/test_application.py",
    "transfer/test_importing.py",
    "transfer/test_html.py",
    "faults/test_cancel.py",
    "workers/test_process.py",
    "packaging/test_selftest.py",
    "proof/test_beside.py",
    "backends/test_discovery.py",
    "store/test_flips.py",
)
"""The files that take longest come first, in this order: a file is run by one process, and none of these is to be the last."""


@pytest.fixture(autouse=True)
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A profile folder that no other test and no person uses, and keys that are nobody's."""
    folder = tmp_path / "profile"
    monkeypatch.setenv("SIDELIGHT_PROFILE", str(folder))
    for name, key in canary.ENVIRONMENT.items():
        monkeypatch.setenv(name, key)
    return folder


_tests = itertools.count(1)
_folders = itertools.count(1)


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new folder. pytest's own looks through all former ones and keeps a link, which takes longer than most tests do."""
    name = re.sub(r"\W", "_", request.node.name)[:30]
    folder = tmp_path_factory.getbasetemp() / f"{name}{next(_folders)}"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture(autouse=True)
def cycles_end_here() -> Iterator[None]:
    """Cycles are collected in the thread of the tests alone, as `ui.mailbox.Collector` has it in the app."""
    gc.disable()
    yield
    gc.collect(2 if next(_tests) % 50 == 0 else 1)


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    """Threads that the test started have ended."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + _GRACE
    while left := [t for t in threading.enumerate() if t not in before and not _belongs_to_the_loop(t)]:
        if time.monotonic() > deadline:
            pytest.fail(f"threads left behind: {[t.name for t in left]}")
        time.sleep(0.01)


def _belongs_to_the_loop(thread: threading.Thread) -> bool:
    """A loop's own pool ends with the loop, which pytest-asyncio closes after this check."""
    return thread.name.startswith("asyncio_")


@pytest.fixture(autouse=True)
def no_unexpected_log(request: pytest.FixtureRequest) -> Iterator[None]:
    """Nothing was logged at WARNING or above but what the test announced."""
    announced = [re.compile(m.args[0]) for m in request.node.iter_markers("logs")]
    heard = _Listener()
    logging.getLogger().addHandler(heard)
    yield
    logging.getLogger().removeHandler(heard)
    unexpected = [x for x in heard.lines if not any(p.search(x) for p in announced)]
    if unexpected:
        pytest.fail("logged without being announced:\n" + "\n".join(unexpected))


class _Listener(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name}: {record.getMessage()}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """No key was written anywhere; looked for when all fixtures have ended and every file is closed."""
    report = yield
    if report.when != "teardown":
        return report
    found = [title for title, text in report.sections if canary.found_in(text.encode("utf-8", "replace"))]
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    found += map(str, canary.leaks(folder)) if folder is not None else []
    if found:
        report.outcome = "failed"
        report.longrepr = f"a key was written: {', '.join(found)}"
    return report


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    """pytest-qt's, with patience."""
    from tests.ui.patient import PatientBot

    return PatientBot(request)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every asynchronous test ends with no task left on its loop; files that take long come first."""
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
            item.obj = _without_tasks_left(item.obj)
    folder = Path(__file__).resolve().parent
    places = {folder / name: place for place, name in enumerate(_LONG)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


def pytest_collection_finish() -> None:
    """What is there before the first test is looked through for cycles once, and not after each fiftieth test again."""
    gc.collect()
    gc.freeze()


def _without_tasks_left(
    test: Callable[..., Coroutine[Any, Any, None]],
) -> Callable[..., Coroutine[Any, Any, None]]:
    @functools.wraps(test)
    async def checked(*args: object, **kwargs: object) -> None:
        before = asyncio.all_tasks()
        await test(*args, **kwargs)
        left = asyncio.all_tasks() - before
        if left:
            _, left = await asyncio.wait(left, timeout=_GRACE)
        if left:
            pytest.fail(f"tasks left behind: {[t.get_name() for t in left]}")

    return checked
