"""Formulas as pictures: what is drawn, what is refused, and that nothing but shapes comes out."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.shared import SHARED

from sidelight.render.blocks import Block, ListBlock, Math, MathBlock, Paragraph, Quote
from sidelight.render.markdown import parse
from sidelight.render.maths import Formula, Refused, typesetter

INK = "#123456"


@cache
def made(source: str, display: bool = False) -> Formula | Refused:
    return typesetter()(source, display, INK)


def drawn(source: str, display: bool = False) -> Formula:
    formula = made(source, display)
    assert isinstance(formula, Formula), (source, formula)
    return formula


GOOD = [
    "x^2 + y_1",
    "\\frac{a}{b}",
    "\\int_0^\\infty e^{-x^2}\\,dx = \\frac{\\sqrt{\\pi}}{2}",
    "\\begin{pmatrix}a&b\\\\c&d\\end{pmatrix}",
    "\\begin{aligned}a &= b\\\\ &= c\\end{aligned}",
    "\\begin{cases}1 & x > 0\\\\ 0 & \\text{otherwise}\\end{cases}",
    "\\sqrt[3]{x} \\le \\mathbb{R} \\ni \\hat{x}",
    "a < b > c \\& d",
    "\\boxed{42} \\cancel{x} \\overbrace{a+b}^{n} \\xrightarrow{a}",
    "\\operatorname{lcm}(a, b) \\pmod 5",
    "f'(x) = 10\\%",
]


@pytest.mark.parametrize("source", GOOD)
def test_formulas_are_drawn(source: str) -> None:
    formula = drawn(source, display=True)
    assert 0 < formula.width < 60
    assert 0 < formula.ascent + formula.descent < 8
    only_shapes(formula.svg)


def only_shapes(svg: str) -> None:
    root = ET.fromstring(svg)
    names = {element.tag.removeprefix("{http://www.w3.org/2000/svg}") for element in root.iter()}
    assert names <= {"svg", "g", "path", "rect", "ellipse", "polygon"}
    for element in root.iter():
        assert not (element.text or "").strip()
        for name, value in element.attrib.items():
            if name in ("fill", "stroke"):
                assert re.fullmatch(r"#[0-9A-Fa-f]{3,8}|[A-Za-z]+", value)
            else:
                assert re.fullmatch(r"[A-Za-z0-9 .,+-]*", value), (name, value)


def test_sizes_are_of_the_line_around_it() -> None:
    """In em, above and below the baseline."""
    letter, fraction, deep = drawn("x"), drawn("\\frac{a}{b}"), drawn("y_g")
    assert 0.4 < letter.ascent < 0.6
    assert -0.01 < letter.descent < 0.1
    assert fraction.ascent > letter.ascent
    assert fraction.descent > 0.3
    assert deep.descent > 0.2
    assert drawn("\\sum_{i=1}^n i", display=True).ascent > drawn("\\sum_{i=1}^n i").ascent


def test_colours() -> None:
    assert set(re.findall(r'(?:fill|stroke)="([^"]*)"', drawn("\\underline{x} \\frac12").svg)) == {INK}
    # Black and white are what authors of dark-on-white pages write for the colour of the text, and for none.
    assert set(re.findall(r'fill="([^"]*)"', drawn("\\color{black}{x} \\color{white}{y}").svg)) == {INK}
    assert 'fill="red"' in drawn("\\color{red}{x}").svg


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("", "source"),
        ("\\quad", "source"),
        ("%", "source"),
        ("x^2^3", "source"),
        ("\\frac{a", "source"),
        ("\\unknown x", "source"),
        ("\\def\\a{\\a\\a}\\a", "source"),
        ("\\color{url(file:///etc/passwd)}{x}", "source"),
        ('\\textcolor{"/><image href="/etc/passwd"/>}{x}', "source"),
        ("\\text{<image href='/etc/passwd'/>}", "source"),
        ("\\includegraphics{/etc/passwd}", "source"),
        ("\\input{/etc/passwd}", "source"),
        ("中", "letters"),
        ("\\text{مرحبا}", "letters"),
        ("\\hspace{100000em}x", "size"),
        ("x" * 2_001, "size"),
        ("\\begin{matrix}" + "a&" * 500 + "\\end{matrix}", "size"),
        ("\\frac{1}{" * 9 + "x" + "}" * 9, "depth"),
        ("\\left(" * 9 + "x" + "\\right)" * 9, "depth"),
        ("{" * 500 + "x" + "}" * 500, "depth"),
    ],
)
def test_what_is_refused(source: str, why: str) -> None:
    assert made(source) == Refused(why)  # type: ignore[arg-type]  # one of the literals


def test_a_formula_leaves_nothing_behind_for_the_next() -> None:
    typeset = typesetter()
    assert isinstance(typeset("\\newcommand{\\foo}{b}\\foo", False, INK), Formula)
    assert typeset("\\foo", False, INK) == Refused("source")


_PARTS = st.sampled_from(
    [
        "x",
        "1",
        "+",
        "{",
        "}",
        "^",
        "_",
        "&",
        "\\\\",
        "\\frac",
        "\\sqrt",
        "\\left(",
        "\\right)",
        "\\text{",
        "\\begin{matrix}",
        "\\end{matrix}",
        "\\color{",
        "#",
        "<",
        ">",
        '"',
        "'",
        "url(",
        "\\hat",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_PARTS | st.text(max_size=2), max_size=12).map("".join))
def test_whatever_it_is_there_are_only_shapes(source: str) -> None:
    formula = made(source)
    if isinstance(formula, Formula):
        only_shapes(formula.svg)


def formulas(blocks: tuple[Block, ...]) -> list[tuple[str, bool]]:
    found: list[tuple[str, bool]] = []
    for block in blocks:
        match block:
            case MathBlock(text):
                found.append((text, True))
            case Paragraph(children):
                found.extend((c.text, False) for c in children if isinstance(c, Math))
            case Quote(inner):
                found.extend(formulas(inner))
            case ListBlock(items):
                found.extend(x for item in items for x in formulas(item.blocks))
            case _:
                pass
    return found


@pytest.mark.skipif(SHARED is None, reason="the recorded answers are not beside the checkout")
def test_the_formulas_of_real_answers_are_drawn() -> None:
    assert SHARED is not None
    lines = (SHARED / "answers" / "answers.jsonl").read_text(encoding="utf-8").splitlines()
    found = {f for line in lines for f in formulas(parse(json.loads(line)["markdown"]))}
    refused = [f for f in found if isinstance(made(*f), Refused)]
    assert len(found) > 30
    assert len(refused) <= len(found) // 50, refused
