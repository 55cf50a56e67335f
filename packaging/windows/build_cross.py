# ruff: noqa: S603 - every command is spelled here
"""Windows' files and installer on another system: for trying the recipe, the sizes and the removal, not for release.

    build_cross.py --python python-3.13.x-embed-amd64.zip [--work DIR] [--out DIR] [--engine]

The release is frozen on Windows itself (.github/workflows/release.yml). Here the embeddable Python of python.org takes the place
of the frozen program, wheels for Windows are fetched with the hashes of requirements.lock, and cut down as the frozen program
is. The two .exe are the small starters that pip uses. What this cannot tell: whether the window opens.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import icons
import installer
import trim
from identity import ROOT, channel, version
from packaging.markers import Marker

_TARGET = {
    "sys_platform": "win32",
    "platform_system": "Windows",
    "os_name": "nt",
    "platform_machine": "AMD64",
    "python_version": "3.13",
    "python_full_version": "3.13.0",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
}
_ONLY_TO_BUILD = {
    *("altgraph", "hatchling", "packaging", "pathspec", "pefile", "pluggy", "pyinstaller"),
    *("pyinstaller-hooks-contrib", "setuptools", "tomlkit", "trove-classifiers"),
}
_QT = re.compile(
    r"PySide6/(?:(?:Qt(?:Core|Gui|Widgets|Svg|Network)\.pyd)|(?:Qt6(?:Core|Gui|Widgets|Svg|Network)\.dll)"
    r"|pyside6\.abi3\.dll|(?:msvcp|vcruntime|concrt)140\w*\.dll|\w+\.py|support/.*|plugins/.*|translations/.*)"
)
_NOT_AT_RUN_TIME = re.compile(r"(?:^|/)(?:tests?|__pycache__|include|typesystems|glue)/|\.(?:pyi|lib|h|pdb)$")


def wanted_on_windows(lock: str) -> str:
    """The part of requirements.lock that holds for Windows and is needed to run."""
    blocks = []
    for block in re.split(r"\n(?=\S)", lock.strip()):
        requirement = block.split("\\\n")[0].strip()
        name, _, condition = requirement.partition(";")
        if name.partition("==")[0].strip() in _ONLY_TO_BUILD:
            continue
        if not condition or Marker(condition.strip()).evaluate(dict(_TARGET)):
            blocks.append(re.sub(r" ;[^\\\n]*", "", block, count=1))
    return "\n".join(blocks) + "\n"


def kept(name: str) -> bool:
    """Whether a file of a wheel goes into the program."""
    if _NOT_AT_RUN_TIME.search(name):
        return False
    if name.startswith("PySide6/"):
        return _QT.fullmatch(name) is not None and bool(trim.kept([(name, "", "BINARY")], [], "win32")[0])
    return bool(trim.kept([], [(name, "", "DATA")], "win32")[1])


def build(python: Path, work: Path, *, engine: bool) -> Path:
    """The program's folder. Raises CalledProcessError where a part cannot be fetched."""
    program, wheels = work / "windows" / "Sidelight", work / "windows" / "wheels"
    shutil.rmtree(program, ignore_errors=True)
    for folder in (program / "lib", program / "python", wheels):
        folder.mkdir(parents=True, exist_ok=True)
    lock = work / "windows" / "requirements.lock"
    lock.write_text(wanted_on_windows((ROOT / "packaging" / "requirements.lock").read_text("utf-8")), "utf-8")
    fetch = [
        "download",
        "-q",
        "--no-deps",
        "--require-hashes",
        "--only-binary",
        ":all:",
        "--platform",
        "win_amd64",
    ]
    target = ["--python-version", "3.13", "--implementation", "cp", "-d", str(wheels), "-r", str(lock)]
    subprocess.run([sys.executable, "-m", "pip", *fetch, *target], check=True)
    with zipfile.ZipFile(python) as packed:
        packed.extractall(work / "windows" / "python")
    (found,) = (work / "windows" / "python").rglob("python.exe")
    shutil.copytree(found.parent, program / "python", dirs_exist_ok=True)
    (path,) = (program / "python").glob("python3*._pth")
    path.write_text(f"{path.stem}.zip\n.\n..\\lib\n", encoding="ascii")
    for wheel in sorted(wheels.glob("*.whl")):
        if wheel.name.startswith("xllamacpp") and not engine:
            continue
        with zipfile.ZipFile(wheel) as packed:
            packed.extractall(
                program / "lib", [n for n in packed.namelist() if not n.endswith("/") and kept(n)]
            )
    shutil.copytree(
        ROOT / "app" / "sidelight",
        program / "lib" / "sidelight",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    resources = program / "lib" / "sidelight" / "resources"
    shutil.copytree(ROOT / "resources", resources)
    (resources / "channel.json").write_text(channel("portable"), encoding="utf-8")
    licences = program / "licences"
    licences.mkdir()
    for text in (ROOT / "LICENSE", *sorted((ROOT / "packaging" / "licences").glob("*.txt"))):
        shutil.copy(text, licences)
    _starters(program)
    return program


def _starters(program: Path) -> None:
    """sidelight.exe without a terminal and sidelight-cli.exe with one: a starter, a line that names Python, and a zip."""
    from pip._vendor import distlib

    main = b"import sys\nfrom sidelight.__main__ import main\nsys.exit(main())\n"
    packed = program / "start.zip"
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr(zipfile.ZipInfo("__main__.py", (1980, 1, 1, 0, 0, 0)), main)
    for name, starter, interpreter in (
        ("sidelight.exe", "w64.exe", "pythonw.exe"),
        ("sidelight-cli.exe", "t64.exe", "python.exe"),
    ):
        start = (Path(distlib.__file__).parent / starter).read_bytes()
        line = f"#!<launcher_dir>\\python\\{interpreter}\n".encode()
        (program / name).write_bytes(start + line + packed.read_bytes())
    packed.unlink()


def _draw(icon: Path) -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtGui import QGuiApplication

    app = QGuiApplication.instance() or QGuiApplication([])
    icons.ico(icon)
    del app


def main() -> int:
    """Build the folder and the installer. Returns the exit code."""
    told = argparse.ArgumentParser(prog="build_cross.py", description=__doc__)
    told.add_argument(
        "--python", type=Path, required=True, help="the embeddable package of python.org, 64 bits"
    )
    told.add_argument("--work", type=Path, default=ROOT / "build" / "package")
    told.add_argument("--out", type=Path, default=ROOT / "dist")
    told.add_argument("--engine", action="store_true", help="with the built-in engine")
    asked = told.parse_args()
    program = build(asked.python, asked.work, engine=asked.engine)
    icon = asked.work / "windows" / "sidelight.ico"
    _draw(icon)
    size = sum(f.stat().st_size for f in program.rglob("*") if f.is_file())
    made = installer.make(program, icon, asked.out)
    sys.stdout.write(
        f"{size / 1e6:.1f} MB of version {version()}; {made.name}: {made.stat().st_size / 1e6:.1f} MB\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
