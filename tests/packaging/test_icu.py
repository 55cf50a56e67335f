"""The smaller data of ICU: sorting and letters stay as they were in every language."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import PySide6
import pytest
from tests.packaging.recipes import script

icu = script("icu")

SORT = """
import random
from PySide6.QtCore import QCollator, QLocale
random.seed(7)
letters = [*range(0x41, 0x250), *range(0x370, 0x500), *range(0x5d0, 0x5ea), *range(0xe01, 0xe30)]
letters += [*random.sample(range(0x4e00, 0x9fa0), 300), *random.sample(range(0xac00, 0xd7a0), 100), *range(0x3041, 0x30ff)]
words = [chr(c) for c in letters] + ["".join(map(chr, random.choices(letters, k=3))) for _ in range(300)]
for name in "C en de de_AT sv fi da nb es fr fr_CA cs pl hu tr ru ja zh_CN zh_TW ko ar he th vi hi lt".split():
    collator = QCollator(QLocale(name))
    collator.setNumericMode(True)
    print(name, QLocale(name).toUpper("ißiıŉ straße"), *sorted(words, key=collator.sortKey))
"""


@pytest.mark.parametrize(
    ("item", "kept"),
    [
        ("coll/sv.res", True),
        ("coll/ucadata.icu", True),
        ("root.res", True),
        ("supplementalData.res", True),
        ("nfkc.nrm", True),
        ("de.res", False),
        ("zh_Hant.res", False),
        ("zone/de.res", False),
        ("brkitr/cjdict.dict", False),
        ("curr/root.res", False),
        ("gb18030.cnv", False),
        ("unames.icu", False),
    ],
)
def test_what_is_kept(item: str, kept: bool) -> None:
    assert icu.wanted(item) is kept


def test_a_library_of_another_layout_is_left_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    library = tmp_path / "libicudata.so.99"
    library.write_bytes(b"\x7fELF\x02\x01" + bytes(58))
    assert not icu.shrink(library, tmp_path / "work")
    assert library.stat().st_size == 64
    assert "left as it is" in capsys.readouterr().err


@pytest.mark.skipif(
    not (shutil.which("icupkg", path=f"{os.environ['PATH']}:/usr/sbin") and shutil.which("gcc")),
    reason="icupkg (icu-devtools) and gcc are not here",
)
def test_sorting_is_the_same_in_every_language(tmp_path: Path) -> None:
    (whole,) = (Path(PySide6.__file__).parent / "Qt" / "lib").glob("libicudata.so.*")
    library = Path(shutil.copy(whole, tmp_path))
    assert icu.shrink(library, tmp_path / "work")
    assert library.stat().st_size < 6_000_000 < whole.stat().st_size
    before, after = (
        subprocess.run(
            [sys.executable, "-c", SORT],
            env={**os.environ, **more},
            capture_output=True,
            text=True,
            check=True,
        )
        for more in ({}, {"LD_PRELOAD": str(library)})
    )
    assert before.stdout.count("\n") == 26
    assert after.stdout == before.stdout
    assert after.stderr == before.stderr
