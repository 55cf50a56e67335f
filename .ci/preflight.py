"""Before anything large is fetched: can a window open here? Says what to install where it cannot; exit code 1 then.

Run by the environment's own Python, after the app is installed.
"""

from __future__ import annotations

import sys

from sidelight.cli import display

reason = display.obstacle() or display.trial()
if reason is not None:
    sys.exit(reason)
