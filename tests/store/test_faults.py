"""The 30 faults of storage, S1 to S30, and where each is played: here, or in the test that is named."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest
from benchmarks import durability
from tests.store.strategies import asked, child_environment, journaled, opened, sealed, stored

from sidelight.chat.events import AnswerDelta, Finished, FinishReason, Stamped
from sidelight.store.backup import back_up, restore
from sidelight.store.check import check

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault by its number, and the tests that play it, as "file below tests::function"."""

    number: int
    name: str
    played: tuple[str, ...]


TABLE = (
    Fault(
        1,
        "kill -9 while eight lanes stream",
        (
            "store/test_kill.py::test_a_kill_at_any_moment_costs_one_batch_and_nothing_that_was_finished",
            "proof/test_kill.py::test_a_kill_while_eight_lanes_stream_costs_one_batch_and_nothing_that_was_finished",
        ),
    ),
    Fault(2, "power cut", ("store/test_power.py::test_a_power_cut_loses_nothing_that_was_said_to_be_saved",)),
    Fault(
        3,
        "disk full",
        (
            "store/test_database.py::test_a_full_disk_is_said_reads_go_on_and_with_room_writing_goes_on",
            "store/test_database.py::test_no_room_to_make_the_file",
            "proof/test_full_disk.py::test_a_full_disk",
        ),
    ),
    Fault(
        4,
        "a limit on the size of files",
        (
            "store/test_database.py::test_a_file_that_may_not_grow_is_said_and_later_goes_on",
            "proof/test_full_disk.py::test_a_limit_on_the_size_of_files",
        ),
    ),
    Fault(
        5,
        "file or folder read-only",
        (
            "store/test_database.py::test_what_cannot_be_written_is_readonly",
            "store/test_database.py::test_a_file_that_turns_read_only_is_said_and_later_goes_on",
            "store/test_database.py::test_a_folder_that_cannot_be_written_can_be_read",
        ),
    ),
    Fault(6, "folder removed under us", ("store/test_database.py::test_a_file_removed_under_us_is_missing",)),
    Fault(
        7,
        "locked by another process",
        ("store/test_database.py::test_a_busy_file_is_waited_for_and_then_said_to_be_locked",),
    ),
    Fault(
        8,
        "read first, then write, beside another writer",
        ("store/test_faults.py::test_a_job_that_reads_first_waits_for_the_other_writer",),
    ),
    Fault(
        9,
        "two instances of a profile",
        (
            "ui/test_application.py::test_a_second_window_raises_the_first_and_ends",
            "store/test_journal.py::test_a_living_process_is_left_alone_and_a_killed_one_is_recovered",
            "proof/test_beside.py::test_ask_and_a_streaming_session_do_not_disturb_each_other",
        ),
    ),
    Fault(10, "flipped bits", ("store/test_flips.py::test_no_flipped_bit_that_matters_is_missed",)),
    Fault(11, "a text file", ("store/test_database.py::test_a_damaged_file_is_said_to_be",)),
    Fault(12, "half of the file", ("store/test_database.py::test_a_damaged_file_is_said_to_be",)),
    Fault(13, "the head alone", ("store/test_database.py::test_a_damaged_file_is_said_to_be",)),
    Fault(
        14, "zero bytes", ("store/test_database.py::test_what_is_gone_is_missing_and_never_an_empty_file",)
    ),
    Fault(
        15,
        "a restore beside a stale log",
        ("store/test_backup.py::test_a_log_of_the_former_file_is_not_read_into_the_restored_one",),
    ),
    Fault(
        16,
        "a file of a newer version",
        (
            "store/test_migrations.py::test_a_newer_file_and_a_strangers_file_are_left_as_they_are",
            "store/test_database.py::test_a_file_opened_to_be_read_only_is_left_as_it_is",
        ),
    ),
    Fault(
        17,
        "a kill in the middle of a migration",
        (
            "store/test_migrations.py::test_killed_in_the_middle_it_is_the_old_version",
            "store/test_interrupted.py::test_killed_at_a_step_the_next_start_is_sound_and_nothing_is_lost",
        ),
    ),
    Fault(18, "a large file", ("store/test_faults.py::test_what_is_measured_of_a_large_file",)),
    Fault(19, "a message of 50 MB", ("store/test_faults.py::test_a_message_of_50_mb",)),
    Fault(20, "no keyring", ("proof/test_keyring_start.py::test_a_keyring_in_trouble",)),
    Fault(
        21,
        "a keyring that raises or hangs",
        (
            "proof/test_keyring_start.py::test_a_keyring_in_trouble",
            "test_keys.py::test_a_hung_keyring_holds_nobody_up_and_a_late_answer_counts",
        ),
    ),
    Fault(22, "a locked keyring", ("proof/test_keyring_start.py::test_the_real_keyring_locked",)),
    Fault(23, "settings: empty or half-written", ("test_settings.py::test_a_broken_file_is_kept_beside",)),
    Fault(24, "settings: 10 MB", ("test_settings.py::test_a_broken_file_is_kept_beside",)),
    Fault(
        25,
        "settings: wrong types",
        (
            "test_settings.py::test_one_wrong_value_costs_one_default",
            "test_settings.py::test_any_values_load",
        ),
    ),
    Fault(
        26,
        "settings: a newer file, a save that fails",
        (
            "test_settings.py::test_a_newer_file_is_read_as_far_as_it_is_known",
            "test_settings.py::test_a_save_that_fails_leaves_the_old_file_and_no_rest",
        ),
    ),
    Fault(
        27, "no fonts, software drawing alone", ("store/test_faults.py::test_it_starts_in_odd_surroundings",)
    ),
    Fault(
        28,
        "odd locale, no HOME, a path that is no UTF-8",
        (
            "store/test_faults.py::test_it_starts_in_odd_surroundings",
            "store/test_faults.py::test_a_path_that_is_no_utf_8",
        ),
    ),
    Fault(29, "the syntax of a search", ("store/test_search.py::test_hostile_text_raises_nothing",)),
    Fault(
        30,
        "a search that is too long or takes too long",
        (
            "store/test_query.py::test_a_query_is_bounded",
            "store/test_search.py::test_the_deadline_ends_a_search_and_is_said",
        ),
    ),
)


