# ruff: noqa: S603 - every command is spelled here, and the tools are those of the path
"""Who the program is, for every recipe: names, addresses, version, date. Nothing else may spell these out."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

__all__ = ["APP_ID", "HOME", "MAINTAINER", "ROOT", "SUMMARY", "epoch", "placeholders", "version"]

ROOT = Path(__file__).resolve().parent.parent

HOME = "https://sidelight.example"
"""Where the project lives. `.example` belongs to nobody (RFC 2606): a release is refused until this is a real address."""
APP_ID = "example.sidelight.sidelight"
"""Reverse domain name of AppStream, Flatpak and macOS; lower case. It must belong to whoever publishes."""
MAINTAINER = "The Sidelight authors <packages@sidelight.example>"
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


def placeholders() -> tuple[str, ...]:
    """The names above that still belong to nobody."""
    return tuple(value for value in (HOME, APP_ID, MAINTAINER) if "example" in value)
