# ruff: noqa: S603 - every command is spelled here, and the tools are those of the path
"""What came into a frozen program, under which licences: the notices that go with it, and its bill of materials.

Run by the interpreter that built it. Reads the list that sidelight.spec wrote (modules, and files with where they came from),
asks the installed distributions and, for libraries of the system, dpkg. Writes THIRD-PARTY.txt, the licence texts and
sbom.cdx.json (CycloneDX 1.6). Anything whose origin it cannot name is an error: nothing goes out unnamed.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import Distribution, distributions
from pathlib import Path

__all__ = ["Component", "Unnamed", "components", "write"]

HERE = Path(__file__).resolve().parent
_NAMES_OF_LICENCES = re.compile(r"(licen[cs]e|copying|notice|authors)[^/]*", re.IGNORECASE)


class Unnamed(Exception):
    """Files came in that belong to nothing known."""


@dataclass(frozen=True, slots=True)
class Component:
    """A part by somebody else. `licence` is an SPDX expression where the part states one; `texts` are whole licences."""

    name: str
    version: str
    licence: str
    purl: str
    texts: tuple[str, ...] = ()
    files: tuple[str, ...] = field(default=(), compare=False)


_QT_PARTS = """
    Unicode's ICU (Unicode-3.0; sorting data only, cut by packaging/icu.py), PCRE2 (BSD-3-Clause), HarfBuzz (MIT),
    FreeType (FTL OR GPL-2.0), libpng (libpng-2.0), libjpeg-turbo (IJG AND BSD-3-Clause), libwebp (BSD-3-Clause), zlib (Zlib),
    double-conversion (BSD-3-Clause), MD4C (MIT), BLAKE2 (CC0-1.0), SipHash (CC0-1.0), easing equations (BSD-3-Clause),
    TinyCBOR (MIT), xcb protocols (MIT), Wayland protocols (MIT), KDE's D-Bus menu and XDG parts (BSD-2-Clause OR BSD-3-Clause).
    Each is described at https://doc.qt.io/qt-6/licenses-used-in-qt.html.
"""

_NOTICE = """\
Sidelight is free software under the MIT licence (LICENSE beside this file). It is shipped together with the parts below, which
belong to others. Each keeps its own licence; whole texts follow the list or lie beside this file.

QT AND PYSIDE6 ARE USED UNDER THE GNU LESSER GENERAL PUBLIC LICENSE, VERSION 3

