# ruff: noqa: S603 - every command is spelled here, and the tools are those of the path
"""`make package`: the frozen program of this system, and the packages made of it, into dist/.

    build.py tree                    the program's folder only, in build/package/tree/sidelight
    build.py tree deb rpm ...        and these packages; `all` are those of this system
    build.py --release ...           refuses what must not be published, such as addresses that are not ours yet

Run by an interpreter that has packaging/requirements.lock installed (`make package` sees to that). The same sources on the same
machine give the same bytes: everything is dated by SOURCE_DATE_EPOCH, else by the last commit.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "app")]

import icu  # noqa: E402 - after the path
import licences  # noqa: E402
import manual  # noqa: E402
from identity import APP_ID, HOME, ROOT, channel, epoch, placeholders, version  # noqa: E402

FORMATS = {
    "linux": ("archive", "deb", "engine", "appdir", "rpm", "wheel"),
    "win32": ("archive",),
    "darwin": ("archive",),
}
_HARMLESS = ("This plugin does not support propagateSizeHints()",)
"""What Qt's offscreen platform says of itself; any other word on stderr fails a build."""
PROGRAM = "sidelight-cli.exe" if sys.platform == "win32" else "sidelight"


class Builder:
    """One build. `work` is for what is in between, `out` for what is to be kept."""

    def __init__(self, work: Path, out: Path, level: int) -> None:
        self.work = work
        self.out = out
        self.level = level
        self.epoch = epoch()
        self.program = work / "tree" / "sidelight"
        self.starter, self.notices = self.program / PROGRAM, self.program / "licences"
        self.resources = self.program / "lib" / "sidelight" / "resources"
        if sys.platform == "darwin":
            contents = work / "tree" / "Sidelight.app" / "Contents"
            self.starter, self.notices = contents / "MacOS" / "sidelight", contents / "Resources" / "licences"
            self.resources = contents / "Resources" / "sidelight" / "resources"
        self.icons = work / "icons"
        self.texts = work / "texts"
        for folder in (work, out, self.icons, self.texts):
            folder.mkdir(parents=True, exist_ok=True)

    def tree(self) -> None:
        """Freeze, make smaller, add notices, and let the program test itself."""
        self._icons()
        self._texts()
        listed = self.work / "bundled.json"
        env = {
            **os.environ,
            "SOURCE_DATE_EPOCH": str(self.epoch),
            "PYTHONHASHSEED": "1",
            "SIDELIGHT_APP_ID": APP_ID,
            "SIDELIGHT_BUNDLED": str(listed),
            "SIDELIGHT_ICONS": str(self.icons),
            "SIDELIGHT_VERSION": version(),
        }
        shutil.rmtree(self.work / "tree", ignore_errors=True)
        self._run(
            *(sys.executable, "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "WARN"),
            *("--distpath", str(self.work / "tree"), "--workpath", str(self.work / "pyinstaller")),
            str(HERE / "sidelight.spec"),
            env=env,
        )
        if sys.platform == "linux":
            for library in (self.program / "lib/PySide6/Qt/lib").glob("libicudata.so.*"):
                icu.shrink(library, self.work / "icu")
        # What is made of the tree, and renewed by somebody, says so in its own copy.
        (self.resources / "channel.json").write_text(channel("portable"), encoding="utf-8")
        licences.write(
            licences.components(listed),
            self.notices,
            version(),
            self.epoch,
            "lib/PySide6 beside the program",
        )
        self.self_test(self.starter)

    def self_test(self, program: Path, *options: str) -> None:
        """The program's own. Raises RuntimeError with what failed."""
        env = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
        done = subprocess.run(
            [str(program), "--self-test", *options],
            env=env,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        complaints = [line for line in done.stderr.splitlines() if line and line not in _HARMLESS]
        if done.returncode or complaints:
            raise RuntimeError(f"the self-test ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        checks = json.loads(done.stdout)["checks"]
        skipped = [check["name"] for check in checks if check["ok"] is None]
        self._say(
            f"self-test: {len(checks) - len(skipped)} passed, nothing to try with: {', '.join(skipped) or 'none'}"
        )

    def package(self, form: str) -> None:
        """Make one of FORMATS."""
        began = time.monotonic()
        made = self._wheel() if form == "wheel" else self._of_program(form)
        self._say(f"{made.name}: {made.stat().st_size / 1e6:.1f} MB in {time.monotonic() - began:.0f} s")

    def sums(self) -> None:
        """SHA256SUMS of all that lies in dist/."""
        import hashlib

        files = sorted(f for f in self.out.iterdir() if f.is_file() and f.name != "SHA256SUMS")
        text = "".join(f"{hashlib.sha256(f.read_bytes()).hexdigest()}  {f.name}\n" for f in files)
        (self.out / "SHA256SUMS").write_text(text, encoding="utf-8")

    def _of_program(self, form: str) -> Path:
        if sys.platform != "linux":
            return self._zip()
        os.environ["SOURCE_DATE_EPOCH"] = str(self.epoch)
        import linux

        shop = linux.Shop(self.program, self.icons, self.texts, self.work, self.out, self.epoch)
        match form:
            case "archive":
                return shop.archive()
            case "deb":
                return shop.deb(level=self.level)
            case "engine":
                return shop.engine_deb(self._engine(), level=self.level)
            case "appdir":
                return shop.appdir()
            case _:
                return shop.rpm()

    def _zip(self) -> Path:
        """The program's folder; on macOS the bundle, by the tool that keeps its links and signatures."""
        name = f"sidelight-{version()}-{sys.platform}"
        if sys.platform == "darwin":
            target = self.out / f"{name}.zip"
            self._run(
                "ditto", "-c", "-k", "--keepParent", str(self.work / "tree" / "Sidelight.app"), str(target)
            )
            return target
        return Path(shutil.make_archive(str(self.out / name), "zip", self.work / "tree"))

    def _engine(self) -> Path:
        """What the program's lib/ needs for the built-in engine: its package, stripped."""
        from importlib.metadata import distribution

        found = distribution("xllamacpp")
        folder = self.work / "engine"
        shutil.rmtree(folder, ignore_errors=True)
        for file in found.files or ():
            source, inside = Path(str(found.locate_file(file))), Path(str(file))
            if "__pycache__" in inside.parts or (
                ".dist-info" in str(file) and "licenses" not in inside.parts
            ):
                continue
            (folder / inside).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, folder / inside)
        (library,) = folder.glob("xllamacpp/*.so")
        self._run("strip", str(library))
        return folder

    def _wheel(self) -> Path:
        target = self.work / "wheel"
        shutil.rmtree(target, ignore_errors=True)
        env = {**os.environ, "SOURCE_DATE_EPOCH": str(self.epoch)}
        self._run(
            *(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index"),
            *("-w", str(target), str(ROOT)),
            env=env,
        )
        (made,) = target.glob("*.whl")
        return Path(shutil.copy(made, self.out))

    def _icons(self) -> None:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        from PySide6.QtGui import QGuiApplication

        app = QGuiApplication.instance() or QGuiApplication([])
        import icons

        for size in icons.SIZES:
            (self.icons / f"sidelight-{size}.png").write_bytes(icons.draw(size))
        icons.ico(self.icons / "sidelight.ico")
        icons.icns(self.icons / "sidelight.icns")
        version_info = (HERE / "windows" / "version_info.txt.in").read_text(encoding="utf-8")
        numbers = [*(int(n) for n in version().split(".")[:3]), 0]
        for mark, value in {"NUMBERS": str(tuple(numbers)), "VERSION": version()}.items():
            version_info = version_info.replace(f"@{mark}@", value)
        (self.icons / "version_info.txt").write_text(version_info, encoding="utf-8")
        del app

    def _texts(self) -> None:
        from sidelight.cli.commands import parser

        known = manual.commands(parser())
        day = datetime.fromtimestamp(self.epoch, UTC)
        date = f"{day:%B} {day.day}, {day.year}"
        written = {
            "sidelight.1": manual.man_page(known, version(), date),
            "sidelight.bash": manual.bash(known),
            "_sidelight": manual.zsh(known),
            "sidelight.fish": manual.fish(known),
        }
        for name, text in written.items():
            (self.texts / name).write_text(text, encoding="utf-8")

    def _run(self, *command: str, env: dict[str, str] | None = None) -> None:
        done = subprocess.run(command, env=env, check=False, capture_output=True, text=True)
        if done.returncode:
            sys.stderr.write(done.stdout[-8000:] + done.stderr[-8000:])
            raise RuntimeError(f"{Path(command[0]).name} failed with {done.returncode}")

    def _say(self, text: str) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


def main() -> int:
    """Build what is named on the command line. Returns the exit code."""
    told = argparse.ArgumentParser(prog="build.py", description=__doc__)
    known = (*FORMATS.get(sys.platform, ()), "tree", "all")
    told.add_argument("what", nargs="+", choices=known)
    told.add_argument("--work", type=Path, default=ROOT / "build" / "package")
    told.add_argument("--out", type=Path, default=ROOT / "dist")
    told.add_argument("--quick", action="store_true", help="compress less: for tests, not for release")
    told.add_argument("--release", action="store_true", help="refuse what must not be published")
    asked = told.parse_args()
    if asked.release and (unset := placeholders()):
        sys.stderr.write(
            f"packaging/identity.py still says {', '.join(unset)} ({HOME}): see docs/release-checklist.md\n"
        )
        return 1
    os.umask(0o022)
    wanted = [*(["tree", *FORMATS[sys.platform]] if "all" in asked.what else asked.what)]
    try:
        builder = Builder(asked.work.absolute(), asked.out.absolute(), 1 if asked.quick else 9)
        if "tree" in wanted:
            builder.tree()
        for form in wanted:
            if form != "tree":
                builder.package(form)
        builder.sums()
    except (RuntimeError, licences.Unnamed) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
