"""What of a frozen program's files is kept: Qt's plugins by name, its words by language, and only libraries something needs.

Pure but for reading the heads of ELF files. Called by sidelight.spec with PyInstaller's lists of (name in the bundle, file,
kind). A plugin that nobody uses brings its libraries along (GTK by the gtk3 theme), so the lists are closed again afterwards.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import TypeAlias

__all__ = ["FROM_THE_SYSTEM", "LANGUAGES", "PLUGINS", "kept", "needed"]

Entry: TypeAlias = tuple[str, str, str]

LANGUAGES = (
    "ar",
    "de",
    "es",
    "fr",
    "it",
    "ja",
    "ko",
    "nl",
    "pl",
    "pt_BR",
    "ru",
    "tr",
    "uk",
    "zh_CN",
    "zh_TW",
)
"""Whose words for Qt's own buttons are kept (about 0.2 MB each)."""

FROM_THE_SYSTEM = frozenset(
    {
        "libX11-xcb.so.1",
        "libX11.so.6",
        "libdbus-1.so.3",
        "libexpat.so.1",
        "libfontconfig.so.1",
        "libfreetype.so.6",
        "libgcc_s.so.1",
        "libstdc++.so.6",
        "libuuid.so.1",
    }
)
"""Libraries that every Linux desktop has and that must fit its drivers, fonts and bus: never brought along. Beside these,
PyInstaller itself leaves out libc and its parts, libGL and libEGL, libxcb and libwayland."""

PLUGINS: dict[str, tuple[str, ...]] = {
    "iconengines": ("qsvgicon",),
    "imageformats": ("qgif", "qicns", "qico", "qjpeg", "qsvg", "qwebp"),
    "platforminputcontexts": ("composeplatforminputcontextplugin", "ibusplatforminputcontextplugin"),
    "platforms": ("qxcb", "qwayland", "qoffscreen", "qcocoa", "qwindows"),
    "platformthemes": ("qxdgdesktopportal",),
    "styles": ("qmacstyle", "qmodernwindowsstyle"),
    "wayland-decoration-client": ("adwaita", "bradient"),
    "wayland-graphics-integration-client": ("qt-plugin-wayland-egl",),
    "wayland-shell-integration": ("xdg-shell",),
    "xcbglintegrations": ("qxcb-egl-integration", "qxcb-glx-integration"),
}
"""The plugins that are kept, without prefix and suffix. Dead keys and CJK input stay, whatever they cost."""

_UNWANTED = ("opengl32sw.dll", "d3dcompiler_", "libqtvirtualkeyboard", "Qt6VirtualKeyboard")
_METADATA = re.compile(r"\.dist-info/(?!METADATA$|entry_points\.txt$|licenses/)")


def kept(binaries: Iterable[Entry], datas: Iterable[Entry], platform: str) -> tuple[list[Entry], list[Entry]]:
    """The two lists without what is not wanted, and, on Linux, without libraries that nothing left needs."""
    some = [entry for entry in binaries if _wanted(entry[0])]
    words = [entry for entry in datas if _wanted(entry[0])]
    if platform.startswith("linux"):
        some = _closed(some)
        there = {PurePosixPath(name).name for name, _, _ in some}
        words = [e for e in words if e[2] != "SYMLINK" or PurePosixPath(e[1]).name in there]
    return sorted(some), sorted(words)


def _wanted(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    parts = path.parts
    if any(mark in path.name for mark in _UNWANTED) or _METADATA.search(str(path)):
        return False
    if "plugins" in parts and "PySide6" in parts:
        group = parts[parts.index("plugins") + 1]
        return path.name.removeprefix("lib").partition(".")[0] in PLUGINS.get(group, ())
    if "translations" in parts and "PySide6" in parts:
        return path.stem.startswith("qtbase_") and path.stem.removeprefix("qtbase_") in LANGUAGES
    return True


def _closed(binaries: Sequence[Entry]) -> list[Entry]:
    """Roots (extension modules, plugins, Python itself) and all that they need by name."""
    by_name = {PurePosixPath(name).name: (name, file, kind) for name, file, kind in binaries}
    for name in FROM_THE_SYSTEM:
        by_name.pop(name, None)
    left = [entry for entry in binaries if _is_root(entry)]
    reached = {PurePosixPath(name).name for name, _, _ in left}
    while left:
        _, file, _ = left.pop()
        for library in needed(Path(file)):
            if library in by_name and library not in reached:
                reached.add(library)
                left.append(by_name[library])
    return [entry for entry in binaries if PurePosixPath(entry[0]).name in reached]


def _is_root(entry: Entry) -> bool:
    name, _, kind = entry
    path = PurePosixPath(name)
    return kind == "EXTENSION" or "plugins" in path.parts or path.name.startswith("libpython")


def needed(file: Path) -> tuple[str, ...]:
    """The names of the libraries a 64-bit little-endian ELF file asks for (its DT_NEEDED); none for any other file."""
    data = file.read_bytes()
    if data[:6] != b"\x7fELF\x02\x01":
        return ()
    sections = list(_sections(data))
    strings = next((s for s in sections if s[0] == 6), None)  # SHT_DYNAMIC
    if strings is None:
        return ()
    _, offset, size, link = strings
    _, text, _, _ = sections[link]
    names = []
    for at in range(offset, offset + size, 16):
        tag, value = struct.unpack_from("<qQ", data, at)
        if tag == 1:  # DT_NEEDED
            end = data.index(b"\0", text + value)
            names.append(data[text + value : end].decode())
    return tuple(names)


def _sections(data: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Kind, offset, size and link of each section."""
    (table,) = struct.unpack_from("<Q", data, 0x28)
    width, count = struct.unpack_from("<HH", data, 0x3A)
    for number in range(count):
        kind, offset, size, link = struct.unpack_from("<4xI16xQQI", data, table + number * width)
        yield kind, offset, size, link