def test_every_fault_is_there_in_order_and_is_played() -> None:
    assert [fault.number for fault in TABLE] == list(range(1, 31))
    for place in {place for fault in TABLE for place in fault.played}:
        file, function = place.split("::")
        tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
        there = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert function in there, place


def test_a_job_that_reads_first_waits_for_the_other_writer(tmp_path: Path) -> None:
    """Such a job would fail at once, whatever it was ready to wait, had it not begun as a writer."""
    with opened(tmp_path) as one, opened(tmp_path) as other:
        asked(one)
        under_way, go = threading.Event(), threading.Event()

        def first(con: object) -> None:
            under_way.set()
            assert go.wait(30)

        slow = one.write(first)
        assert under_way.wait(30)
        later = other.write(
            lambda con: (
                con.execute("SELECT count(*) FROM turns").fetchone(),
                con.execute("UPDATE turns SET chosen = NULL").rowcount,
            )
        )
        go.set()
        slow.result(30)
        assert later.result(30) == ((1,), 1)


def test_what_is_measured_of_a_large_file() -> None:
    """Half a gigabyte in `make soak`; here, that the figures are those of a file that is sound to the last row."""
    figures = durability.measure(3)
    assert figures.megabytes >= 3
    assert figures.rows > 1000


def test_a_message_of_50_mb(tmp_path: Path) -> None:
    text = "wörter " * 7_000_000
    with opened(tmp_path) as store:
        _, turn = asked(store)
        reply_id = turn.replies[0].id
        journaled(
            store,
            (reply_id, [Stamped.now(AnswerDelta(text), 0.1), Stamped.now(Finished(FinishReason.STOP), 0.2)]),
        )
        assert sealed(store, reply_id).answer_text == text
        assert stored(store, reply_id).answer_text == text
        assert check(store.path).sound
        assert back_up(store.path, 0.0) is not None


_START = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from sidelight import main
from sidelight.ui.main_window import MainWindow

app = QApplication([])

def look():
    for window in app.topLevelWidgets():
        if isinstance(window, MainWindow) and window._furnished and window._session.backends():
            timer.stop()
            window.grab()
            print("shown", flush=True)
            window.close()

timer = QTimer()
timer.timeout.connect(look)
timer.start(20)
sys.exit(main.run_window())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is no such path and no fontconfig")
@pytest.mark.parametrize("how", ["path", "locale", "no HOME", "fonts", "minimal"])
def test_it_starts_in_odd_surroundings(tmp_path: Path, how: str) -> None:
    profile = tmp_path / "profile"
    if how == "path":
        profile = tmp_path / "天 pro?file #1%41"
    environment = {**child_environment(), "SIDELIGHT_PROFILE": str(profile)}
    if how == "locale":
        environment |= {"LC_ALL": "xx_YY.ISO-8859-15", "LANG": "C"}
    if how == "no HOME":
        environment = {
            k: v for k, v in environment.items() if k not in ("HOME", "USERPROFILE") and k[:4] != "XDG_"
        }
    if how == "fonts":
        empty = tmp_path / "fonts.conf"
        empty.write_text("<fontconfig></fontconfig>", encoding="ascii")
        environment |= {"FONTCONFIG_FILE": str(empty), "QT_QUICK_BACKEND": "software"}
    if how == "minimal":
        environment |= {"QT_QPA_PLATFORM": "minimal", "LIBGL_ALWAYS_SOFTWARE": "1"}
    child = subprocess.run(
        [sys.executable, "-c", _START], env=environment, capture_output=True, timeout=60, check=False
    )
    assert (child.returncode, child.stdout) == (0, b"shown\n"), child.stderr.decode(errors="replace")
    assert check(profile / "data" / "sidelight.db").sound


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is no such path")
def test_a_path_that_is_no_utf_8(tmp_path: Path) -> None:
    with opened(Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe pro?file #1%41"))) as store:
        asked(store)
        assert check(store.path).sound
        made = back_up(store.path, 0.0)
    assert made is not None
    assert restore(store.path, made.path, 0.0) is not None
    assert check(store.path, still=True).sound