This program uses Qt {qt} and Qt for Python (PySide6, shiboken6) {pyside}, copyright The Qt Company Ltd. and other
contributors, under the LGPL version 3. The texts are LGPL-3.0.txt and GPL-3.0.txt beside this file. Qt and PySide6 are separate
shared libraries ({where}); you may replace them by compatible versions of your own, and you may
reverse engineer this program as far as debugging such changes needs it. The sources of exactly these versions are at
https://download.qt.io/official_releases/qt/ and https://download.qt.io/official_releases/QtForPython/. Nothing was changed in
them but this: on Linux the data of the ICU library that comes with Qt was cut down by packaging/icu.py of Sidelight's sources.
Qt holds parts of others itself:
{parts}
"""


def components(listed: Path) -> list[Component]:
    """Every part that the list names. Raises Unnamed."""
    bundled = json.loads(listed.read_text(encoding="utf-8"))
    owners = _Owners()
    found: dict[str, set[str]] = {}
    unnamed: list[str] = []
    system: list[tuple[str, Path]] = []
    for name, file in bundled["files"]:
        owner = owners.of(Path(file))
        if owner == "":
            system.append((name, Path(file)))
        elif owner is not None:
            found.setdefault(owner, set()).add(name)
    for module in bundled["modules"]:
        owner = owners.of_module(module)
        if owner is None:
            unnamed.append(module)
        elif owner:
            found.setdefault(owner, set())
    parts = [owners.component(name, files) for name, files in found.items()]
    packages, strangers = _system_packages(system)
    if unnamed or strangers:
        raise Unnamed(", ".join([*unnamed, *strangers]))
    return sorted([*parts, *packages, *_always()], key=lambda part: (part.name.lower(), part.version))


class _Owners:
    """Which distribution a file or module came from; "" for the system, "sidelight" and Python are none."""

    def __init__(self) -> None:
        self._by_file: dict[Path, str] = {}
        self._by_module: dict[str, str] = {}
        self._known: dict[str, Distribution] = {}
        for found in distributions():
            name = found.metadata["Name"]
            self._known[name] = found
            for file in found.files or ():
                self._by_file[Path(str(found.locate_file(file))).resolve()] = name
                self._by_module.setdefault(
                    ".".join(Path(file).with_suffix("").parts).removesuffix(".__init__"), name
                )
        self._ours = HERE.parent
        self._python = [Path(p).resolve() for p in (sys.base_prefix, sys.prefix)]

    def of(self, file: Path) -> str | None:
        """A distribution's name; None for ourselves and Python; "" for what the system brought."""
        real = file.resolve()
        if real in self._by_file:
            return self._by_file[real]
        if any(
            real.is_relative_to(root)
            for root in (self._ours / "resources", self._ours / "packaging", *self._python)
        ):
            return None
        if "base_library.zip" in file.name:
            return None
        return ""

    def of_module(self, module: str) -> str | None:
        """As `of`, by the name of a module; "" for ourselves and Python."""
        top = module.partition(".")[0]
        ours = top in ("sidelight", "cryptography", "launch") or module.startswith("pyi")
        if ours or top in sys.stdlib_module_names or top.startswith(("_sysconfigdata", "_pyi")):
            return ""
        return self._by_module.get(module) or next(
            (name for known, name in self._by_module.items() if known.partition(".")[0] == top), None
        )

    def component(self, name: str, files: Iterable[str]) -> Component:
        """What a distribution says of itself."""
        found = self._known[name]
        texts = tuple(_texts(found))
        purl = f"pkg:pypi/{name.lower().replace('_', '-')}@{found.version}"
        return Component(name, found.version, _licence(found), purl, texts, tuple(sorted(files)))


def _licence(found: Distribution) -> str:
    stated = found.metadata.get("License-Expression") or found.metadata.get("License") or ""
    if stated and "\n" not in stated and len(stated) < 80:
        return str(stated)
    of_classes = [
        c.rpartition(" :: ")[2] for c in found.metadata.get_all("Classifier") or () if "License ::" in c
    ]
    named = {"MIT License": "MIT", "BSD License": "BSD-3-Clause", "Apache Software License": "Apache-2.0"}
    if not of_classes:
        raise Unnamed(f"{found.metadata['Name']} states no licence")
    return named.get(of_classes[0], of_classes[0])


def _texts(found: Distribution) -> Iterator[str]:
    for file in sorted(found.files or ()):
        if ".dist-info" in str(file) and _NAMES_OF_LICENCES.fullmatch(Path(file).name):
            yield Path(str(found.locate_file(file))).read_text(encoding="utf-8", errors="replace")


def _system_packages(files: Iterable[tuple[str, Path]]) -> tuple[list[Component], list[str]]:
    """Debian's packages that brought these files, and the files that none of them did."""
    found: dict[str, set[str]] = {}
    strangers: list[str] = []
    for name, file in files:
        package = _package(file)
        if package is None:
            strangers.append(f"{name} ({file})")
        else:
            found.setdefault(package, set()).add(name)
    parts = []
    for package, names in found.items():
        version, source = _output("dpkg-query", "-W", "-f=${Version} ${source:Package}", package).split()
        copyright_file = Path(f"/usr/share/doc/{package.partition(':')[0]}/copyright")
        text = (
            copyright_file.read_text(encoding="utf-8", errors="replace") if copyright_file.is_file() else ""
        )
        licences = sorted(set(re.findall(r"^License:[ \t]*(\S.*)$", text, re.MULTILINE)))
        stated = "; ".join(licences) or "see its text"
        plain = package.partition(":")[0]
        purl = f"pkg:deb/debian/{plain}@{version.replace('+', '%2B')}?upstream={source}"
        parts.append(Component(plain, version, stated, purl, (text,), tuple(sorted(names))))
    return parts, strangers


