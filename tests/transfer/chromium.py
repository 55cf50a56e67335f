"""A page in headless Chromium, where there is one: its text as a reader sees it, what it asked for, and a picture of it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

__all__ = ["PROGRAM", "dumped", "pictured"]

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_ALWAYS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
    "--hide-scrollbars",
)


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    assert PROGRAM is not None
    profile = f"--user-data-dir={folder / 'chromium'}"
    return subprocess.run(
        [PROGRAM, *_ALWAYS, profile, *arguments], capture_output=True, text=True, timeout=60, check=True
    )


def dumped(page: Path, *, proxy: str = "") -> str:
    """The page as the browser understood it, written as HTML again. `proxy`: where it would send requests."""
    through = (f"--proxy-server={proxy}", "--proxy-bypass-list=<-loopback>") if proxy else ()
    return _run(page.parent, *through, "--virtual-time-budget=2000", "--dump-dom", page.as_uri()).stdout


def pictured(page: Path, picture: Path, width: int = 1280, height: int = 1600, *, dark: bool = False) -> None:
    """A picture of the page."""
    look = ("--force-dark-mode", "--blink-settings=preferredColorScheme=0") if dark else ()
    _run(page.parent, *look, f"--window-size={width},{height}", f"--screenshot={picture}", page.as_uri())
