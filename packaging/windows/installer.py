"""The setup program of Windows from a program's folder, by NSIS: installer.py FOLDER. Runs on Windows and on Linux."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from identity import HOME, ROOT, version

__all__ = ["make"]

_ON_WINDOWS = Path(r"C:\Program Files (x86)\NSIS\makensis.exe")


def make(program: Path, icon: Path, out: Path) -> Path:
    """The setup program in the folder `out`. Raises CalledProcessError and FileNotFoundError."""
    target = out / f"sidelight-{version()}-windows-x64-setup.exe"
    out.mkdir(parents=True, exist_ok=True)
    makensis = shutil.which("makensis") or str(_ON_WINDOWS)
    told = {
        "VERSION": version(),
        "SOURCE": str(program.absolute()),
        "OUT": str(target.absolute()),
        "HOMEPAGE": HOME,
        "ICON": str(icon.absolute()),
    }
    mark = "/" if sys.platform == "win32" else "-"
    options = [f"{mark}D{name}={value}" for name, value in told.items()]
    script = Path(__file__).resolve().parent / "setup.nsi"
    subprocess.run([makensis, f"{mark}V2", *options, str(script)], check=True)  # noqa: S603 - our own words
    return target


def main() -> int:
    """Make it of the folder on the command line; the icon lies where build.py drew it."""
    if len(sys.argv) != 2:
        sys.stderr.write("usage: installer.py FOLDER\n")
        return 2
    made = make(Path(sys.argv[1]), ROOT / "build" / "package" / "icons" / "sidelight.ico", ROOT / "dist")
    sys.stdout.write(f"{made.name}: {made.stat().st_size / 1e6:.1f} MB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
