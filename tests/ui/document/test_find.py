"""What is found in values is what stands in the documents made of them."""

from __future__ import annotations

import re

import pytest
from PySide6.QtWidgets import QApplication

from sidelight.render.markdown import parse
from sidelight.ui.document.build import build
from sidelight.ui.document.find import Counter, Query
from sidelight.ui.document.marks import places_of
from sidelight.ui.document.rows import TextRow
from sidelight.ui.theme import LIGHT

TEXT = """\
A *nee*dle, a Needle and a needless
needle.

- one needle
  - `needle` in 🎉 code

> | needle | b |
> |---|---|
> | x | a needle |

```
needle = needle
```

$$ needle $$
"""


def rows(text: str = TEXT) -> list[TextRow]:
    return [TextRow(f"a{i}", block) for i, block in enumerate(parse(text))]


def count(query: Query, text: str = TEXT) -> int:
    counter = Counter()
    counter.look_for(query.pattern)
    return sum(counter.count(row) for row in rows(text))


@pytest.mark.parametrize(
    "query", [Query("needle"), Query("needle", case=True), Query("needle", whole=True), Query("e")]
)
def test_values_and_documents_agree(qapp: QApplication, query: Query) -> None:
    assert query.pattern is not None
    for row in rows():
        counter = Counter()
        counter.look_for(query.pattern)
        for width in (100, 900):
            assert counter.count(row) == len(places_of(build(row.block, LIGHT, 1.0, width), query.pattern))


def test_case_and_whole_words() -> None:
    assert count(Query("needle")) == 11
    assert count(Query("needle", case=True)) == 10
    assert count(Query("needle", whole=True)) == 10
    assert count(Query("Needle", case=True, whole=True)) == 1


def test_a_space_is_any_white_space_and_nothing_is_found_across_cells() -> None:
    assert count(Query("needless needle")) == 1
    assert count(Query("needle b")) == 0
    assert Query(" \t").pattern is None


def test_signs_are_taken_as_they_are() -> None:
    assert count(Query("a.c(", case=True), "abc( a.c(") == 1
    assert count(Query("+x", whole=True), "1+x +xy +x") == 2


def test_a_row_that_grew_is_counted_anew() -> None:
    counter = Counter()
    counter.look_for(re.compile("x"))
    (before,), (after,) = rows("x"), rows("x and x")
    assert counter.count(before) == 1
    assert counter.count(after) == 2
    counter.look_for(re.compile("and"))
    assert counter.count(after) == 1
