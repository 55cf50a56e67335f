# ruff: noqa: S603 - every command is spelled here, and the tools are those of the path
"""Who the program is, for every recipe: names, addresses, version, date. Nothing else may spell these out."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

__all__ = [
    "APP_ID",
    "HOME",
    "MAINTAINER",
    "RELEASES",
    "RELEASE_KEY",
    "ROOT",
    "SUMMARY",
    "channel",
    "epoch",
    "placeholders",
    "version",
]

ROOT = Path(__file__).resolve().parent.parent

HOME = "https://sidelight.example"
"""Where the project lives. `.example` belongs to nobody (RFC 2606): a release is refused until this is a real address."""
APP_ID = "example.sidelight.sidelight"
"""Reverse domain name of AppStream, Flatpak and macOS; lower case. It must belong to whoever publishes."""
MAINTAINER = "The Sidelight authors <packages@sidelight.example>"
RELEASES = ""
"""Where the file that sign_release.py writes is to be found: an https address that answers itself, without a redirect. Copies that
nobody else renews look there when they are asked to. Empty: none has been chosen yet, and no copy looks."""
RELEASE_KEY = ""
"""The public key that signs that file, 32 bytes in hexadecimal; `sign_release.py --new-key` makes a pair. Empty: there is none yet,
and no copy looks. The private one is never here."""
SUMMARY = "ask several language models at once, traces and answers side by side"


def version() -> str:
    """The program's own, without importing it."""
    text = (ROOT / "app" / "sidelight" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "([^"]+)"', text, re.MULTILINE)
    if found is None:
        raise ValueError("app/sidelight/__init__.py states no version")
    return found[1]


def epoch() -> int:
    """Unix seconds that every file is dated: SOURCE_DATE_EPOCH, else the last commit's. Raises RuntimeError without both."""
    told = os.environ.get("SOURCE_DATE_EPOCH")
    if told:
        return int(told)
    command = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    try:
        return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    except (OSError, subprocess.CalledProcessError) as error:
        raise RuntimeError(
            "these sources are no checkout of git: set SOURCE_DATE_EPOCH to a Unix time"
        ) from error


def channel(kind: str) -> str:
    """What channel.json says in a package: who renews this copy; where and by whose key news are told only where nobody does."""
    said = {"kind": kind}
    if kind == "portable":
        said |= {"address": RELEASES, "key": RELEASE_KEY}
    return json.dumps(said) + "\n"


def placeholders() -> tuple[str, ...]:
    """The names above that still belong to nobody."""
    return tuple(value for value in (HOME, APP_ID, MAINTAINER) if "example" in value)
