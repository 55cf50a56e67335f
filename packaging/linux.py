# ruff: noqa: S603 - every command is spelled here, and the tools are those of the path
"""A finished program as the packages of Linux: an archive for any prefix, .deb, .rpm, and the folder an AppImage is made of.

Every function takes the program's folder and gives the file it made. Every file is dated alike and owned by root, lists are
sorted: the same program gives the same bytes. Nothing is compiled here.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import stat
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import trim
from identity import APP_ID, HOME, MAINTAINER, ROOT, SUMMARY, channel, version

__all__ = ["Shop", "glibc_floor", "host_libraries"]

HERE = ROOT / "packaging" / "linux"
ARCH = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]

_DEBIAN = {
    "ld-linux-x86-64.so.2": "libc6",
    "ld-linux-aarch64.so.1": "libc6",
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libGLX.so.0": "libgl1",
    "libOpenGL.so.0": "libopengl0",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libX11.so.6": "libx11-6",
    "libc.so.6": "libc6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libdl.so.2": "libc6",
    "libdrm.so.2": "libdrm2",
    "libexpat.so.1": "libexpat1",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libgcc_s.so.1": "libgcc-s1",
    "libgomp.so.1": "libgomp1",
    "libm.so.6": "libc6",
    "libpthread.so.0": "libc6",
    "libresolv.so.2": "libc6",
    "librt.so.1": "libc6",
    "libstdc++.so.6": "libstdc++6",
    "libutil.so.1": "libc6",
    "libuuid.so.1": "libuuid1",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
    "libxcb.so.1": "libxcb1",
}
"""The Debian package of each library that is taken from the system. Another one that turns up is an error, to be thought over."""


def host_libraries(program: Path) -> frozenset[str]:
    """The libraries that something in the program asks for and that are not in it."""
    files = [f for f in program.rglob("*") if f.is_file() and not f.is_symlink()]
    there = {f.name for f in program.rglob("*")}
    return frozenset(name for f in files for name in trim.needed(f) if name not in there)


def glibc_floor(program: Path) -> tuple[int, int]:
    """The oldest glibc that has every symbol that is asked for."""
    found = {(2, 17)}
    for file in program.rglob("*"):
        if file.is_file() and not file.is_symlink():
            data = file.read_bytes()
            if data[:4] == b"\x7fELF":
                found |= {(2, int(minor)) for minor in re.findall(rb"\0GLIBC_2\.(\d+)(?:\.\d+)?(?=\0)", data)}
    return max(found)


class Shop:
    """Makes packages of one program. `icons` holds sidelight-<size>.png; `texts` the man page and completions."""

    def __init__(self, program: Path, icons: Path, texts: Path, work: Path, out: Path, epoch: int) -> None:
        self._program = program
        self._icons = icons
        self._texts = texts
        self._work = work
        self._out = out
        self._epoch = epoch
        self._date = datetime.fromtimestamp(epoch, UTC)
        self._version = version()
        self._name = f"sidelight-{self._version}-linux-{os.uname().machine}"

    def archive(self) -> Path:
        """A tar.zst to unpack below any prefix: `tar -xf it -C ~/.local --strip-components=1`."""
        root = self._fresh("archive")
        self._install(root / self._name, prefix="")
        self._settle(root)
        target, plain = self._out / f"{self._name}.tar.zst", self._work / f"{self._name}.tar"
        with tarfile.open(plain, "w", format=tarfile.GNU_FORMAT) as made:
            for path in sorted(root.rglob("*"), key=lambda p: p.as_posix()):
                made.add(path, path.relative_to(root).as_posix(), recursive=False, filter=_root_owned)
        _run("zstd", "-q", "-f", "-16", "-T2", str(plain), "-o", str(target))
        plain.unlink()
        return target

    def deb(self, *, level: int = 9) -> Path:
        """For Debian 12, Ubuntu 24.04 and younger. `level` is that of xz: 1 is quick, for tests."""
        root = self._fresh("deb")
        self._install(root, prefix="usr", kind="deb")
        doc = root / "usr/share/doc/sidelight"
        self._documents(doc, "sidelight")
        overrides = root / "usr/share/lintian/overrides"
        overrides.mkdir(parents=True)
        shutil.copy(HERE / "lintian-overrides", overrides / "sidelight")
        fields = {
            "Section": "utils",
            "Depends": ", ".join(_depends(self._program, self._program)),
            "Recommends": f"sidelight-engine (= {self._version}-1)",
            "Suggests": "gnome-keyring | kwalletmanager | keepassxc",
            "Description": f"{SUMMARY}\n{_DESCRIPTION}",
        }
        return self._deb(root, "sidelight", fields, {"postrm": (HERE / "postrm").read_text("utf-8")}, level)

    def engine_deb(self, engine: Path, *, level: int = 9) -> Path:
        """The built-in engine as a package of its own beside the program. `engine` holds what goes into its lib/."""
        root = self._fresh("engine-deb")
        shutil.copytree(engine, root / "usr/lib/sidelight/lib", symlinks=True)
        self._documents(root / "usr/share/doc/sidelight-engine", "sidelight-engine")
        overrides = root / "usr/share/lintian/overrides"
        overrides.mkdir(parents=True)
        own = (HERE / "lintian-overrides").read_text("utf-8").replace("sidelight: ", "sidelight-engine: ")
        (overrides / "sidelight-engine").write_text(own, encoding="utf-8")
        fields = {
            "Section": "utils",
            "Depends": ", ".join([f"sidelight (= {self._version}-1)", *_depends(engine, self._program)]),
            "Enhances": "sidelight",
            "Description": f"built-in engine (llama.cpp) for Sidelight\n{_ENGINE_DESCRIPTION}",
        }
        return self._deb(root, "sidelight-engine", fields, {}, level)

    def rpm(self) -> Path:
        """For Fedora, openSUSE and kin. Its requirements are names of libraries, which all of them understand."""
        root = self._fresh("rpm")
        self._install(root, prefix="usr", kind="rpm")
        doc = root / "usr/share/doc/sidelight"
        doc.mkdir(parents=True)
        for name in ("README.md", "CHANGELOG.md"):
            shutil.copy(ROOT / name, doc)
        self._settle(root)
        (root / "usr/share/man/man1/sidelight.1.gz").unlink()
        shutil.copy(self._texts / "sidelight.1", root / "usr/share/man/man1/sidelight.1")
        self._settle(root)
        requires = sorted(
            f"{name}()(64bit)" for name in host_libraries(self._program) if not name.startswith("ld-")
        )
        major, minor = glibc_floor(self._program)
        spec = (HERE / "rpm.spec.in").read_text(encoding="utf-8")
        values = {
            "VERSION": self._version.replace("-", "~"),
            "SUMMARY": SUMMARY,
            "HOME": HOME,
            "REQUIRES": "\n".join(
                [*(f"Requires: {name}" for name in requires), f"Requires: glibc >= {major}.{minor}"]
            ),
            "DESCRIPTION": _DESCRIPTION.replace("\n .\n", "\n\n").replace("\n ", "\n").strip(),
            "DATE": self._date.strftime("%a %b %d %Y"),
            "MAINTAINER": MAINTAINER,
            "FILES": "\n".join(_rpm_files(root)),
        }
        top = self._fresh("rpmbuild")
        (top / "sidelight.spec").write_text(_filled(spec, values), encoding="utf-8")
        _run("rpmbuild", "-bb", "--quiet", "--define", f"_topdir {top}", "--buildroot", str(top / "BUILDROOT"),
             "--define", f"_source_tree {root}", "--target", os.uname().machine, str(top / "sidelight.spec"))  # fmt: skip
        (made,) = (top / "RPMS").rglob("*.rpm")
        target = self._out / made.name
        shutil.move(made, target)
        return target

    def appdir(self) -> Path:
        """The folder an AppImage holds, as squashfs; with the runtime in APPIMAGE_RUNTIME before it, an AppImage."""
        root = self._fresh("Sidelight.AppDir")
        self._install(root, prefix="usr")
        run = root / "AppRun"
        shutil.copy(HERE / "AppRun", run)
        run.chmod(0o755)
        shutil.copy(root / "usr/share/applications/sidelight.desktop", root)
        shutil.copy(ROOT / "resources/icons/app.svg", root / "sidelight.svg")
        shutil.copy(self._icons / "sidelight-256.png", root / ".DirIcon")
        self._settle(root)
        target = self._out / f"{self._name}.squashfs"
        target.unlink(missing_ok=True)
        _run("mksquashfs", str(root), str(target), "-comp", "zstd", "-Xcompression-level", "19", "-b", "1M", "-root-owned",
             "-noappend", "-no-progress", "-quiet", "-no-xattrs", "-processors", "2")  # fmt: skip
        runtime = os.environ.get("APPIMAGE_RUNTIME")
        if not runtime:
            return target
        image = self._out / f"{self._name}.AppImage"
        image.write_bytes(Path(runtime).read_bytes() + target.read_bytes())
        image.chmod(0o755)
        target.unlink()
        return image

    def _install(self, root: Path, prefix: str, kind: str = "portable") -> None:
        """The program and what a desktop wants to know of it, below root/prefix. `kind` tells it who renews it."""
        top = root / prefix if prefix else root
        top.mkdir(parents=True, exist_ok=True)
        shutil.copytree(self._program, top / "lib/sidelight", symlinks=True)
        mark = top / "lib/sidelight/lib/sidelight/resources/channel.json"
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text(channel(kind), encoding="utf-8")
        (top / "bin").mkdir()
        (top / "bin/sidelight").symlink_to("../lib/sidelight/sidelight")
        share = top / "share"
        plain = {
            HERE / "sidelight.desktop": "applications/sidelight.desktop",
            HERE / "sidelight-mime.xml": "mime/packages/sidelight.xml",
            HERE / "sidelight-symbolic.svg": "icons/hicolor/symbolic/apps/sidelight-symbolic.svg",
            ROOT / "resources/icons/app.svg": "icons/hicolor/scalable/apps/sidelight.svg",
            self._texts / "sidelight.bash": "bash-completion/completions/sidelight",
            self._texts / "_sidelight": "zsh/vendor-completions/_sidelight",
            self._texts / "sidelight.fish": "fish/vendor_completions.d/sidelight.fish",
        }
        for icon in sorted(self._icons.glob("sidelight-*.png")):
            size = icon.stem.partition("-")[2]
            plain[icon] = f"icons/hicolor/{size}x{size}/apps/sidelight.png"
        for source, target in plain.items():
            (share / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, share / target)
        metainfo = share / f"metainfo/{APP_ID}.metainfo.xml"
        metainfo.parent.mkdir()
        told = {
            "APP_ID": APP_ID,
            "HOME": HOME,
            "VERSION": self._version,
            "DATE": self._date.strftime("%Y-%m-%d"),
        }
        text = (HERE / "sidelight.metainfo.xml.in").read_text(encoding="utf-8")
        metainfo.write_text(_filled(text, told), encoding="utf-8")
        manual = share / "man/man1/sidelight.1.gz"
        manual.parent.mkdir(parents=True)
        manual.write_bytes(gzip.compress((self._texts / "sidelight.1").read_bytes(), 9, mtime=0))

    def _documents(self, doc: Path, package: str) -> None:
        doc.mkdir(parents=True)
        year = self._date.strftime("%Y")
        text = (HERE / "copyright").read_text(encoding="utf-8")
        (doc / "copyright").write_text(_filled(text, {"HOME": HOME, "YEAR": year}), encoding="utf-8")
        stamp = self._date.strftime("%a, %d %b %Y %H:%M:%S +0000")
        entry = f"{package} ({self._version}-1) stable; urgency=medium\n\n  * Release {self._version}: see changelog.gz.\n\n"
        debian = f"{entry} -- {MAINTAINER}  {stamp}\n"
        (doc / "changelog.Debian.gz").write_bytes(gzip.compress(debian.encode(), 9, mtime=0))
        changes = (ROOT / "CHANGELOG.md").read_bytes()
        (doc / "changelog.gz").write_bytes(gzip.compress(changes, 9, mtime=0))

    def _deb(
        self, root: Path, package: str, fields: Mapping[str, str], scripts: Mapping[str, str], level: int
    ) -> Path:
        self._settle(root)
        files = sorted(p for p in root.rglob("*") if p.is_file() and not p.is_symlink())
        sums = "".join(f"{hashlib.md5(p.read_bytes()).hexdigest()}  {p.relative_to(root)}\n" for p in files)  # noqa: S324 - the format's
        kilobytes = sum((p.lstat().st_size + 1023) // 1024 if not p.is_dir() else 1 for p in root.rglob("*"))
        control = {
            "Package": package,
            "Version": f"{self._version}-1",
            "Architecture": ARCH,
            "Maintainer": MAINTAINER,
            "Installed-Size": str(kilobytes),
            **{name: value for name, value in fields.items() if name != "Description"},
            "Priority": "optional",
            "Homepage": HOME,
            "Description": fields["Description"],
        }
        folder = root / "DEBIAN"
        folder.mkdir()
        (folder / "control").write_text(
            "".join(f"{k}: {v.rstrip()}\n" for k, v in control.items()), encoding="utf-8"
        )
        (folder / "md5sums").write_text(sums, encoding="utf-8")
        for name, text in scripts.items():
            (folder / name).write_text(text, encoding="utf-8")
        self._settle(folder)
        for name in scripts:
            (folder / name).chmod(0o755)
        os.utime(root, (self._epoch, self._epoch))
        target = self._out / f"{package}_{self._version}-1_{ARCH}.deb"
        _run("dpkg-deb", "--root-owner-group", "-Zxz", f"-z{level}", "--build", str(root), str(target))
        return target

    def _settle(self, root: Path) -> None:
        """Plain modes and one date for everything, the root itself included."""
        for path in [root, *root.rglob("*")]:
            if not path.is_symlink():
                runs = path.is_dir() or (path.stat().st_mode & stat.S_IXUSR and path.suffix not in _DATA)
                path.chmod(0o755 if runs and not _is_library(path) else 0o644)
            os.utime(path, (self._epoch, self._epoch), follow_symlinks=False)

    def _fresh(self, name: str) -> Path:
        folder = self._work / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder


def _depends(folder: Path, program: Path) -> tuple[str, ...]:
    """The packages that what lies in a folder needs, beside the program. Raises KeyError for a library nobody has thought of."""
    major, minor = glibc_floor(folder)
    there = {f.name for f in program.rglob("*")}
    names = {_DEBIAN[library] for library in host_libraries(folder) - there} - {"libc6"}
    return (f"libc6 (>= {major}.{minor})", *sorted(names))


_DATA = (".py", ".qm", ".svg", ".json", ".txt", ".zip", ".ttf")


def _is_library(path: Path) -> bool:
    return path.is_file() and (".so." in path.name or path.suffix == ".so")


def _rpm_files(root: Path) -> Iterator[str]:
    """What rpm is to own: our folder as a whole, and each file elsewhere (the folders there are the system's)."""
    yield "/usr/lib/sidelight"
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root)
        if (path.is_symlink() or path.is_file()) and not name.is_relative_to("usr/lib/sidelight"):
            yield f"/{name}*" if "/man/" in str(name) else f"/{name}"


def _filled(text: str, values: Mapping[str, str]) -> str:
    for mark, value in values.items():
        text = text.replace(f"@{mark}@", value)
    return text


def _root_owned(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        raise RuntimeError(f"{command[0]} failed with {done.returncode}")


_DESCRIPTION = """\
 Type one prompt; several language models answer it at the same time, each in
 its own lane. In each lane you see what the model thought (its reasoning
 trace) and what it answered, apart, live, side by side.
 .
 Models run on this machine (Ollama, llama.cpp, LM Studio and others) or are
 served by two dozen providers. Conversations stay on this machine, keys in
 the system keyring; there is no telemetry and no account.
"""
_ENGINE_DESCRIPTION = """\
 With this package Sidelight runs small models on this machine's processor
 without any other program. Model files are fetched by Sidelight when asked,
 or are your own files in the GGUF format.
"""
