"""What of the pinned parts goes into Windows' program, and which of their files."""

from __future__ import annotations

import re

import pytest
from tests.packaging.recipes import PACKAGING, script

cross = script("windows/build_cross")


def test_the_parts_are_those_of_windows_with_their_hashes() -> None:
    lock = cross.wanted_on_windows((PACKAGING / "requirements.lock").read_text(encoding="utf-8"))
    names = set(re.findall(r"^([\w.-]+)==", lock, re.MULTILINE))
    assert {"pyside6-essentials", "keyring", "pywin32-ctypes", "httpx", "msgspec"} <= names
    assert not names & {"secretstorage", "jeepney", "cryptography", "pyinstaller", "importlib-metadata"}
    assert len(re.findall(r"^pyside6-essentials==", lock, re.MULTILINE)) == 1
    assert ";" not in lock
    blocks = re.split(r"\n(?=\S)", lock.strip())
    assert [block for block in blocks if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("PySide6/QtWidgets.pyd", True),
        ("PySide6/Qt6Core.dll", True),
        ("PySide6/__init__.py", True),
        ("PySide6/plugins/platforms/qwindows.dll", True),
        ("PySide6/plugins/platforms/qdirect2d.dll", False),
        ("PySide6/translations/qtbase_ja.qm", True),
        ("PySide6/translations/designer_ja.qm", False),
        ("PySide6/Qt6Quick.dll", False),
        ("PySide6/opengl32sw.dll", False),
        ("PySide6/designer.exe", False),
        ("PySide6/typesystems/typesystem_core.xml", False),
        ("PySide6/QtCore.pyi", False),
        ("httpx/_client.py", True),
        ("keyring-25.7.0.dist-info/entry_points.txt", True),
        ("keyring-25.7.0.dist-info/licenses/LICENSE", True),
        ("keyring-25.7.0.dist-info/RECORD", False),
        ("more_itertools/more.pyi", False),
    ],
)
def test_files_of_wheels_are_kept_by_name(name: str, kept: bool) -> None:
    assert cross.kept(name) is kept
