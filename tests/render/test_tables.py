"""Tables for other programs: what is written reads as the same table again."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidelight.render.blocks import Table, Text, inline_text
from sidelight.render.code_names import file_name
from sidelight.render.markdown import parse
from sidelight.render.tables import as_csv, as_markdown, as_tsv

RICH = """\
| a **b** | `x \\| y` | $n$ |
|:--|:-:|--:|
| *one* ~~two~~ | [site](https://a.b/c) | 1<br>2 |
| a\\*b \\| c_d | H<sub>2</sub>O & < > | -5 |
"""


def table(text: str) -> Table:
    (block,) = parse(text)
    assert isinstance(block, Table)
    return replace(block, source_lines=(0, 0))


def of(*rows: list[str]) -> Table:
    header, *body = (tuple((Text(cell),) if cell else () for cell in row) for row in rows)
    return Table(header, (None,) * len(header), tuple(body))


def test_markdown_reads_as_the_same_table() -> None:
    before = table(RICH)
    assert table(as_markdown(before)) == before


@given(
    st.lists(
        st.lists(st.text("ab1 *_|`\\<>$&[]~#-", max_size=8).map(str.strip), min_size=2, max_size=2),
        min_size=2,
        max_size=4,
    )
)
def test_markdown_keeps_every_letter(rows: list[list[str]]) -> None:
    rows = [[" ".join(cell.split()) for cell in row] for row in rows]
    read = table(as_markdown(of(*rows)))
    assert [[inline_text(c) for c in row] for row in (read.header, *read.rows)] == rows


def test_csv_reads_as_the_same_cells() -> None:
    rows = [["a", "b"], ['say "x", y', "two\nlines"], ["-5", "+1,000.5 %"]]
    assert list(csv.reader(io.StringIO(as_csv(of(*rows)), newline=""))) == rows


@pytest.mark.parametrize("cell", ["=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", "-2+3", " =x"])
def test_no_cell_is_a_formula(cell: str) -> None:
    assert f"'{cell}" in as_csv(of(["a"], [cell]))
    assert as_tsv(of(["a"], [cell])) == f"a\n'{cell.strip()}\n"


def test_tsv_has_a_line_for_each_row() -> None:
    assert as_tsv(of(["a", "b"], ["x\ty", "1\n2"])) == "a\tb\nx y\t1 2\n"


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("python", "code.py"),
        ("C++", "code.cpp"),
        ("Dockerfile", "Dockerfile"),
        ("", "code.txt"),
        ("../../etc/passwd", "code.txt"),
        ("exe", "code.txt"),
        ("py\0.exe", "code.txt"),
    ],
)
def test_a_file_is_named_by_its_language_and_by_nothing_else(language: str, name: str) -> None:
    assert file_name(language) == name
