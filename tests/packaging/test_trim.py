"""What of a frozen program's files is kept, and which libraries files ask for."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import PySide6
import pytest
from tests.packaging.recipes import script

trim = script("trim")
QT = "PySide6/Qt/plugins"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        (f"{QT}/platforms/libqxcb.so", True),
        (f"{QT}/platforms/libqwayland.so", True),
        ("PySide6\\plugins\\platforms\\qwindows.dll", True),
        (f"{QT}/platforms/libqcocoa.dylib", True),
        (f"{QT}/platforms/libqeglfs.so", False),
        (f"{QT}/platformthemes/libqgtk3.so", False),
        (f"{QT}/platforminputcontexts/libibusplatforminputcontextplugin.so", True),
        (f"{QT}/tls/libqopensslbackend.so", False),
        (f"{QT}/imageformats/libqwebp.so", True),
        (f"{QT}/imageformats/libqtiff.so", False),
        ("PySide6/Qt/translations/qtbase_de.qm", True),
        ("PySide6/Qt/translations/qtbase_ka.qm", False),
        ("PySide6/Qt/translations/qt_help_de.qm", False),
        ("PySide6/opengl32sw.dll", False),
        ("keyring-25.7.0.dist-info/entry_points.txt", True),
        ("keyring-25.7.0.dist-info/RECORD", False),
        ("sidelight/resources/icons/app.svg", True),
    ],
)
def test_files_are_kept_by_name(name: str, kept: bool) -> None:
    found, _ = trim.kept([(name, "/nowhere", "BINARY")], [], "win32")
    assert bool(found) is kept


def test_words_of_qt_are_there_for_each_language_the_self_test_asks_for() -> None:
    from sidelight.ui.selftest_parts import LANGUAGES

    assert set(LANGUAGES) <= set(trim.LANGUAGES)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ELF")
def test_needed_says_what_readelf_says() -> None:
    library = next((Path(PySide6.__file__).parent / "Qt" / "lib").glob("libQt6Gui.so.6"))
    needed = trim.needed(library)
    assert "libQt6Core.so.6" in needed
    if shutil.which("readelf"):
        told = subprocess.run(
            ["readelf", "-dW", str(library)], capture_output=True, text=True, check=True
        ).stdout
        assert sorted(needed) == sorted(
            x.split("[")[1].rstrip("]") for x in told.splitlines() if "(NEEDED)" in x
        )
    assert trim.needed(Path(__file__)) == ()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ELF")
def test_only_libraries_that_something_needs_stay() -> None:
    folder = Path(PySide6.__file__).parent
    core, gui, sql = (str(folder / "Qt" / "lib" / f"libQt6{name}.so.6") for name in ("Core", "Gui", "Sql"))
    binaries = [
        ("PySide6/QtCore.abi3.so", str(folder / "QtCore.abi3.so"), "EXTENSION"),
        ("PySide6/Qt/lib/libQt6Core.so.6", core, "BINARY"),
        ("PySide6/Qt/lib/libQt6Gui.so.6", gui, "BINARY"),
        ("PySide6/Qt/lib/libQt6Sql.so.6", sql, "BINARY"),
        ("libstdc++.so.6", "/nowhere", "BINARY"),
    ]
    kept, _ = trim.kept(binaries, [], "linux")
    assert [name for name, _, _ in kept] == ["PySide6/Qt/lib/libQt6Core.so.6", "PySide6/QtCore.abi3.so"]
    assert "libstdc++.so.6" in trim.FROM_THE_SYSTEM