def _package(file: Path) -> str | None:
    real = file.resolve()
    # Debian 12 has merged /usr; its list of files still has both spellings.
    for spelling in (str(real), str(real).removeprefix("/usr"), f"/usr{real}"):
        try:
            return _output("dpkg", "-S", spelling).partition(": ")[0].partition(",")[0]
        except (subprocess.CalledProcessError, FileNotFoundError):
            continue
    return None


def _always() -> list[Component]:
    """What is in every package without being a file of its own: Python, the starter, fonts."""
    version = ".".join(str(n) for n in sys.version_info[:3])
    python = next(p for p in (Path(sys.base_prefix) / "LICENSE.txt", *_python_licences()) if p.is_file())
    starter = next(d for d in distributions() if d.metadata["Name"].lower() == "pyinstaller")
    ofl = (HERE / "licences" / "OFL-1.1.txt").read_text(encoding="utf-8")
    vera = (HERE / "licences" / "DejaVu.txt").read_text(encoding="utf-8")
    return [
        Component(
            "CPython", version, "Python-2.0.1", f"pkg:generic/cpython@{version}", (python.read_text("utf-8"),)
        ),
        Component(
            "PyInstaller (starter)",
            starter.version,
            "GPL-2.0-or-later WITH Bootloader-exception",
            f"pkg:pypi/pyinstaller@{starter.version}",
            tuple(_texts(starter)),
        ),
        Component("STIX Two Math (font)", "2.11", "OFL-1.1", "pkg:generic/stix-two-math@2.11", (ofl,)),
        Component("DejaVu Sans (font)", "2.37", "Bitstream-Vera", "pkg:generic/dejavu-sans@2.37", (vera,)),
    ]


def _python_licences() -> tuple[Path, ...]:
    name = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    return (Path(sys.base_prefix) / "lib" / name / "LICENSE.txt", Path(sys.base_prefix) / "LICENSE")


def write(parts: Iterable[Component], folder: Path, version: str, epoch: int, where: str) -> None:
    """Notices, texts and the bill of materials into a folder. `where` names the place of Qt's libraries in the package."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = list(parts)
    pyside = next(part.version for part in parts if part.name.lower().startswith("pyside6"))
    lines = [_NOTICE.format(qt=pyside, pyside=pyside, where=where, parts=_QT_PARTS.strip("\n"))]
    lines += [f"{part.name} {part.version}\n    {part.licence}\n" for part in parts]
    seen: dict[str, list[str]] = {}
    for part in parts:
        for text in part.texts:
            seen.setdefault(text.strip(), []).append(part.name)
    rule = "=" * 100
    lines += [
        f"\n{rule}\n{', '.join(dict.fromkeys(names))}\n{rule}\n\n{text}\n" for text, names in seen.items()
    ]
    (folder / "THIRD-PARTY.txt").write_text("\n".join(lines), encoding="utf-8")
    for name in ("LGPL-3.0.txt", "GPL-3.0.txt", "LGPL-2.1.txt"):
        (folder / name).write_text((HERE / "licences" / name).read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "LICENSE").write_text((HERE.parent / "LICENSE").read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "sbom.cdx.json").write_text(
        json.dumps(_bill(parts, version, epoch), indent=1) + "\n", encoding="utf-8"
    )


def _bill(parts: Iterable[Component], version: str, epoch: int) -> dict[str, object]:
    listed = [
        {
            "type": "library",
            "bom-ref": part.purl,
            "name": part.name,
            "version": part.version,
            "licenses": [{"license": {"name": part.licence}}],
            "purl": part.purl,
            **(
                {"properties": [{"name": "sidelight:file", "value": f} for f in part.files[:200]]}
                if part.files
                else {}
            ),
        }
        for part in parts
    ]
    program = {
        "type": "application",
        "bom-ref": "sidelight",
        "name": "sidelight",
        "version": version,
        "licenses": [{"license": {"id": "MIT"}}],
    }
    stable = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([version, [part["purl"] for part in listed]]))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{stable}",
        "version": 1,
        "metadata": {"timestamp": datetime.fromtimestamp(epoch, UTC).isoformat(), "component": program},
        "components": listed,
        "dependencies": [{"ref": "sidelight", "dependsOn": [part["purl"] for part in listed]}],
    }


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
