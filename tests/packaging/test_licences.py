"""Notices and the bill of materials name everything, and nothing without a name goes out."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import markdown_it
import msgspec
import pytest
from tests.packaging.recipes import ROOT, script

licences = script("licences")


def listed(folder: Path, modules: list[str], files: list[list[str]]) -> Path:
    target = folder / "bundled.json"
    target.write_text(json.dumps({"modules": modules, "files": files}), encoding="utf-8")
    return target


@pytest.fixture
def nothing_always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the parts that only the environment that packages has."""
    monkeypatch.setattr(licences, "_always", list)


@pytest.mark.usefixtures("nothing_always")
def test_parts_are_found_by_module_and_by_file(tmp_path: Path) -> None:
    core = next(Path(msgspec.__file__).parent.glob("_core*"))
    found = licences.components(
        listed(
            tmp_path,
            ["markdown_it.main", "json.decoder", "sidelight.main", "cryptography.hazmat"],
            [
                ["msgspec/_core.so", str(core)],
                ["sidelight/resources/x", str(ROOT / "resources" / "theme.qss")],
            ],
        )
    )
    assert [(part.name, part.licence) for part in found] == [
        ("markdown-it-py", "MIT"),
        ("msgspec", "BSD-3-Clause"),
    ]
    assert any("Permission is hereby granted" in text for text in found[0].texts)
    assert found[1].files == ("msgspec/_core.so",)


@pytest.mark.usefixtures("nothing_always")
def test_a_part_without_a_name_is_refused(tmp_path: Path) -> None:
    stray = tmp_path / "libstray.so.1"
    stray.write_bytes(b"")
    with pytest.raises(licences.Unnamed, match="libstray"):
        licences.components(listed(tmp_path, [], [["libstray.so.1", str(stray)]]))
    with pytest.raises(licences.Unnamed, match="nobody_knows"):
        licences.components(listed(tmp_path, ["nobody_knows"], []))


def test_what_is_written(tmp_path: Path) -> None:
    parts = [
        licences.Component("PySide6_Essentials", "6.99", "LGPL-3.0-only", "pkg:pypi/pyside6-essentials@6.99"),
        licences.Component(
            "zlib1g", "1.3", "Zlib", "pkg:deb/debian/zlib1g@1.3", ("Zlib says so",), ("libz.so.1",)
        ),
    ]
    licences.write(parts, tmp_path, "1.2.3", 0, "lib/PySide6")
    notice = (tmp_path / "THIRD-PARTY.txt").read_text(encoding="utf-8")
    assert "Qt 6.99" in notice
    assert "LGPL version 3" in notice
    assert "Zlib says so" in notice
    for name in ("LGPL-3.0.txt", "GPL-3.0.txt"):
        assert "GNU" in (tmp_path / name).read_text(encoding="utf-8")
    bill = json.loads((tmp_path / "sbom.cdx.json").read_text(encoding="utf-8"))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert [part["purl"] for part in bill["components"]] == [part.purl for part in parts]
    assert bill["dependencies"][0]["dependsOn"] == [part.purl for part in parts]
    first = (tmp_path / "sbom.cdx.json").read_bytes()
    licences.write(parts, tmp_path, "1.2.3", 0, "lib/PySide6")
    assert (tmp_path / "sbom.cdx.json").read_bytes() == first


def test_every_module_of_python_itself_is_known() -> None:
    assert markdown_it.__name__ not in sys.stdlib_module_names
    assert licences._Owners().of_module("asyncio.events") == ""
    assert licences._Owners().of_module("markdown_it.token") == "markdown-it-py"
