"""How wide the columns of a table become. Counting and measuring only, no document.

QTextDocument shares out the width without regard to words, so narrow columns would break them; here every column gets
its longest word first and room for a few, and what is left goes to those with the longest lines. Where the width is not
enough for that, the table becomes wider than its place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

__all__ = ["as_needed", "share_out"]

_WORD = 12
"""Characters of a word that count: a longer one may be broken. A column of text is never narrower."""
_LINE = 30
"""Characters of a line in a table that is wider than its place."""


def share_out(
    columns: Sequence[Sequence[str]], width: float, padding: float, measure: Callable[[str], float]
) -> list[int] | None:
    """Pixel widths for columns of texts within `width`, `padding` of it beside each; None where it is not enough.

    Only the longest word and line of a column, by characters, are measured.
    """
    least = [_least(c, measure) + padding for c in columns]
    most = [max(measure(_longest_line(c)) + padding, m) for c, m in zip(columns, least, strict=True)]
    if sum(least) > width:
        return None
    if sum(most) <= width:
        return [round(m) for m in most]
    spare = width - sum(least)
    wish = sum(b - a for a, b in zip(least, most, strict=True))
    return [int(a + spare * (b - a) / wish) for a, b in zip(least, most, strict=True)]


def as_needed(columns: Sequence[Sequence[str]], padding: float, measure: Callable[[str], float]) -> list[int]:
    """Pixel widths at which every column reads well, whatever they come to."""
    return [round(max(_least(c, measure), measure(_longest_line(c)[:_LINE])) + padding) for c in columns]


def _least(column: Sequence[str], measure: Callable[[str], float]) -> float:
    return max(measure(_longest_word(column)), measure(_longest_line(column)[:_WORD]))


def _longest_word(column: Sequence[str]) -> str:
    return max((w for text in column for w in text.split()), key=_columns, default="")[:_WORD]


def _longest_line(column: Sequence[str]) -> str:
    return max((line for text in column for line in text.split("\n")), key=_columns, default="")[:400]


def _columns(text: str) -> int:
    """Rough width in characters; those of East Asia count twice but may be broken anywhere."""
    return len(text) if text.isascii() else len(text) + sum(c > "\u2e80" for c in text)
