"""The recipes that cannot run here are at least well-formed, agree with the program, and name only what exists."""

from __future__ import annotations

import ast
import configparser
import plistlib
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from tests.packaging.recipes import PACKAGING, ROOT, script

import sidelight
from sidelight.transfer.formats import json as json_format

identity = script("identity")
APP = ROOT / "app" / "sidelight"
WORKFLOW = ROOT / ".github" / "workflows" / "release.yml"
SHELL = sorted([*PACKAGING.rglob("*.sh"), PACKAGING / "linux" / "AppRun", PACKAGING / "linux" / "postrm"])


def test_the_spec_is_python_and_brings_what_is_only_imported_by_name() -> None:
    text = (PACKAGING / "sidelight.spec").read_text(encoding="utf-8")
    ast.parse(text)
    for part in (
        'collect_submodules("sidelight")',
        "anyio._backends._asyncio",
        "latex2mathml",
        "ziafont",
        "resources",
    ):
        assert part in text


def test_no_part_of_qt_is_left_out_that_the_program_uses() -> None:
    spec = (PACKAGING / "sidelight.spec").read_text(encoding="utf-8")
    left_out = {
        f"Qt{name}"
        for names in re.findall(r'f"PySide6\.Qt\{name\}" for name in \(([^)]*)\)', spec)
        for name in re.findall(r"\w+", names)
    }
    assert {"QtQml", "QtSql", "QtTest"} <= left_out
    used = {
        name
        for file in APP.rglob("*.py")
        for name in re.findall(r"PySide6\.(Qt\w+)", file.read_text(encoding="utf-8"))
    }
    assert {"QtCore", "QtWidgets", "QtSvg"} <= used
    assert not used & left_out


def test_only_one_place_starts_the_program_again() -> None:
    """A frozen program is no interpreter: `sys.executable -m` or `-c` would open a second window."""
    named = {file.name for file in APP.rglob("*.py") if "sys.executable" in file.read_text(encoding="utf-8")}
    assert named == {"paths.py"}


def test_the_desktop_file_fits_the_window() -> None:
    parsed = configparser.ConfigParser(interpolation=None)
    parsed.read(PACKAGING / "linux" / "sidelight.desktop", encoding="utf-8")
    entry = parsed["Desktop Entry"]
    source = "".join(f.read_text(encoding="utf-8") for f in (ROOT / "app" / "sidelight" / "ui").glob("*.py"))
    # X11 shows the application's name as the class, Wayland the desktop file's name.
    assert f'setApplicationName("{entry["StartupWMClass"]}")' in source
    assert 'setDesktopFileName("sidelight")' in source
    assert (entry["Exec"], entry["Icon"]) == ("sidelight", "sidelight")


def test_the_metainfo_is_filled_in_wholly() -> None:
    text = (PACKAGING / "linux" / "sidelight.metainfo.xml.in").read_text(encoding="utf-8")
    assert set(re.findall(r"@(\w+)@", text)) == {"APP_ID", "HOME", "VERSION", "DATE"}
    root = ET.fromstring(text)
    assert root.findtext("launchable") == "sidelight.desktop"
    assert root.findtext("project_license") == "MIT"
    assert identity.APP_ID.lower() == identity.APP_ID
    assert identity.APP_ID.count(".") >= 2
    for image in root.iter("image"):
        assert image.text is not None
        assert (ROOT / image.text.partition("/raw/main/")[2]).is_file()


def test_the_kind_of_file_is_told_by_what_an_export_begins_with() -> None:
    name = "{http://www.freedesktop.org/standards/shared-mime-info}"
    root = ET.parse(PACKAGING / "linux" / "sidelight-mime.xml").getroot()
    match = root.find(f".//{name}match")
    assert match is not None
    assert match.attrib["value"] == f'{{"format":"{json_format.FORMAT}"'
    assert match.attrib["offset"] == "0"


def test_icons_are_plain_pictures() -> None:
    for file in (ROOT / "resources" / "icons" / "app.svg", PACKAGING / "linux" / "sidelight-symbolic.svg"):
        root = ET.parse(file).getroot()
        assert root.attrib["width"] == root.attrib["height"]
        assert not [e for e in root.iter() if e.tag.endswith(("script", "image", "foreignObject", "text"))]


def test_the_version_is_the_program_s() -> None:
    assert identity.version() == sidelight.__version__


