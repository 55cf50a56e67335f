"""Writes build/flatpak/<app id>.yml from sidelight.yml.in and the tar.zst in dist/, whose hash it pins."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from identity import APP_ID, ROOT, version


def filled(archive: Path, target: Path) -> str:
    """The manifest as it stands in the folder `target`, for this archive."""
    values = {
        "APP_ID": APP_ID,
        "ARCHIVE": os.path.relpath(archive, target),
        "SHA256": hashlib.sha256(archive.read_bytes()).hexdigest(),
    }
    text = (Path(__file__).parent / "sidelight.yml.in").read_text(encoding="utf-8")
    for mark, value in values.items():
        text = text.replace(f"@{mark}@", value)
    return text


def main() -> int:
    """Write the file. Returns 1 where there is no archive of this version."""
    found = sorted((ROOT / "dist").glob(f"sidelight-{version()}-linux-*.tar.zst"))
    if not found:
        sys.stderr.write("no tar.zst of this version in dist/: run packaging/build.py tree archive\n")
        return 1
    target = ROOT / "build" / "flatpak"
    target.mkdir(parents=True, exist_ok=True)
    (target / f"{APP_ID}.yml").write_text(filled(found[0], target), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
