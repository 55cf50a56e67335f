"""What a banner offers against what it says of the file of conversations. Not the sentences, and nothing is done here."""

from __future__ import annotations

from typing import Literal, TypeAlias

from sidelight import messages
from sidelight.engine.terms import Notice

__all__ = ["Remedy", "remedy"]

Remedy: TypeAlias = Literal["again", "page", "read_only"]
"""Try the file again, show the page of the preferences that says more, open the file to be read only."""

_REMEDIES: dict[str, tuple[str, Remedy]] = {
    "engine.begun_anew": ("ui.data.see", "page"),
    "engine.damaged": ("ui.data.see_what", "page"),
    "engine.no_backup": ("ui.data.see", "page"),
    "engine.read_only": ("ui.data.see", "page"),
    "engine.restored": ("ui.data.see", "page"),
    "engine.salvaged": ("ui.data.see", "page"),
    "store.corrupt": ("ui.data.see_what", "page"),
    "store.full": ("ui.data.see_what", "page"),
    "store.io": ("ui.data.see_what", "page"),
    "store.locked": ("ui.data.do.again", "again"),
    "store.missing": ("ui.data.see_what", "page"),
    "store.newer": ("ui.data.do.read_only", "read_only"),
    "store.readonly": ("ui.data.see_what", "page"),
}


def remedy(notice: Notice) -> tuple[str, Remedy] | None:
    """The words of the button and what it does; None where there is nothing to do."""
    code = notice.code
    if code.startswith("engine.not_replaced."):
        code = "engine.damaged"
    found = _REMEDIES.get(code)
    return None if found is None else (messages.text(found[0]), found[1])
