"""Why a window cannot open here, in one sentence, before Qt would end the process with a page of its own.

Qt itself is never imported here: what it would die of (a missing library, a display that does not answer) is learnt
from a child process that tries. `explain` is pure.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from sidelight import messages
from sidelight.paths import child_command

__all__ = ["explain", "obstacle", "trial"]

# Everything Qt's window needs beyond a bare system, so that one command is enough and not one for each library.
_INSTALL = {
    "apt-get": "sudo apt install libegl1 libgl1 libdbus-1-3 libfontconfig1 libxkbcommon-x11-0 libxcb-cursor0"
    " libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-render-util0 libxcb-shape0 libxcb-xkb1",
    "dnf": "sudo dnf install libglvnd-egl libglvnd-glx dbus-libs fontconfig libxkbcommon-x11 xcb-util-cursor"
    " xcb-util-wm xcb-util-image xcb-util-keysyms xcb-util-renderutil",
    "pacman": "sudo pacman -S --needed libglvnd dbus fontconfig libxkbcommon-x11 xcb-util-cursor xcb-util-wm"
    " xcb-util-image xcb-util-keysyms xcb-util-renderutil",
}

_LINKERS_LIST = Path("/etc/ld.so.cache")
# Patterns as text: they are compiled where something went wrong, not on the way to the window.
_LIBRARY = r"(lib[\w.+-]+?\.so[\d.]*): cannot open shared object file"
_XCB_CURSOR = r"xcb-cursor0 or libxcb-cursor0 is needed"
_REFUSED = r"could not connect to display|Failed to create wl_display"


def obstacle(environ: Mapping[str, str] | None = None, platform: str = sys.platform) -> str | None:
    """What stands in the way of a window, looked for at every start: next to nothing to do where all is well.

    Where the linker's list lacks one of the two libraries that desktops most often lack, a trial decides.
    """
    env = os.environ if environ is None else environ
    if not platform.startswith(("linux", "freebsd")) or env.get("QT_QPA_PLATFORM"):
        return None
    if not (env.get("WAYLAND_DISPLAY") or env.get("DISPLAY")):
        return messages.text("cli.no_window.display")
    return trial() if _lacking(_LINKERS_LIST) else None


def _lacking(linkers_list: Path) -> bool:
    if getattr(sys, "frozen", False):
        return False  # a frozen app brings its libraries along
    try:
        known = linkers_list.read_bytes()
    except OSError:
        return False
    return not all(name in known for name in (b"libEGL.so.1", b"libxcb-cursor.so.0"))


def trial(seconds: float = 30.0) -> str | None:
    """Try in a child process (about 0.3 s); the sentence that says what is missing, or None where a window opens."""
    import subprocess  # late: it is seldom needed, and what is imported here delays the window

    # QT_DEBUG_PLUGINS makes Qt name the library that a plugin lacks; else it says only that there is no plugin.
    env = {**os.environ, "QT_DEBUG_PLUGINS": "1"}
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            child_command("display"), env=env, capture_output=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return messages.text("cli.no_window.refused", display=_display_name())
    if done.returncode == 0:
        return None
    told = done.stderr.decode(errors="replace")
    return explain(told) or messages.text("cli.no_window.other", reason=_last_line(told))


def explain(told: str, installer: str | None = None) -> str | None:
    """The sentence for what the dynamic linker or Qt said; None where nothing known is in it.

    `installer` is "apt-get", "dnf", "pacman" or "" for none of them; by default the one that is found here.
    """
    # Plugins that Qt can do without may lack libraries too; the window's own are below platforms/.
    of_the_window = re.search(_LIBRARY, "\n".join(x for x in told.splitlines() if "platforms/" in x))
    any_at_all = re.search(_LIBRARY, told)
    if of_the_window is not None:
        return _missing(of_the_window.group(1), installer)
    if re.search(_XCB_CURSOR, told):
        return _missing("libxcb-cursor.so.0", installer)
    if re.search(_REFUSED, told, re.IGNORECASE):
        return messages.text("cli.no_window.refused", display=_display_name())
    return _missing(any_at_all.group(1), installer) if any_at_all is not None else None


def _missing(library: str, installer: str | None) -> str:
    if installer is None:
        installer = next((tool for tool in _INSTALL if shutil.which(tool)), "")
    if installer in _INSTALL:
        return messages.text("cli.no_window.library", library=library, command=_INSTALL[installer])
    return messages.text("cli.no_window.library_unknown", library=library)


def _display_name() -> str:
    return os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY") or "?"


def _last_line(told: str) -> str:
    lines = [x for x in told.splitlines() if x.strip()]
    return lines[-1] if lines else "?"
