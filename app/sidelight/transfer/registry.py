"""The one table of formats. A format is imported when it is first used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from sidelight.transfer.export import encoded

if TYPE_CHECKING:
    from sidelight.transfer.source import Source

__all__ = ["FORMATS", "Format", "by_id"]


@dataclass(frozen=True, slots=True)
class Format:
    """`id` is its spelling in the terminal, `suffix` that of its files, `label` the code of its name in messages.py.

    `readable`: for people to read, so that traces may be folded or left out; else all of it is always there.
    """

    id: str
    suffix: str
    label: str
    readable: bool
    module: str

    def pieces(self, source: Source) -> Iterator[str | bytes]:
        """An export, a piece at a time: its text, or its bytes where it is none."""
        write: Callable[[Source], Iterator[str | bytes]] = import_module(self.module).pieces
        return write(source)

    def text(self, source: Source) -> str:
        """A whole export of a format that is text."""
        return b"".join(encoded(self.pieces(source))).decode()


FORMATS = (
    Format("md", ".md", "transfer.format.md", True, "sidelight.transfer.formats.markdown"),
    Format("html", ".html", "transfer.format.html", True, "sidelight.transfer.formats.html"),
    Format("pdf", ".pdf", "transfer.format.pdf", True, "sidelight.transfer.formats.pdf"),
    Format("json", ".json", "transfer.format.json", False, "sidelight.transfer.formats.json"),
)


def by_id(identifier: str) -> Format:
    """The format of this id. Raises KeyError."""
    return {form.id: form for form in FORMATS}[identifier]
