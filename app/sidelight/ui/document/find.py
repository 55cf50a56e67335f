"""What is looked for in a conversation, and how often it stands in which row: read from values, no document is made.

Not how it is marked (`marks`), and not what the lanes do with it (`panes.compare.finding`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sidelight.render.blocks import Block, texts
from sidelight.ui.document.rows import TextRow

__all__ = ["Counter", "Match", "Query"]

_APART = "\0"
"""Between the texts of one block: neither a space nor a letter, so that nothing is found across it."""


@dataclass(frozen=True, slots=True)
class Match:
    """A place where the text looked for stands: the n-th in its row, counted from 0."""

    key: str
    nth: int


@dataclass(frozen=True, slots=True)
class Query:
    """What a person looks for. `case`: capitals count; `whole`: whole words only."""

    text: str
    case: bool = False
    whole: bool = False

    @property
    def pattern(self) -> re.Pattern[str] | None:
        """What finds it, a space being any run of white space; None where there is nothing to look for."""
        if not self.text.strip():
            return None
        found = r"\s+".join(re.escape(part) for part in re.split(r"\s+", self.text))
        if self.whole:
            before = r"(?<!\w)" if re.match(r"\w", self.text) else ""
            after = r"(?!\w)" if re.search(r"\w\Z", self.text) else ""
            found = before + found + after
        return re.compile(found, 0 if self.case else re.IGNORECASE)


class Counter:
    """Counts in rows of text. What a block reads as is kept for as long as the row shows that block."""

    def __init__(self) -> None:
        self._texts: dict[str, tuple[Block, str]] = {}
        self._counts: dict[str, tuple[str, int]] = {}
        self._pattern: re.Pattern[str] | None = None

    def look_for(self, pattern: re.Pattern[str] | None) -> None:
        """Count this from now on; None forgets everything."""
        if pattern is None:
            self._texts.clear()
        if pattern != self._pattern:
            self._counts.clear()
        self._pattern = pattern

    def count(self, row: TextRow) -> int:
        """How often it stands in a row."""
        kept = self._texts.get(row.key)
        if kept is None or kept[0] is not row.block:
            kept = self._texts[row.key] = (row.block, _APART.join(texts(row.block)))
        text = kept[1]
        counted = self._counts.get(row.key)
        if counted is None or counted[0] is not text:
            n = len(self._pattern.findall(text)) if self._pattern is not None else 0
            counted = self._counts[row.key] = (text, n)
        return counted[1]
