"""Where the frozen program begins: the environment is put right for what we start in turn, then `sidelight.__main__` runs."""

from __future__ import annotations

import os
import sys


def _tidy_environment() -> None:
    """Give browsers and other programs that we open their own libraries back, and letters a UTF-8 locale.

    The start of a frozen program points LD_LIBRARY_PATH at its own libraries. Ours were found by it already; nobody else's
    should be. Without any locale Qt complains, and file names would be read as ASCII.
    """
    before = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
    if before is not None:
        os.environ["LD_LIBRARY_PATH"] = before
    else:
        os.environ.pop("LD_LIBRARY_PATH", None)
    if not any(os.environ.get(name) for name in ("LC_ALL", "LC_CTYPE", "LANG")):
        os.environ["LC_CTYPE"] = "C.UTF-8"


if sys.platform == "linux":
    _tidy_environment()

from sidelight.__main__ import main  # noqa: E402 - after the environment

sys.exit(main())
