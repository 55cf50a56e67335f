"""Packages of Linux from a small program made of this system's own files: what they hold, and the same bytes twice."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.packaging.recipes import ROOT, script

from sidelight import __version__

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="for Linux")
EPOCH = 1_800_000_000


def shop(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes packages of a program that is /bin/true and a library."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(EPOCH))
    program, icons, texts, out = (folder / name for name in ("program", "icons", "texts", "out"))
    for made in (program / "lib", icons, texts, out):
        made.mkdir(parents=True)
    shutil.copy("/bin/true", program / "sidelight")
    (program / "lib" / "base.zip").write_bytes(b"PK")
    for size in (48, 256):
        shutil.copy(ROOT / "docs" / "images" / "start.png", icons / f"sidelight-{size}.png")
    for name in ("sidelight.1", "sidelight.bash", "_sidelight", "sidelight.fish"):
        (texts / name).write_text(f"{name}\n", encoding="utf-8")
    return script("linux").Shop(program, icons, texts, folder / "work", out, EPOCH)


def needs(*tools: str) -> None:
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not here")


@pytest.mark.parametrize(
    ("tools", "make"),
    [
        (("dpkg-deb",), lambda made: made.deb(level=1)),
        (("zstd",), lambda made: made.archive()),
        (("mksquashfs",), lambda made: made.appdir()),
        (("rpmbuild",), lambda made: made.rpm()),
    ],
    ids=["deb", "archive", "appdir", "rpm"],
)
def test_the_same_program_gives_the_same_bytes(
    tools: tuple[str, ...], make: Callable[[Any], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs(*tools)
    # At one place after the other: where a build lies may show in it, and a checkout does not move.
    digests = []
    for _ in range(2):
        made = make(shop(tmp_path / "same", monkeypatch))
        digests.append((made.name, hashlib.sha256(made.read_bytes()).hexdigest()))
        shutil.rmtree(tmp_path / "same")
    assert digests[0] == digests[1]


def test_a_deb_holds_what_a_desktop_looks_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs("dpkg-deb")
    made = shop(tmp_path, monkeypatch).deb(level=1)
    listed = subprocess.run(["dpkg-deb", "-c", str(made)], capture_output=True, text=True, check=True).stdout
    rows = [line.split(maxsplit=5) for line in listed.splitlines()]
    assert {row[1] for row in rows} == {"root/root"}
    assert {row[0] for row in rows} == {"drwxr-xr-x", "-rw-r--r--", "-rwxr-xr-x", "lrwxrwxrwx"}
    names = {row[5] for row in rows}
    identity = script("identity")
    for name in (
        "usr/bin/sidelight -> ../lib/sidelight/sidelight",
        "usr/lib/sidelight/sidelight",
        "usr/share/applications/sidelight.desktop",
        "usr/share/icons/hicolor/48x48/apps/sidelight.png",
        "usr/share/icons/hicolor/scalable/apps/sidelight.svg",
        "usr/share/icons/hicolor/symbolic/apps/sidelight-symbolic.svg",
        f"usr/share/metainfo/{identity.APP_ID}.metainfo.xml",
        "usr/share/mime/packages/sidelight.xml",
        "usr/share/man/man1/sidelight.1.gz",
        "usr/share/doc/sidelight/copyright",
    ):
        assert f"./{name}" in names
    told = subprocess.run(["dpkg-deb", "-f", str(made)], capture_output=True, text=True, check=True).stdout
    fields = dict(
        line.split(": ", 1) for line in told.splitlines() if ": " in line and not line.startswith(" ")
    )
    assert fields["Version"] == f"{__version__}-1"
    assert fields["Depends"].startswith("libc6 (>= 2.")


def test_a_library_nobody_thought_of_stops_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = shop(tmp_path, monkeypatch)
    linux = script("linux")
    monkeypatch.setattr(linux, "host_libraries", lambda _: frozenset({"libc.so.6", "libgtk-3.so.0"}))
    with pytest.raises(KeyError, match="libgtk"):
        made.deb(level=1)


def test_libraries_of_the_system_and_the_oldest_glibc_are_read_from_the_files(tmp_path: Path) -> None:
    linux = script("linux")
    shutil.copy("/bin/true", tmp_path / "program")
    assert "libc.so.6" in linux.host_libraries(tmp_path)
    major, minor = linux.glibc_floor(tmp_path)
    assert (2, 17) <= (major, minor) < (3, 0)
    (tmp_path / "libc.so.6").write_bytes(b"")
    assert "libc.so.6" not in linux.host_libraries(tmp_path)
