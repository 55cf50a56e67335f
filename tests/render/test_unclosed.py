"""What is still open looks sensible while it is being written."""

from __future__ import annotations

import pytest

from sidelight.render.blocks import Math, MathBlock, Paragraph, texts
from sidelight.render.markdown import parse
from sidelight.render.stream import BlockStream


@pytest.mark.parametrize("opener", ["\\[", "\\(", "$$"])
@pytest.mark.parametrize("begin", ["", "Text before ", "- item ", "> said ", "**bold ", "a $x$ and "])
def test_an_open_formula_shows_its_source_from_the_opening_on(opener: str, begin: str) -> None:
    stream = BlockStream()
    formula = opener + r" \text{Distance} = 6 * a_1 * b_2 + [c](d"
    stream.feed(begin)
    for place in range(len(formula)):
        stream.feed(formula[place])
        shown = "".join(t for block in stream.tail for t in texts(block))
        written = formula[: place + 1].removesuffix("\\").removesuffix("$").rstrip()
        if len(written) > 3:
            assert "".join(shown.split()).endswith("".join(written.split())), shown
        assert not shown.endswith(("\\]", "\\)", "[", "(")) or len(written) > 3


@pytest.mark.parametrize("source", ["\\[ x + 1 \\]", "so \\(x + 1\\)", "so $$x + 1$$"])
def test_a_formula_is_open_until_its_closing_mark_is_whole(source: str) -> None:
    stream = BlockStream()
    stream.feed(source[:-1])
    before = stream.tail
    stream.feed(source[-1])
    assert stream.tail == parse(source)
    for (block,), closed in ((before, False), (stream.tail, True)):
        formula = block.children[-1] if isinstance(block, Paragraph) else block
        assert isinstance(formula, Math | MathBlock)
        assert bool(formula.closer) is closed


def test_escaped_and_closed_marks_open_nothing() -> None:
    for source in ("a \\\\[ b", "`\\[` c", "\\(x\\) and y", "it costs $5 and", "a\\\\(b"):
        stream = BlockStream()
        stream.feed(source)
        assert [list(texts(b)) for b in stream.tail] == [list(texts(b)) for b in parse(source)]


def test_the_end_of_a_fence_is_no_open_mark() -> None:
    for source in ("~~~py\na\n\n~~~  \n", "~~~\na\n\nb\n~~~"):
        stream = BlockStream()
        stream.feed(source)
        assert stream.tail == parse(source)
