# ruff: noqa: S603 - every command is spelled here, and the tools are those of the path
"""A smaller copy of the data of Unicode's library (ICU) that comes with Qt on Linux: 32 MB become 5.

What stays: sorting in every language, properties and normal forms of letters, plurals, time zones without names. What goes:
names of languages, countries, currencies and units, spelt-out numbers, transliteration, dictionaries for breaking lines, and
legacy encodings (Qt asks ICU for none of these here; Python decodes our files). Needs `icupkg` (Debian: icu-devtools) and a C
compiler. It rests on the layout of one symbol in a library, so `shrink` gives False where anything is not as expected.
"""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
from pathlib import Path

__all__ = ["shrink", "wanted"]

_LOCALE = re.compile(r"[a-z]{2,3}(_\w*)?\.res")
_TREES = ("curr/", "lang/", "region/", "unit/", "rbnf/", "brkitr/", "translit/")


def wanted(item: str) -> bool:
    """Whether an item of the data is kept."""
    if item.startswith("coll/"):
        return True
    if item.startswith("zone/"):
        return item in ("zone/root.res", "zone/res_index.res", "zone/pool.res", "zone/en.res")
    if item.startswith(_TREES) or item.endswith((".cnv", ".spp", ".cfu")) or item == "unames.icu":
        return False
    return item == "en.res" or not _LOCALE.fullmatch(item)


def shrink(library: Path, work: Path) -> bool:
    """Replace libicudata.so.NN by a smaller one; False where that cannot be done, and then nothing was changed."""
    version = library.name.rpartition(".")[2]
    symbol = f"icudt{version}_dat"
    data = _data(library.read_bytes(), symbol.encode())
    if data is None or not version.isdigit():
        sys.stderr.write(f"{library.name} is not laid out as expected: left as it is\n")
        return False
    work.mkdir(parents=True, exist_ok=True)
    # The name of the file becomes the beginning of the name of each item: it must stay this one.
    whole, small = work / f"icudt{version}l.dat", work / "small" / f"icudt{version}l.dat"
    small.parent.mkdir(exist_ok=True)
    whole.write_bytes(data)
    try:
        items = _run("icupkg", "-l", str(whole)).split()
        (work / "rm.txt").write_text("\n".join(i for i in items if not wanted(i)) + "\n", encoding="utf-8")
        _run("icupkg", "--ignore-deps", "-r", str(work / "rm.txt"), str(whole), str(small))
        source = work / "data.S"
        source.write_text(_ASSEMBLER.format(symbol=symbol, file=small), encoding="utf-8")
        made = work / library.name
        _run(
            *("gcc", "-shared", "-nostdlib", f"-Wl,-soname,{library.name}", "-Wl,--build-id=none"),
            *("-Wl,-z,noexecstack", "-Wl,-z,relro", "-s", "-o", str(made), str(source)),
        )
    except (OSError, subprocess.CalledProcessError) as error:
        sys.stderr.write(f"ICU's data could not be made smaller: {error}\n")
        return False
    library.write_bytes(made.read_bytes())
    return True


_ASSEMBLER = """\
.section .rodata
.balign 16
.globl {symbol}
.type {symbol}, @object
{symbol}:
.incbin "{file}"
.size {symbol}, .-{symbol}
.section .note.GNU-stack,"",@progbits
"""


def _data(library: bytes, symbol: bytes) -> bytes | None:
    """The bytes of the one symbol of a 64-bit ELF library."""
    if library[:6] != b"\x7fELF\x02\x01":
        return None
    (table,) = struct.unpack_from("<Q", library, 0x28)
    width, count = struct.unpack_from("<HH", library, 0x3A)
    sections = [struct.unpack_from("<IIQQQQII", library, table + n * width) for n in range(count)]
    for _, kind, _, _, offset, size, link, _ in sections:
        if kind != 11:  # SHT_DYNSYM
            continue
        names = sections[link][4]
        for at in range(offset, offset + size, 24):
            name, _, _, section, value, length = struct.unpack_from("<IBBHQQ", library, at)
            if library[names + name : names + name + len(symbol) + 1] == symbol + b"\0":
                begin = value - sections[section][3] + sections[section][4]
                return library[begin : begin + length]
    return None


def _run(*command: str) -> str:
    # Debian keeps icupkg where only root's path leads.
    env = {**os.environ, "PATH": f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"}
    return subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout
