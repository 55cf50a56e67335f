"""A table for other programs: as Markdown, CSV or TSV. Not how it looks.

A cell of CSV that a spreadsheet would run as a formula is set off by an apostrophe: models wrote it, not the person.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

from sidelight.render.blocks import (
    Break,
    Cell,
    CodeSpan,
    Emphasis,
    Inline,
    Link,
    Math,
    Strike,
    Strong,
    Styled,
    Table,
    Text,
    inline_text,
)

__all__ = ["as_csv", "as_markdown", "as_tsv"]

_MARKUP = re.compile(r"[\\`*_<>|~$&]")
_BRACKET = re.compile(r"\[(?=\^|[^\[\]]*\]\()")
"""One that would begin a link or a footnote; with a backslash it would begin a formula."""
_RULES = {"left": ":--", "center": ":-:", "right": "--:", None: "---"}
_RUNS = re.compile(r"\s*[=+@\-\t\r]")
_NUMBER = re.compile(r"\s*[+\-\u2212]?[\d.,'\u00a0\u202f ]+%?\s*")


def as_csv(table: Table) -> str:
    """Commas and CRLF (RFC 4180), quotes where they are needed."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([_harmless(inline_text(cell)) for cell in row] for row in _rows(table))
    return out.getvalue()


def as_tsv(table: Table) -> str:
    """Tabs and newlines, as spreadsheets take them from the clipboard; those within a cell become spaces."""
    rows = ((_harmless(" ".join(inline_text(cell).split())) for cell in row) for row in _rows(table))
    return "".join("\t".join(row) + "\n" for row in rows)


def as_markdown(table: Table) -> str:
    """A GFM table, which reads as the same table again."""
    header, *rows = ([_inlines(cell).strip() for cell in row] for row in _rows(table))
    lines = [header, [_RULES[a] for a in table.align], *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def _rows(table: Table) -> Sequence[Sequence[Cell]]:
    return (table.header, *table.rows)


def _harmless(text: str) -> str:
    return "'" + text if _RUNS.match(text) and not _NUMBER.fullmatch(text) else text


def _inlines(children: Sequence[Inline]) -> str:
    return "".join(_inline(child) for child in children)


def _inline(child: Inline) -> str:
    match child:
        case Text(text):
            return _BRACKET.sub("&#91;", _MARKUP.sub(r"\\\g<0>", text))
        case CodeSpan(text):
            ticks = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
            space = " " if text.startswith("`") or text.endswith("`") else ""
            return f"{ticks}{space}{text.replace('|', chr(92) + '|')}{space}{ticks}"
        case Math(text, opener, closer):
            return opener + text.replace("|", "\\|") + closer
        case Break():
            return "<br>"
        case Styled(children, style):
            return f"<{style}>{_inlines(children)}</{style}>"
        case Emphasis(children):
            return f"*{_inlines(children)}*"
        case Strong(children):
            return f"**{_inlines(children)}**"
        case Strike(children):
            return f"~~{_inlines(children)}~~"
        case Link(children, href):
            return f"[{_inlines(children)}](<{href.replace('|', '%7C')}>)"