def test_a_release_is_refused_while_addresses_are_nobody_s(monkeypatch: pytest.MonkeyPatch) -> None:
    check = script("check_release")
    monkeypatch.setattr(check, "placeholders", lambda: ("https://sidelight.example",))
    found = check.obstacles("v0.0.0")
    assert any("sidelight.example" in sentence for sentence in found)
    assert any("the tag is v0.0.0" in sentence for sentence in found)


def test_the_lock_names_every_requirement_with_hashes() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *project["optional-dependencies"]["local"],
        *project["optional-dependencies"]["package"],
    ]
    names = {re.split(r"[><=;\[ ]", line, maxsplit=1)[0].lower().replace("_", "-") for line in wanted}
    lock = (PACKAGING / "requirements.lock").read_text(encoding="utf-8")
    locked = dict(re.findall(r"^([\w.-]+)==(\S+)", lock, re.MULTILINE))
    assert names <= locked.keys()
    blocks = re.split(r"\n(?=\S)", lock.strip())
    assert [block.split("==")[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert "://" not in lock


@pytest.mark.parametrize("file", SHELL, ids=lambda file: file.name)
def test_scripts_of_the_shell_are_well_formed(file: Path) -> None:
    if shutil.which("bash") is None:
        pytest.skip("bash is not here")
    subprocess.run(["bash", "-n", str(file)], check=True)
    assert file.stat().st_mode & 0o100, "it can be run"
    assert file.read_text(encoding="utf-8").startswith("#!")


def test_entitlements() -> None:
    given = plistlib.loads((PACKAGING / "macos" / "entitlements.plist").read_bytes())
    assert given["com.apple.security.cs.disable-library-validation"] is True  # Qt may be replaced
    assert "com.apple.security.get-task-allow" not in given  # nobody may look into our memory


def test_words_of_the_windows_program_are_a_python_expression() -> None:
    text = (PACKAGING / "windows" / "version_info.txt.in").read_text(encoding="utf-8")
    ast.parse(text.replace("@NUMBERS@", "(0, 1, 0, 0)").replace("@VERSION@", "0.1.0"), mode="eval")


def test_the_installer_takes_away_what_it_brings() -> None:
    text = (PACKAGING / "windows" / "setup.nsi").read_text(encoding="utf-8")
    added = set(re.findall(r'WriteReg\w+ HKCU "([^"]+)"', text)) | set(
        re.findall(r'CreateShortCut "([^"]+)"', text)
    )
    removed = set(re.findall(r'DeleteRegKey HKCU "([^"]+)"', text)) | set(
        re.findall(r'Delete "([^"]+)"', text)
    )
    assert added <= removed
    assert "RequestExecutionLevel user" in text
    assert not re.search(r'RMDir /r "\$INSTDIR"\s*$', text, re.MULTILINE), (
        "a folder may hold a person's own files"
    )


def test_the_flatpak_manifest_pins_what_it_wraps(tmp_path: Path) -> None:
    fill = script("flatpak/fill")
    archive = tmp_path / "sidelight.tar.zst"
    archive.write_bytes(b"")
    text = fill.filled(archive, tmp_path)
    assert "@" not in re.sub(r"^#.*$", "", text, flags=re.MULTILINE)
    assert "sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" in text
    assert f"id: {identity.APP_ID}" in text
    assert "--filesystem" not in text


def test_the_workflow_names_only_what_exists() -> None:
    text = WORKFLOW.read_text(encoding="utf-8")
    for path in re.findall(r"\bpackaging/[\w./-]+\.(?:py|sh|ps1|lock)\b", text):
        assert (ROOT / path).is_file(), path
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"\bmake ([a-z-]+)", text):
        if target != "test":
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for action in re.findall(r"uses: (\S+)", text):
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action), "pinned by commit"
    checklist = (ROOT / "docs" / "release-checklist.md").read_text(encoding="utf-8")
    for secret in re.findall(r"\$\{\{ (?:secrets|vars)\.(\w+)", text):
        assert secret in checklist, f"{secret} is explained"


def test_the_workflow_is_yaml() -> None:
    yaml = pytest.importorskip("yaml")
    parsed = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    jobs = parsed["jobs"]
    assert set(jobs["publish"]["needs"]) == set(jobs) - {"publish"}
    assert parsed["permissions"] == {"contents": "read"}
    for job in jobs.values():
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step)
