"""`sidelight render`: a file of Markdown as the HTML that an export would hold."""

from __future__ import annotations

import sys
from pathlib import Path

from sidelight import messages

__all__ = ["render"]

_ALL = 1_000_000
"""Pages: a person asks for the whole file."""


def render(name: str, *, gfm: bool) -> int:
    """Print the HTML of a file, "-" being standard input. Fails where it cannot be read."""
    from sidelight.render.html import html
    from sidelight.render.markdown import parse

    try:
        source = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        print(messages.text("cli.error.file", name=name, reason=reason), file=sys.stderr)
        return 1
    sys.stdout.write(html(parse(source.decode("utf-8", "replace"), pages=_ALL, gfm=gfm)))
    return 0
