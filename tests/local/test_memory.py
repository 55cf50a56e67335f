"""Memory and disk: what is read from the system, and the arithmetic of "will it fit"."""

from __future__ import annotations

from pathlib import Path

import pytest

from sidelight.local.memory import (
    Fit,
    _available_linux,
    _pages_of,
    disk_free,
    gigabytes,
    memory_available,
    will_fit,
)


def test_this_machine_has_memory_and_disk(tmp_path: Path) -> None:
    assert memory_available() > 10_000_000
    assert disk_free(tmp_path / "not" / "made" / "yet") > 1_000_000


def test_weights_are_counted_twice_and_the_cache_by_slots() -> None:
    fit = will_fit(1_000_000_000, slots=4, context=4096, kv_per_token=12288, available=2_600_000_000)
    assert fit == Fit(True, 2_100_000_000 + 4 * 4096 * 12288 + 150_000_000, 2_600_000_000)
    assert not will_fit(1_000_000_000, 4, 4096, 12288, available=2_400_000_000).ok


def test_what_cannot_be_told_is_let_pass() -> None:
    assert will_fit(1_000_000_000, 4, 4096, 12288, available=0).ok


def test_a_container_s_own_limit_counts(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal:       24000000 kB\nMemAvailable:   20000000 kB\n")
    assert _available_linux(meminfo, tmp_path / "none") == 20_480_000_000
    (tmp_path / "memory.max").write_text("max\n")
    assert _available_linux(meminfo, tmp_path) == 20_480_000_000
    (tmp_path / "memory.max").write_text("4000000000\n")
    (tmp_path / "memory.current").write_text("3000000000\n")
    (tmp_path / "memory.stat").write_text("anon 5\ninactive_file 400000000\nactive_file 100000000\n")
    assert _available_linux(meminfo, tmp_path) == 1_500_000_000
    assert _available_linux(tmp_path / "none", tmp_path / "none") == 0


def test_pages_of_macos() -> None:
    told = (
        "Mach Virtual Memory Statistics: (page size of 16384 bytes)\n"
        "Pages free:                               1000.\n"
        "Pages active:                            90000.\n"
        "Pages inactive:                           2000.\n"
        "Pages speculative:                         300.\n"
        "Pages purgeable:                            40.\n"
    )
    assert _pages_of(told) == 16384 * 3340
    assert _pages_of("something else") == 0


@pytest.mark.parametrize(
    ("size", "shown"), [(0, 0.0), (1, 0.1), (49_000_000, 0.1), (491_400_064, 0.5), (2_350_000_001, 2.4)]
)
def test_sizes_as_a_person_reads_them(size: int, shown: float) -> None:
    assert gigabytes(size) == shown
