"""Every folder the program touches, `resource(name)`, and how a child of ours is started: for checkout, installed wheel and
frozen app alike.

Folders are made with mode 0700 when first asked for. `SIDELIGHT_PROFILE` moves all of them below one folder.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple

__all__ = ["Paths", "child_command", "installed_as", "notices", "resource", "standard_paths"]


class Paths(NamedTuple):
    """The folders of one profile: `data` (database, backups), `config` (settings), `cache` (weights, pictures), `logs`."""

    data: Path
    config: Path
    cache: Path
    logs: Path

    @property
    def database(self) -> Path:
        """The conversations."""
        return self.data / "sidelight.db"

    @property
    def settings(self) -> Path:
        """The preferences."""
        return self.config / "settings.json"

    @property
    def weights(self) -> Path:
        """Model files that we fetched."""
        return self.cache / "weights"

    @property
    def window_mark(self) -> Path:
        """A file that is there while a window stands, and after one that died."""
        return self.cache / "window"

    def make(self) -> None:
        """Make the folders, readable by their owner alone. Raises OSError."""
        for folder in (self.data, self.config, self.cache, self.logs):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def standard_paths(environ: Mapping[str, str] | None = None, platform: str = sys.platform) -> Paths:
    """Where this system keeps such files; below `SIDELIGHT_PROFILE` where that is set."""
    env = os.environ if environ is None else environ
    profile = env.get("SIDELIGHT_PROFILE")
    if profile:
        root = Path(profile).expanduser()
        return Paths(root / "data", root / "config", root / "cache", root / "logs")
    home = Path(env.get("HOME") or env.get("USERPROFILE") or Path.home())
    if platform == "win32":
        local = Path(env.get("LOCALAPPDATA") or home / "AppData" / "Local") / "Sidelight"
        return Paths(local / "Data", local / "Config", local / "Cache", local / "Logs")
    if platform == "darwin":
        library = home / "Library"
        return Paths(
            library / "Application Support" / "Sidelight",
            library / "Preferences" / "Sidelight",
            library / "Caches" / "Sidelight",
            library / "Logs" / "Sidelight",
        )
    data = Path(env.get("XDG_DATA_HOME") or home / ".local" / "share") / "sidelight"
    config = Path(env.get("XDG_CONFIG_HOME") or home / ".config") / "sidelight"
    cache = Path(env.get("XDG_CACHE_HOME") or home / ".cache") / "sidelight"
    state = Path(env.get("XDG_STATE_HOME") or home / ".local" / "state") / "sidelight"
    return Paths(data, config, cache, state)


def resource(name: str) -> Path:
    """The file `name` (such as "icons/app.svg") below resources/: in the package where installed, else in the checkout.

    Raises FileNotFoundError naming what was looked for.
    """
    package = Path(__file__).resolve().parent
    for root in (package / "resources", package.parent.parent / "resources"):
        found = root / name
        if found.exists():
            return found
    raise FileNotFoundError(f"resource {name!r} is neither in the package nor in a checkout beside it")


def installed_as() -> Literal["frozen", "package", "checkout"]:
    """What runs: a packaged program, a package that pip or the like put there, or the sources."""
    if getattr(sys, "frozen", False):
        return "frozen"
    return "package" if (Path(__file__).resolve().parent / "resources").is_dir() else "checkout"


def notices() -> Path | None:
    """Whose parts a frozen program holds, and under which licences; None where nothing is bundled."""
    if not getattr(sys, "frozen", False):
        return None
    folder = Path(sys.executable).resolve().parent
    found = (place / "licences" / "THIRD-PARTY.txt" for place in (folder, folder.parent / "Resources"))
    return next((file for file in found if file.is_file()), None)


def child_command(name: str) -> list[str]:
    """The command that starts this program again as its child `name`, from a checkout, a wheel or a frozen app.

    `-P` keeps a folder named sidelight in the working directory from being run in our place.
    """
    if getattr(sys, "frozen", False):
        return [sys.executable, "--child", name]
    return [sys.executable, "-P", "-m", "sidelight", "--child", name]
