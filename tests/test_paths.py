"""Folders on every system, and resources from a checkout, an installed wheel and an unpacked tree."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from sidelight.paths import Paths, resource, standard_paths

ROOT = Path(__file__).resolve().parent.parent
NAME = "model_families.json"


def test_a_profile_moves_everything(tmp_path: Path) -> None:
    paths = standard_paths({"SIDELIGHT_PROFILE": str(tmp_path), "HOME": "/nowhere"})
    assert {paths.data.parent, paths.config.parent, paths.cache.parent, paths.logs.parent} == {tmp_path}
    assert paths.database.parent == paths.data
    assert paths.settings.parent == paths.config
    assert paths.weights.parent == paths.cache


@pytest.mark.parametrize(
    ("platform", "environ", "data", "cache"),
    [
        ("linux", {"HOME": "/h"}, "/h/.local/share/sidelight", "/h/.cache/sidelight"),
        (
            "linux",
            {"HOME": "/h", "XDG_DATA_HOME": "/d", "XDG_CACHE_HOME": ""},
            "/d/sidelight",
            "/h/.cache/sidelight",
        ),
        ("darwin", {"HOME": "/h"}, "/h/Library/Application Support/Sidelight", "/h/Library/Caches/Sidelight"),
        ("win32", {"USERPROFILE": "/h", "LOCALAPPDATA": "/l"}, "/l/Sidelight/Data", "/l/Sidelight/Cache"),
        (
            "win32",
            {"USERPROFILE": "/h"},
            "/h/AppData/Local/Sidelight/Data",
            "/h/AppData/Local/Sidelight/Cache",
        ),
    ],
)
def test_standard_folders(platform: str, environ: dict[str, str], data: str, cache: str) -> None:
    paths = standard_paths(environ, platform)
    assert (paths.data, paths.cache) == (Path(data), Path(cache))


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_folders_are_for_their_owner_alone(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "a/data", tmp_path / "a/config", tmp_path / "a/cache", tmp_path / "a/logs")
    paths.make()
    paths.make()
    for folder in (paths.data, paths.config, paths.cache, paths.logs):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_resource_from_the_checkout() -> None:
    assert resource(NAME) == ROOT / "resources" / NAME


def test_a_missing_resource_is_named() -> None:
    with pytest.raises(FileNotFoundError, match="no/such"):
        resource("no/such")


def found_by(app: Path, tmp_path: Path) -> Path:
    """What `resource` finds when the package is imported from `app`, in a process that knows no other."""
    code = f"from sidelight.paths import resource; print(resource({NAME!r}))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(app)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return Path(done.stdout.strip())


def test_resource_from_an_unpacked_tree(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "app", tmp_path / "tree/app", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "tree/resources").mkdir()
    shutil.copy(ROOT / "resources" / NAME, tmp_path / "tree/resources")
    assert found_by(tmp_path / "tree/app", tmp_path) == tmp_path / "tree/resources" / NAME


def test_resource_from_an_installed_wheel(tmp_path: Path) -> None:
    target = tmp_path / "installed"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    options = ["install", "--no-deps", "--no-index", "--no-build-isolation", "--target", str(target)]
    subprocess.run([*pip, *options, str(ROOT)], check=True, timeout=120)
    found = found_by(target, tmp_path)
    assert found == target / "sidelight/resources" / NAME
    assert found.read_bytes() == (ROOT / "resources" / NAME).read_bytes()
    assert (target / "sidelight/py.typed").is_file()
    assert not (target / "tests").exists()
