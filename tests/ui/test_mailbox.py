from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sidelight.ui.mailbox import Collector, Mailbox


def test_what_many_threads_put_in_comes_out_in_each_ones_order(qtbot: QtBot) -> None:
    came: list[tuple[int, int]] = []
    where: set[int] = set()

    def take(value: tuple[int, int]) -> None:
        came.append(value)
        where.add(threading.get_ident())

    box = Mailbox(take)
    slot = box.slot

    def work(who: int) -> None:
        for n in range(2000):
            slot.put((who, n))

    threads = [threading.Thread(target=work, args=(who,)) for who in range(8)]
    for thread in threads:
        thread.start()
    qtbot.waitUntil(lambda: len(came) == 8 * 2000, timeout=20_000)
    for thread in threads:
        thread.join()
    for who in range(8):
        assert [n for w, n in came if w == who] == list(range(2000))
    assert where == {threading.get_ident()}


def test_nothing_comes_after_the_end_and_putting_in_harms_nobody(qtbot: QtBot) -> None:
    came: list[int] = []
    box = Mailbox(came.append)
    slot = box.slot
    slot.put(1)
    box.close()
    slot.put(2)
    qtbot.wait(20)
    slot.put(3)
    qtbot.wait(20)
    assert came == []


def test_who_takes_may_close(qtbot: QtBot) -> None:
    came: list[int] = []

    def take(value: int) -> None:
        came.append(value)
        box.close()

    box = Mailbox(take)
    box.slot.put(1)
    box.slot.put(2)
    qtbot.waitUntil(lambda: came == [1])
    qtbot.wait(20)
    assert came == [1]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are counted in /proc")
def test_a_mailbox_that_goes_with_its_parent_leaves_no_file_open(qtbot: QtBot) -> None:
    before = _open_files()
    parent = QObject()
    boxes = [Mailbox(print, parent) for _ in range(5)]
    assert _open_files() == before + 10
    del boxes
    parent.deleteLater()
    del parent
    qtbot.waitUntil(lambda: _open_files() == before)


def _open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.fixture
def collector(qtbot: QtBot) -> Iterator[Collector]:
    app = QApplication.instance()
    assert app is not None
    collector = Collector(app)
    yield collector
    collector.close()
    assert not gc.isenabled()
    collector.deleteLater()


def test_cycles_with_widgets_end_in_the_windows_thread(qtbot: QtBot, collector: Collector) -> None:
    ended: list[int] = []

    class Knot(QObject):
        def __init__(self) -> None:
            super().__init__()
            self.self = self

        def __del__(self) -> None:
            ended.append(threading.get_ident())

    for _ in range(200):
        Knot()
    busy = threading.Thread(target=lambda: [[] for _ in range(100_000)])
    busy.start()
    kept = [threading.Thread(target=lambda: [{"a": [n]} for n in range(20_000)]) for _ in range(4)]
    for thread in kept:
        thread.start()
        thread.join()
    busy.join()
    assert ended == []
    held = [[] for _ in range(2 * gc.get_threshold()[0])]  # type: ignore[var-annotated]
    qtbot.waitUntil(lambda: len(ended) == 200, timeout=10_000)
    assert set(ended) == {threading.get_ident()}
    assert held


def test_everything_is_looked_at_only_while_nothing_moves(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = QApplication.instance()
    assert app is not None
    rests = False
    collector = Collector(app, lambda: rests)
    looked: list[int] = []
    counts = [0, 0, 0]
    try:
        monkeypatch.setattr(gc, "collect", looked.append)
        monkeypatch.setattr(gc, "get_count", lambda: tuple(counts))
        monkeypatch.setattr(gc, "get_threshold", lambda: (700, 10, 10))
        counts[:] = [0, 11, 400]
        collector.look()
        counts[:] = [701, 0, 400]
        collector.look()
        assert looked == [1, 0]
        counts[:] = [0, 11, 501]  # it has moved for very long
        collector.look()
        rests = True
        counts[:] = [0, 0, 11]
        collector.look()
        assert looked == [1, 0, 2, 2]
    finally:
        monkeypatch.undo()
        collector.close()
        collector.deleteLater()
